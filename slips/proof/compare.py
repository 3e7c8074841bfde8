"""Pixel by pixel: does the picture show exactly the intended modules, quiet zone included?

In: rows of the symbol and pictures of four by four pixels a module. Every pixel must be black or paper, as
intended; a grey one is a fault, whatever it would decode to: overprint, tint, a shift or another scale all
show as grey or wrong pixels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from elqr import symbols
from slips.proof.render import WHITE, Picture

PIXELS_A_MODULE = 4
FINE_PIXELS_A_MODULE = 16
QUIET = symbols.QUIET_ZONE_MODULES
SIDE_MODULES = symbols.SIZE + 2 * QUIET  # 49

Modules = npt.NDArray[np.uint32]


@dataclass(frozen=True)
class Difference:
    """How a picture departs from the intention, and the module (negative: quiet zone) where it first does."""

    pixels: int
    grey: int
    row: int
    column: int


def intended(rows: npt.NDArray[np.uint64]) -> Modules:
    """Symbol rows (n, 41) to words (n, 49, 49): the four pixels across a module, all black or all paper."""
    dark = np.pad(symbols.unpack(rows), ((0, 0), (QUIET, QUIET), (QUIET, QUIET)))
    return np.where(dark == 1, np.uint32(0), np.uint32(0xFFFFFFFF))


def difference(picture: Picture, modules: Modules) -> Difference | None:
    """None where every pixel is as intended; `picture` has any whole number of pixels a module, `modules` is (49, 49)."""
    scale = picture.shape[0] // SIDE_MODULES
    if scale == PIXELS_A_MODULE:
        strips = picture.view(np.uint32).reshape(SIDE_MODULES, scale, SIDE_MODULES)
        if (strips == modules[:, None, :]).all():
            return None
    wanted = modules.astype(np.uint8).repeat(scale, axis=0).repeat(scale, axis=1)
    wrong = picture != wanted
    if not wrong.any():
        return None
    row, column = np.argwhere(wrong)[0] // scale - QUIET
    grey = (picture != 0) & (picture != WHITE)
    return Difference(int(wrong.sum()), int(grey.sum()), int(row), int(column))


def centres(picture: Picture) -> Picture:
    """One pixel a module (49, 49): enough for a reader once all pixels are known to be right."""
    middle = PIXELS_A_MODULE // 2
    return np.ascontiguousarray(picture[middle::PIXELS_A_MODULE, middle::PIXELS_A_MODULE])


def uneven_bars(picture: Picture, pixels_a_module: int) -> int:
    """How many pixels of a linear barcode are grey, or unlike the first of their module; 0 when clean."""
    grey = (picture != 0) & (picture != WHITE)
    first = np.repeat(picture[0, ::pixels_a_module], pixels_a_module)
    return int((grey | (picture != first)).sum())
