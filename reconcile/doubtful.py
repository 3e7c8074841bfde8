"""Lines that money in waiting may belong to: a receipt that is held for them, or one in suspense whose key may have meant one of their slips.

In: an open ledger, what waits in it. Out: line ids by what waits. All through indexes. Refuses nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from reconcile.ledger import Ledger
from reconcile.replaced import with_successors


@dataclass(frozen=True)
class Doubtful:
    """`held`, `suspense`: line ids of which a receipt that waits may be the payment."""

    held: pl.Series
    suspense: pl.Series

    def reason(self, line: pl.Expr) -> pl.Expr:
        """`held`, `suspense`, or null for a line id."""
        return (
            pl.when(line.is_in(self.held.implode()))
            .then(pl.lit("held"))
            .when(line.is_in(self.suspense.implode()))
            .then(pl.lit("suspense"))
        )


def doubtful(ledger: Ledger, *, held: pl.DataFrame, candidates: pl.DataFrame) -> Doubtful:
    """`held`: standing entries with `slip_key`, `line_id`; `candidates`: slips that a key in suspense may have meant."""

    def lines(slip_keys: pl.Series) -> pl.Series:
        return ledger.lookup("covers", with_successors(ledger, slip_keys), ["line_id"])["line_id"]

    of_slips = lines(held["slip_key"])
    return Doubtful(pl.concat([of_slips, held["line_id"].drop_nulls()]), lines(candidates["candidate"]))
