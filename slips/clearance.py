"""Judges the codes of a form: quiet zones, dot grid, sizes, distance from tear lines and folds.

In: a `Layout`. Out: problems with the figures on both sides. The numbers come from Denso Wave's rules for the
eL-QR, the convenience stores' for GS1-128 and Japan Post's for the customer barcode. Refuses nothing itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from elqr.problems import Problem
from slips.form import BAR_MODULES, BAR_QUIET_MODULES, QR_QUIET_MODULES, Layout, PlacedBox
from slips.rect import Rect
from slips.surface import crosses, exclusive, fault, ink, rects

CODE_KINDS = ("qr", "gs1_128", "customer_barcode")
PITCH_DOTS_MIN = 4
GRID_TOLERANCE_DOTS = 0.1
"""A tenth of a dot: file coordinates have four decimals of a millimetre, the writer rounds the rest away."""
BARCODE_WIDTH_MAX_MM = 60.0
BARCODE_HEIGHT_MIN_MM = 10.0
CUT_DISTANCE_MIN_MM = 3.0
"""Between a code and a perforation or fold: paper frays and cracks there, and knives wander."""
CUSTOMER_SIZE_PT = (8.0, 11.5)
CUSTOMER_CLEAR_MM = 2.0
CUSTOMER_EDGE_MM = 10.0


def check_codes(layout: Layout) -> list[Problem]:
    """All faults of the codes of a form."""
    codes = [box for box in layout.boxes if box.kind in CODE_KINDS]
    found = [*_one_qr(layout), *_sizes(layout)]
    for box in codes:
        found += [*_on_grid(layout, box), *_clear(layout, box), *_cuts(layout, box)]
    return found


def _one_qr(layout: Layout) -> Iterator[Problem]:
    """A second code beside the eL-QR confuses payers."""
    for part, count in Counter(box.part for box in layout.boxes if box.kind == "qr").items():
        if count > 1:
            yield fault(layout, "layout.several_qr", part, str(count), "≤ 1")


def _sizes(layout: Layout) -> Iterator[Problem]:
    for box in layout.boxes:
        if box.kind == "qr" and layout.pitch_dots < PITCH_DOTS_MIN:
            yield fault(
                layout, "layout.qr_pitch", box.name, f"{layout.pitch_dots} dots", f"≥ {PITCH_DOTS_MIN} dots"
            )
        elif box.kind == "gs1_128":
            wide = (BAR_MODULES + 2 * BAR_QUIET_MODULES) * layout.bar_x_mm
            if wide > BARCODE_WIDTH_MAX_MM:
                widest = BARCODE_WIDTH_MAX_MM / (BAR_MODULES + 2 * BAR_QUIET_MODULES)
                yield fault(
                    layout, "layout.barcode_width", box.name, f"{wide:.2f} mm ({layout.bar_dots} dots)",
                    f"≤ {BARCODE_WIDTH_MAX_MM:g} mm (≤ {int(widest / layout.dot_mm)} dots)",
                )  # fmt: skip
            if box.h_mm < BARCODE_HEIGHT_MIN_MM:
                yield fault(
                    layout,
                    "layout.barcode_height",
                    box.name,
                    f"{box.h_mm:g} mm",
                    f"≥ {BARCODE_HEIGHT_MIN_MM:g} mm",
                )
        elif box.kind == "customer_barcode":
            least, most = CUSTOMER_SIZE_PT
            if not least <= box.size_pt <= most:
                yield fault(
                    layout, "layout.customer_size", box.name, f"{box.size_pt:g} pt", f"{least:g}–{most:g} pt"
                )


def _on_grid(layout: Layout, box: PlacedBox) -> Iterator[Problem]:
    """Origin of eL-QR and bars on the press's dots, counted from the lower-left corner as PDF does.

    The customer barcode's bars (0.5 mm) are too wide to need it.
    """
    if box.kind == "customer_barcode":
        return
    exact = layout.origin_dots_exact(box)
    x_dots, y_dots = round(exact[0]), round(exact[1])
    if abs(exact[0] - x_dots) > GRID_TOLERANCE_DOTS or abs(exact[1] - y_dots) > GRID_TOLERANCE_DOTS:
        part = layout.part(box.part)
        x = x_dots * layout.dot_mm - part.x_mm
        y = layout.page_h_mm - y_dots * layout.dot_mm - box.h_mm - part.y_mm
        yield fault(
            layout, "layout.off_grid", box.name,
            f"x_mm = {box.x_mm - part.x_mm:.4f}, y_mm = {box.y_mm - part.y_mm:.4f}",
            f"x_mm = {x:.4f}, y_mm = {y:.4f}",
        )  # fmt: skip


def clear_rect(layout: Layout, box: PlacedBox) -> Rect:
    """The code with the white that it needs around it."""
    if box.kind == "qr":
        quiet = QR_QUIET_MODULES * layout.qr_pitch_mm
        return box.rect.grown(quiet, quiet)
    if box.kind == "gs1_128":
        return box.rect.grown(BAR_QUIET_MODULES * layout.bar_x_mm, 0.0)
    return box.rect.grown(CUSTOMER_CLEAR_MM, CUSTOMER_CLEAR_MM)


def _clear(layout: Layout, box: PlacedBox) -> Iterator[Problem]:
    """Nothing prints in the quiet zone: no box, no label, no artwork; and the zone lies on the paper."""
    zone = clear_rect(layout, box)
    if not layout.page.holds(zone):
        yield fault(layout, "layout.quiet_zone", box.name, str(zone), f"inside the page ({layout.page})")
    others = [
        entry
        for other in layout.boxes
        if other.name != box.name and not exclusive(layout, box, other)
        for entry in rects(other)
    ]
    tints = [("tint", tint.rect) for tint in layout.tints]
    strokes = [(kind, stroke) for kind, stroke in ink(layout) if kind not in ("perforation", "fold")]
    for name, rect in (*others, *strokes, *tints):
        if zone.overlaps(rect):
            yield fault(layout, "layout.quiet_zone", box.name, f"{name} ({rect})", f"nothing in {zone}")
    for (
        strike
    ) in layout.strikes:  # an unused place is read back as well: nothing may stand where its codes would
        if strike.slot == box.slot and crosses(strike, zone):
            yield fault(
                layout, "layout.quiet_zone", box.name, f"strike ({strike.rect})", f"nothing in {zone}"
            )
    if box.kind == "customer_barcode":
        inner = layout.page.grown(-CUSTOMER_EDGE_MM, -CUSTOMER_EDGE_MM)
        if not inner.holds(box.rect):
            yield fault(layout, "layout.customer_edge", box.name, str(box.rect), str(inner))


def _cuts(layout: Layout, box: PlacedBox) -> Iterator[Problem]:
    zone = box.rect.grown(CUT_DISTANCE_MIN_MM, CUT_DISTANCE_MIN_MM)
    for cut in layout.cuts:
        if zone.overlaps(cut.rect.grown(0.01, 0.01)):
            yield fault(
                layout, "layout.near_cut", box.name, f"{cut.kind} ({cut.rect})",
                f"≥ {CUT_DISTANCE_MIN_MM:g} mm from {box.rect}",
            )  # fmt: skip
