"""Parquet in batches: any plain type as the text that a CSV would hold; a row's line is its number + 1, as if a header stood above.

In: a path; out: batches in canonical columns. Refuses (ProblemError): a damaged file, one without rows, nested or binary columns.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import polars as pl

from elqr.batch import Batch, Plan, batch, plan
from elqr.columns import Column
from elqr.mapping import HeadingMap
from elqr.problems import Problem, ProblemError, ProblemLog, Where, reason_of

MAGIC = b"PAR1"
"""The first bytes of every Parquet file."""

JAPAN = "Asia/Tokyo"


def parquet_batches(
    path: Path, columns: Sequence[Column], mapping: HeadingMap, *, batch_rows: int
) -> Iterator[Batch]:
    """The rows of a Parquet file in batches of at most `batch_rows`. Raises ProblemError at once where it cannot be used."""
    schema = parquet_schema(path)
    how, log = plan(path.name, list(schema), columns, mapping)
    refuse_types(path, {h: n for n, h in zip(how.names, schema, strict=True) if n}, schema)
    return _batches(path, schema, how, log, batch_rows)


def parquet_schema(path: Path) -> pl.Schema:
    """Its columns and their types. Raises ProblemError: `file.unreadable`, `file.damaged`."""
    with telling_damage(path):
        return pl.scan_parquet(path, glob=False).collect_schema()


def refuse_types(path: Path, fields: Mapping[str, str], schema: pl.Schema) -> None:
    """Raises ProblemError `heading.type` for those of the columns (heading -> field) that hold lists, tables or bytes."""
    nested = [
        Problem("heading.type", name, {"found": str(schema[h]), "expected": "String"}, Where(path.name, 1))
        for h, name in fields.items()
        if unreadable(schema[h])
    ]
    if nested:
        raise ProblemError(nested)


def parquet_parts(path: Path, cells: Sequence[pl.Expr], *, rows: int) -> Iterator[pl.DataFrame]:
    """The cells in parts of about `rows` rows. Raises ProblemError `file.damaged`, also where the file says that it holds more or fewer."""
    source, found = pl.scan_parquet(path, glob=False), 0
    with telling_damage(path):
        expected = int(source.select(pl.len()).collect().item())
        for part in source.select(cells).collect_batches(chunk_size=rows, maintain_order=True):
            found += part.height
            yield part
    if found != expected:
        raise _damaged(path, f"{found:,} / {expected:,}")


@contextmanager
def telling_damage(path: Path) -> Iterator[None]:
    """What goes wrong while a Parquet file is read, as ProblemError: `file.unreadable`, `file.damaged`."""
    try:
        yield
    except OSError as error:
        params = {"found": str(path), "reason": reason_of(error)}
        raise ProblemError(Problem("file.unreadable", params=params)) from None
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        raise _damaged(path, reason_of(error)) from None


def _damaged(path: Path, reason: str) -> ProblemError:
    return ProblemError(Problem("file.damaged", params={"reason": reason}, where=Where(path.name)))


def _batches(path: Path, schema: pl.Schema, how: Plan, log: ProblemLog, batch_rows: int) -> Iterator[Batch]:
    cells = [as_text(pl.col(h), t).alias(str(i)) for i, (h, t) in enumerate(schema.items()) if how.names[i]]
    line = 2
    for part in parquet_parts(path, cells, rows=batch_rows):
        for at in range(0, part.height, batch_rows):
            rows = part[at : at + batch_rows]
            numbered = rows.with_columns(line=pl.int_range(line, line + rows.height, dtype=pl.Int64))
            yield batch(numbered, [], how, log)
            log = ProblemLog()
            line += rows.height
    if line == 2:
        raise ProblemError(Problem("file.no_rows", where=Where(path.name)))


def as_text(cell: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """A typed cell as the text that a CSV would hold: days ISO, moments by the clock in Japan, booleans 1 and 0, empty = null.

    A moment at midnight is a day, for a table tool knows no other; any other time of day stays, and is refused where a day is wanted.
    """
    if dtype == pl.Boolean:
        cell = cell.cast(pl.Int8)
    elif isinstance(dtype, pl.Datetime):
        if dtype.time_zone:
            cell = cell.dt.convert_time_zone(JAPAN)
        day, moment = cell.dt.strftime("%Y-%m-%d"), cell.dt.strftime("%Y-%m-%d %H:%M:%S")
        cell = pl.when(cell == cell.dt.truncate("1d")).then(day).otherwise(moment)
    text = cell.cast(pl.String)
    return pl.when(text != "").then(text)


def unreadable(dtype: pl.DataType) -> bool:
    """Whether a column of this type has no text that a CSV would hold."""
    return dtype.is_nested() or dtype == pl.Binary
