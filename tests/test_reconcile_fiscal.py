"""会計年度, 出納整理期間, 戻出/歳出 and prescription: the boundary days of reconcile-rules §3 and §5, one before and one after."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconcile.fiscal import fiscal_year, is_carried_over, refund_accounting, revenue_year
from reconcile.prescription import barred_from, claim_lapses_from, is_barred

DAYS = st.dates(date(2000, 1, 1), date(2040, 12, 31))


def day(iso: str) -> pl.Series:
    return pl.Series([date.fromisoformat(iso)])


@pytest.mark.parametrize(("iso", "year"), [("2026-03-31", 2025), ("2026-04-01", 2026), ("2026-12-31", 2026)])
def test_fiscal_years_begin_in_april(iso: str, year: int) -> None:
    assert fiscal_year(day(iso)).item() == year


@pytest.mark.parametrize(
    ("assessed", "paid", "year", "carried"),
    [
        (2025, "2025-06-30", 2025, False),
        (2025, "2026-03-31", 2025, False),
        (2025, "2026-05-31", 2025, False),  # last day of the 出納整理期間: still 現年 of last year
        (2025, "2026-06-01", 2026, True),  # 滞納繰越 of the new year
        (2025, "2027-05-31", 2026, True),
        (2025, "2027-06-01", 2027, True),
        (2026, "2026-04-30", 2026, False),  # the new year's own line while last year's books are open
        (2026, "2026-03-20", 2026, False),  # before the year begins
    ],
)
def test_revenue_years(assessed: int, paid: str, year: int, carried: bool) -> None:
    assert revenue_year(pl.Series([assessed]), on=day(paid)).to_list() == [year]
    assert revenue_year(pl.Series([str(assessed)]), on=day(paid)).to_list() == [str(year)]
    assert is_carried_over(pl.Series([assessed]), on=day(paid)).to_list() == [carried]
    already = pl.Series([True])
    assert is_carried_over(pl.Series([assessed]), on=day(paid), carried_over=already).to_list() == [True]


@pytest.mark.parametrize(
    ("posted", "found", "accounting"),
    [
        (2025, "2025-07-01", "modoshi"),
        (2025, "2026-05-31", "modoshi"),
        (2025, "2026-06-01", "saishutsu"),
        (2026, "2026-05-31", "modoshi"),
        (2024, "2026-05-31", "saishutsu"),
    ],
)
def test_refunds_leave_the_books_they_came_into(posted: int, found: str, accounting: str) -> None:
    assert refund_accounting(pl.Series([posted]), found_on=day(found)).to_list() == [accounting]


def test_an_unknown_date_stays_unknown() -> None:
    none = pl.Series([None], dtype=pl.Date)
    assert revenue_year(pl.Series([2025]), on=none).to_list() == [None]
    assert refund_accounting(pl.Series([2025]), found_on=none).to_list() == [None]
    assert barred_from(none).to_list() == [None]


@given(DAYS, st.integers(2000, 2040))
def test_later_payments_never_go_to_earlier_books(paid: date, assessed: int) -> None:
    year = pl.Series([assessed] * 2)
    found = revenue_year(year, on=pl.Series([paid, paid + timedelta(days=1)])).to_list()
    assert assessed <= found[0] and found[1] - found[0] in {0, 1}
    assert refund_accounting(pl.Series([found[0]]), found_on=pl.Series([paid])).to_list() == ["modoshi"]


@pytest.mark.parametrize(
    ("due", "premium", "barred"),
    [
        ("2021-05-31", False, "2026-06-01"),
        ("2021-06-30", False, "2026-07-01"),
        ("2024-05-31", True, "2026-06-01"),
        ("2023-02-28", False, "2028-03-01"),
        ("2024-02-28", False, "2029-03-01"),  # begins 29 February, which 2029 lacks: ends with its February
        ("2024-02-29", False, "2029-03-01"),
    ],
)
def test_five_years_and_two(due: str, premium: bool, barred: str) -> None:
    flags = pl.Series([premium])
    found = barred_from(day(due), premium=flags)
    assert found.to_list() == [date.fromisoformat(barred)]
    assert claim_lapses_from(day(due), premium=flags).to_list() == found.to_list()
    assert is_barred(found, on=date.fromisoformat(barred)).to_list() == [True]
    assert is_barred(found, on=date.fromisoformat(barred) - timedelta(days=1)).to_list() == [False]


def test_the_date_of_the_tax_system_goes_first() -> None:
    given_days = pl.Series([date(2030, 1, 1), None])
    found = barred_from(pl.concat([day("2021-05-31")] * 2), given=given_days)
    assert found.to_list() == [date(2030, 1, 1), date(2026, 6, 1)]


def test_unknown_is_not_barred() -> None:
    assert is_barred(pl.Series([None], dtype=pl.Date), on=pl.Series([date(2026, 1, 1)])).to_list() == [False]


def test_years_are_a_policy() -> None:
    assert barred_from(day("2021-05-31"), tax_years=3).to_list() == [date(2024, 6, 1)]
    premium = pl.Series([True])
    assert barred_from(day("2021-05-31"), premium=premium, premium_years=5).to_list() == [date(2026, 6, 1)]


@given(DAYS, st.booleans())
def test_prescription_takes_its_years_to_the_day(due: date, premium: bool) -> None:
    found: date = barred_from(pl.Series([due]), premium=pl.Series([premium])).item()
    start = due + timedelta(days=1)
    assert found.year == start.year + (2 if premium else 5)
    assert (found.month, found.day) == (start.month, start.day) or (
        (start.month, start.day) == (2, 29) and found.month == 3
    )
