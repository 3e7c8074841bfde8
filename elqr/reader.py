"""Reads slips files in batches: CSV (UTF-8, CP932) or Parquet in, canonical columns as strings with source line numbers out.

Memory holds one batch, whatever the file's size. A row that cannot be read is listed with its line and left out; all others go on.
Refuses (ProblemError): an empty file, one that is no text, missing required columns, two columns for one meaning.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import polars as pl

from elqr.columns import COLUMNS, NAMES
from elqr.encoding import BOM, ENCODINGS, BadByte, sniff, to_utf8
from elqr.framing import Fault, Records, frame
from elqr.mapping import HeadingMap, nearest
from elqr.problems import Problem, ProblemError, ProblemLog, Where

BLOCK_BYTES = 4 << 20  # one read; some 9,000 slips with payload
LINE_BYTES_MAX = 1 << 24  # no line end in 16 MiB: not a slips file
HEX_AROUND = 12  # bytes shown on each side of an undecodable one
REFUSED_SCHEMA: Mapping[str, pl.DataType] = {
    "line": pl.Int64(),
    "slip_key": pl.String(),
    "amount": pl.String(),
}


@dataclass(frozen=True)
class Batch:
    """Rows of one file. `frame`: `line` and all canonical columns as strings (empty = null). `log`: what was found on reading.

    `refused`: the rows that could not be read, with what of `slip_key` and `amount` could be (strings, else null).
    """

    frame: pl.DataFrame
    log: ProblemLog
    refused: pl.DataFrame


@dataclass(frozen=True)
class Plan:
    """How the file's columns become ours: position -> name, and what to add."""

    file: str
    width: int
    names: tuple[str | None, ...]
    shown: tuple[str, ...]  # heading as written, for messages
    mapping: HeadingMap


def read_slips(
    path: Path, *, mapping: HeadingMap | None = None, encoding: str | None = None, batch_rows: int = 50_000
) -> Iterator[Batch]:
    """The slips of `path` in batches of at most `batch_rows`. The header is line 1; a row of a Parquet file counts as line number + 1.

    `encoding`: `utf-8` or `cp932`, else told by content. Raises ProblemError where the file as a whole cannot be used (at once, not later),
    ValueError for another encoding.
    """
    if encoding is not None and encoding.lower() not in (*ENCODINGS, "utf-8-sig", "shift_jis", "sjis"):
        raise ValueError(f"encoding {encoding!r}: expected one of {', '.join(ENCODINGS)}")
    site = mapping or HeadingMap()
    try:
        with path.open("rb") as handle:
            head = handle.read(4)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ProblemError(
            Problem("file.unreadable", params={"found": str(path), "reason": reason})
        ) from None
    if not head:
        raise ProblemError(Problem("file.empty", where=Where(path.name)))
    if head == b"PAR1":
        return _parquet(path, site, batch_rows)
    return _csv(path, site, encoding, batch_rows)


# ---------------------------------------------------------------- headings


def _plan(file: str, shown: Sequence[str], mapping: HeadingMap) -> tuple[Plan, ProblemLog]:
    """Which column stands where. Raises ProblemError with every fault of the heading."""
    log, faults = ProblemLog(), []
    names: list[str | None] = []
    where = Where(file, 1)
    for heading in shown:
        name = mapping.column_of(heading)
        if name is None:
            log.add_one(
                Problem(
                    "heading.unknown",
                    params={"found": heading, "expected": nearest(heading, NAMES)},
                    where=where,
                )
                if heading.strip()
                else Problem("heading.empty", params={"found": len(names) + 1}, where=where)
            )
        elif name in names:
            found = f"{shown[names.index(name)]}、{heading}"
            faults.append(Problem("heading.twice", name, {"found": found, "expected": name}, where))
        elif name in mapping.constants:
            faults.append(Problem("heading.constant", name, {"found": heading}, where))
        names.append(name)
    missing = [c for c in COLUMNS if c.required and c.name not in names and c.name not in mapping.constants]
    faults += [
        Problem("heading.missing", c.name, {"found": "、".join(shown), "expected": c.ja}, where)
        for c in missing
    ]
    if faults:
        raise ProblemError(faults)
    return Plan(file, len(shown), tuple(names), tuple(shown), mapping), log


def _canonical(raw: pl.DataFrame, plan: Plan) -> pl.DataFrame:
    """Columns by position -> `line` and all canonical columns; constants and value maps applied, empty = null."""
    columns = [pl.col("line")]
    for name in NAMES:
        if name in plan.mapping.constants:
            cell = pl.lit(plan.mapping.constants[name], pl.String)
        elif name in plan.names:
            cell = pl.col(str(plan.names.index(name)))
        else:
            cell = pl.lit(None, pl.String)
        if words := plan.mapping.values.get(name):
            cell = cell.replace(dict(words))
        columns.append(pl.when(cell != "").then(cell).alias(name))
    return raw.select(columns)


# ---------------------------------------------------------------- CSV


def _csv(path: Path, mapping: HeadingMap, encoding: str | None, batch_rows: int) -> Iterator[Batch]:
    with path.open("rb") as handle:
        name = sniff(handle, file=path.name)
        if encoding is not None:
            name = "cp932" if encoding.lower() in ("cp932", "shift_jis", "sjis") else "utf-8"
        heading, offset, line = _heading(handle, name, path.name)
    plan, log = _plan(path.name, heading, mapping)
    return _csv_batches(path, plan, log, name, offset, line, batch_rows)


def _heading(handle: BinaryIO, encoding: str, file: str) -> tuple[list[str], int, int]:
    """The headings, the byte where the rows begin, and their first line."""
    data = handle.read(BLOCK_BYTES)
    skip = len(BOM) if data.startswith(BOM) else 0
    text = data[skip:]
    if b"\n" not in text and (b"\r" in text or len(data) == BLOCK_BYTES):
        raise ProblemError(Problem("file.line_end", where=Where(file)))
    records = frame(text[: text.rfind(b"\n") + 1] or text + b"\n", fields=None, first_line=1, last=True)
    if not len(records):
        raise ProblemError(Problem("file.empty", where=Where(file)))
    raw = text[int(records.start[0]) : int(records.end[0])]
    decoded = to_utf8(raw, encoding)
    if isinstance(decoded, BadByte):
        found = f"{decoded.value:02X}"
        raise ProblemError(
            Problem(
                "heading.undecodable", params={"found": found, "expected": encoding}, where=Where(file, 1)
            )
        )
    cells = next(csv.reader(io.StringIO(decoded.decode("utf-8"), newline=""), strict=False))
    after = int(records.end[0])
    return [c.strip() for c in cells], skip + after, 1 + text[:after].count(b"\n")


def _csv_batches(
    path: Path, plan: Plan, log: ProblemLog, encoding: str, offset: int, line: int, batch_rows: int
) -> Iterator[Batch]:
    parts: list[pl.DataFrame] = []
    refused: list[pl.DataFrame] = []
    held = rows = seen = 0
    with path.open("rb") as handle:
        handle.seek(offset)
        for block, records in _framed(handle, plan, line):
            part, out = _block(block, records, plan, encoding, log)
            parts.append(part)
            refused.append(out)
            rows += part.height
            held += out.height
            seen += part.height + out.height
            while rows >= batch_rows:
                joined = pl.concat(parts)
                yield _batch(joined[:batch_rows], refused, plan, log)
                parts, refused, rows, held, log = (
                    [joined[batch_rows:]],
                    [],
                    rows - batch_rows,
                    0,
                    ProblemLog(),
                )
    if not seen:
        raise ProblemError(Problem("file.no_rows", where=Where(path.name)))
    if rows or held:
        yield _batch(pl.concat(parts), refused, plan, log)


def _batch(raw: pl.DataFrame, refused: list[pl.DataFrame], plan: Plan, log: ProblemLog) -> Batch:
    out = pl.concat(refused) if refused else pl.DataFrame(schema=dict(REFUSED_SCHEMA))
    return Batch(_canonical(raw, plan), log, out)


def _framed(handle: BinaryIO, plan: Plan, line: int) -> Iterator[tuple[bytes, Records]]:
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
            raise ProblemError(Problem("file.line_end", where=Where(plan.file, line)))
        if cut:
            block = data[:cut]
            records = frame(block, fields=plan.width, first_line=line, last=not chunk)
            yield block, records
            data = data[records.consumed :]
            line += records.lines
        rest = data
        if not chunk:
            return


def _block(
    block: bytes, records: Records, plan: Plan, encoding: str, log: ProblemLog
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """One block parsed: (columns named by position and `line`, refused rows)."""
    good = records.fault == Fault.NONE
    text = to_utf8(_slices(block, records, good), encoding)
    bad: list[tuple[int, BadByte]] = []
    if isinstance(text, BadByte):
        for i in np.flatnonzero(good).tolist():
            found = to_utf8(block[records.start[i] : records.end[i]], encoding)
            if isinstance(found, BadByte):
                bad.append((i, found))
        good[[i for i, _ in bad]] = False
        text = to_utf8(_slices(block, records, good), encoding)
        if isinstance(text, BadByte):
            raise AssertionError("records decode one by one but not together")
    refused = [_undecodable(block, records, i, at, plan, encoding, log) for i, at in bad]
    refused += [_misshapen(records, i, plan, log) for i in np.flatnonzero(records.fault).tolist()]
    lines = pl.Series("line", records.line[good], dtype=pl.Int64)
    schema = {str(i): pl.String() for i in range(plan.width)}
    if not len(lines):
        frame_ = pl.DataFrame(schema=schema)
    else:
        frame_ = pl.read_csv(
            text, has_header=False, schema=schema, quote_char='"', eol_char="\n", raise_if_empty=False
        )
    if frame_.height != len(lines):
        raise AssertionError(f"framed {len(lines)} records, parsed {frame_.height}")
    rows = frame_.with_columns(lines)
    blank = rows.filter(pl.all_horizontal(pl.exclude("line").is_null()))
    if blank.height:  # spreadsheets leave rows of bare commas behind
        log.add(blank, "row.blank", field="")
        rows = rows.filter(~pl.all_horizontal(pl.exclude("line").is_null()))
    return rows, pl.DataFrame(refused, schema=dict(REFUSED_SCHEMA), orient="row")


def _slices(block: bytes, records: Records, keep: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> bytes:
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


def _misshapen(records: Records, i: int, plan: Plan, log: ProblemLog) -> tuple[int, str | None, str | None]:
    line = int(records.line[i])
    where = Where(plan.file, line)
    if records.fault[i] == Fault.QUOTE:
        log.add_one(Problem("row.quote", params={"found": '"'}, where=where))
    else:
        params = {"found": int(records.fields[i]), "expected": plan.width}
        log.add_one(Problem("row.fields", params=params, where=where))
    return line, None, None


def _undecodable(
    block: bytes, records: Records, i: int, at: BadByte, plan: Plan, encoding: str, log: ProblemLog
) -> tuple[int, str | None, str | None]:
    """List the row: which column, which bytes. What of key and amount can be read goes with it."""
    raw = block[records.start[i] : records.end[i]].rstrip(b"\r\n")
    before = raw[: at.offset]
    column = _fields_before(before)
    name = plan.names[column] or plan.shown[column]
    around = raw[max(0, at.offset - HEX_AROUND) : at.offset + HEX_AROUND + 1]
    cells = next(csv.reader(io.StringIO(raw.decode(encoding, errors="replace"), newline="")))
    known = {
        n: c.strip()
        for n, c in zip(plan.names, cells, strict=False)
        if n in ("slip_key", "amount") and "�" not in c
    }
    line = int(records.line[i])
    params: dict[str, str | int] = {
        "found": around.hex(" ").upper(),
        "byte": f"{at.value:02X}",
        "offset": at.offset + 1,
        "expected": "UTF-8" if encoding == "utf-8" else "CP932",
    }
    log.add_one(Problem("row.undecodable", name, params, Where(plan.file, line)), known.get("slip_key"))
    return line, known.get("slip_key"), known.get("amount")


def _fields_before(raw: bytes) -> int:
    """How many field separators stand in `raw` outside quotes."""
    data = np.frombuffer(raw, np.uint8)
    return int(((data == 44) & (np.cumsum(data == 34) & 1 == 0)).sum())


# ---------------------------------------------------------------- Parquet


def _parquet(path: Path, mapping: HeadingMap, batch_rows: int) -> Iterator[Batch]:
    try:
        schema = pl.read_parquet_schema(path)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise ProblemError(
            Problem("file.unreadable", params={"found": str(path), "reason": str(error).splitlines()[0]})
        ) from None
    plan, log = _plan(path.name, list(schema), mapping)
    nested = [
        Problem("heading.type", n or h, {"found": str(t), "expected": "String"}, Where(path.name, 1))
        for n, (h, t) in zip(plan.names, schema.items(), strict=True)
        if n and (t.is_nested() or t == pl.Binary)
    ]
    if nested:
        raise ProblemError(nested)
    return _parquet_batches(path, schema, plan, log, batch_rows)


def _parquet_batches(
    path: Path, schema: pl.Schema | dict[str, pl.DataType], plan: Plan, log: ProblemLog, batch_rows: int
) -> Iterator[Batch]:
    cells = [_as_text(pl.col(h), t).alias(str(i)) for i, (h, t) in enumerate(schema.items()) if plan.names[i]]
    line = 2
    source = pl.scan_parquet(path).select(cells)
    for part in source.collect_batches(chunk_size=batch_rows, maintain_order=True):
        for at in range(0, part.height, batch_rows):
            rows = part[at : at + batch_rows]
            numbered = rows.with_columns(line=pl.int_range(line, line + rows.height, dtype=pl.Int64))
            yield _batch(numbered, [], plan, log)
            log = ProblemLog()
            line += rows.height
    if line == 2:
        raise ProblemError(Problem("file.no_rows", where=Where(path.name)))


def _as_text(cell: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """A typed cell as the text that a CSV would hold: dates ISO, booleans 1 and 0, empty = null."""
    if dtype == pl.Boolean:
        cell = cell.cast(pl.Int8)
    elif isinstance(dtype, pl.Datetime):
        cell = cell.dt.strftime("%Y-%m-%d")
    text = cell.cast(pl.String)
    return pl.when(text != "").then(text)
