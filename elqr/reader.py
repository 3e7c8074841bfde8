"""Reads slips files in batches: CSV (UTF-8, CP932) or Parquet in, canonical columns as strings with source line numbers out.

Memory holds one batch, whatever the file's size. A row that cannot be read is listed with its line and left out; all others go on.
Refuses (ProblemError): an empty file, one that is no text, missing required columns, two columns for one meaning.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from elqr.batch import Batch
from elqr.columns import COLUMNS, Column
from elqr.csv_rows import csv_batches, csv_headings
from elqr.encoding import encoding_named
from elqr.mapping import HeadingMap
from elqr.parquet_rows import MAGIC, parquet_batches, parquet_schema
from elqr.problems import Problem, ProblemError, Where

__all__ = ["Batch", "read_columns", "read_headings", "read_slips"]


def read_slips(
    path: Path, *, mapping: HeadingMap | None = None, encoding: str | None = None, batch_rows: int = 50_000
) -> Iterator[Batch]:
    """The slips of `path` in batches of at most `batch_rows`. The header is line 1; a row of a Parquet file counts as line number + 1.

    `encoding`: `utf-8` or `cp932`, else told by content. Raises ProblemError where the file as a whole cannot be used (at once, not later),
    ValueError for another encoding.
    """
    return read_columns(path, COLUMNS, mapping=mapping, encoding=encoding, batch_rows=batch_rows)


def read_columns(
    path: Path,
    columns: Sequence[Column],
    *,
    mapping: HeadingMap | None = None,
    encoding: str | None = None,
    batch_rows: int = 50_000,
) -> Iterator[Batch]:
    """The same for a file of any `columns`, such as assessments: batches, problems and refusals are alike."""
    given = encoding_named(encoding) if encoding is not None else None
    site = mapping or HeadingMap()
    if _is_parquet(path):
        return parquet_batches(path, columns, site, batch_rows=batch_rows)
    return csv_batches(path, columns, site, encoding=given, batch_rows=batch_rows)


def read_headings(path: Path) -> list[str]:
    """The headings as they stand. Raises ProblemError where the file as a whole cannot be used."""
    return list(parquet_schema(path)) if _is_parquet(path) else csv_headings(path)


def _is_parquet(path: Path) -> bool:
    """Its first bytes tell. Raises ProblemError for a file that cannot be opened or is empty."""
    try:
        with path.open("rb") as handle:
            head = handle.read(len(MAGIC))
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ProblemError(
            Problem("file.unreadable", params={"found": str(path), "reason": reason})
        ) from None
    if not head:
        raise ProblemError(Problem("file.empty", where=Where(path.name)))
    return head == MAGIC
