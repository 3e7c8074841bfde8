"""`elqr explain`: the stories of the sample's nights as goldens that a person can read; masking; what is not known."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from house import ROOT
from ledger_files import LINE_HEAD, RECEIPT_HEAD, SLIP_HEAD, line, receipt, slip, write
from ledger_files import night as ledger_night
from night_runs import FIRST, SECOND, elqr, night

Row = Mapping[str, Any]

GOLDEN = ROOT / "tests" / "golden" / "explain"
STORIES = {
    "line_earlier_payment_came_late": "2026901-000041-01",
    "slip_reduced_after_payment": "202601010000022",
    "slip_cancelled": "00000202602010000071",
    "line_with_charge": "2025901-000016-04",
    "line_preliminary_then_confirmed": "2026901-000016-01",
    "receipt_unknown_key": "d683e4933ac99bd972fd2655e5a6c312",
}


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    top = tmp_path_factory.mktemp("stories")
    night(top, "one", *FIRST)
    night(top, "two", *SECOND)
    return top / "ledger"


@pytest.mark.parametrize("name", STORIES)
def test_the_story_is_told_as_accepted(name: str, ledger: Path) -> None:
    done = elqr("explain", STORIES[name], "--ledger", ledger)
    assert done.exit_code == 0, done.output
    assert done.output == (GOLDEN / f"{name}.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("typed", ["0000 0202 6010 1000 0022", "２０２６０１０１０００００２２"])
def test_a_slip_is_found_by_its_number_as_it_is_printed(typed: str, ledger: Path) -> None:
    """In groups of four, or in the figures that an input method writes."""
    done = elqr("explain", typed, "--ledger", ledger)
    assert done.exit_code == 0, done.output
    plain = elqr("explain", STORIES["slip_reduced_after_payment"], "--ledger", ledger)
    assert done.output.splitlines()[1:] == plain.output.splitlines()[1:]


def test_a_payment_is_found_by_any_of_its_receipts(ledger: Path) -> None:
    by_line = json.loads(elqr("explain", "2026901-000016-01", "--ledger", ledger, "--json").output)
    ids = {e["receipt_id"] for e in by_line["events"] if e["event"] == "received"}
    assert len(ids) == 2  # 速報, 確報
    stories = [json.loads(elqr("explain", i, "--ledger", ledger, "--json").output) for i in sorted(ids)]
    assert stories[0]["events"] == stories[1]["events"]
    assert [s["kind"] for s in stories] == ["receipt", "receipt"]


def test_a_payment_is_found_by_the_number_that_came_with_it(tmp_path: Path) -> None:
    """Also by that of its cancellation or correction, which its identity knows nothing of."""
    place = tmp_path / "l.db"
    lines = write(tmp_path / "a.csv", LINE_HEAD, line(1, 1, 10_000))
    slips = write(tmp_path / "s.csv", SLIP_HEAD, slip(11, 1, 1, 10_000))
    paid = date(2026, 6, 1)
    events = [
        receipt("EL-1", 11, 10_000, paid),
        receipt("EL-1", 11, 10_000, paid, kind="cancelled"),
        receipt("EL-2", 11, 10_000, paid),
    ]
    ledger_night(
        place, assessments=[lines], slips=[slips], receipts=[write(tmp_path / "r.csv", RECEIPT_HEAD, *events)]
    )

    def story(key: str) -> Any:
        done = elqr("explain", key, "--ledger", place, "--json")
        assert done.exit_code == 0, done.output
        return json.loads(done.output)

    assert story("EL-1")["kind"] == "receipt"
    assert [e["kind"] for e in story("EL-1")["events"] if e["event"] == "received"] == [
        "confirmed",
        "cancelled",
    ]
    assert story("EL-1-can")["events"] == story("EL-1")["events"]
    assert story("EL-2")["events"] != story("EL-1")["events"]
    unknown = elqr("explain", "EL-3", "--ledger", place)
    assert unknown.exit_code == 2 and "explain.unknown" in unknown.output


def test_a_key_of_several_kinds_is_told_and_asked_for(tmp_path: Path) -> None:
    """The line was told and the slip of the same number passed over in silence."""
    place = tmp_path / "l.db"
    lines = write(tmp_path / "a.csv", LINE_HEAD, line(1, 1, 10_000, line_id="11"), line(2, 1, 5_000))
    slips = write(tmp_path / "s.csv", SLIP_HEAD, slip(11, 2, 1, 5_000))
    paid = write(tmp_path / "r.csv", RECEIPT_HEAD, receipt("11", 11, 5_000, date(2026, 6, 1)))
    ledger_night(place, assessments=[lines], slips=[slips], receipts=[paid])
    words = ("explain", "11", "--ledger", place)
    done = elqr(*words)
    assert done.exit_code == 2 and "explain.several" in done.output
    kinds = {"line": "line", "slip": "slip", "transaction": "receipt"}
    for kind, told in kinds.items():
        assert f"--kind {kind}" in done.output
        assert json.loads(elqr(*words, "--kind", kind, "--json").output)["kind"] == told
    assert "--kind receipt" not in done.output
    assert elqr(*words, "--kind", "receipt").exit_code == 2


def test_numbers_of_people_are_shown_only_when_asked_for(ledger: Path) -> None:
    words = ("explain", "2026901-000041-01", "--ledger", ledger)
    assert "0000000041" not in elqr(*words).output
    assert "0000000041" not in elqr(*words, "--json").output
    assert "0000000041" in elqr(*words, "--show-names").output
    assert "0000000041" in elqr(*words, "--show-names", "--json").output


def test_every_reversal_says_why(ledger: Path) -> None:
    for key in ("2026901-000041-01", "202601010000022", "00000202602010000071", "2026901-000016-01"):
        story = json.loads(elqr("explain", key, "--ledger", ledger, "--json").output)
        taken_back = [e for e in story["events"] if e["event"] == "reversed"]
        assert taken_back and all(e["because"] for e in taken_back)


def test_the_day_decides_what_is_overdue(ledger: Path) -> None:
    words = ("explain", "00000202602010000071", "--ledger", ledger, "--json", "--as-of")
    now = {day: json.loads(elqr(*words, day).output)["now"][0] for day in ("2026-06-30", "2026-07-01")}
    assert [now[day]["overdue"] for day in sorted(now)] == [False, True]


@pytest.mark.parametrize("key", ["no-such-line", "12345", "f" * 32])
def test_what_the_ledger_does_not_know_is_2(key: str, ledger: Path) -> None:
    done = elqr("explain", key, "--ledger", ledger)
    assert done.exit_code == 2 and "explain.unknown" in done.output


def test_a_reader_does_not_wait_for_a_run_and_writes_nothing(ledger: Path) -> None:
    before = ledger.read_bytes()
    elqr("explain", "2026901-000041-01", "--ledger", ledger)
    assert ledger.read_bytes() == before


LINES = (
    "line_id,payer_id,body_code,tax_item,levy_year,tax_year,fiscal_year,period,notice_no,due_date,principal\n"
    "A,P1,999997,901,2026,2026,2026,01,N1,{due},250000\n"
)
SLIPS = (
    "slip_key,tax_item,body_code,payer_id,amount,notice_no,period,covers,supersedes\n"
    "1,901,999997,P1,250000,,01,,\n"  # nothing says what it pays, but the slip that replaced it
    "2,901,999997,P1,250000,N1,01,A:250000,1\n"
)
PAID = "kind,channel,body_code,slip_key,amount,paid_at,remit_date,txn_id\nconfirmed,app,999997,1,250000,{on},{on},T1\n"


def stories_of(top: Path, *, due: str, on: str, days: tuple[str, str], keys: tuple[str, ...]) -> list[str]:
    """A receipt, and on the next day the slips; what is told of these keys, as JSON and in words."""
    for name, text in (
        ("lines", LINES.format(due=due)),
        ("slips", SLIPS),
        ("paid", PAID.format(on=on)),
    ):
        (top / f"{name}.csv").write_text(text, encoding="utf-8")
    first = ("--assessments", top / "lines.csv", "--receipts", top / "paid.csv", "--as-of", days[0])
    assert night(top, "one", *first).exit_code == 1
    assert night(top, "two", "--slips", top / "slips.csv", "--as-of", days[1]).exit_code in (0, 1)
    told = [
        elqr("explain", key, "--ledger", top / "ledger", *more) for key in keys for more in ((), ("--json",))
    ]
    assert [done.exit_code for done in told] == [0] * len(told)
    return [done.output for done in told]


def test_a_line_tells_of_money_that_came_with_a_slip_it_never_had(tmp_path: Path) -> None:
    told = stories_of(
        tmp_path, due="2026-06-30", on="2026-06-10", days=("2026-06-11", "2026-06-12"), keys=("A", "1")
    )
    for text in told[1::2]:
        story = json.loads(text)
        assert [n["paid"] for n in story["now"]] == [250_000]
        assert [e["amount"] for e in story["events"] if e["event"] == "posted"] == [250_000]
        assert [e["payment_id"] for e in story["events"] if e["event"] == "received"]


def test_a_slip_that_came_late_is_named_as_the_reason(tmp_path: Path) -> None:
    told = stories_of(
        tmp_path, due="2026-06-30", on="2026-06-10", days=("2026-06-11", "2026-06-12"), keys=("A", "1")
    )
    for words, text in zip(told[::2], told[1::2], strict=True):
        taken_back = [e for e in json.loads(text)["events"] if e["event"] == "reversed"]
        assert [e["what"] for e in taken_back] == ["suspense"]
        assert [c["slip_key"][-1] for c in taken_back[0]["because"] if c["event"] == "slip"] == ["1", "2"]
        assert "00000000000000000002 の登録" in words


def test_a_charge_without_a_rate_is_told(tmp_path: Path) -> None:
    told = stories_of(
        tmp_path, due="2026-06-30", on="2027-01-12", days=("2027-01-13", "2027-01-14"), keys=("A",)
    )
    assert "計算できません" in told[0] and "cannot be computed" in told[0]


# --- causes on other lines ----------------------------------------------------------------------------


def whole_year(top: Path, **more: Row) -> list[Row]:
    """A whole year paid at once, then a night with a row of `more`; what was taken back on its first line, and why.

    Half of what a slip over 00002-1 and 00001-4 asks is paid the day before: all of it goes to the former, which is due first.
    """
    lines = [line(1, term, 10_000) for term in range(1, 5)] + [line(2, 1, 10_000)]
    slips = [
        slip(10, 1, 0, 40_000, kind="full_year"),
        slip(13, 1, 3, 10_000),
        slip(20, 2, 1, 20_000, covers="00001-4:10000;00002-1:10000"),
    ]
    paid = [receipt("T2", 20, 10_000, date(2026, 6, 10)), receipt("T1", 10, 40_000, date(2026, 6, 11))]
    ledger_night(
        top / "ledger",
        assessments=[write(top / "lines.csv", LINE_HEAD, *lines)],
        slips=[write(top / "slips.csv", SLIP_HEAD + ",covers", *slips)],
        receipts=[write(top / "paid.csv", RECEIPT_HEAD, *paid)],
    )
    heads = {"assessments": LINE_HEAD, "receipts": RECEIPT_HEAD}
    files = {role: [write(top / f"{role}.csv", heads[role], row)] for role, row in more.items()}
    ledger_night(top / "ledger", **files)
    story = json.loads(elqr("explain", "00001-1", "--ledger", top / "ledger", "--json").output)
    back = [e for e in story["events"] if e["event"] == "reversed"]
    assert [(e["line_id"], e["amount"]) for e in back] == [("00001-1", -10_000)]
    return list(back[0]["because"])


def test_a_revision_of_another_line_of_a_full_year_payment_is_named(tmp_path: Path) -> None:
    """A payment is decided as a whole: where the third term is reduced, the posting on the first is taken back too."""
    (cause,) = whole_year(tmp_path, assessments=line(1, 3, 6_000, revised_at="2026-09-01"))
    assert cause == {"event": "assessed", "line_id": "00001-3", "principal": 6_000, "status": "open"}
    assert "理由: 更正 00001-3 6,000円" in elqr("explain", "00001-1", "--ledger", tmp_path / "ledger").output


def test_a_receipt_on_another_line_of_a_full_year_payment_is_named(tmp_path: Path) -> None:
    (cause,) = whole_year(tmp_path, receipts=receipt("T9", 13, 10_000, date(2026, 6, 9)))
    assert (cause["event"], cause["paid_on"]) == ("received", "2026-06-09")


def test_a_revision_that_reached_the_payment_through_another_one_is_named(tmp_path: Path) -> None:
    """Less was due on 00002-1, so the rest of its payment goes to 00001-4, where the whole year is too much now."""
    (cause,) = whole_year(tmp_path, assessments=line(2, 1, 4_000, revised_at="2026-06-01"))
    assert (cause["event"], cause["line_id"]) == ("assessed", "00002-1")
