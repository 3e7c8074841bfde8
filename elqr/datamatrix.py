"""Data Matrix of one size, 16×16 modules, for a whole column at once: the mark by which inserters know a sheet.

In: 24 digits a symbol. Out: `(n, 16, 16)` 0/1 modules, and back. One fixed size means one fixed place for every bit, so a batch
is table look-ups. Decoding checks and does not repair. Refuses any other number of digits. Source: ISO/IEC 16022 (ECC 200).
"""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt

from elqr.digits import Matrix, values

SIDE: Final = 16
DIGITS: Final = 24
DATA_WORDS: Final = 12
CHECK_WORDS: Final = 12
_INNER: Final = SIDE - 2  # without the finder: solid left and below, broken above and right
_FIELD: Final = 0x12D  # x^8 + x^5 + x^3 + x^2 + 1 (ISO/IEC 16022, 5.7.1)
_PAIR: Final = 130  # ASCII encodation: two digits are one codeword, 130 + their number

Bytes = npt.NDArray[np.uint8]


@cache
def _powers() -> tuple[Bytes, npt.NDArray[np.int64]]:
    """(alpha^k for k < 510, logarithms) of GF(256)."""
    power, log, value = np.zeros(510, np.uint8), np.zeros(256, np.int64), 1
    for k in range(255):
        power[k] = power[k + 255] = value
        log[value] = k
        value = value << 1 ^ (_FIELD if value & 0x80 else 0)
    return power, log


def _times(one: Bytes, other: Bytes) -> Bytes:
    power, log = _powers()
    return np.where((one == 0) | (other == 0), np.uint8(0), power[log[one] + log[other]])


@cache
def _generator() -> Bytes:
    """Coefficients of (x - alpha)(x - alpha^2) … below the leading 1, highest power first."""
    power, _ = _powers()
    poly = np.zeros(CHECK_WORDS + 1, np.uint8)
    poly[0] = 1
    for k in range(1, CHECK_WORDS + 1):
        poly[1:] ^= _times(poly[:-1].copy(), np.full(CHECK_WORDS, power[k], np.uint8))
    return poly[1:]


def _check_words(data: Bytes) -> Bytes:
    """The Reed-Solomon words of `(n, 12)` data words."""
    rest = np.zeros((len(data), CHECK_WORDS), np.uint8)
    generator = _generator()[None]
    for k in range(DATA_WORDS):
        lead = (data[:, k] ^ rest[:, 0])[:, None]
        rest = np.hstack([rest[:, 1:], np.zeros((len(data), 1), np.uint8)]) ^ _times(lead, generator)
    return rest


@cache
def _places() -> npt.NDArray[np.int64]:
    """For each inner module the number of its bit (8·word + bit, most significant first); -1 light, -2 dark.

    The walk of ISO/IEC 16022, annex F: diagonals up and down, with the corner shapes where they break off.
    """
    n = _INNER
    grid = np.full((n, n), -3, np.int64)

    def put(row: int, column: int, bit: int) -> None:
        if row < 0:
            row, column = row + n, column + 4 - (n + 4) % 8
        if column < 0:
            row, column = row + 4 - (n + 4) % 8, column + n
        grid[row, column] = bit

    def shape(row: int, column: int, word: int) -> None:
        steps = ((-2, -2), (-2, -1), (-1, -2), (-1, -1), (-1, 0), (0, -2), (0, -1), (0, 0))
        for bit, (down, right) in enumerate(steps):
            put(row + down, column + right, 8 * word + bit)

    def corner(cells: tuple[tuple[int, int], ...], word: int) -> None:
        for bit, (row, column) in enumerate(cells):
            put(row % n, column % n, 8 * word + bit)

    first = ((-1, 0), (-1, 1), (-1, 2), (0, -2), (0, -1), (1, -1), (2, -1), (3, -1))
    second = ((-3, 0), (-2, 0), (-1, 0), (0, -4), (0, -3), (0, -2), (0, -1), (1, -1))
    row, column, word = 4, 0, 0
    while row < n or column < n:
        if row == n and column == 0:
            corner(first, word)
            word += 1
        if row == n - 2 and column == 0 and n % 4:
            corner(second, word)
            word += 1
        while True:
            if row < n and column >= 0 and grid[row, column] == -3:
                shape(row, column, word)
                word += 1
            row, column = row - 2, column + 2
            if row < 0 or column >= n:
                break
        row, column = row + 1, column + 3
        while True:
            if row >= 0 and column < n and grid[row, column] == -3:
                shape(row, column, word)
                word += 1
            row, column = row + 2, column - 2
            if row >= n or column < 0:
                break
        row, column = row + 3, column + 1
    if grid[n - 1, n - 1] == -3:  # the corner that no shape reaches has a fixed pattern
        grid[n - 2 :, n - 2 :] = [[-2, -1], [-1, -2]]
    return grid


def encode(matrix: Matrix) -> Matrix:
    """`(n, 16, 16)` modules, 1 = dark, of `(n, 24)` digits; the quiet zone of one module lies outside."""
    if matrix.shape[1] != DIGITS:
        raise ValueError(f"{matrix.shape[1]} digits, expected {DIGITS}")
    digits = values(matrix)
    data = (digits[:, 0::2] * 10 + digits[:, 1::2] + _PAIR).astype(np.uint8)
    bits = np.unpackbits(np.hstack([data, _check_words(data)]), axis=1)
    places = _places()
    inner = bits[:, np.maximum(places, 0)]
    inner[:, places == -1] = 0
    inner[:, places == -2] = 1
    out = np.zeros((len(matrix), SIDE, SIDE), np.uint8)
    out[:, :, 0] = out[:, -1, :] = 1
    out[:, 0, 0::2] = 1
    out[:, 1::2, -1] = 1
    out[:, 1:-1, 1:-1] = inner
    return out


def decode(modules: Matrix) -> tuple[Matrix, npt.NDArray[np.bool_]]:
    """(digits `(n, 24)` ASCII, good) of `(n, 16, 16)` modules.

    `good` where every module is as it must be; the digits of the others mean nothing.
    """
    places = _places()
    inner = modules[:, 1:-1, 1:-1]
    bits = np.zeros((len(modules), 8 * (DATA_WORDS + CHECK_WORDS)), np.uint8)
    used = places >= 0
    bits[:, places[used]] = inner[:, used]
    data = np.packbits(bits, axis=1)[:, :DATA_WORDS]
    pairs = np.clip(data.astype(np.int64) - _PAIR, 0, 99)
    digits = np.stack([pairs // 10, pairs % 10], axis=2).reshape(len(modules), DIGITS) + ord("0")
    out = digits.astype(np.uint8)
    return out, (encode(out) == modules).all(axis=(1, 2))
