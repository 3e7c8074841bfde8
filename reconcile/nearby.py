"""Slips that a key in suspense could have meant, looked up in the ledger: proposals for a person, never a posting.

In: an open ledger, entries of suspense, the policy. Out: `CANDIDATES`, ranked, each with what speaks for it. All through indexes: 200 keys a receipt,
some receipts at a time, for without its slip register a whole night is in suspense. Refuses nothing.
"""

from __future__ import annotations

import polars as pl

from reconcile.candidates import CANDIDATES, neighbours, ranked
from reconcile.ledger import Ledger
from reconcile.lines_now import lines_now
from reconcile.policy import Policy

BLOCK_ROWS = 2_000  # receipts, some 400,000 keys


def nearby(ledger: Ledger, suspense: pl.DataFrame, *, policy: Policy) -> pl.DataFrame:
    """Slips that a key in suspense could have meant, with what speaks for each."""
    columns = ["receipt_id", "slip_key", "body_code", "confirm_no", "amount"]
    events = ledger.lookup("receipts", suspense["payment_id"], columns)
    receipts = events.filter(pl.col("receipt_id").is_in(suspense["receipt_id"].implode())).sort("receipt_id")
    found = [_near(ledger, block, policy) for block in receipts.iter_slices(BLOCK_ROWS)]
    return pl.concat([pl.DataFrame(schema=CANDIDATES), *found])


def _near(ledger: Ledger, receipts: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    same = receipts.select("slip_key", candidate="slip_key", change=pl.lit("same")).unique()
    near = pl.concat([neighbours(receipts["slip_key"]), same])
    slips = ledger.lookup("slips", near["candidate"].alias("slip_key"))
    near = near.filter(pl.col("candidate").is_in(slips["slip_key"].implode()))
    covers = ledger.lookup("covers", slips["slip_key"], ["slip_key", "line_id"]).unique()
    lines = lines_now(ledger, covers["line_id"], policy=policy).select("line_id", "open")
    still_open = covers.join(lines, on="line_id").group_by("slip_key").agg(pl.col("open").sum())
    return ranked(receipts, near, slips, still_open)
