"""What a decision adds to the ledger: reversals of what no longer stands, then what newly stands.

In: a desired frame of a `Decision`, and all stored entries of the same payments (or lines). Out: rows to add, in canonical order.
An entry is never changed: a reversal repeats it with its yen negated and names it. Equal desired and standing contents give no row.
Refuses: two desired rows of one content (ValueError).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from reconcile.chain import row_keys
from reconcile.hashed import digests, hexed
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
    """`rows`: to be added; `added`: contents that come to stand; `taken`: contents that no longer stand; both with their row `key`."""

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
    columns = ["payment_no", "entry_id", "reverses", *content]
    if not desired.height and not stored.height:
        none = stored.select(*content, key=pl.lit("", pl.String))
        return Change(stored.select(columns), none, none)
    new = _in_order(table, desired.with_columns(key=row_keys(table, desired)))
    if new["key"].is_duplicated().any():
        raise ValueError(f"{table}: two rows say the same")
    if not stored.height:
        fresh = new.with_columns(entry_id=_entry_ids(new["key"], 1), reverses=pl.lit(""))
        return Change(fresh.select(columns), new, new.clear())
    have = stored.with_columns(key=row_keys(table, stored))
    stands = standing_entries(have)
    gone = stands.join(new, on="key", how="anti", maintain_order="left")
    new = new.join(stands, on="key", how="anti", maintain_order="left")
    before = have.filter(pl.col("reverses") == "").group_by("key").len("_before")
    counted = new.join(before, on="key", how="left", maintain_order="left")
    times = counted["_before"].fill_null(0) + 1
    undone = _in_order(table, gone).with_columns(*(-pl.col(n) for n in YEN[table]), reverses="entry_id")
    undone = undone.with_columns(entry_id=_reversal_ids(undone["reverses"]))
    fresh = new.with_columns(entry_id=_entry_ids(new["key"], times), reverses=pl.lit(""))
    return Change(pl.concat([undone.select(columns), fresh.select(columns)]), new, gone)


def _in_order(table: str, rows: pl.DataFrame) -> pl.DataFrame:
    """In canonical order, in which decisions mostly are already: to look costs less than to sort."""
    later = pl.lit(value=False)
    for name in reversed(SORTED_BY[table]):
        here, before = pl.col(name), pl.col(name).shift()
        later = (here > before) | ((here == before) & later)
    if rows.select(later.slice(1).fill_null(value=False).all()).item():
        return rows
    return rows.sort(list(SORTED_BY[table]), nulls_last=False)


def _entry_ids(keys: pl.Series, times: pl.Series | int) -> pl.Series:
    """From the content and how often it has come to stand: the same in every ledger that decided the same."""
    count = pl.lit(times).cast(pl.String)
    return _ids(pl.select(pl.concat_str(count, pl.lit(keys), separator=_UNIT)).to_series())


def _reversal_ids(entry_ids: pl.Series) -> pl.Series:
    return _ids(pl.select(pl.concat_str(pl.lit("reverses"), pl.lit(entry_ids), separator=_UNIT)).to_series())


def _ids(texts: pl.Series) -> pl.Series:
    return hexed(digests(texts)[:, :ID_BYTES])
