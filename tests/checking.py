"""What the tests of the checks share: spoilt rows, the whole way from file to result, and what a listed problem must say."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
from house import ROOT
from slip_rows import clean, write_csv

from elqr.check import Checked, SlipCheck
from elqr.problems import Problem
from elqr.reader import read_slips
from elqr.ruleset import Profile
from elqr.site import Site, load_site

ISSUED = date(2026, 5, 1)
HIT = 7  # the row that is spoilt, 0-based; its line is HIT + 2
LINE = HIT + 2
SITE = load_site(ROOT / "sample_data" / "site.toml")
Row = dict[str, str | None]


def run(
    rows: pl.DataFrame,
    site: Site,
    folder: Path,
    *,
    batch_rows: int = 50_000,
    year: int | None = None,
    profile: Profile | None = None,
) -> tuple[pl.DataFrame, list[Problem], SlipCheck]:
    """The whole way: file, reader, check, finish. Gives the rows that may be printed and all problems."""
    path = write_csv(rows, folder / "slips.csv")
    check = SlipCheck(site, issue_date=ISSUED, file=path.name, year=year, profile=profile)
    parts: list[Checked] = [check.check(batch) for batch in read_slips(path, batch_rows=batch_rows)]
    end = check.finish()
    frame = pl.concat([p.frame for p in parts])
    frame = frame.filter(~pl.col("line").is_in(end.held["line"].implode()))
    return frame, [q for p in [*parts, end] for q in p.log.problems(path.name)], check


def spoilt(change: Row, *, at: int = HIT, n: int = 20, codes: bool = True) -> pl.DataFrame:
    """Clean rows, with the values of row `at` replaced. With `codes`, payload and barcode still say what the row said before."""
    rows = clean(n, codes=codes)
    missing = [pl.lit(None, pl.String).alias(c) for c in change if c not in rows.columns]
    rows = rows.with_columns(missing)
    here = pl.int_range(pl.len()) == at
    return rows.with_columns(
        pl.when(here).then(pl.lit(v, pl.String)).otherwise(pl.col(c)).alias(c) for c, v in change.items()
    )


def assert_listed(problem: Problem, *, line: int, found: str, expected: str) -> None:
    """Line, what was found and what is expected stand in both sentences."""
    assert problem.where.line == line
    for lang in ("ja", "en"):
        text = problem.text(lang)
        assert found in text, text
        assert expected in text, text
        assert "{" not in text
