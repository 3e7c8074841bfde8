"""A night's receipts against a register, made of numbers alone: for measuring, and for comparing `decide` with its reference at size.

In: sizes and a seed. Out: a `World`, whole or only what the night touches. Notices of four lines; a slip a line, a full-year slip a notice,
one line in twenty with a reissued slip. The mix of receipts is assumed, not measured (reconcile-rules §7). Refuses nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from reconcile.frames import ASSESSMENTS, COVERS, RECEIPTS, SLIPS
from reconcile.world import EVENTS_READ, LINES_READ, SLIPS_READ, World

BODY = "342041"
DUES = (date(2026, 6, 30), date(2026, 8, 31), date(2026, 11, 2), date(2027, 1, 4))
PAID = date(2026, 6, 15)
SHARES: Mapping[str, float] = {  # reconcile-rules §7, labelled there as assumed; shares, not yen
    "full_year": 0.05,
    "pair": 0.05,
    "late": 0.04,  # half of them on terms that were not due yet
    "duplicate": 0.003,
    "partial": 0.001,
    "excess": 0.001,
    "unknown": 0.0005,
    "cancelled": 0.0001,
}
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Night:
    """`world` with the whole register; `touched` with what the night's receipts need."""

    world: World
    touched: World


def key(numbers: pl.Expr) -> pl.Expr:
    """A distinct 20-digit key for each number, scattered over the low half."""
    high = (pl.lit(3_400_000_000) + numbers // 1_000).cast(pl.String)
    low = (numbers * 792_606_555) % 9_999_999_967  # a prime: no two numbers below it meet
    return high + low.cast(pl.String).str.zfill(10)


def night(receipts: int, *, lines: int, seed: int = 1) -> Night:
    """`receipts` payments over a register of `lines` lines (a multiple of 4)."""
    assessments, slips, covers = register(lines)
    made = events(receipts, lines=lines, seed=seed)
    slips = slips.select(list(SLIPS_READ))
    whole = World(assessments=assessments, slips=slips, covers=covers, receipts=made, body_code=BODY)
    met = slips.join(made.select("slip_key").unique(), on="slip_key", how="semi")
    near = covers.join(met.select("slip_key"), on="slip_key", how="semi")
    mine = assessments.join(near.select("line_id").unique(), on="line_id", how="semi")
    return Night(whole, World(assessments=mine, slips=met, covers=near, receipts=made, body_code=BODY))


def register(lines: int) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Assessments, slips and the covers that are to be derived from them."""
    n = pl.int_range(lines, dtype=pl.Int64, eager=True).alias("n")
    yen = (n * 7_919) % 300 * 100 + 2_000
    base = pl.DataFrame({"n": n, "amount": yen}).with_columns(
        line_id=pl.format("L{}", "n"), notice=pl.col("n") // 4, term=pl.col("n") % 4
    )
    same = {
        "body_code": pl.lit(BODY),
        "tax_item": pl.lit("001"),
        "levy_year": pl.lit("2026"),
        "tax_year": pl.lit("2026"),
    }
    who = {"payer_id": pl.format("P{}", "notice"), "notice_no": pl.format("N{}", "notice")}
    dues = pl.Series(DUES, dtype=pl.Date)
    assessments = _typed(
        base.select(
            "line_id",
            **same,
            **who,
            fiscal_year=pl.lit("2026"),
            period=pl.format("0{}", pl.col("term") + 1),
            due_date=pl.lit(dues).gather(pl.col("term")),
            principal="amount",
            status=pl.lit("open"),
        ),
        {n: ASSESSMENTS[n] for n in LINES_READ},
    )
    again = base.filter(pl.col("n") % 20 == 7)
    year = base.group_by("notice", maintain_order=True).agg(pl.col("amount").sum())
    one = {"period": pl.format("0{}", pl.col("term") + 1)}
    slips = pl.concat(
        [
            base.select(number="n", amount="amount", kind=pl.lit("initial"), **same, **who, **one),
            year.select(
                number=pl.col("notice") + lines,
                amount="amount",
                kind=pl.lit("full_year"),
                **same,
                **who,
                period=pl.lit("00"),
            ),
            again.select(
                number=pl.col("n") + 2 * lines, amount="amount", kind=pl.lit("reissue"), **same, **who, **one
            ),
        ]
    ).with_columns(slip_key=key(pl.col("number")))
    replaced = pl.when(pl.col("kind") == "reissue").then(key(pl.col("number") - 2 * lines))
    slips = _typed(slips.with_columns(supersedes=replaced), SLIPS)
    covers = pl.concat(
        [
            base.select(slip_key=key(pl.col("n")), line_id="line_id", amount="amount"),
            base.select(slip_key=key(pl.col("notice") + lines), line_id="line_id", amount="amount"),
            again.select(slip_key=key(pl.col("n") + 2 * lines), line_id="line_id", amount="amount"),
        ]
    ).with_columns(component=pl.lit("principal"))
    return assessments, slips, _typed(covers, COVERS)


def events(count: int, *, lines: int, seed: int) -> pl.DataFrame:
    """One payment a notice where there are enough of them, by the shares of the mix."""
    chance = np.random.default_rng(seed)
    notices = lines // 4
    notice = chance.permutation(notices)[:count] if notices >= count else chance.integers(0, notices, count)
    return events_of(notice * 4 + chance.integers(0, 4, count), lines=lines, seed=seed)


def events_of(number: Ints, *, lines: int, seed: int, shares: Mapping[str, float] = SHARES) -> pl.DataFrame:
    """A payment for each of these lines (numbers from 0), by shares of a mix: the first of them are of its first kind, and so on."""
    count, notice = len(number), number // 4
    bounds = np.cumsum(list(shares.values()))
    sort = np.searchsorted(bounds, np.arange(count) / max(1, count), side="right")
    names = (*shares, "exact")
    frame = pl.DataFrame(
        {"p": np.arange(count), "n": number, "notice": notice, "sort": pl.Series(names).gather(sort)}
    ).with_columns(asked=(pl.col("n") * 7_919) % 300 * 100 + 2_000)
    year = sum(((pl.col("notice") * 4 + t) * 7_919) % 300 * 100 + 2_000 for t in range(4))
    sort_is = pl.col("sort")
    slip = pl.when(sort_is == "full_year").then(pl.col("notice") + lines).otherwise("n")
    frame = frame.with_columns(
        slip_key=key(pl.when(sort_is == "unknown").then(slip + 3 * lines).otherwise(slip)),
        amount=pl.when(sort_is == "full_year")
        .then(year)
        .when(sort_is == "partial")
        .then(pl.col("asked") - 500)
        .when(sort_is == "excess")
        .then(pl.col("asked") + 500)
        .otherwise("asked"),
        paid_on=pl.when(sort_is == "late").then(pl.lit(DUES[0]).dt.offset_by("100d")).otherwise(pl.lit(PAID)),
        kind=pl.lit("confirmed"),
    )
    more = pl.concat(
        [
            frame.filter(sort_is == "pair").with_columns(kind=pl.lit("preliminary")),
            frame.filter(sort_is == "cancelled").with_columns(kind=pl.lit("cancelled")),
            frame.filter(sort_is == "duplicate").with_columns(p=pl.col("p") + count),
        ]
    )
    rows = pl.concat([frame, more]).with_columns(
        payment_id=pl.format("{}", pl.col("p").cast(pl.String).str.zfill(32)), body_code=pl.lit(BODY)
    )
    rows = rows.with_columns(
        receipt_id=pl.format("{}-{}", "payment_id", "kind"), remit_date=pl.col("paid_on")
    )
    return _typed(rows.sample(fraction=1, shuffle=True, seed=seed), {n: RECEIPTS[n] for n in EVENTS_READ})


def _typed(frame: pl.DataFrame, schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
    """The columns of the schema, null where nothing is said."""
    return frame.select(
        pl.col(n).cast(t) if n in frame.columns else pl.lit(None, dtype=t).alias(n) for n, t in schema.items()
    )
