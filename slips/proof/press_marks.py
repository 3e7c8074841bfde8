"""What a single symbol tells about the press: figures, and how much ink each of its columns and rows lacks.

In: one symbol on its registered grid. Out: a `PressMark`, small enough to keep for every page. Refuses modules that are not 41 by 41
(ValueError).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

import cv2
import numpy as np
import numpy.typing as npt

from elqr import symbols

STEPS = 6
"""Points of a profile a module."""
SOFTNESSES = (0.15, 0.25, 0.35)
"""Edge blur in modules of the models that a symbol is held against."""

Floats = npt.NDArray[np.float32]
Grid = npt.NDArray[np.float64]
"""(3, 3): modules, counted from the symbol's top left corner, to pixels (whole numbers are pixel centres)."""


@dataclass(frozen=True, eq=False)
class Profile:
    """Missing ink by column and by row (246,), as a share of the symbol's contrast; above 0 ink is missing.

    The function patterns, which are the same in every symbol, are left out. Half precision: one is kept for every page.
    """

    columns: npt.NDArray[np.float16]
    rows: npt.NDArray[np.float16]


@dataclass(frozen=True, eq=False, kw_only=True)
class PressMark:
    """One symbol of one page. Marks are given in the order in which the sheets were printed."""

    place: str
    """The place on the sheet: marks of the same place lie under the same nozzles, plates and rollers."""
    x_mm: float
    """The symbol's top left corner on the page, as it should be."""
    y_mm: float
    pitch_mm: float
    figures: Mapping[str, float] = field(default_factory=dict)
    """`dx_mm`, `dy_mm` (departure from the place), `growth_h`, `growth_v` (modules), `contrast` (0 to 1), …"""
    profile: Profile | None = None


@cache
def _data() -> Floats:
    """(41, 41): 1 where a module differs from symbol to symbol, 0 on the function patterns and beside them."""
    size = symbols.SIZE
    out = np.ones((size, size), np.float32)
    out[:9, :9] = out[:9, -9:] = out[-9:, :9] = 0
    out[6, :] = out[:, 6] = 0
    out[-10:-4, -10:-4] = 0  # the alignment pattern at 34, with the module around it
    return out


def profile_of(reflectance: Floats, grid: Grid, modules: npt.NDArray[np.uint8]) -> Profile:
    """How the symbol departs from one printed with even ink; `modules` (41, 41), 1 = dark; `reflectance` (h, w) from 0 to 1."""
    if modules.shape != (symbols.SIZE, symbols.SIZE):
        raise ValueError(f"modules: expected {symbols.SIZE} by {symbols.SIZE}, found {modules.shape}")
    seen = upright(reflectance, grid)
    ink = modules.astype(np.float32).repeat(STEPS, 0).repeat(STEPS, 1)
    best = None
    apart = seen - seen.mean()
    for softness in SOFTNESSES:
        drawn = cv2.GaussianBlur(ink, (0, 0), softness * STEPS, borderType=cv2.BORDER_CONSTANT)
        slope, left = _fitted(apart, drawn)
        unlike = float(np.vdot(left, left))
        if best is None or unlike < best[0]:
            best = (unlike, slope, left, drawn)
    assert best is not None
    _, slope, left, drawn = best
    weights = drawn * _data().repeat(STEPS, 0).repeat(STEPS, 1)
    missing = left * weights / max(-slope, 1e-3)
    return Profile(
        (missing.sum(0) / np.maximum(weights.sum(0), 1)).astype(np.float16),
        (missing.sum(1) / np.maximum(weights.sum(1), 1)).astype(np.float16),
    )


def upright(reflectance: Floats, grid: Grid, *, steps: int = STEPS, margin: int = 0) -> Floats:
    """The symbol with `margin` modules around it, upright, `steps` points a module."""
    side = (symbols.SIZE + 2 * margin) * steps
    to_modules = np.array(
        [[1 / steps, 0, 0.5 / steps - margin], [0, 1 / steps, 0.5 / steps - margin], [0, 0, 1]]
    )
    matrix = grid @ to_modules
    scale = float(np.sqrt(abs(np.linalg.det(matrix[:2, :2]))))  # pixels a point
    seen = reflectance if scale < 1.5 else cv2.blur(reflectance, (round(scale), round(scale)))
    out: Floats = cv2.warpPerspective(
        seen, matrix, (side, side), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE
    )  # fmt: skip
    return out


def _fitted(apart: Floats, drawn: Floats) -> tuple[float, Floats]:
    """Slope of the best straight line from ink to reflectance (less its mean), and what it leaves over."""
    dx = drawn - drawn.mean()
    slope = float(np.vdot(dx, apart)) / max(1e-9, float(np.vdot(dx, dx)))
    return slope, apart - np.float32(slope) * dx
