"""Parquet in batches: any plain type as the text that a CSV would hold; a row's line is its number + 1, as if a header stood above.

In: a path; out: batches in canonical columns. Refuses (ProblemError): a damaged file, one without rows, nested or binary columns.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import polars as pl

from elqr.batch import Batch, Plan, batch, plan
from elqr.columns import Column
from elqr.mapping import HeadingMap
from elqr.problems import Problem, ProblemError, ProblemLog, Where


def parquet_batches(
    path: Path, columns: Sequence[Column], mapping: HeadingMap, *, batch_rows: int
) -> Iterator[Batch]:
    """The rows of a Parquet file in batches of at most `batch_rows`. Raises ProblemError at once where it cannot be used."""
    try:
        schema = pl.read_parquet_schema(path)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise ProblemError(
            Problem("file.unreadable", params={"found": str(path), "reason": str(error).splitlines()[0]})
        ) from None
    how, log = plan(path.name, list(schema), columns, mapping)
    nested = [
        Problem("heading.type", n or h, {"found": str(t), "expected": "String"}, Where(path.name, 1))
        for n, (h, t) in zip(how.names, schema.items(), strict=True)
        if n and (t.is_nested() or t == pl.Binary)
    ]
    if nested:
        raise ProblemError(nested)
    return _batches(path, schema, how, log, batch_rows)


def _batches(
    path: Path, schema: pl.Schema | dict[str, pl.DataType], how: Plan, log: ProblemLog, batch_rows: int
) -> Iterator[Batch]:
    cells = [_as_text(pl.col(h), t).alias(str(i)) for i, (h, t) in enumerate(schema.items()) if how.names[i]]
    line = 2
    source = pl.scan_parquet(path).select(cells)
    for part in source.collect_batches(chunk_size=batch_rows, maintain_order=True):
        for at in range(0, part.height, batch_rows):
            rows = part[at : at + batch_rows]
            numbered = rows.with_columns(line=pl.int_range(line, line + rows.height, dtype=pl.Int64))
            yield batch(numbered, [], how, log)
            log = ProblemLog()
            line += rows.height
    if line == 2:
        raise ProblemError(Problem("file.no_rows", where=Where(path.name)))


def _as_text(cell: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """A typed cell as the text that a CSV would hold: dates ISO (a time of day stays and is refused later), booleans 1 and 0, empty = null."""
    if dtype == pl.Boolean:
        cell = cell.cast(pl.Int8)
    elif isinstance(dtype, pl.Datetime):
        day, moment = cell.dt.strftime("%Y-%m-%d"), cell.dt.strftime("%Y-%m-%d %H:%M:%S")
        cell = pl.when(cell == cell.dt.truncate("1d")).then(day).otherwise(moment)
    text = cell.cast(pl.String)
    return pl.when(text != "").then(text)
