"""Pictures as PNG files: RGB or grey pixels with their resolution. Plain zlib, no library; the same pixels give the same bytes.

In: an array of 8-bit pixels. Out: the file's bytes. Refuses (ValueError) any other shape.
"""

from __future__ import annotations

import struct
import zlib

import numpy as np
import numpy.typing as npt

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_COLOUR_TYPES = ((2, 0), (3, 2))  # dimensions -> PNG colour type: grey, RGB


def png(pixels: npt.NDArray[np.uint8], *, dpi: float) -> bytes:
    """The file for pixels of shape (h, w) or (h, w, 3)."""
    colour = dict(_COLOUR_TYPES).get(pixels.ndim)
    if colour is None or (pixels.ndim == 3 and pixels.shape[2] != 3) or pixels.dtype != np.uint8:
        raise ValueError(
            f"pixels of shape {pixels.shape} and type {pixels.dtype}; expected (h, w) or (h, w, 3) bytes"
        )
    height, width = pixels.shape[:2]
    rows = np.zeros((height, 1 + pixels[0].size), np.uint8)  # each row begins with its filter: none
    rows[:, 1:] = pixels.reshape(height, -1)
    per_metre = round(dpi / 0.0254)
    return SIGNATURE + b"".join(
        (
            _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, 0)),
            _chunk(b"pHYs", struct.pack(">IIB", per_metre, per_metre, 1)),
            _chunk(b"IDAT", zlib.compress(rows.tobytes(), 6)),
            _chunk(b"IEND", b""),
        )
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
