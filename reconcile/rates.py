"""Yearly rates as data: 延滞金 (first month, after) and 還付加算金, with their source and the day the table ends.

In: `layouts/rates/*.toml`, or a table of the site's own. Out: `Rates`, whole numbers of tenths of a percent by calendar year.
Refuses: a table with gaps, without sources or with fractions; and any year it does not hold, with the day the next rates are announced.
Nothing is carried forward: last year's rate is never a guess for this year's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import MAXYEAR, date, datetime
from pathlib import Path
from typing import Any

import polars as pl

from elqr.problems import Problem, ProblemError, Where
from elqr.settings import parse_settings, settings_bytes

TENTHS_MAX = 1000  # 100 % a year: a rate above is a slip of the pen


@dataclass(frozen=True)
class Rates:
    """One table. `values[column][year - first_year]` = tenths of a percent a year; `sha256` of the file's bytes."""

    id: str
    title_ja: str
    title_en: str
    valid_from: date
    valid_until: date
    next_announced: date
    values: Mapping[str, Sequence[int]]
    sources: Sequence[str]
    sha256: str

    def table(self) -> pl.DataFrame:
        """`year` Int32 and one Int64 column a rate."""
        years = range(self.valid_from.year, self.valid_until.year + 1)
        columns = {
            name: pl.Series(name, list(tenths), dtype=pl.Int64) for name, tenths in self.values.items()
        }
        return pl.DataFrame({"year": pl.Series(years, dtype=pl.Int32), **columns})

    def refuse(self, years: pl.Series) -> None:
        """Raises ProblemError (`rates.past_table`, `rates.before_table`) where a year is not in the table."""
        problems = []
        for year in years.unique().sort().drop_nulls().to_list():
            titles = {"found": year, "title_ja": self.title_ja, "title_en": self.title_en}
            if year < self.valid_from.year:
                problems.append(
                    Problem(
                        "rates.before_table", params={**titles, "expected": f"{self.valid_from:%Y-%m-%d}"}
                    )
                )
            elif year > self.valid_until.year:
                problems.append(Problem("rates.past_table", params={**titles, **self._next()}))
        if problems:
            raise ProblemError(problems)

    def holds(self, years: pl.Series) -> pl.Series:
        """Whether the table holds each year, for callers that set single rows aside instead of stopping."""
        return years.is_between(self.valid_from.year, self.valid_until.year)

    def _next(self) -> dict[str, str | int]:
        return {
            "until": f"{self.valid_until:%Y-%m-%d}",
            "next_year": self.valid_until.year + 1,
            "announced": f"{self.next_announced:%Y-%m-%d}",
        }


def load_rates(table: str | Path) -> Rates:
    """A table by its id (`delinquency`, `refund_interest`) or by the path of a site's own file.

    Raises ProblemError: unreadable (`file.unreadable`), or every fault of the table (`rates.file`).
    """
    name, raw = settings_bytes(table, folder="rates")
    return _read(raw, name)


def _read(raw: bytes, name: str) -> Rates:
    try:
        content = parse_settings(raw)
    except ValueError as error:
        raise ProblemError(_fault(name, "TOML", str(error), "UTF-8, TOML")) from None
    problems = [
        _fault(name, key, content.get(key, "–"), kind.__name__)
        for key, kind in _HEAD
        if not isinstance(content.get(key), kind) or isinstance(content[key], datetime)
    ]
    if problems:
        raise ProblemError(problems)
    rows, columns = content["rate"], content["columns"]
    if not all(isinstance(row, dict) for row in rows):
        raise ProblemError(_fault(name, "rate", rows, "[[rate]]"))
    if not all(isinstance(column, str) for column in columns):
        raise ProblemError(_fault(name, "columns", columns, '["…", "…"]'))
    problems = _row_faults(rows, columns, name) or _span_faults(content, name)
    if problems:
        raise ProblemError(problems)
    spans = [(row, row["valid_until"].year - row["valid_from"].year + 1) for row in rows]
    return Rates(
        id=content["id"],
        title_ja=content["title"].get("ja", content["id"]),
        title_en=content["title"].get("en", content["id"]),
        valid_from=content["valid_from"],
        valid_until=content["valid_until"],
        next_announced=content["next_announced"],
        values={c: tuple(t for row, years in spans for t in [row[c]] * years) for c in columns},
        sources=tuple(s for row, years in spans for s in [row["source"]] * years),
        sha256=hashlib.sha256(raw).hexdigest(),
    )


_HEAD: Sequence[tuple[str, type]] = (
    ("id", str),
    ("title", dict),
    ("columns", list),
    ("rate", list),
    ("valid_from", date),
    ("valid_until", date),
    ("next_announced", date),
)


def _fault(name: str, field: str, found: object, expected: str) -> Problem:
    return Problem("rates.file", field, {"found": str(found), "expected": expected}, Where(name))


def _row_faults(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], name: str) -> list[Problem]:
    found = []
    for number, row in enumerate(rows, 1):
        where = f"rate[{number}]"
        found += [
            _fault(name, f"{where}.{key}", row.get(key, "–"), "YYYY-MM-DD")
            for key in ("valid_from", "valid_until")
            if type(row.get(key)) is not date or row[key].year == MAXYEAR
        ]
        if not (isinstance(row.get("source"), str) and row["source"]):
            found.append(_fault(name, f"{where}.source", row.get("source", "–"), "出典 / a source"))
        for column in columns:
            tenths = row.get(column)
            if not (type(tenths) is int and 0 <= tenths <= TENTHS_MAX):
                expected = f"0–{TENTHS_MAX} (28 = 2.8 %)"
                found.append(_fault(name, f"{where}.{column}", row.get(column, "–"), expected))
    return found


def _span_faults(content: Mapping[str, Any], name: str) -> list[Problem]:
    """Rows are whole calendar years, one after the other, from `valid_from` to `valid_until`."""
    found = []
    begin: date = content["valid_from"]
    for number, row in enumerate(content["rate"], 1):
        first, last = row["valid_from"], row["valid_until"]
        if first != begin or (first.month, first.day) != (1, 1):
            found.append(_fault(name, f"rate[{number}].valid_from", first, f"{begin.year}-01-01"))
        if (last.month, last.day) != (12, 31) or last < first:
            found.append(_fault(name, f"rate[{number}].valid_until", last, f"{first.year}-12-31"))
        begin = date(last.year + 1, 1, 1)
    ends = content["rate"][-1]["valid_until"] if content["rate"] else "[[rate]]"
    if ends != content["valid_until"]:
        found.append(_fault(name, "valid_until", content["valid_until"], str(ends)))
    return found
