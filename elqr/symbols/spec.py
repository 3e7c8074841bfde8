"""Constants and geometry of the one symbol of eL-QR: QR Code Model 2, version 6, level M, numeric.

Out: sizes, the function patterns, the path of the codeword bits, the mask conditions and the format
information, each as the standard words it (ISO/IEC 18004:2015, clauses in the functions). Both encoders, the
plain one and the fast one, read them here. Nothing is looked up in another library; there is no other
version, level or mode to choose.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

VERSION = 6
LEVEL = "M"
LEVEL_BITS = 0b00  # level M in the format information (Table 12)
SIZE = 17 + 4 * VERSION  # modules a side: 41
QUIET_ZONE_MODULES = 4  # clause 6.3.8

DIGITS = 255
MODE_BITS = 0b0001  # numeric (Table 2)
COUNT_BITS = 10  # character count indicator of numeric mode in versions 1 to 9 (Table 3)
BLOCKS = 4  # Table 9, version 6-M: four blocks of (43, 27)
BLOCK_DATA = 27
BLOCK_EC = 16
DATA_CODEWORDS = BLOCKS * BLOCK_DATA  # 108
CODEWORDS = BLOCKS * (BLOCK_DATA + BLOCK_EC)  # 172
MASKS = 8

# 4 + 10 + 85 * 10 = 864 = 108 * 8: the digits fill the symbol to the last bit; no terminator is owed (7.4.9).
assert 4 + COUNT_BITS + DIGITS // 3 * 10 == DATA_CODEWORDS * 8

FREE = -1  # a module of the encoding region, in `function_modules`
ALIGNMENT_CENTRE = (
    SIZE - 7
)  # Annex E, version 6: centres 6 and 34; the other three places are finder patterns

Int8Matrix = npt.NDArray[np.int8]


@cache
def function_modules() -> Int8Matrix:
    """The symbol without data (41, 41): 1 dark, 0 light, -1 encoding region; format area light (6.3)."""
    matrix = np.full((SIZE, SIZE), FREE, np.int8)
    matrix[:9, :9] = matrix[:9, -8:] = matrix[-8:, :9] = 0  # finders with separators and the format area
    for top, left in ((0, 0), (0, SIZE - 7), (SIZE - 7, 0)):
        matrix[top : top + 7, left : left + 7] = _rings(7)
    matrix[6, 8:-8] = matrix[8:-8, 6] = (
        np.arange(8, SIZE - 8) + 1
    ) % 2  # timing patterns: even places are dark
    near = slice(ALIGNMENT_CENTRE - 2, ALIGNMENT_CENTRE + 3)
    matrix[near, near] = _rings(5)
    matrix.setflags(write=False)
    return matrix


def _rings(side: int) -> Int8Matrix:
    """Concentric squares: a dark border, a light ring, a dark core (finder 7, alignment 5)."""
    square = np.ones((side, side), np.int8)
    square[1:-1, 1:-1] = 0
    square[2:-2, 2:-2] = 1
    return square


@cache
def data_path() -> tuple[tuple[int, int], ...]:
    """(row, column) of the encoding region in the order of the bits, two columns up and down (7.7.3)."""
    free = function_modules() == FREE
    path = []
    upwards = True
    for right in (*range(SIZE - 1, 6, -2), 5, 3, 1):  # column 6 is the timing pattern
        for row in reversed(range(SIZE)) if upwards else range(SIZE):
            path += [(row, column) for column in (right, right - 1) if free[row, column]]
        upwards = not upwards
    return tuple(path)


def is_inverted(mask: int, row: int, column: int) -> bool:
    """Whether data mask `mask` inverts the module (Table 10; i is the row, j the column)."""
    i, j = row, column
    return (
        (i + j) % 2 == 0,
        i % 2 == 0,
        j % 3 == 0,
        (i + j) % 3 == 0,
        (i // 2 + j // 3) % 2 == 0,
        i * j % 2 + i * j % 3 == 0,
        (i * j % 2 + i * j % 3) % 2 == 0,
        ((i + j) % 2 + i * j % 3) % 2 == 0,
    )[mask]


def format_bits(mask: int, *, level: int = LEVEL_BITS) -> int:
    """The 15 bits of format information, for level M unless told: BCH (15, 5), then the fixed xor (7.9.1, Annex C)."""
    data = level << 3 | mask
    remainder = data << 10
    for shift in range(4, -1, -1):
        if remainder >> (10 + shift) & 1:
            remainder ^= 0b10100110111 << shift
    return (data << 10 | remainder) ^ 0b101010000010010


def format_modules(mask: int) -> tuple[tuple[int, int, int], ...]:
    """(row, column, bit) of both copies of the format information and of the dark module (Figure 25)."""
    bits = [format_bits(mask) >> k & 1 for k in range(15)]  # bit 0 is the least significant
    first = [
        *((row, 8) for row in (0, 1, 2, 3, 4, 5, 7, 8)),
        (8, 7),
        *((8, column) for column in (5, 4, 3, 2, 1, 0)),
    ]
    second = [*((8, SIZE - 1 - k) for k in range(8)), *((row, 8) for row in range(SIZE - 7, SIZE))]
    places = [*zip(first, bits, strict=True), *zip(second, bits, strict=True)]
    return (*((row, column, bit) for (row, column), bit in places), (SIZE - 8, 8, 1))


@cache
def powers() -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Exponentials, twice over, and logarithms of GF(256) by x^8 + x^4 + x^3 + x^2 + 1 (7.5.2)."""
    exponentials, logarithms = [], [0] * 256
    value = 1
    for exponent in range(255):
        exponentials.append(value)
        logarithms[value] = exponent
        value = value << 1 ^ (0x11D if value & 0x80 else 0)
    return (*exponentials, *exponentials), tuple(logarithms)


def multiply(a: int, b: int) -> int:
    """The product in GF(256)."""
    exponentials, logarithms = powers()
    return exponentials[logarithms[a] + logarithms[b]] if a and b else 0


@cache
def generator() -> tuple[int, ...]:
    """The 16 lower coefficients, highest first, of the product of (x - 2^k), k = 0 to 15 (Annex A)."""
    polynomial = [1]
    for k in range(BLOCK_EC):
        root = powers()[0][k]
        shifted = [*polynomial, 0]
        for place, coefficient in enumerate(polynomial):
            shifted[place + 1] ^= multiply(coefficient, root)
        polynomial = shifted
    return tuple(polynomial[1:])
