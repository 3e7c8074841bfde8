"""還付加算金: the interest a city adds to what it gives back, refund by refund, year by year.

In: columns of refunds. Out: first and last day, base, segments as text, and yen, row by row. Source: reconcile-rules §5.
過納 (lawful when paid) bears from the day after the payment, 誤納 (never due) from a month after it; the time in which a notified
payee did not claim is left out. Refuses: years the rate table does not hold (ProblemError), null or negative inputs (ValueError).
"""

from __future__ import annotations

import polars as pl

from elqr.calendar import period_end
from reconcile.rates import Rates

KANOU, GONOU = "kanou", "gonou"  # 過納, 誤納
RATES = ("rate",)  # columns of the table

BASE_UNIT, BASE_MIN = 1_000, 2_000  # the refund is floored to 1,000; below 2,000 it bears nothing
PAY_UNIT, PAY_MIN = 100, 1_000  # the total is floored to 100; below 1,000 it is not added
YEAR_PARTS = 365 * 1_000  # base × tenths of a percent × days ÷ this = yen
CLAIM_DAYS = (
    30  # after the notice; the span from the day after them to the claim bears nothing (地方税法17条の4第2項)
)


def interest(refunds: pl.DataFrame, *, rates: Rates) -> pl.DataFrame:
    """Row by row: `interest_from, interest_to` (null where no day bears interest), `base, segments, interest`.

    refunds: `amount` yen, `class` kanou|gonou, `paid_on`, `until` (the day the spending is decided, or the 充当適状日; inclusive), and where
    known `notified_on`, `claimed_on` (null = not yet claimed), `bears_from` (nothing before it). Segments read `2026-01-01..2026-03-31 90d 1.3% 384`.
    Each year is floored, then the sum (reconcile-rules §5, 4). Raises ProblemError (`rates.*`), ValueError.

    An overpayment of which parts go at different days has several rows, one after another, with the same `of`: `amount` is what is left,
    `after` the day on which it came to that (null = from the beginning). What comes out is then one row for each, in order, without `base`.
    """
    rows = _rows(refunds)
    if "of" in refunds.columns:
        return _stepped(rows.with_columns(of=refunds["of"]), rates)
    found = segments(rows, rates=rates)
    sums = found.group_by("row", maintain_order=True).agg(
        pl.col("first").min(),
        pl.col("last").max(),
        pl.col("yen").sum(),
        segments=pl.format(
            "{}..{} {}d {}.{}% {}",
            "first",
            "last",
            "days",
            pl.col("tenths") // 10,
            pl.col("tenths") % 10,
            "yen",
        ),
    )
    return rows.join(sums, on="row", how="left", maintain_order="left").select(
        interest_from="first",
        interest_to="last",
        base="base",
        segments=pl.col("segments").list.join("; ").fill_null(""),
        interest=_payable(),
    )


def _stepped(rows: pl.DataFrame, rates: Rates) -> pl.DataFrame:
    """`of, interest_from, interest_to, interest`: the steps of each overpayment together."""
    found = segments(rows, rates=rates).join(rows.select("row", "of"), on="row")
    sums = found.group_by("of").agg(pl.col("first").min(), pl.col("last").max(), pl.col("yen").sum())
    owners = rows.select("of").unique(maintain_order=True)
    return owners.join(sums, on="of", how="left", maintain_order="left").select(
        "of", interest_from="first", interest_to="last", interest=_payable()
    )


def _payable() -> pl.Expr:
    return pl.when(pl.col("yen") >= PAY_MIN).then(pl.col("yen") // PAY_UNIT * PAY_UNIT).otherwise(0)


def segments(rows: pl.DataFrame, *, rates: Rates) -> pl.DataFrame:
    """The bearing days by year: `row, year, first, last, days, tenths, yen` (floored), in order."""
    pieces = pl.concat([_piece(rows, "start", "before"), _piece(rows, "resume", "until")])
    years = (
        pieces.filter((pl.col("first") <= pl.col("last")) & (pl.col("base") > 0))
        .with_columns(year=pl.int_ranges(pl.col("first").dt.year(), pl.col("last").dt.year() + 1))
        .explode("year", empty_as_null=False)
        .with_columns(
            first=pl.max_horizontal("first", pl.date("year", 1, 1)),
            last=pl.min_horizontal("last", pl.date("year", 12, 31)),
            year=pl.col("year").cast(pl.Int32),
        )
        .with_columns(days=(pl.col("last") - pl.col("first")).dt.total_days() + 1)
        .group_by("row", "year", "base")
        .agg(pl.col("first").min(), pl.col("last").max(), pl.col("days").sum())
        .sort("row", "year")
    )
    rates.refuse(years["year"])
    return years.join(rates.table().rename({"rate": "tenths"}), on="year", how="left").select(
        "row",
        "year",
        "first",
        "last",
        "days",
        "tenths",
        yen=pl.col("base") * pl.col("tenths") * pl.col("days") // YEAR_PARTS,
    )


def _rows(refunds: pl.DataFrame) -> pl.DataFrame:
    """The two pieces of each refund's time: `start`..`before` and, after an unclaimed span, `resume`..`until`."""
    for name in ("amount", "class", "paid_on", "until"):
        if refunds[name].null_count():
            raise ValueError(f"refunds: {name} is null in {refunds[name].null_count()} rows")
    if not refunds["amount"].dtype.is_integer() or (refunds["amount"] < 0).any():
        raise ValueError("refunds: amount is whole yen, not negative")
    if not refunds["class"].is_in([KANOU, GONOU]).all():
        raise ValueError(f"refunds: class is {KANOU} or {GONOU}")
    next_day = refunds["paid_on"].dt.offset_by("1d")
    known = {
        n: refunds[n] if n in refunds.columns else pl.lit(None, pl.Date)
        for n in ("notified_on", "claimed_on", "bears_from")
    }
    after = refunds["after"] if "after" in refunds.columns else pl.lit(None, pl.Date)
    begin = pl.col("notified_on") + pl.duration(days=CLAIM_DAYS + 1)
    end = pl.min_horizontal("claimed_on", "until")  # a missing claim is skipped: excluded to the end
    unclaimed = (begin <= end).fill_null(value=False)
    return (
        refunds.select("class", "until", **known, after=after, amount=pl.col("amount").cast(pl.Int64))
        .with_columns(
            row=pl.int_range(pl.len(), dtype=pl.UInt32),
            base=pl.when(pl.col("amount") >= BASE_MIN).then(pl.col("amount") // BASE_UNIT * BASE_UNIT).otherwise(0),
            start=pl.when(pl.col("class") == KANOU)
            .then(next_day)
            .otherwise(period_end(next_day, months=1) + pl.duration(days=1)),
        )
        .with_columns(start=pl.max_horizontal("start", "bears_from", pl.col("after") + pl.duration(days=1)))
        .with_columns(
            before=pl.when(unclaimed)
            .then(pl.min_horizontal(begin - pl.duration(days=1), "until"))
            .otherwise("until"),
            resume=pl.when(unclaimed).then(
                pl.max_horizontal(end + pl.duration(days=1), "start")
            ),
        )
    )  # fmt: skip


def _piece(rows: pl.DataFrame, first: str, last: str) -> pl.DataFrame:
    return rows.select("row", "base", first=first, last=last)
