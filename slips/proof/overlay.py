"""A measured symbol as a picture: set straight beside a map of how well each module holds, so that a printer sees where it fails.

In: grey pixels, the grid, the margins. Out: PNG bytes, the same for the same input. Wrong modules are crossed out, so that the map is
read on black-and-white paper too. Refuses margins that are not 41 by 41 (ValueError).
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from elqr import symbols
from slips.proof.press_marks import Grid, upright
from slips.proof.scan import Pixels

CELL_PX = 6
QUIET = symbols.QUIET_ZONE_MODULES
GAP_PX = 12
GREYS = 16
"""Grey levels that are told apart: finer ones would only show the scanner's noise, at twice the bytes."""
STEPS_OF_MARGIN = (
    (0.0, (32, 24, 176)),
    (0.2, (40, 120, 232)),
    (0.4, (120, 200, 250)),
    (9.0, (214, 214, 206)),
)
"""Up to this margin the colour (blue, green, red): wrong, weak, fair, sound. Told apart by lightness alone as well."""


def margin_picture(grey: Pixels, grid: Grid, margins: npt.NDArray[np.floating]) -> bytes:
    """The symbol with its quiet zone, and the map of `margins` (41, 41), side by side as a PNG of 600 by 294 pixels."""
    if margins.shape != (symbols.SIZE, symbols.SIZE):
        raise ValueError(f"margins: expected {symbols.SIZE} by {symbols.SIZE}, found {margins.shape}")
    seen = upright(grey.astype(np.float32), grid, steps=CELL_PX, margin=QUIET)
    picture = np.clip(seen, 0, 255).astype(np.uint8) // GREYS * GREYS + GREYS // 2
    left = np.repeat(picture[:, :, None], 3, axis=2)
    right = np.full_like(left, 255)
    levels = np.searchsorted([limit for limit, _ in STEPS_OF_MARGIN], margins, side="right")
    colours = np.array([colour for _, colour in STEPS_OF_MARGIN], np.uint8)[
        np.minimum(levels, len(STEPS_OF_MARGIN) - 1)
    ]
    # half the map's colour and half the picture: the symbol stays visible under it
    inner = slice(QUIET * CELL_PX, -QUIET * CELL_PX)
    under = left[inner, inner].astype(np.uint16)
    over = colours.repeat(CELL_PX, 0).repeat(CELL_PX, 1).astype(np.uint16)
    right[inner, inner] = ((under + 3 * over) // 4).astype(np.uint8)
    for row, column in np.argwhere(margins < 0).tolist():
        _cross(right, row, column)
    gap = np.full((left.shape[0], GAP_PX, 3), 255, np.uint8)
    done, data = cv2.imencode(".png", np.hstack([left, gap, right]), [cv2.IMWRITE_PNG_COMPRESSION, 9])
    return bytes(data) if done else b""


def _cross(picture: Pixels, row: int, column: int) -> None:
    y, x = (QUIET + row) * CELL_PX, (QUIET + column) * CELL_PX
    end = CELL_PX - 1
    cv2.line(picture, (x, y), (x + end, y + end), (255, 255, 255), 1)
    cv2.line(picture, (x + end, y), (x, y + end), (255, 255, 255), 1)
