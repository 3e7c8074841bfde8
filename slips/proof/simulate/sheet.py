"""The ink on the paper before anything goes wrong: of one symbol on the press's dots, or of a piece of a designed page.

In: modules or a picture. Out: a `Sheet`, 1200 dpi, ink 1 and paper 0. Refuses modules that are not square (ValueError).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from slips.proof.scan import MM_PER_INCH, Pixels

Ink = npt.NDArray[np.float32]
Modules = npt.NDArray[np.uint8]

FINE_DPI = 1200
"""Resolution of the ink layer: two pixels a dot of a 600 dpi press."""
PRESS_DPI = 600
MARGIN_MODULES = 10
PAPER_LIGHT, INK_LIGHT = 0.86, 0.06
"""Reflectances of the simulated paper and ink."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Sheet:
    """A piece of paper with one symbol. Lengths in pixels of the ink layer, counted from its edge."""

    ink: Ink
    """(h, w), 0 paper … 1 ink."""
    left: float
    top: float
    """Outer corner of the symbol's upper left module."""
    module: float
    """Side of a module."""
    modules: int
    """Modules a side: 41."""

    @property
    def side(self) -> float:
        return self.module * self.modules


def symbol_sheet(bits: Modules, *, pitch_mm: float) -> Sheet:
    """A symbol alone on white paper, its edges on the dots of the press; `bits` is (n, n), 1 = dark."""
    count = len(bits)
    if bits.shape != (count, count):
        raise ValueError(f"bits: expected a square, found {bits.shape}")
    dots = pitch_mm * PRESS_DPI / MM_PER_INCH
    edges = np.round(np.arange(count + 1) * dots).astype(int)
    which = np.repeat(np.arange(count), np.diff(edges))
    fine = FINE_DPI // PRESS_DPI
    margin = round(MARGIN_MODULES * dots)
    ink = np.pad(bits[np.ix_(which, which)].astype(np.float32), margin)
    return Sheet(
        ink=ink.repeat(fine, 0).repeat(fine, 1),
        left=float(margin * fine),
        top=float(margin * fine),
        module=dots * fine,
        modules=count,
    )


def picture_sheet(
    picture: Pixels, *, picture_dpi: float, left: float, top: float, module: float, modules: int
) -> Sheet:
    """A piece of a designed page, grey 0 black … 255 paper, with the symbol's place in its pixels."""
    scale = FINE_DPI / picture_dpi
    ink = (
        1
        - cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_LINEAR).astype(np.float32)
        / 255
    )
    return Sheet(ink=ink, left=left * scale, top=top * scale, module=module * scale, modules=modules)


def spread(ink: Ink, *, pixels: float) -> Ink:
    """Ink that runs out (above 0) or stays away (below 0) by so many pixels at every edge."""
    reach = abs(pixels)
    if reach < 0.05:
        return ink
    dark = (ink > 0.5).astype(np.uint8)
    distance = cv2.distanceTransform(1 - dark if pixels > 0 else dark, cv2.DIST_L2, 5)
    # Distances are between pixel centres: the edge itself is half a pixel nearer.
    covered = np.where(distance == 0, 1.0, np.clip(reach + 1 - distance, 0, 1))
    return np.asarray(covered if pixels > 0 else 1 - covered, np.float32)
