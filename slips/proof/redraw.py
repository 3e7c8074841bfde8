"""A symbol drawn anew on its own grid: for symbols whose finder patterns no reader recognises, though the modules can be seen.

In: a crop and roughly where the symbol lies (the page's registration says so). Out: pictures of one pixel a module, patterns made whole, data as
sampled. Nothing is known of the content: the grid is found by the patterns that every 6-M symbol has, then by the modules themselves.
"""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
import numpy.typing as npt

from elqr.symbols import QUIET_ZONE_MODULES, SIZE, spec
from slips.proof import plane
from slips.proof.curve import linear
from slips.proof.grid import locate
from slips.proof.plane import Map, Points
from slips.proof.sampling import (
    ISO_APERTURE,
    SMALL_APERTURE,
    Flags,
    Modules,
    Picture32,
    crop_around,
    local_threshold,
    sampled,
)
from slips.proof.scan import Pixels

COARSE = 3
SEARCH_MODULES = 4
ANGLES_DEG = (0.0, -0.6, 0.6, -1.2, 1.2)
FIRST_APERTURE = 0.6
ROUNDS = 3


def redrawn(crop: Pixels, guess: npt.ArrayLike) -> Iterator[Pixels]:
    """Pictures (49, 49), black and white, to be read as pure symbols, round by round; none where there is no grid.

    `guess`: corners (4, 2) or a map (3, 3) as `grid.locate` takes them, right to some four modules and one degree.
    """
    given = np.asarray(guess, np.float64)
    start = plane.through_corners(given, side=SIZE) if given.shape == (4, 2) else given
    where = _placed(crop, start)
    modules = _whole(_first_look(crop, where))
    for _ in range(ROUNDS):
        grid = locate(crop, modules, where)
        if grid is None:
            return
        window, origin = crop_around(crop, grid, modules=QUIET_ZONE_MODULES + 1)
        light = linear().reflect(window)
        looks = [
            _whole(_dark(light, grid.centres - origin, aperture_px=aperture * grid.pitch_px))
            for aperture in (ISO_APERTURE, SMALL_APERTURE)
        ]
        yield from (_picture(look) for look in looks)
        if (looks[0] == modules).all():
            return
        modules, where = looks[0], grid.map


def _placed(crop: Pixels, start: Map) -> Map:
    """The guess moved to where finders, timing and alignment pattern match best; data modules do not count."""
    around = SEARCH_MODULES
    dark, counts = _patterns()
    template = 255 * (1 - dark.repeat(COARSE, 0).repeat(COARSE, 1)).astype(np.float32)
    mask = counts.astype(np.float32).repeat(COARSE, 0).repeat(COARSE, 1)
    side = (SIZE + 2 * around + 2) * COARSE
    first = (around + 1) * COARSE - 0.5
    into = np.array([[COARSE, 0.0, first], [0.0, COARSE, first], [0.0, 0.0, 1.0]])
    best_height, best = -np.inf, start
    for angle in ANGLES_DEG:
        turn = np.deg2rad(angle)
        about = plane.shift(SIZE / 2, SIZE / 2) @ np.array(
            [[np.cos(turn), -np.sin(turn), 0.0], [np.sin(turn), np.cos(turn), 0.0], [0.0, 0.0, 1.0]]
        )
        turned = start @ about @ plane.shift(-SIZE / 2, -SIZE / 2)
        straight = cv2.warpPerspective(
            crop,
            turned @ np.linalg.inv(into),
            (side, side),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        ).astype(np.float32)
        heights = _masked_correlation(straight, template, mask)
        row, column = np.unravel_index(int(heights.argmax()), heights.shape)
        if heights[row, column] > best_height:
            best_height = float(heights[row, column])
            best = turned @ plane.shift(column / COARSE - around, row / COARSE - around)
    return best


def _masked_correlation(picture: Picture32, template: Picture32, mask: Picture32) -> npt.NDArray[np.float64]:
    """Correlation of the masked pixels at every place, from -1 to 1."""
    weight = float(mask.sum())
    mean = float((template * mask).sum()) / weight
    centred = (template - mean) * mask
    cross = cv2.matchTemplate(picture, centred, cv2.TM_CCORR).astype(np.float64)
    total = cv2.matchTemplate(picture, mask, cv2.TM_CCORR).astype(np.float64)
    squares = cv2.matchTemplate(picture * picture, mask, cv2.TM_CCORR).astype(np.float64)
    spread = np.sqrt(np.maximum(squares - total * total / weight, 1.0))
    return np.asarray(cross / (spread * np.sqrt(float((centred * centred).sum()))))


def _patterns() -> tuple[Modules, Flags]:
    """The patterns with one module of paper around (43, 43), and which modules they are: format area and data are not."""
    function = spec.function_modules()
    known = np.pad((function != spec.FREE) & ~_format_area(), 1, constant_values=True)
    return np.pad(function == 1, 1).astype(np.uint8), known


def _format_area() -> Flags:
    area = np.zeros((SIZE, SIZE), bool)
    for row, column, _ in spec.format_modules(0):
        area[row, column] = True
    return area


def _first_look(crop: Pixels, where: Map) -> Modules:
    at = np.arange(-QUIET_ZONE_MODULES, SIZE + QUIET_ZONE_MODULES) + 0.5
    centres = plane.moved(np.stack(np.meshgrid(at, at), axis=2), where)
    pitch = float(np.hypot(*(plane.moved([(SIZE, 0)], where) - plane.moved([(0, 0)], where))[0])) / SIZE
    return _dark(linear().reflect(crop), centres, aperture_px=FIRST_APERTURE * pitch)


def _dark(light: Picture32, centres: Points, *, aperture_px: float) -> Modules:
    return local_threshold("local", sampled(light, centres, aperture_px=aperture_px)).dark


def _whole(seen: Modules) -> Modules:
    """What was seen, with the patterns as they must be."""
    function = spec.function_modules()
    known = (function != spec.FREE) & ~_format_area()
    return np.where(known, function, seen).astype(np.uint8)


def _picture(modules: Modules) -> Pixels:
    return np.asarray(255 * (1 - np.pad(modules, QUIET_ZONE_MODULES)), np.uint8)
