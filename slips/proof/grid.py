"""The module grid of a symbol whose content is known, found with the intended modules as the template: no decoder is needed.

In: grey pixels, the intended modules, and roughly where (a reader's corners, or the page's registration). Out: the centre of every module, quiet
zone included, to some hundredths of a module. Says nothing about identity: another symbol's grid is found nearly as well.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from elqr.symbols import QUIET_ZONE_MODULES, SIZE
from slips.proof import plane
from slips.proof.plane import Floats, Map, Points
from slips.proof.scan import Pixels
from slips.proof.tile_match import peaks, tile_heights

Picture32 = npt.NDArray[np.float32]
Modules = npt.NDArray[np.uint8]

TILES = 5
"""Tiles a side: 8 modules each hold enough pattern to be matched, and follow a curl or a fold."""
FINE = 5
"""Pixels a module of the straightened picture in which tiles are matched."""
COARSE = 2
"""Pixels a module of the search."""
AROUND = 2
"""Modules of paper around the reference."""
SOFT = 0.35
"""Blur of the reference, in modules: about what scanner and paper do."""
WINDOWS = (1.0, 0.6, 0.35)
"""How far a tile may lie off, in modules, pass by pass."""
NEAR_REACH = 0.5
"""Where tiles are looked for first; what lies well inside and matches well is taken."""
NEAR_MODULES = 0.2
"""Tiles that are left this near by the first pass need no second."""
SEARCH_MODULES = 9
SEARCH_ANGLES_DEG = (0.0, -0.5, 0.5, -1.0, 1.0, -1.5, 1.5, -2.0, 2.0)
GOOD_SCORE = 0.6
"""At or above this the guess was right and nothing is searched."""
LEAST_SCORE = 0.3
"""Below this there is no symbol of this kind here."""
TILE_SCORE = 0.25
STEADY_TILE = 0.45
FIELD_MODULES_MAX = 0.8


@dataclass(frozen=True, eq=False, kw_only=True)
class Grid:
    """Where the modules are. Pixels of the picture that was given, x before y, centres whole."""

    centres: Points
    """(49, 49, 2): centre of each module by row and column; [4, 4] is the symbol's first."""
    map: Map
    """(3, 3): module coordinates, 0 to 41 from the upper left corner, to pixels; the local field left out."""
    corners: Points
    """(4, 2): outer corners of the symbol: top left, top right, bottom right, bottom left, as the symbol sees itself."""
    pitch_x_px: float
    """Module pitch across and down the symbol."""
    pitch_y_px: float
    deviation_modules: float
    """The largest distance of a tile from its place on an evenly spaced grid."""
    score: float
    """Median correlation of the tiles with the intended modules, up to 1. No measure of identity."""
    searched: bool
    """The guess did not hold and the symbol was searched around it."""

    @property
    def pitch_px(self) -> float:
        return (self.pitch_x_px + self.pitch_y_px) / 2


@dataclass(frozen=True, eq=False, kw_only=True)
class _Tiles:
    """Matched tiles: where they belong (n, 2) in modules, how far off they are after the map, and how well they match."""

    places: Points
    residuals: Points
    scores: Floats


def locate(grey: Pixels, intended: Modules, guess: npt.ArrayLike) -> Grid | None:
    """The grid of `intended` (41, 41) near the guess; None where there is nothing like it.

    `guess`: corners (4, 2) in pixels, as in `Grid.corners`, or a map (3, 3) from module coordinates. It may be off by nine
    modules and two degrees; its size must be right to some 3 %. Raises ValueError for another shape.
    """
    start = _as_map(guess)
    pitch = float(np.mean(plane.distances(*_axes(start)))) / SIZE
    window, origin = _window(grey, start, pitch)
    if min(window.shape) < SIZE:
        return None
    inner = plane.shift(-origin[0], -origin[1]) @ start
    softened = _softened(window, pitch / FINE)
    reference = _reference(intended, FINE, soft=SOFT)
    best, tiles, searched = *_refined(softened, reference, inner), False
    if _score(tiles) < GOOD_SCORE:
        sought = _sought(window, intended, inner)
        other, other_tiles = _refined(softened, reference, sought)
        if _score(other_tiles) > _score(tiles):
            best, tiles, searched = other, other_tiles, True
    if tiles is None or _score(tiles) < LEAST_SCORE:
        return None
    return _grid(plane.shift(*origin) @ best, tiles, searched=searched)


def _as_map(guess: npt.ArrayLike) -> Map:
    given = np.asarray(guess, np.float64)
    if given.shape == (4, 2):
        return plane.through_corners(given, side=SIZE)
    if given.shape == (3, 3):
        return given
    raise ValueError(f"guess: expected corners (4, 2) or a map (3, 3), found {given.shape}")


def _axes(of: Map) -> tuple[Points, Points]:
    """Begin and end of the horizontal and of the vertical middle line."""
    middle = SIZE / 2
    begin, end = [(0, middle), (middle, 0)], [(SIZE, middle), (middle, SIZE)]
    return plane.moved(begin, of), plane.moved(end, of)


def _window(grey: Pixels, near: Map, pitch: float) -> tuple[Pixels, tuple[int, int]]:
    """The part of the picture that the search can touch, and its origin."""
    corners = plane.moved([(0, 0), (SIZE, 0), (SIZE, SIZE), (0, SIZE)], near)
    reach = (SEARCH_MODULES + AROUND + 3) * pitch
    height, width = grey.shape
    left, top = (max(0, int(v)) for v in np.floor(corners.min(axis=0) - reach))
    right, bottom = np.ceil(corners.max(axis=0) + reach).astype(int)
    return grey[top : min(bottom, height), left : min(right, width)], (left, top)


def _softened(window: Pixels, ratio: float) -> Pixels:
    """Without what the straightened picture is too coarse for."""
    size = int(ratio)
    found: Pixels = cv2.blur(window, (size, size)) if size > 1 else window
    return found


def _reference(intended: Modules, scale: int, *, soft: float) -> Picture32:
    """The intended symbol as paper 1 and ink 0, with paper around it, softened."""
    dark = np.pad(intended, AROUND).astype(np.float32).repeat(scale, 0).repeat(scale, 1)
    found: Picture32 = cv2.GaussianBlur(1 - dark, (0, 0), soft * scale)
    return found


def _straightened(window: Pixels, grid: Map, *, scale: int, around: int) -> Picture32:
    """The symbol seen straight, `scale` pixels a module, `around` modules of surroundings."""
    to_modules = np.array(
        [[1 / scale, 0, 0.5 / scale - around], [0, 1 / scale, 0.5 / scale - around], [0, 0, 1.0]]
    )
    side = (SIZE + 2 * around) * scale
    found: Picture32 = cv2.warpPerspective(
        window,
        grid @ to_modules,
        (side, side),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    ).astype(np.float32)
    return found


def _sought(window: Pixels, intended: Modules, guess: Map) -> Map:
    """The best place of the whole template within nine modules and two degrees of the guess."""
    around = AROUND + SEARCH_MODULES
    field = _straightened(_softened(window, _pitch(guess) / COARSE), guess, scale=COARSE, around=around)
    template = _reference(intended, COARSE, soft=0.3)
    middle = (template.shape[0] - 1) / 2
    best_height, best = -2.0, guess
    for angle in SEARCH_ANGLES_DEG:
        turn = np.vstack([cv2.getRotationMatrix2D((middle, middle), -angle, 1.0), [0.0, 0.0, 1.0]])
        turned = cv2.warpAffine(template, turn[:2], template.shape, borderValue=1.0)
        height, x, y = plane.peak(cv2.matchTemplate(field, turned, cv2.TM_CCOEFF_NORMED))
        if height > best_height:
            into_template = _scaling(COARSE, AROUND)
            from_field = np.linalg.inv(_scaling(COARSE, around))
            best_height, best = height, guess @ from_field @ plane.shift(x, y) @ turn @ into_template
    return best


def _scaling(scale: int, around: int) -> Map:
    """Module coordinates to the pixels of a straightened picture."""
    first = around * scale - 0.5
    return np.array([[scale, 0.0, first], [0.0, scale, first], [0.0, 0.0, 1.0]])


def _pitch(grid: Map) -> float:
    return float(np.mean(plane.distances(*_axes(grid)))) / SIZE


def _refined(window: Pixels, reference: Picture32, guess: Map) -> tuple[Map, _Tiles | None]:
    """The map after matching tiles in ever smaller windows, and the last tiles; None where too few match."""
    grid, found = guess, None
    for number, reach in enumerate(WINDOWS):
        if number == 1 and found is not None and np.abs(found.residuals).max() < NEAR_MODULES:
            continue
        straight = _straightened(window, grid, scale=FINE, around=AROUND)
        tiles = _matched(straight, reference, reach=reach)
        if len(tiles.places) < TILES:
            return grid, found
        target = tiles.places + tiles.residuals
        correction = _fitted(tiles.places, target, affine_only=number == 0 or len(target) < 9)
        if correction is None:
            return grid, found
        grid = grid @ correction
        residuals = target - plane.moved(tiles.places, correction)
        found = _Tiles(places=tiles.places, residuals=residuals, scores=tiles.scores)
    return grid, found


def _fitted(source: Points, target: Points, *, affine_only: bool) -> Map | None:
    if affine_only:
        matrix, _ = cv2.estimateAffine2D(source, target, ransacReprojThreshold=0.35)
        return None if matrix is None else np.vstack([matrix, [0.0, 0.0, 1.0]])
    matrix, _ = cv2.findHomography(source, target, cv2.RANSAC, 0.3)
    return None if matrix is None else np.asarray(matrix, np.float64)


def _matched(straight: Picture32, reference: Picture32, *, reach: float) -> _Tiles:
    """The tiles looked for within `reach` modules: first close by, which is where nearly all readers' corners put them."""
    far, near = max(1, round(reach * FINE)), max(1, round(NEAR_REACH * FINE))
    if far > near:
        tiles = _within(straight, reference, pad=near)
        inside = len(tiles.scores) == TILES**2 and np.abs(tiles.residuals).max() * FINE < near - 0.5
        if inside and tiles.scores.min() >= GOOD_SCORE:
            return tiles
    return _within(straight, reference, pad=far)


def _within(straight: Picture32, reference: Picture32, *, pad: int) -> _Tiles:
    edges = np.linspace(0, SIZE, TILES + 1)
    middles = (edges[:-1] + edges[1:]) / 2
    heights = tile_heights(straight, reference, border=AROUND * FINE, tiles=TILES, pad=pad)
    score, x, y = peaks(heights)
    kept = score >= TILE_SCORE
    places = np.stack(np.meshgrid(middles, middles), axis=-1).reshape(-1, 2)
    residuals = (np.stack([x, y], axis=-1) - pad) / FINE
    return _Tiles(places=places[kept], residuals=residuals[kept], scores=score[kept])


def _score(tiles: _Tiles | None) -> float:
    """The median over all tiles; those that did not match count as nothing."""
    if tiles is None:
        return 0.0
    return float(np.median(np.concatenate([tiles.scores, np.zeros(TILES**2 - len(tiles.scores))])))


def _grid(to_pixels: Map, tiles: _Tiles, *, searched: bool) -> Grid:
    quiet = QUIET_ZONE_MODULES
    at = np.arange(-quiet, SIZE + quiet) + 0.5
    modules = np.stack(np.meshgrid(at, at), axis=2)
    if len(tiles.places) >= 9:
        modules += np.pad(_field(tiles), ((quiet, quiet), (quiet, quiet), (0, 0)), mode="edge")
    across, down = plane.distances(*_axes(to_pixels)) / SIZE
    return Grid(
        centres=plane.moved(modules, to_pixels),
        map=to_pixels,
        corners=plane.moved([(0, 0), (SIZE, 0), (SIZE, SIZE), (0, SIZE)], to_pixels),
        pitch_x_px=float(across),
        pitch_y_px=float(down),
        deviation_modules=_deviation(to_pixels, tiles, pitch=float(across + down) / 2),
        score=_score(tiles),
        searched=searched,
    )


def _deviation(to_pixels: Map, tiles: _Tiles, *, pitch: float) -> float:
    """Against the best evenly spaced (affine) grid, so perspective counts, as it does for a verifier."""
    steady = tiles.scores > STEADY_TILE
    if steady.sum() < TILES:
        return float("nan")
    places = tiles.places[steady]
    seen = plane.moved(places + tiles.residuals[steady], to_pixels)
    even = plane.moved(places, plane.affine(places, seen))
    return float(plane.distances(seen, even).max()) / pitch


def _field(tiles: _Tiles) -> Floats:
    """What is left of the tiles' displacements, smoothed, at every module: (41, 41, 2)."""
    columns, rows = np.unique(tiles.places[:, 0]), np.unique(tiles.places[:, 1])
    known = np.full((2, len(rows), len(columns)), np.nan, np.float32)
    row, column = np.searchsorted(rows, tiles.places[:, 1]), np.searchsorted(columns, tiles.places[:, 0])
    known[:, row, column] = np.clip(tiles.residuals, -FIELD_MODULES_MAX, FIELD_MODULES_MAX).T
    usual = np.nanmedian(known.reshape(2, -1), axis=1)
    known = np.where(np.isnan(known), usual[:, None, None], known)
    smooth = np.stack([(cv2.medianBlur(part, 3) + part) / 2 for part in known])
    at = np.arange(SIZE) + 0.5
    x = np.interp(at, columns, np.arange(len(columns)))
    y = np.interp(at, rows, np.arange(len(rows)))
    across, down = (m.astype(np.float32) for m in np.meshgrid(x, y))
    return np.stack([cv2.remap(part, across, down, cv2.INTER_LINEAR) for part in smooth], axis=2).astype(
        np.float64
    )
