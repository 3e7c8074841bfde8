"""Receipts against the money that reached the bank: 確報 by 払込日, channel and tax item on one side, credits on the other.

In: receipt events (`EVENTS_READ`), rows of `bank_credits`. Out: `BALANCE`, one row a day and whatever the bank tells apart on it, with a signed
drift. A difference is zero, or has the office's word for it, or is open. Source: reconcile-rules §1, second balance. Refuses nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

_TEXT, _YEN = pl.String(), pl.Int64()
BALANCE: Mapping[str, pl.DataType] = {
    "remit_date": pl.Date(),
    "channel": _TEXT,  # null: all channels of the day
    "tax_item": _TEXT,  # null: all tax items
    "received": _YEN,
    "credited": _YEN,
    "drift": _YEN,  # credited − received
    "state": _TEXT,  # balanced | explained | open | waits: no credit of that day or later is known
    "reason": _TEXT,
}
REMITTED: Mapping[str, pl.DataType] = {name: BALANCE[name] for name in ("remit_date", "channel", "tax_item")}
LEVELS: Sequence[tuple[str, ...]] = (
    ("remit_date",),
    ("remit_date", "channel"),
    ("remit_date", "channel", "tax_item"),
)


def balance(events: pl.DataFrame, credits: pl.DataFrame) -> pl.DataFrame:
    """The two sides, from all events at once."""
    return balanced(remitted(events), credits)


def balanced(came: pl.DataFrame, credits: pl.DataFrame) -> pl.DataFrame:
    """The two sides, as fine as the bank's rows of each day are: a day with one row without channel is compared as a whole.

    `came`: as `remitted`, or sums of it.
    """
    if not credits.height:
        return pl.DataFrame(schema=dict(BALANCE))
    depth = (
        pl.when(pl.col("channel").is_null()).then(0).when(pl.col("tax_item").is_null()).then(1).otherwise(2)
    )
    days = credits.group_by("remit_date").agg(depth=depth.min().cast(pl.Int64))
    last = credits["remit_date"].max()
    parts = []
    for level, names in enumerate(LEVELS):
        mine = days.filter(pl.col("depth") == level).select("remit_date")
        paid = (
            credits.join(mine, on="remit_date", how="semi")
            .group_by(names)
            .agg(
                credited=pl.col("amount").sum(),
                reason=pl.col("reason").drop_nulls().unique(maintain_order=True).str.join("、"),
            )
        )
        got = (
            came.join(mine, on="remit_date", how="semi").group_by(names).agg(received=pl.col("amount").sum())
        )
        parts.append(paid.join(got, on=names, how="full", coalesce=True))
    silent = came.join(days, on="remit_date", how="anti").drop_nulls("remit_date")
    parts.append(silent.group_by("remit_date").agg(received=pl.col("amount").sum()))
    rows = pl.concat(parts, how="diagonal").with_columns(
        pl.col("received", "credited").fill_null(0), reason=pl.when(pl.col("reason") != "").then("reason")
    )
    rows = rows.with_columns(drift=pl.col("credited") - pl.col("received"))
    state = (
        pl.when(pl.col("drift") == 0).then(pl.lit("balanced"))
        .when(pl.col("remit_date") > last).then(pl.lit("waits"))
        .when(pl.col("reason").is_not_null()).then(pl.lit("explained")).otherwise(pl.lit("open"))
    )  # fmt: skip
    missing = [
        pl.lit(None, kind).alias(n) for n, kind in BALANCE.items() if n not in (*rows.columns, "state")
    ]
    found = rows.with_columns(*missing, state=state).select(list(BALANCE)).cast(pl.Schema(BALANCE))
    return found.sort("remit_date", "channel", "tax_item", nulls_last=False)


def remitted(events: pl.DataFrame) -> pl.DataFrame:
    """`remit_date, channel, tax_item, amount` of money that was remitted: 確報, what 訂正 changed of them, 取消 with a minus. A 訂正 that names no
    払込日 moved nothing by itself: what it changed stands on that of its 確報."""
    confirmed = events.filter(pl.col("kind") == "confirmed")
    before = confirmed.select("payment_id", _first="amount")
    with_it = confirmed.sort("receipt_id").drop_nulls("remit_date").unique("payment_id", keep="last")
    days = with_it.select("payment_id", _day="remit_date")
    corrected = (
        events.filter(pl.col("kind") == "corrected").sort("receipt_id").unique("payment_id", keep="last")
    )
    fixed = (
        corrected.join(before, on="payment_id", how="left")
        .join(days, on="payment_id", how="left")
        .with_columns(
            pl.col("amount") - pl.col("_first").fill_null(0), remit_date=pl.coalesce("remit_date", "_day")
        )
    )
    now = (
        pl.concat([before, fixed.select("payment_id", _first="amount")])
        .group_by("payment_id")
        .agg(pl.col("_first").sum())
    )
    gone = (
        events.filter(pl.col("kind") == "cancelled")
        .join(now, on="payment_id")
        .with_columns(amount=-pl.col("_first"))
    )
    return pl.concat([frame.select(*REMITTED, "amount") for frame in (confirmed, fixed, gone)])
