"""Rows for an insert of many into SQLite, and keys for a lookup, as what costs least to bind: Python binds a null for as much as ten numbers.

In: stored rows, a block at a time. Out: SQL values and the columns to bind, one tuple a row. A column that says the same in every row is
written into the statement; a null among texts or numbers goes as a value that the column does not hold, and becomes null there. Keys: one
JSON list. Refuses nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

_LEAST = -(1 << 63)


@dataclass(frozen=True)
class Values:
    """`sql`: what stands between the brackets of `values (…)`; `rows`: what is bound, a tuple a row."""

    sql: str
    rows: Iterator[tuple[object, ...]]


def values(block: pl.DataFrame) -> Values:
    """The rows of `block` (text, whole numbers, bytes), which are one at least."""
    said, bound = [], []
    for column in block.iter_columns():
        if (word := _same(column)) is not None:
            said.append(word)
            continue
        sentinel = _absent(column)
        if column.null_count() and sentinel is not None:
            said.append("nullif(?, '')" if sentinel == "" else f"nullif(?, {sentinel})")
            bound.append(column.fill_null(sentinel).to_list())
        else:
            said.append("?")
            bound.append(column.to_list())
    if (
        not bound
    ):  # every row says the same: one number has to be bound, so that the statement is run for each
        said[0], bound = "?", [block.to_series(0).to_list()]
    return Values(", ".join(said), zip(*bound, strict=True))


def json_list(keys: pl.Series) -> str:
    """Texts or numbers without nulls as a JSON array. Only texts of which JSON would write some sign otherwise are written one by one."""
    if keys.dtype == pl.String and len(keys):
        text = str(keys.str.join('","').item())
        if text.isprintable() and "\\" not in text and text.count('"') == 2 * (len(keys) - 1):
            return f'["{text}"]'
    return json.dumps(keys.to_list(), ensure_ascii=False, separators=(",", ":"))


def _same(column: pl.Series) -> str | None:
    """The value that stands in every row as SQL; None where they differ or it cannot be written."""
    nulls = column.null_count()
    if nulls == len(column):
        return "null"
    if nulls or column.dtype == pl.Binary or column[0] != column[-1] or not (column == column[0]).all():
        return None
    first = column[0]
    if isinstance(first, int):
        return str(first) if first > _LEAST else None
    return None if "\0" in first else "'" + first.replace("'", "''") + "'"


def _absent(column: pl.Series) -> str | int | None:
    """A value that the column does not hold."""
    if column.dtype == pl.String:
        return None if (column == "").any() else ""
    return _LEAST + 1 if column.dtype == pl.Int64 and column.min() > _LEAST + 1 else None  # type: ignore[operator]
