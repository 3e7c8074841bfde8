"""Constant text of a form: the words of its boxes, wrapped and placed.

In: a layout, its words in one language, fonts. Out: runs of text with their places, for the template and for the font subset.
Refuses words that do not fit their box: a form is repaired before it is printed, not squeezed while it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from elqr.problems import Problem, ProblemError, Where
from slips.fit import break_lines
from slips.fonts import FontLibrary
from slips.form import Layout, PlacedBox
from slips.glyphs import Run, runs_of, show
from slips.place import MM_PT, Area, area_of

Words = Callable[[str], str]
"""Label key -> text in one language, with the site's words in it."""

HEADING_LEADING = 1.2


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


@dataclass(frozen=True)
class PlacedRun:
    """A piece of a line in one face; x and y (baseline) in points."""

    run: Run
    x: float
    y: float


FaceOf = Callable[[str, str], str]
"""Label key, face of the form -> the face that shows that language."""


def as_the_form_says(key: str, face: str) -> str:
    """Japanese and English are set in the faces of the form."""
    return face


def constant_texts(
    layout: Layout, words: Words, *, has_mark: bool, face_of: FaceOf = as_the_form_says
) -> Iterator[ConstantText]:
    """Everything that is printed and does not come from a row, in reading order; a box's label before its text."""
    for box in layout.boxes:
        if box.label:
            area = area_of(layout, box.label_x_mm, box.label_y_mm, box.label_w_mm, box.label_h_mm)
            yield ConstantText(
                box.name, words(box.label), face_of(box.label, box.label_font), box.label_size_pt, area, box.label_align, box.label_valign,
                box.label_leading,
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
            )
        yield from _headings(layout, box, words)


def _headings(layout: Layout, box: PlacedBox, words: Words) -> Iterator[ConstantText]:
    x = box.x_mm
    for column in box.columns:
        area = area_of(layout, x, box.y_mm, column.w_mm, box.head_h_mm)
        yield ConstantText(
            box.name, words(column.label), box.label_font, box.label_size_pt, area, column.align, "middle", HEADING_LEADING
        )  # fmt: skip
        x += column.w_mm


def set_constant(text: ConstantText, fonts: FontLibrary, *, file: str) -> list[PlacedRun]:
    """Wrap a text to its area and place its runs.

    Raises ProblemError `text.label_no_glyph`, `text.label_overflow` naming the box and the form's file.
    """
    area, size = text.area, text.size_pt
    lines = []
    for paragraph in text.text.split("\n"):
        runs, missing = runs_of(paragraph, text.face, fonts)
        if missing:
            params = {"box": text.box, "found": ", ".join(show(c) for c in missing), "expected": text.face}
            raise ProblemError(Problem("text.label_no_glyph", text.box, params, Where(file)))
        glyphs = [(run.face, c, fonts.faces[run.face].advance(c)) for run in runs for c in run.clusters]
        lines += break_lines(glyphs, limit=area.w / size * 1000 + 1)
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
        for face, cluster, advance in line:
            if placed and placed[-1].y == y and placed[-1].run.face == face:
                placed[-1] = PlacedRun(Run(face, (*placed[-1].run.clusters, cluster)), placed[-1].x, y)
            else:
                placed.append(PlacedRun(Run(face, (cluster,)), x, y))
            x += advance * size / 1000
    return placed
