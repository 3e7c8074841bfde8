"""The manifest against itself: what its columns say of a slip must be what its payload and its barcode say.

In: a book. Out: findings about the run, with the first running numbers. The codes on paper are then held against the payload, the printed figures
against the columns: where these two disagree, no paper can be right.
"""

from __future__ import annotations

import polars as pl

from elqr.gs1_128 import BARCODE_FIELDS, NO_DATE
from elqr.wire import Field, field_named
from slips.proof.book import Book
from slips.proof.remarks import remark
from slips.proof.verdicts import Finding

SAID = 5


def disagreements(book: Book) -> list[Finding]:
    """One finding for each thing on which columns and codes disagree."""
    amount = pl.col("amount")
    due, until = (pl.col(name).dt.strftime("%Y%m%d") for name in ("due_date", "payable_until"))
    bars = {field.name: field for field in BARCODE_FIELDS}
    barred = pl.col("barcode").fill_null("") != ""
    bar_day = _cut("barcode", bars["payable_until"])
    differing = {
        "amount": _cut("payload", field_named("amount")).cast(pl.Int64, strict=False) != amount,
        "slip_key": _cut("payload", field_named("slip_key")) != pl.col("slip_key"),
        # a day that is written in another way is no day here, and none on paper would be held against it
        "due_date": _cut("payload", field_named("due_date")).ne_missing(due),
        "payable_until": _cut("payload", field_named("payable_until")).ne_missing(until),
        "barcode.amount": barred & (_cut("barcode", bars["amount"]).cast(pl.Int64, strict=False) != amount),
        "barcode.payable_until": barred & (bar_day != NO_DATE) & (bar_day != until.str.slice(2)),
    }
    found = []
    for name, differs in differing.items():
        numbers = book.rows.filter(differs.fill_null(value=False))["seq"].to_list()
        if numbers:
            shown = ", ".join(map(str, numbers[:SAID])) + (" …" if len(numbers) > SAID else "")
            found.append(
                remark(
                    "verify.manifest_disagrees",
                    measured=f"{len(numbers):,}",
                    limit="0",
                    value=name,
                    numbers=shown,
                )
            )
    return found


def _cut(column: str, field: Field) -> pl.Expr:
    return pl.col(column).str.slice(field.offset, field.width)
