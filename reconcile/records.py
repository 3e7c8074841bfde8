"""Cuts a receipts file into blocks of whole records on its raw bytes, so that memory holds one block whatever the file's size.

In: an open file, where its records begin, and the record length of a fixed layout. Out: blocks with the bounds and the line of each record.
In CP932 and UTF-8 alike no line feed is ever part of a longer character. Refuses (ProblemError): no line end in 16 MiB.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import polars as pl

from elqr.parquet_rows import as_text, parquet_parts, parquet_schema, unreadable
from elqr.problems import Problem, ProblemError, Where

Ints = npt.NDArray[np.int64]

BLOCK_BYTES = 4 << 20
LINE_BYTES_MAX = 1 << 24
LF, CR = 10, 13


@dataclass(frozen=True)
class Block:
    """Records in raw bytes. `start`, `end`: bounds of each record in `data`, without its line end; `line`: its 1-based line (or number).

    A blank line is a record of no bytes.
    """

    data: bytes
    start: Ints
    end: Ints
    line: Ints

    def __len__(self) -> int:
        return len(self.start)

    def raw(self, i: int) -> bytes:
        """The bytes of record `i`."""
        return self.data[self.start[i] : self.end[i]]

    def raws(self, which: Ints) -> pl.Series:
        """The bytes of these records as a column."""
        feeds = self.data.count(b"\n")
        for ends in (b"\r\n", b"\n"):  # one kind of line end throughout: one call cuts them all
            if (
                feeds == len(self)
                and self.data.count(ends) == feeds
                and (ends != b"\n" or b"\r" not in self.data)
            ):
                cut = pl.Series(self.data.split(ends)[:-1], dtype=pl.Binary)
                return cut if len(which) == len(cut) else cut.gather(which)
        bounds = zip(self.start[which].tolist(), self.end[which].tolist(), strict=True)
        return pl.Series([self.data[a:b] for a, b in bounds], dtype=pl.Binary)


def line_blocks(handle: BinaryIO, *, line: int, file: str) -> Iterator[Block]:
    """The rest of `handle` in blocks of lines. `line`: the number of the next line."""
    rest = b""
    while True:
        chunk = handle.read(BLOCK_BYTES)
        data = rest + chunk
        if not chunk:
            data = data.removesuffix(b"\x1a")  # end-of-file sign of older systems
            if not data:
                return
            if not data.endswith(b"\n"):
                data += b"\n"
        cut = data.rfind(b"\n") + 1
        if not cut and len(data) > LINE_BYTES_MAX:
            raise ProblemError(Problem("file.line_end", where=Where(file, line)))
        if cut:
            block, lines = _lines(data[:cut], line)
            yield block
            line += lines
        rest = data[cut:]
        if not chunk:
            return


def _lines(data: bytes, line: int) -> tuple[Block, int]:
    view = np.frombuffer(data, np.uint8)
    feeds = np.flatnonzero(view == LF)
    start = np.concatenate([np.zeros(1, np.int64), feeds[:-1] + 1])
    end = feeds.astype(np.int64)
    end = end - ((end > start) & (view[end - 1] == CR))
    number = np.arange(line, line + len(feeds), dtype=np.int64)
    return Block(data, start, end, number), len(feeds)


def record_blocks(handle: BinaryIO, *, size: int) -> Iterator[Block]:
    """Records of `size` bytes without line ends, numbered from 1. What is left over at the end is a record that is too short."""
    rest = b""
    number = 1
    while True:
        chunk = handle.read(BLOCK_BYTES // size * size)
        data = rest + chunk
        if not chunk:
            data = data.removesuffix(b"\x1a")
            if not data:
                return
        whole = len(data) // size * size if chunk else len(data)
        start = np.arange(0, whole, size, dtype=np.int64)
        end = np.minimum(start + size, whole)
        if len(start):
            yield Block(data[:whole], start, end, np.arange(number, number + len(start), dtype=np.int64))
        number += len(start)
        rest = data[whole:]
        if not chunk:
            return


def parquet_blocks(path: Path, columns: list[str], *, batch_rows: int = 50_000) -> Iterator[Block]:
    """Rows of a Parquet file written as CSV lines (UTF-8), so that they go the way of every other row. Row 1 is line 2."""
    line = 2
    schema = parquet_schema(path)
    for part in parquet_parts(path, [_cell(name, schema[name]) for name in columns], rows=batch_rows):
        data = part.write_csv(include_header=False, line_terminator="\n", quote_style="necessary").encode()
        block, lines = _lines(data, line)
        yield block
        line += lines


def _cell(name: str, dtype: pl.DataType) -> pl.Expr:
    """A Parquet column as the text that a CSV would hold; a column without one, which no layout asks for, is left out of the rows.

    A line break inside a value would make two rows of one: it becomes a sign for which the row is then refused.
    """
    if unreadable(dtype):
        return pl.lit(None, pl.String).alias(name)
    return as_text(pl.col(name), dtype).str.replace_all(r"[\r\n]", "\ufffd").alias(name)


@dataclass(frozen=True)
class Survey:
    """A file's bytes before they are read as rows: hash, size, whether all of them are ASCII, and when it was last changed."""

    sha256: str
    bytes: int
    ascii: bool
    changed_ns: int


def survey(path: Path) -> Survey:
    """One pass over the bytes of `path`. Raises ProblemError where it cannot be read."""
    digest = hashlib.sha256()
    plain = True
    try:
        with path.open("rb") as handle:
            while chunk := handle.read(1 << 20):
                digest.update(chunk)
                plain = plain and chunk.isascii()
            status = path.stat()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ProblemError(
            Problem("file.unreadable", params={"found": str(path), "reason": reason})
        ) from None
    return Survey(digest.hexdigest(), status.st_size, plain, status.st_mtime_ns)
