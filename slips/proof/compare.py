"""Pixel by pixel: does the picture show exactly the intended modules, quiet zone included?

In: rows of the symbol and pictures of four by four pixels a module. Every pixel must be black or paper, as
intended; a grey one is a fault, whatever it would decode to: overprint, tint, a shift or another scale all
show as grey or wrong pixels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from elqr import gs1_128, symbols
from slips.proof.expected import BarsPlace, SymbolPlace
from slips.proof.render import WHITE, Frame, Picture

PIXELS_A_MODULE = 4
FINE_PIXELS_A_MODULE = 16
QUIET = symbols.QUIET_ZONE_MODULES
SIDE_MODULES = symbols.SIZE + 2 * QUIET  # 49

PAPER_WORD = np.uint32(0xFFFFFFFF)

BARS_PIXELS_A_MODULE = 2  # 0.085 mm a pixel at the usual 0.169 mm, as fine as in the eL-QR
BARS_ROWS = 4
BARS_QUIET = 10  # modules on both sides

Modules = npt.NDArray[np.uint32]
Bars = npt.NDArray[np.uint16]


@dataclass(frozen=True)
class Difference:
    """How a picture departs from the intention, and the module (negative: quiet zone) where it first does."""

    pixels: int
    grey: int
    row: int
    column: int


def intended(rows: npt.NDArray[np.uint64]) -> Modules:
    """Symbol rows (n, 41) to words (n, 49, 49): the four pixels across a module, all black or all paper."""
    light = symbols.unpack(rows)
    light ^= 1
    modules = np.full((len(rows), SIDE_MODULES, SIDE_MODULES), PAPER_WORD)
    np.multiply(light, PAPER_WORD, out=modules[:, QUIET:-QUIET, QUIET:-QUIET], dtype=np.uint32)
    return modules


def exact(pictures: Picture, modules: Modules) -> npt.NDArray[np.bool_]:
    """Which pictures (n, 196, 196) are as intended (n, 49, 49) in every pixel."""
    strips = pictures.view(np.uint32).reshape(-1, SIDE_MODULES, PIXELS_A_MODULE, SIDE_MODULES)
    same: npt.NDArray[np.bool_] = (strips == modules[:, :, None, :]).all(axis=(1, 2, 3))
    return same


def difference(picture: Picture, modules: Modules) -> Difference | None:
    """None where every pixel is as intended; `picture` has any whole number of pixels a module, `modules` is (49, 49)."""
    scale = picture.shape[0] // SIDE_MODULES
    wanted = modules.astype(np.uint8).repeat(scale, axis=0).repeat(scale, axis=1)
    wrong = picture != wanted
    if not wrong.any():
        return None
    row, column = np.argwhere(wrong)[0] // scale - QUIET
    grey = (picture != 0) & (picture != WHITE)
    return Difference(int(wrong.sum()), int(grey.sum()), int(row), int(column))


def centres(pictures: Picture) -> Picture:
    """One pixel a module (n, 49, 49): enough for a reader once all pixels are known to be right."""
    middle = PIXELS_A_MODULE // 2
    return np.ascontiguousarray(pictures[:, middle::PIXELS_A_MODULE, middle::PIXELS_A_MODULE])


def intended_bars(bits: Picture) -> Bars:
    """Modules of bars (n, 288), 1 = dark, to words (n, 308) with the quiet zones: the two pixels across a module."""
    dark = np.pad(bits, ((0, 0), (BARS_QUIET, BARS_QUIET)))
    return np.where(dark == 1, np.uint16(0), np.uint16(0xFFFF))


def exact_bars(pictures: Picture, modules: Bars) -> npt.NDArray[np.bool_]:
    """Which barcodes (n, 4, 616) are as intended (n, 308) in every pixel."""
    same: npt.NDArray[np.bool_] = (pictures.view(np.uint16) == modules[:, None, :]).all(axis=(1, 2))
    return same


def wrong_bar_pixels(picture: Picture, modules: Bars) -> int:
    """How many pixels of a barcode are not as intended (308), in any row."""
    if (picture.view(np.uint16) == modules).all():
        return 0
    return int((picture != modules.astype(np.uint8).repeat(BARS_PIXELS_A_MODULE)).sum())


def symbol_frame(place: SymbolPlace, pixels_a_module: int) -> Frame:
    """A picture of the symbol with its quiet zone as margin."""
    side_mm = place.pitch_mm * symbols.SIZE
    side, quiet = symbols.SIZE * pixels_a_module, QUIET * pixels_a_module
    return Frame(place.x_mm, place.y_mm, side_mm, side_mm, side, side, quiet, quiet)


def bars_frame(place: BarsPlace) -> Frame:
    """The bars with their quiet zones, two pixels a module across and the whole height on four rows."""
    return Frame(
        place.x_mm,
        place.y_mm,
        place.pitch_mm * gs1_128.MODULES,
        place.h_mm,
        gs1_128.MODULES * BARS_PIXELS_A_MODULE,
        BARS_ROWS,
        BARS_QUIET * BARS_PIXELS_A_MODULE,
    )
