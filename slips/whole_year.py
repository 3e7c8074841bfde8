"""The slip for the whole year (全期) beside the instalments of its notice: who pays it pays these, so it must ask for their sum.

In: the ordering keys of a job, its order, the payers of whom slips are held. Out: problems. Told only of first notices that are whole in the
job: a reissued slip may stand beside instalments that were paid, and beside a held one the sum lacks. Refuses nothing.
"""

from __future__ import annotations

import polars as pl

from elqr.problems import ProblemLog
from slips.order import HELD, NOTICE, PrintPlan


def uneven_years(keys: pl.DataFrame, plan: PrintPlan, *, held: pl.Series) -> ProblemLog:
    """`full_year.more` and `full_year.less`, at the whole-year slip. `held`: payers with a slip that does not print."""
    log = ProblemLog()
    if keys.is_empty():
        return log
    printed = keys.select("line", "amount", "first", "full_year", *NOTICE).filter(
        pl.Series(plan.file_of_row != HELD) & ~pl.col("payer").is_in(held.implode())
    )
    years = printed.filter("full_year")
    if years.is_empty():
        return log
    terms = printed.filter(~pl.col("full_year"))
    sums = terms.group_by(*NOTICE).agg(
        pl.col("amount").sum().alias("sum"), pl.col("first").all().alias("_first")
    )
    found = years.join(sums, on=NOTICE, nulls_equal=True, maintain_order="left").filter(
        pl.col("first") & pl.col("_first")
    )
    for code, wrong in (
        ("full_year.more", pl.col("amount") > pl.col("sum")),
        ("full_year.less", pl.col("amount") < pl.col("sum")),
    ):
        log.add(found.filter(wrong), code, field="amount", found=pl.col("amount"), expected=pl.col("sum"))
    return log
