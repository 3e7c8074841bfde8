"""What is still owed back: the standing overpayments less what refunds already took, and what would become of them on a day.

In: an open ledger, the policy, the day. Out: `Owed`. Excess stays where it arose; a refund says that it was used. Where an excess moved after its
refund (a date corrected, another payment ranked first), what was given counts against the same payment and line, and blocks the payer's other money.
Refuses nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import polars as pl

from reconcile.charge_to_come import ChargesToCome
from reconcile.entries import standing_entries
from reconcile.ledger import Ledger
from reconcile.lines_now import lines_now
from reconcile.overpayments import TARGETS, Coming, Proposals, propose
from reconcile.policy import Policy
from reconcile.refund_book import RefundBook, spent
from reconcile.refund_states import Key, Refund, State, key_of, refunds_of
from reconcile.tables import TABLES
from reconcile.world import EXCESS, SORTED_BY

CHANGED = "changed"  # the overpayment is not what it was when proposed
OVERDRAWN = "overdrawn"  # more was given back to this payer than stands: a person decides
NO_PAYER = "no_payer"
_COMPONENTS: Mapping[str, str] = {"principal": "open", "delinquency": "charge_open"}


@dataclass(frozen=True, kw_only=True)
class Owed:
    """`excess`: all that stands, with `payment_no`; `free`: what no refund took, the same columns, `amount` less, `blocked` more; `taken`: yen
    of what stands that live refunds hold, by refund. `free` and `taken` make up `excess` to the yen. A command that changes refunds puts
    them into the book; the rest is as it stood before."""

    excess: pl.DataFrame
    refunds: RefundBook
    free: pl.DataFrame
    taken: Mapping[str, int]
    rows: Mapping[Key, dict[str, Any]]  # the excess by key
    payers: Mapping[str | None, int]  # its yen by payer

    def standing(self, key: Key) -> dict[str, Any] | None:
        """The row of excess of a key, None where there is none any more."""
        return self.rows.get(key)

    def of_payer(self, payer_id: str | None) -> int:
        """Yen of excess that stands for a payer."""
        return self.payers.get(payer_id, 0)

    def moved(self, refund: Refund) -> tuple[str, Any, Any] | None:
        """What of its overpayment is not as the maker saw it: the column, what stands, what was seen; None where nothing moved."""
        stands = self.standing(refund.key)
        if stands is None:
            return "amount", 0, refund.basis["amount"]
        here = plain(stands)
        for name in ("amount", *(n for n in EXCESS if n != "amount")):
            if here[name] != refund.basis[name]:
                return name, here[name], refund.basis[name]
        return None

    def fault(self, refund: Refund) -> str | None:
        """Why a live refund needs a person: `changed` before its transfer file, `overdrawn` after it."""
        if spent(refund):
            return OVERDRAWN if self.taken.get(refund.refund_id, 0) < refund.amount else None
        return CHANGED if refund.live and self.moved(refund) else None


def owed(ledger: Ledger) -> Owed:
    """Everything that is too much, and what refunds say of it. Both tables hold exceptions only, so they are read whole."""
    found = pl.concat([pl.DataFrame(schema=dict(TABLES["excess"].columns)), *ledger.scan("excess")])
    excess = standing_entries(found).select("payment_no", *EXCESS)
    return settled(excess, refunds_of(ledger))


def settled(excess: pl.DataFrame, refunds: tuple[Refund, ...]) -> Owed:
    """What is left of rows of excess (`EXCESS` and `payment_no`) after live refunds; rows without a yen left are not among `free`."""
    book = RefundBook(refunds)
    live = [r for r in book if r.live]
    known = {key_of(row): row for row in excess.iter_rows(named=True)}
    payers = dict(excess.group_by("payer_id").agg(pl.col("amount").sum()).iter_rows())
    if not live:
        return Owed(excess=excess, refunds=book, free=_no_payer(excess), taken={}, rows=known, payers=payers)
    rows = excess.sort("paid_on", *SORTED_BY["excess"], nulls_last=False).to_dicts()
    by_key = {key_of(row): row for row in rows}
    taken = {r.refund_id: 0 for r in live}
    # what is given holds its yen before what is only proposed
    order = sorted(live, key=lambda r: (not spent(r), r.state is State.PROPOSED, r.refund_id))
    for refund in order:
        own = by_key.get(refund.key)
        taken[refund.refund_id] += _take(own, refund.amount) if own else 0
    overdrawn = set()
    near_to = _Near(rows)
    for refund in order:
        left = refund.amount - taken[refund.refund_id]
        for near in near_to(refund.key) if left else ():
            part = _take(near, left)
            taken[refund.refund_id] += part
            left -= part
        if left:
            overdrawn.add(refund.payer_id)
    for row in rows:
        if row["payer_id"] in overdrawn and row["blocked"] is None:
            row["blocked"] = OVERDRAWN
    free = pl.DataFrame([r for r in rows if r["amount"] > 0], schema=excess.schema, orient="row")
    return Owed(excess=excess, refunds=book, free=_no_payer(free), taken=taken, rows=known, payers=payers)


def _take(row: dict[str, Any], most: int) -> int:
    """Up to `most` yen out of a row."""
    part: int = min(row["amount"], most)
    row["amount"] -= part
    return part


def plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as JSON holds it: days as ISO text."""
    return {k: v.isoformat() if isinstance(v, date) else v for k, v in row.items()}


class _Near:
    """Rows by what they have to do with a key: of the same payment, then of the same line."""

    def __init__(self, rows: Iterable[dict[str, Any]]) -> None:
        self._payments: dict[str, list[dict[str, Any]]] = {}
        self._lines: dict[str | None, list[dict[str, Any]]] = {}
        for row in rows:
            self._payments.setdefault(row["payment_id"], []).append(row)
            self._lines.setdefault(row["line_id"], []).append(row)

    def __call__(self, key: Key) -> list[dict[str, Any]]:
        payment, line = key[0], key[1]
        others = self._lines.get(line, []) if line is not None else []
        return self._payments.get(payment, []) + [r for r in others if r["payment_id"] != payment]


def _no_payer(rows: pl.DataFrame) -> pl.DataFrame:
    nobody = pl.col("blocked").is_null() & pl.col("payer_id").is_null()
    return rows.with_columns(blocked=pl.when(nobody).then(pl.lit(NO_PAYER)).otherwise("blocked"))


def proposals(
    ledger: Ledger,
    rows: pl.DataFrame,
    refunds: Iterable[Refund],
    *,
    policy: Policy,
    as_of: date,
    deciding: bool = False,
) -> Proposals:
    """充当 and 還付 of rows of excess (`amount` as is free, `bears_from` where known) on a day. Debts that other proposals mean to fill are not
    filled twice.

    A principal that they complete together with these rows brings 延滞金, which these fill; `deciding`: not before they are decided too.
    """
    payers = rows["payer_id"].drop_nulls().unique()
    ids = ledger.lookup("assessments", payers, ["line_id"])["line_id"]
    lines = lines_now(ledger, ids, policy=policy).filter(pl.col("status") != "cancelled")
    targets = lines.with_columns(
        pl.col("charge_open").fill_null(0), due_date=pl.col("rolled"), barred_from=pl.col("barred")
    ).select(pl.col(name).cast(kind) for name, kind in TARGETS.items())
    pending = [o for r in refunds if r.state is State.PROPOSED for o in r.offsets]
    for component, column in _COMPONENTS.items():
        sums: dict[str, int] = {}
        for offset in pending:
            if offset["component"] == component:
                sums[offset["offset_to"]] = sums.get(offset["offset_to"], 0) + offset["amount"]
        meant = pl.DataFrame(
            list(sums.items()), schema={"line_id": pl.String, "meant": pl.Int64}, orient="row"
        )
        targets = (
            targets.join(meant, on="line_id", how="left", maintain_order="left")
            .with_columns((pl.col(column) - pl.col("meant").fill_null(0)).clip(0).alias(column))
            .drop("meant")
        )
    to_come = ChargesToCome(ledger, policy)
    coming = {} if deciding else _coming(pending)
    rows = rows.select(*EXCESS, *(n for n in ("bears_from",) if n in rows.columns))
    return propose(rows, targets, policy, as_of=as_of, to_come=to_come, coming=coming)


def _coming(offsets: Iterable[Mapping[str, Any]]) -> dict[str, Coming]:
    """充当 of proposals by the line that they fill."""
    found: dict[str, Coming] = {}
    for offset in offsets:
        before = found.get(offset["offset_to"], Coming())
        if offset["component"] == "principal":
            part = date.fromisoformat(offset["effective_on"]), int(offset["amount"])
            now = replace(before, principal=(*before.principal, part))
        else:
            now = replace(before, charge=before.charge + int(offset["amount"]))
        found[offset["offset_to"]] = now
    return found
