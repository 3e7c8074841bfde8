"""Frames as plain objects, for the lines and payments that are decided one by one.

In: slow payments with their covers; versions and last versions of lines. Out: `Payment`s, and `Line`s by id.
Refuses nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable

import polars as pl

from reconcile.allocate import Line, Version
from reconcile.covers import ordered_versions
from reconcile.ladder import PAYMENT_FACTS
from reconcile.settle import Payment

_PAYMENT = (
    "payment_id", "deciding", "kinds", "slip_key", "net", "paid_on", "paid_time", "account_date", "remit_date", "provisional",
    "fate", "rung", "superseded", "full_year", "slip_amount", "slip_payer", "slip_body", "slip_item",
)  # fmt: skip
_LINE = (
    "line_id", "payer_id", "body_code", "tax_item", "notice_no", "is_premium", "rolled", "barred", "dunning_fee",
)  # fmt: skip


def payment_objects(payments: pl.DataFrame, covers: pl.DataFrame) -> list[Payment]:
    """The payments of these rows, in no particular order."""
    of_payment: dict[str, list[tuple[str, str, int]]] = defaultdict(list)
    mine = covers.join(payments.select("p", "payment_id"), on="p")
    for payment_id, *cover in mine.select("payment_id", "line_id", "component", "yen").iter_rows():
        of_payment[payment_id].append(tuple(cover))
    payments = payments.with_columns(pl.col("paid_time").fill_null(""))
    flags = payments.select(o.value for o in PAYMENT_FACTS).rows()
    known = {
        bits: frozenset(o for o, bit in zip(PAYMENT_FACTS, bits, strict=True) if bit) for bits in set(flags)
    }
    make: Callable[..., Payment] = Payment
    return [
        make(*row[:12], known[bits], tuple(of_payment.get(row[0], ())), *row[12:])
        for row, bits in zip(payments.select(_PAYMENT).iter_rows(), flags, strict=True)
    ]


def line_objects(
    assessments: pl.DataFrame, lines: pl.DataFrame, covers: pl.DataFrame, *, wanted: Iterable[str]
) -> dict[str, Line]:
    """The wanted lines with all their versions. Where no assessment names a 督促手数料, the one that its paid slips name is taken."""
    ids = pl.DataFrame({"line_id": sorted(wanted)}, schema={"line_id": pl.String})
    versions: dict[str, list[Version]] = defaultdict(list)
    rows = ordered_versions(assessments.join(ids, on="line_id", how="semi"))
    books = pl.col("fiscal_year").cast(pl.Int64)
    said = rows.select("line_id", "revised_at", "principal", "status", books, "carried_over")
    for line_id, day, yen, status, year, carried in said.iter_rows():
        gone = status == "cancelled"
        versions[line_id].append(Version(day, 0 if gone else yen, gone, year, bool(carried)))
    fees = (
        covers.filter(pl.col("component") == "dunning_fee").group_by("line_id").agg(fee=pl.col("yen").max())
    )
    mine = lines.join(ids, on="line_id", how="semi").join(fees, on="line_id", how="left")
    mine = mine.with_columns(fee=pl.coalesce("dunning_fee", "fee", 0))
    make: Callable[..., Line] = Line
    return {
        row[0]: make(*row, tuple(versions[row[0]])) for row in mine.select(*_LINE[:-1], "fee").iter_rows()
    }
