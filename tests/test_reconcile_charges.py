"""延滞金: the published vectors, the slow reference over 10,000 random lines, and what must hold for any line."""

from __future__ import annotations

import random
from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elqr.calendar import roll_due
from elqr.problems import ProblemError
from reconcile.charges import ROUNDINGS, charges
from reconcile.charges_reference import Payment, accrued, charge
from reconcile.rates import Rates, load_rates

RATES = load_rates("delinquency")

# principal, due, paid, floored segments, answer: reconcile-rules §4; the first three from cities' pages
VECTORS = [
    (65_000, "2021-05-31", "2022-01-31", [133, 2_883, 480], 3_400),
    (117_300, "2024-01-31", "2024-08-31", [223, 5_131], 5_300),
    (250_000, "2017-05-01", "2017-07-10", [573, 2_404], 2_900),
    (1_999, "2024-05-31", "2026-03-31", [], 0),
    (2_000, "2024-05-31", "2026-03-31", [3, 87, 174, 44], 0),  # 308 in all
    (30_000, "2025-06-30", "2025-07-31", [61], 0),
    (100_000, "2025-12-25", "2026-03-31", [39, 191, 1_620], 1_800),
    (48_900, "2025-05-31", "2025-09-30", [94, 1_029], 1_100),
    (10_000_000, "2025-03-31", "2025-04-15", [9_863], 9_800),
    (506_000, "2025-06-30", "2025-07-30", [998], 0),
    (507_000, "2025-06-30", "2025-07-30", [1_000], 1_000),  # the least that is charged
]


def line(principal: int, due: str, until: str) -> pl.DataFrame:
    dates = pl.Series([date.fromisoformat(due)]), pl.Series([date.fromisoformat(until)])
    return pl.DataFrame(
        {"line_id": ["A"], "due_date": roll_due(dates[0]), "principal": [principal], "until": dates[1]}
    )


def payments(*found: tuple[str, int]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "line_id": ["A"] * len(found),
            "paid_on": pl.Series([date.fromisoformat(d) for d, _ in found], dtype=pl.Date),
            "amount": pl.Series([n for _, n in found], dtype=pl.Int64),
        }
    )


def spans(*found: tuple[str, str | None]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "line_id": ["A"] * len(found),
            "exempt_from": pl.Series([date.fromisoformat(a) for a, _ in found], dtype=pl.Date),
            "exempt_to": pl.Series([b and date.fromisoformat(b) for _, b in found], dtype=pl.Date),
        }
    )


def amount(lines: pl.DataFrame, **more: object) -> int:
    found: int = charges(lines, rates=RATES, **more)["amount"].item()  # type: ignore[arg-type]
    return found


@pytest.mark.parametrize(("principal", "due", "until", "floors", "answer"), VECTORS)
@pytest.mark.parametrize("rounding", ROUNDINGS)
def test_vectors(principal: int, due: str, until: str, floors: list[int], answer: int, rounding: str) -> None:
    found = charges(line(principal, due, until), rates=RATES, rounding=rounding).row(0, named=True)
    assert found["amount"] == answer
    assert found["rounding"] == rounding
    last = [s.rpartition(" ")[2] for s in found["segments"].split("; ") if s]
    assert [int(n.partition(".")[0]) for n in last] == floors
    assert all(("." in n) == (rounding != "segment") for n in last)


@pytest.mark.parametrize(("rounding", "answer"), [("segment", 1_100), ("part", 1_100), ("end", 1_200)])
def test_rounding_variants_differ(rounding: str, answer: int) -> None:
    """reconcile-rules §4, last vector: 1,199 by segment and by part, 1,200 at the end."""
    assert amount(line(21_000, "2025-12-25", "2026-09-02"), rounding=rounding) == answer


def test_segments_can_be_checked_by_hand() -> None:
    found = charges(line(100_000, "2025-12-25", "2026-03-31"), rates=RATES).row(0, named=True)
    assert found == {
        "line_id": "A",
        "due_date": date(2025, 12, 25),
        "paid_on": date(2026, 3, 31),
        "base": 100_000,
        "segments": "2025-12-26..2025-12-31 6d 2.4% 39; 2026-01-01..2026-01-25 25d 2.8% 191; 2026-01-26..2026-03-31 65d 9.1% 1620",
        "amount": 1_800,
        "rounding": "segment",
    }


def test_a_partial_payment_lowers_the_base_from_the_day_after() -> None:
    """100,000 until the payment's own day, 60,000 (60,900 floored) from the next; each stretch by hand: base × rate × days ÷ 365."""
    found = charges(
        line(100_000, "2025-06-30", "2025-10-31"),
        payments=payments(("2025-08-15", 39_100), ("2025-10-31", 60_900)),
        rates=RATES,
    ).row(0, named=True)
    assert found["segments"] == (
        "2025-07-01..2025-07-31 31d 2.4% 203; 2025-08-01..2025-08-15 15d 8.7% 357; 2025-08-16..2025-10-31 77d 8.7% of 60000 1101"
    )
    assert (found["base"], found["amount"]) == (100_000, 1_600)


def test_a_payment_that_leaves_less_than_2000_ends_the_charge() -> None:
    full = amount(line(100_000, "2025-06-30", "2025-09-30"))
    more = payments(("2025-09-30", 98_001))
    assert amount(line(100_000, "2025-06-30", "2026-03-31"), payments=more) == full
    more = payments(("2025-09-30", 98_000))
    assert (
        "of 2000"
        in charges(line(100_000, "2025-06-30", "2026-03-31"), payments=more, rates=RATES)["segments"].item()
    )


def test_a_payment_before_the_due_date_counts_from_the_first_day() -> None:
    more = payments(("2025-06-01", 40_000))
    assert amount(line(100_000, "2025-06-30", "2026-03-31"), payments=more) == amount(
        line(60_000, "2025-06-30", "2026-03-31")
    )


def test_exempt_days_are_not_counted_and_the_month_runs_on() -> None:
    lines = line(100_000, "2025-06-30", "2025-12-31")
    found = charges(
        lines, exempt=spans(("2025-07-11", "2025-09-30"), ("2025-09-01", "2025-10-31")), rates=RATES
    )
    assert (
        found["segments"].item() == "2025-07-01..2025-07-10 10d 2.4% 65; 2025-11-01..2025-12-31 61d 8.7% 1453"
    )
    assert amount(lines, exempt=spans(("2025-01-01", None))) == 0
    outside = spans(("2024-01-01", "2025-06-30"), ("2026-01-01", None))
    assert amount(lines, exempt=outside) == amount(lines)


def test_a_hole_within_a_segment_is_one_floor() -> None:
    found = charges(
        line(100_000, "2025-06-30", "2025-12-31"), exempt=spans(("2025-09-01", "2025-09-10")), rates=RATES
    )
    assert "2025-08-01..2025-12-31 143d 8.7%" in found["segments"].item()


def test_on_time_costs_nothing() -> None:
    for paid in ("2025-06-30", "2025-06-01"):
        found = charges(line(10_000_000, "2025-06-30", paid), rates=RATES).row(0, named=True)
        assert (found["amount"], found["base"], found["segments"]) == (0, 0, "")


def test_a_low_rate_of_three_months_for_premiums_that_have_it() -> None:
    lines = line(100_000, "2025-06-30", "2025-12-31").with_columns(first_months=pl.lit(3))
    assert "2025-07-01..2025-09-30 92d 2.4%" in charges(lines, rates=RATES)["segments"].item()


@pytest.mark.parametrize("until", ["2027-01-01", "2028-06-30"])
def test_past_the_table_is_refused(until: str) -> None:
    with pytest.raises(ProblemError) as refused:
        charges(line(100_000, "2026-12-25", until), rates=RATES)
    first = refused.value.problems[0]
    assert first.code == "rates.past_table"
    assert "2027年の割合は2026-11-30までに告示" in first.text("ja")
    assert "Rates for 2027 are announced by 2026-11-30" in first.text("en")


def test_before_the_table_is_refused() -> None:
    with pytest.raises(ProblemError) as refused:
        charges(line(100_000, "1999-11-30", "2000-02-29"), rates=RATES)
    assert [p.code for p in refused.value.problems] == ["rates.before_table"]
    assert "2000-01-01" in refused.value.problems[0].text("ja")


def test_a_year_without_counted_days_is_not_asked_for() -> None:
    exempt = spans(("2026-12-31", None))
    assert amount(line(100_000, "2026-06-30", "2027-06-30"), exempt=exempt) > 0
    assert amount(line(1_999, "2026-06-30", "2027-06-30")) == 0


@pytest.mark.parametrize(
    "change",
    [
        {"principal": pl.lit(-1)},
        {"principal": pl.lit(None, dtype=pl.Int64)},
        {"until": pl.lit(None, dtype=pl.Date)},
        {"principal": pl.lit(1.5)},
    ],
)
def test_lines_that_cannot_be_computed_are_refused(change: dict[str, pl.Expr]) -> None:
    with pytest.raises(ValueError, match="lines: "):
        charges(line(1000, "2025-06-30", "2025-07-31").with_columns(**change), rates=RATES)


def test_other_inputs_that_cannot_be_computed_are_refused() -> None:
    one = line(100_000, "2025-06-30", "2025-07-31")
    with pytest.raises(ValueError, match="not unique"):
        charges(pl.concat([one, one]), rates=RATES)
    with pytest.raises(ValueError, match="payments: "):
        charges(one, payments=payments(("2025-07-01", -1)), rates=RATES)
    with pytest.raises(ValueError, match="segment, part, end"):
        charges(one, rates=RATES, rounding="round")


# --- against the reference ------------------------------------------------------------------------


def low(year: int) -> int:
    return RATES.values["first_month"][year - RATES.valid_from.year]


def high(year: int) -> int:
    return RATES.values["after"][year - RATES.valid_from.year]


FIRST, LAST = date(2000, 1, 1), date(2026, 12, 31)


Case = tuple[
    date, date, int, list[Payment], list[tuple[date, date]]
]  # due, until, principal, payments, exempt


def cases(count: int, *, seed: int) -> list[Case]:
    """Lines as offices have them: most short and plain, some with payments in between, before and on the last day, some with spans."""
    chance = random.Random(seed)
    found = []
    for _ in range(count):
        due = FIRST + timedelta(days=chance.randrange((LAST - FIRST).days))
        length = chance.choice((5, 40, 120, 200))
        until = min(due + timedelta(days=chance.randrange(length)), LAST)
        principal = chance.choice(
            (
                1_999,
                2_000,
                21_000,
                chance.randrange(1_000, 10**5),
                *(chance.randrange(10**5, 10**9) for _ in "ab"),
            )
        )

        def day(due: date = due, until: date = until) -> date:
            return due + timedelta(days=chance.randrange(-20, (until - due).days + 20))

        paid = [
            Payment(day(), chance.randrange(principal // 2)) for _ in range(chance.choice((0, 0, 1, 2, 4)))
        ]
        off = [tuple(sorted((day(), day()))) for _ in range(chance.choice((0, 0, 0, 1, 3)))]
        found.append((due, until, principal, paid, [(a, b) for a, b in off]))
    return found


def test_ten_thousand_random_lines_equal_the_reference() -> None:
    made = cases(10_000, seed=20261101)
    exact = [accrued(a, b, yen, low=low, high=high, payments=p, exempt=e) for a, b, yen, p, e in made]
    for rounding in ROUNDINGS:
        assert computed(made, rounding).to_list() == [charge(parts, rounding) for parts in exact]
    assert sum(1 for parts in exact if charge(parts, "segment")) > 2_000


def test_ten_thousand_random_lines_keep_the_floors_in_order() -> None:
    made = cases(10_000, seed=20261102)
    segment, part, end = (computed(made, rounding) for rounding in ROUNDINGS)
    assert (segment <= part).all() and (part <= end).all()
    assert (end - segment).filter(segment > 0).is_in([0, 100]).all()
    assert (end - segment).filter(segment == 0).is_in([0, 1_000]).all()
    assert ((end == 0) | (end >= 1_000)).all() and (end % 100 == 0).all()
    small = pl.Series([principal < 2_000 for _, _, principal, _, _ in made])
    assert small.sum() > 1_000 and (end.filter(small) == 0).all()


def computed(made: list[Case], rounding: str) -> pl.Series:
    ids = [str(n) for n in range(len(made))]
    paid = [(n, p.paid_on, p.amount) for n, c in zip(ids, made, strict=True) for p in c[3]]
    off = [(n, a, b) for n, c in zip(ids, made, strict=True) for a, b in c[4]]
    found = charges(
        pl.DataFrame(
            {
                "line_id": ids,
                "due_date": [c[0] for c in made],
                "until": [c[1] for c in made],
                "principal": [c[2] for c in made],
            }
        ),
        payments=pl.DataFrame(paid, schema=["line_id", "paid_on", "amount"], orient="row"),
        exempt=pl.DataFrame(off, schema=["line_id", "exempt_from", "exempt_to"], orient="row"),
        rates=RATES,
        rounding=rounding,
    )
    assert found["line_id"].to_list() == ids
    return found["amount"]


# --- properties -----------------------------------------------------------------------------------

DUES = st.dates(date(2014, 1, 1), date(2024, 12, 31))
YEN = st.integers(0, 10**8)


@given(DUES, st.integers(0, 365), st.integers(0, 365), YEN, st.sampled_from(ROUNDINGS))
def test_more_days_never_cost_less(due: date, fewer: int, more: int, yen: int, rounding: str) -> None:
    found = ladder(
        [(due, due + timedelta(days=fewer), yen), (due, due + timedelta(days=fewer + more), yen)], rounding
    )
    assert found[0] <= found[1]


@given(DUES, st.integers(0, 365), YEN, YEN, st.sampled_from(ROUNDINGS))
def test_a_larger_principal_never_costs_less(
    due: date, days: int, yen: int, more: int, rounding: str
) -> None:
    until = due + timedelta(days=days)
    found = ladder([(due, until, yen), (due, until, yen + more)], rounding)
    assert found[0] <= found[1]


def ladder(found: list[tuple[date, date, int]], rounding: str) -> list[int]:
    lines = pl.DataFrame(
        {
            "line_id": [str(n) for n in range(len(found))],
            "due_date": [f[0] for f in found],
            "until": [f[1] for f in found],
            "principal": [f[2] for f in found],
        }
    )
    return charges(lines, rates=RATES, rounding=rounding)["amount"].to_list()


def test_rates_are_those_of_the_shipped_table() -> None:
    assert isinstance(RATES, Rates)
    assert (low(2014), high(2014), low(2026), high(2026)) == (29, 92, 28, 91)
