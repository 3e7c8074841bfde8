"""Constant text of a form: the words of its boxes, wrapped and placed.

In: a layout, its words in one language, fonts. Out: runs of text with their places, for the template and for the font subset.
Refuses words that do not fit their box: a form is repaired before it is printed, not squeezed while it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from elqr.problems import Problem, ProblemError, Where
from slips.breaks import narrow
from slips.fit import SPACE, Glyph, blanks_after, break_lines, lines_by_sense
from slips.fonts import FontLibrary
from slips.form import Layout, PlacedBox
from slips.glyphs import Run, runs_of, show
from slips.place import MM_PT, Area, area_of

Words = Callable[[str], str]
"""Label key -> text in one language, with the site's words in it."""

HEADING_LEADING = 1.2
_KANA_AND_KANJI: Final = "[ぁ-ゖァ-ヺー々〆\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+"
JAPANESE: Final = re.compile(rf"{_KANA_AND_KANJI}(?:[\W\d_]*{_KANA_AND_KANJI})*[、。]?")
"""Japanese words with the figures and signs between them: a term in a text of another language."""


@dataclass(frozen=True)
class ConstantText:
    """One text in one box, before wrapping."""

    box: str
    text: str
    face: str
    size_pt: float
    area: Area
    align: str
    valign: str
    leading: float
    mixed: bool = False
    """In another language than Japanese, whose terms may stand in it."""
    goes_on: bool = False
    """What it is the label of follows it in its box: it ends with a blank, which keeps their words apart."""


@dataclass(frozen=True)
class PlacedRun:
    """A piece of a line in one face; x and y (baseline) in points; `term`: Japanese words in a text that is not."""

    run: Run
    x: float
    y: float
    term: bool = False


FaceOf = Callable[[str, str], str]
"""Label key, face of the form -> the face that shows that language."""


def as_the_form_says(key: str, face: str) -> str:
    """Japanese and English are set in the faces of the form."""
    return face


def nowhere(_key: str) -> bool:
    """No text is told apart by its languages: for whoever asks only whether it fits."""
    return False


def constant_texts(
    layout: Layout,
    words: Words,
    *,
    has_mark: bool,
    face_of: FaceOf = as_the_form_says,
    mixed: Callable[[str], bool] = nowhere,
) -> Iterator[ConstantText]:
    """Everything that is printed and does not come from a row, in reading order; a box's label before its text.

    `mixed`: whether Japanese terms of the text of a key are told apart.
    """
    for box in layout.boxes:
        if box.label:
            area = area_of(layout, box.label_x_mm, box.label_y_mm, box.label_w_mm, box.label_h_mm)
            yield ConstantText(
                box.name, words(box.label), face_of(box.label, box.label_font), box.label_size_pt, area, box.label_align, box.label_valign,
                box.label_leading, mixed(box.label), bool(box.value or box.text),
            )  # fmt: skip
        if box.text and not (box.kind == "mark" and has_mark):
            area = area_of(layout, box.x_mm, box.y_mm, box.w_mm, box.h_mm)
            yield ConstantText(
                box.name,
                words(box.text),
                face_of(box.text, box.font),
                box.size_pt,
                area,
                box.align,
                box.valign,
                box.leading,
                mixed(box.text),
            )
        yield from _headings(layout, box, words, mixed)


def _headings(
    layout: Layout, box: PlacedBox, words: Words, mixed: Callable[[str], bool]
) -> Iterator[ConstantText]:
    x = box.x_mm
    for column in box.columns:
        area = area_of(layout, x, box.y_mm, column.w_mm, box.head_h_mm)
        yield ConstantText(
            box.name, words(column.label), box.label_font, box.label_size_pt, area, column.align, "middle", HEADING_LEADING,
            mixed(column.label),
        )  # fmt: skip
        x += column.w_mm


def set_constant(text: ConstantText, fonts: FontLibrary, *, file: str) -> list[PlacedRun]:
    """Wrap a text to its area and place its runs.

    Raises ProblemError `text.label_no_glyph`, `text.label_overflow` naming the box and the form's file.
    """
    area, size = text.area, text.size_pt
    limit = area.w / size * 1000 + 1
    paragraphs: list[tuple[list[Glyph], list[list[Glyph]]]] = []
    texts = text.text.split("\n")
    for paragraph in texts:
        runs, missing = runs_of(paragraph, text.face, fonts)
        if missing:
            params = {"box": text.box, "found": ", ".join(show(c) for c in missing), "expected": text.face}
            raise ProblemError(Problem("text.label_no_glyph", text.box, params, Where(file)))
        glyphs = [(run.face, c, fonts.faces[run.face].advance(c)) for run in runs for c in run.clusters]
        paragraphs.append((glyphs, break_lines(glyphs, limit=limit)))
    room = int((area.h / size - 1) / text.leading + 1 + 1e-6) - sum(len(p) for _, p in paragraphs)
    lines: list[list[Glyph]] = []
    blanks: list[bool] = []
    for (glyphs, fewest), said, following in zip(paragraphs, texts, [*texts[1:], ""], strict=True):
        spare = min(max(room, 0), 1)
        broken = lines_by_sense(glyphs, fewest, limit=limit, level=False, spare=spare) or fewest
        room -= len(broken) - len(fewest)
        lines += broken
        blanks += [*blanks_after(glyphs, broken)[:-1], _apart(said, following)]
    blanks[-1] = text.goes_on
    needed = size * (1 + (len(lines) - 1) * text.leading)
    if len(lines) > 1 and needed > area.h + 0.3:
        params = {
            "box": text.box,
            "text": text.text,
            "found": f"{needed / MM_PT:.1f}",
            "expected": f"{area.h / MM_PT:.1f}",
        }
        raise ProblemError(Problem("text.label_overflow", text.box, params, Where(file)))
    placed: list[PlacedRun] = []
    for k, line in enumerate(lines):
        width = sum(advance for _, _, advance in line) * size / 1000
        x = area.start(width, text.align)
        y = area.baseline(size, k, len(lines), text.leading, text.valign)
        terms = _terms(line) if text.mixed else frozenset[int]()
        for at, (face, cluster, advance) in enumerate(line):
            last, term = placed[-1] if placed else None, at in terms
            if last and (last.y, last.run.face, last.term) == (y, face, term):
                placed[-1] = PlacedRun(Run(face, (*last.run.clusters, cluster)), last.x, y, term)
            else:
                placed.append(PlacedRun(Run(face, (cluster,)), x, y, term))
            x += advance * size / 1000
        if blanks[k] and line:
            end = placed[-1]
            placed[-1] = replace(end, run=Run(end.run.face, (*end.run.clusters, SPACE)))
    return placed


def _apart(said: str, following: str) -> bool:
    """Whether a line that the form itself ends needs a blank: not inside Japanese, unless an item of a list begins."""
    return following.startswith("・") or any(narrow(char) for char in said[-1:] + following[:1])


def _terms(line: Sequence[Glyph]) -> frozenset[int]:
    """Which characters of a line belong to Japanese words."""
    text = "".join(chr(cluster[0]) for _, cluster, _ in line)
    return frozenset(at for words in JAPANESE.finditer(text) for at in range(*words.span()))
