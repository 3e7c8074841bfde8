"""The 255 digits of an eL-QR: encoder, decoder and checks, all reading the one wire table (`FIELDS`).

In: `(n, 255)` digit matrices or a frame of named digit columns; out: the other of the two. A single code is
a batch of one. Refuses: unknown tags, lengths and values, a wrong CRC. It checks one payload against
itself; the row it belongs to is checked elsewhere. Source: elqr-format 2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from functools import cache
from typing import Final

import numpy as np
import polars as pl

from elqr.checkdigits import crc16
from elqr.dates import parse
from elqr.digits import ZERO, Flags, Matrix, are_digits, from_number, row, to_matrix, to_series
from elqr.problems import Problem, ProblemError, ProblemLog
from elqr.wire import FIELDS, LENGTH, field_named

CRC_OFFSET: Final = field_named("crc").offset
DATES: Final = ("due_date", "payable_until")


@dataclass(frozen=True)
class Payload:
    """The values of one payload that differ from slip to slip, each as its digits on the wire."""

    amount: str
    tax_item: str
    slip_key: str
    confirm_no: str
    tax_body_code: str
    levy_year: str
    tax_year: str
    period: str
    due_date: str
    payable_until: str
    tax_office_code: str = "000"
    row1_check: str = "00"
    row2_check: str = "00"


@cache
def _constants() -> Matrix:
    """One row with every constant in its place and zeros elsewhere."""
    return row("".join(f.constant or "0" * f.width for f in FIELDS))


def decode(matrix: Matrix) -> pl.DataFrame:
    """Every field of `(n, 255)` payloads as a column of digits, in wire order.

    It cuts and does not judge: ask `problems_of` whether the cuts mean anything. Raises ValueError for
    another width or bytes outside ASCII.
    """
    if matrix.shape[1] != LENGTH:
        raise ValueError(f"a payload has {LENGTH} digits, not {matrix.shape[1]}")
    whole = to_series(matrix, "payload")
    return pl.DataFrame([whole.str.slice(f.offset, f.width).alias(f.name) for f in FIELDS])


def encode(frame: pl.DataFrame) -> Matrix:
    """`(n, 255)` payloads from the columns of `VALUE_NAMES`; CRC and `row1_amount` follow from them.

    Any other field of the wire table may stand in the frame and is then written as it is (a profile's
    constants). Missing are filled only: fields with a constant, row check digits and office code with
    zeros. Raises ValueError for a missing column, or a value that is not exactly its field's width of
    digits.
    """
    matrix = np.repeat(_constants(), frame.height, axis=0)
    for f in FIELDS:
        source = "amount" if f.name == "row1_amount" and "row1_amount" not in frame.columns else f.name
        if source in frame.columns and f.name != "crc":
            part = to_matrix(frame[source], f.width)
            if not are_digits(part).all():
                raise ValueError(f"{f.name}: only digits can be written")
            matrix[:, f.offset : f.offset + f.width] = part
        elif f.required:
            raise ValueError(f"the column {f.name} is missing")
    return with_crc(matrix)


def with_crc(matrix: Matrix) -> Matrix:
    """The same payloads with the last five digits set to the CRC of all before."""
    done = matrix.copy()
    done[:, CRC_OFFSET:] = from_number(crc16(matrix[:, :CRC_OFFSET]).astype(np.int64), LENGTH - CRC_OFFSET)
    return done


def well_formed(series: pl.Series, log: ProblemLog, rows: pl.DataFrame) -> tuple[Flags, Matrix]:
    """Which strings are 255 digits, and these as a matrix; the others become problems.

    `rows` (columns `line`, perhaps `slip_key`) is of the same height. Null is a problem too: leave such
    rows out before.
    """
    text = series.cast(pl.String)
    long_enough = (text.str.len_chars() == LENGTH).fill_null(value=False)
    digits = text.str.contains(r"^[0-9]*$").fill_null(value=True)
    table = rows.with_columns(_text=text, _fits=long_enough, _digits=digits)
    log.add(
        table.filter(~pl.col("_fits")),
        "payload.length",
        field="payload",
        found=pl.col("_text").str.len_chars().fill_null(0),
        expected=LENGTH,
    )
    log.add(
        table.filter(~pl.col("_digits")),
        "payload.not_digits",
        field="payload",
        found=pl.col("_text").str.extract(r"([^0-9])"),
        position=pl.col("_text").str.extract(r"^([0-9]*)").str.len_chars() + 1,
    )
    good = long_enough & digits
    return good.to_numpy(), to_matrix(text.filter(good), LENGTH)


def problems_of(
    matrix: Matrix,
    log: ProblemLog,
    rows: pl.DataFrame,
    *,
    constants: Mapping[str, Sequence[str]] | None = None,
) -> Flags:
    """Judge `(n, 255)` digit matrices by themselves; problems stand under the lines of `rows` (height n).

    `constants` (of a profile) names the legal values of a field where they are not the wire table's own.
    Returns `(n,)` true where a row has a problem. Where a tag or length is wrong, the values are not
    judged: the cuts mean nothing.
    """
    faulty = np.zeros(matrix.shape[0], np.bool_)

    def part(name: str) -> Matrix:
        f = field_named(name)
        return matrix[:, f.offset : f.offset + f.width]

    def note(marks: Flags, code: str, name: str, **params: Matrix | str) -> None:
        if not marks.any():
            return
        faulty[marks] = True
        f = field_named(name)
        texts = {k: to_series(v[marks]) if isinstance(v, np.ndarray) else v for k, v in params.items()}
        log.add(rows.filter(marks), code, field=name, ja=f.ja, en=f.en, position=f.offset + 1, **texts)

    framed = np.ones(matrix.shape[0], np.bool_)
    for f in (f for f in FIELDS if f.rule == "frame"):
        wrong = (part(f.name) != row(f.constant)).any(axis=1)
        note(wrong, "payload.frame", f.name, found=part(f.name), expected=f.constant)
        framed &= ~wrong
    for f in (f for f in FIELDS if f.rule in {"constant", "zeros"}):
        legal = (constants or {}).get(f.name, (f.constant,))
        wrong = framed & np.all([(part(f.name) != row(v)).any(axis=1) for v in legal], axis=0)
        note(wrong, "payload.value", f.name, found=part(f.name), expected=" / ".join(legal))
    amount, twin = part("amount"), part("row1_amount")
    note(framed & (amount != twin).any(axis=1), "payload.amounts", "row1_amount", found=twin, expected=amount)
    note(framed & (amount == ZERO).all(axis=1), "payload.amount_zero", "amount")
    for name in DATES:
        unreal = parse(to_series(part(name))).is_null().to_numpy()
        note(framed & unreal, "payload.date", name, found=part(name))
    sums = from_number(crc16(matrix[:, :CRC_OFFSET]).astype(np.int64), LENGTH - CRC_OFFSET)
    note((part("crc") != sums).any(axis=1), "payload.crc", "crc", found=part("crc"), expected=sums)
    return faulty


def decode_one(text: str) -> Payload:
    """The values of one payload. Raises ProblemError with everything that is wrong with it."""
    log, rows = ProblemLog(), pl.DataFrame({"line": [None]}, schema={"line": pl.Int64})
    _, matrix = well_formed(pl.Series([text]), log, rows)
    if matrix.shape[0]:
        problems_of(matrix, log, rows)
    found: list[Problem] = list(log.problems())
    if found:
        raise ProblemError(found)
    values = decode(matrix).row(0, named=True)
    return Payload(**{f.name: values[f.name] for f in fields(Payload)})


def encode_one(payload: Payload) -> str:
    """The 255 digits of one payload; ValueError where a value is not its field's width of digits."""
    matrix = encode(pl.DataFrame({k: [v] for k, v in asdict(payload).items()}))
    return bytes(matrix[0]).decode("ascii")
