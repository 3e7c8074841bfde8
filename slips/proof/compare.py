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
QUIET = symbols.QUIET_ZONE_MODULES
SIDE_MODULES = symbols.SIZE + 2 * QUIET  # 49
SIDE_PIXELS = SIDE_MODULES * PIXELS_A_MODULE  # 196

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
    """None where every pixel (196, 196) is as intended (49, 49)."""
    strips = picture.view(np.uint32).reshape(SIDE_MODULES, PIXELS_A_MODULE, SIDE_MODULES)
    if (strips == modules[:, None, :]).all():
        return None
    wanted = np.repeat(np.repeat(modules, PIXELS_A_MODULE, axis=0), PIXELS_A_MODULE, axis=1).astype(np.uint8)
    wrong = picture != wanted
    row, column = np.argwhere(wrong)[0] // PIXELS_A_MODULE - QUIET
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
