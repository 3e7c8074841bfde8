"""Whether a code lies on its page as in a mirror: zxing-cpp reads it all the same, a till or an app may not.

In: the page's pixels, where the code was read, what it says. Out: yes where the symbol of those digits is proven in the mirrored crop by its
own modules. Refuses nothing: what is no payload, or is not found, is not mirrored.
"""

from __future__ import annotations

import numpy as np

from elqr import symbols
from slips.proof import decode
from slips.proof.curve import Curve
from slips.proof.grid import locate
from slips.proof.intended_modules import modules_of
from slips.proof.measure import measure
from slips.proof.plane import Points
from slips.proof.scan import Pixels
from slips.proof.scan_places import around


def is_mirrored(grey: Pixels, corners: Points, content: bytes, curve: Curve) -> bool:
    """The digits' own modules, right way round in the mirror and not without it."""
    if len(content) != symbols.DIGITS or not content.isdigit():
        return False
    crop = np.ascontiguousarray(around(grey, corners)[0][:, ::-1])
    modules = modules_of(content)
    for seen in decode.see(crop):
        if seen.content == content and seen.corners is not None:
            grid = locate(crop, modules, seen.corners)
            if grid is not None and measure(crop, grid, modules, curve).intended:
                return True
    return False
