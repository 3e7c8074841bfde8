"""What a decision adds to the ledger: reversals of what no longer stands, then what newly stands.

In: a desired frame of a `Decision`, and all stored entries of the same payments (or lines). Out: rows to add, in canonical order.
An entry is never changed: a reversal repeats it with its yen negated and names it. Equal desired and standing contents give no row.
Refuses: two desired rows of one content (ValueError).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from reconcile.chain import row_keys
from reconcile.hashed import SIZE, digests, hexed
from reconcile.swar import Bytes
from reconcile.world import SCHEMAS, SORTED_BY

ID_BYTES = 16
_UNIT = "\x1f"
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
    """`rows`: to be added; `added`: contents that come to stand; `taken`: contents that no longer stand; and the digests of their row keys."""

    rows: pl.DataFrame
    added: pl.DataFrame
    taken: pl.DataFrame
    added_keys: Bytes
    taken_keys: Bytes


def standing_entries(stored: pl.DataFrame) -> pl.DataFrame:
    """The entries that neither reverse nor were reversed."""
    reversed_ = stored["reverses"].filter(stored["reverses"] != "")
    return stored.filter((pl.col("reverses") == "") & ~pl.col("entry_id").is_in(reversed_.implode()))


def change(table: str, desired: pl.DataFrame, stored: pl.DataFrame) -> Change:
    """The difference. `desired`: columns of the schema and `payment_no`; `stored`: entries with their ids, reversed ones too."""
    content = list(SCHEMAS[table])
    columns = ["payment_no", "entry_id", "reverses", *content]
    if not desired.height and not stored.height:
        return Change(stored.select(columns), stored, stored, _no_keys(), _no_keys())
    new = _in_order(table, desired.with_columns(key=row_keys(table, desired)))
    if new["key"].n_unique() < new.height:
        raise ValueError(f"{table}: two rows say the same")
    if not stored.height:
        keys = digests(new["key"])
        fresh = new.with_columns(entry_id=_shortened(keys), reverses=pl.lit(""))
        return Change(fresh.select(columns), new, new.clear(), keys, _no_keys())
    have = stored.with_columns(key=row_keys(table, stored))
    stands = standing_entries(have)
    gone = stands.join(new, on="key", how="anti", maintain_order="left")
    new = new.join(stands, on="key", how="anti", maintain_order="left")
    before = have.filter(pl.col("reverses") == "").group_by("key").len("_before")
    counted = new.join(before, on="key", how="left", maintain_order="left")
    keys = digests(new["key"])
    undone = _in_order(table, gone).with_columns(*(-pl.col(n) for n in YEN[table]), reverses="entry_id")
    undone = undone.with_columns(entry_id=_reversal_ids(undone["reverses"]))
    fresh = new.with_columns(entry_id=_entry_ids(keys, counted["_before"]), reverses=pl.lit(""))
    rows = pl.concat([undone.select(columns), fresh.select(columns)])
    return Change(rows, new, gone, keys, digests(gone["key"]))


def _in_order(table: str, rows: pl.DataFrame) -> pl.DataFrame:
    """In canonical order, in which decisions mostly are already: to look costs less than to sort."""
    later = pl.lit(value=False)
    for name in reversed(SORTED_BY[table]):
        here, before = pl.col(name), pl.col(name).shift()
        later = (here > before) | ((here == before) & later)
    if rows.select(later.slice(1).fill_null(value=False).all()).item():
        return rows
    return rows.sort(list(SORTED_BY[table]), nulls_last=False)


def _entry_ids(keys: Bytes, before: pl.Series) -> pl.Series:
    """From the content and how often it stood `before` (null: never): the same in every ledger that decided the same.

    What comes to stand for the first time bears the beginning of its key's digest, so that an entry is hashed once.
    """
    first = _shortened(keys)
    nth = pl.select(
        pl.concat_str(pl.lit(before + 1).cast(pl.String), pl.lit(first), separator=_UNIT)
    ).to_series()
    again = before.is_not_null()
    return first.scatter(again.arg_true(), _shortened(digests(nth.filter(again))))


def _reversal_ids(entry_ids: pl.Series) -> pl.Series:
    texts = pl.select(pl.concat_str(pl.lit("reverses"), pl.lit(entry_ids), separator=_UNIT)).to_series()
    return _shortened(digests(texts))


def _shortened(found: Bytes) -> pl.Series:
    return hexed(found[:, :ID_BYTES])


def _no_keys() -> Bytes:
    return np.empty((0, SIZE), np.uint8)
