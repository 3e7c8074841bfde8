"""延滞金 that 充当 itself brings about: it completes a principal that was due before the overpayment was there.

In: an open ledger, the policy; then a line and the 充当 that would complete it. Out: the day of completion and the charge. What is left of
the overpayments fills that too (reconcile-rules §5.1: 本税, then its 延滞金). Refuses nothing: a year past the rate table gives no charge, and a line
whose payments do not come to what is known to be paid is left to the night.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import polars as pl

from reconcile.assess import PAID, charged
from reconcile.entries import standing_entries
from reconcile.ledger import Ledger
from reconcile.overpayments import Paid
from reconcile.policy import Policy
from reconcile.replaced import with_replaced


class ChargesToCome:
    """Asked line by line; only what was paid in part is looked up in the ledger."""

    def __init__(self, ledger: Ledger, policy: Policy) -> None:
        self._ledger, self._policy = ledger, policy

    def __call__(self, target: Mapping[str, Any], filled: Sequence[Paid]) -> tuple[date, int]:
        """`target`: of `TARGETS`; `filled`: the 充当 that pay what is not paid of its principal. The day of completion, and the charge in yen."""
        line_id, due = target["line_id"], target["due_date"]
        earlier = self._paid(line_id) if target["paid"] else pl.DataFrame(schema=dict(PAID))
        own = pl.DataFrame([(line_id, *part) for part in filled], schema=dict(PAID), orient="row")
        paid = pl.concat([earlier, own])
        days: list[date] = paid["paid_on"].to_list()
        until = max(days)
        if until <= due or paid["amount"].sum() != target["due"]:
            return until, 0
        row = (line_id, due, target["due"], until, False)
        schema = {
            "line_id": pl.String,
            "due_date": pl.Date,
            "principal": pl.Int64,
            "until": pl.Date,
            "provisional": pl.Boolean,
        }
        exempt = pl.DataFrame(
            [(line_id, target["exempt_from"], target["exempt_to"])] if target["exempt_from"] else [],
            schema={"line_id": pl.String, "exempt_from": pl.Date, "exempt_to": pl.Date},
            orient="row",
        )
        lines = pl.DataFrame([row], schema=schema, orient="row")
        found = charged(lines, paid, exempt, policy=self._policy)["amount"][0]
        return until, found or 0

    def _paid(self, line_id: str) -> pl.DataFrame:
        """What stands of the principal of a line, payment by payment."""
        ids = pl.Series("line_id", [line_id], dtype=pl.String)
        slips = with_replaced(self._ledger, self._ledger.lookup("covers", ids, ["slip_key"])["slip_key"])
        came = self._ledger.lookup("receipts", slips, ["payment_no"])["payment_no"]
        moved = self._ledger.lookup("transfers", ids, ["payment_no"])["payment_no"]
        numbers = pl.concat([came, moved]).unique()
        stands = standing_entries(self._ledger.lookup("postings", numbers))
        own = (pl.col("line_id") == line_id) & (pl.col("component") == "principal") & ~pl.col("provisional")
        return stands.filter(own).select(list(PAID))
