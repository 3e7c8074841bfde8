"""What a person may look at first when no slip has the key: slips whose key differs by one digit, or by two neighbours swapped.

In: keys in suspense, a way to ask which keys exist, slips and what is open. Out: proposals with their evidence, best first.
Never a posting, never by name or amount alone. Source: reconcile-rules §3, "unknown key".
Refuses nothing; a key that is not 20 digits has no neighbours.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from reconcile.match import DIGITS

EVIDENCE = ("same_body", "same_confirm_no", "same_amount", "open")
CANDIDATES: Mapping[str, pl.DataType] = {
    "receipt_id": pl.String(),
    "slip_key": pl.String(),  # as received
    "candidate": pl.String(),
    "change": pl.String(),  # digit:<place>, swap:<place>; places from 1
    "evidence": pl.String(),  # what speaks for it, joined by ;
    "score": pl.Int64(),
    "rank": pl.Int64(),  # 1 = best of this receipt; equals share a rank
}


def neighbours(keys: pl.Series) -> pl.DataFrame:
    """`slip_key, candidate, change`: the 180 keys with one digit other, and up to 19 with two neighbouring digits swapped."""
    good = keys.drop_nulls().unique().sort()
    frame = pl.DataFrame({"slip_key": good.filter(good.str.contains(f"^[0-9]{{{DIGITS}}}$"))})
    parts = [_schema_only()]
    for place in range(DIGITS):
        before, digit, after = (
            pl.col("slip_key").str.slice(a, n) for a, n in ((0, place), (place, 1), (place + 1, None))
        )
        parts += [
            frame.filter(digit != other).select(
                "slip_key",
                candidate=pl.concat_str(before, pl.lit(other), after),
                change=pl.lit(f"digit:{place + 1}"),
            )
            for other in "0123456789"
        ]
        if place + 1 < DIGITS:
            next_digit, rest = (
                pl.col("slip_key").str.slice(place + 1, 1),
                pl.col("slip_key").str.slice(place + 2),
            )
            parts.append(
                frame.filter(digit != next_digit).select(
                    "slip_key",
                    candidate=pl.concat_str(before, next_digit, digit, rest),
                    change=pl.lit(f"swap:{place + 1}"),
                )
            )
    return pl.concat(parts)


def _schema_only() -> pl.DataFrame:
    return pl.DataFrame(schema={"slip_key": pl.String, "candidate": pl.String, "change": pl.String})


def ranked(
    receipts: pl.DataFrame, near: pl.DataFrame, slips: pl.DataFrame, still_open: pl.DataFrame
) -> pl.DataFrame:
    """Proposals for receipts in suspense (`CANDIDATES`), best first.

    receipts: `receipt_id, slip_key, body_code, confirm_no, amount`; a null says nothing for or against. near: rows of `neighbours` whose
    candidate exists; for a key that exists but disagrees, add the key itself (change `same`). slips: `SLIPS` columns of the candidates.
    still_open: `slip_key, open`: yen still open on the lines of each slip; a slip that is missing there or has 0 was paid.
    """
    of_slip = slips.select(
        candidate="slip_key", slip_body="body_code", slip_confirm="confirm_no", slip_amount="amount"
    ).join(still_open.select(candidate="slip_key", open="open"), on="candidate", how="left")
    met = receipts.select("receipt_id", "slip_key", "body_code", "confirm_no", "amount").join(
        near, on="slip_key"
    )
    met = met.join(of_slip, on="candidate")
    yes = {
        "same_body": pl.col("body_code") == pl.col("slip_body"),
        "same_confirm_no": pl.col("confirm_no") == pl.col("slip_confirm"),
        "same_amount": (pl.col("amount") == pl.col("slip_amount")) | (pl.col("amount") == pl.col("open")),
        "open": pl.col("open").fill_null(0) > 0,
    }
    # another municipality's slip, or one whose number contradicts, is no proposal at all
    against = (pl.col("body_code") != pl.col("slip_body")).fill_null(value=False)
    weights = {"same_confirm_no": 4, "same_amount": 2, "open": 2, "same_body": 1}
    met = met.filter(~against).with_columns(**{n: e.fill_null(value=False) for n, e in yes.items()})
    words = (
        pl.concat_list(pl.when(name).then(pl.lit(name)) for name in EVIDENCE).list.drop_nulls().list.join(";")
    )
    met = met.with_columns(
        evidence=words, score=pl.sum_horizontal(pl.col(n).cast(pl.Int64) * w for n, w in weights.items())
    )
    met = met.with_columns(
        rank=pl.col("score").rank("min", descending=True).over("receipt_id").cast(pl.Int64)
    )
    return met.select(list(CANDIDATES)).sort("receipt_id", "rank", "candidate")
