"""Codewords to rows: one 64-bit word for a row of the symbol, bit j for column j, mask not applied yet.

In and out have the symbols along the last axis. `transpose` turns rows into columns, `unpack` and
`image_bytes` turn rows into modules and into the bytes of a one-bit image.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from elqr.symbols import spec, tables
from elqr.symbols.tables import Words

WORD = 64
ROW_BYTES = (spec.SIZE + 7) // 8  # 6


def place(words: npt.NDArray[np.uint8]) -> Words:
    """Codewords (172, n) to unmasked rows (41, n): function patterns, data, light remainder bits (7.7)."""
    count = words.shape[1]
    windows = np.zeros((spec.CODEWORDS, count), np.uint16)  # each codeword with the next one below it
    np.left_shift(words, np.uint16(8), out=windows, dtype=np.uint16)
    windows[:-1] |= words[1:]
    rows = np.repeat(tables.ground(), count, axis=1)
    for strip in tables.strips():
        bits = windows.take(strip.codeword, axis=0)
        bits >>= strip.shift
        bits &= strip.keep
        rows |= bits.astype(np.uint64) << strip.left
    return rows


def transpose(rows: Words) -> Words:
    """Rows (41, n) to columns (41, n): a 64 x 64 bit transpose by swapping ever smaller squares."""
    count = rows.shape[1]
    square = np.zeros((WORD, count), np.uint64)
    square[: spec.SIZE] = rows
    side = WORD // 2
    while side:
        pairs = square.reshape(WORD // (2 * side), 2, side, count)
        upper, lower = pairs[:, 0], pairs[:, 1]
        low_columns = np.uint64(sum(1 << j for j in range(WORD) if not j & side))
        swap = upper >> np.uint64(side)
        swap ^= lower
        swap &= low_columns
        lower ^= swap
        swap <<= np.uint64(side)
        upper ^= swap
        side //= 2
    return square[: spec.SIZE]


def unpack(rows: Words) -> npt.NDArray[np.uint8]:
    """Rows (n, 41) to modules (n, 41, 41), 1 = dark."""
    octets = _octets(rows)
    return np.unpackbits(octets, axis=2, count=spec.SIZE, bitorder="little")


def image_bytes(rows: Words) -> npt.NDArray[np.uint8]:
    """Rows (n, 41) to a one-bit image (n, 246): six bytes a row, the left column in the highest bit."""
    octets = _octets(rows)
    mirrored = np.packbits(np.unpackbits(octets, axis=2, bitorder="little"), axis=2)
    return mirrored.reshape(len(rows), spec.SIZE * ROW_BYTES)


def _octets(rows: Words) -> npt.NDArray[np.uint8]:
    """(n, 41, 6): the lower six bytes of each word, columns 0-7 first."""
    if rows.ndim != 2 or rows.shape[1] != spec.SIZE or rows.dtype != np.uint64:
        raise ValueError(f"expected rows (n, {spec.SIZE}) of uint64, found {rows.shape} of {rows.dtype}")
    little = np.ascontiguousarray(rows, "<u8").view(np.uint8)
    return little.reshape(len(rows), spec.SIZE, 8)[:, :, :ROW_BYTES]
