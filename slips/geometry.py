"""Judges the distances of a form: what a printer, a knife or an eye would refuse, before anything is printed.

In: a `Layout`. Out: all problems, each naming the box, what was found and what is expected. Boxes and text
here, codes in `slips.clearance`, completeness in `slips.required`. Refuses nothing itself: who prints does.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from itertools import combinations
from pathlib import Path

from elqr.problems import Problem, ProblemError
from slips.clearance import check_codes
from slips.form import UNUSED, Layout
from slips.layout import load_layout
from slips.machinery import check_machinery
from slips.required import check_required
from slips.surface import crosses, exclusive, fault, ink, rects, set_pt

TEXT_MIN_PT = 9.0
"""Below this, municipal universal-design guides say, a text "may not be read" (elqr-format.md §6)."""
CROSSING_SLACK_MM = 0.15
"""A rule may touch the edge of a box by its own thickness, not more."""
TEXT_KINDS = ("field", "text", "heading", "table", "mark")


Values = Callable[[Layout], Collection[str]]


HEADINGS = ("H1", "H2", "H3")


def load_good_layout(name_or_path: str | Path, *, values: Values | None = None) -> Layout:
    """Read a form that may be printed. Raises ProblemError with all faults of its file or of its distances.

    `values` gives the names of the value columns that exist for a form.
    """
    layout = load_layout(name_or_path)
    if problems := check_layout(layout, values=values(layout) if values else None):
        raise ProblemError(problems)
    return layout


def check_layout(layout: Layout, *, values: Collection[str] | None = None) -> list[Problem]:
    """All faults of a form, in order of its boxes; an empty list is a good form.

    `values`: the names of the value columns that exist; where given, a name outside it is a fault.
    """
    return [
        *_bounds(layout),
        *_sizes(layout),
        *_tables(layout),
        *_overlaps(layout),
        *_crossings(layout),
        *_headings(layout),
        *check_codes(layout),
        *check_machinery(layout),
        *check_required(layout, values=values),
    ]


def _headings(layout: Layout) -> Iterator[Problem]:
    """A page begins with H1 and no level is left out: screen readers move by headings (PDF/UA-1, 7.4.2)."""
    level = 0
    for box in layout.boxes:
        if box.role in HEADINGS and not box.when:
            found = HEADINGS.index(box.role) + 1
            if found > level + 1:
                yield fault(layout, "layout.heading_order", box.name, box.role, HEADINGS[level])
            level = found


def _bounds(layout: Layout) -> Iterator[Problem]:
    inner = layout.page.grown(-layout.min_margin_mm, -layout.min_margin_mm)
    for part in layout.parts:
        if not layout.page.holds(part.rect):
            yield fault(layout, "layout.outside_page", part.id, str(part.rect), str(layout.page))
    for box in layout.boxes:
        part_rect = layout.part(box.part).rect
        for name, rect in rects(box):
            if not layout.page.holds(rect):
                yield fault(layout, "layout.outside_page", name, str(rect), str(layout.page))
            elif not part_rect.holds(rect):
                yield fault(layout, "layout.outside_part", name, str(rect), str(part_rect))
            elif not inner.holds(rect):
                yield fault(layout, "layout.near_edge", name, str(rect), str(inner))
    artwork = [
        *(("line", line.rect) for line in layout.lines),
        *(("frame", frame.rect) for frame in layout.frames),
        *(("tint", tint.rect) for tint in layout.tints),
        *(("strike", strike.rect) for strike in layout.strikes),
    ]
    for name, rect in artwork:
        if not layout.page.holds(rect):
            yield fault(layout, "layout.outside_page", name, str(rect), str(layout.page))


def _sizes(layout: Layout) -> Iterator[Problem]:
    """9 pt under everything, the form's own minimum for notes and labels, its body minimum for the rest."""
    note_min = max(TEXT_MIN_PT, layout.note_min_pt)
    body_min = max(note_min, layout.body_min_pt)
    for box in layout.boxes:
        if box.kind in TEXT_KINDS:
            least = note_min if box.note or box.kind == "mark" else body_min
            if (size_pt := set_pt(box)) < least:
                yield fault(layout, "layout.small_text", box.name, f"{size_pt:g} pt", f"≥ {least:g} pt")
            for step in box.fit:
                if step.action == "size" and step.amount < note_min:
                    yield fault(layout, "layout.small_text", box.name, str(step), f"≥ {note_min:g} pt")
        if (box.label or box.columns) and box.label_size_pt < note_min:
            yield fault(
                layout,
                "layout.small_text",
                f"{box.name} (label)",
                f"{box.label_size_pt:g} pt",
                f"≥ {note_min:g} pt",
            )


def _tables(layout: Layout) -> Iterator[Problem]:
    """A table's box is exactly its columns wide and its rows high: cells are placed from them."""
    for box in layout.boxes:
        if box.kind != "table":
            continue
        wide = sum(c.w_mm for c in box.columns)
        high = box.head_h_mm + box.rows * box.row_h_mm
        if abs(wide - box.w_mm) > 0.01:
            yield fault(layout, "layout.table_size", box.name, f"w_mm = {box.w_mm:g}", f"w_mm = {wide:g}")
        if abs(high - box.h_mm) > 0.01:
            yield fault(layout, "layout.table_size", box.name, f"h_mm = {box.h_mm:g}", f"h_mm = {high:g}")


def _overlaps(layout: Layout) -> Iterator[Problem]:
    named = [list(rects(box)) for box in layout.boxes]
    for (one, ones), (other, others) in combinations(zip(layout.boxes, named, strict=True), 2):
        for (name, rect), (other_name, other_rect) in ((a, b) for a in ones for b in others):
            if rect.overlaps(other_rect) and not exclusive(layout, one, other):
                yield fault(layout, "layout.overlap", name, str(rect), f"free of {other_name} ({other_rect})")
    for box in layout.boxes:
        label = box.label_rect
        if label is not None and label.overlaps(box.rect):
            yield fault(layout, "layout.overlap", f"{box.name} (label)", str(label), f"free of {box.name}")


def _crossings(layout: Layout) -> Iterator[Problem]:
    """Rules through a text. A frame around a box is no crossing; a fold may cross running text."""
    strokes = {
        slot: [(kind, stroke) for kind, stroke in ink(layout, unused=slot) if kind != "fold"]
        for slot in {0, *(box.slot for box in layout.boxes if box.when == UNUSED)}
    }
    for box in layout.boxes:
        if box.kind == "table":
            continue
        missing = box.slot if box.when == UNUSED else 0
        for name, rect in rects(box):
            for kind, stroke in strokes[missing]:
                if rect.overlaps(stroke, slack_mm=CROSSING_SLACK_MM):
                    yield fault(layout, "layout.crossed", name, str(rect), f"free of {kind} ({stroke})")
            for strike in layout.strikes:
                if strike.slot == missing and crosses(strike, rect):
                    yield fault(layout, "layout.crossed", name, str(rect), f"free of strike ({strike.rect})")
