"""Days off and months of the law: published dates, the roll, and properties over every day of forty years."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elqr.calendar import (
    FIRST_YEAR,
    LAST_YEAR,
    is_bank_day,
    is_holiday,
    next_bank_day,
    period_end,
    roll_due,
)
from elqr.problems import ProblemError
from reconcile.charges_reference import first_month

DAYS = st.dates(date(2000, 1, 1), date(2040, 12, 31))


def days(*iso: str) -> pl.Series:
    return pl.Series("due_date", [date.fromisoformat(d) for d in iso])


@pytest.mark.parametrize(
    ("day", "due", "bank"),
    [
        ("2025-05-31", "2025-06-02", "2025-06-02"),  # a Saturday (reconcile-rules §4, sixth vector)
        ("2025-06-01", "2025-06-02", "2025-06-02"),  # a Sunday
        ("2025-06-30", "2025-06-30", "2025-06-30"),
        (
            "2025-12-28",
            "2026-01-05",
            "2025-12-29",
        ),  # Sunday; offices are shut from the 29th, banks from the 31st
        ("2025-12-29", "2026-01-05", "2025-12-29"),
        ("2025-12-30", "2026-01-05", "2025-12-30"),
        ("2025-12-31", "2026-01-05", "2026-01-05"),
        ("2026-01-03", "2026-01-05", "2026-01-05"),
        ("2026-05-03", "2026-05-07", "2026-05-07"),  # holidays to the 5th, 振替休日 on the 6th
        ("2026-09-19", "2026-09-24", "2026-09-24"),  # Saturday … 国民の休日 on the 22nd, 秋分の日 on the 23rd
        ("2019-04-27", "2019-05-07", "2019-05-07"),  # ten days, by the law of the accession
        ("2021-07-22", "2021-07-26", "2021-07-26"),  # holidays moved for the Olympics
        ("2021-07-19", "2021-07-19", "2021-07-19"),  # the usual 海の日 was an ordinary Monday that year
    ],
)
def test_published_days(day: str, due: str, bank: str) -> None:
    assert roll_due(days(day)).to_list() == [date.fromisoformat(due)]
    assert next_bank_day(days(day)).to_list() == [date.fromisoformat(bank)]
    assert is_bank_day(days(day)).to_list() == [day == bank]


def test_columns_keep_null_name_and_length() -> None:
    column = pl.Series("due_date", [date(2026, 1, 1), None, date(2026, 1, 1)])
    rolled = roll_due(column)
    assert rolled.name == "due_date"
    assert rolled.to_list() == [date(2026, 1, 5), None, date(2026, 1, 5)]
    assert is_bank_day(column).to_list() == [False, None, False]
    assert roll_due(pl.Series("d", [], dtype=pl.Date)).to_list() == []


@given(st.lists(DAYS, max_size=8))
def test_the_roll_is_the_first_open_day(found: list[date]) -> None:
    rolled = roll_due(pl.Series(found, dtype=pl.Date))
    assert roll_due(rolled).to_list() == rolled.to_list()
    for day, to in zip(found, rolled.to_list(), strict=True):
        assert day <= to
        assert to.weekday() < 5 and not is_holiday(to)
        assert (to.month, to.day) not in {(12, 29), (12, 30), (12, 31), (1, 1), (1, 2), (1, 3)}
        between = pl.Series([day + timedelta(days=n) for n in range((to - day).days)], dtype=pl.Date)
        assert (roll_due(between) == pl.Series([to] * len(between), dtype=pl.Date)).all()


@pytest.mark.parametrize("year", [FIRST_YEAR, 1999, 2026, 2050, LAST_YEAR])
def test_equinoxes_agree_with_the_published_approximation(year: int) -> None:
    """The approximation that almanacs print for 1980–2099; it is why the calendar ends where it does."""
    drift = 242_194 * (year - 1980) - (year - 1980) // 4 * 1_000_000  # millionths of a day
    march, september = ((day + drift) // 1_000_000 for day in (20_843_100, 23_248_800))
    assert is_holiday(date(year, 3, march))
    assert is_holiday(date(year, 9, september))


@pytest.mark.parametrize("year", [FIRST_YEAR - 1, LAST_YEAR + 1])
def test_years_without_a_calendar_are_refused(year: int) -> None:
    for ask in (roll_due, is_bank_day, next_bank_day):
        with pytest.raises(ProblemError) as refused:
            ask(pl.Series("due_date", [date(2026, 4, 1), date(year, 6, 30)]))
        (problem,) = refused.value.problems
        assert problem.code == "calendar.year"
        assert str(year) in problem.text("ja") and "1980–2099" in problem.text("en")


@pytest.mark.parametrize(
    ("due", "end"),  # reconcile-rules §4, "First month"
    [
        ("2024-01-31", "2024-02-29"),
        ("2026-02-02", "2026-03-02"),
        ("2025-08-31", "2025-09-30"),
        # and the days around a short month
        ("2025-01-27", "2025-02-27"),
        ("2025-01-28", "2025-02-28"),
        ("2025-01-29", "2025-02-28"),
        ("2025-01-30", "2025-02-28"),
        ("2025-01-31", "2025-02-28"),
        ("2025-02-28", "2025-03-31"),
        ("2024-02-28", "2024-03-28"),
        ("2025-12-25", "2026-01-25"),
        ("2025-12-30", "2026-01-30"),
    ],
)
def test_first_months(due: str, end: str) -> None:
    assert period_end(days(due).dt.offset_by("1d"), months=1).to_list() == [date.fromisoformat(end)]


@given(DAYS)
def test_a_month_equals_the_reference(due: date) -> None:
    starts = pl.Series([due + timedelta(days=1)])
    assert period_end(starts, months=1).item() == first_month(due)


def test_months_may_differ_by_row() -> None:
    starts = pl.Series("start", [date(2021, 6, 1), date(2024, 2, 29), None])
    ends = period_end(starts, months=pl.Series([60, 60, 1]))
    assert ends.to_list() == [date(2026, 5, 31), date(2029, 2, 28), None]
