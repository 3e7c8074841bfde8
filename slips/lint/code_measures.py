"""Measures of codes: quiet zones, distances, pitch, size.

In: a `Subject`. Out: every value that a rule of `layouts/lint/codes.toml` judges, kept or not. Distances are from the ink of the code, not
from its quiet zone. Refuses nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from slips.form import BAR_MODULES, BAR_QUIET_MODULES, PlacedBox
from slips.lint.subject import CODE_KINDS, Measured, Subject, at, distance_mm
from slips.rect import Rect
from slips.surface import exclusive, ink, rects

PAYMENT = ("qr", "gs1_128")


def qr_counts(subject: Subject) -> Iterator[Measured]:
    """QR codes in each part that has one."""
    for part, count in Counter(box.part for box in subject.boxes("qr")).items():
        places = tuple(box.rect for box in subject.boxes("qr") if box.part == part)
        yield Measured(part, places, float(count))


def qr_neighbours(subject: Subject) -> Iterator[Measured]:
    """mm from an eL-QR to every other two-dimensional code of the page."""
    for box in subject.boxes("qr"):
        for other in subject.boxes("qr"):
            if other.name != box.name:
                yield at(box, distance_mm(box.rect, other.rect), other.name)
        for mark in subject.layout.inserter_marks:
            if mark.kind == "datamatrix":
                yield at(box, distance_mm(box.rect, mark.rect), f"inserter_mark {mark.id}")


def qr_quiet(subject: Subject) -> Iterator[Measured]:
    """White around the eL-QR in modules: to the nearest ink or text box, or to the paper's edge."""
    return (_free(subject, box, subject.layout.qr_pitch_mm) for box in subject.boxes("qr"))


def bar_quiet(subject: Subject) -> Iterator[Measured]:
    """White left and right of the GS1-128 in modules."""
    return (_free(subject, box, subject.layout.bar_x_mm, sideways=True) for box in subject.boxes("gs1_128"))


def customer_quiet(subject: Subject) -> Iterator[Measured]:
    """White around the customer barcode in mm."""
    return (_free(subject, box, 1.0) for box in subject.boxes("customer_barcode"))


def _free(subject: Subject, box: PlacedBox, unit_mm: float, *, sideways: bool = False) -> Measured:
    """The distance to the nearest thing in units; `sideways` looks only at what stands at the height of the code."""
    nearest, name = _to_edge(box.rect, subject.layout.page, sideways=sideways), "page"
    for other, rect in _things(subject, box):
        if sideways and not (
            rect.y_mm < box.rect.bottom_mm - 0.005 and rect.bottom_mm > box.rect.y_mm + 0.005
        ):
            continue
        if (away := distance_mm(box.rect, rect)) < nearest:
            nearest, name = away, other
    return at(box, nearest / unit_mm, name)


def _things(subject: Subject, box: PlacedBox) -> Iterator[tuple[str, Rect]]:
    """Everything that prints beside a code, tear lines aside (they have a distance of their own)."""
    for other in subject.layout.boxes:
        if other.name != box.name and not exclusive(subject.layout, box, other):
            yield from rects(other)
    yield from ((name, rect) for name, rect in ink(subject.layout) if name not in ("perforation", "fold"))
    yield from (("tint", tint.rect) for tint in subject.layout.tints)


def _to_edge(rect: Rect, page: Rect, *, sideways: bool = False) -> float:
    across = min(rect.x_mm, page.w_mm - rect.right_mm)
    return across if sideways else min(across, rect.y_mm, page.h_mm - rect.bottom_mm)


def cut_distances(subject: Subject) -> Iterator[Measured]:
    """mm from each code to each perforation and fold."""
    for box in subject.boxes(*CODE_KINDS):
        for cut in subject.layout.cuts:
            yield at(box, distance_mm(box.rect, cut.rect), f"{cut.kind} ({cut.rect})")


def window_distances(subject: Subject) -> Iterator[Measured]:
    """mm from each code that pays to each window of the envelope."""
    for box in subject.boxes(*PAYMENT):
        for window in subject.layout.windows:
            yield at(box, distance_mm(box.rect, window), f"window ({window})")


def edge_distances(subject: Subject) -> Iterator[Measured]:
    """mm from each code that pays to the nearest edge of the paper."""
    return (at(box, _to_edge(box.rect, subject.layout.page)) for box in subject.boxes(*PAYMENT))


def customer_edges(subject: Subject) -> Iterator[Measured]:
    """The same for the customer barcode."""
    return (at(box, _to_edge(box.rect, subject.layout.page)) for box in subject.boxes("customer_barcode"))


def pitches(subject: Subject) -> Iterator[Measured]:
    """Dots of a module: a whole number, for the file takes no other."""
    return (at(box, float(subject.layout.pitch_dots)) for box in subject.boxes("qr"))


def modules(subject: Subject) -> Iterator[Measured]:
    """mm of a module."""
    return (at(box, subject.layout.qr_pitch_mm) for box in subject.boxes("qr"))


def grid_offsets(subject: Subject) -> Iterator[Measured]:
    """How many dots the origin of a code is off the grid of the press."""
    for box in subject.boxes(*PAYMENT):
        exact = subject.layout.origin_dots_exact(box)
        yield at(box, max(abs(v - round(v)) for v in exact))


def bar_widths(subject: Subject) -> Iterator[Measured]:
    """mm of the GS1-128 with both quiet zones."""
    wide = (BAR_MODULES + 2 * BAR_QUIET_MODULES) * subject.layout.bar_x_mm
    return (at(box, wide) for box in subject.boxes("gs1_128"))


def bar_heights(subject: Subject) -> Iterator[Measured]:
    """mm of the bars."""
    return (at(box, box.h_mm) for box in subject.boxes("gs1_128"))


def customer_sizes(subject: Subject) -> Iterator[Measured]:
    """Points of the customer barcode."""
    return (at(box, box.size_pt) for box in subject.boxes("customer_barcode"))
