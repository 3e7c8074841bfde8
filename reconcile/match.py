"""Keys against the register: 20-digit slip keys as two integers, found in an index sorted by a 64-bit mix of them.

In: columns of keys. Out: row numbers in the register, -1 where a key is unknown; keys that repeat. The mix can be undone when the low half is
known, so mix and low half equal means key equal: nothing is found by luck. Queries are sorted first, so that the index is read in one sweep.
Refuses: keys that are not 20 digits, a register with a key twice, a register in which two keys mix to the same value (ValueError).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

DIGITS = 20
HALF = 10
U64 = np.uint64
Keys = tuple[NDArray[U64], NDArray[U64]]

_SPREAD, _STIR = U64(0x9E3779B97F4A7C15), U64(0xBF58476D1CE4E5B9)  # odd, so multiplying by them can be undone


def halves(keys: pl.Series) -> Keys:
    """The first and the last ten digits of each key as integers. Raises ValueError where a key is not 20 digits."""
    frame = keys.to_frame("key")
    wrong = frame.filter((pl.col("key").str.len_bytes() != DIGITS).fill_null(value=True))
    parts = [pl.col("key").str.slice(start, HALF).cast(pl.UInt64, strict=False) for start in (0, HALF)]
    found = frame.select(high=parts[0], low=parts[1])
    if wrong.height or found.null_count().sum_horizontal().item():
        raise ValueError(f"a slip key is {DIGITS} digits; {max(wrong.height, 1)} are not")
    return found["high"].to_numpy(), found["low"].to_numpy()


def mixed(keys: Keys) -> NDArray[U64]:
    """64 bits of both halves. For a fixed low half no two high halves give the same."""
    high, low = keys
    with np.errstate(over="ignore"):
        found = high * _SPREAD
        found ^= found >> U64(29)
        found += low
        found *= _STIR
        found ^= found >> U64(32)
    return found


def repeated(values: pl.Series) -> pl.Series:
    """Whether each value stands there more than once; the same as `is_duplicated`, in less than half its time for text.

    Hashes are compared first; only the few rows whose hash is met twice are compared as they are. Nulls count as one value.
    """
    maybe = values.hash(0).is_duplicated()
    if not maybe.any():
        return maybe.alias(values.name)
    at = maybe.arg_true()
    return maybe.scatter(at, values.gather(at).is_duplicated()).alias(values.name)


@dataclass(frozen=True)
class KeyIndex:
    """A register's keys, ready to be searched: `mix` ascending, `low` halves and `row` numbers beside it."""

    mix: NDArray[U64]
    low: NDArray[U64]
    row: NDArray[np.int64]

    @staticmethod
    def of(keys: pl.Series) -> KeyIndex:
        """The index of a column of keys. Raises ValueError where a key stands twice or the mix does not tell two apart."""
        parts = halves(keys)
        mix = mixed(parts)
        order = pl.Series(mix).arg_sort().to_numpy().astype(np.int64)
        mix = mix[order]
        low = parts[1][order]
        same = mix[1:] == mix[:-1]
        if same.any():
            twice = int((same & (low[1:] == low[:-1])).sum())
            raise ValueError(
                f"{twice} slip keys stand twice, {int(same.sum()) - twice} pairs are not told apart"
            )
        return KeyIndex(mix, low, order)

    def find(self, keys: pl.Series) -> NDArray[np.int64]:
        """Row of each key in the register, -1 where there is none."""
        return self.find_halves(halves(keys))

    def find_halves(self, keys: Keys) -> NDArray[np.int64]:
        """As `find`, for keys that are halves already."""
        found = np.full(len(keys[0]), -1, dtype=np.int64)
        if not len(self.mix) or not len(found):
            return found
        asked = mixed(keys)
        order = pl.Series(asked).arg_sort().to_numpy()
        asked = asked[order]
        place = np.searchsorted(self.mix, asked)
        place[place == len(self.mix)] = 0
        met = (self.mix[place] == asked) & (self.low[place] == keys[1][order])
        found[order[met]] = self.row[place[met]]
        return found


@dataclass(frozen=True)
class CoverIndex:
    """What each slip covers, as one run of rows a slip: `order` are cover rows by slip, slip `s` has `order[first[s]:first[s + 1]]`."""

    order: NDArray[np.int64]
    first: NDArray[np.int64]

    @staticmethod
    def of(slip_rows: NDArray[np.int64], *, slips: int) -> CoverIndex:
        """The index of covers whose slips are these rows of a register of `slips` slips. A row of -1 is nobody's."""
        order = pl.Series(slip_rows).arg_sort().to_numpy().astype(np.int64)
        first = np.searchsorted(slip_rows[order], np.arange(slips + 1))
        return CoverIndex(order, first)

    def expand(self, slip_rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """For a column of slips: (place in the column, cover row) of every cover of each; -1 has none."""
        known = np.flatnonzero(slip_rows >= 0)
        begin = self.first[slip_rows[known]]
        count = self.first[slip_rows[known] + 1] - begin
        within = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
        return np.repeat(known, count), self.order[np.repeat(begin, count) + within]


def matched(receipts: pl.DataFrame, slips: pl.DataFrame, *, index: KeyIndex | None = None) -> pl.DataFrame:
    """The receipts with the slip's columns beside them (`slip_key` left out), null where no slip has the key; rows stay in order.

    Bit-identical to `receipts.join(slips, on="slip_key", how="left")`. `index`: that of `slips`, where it is at hand.
    """
    known = KeyIndex.of(slips["slip_key"]) if index is None else index
    rows = pl.Series(known.find(receipts["slip_key"]), dtype=pl.Int64)
    rows = rows.set(rows < 0, None).cast(pl.get_index_type())
    beside = slips.drop("slip_key").select(pl.all().gather(rows))
    twice = set(beside.columns) & set(receipts.columns)
    return receipts.hstack(beside.rename({name: f"{name}_right" for name in twice}))
