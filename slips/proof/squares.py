"""Black squares on a scanned page: where they roughly are, and their centres to some thousandths of a pixel.

In: grey pixels, the scale, the sides that are looked for. Out: centres and sides in pixels. What is solid, dark and about square counts;
whether it is a mark is for `register` to find.
"""

from __future__ import annotations

import cv2
import numpy as np

from slips.proof.plane import Floats, Points
from slips.proof.scan import Pixels

SKETCH_PX_A_MM = 6.0
"""150 dpi: enough to see a square of 2 mm as one."""
SIDE_SLACK = 0.3
LEAST_FILLED = 0.75


def solid_squares(grey: Pixels, scale: float, sides: Floats) -> Floats:
    """(n, 3): centre x, y and side in pixels of everything dark, solid and about as large as a mark."""
    shrink = min(1.0, SKETCH_PX_A_MM / scale)
    sketch = (
        cv2.resize(grey, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA) if shrink < 1 else grey
    )
    paper = float(np.quantile(sketch[::4, ::4], 0.9))
    dark = (sketch < (paper + float(sketch.min())) / 2).astype(np.uint8)
    px = scale * shrink
    thick = max(2, int(sides.min() * (1 - SIDE_SLACK) * px * 0.7))
    solid = cv2.morphologyEx(dark, cv2.MORPH_OPEN, np.ones((thick, thick), np.uint8))
    _, _, stats, centroids = cv2.connectedComponentsWithStats(solid)
    wide, high, area = (stats[1:, k].astype(np.float64) for k in (2, 3, 4))
    low, top = sides.min() * (1 - SIDE_SLACK) * px - 1, sides.max() * (1 + SIDE_SLACK) * px + 1
    fits = (wide >= low) & (wide <= top) & (high >= low) & (high <= top) & (area > LEAST_FILLED * wide * high)
    centres = (centroids[1:][fits] + 0.5) / shrink - 0.5
    return np.column_stack([centres, np.sqrt(area[fits]) / shrink])


def exact_centre(grey: Pixels, near: Points, *, side_px: float) -> Points | None:
    """The centre of gravity of the ink of one square; None where the picture's edge cuts it or the paper around it."""
    reach = side_px * 0.5 * 1.35
    left, top = np.floor(near - reach).astype(int)
    right, bottom = np.ceil(near + reach).astype(int) + 1
    if left < 0 or top < 0 or bottom > grey.shape[0] or right > grey.shape[1]:
        return None
    window = grey[top:bottom, left:right].astype(np.float64)
    paper, ink = np.quantile(window, 0.95), np.quantile(window, 0.1)
    weight = np.clip((paper - window) / max(paper - ink, 1e-6), 0, 1)
    weight[weight < 0.25] = 0
    total = weight.sum()
    x = weight.sum(axis=0) @ np.arange(weight.shape[1]) / total
    y = weight.sum(axis=1) @ np.arange(weight.shape[0]) / total
    return np.array([left + x, top + y])
