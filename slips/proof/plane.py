"""Points under a projective map: module coordinates, page millimetres and pixels, to and fro.

In: points (..., 2) as x, y, and maps (3, 3). Conventions of the house: a module (row, column) covers column to column + 1 across, so its
centre is at + 0.5; a pixel's centre is a whole number. Refuses nothing.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Points = npt.NDArray[np.float64]
Map = npt.NDArray[np.float64]


def moved(points: npt.ArrayLike, by: Map) -> Points:
    """The points after the map."""
    given = np.asarray(points, np.float64)
    lifted = given @ by[:, :2].T + by[:, 2]
    return np.asarray(lifted[..., :2] / lifted[..., 2:])


def through_corners(corners: Points, *, side: float) -> Map:
    """The map that takes the square (0, 0) … (side, side) to four corners: top left, top right, bottom right, bottom left."""
    square = np.array([(0, 0), (side, 0), (side, side), (0, side)], np.float32)
    found: Map = cv2.getPerspectiveTransform(square, np.asarray(corners, np.float32)).astype(np.float64)
    return found


def shift(x: float, y: float) -> Map:
    """The map that moves by x, y."""
    return np.array([[1.0, 0.0, x], [0.0, 1.0, y], [0.0, 0.0, 1.0]])


def affine(source: Points, target: Points) -> Map:
    """The affine map with the least squares of error from `source` to `target` (n, 2), n ≥ 3."""
    ones = np.column_stack([source, np.ones(len(source))])
    solution, *_ = np.linalg.lstsq(ones, target, rcond=None)
    return np.vstack([solution.T, [0.0, 0.0, 1.0]])


def distances(one: Points, other: Points) -> Floats:
    """How far each point lies from its partner."""
    return np.asarray(np.hypot(*(one - other).T))


def peak(surface: npt.NDArray[np.float32]) -> tuple[float, float, float]:
    """Height, x and y of the highest point of a correlation surface, between its samples by a parabola each way."""
    _, height, _, (column, row) = cv2.minMaxLoc(surface)
    x, y = float(column), float(row)
    if 0 < column < surface.shape[1] - 1:
        x += _summit(*surface[row, column - 1 : column + 2].tolist())
    if 0 < row < surface.shape[0] - 1:
        y += _summit(*surface[row - 1 : row + 2, column].tolist())
    return float(height), x, y


def _summit(before: float, at: float, after: float) -> float:
    bend = before - 2 * at + after
    return 0.5 * (before - after) / bend if bend < 0 else 0.0
