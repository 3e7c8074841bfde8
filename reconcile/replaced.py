"""Slips that stand for one another: which older slips pay a line through the slip that replaced them, and which slips a payment came to lie on.

In: an open ledger, keys. Out: keys. A slip without lines of its own stands for those of its successor, of two the one with the lesser key, as
`reconcile.ladder` climbs. Refuses nothing.
"""

from __future__ import annotations

import polars as pl

from reconcile.ledger import Ledger


def with_replaced(ledger: Ledger, slips: pl.Series) -> pl.Series:
    """These slips, and those without lines of their own whose payments go to the lines of these."""
    found = fresh = slips.alias("slip_key").unique()
    while len(fresh):
        older = ledger.lookup("slips", fresh.alias("slip_key"), ["supersedes"])["supersedes"].drop_nulls()
        bare = _bare(ledger, older.alias("slip_key"))
        first = _successors(ledger, bare).filter(pl.col("slip_key").is_in(found.implode()))
        fresh = first["supersedes"].filter(~first["supersedes"].is_in(found.implode())).alias("slip_key")
        found = pl.concat([found, fresh])
    return found


def with_successors(ledger: Ledger, slips: pl.Series) -> pl.Series:
    """These slips, and for those without lines of their own the slip that has them, with all between."""
    found = fresh = slips.alias("slip_key").unique()
    while len(fresh):
        later = _successors(ledger, _bare(ledger, fresh))["slip_key"]
        fresh = later.filter(~later.is_in(found.implode()))
        found = pl.concat([found, fresh])
    return found


def _bare(ledger: Ledger, slips: pl.Series) -> pl.Series:
    """Those without lines of their own."""
    own = ledger.lookup("covers", slips, ["slip_key"])["slip_key"]
    return slips.filter(~slips.is_in(own.implode())).unique()


def _successors(ledger: Ledger, slips: pl.Series) -> pl.DataFrame:
    """`supersedes, slip_key`: the one slip that stands for each of these."""
    rows = ledger.lookup("slips", slips.alias("supersedes"), ["supersedes", "slip_key"])
    return rows.group_by("supersedes").agg(pl.col("slip_key").min()).sort("supersedes")
