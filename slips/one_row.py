"""One row of a slips file as it would print: `FILE:LINE` read, checked and put into value columns, with the other lines of its notice.

In: a place in a file (the header is line 1), the site, the profile, the issue date. Out: one row of value columns, or all slips of its page;
always marked 見本: a picture of a slip is no slip. Refuses (ProblemError): no such line, a row that would be held.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import polars as pl

from elqr.batch import Batch
from elqr.check import SlipCheck
from elqr.problems import Problem, ProblemError, Severity, Where
from elqr.profiles import Profile
from elqr.reader import read_slips
from elqr.site import Site
from slips.guidance import Guide
from slips.order import in_print_order, on_sheets
from slips.values import values

SAME_NOTICE = ("payer_id", "notice_no", "tax_item", "tax_year")
SAME_PAYER = ("payer_id",)


def place_of(text: str) -> tuple[Path, int]:
    """`FILE:LINE` as path and line. Raises ProblemError `row.no_place`."""
    file, _, line = text.rpartition(":")
    if not file or not line.isascii() or not line.isdigit():
        raise ProblemError(Problem("row.no_place", params={"found": text, "expected": "slips.csv:2"}))
    return Path(file), int(line)


def row_values(
    where: str,
    *,
    site: Site,
    profile: Profile,
    issue_date: dt.date,
    table_rows: int,
    slips_per_page: int = 1,
    guide: Guide | None = None,
    lang: str | None = None,
) -> pl.DataFrame:
    """The value columns of the row at `where` (`FILE:LINE`), for a form with so many rows in its instalment table.

    With several slips a page: those of the page on which the row comes to stand, the payer's good rows being printed together (`page` is 1).
    `guide` chooses the ways to pay that the slip tells, as the print job does; `lang` in place of the row's own.
    Raises ProblemError `row.no_place`, `row.not_found`, what the file is refused for, or the row's errors.
    """
    path, line = place_of(where)
    wanted = _row(path, line, site)
    several = slips_per_page > 1
    together = SAME_PAYER if several else SAME_NOTICE
    beside = _alike(path, wanted, site, together) if table_rows or several else wanted
    checked = SlipCheck(site, profile=profile, issue_date=issue_date, file=path.name).check(beside)
    if checked.frame.filter(pl.col("line") == line).is_empty():
        problems = checked.log.problems(path.name)
        raise ProblemError([p for p in problems if p.where.line == line and p.severity is Severity.ERROR])
    rows = checked.frame.sort("line").with_columns(
        seq=pl.int_range(1, pl.len() + 1, dtype=pl.Int64),
        n=pl.int_range(1, pl.len() + 1, dtype=pl.Int64),
        m=pl.lit(checked.frame.height, pl.Int64),
    )
    if lang is not None:
        rows = rows.with_columns(lang=pl.lit(lang))
    if several:
        alike = pl.col("large_print").fill_null(False)
        same_form = rows.filter(alike == alike.filter(pl.col("line") == line).first())
        rows = in_print_order(same_form.with_columns(bundle=pl.lit(0)), first_seq=1)
        rows = on_sheets(rows, per_page=slips_per_page)
    said = values(rows, site=site, table_rows=table_rows, guide=guide)
    wanted_line = pl.col("line") == line
    if several:
        mine = pl.col("page") == pl.col("page").filter(wanted_line).first()
        said = said.filter(mine).with_columns(page=pl.lit(1, pl.Int64))
    else:
        said = said.filter(wanted_line)
    return said.with_columns(test=pl.lit("1"), lang=pl.col("lang").fill_null("ja"))


def _row(path: Path, line: int, site: Site) -> pl.DataFrame:
    """The raw row. A line that cannot be read at all says why."""
    for batch in read_slips(path, mapping=site.mapping):
        found = batch.frame.filter(pl.col("line") == line)
        if found.height:
            return found
        if (batch.refused["line"] == line).any():
            raise ProblemError(_reasons(batch, path, line))
    raise ProblemError(Problem("row.not_found", params={"found": line}, where=Where(path.name)))


def _reasons(batch: Batch, path: Path, line: int) -> list[Problem]:
    return [p for p in batch.log.problems(path.name) if p.where.line == line]


def _alike(path: Path, wanted: pl.DataFrame, site: Site, names: tuple[str, ...]) -> pl.DataFrame:
    """All rows of the same notice, whose instalments stand in the table of the letter, or of the same payer."""
    same = [pl.col(name).eq_missing(pl.lit(wanted[name].item(), pl.String)) for name in names]
    if wanted["payer_id"].item() is None:
        return wanted
    found = [batch.frame.filter(*same) for batch in read_slips(path, mapping=site.mapping)]
    return pl.concat(found)
