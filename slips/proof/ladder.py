"""The stress ladder: how much more blur a symbol bears before a reader gives up; of all figures the best to tell other readers' success.

In: a crop, the pitch, the intended modules. Out: rungs climbed, 0 to 6. Reading the picture as it is is the first rung.
"""

from __future__ import annotations

import numpy as np

from elqr import symbols
from slips.proof import decode
from slips.proof.filters import softened
from slips.proof.intended_modules import modules_of
from slips.proof.sampling import Modules
from slips.proof.scan import Pixels

RUNGS_MODULES = (0.0, 0.15, 0.25, 0.35, 0.45, 0.55)
"""Blur added, as the sigma of a Gaussian in modules."""


def rungs_climbed(crop: Pixels, *, pitch_px: float, intended: Modules) -> int:
    """At how many of the six blurs zxing-cpp, without any preparation, gives the payload of `intended` (41, 41)."""
    climbed, right, fine = 0, set[bytes](), crop.astype(np.float32)
    for blur in RUNGS_MODULES:
        picture = softened(fine, blur * pitch_px) if blur else np.ascontiguousarray(crop)
        contents = {sighting.content for sighting in decode.see(picture)}
        right |= {content for content in contents - right if says(content, intended)}
        climbed += bool(contents & right)
    return climbed


def says(content: bytes, intended: Modules) -> bool:
    """Whether these digits make the intended symbol, to the module."""
    if len(content) != symbols.DIGITS or not content.isdigit():
        return False
    return bool((modules_of(content) == intended).all())
