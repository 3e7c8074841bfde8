"""Decides again all that a run has touched, and writes the differences: reversals and new entries, lines as they stand, totals that balance.

In: the open ledger with the run's rows already added, and what they touched. Out: `Decided`. Used by the night and by refunds alike.
Refuses: totals that do not balance to the yen (ProblemError `ledger.drift`), before anything is committed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import polars as pl

from elqr.problems import Problem, ProblemError
from reconcile.closure import Closure, Touched
from reconcile.entries import Change, change, standing_entries
from reconcile.ledger import Ledger
from reconcile.payments import net_yen
from reconcile.tables import ENTRIES, TABLES
from reconcile.world import Decision, World

PLACES: tuple[str, ...] = ("posted", "excess", "suspense", "held")
Totals = Mapping[str, tuple[int, int]]


@dataclass(frozen=True, kw_only=True)
class Decided:
    """`world`, `decision`: of all that was touched; `entries`: rows added, by table; `totals`: name -> change of count and yen."""

    world: World
    decision: Decision
    entries: Mapping[str, pl.DataFrame]
    totals: Totals


def redecide(
    ledger: Ledger,
    *,
    decide: Callable[[World], Decision],
    body_code: str | None,
    events: pl.DataFrame,
    transfers: pl.DataFrame,
    whole: pl.Series,
    slips: pl.Series,
    lines: pl.Series,
) -> Decided:
    """`events`, `transfers`: rows that the run added; `whole`: payments that have no events but these; `slips`, `lines`: touched otherwise."""
    alone = events["payment_id"].is_in(whole.implode())
    since = int(events["seq"].min()) if events.height else None  # type: ignore[arg-type]
    closure = Closure(ledger, body_code=body_code, whole=events.filter(alone), since=since)
    more = pl.concat([lines.alias("line_id"), transfers["line_id"]])
    closure.grow(slips=slips, lines=more, payments=events.filter(~alone)["payment_id"])
    known, stored = stored_around(ledger, closure, whole)
    decision = decide(known.world)
    entries, changes = {}, {}
    for table in ENTRIES:
        changes[table] = change(table, _numbered(table, decision, known), stored[table])
        entries[table] = ledger.add(table, changes[table].rows)
        ledger.count(table, added=changes[table].added_keys, taken=changes[table].taken_keys)
    _lines(ledger, decision)
    totals = _totals(changes, events=events, transfers=transfers, world=known.world)
    return Decided(world=known.world, decision=decision, entries=entries, totals=totals)


def stored_around(
    ledger: Ledger, closure: Closure, whole: pl.Series
) -> tuple[Touched, Mapping[str, pl.DataFrame]]:
    """The world and all entries of its earlier payments and lines. A line that only an earlier decision used belongs to it too."""
    while True:
        touched = closure.touched()
        earlier = touched.payments.filter(~pl.col("payment_id").is_in(whole.implode()))["payment_no"]
        stored = {t: ledger.lookup(t, earlier) for t in ENTRIES if t != "charges"}
        stored["charges"] = ledger.lookup("charges", touched.lines.alias("line_id"))
        used = pl.concat([standing_entries(stored[t])["line_id"] for t in ("postings", "excess", "held")])
        lost = used.drop_nulls().unique()
        lost = lost.filter(~lost.is_in(touched.lines.implode()))
        if not len(lost):
            return touched, stored
        none = pl.Series([], dtype=pl.String)
        closure.grow(slips=none, lines=lost, payments=none)


def _numbered(table: str, decision: Decision, touched: Touched) -> pl.DataFrame:
    frame: pl.DataFrame = getattr(decision, table)
    if table == "charges":
        return frame.with_columns(payment_no=pl.lit(None, pl.Int64))
    payments = touched.payments
    if payments["payment_id"].equals(frame["payment_id"]):  # outcomes: one a payment, in order
        return frame.with_columns(payments["payment_no"])
    return frame.join(payments, on="payment_id", how="left", maintain_order="left")


def stands() -> pl.Expr:
    """Of lines of a decision: whether money or a charge stands on it, so that the derived table of lines holds it."""
    return (
        (pl.col("paid") != 0) | (pl.col("provisional") != 0) | (pl.col("charge") != 0).fill_null(value=True)
    )


def _lines(ledger: Ledger, decision: Decision) -> None:
    """The derived table of lines: those on which money or a charge stands."""
    rows = decision.lines.select(list(TABLES["standing_lines"].columns))
    ledger.store.remove("standing_lines", rows.filter(~stands()).select("line_id"))
    ledger.store.replace("standing_lines", rows.filter(stands()))


def _totals(
    changes: Mapping[str, Change], *, events: pl.DataFrame, transfers: pl.DataFrame, world: World
) -> Totals:
    """What the run changed. What came in is computed from the events, where it went from the entries: both ways must meet."""
    fresh = pl.col("receipt_id").is_in(events["receipt_id"].implode())
    before, after = net_yen(world.receipts.filter(~fresh)), net_yen(world.receipts)
    offset = (int(transfers["amount"].sign().sum()), int(transfers["amount"].sum()))
    received = (
        int((after > 0).sum()) - int((before > 0).sum()) + offset[0],
        int(after.sum()) - int(before.sum()) + offset[1],
    )
    placed = {name: _change(changes["outcomes"], name) for name in PLACES}
    _balanced("received", received[1], sum(yen for _, yen in placed.values()))
    for name, table in zip(PLACES, ("postings", "excess", "suspense", "held"), strict=True):
        _balanced(name, _change(changes[table], "amount")[1], placed[name][1])
    return {"received": received, **placed, "offset": offset}


def _change(found: Change, column: str) -> tuple[int, int]:
    added, taken = found.added[column], found.taken[column]
    return int((added > 0).sum()) - int((taken > 0).sum()), int(added.sum()) - int(taken.sum())


def _balanced(name: str, found: int, expected: int) -> None:
    if found != expected:
        params: dict[str, str | int] = {
            "name": name,
            "found": found,
            "expected": expected,
            "drift": found - expected,
        }
        raise ProblemError(Problem("ledger.drift", params=params))
