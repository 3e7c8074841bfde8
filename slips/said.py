"""How values are worded: `layouts/values.toml`, and a day or a year as people of a language write it. What labels and values share.

In: a language that has a table there (`labels.WORDINGS`). Out: words; text: 和暦 in Japanese, the Gregorian calendar elsewhere. Refuses nothing.
"""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import polars as pl

from elqr.dates import fiscal_wareki, to_wareki


@cache
def value_words(lang: str) -> Mapping[str, Any]:
    """The wording of values in a language; what it does not say is its base's."""
    table = tomllib.loads((files("layouts") / "values.toml").read_text(encoding="utf-8"))
    words: Mapping[str, Any] = table[lang]
    return {**value_words(words["base"]), **words} if "base" in words else words


def said_days(days: pl.Series, lang: str) -> pl.Series:
    """A column of days; null stays null."""
    pattern = value_words(lang).get("day")
    return days.cast(pl.Date).dt.strftime(pattern) if pattern else to_wareki(days)


def said_day(day: dt.date, lang: str) -> str:
    """One day."""
    return str(said_days(pl.Series([day]), lang).item())


def said_years(years: pl.Series, lang: str) -> pl.Series:
    """A column of fiscal years of four digits; null stays null."""
    pattern = value_words(lang).get("fiscal_year")
    if pattern is None:
        return fiscal_wareki(years)
    return years.alias("year").to_frame().select(pl.format(pattern, "year")).to_series()
