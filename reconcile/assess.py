"""延滞金 of the lines that were completed late: the bridge from closings to the column engine of `reconcile.charges`.

In: closings with their payments, exempt spans, the policy. Out: the `CHARGES` frame, one row a line completed late, also where it is 0.
Refuses nothing: a line that reaches past the rate table gets a row without an amount, and the night goes on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from reconcile.charges import BASE_MIN, charges
from reconcile.frames import empty
from reconcile.policy import Policy
from reconcile.rates import Rates
from reconcile.then import Closing
from reconcile.world import CHARGES

PAID: Mapping[str, pl.DataType] = {"line_id": pl.String(), "paid_on": pl.Date(), "amount": pl.Int64()}


def assessed(closings: Sequence[Closing], exempt: pl.DataFrame, *, policy: Policy) -> pl.DataFrame:
    """`exempt`: `line_id, exempt_from, exempt_to` of lines that have a span."""
    late = [c for c in closings if c.paid_on > c.line.due_date]
    if not late:
        return empty(CHARGES)
    rows = pl.DataFrame(
        {
            "line_id": [c.line.line_id for c in late],
            "due_date": pl.Series([c.line.due_date for c in late], dtype=pl.Date),
            "principal": pl.Series([c.line.now.due for c in late], dtype=pl.Int64),
            "until": pl.Series([c.paid_on for c in late], dtype=pl.Date),
            "provisional": [c.provisional for c in late],
        }
    )
    paid = pl.DataFrame(
        [(c.line.line_id, day, yen) for c in late for day, yen in c.payments], schema=dict(PAID), orient="row"
    )
    return charged(rows, paid, exempt, policy=policy)


def charged(rows: pl.DataFrame, paid: pl.DataFrame, exempt: pl.DataFrame, *, policy: Policy) -> pl.DataFrame:
    """`rows`: `line_id, due_date, principal, until, provisional` of lines completed late; `paid`: `PAID`, what went to their principals."""
    rates = policy.rates
    rows = rows.with_columns(known=in_table(rates, until="until") | (pl.col("principal") < BASE_MIN))
    good = rows.filter("known")
    found = charges(good, rates=rates, payments=paid, exempt=exempt, rounding=policy.rounding)
    unknown = rows.filter(~pl.col("known")).select(
        "line_id",
        "due_date",
        pl.col("until").alias("paid_on"),
        base=pl.lit(None, pl.Int64),
        segments=pl.lit(""),
        amount=pl.lit(None, pl.Int64),
        rounding=pl.lit(policy.rounding),
    )
    both = pl.concat([found, unknown.cast(found.schema)])
    return both.join(rows.select("line_id", "provisional"), on="line_id").select(list(CHARGES))


def in_table(rates: Rates, *, until: str) -> pl.Expr:
    """Whether the table holds the years from the day after `due_date` to the day in `until`."""
    years = [(pl.col("due_date") + pl.duration(days=1)).dt.year(), pl.col(until).dt.year()]
    return pl.all_horizontal(y.is_between(rates.valid_from.year, rates.valid_until.year) for y in years)
