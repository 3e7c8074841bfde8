"""The night's bulk: payments that are exact and on time on lines that nobody else pays, found and decided as columns.

In: payments that climbed the ladder, their covers, the lines as they stand. Out: such payments with their claims, and all the others.
The rule is narrow on purpose: one version, one claim a line, the very amount, no remark of any kind. Whatever doubts is slow.
Refuses nothing; a payment that is left out here is decided by `settle`, to the same result.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from reconcile.fiscal import fiscal_year
from reconcile.ladder import PAYMENT_FACTS
from reconcile.outcomes import Outcome
from reconcile.world import OUTCOMES, POSTINGS

REMARKS = tuple(o.value for o in PAYMENT_FACTS if o is not Outcome.PRELIMINARY)


def split(
    payments: pl.DataFrame, covers: pl.DataFrame, lines: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Quick payments, their claims (a row a payment and line), and the slow payments. All are numbered: `p` and `l` are rows."""
    plain = ~pl.any_horizontal(REMARKS)
    plain &= ~(pl.col("superseded") & pl.col("provisional"))  # two remarks at once
    facts = payments.select(
        "payment_id",
        "net",
        "paid_on",
        "account_date",
        "deciding",
        "provisional",
        "superseded",
        # an excess looks at what else is paid on its lines
        on_lines=pl.col("fate").is_in(["lines", "excess"]),
        plain=plain,
        booked_year=fiscal_year(payments.select(pl.coalesce("account_date", "paid_on")).to_series()),
    )
    of_line = lines.select("due", "rolled", "barred", "versions", "carried_over", "fiscal_year")
    claims = covers.hstack(facts[covers["p"]]).filter("on_lines")
    claims = claims.hstack(of_line[claims["l"]])
    good = (
        pl.col("plain")
        & (pl.col("component") == "principal")
        & (pl.col("versions") == 1)
        & (pl.col("yen") == pl.col("due"))  # 0 where the line is cancelled
        & (pl.col("paid_on") <= pl.col("rolled"))
        & (pl.col("barred").is_null() | (pl.col("paid_on") < pl.col("barred")))
        & ~pl.col("carried_over")
        & (pl.col("booked_year") <= pl.col("fiscal_year").cast(pl.Int32))
    )
    claims = claims.with_columns(good=good & ~pl.col("l").is_duplicated())
    fits = claims.group_by("p").agg(
        good=pl.col("good").all(), asked=pl.col("yen").sum(), n=pl.len(), line_ids=pl.first("line_id")
    )
    fits = fits.join(payments.select("p", "net"), on="p").filter(
        pl.col("good") & (pl.col("asked") == pl.col("net"))
    )
    chosen = np.zeros(payments.height, dtype=bool)
    chosen[fits["p"].to_numpy()] = True
    kept = claims.filter(pl.Series(chosen[claims["p"].to_numpy()]))
    return (
        payments.filter(pl.Series(chosen)).hstack(_line_ids(fits, kept).select("line_ids")),
        kept,
        payments.filter(pl.Series(~chosen)),
    )


def _line_ids(fits: pl.DataFrame, claims: pl.DataFrame) -> pl.DataFrame:
    """`p, line_ids` in order of p; joining texts is dear, and most payments have one line."""
    several = claims.join(fits.filter(pl.col("n") > 1).select("p"), on="p", how="semi")
    joined = several.group_by("p").agg(line_ids=pl.col("line_id").sort().str.join(";"))
    return pl.concat([fits.filter(pl.col("n") == 1).select("p", "line_ids"), joined]).sort("p")


def fast_rows(quick: pl.DataFrame, claims: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Outcomes and postings of quick payments: exact, or preliminary where it is only 速報, or with a slip that was replaced."""
    word = (
        pl.when("provisional")
        .then(pl.lit(Outcome.PRELIMINARY.value))
        .when("superseded")
        .then(pl.lit(Outcome.SUPERSEDED_SLIP.value))
        .otherwise(pl.lit(Outcome.EXACT.value))
    )
    zero = pl.lit(0, dtype=pl.Int64)
    outcomes = quick.select(
        "p",
        "payment_id",
        "line_ids",
        "slip_key",
        "paid_on",
        "provisional",
        receipt_id="deciding",
        outcome=word,
        facts=word,
        rule="rung",
        inputs=_inputs(),
        amount="net",
        posted="net",
        excess=zero,
        suspense=zero,
        held=zero,
    ).select("p", *OUTCOMES)
    postings = claims.select(
        "p",
        "l",
        "line_id",
        "component",
        "payment_id",
        "paid_on",
        "account_date",
        "fiscal_year",
        "provisional",
        amount="yen",
        receipt_id="deciding",
        rule=word,
    ).select("p", "l", *POSTINGS)
    return outcomes, postings


def _inputs() -> pl.Expr:
    """The same JSON as `settle.outcome_row` writes."""

    def word(name: str) -> pl.Expr:
        return pl.concat_str(pl.lit('"'), pl.col(name).cast(pl.String), pl.lit('"'))

    return pl.concat_str(
        pl.lit('{"kinds":'),
        word("kinds"),
        pl.lit(',"slip_amount":'),
        pl.col("slip_amount").cast(pl.String).fill_null("null"),
        pl.lit(',"paid_time":"'),
        pl.col("paid_time").fill_null(""),
        pl.lit('","account_date":'),
        word("account_date").fill_null("null"),
        pl.lit("}"),
    )
