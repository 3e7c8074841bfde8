"""What the trend over the batch keeps of one scanned page: figures of its symbol, and where ink lacks.

In: the page and its facts. Out: a `PressMark`, or None where nothing was measured that can be compared from sheet to sheet.
"""

from __future__ import annotations

from slips.proof import plane
from slips.proof.book import Entry
from slips.proof.curve import Curve
from slips.proof.press_marks import PressMark, profile_of
from slips.proof.sampling import crop_around
from slips.proof.scan import Pixels
from slips.proof.scan_page import Facts
from slips.proof.sheets import Sheet

AROUND_MODULES = 6


def mark_of(grey: Pixels, facts: Facts, entry: Entry | None, *, curve: Curve) -> PressMark | None:
    """The mark of a symbol that is what it was measured against; one that is not would tell of itself, not of the press.

    What it says, right or wrong, is the ink that the press was given.
    """
    m, grid, sheet, fit, modules = facts.measurement, facts.grid, facts.sheet, facts.fit, facts.modules
    if m is None or grid is None or sheet is None or modules is None or entry is None or not m.intended:
        return None

    crop, origin = crop_around(grey, grid, modules=AROUND_MODULES)
    profile = profile_of(curve.reflect(crop), plane.shift(-origin[0], -origin[1]) @ grid.map, modules)
    place = sheet.places.symbol
    figures = {"growth_h": m.growth_h, "growth_v": m.growth_v, "contrast": m.contrast, "reserve": m.reserve}
    if fit is not None and fit.method != "corners":
        dx, dy = fit.to_mm(grid.corners)[0] - (place.x_mm, place.y_mm)
        figures |= {"dx_mm": float(dx), "dy_mm": float(dy)}
    return PressMark(
        place=_place(sheet),
        x_mm=place.x_mm,
        y_mm=place.y_mm,
        pitch_mm=place.pitch_mm,
        figures=figures,
        profile=profile,
    )


def _place(sheet: Sheet) -> str:
    """The form, and which of its places where it has several: the second slip of a page lies under other nozzles than the first."""
    slips = sheet.layout.slips_per_page
    return sheet.name if slips == 1 else f"{sheet.name} {sheet.slot}/{slips}"
