"""What only the whole file can tell: keys that come twice, years that differ from all the others, barcodes that break the file's habit.

In: the rows of each batch, of which a few numbers are kept (about 40 bytes a slip); out, at the end: problems. Refuses nothing by itself.
Source: elqr-format.md §7 (key unique among live slips, years within ±1 of the batch's).
"""

from __future__ import annotations

import polars as pl

from elqr.checks.barcode_row import cut, holds_key
from elqr.checks.rules import report
from elqr.problems import ProblemLog
from elqr.site import Site

OTHERS_SHOWN = 5  # lines named beside a key that comes more than once
YEARS_APART_MAX = 1
HABIT_ROWS_MIN = 20  # fewer barcodes than this make no habit

# A 20-digit key does not fit 64 bits: two halves of ten digits do, and are compared as numbers.
_HALF = 10


class WholeFile:
    """Gathers what the end-of-file checks need, batch by batch."""

    def __init__(self, *, year: int | None) -> None:
        self._year = year
        self._keys: list[pl.DataFrame] = []
        self._years: list[pl.DataFrame] = []
        self._codes: list[pl.DataFrame] = []

    def take(self, typed: pl.DataFrame) -> None:
        """Remember the rows of a batch (typed columns; also rows that are held)."""
        key = pl.col("slip_key")
        self._keys.append(
            typed.filter(key.is_not_null()).select(
                "line", high=key.str.slice(0, _HALF).cast(pl.UInt64), low=key.str.slice(_HALF).cast(pl.UInt64)
            )
        )
        years = [
            pl.when(pl.col(n).str.contains("^[0-9]{4}$")).then(pl.col(n)).cast(pl.Int16).alias(n)
            for n in ("levy_year", "tax_year")
        ]
        self._years.append(typed.select("line", *years))
        coded = typed.filter(pl.col("barcode").str.contains("^91[0-9]{42}$") & key.is_not_null())
        self._codes.append(coded.select("line", holds=holds_key(), issuer=cut("cvs_issuer").cast(pl.UInt32)))

    def take_refused(self, refused: pl.DataFrame) -> None:
        """Remember the keys of rows that could not be read, where the key itself could."""
        key = refused.filter(pl.col("slip_key").str.contains("^[0-9]{1,20}$"))
        padded = pl.col("slip_key").str.zfill(2 * _HALF)
        self._keys.append(
            key.select(
                "line",
                high=padded.str.slice(0, _HALF).cast(pl.UInt64),
                low=padded.str.slice(_HALF).cast(pl.UInt64),
            )
        )

    def finish(self, site: Site, log: ProblemLog) -> None:
        """All problems of the file as a whole."""
        if not self._years:
            return
        _twice(pl.concat(self._keys), log)
        self._check_years(pl.concat(self._years), log)
        _habits(pl.concat(self._codes), site, log)

    def _check_years(self, years: pl.DataFrame, log: ProblemLog) -> None:
        levied = years["levy_year"].drop_nulls()
        if levied.is_empty():
            return
        # The most frequent year; of two equally frequent ones the later.
        usual = self._year if self._year is not None else int(levied.mode().sort()[-1])
        for name in ("levy_year", "tax_year"):
            far = years.filter((pl.col(name) - usual).abs() > YEARS_APART_MAX)
            expected = f"{usual - YEARS_APART_MAX}–{usual + YEARS_APART_MAX}"
            report(far, f"{name}.far", name, log, {"found": pl.col(name), "expected": expected})


def _twice(keys: pl.DataFrame, log: ProblemLog) -> None:
    """Every row that shares its key with another is held: nobody knows which of them is right."""
    repeated = keys.filter(pl.struct("high", "low").is_duplicated())
    if repeated.is_empty():
        return
    whole = pl.concat_str(
        pl.col("high").cast(pl.String).str.zfill(_HALF), pl.col("low").cast(pl.String).str.zfill(_HALF)
    )
    repeated = repeated.with_columns(slip_key=whole)
    lines = {
        key: group["line"].sort().to_list()
        for (key,), group in repeated.group_by("slip_key", maintain_order=True)
    }
    others = []
    for line, key in repeated.select("line", "slip_key").iter_rows():
        rest = [str(other) for other in lines[key] if other != line]
        others.append("、".join(rest[:OTHERS_SHOWN]) + ("…" if len(rest) > OTHERS_SHOWN else ""))
    report(
        repeated,
        "slip_key.twice",
        "slip_key",
        log,
        {"found": pl.col("slip_key"), "lines": pl.Series(others, dtype=pl.String)},
    )


def _habits(codes: pl.DataFrame, site: Site, log: ProblemLog) -> None:
    """Where the site does not say what a barcode holds, a few that differ from nearly all the others are wrong."""
    if codes.height < HABIT_ROWS_MIN:
        return
    if site.cvs_key is None and codes["holds"].sum() * 10 >= codes.height * 9:
        odd = codes.filter(~pl.col("holds"))
        report(
            odd,
            "barcode.key_habit",
            "barcode",
            log,
            {"found": codes.height - odd.height, "expected": codes.height},
        )
    if site.cvs_issuer is None:
        usual = codes["issuer"].mode().sort()[-1]
        odd = codes.filter(pl.col("issuer") != usual)
        report(
            odd,
            "barcode.issuer_habit",
            "barcode",
            log,
            {"found": pl.col("issuer").cast(pl.String).str.zfill(6), "expected": str(usual).zfill(6)},
        )
