"""From a sheet of paper to the pixels of its scan: print defects, paper defects, geometry, optics, sampling, noise, 8 bits.

In: a `Sheet`, the scanner's dpi, a defect and its strength, a seed. Out: a `Shot`: grey pixels in proportion to light, and where the modules
truly lie. Same arguments, same pixels. Refuses an unknown defect (KeyError).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from slips.proof import plane
from slips.proof.plane import Map
from slips.proof.scan import MM_PER_INCH, Pixels
from slips.proof.simulate.defects import DEFECTS, INK, PAPER
from slips.proof.simulate.ink_defects import INK_DEFECTS
from slips.proof.simulate.paper_defects import PAPER_DEFECTS
from slips.proof.simulate.sheet import FINE_DPI, INK_LIGHT, PAPER_LIGHT, Ink, Sheet

AROUND_MM = 2.5
BASE_TURN_DEG = 0.6
BASE_NOISE = 0.012
OPTICS_PX = 0.45
"""Sigma of the scanner's optics in its own pixels, beside the square of the pixel itself."""
CLEAN = "clean"


@dataclass(frozen=True, eq=False, kw_only=True)
class Shot:
    """A scanned crop."""

    grey: Pixels
    """In proportion to light: the curve `linear` belongs to it."""
    map: Map | None
    """Module coordinates to pixels, as in `grid.Grid.map`; None where the paper is bowed and no such map exists."""
    flat: Map
    """The same as if the paper were flat."""


def scan(sheet: Sheet, *, dpi: float, defect: str = CLEAN, strength: float = 0.0, seed: int = 0) -> Shot:
    """Print with the defect, scan at `dpi`. With "clean" only what every scan has: a slight turn, optics, a little noise."""
    chance = np.random.default_rng(seed)
    stage = "" if defect == CLEAN else DEFECTS[defect].stage
    if stage == INK:
        sheet = replace(sheet, ink=INK_DEFECTS[defect](sheet, strength, chance))
    light = np.asarray(PAPER_LIGHT + (INK_LIGHT - PAPER_LIGHT) * sheet.ink, np.float32)
    if stage == PAPER:
        light = PAPER_DEFECTS[defect](light, sheet, strength, chance)
    onto, (width, height) = _geometry(sheet, dpi, defect, strength, chance)
    seen = _through_optics(light, sheet, dpi, defect, strength, chance)
    if defect == "curl":
        pixels = _bowed(seen, sheet, onto, (width, height), strength)
    else:
        pixels = cv2.warpPerspective(
            seen, onto, (width, height), flags=cv2.INTER_LINEAR, borderValue=PAPER_LIGHT
        )
    noise = strength if defect == "noise" else BASE_NOISE
    pixels = pixels + noise * chance.standard_normal(pixels.shape, np.float32)
    grey = np.asarray(np.clip(pixels, 0, 1) * 255, np.uint8)
    if defect == "jpeg":
        _, coded = cv2.imencode(".jpg", grey, [cv2.IMWRITE_JPEG_QUALITY, int(strength)])
        grey = np.asarray(cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE), np.uint8)
    # A pixel's centre is half a pixel from its edge, in both pictures.
    modules = np.array([[sheet.module, 0, sheet.left - 0.5], [0, sheet.module, sheet.top - 0.5], [0, 0, 1.0]])
    return Shot(grey=grey, map=None if defect == "curl" else onto @ modules, flat=onto @ modules)


def _geometry(
    sheet: Sheet, dpi: float, defect: str, strength: float, chance: np.random.Generator
) -> tuple[Map, tuple[int, int]]:
    """Pixels of the ink layer to pixels of the scan, and the size of the scan: the symbol with paper around."""
    scale = dpi / FINE_DPI
    degrees, sign = chance.uniform(-BASE_TURN_DEG, BASE_TURN_DEG), float(chance.choice([-1, 1]))
    angle = np.deg2rad(strength * sign if defect == "rotate" else degrees)
    slant = np.tan(np.deg2rad(strength)) * sign if defect == "shear" else 0.0
    turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1.0]])
    turn = turn @ np.array([[1, slant, 0], [0, 1, 0], [0, 0, 1.0]])
    tilt = np.eye(3)
    tilt[2, chance.integers(0, 2)] = strength / sheet.side if defect == "perspective" else 0.0
    middle = sheet.side / 2
    about = plane.shift(-sheet.left - middle, -sheet.top - middle)
    before = np.diag([scale, scale, 1.0]) @ tilt @ turn @ about
    left, top, right, bottom = sheet.left, sheet.top, sheet.left + sheet.side, sheet.top + sheet.side
    corners = plane.moved([(left, top), (right, top), (right, bottom), (left, bottom)], before)
    around = AROUND_MM / MM_PER_INCH * dpi
    offset = around - corners.min(axis=0) + chance.uniform(0, 1, 2)
    wide, high = np.ceil(np.ptp(corners, axis=0) + 2 * around + 1).astype(int)
    return plane.shift(*offset) @ before, (int(wide), int(high))


def _through_optics(
    light: Ink, sheet: Sheet, dpi: float, defect: str, strength: float, chance: np.random.Generator
) -> Ink:
    """What one sensor element sees around each point: its own area, the lens, and the defect's blur."""
    pixel = FINE_DPI / dpi
    size = (max(1, round(pixel)),) * 2
    seen = cv2.blur(light, size, borderType=cv2.BORDER_REPLICATE)
    seen = cv2.GaussianBlur(seen, (0, 0), OPTICS_PX * pixel)
    if defect == "blur":
        seen = cv2.GaussianBlur(seen, (0, 0), strength * sheet.module)
    elif defect == "defocus":
        radius = round(strength * sheet.module)
        spot = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1,) * 2).astype(np.float32)
        seen = cv2.filter2D(seen, -1, spot / spot.sum())
    elif defect == "motion":
        length = round(strength * sheet.module) | 1
        path = np.zeros((length, length), np.float32)
        path[length // 2] = 1
        turn = cv2.getRotationMatrix2D((length // 2, length // 2), chance.uniform(0, 180), 1)
        path = cv2.warpAffine(path, turn, (length, length))
        seen = cv2.filter2D(seen, -1, path / path.sum())
    return np.asarray(seen, np.float32)


def _bowed(seen: Ink, sheet: Sheet, onto: Map, size: tuple[int, int], strength: float) -> Ink:
    """The sheet lies in a bow of this height across the symbol."""
    width, height = size
    grid = np.stack(np.meshgrid(np.arange(width), np.arange(height)), axis=2)
    flat = plane.moved(grid, np.linalg.inv(onto).astype(np.float64))
    along = (flat[..., 0] - sheet.left) / sheet.side
    y = flat[..., 1] + strength * sheet.module * np.sin(np.pi * along)
    x = sheet.left + sheet.side * (along + 0.03 * strength * np.sin(2 * np.pi * along) / (2 * np.pi))
    bowed = cv2.remap(
        seen,
        x.astype(np.float32),
        y.astype(np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=PAPER_LIGHT,
    )
    return np.asarray(bowed, np.float32)
