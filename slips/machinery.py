"""Judges what machines need on a form: register marks, inserter marks with their white, the holes of the paper.

In: a `Layout`. Out: problems with both sides of each, by the same codes as for codes and boxes. The distances are house values: an
inserter's maker has its own, which go into the file (`clear_mm`, places, pitch). Refuses nothing itself.
"""

from __future__ import annotations

from collections.abc import Iterator

from elqr.problems import Problem
from slips.clearance import CUT_DISTANCE_MIN_MM, GRID_TOLERANCE_DOTS
from slips.form import InserterMark, Layout
from slips.rect import Rect
from slips.surface import fault, ink, rects

REGISTER_CLEAR_MM = 1.0
REGISTER_EDGE_MM = 3.0
HOLE_CLEAR_MM = 2.0


def check_machinery(layout: Layout) -> list[Problem]:
    """All faults of the marks and holes of a form."""
    found: list[Problem] = []
    for k, register in enumerate(layout.register_marks, 1):
        name = f"register_mark {k}"
        inner = layout.page.grown(-REGISTER_EDGE_MM, -REGISTER_EDGE_MM)
        if not inner.holds(register.rect):
            found.append(fault(layout, "layout.near_edge", name, str(register.rect), str(inner)))
        zone = register.rect.grown(REGISTER_CLEAR_MM, REGISTER_CLEAR_MM)
        found += _white(layout, name, zone, own=register.rect)
    for mark in layout.inserter_marks:
        name = f"inserter_mark {mark.id}"
        zone = clear_zone(mark)
        if not layout.page.holds(zone):
            found.append(fault(layout, "layout.outside_page", name, str(zone), str(layout.page)))
        found += [*_white(layout, name, zone, own=mark.rect), *_on_grid(layout, mark)]
        found += _cuts(layout, name, mark.rect)
    for k, hole in enumerate(layout.holes, 1):
        zone = hole.rect.grown(HOLE_CLEAR_MM, HOLE_CLEAR_MM)
        found += _white(layout, f"hole {k}", zone, own=hole.rect)
    return found


def clear_zone(mark: InserterMark) -> Rect:
    """The mark with the white that its reader needs."""
    return mark.rect.grown(mark.clear_mm, mark.clear_mm)


def _white(layout: Layout, name: str, zone: Rect, *, own: Rect) -> Iterator[Problem]:
    """Everything that prints in a zone but the mark itself; tear lines are judged by their distance."""
    boxes = [entry for box in layout.boxes for entry in rects(box)]
    strokes = [(kind, rect) for kind, rect in ink(layout) if kind not in ("perforation", "fold")]
    tints = [("tint", tint.rect) for tint in layout.tints]
    for other, rect in (*boxes, *strokes, *tints):
        if rect != own and zone.overlaps(rect):
            yield fault(layout, "layout.quiet_zone", name, f"{other} ({rect})", f"nothing in {zone}")


def _cuts(layout: Layout, name: str, own: Rect) -> Iterator[Problem]:
    zone = own.grown(CUT_DISTANCE_MIN_MM, CUT_DISTANCE_MIN_MM)
    for cut in layout.cuts:
        if zone.overlaps(cut.rect.grown(0.01, 0.01)):
            expected = f"≥ {CUT_DISTANCE_MIN_MM:g} mm from {own}"
            yield fault(layout, "layout.near_cut", name, f"{cut.kind} ({cut.rect})", expected)


def _on_grid(layout: Layout, mark: InserterMark) -> Iterator[Problem]:
    """Modules of the 2-D mark stand on the press's dots; lines of OMR are thick enough not to care."""
    if mark.kind == "omr":
        return
    left, bottom = layout.origin_dots_exact(mark)
    if max(abs(left - round(left)), abs(bottom - round(bottom))) > GRID_TOLERANCE_DOTS:
        x, y = round(left) * layout.dot_mm, layout.page_h_mm - round(bottom) * layout.dot_mm - mark.h_mm
        yield fault(
            layout, "layout.off_grid", f"inserter_mark {mark.id}",
            f"x_mm = {mark.x_mm:.4f}, y_mm = {mark.y_mm:.4f}", f"x_mm = {x:.4f}, y_mm = {y:.4f}",
        )  # fmt: skip
