"""Banks and branches of Japan: whether a code exists, and the name in half-width kana that goes into a transfer file.

In: columns of four-digit bank codes and three-digit branch codes. Out: flags and names. The data is that of the package zengin-code,
whose version carries its date; this module is its only home, and loads it (0.4 s) when it is first asked.
Refuses: nothing; an unknown code has no name.
"""

from __future__ import annotations

from datetime import date
from functools import cache

import polars as pl

from reconcile.kana import to_bank_kana


@cache
def branch_table() -> pl.DataFrame:
    """Every branch: `bank_code, bank_name, bank_kana, branch_code, branch_name, branch_kana` (kana half-width)."""
    from zengin_code import Bank

    rows = [
        (bank.code, bank.name, bank.kana, branch.code, branch.name, branch.kana)
        for bank in Bank.all.values()
        for branch in bank.branches.values()
    ]
    names = ("bank_code", "bank_name", "bank_kana", "branch_code", "branch_name", "branch_kana")
    frame = pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")
    return frame.with_columns(to_bank_kana(frame["bank_kana"]), to_bank_kana(frame["branch_kana"]))


def data_date() -> date:
    """The day the bank data was taken; offices are told it, because branches close."""
    from zengin_code import __version__

    stamp = __version__.rpartition(".")[2]
    return date(int(stamp[:4]), int(stamp[4:6]), int(stamp[6:8]))


def with_names(accounts: pl.DataFrame) -> pl.DataFrame:
    """`accounts` (columns `bank_code, branch_code`) with `bank_kana` and `branch_kana`; null where the code is unknown.

    A known bank with an unknown branch has a `bank_kana`, so that the two faults can be told apart.
    """
    table = branch_table()
    banks = table.select("bank_code", "bank_kana").unique()
    branches = table.select("bank_code", "branch_code", "branch_kana")
    return accounts.join(banks, on="bank_code", how="left", maintain_order="left").join(
        branches, on=["bank_code", "branch_code"], how="left", maintain_order="left"
    )
