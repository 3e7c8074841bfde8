"""What a decision adds to the ledger: reversals of what no longer stands, then what newly stands.

In: a desired frame of a `Decision`, and all stored entries of the same payments (or lines). Out: rows to add, in canonical order.
An entry is never changed: a reversal repeats it with its yen negated and names it. Equal desired and standing contents give no row.
Refuses: two desired rows of one content (ValueError).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from reconcile.chain import row_keys
from reconcile.world import SCHEMAS, SORTED_BY

YEN: Mapping[str, tuple[str, ...]] = {
    "outcomes": ("amount", "posted", "excess", "suspense", "held"),
    "postings": ("amount",),
    "excess": ("amount",),
    "suspense": ("amount",),
    "held": ("amount",),
    "charges": ("amount",),
}


@dataclass(frozen=True)
class Change:
    """`rows`: to be added; `added`: contents that come to stand; `taken`: contents that no longer stand."""

    rows: pl.DataFrame
    added: pl.DataFrame
    taken: pl.DataFrame


def standing_entries(stored: pl.DataFrame) -> pl.DataFrame:
    """The entries that neither reverse nor were reversed."""
    reversed_ = stored["reverses"].filter(stored["reverses"] != "")
    return stored.filter((pl.col("reverses") == "") & ~pl.col("entry_id").is_in(reversed_.implode()))


def change(table: str, desired: pl.DataFrame, stored: pl.DataFrame) -> Change:
    """The difference. `desired`: columns of the schema and `payment_no`; `stored`: entries with their ids, reversed ones too."""
    content = list(SCHEMAS[table])
    if not desired.height and not stored.height:
        columns = ["payment_no", "entry_id", "reverses", *content]
        return Change(stored.select(columns), stored.select(content), stored.select(content))
    want = desired.with_columns(_key=row_keys(table, desired))
    if want["_key"].is_duplicated().any():
        raise ValueError(f"{table}: two rows say the same")
    if not stored.height:
        new, gone = want, stored.with_columns(_key=pl.lit(""))
        ids = [_entry_id(key, 1) for key in want["_key"].to_list()]
    else:
        have = stored.with_columns(_key=row_keys(table, stored))
        stands = standing_entries(have)
        gone = stands.join(want, on="_key", how="anti", maintain_order="left")
        new = want.join(stands, on="_key", how="anti", maintain_order="left")
        before = have.filter(pl.col("reverses") == "").group_by("_key").len("_before")
        counted = new.join(before, on="_key", how="left", maintain_order="left")
        times = (counted["_before"].fill_null(0) + 1).to_list()
        ids = [_entry_id(key, n) for key, n in zip(new["_key"].to_list(), times, strict=True)]
    order = list(SORTED_BY[table])
    columns = ["payment_no", "entry_id", "reverses", *content]
    undone = gone.sort(order, nulls_last=False).with_columns(
        *(-pl.col(name) for name in YEN[table]), reverses="entry_id"
    )
    undone = undone.with_columns(
        entry_id=pl.Series([_reversal_id(i) for i in undone["reverses"].to_list()], dtype=pl.String)
    )
    fresh = new.with_columns(entry_id=pl.Series(ids, dtype=pl.String), reverses=pl.lit("")).sort(
        order, nulls_last=False
    )
    rows = pl.concat([undone.select(columns), fresh.select(columns)])
    return Change(rows, new.select(content), gone.select(content))


def _entry_id(key: str, times: int) -> str:
    """From the content and how often it has come to stand: the same in every ledger that decided the same."""
    return hashlib.sha256(f"{times}\x1f{key}".encode()).hexdigest()[:32]


def _reversal_id(entry_id: str) -> str:
    return hashlib.sha256(f"reverses\x1f{entry_id}".encode()).hexdigest()[:32]
