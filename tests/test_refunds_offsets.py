"""充当 before 還付: debts that a refund fills with its decision, those that are paid meanwhile, and the charge that comes with one."""

from __future__ import annotations

import contextlib
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from ledger_files import (
    LINE_HEAD,
    POLICY,
    RECEIPT_HEAD,
    SLIP_HEAD,
    key,
    line,
    night,
    receipt,
    request,
    slip,
    write,
)
from night_runs import rows, yen
from refund_towns import FRIDAY, Places, act, copied, found, in_debt, later, refunds, refused, rules

from elqr.problems import ProblemError
from reconcile.ledger import open_ledger
from reconcile.lines_now import lines_now
from reconcile.nightly import NightRequest, run_night, write_again
from reconcile.refund_export import export
from reconcile.refunds import approve, propose, reject


def test_an_offset_is_carried_out_with_the_decision_and_taken_back_with_the_rejection(
    places: Places, tmp_path: Path
) -> None:
    place = places()
    in_debt(place, tmp_path / "t")
    made = propose(act(place, "mai")).refunds[0]
    assert [(o["offset_to"], o["amount"]) for o in made.offsets] == [("00001-2", 15_000)]
    with open_ledger(place) as ledger:
        before = ledger.standing
        assert ledger.store.highest("transfers") == 0  # nothing moves on a proposal
    done = approve(act(place, "chie"), ["R000001"]).refunds[0]
    assert (done.figures["offset"], done.figures["refund"], done.payable) == (15_000, 5_000, 5_000)
    with open_ledger(place) as ledger:
        assert ledger.standing.totals["offset"] == (1, 15_000)
        assert ledger.standing.totals["posted"][1] == before.totals["posted"][1] + 15_000
        assert ledger.standing.totals["excess"] == before.totals["excess"]
    assert found(place) == [] and propose(act(place, "mai")).refunds == ()
    reject(act(place, "mai"), ["R000001"], reason="充当先の誤り")
    with open_ledger(place) as ledger:
        assert ledger.standing.result == before.result
        assert ledger.standing.totals["offset"] == (0, 0)
    assert found(place) == []
    approve(act(place, "chie"), [propose(act(place, "mai")).refunds[0].refund_id])
    assert found(place) == []


def test_the_next_postings_file_brings_what_refunds_posted_between_two_nights(
    places: Places, tmp_path: Path
) -> None:
    """The tax system reads postings.csv and nothing else: a 充当 was in no file of any night, while its later reversal was."""
    place = places()
    in_debt(place, tmp_path / "t")
    out = [tmp_path / name for name in ("first", "paid", "quiet", "after", "rejected")]
    write_again(place, out[0], policy=POLICY, report=False)

    def one_more(folder: Path, *paid: dict[str, object]) -> None:
        new = write(tmp_path / f"{folder.name}.csv", RECEIPT_HEAD, *paid)  # type: ignore[arg-type]
        asked = request(place, receipts=[new] if paid else [])
        run_night(NightRequest(run=asked, out=folder, report=False))

    approve(act(place, "chie"), [propose(act(place, "mai")).refunds[0].refund_id])
    one_more(out[1], dict(receipt("X1", 999, 100, date(2026, 11, 1))))
    assert [row["rule"] for row in rows(out[1] / "postings.csv")] == ["offset_applied"]
    one_more(out[2])
    one_more(out[3], dict(receipt("Tc", 12, 15_000, date(2026, 8, 1))))
    reject(act(place, "rei"), ["R000001"], reason="充当先の誤り")
    one_more(out[4], dict(receipt("X2", 999, 200, date(2026, 11, 2))))
    every = [row for folder in out for row in rows(folder / "postings.csv")]
    ids = [row["posting_id"] for row in every]
    assert len(set(ids)) == len(ids) and {row["reverses"] for row in every} - {""} <= set(ids)
    with open_ledger(place) as ledger:
        assert yen(every) == ledger.standing.totals["posted"][1] == 35_000
    write_again(place, tmp_path / "again", policy=POLICY, report=False, run_id=4)
    assert (tmp_path / "again/postings.csv").read_bytes() == (out[1] / "postings.csv").read_bytes()


@pytest.mark.parametrize("paid_at", ["2026-11-10", "2026-11-10 15:30:00"])
def test_an_offset_to_a_charge_fills_the_charge(tmp_path: Path, paid_at: str) -> None:
    """The excess was there before the second instalment was paid (late): 延滞金 is owed from that payment on, so its 充当 comes after it."""
    place = str(tmp_path / "l.db")
    a = write(tmp_path / "a.csv", LINE_HEAD, line(1, 1, 20_000), line(1, 2, 1_000_000, due_date="2026-07-31"))
    s = write(tmp_path / "s.csv", SLIP_HEAD, slip(11, 1, 1, 20_000), slip(12, 1, 2, 1_000_000))
    paid = [receipt(f"T{x}", 11, 20_000, date(2026, 6, 10)) for x in "ab"]
    paid.append({**receipt("Tc", 12, 1_000_000, date(2026, 11, 10)), "paid_at": paid_at})
    night(place, assessments=[a], slips=[s], receipts=[write(tmp_path / "r.csv", RECEIPT_HEAD, *paid)])
    made = propose(act(place, "mai")).refunds[0]
    assert [(o["component"], o["amount"], o["effective_on"]) for o in made.offsets] == [
        ("delinquency", 20_000, "2026-11-10")
    ]
    with open_ledger(place) as ledger:
        before = ledger.standing.totals["excess"]
    approve(act(place, "chie"), ["R000001"])
    with open_ledger(place) as ledger:
        now = lines_now(ledger, pl.Series(["00001-2"]), policy=POLICY)
        assert now.select("charge", "charge_open").row(0) == (20_000, 0)
        assert ledger.standing.totals["excess"] == before
    assert found(place) == [] and propose(act(place, "mai")).refunds == ()
    nothing = export(act(place, "eri"), transfer_on=FRIDAY, out=tmp_path / "bank")  # is left to transfer
    assert (nothing.batch, nothing.problems) == (None, ())


def test_two_refunds_do_not_fill_one_debt_twice(tmp_path: Path) -> None:
    place = str(tmp_path / "l.db")
    in_debt(place, tmp_path / "t")
    propose(act(place, "mai"))
    later(place, tmp_path, receipt("Tc", 11, 20_000, date(2026, 6, 11)))
    second = propose(act(place, "mai")).refunds[0]
    assert (second.offsets, second.figures["refund"]) == ((), 20_000)
    done = approve(act(place, "chie"), ["R000002", "R000001"]).refunds
    assert sum(r.figures["offset"] for r in done) == 15_000
    assert found(place) == []


@pytest.mark.parametrize("debt", [None, 15_000, 45_000])
@pytest.mark.parametrize("since", [False, True])
def test_refunds_of_one_payer_in_one_command_stand_as_one_by_one(
    tmp_path: Path, debt: int | None, *, since: bool
) -> None:
    """Four payments of one line, three of them too much; a debt that they fill, or none, known at the proposal or come since."""
    place = str(tmp_path / "l.db")
    due = {"due_date": "2026-08-31"}
    owing = () if debt is None else (line(1, 2, debt, **due),)
    a = write(tmp_path / "a.csv", LINE_HEAD, line(1, 1, 20_000), *(() if since else owing))
    s = write(tmp_path / "s.csv", SLIP_HEAD, slip(11, 1, 1, 20_000))
    paid = [receipt(f"T{x}", 11, 20_000, date(2026, 6, 10)) for x in "abcd"]
    night(place, assessments=[a], slips=[s], receipts=[write(tmp_path / "r.csv", RECEIPT_HEAD, *paid)])
    ids = [r.refund_id for r in propose(act(place, "mai")).refunds]
    assert len(ids) == 3
    if since and owing:
        later(place, tmp_path, *owing, head=LINE_HEAD)
    apart = copied(Path(place), tmp_path / "apart.db")
    for refund_id in ids:
        with contextlib.suppress(ProblemError):
            approve(act(apart, "chie"), [refund_id])
    with contextlib.suppress(ProblemError):
        approve(act(place, "chie"), ids)
    assert refunds(place) == refunds(apart)
    assert found(place) == found(apart) == []
    approved = [r for r in refunds(place).values() if r.state.value == "approved"]
    assert len(approved) == (0 if since and debt else 3)
    assert sum(r.figures["offset"] for r in approved) == (0 if since else debt or 0)


def test_a_debt_that_was_paid_meanwhile_is_not_filled(tmp_path: Path) -> None:
    place = str(tmp_path / "l.db")
    in_debt(place, tmp_path / "t")
    propose(act(place, "mai"))
    later(place, tmp_path, receipt("Td", 12, 15_000, date(2026, 8, 20)))
    said = refused(lambda: approve(act(place, "chie"), ["R000001"]))["refund.offset_changed"]
    assert (said["expected"], said["found"]) == ("00001-2:principal:15000", "–")


def test_an_offset_that_an_earlier_payment_pushes_out_is_owed_back(tmp_path: Path) -> None:
    """The debt was filled by 充当; then a payment of it arrives late. What was filled is too much again, and is proposed."""
    place = str(tmp_path / "l.db")
    in_debt(place, tmp_path / "t")
    propose(act(place, "mai"))
    approve(act(place, "chie"), ["R000001"])
    later(place, tmp_path, receipt("Td", 12, 15_000, date(2026, 8, 20)))
    again = propose(act(place, "mai")).refunds
    assert [(r.amount, r.payable) for r in again] == [(15_000, 15_000)]
    approve(act(place, "chie"), ["R000002"])
    assert found(place) == [] and sum(r.payable for r in refunds(place).values()) == 20_000


def together(place: str, folder: Path) -> list[list[tuple[str, int, str]]]:
    """Three payments of ¥5,000 too much, and ¥9,000 due since 2024: two complete it, the second fills the 延滞金 that this brings, the third
    what is left of that. Out: what is proposed to be filled."""
    a = write(folder / "a.csv", LINE_HEAD, line(1, 1, 5_000), line(1, 2, 9_000, due_date="2024-04-01"))
    s = write(folder / "s.csv", SLIP_HEAD, slip(11, 1, 1, 5_000), slip(12, 1, 2, 9_000))
    paid = [receipt(f"T{x}", 11, 5_000, date(2026, 1, x)) for x in (2, 3, 4, 5)]
    night(place, assessments=[a], slips=[s], receipts=[write(folder / "r.csv", RECEIPT_HEAD, *paid)])
    made = propose(act(place, "mai")).refunds
    return [[(o["component"], o["amount"], o["effective_on"]) for o in r.offsets] for r in made]


FILLED = [
    [("principal", 5_000, "2026-01-03")],
    [("principal", 4_000, "2026-01-04"), ("delinquency", 1_000, "2026-01-04")],
    [("delinquency", 300, "2026-01-05")],
]


def test_several_that_complete_a_principal_fill_the_charge_that_it_brings(tmp_path: Path) -> None:
    place = str(tmp_path / "l.db")
    assert together(place, tmp_path) == FILLED
    approve(act(place, "chie"), ["R000001", "R000002", "R000003"])
    with open_ledger(place) as ledger:
        now = lines_now(ledger, pl.Series(["00001-2"]), policy=POLICY)
        assert now.select("open", "charge", "charge_open").row(0) == (0, 1_300, 0)
    assert sum(r.figures["refund"] for r in refunds(place).values()) == 4_700
    assert found(place) == [] and propose(act(place, "mai")).refunds == ()


def test_the_charge_is_filled_after_the_principal_is(tmp_path: Path) -> None:
    """Who fills the charge waits for who completes the principal with it; all but the last yes may be said before."""
    place = str(tmp_path / "l.db")
    together(place, tmp_path)
    two = rules((None, ("any", "any")))
    assert len(approve(act(place, "aya", rules=two), ["R000001", "R000002", "R000003"]).refunds) == 3
    said = refused(lambda: approve(act(place, "chie", rules=two), ["R000003", "R000002"]))
    assert said["refund.decide_first"] == {"refund": "R000002", "found": "R000001"}
    # one yes is enough by now, and each has it: the next decides
    assert "refund.decide_first" in refused(lambda: approve(act(place, "chie"), ["R000002"]))
    done = approve(act(place, "chie", rules=two), ["R000003", "R000001", "R000002"])
    assert [(p.code, p.params["found"]) for p in done.problems] == [
        ("refund.decide_first", "R000001, R000002")
    ]
    assert [r.refund_id for r in done.refunds] == ["R000001", "R000002"]
    approve(act(place, "chie", rules=two), ["R000003"])
    assert sum(r.figures["offset"] for r in refunds(place).values()) == 10_300 and found(place) == []


def test_a_charge_that_other_proposals_bring_is_filled_by_the_next(tmp_path: Path) -> None:
    """The proposals of another day count as well, and what they fill of the charge is not filled twice."""
    place = str(tmp_path / "l.db")
    together(place, tmp_path)
    reject(act(place, "mai"), ["R000003"], reason="?")
    made = propose(act(place, "mai")).refunds
    assert [[(o["component"], o["amount"], o["effective_on"]) for o in r.offsets] for r in made] == FILLED[2:]
    reject(act(place, "mai"), ["R000001"], reason="?")
    said = refused(lambda: approve(act(place, "chie"), ["R000002"]))
    assert set(said) == {"refund.offset_changed"}


@pytest.mark.parametrize(
    ("paid_before", "with_slip", "filled", "back"),
    [
        (0, 0, [("principal", 9_000, "2026-01-03"), ("delinquency", 1_300, "2026-01-03")], 107_000),
        # in part, after the excess was there: the principal is complete on that day, and the charge is owed from it on
        (3_000, 12, [("principal", 6_000, "2026-01-03"), ("delinquency", 1_300, "2026-02-10")], 110_000),
        # the same with a slip that has no lines of its own, and stands for those of the one that replaced it
        (3_000, 10, [("principal", 6_000, "2026-01-03"), ("delinquency", 1_300, "2026-02-10")], 110_000),
    ],
)
def test_an_offset_fills_the_charge_that_it_brings(
    tmp_path: Path, paid_before: int, with_slip: int, filled: list[tuple[str, int, str]], back: int
) -> None:
    """本税 of two years ago is completed by the 充当, late: its 延滞金 is owed from then on, and comes before anything goes back."""
    place = str(tmp_path / "l.db")
    a = write(tmp_path / "a.csv", LINE_HEAD, line(1, 1, 117_300), line(1, 2, 9_000, due_date="2024-04-01"))
    slips = (
        slip(11, 1, 1, 117_300),
        slip(10, 1, 2, 9_000, notice_no=""),
        slip(12, 1, 2, 9_000, supersedes=key(10)),
    )
    s = write(tmp_path / "s.csv", SLIP_HEAD, *slips)
    paid = [receipt(f"T{x}", 11, 117_300, date(2026, 1, 3)) for x in "ab"]
    if paid_before:
        paid.append(receipt("Tc", with_slip, paid_before, date(2026, 2, 10)))
    night(place, assessments=[a], slips=[s], receipts=[write(tmp_path / "r.csv", RECEIPT_HEAD, *paid)])
    (made,) = propose(act(place, "mai")).refunds
    assert [(o["component"], o["amount"], o["effective_on"]) for o in made.offsets] == filled
    approve(act(place, "chie"), ["R000001"])
    with open_ledger(place) as ledger:
        now = lines_now(ledger, pl.Series(["00001-2"]), policy=POLICY)
        assert now.select("open", "charge", "charge_open").row(0) == (0, filled[1][1], 0)
    assert made.amount - sum(yen for _, yen, _ in filled) == back
    assert found(place) == [] and propose(act(place, "mai")).refunds == ()
