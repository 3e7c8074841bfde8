"""Lines as they stand: the last version of each with its rolled due date, and what is paid, open and charged once postings are known.

In: all versions of assessments; postings, charges and closings. Out: one row a line, and the `LINES` frame.
Refuses: nothing. Which version is last: by `revised_at` (none = first), then as they came.
"""

from __future__ import annotations

from datetime import date

import polars as pl

from elqr.calendar import roll_due
from reconcile.covers import ordered_versions
from reconcile.policy import Policy
from reconcile.prescription import barred_from


def last_versions(assessments: pl.DataFrame, *, policy: Policy) -> pl.DataFrame:
    """One row a line, by line_id: `l` (row number), its last version, `versions` (how many), `due` yen, `rolled`, `barred`; no null flags."""
    several = assessments["line_id"].is_duplicated()
    alone = assessments.filter(~several).with_columns(versions=pl.lit(1, dtype=pl.Int64))
    if several.any():
        many = ordered_versions(assessments.filter(several)).with_columns(
            versions=pl.col("version").cast(pl.Int64)
        )
        last = many.unique("line_id", keep="last", maintain_order=True)
        alone = pl.concat([alone, last.select(alone.columns)])
    rows = (
        alone.sort("line_id")
        .with_row_index("l")
        .with_columns(
            pl.col("carried_over", "is_premium").fill_null(value=False),
            due=pl.when(pl.col("status") == "cancelled").then(0).otherwise("principal"),
        )
    )
    rolled = roll_due(rows["due_date"])
    barred = barred_from(
        rolled,
        premium=rows["is_premium"],
        given=rows["time_barred_on"],
        tax_years=policy.tax_years,
        premium_years=policy.premium_years,
    )
    return rows.with_columns(rolled=rolled, barred=barred)


def standing(
    lines: pl.DataFrame, *, postings: pl.DataFrame, charges: pl.DataFrame, closed: pl.DataFrame, as_of: date
) -> pl.DataFrame:
    """The `LINES` frame. Postings, charges and `closed` (`closed_on`) name lines by `l`. `as_of` says what is overdue and what is barred by now."""
    principal = pl.col("component") == "principal"
    sums = postings.group_by("l").agg(
        paid=pl.col("amount").filter(principal & ~pl.col("provisional")).sum(),
        provisional=pl.col("amount").filter(principal & pl.col("provisional")).sum(),
        charge_paid=pl.col("amount").filter(pl.col("component") == "delinquency").sum(),
    )
    charged = charges.select("l", charge="amount", charged=pl.lit(value=True))
    rows = (
        lines.join(sums, on="l", how="left", maintain_order="left")
        .join(closed, on="l", how="left", maintain_order="left")
        .join(charged, on="l", how="left", maintain_order="left")
        .with_columns(
            pl.col("paid", "provisional", "charge_paid").fill_null(0),
            # a line in the table of charges without an amount is one that cannot be computed
            charge=pl.when("charged").then("charge").otherwise(0),
        )
        .with_columns(
            open=pl.col("due") - pl.col("paid") - pl.col("provisional"),
            charge_open=pl.col("charge") - pl.col("charge_paid"),
        )
    )
    return rows.select(
        "line_id",
        "payer_id",
        pl.col("rolled").alias("due_date"),
        "due",
        "paid",
        "provisional",
        "open",
        "closed_on",
        "charge",
        "charge_open",
        pl.col("barred").alias("barred_from"),
        state=_state(as_of),
    )


def _state(as_of: date) -> pl.Expr:
    day = pl.lit(as_of)
    return (
        pl.when(pl.col("status") == "cancelled")
        .then(pl.lit("cancelled"))
        .when((pl.col("open") == 0) & (pl.col("provisional") > 0))
        .then(pl.lit("provisional"))
        .when((pl.col("open") == 0) & ((pl.col("charge_open") > 0) | pl.col("charge").is_null()))
        .then(pl.lit("charge_due"))
        .when(pl.col("open") == 0)
        .then(pl.lit("closed"))
        .when(pl.col("status") == "suspended")
        .then(pl.lit("suspended"))
        .when(pl.col("barred") <= day)
        .then(pl.lit("time_barred"))
        .when(pl.col("rolled") < day)
        .then(pl.lit("overdue"))
        .otherwise(pl.lit("open"))
    )
