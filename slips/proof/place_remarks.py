"""Where the code of a scanned page stands, how large it is, and at which scale the page was printed and scanned.

In: `Facts` of a registered page, the gates. Out: findings with value and limit. Refuses to judge a position where the page is known by its code
alone, or does not lie flat: what a camera saw aslant says nothing of the press.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from slips.proof.gates import Gates
from slips.proof.grade import DECODE_ONLY
from slips.proof.page_fit import PageFit
from slips.proof.registering import PLACES_MIN
from slips.proof.remarks import remark
from slips.proof.scan import MM_PER_INCH, Scan
from slips.proof.scan_page import Facts
from slips.proof.verdicts import Finding, Window

BELIEVABLE_SCALE = 0.2
"""A file whose dpi is off by more says nothing of the paper."""
FLAT_WITHIN_MM = 0.15
"""Places on a sheet under a scanner's lid agree within a third of that, also where it is skew, sheared or stretched; within nearly all of it where
the feed wavers by 0.1 mm. A camera that is so straight that it stays within it sees the code less than 0.2 mm off."""

STRETCH_MAX = 0.02
"""Of the page, across against down, in a picture whose file does not know its resolution."""


def true_dpi(scan: Scan, facts: Facts) -> float | None:
    """What the registered page has; else what the file says."""
    if facts.fit is not None:
        across, down = facts.fit.pixels_a_mm
        return (across + down) / 2 * MM_PER_INCH
    return scan.dpi


def dpi_is_false(facts: Facts) -> bool:
    """Whether the resolution that the file names cannot be that of this page."""
    errors = facts.fit.scale_errors if facts.fit else None
    return errors is not None and max(map(abs, errors)) > BELIEVABLE_SCALE


def place_remarks(facts: Facts, gates: Gates, window: Window | None) -> Iterator[Finding]:
    """Position and size on the paper; the press's scale error."""
    fit, grid, sheet = facts.fit, facts.grid, facts.sheet
    if fit is None or grid is None or sheet is None:
        if facts.measurement is None and not facts.mirrored and any(v.content for v in facts.voices):
            # It was read, and nothing of it could be measured, nor the print beside it read.
            yield remark("verify.position_unjudged")
        return
    if fit.method == "corners":
        yield remark("verify.position_unjudged")
    elif not_flat := _not_flat(facts, fit):
        yield not_flat
    else:
        dx, dy = offset(facts)
        limit = gates.tolerance_mm
        if max(abs(dx), abs(dy)) > limit:
            measured = f"{dx:+.2f} / {dy:+.2f} mm"
            yield remark("verify.misplaced", measured=measured, limit=f"±{limit:g} mm", window=window)
        seen = sizes(facts)
        percent = gates.size_tolerance_percent
        coarse = facts.grades is not None and facts.grades.standing == DECODE_ONLY
        # One per cent of a code is then one pixel: a page drawn in whole pixels has as much.
        if not coarse and max(abs(size - 1) for size in seen) > percent / 100:
            measured = " × ".join(f"{100 * size:.1f} %" for size in seen)
            yield remark("verify.code_size", measured=measured, limit=f"100 ± {percent:g} %", window=window)
    errors = fit.scale_errors
    if errors is not None and not dpi_is_false(facts):
        worst = max(errors, key=abs)
        if abs(worst) * 100 > gates.size_tolerance_percent:
            measured = " × ".join(f"{100 + 100 * e:.1f} %" for e in errors)
            yield remark(
                "verify.page_scale", measured=measured, limit=f"100 ± {gates.size_tolerance_percent:g} %"
            )


def known_well(facts: Facts) -> bool:
    """Whether the page is known so well, away from its code too, that nothing in a place means that nothing is printed there."""
    fit = facts.fit
    return fit is not None and fit.method != "corners" and _not_flat(facts, fit) is None


def _not_flat(facts: Facts, fit: PageFit) -> Finding | None:
    """Whether a camera took it, aslant. What the file's own resolution bears out as a stretch is the press's or the scanner's."""
    across, down = fit.pixels_a_mm
    stretch = abs(across / down - 1) if dpi_is_false(facts) else 0.0
    few = fit.method == "picture" and fit.points < PLACES_MIN
    if not few and fit.residual_mm <= FLAT_WITHIN_MM and stretch <= STRETCH_MAX:
        return None
    measured = f"{fit.residual_mm:.2f} mm / {fit.points} / {100 * stretch:.0f} %"
    limit = f"{FLAT_WITHIN_MM:g} mm / {PLACES_MIN} / {100 * STRETCH_MAX:.0f} %"
    return remark("verify.not_flat", measured=measured, limit=limit)


def offset(facts: Facts) -> tuple[float, float]:
    """How far the code's middle stands from its place, in millimetres: the middle, so that a size error is not told twice."""
    assert facts.fit and facts.grid and facts.sheet
    place, side = facts.sheet.places.symbol, facts.sheet.side_mm
    seen = facts.fit.to_mm(facts.grid.corners).mean(axis=0)
    return float(seen[0] - place.x_mm - side / 2), float(seen[1] - place.y_mm - side / 2)


def sizes(facts: Facts) -> tuple[float, float]:
    """Size of the code on its page, across and down, 1 = as designed."""
    assert facts.fit and facts.grid and facts.sheet
    a, b, c, d = facts.fit.to_mm(facts.grid.corners)
    across, down = (
        (np.hypot(*(b - a)) + np.hypot(*(c - d))) / 2,
        (np.hypot(*(d - a)) + np.hypot(*(c - b))) / 2,
    )
    return float(across / facts.sheet.side_mm), float(down / facts.sheet.side_mm)
