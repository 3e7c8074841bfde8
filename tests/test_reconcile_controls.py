"""Header and trailer against the rows: every lie is told with both figures and the signed difference, and quarantined yen stay in sight."""

from __future__ import annotations

from pathlib import Path

import pytest
from receipt_rows import SITE, event, file_of, record, store_event, trailer, write

from elqr.problems import Problem, ProblemError
from reconcile.controls import Tally
from reconcile.descriptors import load_receipt_layout
from reconcile.intake import Receipts, read_receipts

CANONICAL = load_receipt_layout("canonical")
FIXED = load_receipt_layout("convenience_fixed")
ROWS = [event(i, amount=1000) for i in range(5)]
STORE_ROWS = [store_event(i, amount=1000) for i in range(5)]


def problems(path: Path) -> list[Problem]:
    with pytest.raises(ProblemError) as caught:
        read_receipts(path, site=SITE)
    return list(caught.value.problems)


def lies(path: Path, name: str, count: int, yen: int) -> list[tuple[str, str, str, str]]:
    rows = ROWS if name == "canonical" else STORE_ROWS
    found = problems(write(path, rows, name, control=(count, yen)))
    return [(p.code, *(str(p.params[k]) for k in ("expected", "found", "difference"))) for p in found]


@pytest.mark.parametrize("name", ["canonical", "convenience_fixed"])
def test_a_true_trailer_is_believed(tmp_path: Path, name: str) -> None:
    rows = ROWS if name == "canonical" else STORE_ROWS
    balance = read_receipts(write(tmp_path / "r", rows, name, control=True), site=SITE).summary.balance
    assert (balance.trailer_rows, balance.trailer_yen, balance.open_rows, balance.open_yen) == (5, 5000, 0, 0)


@pytest.mark.parametrize("name", ["canonical", "convenience_fixed"])
def test_lies_are_told_with_both_figures_and_a_sign(tmp_path: Path, name: str) -> None:
    path = tmp_path / "r"
    assert lies(path, name, 6, 5000) == [("receipt_file.count", "6", "5", "-1")]
    assert lies(path, name, 4, 5000) == [("receipt_file.count", "4", "5", "+1")]
    assert lies(path, name, 5, 75_400) == [("receipt_file.sum", "75,400", "5,000", "-70,400")]
    assert lies(path, name, 5, 4_999) == [("receipt_file.sum", "4,999", "5,000", "+1")]
    assert [c for c, *_ in lies(path, name, 6, 6000)] == ["receipt_file.count", "receipt_file.sum"]


def test_a_sentence_says_both_numbers(tmp_path: Path) -> None:
    (found,) = problems(write(tmp_path / "r", ROWS, control=(5, 75_400)))
    assert found.text("en").startswith(
        "The trailer says 75,400 yen, the file has 5,000 yen (difference -70,400 yen)"
    )
    assert "トレーラ 75,400 円、ファイル 5,000 円(差 -70,400 円)" in found.text("ja")
    assert found.where.line == 7


def assembled(path: Path, lines: list[bytes]) -> list[str]:
    path.write_bytes(file_of(lines, FIXED))
    return [p.code for p in problems(path)]


def test_records_that_are_missing_twice_or_out_of_order(tmp_path: Path) -> None:
    path = tmp_path / "r"
    header = FIXED.controls.header.encode().ljust(FIXED.record_bytes)
    rows = [record(e, FIXED) for e in STORE_ROWS]
    closing, end = trailer(FIXED, 5, 5000)
    assert assembled(path, [header, *rows]) == ["receipt_file.trailer_missing"]
    assert assembled(path, [*rows, end]) == ["receipt_file.trailer_missing"]
    assert assembled(path, [header, *rows, closing, closing, end]) == ["receipt_file.trailer_twice"]
    assert assembled(path, [header, header, *rows, closing, end]) == ["receipt_file.record_twice"]
    assert assembled(path, [*rows, header, closing, end]) == ["receipt_file.order"]
    assert assembled(path, [header, *rows, end, closing]) == ["receipt_file.order"]
    assert assembled(path, [header, *rows[:4], closing, rows[4], end]) == ["receipt_file.after_trailer"]
    unreadable = closing[:1] + b"00000X" + closing[7:]
    assert assembled(path, [header, *rows, unreadable, end]) == ["receipt_file.trailer_unreadable"]
    path.write_bytes(file_of(rows, FIXED))
    assert read_receipts(path, site=SITE).frame.height == 5  # neither header nor trailer: nothing is promised


def test_the_trailer_of_a_csv(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    body = file_of([record(e, CANONICAL) for e in ROWS], CANONICAL)
    for good in (
        b"TRAILER,5,5000",
        b"TRAILER,5,5000,,,,,",
        b'"TRAILER","5","5000"',
        b"TRAILER,5,5000\r\n\r\n",
    ):
        path.write_bytes(body + good)
        assert read_receipts(path, site=SITE).summary.balance.trailer_rows == 5
    for bad in (b"TRAILER,5", b"TRAILER,five,5000", b"TRAILER,5,5000,9", b"TRAILER,-5,5000"):
        path.write_bytes(body + bad)
        assert {p.code for p in problems(path)} == {"receipt_file.trailer_unreadable"}
    path.write_bytes(body + b"TRAILER,5,5000\r\nTRAILER,5,5000\r\n")
    assert [p.code for p in problems(path)] == ["receipt_file.trailer_twice"]
    path.write_bytes(
        body.replace(b"\r\n", b"\r\nTRAILER,5,5000\r\n", 2).replace(b"TRAILER,5,5000\r\n", b"", 1)
    )
    assert [p.code for p in problems(path)] == ["receipt_file.after_trailer"]


def with_bad(tmp_path: Path, change: tuple[bytes, bytes], control: tuple[int, int]) -> Receipts:
    lines = [record(e, CANONICAL) for e in ROWS]
    lines[2] = lines[2].replace(*change)
    path = tmp_path / "r.csv"
    path.write_bytes(file_of(lines, CANONICAL, control=control))
    return read_receipts(path, site=SITE)


def test_quarantined_rows_count_in_the_totals(tmp_path: Path) -> None:
    receipts = with_bad(tmp_path, (b"2024-02-29", b"2024-02-30"), (5, 5000))
    assert receipts.summary.tally == Tally(good=4, good_yen=4000, quarantined=1, quarantined_yen=1000)
    assert (receipts.summary.balance.open_rows, receipts.summary.balance.open_yen) == (1, 1000)


def test_the_trailer_tells_an_amount_that_is_not_legible(tmp_path: Path) -> None:
    receipts = with_bad(tmp_path, (b",1000,", b",1O00,"), (5, 5000))
    assert receipts.summary.tally.unreadable == 1
    assert receipts.summary.balance.open_yen == 1000
    with pytest.raises(ProblemError, match=r"receipt_file\.sum"):
        with_bad(tmp_path, (b",1000,", b",1O00,"), (5, 3999))  # then it would be worth less than nothing
    with pytest.raises(ProblemError, match=r"receipt_file\.count"):
        with_bad(tmp_path, (b",1000,", b",1O00,"), (4, 5000))


def test_without_a_trailer_an_illegible_amount_is_open_and_unknown(tmp_path: Path) -> None:
    lines = [record(e, CANONICAL) for e in ROWS]
    lines[2] = lines[2].replace(b",1000,", b",1O00,")
    path = tmp_path / "r.csv"
    path.write_bytes(file_of(lines, CANONICAL))
    assert read_receipts(path, site=SITE).summary.balance.open_yen is None


def test_other_bodies_rows_count_in_the_totals(tmp_path: Path) -> None:
    rows = [*ROWS, event(6, amount=500, body_code="131016")]
    summary = read_receipts(write(tmp_path / "r.csv", rows, control=True), site=SITE).summary
    assert (summary.tally.rejected_yen, summary.balance.open_yen) == (500, 0)


def test_one_broken_file_says_nothing_of_the_next(tmp_path: Path) -> None:
    assert problems(write(tmp_path / "a.csv", ROWS, control=(4, 5000)))
    assert read_receipts(write(tmp_path / "b.csv", ROWS, control=True), site=SITE).frame.height == 5
