"""What inserter marks say of each slip, and the image masks that say it.

In: columns `group`, `n`, `m`, `seq` and the marks of a form. Out: a bit string or 24 digits a slip (the manifest keeps them) and
image bytes for the page. Numbers that are larger than a mark can say are taken modulo what it can: machines compare neighbours. Not so the count of
a bundle in the 2-D mark: sheet 1 of 1,001 as 1 of 1 would close its envelope, so such a bundle has 0 of 0, which is no count.
Refuses (ValueError) a number below 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from elqr import datamatrix
from elqr.digits import to_matrix
from slips.form import InserterMark

COLUMNS: Final = ("group", "n", "m", "seq")
OF_BIT: Final[Mapping[str, str]] = {"number": "n", "total": "m", "sequence": "seq", "group": "group"}
VERSION: Final = "01"
WIDTHS: Final[Mapping[str, int]] = {"group": 8, "n": 3, "m": 3, "seq": 8}
"""Digits of each number in the 2-D mark, after its two-digit version: 24 in all."""

Bits = npt.NDArray[np.uint8]


def omr_bits(mark: InserterMark, numbers: pl.DataFrame) -> Bits:
    """`(n, bits)` 0/1, a line each from the top. `parity` makes the number of printed lines even."""
    columns = _numbers(numbers)
    out = np.zeros((numbers.height, len(mark.bits)), np.uint8)
    for k, bit in enumerate(mark.bits):
        name, _, place = bit.partition(":")
        if name == "gate":
            out[:, k] = 1
        elif name == "end":
            out[:, k] = columns["n"] == columns["m"]
        elif name != "parity":
            out[:, k] = columns[OF_BIT[name]] >> int(place) & 1
    if "parity" in mark.bits:
        out[:, mark.bits.index("parity")] = out.sum(axis=1) % 2
    return out


def payloads(numbers: pl.DataFrame) -> pl.Series:
    """The 24 digits of the 2-D mark: version, group, n, m, seq."""
    columns = _numbers(numbers)
    counted = columns["m"] < 10 ** WIDTHS["m"]
    columns |= {name: columns[name] * counted for name in ("n", "m")}
    parts = [
        pl.Series(name, columns[name] % 10**width).cast(pl.String).str.zfill(width)
        for name, width in WIDTHS.items()
    ]
    return pl.DataFrame(parts).select(
        inserter=pl.concat_str(pl.lit(VERSION), *(pl.col(p.name) for p in parts))
    )["inserter"]


def sayings(marks: Sequence[InserterMark], numbers: pl.DataFrame) -> pl.Series:
    """What the manifest keeps: `id=content` of each mark, joined by `;`; empty where a form has none."""
    texts = [
        pl.format("{}={}", pl.lit(mark.id), pl.lit(text)) for mark in marks for text in [_text(mark, numbers)]
    ]
    if not texts:
        return pl.repeat("", numbers.height, dtype=pl.String, eager=True).alias("inserter")
    return numbers.select(inserter=pl.concat_str(texts, separator=";"))["inserter"]


def _text(mark: InserterMark, numbers: pl.DataFrame) -> pl.Series:
    if mark.kind == "datamatrix":
        return payloads(numbers)
    rows = (omr_bits(mark, numbers) + ord("0")).astype(np.uint8)
    return pl.Series([row.tobytes().decode("ascii") for row in rows], dtype=pl.String)


def mask_shape(mark: InserterMark) -> tuple[int, int]:
    """Columns and rows of the mark's image mask; one row is `line_dots` (or one module) high."""
    if mark.kind == "datamatrix":
        return datamatrix.SIDE, datamatrix.SIDE
    return 1, (len(mark.bits) - 1) * (mark.pitch_dots // mark.line_dots) + 1


def images(mark: InserterMark, numbers: pl.DataFrame) -> list[bytes]:
    """The image bytes of each slip: rows padded to bytes, bit 1 = ink."""
    if mark.kind == "datamatrix":
        modules = datamatrix.encode(to_matrix(payloads(numbers), datamatrix.DIGITS))
    else:
        columns, rows = mask_shape(mark)
        modules = np.zeros((numbers.height, rows, columns), np.uint8)
        modules[:, :: mark.pitch_dots // mark.line_dots, 0] = omr_bits(mark, numbers)
    packed = np.packbits(modules, axis=2).reshape(numbers.height, -1)
    return [row.tobytes() for row in packed]


def numbers_of(values: pl.DataFrame) -> pl.DataFrame:
    """The four numbers from the printed values `group`, `n_of_m` and `seq`; where a page has several slips, those of the sheet and its first slip."""
    several = "position" in values.columns
    place = pl.col("sheet_of" if several else "n_of_m").str.split_exact("/", 1)
    seq = pl.col("seq").cast(pl.Int64)
    return values.select(
        group=pl.col("group").cast(pl.Int64),
        n=place.struct.field("field_0").cast(pl.Int64),
        m=place.struct.field("field_1").cast(pl.Int64),
        seq=seq.min().over("page") if several else seq,
    )


def _numbers(frame: pl.DataFrame) -> dict[str, npt.NDArray[np.int64]]:
    """The four columns as arrays."""
    out = {name: frame[name].cast(pl.Int64).to_numpy() for name in COLUMNS}
    for name, column in out.items():
        if len(column) and column.min() < 1:
            raise ValueError(f"{name}: expected numbers from 1, found {column.min()}")
    return out
