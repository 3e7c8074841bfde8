"""What became of the nights of many municipalities, as one table: who has to be called, and what stands in each ledger.

In: `Done` of each, in order. Out: `municipalities.csv`, a row a municipality. Refuses nothing; a night that was refused or lost has no totals.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from reconcile.csv_out import csv_bytes
from reconcile.partition import Done

FILE = "municipalities.csv"
TOTALS = ("received", "posted", "excess", "suspense", "held", "quarantined")
COLUMNS = (
    *("name", "code"),
    *(column for name in TOTALS for column in (name, f"{name}_yen")),
    *("result", "digest", "problems"),
)


def table(done: Sequence[Done]) -> bytes:
    """The file. Totals are those of the whole ledger after the night; `code` is the exit code of the night."""
    return csv_bytes(
        pl.DataFrame([_row(one) for one in done], schema=dict.fromkeys(COLUMNS, pl.String()), orient="row")
    )


def _row(one: Done) -> tuple[str, ...]:
    pairs = [one.totals.get(name, ("", "")) for name in TOTALS]
    totals = (str(value) for pair in pairs for value in pair)
    return (one.name, str(one.code), *totals, one.result, one.digest, " / ".join(one.problems))
