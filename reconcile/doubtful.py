"""Lines that money in waiting may belong to: a receipt that is held for them, or one in suspense whose key may have meant one of their slips.

In: an open ledger, what waits in it. Out: line ids by what waits. All through indexes. Refuses nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from reconcile.covering import NOTICE, named_lines
from reconcile.ledger import Ledger
from reconcile.replaced import with_replaced, with_successors


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
    of_slips = _lines(ledger, held["slip_key"])
    return Doubtful(
        pl.concat([of_slips, held["line_id"].drop_nulls()]), _lines(ledger, candidates["candidate"])
    )


def _lines(ledger: Ledger, slip_keys: pl.Series) -> pl.Series:
    """The lines of these slips, or of those that stand for them. Of one that leads to none, which waits because nobody knows its lines, all that
    it could mean: those that it names, those of its notice, and where it has no notice those of its payer and item."""
    keys = with_successors(ledger, slip_keys)
    covers = ledger.lookup("covers", keys, ["slip_key", "line_id"])
    bare = keys.filter(~keys.is_in(with_replaced(ledger, covers["slip_key"]).implode()))
    slips = ledger.lookup("slips", bare, ["slip_key", "covers", "tax_item", *NOTICE])
    of_notice = ledger.lookup("assessments", slips.select(NOTICE), ["line_id"])
    loose = slips.filter(pl.col("notice_no").is_null()).select("payer_id", "tax_item")
    of_payer = ledger.lookup("assessments", loose["payer_id"], ["line_id", "payer_id", "tax_item"])
    of_payer = of_payer.join(loose, on=["payer_id", "tax_item"], how="semi")
    parts = (covers, named_lines(slips), of_notice, of_payer)
    return pl.concat([part["line_id"] for part in parts])
