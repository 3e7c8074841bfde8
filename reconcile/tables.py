"""The tables of the ledger: columns and types, which are append-only and chained, which are derived. One table for both stores.

In: nothing. Out: `TABLES`, and frames put into the form that stores hold (days as ISO text, flags as 0 and 1) and back.
The SQL files of `layouts/ledger` create the same tables; a test compares. Refuses nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl

from reconcile.frames import ACCOUNT, ASSESSMENTS, COVERS, CREDITS, QUARANTINE, RECEIPTS, SLIPS
from reconcile.world import BLOCKS, LINES, SCHEMAS, TRANSFERS

_TEXT, _INT = pl.String(), pl.Int64()
_DAY = "%Y-%m-%d"
SPAN_FROM = 200  # rows; fewer are written one by one
_ROW: Mapping[str, pl.DataType] = {"seq": _INT, "run_id": _INT}
_ENTRY: Mapping[str, pl.DataType] = {**_ROW, "payment_no": _INT, "entry_id": _TEXT, "reverses": _TEXT}
ENTRIES: tuple[str, ...] = ("outcomes", "postings", "excess", "suspense", "held", "charges")


@dataclass(frozen=True)
class Table:
    """Columns in order. `chained`: rows are only added, numbered by `seq`, and covered by the digest of their run."""

    columns: Mapping[str, pl.DataType]
    chained: bool


def _without(schema: Mapping[str, pl.DataType], *names: str) -> Mapping[str, pl.DataType]:
    return {name: kind for name, kind in schema.items() if name not in names}


_FILED = ("file_sha256", "file")

TABLES: Mapping[str, Table] = {
    "files": Table(
        {
            **_ROW,
            "role": _TEXT,  # receipts | assessments | slips
            "file_sha256": _TEXT,
            "file": _TEXT,
            "layout": _TEXT,
            "layout_sha256": _TEXT,
            "rows": _INT,
            "yen": _INT,
            "taken": _INT,
            "taken_yen": _INT,
            "already": _INT,
            "already_yen": _INT,
            "rejected": _INT,  # rows of another body
            "rejected_yen": _INT,
            "quarantined": _INT,
            "quarantined_yen": _INT,
        },
        chained=True,
    ),
    "receipts": Table(
        {**_ROW, "payment_no": _INT, "file_no": _INT, **_without(RECEIPTS, *_FILED)}, chained=True
    ),
    "quarantine": Table(
        {**_ROW, "file_no": _INT, "bad_id": _TEXT, **_without(QUARANTINE, *_FILED)}, chained=True
    ),
    "assessments": Table({**_ROW, "file_no": _INT, **ASSESSMENTS}, chained=True),
    "slips": Table({**_ROW, "file_no": _INT, **SLIPS}, chained=True),
    **{name: Table({**_ENTRY, **SCHEMAS[name]}, chained=True) for name in ENTRIES},
    "transfers": Table({**_ROW, "payment_no": _INT, **TRANSFERS}, chained=True),
    "blocks": Table({**_ROW, **BLOCKS, "lifted": pl.Boolean()}, chained=True),
    "refund_events": Table(
        {**_ROW, "refund_id": _TEXT, "event": _TEXT, "who": _TEXT, "at": _TEXT, "content": _TEXT},
        chained=True,
    ),
    "refund_exports": Table(
        {
            **_ROW,
            "batch": _INT,
            "transfer_on": _TEXT,
            "count": _INT,
            "yen": _INT,
            "sha256": _TEXT,  # of the bytes of the transfer file
            "who": _TEXT,
            "at": _TEXT,
            "content": _TEXT,  # JSON: the header, the refunds in their order
        },
        chained=True,
    ),
    "payee_accounts": Table(
        {
            **_ROW,
            "account_id": _TEXT,
            "payer_id": _TEXT,
            "event": _TEXT,
            "who": _TEXT,
            "at": _TEXT,
            **ACCOUNT,
        },
        chained=True,
    ),
    "bank_credits": Table({**_ROW, "credit_id": _TEXT, **CREDITS}, chained=True),
    "audit": Table({**_ROW, "who": _TEXT, "at": _TEXT, "what": _TEXT, "content": _TEXT}, chained=True),
    "named_lines": Table({"slip_key": _TEXT, "line_id": _TEXT}, chained=False),
    "covers": Table(COVERS, chained=False),
    "standing_lines": Table(_without(LINES, "state"), chained=False),
    "runs": Table(
        {
            "run_id": _INT,
            "kind": _TEXT,  # reconcile | refunds | credits
            "as_of": _TEXT,
            "who": _TEXT,
            "at": _TEXT,
            "inputs": _TEXT,  # JSON
            "standing": _TEXT,  # JSON: totals of the whole ledger after the run
            "result": _TEXT,  # digest of what stands, the same for any order of arrival
            "payments": _INT,  # the highest payment number
            "prev_digest": _TEXT,
            "digest": _TEXT,
        },
        chained=False,
    ),
    "schema_version": Table(
        {"version": _INT, "name": _TEXT, "sha256": _TEXT},
        chained=False,
    ),
}
CHAINED: tuple[str, ...] = tuple(name for name, table in TABLES.items() if table.chained)


def stored_type(kind: pl.DataType) -> pl.DataType:
    """The type in which a store holds a column: text, whole numbers, bytes."""
    if kind == pl.Boolean():
        return pl.Int64()
    return pl.String() if kind == pl.Date() else kind


def to_stored(table: str, frame: pl.DataFrame) -> pl.DataFrame:
    """The frame as stores hold it: its columns in the table's order, days as ISO text, flags as 0 and 1."""
    columns = TABLES[table].columns
    wrong = [f"{c} is {k}, not {columns.get(c)}" for c, k in frame.schema.items() if k != columns.get(c)]
    if wrong:
        raise ValueError(f"{table}: " + "; ".join(wrong))
    cells = []
    for name in (n for n in columns if n in frame.columns):
        kind = columns[name]
        cells.append(
            day_texts(frame[name])
            if kind == pl.Date() and frame.height >= SPAN_FROM
            else pl.col(name).dt.strftime(_DAY)
            if kind == pl.Date()
            else pl.col(name).cast(pl.Int64)
            if kind == pl.Boolean()
            else pl.col(name)
        )
    return frame.select(cells)


def day_texts(days: pl.Series) -> pl.Series:
    """Days as ISO text. Where there are many rows, each day of their span is written once."""
    if days.null_count() == len(days):
        return days.cast(pl.String)
    if len(days) < SPAN_FROM:
        return days.dt.strftime(_DAY)
    first, last = days.min(), days.max()
    if not isinstance(first, date) or not isinstance(last, date) or (last - first).days >= len(days):
        return days.dt.strftime(_DAY)
    texts = pl.date_range(first, last, eager=True).dt.strftime(_DAY)
    places = days.to_physical() - days.to_physical().min()
    return texts.gather(places).alias(days.name)


def from_stored(table: str, frame: pl.DataFrame) -> pl.DataFrame:
    """The inverse of `to_stored`."""
    columns = TABLES[table].columns
    cells = []
    for name in frame.columns:
        kind, cell = columns[name], pl.col(name)
        cells.append(cell.str.to_date(_DAY) if kind == pl.Date() else cell.cast(kind))
    return frame.select(cells)
