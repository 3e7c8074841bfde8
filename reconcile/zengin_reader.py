"""Reads a 総合振込 file back: what the bank will be told, as columns, by the wire table of `zengin`.

In: bytes, with or without line ends (CR LF, LF) and a closing 1A. Out: `TransferFile`; encoding it again gives the same 120-byte records.
Refuses (ProblemError, every fault of its stage): a wrong length, bytes no bank file holds, records out of order, constants that differ,
numbers that are none, a count or a sum that disagrees with the records, with both numbers and the difference.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from elqr.money import to_human
from elqr.problems import Param, Problem, ProblemError, Where
from reconcile.zengin import DATA, END, HEADER, RECORD_BYTES, TRAILER, Field, Header, writable_bytes

END_OF_FILE = b"\x1a"  # some programs close the file with it
SHOWN = 12  # record kinds shown of a file that is out of order
FEWEST = 4  # header, one transfer, trailer, end


@dataclass(frozen=True)
class TransferFile:
    """What a file says: its header, and its transfers (columns of `zengin.COLUMNS`; `amount` Int64, the rest text)."""

    header: Header
    transfers: pl.DataFrame


def decode(raw: bytes, *, file: str = "") -> TransferFile:
    """Header and transfers of a file. Raises ProblemError (`transfer.*`); the line of a problem is the number of the record."""
    records = _records(raw, file)
    kinds = "".join(records.str.head(1).to_list())
    if kinds != "1" + "2" * (len(kinds) - 3) + "89":
        shown = kinds if len(kinds) <= SHOWN else f"{kinds[: SHOWN // 2]}…{kinds[-SHOWN // 2 :]}"
        _stop([_fault("transfer.record_order", file, found=shown, expected="1 2…2 8 9")])
    places = (
        (HEADER, 0, 1),
        (DATA, 1, len(kinds) - 3),
        (TRAILER, len(kinds) - 2, 1),
        (END, len(kinds) - 1, 1),
    )
    problems: list[Problem] = []
    header, data, trailer, _ = (
        _fields(records.slice(begin, count), fields, begin + 1, problems, file)
        for fields, begin, count in places
    )
    _stop(problems)
    data = data.with_columns(pl.col("amount").cast(pl.Int64))
    _stop(_control(data, trailer, file))
    return TransferFile(Header(**header.row(0, named=True)), data)


def _records(raw: bytes, file: str) -> pl.Series:
    """The records as text, one character a byte."""
    body = raw.removesuffix(END_OF_FILE)
    if b"\n" in body:
        lines = [line.removesuffix(b"\r") for line in body.removesuffix(b"\n").split(b"\n")]
    else:
        lines = [body[at : at + RECORD_BYTES] for at in range(0, len(body), RECORD_BYTES)]
    odd = [(n, len(line)) for n, line in enumerate(lines, 1) if len(line) != RECORD_BYTES]
    if odd:
        _stop([_fault("transfer.length", file, odd[0][0], found=odd[0][1], expected=RECORD_BYTES)])
    if len(lines) < FEWEST:
        _stop([_fault("transfer.record_order", file, found=f"{len(lines)}", expected="1 2…2 8 9")])
    joined = b"".join(lines)
    foreign = np.flatnonzero(~writable_bytes()[np.frombuffer(joined, dtype=np.uint8)])
    if len(foreign):
        record, column = divmod(int(foreign[0]), RECORD_BYTES)
        byte = f"{joined[foreign[0]]:02X}"
        _stop([_fault("transfer.character", file, record + 1, found=byte, column=column + 1)])
    text = joined.decode("cp932")
    return pl.Series([text[at : at + RECORD_BYTES] for at in range(0, len(text), RECORD_BYTES)])


def _fields(
    records: pl.Series, fields: Sequence[Field], first: int, problems: list[Problem], file: str
) -> pl.DataFrame:
    """The free fields as text; what is fixed and differs, and what should be digits and is not, goes to `problems`."""
    columns = []
    for field in fields:
        values = records.str.slice(field.start - 1, field.width)
        if field.fixed is not None:
            fixed = field.fixed.ljust(field.width)
            problems += _each(
                "transfer.constant", field, values, values != fixed, first, file, expected=f"「{fixed}」"
            )
            continue
        if field.kind == "N":
            wrong = ~values.str.contains("^[0-9]+$")
            problems += _each("transfer.number", field, values, wrong, first, file, expected=field.width)
        columns.append((values.str.strip_chars_end(" ") if field.kind == "C" else values).alias(field.name))
    return pl.DataFrame(columns)


def _each(
    code: str, field: Field, values: pl.Series, wrong: pl.Series, first: int, file: str, *, expected: Param
) -> list[Problem]:
    rows = wrong.arg_true().to_list()
    return [
        _fault(code, file, first + row, field=field.name, found=values[row], expected=expected)
        for row in rows
    ]


def _control(data: pl.DataFrame, trailer: pl.DataFrame, file: str) -> list[Problem]:
    problems = []
    said, found = int(trailer["count"].item()), data.height
    if said != found:
        problems.append(_fault("transfer.count", file, said=said, found=found, difference=found - said))
    total, amount = int(trailer["total"].item()), int(data["amount"].sum())
    if total != amount:
        human = to_human(pl.Series([total, amount, amount - total])).to_list()
        numbers = dict(zip(("said", "found", "difference"), human, strict=True))
        problems.append(_fault("transfer.total", file, **numbers))
    return problems


def _fault(code: str, file: str, record: int | None = None, *, field: str = "", **params: Param) -> Problem:
    return Problem(code, field, params, Where(file, record))


def _stop(problems: Sequence[Problem]) -> None:
    if problems:
        raise ProblemError(problems)
