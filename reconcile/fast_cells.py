"""One column of a block by the type of its field: values, which cells are empty, and which are beyond doubt.

In: the block as words, start and length of each cell, the field. Out: `Cell`. A cell counts only where the strict reader would give the
same value without a repair; whatever else it is (full-width, 和暦, padded, damaged) its row goes the slow way. Refuses nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import polars as pl

from reconcile import swar
from reconcile.receipt_layout import EVENT_FIELDS, NEEDED, WIDTH_MAX, ReceiptField
from reconcile.row_plan import RowPlan
from reconcile.strict_row import sound_text
from reconcile.swar import FRONT, Flags, Ints, Text, Words

WORD = 8
CHOICE_WORDS_MAX = 6  # 48 bytes: the longest word of a choice in UTF-8
TEXT_WORDS_MAX = 8
SAMPLE = 64
_NO_SECONDS = np.uint64(0x0000303000000000)  # 00 in bytes 4 and 5


@dataclass(frozen=True)
class Cell:
    """One column. `fine`: taken; `empty`: no value. By type: `code` (index of the choice, -1 = none), `words` (digits, right-aligned;
    YYYYMMDD; HHMMSS), `number`, `days`, `start` and `size` (text); `clock` and `clockless` for the time within a date-time."""

    fine: Flags
    empty: Flags
    code: npt.NDArray[np.int16] | None = None
    words: Words | None = None
    number: Ints | None = None
    days: npt.NDArray[np.int32] | None = None
    start: Ints | None = None
    size: Ints | None = None
    clock: Words | None = None
    clockless: Flags | None = None


def read_cell(
    one: ReceiptField, text: Text, start: Ints, size: Ints, plan: RowPlan, none_counts: Flags | None
) -> Cell:
    """The cells of one field. `none_counts`: the records in which the field's ways to write "no value" hold (None: in all)."""
    if plan.layout.form == "fixed":
        size = _stripped(text, start, size)
    empty = size == 0
    if empty.all():
        return _nothing(one, empty, start, size)
    for word in one.none:
        if (raw := _written(word, plan.encoding)) is None:
            continue
        said = _says(text, start, size, raw)
        empty = empty | (said if none_counts is None else said & none_counts)
    cell = _typed(one, text, start, size, plan)
    may_lack = one.name not in NEEDED and ((size > 0) | (not one.required))
    fine = np.where(empty, may_lack, cell.fine)
    cell = replace(cell, fine=fine, empty=empty)
    return replace(cell, start=start, size=size) if one.type == "copy" else cell


def _nothing(one: ReceiptField, empty: Flags, start: Ints, size: Ints) -> Cell:
    """A column without a single value."""
    fine = np.full(len(empty), not one.required)
    return Cell(fine=fine, empty=empty, start=start, size=size)


def _typed(one: ReceiptField, text: Text, start: Ints, size: Ints, plan: RowPlan) -> Cell:
    nothing = np.zeros(len(start), np.bool_)
    match one.type:
        case "choice":
            code = _choice(one, text, start, size, plan.encoding)
            cell = Cell(fine=code >= 0, empty=nothing, code=code)
        case "digits" | "key" | "money":
            cell = _digits(one, text, start, size)
        case "date":
            cell = _date(text, start, size)
        case "datetime":
            cell = _datetime(text, start, size)
        case "time":
            words, fine = _clock(text, start, size)
            cell = Cell(fine=fine, empty=nothing, words=words)
        case "barcode":
            cell = _barcode(one, text, start, size)
        case "copy":
            width = one.of_barcode[1] - one.of_barcode[0] + 1
            digits = swar.all_digits(swar.right_words(text, start, size, 44))
            cell = Cell(fine=(size == width) & digits, empty=nothing)
        case _:
            cell = _text(one, text, start, size, plan)
    return cell


def _stripped(text: Text, start: Ints, size: Ints) -> Ints:
    """Sizes without trailing blanks (of fixed fields)."""
    size = size.copy()
    while True:
        padded = (size > 0) & (text.data[start + np.maximum(size, 1) - 1] == ord(" "))
        if not padded.any():
            return size
        size -= padded


def _says(text: Text, start: Ints, size: Ints, word: bytes) -> Flags:
    hit: Flags = size == len(word)
    for k in range(0, len(word), WORD):
        piece = word[k : k + WORD]
        mask = np.uint64((1 << (8 * len(piece))) - 1)
        hit = hit & (
            (text.words[np.minimum(start + k, len(text.words) - 1)] & mask)
            == np.uint64(int.from_bytes(piece, "little"))
        )
    return hit


def _written(word: str, encoding: str) -> bytes | None:
    """A word of the layout as the file writes it; None where its encoding cannot."""
    try:
        return word.encode(encoding)
    except UnicodeEncodeError:
        return None


def _choice(one: ReceiptField, text: Text, start: Ints, size: Ints, encoding: str) -> npt.NDArray[np.int16]:
    """The index of each cell's word among `one.values`; -1 = none of them. The words of the first cells are tried first."""
    count = min(max(1, -(-int(size.max(initial=1)) // WORD)), CHOICE_WORDS_MAX)
    words = swar.left_words(text, start, size, count)
    code = np.full(len(start), -1, np.int16)
    known = []
    for i, word in enumerate(one.values):
        raw = _written(word, encoding)
        if raw is not None and len(raw) <= count * WORD:
            known.append((i, len(raw), np.frombuffer(raw.ljust(count * WORD, b"\0"), "<u8")))
    sample = {row.tobytes() for row in words[:SAMPLE]}
    known.sort(key=lambda k: k[2].tobytes() not in sample)
    left = len(start)
    for i, length, parts in known:
        hit = size == length
        for k in range(count):
            hit &= words[:, k] == parts[k]
        code[hit] = i
        left -= int(np.count_nonzero(hit))
        if left == 0:
            break
    return code


def _digits(one: ReceiptField, text: Text, start: Ints, size: Ints) -> Cell:
    nothing = np.zeros(len(start), np.bool_)
    width = WIDTH_MAX.get(one.type, one.width)  # the event's: its text is cut from these words
    words = swar.right_words(text, start, np.minimum(size, width), width)
    fits = size == one.width if one.type == "digits" else (size >= 1) & (size <= one.width)
    fine = fits & swar.all_digits(words)
    if one.type != "money":
        return Cell(fine=fine, empty=nothing, words=words)
    number = swar.number(words)
    return Cell(
        fine=fine & (number > 0) if one.name == "amount" else fine, empty=nothing, words=words, number=number
    )


def _clock(text: Text, start: Ints, size: Ints) -> tuple[Words, Flags]:
    """HHMMSS of cells written HHMM or HHMMSS."""
    word = text.words[start]
    short = size == 4
    word = np.where(short, (word & np.uint64(0x00000000FFFFFFFF)) | _NO_SECONDS, word)
    word = word & np.uint64(0x0000FFFFFFFFFFFF)
    return word, (short | (size == 6)) & swar.clock_of(word)


def _date(text: Text, start: Ints, size: Ints) -> Cell:
    """YYYYMMDD or YYYY-MM-DD. A file has few data dates, so one that all rows of a block share is judged once."""
    count = len(start)
    first, last = text.words[start], text.words[start + 2]
    alike = (
        count > 1
        and size[0] in (8, 10)
        and bool((size == size[0]).all() and (first == first[0]).all() and (last == last[0]).all())
    )
    if alike:
        one = _date(text, start[:1], size[:1])
        if one.words is None or one.days is None:
            raise AssertionError("a date has words and days")
        fine, words, days = one.fine.repeat(count), one.words.repeat(count), one.days.repeat(count)
    else:
        words, fine = swar.date_words(text, start, size)
        days, fine = swar.days_of(words, fine)
    return Cell(fine=fine, empty=np.zeros(count, np.bool_), words=words, days=days)


def _datetime(text: Text, start: Ints, size: Ints) -> Cell:
    """A date; YYYY-MM-DD with HH:MM or HH:MM:SS after a blank or a T; YYYYMMDD with HHMM or HHMMSS after it. By size of the cell."""
    count = len(start)
    sizes = [int(size[0])] if count and bool((size == size[0]).all()) else np.unique(size).tolist()
    if len(sizes) == 1:
        fine, words, days, clock = _of_size(text, start, sizes[0])
    else:
        fine, words = np.zeros(count, np.bool_), np.zeros(count, np.uint64)
        days, clock = np.zeros(count, np.int32), np.zeros(count, np.uint64)
        for one in sizes:
            at = np.flatnonzero(size == one)
            fine[at], words[at], days[at], clock[at] = _of_size(text, start[at], one)
    return Cell(
        fine=fine,
        empty=np.zeros(count, np.bool_),
        words=words,
        days=days,
        clock=clock,
        clockless=(size == 8) | (size == 10),
    )


def _of_size(text: Text, start: Ints, size: int) -> tuple[Flags, Words, npt.NDArray[np.int32], Words]:
    """Fine, YYYYMMDD, days and HHMMSS of date-times that are all `size` bytes long."""
    count = len(start)
    day_size = {8: 8, 12: 8, 14: 8, 10: 10, 16: 10, 19: 10}.get(size, 0)
    words, fine = swar.date_words(text, start, np.full(count, day_size))
    days, fine = swar.days_of(words, fine)
    clock = np.full(count, _NO_SECONDS)
    if size in (12, 14):
        clock, timely = _clock(text, start + 8, np.full(count, size - 8))
        fine &= timely
    elif size in (16, 19):
        word = text.words[start + 11]  # HH:MM or HH:MM:SS
        colons = np.uint64(0x00003A00003A0000 if size == 19 else 0x00000000003A0000)
        fine &= (word & np.uint64(0x0000FF0000FF0000 if size == 19 else 0x0000000000FF0000)) == colons
        between = text.data[start + 10]
        fine &= (between == ord(" ")) | (between == ord("T"))
        clock = (word & np.uint64(0xFFFF)) | ((word >> np.uint64(8)) & np.uint64(0x00000000FFFF0000))
        if size == 19:
            clock |= (word >> np.uint64(16)) & np.uint64(0x0000FFFF00000000)
        else:
            clock |= _NO_SECONDS
        fine &= swar.clock_of(clock)
    return fine, words, days, clock


def _barcode(one: ReceiptField, text: Text, start: Ints, size: Ints) -> Cell:
    """44 digits after the prefix, AI 91, check digit; `start` is that of the first digit, `words` are the digits (left-aligned, 48)."""
    prefix = one.prefix.encode("ascii", "replace")
    fine = size == len(prefix) + 44
    if prefix:
        fine = fine & _says(text, start, np.full(len(start), len(prefix)), prefix)
    first = np.where(fine, start + len(prefix), FRONT)
    words = swar.left_words(text, first, np.full(len(first), 44), 6)
    filled = words.copy()
    filled[:, 5] |= np.uint64(0x3030303000000000)
    fine = fine & swar.all_digits(filled)
    fine &= (words[:, 0] & np.uint64(0xFFFF)) == np.uint64(int.from_bytes(b"91", "little"))
    fine &= swar.weighted_sum(filled) % 10 == 0
    return Cell(fine=fine, empty=np.zeros(len(start), np.bool_), words=words, start=first)


def _text(one: ReceiptField, text: Text, start: Ints, size: Ints, plan: RowPlan) -> Cell:
    """Text of the event must be visible ASCII; other text must be sound, which is asked once for each distinct one."""
    nothing = np.zeros(len(start), np.bool_)
    most = int(size.max(initial=0))
    if one.name in EVENT_FIELDS:
        count = min(max(1, -(-most // WORD)), TEXT_WORDS_MAX)
        limit = count * WORD if plan.layout.form == "fixed" or not one.width else min(one.width, count * WORD)
        words = swar.left_words(text, start, size, count)
        fine = (size > 0) & (size <= limit) & swar.plain_ascii(words, np.minimum(size, count * WORD))
        return Cell(fine=fine, empty=nothing, start=start, size=size)
    if plan.plain_block and (not one.width or most <= one.width or plan.layout.form == "fixed"):
        return Cell(fine=~nothing, empty=nothing)
    return Cell(fine=_sound(one, text, start, size, plan), empty=nothing)


def _sound(one: ReceiptField, text: Text, start: Ints, size: Ints, plan: RowPlan) -> Flags:
    most = int(size.max(initial=0))
    words = swar.left_words(text, start, size, max(1, -(-most // WORD)))
    marks = pl.DataFrame({"mark": swar.mixed(words, size)}).with_row_index("at")
    firsts = marks.group_by("mark").agg(pl.col("at").first())
    wrong = [
        mark
        for mark, at in firsts.iter_rows()
        if not sound_text(text.data[start[at] : start[at] + size[at]].tobytes(), one, plan)
    ]
    if not wrong:
        return np.ones(len(start), np.bool_)
    return ~np.isin(marks["mark"].to_numpy(), np.array(wrong, np.uint64))


def barcode_amount(barcode: Cell) -> Words:
    """`(n, 2)` words of the amount in the 44 digits, right-aligned."""
    if barcode.words is None:
        raise ValueError("the cell is no barcode")
    high = barcode.words[:, 4] >> np.uint64(40)  # digits 37 to 39
    low = barcode.words[:, 5] & np.uint64(0x0000000000FFFFFF)  # digits 40 to 42
    word = np.uint64(0x3030) | (high << np.uint64(16)) | (low << np.uint64(40))
    return np.stack([np.full(len(word), 0x3030303030303030, np.uint64), word], axis=1)
