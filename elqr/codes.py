"""The three doors of the library: `encode`, `decode`, `describe`, for one code or a column of them.

In: a `Payload` or a frame, digits or a column of digits, a code or a path; out: the inverse, or words.
Refuses (ProblemError, ValueError): what the modules behind them refuse.
"""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import overload

import polars as pl

from elqr import payload
from elqr.describe_code import describe_code
from elqr.describe_file import describe_file
from elqr.description import Description
from elqr.digits import to_series
from elqr.payload import Payload, decode_one, encode_one
from elqr.problems import ProblemError, ProblemLog


@overload
def encode(values: Payload) -> str: ...
@overload
def encode(values: pl.DataFrame) -> pl.Series: ...
def encode(values: Payload | pl.DataFrame) -> str | pl.Series:
    """The 255 digits of one `Payload`, or of every row of a frame of wire values (`elqr.payload.encode`).

    It writes what it is given. Payloads by the rules of a profile come from `elqr.compose`.
    """
    if isinstance(values, Payload):
        return encode_one(values)
    return to_series(payload.encode(values), "payload")


@overload
def decode(code: str) -> Payload: ...
@overload
def decode(code: pl.Series) -> pl.DataFrame: ...
def decode(code: str | pl.Series) -> Payload | pl.DataFrame:
    """The values of one payload, or of a column of them. Raises ProblemError where any of them is faulty.

    To judge a column and keep the good rows, use `elqr.payload.well_formed` and `problems_of`.
    """
    if isinstance(code, str):
        return decode_one(code)
    log = ProblemLog()
    rows = pl.DataFrame({"line": range(len(code))}, schema={"line": pl.Int64})
    good, matrix = payload.well_formed(code, log, rows)
    payload.problems_of(matrix, log, rows.filter(good))
    found = list(log.problems())
    if found:
        raise ProblemError(found)
    return payload.decode(matrix).select(f.name for f in fields(Payload))


def describe(code_or_path: str | Path, *, show_names: bool = False) -> Description:
    """A code, or a file that we know, in words. A `Path`, or text that names a file, is read as a file."""
    if isinstance(code_or_path, Path) or Path(code_or_path).is_file():
        return describe_file(Path(code_or_path), show_names=show_names)
    return describe_code(code_or_path)
