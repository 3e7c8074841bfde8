"""A page as a picture: a scan, or a page of a PDF rendered; what every measurement of a proof starts from.

In: pixels and what is known of them. Refuses pictures that are not 8-bit grey or colour (ValueError).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]
MM_PER_INCH = 25.4


@dataclass(frozen=True, eq=False, kw_only=True)
class Scan:
    """One page. `dpi` is what the file says of itself (None: nothing), never what was measured on the paper."""

    source: str
    """The file's name as the user gave it."""
    page: int
    """1-based within the file."""
    grey: Pixels
    """(h, w), 0 black … 255 white."""
    dpi: float | None = None
    colour: Pixels | None = None
    """(h, w, 3), blue-green-red, where the file has colour."""

    def __post_init__(self) -> None:
        if self.grey.ndim != 2 or self.grey.dtype != np.uint8:
            raise ValueError(f"grey: expected (h, w) of uint8, found {self.grey.shape} of {self.grey.dtype}")
        if self.colour is not None and self.colour.shape != (*self.grey.shape, 3):
            raise ValueError(f"colour: expected {(*self.grey.shape, 3)}, found {self.colour.shape}")

    @cached_property
    def half(self) -> Pixels:
        """The page at half its size, each pixel the mean of four."""
        return halved(self.grey)

    @property
    def pixels_a_mm(self) -> float | None:
        return None if self.dpi is None else self.dpi / MM_PER_INCH


def halved(picture: Pixels) -> Pixels:
    """A picture of half the size; an odd last row or column is left out."""
    height, width = picture.shape
    even = picture[: height // 2 * 2, : width // 2 * 2]
    found: Pixels = cv2.resize(even, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    return found
