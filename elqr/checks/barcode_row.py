"""The convenience-store barcode against its row: amount, date, issuer, key, stamp flag, and the limit above which none may be printed.

In: typed rows and the barcode column; out: problems, one code for each field. Whether the free field holds the slip_key only the site
knows; without that the whole-file check compares each barcode with the file's habit. Source: elqr-format.md §4 and §7.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from elqr.checks.rules import Rule, apply
from elqr.gs1_128 import BARCODE_FIELDS, problems_of, well_formed
from elqr.problems import ProblemLog
from elqr.site import Site
from elqr.wire import field_named


def check_barcode(frame: pl.DataFrame, site: Site, log: ProblemLog) -> None:
    """Judge the barcodes by themselves, then against their rows."""
    rows = frame.filter(pl.col("barcode").is_not_null())
    if rows.is_empty():
        return
    places = rows.select("line", "slip_key")
    fits, matrix = well_formed(rows["barcode"], log, places)
    good = pl.Series(fits)
    problems_of(matrix, log, places.filter(good))
    apply(rows, [_above_limit(site)], log)
    apply(rows.filter(good & rows["barcode"].str.starts_with("91")), _rules(site), log)


def cut(name: str) -> pl.Expr:
    """One field of the barcode column."""
    field = next(f for f in BARCODE_FIELDS if f.name == name)
    return pl.col("barcode").str.slice(field.offset, field.width)


def holds_key() -> pl.Expr:
    """Whether the free field is the row's slip_key: its digits from the first that is not zero, filled with zeros on the right."""
    return cut("free") == pl.col("slip_key").str.strip_chars_start("0").str.pad_end(21, "0")


def _above_limit(site: Site) -> Rule:
    over = pl.col("amount") > site.barcode_limit
    return Rule(
        "barcode.above_limit", "barcode", over, {"found": pl.col("amount"), "expected": site.barcode_limit}
    )


def _rules(site: Site) -> Iterator[Rule]:
    amount, until = cut("amount"), cut("payable_until")
    fits = pl.col("amount") <= site.barcode_limit  # above it the row has its problem already
    in_yen = amount.str.replace("^0+([0-9])", "${1}")
    yield Rule(
        "barcode.amount_differs",
        "barcode",
        fits & (amount != pl.col("amount").cast(pl.String).str.zfill(6)),
        {"found": in_yen, "expected": pl.col("amount")},
    )
    yield Rule(
        "barcode.payable_until_differs",
        "barcode",
        until != pl.col("payable_until").dt.strftime("%y%m%d"),
        {"found": until, "expected": pl.col("payable_until").dt.strftime("%y%m%d")},
    )
    stamp = field_named("stamp_duty")
    duty = pl.col("payload").str.slice(stamp.offset, stamp.width).fill_null(stamp.constant)
    yield Rule(
        "barcode.stamp_differs", "barcode", cut("stamp") != duty, {"found": cut("stamp"), "expected": duty}
    )
    if site.cvs_issuer:
        issuer = cut("cvs_issuer")
        yield Rule(
            "barcode.issuer_differs",
            "barcode",
            issuer != site.cvs_issuer,
            {"found": issuer, "expected": site.cvs_issuer},
        )
    if site.cvs_key:
        yield Rule(
            "barcode.key_differs",
            "barcode",
            ~holds_key(),
            {"found": cut("free"), "expected": pl.col("slip_key")},
        )
