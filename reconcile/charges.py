"""延滞金: what a late payment costs, line by line, with the segments a clerk can check by hand.

In: columns of lines, of principal payments and of exempt spans. Out: one row a line: base, segments as text, amount.
Whole yen and tenths of a percent throughout; ÷ 365 in leap years too. Source: reconcile-rules §4.
Refuses: days in years that the rate table does not hold (ProblemError), null or negative inputs (ValueError).
"""

from __future__ import annotations

import polars as pl

from elqr.calendar import period_end
from reconcile.rates import Rates

ROUNDINGS = ("segment", "part", "end")
RATES = ("first_month", "after")  # columns of the table

BASE_UNIT, BASE_MIN = 1_000, 2_000  # unpaid 本税 is floored to 1,000; below 2,000 it bears nothing
CHARGE_UNIT, CHARGE_MIN = 100, 1_000  # the total is floored to 100; below 1,000 it is not charged
YEAR_PARTS = 365 * 1_000  # base × tenths of a percent × days ÷ this = yen

KEY = ("row", "base", "after", "year")


def charges(
    lines: pl.DataFrame,
    *,
    rates: Rates,
    payments: pl.DataFrame | None = None,
    exempt: pl.DataFrame | None = None,
    rounding: str = "segment",
) -> pl.DataFrame:
    """One row a line, in the order of `lines`: `line_id, due_date, paid_on, base, segments, amount, rounding` (columns of delinquency.csv).

    lines: `line_id` (unique), `due_date` (after the roll), `principal` yen, `until` (last day counted, 納付日), and where the low rate does
    not last one month `first_months`. payments: `line_id, paid_on, amount` (yen that went to the principal). exempt: `line_id,
    exempt_from, exempt_to` (both days inclusive, null = open end; spans may overlap).
    `base` is that of the first segment. rounding: `segment`, `part`, `end`. Raises ProblemError (`rates.*`), ValueError.
    """
    if rounding not in ROUNDINGS:
        raise ValueError(f"rounding {rounding!r}: one of {', '.join(ROUNDINGS)}")
    rows = _rows(lines)
    found = segments(rows, payments=payments, exempt=exempt, rates=rates)
    totals = (
        found.with_columns(segments=_text(rounding))
        .group_by("row", maintain_order=True)
        .agg(pl.col("base").first(), pl.col("segments"), amount=_yen(rounding))
        .with_columns(pl.col("segments").list.join("; "))
    )
    return rows.join(totals, on="row", how="left", maintain_order="left").select(
        "line_id",
        "due_date",
        pl.col("until").alias("paid_on"),
        pl.col("base").fill_null(0),
        pl.col("segments").fill_null(""),
        pl.col("amount").fill_null(0),
        rounding=pl.lit(rounding),
    )


def segments(
    rows: pl.DataFrame, *, payments: pl.DataFrame | None, exempt: pl.DataFrame | None, rates: Rates
) -> pl.DataFrame:
    """The stretches of one base, one part and one year: `row, base, after, year, first, last, days, tenths, weight`, in order.

    weight = base × tenths × days, so weight ÷ YEAR_PARTS is yen. Days inside exempt spans are not counted, the calendar runs on.
    """
    stretches = _stretches(rows, payments=payments, exempt=exempt)
    rates.refuse(stretches["year"])
    table = rates.table()
    return (
        stretches.join(table, on="year", how="left", maintain_order="left")
        .with_columns(tenths=pl.when("after").then("after_right").otherwise("first_month"))
        .with_columns(weight=pl.col("base") * pl.col("tenths") * pl.col("days"))
        .select(*KEY, "first", "last", "days", "tenths", "weight")
    )


def _rows(lines: pl.DataFrame) -> pl.DataFrame:
    needed = ["line_id", "due_date", "principal", "until"]
    for name in needed:
        if lines[name].null_count():
            raise ValueError(f"lines: {name} is null in {lines[name].null_count()} rows")
    if lines["line_id"].n_unique() != lines.height:
        raise ValueError("lines: line_id is not unique")
    if not lines["principal"].dtype.is_integer() or (lines["principal"] < 0).any():
        raise ValueError("lines: principal is whole yen, not negative")
    starts = lines["due_date"].dt.offset_by("1d")
    months = lines["first_months"] if "first_months" in lines.columns else 1
    return lines.select(*needed).with_columns(
        pl.col("principal").cast(pl.Int64),
        row=pl.int_range(pl.len(), dtype=pl.UInt32),
        start=starts,
        low_until=period_end(starts, months=months),
    )


def _stretches(
    rows: pl.DataFrame, *, payments: pl.DataFrame | None, exempt: pl.DataFrame | None
) -> pl.DataFrame:
    """Days counted, by row, base, part and year. Every day on which something changes is an event; between two events nothing does."""
    late = rows.filter(pl.col("until") > pl.col("due_date"))
    new_years = late.select(
        "row", year=pl.int_ranges(pl.col("start").dt.year() + 1, pl.col("until").dt.year() + 1)
    ).explode("year", empty_as_null=False)
    events = [
        _event(late, pl.col("start")),
        _event(late, pl.col("low_until") + pl.duration(days=1)),
        _event(late, pl.col("until") + pl.duration(days=1)),
        _event(new_years, pl.date(pl.col("year"), 1, 1)),
        *_payment_events(late, payments),
        *_exempt_events(late, exempt),
    ]
    # Sorted by row and day, sums run over the whole column: a window per row would cost ten times as much. Exempt marks cancel within a row,
    # payments are taken back at its end. The last event of a row is the day after it, so a difference never reaches into the next row.
    ordered = pl.concat(events).sort("row", "first")
    here = rows[ordered["row"]].select("principal", "until", "low_until")
    return (
        pl.concat([ordered, here], how="horizontal")
        .with_columns(
            exempt=pl.col("exempt").cum_sum(),
            unpaid=pl.col("principal") - pl.col("paid").cum_sum(),
            last=pl.col("first").shift(-1) - pl.duration(days=1),
            year=pl.col("first").dt.year(),
            after=pl.col("first") > pl.col("low_until"),
        )
        .filter(
            (pl.col("first") <= pl.col("until"))
            & (pl.col("first") <= pl.col("last"))
            & (pl.col("exempt") == 0)
            & (pl.col("unpaid") >= BASE_MIN)
        )
        .with_columns(
            base=pl.col("unpaid") // BASE_UNIT * BASE_UNIT,
            days=(pl.col("last") - pl.col("first")).dt.total_days() + 1,
        )
        .with_columns(run=pl.struct(KEY).rle_id())
        .group_by("run", maintain_order=True)
        .agg(pl.col(KEY).first(), pl.col("first").first(), pl.col("last").last(), pl.col("days").sum())
    )


def _event(frame: pl.DataFrame, day: pl.Expr, *, paid: pl.Expr | int = 0, exempt: int = 0) -> pl.DataFrame:
    amount = paid if isinstance(paid, pl.Expr) else pl.lit(paid)
    return frame.select(
        "row", first=day.cast(pl.Date), paid=amount.cast(pl.Int64), exempt=pl.lit(exempt, dtype=pl.Int32)
    )


def _payment_events(late: pl.DataFrame, payments: pl.DataFrame | None) -> list[pl.DataFrame]:
    """A payment lowers the base from the day after it; one before the due date does so from the first day."""
    if payments is None:
        return []
    if payments["amount"].null_count() or (payments["amount"] < 0).any():
        raise ValueError("payments: amount is whole yen, not negative")
    joined = payments.join(late, on="line_id").filter(pl.col("paid_on") <= pl.col("until"))
    sums = joined.group_by("row").agg(pl.col("amount").sum(), pl.col("until").first())
    day = pl.max_horizontal(pl.col("paid_on") + pl.duration(days=1), "start")
    return [
        _event(joined, day, paid=pl.col("amount")),
        _event(sums, pl.col("until") + pl.duration(days=1), paid=-pl.col("amount")),
    ]


def _exempt_events(late: pl.DataFrame, exempt: pl.DataFrame | None) -> list[pl.DataFrame]:
    if exempt is None:
        return []
    spans = exempt.join(late, on="line_id").with_columns(
        begin=pl.max_horizontal("exempt_from", "start"),
        end=pl.min_horizontal(pl.col("exempt_to").fill_null(pl.col("until")), "until"),
    )
    spans = spans.filter(pl.col("begin") <= pl.col("end"))
    return [
        _event(spans, pl.col("begin"), exempt=1),
        _event(spans, pl.col("end") + pl.duration(days=1), exempt=-1),
    ]


def _yen(rounding: str) -> pl.Expr:
    """Of all segments of a row: floors where the policy puts them, then the minimum and the floor of the charge."""
    weight, after = pl.col("weight"), pl.col("after")
    yen = {
        "segment": (weight // YEAR_PARTS).sum(),
        "part": weight.filter(after).sum() // YEAR_PARTS + weight.filter(~after).sum() // YEAR_PARTS,
        "end": weight.sum() // YEAR_PARTS,
    }[rounding]
    return pl.when(yen >= CHARGE_MIN).then(yen // CHARGE_UNIT * CHARGE_UNIT).otherwise(0)


def _text(rounding: str) -> pl.Expr:
    """`2026-07-01..2026-07-31 31d 2.8% 23`; ` of 12000` where the base differs from the first; hundredths of a yen unless floored here."""
    hundredths = pl.col("weight") * 100 // YEAR_PARTS % 100
    yen = (pl.col("weight") // YEAR_PARTS).cast(pl.String)
    if rounding != "segment":
        yen = yen + "." + hundredths.cast(pl.String).str.zfill(2)
    first_base = pl.col("base").first().over("row")
    of = pl.when(pl.col("base") == first_base).then(pl.lit("")).otherwise(pl.format(" of {}", "base"))
    percent = pl.format("{}.{}%", pl.col("tenths") // 10, pl.col("tenths") % 10)
    return pl.format("{}..{} {}d {}{} {}", "first", "last", "days", percent, of, yen)
