"""Lists the records that cannot be read, and saves what of their key and amount is still legible, for the totals.

In: records marked by the framing, or raw bytes with the place of the first bad one; out: problems, and rows of `REFUSED_SCHEMA`.
Refuses to guess: a cell with a damaged byte counts as not legible.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

import numpy as np
import polars as pl

from elqr.batch import REFUSED_SCHEMA, Plan
from elqr.encoding import BadByte
from elqr.framing import COMMA, QUOTE, Fault, Records
from elqr.problems import ProblemLog

HEX_AROUND = 12  # bytes shown on each side of an undecodable one
LOST = "\ufffd"


def misshapen(records: Records, how: Plan, log: ProblemLog) -> pl.DataFrame:
    """List the records with a wrong number of fields or misplaced quotes, and note blank ones.

    Which cell is which cannot be told, so nothing is saved.
    """
    blank = pl.DataFrame({"line": records.line[records.fault == Fault.BLANK]})
    log.add(blank, "row.blank", field="")
    faulty = np.flatnonzero((records.fault == Fault.FIELDS) | (records.fault == Fault.QUOTE))
    rows = pl.DataFrame(
        {"line": records.line[faulty], "found": records.fields[faulty], "fault": records.fault[faulty]}
    )
    log.add(
        rows.filter(pl.col("fault") == Fault.FIELDS),
        "row.fields",
        field="",
        found=pl.col("found"),
        expected=how.width,
    )
    log.add(rows.filter(pl.col("fault") == Fault.QUOTE), "row.quote", field="", found='"')
    unread = [pl.lit(None, pl.String).alias(name) for name in ("slip_key", "amount")]
    return rows.select(pl.col("line").cast(pl.Int64), *unread)


def undecodable(
    lines: Sequence[int], raws: Sequence[tuple[bytes, BadByte]], how: Plan, encoding: str, log: ProblemLog
) -> pl.DataFrame:
    """List the records with bytes that are no characters: the column, the byte, and the bytes around it as hex."""
    found = pl.DataFrame(
        [
            {"line": line, **_legible(raw, how, encoding), **_place(raw, at, how)}
            for line, (raw, at) in zip(lines, raws, strict=True)
        ],
        schema={
            **REFUSED_SCHEMA,
            "column": pl.String(),
            "bytes": pl.String(),
            "byte": pl.String(),
            "offset": pl.Int64(),
        },
    )
    for (column,), rows in found.group_by("column", maintain_order=True):
        log.add(
            rows,
            "row.undecodable",
            field=str(column),
            found=pl.col("bytes"),
            byte=pl.col("byte"),
            offset=pl.col("offset"),
            expected=encoding.upper(),
        )
    return found.select(REFUSED_SCHEMA.keys())


def _legible(raw: bytes, how: Plan, encoding: str) -> dict[str, str]:
    """The key and the amount of a damaged record, where they are whole."""
    text = raw.rstrip(b"\r\n").decode(encoding, errors="replace")
    cells = next(csv.reader(io.StringIO(text, newline="")))
    named = zip(how.names, cells, strict=False)
    return {n: c.strip() for n, c in named if n in ("slip_key", "amount") and LOST not in c}


def _place(raw: bytes, at: BadByte, how: Plan) -> dict[str, str | int]:
    data = np.frombuffer(raw[: at.offset], np.uint8)
    column = int(((data == COMMA) & (np.cumsum(data == QUOTE) & 1 == 0)).sum())
    around = raw.rstrip(b"\r\n")[max(0, at.offset - HEX_AROUND) : at.offset + HEX_AROUND + 1]
    return {
        "column": how.names[column] or how.shown[column],
        "bytes": around.hex(" ").upper(),
        "byte": f"{at.value:02X}",
        "offset": at.offset + 1,
    }
