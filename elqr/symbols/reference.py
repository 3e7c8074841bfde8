"""The plain encoder: one symbol, module by module, as the standard tells it; slow, so that it can be read.

In: a string of 255 digits. Out: the modules and the chosen mask. The fast encoder must equal it bit for bit
(a test says so), and it must equal segno, whose reading of the penalty rules is followed. Refuses anything
but 255 digits (ValueError).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby, pairwise

import numpy as np
import numpy.typing as npt

from elqr.symbols import spec

Modules = list[list[int]]

PATTERN = (1, 0, 1, 1, 1, 0, 1)  # dark and light 1:1:3:1:1, the look of a finder pattern


def encode_one(digits: str, *, mask: int | None = None) -> tuple[npt.NDArray[np.uint8], int]:
    """Modules (41, 41), 1 = dark, and the data mask.

    The mask is the one with the lowest penalty, the first of equals, unless `mask` (0 to 7) names another.
    """
    if len(digits) != spec.DIGITS or not (digits.isascii() and digits.isdigit()):
        raise ValueError(f"expected {spec.DIGITS} digits 0-9, found {len(digits)} characters")
    stream = message(data_codewords(digits))
    candidates = range(spec.MASKS) if mask is None else (mask,)
    best = min(candidates, key=lambda k: sum(penalties(_masked(stream, k))))
    modules = _masked(stream, best)
    for row, column, bit in spec.format_modules(best):
        modules[row][column] = bit
    return np.array(modules, np.uint8), best


def data_codewords(digits: str) -> list[int]:
    """Mode, count and the digits by threes in ten bits each; exactly 108 codewords (7.4.3)."""
    bits = f"{spec.MODE_BITS:04b}{spec.DIGITS:010b}"
    bits += "".join(f"{int(digits[k : k + 3]):010b}" for k in range(0, spec.DIGITS, 3))
    return [int(bits[k : k + 8], 2) for k in range(0, len(bits), 8)]


def error_correction(data: Sequence[int]) -> list[int]:
    """The 16 codewords of one block: the remainder of the division by the generator polynomial (7.5.2)."""
    remainder = [*data, *[0] * spec.BLOCK_EC]
    for place in range(len(data)):
        lead = remainder[place]
        for k, coefficient in enumerate(spec.generator(), start=1):
            remainder[place + k] ^= spec.multiply(lead, coefficient)
    return remainder[len(data) :]


def message(data: Sequence[int]) -> list[int]:
    """All 172 codewords as placed: the blocks' data in turn, then their error correction in turn (7.6)."""
    blocks = [data[k : k + spec.BLOCK_DATA] for k in range(0, spec.DATA_CODEWORDS, spec.BLOCK_DATA)]
    corrections = [error_correction(block) for block in blocks]
    return [
        *(codeword for column in zip(*blocks, strict=True) for codeword in column),
        *(codeword for column in zip(*corrections, strict=True) for codeword in column),
    ]


def _masked(stream: Sequence[int], mask: int) -> Modules:
    """Function patterns, codewords, light remainder bits, and the mask; no format information yet (7.8)."""
    modules: Modules = spec.function_modules().tolist()
    for place, (row, column) in enumerate(spec.data_path()):
        bit = stream[place // 8] >> (7 - place % 8) & 1 if place < 8 * spec.CODEWORDS else 0
        modules[row][column] = bit ^ spec.is_inverted(mask, row, column)
    return modules


def penalties(modules: Modules) -> tuple[int, int, int, int]:
    """The penalties of a masked symbol (7.8.3.1, Table 11): runs, blocks, finder look-alikes, balance."""
    lines = [*modules, *map(list, zip(*modules, strict=True))]
    runs = sum(length - 2 for line in lines for _, run in groupby(line) if (length := len(list(run))) >= 5)
    blocks = 3 * sum(
        upper[j] == upper[j + 1] == lower[j] == lower[j + 1]
        for upper, lower in pairwise(modules)
        for j in range(spec.SIZE - 1)
    )
    dark = sum(map(sum, modules))
    balance = 10 * int(abs(dark / spec.SIZE**2 * 100 - 50) / 5)
    return runs, blocks, sum(map(_look_alikes, lines)), balance


def _look_alikes(line: Sequence[int]) -> int:
    """40 for each 1:1:3:1:1 with four light modules before or after it; outside the symbol is light.

    The standard leaves open what two overlapping patterns count; as in segno, one that counts uses up its
    seven modules.
    """
    found, place = 0, 0
    while place <= len(line) - 7:
        if tuple(line[place : place + 7]) == PATTERN and (
            not any(line[max(place - 4, 0) : place]) or not any(line[place + 7 : place + 11])
        ):
            found += 1
            place += 7
        else:
            place += 1
    return 40 * found
