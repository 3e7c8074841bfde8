"""Finds the records of a CSV block on its raw bytes, so that one damaged row never costs its neighbours.

In: bytes that end at a line end, and how many fields a record has. Out: where each record lies, its line in the source, and what is wrong
with its shape. Works for UTF-8 and CP932 alike: in both a comma, quote or line feed is never part of a longer character.
Refuses (marks as faulty, one record each): wrong number of fields, quotes that open or close inside a field, a quote never closed.
Bare commas, of whatever number, are no record of another width: they are marked as blank.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Ints: TypeAlias = npt.NDArray[np.int64]
Bytes: TypeAlias = npt.NDArray[np.uint8]

LF, CR, QUOTE, COMMA = 10, 13, 34, 44

# A quoted address has a handful of lines. A quote still open after this many is a stray sign, not a field: without this limit one stray
# quote would swallow every row up to the next one.
RECORD_LINES_MAX = 40


class Fault(IntEnum):
    """What is wrong with the shape of a record."""

    NONE = 0
    FIELDS = 1
    QUOTE = 2
    BLANK = 3


@dataclass(frozen=True)
class Records:
    """The records of a block as columns. Blank lines are left out.

    `start`, `end`: byte offsets, the line end (CR LF) included in `end`. `line`: of the record's first line. `fields`: how many were found.
    `consumed`: bytes framed; what follows is an open record for the next block. `lines`: line ends in the consumed bytes.
    """

    start: Ints
    end: Ints
    line: Ints
    fields: Ints
    fault: Bytes
    consumed: int
    lines: int

    def __len__(self) -> int:
        return len(self.start)


def frame(block: bytes, *, fields: int | None, first_line: int, last: bool) -> Records:
    """Frame `block`, whose first byte begins line `first_line` and whose last byte is a line feed.

    `fields`: the number every record must have (None: any). `last`: no more bytes follow, so an open quote is a fault instead of a carry.
    Raises ValueError where the block does not end in a line feed.
    """
    if not block.endswith(b"\n"):
        raise ValueError("a block ends at a line end")
    data = np.frombuffer(block, np.uint8)
    quoted = b'"' in block
    mask = (data == COMMA) | (data == LF)
    if quoted:
        mask |= data == QUOTE
    at = np.flatnonzero(mask)
    sign = data[at]
    ends_at = np.flatnonzero(sign == LF)  # index into `at` of every line end
    line_end = at[ends_at] + 1
    line_start = np.concatenate([np.zeros(1, np.int64), line_end[:-1]])
    if not quoted:
        found = np.diff(ends_at, prepend=-1)
        none = np.zeros(len(found), np.uint8)
        return _finish(data, line_start, line_end, np.arange(len(found)), found, none, fields, first_line)

    quotes = sign == QUOTE
    per_line = np.diff(np.cumsum(quotes)[ends_at], prepend=0)
    joins, strays, carry = _pair(np.flatnonzero(per_line & 1), len(ends_at), last)
    lines = len(ends_at) if carry is None else carry
    if fields is not None:
        joins, strays = _split_false_joins(
            data, at, sign, ends_at, line_start, line_end, joins, strays, fields
        )
    begins = np.ones(lines, bool)
    for a, b in joins:
        begins[a + 1 : b + 1] = False
    first = np.flatnonzero(begins)
    last_line = np.concatenate([first[1:] - 1, np.full(1, lines - 1, np.int64)]) if len(first) else first

    limit = ends_at[lines - 1] + 1 if lines else 0
    at, sign, quotes = at[:limit], sign[:limit], quotes[:limit].copy()
    line_of = np.searchsorted(ends_at[:lines], np.arange(limit)) if strays else None
    if line_of is not None:
        quotes &= ~np.isin(
            line_of, np.array(strays, np.int64)
        )  # signs of strays count as text: the row is refused anyway
    inside = np.cumsum(quotes) & 1
    commas = np.cumsum((sign == COMMA) & (inside == 0))
    upto = commas[ends_at[last_line]] if len(first) else np.zeros(0, np.int64)
    found = np.diff(upto, prepend=0) + 1

    fault = np.zeros(len(first), np.uint8)
    misplaced = _misplaced(data, at[quotes], inside[quotes] == 1)
    if len(misplaced):
        fault[np.searchsorted(line_end[last_line], misplaced, side="right")] = Fault.QUOTE
    if strays:
        fault[np.searchsorted(first, np.array(strays, np.int64))] = Fault.QUOTE
    return _finish(
        data, line_start[first], line_end[last_line], first, found, fault, fields, first_line, lines=lines
    )


def _misplaced(data: Bytes, quotes: Ints, opens: npt.NDArray[np.bool_]) -> Ints:
    """The quotes that open after something other than a separator, or close before something other than one."""
    before = np.where(quotes > 0, data[np.maximum(quotes - 1, 0)], LF)
    after = data[np.minimum(quotes + 1, len(data) - 1)]
    fine: npt.NDArray[np.bool_] = np.where(
        opens,
        (before == COMMA) | (before == LF) | (before == QUOTE),
        (after == COMMA) | (after == LF) | (after == CR) | (after == QUOTE),
    )
    return quotes[~fine]


def _pair(odd: Ints, lines: int, last: bool) -> tuple[list[tuple[int, int]], list[int], int | None]:
    """Lines with an odd number of quotes open and close records that run over lines: (joined lines, stray lines, line to carry from)."""
    joins: list[tuple[int, int]] = []
    strays: list[int] = []
    queue = odd.tolist()
    i = 0
    while i < len(queue):
        a = queue[i]
        if i + 1 < len(queue) and queue[i + 1] - a < RECORD_LINES_MAX:
            joins.append((a, queue[i + 1]))
            i += 2
        elif i + 1 == len(queue) and not last and lines - a < RECORD_LINES_MAX:
            return joins, strays, a
        else:
            strays.append(a)
            i += 1
    return joins, strays, None


def _split_false_joins(
    data: Bytes,
    at: Ints,
    sign: Bytes,
    ends_at: Ints,
    line_start: Ints,
    line_end: Ints,
    joins: list[tuple[int, int]],
    strays: list[int],
    fields: int,
) -> tuple[list[tuple[int, int]], list[int]]:
    """Two stray quotes a few lines apart look like one long record. Where its shape is wrong and one of its lines has the right number of
    fields by itself, it is not a record: its first and last line are strays and the lines between them stand on their own."""
    if not joins:
        return joins, strays
    plain = np.diff(np.cumsum(sign == COMMA)[ends_at], prepend=0) + 1  # fields of each line, quotes ignored
    if not (plain == fields).any():
        return joins, strays
    kept: list[tuple[int, int]] = []
    for a, b in joins:
        if (plain[a : b + 1] == fields).any() and not _well_shaped(data[line_start[a] : line_end[b]], fields):
            strays += (a, b)
        else:
            kept.append((a, b))
    return kept, sorted(strays)


def _well_shaped(record: Bytes, fields: int) -> bool:
    quote = record == QUOTE
    inside = np.cumsum(quote) & 1
    count = int(((record == COMMA) & (inside == 0)).sum()) + 1
    return count == fields and not len(_misplaced(record, np.flatnonzero(quote), inside[quote] == 1))


def _finish(
    data: Bytes,
    start: Ints,
    end: Ints,
    first: Ints,
    found: Ints,
    fault: Bytes,
    fields: int | None,
    first_line: int,
    *,
    lines: int | None = None,
) -> Records:
    """Mark wrong counts, leave blank lines out."""
    if fields is not None:
        fault[(found != fields) & (fault == Fault.NONE)] = Fault.FIELDS
    odd = np.flatnonzero(fault == Fault.FIELDS)
    bare = [not data[start[i] : end[i]].tobytes().strip(b",\r\n \t") for i in odd.tolist()]
    fault[odd[np.array(bare, bool)]] = Fault.BLANK
    size = end - start
    blank = (size == 1) | ((size == 2) & (data[start] == CR))
    keep = ~blank if blank.any() else slice(None)
    return Records(
        start=start[keep],
        end=end[keep],
        line=first_line + first[keep],
        fields=found[keep],
        fault=fault[keep],
        consumed=int(end[-1]) if len(end) else 0,
        lines=len(first) if lines is None else lines,
    )
