"""Digests of the ledger: a chain over everything that runs add, in order; and one of what stands, which no order of arrival can change.

In: frames of chained tables. Out: SHA-256 in hex. The chain says that no stored row was changed, added or taken out since its run. The standing
digest is a sum of row digests modulo 2^256, so that a run adds and subtracts only what it touched. Refuses nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping

import numpy as np
import polars as pl

from reconcile.hashed import MODULUS, total
from reconcile.swar import Bytes
from reconcile.tables import TABLES, to_stored

FIRST = "0" * 64
BLOCK_ROWS = 100_000
_UNIT, _NULL = "\x1f", "\x00"
_NO_CONTENT = ("seq", "run_id", "payment_no", "entry_id", "reverses")


class BatchDigest:
    """The digest of one table's rows of one run, fed in frames of any size, in order of `seq`."""

    def __init__(self, table: str) -> None:
        self._table = table
        self._sha = hashlib.sha256(table.encode())
        self._waiting: list[pl.DataFrame] = []
        self._rows = 0

    def add(self, frame: pl.DataFrame) -> None:
        """The next rows, all columns of the table."""
        self._waiting.append(to_stored(self._table, frame))
        self._rows += frame.height
        if sum(part.height for part in self._waiting) >= BLOCK_ROWS:
            rows = pl.concat(self._waiting)
            while rows.height >= BLOCK_ROWS:
                self._block(rows[:BLOCK_ROWS])
                rows = rows[BLOCK_ROWS:]
            self._waiting = [rows]

    def _block(self, rows: pl.DataFrame) -> None:
        for part in block_parts(rows):
            self._sha.update(part)

    def finish(self) -> tuple[int, str]:
        """Rows and digest."""
        rows = pl.concat(self._waiting) if self._waiting else pl.DataFrame()
        if rows.height:
            self._block(rows)
        return self._rows, self._sha.hexdigest()


def block_parts(rows: pl.DataFrame) -> Iterator[bytes | memoryview]:
    """Stored rows as bytes that only equal rows have, in parts: of each column its name, nulls, lengths and contents."""
    texts = pl.col([name for name, kind in rows.schema.items() if kind == pl.String])
    blobs = pl.col(pl.Binary)
    sizes = rows.select(
        texts.str.len_bytes().fill_null(0).cast(pl.Int64), blobs.bin.size().fill_null(0).cast(pl.Int64)
    )
    joined = rows.select(texts.str.join("").cast(pl.Binary))
    lacking = [column.name for column in rows.iter_columns() if column.null_count()]
    absent = rows.select(pl.col(lacking).is_null())
    filled = rows.select(pl.col([name for name in lacking if rows.schema[name] == pl.Int64]).fill_null(0))
    yield f"{rows.height}{_UNIT}".encode()
    for column in rows.iter_columns():
        nulls = absent[column.name] if column.name in absent.columns else np.zeros(rows.height, np.bool_)
        yield f"{column.name}{_UNIT}".encode() + np.packbits(nulls).tobytes()
        if column.dtype == pl.Int64:
            yield _numbers(filled[column.name] if column.name in filled.columns else column)
            continue
        yield _numbers(sizes[column.name])
        text = column.dtype == pl.String
        yield (joined[column.name].item() or b"") if text else b"".join(column.drop_nulls().to_list())


def _numbers(column: pl.Series) -> memoryview:
    return column.to_numpy().astype("<i8", order="C", copy=False).data


def run_digest(run: Mapping[str, object], batches: Mapping[str, tuple[int, str]]) -> str:
    """The digest of a run: the one before, what the run says of itself, and its batches, table by table."""
    said = [
        str(run[name] if run[name] is not None else _NULL)
        for name in TABLES["runs"].columns
        if name != "digest"
    ]
    parts = [f"{table}{_UNIT}{rows}{_UNIT}{sha}" for table, (rows, sha) in sorted(batches.items()) if rows]
    return hashlib.sha256("\n".join([*said, *parts]).encode()).hexdigest()


def row_keys(table: str, frame: pl.DataFrame) -> pl.Series:
    """What an entry says, without its number, run and ids: equal for equal content."""
    names = [name for name in TABLES[table].columns if name not in _NO_CONTENT]
    stored = to_stored(table, frame.select(names))
    nulls = stored.null_count().row(0)
    cells = [
        cell if not none else pl.lit(_NULL) if none == stored.height else cell.fill_null(_NULL)
        for cell, none in zip((pl.col(name).cast(pl.String) for name in names), nulls, strict=True)
    ]
    key = pl.concat_str(pl.lit(table), *cells, separator=_UNIT)
    return stored.select(key.alias("key")).to_series()


def moved(sum_: str, *, added: Bytes, taken: Bytes) -> str:
    """A sum of digests of row keys, in hex, after rows came and went. `added`, `taken`: `(n, 32)`, as `reconcile.hashed.digests` gives them."""
    value = int(sum_, 16) + total(added) - total(taken)
    return f"{value % MODULUS:064x}"


def standing_digest(sums: Mapping[str, str]) -> str:
    """One digest for everything that stands, from the sum of each table."""
    return hashlib.sha256(json.dumps(dict(sorted(sums.items()))).encode()).hexdigest()
