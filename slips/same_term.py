"""Two slips for one instalment: the same notice and 期別 under different keys, both of the year's first notices, both payable.

In: the ordering keys of a job and its order. Out: a warning at each of them that names the others' lines. What was reissued or reminded
is no first slip and may stand beside one. Refuses nothing: which of them is meant the row does not say.
"""

from __future__ import annotations

import polars as pl

from elqr.problems import ProblemLog
from slips.order import HELD, NOTICE, PrintPlan

TERM = (*NOTICE, "levy_year", "period")
NAMED_MAX = 5


def same_terms(keys: pl.DataFrame, plan: PrintPlan) -> ProblemLog:
    """`instalments.twice` at every printed first slip whose notice and 期別 another printed first slip has too."""
    log = ProblemLog()
    if keys.is_empty():
        return log
    first = keys.filter(
        pl.Series(plan.file_of_row != HELD) & pl.col("first") & pl.col("notice_no").is_not_null()
    )
    shared = first.select("line", *TERM).filter(pl.len().over(TERM) > 1)
    if shared.is_empty():
        return log
    lines = pl.col("line").sort()
    more = pl.when(pl.len() > NAMED_MAX).then(pl.lit(", …")).otherwise(pl.lit(""))
    named = shared.group_by(TERM).agg(
        slips=pl.len(), lines=lines.head(NAMED_MAX).cast(pl.String).str.join(", ") + more
    )
    found = shared.join(named, on=TERM, nulls_equal=True, maintain_order="left").sort("line")
    log.add(found, "instalments.twice", field="period", found=pl.col("slips"), lines=pl.col("lines"))
    return log
