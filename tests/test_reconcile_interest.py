"""還付加算金: the vectors of the rules, the slow reference over 10,000 random refunds, and what must hold for any refund."""

from __future__ import annotations

import random
from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elqr.problems import ProblemError
from reconcile.charges_reference import refund_interest
from reconcile.interest import interest
from reconcile.rates import load_rates

RATES = load_rates("refund_interest")


def refund(kind: str, amount: int, paid: str, until: str, **more: str | None) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "class": [kind],
            "amount": [amount],
            "paid_on": [date.fromisoformat(paid)],
            "until": [date.fromisoformat(until)],
            **{k: pl.Series([v and date.fromisoformat(v)], dtype=pl.Date) for k, v in more.items()},
        }
    )


def found(kind: str, amount: int, paid: str, until: str, **more: str | None) -> dict[str, object]:
    return interest(refund(kind, amount, paid, until, **more), rates=RATES).row(0, named=True)


@pytest.mark.parametrize(
    ("kind", "amount", "paid", "decided", "floors", "answer"),  # reconcile-rules §5
    [
        ("kanou", 120_000, "2024-03-31", "2026-03-31", [813, 1_080, 384], 2_200),
        ("kanou", 150_000, "2025-05-31", "2026-05-29", [791, 796], 1_500),
        ("kanou", 1_999, "2014-05-31", "2026-05-29", [], 0),
        ("gonou", 1_999, "2014-05-31", "2026-05-29", [], 0),
        ("kanou", 100_000, "2024-01-10", "2025-01-09", [877, 22], 0),
        ("kanou", 239_999, "2025-01-01", "2025-06-19", [995], 0),
        ("kanou", 237_000, "2025-01-01", "2025-06-21", [999], 0),
        ("kanou", 240_000, "2025-01-01", "2025-06-19", [1_000], 1_000),  # the least that is added
    ],
)
def test_vectors(kind: str, amount: int, paid: str, decided: str, floors: list[int], answer: int) -> None:
    row = found(kind, amount, paid, decided)
    assert [int(s.rpartition(" ")[2]) for s in str(row["segments"]).split("; ") if s] == floors
    assert row["interest"] == answer


def test_segments_can_be_checked_by_hand() -> None:
    assert found("kanou", 120_999, "2024-03-31", "2026-03-31") == {
        "interest_from": date(2024, 4, 1),
        "interest_to": date(2026, 3, 31),
        "base": 120_000,
        "segments": "2024-04-01..2024-12-31 275d 0.9% 813; 2025-01-01..2025-12-31 365d 0.9% 1080; 2026-01-01..2026-03-31 90d 1.3% 384",
        "interest": 2_200,
    }


@pytest.mark.parametrize(
    ("paid", "begins"),
    [
        ("2025-05-31", "2025-07-01"),
        ("2025-06-15", "2025-07-16"),
        ("2024-01-30", "2024-03-01"),
        ("2025-01-31", "2025-03-01"),
    ],
)
def test_a_mistaken_payment_bears_after_a_month(paid: str, begins: str) -> None:
    """reconcile-rules §5, 4: after one month from the day after the payment; the month ends as the first month of a charge does."""
    row = found("gonou", 10_000_000, paid, "2025-12-31")
    assert row["interest_from"] == date.fromisoformat(begins)
    assert row["interest_to"] == date(2025, 12, 31)


def test_no_day_no_interest() -> None:
    nothing = {"interest_from": None, "interest_to": None, "segments": "", "interest": 0}
    assert found("gonou", 10_000_000, "2025-05-31", "2025-06-30") == {**nothing, "base": 10_000_000}
    assert found("kanou", 10_000_000, "2025-05-31", "2025-05-31") == {**nothing, "base": 10_000_000}
    assert found("kanou", 1_999, "2024-05-31", "2025-05-31") == {**nothing, "base": 0}


def test_the_least_refund_that_bears_is_two_thousand_yen() -> None:
    """Below it there is no base; whatever comes of it stays under the thousand that is added."""
    row = found("kanou", 2_000, "2025-05-31", "2025-12-31")
    assert (row["base"], row["interest"]) == (2_000, 0) and "214d 0.9% 10" in str(row["segments"])


def test_an_unclaimed_span_is_left_out() -> None:
    """Notice on 1 June: thirty days end on 1 July, so 2 July to the claim bears nothing."""
    claim = {"notified_on": "2025-06-01", "claimed_on": "2025-09-30"}
    row = found("kanou", 1_000_000, "2025-03-31", "2025-10-31", **claim)
    assert row["segments"] == "2025-04-01..2025-10-31 123d 0.9% 3032"  # 92 days to 1 July, 31 from 1 October
    assert row["interest"] == 3_000


@pytest.mark.parametrize("claimed", ["2025-06-01", "2025-07-01"])
def test_a_claim_within_thirty_days_excludes_nothing(claimed: str) -> None:
    plain = found("kanou", 1_000_000, "2025-03-31", "2025-10-31")
    assert (
        found("kanou", 1_000_000, "2025-03-31", "2025-10-31", notified_on="2025-06-01", claimed_on=claimed)
        == plain
    )


def test_one_day_late_excludes_one_day() -> None:
    row = found(
        "kanou", 1_000_000, "2025-03-31", "2025-10-31", notified_on="2025-06-01", claimed_on="2025-07-02"
    )
    assert "213d" in str(row["segments"])  # 214 less one


def test_never_claimed_ends_with_the_thirty_days() -> None:
    row = found("kanou", 1_000_000, "2025-03-31", "2025-10-31", notified_on="2025-06-01", claimed_on=None)
    assert row["interest_to"] == date(2025, 7, 1)


def test_years_past_the_table_are_refused() -> None:
    with pytest.raises(ProblemError) as refused:
        found("kanou", 100_000, "2026-12-01", "2027-01-01")
    assert [p.code for p in refused.value.problems] == ["rates.past_table"]
    assert found("kanou", 1_999, "2026-12-01", "2027-01-01")["interest"] == 0
    assert found("gonou", 100_000, "2026-11-30", "2026-12-31")["interest"] == 0


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"class": pl.lit("other")}, "class"),
        ({"amount": pl.lit(-1)}, "amount"),
        ({"amount": pl.lit(2000.5)}, "amount"),
        ({"paid_on": pl.lit(None, dtype=pl.Date)}, "paid_on"),
    ],
)
def test_refunds_that_cannot_be_computed_are_refused(change: dict[str, pl.Expr], said: str) -> None:
    with pytest.raises(ValueError, match=f"refunds: {said}"):
        interest(refund("kanou", 2000, "2025-01-01", "2025-02-01").with_columns(**change), rates=RATES)


# --- against the reference ------------------------------------------------------------------------

FIRST, LAST = date(2014, 1, 1), date(2026, 12, 31)


def test_ten_thousand_random_refunds_equal_the_reference() -> None:
    chance = random.Random(20261102)
    rows = []
    for _ in range(10_000):
        paid = FIRST + timedelta(days=chance.randrange((LAST - FIRST).days))
        until = min(paid + timedelta(days=chance.randrange(chance.choice((35, 120, 400)))), LAST)
        notified = paid + timedelta(days=chance.randrange(400)) if chance.random() < 0.5 else None
        claimed = (
            notified + timedelta(days=chance.randrange(120)) if notified and chance.random() < 0.8 else None
        )
        amount = chance.choice((1_999, 2_000, chance.randrange(10**6), chance.randrange(10**7)))
        begins = paid + timedelta(days=chance.randrange(1, 300)) if chance.random() < 0.2 else None
        rows.append((chance.choice(("kanou", "gonou")), amount, paid, until, notified, claimed, begins))
    names = ("class", "amount", "paid_on", "until", "notified_on", "claimed_on", "bears_from")
    computed = interest(pl.DataFrame(rows, schema=names, orient="row", infer_schema_length=None), rates=RATES)

    def expected(row: tuple[str, int, date, date, date | None, date | None, date | None]) -> int:
        kind, amount, paid, until, notified, claimed, begins = row
        outside = [(notified + timedelta(days=31), claimed or until)] if notified else []
        outside += [(paid, begins - timedelta(days=1))] if begins else []
        return refund_interest(paid, until, amount, rate=rate, mistaken=kind == "gonou", excluded=outside)

    answers = [expected(row) for row in rows]
    assert computed["interest"].to_list() == answers
    assert sum(1 for yen in answers if yen) > 1_000


def rate(year: int) -> int:
    return RATES.values["rate"][year - RATES.valid_from.year]


# --- properties -----------------------------------------------------------------------------------

PAID = st.dates(date(2014, 1, 1), date(2022, 12, 31))
YEN = st.integers(0, 10**8)
CLASS = st.sampled_from(("kanou", "gonou"))


def pair(*rows: tuple[str, int, date, date]) -> list[int]:
    frame = pl.DataFrame(rows, schema=["class", "amount", "paid_on", "until"], orient="row")
    return interest(frame, rates=RATES)["interest"].to_list()


@given(PAID, st.integers(0, 700), st.integers(0, 700), YEN, CLASS)
def test_more_days_never_pay_less(paid: date, fewer: int, more: int, yen: int, kind: str) -> None:
    short, long = paid + timedelta(days=fewer), paid + timedelta(days=fewer + more)
    found = pair((kind, yen, paid, short), (kind, yen, paid, long))
    assert found[0] <= found[1]


@given(PAID, st.integers(0, 1400), YEN, YEN, CLASS)
def test_a_larger_refund_never_pays_less(paid: date, days: int, yen: int, more: int, kind: str) -> None:
    until = paid + timedelta(days=days)
    found = pair((kind, yen, paid, until), (kind, yen + more, paid, until))
    assert found[0] <= found[1]


@given(PAID, st.integers(0, 1400), YEN)
def test_a_mistaken_payment_never_bears_more(paid: date, days: int, yen: int) -> None:
    until = paid + timedelta(days=days)
    found = pair(("gonou", yen, paid, until), ("kanou", yen, paid, until))
    assert found[0] <= found[1]
    assert all(n == 0 or (n >= 1_000 and n % 100 == 0) for n in found)
