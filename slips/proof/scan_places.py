"""Places of a scanned page: what lies around a code, where a form has its code, and as which slip of its page it is seen.

In: the page's pixels, a fit or a form. Out: crops with their origin, corners, the form's view of a slip. Refuses nothing: what lies off the
picture is empty.
"""

from __future__ import annotations

import cv2
import numpy as np

from slips.proof.page_fit import PageFit
from slips.proof.plane import Points
from slips.proof.register import register_corners
from slips.proof.scan import MM_PER_INCH, Pixels, Scan
from slips.proof.sheets import Sheet

BLANK_PX_A_MM = 2.0
BLANK_DARKER = 45
"""Grey levels below the paper that count as ink."""
BLANK_SHARE_MAX = 2e-4
DARK_MAX = 64
"""Grey level: no paper under a lamp is as dark as that."""


def crop_at(grey: Pixels, x: float, y: float, span: float) -> tuple[Pixels, Points]:
    """A square of the page from (x, y) in pixels, what of it lies on the picture, and its upper left corner."""
    left, top = max(0, int(x)), max(0, int(y))
    part = grey[top : max(top, int(y + span) + 1), left : max(left, int(x + span) + 1)]
    return part, np.array([left, top], np.float64)


def pixels_a_mm(scan: Scan, sheet: Sheet) -> float:
    """By the picture's size, taken for the page's: a file's own dpi may be anything."""
    long, short = max(scan.grey.shape), min(scan.grey.shape)
    layout = sheet.layout
    return float(np.sqrt(long * short / (layout.page_w_mm * layout.page_h_mm)))


def around(grey: Pixels, corners: Points) -> tuple[Pixels, Points]:
    """The symbol with its quiet zone and a little more."""
    low, high = corners.min(axis=0), corners.max(axis=0)
    reach = 0.2 * float((high - low).max())
    span = float((high - low).max()) + 2 * reach
    crop, origin = crop_at(grey, float(low[0]) - reach, float(low[1]) - reach, span)
    return np.ascontiguousarray(crop), origin


def corners_mm(sheet: Sheet) -> Points:
    """The four corners of the code on its page (4, 2), clockwise from the upper left, without the quiet zone."""
    place, side = sheet.places.symbol, sheet.side_mm
    square = np.array([(0, 0), (side, 0), (side, side), (0, side)])
    return np.asarray(square + np.array([place.x_mm, place.y_mm]))


def seen_as(scan: Scan, form: Sheet, corners: Points, *, likely: int) -> Sheet:
    """The slip of its page that stands where this code is: seen as another one, the page would stick out of its picture."""
    slots = sorted(form.slots, key=lambda sheet: sheet.slot != likely)
    if len(slots) == 1:
        return form
    page = form.layout.page
    edges = [(0.0, 0.0), (page.w_mm, 0.0), (page.w_mm, page.h_mm), (0.0, page.h_mm)]
    high, wide = scan.grey.shape
    out = []
    for one in slots:
        place = one.places.symbol
        fit = register_corners(scan, corners, x_mm=place.x_mm, y_mm=place.y_mm, side_mm=one.side_mm)
        x, y = fit.to_pixels(edges).T
        out.append(max(-x.min(), -y.min(), x.max() - wide, y.max() - high))
    return slots[int(np.argmin(out))]


def is_blank(scan: Scan) -> bool:
    """Nothing on the paper but its own grain."""
    scale = BLANK_PX_A_MM * MM_PER_INCH / (scan.dpi or 300.0)
    small = cv2.resize(scan.grey, None, fx=min(scale, 1.0), fy=min(scale, 1.0), interpolation=cv2.INTER_AREA)
    inner = small[
        small.shape[0] // 20 : -small.shape[0] // 20 or None,
        small.shape[1] // 20 : -small.shape[1] // 20 or None,
    ]
    paper = float(np.median(inner))
    return float((inner < paper - BLANK_DARKER).mean()) < BLANK_SHARE_MAX


def beyond_mm(scan: Scan, fit: PageFit, sheet: Sheet) -> float:
    """How far the code's place reaches over the picture's edge; negative: so far inside."""
    corners = fit.to_pixels(corners_mm(sheet))
    high, wide = scan.grey.shape
    over = max(float(-corners.min()), float((corners - (wide, high)).max()))
    return over * sheet.side_mm / float(np.hypot(*(corners[1] - corners[0])))


def is_dark(scan: Scan) -> bool:
    """No paper to be seen: a lid that stood open, the lamp off, black and white exchanged."""
    return float(np.median(scan.grey)) < DARK_MAX
