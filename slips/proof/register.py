"""Registers a scanned page: by black squares in known places, else by the intended page itself, else by the code that was found.

In: the scan and what the page was designed as. Out: a `PageFit`, or None where it cannot be said. All four quarter turns are tried, so a
page may lie any way up. By the code alone its own position cannot be judged: that fit says "corners".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from slips.proof import plane
from slips.proof.page_fit import PageFit, fitted
from slips.proof.page_tiles import SHIFT_MM_MAX, by_tiles, first_place
from slips.proof.plane import Floats, Map, Points
from slips.proof.scan import MM_PER_INCH, Pixels, Scan
from slips.proof.squares import SIDE_SLACK, exact_centre, solid_squares

Mark = tuple[float, float, float]
"""x and y of the top left corner, and the side, in millimetres."""

AGREE_MM = 1.5
"""How far a square may lie from its place while the turn is being found."""
RESIDUAL_MM_MAX = 0.5
MARKS_LEAST = 3

REACHES_MM = (2.5, 0.8)
"""How far a tile is looked for, pass by pass."""


def register_marks(scan: Scan, marks: Sequence[Mark], page_w_mm: float, page_h_mm: float) -> PageFit | None:
    """By solid black squares (x_mm, y_mm, side_mm of each top left corner); None unless three or more agree."""
    if len(marks) < MARKS_LEAST:
        return None
    scale = _pixels_a_mm(scan, page_w_mm, page_h_mm)
    centres = np.array([(x + side / 2, y + side / 2) for x, y, side in marks])
    sides = np.array([side for _, _, side in marks])
    seen = solid_squares(scan.grey, scale, sides)
    best: PageFit | None = None
    for turned in _turns(scan, scale, page_w_mm, page_h_mm):
        pairs = _paired(centres, sides, seen, turned)
        if len(pairs) < MARKS_LEAST:
            continue
        chosen = [k for k, _ in pairs]
        exact = [exact_centre(scan.grey, point, side_px=sides[k] * scale) for k, point in pairs]
        fit = fitted(centres[chosen], np.array(exact), method="marks", dpi=scan.dpi)
        if fit.residual_mm <= RESIDUAL_MM_MAX and (
            best is None or (fit.points, -fit.residual_mm) > (best.points, -best.residual_mm)
        ):
            best = fit
    return best


def register_picture(scan: Scan, intended_page: Pixels, px_per_mm: float) -> PageFit | None:
    """By the intended page, `px_per_mm` pixels a millimetre: its tiles are looked for in the scan; None unless five or more agree.

    What differs from slip to slip (names, amounts, the code) does not match and does no harm.
    """
    page_h_mm, page_w_mm = (n / px_per_mm for n in intended_page.shape)
    scale = _pixels_a_mm(scan, page_w_mm, page_h_mm)
    near = first_place(scan, intended_page, page_px_a_mm=px_per_mm, scan_px_a_mm=scale)
    if near is None:
        return None
    fit = by_tiles(scan, intended_page, page_px_a_mm=px_per_mm, near=near, reach_mm=REACHES_MM[0])
    if fit is None:
        return None
    return by_tiles(scan, intended_page, page_px_a_mm=px_per_mm, near=fit.map, reach_mm=REACHES_MM[1])


def register_corners(scan: Scan, corners: Points, *, x_mm: float, y_mm: float, side_mm: float) -> PageFit:
    """By the four corners of a code (4, 2) that is meant to lie at x, y and to have this side: no judgement of its position."""
    square = np.array([(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)])
    return fitted(
        square * side_mm + (x_mm, y_mm), np.asarray(corners, np.float64), method="corners", dpi=scan.dpi
    )


def _pixels_a_mm(scan: Scan, page_w_mm: float, page_h_mm: float) -> float:
    """By the file's dpi where that fits the picture's size at all; else by the picture's size, taken for the page's."""
    long, short = max(scan.grey.shape), min(scan.grey.shape)
    by_size = np.sqrt(long / max(page_w_mm, page_h_mm) * short / min(page_w_mm, page_h_mm))
    if scan.dpi is not None and 0.8 < scan.dpi / MM_PER_INCH / by_size < 1.25:
        return scan.dpi / MM_PER_INCH
    return float(by_size)


def _turns(scan: Scan, scale: float, page_w_mm: float, page_h_mm: float) -> Iterator[Map]:
    """Page millimetres to pixels for the four quarter turns, the page's middle on the picture's."""
    height, width = scan.grey.shape
    for quarter in range(4):
        angle = np.pi / 2 * quarter
        turn = np.array(
            [[np.cos(angle), -np.sin(angle), 0.0], [np.sin(angle), np.cos(angle), 0.0], [0.0, 0.0, 1.0]]
        )
        onto = plane.shift((width - 1) / 2, (height - 1) / 2) @ np.diag([scale, scale, 1.0])
        yield onto @ turn @ plane.shift(-page_w_mm / 2, -page_h_mm / 2)


def _paired(centres: Points, sides: Floats, seen: Floats, turned: Map) -> list[tuple[int, Points]]:
    """Which mark is which square: the shift that most marks share, up to 12 mm."""
    if not len(seen):
        return []
    scale = float(np.hypot(*turned[:2, 0]))
    awaited = plane.moved(centres, turned)
    shifts = seen[None, :, :2] - awaited[:, None]  # (marks, squares, 2)
    similar = np.abs(seen[None, :, 2] / scale / sides[:, None] - 1) < SIDE_SLACK
    near = similar & (np.hypot(shifts[..., 0], shifts[..., 1]) < 2 * SHIFT_MM_MAX * scale)
    best: list[tuple[int, Points]] = []
    # A skew moves the marks apart from one another, so the shift of one allows for one degree across the page.
    slack = AGREE_MM * scale + np.radians(2.0) * float(np.ptp(awaited, axis=0).max())
    for mark, square in np.argwhere(near):
        off = np.hypot(*np.moveaxis(shifts - shifts[mark, square], -1, 0))
        off = np.where(similar, off, np.inf)
        choice = off.argmin(axis=1)
        pairs = [(k, seen[j, :2]) for k, j in enumerate(choice) if off[k, j] < slack]
        if len({tuple(p) for _, p in pairs}) == len(pairs) and len(pairs) > len(best):
            best = pairs
    return best
