"""The convenience-store barcode: GS1-128 with AI 91 and 44 digits, as columns of digits and as bars.

In: a frame of named digit columns or `(n, 44)` matrices; out: the other, the bars, the two lines below
them. Refuses: another AI or stamp flag, a wrong check digit, a date that does not exist. Limit of the
amount and agreement with the row are checked elsewhere. Source: elqr-format 4.
"""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np
import polars as pl

from elqr.checkdigits import mod10_31
from elqr.code128 import bars_of_pairs
from elqr.dates import parse
from elqr.digits import ZERO, Flags, Matrix, are_digits, row, to_matrix, to_series
from elqr.problems import ProblemLog
from elqr.wire import Field

LENGTH: Final = 44
NO_DATE: Final = "999999"

_CLAUSE: Final = "elqr-format 4"
BARCODE_FIELDS: Final = (
    Field(
        "ai", "アプリケーション識別子", "application identifier", 0, 2, "constant", "91", "observed", _CLAUSE
    ),
    Field("cvs_issuer", "請求書発行企業コード", "issuer code", 2, 6, "digits", "", "observed", _CLAUSE),
    Field("free", "自由使用欄", "free field", 8, 21, "digits", "", "observed", _CLAUSE),
    Field("reissue", "再発行回数", "times reissued", 29, 1, "digits", "", "observed", _CLAUSE),
    Field("payable_until", "支払期限", "payable-until date", 30, 6, "date", "", "observed", _CLAUSE),
    Field("stamp", "印紙フラグ", "revenue stamp flag", 36, 1, "digits", "", "observed", _CLAUSE),
    Field("amount", "金額", "amount", 37, 6, "yen", "", "observed", _CLAUSE),
    Field("check", "チェックデジット", "check digit", 43, 1, "crc", "", "observed", _CLAUSE),
)
VALUE_NAMES: Final = tuple(f.name for f in BARCODE_FIELDS if f.rule in {"digits", "date", "yen"})
MODULES: Final = 11 * (1 + 1 + LENGTH // 2 + 1) + 13
"""Start, FNC1, 22 pairs and the check character of 11 modules each, and a stop of 13: 288 modules."""


@cache
def _fields() -> dict[str, Field]:
    return {f.name: f for f in BARCODE_FIELDS}


def _cut(matrix: Matrix, name: str) -> Matrix:
    f = _fields()[name]
    return matrix[:, f.offset : f.offset + f.width]


def decode(matrix: Matrix) -> pl.DataFrame:
    """Every field of `(n, 44)` codes as a column of digits. It cuts and does not judge: ask `problems_of`."""
    if matrix.shape[1] != LENGTH:
        raise ValueError(f"a convenience-store barcode has {LENGTH} digits, not {matrix.shape[1]}")
    return pl.DataFrame([to_series(_cut(matrix, f.name), f.name) for f in BARCODE_FIELDS])


def encode(frame: pl.DataFrame) -> Matrix:
    """`(n, 44)` codes from the columns of `VALUE_NAMES`; a short `free` is filled with 0 on the right.

    The check digit is computed. Raises ValueError for a missing column or a value that does not fit its
    field.
    """
    matrix = np.full((frame.height, LENGTH), ZERO, np.uint8)
    matrix[:, :2] = row("91")
    for name in VALUE_NAMES:
        f = _fields()[name]
        if name not in frame.columns:
            raise ValueError(f"the column {name} is missing")
        column = frame[name].str.pad_end(f.width, "0") if name == "free" else frame[name]
        part = to_matrix(column, f.width)
        if not are_digits(part).all():
            raise ValueError(f"{name}: only digits can be written")
        matrix[:, f.offset : f.offset + f.width] = part
    matrix[:, -1] = mod10_31(matrix[:, :-1]) + ZERO
    return matrix


def well_formed(series: pl.Series, log: ProblemLog, rows: pl.DataFrame) -> tuple[Flags, Matrix]:
    """Which strings are 44 digits, and these as a matrix; the others, null too, become problems."""
    text = series.cast(pl.String)
    fits = text.str.contains(r"^[0-9]{44}$").fill_null(value=False)
    table = rows.with_columns(_text=text).filter(~fits)
    log.add(
        table,
        "barcode.form",
        field="barcode",
        found=pl.col("_text").str.slice(0, 60).fill_null(""),
        length=pl.col("_text").str.len_chars().fill_null(0),
        expected=LENGTH,
    )
    return fits.to_numpy(), to_matrix(text.filter(fits), LENGTH)


def problems_of(matrix: Matrix, log: ProblemLog, rows: pl.DataFrame) -> Flags:
    """`(n,)` faulty: judge `(n, 44)` digit matrices by themselves, problems under the lines of `rows`."""
    faulty = np.zeros(matrix.shape[0], np.bool_)

    def note(marks: Flags, code: str, **params: pl.Series | str) -> None:
        if marks.any():
            faulty[marks] = True
            texts = {
                k: v.filter(pl.Series(marks)) if isinstance(v, pl.Series) else v for k, v in params.items()
            }
            log.add(rows.filter(marks), code, field="barcode", **texts)

    cut = decode(matrix)
    note((cut["ai"] != "91").to_numpy(), "barcode.ai", found=cut["ai"], expected="91")
    note((~cut["stamp"].is_in(["0", "1"])).to_numpy(), "barcode.stamp", found=cut["stamp"], expected="0 / 1")
    note((cut["amount"] == "000000").to_numpy(), "barcode.amount_zero")
    date = cut["payable_until"]
    unreal = parse("20" + date).is_null() & (date != NO_DATE)
    note(unreal.to_numpy(), "barcode.date", found=date)
    check = to_series((mod10_31(matrix[:, :-1]) + ZERO).astype(np.uint8)[:, None])
    note((cut["check"] != check).to_numpy(), "barcode.check", found=cut["check"], expected=check)
    return faulty


def bars(matrix: Matrix) -> Matrix:
    """`(n, 288)` modules of the symbol, 1 = bar, without quiet zones (Code 128 set C with FNC1).

    `matrix` is `(n, 44)` digits. Raises ValueError for another width or anything but digits.
    """
    if matrix.shape[1] != LENGTH or not are_digits(matrix).all():
        raise ValueError(f"bars need {LENGTH} digits")
    return bars_of_pairs(matrix)


def lines(matrix: Matrix) -> tuple[pl.Series, pl.Series]:
    """The two lines below the bars, `(91)999999-…` and `0-260731-0-012300-7`; the break is a placeholder."""
    cut = decode(matrix)
    upper = cut.select(pl.format("({}){}-{}", "ai", "cvs_issuer", "free").alias("barcode_1"))
    lower = cut.select(
        pl.concat_str("reissue", "payable_until", "stamp", "amount", "check", separator="-").alias(
            "barcode_2"
        )
    )
    return upper.to_series(), lower.to_series()
