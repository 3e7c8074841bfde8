"""From a payment to the lines it is meant for: the ladder of reconcile-rules §3, as columns.

In: net payments, the world. Out: every payment with its `fate`, its `rung`, the cases known before any line is looked at, and the covers by
payment. Exact key, then its lines; a slip without lines of its own stands for those of its successor; else suspense or held.
Refuses nothing. A key is never bent: confirmation number, tax item and body must not contradict the slip.
"""

from __future__ import annotations

import polars as pl

from reconcile.match import CoverIndex, KeyIndex, matched
from reconcile.outcomes import Outcome
from reconcile.world import World

FULL_YEAR = "full_year"
PAYMENT_FACTS = (  # flag columns, in order of precedence
    Outcome.CONTRADICTORY,
    Outcome.CORRECTION_ALONE,
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


def climbed(payments: pl.DataFrame, world: World, lines: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """All payments with fate, rung and flags named by `PAYMENT_FACTS`; and covers `p, l, line_id, component, yen`, numbered by their rows.

    Raises ValueError where a cover or a transfer names a line that is not among the assessments.
    """
    index = KeyIndex.of(world.slips["slip_key"])
    of_slips = _covers(world, index, lines)
    with_cover = of_slips.unique("s").select("s", "successor")
    superseded = pl.Series(index.find(world.slips["supersedes"].drop_nulls()))
    slips = (
        world.slips.with_row_index("s")
        .join(with_cover.cast({"s": pl.get_index_type()}), on="s", how="left", maintain_order="left")
        .select(
            "slip_key",
            "s",
            "successor",
            known=pl.lit(value=True),
            slip_confirm="confirm_no",
            slip_item="tax_item",
            slip_body="body_code",
            slip_period="period",
            slip_payer="payer_id",
            slip_amount="amount",
            superseded=pl.col("s").is_in(superseded.implode()),
            full_year=((pl.col("kind") == FULL_YEAR) | (pl.col("period") == "00")).fill_null(value=False),
        )
    )
    rows = _with_facts(matched(payments, slips, index=index), world.body_code)
    rows = rows.with_columns(rung=_rung(), fate=_fate())
    led = pl.col("fate").is_in(["lines", "excess", "none"]) & pl.col("s").is_not_null()
    slip_rows = rows.select(pl.when(led).then(pl.col("s").cast(pl.Int64)).otherwise(-1)).to_series()
    at, cover_rows = CoverIndex.of(of_slips["s"].to_numpy(), slips=slips.height).expand(slip_rows.to_numpy())
    covers = of_slips.select("l", "line_id", "component", yen="amount")[cover_rows]
    covers = covers.insert_column(0, rows["p"][at])
    if not world.transfers.height:
        return rows, covers
    return _with_transfers(rows, covers, world.transfers, lines)


def _numbered(frame: pl.DataFrame, lines: pl.DataFrame, *, name: str) -> pl.DataFrame:
    """The frame with `l`, the number of its line."""
    found = frame.join(lines.select("line_id", "l"), on="line_id", how="left", maintain_order="left")
    if found["l"].null_count():
        lost = found.filter(pl.col("l").is_null())["line_id"][0]
        raise ValueError(f"{name}: line_id {lost} is not among the assessments")
    return found


def _covers(world: World, index: KeyIndex, lines: pl.DataFrame) -> pl.DataFrame:
    """Covers by slip number `s`; a slip without any has those of the slip that replaced it, or of that one's successor, and so on."""
    own = _numbered(world.covers, lines, name="covers").with_columns(
        s=pl.Series(index.find(world.covers["slip_key"]), dtype=pl.Int64), successor=pl.lit(value=False)
    )
    slips = world.slips.select("slip_key", "supersedes", s=pl.int_range(pl.len(), dtype=pl.Int64))
    bare = slips.join(own, on="s", how="anti").select("s", at="slip_key")
    # of two successors the one with the lesser key: a choice that no order of rows can change
    next_of = (
        slips.filter(pl.col("supersedes").is_not_null())
        .sort("slip_key")
        .unique("supersedes", keep="first", maintain_order=True)
        .select(at="supersedes", following="slip_key")
    )
    parts = [own.drop("slip_key")]
    others = own.drop("s", "successor").rename({"slip_key": "at"})
    reached = None
    while bare.height:
        bare = bare.join(next_of, on="at").select("s", at="following")
        met = bare.join(others, on="at").with_columns(successor=pl.lit(value=True))
        parts.append(met.select(parts[0].columns))
        bare = bare.join(met.select("s").unique(), on="s", how="anti")
        before, reached = reached, bare["at"].unique().sort()
        if before is not None and reached.equals(before):
            break  # slips that replace each other: who is left goes in a circle
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
        Outcome.CORRECTION_ALONE: pl.col("correction_alone"),
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
        .when(pl.any_horizontal(o.value for o in (Outcome.CONTRADICTORY, Outcome.CORRECTION_ALONE)))
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
    rows: pl.DataFrame, covers: pl.DataFrame, transfers: pl.DataFrame, lines: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """A transfer is a confirmed payment that names its line itself. Payments are numbered anew."""
    flags = {o.value: pl.lit(o is Outcome.OFFSET_APPLIED) for o in PAYMENT_FACTS}
    no = pl.lit(value=False)
    more = transfers.select(
        "payment_id",
        "receipt_id",
        "amount",
        "paid_on",
        "account_date",
        remit_date="account_date",  # the money reached the bank with the payment that it is taken from
        deciding="receipt_id",
        net="amount",
        kinds=pl.lit("transfer"),
        fate=pl.lit("lines"),
        rung=pl.lit("transfer"),
        **dict.fromkeys(("cancelled", "provisional", "differs", "superseded", "full_year"), no),
        **flags,
    )
    every = (
        pl.concat([rows.rename({"p": "_old"}), more], how="diagonal").sort("payment_id").with_row_index("p")
    )
    old = every.select("p", p_old="_old").drop_nulls()
    covers = covers.rename({"p": "p_old"}).join(old, on="p_old").drop("p_old")
    direct = _numbered(transfers, lines, name="transfers").join(
        every.select("payment_id", "p"), on="payment_id"
    )
    direct = direct.select("p", "l", "line_id", "component", yen="amount")
    return every.drop("_old"), pl.concat([covers.select(direct.columns), direct])
