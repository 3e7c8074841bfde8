"""The eL-QR symbol in batch: 255 digits to a QR Code Model 2, version 6, level M, numeric, best mask.

In: payloads (n, 255) uint8 ASCII digits. Out: rows (n, 41) uint64, bit j = column j, 1 = dark. The result
equals segno 1.6.6 bit for bit. Memory beside in and out stays the same whatever n is. Refuses any other
length and anything but digits (ValueError).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from elqr.symbols import masking, message, tables
from elqr.symbols.placing import image_bytes, place, transpose, unpack
from elqr.symbols.spec import CODEWORDS, DIGITS, LEVEL, QUIET_ZONE_MODULES, SIZE, VERSION

__all__ = [
    "CODEWORDS",
    "DIGITS",
    "LEVEL",
    "QUIET_ZONE_MODULES",
    "SIZE",
    "VERSION",
    "codewords",
    "encode",
    "image_bytes",
    "unpack",
]

_BATCH = 256  # symbols: numpy's cost per call is then small, and the working buffers (1.4 MB) stay cached


def encode(payloads: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint64]:
    """Digits (n, 255) to finished rows (n, 41), bit j = column j, 1 = dark (ISO/IEC 18004:2015).

    The mask is the one with the lowest penalty (7.8), the first of equals. Raises ValueError, naming row and
    column, where a payload is not 255 ASCII digits.
    """
    message.check(payloads)
    rows = np.empty((len(payloads), SIZE), np.uint64)
    work = masking.Workspace.of(min(_BATCH, len(payloads)))
    for begin in range(0, len(payloads), _BATCH):
        batch = payloads[begin : begin + _BATCH]
        plain = place(message.codewords(batch, first_row=begin))
        if len(batch) != work.size:
            work = masking.Workspace.of(len(batch))
        best = masking.best_masks(masking.lanes_of(plain, transpose(plain), work), work)
        np.bitwise_xor(plain.T, tables.finishes()[best], out=rows[begin : begin + _BATCH])
    return rows


def codewords(payloads: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Digits (n, 255) to the message (n, 172): data and error correction codewords as placed (7.6)."""
    message.check(payloads)
    found = np.empty((len(payloads), CODEWORDS), np.uint8)
    for begin in range(0, len(payloads), _BATCH):
        found[begin : begin + _BATCH] = message.codewords(payloads[begin : begin + _BATCH], first_row=begin).T
    return found
