"""Dates between the notations of an office, in columns: ISO, YYYYMMDD and 和暦 (`R8.6.30`, 令和8年6月30日).

In: a column of strings (full-width digits allowed) or of dates; out: dates, 和暦 text, digits for codes.
Refuses (null): a day that does not exist or lies outside its era, a short year without era, a time of day.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl


@dataclass(frozen=True)
class Era:
    """One era: sign, name, first and last day (both inclusive)."""

    letter: str
    name: str
    first: date
    last: date


# First days by 元号法 and the edicts before it; days before 1873 belong to the lunar calendar and are
# refused.
ERAS: tuple[Era, ...] = (
    Era("R", "令和", date(2019, 5, 1), date(9999, 12, 31)),
    Era("H", "平成", date(1989, 1, 8), date(2019, 4, 30)),
    Era("S", "昭和", date(1926, 12, 25), date(1989, 1, 7)),
    Era("T", "大正", date(1912, 7, 30), date(1926, 12, 24)),
    Era("M", "明治", date(1873, 1, 1), date(1912, 7, 29)),
)

_FIRST_YEAR: Mapping[str, int] = {"M": 1868}  # 明治 1 was 1868, though its days before 1873 are refused

_DIGITS = r"^([0-9]{4})([0-9]{2})([0-9]{2})$"
_WESTERN = r"^([0-9]{4})(?:[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})|年([0-9]{1,2})月([0-9]{1,2})日)$"
_JAPANESE = (
    r"^(令和|平成|昭和|大正|明治|[RHSTMrhstm令平昭大明])\.?"
    r"(?:([0-9]{1,2}|元)(?:[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})|年([0-9]{1,2})月([0-9]{1,2})日)"
    r"|([0-9]{2})([0-9]{2})([0-9]{2}))$"
)


def parse(series: pl.Series) -> pl.Series:
    """Dates (pl.Date) from text; null where the text is not a date that exists."""
    if series.dtype == pl.Date:
        return series
    text = series.cast(pl.String).to_frame("text")
    distinct = text.unique().drop_nulls()  # days are few, so each is read once
    known = distinct.with_columns(
        day=_parsed(distinct["text"].str.normalize("NFKC").str.replace_all(r"\s", ""))
    )
    return text.join(known, on="text", how="left", maintain_order="left")["day"].rename(series.name)


def _parsed(text: pl.Series) -> pl.Series:
    """Dates of normalised text, one of the three notations a row."""
    frame = pl.DataFrame({"text": text}).select(
        digits=pl.col("text").str.extract_groups(_DIGITS),
        western=pl.col("text").str.extract_groups(_WESTERN),
        japanese=pl.col("text").str.extract_groups(_JAPANESE),
    )
    digits = [pl.col("digits").struct[i] for i in range(3)]
    western = [pl.col("western").struct[i] for i in range(5)]
    japanese = [pl.col("japanese").struct[i] for i in range(9)]
    era = japanese[0].str.to_uppercase()
    years: list[pl.Expr] = []
    spans: list[pl.Expr] = []
    year_of_era = pl.coalesce(japanese[1].replace("元", "1"), japanese[6]).cast(pl.Int32)
    for one in ERAS:
        of_era = era.is_in([one.letter, one.name, one.name[0]])
        first_year = _FIRST_YEAR.get(one.letter, one.first.year)
        years.append(pl.when(of_era & (year_of_era > 0)).then(year_of_era + (first_year - 1)))
        spans.append(of_era & pl.col("day").is_between(one.first, one.last))
    year = pl.coalesce(digits[0].cast(pl.Int32), western[0].cast(pl.Int32), *years)
    month = pl.coalesce(digits[1], western[1], western[3], japanese[2], japanese[4], japanese[7]).cast(
        pl.Int8
    )
    day = pl.coalesce(digits[2], western[2], western[4], japanese[3], japanese[5], japanese[8]).cast(pl.Int8)
    # Text to date and not arithmetic: a day that does not exist becomes null instead of the next month.
    # There was no year 0, though the proleptic calendar of the parser has one.
    iso = pl.format("{}-{}-{}", _filled(pl.when(year > 0).then(year), 4), _filled(month, 2), _filled(day, 2))
    return (
        frame.with_columns(day=iso.str.to_date("%Y-%m-%d", strict=False), era=era)
        .select(pl.when(pl.col("era").is_null() | pl.any_horizontal(spans)).then(pl.col("day")))
        .to_series()
    )


def _filled(number: pl.Expr, width: int) -> pl.Expr:
    return number.cast(pl.String).str.zfill(width)


def to_wareki(series: pl.Series) -> pl.Series:
    """`令和8年6月30日` from dates; year 1 is 元年; null for null and for days before 1873."""
    day = pl.col("day")
    text = pl.lit(None, dtype=pl.String)
    for era in ERAS:
        year = day.dt.year() - (_FIRST_YEAR.get(era.letter, era.first.year) - 1)
        text = (
            pl.when(day.is_between(era.first, era.last))
            .then(
                pl.format("{}{}年{}月{}日", pl.lit(era.name), _year_text(year), day.dt.month(), day.dt.day())
            )
            .otherwise(text)
        )
    return pl.DataFrame({"day": series.cast(pl.Date)}).select(text.alias(series.name)).to_series()


def _year_text(year: pl.Expr) -> pl.Expr:
    return pl.when(year == 1).then(pl.lit("元")).otherwise(year.cast(pl.String))


def fiscal_wareki(years: pl.Series) -> pl.Series:
    """`令和8年度` from four-digit Western years; the era is that of the calendar year's last day.

    2019 is 令和元年度, as the State named its own budget year after the change. Null for what is not a year
    from 1873.
    """
    year = pl.col("year").str.extract(r"^([0-9]{4})$").cast(pl.Int32)
    text = pl.lit(None, dtype=pl.String)
    for era in reversed(ERAS):
        first_year = _FIRST_YEAR.get(era.letter, era.first.year)
        text = (
            pl.when(year >= max(first_year, era.first.year))
            .then(pl.format("{}{}年度", pl.lit(era.name), _year_text(year - (first_year - 1))))
            .otherwise(text)
        )
    return pl.DataFrame({"year": years.cast(pl.String)}).select(text.alias(years.name)).to_series()


def to_digits(series: pl.Series) -> pl.Series:
    """`YYYYMMDD` from dates; null stays null."""
    return series.cast(pl.Date).dt.strftime("%Y%m%d")
