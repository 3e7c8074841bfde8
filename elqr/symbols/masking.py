"""The choice of the data mask: the four penalties of ISO/IEC 18004:2015, 7.8.3, on whole rows and columns.

A lane is a row or a column in a 64-bit word, its first module at bit 4; what lies outside the symbol is 0,
light. Each rule is a few shifts, ands and popcounts on lanes (82, n). The third rule is read as segno 1.6.6
reads it (see `reference`). `reference.penalties` says the same module by module.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from elqr.symbols import spec, tables
from elqr.symbols.tables import MARGIN, Words

_LANES = 2 * spec.SIZE


def _bits(first: int, count: int) -> np.uint64:
    return np.uint64(((1 << count) - 1) << (MARGIN + first))


_INSIDE_RUNS = _bits(0, spec.SIZE - 4)  # where a run of five may begin
_INSIDE_PAIRS = _bits(0, spec.SIZE - 1)  # where a pair of neighbours may begin
_BY = tuple(np.uint64(k) for k in range(8))


@dataclass(frozen=True)
class Workspace:
    """Buffers for one batch size, used again for every mask and batch, so that they stay cached."""

    lanes: Words
    x: Words
    change: Words
    a: Words
    b: Words
    c: Words
    d: Words
    e: Words
    counts: npt.NDArray[np.uint8]
    more: npt.NDArray[np.uint8]

    @property
    def size(self) -> int:
        return int(self.lanes.shape[1])

    @classmethod
    def of(cls, count: int) -> Workspace:
        lanes, x, change, a, b, c, d, e = (np.empty((_LANES, count), np.uint64) for _ in range(8))
        counts, more = (np.empty((_LANES, count), np.uint8) for _ in range(2))
        return cls(lanes, x, change, a, b, c, d, e, counts, more)


def lanes_of(rows: Words, columns: Words, work: Workspace) -> Words:
    """Rows and columns (41, n) as lanes (82, n)."""
    np.left_shift(rows, _BY[MARGIN], out=work.lanes[: spec.SIZE])
    np.left_shift(columns, _BY[MARGIN], out=work.lanes[spec.SIZE :])
    return work.lanes


def best_masks(lanes: Words, work: Workspace) -> npt.NDArray[np.intp]:
    """(n,) the mask with the lowest penalty for each symbol, the first of equals."""
    totals = np.empty((spec.MASKS, lanes.shape[1]), np.int32)
    for mask in range(spec.MASKS):
        totals[mask] = sum(penalties(lanes, mask, work))
    best: npt.NDArray[np.intp] = totals.argmin(axis=0)
    return best


def penalties(lanes: Words, mask: int, work: Workspace) -> tuple[npt.NDArray[np.int32], ...]:
    """The penalties of each symbol (n,) under a mask: runs with finder look-alikes, blocks, balance."""
    x, change = work.x, work.change
    np.bitwise_xor(lanes, tables.masks()[mask], out=x)
    np.right_shift(x, _BY[1], out=change)
    change ^= x  # bit j: module j differs from module j + 1
    dark = _total(np.bitwise_count(x[: spec.SIZE], out=work.counts[: spec.SIZE]))
    balance = tables.balance_penalties()[dark]
    return _lines(work), _blocks(work), balance


def _blocks(work: Workspace) -> npt.NDArray[np.int32]:
    """3 for each 2 x 2 square of one colour."""
    rows, change = work.x[: spec.SIZE], work.change[: spec.SIZE]
    mixed = work.a[: spec.SIZE - 1]  # bit j: the square that begins there has two colours
    np.bitwise_xor(rows[1:], rows[:-1], out=mixed)
    mixed |= change[1:]
    mixed |= change[:-1]
    mixed &= _INSIDE_PAIRS
    squares = (spec.SIZE - 1) ** 2
    return 3 * (squares - _total(np.bitwise_count(mixed, out=work.counts[: spec.SIZE - 1])))


def _lines(work: Workspace) -> npt.NDArray[np.int32]:
    """Runs of five and more (length - 2 each) and finder look-alikes (40 each), over all lanes."""
    change, a, b, c = work.change, work.a, work.b, work.c
    counts, more = work.counts, work.more
    np.right_shift(change, _BY[1], out=a)
    np.bitwise_and(change, a, out=b)  # two changes running
    a |= change  # not three alike
    np.right_shift(a, _BY[2], out=c)
    _look_alikes(work, changes=b, unlike=a, unlike_later=c)
    np.bitwise_count(b, out=counts)
    counts *= np.uint8(40)  # at most 5 * 40 + 39 for a lane: a byte holds it
    a |= c  # not five alike
    a |= ~_INSIDE_RUNS
    np.bitwise_count(a, out=more)
    counts -= more
    counts += np.uint8(64)  # length - 4 for each run
    np.right_shift(a, _BY[1], out=b)
    b ^= a  # the two ends of each run, and the highest bit of the lane
    np.bitwise_count(b, out=more)
    counts += more
    counts -= np.uint8(1)
    return _total(counts)


def _look_alikes(work: Workspace, *, changes: Words, unlike: Words, unlike_later: Words) -> None:
    """Into `changes`: where a 1:1:3:1:1 begins that counts.

    Its colours change at 0, 1, 4 and 5, the modules 2, 3 and 4 are alike, and 0 is dark.

    One that counts uses up its seven modules, and another can only begin at its fifth or seventh. Of three in
    such a chain the middle one has dark modules on both sides and does not count, so looking one step back is
    enough.
    """
    x, found, c, d = work.x, changes, work.d, work.e
    np.right_shift(changes, _BY[4], out=c)
    found &= c
    found &= x
    _clear(found, unlike_later)
    np.right_shift(work.change, _BY[2], out=c)
    c |= unlike
    c |= x  # not four light
    np.left_shift(c, _BY[4], out=d)
    c >>= _BY[7]
    c &= d  # neither before nor after
    _clear(found, c)
    np.left_shift(found, _BY[4], out=c)
    np.left_shift(found, _BY[6], out=d)
    c |= d
    _clear(found, c)


def _clear(words: Words, bits: Words) -> None:
    """words &= ~bits, without another buffer."""
    words |= bits
    words ^= bits


def _total(counts: npt.NDArray[np.uint8]) -> npt.NDArray[np.int32]:
    """The sum over lanes; 82 lanes of 255 fit 16 bits."""
    total: npt.NDArray[np.int32] = np.add.reduce(counts, axis=0, dtype=np.uint16).astype(np.int32)
    return total
