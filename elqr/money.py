"""Yen for two audiences: `to_payload` writes digits for codes, `to_human` figures for people.

In: an Int64 column of whole yen; out: a column of strings. The two share nothing: elsewhere a separator
once reached a code through a shared helper. Refuses, for codes: null, negative, too many digits. Never a
float.
"""

from __future__ import annotations

import polars as pl

FIGURES = "[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+"
"""Yen as people and files write them, a pattern: `12300`, `12,300`; `1,23` is none."""


def to_payload(yen: pl.Series, width: int) -> pl.Series:
    """Zero-filled digits of exactly `width`; ValueError where an amount is null, negative or too large."""
    if not yen.dtype.is_integer():
        raise ValueError(f"yen are whole numbers, found a column of {yen.dtype}")
    digits = yen.cast(pl.String)
    wrong = (yen.is_null() | (yen < 0) | (digits.str.len_bytes() > width)).fill_null(value=True)
    if wrong.any():
        row = int(wrong.arg_true()[0])
        raise ValueError(f"row {row}: {yen[row]} yen cannot be written in {width} digits")
    return digits.str.zfill(width)


def from_payload(digits: pl.Series) -> pl.Series:
    """Whole yen (Int64) from a column of at most 18 digits; null where it is not digits."""
    return pl.select(
        pl.when(digits.str.contains(r"^[0-9]{1,18}$")).then(digits).cast(pl.Int64).alias(digits.name)
    ).to_series()


def to_human(yen: pl.Series) -> pl.Series:
    """`12,300`: groups of three, no unit; a minus sign stands before a negative amount; null stays null."""
    if not yen.dtype.is_integer():
        raise ValueError(f"yen are whole numbers, found a column of {yen.dtype}")
    text = yen.cast(pl.String)
    grouped = (
        text.str.strip_prefix("-")
        .str.reverse()
        .str.replace_all(r"([0-9]{3})", "${1},")
        .str.strip_suffix(",")
        .str.reverse()
    )
    sign = text.str.starts_with("-").replace_strict({True: "-", False: ""}, return_dtype=pl.String)
    return (sign + grouped).rename(yen.name)
