"""Rows out of SQLite as JSON, one text a row or one for all, cut and typed by polars: Python makes no object for each cell.

In: a table, the columns asked for. Out: the SQL of a row (its table is named `t`), and the rows as a frame in the ledger's types. A JSON array
without escapes is a CSV line; one with escapes, or with the word null as a text, is read as JSON. Bytes come beside it. Refuses nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from reconcile.tables import TABLES, from_stored, stored_type


def block_text(table: str, columns: Sequence[str]) -> str | None:
    """What to select so that all rows come as one; None where some column is of bytes."""
    told, blobs = _parted(table, columns)
    cells = ", ".join(f't."{name}"' for name in told)
    if blobs:
        return None
    return f"count(*), json_group_array({cells if len(told) == 1 else f'json_array({cells})'})"


def read_block(table: str, columns: Sequence[str], count: int, text: str) -> pl.DataFrame:
    """The rows that `block_text` selected."""
    schema = {name: stored_type(TABLES[table].columns[name]) for name in columns}
    if len(columns) == 1:  # a list of cells, of which JSON makes no more objects than there are cells
        return from_stored(table, pl.DataFrame({columns[0]: json.loads(text)}, schema=schema))
    if text.count("],[") + 1 == count and not _escaped(text):
        return from_stored(table, _csv(schema, text[2:-2].replace("],[", "\n")))
    return from_stored(table, pl.DataFrame(json.loads(text), schema=schema, orient="row"))


def row_text(table: str, columns: Sequence[str]) -> str:
    """What to select."""
    told, blobs = _parted(table, columns)
    cells = ", ".join(f't."{name}"' for name in told)
    return ", ".join([f"json_array({cells})", *(f't."{name}"' for name in blobs)])


def read_rows(table: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> pl.DataFrame:
    """The rows that `row_text` selected."""
    told, blobs = _parted(table, columns)
    frame = _told({name: stored_type(TABLES[table].columns[name]) for name in told}, [row[0] for row in rows])
    beside = [
        pl.Series(name, [row[i] for row in rows], dtype=pl.Binary) for i, name in enumerate(blobs, start=1)
    ]
    return from_stored(table, frame.hstack(beside).select(columns))


def _parted(table: str, columns: Sequence[str]) -> tuple[list[str], list[str]]:
    kinds = TABLES[table].columns
    return [n for n in columns if kinds[n] != pl.Binary()], [n for n in columns if kinds[n] == pl.Binary()]


def _told(schema: Mapping[str, pl.DataType], arrays: Sequence[str]) -> pl.DataFrame:
    if not arrays:
        return pl.DataFrame(schema=schema)
    text = "\n".join([array[1:-1] for array in arrays])
    if _escaped(text):
        cells = json.loads("[" + ",".join(arrays) + "]")
        return pl.DataFrame(cells, schema=schema, orient="row")
    return _csv(schema, text)


def _escaped(text: str) -> bool:
    """Whether JSON says something that CSV would say differently."""
    return "\\" in text or '"null"' in text


def _csv(schema: Mapping[str, pl.DataType], text: str) -> pl.DataFrame:
    return pl.read_csv(
        text.encode(), has_header=False, schema=schema, quote_char='"', null_values="null", eol_char="\n",
    )  # fmt: skip


def read_found(table: str, columns: list[str], rows: list[tuple[Any, ...]]) -> pl.DataFrame:
    """What a lookup selected: one row for all where it has no bytes."""
    if block_text(table, columns) is None:
        return read_rows(table, columns, rows)
    count, text = rows[0]
    return read_block(table, columns, count, text) if count else read_rows(table, columns, [])
