"""A site's own headings and words, so that its export can stay as it is: headings, constant values, value maps.

In: a TOML file or tables `[headings]` (own heading = canonical column), `[constants]` (column = value for every row), `[values.COLUMN]`
(own word = canonical value). Out: `HeadingMap`. Refuses: unknown columns and tables, values that are not text, all listed at once.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from elqr.columns import COLUMNS, Column, headings, normal_heading
from elqr.problems import Problem, ProblemError, Where
from elqr.settings import parse_settings

TABLES = ("headings", "constants", "values")


@dataclass(frozen=True)
class HeadingMap:
    """Own heading (normal form) -> column, column -> constant, column -> own word -> value."""

    headings: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def column_of(self, heading: str, columns: Sequence[Column] = COLUMNS) -> str | None:
        """The canonical column among `columns` that a heading stands for; the site's own words go before the common ones."""
        normal = normal_heading(heading)
        own = self.headings.get(normal)
        return own if any(c.name == own for c in columns) else headings(columns).get(normal)

    def over(self, site: HeadingMap) -> HeadingMap:
        """These words beside those of the site file, and before them: a column that is named here loses its constant there, and the
        other way round."""
        return HeadingMap(
            headings={h: c for h, c in site.headings.items() if c not in self.constants}
            | dict(self.headings),
            constants={c: v for c, v in site.constants.items() if c not in self.headings.values()}
            | dict(self.constants),
            values={
                c: {**site.values.get(c, {}), **self.values.get(c, {})}
                for c in dict.fromkeys((*site.values, *self.values))
            },
        )


def load_mapping(path: Path, *, columns: Sequence[Column] = COLUMNS) -> HeadingMap:
    """The mapping file at `path` for a file of `columns`. Raises ProblemError (unreadable, or with every fault found in it)."""
    tables = load_toml(path)
    problems: list[Problem] = [
        Problem("mapping.unknown", key, {"found": key, "expected": "、".join(TABLES)}, Where(path.name))
        for key in tables
        if key not in TABLES
    ]
    mapping = read_mapping(tables, problems, file=path.name, columns=columns)
    if problems:
        raise ProblemError(problems)
    return mapping


def load_toml(path: Path) -> dict[str, object]:
    """The tables of a TOML file. Raises ProblemError where it is missing, not UTF-8 or not TOML."""
    try:
        return parse_settings(path.read_bytes())
    except OSError as error:
        raise ProblemError(
            Problem(
                "file.unreadable",
                params={"found": str(path), "reason": error.strerror or type(error).__name__},
            )
        ) from None
    except ValueError as error:
        raise ProblemError(
            Problem(
                "file.not_toml", params={"found": path.name, "reason": str(error)}, where=Where(path.name)
            )
        ) from None


def read_mapping(
    tables: Mapping[str, object], problems: list[Problem], *, file: str, columns: Sequence[Column] = COLUMNS
) -> HeadingMap:
    """The three tables out of a parsed TOML file; faults are added to `problems`. Also used for the site file."""

    def fault(code: str, key: str, found: object, expected: str) -> None:
        problems.append(Problem(code, key, {"found": str(found), "expected": expected}, Where(file)))

    def table(name: str, of: Mapping[str, object]) -> Mapping[str, object]:
        value = of.get(name, {})
        if isinstance(value, Mapping):
            return value
        fault("mapping.type", name, value, "table")
        return {}

    def column(name: str, key: str) -> bool:
        if name not in names:
            fault("mapping.column", key, name, nearest(name, names))
        return name in names

    names = [c.name for c in columns]
    own: dict[str, str] = {}
    for heading, name in table("headings", tables).items():
        key = f"headings.{heading}"
        if not isinstance(name, str):
            fault("mapping.type", key, name, "string")
        elif column(name, key):
            own[normal_heading(heading)] = name
    constants: dict[str, str] = {}
    for name, value in table("constants", tables).items():
        if not isinstance(value, str):
            fault("mapping.type", f"constants.{name}", value, "string")
        elif column(name, f"constants.{name}"):
            constants[name] = value
    words: dict[str, Mapping[str, str]] = {}
    for name, pairs in table("values", tables).items():
        if not isinstance(pairs, Mapping) or not all(isinstance(v, str) for v in pairs.values()):
            fault("mapping.type", f"values.{name}", pairs, "table of strings")
        elif column(name, f"values.{name}"):
            words[name] = dict(pairs)
    return HeadingMap(headings=own, constants=constants, values=words)


def nearest(word: str, words: Sequence[str]) -> str:
    """The words that come closest to `word`, for a message; all of them where none is close."""
    return "、".join(close_to(word, words) or words)


def close_to(word: str, words: Sequence[str]) -> list[str]:
    """The words that `word` may have been meant for, the closest first."""
    return difflib.get_close_matches(word, words, n=3, cutoff=0.6)
