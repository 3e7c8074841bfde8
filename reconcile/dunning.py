"""督促: which lines a reminder should go out for, as late as the law lets it, and which are left out and why.

In: all lines as they stand, the view of the night, the day. Out: `Dunning`. A reminder goes out within 20 days after 納期限; a line with a 速報,
a held receipt, a receipt in suspense that may be meant for it, or a reminder that is out already is left out. Refuses nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import polars as pl

from reconcile.ledger import Ledger
from reconcile.view import View

WITHIN_DAYS = 20  # 地方税法: 納期限後20日以内
LEAD_DAYS = 5  # printing and posting: a line is chosen when no more than these are left
LEFT_OUT = ("provisional", "held", "suspense", "reminded")


@dataclass(frozen=True)
class Dunning:
    """`chosen`: lines to remind, `when` = `now` or `later`, soonest `send_by` first; `left_out`: `reason, count, yen`."""

    chosen: pl.DataFrame
    left_out: pl.DataFrame


def dunning(ledger: Ledger, lines: pl.DataFrame, seen: View, *, as_of: date) -> Dunning:
    """Lines past their 納期限 that are open and not barred."""
    overdue = lines.filter(
        (pl.col("status") == "open")
        & (pl.col("rolled") < as_of)
        & (pl.col("due") - pl.col("paid") > 0)
        & (pl.col("barred") > as_of)
    )
    covers = ledger.lookup("covers", overdue["line_id"], ["line_id", "slip_key"]).unique()
    slips = ledger.lookup("slips", covers["slip_key"], ["slip_key", "kind"])
    reminders = slips.filter(pl.col("kind").is_in(["dunning", "delinquency"]))["slip_key"]
    maybe = seen.candidates["candidate"]
    waiting = seen.held["slip_key"].drop_nulls()

    def of(keys: pl.Series) -> pl.Series:
        return covers.filter(pl.col("slip_key").is_in(keys.implode()))["line_id"].implode()

    held = pl.concat([of(waiting).explode(), seen.held["line_id"].drop_nulls()]).implode()
    line = pl.col("line_id")
    marked = overdue.with_columns(
        reason=pl.when(pl.col("provisional") > 0)
        .then(pl.lit("provisional"))
        .when(line.is_in(held))
        .then(pl.lit("held"))
        .when(line.is_in(of(maybe)))
        .then(pl.lit("suspense"))
        .when(line.is_in(of(reminders)))
        .then(pl.lit("reminded")),
        send_by=pl.col("rolled").dt.offset_by(f"{WITHIN_DAYS}d"),
    )
    chosen = marked.filter(pl.col("reason").is_null()).with_columns(
        days_left=(pl.col("send_by") - pl.lit(as_of)).dt.total_days()
    )
    chosen = chosen.with_columns(
        when=pl.when(pl.col("days_left") <= LEAD_DAYS).then(pl.lit("now")).otherwise(pl.lit("later"))
    ).sort("send_by", "payer_id", "line_id")
    left = marked.filter(pl.col("reason").is_not_null()).group_by("reason")
    counted = left.agg(count=pl.len().cast(pl.Int64), yen=(pl.col("due") - pl.col("paid")).sum())
    order = pl.DataFrame({"reason": LEFT_OUT})
    return Dunning(chosen, order.join(counted, on="reason", how="left", maintain_order="left").fill_null(0))
