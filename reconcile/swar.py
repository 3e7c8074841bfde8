"""Eight bytes at a time: reads cells out of a block as 64-bit words, so that digits, dates and texts of all rows are judged by a few
operations on columns.

In: a padded block and the start and length of one cell a row. Out: words, numbers, days, and flags where the cell is what it should be.
Nothing is repaired here: a cell that is not written in the plain notation is flagged, and its row goes the slow way. Refuses nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl

from reconcile.event_text import FIRST_YEAR, LAST_YEAR

Ints: TypeAlias = npt.NDArray[np.int64]
Words: TypeAlias = npt.NDArray[np.uint64]
Flags: TypeAlias = npt.NDArray[np.bool_]
Bytes: TypeAlias = npt.NDArray[np.uint8]

FRONT, BACK = 24, 64  # room to read before the first and after the last cell without asking

_U = np.uint64
_ZEROS = _U(0x3030303030303030)
_HIGH = _U(0x8080808080808080)
_ONES = _U(0x0101010101010101)
_HIGH_NIBBLE = _U(0xF0F0F0F0F0F0F0F0)
_PAIRS = _U(0x00FF00FF00FF00FF)


@dataclass(frozen=True)
class Text:
    """A block with room on both sides. `data`: all bytes; `words`: the 64-bit little-endian word that begins at each byte."""

    data: Bytes
    words: Words

    @staticmethod
    def of(data: bytes) -> Text:
        """`data`, shifted by `FRONT`."""
        room = np.full(FRONT + len(data) + BACK, ord("0"), np.uint8)
        room[FRONT : FRONT + len(data)] = np.frombuffer(data, np.uint8)
        words: Words = np.ndarray((len(room) - 7,), "<u8", buffer=room, strides=(1,))
        return Text(room, words)


def _low_bytes(count: npt.NDArray[np.int64]) -> Words:
    """A word whose first `count` bytes (0 to 8) are set."""
    masks: Words = np.array([0, *(0xFFFFFFFFFFFFFFFF >> (8 * (8 - n)) for n in range(1, 9))], _U)
    return masks[count]


def are_digits(word: Words) -> Flags:
    """Whether all eight bytes are digits."""
    six = _U(0x0606060606060606)
    tested = (word & _HIGH_NIBBLE) | (((word + six) & _HIGH_NIBBLE) >> _U(4))
    return np.asarray(tested == _U(0x3333333333333333), np.bool_)


def number_of(word: Words) -> Words:
    """The number that eight digits write, the first byte being the highest."""
    value = word & _U(0x0F0F0F0F0F0F0F0F)
    value = (value * _U(2561)) >> _U(8)
    value = ((value & _PAIRS) * _U(6553601)) >> _U(16)
    return ((value & _U(0x0000FFFF0000FFFF)) * _U(42949672960001)) >> _U(32)


def right_words(text: Text, start: Ints, size: Ints, width: int) -> Words:
    """`(n, k)` words of the last bytes of each cell, right-aligned and filled with `0` on the left; `8 k` is at least `width`."""
    count = -(-width // 8)
    out = np.empty((len(start), count), "<u8")
    end = start + size
    uniform = int(size[0]) if len(size) and bool((size == size[0]).all()) else None
    for k in range(count):
        if uniform is not None:
            spare = 8 - min(max(uniform - 8 * k, 0), 8)
            if spare == 8:
                out[:, count - 1 - k] = _ZEROS
                continue
            keep: Words | np.uint64 = _U((0xFFFFFFFFFFFFFFFF << (8 * spare)) & 0xFFFFFFFFFFFFFFFF)
        else:
            keep = ~_low_bytes(8 - np.minimum(np.maximum(size - 8 * k, 0), 8))
        word = text.words[np.maximum(end - 8 * (k + 1), 0)]
        out[:, count - 1 - k] = (
            word if uniform is not None and spare == 0 else (word & keep) | (_ZEROS & ~keep)
        )
    return out


def left_words(text: Text, start: Ints, size: Ints, count: int) -> Words:
    """`(n, count)` words of the first bytes of each cell, zero bytes after its end."""
    out = np.empty((len(start), count), "<u8")
    uniform = int(size[0]) if len(size) and bool((size == size[0]).all()) else None
    for k in range(count):
        word = text.words[np.minimum(start + 8 * k, len(text.words) - 1)]
        if uniform is None:
            out[:, k] = word & _low_bytes(np.minimum(np.maximum(size - 8 * k, 0), 8))
        else:
            have = min(max(uniform - 8 * k, 0), 8)
            out[:, k] = word if have == 8 else word & _U((1 << (8 * have)) - 1)
    return out


def all_digits(words: Words) -> Flags:
    """`(n,)` whether all words of a row are digits."""
    fine = are_digits(words[:, 0])
    for k in range(1, words.shape[1]):
        fine &= are_digits(words[:, k])
    return fine


def number(words: Words) -> Ints:
    """The number that the one or two right-aligned words of each row write."""
    value = number_of(words[:, -1])
    if words.shape[1] > 1:
        value = value + number_of(words[:, -2]) * _U(100_000_000)
    return value.astype(np.int64)


def plain_ascii(words: Words, size: Ints) -> Flags:
    """Whether the first `size` bytes of each row are visible ASCII without blanks."""
    fine = np.ones(len(words), np.bool_)
    uniform = int(size[0]) if len(size) and bool((size == size[0]).all()) else None
    for k in range(words.shape[1]):
        if uniform is None:
            beyond: Words | np.uint64 = ~_low_bytes(np.minimum(np.maximum(size - 8 * k, 0), 8))
        else:
            beyond = _U(0xFFFFFFFFFFFFFFFF ^ ((1 << (8 * min(max(uniform - 8 * k, 0), 8))) - 1))
        word = words[:, k] | (beyond & _ZEROS)
        below = (word - _ONES * _U(0x21)) & ~word & _HIGH
        delete = word ^ (_ONES * _U(0x7F))
        deleted = (delete - _ONES) & ~delete & _HIGH
        fine &= ((word & _HIGH) | below | deleted) == 0
    return fine


@cache
def _days() -> npt.NDArray[np.int32]:
    """Days since 1970 by `(year − FIRST_YEAR) × 512 + month × 32 + day`; the least number where there is no such day."""
    table = np.full((LAST_YEAR - FIRST_YEAR + 1) * 512, np.iinfo(np.int32).min, np.int32)
    days = np.arange(f"{FIRST_YEAR}-01-01", f"{LAST_YEAR + 1}-01-01", dtype="datetime64[D]")
    months = days.astype("datetime64[M]")
    month = months.astype(np.int64)  # since 1970-01
    place = (
        (month // 12 + 1970 - FIRST_YEAR) * 512 + (month % 12 + 1) * 32 + (days - months).astype(np.int64) + 1
    )
    table[place] = days.astype(np.int64)
    return table


def date_words(text: Text, start: Ints, size: Ints) -> tuple[Words, Flags]:
    """The eight digits YYYYMMDD of cells written so or as YYYY-MM-DD, and whether they are digits at all."""
    plain = text.words[start]
    dashed = size == 10
    if dashed.all():
        tail = text.words[start + 2]
        fine = (plain & _U(0xFF0000FF00000000)) == _U(0x2D00002D00000000)
        plain = (
            (plain & _U(0x00000000FFFFFFFF))
            | ((plain >> _U(8)) & _U(0x0000FFFF00000000))
            | (tail & _U(0xFFFF000000000000))
        )
    elif dashed.any():
        tail = text.words[start + 2]
        iso = (
            (plain & _U(0x00000000FFFFFFFF))
            | ((plain >> _U(8)) & _U(0x0000FFFF00000000))
            | (tail & _U(0xFFFF000000000000))
        )
        has_dashes = (plain & _U(0xFF0000FF00000000)) == _U(0x2D00002D00000000)
        plain = np.where(dashed, iso, plain)
        fine = np.where(dashed, has_dashes, size == 8)
    else:
        fine = size == 8
    return plain, np.asarray(fine & are_digits(plain), np.bool_)


def days_of(word: Words, fine: Flags) -> tuple[npt.NDArray[np.int32], Flags]:
    """Days since 1970 of YYYYMMDD digits, and whether that day exists."""
    value = number_of(word).astype(np.int64)
    year, month, day = value // 10000, value // 100 % 100, value % 100
    inside = fine & (year >= FIRST_YEAR) & (year <= LAST_YEAR) & (month < 16) & (day < 32)
    days = _days()[np.where(inside, (year - FIRST_YEAR) * 512 + month * 32 + day, 0)]
    return days, inside & (days != np.iinfo(np.int32).min)


def clock_of(word: Words) -> Flags:
    """Whether HHMMSS in the first six bytes is a time of day."""
    filled = (word & _U(0x0000FFFFFFFFFFFF)) | _U(0x3030000000000000)
    value = number_of(filled).astype(np.int64) // 100
    return np.asarray(
        are_digits(filled) & (value < 240000) & (value // 100 % 100 < 60) & (value % 100 < 60), np.bool_
    )


def weighted_sum(words: Words) -> Ints:
    """Σ 3 × digits in even places (from 0) + digits in odd places, over all bytes of a row of digits."""
    total = np.zeros(len(words), np.uint64)
    for k in range(words.shape[1]):
        value = words[:, k] & _U(0x0F0F0F0F0F0F0F0F)
        even, odd = value & _PAIRS, (value >> _U(8)) & _PAIRS
        total += ((even * _U(3) + odd) * _U(0x0001000100010001)) >> _U(48)
    return total.astype(np.int64)


def matrix(words: Words) -> Bytes:
    """`(n, 8 k)` the bytes of `(n, k)` words."""
    return np.ascontiguousarray(words).view(np.uint8).reshape(len(words), -1)


def strings(rows: Bytes) -> pl.Series:
    """A column of ASCII strings from `(n, width)` bytes."""
    return blobs(rows).cast(pl.String)


def blobs(rows: Bytes) -> pl.Series:
    """A column of binaries from `(n, width)` bytes."""
    if rows.shape[0] == 0 or rows.shape[1] == 0:
        return pl.Series([b""] * rows.shape[0], dtype=pl.Binary)
    return pl.Series(np.ascontiguousarray(rows)).cast(pl.List(pl.UInt8)).cast(pl.Binary)


def mixed(words: Words, size: Ints) -> Words:
    """A 64-bit hash of each row of words, to find equal texts; a chance in 2^64 that two differ and look alike."""
    value = size.astype(np.uint64) * _U(0x9E3779B97F4A7C15)
    for k in range(words.shape[1]):
        value = (value ^ words[:, k]) * _U(0xC2B2AE3D27D4EB4F)
        value ^= value >> _U(29)
    return value
