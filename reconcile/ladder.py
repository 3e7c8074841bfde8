"""From a payment to the lines it is meant for: the ladder of reconcile-rules §3, as columns.

In: net payments, the world. Out: every payment with its `fate`, its `rung`, the cases known before any line is looked at, and the covers by
payment. Exact key, then its lines; a slip without lines of its own stands for those of its successor; else suspense or held.
Refuses nothing. A key is never bent: confirmation number, tax item and body must not contradict the slip.
"""

from __future__ import annotations

import polars as pl

from reconcile.outcomes import Outcome
from reconcile.world import World

FATES = ("none", "held", "suspense", "excess", "lines")
FULL_YEAR = "full_year"
PAYMENT_FACTS = (  # flag columns, in order of precedence
    Outcome.CONTRADICTORY,
    Outcome.PRELIMINARY_CANCELLED,
    Outcome.PAYMENT_CANCELLED,
    Outcome.OTHER_BODY,
    Outcome.UNKNOWN_KEY,
    Outcome.KEY_DISAGREES,
    Outcome.NO_COVER,
    Outcome.WRONG_PERIOD,
    Outcome.PRELIMINARY,
    Outcome.OFFSET_APPLIED,
    Outcome.CONFIRMED_DIFFERS,
)


def climbed(payments: pl.DataFrame, world: World) -> tuple[pl.DataFrame, pl.DataFrame]:
    """All payments with fate, rung and flags named by `PAYMENT_FACTS`; and covers: `payment_id, line_id, component, yen`."""
    slips = world.slips.select(
        "slip_key",
        known=pl.lit(value=True),
        slip_confirm="confirm_no",
        slip_item="tax_item",
        slip_body="body_code",
        slip_period="period",
        slip_payer="payer_id",
        slip_amount="amount",
        superseded=pl.col("slip_key").is_in(world.slips["supersedes"].drop_nulls().unique().implode()),
        full_year=((pl.col("kind") == FULL_YEAR) | (pl.col("period") == "00")).fill_null(value=False),
    )
    of_slips = _covers(world)
    has_cover = of_slips.select("slip_key", "successor").unique("slip_key")
    rows = payments.join(slips, on="slip_key", how="left").join(has_cover, on="slip_key", how="left")
    rows = _with_facts(rows, world.body_code).with_columns(rung=_rung(), fate=_fate())
    covers = (
        rows.filter(pl.col("fate").is_in(["lines", "excess"]) | pl.col("cancelled"))
        .select("payment_id", "slip_key")
        .join(of_slips, on="slip_key")
        .select("payment_id", "line_id", "component", yen="amount")
    )
    if not world.transfers.height:
        return rows, covers
    return _with_transfers(rows, covers, world.transfers)


def _covers(world: World) -> pl.DataFrame:
    """Covers by slip_key; a slip without any has those of the slip that replaced it, or of that one's successor, and so on."""
    own = world.covers.with_columns(successor=pl.lit(value=False))
    bare = world.slips.join(world.covers, on="slip_key", how="anti").select("slip_key", at="slip_key")
    # of two successors the one with the lesser key: a choice that no order of rows can change
    next_of = (
        world.slips.filter(pl.col("supersedes").is_not_null())
        .sort("slip_key")
        .unique("supersedes", keep="first", maintain_order=True)
        .select(at="supersedes", following="slip_key")
    )
    parts = [own]
    for _ in range(next_of.height):
        bare = bare.join(next_of, on="at").select("slip_key", at="following")
        if not bare.height:
            break
        met = bare.join(world.covers.rename({"slip_key": "at"}), on="at").with_columns(
            successor=pl.lit(value=True)
        )
        parts.append(met.select(own.columns))
        bare = bare.join(met.select("slip_key").unique(), on="slip_key", how="anti")
    return pl.concat(parts)


def _with_facts(rows: pl.DataFrame, body_code: str | None) -> pl.DataFrame:
    def unlike(ours: str, slips: str) -> pl.Expr:
        return (pl.col(ours) != pl.col(slips)).fill_null(value=False)

    known = pl.col("known").fill_null(value=False)
    other = unlike("body_code", "slip_body")
    if body_code is not None:
        other |= (pl.col("body_code") != body_code).fill_null(value=False)
    zero = pl.col("cancelled")
    facts = {
        Outcome.CONTRADICTORY: pl.col("contradictory"),
        Outcome.PRELIMINARY_CANCELLED: zero & (pl.col("kinds") == "preliminary+cancelled"),
        Outcome.PAYMENT_CANCELLED: zero & (pl.col("kinds") != "preliminary+cancelled"),
        Outcome.OTHER_BODY: other,
        Outcome.UNKNOWN_KEY: ~known,
        Outcome.KEY_DISAGREES: unlike("confirm_no", "slip_confirm") | unlike("tax_item", "slip_item"),
        Outcome.NO_COVER: known & pl.col("successor").is_null(),
        Outcome.WRONG_PERIOD: unlike("period", "slip_period"),
        Outcome.PRELIMINARY: pl.col("provisional"),
        Outcome.OFFSET_APPLIED: pl.lit(value=False),
        Outcome.CONFIRMED_DIFFERS: pl.col("differs") & ~zero,
    }
    return rows.with_columns(
        pl.col("full_year", "superseded").fill_null(value=False),
        **{outcome.value: flag for outcome, flag in facts.items()},
    )


def _fate() -> pl.Expr:
    def word(name: str) -> pl.Expr:
        return pl.lit(name)

    return (
        pl.when("cancelled")
        .then(word("none"))
        .when(Outcome.CONTRADICTORY.value)
        .then(word("held"))
        .when(
            pl.any_horizontal(
                o.value for o in (Outcome.OTHER_BODY, Outcome.UNKNOWN_KEY, Outcome.KEY_DISAGREES)
            )
        )
        .then(word("suspense"))
        .when(Outcome.NO_COVER.value)
        .then(word("held"))
        .when(Outcome.WRONG_PERIOD.value)
        .then(word("excess"))
        .otherwise(word("lines"))
    )


def _rung() -> pl.Expr:
    fate = _fate()
    return (
        pl.when(fate.is_in(["lines", "excess"]))
        .then(pl.when("successor").then(pl.lit("successor")).otherwise(pl.lit("key")))
        .when(fate == "none")
        .then(pl.lit("nothing"))
        .otherwise(fate)
    )


def _with_transfers(
    rows: pl.DataFrame, covers: pl.DataFrame, transfers: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """A transfer is a confirmed payment that names its line itself."""
    flags = {o.value: pl.lit(o is Outcome.OFFSET_APPLIED) for o in PAYMENT_FACTS}
    no = pl.lit(value=False)
    more = transfers.select(
        "payment_id",
        "receipt_id",
        "amount",
        "paid_on",
        "account_date",
        deciding="receipt_id",
        net="amount",
        kinds=pl.lit("transfer"),
        fate=pl.lit("lines"),
        rung=pl.lit("transfer"),
        **dict.fromkeys(("cancelled", "provisional", "differs", "superseded", "full_year"), no),
        **flags,
    )
    direct = transfers.select("payment_id", "line_id", "component", yen="amount")
    return pl.concat([rows, more], how="diagonal"), pl.concat([covers, direct])
