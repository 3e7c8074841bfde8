"""The tables of the fast encoder, computed once from `spec`; nothing here depends on a payload.

The symbol is linear over GF(2), so Reed-Solomon and the placing of codewords become look-ups and shifts whose
places and distances are the same for every payload. Symbols lie along the last axis everywhere, so that one
numpy call serves a whole batch. All tables are read-only.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from elqr.symbols import spec

Words = npt.NDArray[np.uint64]
Item = TypeVar("Item", bound=np.generic)

MARGIN = 4  # light modules kept left of column 0 in a lane, so that the penalty rules can look over the edge
GROUP_BITS = 10  # three digits


@dataclass(frozen=True)
class Groups:
    """Where each data codeword lies in the stream of ten-bit groups; mode and count are the first two."""

    first: npt.NDArray[np.intp]  # (108,) the group in which the codeword begins
    shift: npt.NDArray[np.uint32]  # (108, 1) its distance from the lower end of that group and the next


@dataclass(frozen=True)
class Strip:
    """Two columns of the symbol: for each row, which two bits of the message stand there."""

    codeword: npt.NDArray[np.intp]  # (41,) where the bits begin; they may run into the next codeword
    shift: npt.NDArray[np.uint16]  # (41, 1) distance of the bits from the lower end of the two codewords
    keep: npt.NDArray[np.uint16]  # (41, 1) 3; or 1 or 2 where the other column is a function pattern; or 0
    left: np.uint64  # the left column


@cache
def groups() -> Groups:
    """The mode's 4 bits end the first group, the count fills the second, so the stream begins at bit 6."""
    begin = 2 * GROUP_BITS - 4 - spec.COUNT_BITS + 8 * np.arange(spec.DATA_CODEWORDS)
    first = np.minimum(
        begin // GROUP_BITS, spec.DIGITS // 3
    )  # the last group has no next one: begin one earlier
    shift = 2 * GROUP_BITS - 8 - (begin - GROUP_BITS * first)
    return Groups(_frozen(first), _frozen(shift[:, None].astype(np.uint32)))


@cache
def corrections() -> Words:
    """(27, 256, 2): the 16 correction bytes that a value at a place of its block gives, as two words."""
    remainders = []  # of x^16, x^17, … by the generator
    remainder = spec.generator()
    for _ in range(spec.BLOCK_DATA):
        remainders.append(remainder)
        lead, *rest = remainder
        remainder = tuple(
            a ^ spec.multiply(lead, b) for a, b in zip([*rest, 0], spec.generator(), strict=True)
        )
    # The product by a value is the sum of the products by its bits.
    by_bit = np.array(
        [[[spec.multiply(1 << bit, c) for c in r] for bit in range(8)] for r in reversed(remainders)],
        np.uint8,
    )
    bits = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1, bitorder="little")
    table = np.bitwise_xor.reduce(bits[None, :, :, None] * by_bit[:, None], axis=2)
    return _frozen(table.view(np.uint64))


@cache
def strips() -> tuple[Strip, ...]:
    """The twenty pairs of columns. The bits of a row follow one another, the right column first."""
    place = {module: p for p, module in enumerate(spec.data_path())}
    found = []
    for left in (0, 2, 4, *range(7, spec.SIZE, 2)):
        codeword, shift, keep = (np.zeros(spec.SIZE, np.intp) for _ in range(3))
        for row in range(spec.SIZE):
            right_bit, left_bit = place.get((row, left + 1)), place.get((row, left))
            if right_bit is None and left_bit is None:
                continue
            bit = right_bit if right_bit is not None else (left_bit or 0) - 1
            codeword[row] = min(
                bit // 8, spec.CODEWORDS - 1
            )  # the remainder bits lie behind the last codeword
            shift[row] = 14 - (bit - 8 * codeword[row])
            keep[row] = 2 * (right_bit is not None) + (left_bit is not None)
        found.append(
            Strip(
                _frozen(codeword),
                _frozen(shift[:, None].astype(np.uint16)),
                _frozen(keep[:, None].astype(np.uint16)),
                np.uint64(left),
            )
        )
    return tuple(found)


@cache
def ground() -> Words:
    """(41, 1): the rows of the function patterns, everything else light."""
    return _frozen(pack(spec.function_modules() == 1)[:, None])


@cache
def masks() -> Words:
    """(8, 82, 1): each mask over the encoding region as lanes, the 41 rows and then the 41 columns."""
    modules = _mask_modules()
    lanes = np.concatenate([pack(modules), pack(modules.transpose(0, 2, 1))], axis=1)
    return _frozen((lanes << np.uint64(MARGIN))[:, :, None])


@cache
def finishes() -> Words:
    """(8, 41): what turns unmasked rows into the finished symbol: the mask and its format information."""
    rows = _mask_modules().copy()
    for mask in range(spec.MASKS):
        for row, column, bit in spec.format_modules(mask):
            rows[mask, row, column] = bit
    return _frozen(pack(rows))


@cache
def balance_penalties() -> npt.NDArray[np.int32]:
    """(1682,): the fourth penalty by the number of dark modules (Table 11)."""
    share = np.arange(spec.SIZE**2 + 1) / spec.SIZE**2
    return _frozen((10 * (np.abs(share * 100 - 50) / 5).astype(np.int32)).astype(np.int32))


def pack(modules: npt.ArrayLike) -> Words:
    """0/1 modules (…, 41) to words (…): bit j is column j."""
    weights = np.uint64(1) << np.arange(spec.SIZE, dtype=np.uint64)
    packed: Words = (np.asarray(modules, np.uint64) * weights).sum(-1, dtype=np.uint64)
    return packed


@cache
def _mask_modules() -> npt.NDArray[np.uint8]:
    """(8, 41, 41): 1 where a mask inverts a module."""
    modules = np.zeros((spec.MASKS, spec.SIZE, spec.SIZE), np.uint8)
    for mask in range(spec.MASKS):
        for row, column in spec.data_path():
            modules[mask, row, column] = spec.is_inverted(mask, row, column)
    return _frozen(modules)


def _frozen(array: npt.NDArray[Item]) -> npt.NDArray[Item]:
    array.setflags(write=False)
    return array
