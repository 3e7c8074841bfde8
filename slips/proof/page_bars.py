"""The convenience-store barcode of a scanned page: straightened at its place and read.

In: grey pixels, the page's fit, its form. Out: the digits, or nothing. Judges nothing: `scan_remarks` does.
"""

from __future__ import annotations

import cv2
import numpy as np

from elqr import gs1_128
from slips.proof import decode
from slips.proof.expected import Area
from slips.proof.page_fit import PageFit
from slips.proof.scan import Pixels
from slips.proof.sheets import Sheet

BARS_PX_A_MODULE = 4


def bars_of(grey: Pixels, fit: PageFit, sheet: Sheet) -> str | None:
    """The barcode from its place, straightened."""
    place = sheet.places.bars
    if place is None:
        return None
    quiet = 12 * place.pitch_mm
    width, height = gs1_128.MODULES * place.pitch_mm + 2 * quiet, place.h_mm * 0.7
    scale = BARS_PX_A_MODULE / place.pitch_mm
    area = Area(place.x_mm - quiet, place.y_mm + 0.15 * place.h_mm, width, height)
    strip = straightened(grey, fit, area, px_a_mm=scale)
    return decode.read_bars(strip).decode("ascii", "replace")


def straightened(grey: Pixels, fit: PageFit, area: Area, *, px_a_mm: float) -> Pixels:
    """A place of the page upright, `px_a_mm` pixels a millimetre."""
    size = (max(1, round(area.w_mm * px_a_mm)), max(1, round(area.h_mm * px_a_mm)))
    to_mm = np.array([[1 / px_a_mm, 0, area.x_mm], [0, 1 / px_a_mm, area.y_mm], [0, 0, 1.0]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    found: Pixels = cv2.warpAffine(grey, (fit.map @ to_mm)[:2], size, flags=flags, borderValue=255)
    return found
