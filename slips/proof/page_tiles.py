"""The intended page matched in its scan: as a whole for a first place, then by tiles that agree on one map.

In: both pictures and their scales. Out: the map from page millimetres to pixels of the scan, or the fit. What differs between slips does not
match, and is outvoted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from slips.proof import plane
from slips.proof.page_fit import PageFit, fitted
from slips.proof.plane import Map, Points
from slips.proof.scan import Pixels, Scan, halved

SHIFT_MM_MAX = 12.0
"""How far the paper may lie off in the scanner."""
OVERVIEW_PX_A_MM = 2.0
OVERVIEW_ANGLES_DEG = (0.0, -0.7, 0.7, -1.4, 1.4, -2.1, 2.1, -2.8, 2.8)
OVERVIEW_LEAST = 0.25
TILE_MM = 14.0
TILES_ACROSS, TILES_DOWN = 6, 8
TILE_LEAST, TILE_CONTRAST = 0.5, 12.0
TILES_LEAST = 5
TILE_AGREE_MM, TILE_EXACT_MM = 0.3, 0.06
TRIMS = 3
PAPER = 255
HALVE_FROM = 1.9
"""Pixels of the scan a pixel of the page from which on it is halved."""
HALVINGS_MAX = 5
CLOSE_MM = 0.75
"""How far tiles are looked for around a rough map."""
CLOSE_SHARE = 0.75
"""Of all tiles, or of those that agreed on the rough map, how many must agree on the close one."""


def first_place(scan: Scan, page: Pixels, *, page_px_a_mm: float, scan_px_a_mm: float) -> Map | None:
    """The way up, the turn to a degree and the place to a millimetre, from pictures of 2 pixels a millimetre.

    All four quarter turns are tried. Page millimetres to pixels of the scan; None where nothing resembles the page.
    """
    border = round(SHIFT_MM_MAX * OVERVIEW_PX_A_MM)
    sketch = _resized(page, OVERVIEW_PX_A_MM / page_px_a_mm)
    small = _resized(scan.grey, OVERVIEW_PX_A_MM / scan_px_a_mm)
    field = np.pad(small, border, constant_values=255)
    enlarged, shrunk = scan_px_a_mm / OVERVIEW_PX_A_MM, OVERVIEW_PX_A_MM
    to_sketch = np.array([[shrunk, 0.0, -0.5], [0.0, shrunk, -0.5], [0.0, 0.0, 1.0]])
    to_scan = np.array(
        [[enlarged, 0.0, (enlarged - 1) / 2], [0.0, enlarged, (enlarged - 1) / 2], [0.0, 0.0, 1.0]]
    )
    best_height, best = OVERVIEW_LEAST, None
    for quarter in range(4):
        for angle in OVERVIEW_ANGLES_DEG:
            turned, turn = _turned(sketch, quarter, angle)
            core = turned[border:-border, border:-border]
            if min(core.shape) < border or core.shape[0] > field.shape[0] or core.shape[1] > field.shape[1]:
                continue
            if float(core.std()) < 1:
                continue
            height, x, y = plane.peak(cv2.matchTemplate(field, core, cv2.TM_CCOEFF_NORMED))
            if height > best_height:
                # The core begins at `border` of the turned page, and the field at -`border` of the scan.
                onto = plane.shift(x - 2 * border, y - 2 * border)
                best_height, best = height, to_scan @ onto @ turn @ to_sketch
    return best


def by_tiles(
    scan: Scan, page: Pixels, *, page_px_a_mm: float, near: Map, reach_mm: float, guess: Map | None = None
) -> PageFit | None:
    """The affine map that most tiles agree on, looked for within `reach_mm` of `near`; None where fewer than five agree.

    First closely around a `guess`, where there is one: a fit that three quarters of all tiles agree on, none of them at the edge of what was
    searched, is the answer. Else roughly, at half the size, then closely around what was found, with as many tiles. Else all of the reach
    is searched closely.
    """
    exact = _Tiles.of(page, px_a_mm=page_px_a_mm, reach_mm=reach_mm)
    if guess is not None and (fit := _close(scan, exact, near=guess, least=len(exact.corners))) is not None:
        return fit
    if reach_mm > CLOSE_MM:
        rough = _agreed(scan, exact.halved(), near=near, reach_mm=reach_mm)[0]
        if rough is not None:
            fit = _close(scan, exact, near=rough.map, least=rough.points)
            if fit is not None:
                return fit
    return _agreed(scan, exact, near=near, reach_mm=reach_mm)[0]


def _close(scan: Scan, tiles: _Tiles, *, near: Map, least: int) -> PageFit | None:
    """The fit of tiles looked for closely; None unless the usual share of `least` agrees, and well inside what was searched."""
    fit, farthest_mm = _agreed(scan, tiles, near=near, reach_mm=CLOSE_MM)
    inside = farthest_mm < CLOSE_MM - 1 / tiles.px_a_mm
    return fit if fit is not None and inside and fit.points >= CLOSE_SHARE * least else None


@dataclass(frozen=True, eq=False, kw_only=True)
class _Tiles:
    """The parts of a page that show enough to be found."""

    page: Pixels
    px_a_mm: float
    side: int
    corners: Sequence[tuple[int, int]]
    """Left and top of each."""

    @classmethod
    def of(cls, page: Pixels, *, px_a_mm: float, reach_mm: float) -> _Tiles:
        """With room for the search on all sides."""
        side, pad = round(TILE_MM * px_a_mm), round(reach_mm * px_a_mm)
        height, width = page.shape
        corners = [
            (x, y)
            for y in np.linspace(pad, height - side - pad, TILES_DOWN).astype(int).tolist()
            for x in np.linspace(pad, width - side - pad, TILES_ACROSS).astype(int).tolist()
            if y >= pad
            and x >= pad
            and float(cv2.meanStdDev(page[y : y + side, x : x + side])[1][0, 0]) >= TILE_CONTRAST
        ]
        return cls(page=page, px_a_mm=px_a_mm, side=side, corners=corners)

    def halved(self) -> _Tiles:
        """The same places in a page of half the size."""
        corners = [(x // 2, y // 2) for x, y in self.corners]
        return _Tiles(page=halved(self.page), px_a_mm=self.px_a_mm / 2, side=self.side // 2, corners=corners)


def _agreed(scan: Scan, tiles: _Tiles, *, near: Map, reach_mm: float) -> tuple[PageFit | None, float]:
    """The fit, and how far off the farthest of the tiles that agree on it was found, in millimetres."""
    to_mm = _to_mm(tiles.px_a_mm)
    places, offsets = _matched(scan, tiles, onto=near @ to_mm, pad=round(reach_mm * tiles.px_a_mm))
    if len(places) < TILES_LEAST:
        return None, 0.0
    mm = plane.moved(places, to_mm)
    seen = plane.moved(plane.moved(places + offsets, to_mm), near)
    scale = float(np.hypot(*near[:2, 0]))
    _, agreed = cv2.estimateAffine2D(mm, seen, ransacReprojThreshold=TILE_AGREE_MM * scale)
    kept = np.zeros(len(mm), bool) if agreed is None else agreed.ravel() == 1
    for _ in range(
        TRIMS
    ):  # the best map through those that agree; who does not agree with it is left out in turn
        if kept.sum() < TILES_LEAST:
            return None, 0.0
        onto = plane.affine(mm[kept], seen[kept])
        off = plane.distances(plane.moved(mm, onto), seen) / scale
        kept = off < min(TILE_AGREE_MM, max(TILE_EXACT_MM, 3 * float(np.median(off[kept]))))
    if kept.sum() < TILES_LEAST:
        return None, 0.0
    farthest = float(np.abs(offsets[kept]).max()) / tiles.px_a_mm
    return fitted(mm[kept], seen[kept], method="picture", dpi=scan.dpi), farthest


def _to_mm(px_a_mm: float) -> Map:
    """Pixels of the intended page to millimetres."""
    return np.array([[1 / px_a_mm, 0, 0.5 / px_a_mm], [0, 1 / px_a_mm, 0.5 / px_a_mm], [0, 0, 1.0]])


def _resized(picture: Pixels, by: float) -> Pixels:
    found: Pixels = cv2.resize(
        picture, None, fx=by, fy=by, interpolation=cv2.INTER_AREA if by < 1 else cv2.INTER_LINEAR
    )
    return found


def _turned(sketch: Pixels, quarter: int, angle_deg: float) -> tuple[Pixels, Map]:
    """The page turned clockwise, in a frame of its own, and the map into it."""
    height, width = sketch.shape
    middle = ((width - 1) / 2, (height - 1) / 2)
    wide, high = (width, height) if quarter % 2 == 0 else (height, width)
    about = np.vstack([cv2.getRotationMatrix2D(middle, -(90.0 * quarter + angle_deg), 1.0), [0.0, 0.0, 1.0]])
    turn = plane.shift((wide - 1) / 2 - middle[0], (high - 1) / 2 - middle[1]) @ about
    turned: Pixels = cv2.warpAffine(sketch, turn[:2], (wide, high), borderValue=255)
    return turned, turn


def _matched(scan: Scan, tiles: _Tiles, *, onto: Map, pad: int) -> tuple[Points, Points]:
    """Middles of the tiles (n, 2) that were found, and how far off they were, in pixels of the page.

    `onto` takes pixels of the page to pixels of the scan; only what surrounds a tile is straightened.
    """
    grey, onto = _shrunk(scan, onto)
    places, offsets, side = [], [], tiles.side
    for x, y in tiles.corners:
        window = cv2.warpAffine(
            grey,
            (onto @ plane.shift(x - pad, y - pad))[:2],
            (side + 2 * pad, side + 2 * pad),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderValue=PAPER,
        )
        tile = tiles.page[y : y + side, x : x + side]
        found, dx, dy = plane.peak(cv2.matchTemplate(window, tile, cv2.TM_CCOEFF_NORMED))
        if found >= TILE_LEAST:
            places.append((x + (side - 1) / 2, y + (side - 1) / 2))
            offsets.append((dx - pad, dy - pad))
    return np.array(places, np.float64).reshape(-1, 2), np.array(offsets, np.float64).reshape(-1, 2)


def _shrunk(scan: Scan, onto: Map) -> tuple[Pixels, Map]:
    """The scan halved until its pixels are nearly as large as the page's, which `onto` takes to pixels of the scan; and the map into it.

    Without that three of four pixels of a fine scan would not be looked at, and the places of strokes come out at random.
    """
    grey, by = scan.grey, float(np.hypot(*onto[:2, 0]))
    for number in range(HALVINGS_MAX):
        if by < HALVE_FROM:
            break
        grey, by = scan.half if number == 0 else halved(grey), by / 2
        onto = np.array([[0.5, 0.0, -0.25], [0.0, 0.5, -0.25], [0.0, 0.0, 1.0]]) @ onto
    return grey, onto
