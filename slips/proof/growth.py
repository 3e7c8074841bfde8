"""Print growth: how far ink edges lie outside their place, across and down, from the ink that isolated edges have.

In: reflectances and the grid. Out: the shift of one edge in modules, positive for gain (a stroke has two edges).
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from elqr.symbols import SIZE
from slips.proof.grid import Grid
from slips.proof.sampling import Modules, Picture32

FINE = 8
"""Pixels a module of the straightened picture."""
LEAST_EDGES = 6


def print_growth(
    light: Picture32, grid_map: npt.NDArray[np.float64], intended: Modules
) -> tuple[float, float]:
    """Mean shift of an edge in modules, for edges met across (horizontally) and down; 0 where there are too few.

    `light` is the crop and `grid_map` takes module coordinates to its pixels. Only edges with two equal modules on each side
    count: there the levels of ink and paper are their own, whatever the blur.
    """
    to_modules = np.array([[1 / FINE, 0, 0.5 / FINE], [0, 1 / FINE, 0.5 / FINE], [0, 0, 1.0]])
    straight = cv2.warpPerspective(
        light,
        grid_map @ to_modules,
        (SIZE * FINE, SIZE * FINE),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return _along_rows(straight, intended), _along_rows(np.ascontiguousarray(straight.T), intended.T)


def _along_rows(straight: Picture32, dark: Modules) -> float:
    middle = slice(FINE // 2 - 2, FINE // 2 + 2)
    rows = straight.reshape(SIZE, FINE, SIZE * FINE)[:, middle].mean(axis=1)
    alone = (
        (dark[:, 1:-2] != dark[:, 2:-1]) & (dark[:, :-3] == dark[:, 1:-2]) & (dark[:, 2:-1] == dark[:, 3:])
    )
    row, column = np.nonzero(alone)
    if len(row) < LEAST_EDGES:
        return 0.0
    edge = (column + 2) * FINE  # between the second and the third of the four modules
    stretch = rows[row[:, None], edge[:, None] + np.arange(-2 * FINE, 2 * FINE)]
    # Levels a module from the edge, as far from the next edges as from this one: those spread as well.
    before, after = (stretch[:, k * FINE - FINE // 4 : k * FINE + FINE // 4].mean(axis=1) for k in (1, 3))
    paper, ink = np.maximum(before, after)[:, None], np.minimum(before, after)[:, None]
    near = stretch[:, FINE : 3 * FINE]
    covered = np.clip((paper - near) / np.maximum(paper - ink, 0.05), 0, 1).sum(axis=1) / FINE
    return float(np.median(covered - 1))


def growth_of(
    light: Picture32, grid: Grid, origin: npt.NDArray[np.float64], intended: Modules
) -> tuple[float, float]:
    """The same for a crop that begins at `origin` of the picture in which `grid` lies."""
    to_crop = np.array([[1.0, 0.0, -origin[0]], [0.0, 1.0, -origin[1]], [0.0, 0.0, 1.0]])
    return print_growth(light, to_crop @ grid.map, intended)
