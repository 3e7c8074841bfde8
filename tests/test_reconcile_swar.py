"""Cells as words: what eight bytes at a time say must be what one cell at a time says."""

from __future__ import annotations

from datetime import date

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from reconcile import swar
from reconcile.swar import FRONT, Text

_cells = st.lists(st.binary(max_size=30), min_size=1, max_size=20)
_digitish = st.lists(st.text("0123456789-/: x", max_size=21), min_size=1, max_size=20)


def placed(cells: list[bytes]) -> tuple[Text, swar.Ints, swar.Ints]:
    size = np.array([len(c) for c in cells], np.int64)
    start = np.concatenate([[0], np.cumsum(size + 1)[:-1]]).astype(np.int64) + FRONT
    return Text.of(b",".join(cells)), start, size


def encoded(cells: list[str]) -> list[bytes]:
    return [c.encode() for c in cells]


@given(_cells)
def test_words_hold_the_cell(cells: list[bytes]) -> None:
    text, start, size = placed(cells)
    left = swar.matrix(swar.left_words(text, start, size, 4))
    assert [row.tobytes() for row in left] == [c.ljust(32, b"\0") for c in cells]
    right = swar.matrix(swar.right_words(text, start, np.minimum(size, 24), 24))
    starts = [c[:24] for c in cells]
    assert [row.tobytes() for row in right] == [c.rjust(24, b"0") for c in starts]


@given(_digitish)
def test_digits_and_numbers(cells: list[str]) -> None:
    text, start, size = placed(encoded(cells))
    words = swar.right_words(text, start, size, 24)
    fine = swar.all_digits(words)
    assert fine.tolist() == [not c or c.isdigit() for c in cells]
    number = swar.number(words[:, 1:])
    assert [int(n) for n, c in zip(number, cells, strict=True) if c.isdigit()] == [
        int(c[-16:]) for c in cells if c.isdigit()
    ]


@given(_cells)
def test_plain_ascii(cells: list[bytes]) -> None:
    text, start, size = placed(cells)
    found = swar.plain_ascii(swar.left_words(text, start, size, 4), size)
    assert found.tolist() == [all(0x20 < b < 0x7F for b in c) for c in cells]


def _day(text: str) -> date | None:
    plain = (
        text.replace("-", "")
        if len(text) == 10 and text[4] == text[7] == "-" and text.count("-") == 2
        else text
    )
    if len(plain) != 8 or not plain.isdigit() or not 1873 <= int(plain[:4]) <= 2199:
        return None
    try:
        return date(int(plain[:4]), int(plain[4:6]), int(plain[6:]))
    except ValueError:
        return None


_near_dates = st.one_of(
    st.dates(date(1872, 1, 1), date(2200, 12, 31)).map(str),
    st.dates(date(1872, 1, 1), date(2200, 12, 31)).map(lambda d: d.strftime("%Y%m%d")),
    st.from_regex(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}", fullmatch=True),
    st.from_regex(r"20[0-9]{2}[01][0-9][0-3][0-9]", fullmatch=True),
    st.text("0123456789-", max_size=12),
)


@given(st.lists(_near_dates, min_size=1, max_size=20))
def test_dates(cells: list[str]) -> None:
    text, start, size = placed(encoded(cells))
    days, fine = swar.days_of(*swar.date_words(text, start, size))
    found = [
        date.fromordinal(date(1970, 1, 1).toordinal() + int(d)) if f else None
        for d, f in zip(days, fine, strict=True)
    ]
    assert found == [_day(c) for c in cells]


@given(st.lists(st.text("0123456789:", min_size=6, max_size=6), min_size=1, max_size=20))
def test_times_of_day(cells: list[str]) -> None:
    text, start, size = placed(encoded(cells))
    found = swar.clock_of(swar.left_words(text, start, size, 1)[:, 0])
    expected = [c.isdigit() and c[:2] < "24" and c[2:4] < "60" and c[4:] < "60" for c in cells]
    assert found.tolist() == expected


@given(st.lists(st.text("0123456789", min_size=48, max_size=48), min_size=1, max_size=10))
def test_weighted_sums(cells: list[str]) -> None:
    text, start, size = placed(encoded(cells))
    found = swar.weighted_sum(swar.left_words(text, start, size, 6))
    assert found.tolist() == [sum(int(d) * (3 if i % 2 == 0 else 1) for i, d in enumerate(c)) for c in cells]


def test_strings_and_hashes() -> None:
    rows = np.frombuffer(b"abcdefgh", np.uint8).reshape(2, 4)
    assert swar.strings(rows).to_list() == ["abcd", "efgh"]
    assert swar.blobs(rows[:0]).to_list() == [] and swar.blobs(rows[:, :0]).to_list() == [b"", b""]
    text, start, size = placed([b"ab", b"ab\0", b"ab", b"ba"])
    mixed = swar.mixed(swar.left_words(text, start, size, 1), size)
    assert mixed[0] == mixed[2] and len(set(mixed.tolist())) == 3
