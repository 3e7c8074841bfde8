"""Why an entry was taken back: what arrived in the run that did it, as near to the entry as anything is found.

In: an open ledger, the rows of a story, a reversal. Out: receipts, revisions, slips and steps of refunds, as plain values. Near is what concerns
the entry's own line and payment, and a revision of any line that its payment fills; where nothing is, the lines that those payments fill as well,
and so on: a full-year payment is decided as a whole, so what moves one of its lines takes back the postings on all. Refuses nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import polars as pl

from reconcile.ledger import Ledger
from reconcile.refund_states import refunds_naming
from reconcile.replaced import with_replaced, with_successors

Row = dict[str, Any]
STEPS = frozenset({"decided", "rejected"})  # those that move money onto a line, or off it
_RECEIPT: Sequence[str] = ("run_id", "receipt_id", "kind", "paid_on")
_VERSION: Sequence[str] = ("run_id", "seq", "line_id", "principal", "status")


class Causes:
    """`receipts`, `versions`: of the story, whole rows; `refunds`: its events."""

    def __init__(
        self, ledger: Ledger, *, receipts: pl.DataFrame, versions: pl.DataFrame, refunds: Sequence[Row]
    ) -> None:
        self._ledger, self._receipts, self._versions, self._refunds = ledger, receipts, versions, refunds

    def of(self, row: Mapping[str, Any]) -> list[Row]:
        """The causes of a reversal."""
        run = row["run_id"]
        mine = pl.lit(row.get("payment_id"), pl.String)
        own = self._receipts.filter(pl.col("payment_id").eq(mine))["slip_key"].alias("slip_key")
        lines = pl.Series("line_id", [row["line_id"]] if row.get("line_id") else [], dtype=pl.String)
        slips = pl.concat([own, self._paid_slips(lines)])
        shared = self._filled(slips)
        causes = _received(pl.concat([self._receipts.select(_RECEIPT), self._paying(lines)]), run)
        versions = pl.concat([self._versions.select(_VERSION), self._revised(shared)])
        causes += _assessed(versions, run) + self._slips(slips, run)
        causes += [
            _step(r["step"], r["refund_id"]) for r in self._refunds if r["run"] == run and r["step"] in STEPS
        ]
        return causes or self._elsewhere(lines, shared, run)

    def _elsewhere(self, known: pl.Series, fresh: pl.Series, run: int) -> list[Row]:
        """What arrived for other lines with which the entry is tied by payments, the nearest first."""
        while len(fresh := fresh.filter(~fresh.is_in(known.implode()))):
            slips = self._paid_slips(fresh)
            causes = _received(self._paying(fresh), run) + _assessed(self._revised(fresh), run)
            causes += self._slips(slips, run) + self._steps(fresh, run)
            if causes:
                return causes
            known, fresh = pl.concat([known, fresh]), self._filled(slips)
        return []

    def _paid_slips(self, lines: pl.Series) -> pl.Series:
        """Keys of slips of lines with which something was paid."""
        slips = with_replaced(self._ledger, self._ledger.lookup("covers", lines, ["slip_key"])["slip_key"])
        return self._ledger.lookup("receipts", slips, ["slip_key"])["slip_key"].unique()

    def _filled(self, slips: pl.Series) -> pl.Series:
        """The lines that payments of slips fill."""
        keys = with_successors(self._ledger, slips)
        return self._ledger.lookup("covers", keys, ["line_id"])["line_id"].unique().sort()

    def _paying(self, lines: pl.Series) -> pl.DataFrame:
        """Receipts that pay lines, with whatever slip."""
        return self._ledger.lookup("receipts", self._paid_slips(lines), _RECEIPT)

    def _revised(self, lines: pl.Series) -> pl.DataFrame:
        return self._ledger.lookup("assessments", lines, _VERSION)

    def _slips(self, paid: pl.Series, run: int) -> list[Row]:
        """Slips without which these payments were decided otherwise: their own, and what replaced it."""
        keys = with_successors(self._ledger, paid)
        later = self._ledger.lookup("slips", keys.alias("supersedes"), ["slip_key"])["slip_key"]
        rows = self._ledger.lookup(
            "slips", pl.concat([keys, later]).unique(), ["run_id", "slip_key", "supersedes"]
        )
        here = rows.filter(pl.col("run_id") == run).sort("slip_key").iter_rows(named=True)
        return [{"event": "slip", "slip_key": r["slip_key"], "supersedes": r["supersedes"]} for r in here]

    def _steps(self, lines: pl.Series, run: int) -> list[Row]:
        """Refunds whose 充当 came to these lines, or was taken back."""
        named = refunds_naming(self._ledger, lines.to_list())
        return [
            _step(e["event"], r.refund_id) for r, e in named if e["run_id"] == run and e["event"] in STEPS
        ]


def _received(receipts: pl.DataFrame, run: int) -> list[Row]:
    here = receipts.filter(pl.col("run_id") == run).unique().sort("paid_on", "receipt_id")
    return [
        {
            "event": "received",
            "receipt_id": r["receipt_id"],
            "kind": r["kind"],
            "paid_on": _plain(r["paid_on"]),
        }
        for r in here.iter_rows(named=True)
    ]


def _assessed(versions: pl.DataFrame, run: int) -> list[Row]:
    here = versions.filter(pl.col("run_id") == run).unique().sort("seq")
    return [
        {"event": "assessed", "line_id": r["line_id"], "principal": r["principal"], "status": r["status"]}
        for r in here.iter_rows(named=True)
    ]


def _step(step: str, refund_id: str) -> Row:
    return {"event": "refund", "step": step, "refund_id": refund_id}


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value
