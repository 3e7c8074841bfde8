"""A debt that 充当 leaves as it is, because collection is suspended: every place that tells of the refund names it and the reason."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from ledger_files import LINE_HEAD, RECEIPT_HEAD, SLIP_HEAD, line, night, receipt, slip, write
from night_runs import elqr, rows
from refund_towns import act, found, later, refunds

from reconcile.refund_words import split_passed_over, story
from reconcile.refunds import approve, propose

OWED = "00001-2"  # due on 2026-08-31, ¥15,000


def town(folder: Path, **more: str) -> Path:
    """A payer who paid the first instalment twice and owes the second, of which `more` is said."""
    folder.mkdir(parents=True, exist_ok=True)
    head = f"{LINE_HEAD},exempt_from,exempt_to"
    a = write(folder / "a.csv", head, line(1, 1, 20_000), line(1, 2, 15_000, **more))
    s = write(folder / "s.csv", SLIP_HEAD, slip(11, 1, 1, 20_000), slip(12, 1, 2, 15_000))
    paid = [receipt(f"T{x}", 11, 20_000, date(2026, 6, 1)) for x in "ab"]
    place = folder / "l.db"
    night(place, assessments=[a], slips=[s], receipts=[write(folder / "r.csv", RECEIPT_HEAD, *paid)])
    return place


@pytest.fixture
def suspended(tmp_path: Path) -> Path:
    return town(tmp_path, status="suspended")


def test_the_proposal_warns_and_keeps_the_reason(suspended: Path) -> None:
    done = propose(act(suspended, "aki"))
    (refund,) = done.refunds
    assert (refund.figures["offset"], refund.figures["refund"]) == (0, 20_000)
    assert [p.code for p in done.problems] == ["refund.passed_over"]
    assert done.problems[0].params["line"] == OWED and done.problems[0].params["yen"] == "15,000"
    assert "執行停止" in done.problems[0].text("ja") and "suspended" in done.problems[0].text("en")
    (decided,) = approve(act(suspended, "bo"), ["R000001"]).refunds
    assert decided.figures["passed_over"] == f"{OWED}:suspended:15000"
    assert any(f"充当しなかった未納 {OWED} 15,000円" in text for text in story(decided, show_names=False))
    assert found(suspended) == []


def test_a_line_id_with_the_signs_of_the_list_does_not_end_the_night(tmp_path: Path) -> None:
    """It ended behind the commit, and so did every later night and `elqr report`."""
    place = town(tmp_path, status="suspended", line_id="A;1:2")
    assert elqr("report", "--ledger", place, "--out", tmp_path / "out").exit_code == 0
    (row,) = rows(tmp_path / "out" / "overpayments.csv")
    assert row["passed_over"] == "A;1:2:suspended:15000"
    assert "A;1:2 15,000円(徴収の猶予・執行停止)" in elqr("explain", "11", "--ledger", place).output
    assert split_passed_over("A;1:suspended:4000;B:preliminary:5") == [
        ("A;1", "suspended", 4000),
        ("B", "preliminary", 5),
    ]


def test_files_and_stories_name_it(suspended: Path, tmp_path: Path) -> None:
    words = ("report", "--ledger", suspended, "--as-of", "2026-11-20", "--out", tmp_path / "out")
    assert elqr(*words).exit_code == 0
    (row,) = rows(tmp_path / "out" / "overpayments.csv")
    assert (row["offset"], row["refund"], row["passed_over"]) == ("0", "20000", f"{OWED}:suspended:15000")
    html = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "充当していないもの" in html and "徴収の猶予・執行停止" in html
    for key in (row["receipt_id"], "11", "00001-1"):
        told = elqr("explain", key, "--ledger", suspended)
        assert f"{OWED} 15,000円(徴収の猶予・執行停止)" in told.output
        said = json.loads(elqr("explain", key, "--ledger", suspended, "--json").output)
        assert [(p["line_id"], p["reason"], p["yen"]) for p in said["passed_over"]] == [
            (OWED, "suspended", 15_000)
        ]
    assert "停止中" in elqr("explain", OWED, "--ledger", suspended).output
    # what a refund holds says the same
    propose(act(suspended, "aki"))
    assert elqr(*words).exit_code == 0
    (row,) = rows(tmp_path / "out" / "overpayments.csv")
    assert (row["state"], row["passed_over"]) == ("proposed", f"{OWED}:suspended:15000")


def test_once_the_suspension_is_over_the_debt_is_filled(suspended: Path, tmp_path: Path) -> None:
    later(suspended, tmp_path, line(1, 2, 15_000, revised_at="2026-11-10"), head=LINE_HEAD)
    done = propose(act(suspended, "aki"))
    assert [(o["offset_to"], o["amount"]) for o in done.refunds[0].offsets] == [(OWED, 15_000)]
    assert done.problems == () and done.refunds[0].figures["passed_over"] is None


def test_a_span_without_charges_alone_keeps_nothing_from_being_filled(tmp_path: Path) -> None:
    """猶予 as a span of 延滞金 is one thing, 停止 of collection another."""
    place = town(tmp_path, exempt_from="2026-09-01", exempt_to="2027-03-31")
    done = propose(act(place, "aki"))
    assert [(o["offset_to"], o["amount"]) for o in done.refunds[0].offsets] == [(OWED, 15_000)]
    assert done.problems == ()


def test_refunds_of_an_earlier_version_say_nothing_of_it(suspended: Path, tmp_path: Path) -> None:
    propose(act(suspended, "aki"))
    (refund,) = refunds(suspended).values()
    before = dict(refund.figures)
    del before["passed_over"]
    object.__setattr__(refund, "figures", before)
    assert not any("充当しなかった" in text for text in story(refund, show_names=False))
