"""A code or a file in words: one line a field, in Japanese and English, for people and for programs.

In: lines that `elqr.describe_code` and `elqr.describe_file` make; out: aligned text for a terminal, or a
list of dicts. Refuses nothing: what is wrong stands among the problems, beside the line it belongs to.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from elqr.problems import Problem

LANGUAGES = ("ja", "en", "both")


@dataclass(frozen=True)
class Line:
    """One field: where it stands, its name, its value, what that means, how sure the meaning is.

    `fixed`: every code of this kind holds the same here, so a brief answer leaves it out.
    """

    name: str
    ja: str
    en: str
    value: str
    meaning_ja: str = ""
    meaning_en: str = ""
    position: str = ""
    status: str = ""
    source: str = ""
    problems: tuple[str, ...] = ()
    fixed: bool = False


@dataclass(frozen=True)
class Description:
    """What something is, its lines, and everything that is wrong with it."""

    kind: str
    title_ja: str
    title_en: str
    lines: tuple[Line, ...] = ()
    problems: tuple[Problem, ...] = ()

    def rows(self) -> list[dict[str, Any]]:
        """The lines as dicts, each with the codes of its problems."""
        return [{**vars(line), "problems": list(line.problems)} for line in self.lines]

    def document(self) -> dict[str, Any]:
        """All of it as one JSON-ready object."""
        return {
            "kind": self.kind,
            "title_ja": self.title_ja,
            "title_en": self.title_en,
            "fields": self.rows(),
            "problems": [problem_row(p) for p in self.problems],
        }

    def values(self) -> dict[str, Any]:
        """Name -> value of what differs from code to code, and the problems, as one JSON-ready object."""
        values = {line.name: line.value for line in self.lines if not line.fixed}
        return {"kind": self.kind, "values": values, "problems": [problem_row(p) for p in self.problems]}

    def brief(self, lang: str = "both") -> str:
        """Names and values of what differs from code to code, and the problems."""
        rows = [
            (line.name, _said(line.ja, line.en, lang), line.value) for line in self.lines if not line.fixed
        ]
        return "\n".join([*table(_harmless(rows)), *problem_lines(self.problems, lang)])

    def text(self, lang: str = "both") -> str:
        """Aligned text in `ja`, `en` or `both`. Raises ValueError for another language."""
        if lang not in LANGUAGES:
            raise ValueError(f"{lang!r} is none of {', '.join(LANGUAGES)}")
        title = _said(self.title_ja, self.title_en, lang)
        rows = [
            (
                line.position,
                _said(line.ja, line.en, lang),
                shortened(line.value),
                _said(line.meaning_ja, line.meaning_en, lang),
                f"[{line.status}]" if line.status else "",
                "✗" if line.problems else "",
            )
            for line in self.lines
        ]
        [(title,), *cells] = _harmless([(title,), *rows])
        return "\n".join([title, *table(cells), *problem_lines(self.problems, lang)])


def problem_row(problem: Problem) -> dict[str, str]:
    """One problem as a dict with both sentences."""
    return {
        "code": problem.code,
        "severity": problem.severity.value,
        "field": problem.field,
        "message_ja": problem.text("ja"),
        "message_en": problem.text("en"),
    }


def problem_lines(problems: Iterable[Problem], lang: str = "both") -> list[str]:
    """One line a problem, for a terminal."""
    return [f"✗ {_said(p.text('ja'), p.text('en'), lang)} [{p.code}]" for p in problems]


def _said(ja: str, en: str, lang: str) -> str:
    """The words of one language, or both with a stroke between; equal words stand once."""
    if lang == "both" and ja and en and ja != en:
        return f"{ja} / {en}"
    return (en or ja) if lang == "en" else (ja or en)


def _harmless(rows: Iterable[Sequence[str]]) -> list[tuple[str, ...]]:
    """What stood in a file, with the characters that steer a terminal shown by their numbers."""
    return [
        tuple(
            "".join(c if c.isprintable() or c == "\u3000" else f"<U+{ord(c):04X}>" for c in cell)
            for cell in row
        )
        for row in rows
    ]


def shortened(value: str) -> str:
    """A long run of one character as `0 × 85`; anything else long is cut in the middle, its length told."""
    if len(value) > 12 and len(set(value)) == 1:
        return f"{value[0]} × {len(value)}"
    if len(value) > 48:
        return f"{value[:20]}…{value[-20:]} ({len(value)})"
    return value


def width(text: str) -> int:
    """Columns that a text takes on a terminal: wide characters take two, combining marks none."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text
    )


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows of cells as lines with aligned columns; columns that are empty in every row are left out."""
    if not rows:
        return []
    widths = [max(width(row[i]) for row in rows) for i in range(len(rows[0]))]
    return [
        "  ".join(cell + " " * (w - width(cell)) for cell, w in zip(row, widths, strict=True) if w).rstrip()
        for row in rows
    ]


def by_field(problems: Iterable[Problem]) -> Mapping[str, tuple[str, ...]]:
    """Field -> the codes of its problems."""
    found: dict[str, tuple[str, ...]] = {}
    for problem in problems:
        found[problem.field] = (*found.get(problem.field, ()), problem.code)
    return found
