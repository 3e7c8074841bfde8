"""What the cells of a row must be to each other, to the site and to the issue date.

In: typed columns (null = could not be read, reported before); out: problems. Without a site file the checks that need one are left out and
`SlipCheck.finish` says so once. Source: elqr-format.md §7 and the files contract.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterator
from datetime import date

import polars as pl

from elqr.checks.rules import Rule, apply, report
from elqr.checks.values import COVERS_SYNTAX, amended_body_codes
from elqr.problems import ProblemLog
from elqr.site import Site

PARTS = ("principal", "delinquency", "dunning_fee")
WHOLE_YEAR = "00"  # the period of a slip for all instalments


def check_relations(frame: pl.DataFrame, site: Site, issue_date: date, log: ProblemLog) -> None:
    """Dates in order, parts and covered lines that sum to the amount, own body, a tax item of the site's table under its own name."""
    apply(frame, [*_dates(issue_date), *_amounts(), _covered(), *_own(site, amended_body_codes(frame))], log)
    if site.tax_items:
        _tax_names(frame, site, log)


def _dates(issue_date: date) -> Iterator[Rule]:
    due, until = pl.col("due_date"), pl.col("payable_until")
    issued = pl.lit(issue_date)
    both = {"found": due.cast(pl.String), "expected": until.cast(pl.String)}
    yield Rule("due_date.after_payable_until", "due_date", due > until, both)
    yield Rule(
        "due_date.before_issue",
        "due_date",
        due < issued,
        {"found": due.cast(pl.String), "expected": str(issue_date)},
    )
    yield Rule(
        "kind.dunning_early",
        "due_date",
        (pl.col("kind") == "dunning") & (due >= issued),
        {"found": due.cast(pl.String), "expected": str(issue_date)},
    )
    yield Rule(
        "payable_until.before_issue",
        "payable_until",
        until < issued,
        {"found": until.cast(pl.String), "expected": str(issue_date)},
    )


def _amounts() -> Iterator[Rule]:
    given = pl.any_horizontal(pl.col(PARTS).is_not_null())
    total = pl.sum_horizontal(PARTS)
    yield Rule(
        "amount.parts",
        "amount",
        given & (total != pl.col("amount")),
        {"found": pl.col("amount"), "expected": total, **{p: pl.col(p).fill_null(0) for p in PARTS}},
    )
    yield Rule(
        "kind.full_year_period",
        "period",
        (pl.col("kind") == "full_year") & (pl.col("period") != WHOLE_YEAR),
        {"found": pl.col("period"), "expected": WHOLE_YEAR},
    )
    yield Rule(
        "supersedes.itself",
        "supersedes",
        pl.col("supersedes") == pl.col("slip_key"),
        {"found": pl.col("supersedes")},
    )


def _covered() -> Rule:
    """The lines that the slip names, as the nightly run holds them against it: their sum is the amount without what comes on top of
    the tax; of one line it may be the whole amount. Any other sum leaves every payment of the slip to a person."""
    named = pl.when(pl.col("covers").str.contains(COVERS_SYNTAX)).then("covers").str.split(";")
    total = named.list.eval(pl.element().str.extract(":([0-9]+)$").cast(pl.Int64)).list.sum()
    one = named.list.eval(pl.element().str.extract("^([^:]+):").str.strip_chars()).list.n_unique() == 1
    whole = pl.col("amount")
    tax = whole - pl.sum_horizontal("delinquency", "dunning_fee")
    wrong = (total != tax) & ~(one & (total == whole))
    return Rule("covers.sum", "covers", wrong, {"found": total, "expected": tax})


def _own(site: Site, misspelt: Collection[str]) -> Iterator[Rule]:
    code = pl.col("body_code")
    if site.body_code:
        other = code.str.contains("^[0-9]{6}$") & (code != site.body_code) & ~code.is_in(list(misspelt))
        yield Rule("body_code.other", "body_code", other, {"found": code, "expected": site.body_code})
    if site.tax_items:
        item = pl.col("tax_item")
        unknown = item.str.contains("^[0-9]{3}$") & ~item.is_in(list(site.tax_items))
        yield Rule(
            "tax_item.unknown", "tax_item", unknown, {"found": item, "expected": "、".join(site.tax_items)}
        )


def _tax_names(frame: pl.DataFrame, site: Site, log: ProblemLog) -> None:
    """The printed tax is the one that the item number means. Width and blanks do not count."""
    pairs = frame.select("tax_item", "tax_name").unique(maintain_order=True).drop_nulls()
    for item, name in pairs.iter_rows():
        expected = site.tax_items.get(item)
        if expected is not None and _plain(name) != _plain(expected):
            rows = frame.filter((pl.col("tax_item") == item) & (pl.col("tax_name") == name))
            report(
                rows, "tax_name.differs", "tax_name", log, {"found": name, "expected": expected, "item": item}
            )


def _plain(name: str) -> str:
    return "".join(unicodedata.normalize("NFKC", name).split())
