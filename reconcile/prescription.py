"""Prescription: the day from which a debt may no longer be taken, and a refund no longer be claimed.

In: columns of dates, and whether a line is 料 (2 years) or tax (5). Out: the first barred day. Source: reconcile-rules §3 and §5;
地方税法18条, 18条の3. Interruptions (督促, 差押, 承認) are the tax system's: it hands over `time_barred_on`, which goes before ours.
Refuses nothing: null stays null.
"""

from __future__ import annotations

from datetime import date

import polars as pl

from elqr.calendar import period_end

TAX_YEARS, PREMIUM_YEARS = 5, 2


def barred_from(
    due_dates: pl.Series,
    *,
    premium: pl.Series | None = None,
    given: pl.Series | None = None,
    tax_years: int = TAX_YEARS,
    premium_years: int = PREMIUM_YEARS,
) -> pl.Series:
    """The first day on which a line is time-barred; counted from the day after the due date (after the roll).

    A payment on or after that day is 誤納 and goes back. `given`: the tax system's `time_barred_on`, which counts where it is not null.
    """
    ours = _first_day_after(due_dates, premium, tax_years, premium_years)
    if given is None:
        return ours
    return given.cast(pl.Date).zip_with(given.is_not_null(), ours).alias(ours.name)


def claim_lapses_from(
    claimable_on: pl.Series,
    *,
    premium: pl.Series | None = None,
    tax_years: int = TAX_YEARS,
    premium_years: int = PREMIUM_YEARS,
) -> pl.Series:
    """The first day on which a refund can no longer be claimed.

    `claimable_on`: the day the claim arose, which is not counted: the payment of a 誤納, the decision that made a payment 過納.
    """
    return _first_day_after(claimable_on, premium, tax_years, premium_years)


def is_barred(from_days: pl.Series, *, on: pl.Series | date) -> pl.Series:
    """Whether `on` lies at or past the first barred day; false where no such day is known."""
    return (from_days <= on).fill_null(value=False)


def _first_day_after(
    days: pl.Series, premium: pl.Series | None, tax_years: int, premium_years: int
) -> pl.Series:
    flags = pl.repeat(False, len(days), eager=True) if premium is None else premium.fill_null(value=False)
    rows = pl.DataFrame({"day": days, "flag": flags})
    known = rows.unique()  # due dates are few
    months = known.select(pl.when("flag").then(12 * premium_years).otherwise(12 * tax_years)).to_series()
    ends = period_end(known["day"].dt.offset_by("1d"), months=months).dt.offset_by("1d")
    found = rows.join(
        known.with_columns(end=ends), on=["day", "flag"], how="left", maintain_order="left", nulls_equal=True
    )
    return found["end"].alias(days.name)
