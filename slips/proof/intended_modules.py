"""The symbol that a payload makes, for checks that look at one page at a time.

In: 255 digits. Out: 41 × 41 modules, 1 = dark, that nobody may change. A batch of one costs two milliseconds, and a page asks for
its symbol up to four times, so the last ones are kept. Refuses content that is not 255 digits (ValueError).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from elqr import symbols

KEPT = 64


@lru_cache(KEPT)
def modules_of(payload: bytes) -> npt.NDArray[np.uint8]:
    """(41, 41), read-only. Raises ValueError where `payload` is not 255 ASCII digits."""
    if len(payload) != symbols.DIGITS or not payload.isdigit():
        raise ValueError(f"payload: expected {symbols.DIGITS} digits, found {len(payload)} bytes")
    digits = np.frombuffer(payload, np.uint8)[None]
    modules: npt.NDArray[np.uint8] = symbols.unpack(symbols.encode(digits))[0]
    modules.flags.writeable = False
    return modules
