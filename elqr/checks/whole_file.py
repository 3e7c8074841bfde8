"""What only the whole file can tell: totals, keys that come twice, years unlike all the others, due dates on days off, barcodes that break
the file's habit.

In: the rows of each batch, of which a few numbers are kept (some 45 bytes a slip); out, at the end: problems and the rows that they hold.
Refuses nothing by itself. Source: elqr-format.md §7 (key unique among live slips, years within ±1 of the batch's).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from elqr.calendar import FIRST_YEAR, LAST_YEAR, roll_due
from elqr.checks.barcode_row import cut, holds_key
from elqr.checks.rules import Params, report
from elqr.problems import ProblemLog
from elqr.site import Site

OTHERS_SHOWN = 5  # lines named beside a key that comes more than once
YEARS_APART_MAX = 1
ARREARS_APART_MAX = 10  # reminders of one job ask for what is left of many years
ARREARS = ("dunning", "delinquency")
HABIT_ROWS_MIN = 20  # fewer barcodes than this make no habit
HABIT_SHARE_MIN = 0.9

# A 20-digit key does not fit 64 bits: two halves of ten digits do, and are compared as numbers.
_HALF = 10
_MIX = np.uint64(0x9E3779B97F4A7C15)
_KEPT: Mapping[str, pl.DataType] = {
    "line": pl.Int64(),
    "high": pl.UInt64(),
    "low": pl.UInt64(),
    "levy_year": pl.Int16(),
    "tax_year": pl.Int16(),
    "arrears": pl.Boolean(),
    "due_date": pl.Date(),
    "amount": pl.Int64(),
    "held": pl.Boolean(),
    "holds": pl.Boolean(),  # whether the barcode holds the key; null without a barcode
    "issuer": pl.UInt32(),
}
_KNOWN_OF_REFUSED = ("high", "low", "amount", "held")
HELD_SCHEMA: Mapping[str, pl.DataType] = {"line": pl.Int64(), "slip_key": pl.String(), "amount": pl.Int64()}


@dataclass(frozen=True)
class Totals:
    """Slips and yen: in = good + held. Rows whose amount could not be read count in `rows` and in `unreadable`, not in yen."""

    rows: int = 0
    yen: int = 0
    held_rows: int = 0
    held_yen: int = 0
    unreadable: int = 0

    @property
    def good_rows(self) -> int:
        """Slips that may be printed."""
        return self.rows - self.held_rows

    @property
    def good_yen(self) -> int:
        """Yen of the slips that may be printed."""
        return self.yen - self.held_yen

    def plus(self, rows: pl.DataFrame) -> Totals:
        """With these rows come in (`amount`)."""
        return replace(
            self,
            rows=self.rows + rows.height,
            yen=self.yen + int(rows["amount"].sum()),
            unreadable=self.unreadable + rows["amount"].null_count(),
        )

    def plus_held(self, rows: pl.DataFrame) -> Totals:
        """With these rows, already in, held."""
        return replace(
            self,
            held_rows=self.held_rows + rows.height,
            held_yen=self.held_yen + int(rows["amount"].sum()),
        )


class WholeFile:
    """Gathers what the end-of-file checks need, batch by batch."""

    def __init__(self, *, year: int | None) -> None:
        self._year = year
        self._rows = [pl.DataFrame(schema=dict(_KEPT))]
        self._totals = Totals()

    def take(self, typed: pl.DataFrame, *, held: pl.Series) -> None:
        """Remember the rows of a batch: typed columns, and which of them are held."""
        coded = pl.col("barcode").str.contains("^91[0-9]{42}$") & pl.col("slip_key").is_not_null()
        self._keep(
            typed.select(
                "line",
                *_halves(),
                *_years(),
                pl.col("kind").is_in(ARREARS).fill_null(value=False).alias("arrears"),
                "due_date",
                "amount",
                held=held,
                holds=pl.when(coded).then(holds_key()),
                issuer=pl.when(coded).then(cut("cvs_issuer")).cast(pl.UInt32),
            )
        )

    def take_refused(self, refused: pl.DataFrame) -> None:
        """Remember rows that could not be read as a whole: `line`, and `slip_key` and `amount` where these could."""
        unread = [pl.lit(None, t).alias(n) for n, t in _KEPT.items() if n not in ("line", *_KNOWN_OF_REFUSED)]
        self._keep(refused.select("line", *_halves(), "amount", *unread, held=pl.lit(value=True)))

    def _keep(self, rows: pl.DataFrame) -> None:
        self._rows.append(rows.select(_KEPT.keys()))
        self._totals = self._totals.plus(rows).plus_held(rows.filter("held"))

    def finish(self, site: Site, log: ProblemLog) -> pl.DataFrame:
        """Record all problems of the file as a whole; returns the rows that are held for them and had passed before."""
        rows = pl.concat(self._rows, rechunk=False)
        found = ProblemLog()
        _twice(rows, found)
        self._check_years(rows, found)
        _days_off(rows, found)
        _habits(rows, site, found)
        log.extend(found)
        newly = rows.filter(pl.col("line").is_in(found.held_lines().implode()) & ~pl.col("held"))
        self._totals = self._totals.plus_held(newly)
        self._rows = []
        return _named(newly).select(HELD_SCHEMA.keys()).sort("line")

    def totals(self) -> Totals:
        """Slips and yen in, and how much of it is held."""
        return self._totals

    def _check_years(self, rows: pl.DataFrame, log: ProblemLog) -> None:
        levied = rows["levy_year"].drop_nulls()
        if self._year is None and levied.is_empty():
            return
        # The most frequent year; of two equally frequent ones the later.
        usual = self._year if self._year is not None else max(_whole_numbers(levied.mode()))
        for name in ("levy_year", "tax_year"):
            for arrears, apart in ((False, YEARS_APART_MAX), (True, ARREARS_APART_MAX)):
                far = _named(rows.filter((pl.col(name) - usual).abs() > apart, arrears=arrears))
                expected = f"{usual - apart}–{usual + apart}"
                report(far, f"{name}.far", name, log, {"found": pl.col(name), "expected": expected})


def _halves() -> tuple[pl.Expr, pl.Expr]:
    key = pl.col("slip_key")
    whole = pl.when(key.str.contains("^[0-9]{1,20}$")).then(key.str.zfill(2 * _HALF))
    return (
        whole.str.slice(0, _HALF).cast(pl.UInt64).alias("high"),
        whole.str.slice(_HALF).cast(pl.UInt64).alias("low"),
    )


def _years() -> list[pl.Expr]:
    return [
        pl.when(pl.col(n).str.contains("^[0-9]{4}$")).then(pl.col(n)).cast(pl.Int16).alias(n)
        for n in ("levy_year", "tax_year")
    ]


def _named(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows with their key as text again."""
    halves = [pl.col(h).cast(pl.String).str.zfill(_HALF) for h in ("high", "low")]
    return rows.with_columns(slip_key=pl.concat_str(halves))


def _whole_numbers(series: pl.Series) -> Iterable[int]:
    return (int(value) for value in series.to_list())


def _suspects(keyed: pl.DataFrame) -> pl.DataFrame:
    """The rows whose key, mixed into 64 bits, comes more than once. Sorting one array of numbers takes a fraction of the memory of
    grouping the keys themselves; that equal numbers are equal keys is verified afterwards."""
    mixed = keyed["high"].to_numpy() * _MIX + keyed["low"].to_numpy()  # wraps around: that is the mixing
    ordered = np.sort(mixed)
    twice = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
    return keyed.filter(pl.Series(np.isin(mixed, twice)))


def _twice(rows: pl.DataFrame, log: ProblemLog) -> None:
    """Every row that shares its key with another is held: nobody knows which of them is right."""
    repeated = _named(_suspects(rows.filter(pl.col("high").is_not_null())))
    repeated = repeated.filter(pl.col("slip_key").is_duplicated())
    if repeated.is_empty():
        return
    lines = dict(repeated.group_by("slip_key").agg(pl.col("line").sort()).iter_rows())
    others = []
    for line, key in repeated.select("line", "slip_key").iter_rows():
        first = [str(other) for other in lines[key][: OTHERS_SHOWN + 1] if other != line]
        more = len(lines[key]) - 1 > OTHERS_SHOWN
        others.append("、".join(first[:OTHERS_SHOWN]) + ("…" if more else ""))
    said: Params = {"found": pl.col("slip_key"), "lines": pl.Series(others, dtype=pl.String)}
    report(repeated, "slip_key.twice", "slip_key", log, said)


def _days_off(rows: pl.DataFrame, log: ProblemLog) -> None:
    """納期限 that no office keeps: the law moves it to the next open day (地方税法20条の5), so that is what a slip should say.

    Told once for each date, at the first row that has it: a wrong term stands on every slip of a yearly job.
    """
    known = pl.col("due_date").dt.year().is_between(FIRST_YEAR, LAST_YEAR)
    dates = rows.filter(known).group_by("due_date").agg(pl.col("line").min(), count=pl.len())
    off = dates.with_columns(open=roll_due(dates["due_date"])).filter(pl.col("open") != pl.col("due_date"))
    first = _named(rows.join(off.select("line", "open", "count"), on="line")).sort("line")
    said: Params = {"found": pl.col("due_date"), "expected": pl.col("open"), "count": pl.col("count")}
    report(first, "due_date.day_off", "due_date", log, said)


def _habits(rows: pl.DataFrame, site: Site, log: ProblemLog) -> None:
    """Where the site does not say what a barcode holds, the few that differ from nearly all others are wrong."""
    coded = rows.height - rows["holds"].null_count()
    if coded < HABIT_ROWS_MIN:
        return
    holding = int(rows["holds"].sum())
    if site.cvs_key is None and holding >= coded * HABIT_SHARE_MIN:
        odd = _named(rows.filter(~pl.col("holds")))
        report(odd, "barcode.key_habit", "barcode", log, {"found": holding, "expected": coded})
    if site.cvs_issuer is None:
        issuers = rows["issuer"].drop_nulls().value_counts()
        usual, count = issuers.sort("count", "issuer", descending=True).row(0)
        if count >= coded * HABIT_SHARE_MIN:
            odd = _named(rows.filter(pl.col("issuer") != usual))
            said: Params = {
                "found": pl.col("issuer").cast(pl.String).str.zfill(6),
                "expected": str(usual).zfill(6),
            }
            report(odd, "barcode.issuer_habit", "barcode", log, said)
