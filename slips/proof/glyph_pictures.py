"""Pictures of the glyphs of a face, drawn from the outlines that the job is printed with: what a printed character is compared to.

In: a face and characters. Out: ink (0 paper, 1 black) in cells of one advance by one em. Refuses characters that the face lacks
(ValueError).
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from slips.fonts import Face
from slips.place import EM_ASCENT

Ink = npt.NDArray[np.float32]

EM_PX = 24
"""Rows of a cell: half-width digits get 16 columns. From 9 pt on that is the detail of 220 dpi, more than telling digits apart needs."""

_FINE = 8  # sub-pixels a pixel while drawing
_SHIFT = 4  # binary places of the corners, in sub-pixels


def glyph_pictures(face: Face, chars: Sequence[str]) -> list[Ink]:
    """A picture for each character: `EM_PX` rows from the top of the em down, as many columns as its advance is wide."""
    if missing := [char for char in chars if face.glyph((ord(char), 0)) is None]:
        raise ValueError(f"{face.name} has no glyph for {''.join(missing)}")
    return [_drawn(face, char) for char in chars]


def _drawn(face: Face, char: str) -> Ink:
    cluster = (ord(char), 0)
    columns = cell_columns(face, char)
    fine = np.zeros((EM_PX * _FINE, columns * _FINE), np.int8)
    for contour in face.outline(cluster):
        x, y = contour[:, 0], contour[:, 1]
        corners = np.column_stack([x, EM_ASCENT - y]) * EM_PX * _FINE * (1 << _SHIFT)
        turn = np.sign(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y))
        one = cv2.fillPoly(
            np.zeros(fine.shape, np.uint8), [np.round(corners).astype(np.int32)], 1, shift=_SHIFT
        )
        fine += one.astype(np.int8) * np.int8(
            turn
        )  # contours that overlap count once, holes turn the other way
    ink = (fine != 0).astype(np.float32)
    small: Ink = ink.reshape(EM_PX, _FINE, columns, _FINE).mean(axis=(1, 3))
    return small


def cell_columns(face: Face, char: str) -> int:
    """The columns of a character's cell."""
    return round(face.advance((ord(char), 0)) * EM_PX / 1000)
