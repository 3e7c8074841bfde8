"""Framing on raw bytes against the csv module, and faults that must stay with their own row."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elqr.framing import RECORD_LINES_MAX, Fault, frame


def records(block: bytes, fields: int | None, *, last: bool = True) -> list[tuple[int, bytes, int, int]]:
    got = frame(block, fields=fields, first_line=1, last=last)
    return [
        (int(got.line[i]), block[got.start[i] : got.end[i]], int(got.fields[i]), int(got.fault[i]))
        for i in range(len(got))
    ]


def test_plain_lines() -> None:
    assert records(b"a,b\r\nc\n\n\r\nd,e\n", 2) == [
        (1, b"a,b\r\n", 2, Fault.NONE),
        (2, b"c\n", 1, Fault.FIELDS),
        (5, b"d,e\n", 2, Fault.NONE),
    ]


def test_quoted_commas_and_newlines_count_lines() -> None:
    block = b'a,"b,\r\nc\nd"\nx,y\n"p","q"\n'
    assert records(block, 2) == [
        (1, b'a,"b,\r\nc\nd"\n', 2, Fault.NONE),
        (4, b"x,y\n", 2, Fault.NONE),
        (5, b'"p","q"\n', 2, Fault.NONE),
    ]


def test_a_stray_quote_costs_one_row() -> None:
    block = b"a,b\n" + b'x,"y\n' + b"c,d\n" * 100
    got = records(block, 2)
    assert [(line, raw, fault) for line, raw, _, fault in got if fault] == [(2, b'x,"y\n', Fault.QUOTE)]
    assert len(got) == 102


def test_two_stray_quotes_near_each_other_do_not_join() -> None:
    block = b'a,b\nx,"y\nc,d\ne,f\nx,"y\ng,h\n'
    assert [(line, fault) for line, _, _, fault in records(block, 2)] == [
        (1, 0),
        (2, Fault.QUOTE),
        (3, 0),
        (4, 0),
        (5, Fault.QUOTE),
        (6, 0),
    ]


@pytest.mark.parametrize("row", [b'a"b",c', b'"a"b,c', b'"a" ,c', b'a,b"c"', b'a,"b"c'])
def test_quotes_inside_a_field_are_a_fault(row: bytes) -> None:
    got = records(b"1,2\n" + row + b"\n3,4\n", 2)
    assert [(line, fault) for line, _, _, fault in got] == [(1, 0), (2, Fault.QUOTE), (3, 0)]


def test_an_open_record_is_carried() -> None:
    got = frame(b'a,b\nc,"d\n', fields=2, first_line=7, last=False)
    assert (len(got), got.consumed, got.lines, got.line.tolist()) == (1, 4, 1, [7])
    whole = frame(b'c,"d\n', fields=2, first_line=8, last=False)
    assert (len(whole), whole.consumed, whole.lines) == (0, 0, 0)


def test_an_open_record_has_a_limit() -> None:
    long = b'a,"b\n' + b"x,y\n" * RECORD_LINES_MAX
    got = frame(long, fields=2, first_line=1, last=False)
    assert got.consumed == len(long)
    assert got.fault.tolist() == [Fault.QUOTE] + [0] * RECORD_LINES_MAX


def test_a_block_without_line_end_is_refused() -> None:
    with pytest.raises(ValueError, match="line end"):
        frame(b"a,b", fields=2, first_line=1, last=True)


CELLS = st.text(alphabet=st.sampled_from('ab,"\n\r表ソ ｱ'), max_size=6)


@given(
    st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=1, max_size=12),
    st.sampled_from(["\n", "\r\n"]),
)
def test_whatever_csv_writes_is_framed_as_csv_reads_it(rows: list[list[str]], end: str) -> None:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator=end, quoting=csv.QUOTE_ALL).writerows(rows)
    for encoding in ("utf-8", "cp932"):
        block = out.getvalue().encode(encoding)
        got = records(block, 3)
        assert [fault for *_, fault in got] == [0] * len(rows)
        cells = [next(csv.reader(io.StringIO(raw.decode(encoding), newline=""))) for _, raw, _, _ in got]
        assert cells == rows
        lines = [1]
        for row in rows[:-1]:
            lines.append(lines[-1] + 1 + sum(c.count("\n") for c in row))
        assert [line for line, *_ in got] == lines


@given(st.binary(max_size=80).map(lambda b: b.replace(b"\0", b",") + b"\n"), st.integers(1, 4))
def test_any_bytes_are_covered_once_and_in_order(block: bytes, fields: int) -> None:
    got = frame(block, fields=fields, first_line=1, last=True)
    assert got.consumed == len(block)
    assert got.lines == block.count(b"\n")
    covered = [(int(a), int(b)) for a, b in zip(got.start, got.end, strict=True)]
    assert all(a < b for a, b in covered)
    assert all(covered[i][1] <= covered[i + 1][0] for i in range(len(covered) - 1))
    left = block
    for a, b in reversed(covered):
        left = left[:a] + left[b:]
    assert not left.strip(b"\r\n"), "only blank lines are left out"
