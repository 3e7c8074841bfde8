"""Refunds from proposal to decision: what is proposed, frozen, refused and opened again; both stores."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from ledger_files import LINE_HEAD, RECEIPT_HEAD, SLIP_HEAD, line, night, receipt, slip, write
from refund_towns import (
    FRIDAY,
    Places,
    account,
    accounts,
    act,
    copied,
    found,
    free_yen,
    in_debt,
    later,
    overpaid,
    refunds,
    refused,
    rules,
)

from reconcile.backup import backup, restore
from reconcile.ledger import Ledger, open_ledger
from reconcile.overpayments import Proposals
from reconcile.owed import proposals
from reconcile.refund_blocks import block
from reconcile.refund_export import export
from reconcile.refund_states import refunds_naming
from reconcile.refunds import approve, propose, reject


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    top = tmp_path_factory.mktemp("flow")
    overpaid(top / "l.db", top / "t")
    return top / "l.db"


@pytest.fixture
def place(town: Path, tmp_path: Path) -> str:
    """Three payers, each ¥20,000 too much."""
    return copied(town, tmp_path / "l.db")


def txn_of(place: str, refund_id: str) -> str:
    """The transaction whose money a refund gives back."""
    receipt_id = refunds(place)[refund_id].basis["receipt_id"]
    with open_ledger(place) as ledger:
        return str(ledger.lookup("receipts", pl.Series("receipt_id", [receipt_id]), ["txn_id"])["txn_id"][0])


def test_proposed_agreed_to_and_rejected_on_both_stores(places: Places, tmp_path: Path) -> None:
    place = places()
    overpaid(place, tmp_path / "t")
    assert [r.refund_id for r in propose(act(place, "mai")).refunds] == ["R000001", "R000002", "R000003"]
    assert propose(act(place, "mai")).refunds == () and free_yen(place) == 0
    done = approve(act(place, "chie"), ["R000001", "R000002"]).refunds
    assert [(r.notice_no, r.decided_on, r.payable) for r in done] == [
        ("2026-000001", "2026-11-20", 20_000),
        ("2026-000002", "2026-11-20", 20_000),
    ]
    reject(act(place, "chie"), ["R000002", "R000003"], reason="確認")
    assert free_yen(place) == 40_000
    again = propose(act(place, "mai")).refunds
    assert [(r.refund_id, r.payer_id) for r in again] == [("R000004", "P00002"), ("R000005", "P00003")]
    assert (
        approve(act(place, "chie"), ["R000004"]).refunds[0].notice_no == "2026-000003"
    )  # no number comes again
    with open_ledger(place) as ledger:
        totals = ledger.standing.totals
    states = {n: totals[f"refund_{n}"] for n in ("proposed", "approved", "exported")}
    assert states == {"proposed": (1, 20_000), "approved": (2, 40_000), "exported": (0, 0)}
    assert found(place) == []


def test_a_backup_holds_the_refunds_and_goes_back(places: Places, tmp_path: Path) -> None:
    place = places()
    overpaid(place, tmp_path / "t")
    propose(act(place, "mai"))
    approve(act(place, "chie"), ["R000001"])
    backup(place, tmp_path / "copy.db")
    restored = places()
    restore(tmp_path / "copy.db", restored)
    assert refunds(restored) == refunds(place)
    approve(act(restored, "chie"), ["R000002"])
    assert found(restored) == []


def test_only_what_was_asked_for_is_proposed(place: str) -> None:
    assert [r.payer_id for r in propose(act(place, "mai"), only=["P00002"]).refunds] == ["P00002"]
    said = propose(act(place, "mai"), only=["P00009"])
    assert said.refunds == () and [p.code for p in said.problems] == ["refund.unknown"]


def test_a_line_is_named_by_its_whole_number(place: str) -> None:
    propose(act(place, "mai"))
    with open_ledger(place) as ledger:
        names = {
            key: [r.refund_id for r, _ in refunds_naming(ledger, [key])] for key in ("00001-1", "0001-1")
        }
    assert names == {"00001-1": ["R000001"], "0001-1": []}


def test_a_rejected_refund_beside_the_one_proposed_after_it_is_refused_alone(place: str) -> None:
    """Both take from one overpayment: asked for in one command, the figures of one were missing and nothing was approved."""
    propose(act(place, "mai"))
    reject(act(place, "chie"), ["R000002"], reason="確認")
    assert [r.refund_id for r in propose(act(place, "mai")).refunds] == ["R000004"]
    done = approve(act(place, "chie"), ["R000001", "R000002", "R000004"])
    assert [r.refund_id for r in done.refunds] == ["R000001", "R000004"]
    assert [p.code for p in done.problems] == ["refund.state"] and found(place) == []


def test_two_parts_of_one_overpayment_are_approved_together(place: str, tmp_path: Path) -> None:
    """What is out counts against another payment of the line until a third one covers it: the rest of the second is free later, and has a
    refund of its own. Asked for in one command, one was without figures, and nothing was approved."""
    later(
        place,
        tmp_path,
        *(receipt(f"T1{x}", 11, 20_000, date(2026, 6, d)) for x, d in zip("cd", (3, 4), strict=True)),
    )
    found_first = {txn_of(place, r.refund_id): r.refund_id for r in propose(act(place, "mai")).refunds}
    approve(act(place, "chie"), [found_first["T1d"]])
    reject(act(place, "chie"), [found_first["T1c"]], reason="確認")
    accounts(place, tmp_path, account(1))
    export(act(place, "eri"), transfer_on=FRIDAY, out=tmp_path / "bank")
    later(place, tmp_path, receipt("T1d", 11, 12_000, date(2026, 6, 4), "corrected"))
    first = propose(act(place, "mai")).refunds[0]
    later(place, tmp_path, receipt("T1e", 11, 8_000, date(2026, 6, 2)))
    second = propose(act(place, "mai")).refunds[0]
    assert first.key == second.key and (first.amount, second.amount) == (12_000, 8_000)
    done = approve(act(place, "chie"), [first.refund_id, second.refund_id])
    assert [(r.payable, r.notice_no) for r in done.refunds] == [
        (12_000, "2026-000002"),
        (8_000, "2026-000003"),
    ]
    # and ordered together: with what is out they come to all that is too much, to the yen
    both = export(act(place, "eri"), transfer_on=FRIDAY, out=tmp_path / "bank")
    assert (both.count, both.yen, both.problems) == (2, 20_000, ())
    assert found(place) == []


def test_refunds_that_fill_no_debt_are_looked_at_together(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    later(place, tmp_path, *(receipt(f"T1{x}", 11, 20_000, date(2026, 6, 5)) for x in "cde"))
    ids = [r.refund_id for r in propose(act(place, "mai")).refunds]
    asked: list[int] = []

    def counted(ledger: Ledger, rows: pl.DataFrame, *args: Any, **more: Any) -> Proposals:
        asked.append(rows.height)
        return proposals(ledger, rows, *args, **more)

    monkeypatch.setattr("reconcile.refunds.proposals", counted)
    assert len(approve(act(place, "chie"), ids).refunds) == len(ids) == 6
    assert asked == [6]


# --- interest ---------------------------------------------------------------------------------------


def kanou(place: str, folder: Path, *, paid: date, yen: int) -> None:
    """¥`yen` paid lawfully, and too much since a revision."""
    due = {"due_date": paid.isoformat(), "levy_year": 2024, "tax_year": 2024, "fiscal_year": 2024}
    one = slip(11, 1, 1, yen + 1_000, due_date=paid.isoformat(), levy_year=2024, tax_year=2024)
    night(
        place,
        assessments=[write(folder / "a.csv", LINE_HEAD, line(1, 1, yen + 1_000, **due))],
        slips=[write(folder / "s.csv", SLIP_HEAD, one)],
        receipts=[write(folder / "r.csv", RECEIPT_HEAD, receipt("T", 11, yen + 1_000, paid))],
    )
    later(place, folder, line(1, 1, 1_000, revised_at="2025-06-02", **due), head=LINE_HEAD)


@pytest.mark.parametrize(
    ("yen", "paid", "decided", "expected"),
    [
        (120_000, date(2024, 3, 31), date(2026, 3, 31), 2_200),
        (150_000, date(2025, 5, 31), date(2026, 5, 29), 1_500),
        (100_000, date(2024, 1, 10), date(2025, 1, 9), 0),
    ],
)
def test_interest_is_that_of_the_decision_day(
    tmp_path: Path, yen: int, paid: date, decided: date, expected: int
) -> None:
    """reconcile-rules §5, the table; the second proposal of the same money bears the interest of its own day."""
    place = str(tmp_path / "l.db")
    kanou(place, tmp_path, paid=paid, yen=yen)
    proposed = propose(act(place, "mai", on=paid + timedelta(7))).refunds[0]
    done = approve(act(place, "chie", on=decided, rules=rules()), ["R000001"]).refunds[0]
    assert (done.figures["interest"], done.basis["class"]) == (expected, "kanou")
    assert done.figures["interest_to"] in (decided.isoformat(), None)
    assert proposed.figures["interest"] <= expected
    assert done.payable == yen + expected


def test_interest_that_grows_into_the_next_tier_asks_for_its_approvals(tmp_path: Path) -> None:
    """¥120,000 is one person's to approve; with ¥2,200 of interest on the decision day it is two people's."""
    place = str(tmp_path / "l.db")
    kanou(place, tmp_path, paid=date(2024, 3, 31), yen=120_000)
    propose(act(place, "mai", on=date(2025, 6, 10)))
    tiers = rules((121_500, ("any",)), (None, ("any", "any")))
    on = date(2026, 3, 31)
    assert approve(act(place, "chie", on=on, rules=tiers), ["R000001"]).refunds[0].state.value == "proposed"
    done = approve(act(place, "dai", on=on, rules=tiers), ["R000001"]).refunds[0]
    assert (done.state.value, done.needed, done.payable) == ("approved", 2, 122_200)


def test_a_decision_beyond_the_rate_table_is_refused(place: str) -> None:
    propose(act(place, "mai"))
    said = refused(lambda: approve(act(place, "chie", on=date(2027, 2, 1)), ["R000001"]))
    assert set(said) == {"refund.no_rate"}
    other = propose(act(place, "mai", on=date(2027, 2, 1)))
    assert other.refunds == ()


def test_no_step_goes_back_in_time(place: str) -> None:
    propose(act(place, "mai"))
    said = refused(lambda: approve(act(place, "chie", on=date(2026, 11, 19)), ["R000001"]))
    assert said["refund.day"]["expected"] == "2026-11-20"


# --- what moved -------------------------------------------------------------------------------------


def test_money_that_nobody_is_owed_never_goes_out(tmp_path: Path) -> None:
    """2023: a day of data was posted twice and notices went to 66 people. Here the second posting is cancelled later."""
    place = str(tmp_path / "l.db")
    overpaid(place, tmp_path / "t", people=4)
    propose(act(place, "mai"))
    approve(act(place, "chie"), ["R000001", "R000002"])
    later(
        place,
        tmp_path,
        *(receipt(f"T{n}b", n * 10 + 1, 20_000, date(2026, 6, n), "cancelled") for n in range(1, 5)),
    )
    said = refused(lambda: approve(act(place, "chie"), ["R000003"]))["refund.changed"]
    assert (said["expected"], said["found"]) == ("20,000", "0")
    assert free_yen(place) == 0 and propose(act(place, "mai")).refunds == ()
    reject(act(place, "mai"), ["R000001", "R000002", "R000003", "R000004"], reason="収納の取消")
    assert propose(act(place, "mai")).refunds == () and found(place) == []


def test_more_or_less_than_proposed_is_refused_with_both_figures(place: str, tmp_path: Path) -> None:
    propose(act(place, "mai"))
    more_due = line(1, 1, 30_000, revised_at="2026-05-20")
    later(place, tmp_path, more_due, head=LINE_HEAD)
    said = refused(lambda: approve(act(place, "chie"), ["R000001"]))["refund.changed"]
    assert (said["expected"], said["found"]) == ("20,000", "10,000")
    reject(act(place, "mai"), ["R000001"], reason="更正")
    assert [(r.payer_id, r.amount) for r in propose(act(place, "mai")).refunds] == [("P00001", 10_000)]


def test_what_another_payment_left_over_is_a_refund_of_its_own(place: str, tmp_path: Path) -> None:
    propose(act(place, "mai"))
    later(place, tmp_path, line(1, 1, 15_000, revised_at="2026-09-01"), head=LINE_HEAD)
    assert approve(act(place, "chie"), ["R000001"]).refunds[0].amount == 20_000
    again = propose(act(place, "mai")).refunds
    assert [(r.amount, r.basis["class"]) for r in again] == [(5_000, "kanou")]


def test_an_excess_that_changes_its_class_or_payment_is_not_given_back_twice(
    place: str, tmp_path: Path
) -> None:
    """After the decision the line is cancelled: what was 誤納 may be 過納 now, and the other payment is too much as well."""
    propose(act(place, "mai"))
    approve(act(place, "chie"), ["R000001"])
    later(place, tmp_path, line(1, 1, 20_000, status="cancelled", revised_at="2026-06-05"), head=LINE_HEAD)
    assert free_yen(place) == 20_000
    made = propose(act(place, "mai")).refunds
    assert sum(r.amount for r in made) <= 20_000


def test_a_corrected_date_swaps_the_payments_and_opens_nothing(place: str, tmp_path: Path) -> None:
    """The payment that was given back is first now, the other one is the duplicate: the same ¥20,000."""
    propose(act(place, "mai"))
    approve(act(place, "chie"), ["R000001"])
    txn = txn_of(place, "R000001")
    later(place, tmp_path, receipt(txn, 11, 20_000, date(2026, 5, 2), "corrected"))
    assert free_yen(place) == 0
    assert propose(act(place, "mai")).refunds == ()


def test_what_was_given_counts_against_what_is_left_of_a_payer(place: str, tmp_path: Path) -> None:
    """Four payments of one line: three are too much. One is given back, then the first is cancelled: two are too much, and one was given.
    Of the refunds that are left each has room alone, and in one command only one goes out."""
    later(place, tmp_path, *(receipt(f"T1{x}", 11, 20_000, date(2026, 6, 5)) for x in "cd"))
    ids = [r.refund_id for r in propose(act(place, "mai"), only=["P00001"]).refunds]
    accounts(place, tmp_path, account(1))
    approve(act(place, "chie"), ids)
    first, *others = ids
    assert export(act(place, "eri"), transfer_on=FRIDAY, out=tmp_path / "bank", only=[first]).count == 1
    posted = {"T1a", "T1b"} - {txn_of(place, first)}
    later(place, tmp_path, receipt(posted.pop(), 11, 20_000, date(2026, 6, 1), "cancelled"))
    left = export(act(place, "eri"), transfer_on=FRIDAY, out=tmp_path / "bank", only=others)
    assert (left.count, left.yen, [(p.code, p.params) for p in left.problems]) == (
        *(1, 20_000),
        [("refund.overdrawn", {"refund": others[1], "found": "60,000", "expected": "40,000"})],
    )
    assert free_yen(place) == 40_000  # of the two other payers
    reject(act(place, "mai"), others[1:], reason="取消")
    assert [r.payer_id for r in propose(act(place, "mai")).refunds] == ["P00002", "P00003"]
    assert found(place) == []


# --- who and what waits for a person ----------------------------------------------------------------


def test_blocked_money_is_told_and_never_proposed(places: Places, tmp_path: Path) -> None:
    place = places()
    overpaid(place, tmp_path / "t")
    block(act(place, "kei"), "P00001", reason="heirs")
    said = propose(act(place, "mai"))
    assert [r.payer_id for r in said.refunds] == ["P00002", "P00003"]
    assert [(p.code, p.params["found"]) for p in said.problems] == [("refund.blocked", "heirs")]
    block(act(place, "kei"), "P00001", reason="heirs")  # again: no effect
    one = refunds(place)["R000001"].basis["receipt_id"]
    block(act(place, "kei"), one, reason="third_party")
    assert "refund.changed" in refused(lambda: approve(act(place, "chie"), ["R000001"]))
    assert found(place) == []
    block(act(place, "kei"), "P00001", reason="heirs", lift=True)
    assert [r.payer_id for r in propose(act(place, "mai")).refunds] == ["P00001"]
    assert "refund.no_block" in refused(lambda: block(act(place, "kei"), "P00001", reason="heirs", lift=True))
    assert "refund.unknown" in refused(lambda: block(act(place, "kei"), "P99999", reason="heirs"))
    assert found(place) == []


def test_a_block_on_the_payer_of_a_slip_holds_what_no_line_answers_for(
    places: Places, tmp_path: Path
) -> None:
    """A surplus over several lines is owed to whom the slip was made out to, even where the lines are another person's."""
    place = places()
    a = write(tmp_path / "a.csv", LINE_HEAD, *(line(1, t, 10_000) for t in (1, 2)))
    year = slip(10, 1, 0, 20_000, kind="full_year", payer_id="P00009", covers="00001-1:10000;00001-2:10000")
    s = write(tmp_path / "s.csv", f"{SLIP_HEAD},covers", year)
    r = write(tmp_path / "r.csv", RECEIPT_HEAD, receipt("T", 10, 23_000, date(2026, 6, 1)))
    night(place, assessments=[a], slips=[s], receipts=[r])
    block(act(place, "ida"), "P00009", reason="heirs")
    assert found(place) == []
    (told,) = propose(act(place, "mia")).problems
    assert (told.code, told.params["found"]) == ("refund.blocked", "heirs")
    later(place, tmp_path, receipt("U", 10, 20_000, date(2026, 6, 2)))  # decided anew by a night, it stays so
    assert found(place) == []
    assert {n.payer_id for n in propose(act(place, "mia")).refunds} == {"P00001"}  # who owed on the lines
    block(act(place, "ida"), "P00009", reason="heirs", lift=True)
    assert [(n.payer_id, n.amount) for n in propose(act(place, "mia")).refunds] == [("P00009", 3_000)]


def test_a_claim_that_has_lapsed_goes_to_a_person(place: str) -> None:
    """誤納 of 2026-06-01: the claim lapses on 2031-06-02 (five years)."""
    late = act(place, "mai", on=date(2031, 6, 2))
    said = propose(late, only=["P00001"])
    assert [(p.code, p.params["found"]) for p in said.problems] == [("refund.blocked", "time_barred")]
    assert said.refunds == ()


def test_money_that_is_not_remitted_waits(tmp_path: Path) -> None:
    place = str(tmp_path / "l.db")
    in_debt(place, tmp_path / "t")
    said = propose(act(place, "mai", on=date(2026, 6, 16)))
    assert said.refunds == () and [(p.code, p.params["found"]) for p in said.problems] == [
        ("refund.waits", "not_remitted")
    ]
    assert len(propose(act(place, "mai", on=date(2026, 6, 17))).refunds) == 1


def test_a_preliminary_payment_on_the_line_holds_the_refund(place: str, tmp_path: Path) -> None:
    propose(act(place, "mai"))
    later(place, tmp_path, receipt("P1", 11, 20_000, date(2026, 6, 20), "preliminary"))
    assert "refund.changed" in refused(lambda: approve(act(place, "chie"), ["R000001"]))


def test_numbers_of_notices_run_by_fiscal_year(tmp_path: Path) -> None:
    place = str(tmp_path / "l.db")
    due = {"due_date": "2025-06-30", "fiscal_year": 2025, "levy_year": 2025, "tax_year": 2025}
    slips = [slip(n * 10, n, 1, 9_000, levy_year=2025, tax_year=2025) for n in (1, 2, 3)]
    paid = [receipt(f"T{n}{x}", n * 10, 9_000, date(2025, 5, n)) for n in (1, 2, 3) for x in "ab"]
    night(
        place,
        assessments=[write(tmp_path / "a.csv", LINE_HEAD, *(line(n, 1, 9_000, **due) for n in (1, 2, 3)))],
        slips=[write(tmp_path / "s.csv", SLIP_HEAD, *slips)],
        receipts=[write(tmp_path / "r.csv", RECEIPT_HEAD, *paid)],
    )
    propose(act(place, "mai", on=date(2026, 3, 1)))
    numbers = [
        approve(act(place, "chie", on=on), [f"R{i:06}"]).refunds[0].notice_no
        for i, on in enumerate((date(2026, 3, 31), date(2026, 4, 1), date(2026, 4, 2)), 1)
    ]
    assert numbers == ["2025-000001", "2026-000001", "2026-000002"]
    assert found(place) == []
