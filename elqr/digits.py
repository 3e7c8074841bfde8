"""Digit columns as matrices, one byte a digit, so that codes are cut, joined and checked per column.

In: a column of strings of one width; out: `(n, width)` uint8, and back. Digits stay text: leading zeros are
part of a code. Refuses: a null, another width, anything outside ASCII. Whether the characters are digits is
asked with `are_digits`.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl

Matrix: TypeAlias = npt.NDArray[np.uint8]
Flags: TypeAlias = npt.NDArray[np.bool_]

ZERO = ord("0")


def to_matrix(series: pl.Series, width: int) -> Matrix:
    """`(n, width)` ASCII codes of a column of strings that are all exactly `width` long.

    Raises ValueError with the first row (0-based) that is null, of another width, or not ASCII.
    """
    text = series.cast(pl.String)
    if len(text) == 0 or width == 0:
        return np.zeros((len(text), width), np.uint8)
    wrong = (text.str.len_bytes() != width).fill_null(value=True) | (text.str.len_chars() != width).fill_null(
        value=True
    )
    if wrong.any():
        row = int(wrong.arg_true()[0])
        raise ValueError(
            f"{series.name or 'column'}: row {row} is {text[row]!r}, not {width} ASCII characters"
        )
    # the column's bytes in one piece: no Python object a row
    flat = text.cast(pl.Binary).cast(pl.List(pl.UInt8)).explode().to_numpy()
    return flat.reshape(len(text), width)


def to_series(matrix: Matrix, name: str = "") -> pl.Series:
    """The rows of an `(n, width)` ASCII matrix as a column of strings; ValueError for bytes outside ASCII."""
    if matrix.size == 0:
        return pl.Series(name, [""] * matrix.shape[0], dtype=pl.String)
    if (matrix > 127).any():
        raise ValueError("bytes outside ASCII are no digits")
    return pl.Series(name, np.ascontiguousarray(matrix)).arr.to_list().cast(pl.Binary).cast(pl.String)


def row(text: str) -> Matrix:
    """One string as a `(1, len)` matrix: a single item is a batch of one. Raises ValueError outside ASCII."""
    return np.frombuffer(text.encode("ascii"), np.uint8).reshape(1, len(text))


def are_digits(matrix: Matrix) -> Flags:
    """`(n,)` true where every byte of the row is `0` to `9`."""
    digit: Flags = (matrix >= ZERO) & (matrix <= ZERO + 9)
    return np.asarray(digit.all(axis=1), np.bool_)


def values(matrix: Matrix) -> npt.NDArray[np.int64]:
    """`(n, width)` digit values 0 to 9. The caller asks `are_digits` first."""
    return matrix.astype(np.int64) - ZERO


def number(matrix: Matrix) -> npt.NDArray[np.int64]:
    """`(n,)` the number that each row of at most 18 digits writes. The caller asks `are_digits` first."""
    if matrix.shape[1] > 18:
        raise ValueError(f"{matrix.shape[1]} digits do not fit in 64 bits")
    total = np.zeros(matrix.shape[0], np.int64)
    for column in matrix.T:
        total = total * 10 + (column.astype(np.int64) - ZERO)
    return total


def from_number(numbers: npt.NDArray[np.int64], width: int) -> Matrix:
    """`(n, width)` zero-filled ASCII digits; ValueError where a number is negative or too long."""
    if width > 18:
        raise ValueError(f"{width} digits do not fit in 64 bits")
    if ((numbers < 0) | (numbers >= 10**width)).any():
        raise ValueError(f"a number is negative or has more than {width} digits")
    powers = 10 ** np.arange(width - 1, -1, -1, dtype=np.int64)
    return (numbers[:, None] // powers % 10 + ZERO).astype(np.uint8)


def from_text(text: pl.Series, width: int, name: str = "") -> pl.Series:
    """Digits of any length zero-filled on the left to `width`; null where not digits or too long."""
    legal = text.str.contains(r"^[0-9]+$") & (text.str.len_bytes() <= width)
    return (
        pl.DataFrame({"text": text, "legal": legal})
        .select(pl.when("legal").then(pl.col("text").str.zfill(width)).alias(name or text.name))
        .to_series()
    )
