"""What of a night is new: the same words again are taken before, other words under one identity stop it, in the night as in the ledger."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from ledger_files import LINE_HEAD, RECEIPT_HEAD, SLIP_HEAD, Row, line, night, receipt, slip, write

from elqr.problems import ProblemError
from reconcile.ledger import open_ledger

DAY = date(2026, 6, 10)
Night = Callable[..., list[tuple[object, ...]]]


def paid(yen: int, txn: str = "T1") -> Row:
    return receipt(txn, 1, yen, DAY)


@pytest.fixture
def night_of(tmp_path: Path) -> Night:
    """Does a night from rows, a list for each file; out: (taken, already) of each file."""
    count = 0

    def do(head: str, role: str, *files: list[Row]) -> list[tuple[object, ...]]:
        nonlocal count
        count += 1
        folder = tmp_path / str(count)
        folder.mkdir()
        paths = [write(folder / f"{n}.csv", head, *rows) for n, rows in enumerate(files)]
        return night(str(tmp_path / "l.db"), **{role: paths}).files.select("taken", "already").rows()

    return do


def stored(tmp_path: Path, table: str, *columns: str) -> list[tuple[object, ...]]:
    with open_ledger(str(tmp_path / "l.db")) as ledger:
        return pl.concat(ledger.scan(table, ["seq", *columns])).sort("seq").select(columns).rows()


def conflicts(caught: pytest.ExceptionInfo[ProblemError]) -> list[tuple[object, ...]]:
    """Code, file, line, found, expected."""
    return [
        (p.code, p.where and p.where.file, p.where and p.where.line, p.params["found"], p.params["expected"])
        for p in caught.value.problems
    ]


# --- receipts ---------------------------------------------------------------------------------------


def test_of_one_event_in_several_places_of_a_night_the_first_is_taken(
    night_of: Night, tmp_path: Path
) -> None:
    """Twice in one file, and in the same line of another."""
    found = night_of(RECEIPT_HEAD, "receipts", [paid(100), paid(100)], [paid(100), paid(7, "T2")])
    assert found == [(1, 1), (1, 1)]
    assert stored(tmp_path, "receipts", "amount") == [(100,), (7,)]
    assert night_of(RECEIPT_HEAD, "receipts", [paid(7, "T2"), paid(9, "T3")]) == [(1, 1)]


def test_other_words_in_the_ledger_are_told_for_each_row_with_both_digests(
    night_of: Night, tmp_path: Path
) -> None:
    """Two files that agree with each other against the ledger are not right for that."""
    night_of(RECEIPT_HEAD, "receipts", [paid(100)])
    with pytest.raises(ProblemError) as caught:
        night_of(RECEIPT_HEAD, "receipts", [paid(7, "T2"), paid(200)], [paid(200), paid(100)])
    said = conflicts(caught)
    assert [row[:3] for row in said] == [("ledger.conflict", "0.csv", 3), ("ledger.conflict", "1.csv", 2)]
    assert {row[4] for row in said} == {sha for (sha,) in stored(tmp_path, "receipts", "content_sha")}
    assert said[0][3] == said[1][3] != said[0][4]
    assert [p.text("ja").split(": ")[1].split("。")[0] for p in caught.value.problems] == [
        "amount 100→200"
    ] * 2


# --- assessments ------------------------------------------------------------------------------------


def test_versions_stand_in_the_order_in_which_they_were_first_said(night_of: Night, tmp_path: Path) -> None:
    """A row that says again what an earlier one said does not bring it back."""
    rows = [line(1, 1, 10_000), line(2, 1, 500), line(1, 1, 8_000), line(3, 1, 600), line(1, 1, 10_000)]
    assert night_of(LINE_HEAD, "assessments", rows) == [(4, 1)]
    order = [("00001-1", 10_000), ("00002-1", 500), ("00001-1", 8_000), ("00003-1", 600)]
    assert stored(tmp_path, "assessments", "line_id", "principal") == order
    assert night_of(LINE_HEAD, "assessments", [line(3, 1, 600), line(4, 1, 1), line(3, 1, 601)]) == [(2, 1)]
    assert stored(tmp_path, "assessments", "line_id", "principal") == [
        *order,
        ("00004-1", 1),
        ("00003-1", 601),
    ]


# --- slips ------------------------------------------------------------------------------------------


def test_a_slip_again_is_taken_before_in_the_night_as_in_the_ledger(night_of: Night, tmp_path: Path) -> None:
    night_of(LINE_HEAD, "assessments", [line(1, 1, 100), line(1, 2, 100)])
    one, two, three = slip(1, 1, 1, 100), slip(2, 1, 2, 100), slip(3, 1, 1, 100)
    assert night_of(SLIP_HEAD, "slips", [one, two], [three, two]) == [(2, 0), (1, 1)]
    assert [key[-1] for (key,) in stored(tmp_path, "slips", "slip_key")] == ["1", "2", "3"]  # type: ignore[index]
    assert night_of(SLIP_HEAD, "slips", [three, slip(4, 1, 1, 100)]) == [(1, 1)]


def test_a_slip_with_other_words_is_told_with_its_own_digest_and_that_of_the_first(night_of: Night) -> None:
    night_of(LINE_HEAD, "assessments", [line(1, 1, 100)])
    night_of(SLIP_HEAD, "slips", [slip(1, 1, 1, 100)])
    said = []
    for yen in (90, 80):
        with pytest.raises(ProblemError) as caught:
            night_of(SLIP_HEAD, "slips", [slip(2, 1, 1, 100), slip(1, 1, 1, yen)])
        said += conflicts(caught)
    assert [row[:3] for row in said] == [("ledger.slip_conflict", "0.csv", 3)] * 2
    assert "amount 100→80; " in caught.value.problems[0].text("en")
    assert said[0][4] == said[1][4] and len({row[3] for row in said} | {said[0][4]}) == 3
    with pytest.raises(ProblemError) as caught:  # neither of them is in the ledger
        night_of(SLIP_HEAD, "slips", [slip(5, 1, 1, 100)], [slip(6, 1, 1, 90), slip(5, 1, 1, 90)])
    assert [row[:3] for row in conflicts(caught)] == [("ledger.slip_conflict", "1.csv", 3)]


def test_a_slip_whose_lines_lost_their_blanks_in_an_earlier_version_is_the_same_slip(night_of: Night) -> None:
    """A register that comes again with it, and other slips, stopped every night with a conflict that nobody could lift."""
    head = f"{SLIP_HEAD},covers"
    night_of(head, "slips", [slip(1, 1, 1, 100, covers="A1:60;B1:40"), slip(2, 1, 1, 100, covers="A 2:100")])
    again = slip(1, 1, 1, 100, covers="A 1:60;B1:40")
    assert night_of(head, "slips", [again, slip(3, 1, 1, 100, covers="A3:100")]) == [(1, 1)]
    for other in (slip(1, 1, 1, 100, covers="A 1:60;B2:40"), slip(2, 1, 1, 100, covers="A2:100")):
        with pytest.raises(ProblemError) as caught:
            night_of(head, "slips", [other])
        assert [row[0] for row in conflicts(caught)] == ["ledger.slip_conflict"]


# --- bad rows ---------------------------------------------------------------------------------------


def test_a_bad_row_is_kept_as_often_as_one_file_holds_it(night_of: Night, tmp_path: Path) -> None:
    bad: Row = {**paid(5), "amount": "many"}
    night_of(RECEIPT_HEAD, "receipts", [bad, paid(100), bad], [bad])
    assert stored(tmp_path, "quarantine", "file_no", "line") == [(1, 2), (1, 4)]
    night_of(RECEIPT_HEAD, "receipts", [paid(7, "T2"), bad, bad, bad])
    assert stored(tmp_path, "quarantine", "file_no", "line") == [(1, 2), (1, 4), (3, 5)]
