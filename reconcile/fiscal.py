"""会計年度: which year's books a payment belongs to, and out of which a refund is paid.

In: columns of fiscal years (whole numbers or four digits, given back in the same type) and of dates. Out: columns of the same length.
A fiscal year is April to March; its books stay open to 31 May (出納整理期間). Source: reconcile-rules §3, last cases.
Refuses: text that is not a year (polars raises). Which of the four dates of a receipt counts is the caller's choice: 会計日 where there is one.
"""

from __future__ import annotations

import polars as pl

MODOSHI, SAISHUTSU = "modoshi", "saishutsu"  # 歳入戻出, 歳出(過年度)

YEAR_BEGINS = 4  # April
BOOKS_OPEN = 6  # from 1 June only the new year's books are open


def fiscal_year(days: pl.Series) -> pl.Series:
    """The fiscal year (Int32) a day lies in: 2026-03-31 is in 2025."""
    return days.dt.year() - (days.dt.month() < YEAR_BEGINS).cast(pl.Int32)


def closing_books(days: pl.Series) -> pl.Series:
    """The oldest fiscal year (Int32) whose books are open on the day: 2026-05-31 gives 2025, 2026-06-01 gives 2026."""
    return days.dt.year() - (days.dt.month() < BOOKS_OPEN).cast(pl.Int32)


def revenue_year(assessed: pl.Series, *, on: pl.Series) -> pl.Series:
    """The fiscal year a payment `on` a day belongs to, for a line assessed in the books of `assessed`.

    Up to 31 May after it, that year itself (現年); from 1 June the line stands in the books of the new year, and so on each June. A payment
    before the year begins belongs to the year of the line. Type as `assessed`.
    """
    year, books = assessed.cast(pl.Int32), closing_books(on)
    frame = pl.DataFrame({"year": year, "books": books})
    found = frame.select(
        pl.when(pl.col("books").is_not_null()).then(pl.max_horizontal("year", "books"))
    ).to_series()
    return found.cast(assessed.dtype).alias(assessed.name)


def is_carried_over(
    assessed: pl.Series, *, on: pl.Series, carried_over: pl.Series | None = None
) -> pl.Series:
    """Whether the payment counts as 滞納繰越: the line was carried over already, or stands in later books by then."""
    later = revenue_year(assessed.cast(pl.Int32), on=on) > assessed.cast(pl.Int32)
    return later if carried_over is None else later | carried_over


def refund_accounting(posted: pl.Series, *, found_on: pl.Series) -> pl.Series:
    """`modoshi` (歳入戻出) while the books of the year the money was posted to are open, else `saishutsu` (歳出, 過年度)."""
    frame = pl.DataFrame({"posted": posted.cast(pl.Int32), "books": closing_books(found_on)})
    return frame.select(
        accounting=pl.when(pl.col("books") <= pl.col("posted"))
        .then(pl.lit(MODOSHI))
        .when(pl.col("books") > pl.col("posted"))
        .then(pl.lit(SAISHUTSU))
    ).to_series()
