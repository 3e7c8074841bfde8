"""Whether a QR Code lies where a registered page says, the right way up: by its three finder patterns, whatever it contains.

In: grey pixels, the page's fit, the code's place. Out: a correlation from -1 to 1; some 0.8 for the right way up, and less for the others.
"""

from __future__ import annotations

import cv2
import numpy as np

from elqr.symbols import SIZE, spec
from slips.proof import plane
from slips.proof.page_fit import PageFit
from slips.proof.scan import Pixels

FINE = 3
SEARCH_MODULES = 6
FINDER = 7


def finder_match(grey: Pixels, fit: PageFit, code: tuple[float, float, float]) -> float:
    """How well the three corners look like finder patterns and the fourth does not; `code` is x_mm, y_mm, side_mm."""
    x_mm, y_mm, side_mm = code
    square = np.array([(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)]) * side_mm + (x_mm, y_mm)
    around = SEARCH_MODULES
    to_modules = np.array(
        [[1 / FINE, 0, 0.5 / FINE - around], [0, 1 / FINE, 0.5 / FINE - around], [0, 0, 1.0]]
    )
    side = (SIZE + 2 * around) * FINE
    straight = cv2.warpPerspective(
        grey,
        plane.through_corners(fit.to_pixels(square), side=SIZE) @ to_modules,
        (side, side),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    rings = np.pad(spec.function_modules()[:FINDER, :FINDER], 1).astype(np.uint8)
    template = (255 * (1 - rings)).repeat(FINE, 0).repeat(FINE, 1).astype(np.uint8)
    heights = cv2.matchTemplate(straight, template, cv2.TM_CCOEFF_NORMED)
    reach = 2 * around * FINE
    far = (SIZE - FINDER) * FINE
    first, second, third, fourth = (
        float(heights[y : y + reach, x : x + reach].max())
        for y, x in ((0, 0), (0, far), (far, 0), (far, far))
    )
    return min(first, second, third) - max(0.0, fourth) / 4
