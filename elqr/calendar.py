"""Days of offices and of banks, and months counted as the law counts them; over columns of dates.

In: a pl.Date column (null stays null). Out: dates or flags of the same length. National holidays come from jpholiday, asked only for the
distinct days of the column: a year's table costs 0.1 s, a night's due dates are a dozen days.
Refuses: years outside FIRST_YEAR..LAST_YEAR. There jpholiday's equinoxes agree with the published approximation, beyond nobody checks them.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from functools import cache

import polars as pl

from elqr.problems import Problem, ProblemError

FIRST_YEAR, LAST_YEAR = 1980, 2099

ONE_DAY = timedelta(days=1)
SATURDAY = 5

# (month, day) on which the offices, and the banks, are shut besides holidays (reconcile-rules §3; 地方税法20条の5; 銀行法施行令5条)
OFFICE_SHUT = frozenset({(12, 29), (12, 30), (12, 31), (1, 1), (1, 2), (1, 3)})
BANK_SHUT = frozenset({(12, 31), (1, 1), (1, 2), (1, 3)})


def roll_due(days: pl.Series) -> pl.Series:
    """納期限 as it stands after the roll: a day off becomes the next day that is none (reconcile-rules §3).

    Days off: Saturday, Sunday, national holiday, 29 December to 3 January. Raises ProblemError (`calendar.year`).
    """
    return _mapped(days, _open_office_day, pl.Date())


def is_bank_day(days: pl.Series) -> pl.Series:
    """Whether banks move money on the day: not Saturday, Sunday, national holiday, 31 December to 3 January (reconcile-rules §5).

    Raises ProblemError (`calendar.year`).
    """
    return _mapped(days, _is_bank_day, pl.Boolean())


def next_bank_day(days: pl.Series) -> pl.Series:
    """The day itself where it is a bank day, else the next one. Raises ProblemError (`calendar.year`)."""
    return _mapped(days, _open_bank_day, pl.Date())


def period_end(starts: pl.Series, *, months: int | pl.Series) -> pl.Series:
    """The last day of a period of whole months that begins with the day `starts`.

    It is the day before the corresponding day of the last month, or the end of that month where it has no such day (reconcile-rules §4,
    "First month"; 民法143条): a month from 2024-02-01 ends on 02-29, one from 2026-01-31 on 02-28, one from 2026-02-03 on 03-02.
    """
    frame = pl.DataFrame({"start": starts.cast(pl.Date)}).with_columns(months=pl.lit(months))
    same_day = pl.col("start").dt.offset_by(pl.format("{}mo", pl.col("months")))
    # offset_by stops at the end of a month that is too short: then that end is the last day itself
    short = same_day.dt.day() < pl.col("start").dt.day()
    last = pl.when(short).then(same_day).otherwise(same_day - pl.duration(days=1))
    return frame.select(last.alias(starts.name)).to_series()


def _mapped(days: pl.Series, rule: Callable[[date], object], dtype: pl.DataType) -> pl.Series:
    """`rule` over the distinct days, spread over the column again."""
    known = days.cast(pl.Date).unique().drop_nulls()
    _refuse_years(known, days.name)
    answers = pl.Series([rule(day) for day in known.to_list()], dtype=dtype)
    return days.cast(pl.Date).replace_strict(known, answers, default=None, return_dtype=dtype)


def _refuse_years(days: pl.Series, field: str) -> None:
    outside = days.filter((days.dt.year() < FIRST_YEAR) | (days.dt.year() > LAST_YEAR)).sort()
    if len(outside):
        raise ProblemError(
            Problem(
                "calendar.year",
                field,
                {"found": outside[0].isoformat(), "expected": f"{FIRST_YEAR}–{LAST_YEAR}"},
            )
        )


@cache
def is_holiday(day: date) -> bool:
    """Whether the day is a national holiday (国民の祝日, 振替休日, 国民の休日)."""
    import jpholiday

    return jpholiday.is_holiday(day)


def _is_shut(day: date, shut: frozenset[tuple[int, int]]) -> bool:
    return day.weekday() >= SATURDAY or (day.month, day.day) in shut or is_holiday(day)


def _is_bank_day(day: date) -> bool:
    return not _is_shut(day, BANK_SHUT)


def _open_office_day(day: date) -> date:
    while _is_shut(day, OFFICE_SHUT):
        day += ONE_DAY
    return day


def _open_bank_day(day: date) -> date:
    while _is_shut(day, BANK_SHUT):
        day += ONE_DAY
    return day
