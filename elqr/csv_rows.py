"""CSV in batches: framed on raw bytes, decoded strictly, parsed as strings; each record with its line in the source.

In: a path; out: batches in canonical columns, at most one batch in memory. A row that cannot be read is listed with its line and left out.
Refuses (ProblemError): a file without line ends or without rows, headings that cannot be decoded or understood.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import polars as pl

from elqr.batch import Batch, Plan, batch, plan
from elqr.columns import Column
from elqr.damage import misshapen, undecodable
from elqr.encoding import BOM, SNIFF_BLOCK, BadByte, other_than, refuse_binary, sniff, to_utf8
from elqr.framing import Fault, Records, frame
from elqr.mapping import HeadingMap
from elqr.problems import Problem, ProblemError, ProblemLog, Where

BLOCK_BYTES = 4 << 20  # one read; some 9,000 slips with payload
LINE_BYTES_MAX = 1 << 24  # no line end in 16 MiB: not a slips file


def csv_batches(
    path: Path, columns: Sequence[Column], mapping: HeadingMap, *, encoding: str | None, batch_rows: int
) -> Iterator[Batch]:
    """The records of a CSV file in batches of at most `batch_rows`; `encoding` None means: told by content.

    Raises ProblemError at once where the file cannot be used, except for `file.no_rows`, which only the end can tell.
    """
    with path.open("rb") as handle:
        refuse_binary(handle.read(SNIFF_BLOCK), file=path.name)
        handle.seek(0)
        name = encoding or sniff(handle, file=path.name)
        handle.seek(0)
        doubts = _doubts(handle, encoding, path.name) if encoding else []
        handle.seek(0)
        try:
            headings, offset, line = _headings(handle, name, path.name)
            how, log = plan(path.name, headings, columns, mapping)
        except ProblemError as error:
            raise ProblemError([*error.problems, *doubts]) from None
    for doubt in doubts:
        log.add_one(doubt)
    return _batches(path, how, log, encoding=name, offset=offset, line=line, batch_rows=batch_rows)


def csv_headings(path: Path) -> list[str]:
    """The first line of a CSV file, told by content, without what a person's own mapping makes of it. Raises ProblemError."""
    with path.open("rb") as handle:
        refuse_binary(handle.read(SNIFF_BLOCK), file=path.name)
        handle.seek(0)
        name = sniff(handle, file=path.name)
        handle.seek(0)
        return _headings(handle, name, path.name)[0]


def _doubts(handle: BinaryIO, given: str, file: str) -> list[Problem]:
    """A hint where the encoding that was asked for is likely to be the wrong one. It is used all the same: who names it decides."""
    other = other_than(given, handle)
    said: dict[str, str | int] = {"found": given.upper(), "expected": other or ""}
    return [Problem("file.other_encoding", params=said, where=Where(file, 1))] if other else []


def _headings(handle: BinaryIO, encoding: str, file: str) -> tuple[list[str], int, int]:
    """The headings, the byte where the rows begin, and their first line."""
    data = handle.read(BLOCK_BYTES)
    skip = len(BOM) if data.startswith(BOM) else 0
    text = data[skip:]
    if b"\n" not in text and (b"\r" in text or len(data) == BLOCK_BYTES):
        raise ProblemError(Problem("file.line_end", where=Where(file)))
    records = frame(text[: text.rfind(b"\n") + 1] or text + b"\n", fields=None, first_line=1, last=True)
    if not len(records):
        raise ProblemError(Problem("file.empty", where=Where(file)))
    after = int(records.end[0])
    decoded = to_utf8(text[int(records.start[0]) : after], encoding)
    if isinstance(decoded, BadByte):
        said: dict[str, str | int] = {"found": f"{decoded.value:02X}", "expected": encoding}
        raise ProblemError(Problem("heading.undecodable", params=said, where=Where(file, 1)))
    cells = next(csv.reader(io.StringIO(decoded.decode("utf-8"), newline="")))
    return [c.strip() for c in cells], skip + after, 1 + text[:after].count(b"\n")


def _batches(
    path: Path, how: Plan, log: ProblemLog, *, encoding: str, offset: int, line: int, batch_rows: int
) -> Iterator[Batch]:
    parts: list[pl.DataFrame] = []
    refused: list[pl.DataFrame] = []
    rows = seen = 0
    with path.open("rb") as handle:
        handle.seek(offset)
        for block, records in _framed(handle, how, line):
            part, out = _block(block, records, how, encoding, log)
            parts.append(part)
            refused.append(out)
            rows += part.height
            seen += part.height + out.height
            while rows >= batch_rows:
                joined, out = pl.concat(parts), pl.concat(refused)
                now, joined = joined[:batch_rows], joined[batch_rows:]
                last = now["line"][-1]
                told, log = _split(log, last)
                yield batch(now, [out.filter(pl.col("line") <= last)], how, told)
                parts, refused = [joined], [out.filter(pl.col("line") > last)]
                rows -= batch_rows
    if not seen:
        raise ProblemError(Problem("file.no_rows", where=Where(path.name)))
    if rows or any(out.height for out in refused) or log.table().height:
        yield batch(pl.concat(parts), refused, how, log)


def _split(log: ProblemLog, last: int) -> tuple[ProblemLog, ProblemLog]:
    """What is told up to line `last` (and of the file as a whole), and what belongs to rows after it."""
    table = log.table()
    later = (pl.col("line") > last).fill_null(value=False)
    now, then = ProblemLog(), ProblemLog()
    now.extend(table.filter(~later))
    then.extend(table.filter(later))
    return now, then


def _framed(handle: BinaryIO, how: Plan, line: int) -> Iterator[tuple[bytes, Records]]:
    """Blocks of whole lines with their records; an open record is carried into the next block."""
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
            raise ProblemError(Problem("file.line_end", where=Where(how.file, line)))
        if cut:
            block = data[:cut]
            records = frame(block, fields=how.width, first_line=line, last=not chunk)
            yield block, records
            data = data[records.consumed :]
            line += records.lines
        rest = data
        if not chunk:
            return


def _block(
    block: bytes, records: Records, how: Plan, encoding: str, log: ProblemLog
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """One block parsed: (columns named by position and `line`, refused rows)."""
    good = records.fault == Fault.NONE
    refused = [misshapen(records, how, log)]
    text = to_utf8(_slices(block, records, good), encoding)
    if isinstance(text, BadByte):
        bad = {}
        for i in np.flatnonzero(good).tolist():
            raw = block[records.start[i] : records.end[i]]
            found = to_utf8(raw, encoding)
            if isinstance(found, BadByte):
                bad[i] = (raw, found)
        good[list(bad)] = False
        lines = records.line[list(bad)].tolist()
        refused.append(undecodable(lines, list(bad.values()), how, encoding, log))
        text = to_utf8(_slices(block, records, good), encoding)
        if isinstance(text, BadByte):
            raise AssertionError("records decode one by one but not together")
    rows = _parsed(text, how.width, pl.Series("line", records.line[good], dtype=pl.Int64))
    blank = rows.filter(pl.all_horizontal(pl.exclude("line").is_null()))
    if blank.height:  # spreadsheets leave rows of bare commas behind
        log.add(blank, "row.blank", field="")
        rows = rows.join(blank.select("line"), on="line", how="anti", maintain_order="left")
    return rows, pl.concat(refused)


def _parsed(text: bytes, width: int, lines: pl.Series) -> pl.DataFrame:
    """UTF-8 records as string columns "0", "1" …, with their lines. The framing has counted them: so must the parser."""
    schema = {str(i): pl.String() for i in range(width)}
    if not len(lines):
        return pl.DataFrame(schema=schema).with_columns(lines)
    rows = pl.read_csv(text, has_header=False, schema=schema, quote_char='"', eol_char="\n")
    if rows.height != len(lines):
        raise AssertionError(f"framed {len(lines)} records, parsed {rows.height}")
    return rows.with_columns(lines)


def _slices(block: bytes, records: Records, keep: npt.NDArray[np.bool_]) -> bytes:
    """The kept records' bytes, joined; the block itself where all of it is kept."""
    start, end = records.start[keep], records.end[keep]
    if not len(start):
        return b""
    gaps = np.flatnonzero(start[1:] != end[:-1])
    firsts = start[np.concatenate([[0], gaps + 1])].tolist()
    lasts = end[np.concatenate([gaps, [len(end) - 1]])].tolist()
    if len(firsts) == 1 and firsts[0] == 0 and lasts[0] == len(block):
        return block
    return b"".join(block[a:b] for a, b in zip(firsts, lasts, strict=True))
