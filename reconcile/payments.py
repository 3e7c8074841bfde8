"""What a payment comes to, from the set of its events: 速報, 確報, 取消, 訂正, in whatever order they arrived.

In: receipt events. Out: one row a payment with the content that counts, its net amount and what is to be said of it.
確報 is truth, 訂正 replaces it, 取消 takes it back whole; only 速報 is provisional. A 訂正 that names no 払込日 or 会計日 leaves that of its 確報.
Days on which files were made decide nothing.
Refuses nothing: several corrections that differ are marked `contradictory`, a correction of nobody knows what `correction_alone`: a person decides.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from reconcile.match import repeated

RANKS: Mapping[str, int] = {"preliminary": 0, "confirmed": 1, "corrected": 2, "cancelled": 3}
NET: tuple[str, ...] = (
    "amount",
    "slip_key",
    "paid_on",
    "paid_time",
    "body_code",
    "confirm_no",
    "tax_item",
    "period",
)
BOOKED: tuple[str, ...] = ("remit_date", "account_date")


def net(events: pl.DataFrame) -> pl.DataFrame:
    """One row a payment, by payment_id: `p` (row number), the columns of the event that counts, and

    `deciding` (receipt_id of the deciding event), `kinds` (all kinds, in order of rank, joined by `+`), `net` yen (0 where cancelled), and the flags
    `provisional`, `cancelled`, `seen_preliminary`, `differs` (確報 or 訂正 against 速報), `contradictory`, `correction_alone`.
    """
    many = repeated(events["payment_id"])
    alone = _marked(events.filter(~many)).with_columns(
        kinds=pl.col("kind"),
        cancelled=pl.col("kind") == "cancelled",
        provisional=pl.col("kind") == "preliminary",
        seen_preliminary=pl.col("kind") == "preliminary",
        differs=pl.lit(value=False),
        contradictory=pl.lit(value=False),
        correction_alone=(pl.col("kind") == "corrected") & pl.col("orig_txn_id").is_null(),
    )
    if many.any():
        several = _several(_marked(events.filter(many)))
        alone = pl.concat([alone, several.select(alone.columns)])
    return (
        alone.with_columns(net=pl.when("cancelled").then(0).otherwise("amount"))
        .sort("payment_id")
        .with_row_index("p")
    )


def net_yen(events: pl.DataFrame) -> pl.Series:
    """The yen that each payment comes to, in no particular order."""
    many = repeated(events["payment_id"])
    yen = pl.when(pl.col("kind") == "cancelled").then(0).otherwise("amount")
    alone = events.filter(~many).select(net=yen).to_series()
    return pl.concat([alone, net(events.filter(many))["net"]]) if many.any() else alone


def _marked(events: pl.DataFrame) -> pl.DataFrame:
    return events.with_columns(deciding=pl.col("receipt_id"))


def _several(events: pl.DataFrame) -> pl.DataFrame:
    """Payments of more than one event: the highest kind below 取消 gives the content."""
    rank = pl.col("kind").replace_strict(RANKS, return_dtype=pl.Int8)
    content = pl.concat_str([pl.col(c).cast(pl.String).fill_null("") for c in NET], separator="\x1f")
    marked = events.with_columns(_rank=rank, _content=content).sort("payment_id", "_rank", "receipt_id")
    kind = pl.col("kind")
    facts = marked.group_by("payment_id").agg(
        kinds=kind.unique(maintain_order=True).str.join("+"),
        cancelled=(kind == "cancelled").any(),
        seen_preliminary=(kind == "preliminary").any(),
        confirmed=(kind == "confirmed").any(),
        contradictory=pl.col("_content").filter(kind == "corrected").n_unique() > 1,
        correction_alone=((kind == "corrected") & pl.col("orig_txn_id").is_null()).all(),
        _before=pl.col("_content").filter(kind == "preliminary").first(),
        _taken_back=pl.col("receipt_id").filter(kind == "cancelled").first(),
        **{f"_{day}": pl.col(day).filter(kind == "confirmed").drop_nulls().last() for day in BOOKED},
    )
    # a cancellation counts as content only where nothing else has come
    chosen = marked.with_columns(_rank=pl.when(kind == "cancelled").then(-1).otherwise("_rank"))
    chosen = chosen.sort("payment_id", "_rank", "receipt_id").unique(
        "payment_id", keep="last", maintain_order=True
    )
    return chosen.join(facts, on="payment_id").with_columns(
        *(pl.coalesce(day, f"_{day}") for day in BOOKED),
        deciding=pl.coalesce("_taken_back", "deciding"),
        provisional=pl.col("seen_preliminary") & ~pl.col("confirmed") & ~pl.col("cancelled"),
        differs=(pl.col("_before") != pl.col("_content")).fill_null(value=False) & (kind != "preliminary"),
        contradictory=pl.col("contradictory") & ~pl.col("cancelled"),
    )


def carried_out(transfers: pl.DataFrame) -> pl.DataFrame:
    """充当 that stand: rows without those that a later row with the yen negated took back."""
    gone = transfers.filter(pl.col("amount") < 0)["payment_id"]
    return transfers.filter(~pl.col("payment_id").is_in(gone.implode()))
