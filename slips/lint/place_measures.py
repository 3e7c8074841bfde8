"""Measures against misreading and wrong payment: largest figures, equal places, full-year slips, stamp, window, reading order, languages.

In: a `Subject`. Out: every value that a rule of `layouts/lint/figures.toml` or `reading.toml` judges, kept or not. Refuses nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from slips.form import Layout, Part, PlacedBox
from slips.lint.subject import SLIP_PARTS, Measured, Subject, at
from slips.rect import Rect
from slips.surface import exclusive

HEADINGS = ("H1", "H2", "H3")
ADDRESS = ("postal", "address", "payer_name", "payer_name_plain")
NO_FIGURES = ("kind",)
"""Values that are a word about the slip, not a figure."""


def _slip_parts(layout: Layout) -> list[Part]:
    """The three parts of each slip of the page."""
    return [part for part in layout.parts if part.id in SLIP_PARTS or part.slot > 1]


def amount_leads(subject: Subject) -> Iterator[Measured]:
    """Points by which the amount is larger than the next value of its part."""
    return _leads(subject, "amount_yen", beside=())


def due_leads(subject: Subject) -> Iterator[Measured]:
    """Points by which the due date is larger than every other value of its part but the amount."""
    return _leads(subject, "due_date", beside=("amount_yen",))


def _leads(subject: Subject, value: str, *, beside: tuple[str, ...]) -> Iterator[Measured]:
    for part in subject.layout.parts:
        fields = [
            b
            for b in subject.boxes("field")
            if b.part == part.id and b.value not in NO_FIGURES and not b.note  # a stub notes what a slip says
        ]
        others = [b for b in fields if b.value not in (value, *beside)]
        for box in fields:
            if box.value == value and others:
                largest = max(others, key=lambda b: b.size_pt)
                yield at(box, box.size_pt - largest.size_pt, largest.name)


def equal_places(subject: Subject) -> Iterator[Measured]:
    """mm (or points) by which a value of the three parts differs in place, size or label from the first part's."""
    by_value: dict[str, list[PlacedBox]] = {}
    mine = {part.id for part in _slip_parts(subject.layout)}
    for box in subject.boxes("field"):
        if box.part in mine:
            by_value.setdefault(box.value, []).append(box)
    for boxes in by_value.values():
        if {box.part for box in boxes} == mine:
            first = boxes[0]
            for box in boxes[1:]:
                yield at(box, _difference(subject.layout, first, box), first.name)


def _difference(layout: Layout, one: PlacedBox, other: PlacedBox) -> float:
    pairs = zip(_within(layout, one), _within(layout, other), strict=True)
    return max(abs(a - b) for a, b in pairs)


def _within(layout: Layout, box: PlacedBox) -> tuple[float, ...]:
    """Places relative to the part, and sizes."""
    part = layout.part(box.part)
    label = (
        (box.label_x_mm - part.x_mm, box.label_y_mm - part.y_mm, box.label_size_pt)
        if box.label
        else (0.0,) * 3
    )
    return (box.x_mm - part.x_mm, box.y_mm - part.y_mm, box.w_mm, box.h_mm, box.size_pt, *label)


def equal_labels(subject: Subject) -> Iterator[Measured]:
    """mm by which a label that stands in several parts is not where the first of them has it; values have their own rule."""
    layout, first = subject.layout, dict[str, PlacedBox]()
    mine = {part.id for part in _slip_parts(layout)}
    for box in layout.boxes:
        if box.part in mine and box.label and box.kind != "field":
            known = first.setdefault(box.label, box)
            if known is not box:
                one, other = layout.part(known.part), layout.part(box.part)
                away = max(
                    abs((known.label_x_mm - one.x_mm) - (box.label_x_mm - other.x_mm)),
                    abs((known.label_y_mm - one.y_mm) - (box.label_y_mm - other.y_mm)),
                )
                yield at(box, away, known.name, label=True)


def full_year_marks(subject: Subject) -> Iterator[Measured]:
    """Points of the bold word that tells a full-year slip, for each part of the slip; 0 where there is none or it is not bold."""
    for part in _slip_parts(subject.layout):
        marks = [b for b in subject.boxes("field") if b.part == part.id and b.value == "kind"]
        bold = [b for b in marks if b.font.endswith("-bold")]
        largest = max((b.size_pt for b in bold), default=0.0)
        yield Measured(f"{part.id}.kind", tuple(b.rect for b in marks) or (part.rect,), largest)


def stamps(subject: Subject) -> Iterator[Measured]:
    """The shorter side in mm of the place for the stamp, its label included, for each part of the slip; 0 where there is none.

    Pre-printed paper has it already.
    """
    for part in () if subject.layout.preprinted else _slip_parts(subject.layout):
        found = [b for b in subject.boxes("stamp") if b.part == part.id]
        areas = [_block(box) for box in found]
        side = max((min(area.w_mm, area.h_mm) for area in areas), default=0.0)
        yield Measured(f"{part.id}.stamp", tuple(areas) or (part.rect,), side)


def _block(box: PlacedBox) -> Rect:
    """A box and its label as one rectangle."""
    rect, label = box.rect, box.label_rect
    if label is None:
        return rect
    x, y = min(rect.x_mm, label.x_mm), min(rect.y_mm, label.y_mm)
    return Rect(x, y, max(rect.right_mm, label.right_mm) - x, max(rect.bottom_mm, label.bottom_mm) - y)


def window_contents(subject: Subject) -> Iterator[Measured]:
    """What each box prints that lies in a window, wholly or in part."""
    for box in subject.layout.boxes:
        if any(window.overlaps(_block(box)) for window in subject.layout.windows):
            yield Measured(box.name, (_block(box),), box.value or box.text or box.kind)


def window_margins(subject: Subject) -> Iterator[Measured]:
    """mm from address and customer barcode to the edge of their window; negative where they stick out."""
    for window in subject.layout.windows:
        for box in subject.layout.boxes:
            meant = box.value in ADDRESS or box.kind == "customer_barcode"
            if meant and window.overlaps(box.rect):
                rect = box.rect
                margin = min(
                    rect.x_mm - window.x_mm,
                    window.right_mm - rect.right_mm,
                    rect.y_mm - window.y_mm,
                    window.bottom_mm - rect.bottom_mm,
                )
                yield at(box, margin)


def backward_jumps(subject: Subject) -> Iterator[Measured]:
    """mm that reading goes back up, or back to the left in a line, from one box to the next of its part.

    The top of a column further right is no way back: columns are read one after the other.
    """
    for part in subject.layout.parts:
        spoken = [b for b in subject.layout.boxes if b.part == part.id and b.role != "Artifact"]
        for before, box in pairwise(spoken):
            if not exclusive(subject.layout, before, box):
                yield Measured(
                    box.name, (_block(before), _block(box)), _back(_block(before), _block(box)), before.name
                )


def _back(before: Rect, after: Rect) -> float:
    if after.x_mm >= before.right_mm - 1.0 and after.y_mm <= before.bottom_mm:
        return 0.0  # further right: the same line, or the top of the next column
    up = before.y_mm - after.y_mm if after.bottom_mm <= before.y_mm + 0.005 else 0.0
    level = min(before.bottom_mm, after.bottom_mm) - max(before.y_mm, after.y_mm)
    same_line = level > min(before.h_mm, after.h_mm) / 2
    left = before.x_mm - after.x_mm if same_line and after.right_mm <= before.x_mm + 0.005 else 0.0
    return max(up, left, 0.0)


def part_headings(subject: Subject) -> Iterator[Measured]:
    """Headings that always print, for each part of the slip; pre-printed paper has them already."""
    for part in () if subject.layout.preprinted else _slip_parts(subject.layout):
        count = sum(b.part == part.id and b.role in HEADINGS and not b.when for b in subject.layout.boxes)
        yield Measured(part.id, (part.rect,), float(count))


def tab_orders(subject: Subject) -> Iterator[Measured]:
    """/Tabs of each finished page."""
    for sheet in subject.sheets:
        yield Measured(subject.layout.id, (), sheet.tabs)


def missing_words(subject: Subject) -> Iterator[Measured]:
    """Words that a language lacks, for each language."""
    for lang in subject.langs:
        lacking = [(key, box) for known, key, box in subject.missing if known == lang]
        places = tuple(b.rect for b in subject.layout.boxes if b.name in {box for _, box in lacking})
        keys = ", ".join(sorted({key for key, _ in lacking}))
        yield Measured(
            subject.layout.id, places, float(len({key for key, _ in lacking})), f"{lang} {keys}".strip()
        )
