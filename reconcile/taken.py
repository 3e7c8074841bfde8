"""What of a night's rows is new: the same event again counts as already taken, the same identity with other content is a conflict.

In: frames from intake and register, the ledger. Out: `Sifted`: new rows, already taken ones, conflicts with the digests of both sides.
Nothing here depends on file names or on the order of files. Refuses nothing itself: the run stops on conflicts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from reconcile.frames import ASSESSMENTS, RECEIPTS, SLIPS, empty
from reconcile.ledger import Ledger
from reconcile.tables import TABLES

_NOT_SAID = frozenset({"payment_id", "content_sha", "line", "raw", "occurrence"})
_RECEIPT: tuple[str, ...] = tuple(
    n for n in RECEIPTS if n in TABLES["receipts"].columns and n not in _NOT_SAID
)
SLIP_CONTENT: tuple[str, ...] = tuple(n for n in SLIPS if n != "line")
LINE_CONTENT: tuple[str, ...] = tuple(n for n in ASSESSMENTS if n != "line")
_CONFLICT: Mapping[str, pl.DataType] = {
    "identity": pl.String(),
    "file_no": pl.Int64(),
    "line": pl.Int64(),
    "found": pl.String(),
    "expected": pl.String(),
    "differs": pl.String(),  # what was recorded and what is said now, by column
}


@dataclass(frozen=True)
class Sifted:
    """`new`, `already`: rows; `conflicts`: `identity, file_no, line, found, expected` (digests), `differs` (columns); `known`: stored events of
    the same payments."""

    new: pl.DataFrame
    already: pl.DataFrame
    conflicts: pl.DataFrame
    known: pl.DataFrame


def sift_receipts(ledger: Ledger, events: pl.DataFrame) -> Sifted:
    """Events against each other and against the ledger, by `receipt_id` and `content_sha`."""
    known = ledger.lookup("receipts", events["payment_id"])
    if not known.height and events["receipt_id"].n_unique() == events.height:
        return Sifted(events, events.clear(), empty(_CONFLICT), known)
    stored = known.select("receipt_id", _expected="content_sha")
    first = events.unique("receipt_id", keep="first", maintain_order=True)
    within = events.join(
        first.select("receipt_id", _first_file="file_no", _first_line="line", _first="content_sha"),
        on="receipt_id",
        maintain_order="left",
    )
    rows = within.join(stored, on="receipt_id", how="left", maintain_order="left")
    here = (pl.col("file_no") == pl.col("_first_file")) & (pl.col("line") == pl.col("_first_line"))
    rows = rows.with_columns(_known=pl.col("_expected").is_not_null()).with_columns(
        _expected=pl.coalesce("_expected", "_first")
    )
    same = pl.col("content_sha") == pl.col("_expected")
    new = here & ~pl.col("_known")
    other = rows.filter(~same)
    recorded = pl.concat([known.select(_RECEIPT), first.select(_RECEIPT)]).unique("receipt_id", keep="first")
    recorded = other.select("receipt_id").join(recorded, on="receipt_id", how="left", maintain_order="left")
    return Sifted(
        new=rows.filter(new).select(events.columns),
        already=rows.filter(same & ~new).select(events.columns),
        conflicts=other.select(
            "file_no",
            "line",
            identity="receipt_id",
            found="content_sha",
            expected="_expected",
            differs=_differing(recorded, other.select(_RECEIPT)),
        ).select(list(_CONFLICT)),
        known=known,
    )


@dataclass(frozen=True)
class Tonight:
    """Rows that the run has added before these: from `first` (their `seq`) on. `twice`: the keys that may be among them."""

    first: int
    twice: pl.Series


def sift_assessments(ledger: Ledger, rows: pl.DataFrame, tonight: Tonight | None = None) -> Sifted:
    """Versions: one that says word for word what a stored one says is already taken. There are no conflicts: another content is a 更正."""
    stored = _stored(ledger, "assessments", rows["line_id"], LINE_CONTENT, tonight)
    if not rows.height:
        return Sifted(rows, rows, empty(_CONFLICT), stored)
    content = list(LINE_CONTENT)
    fresh, met = _met(rows, stored, "line_id")
    again = met.join(stored, on=content, how="semi", nulls_equal=True, maintain_order="left")
    rest = met.join(again, on="_n", how="anti", maintain_order="left")
    new = rest.unique(content, keep="first", maintain_order=True)
    already = pl.concat([again, rest.join(new, on="_n", how="anti")]).sort("_n")
    new = pl.concat([fresh, new]).sort("_n") if new.height else fresh
    return Sifted(new.drop("_n"), already.drop("_n"), empty(_CONFLICT), stored)


def sift_slips(ledger: Ledger, rows: pl.DataFrame, tonight: Tonight | None = None) -> Sifted:
    """Slips by `slip_key`: the same words again are already taken; other words are a conflict.

    Earlier versions took the blanks out of the lines that a slip names: what is stored so says the same as the file that has them.
    """
    stored = _stored(ledger, "slips", rows["slip_key"], SLIP_CONTENT, tonight)
    if not rows.height:
        return Sifted(rows, rows, empty(_CONFLICT), stored)
    content = list(SLIP_CONTENT)
    fresh, met = _met(rows, stored, "slip_key")
    first = met.unique("slip_key", keep="first", maintain_order=True)
    new = first.join(stored, on="slip_key", how="anti", maintain_order="left")
    standing = pl.concat([stored, new.select(content)])
    rest = met.join(new, on="_n", how="anti", maintain_order="left")
    already = rest.join(standing, on=content, how="semi", nulls_equal=True, maintain_order="left")
    other = rest.join(already, on="_n", how="anti", maintain_order="left")
    bare = other.with_columns(pl.col("covers").str.replace_all(r"\s", ""))
    bare = bare.join(stored, on=content, how="semi", nulls_equal=True)
    already = pl.concat([already, other.join(bare, on="_n", how="semi")]).sort("_n")
    other = rest.join(already, on="_n", how="anti", maintain_order="left")
    expected = other.select("slip_key").join(standing, on="slip_key", how="left", maintain_order="left")
    conflicts = other.select("file_no", "line", identity="slip_key").with_columns(
        found=_digests(other.select(content)),
        expected=_digests(expected.select(content)),
        differs=_differing(expected.select(content), other.select(content)),
    )
    new = pl.concat([fresh, new]).sort("_n") if new.height else fresh
    return Sifted(new.drop("_n"), already.drop("_n"), conflicts.select(list(_CONFLICT)), stored)


def _stored(
    ledger: Ledger, table: str, keys: pl.Series, columns: tuple[str, ...], tonight: Tonight | None
) -> pl.DataFrame:
    """What the ledger holds of these keys. Of tonight's rows only keys that come again are looked up: the others are not there."""
    if tonight is None:
        return ledger.lookup(table, keys, list(columns))
    alone = keys.filter(~keys.is_in(tonight.twice.implode())) if len(tonight.twice) else keys
    before = ledger.lookup(table, alone, list(columns), before=tonight.first)
    return pl.concat([before, ledger.lookup(table, tonight.twice, list(columns))])


def _met(rows: pl.DataFrame, stored: pl.DataFrame, key: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows, numbered: those whose key stands nowhere else, here or in the ledger, and are new; and all others, to be compared."""
    numbered = rows.with_row_index("_n")
    alone = pl.col(key).is_unique()
    if stored.height:
        alone &= ~pl.col(key).is_in(stored[key].unique().implode())
    marked = numbered.with_columns(_alone=alone)
    return marked.filter("_alone").drop("_alone"), marked.filter(~pl.col("_alone")).drop("_alone")


def sift_quarantine(ledger: Ledger, rows: pl.DataFrame) -> pl.DataFrame:
    """Bad rows that were not there before, with `bad_id`: the bytes, the reason, and how many equal ones come before in their file."""
    columns = {n: k for n, k in TABLES["quarantine"].columns.items() if n not in ("seq", "run_id")}
    if not rows.height:
        return empty(columns)
    key = pl.concat_str(pl.col("raw").bin.encode("hex").fill_null(""), "code", separator=":")
    marked = rows.with_columns(_key=key).with_columns(_nth=pl.int_range(pl.len()).over("file_no", "_key"))
    ids = [
        hashlib.sha256(f"{nth}:{text}".encode()).hexdigest()[:32]
        for nth, text in marked.select("_nth", "_key").iter_rows()
    ]
    marked = marked.with_columns(bad_id=pl.Series(ids, dtype=pl.String))
    marked = marked.unique("bad_id", keep="first", maintain_order=True)
    stored = ledger.lookup("quarantine", marked["bad_id"], ["bad_id"])
    fresh = marked.join(stored, on="bad_id", how="anti", maintain_order="left")
    return fresh.select(list(columns))


def _differing(recorded: pl.DataFrame, said: pl.DataFrame) -> pl.Series:
    """By row, each column whose cells differ, with both: `amount 38000→83000`. Frames of the same columns, row by row."""
    texts = [
        "; ".join(
            f"{name} {_cell(before)}→{_cell(now)}"
            for name, before, now in zip(said.columns, was, says, strict=True)
            if before != now
        )
        or "-"
        for was, says in zip(recorded.iter_rows(), said.iter_rows(), strict=True)
    ]
    return pl.Series(texts, dtype=pl.String)


def _cell(value: object) -> str:
    return "-" if value is None else str(value)


def _digests(rows: pl.DataFrame) -> pl.Series:
    texts = [repr(tuple(str(cell) for cell in row)) for row in rows.iter_rows()]
    return pl.Series([hashlib.sha256(t.encode()).hexdigest()[:32] for t in texts], dtype=pl.String)
