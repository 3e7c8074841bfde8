"""A day as people of a language write it: what labels and values share.

In: a day, a language. Out: text: 和暦 in Japanese, the Gregorian calendar elsewhere. Refuses nothing.
"""

from __future__ import annotations

import datetime as dt

import polars as pl

from elqr.dates import to_wareki


def said_days(days: pl.Series, lang: str) -> pl.Series:
    """A column of days; null stays null."""
    return to_wareki(days) if lang == "ja" else days.cast(pl.Date).dt.strftime("%-d %B %Y")


def said_day(day: dt.date, lang: str) -> str:
    """One day."""
    return str(said_days(pl.Series([day]), lang).item())
