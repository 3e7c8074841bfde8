"""督促: which lines a reminder should go out for, as late as the law lets it, and which are left out and why.

In: lines as they stand, a block at a time, the view of the night, the day. Out: `Dunning`. A reminder goes out within 20 days after 納期限; a line
with a 速報, a held receipt, a receipt in suspense that may be meant for it, or a reminder that is out already is left out. Refuses nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl

from reconcile.closure import in_force
from reconcile.doubtful import doubtful
from reconcile.frames import ASSESSMENTS
from reconcile.ledger import Ledger
from reconcile.sorted_rows import SortedRows
from reconcile.sums import Sums
from reconcile.tables import TABLES
from reconcile.view import View
from reconcile.world import BLOCKS

WITHIN_DAYS = 20  # 地方税法: 納期限後20日以内
LEAD_DAYS = 5  # printing and posting: a line is chosen when no more than these are left
LEFT_OUT = ("provisional", "held", "suspense", "reminded")
CHOSEN: Mapping[str, pl.DataType] = {
    **{
        name: ASSESSMENTS[name]
        for name in (
            *("line_id", "payer_id", "body_code", "tax_item", "levy_year", "tax_year", "period"),
            *("notice_no", "dunning_fee"),
        )
    },
    "rolled": pl.Date(),
    "open": pl.Int64(),
    "send_by": pl.Date(),
    "days_left": pl.Int64(),
    "when": pl.String(),  # now | later
    "blocked": pl.String(),  # of the payer: heirs, co_owners …; to whom the reminder goes is for a person to see
}
ORDER = ("send_by", "payer_id", "line_id")


@dataclass(frozen=True)
class Dunning:
    """`chosen`: lines to remind (`CHOSEN`), soonest `send_by` first; `sums` of them: `send_by, when, count, yen`, one row
    without a day for all whose day has passed; `left_out`: `reason, count, yen`."""

    chosen: SortedRows
    sums: pl.DataFrame
    left_out: pl.DataFrame


class Reminders:
    """Chooses among lines that come block by block."""

    def __init__(self, ledger: Ledger, seen: View, *, as_of: date) -> None:
        self._ledger, self._as_of = ledger, as_of
        self._waits = doubtful(ledger, held=seen.held, candidates=seen.candidates)
        self._blocked = _blocked_payers(ledger)
        self._chosen = SortedRows(CHOSEN, by=ORDER)
        self._sums = Sums({"send_by": pl.Date(), "when": pl.String()}, ("count", "yen"))
        self._left = Sums({"reason": pl.String()}, ("count", "yen"))

    def add(self, lines: pl.DataFrame) -> None:
        """Look at lines: of those past their 納期限 that are open and not barred, which are reminded and which are left out."""
        overdue = lines.filter(
            (pl.col("status") == "open")
            & (pl.col("rolled") < self._as_of)
            & (pl.col("due") - pl.col("paid") > 0)
            & (pl.col("barred") > self._as_of)
        )
        if not overdue.height:
            return
        marked = overdue.with_columns(
            reason=self._reason(overdue["line_id"]), send_by=pl.col("rolled").dt.offset_by(f"{WITHIN_DAYS}d")
        )
        left = marked.filter(pl.col("reason").is_not_null())
        self._left.add(left.select("reason", yen=pl.col("due") - pl.col("paid"), count=pl.lit(1, pl.Int64)))
        days = (pl.col("send_by") - pl.lit(self._as_of)).dt.total_days()
        chosen = (
            marked.filter(pl.col("reason").is_null())
            .with_columns(
                days_left=days,
                when=pl.when(days <= LEAD_DAYS).then(pl.lit("now")).otherwise(pl.lit("later")),
            )
            .join(self._blocked, on="payer_id", how="left", maintain_order="left")
        )
        day = pl.when(pl.col("days_left") >= 0).then("send_by").alias("send_by")
        self._sums.add(chosen.select(day, "when", yen="open", count=pl.lit(1, pl.Int64)))
        self._chosen.add(chosen)

    def found(self) -> Dunning:
        """Of all lines that were looked at."""
        order = pl.DataFrame({"reason": LEFT_OUT})
        left = order.join(self._left.frame(), on="reason", how="left", maintain_order="left").fill_null(0)
        return Dunning(self._chosen, self._sums.frame(), left)

    def _reason(self, line_ids: pl.Series) -> pl.Expr:
        """Why a line is left out, null where it is not."""
        line = pl.col("line_id")
        reminded = line.is_in(self._reminded(line_ids).implode())
        return pl.coalesce(
            pl.when(pl.col("provisional") > 0).then(pl.lit("provisional")),
            self._waits.reason(line),
            pl.when(reminded).then(pl.lit("reminded")),
        )

    def _reminded(self, line_ids: pl.Series) -> pl.Series:
        """Those of the lines for which a reminder is out."""
        covers = self._ledger.lookup("covers", line_ids, ["line_id", "slip_key"])
        slips = self._ledger.lookup("slips", covers["slip_key"], ["slip_key", "kind"])
        out = slips.filter(pl.col("kind").is_in(["dunning", "delinquency"]))["slip_key"]
        return covers.filter(pl.col("slip_key").is_in(out.implode()))["line_id"]


def _blocked_payers(ledger: Ledger) -> pl.DataFrame:
    """`payer_id`, `blocked`: what a person has said of payers, joined by ;. A table of exceptions, so it is read whole."""
    columns = ["seq", *BLOCKS, "lifted"]
    kinds = TABLES["blocks"].columns
    rows = pl.concat([pl.DataFrame(schema={n: kinds[n] for n in columns}), *ledger.scan("blocks", columns)])
    standing = in_force(rows).filter(pl.col("payer_id").is_not_null()).sort("payer_id", "reason")
    return standing.group_by("payer_id", maintain_order=True).agg(blocked=pl.col("reason").str.join(";"))
