"""充当 before 還付, as proposals: what may fill what, in which order, from which day; and what is left to give back."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import decide_worlds as w
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconcile.overpayments import NOT_REMITTED, TARGETS, Proposals, propose
from reconcile.world import EXCESS


def excess(amount: int = 10_000, **more: object) -> w.Row:
    base = {
        "payment_id": "p1",
        "receipt_id": "r1",
        "payer_id": "P1",
        "line_id": "A",
        "component": "principal",
        "amount": amount,
        "class": "gonou",
        "found_on": "duplicate",
        "arisen_on": w.day("07-10"),
        "paid_on": w.day("07-10"),
        "remit_date": w.day("07-13"),
        "fiscal_year": "2026",
        "body_code": w.BODY,
        "tax_item": "001",
        "notice_no": "N1",
        "is_premium": False,
    }
    return {**base, **more}


def target(line_id: str = "B", open_yen: int = 4_000, due: str = "08-31", **more: object) -> w.Row:
    base = {
        "line_id": line_id,
        "payer_id": "P1",
        "body_code": w.BODY,
        "tax_item": "001",
        "notice_no": "N2",
        "is_premium": False,
        "due_date": w.day(due),
        "open": open_yen,
        "charge_open": 0,
        "provisional": 0,
        "barred_from": w.day("2031-09-01"),
    }
    return {**base, **more}


def proposed(of: w.Row, *targets: w.Row, as_of: str = "11-20", **policy: object) -> Proposals:
    chosen = replace(w.POLICY, **policy)  # type: ignore[arg-type]
    return propose(w.rows(EXCESS, of), w.rows(TARGETS, *targets), chosen, as_of=w.day(as_of))


def filled(found: Proposals) -> list[tuple[str, str, int]]:
    return found.offsets.select("offset_to", "component", "amount").rows()


def test_debts_are_filled_before_anything_goes_back() -> None:
    found = proposed(excess(), target())
    assert filled(found) == [("B", "principal", 4_000)]
    assert found.refunds.select("amount", "offset", "refund").row(0) == (10_000, 4_000, 6_000)


def test_principal_before_its_own_charge_and_then_the_next_line() -> None:
    found = proposed(excess(), target("B", 4_000, charge_open=1_500), target("C", 9_000, "09-30"))
    assert filled(found) == [
        ("B", "principal", 4_000),
        ("B", "delinquency", 1_500),
        ("C", "principal", 4_500),
    ]
    assert found.refunds["refund"].to_list() == [0]


def test_same_tax_first_then_the_oldest() -> None:
    found = proposed(
        excess(9_000),
        target("B", due="08-31", tax_item="002"),
        target("C", due="10-31"),
        target("D", due="09-30"),
    )
    assert [line_id for line_id, _, _ in filled(found)] == ["D", "C", "B"]


@pytest.mark.parametrize(("order", "first"), [("oldest_due", "B"), ("largest", "C"), ("same_notice", "D")])
def test_the_order_is_policy(order: str, first: str) -> None:
    targets = target("B", due="08-01"), target("C", 5_000, "08-02"), target("D", due="08-03", notice_no="N1")
    assert filled(proposed(excess(1_000), *targets, offset_order=(order,))) == [(first, "principal", 1_000)]


@pytest.mark.parametrize(
    "more",
    [
        {"payer_id": "P2"},
        {"body_code": "131016"},
        {"is_premium": True},
        {"provisional": 4_000},
        {"due": "11-30"},
        {"due": "11-21"},
        {"barred_from": w.day("06-01")},
        {"barred_from": w.day("08-31")},  # the day on which both would be there
        {"open_yen": 0},
    ],
    ids=str,
)
def test_what_may_not_be_filled(more: dict[str, object]) -> None:
    found = proposed(excess(), target(**more))  # type: ignore[arg-type]
    assert filled(found) == [] and found.refunds["refund"].to_list() == [10_000]


@pytest.mark.parametrize("more", [{"due": "11-20"}, {"barred_from": w.day("09-01")}], ids=str)
def test_what_is_due_by_now_and_not_barred_then_is_filled(more: dict[str, object]) -> None:
    assert filled(proposed(excess(), target(**more))) == [("B", "principal", 4_000)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"status": "suspended"}, "B:suspended:4000"),
        ({"status": "suspended", "charge_open": 1_200}, "B:suspended:5200"),
        ({"provisional": 1}, "B:preliminary:4000"),
        ({"status": "suspended", "open_yen": 0}, None),
        ({"status": "suspended", "due": "11-30"}, None),
        ({"status": "suspended", "barred_from": w.day("06-01")}, None),
        ({"status": "suspended", "payer_id": "P2"}, None),
    ],
    ids=str,
)
def test_a_debt_that_is_passed_over_is_named(more: dict[str, object], said: str | None) -> None:
    found = proposed(excess(), target(**more), target("C", 1_000))  # type: ignore[arg-type]
    assert filled(found) == [("C", "principal", 1_000)]
    assert found.refunds["passed_over"].to_list() == [said]


def test_where_nothing_goes_back_nothing_is_passed_over() -> None:
    found = proposed(excess(1_000), target("B", status="suspended"), target("C", 1_000))
    assert (found.refunds["refund"].to_list(), found.refunds["passed_over"].to_list()) == ([0], [None])


@pytest.mark.parametrize("remit", [None, w.day("11-21")])
def test_not_before_the_money_is_here(remit: date | None) -> None:
    found = proposed(excess(remit_date=remit), target())
    assert filled(found) == [] and found.refunds["blocked"].to_list() == [NOT_REMITTED]
    assert filled(proposed(excess(remit_date=w.day("11-20")), target()))


@pytest.mark.parametrize("reason", ["preliminary", "heirs"])
def test_not_while_it_is_blocked(reason: str) -> None:
    found = proposed(excess(blocked=reason), target())
    assert filled(found) == [] and found.refunds["blocked"].to_list() == [reason]


def test_another_period_paid_by_mistake_bears_no_charge() -> None:
    """Period 1 paid once more on 10 July instead of period 2, due on 31 August: in time, on the due date."""
    found = proposed(excess(), target(notice_no="N1"))
    assert found.offsets.select("rule", "effective_on").row(0) == ("wrong_period", w.day("08-31"))


def test_a_line_that_fills_its_own_charge_was_no_wrong_period() -> None:
    found = proposed(excess(), target("A", 0, charge_open=1_500, notice_no="N1"))
    assert found.offsets.select("component", "rule").rows() == [("delinquency", "offset")]


def test_a_debt_that_was_due_before_is_filled_as_of_the_payment() -> None:
    found = proposed(excess(), target(due="06-01"))
    assert found.offsets.select("rule", "effective_on").row(0) == ("offset", w.day("07-10"))


@pytest.mark.parametrize(
    ("open_yen", "interest", "until"),
    [
        # 174 days at 0.9 % 4,290 and 181 days at 1.3 % 6,446 on 1,000,000; 143 days at 1.3 % on 400,000 2,037
        (600_000, 12_700, w.day("11-20")),
        (1_000_000, 10_700, w.day("06-30")),
    ],
)
def test_what_is_offset_bears_interest_to_the_day_it_could_be(
    open_yen: int, interest: int, until: date
) -> None:
    paid = {"class": "kanou", "paid_on": w.day("2025-07-10"), "arisen_on": w.day("06-01")}
    found = proposed(excess(1_000_000, **paid), target("B", open_yen, "06-30")).refunds
    assert found.select("offset", "refund").row(0) == (open_yen, 1_000_000 - open_yen)
    assert found.select("interest", "interest_from", "interest_to").row(0) == (
        interest,
        w.day("2025-07-11"),
        until,
    )


@pytest.mark.parametrize("times", [1, 10_000])  # of the larger sums a single day is seen
@pytest.mark.parametrize(
    "first", ["001", "002"]
)  # the tax whose debts are filled first: those due later, or earlier
def test_interest_on_several_offsets_is_counted_a_day_at_a_time(times: int, first: str) -> None:
    """Two debts are filled as of their own days; a debt that was due before the money came takes away what never bore."""
    paid = {"class": "gonou", "paid_on": w.day("2024-03-05"), "arisen_on": w.day("2024-03-05")}
    targets = [
        target("B", times * 111_111, "2024-01-31"),
        target("C", times * 222_222, "2025-09-30", tax_item="002"),
        target("D", times * 333_333, "2026-02-02"),
    ]
    found = proposed(excess(times * 999_999, **paid, tax_item=first), *targets).refunds
    by_year: dict[tuple[int, int], int] = {}  # (year, base) -> days
    for n in range((w.day("11-20") - w.day("2024-04-06")).days + 1):
        on = w.day("2024-04-06") + timedelta(n)
        gone = 111_111 + 222_222 * (on > w.day("2025-09-30")) + 333_333 * (on > w.day("2026-02-02"))
        base = times * (999_999 - gone) // 1_000 * 1_000
        by_year[on.year, base] = by_year.get((on.year, base), 0) + 1
    tenths = {2024: 9, 2025: 9, 2026: 13}
    yen = sum(base * tenths[year] * days // 365_000 for (year, base), days in by_year.items())
    assert found["interest"].item() == yen // 100 * 100 > 0


@pytest.mark.parametrize(("class_", "starts"), [("kanou", w.day("07-11")), ("gonou", w.day("08-11"))])
def test_interest_as_if_decided_today(class_: str, starts: date) -> None:
    found = proposed(excess(1_000_000, **{"class": class_})).refunds
    assert found.select("interest_from", "interest_to").row(0) == (starts, w.day("11-20"))
    days = (w.day("11-20") - starts).days + 1
    assert found["interest"].item() == 1_000_000 * 13 * days // 365_000 // 100 * 100


def test_interest_past_the_table_is_unknown_and_the_row_stays() -> None:
    found = proposed(excess(), as_of="2027-02-01").refunds
    assert found.select("refund", "interest").row(0) == (10_000, None)


@pytest.mark.parametrize(("as_of", "books"), [("2027-05-31", "modoshi"), ("2027-06-01", "saishutsu")])
def test_which_books_give_it_back(as_of: str, books: str) -> None:
    assert proposed(excess(), as_of=as_of).refunds["accounting"].to_list() == [books]


@pytest.mark.parametrize(("premium", "day"), [(False, "2031-07-11"), (True, "2028-07-11")])
def test_claims_lapse(premium: bool, day: str) -> None:
    assert proposed(excess(is_premium=premium)).refunds["lapses_from"].to_list() == [w.day(day)]


@w.FEW
@given(w.worlds(), st.sampled_from([("same_tax", "oldest_due"), ("largest",)]))
def test_every_excess_is_used_once_and_no_debt_is_overfilled(of: w.World, order: tuple[str, ...]) -> None:
    found = w.decided(of)
    facts = of.assessments.unique("line_id", keep="last", maintain_order=True)
    targets = found.lines.join(facts.drop("payer_id", "due_date"), on="line_id").with_columns(
        is_premium=pl.col("is_premium").fill_null(value=False)
    )
    given_order = replace(w.POLICY, offset_order=order)
    proposals = propose(found.excess, targets.select(list(TARGETS)), given_order, as_of=w.AS_OF)
    refunds = proposals.refunds
    assert refunds.height == found.excess.height
    assert refunds["amount"].sum() == found.excess["amount"].sum()
    assert refunds.filter(pl.col("offset") + pl.col("refund") != pl.col("amount")).is_empty()
    assert refunds["offset"].sum() == proposals.offsets["amount"].sum()
    assert refunds.filter(pl.col("blocked").is_not_null() & (pl.col("offset") > 0)).is_empty()
    used = proposals.offsets.group_by("offset_to", "component").agg(pl.col("amount").sum())
    for line_id, component, yen in used.iter_rows():
        column = {"principal": "open", "delinquency": "charge_open"}[component]
        assert yen <= found.lines.filter(pl.col("line_id") == line_id)[column].item()


def test_an_offset_that_was_carried_out_fills_its_line() -> None:
    """The proposal, decided, comes back as a transfer: the target closes without a charge, the source keeps its excess."""
    lines = [w.line(), w.line("B", "08-31", 4_000, period="02")]
    before = w.simple(w.paid(), w.paid("p2", on="07-10"), lines=lines)
    done = {
        "payment_id": "t1",
        "receipt_id": "p2-confirmed",
        "line_id": "B",
        "component": "principal",
        "amount": 4_000,
        "paid_on": w.day("08-31"),
    }
    after = w.decided(w.simple(w.paid(), w.paid("p2", on="07-10"), lines=lines, transfers=[done]))
    assert w.decided(before).excess.equals(after.excess)
    assert w.outcome(after, "t1") == "offset_applied"
    assert after.lines.filter(pl.col("line_id") == "B").select("open", "state").row(0) == (0, "closed")
    assert after.charges.is_empty()
