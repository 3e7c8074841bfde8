"""Registers a scanned page: by black squares in known places, else by the intended page itself, else by the code that was found.

In: the scan and what the page was designed as. Out: a `PageFit`, or None where it cannot be said. All four quarter turns are tried, so a
page may lie any way up. By the code alone its own position cannot be judged: that fit says "corners".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations, product

import numpy as np

from slips.proof import plane
from slips.proof.finders import finder_match
from slips.proof.page_fit import PageFit, fitted
from slips.proof.page_tiles import SHIFT_MM_MAX, by_tiles, first_place
from slips.proof.plane import Floats, Map, Points
from slips.proof.scan import MM_PER_INCH, Pixels, Scan
from slips.proof.squares import SIDE_SLACK, exact_centre, solid_squares

Mark = tuple[float, float, float]
"""x and y of the top left corner, and the side, in millimetres."""

AGREE_MM = 1.5
"""How far a square may lie from its place while the turn is being found."""
OFF_MM_MAX = 2 * SHIFT_MM_MAX
TURN_AND_STRETCH_MAX = 0.08
"""Some four and a half degrees beside the quarter turns, or eight per cent."""
CANDIDATES = 6
RESIDUAL_MM_MAX = 0.5
MARKS_LEAST = 3

REACHES_MM = (2.5, 0.8)
"""How far a tile is looked for, pass by pass."""


def register_marks(
    scan: Scan, marks: Sequence[Mark], page_w_mm: float, page_h_mm: float, *, code: Mark | None = None
) -> PageFit | None:
    """By solid black squares (x_mm, y_mm, side_mm of each top left corner); None unless three or more agree.

    Marks that look alike upside down leave two ways up: `code`, the place of the QR Code, decides by where its finder patterns
    are. Without it such a fit says `ambiguous`, and may be half a turn off.
    """
    if len(marks) < MARKS_LEAST:
        return None
    scale = _pixels_a_mm(scan, page_w_mm, page_h_mm)
    centres = np.array([(x + side / 2, y + side / 2) for x, y, side in marks])
    sides = np.array([side for _, _, side in marks])
    seen = solid_squares(scan.grey, scale, sides)
    fits = []
    for turned in _turns(scan, scale, page_w_mm, page_h_mm):
        exact = {
            mark: centre
            for mark, square in _paired(centres, sides, seen, turned).items()
            if (centre := exact_centre(scan.grey, seen[square, :2], side_px=sides[mark] * scale)) is not None
        }
        if len(exact) >= MARKS_LEAST:
            places = np.array(list(exact.values()))
            fit = fitted(centres[list(exact)], places, method="marks", dpi=scan.dpi)
            if fit.residual_mm <= RESIDUAL_MM_MAX:
                fits.append(fit)
    most = max((fit.points for fit in fits), default=0)
    best = [fit for fit in fits if fit.points == most]
    if len(best) > 1 and code is not None:
        return max(best, key=lambda fit: finder_match(scan.grey, fit, code))
    return replace(best[0], ambiguous=len(best) > 1) if best else None


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


def _paired(centres: Points, sides: Floats, seen: Floats, turned: Map) -> dict[int, int]:
    """Mark number → square number: the largest set that one small turn, stretch and shift brings together."""
    if not len(seen):
        return {}
    scale = float(np.hypot(*turned[:2, 0]))
    awaited, found = (points @ (1, 1j) for points in (plane.moved(centres, turned), seen[:, :2]))
    similar = np.abs(seen[None, :, 2] / scale / sides[:, None] - 1) < SIDE_SLACK
    off = np.where(similar, np.abs(found[None, :] - awaited[:, None]), np.inf)
    off[off > OFF_MM_MAX * scale] = np.inf
    near = [[int(j) for j in np.argsort(row)[:CANDIDATES] if np.isfinite(row[j])] for row in off]
    best: dict[int, int] = {}
    closest = np.inf
    for k, m in combinations(range(len(centres)), 2):
        for j, n in product(near[k], near[m]):
            # Similarity from two pairs: turn and stretch in one complex number.
            factor = (found[n] - found[j]) / (awaited[m] - awaited[k]) if j != n else 0
            if abs(factor - 1) > TURN_AND_STRETCH_MAX:
                continue
            distance = np.abs(found[None, :] - (found[j] + factor * (awaited - awaited[k]))[:, None])
            distance = np.where(similar, distance, np.inf)
            chosen = distance.argmin(axis=1)
            least = distance.min(axis=1)
            pairs = {mark: int(chosen[mark]) for mark in np.flatnonzero(least < AGREE_MM * scale).tolist()}
            total = float(least[list(pairs)].sum())
            if len(set(pairs.values())) == len(pairs) and (len(pairs), -total) > (len(best), -closest):
                best, closest = pairs, total
    return best
