"""What the report shows of a finding: the part of the page that it speaks of, as a small PNG.

In: a page in grey and windows in its pixels. Out: PNG bytes, the same for the same pixels. A window that lies off the page gives none.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from slips.proof.expected import Area
from slips.proof.scan import MM_PER_INCH, Pixels
from slips.proof.verdicts import Finding, Window

CODE_MM, BARS_MM, MARK_MM, TEXT_MM = 3.0, 4.0, 3.0, 0.0
"""What is shown around a PDF's code with its quiet zone, a barcode, an inserter mark and a text: no name and no address of our forms lies so near,
which is tested."""
CODE_SHARE = 0.2
"""Of a code's side: what is shown around it in a scan."""
PICTURE_DPI = 150
"""Pages that are set and drawn are shown at this resolution."""
SIDE_MAX_PX = 420
"""A picture in the report is no larger; a scan at 600 dpi is made smaller."""


def window_of(area: Area, *, around_mm: float, dpi: float = PICTURE_DPI) -> Window:
    """A place on a page that is rendered upright at `dpi`."""
    scale = dpi / MM_PER_INCH
    return Window(
        left=int((area.x_mm - around_mm) * scale),
        top=int((area.y_mm - around_mm) * scale),
        right=int((area.x_mm + area.w_mm + around_mm) * scale) + 1,
        bottom=int((area.y_mm + area.h_mm + around_mm) * scale) + 1,
    )


def cut(page: Pixels, findings: Sequence[Finding]) -> tuple[bytes, ...]:
    """A PNG for each finding, empty where it has no window on the page; equal windows are cut once."""
    made: dict[Window | None, bytes] = {None: b""}
    for finding in findings:
        if finding.window not in made:
            made[finding.window] = _png(page, finding.window)
    return tuple(made[finding.window] for finding in findings)


def _png(page: Pixels, window: Window | None) -> bytes:
    if window is None:
        return b""
    height, width = page.shape
    left, top = max(0, window.left), max(0, window.top)
    part = page[top : min(window.bottom, height), left : min(window.right, width)]
    if not part.size:
        return b""
    scale = SIDE_MAX_PX / max(part.shape)
    if scale < 1:
        part = cv2.resize(part, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    done, data = cv2.imencode(".png", np.ascontiguousarray(part), [cv2.IMWRITE_PNG_COMPRESSION, 9])
    return bytes(data) if done else b""
