"""What is still owed back: the standing overpayments less what refunds already took, and what would become of them on a day.

In: an open ledger, the policy, the day. Out: `Owed`. Excess stays where it arose; a refund says that it was used. Where an excess moved after its
refund (a date corrected, another payment ranked first), what was given counts against the same payment and line, and blocks the payer's other money.
Refuses nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import polars as pl

from reconcile.entries import standing_entries
from reconcile.ledger import Ledger
from reconcile.lines_now import lines_now
from reconcile.overpayments import TARGETS, Proposals, propose
from reconcile.policy import Policy
from reconcile.refund_states import Key, Refund, State, committed, key_of, refunds_of
from reconcile.tables import TABLES
from reconcile.world import EXCESS

OVERDRAWN = "overdrawn"  # more was given back to this payer than stands: a person decides
NO_PAYER = "no_payer"
_COMPONENTS: Mapping[str, str] = {"principal": "open", "delinquency": "charge_open"}


@dataclass(frozen=True, kw_only=True)
class Owed:
    """`excess`: all that stands, with `payment_no`; `free`: what no refund took, the same columns, `amount` less, `blocked` more."""

    excess: pl.DataFrame
    refunds: tuple[Refund, ...]
    free: pl.DataFrame

    @cached_property
    def _rows(self) -> Mapping[Key, dict[str, Any]]:
        return {key_of(row): row for row in self.excess.iter_rows(named=True)}

    @cached_property
    def _payers(self) -> Mapping[str | None, int]:
        return dict(self.excess.group_by("payer_id").agg(pl.col("amount").sum()).iter_rows())

    def standing(self, key: Key) -> dict[str, Any] | None:
        """The row of excess of a key, None where there is none any more."""
        return self._rows.get(key)

    def of_payer(self, payer_id: str | None) -> int:
        """Yen of excess that stands for a payer."""
        return self._payers.get(payer_id, 0)

    def spent_on(self, payer_id: str | None, *, but: str) -> int:
        """Yen of excess that decided refunds of this payer took, `but` one."""
        return sum(
            r.amount for r in self.refunds if spent(r) and r.payer_id == payer_id and r.refund_id != but
        )


def spent(refund: Refund) -> bool:
    """Whether its money is given: ordered from the bank, or used for other lines in whole."""
    return refund.state is State.EXPORTED or (refund.state is State.APPROVED and refund.payable == 0)


def owed(ledger: Ledger) -> Owed:
    """Everything that is too much, and what refunds say of it. Both tables hold exceptions only, so they are read whole."""
    found = pl.concat([pl.DataFrame(schema=dict(TABLES["excess"].columns)), *ledger.scan("excess")])
    excess = standing_entries(found).select("payment_no", *EXCESS)
    refunds = refunds_of(ledger)
    return Owed(excess=excess, refunds=refunds, free=free(excess, refunds))


def free(excess: pl.DataFrame, refunds: Sequence[Refund]) -> pl.DataFrame:
    """Rows of excess with what is left of them; those without a yen left are not there."""
    if not any(r.live for r in refunds):
        return _no_payer(excess)
    taken = committed(refunds)
    rows = excess.sort("paid_on", "payment_id", "line_id", "component", "class", nulls_last=False).to_dicts()
    over: dict[Key, int] = dict(taken)
    for row in rows:
        part = min(row["amount"], over.get(key_of(row), 0))
        row["amount"] -= part
        over[key_of(row)] = over.get(key_of(row), 0) - part
    payers = {r.key: r.payer_id for r in refunds if r.live}
    overdrawn = set()
    for key, yen in sorted(((k, y) for k, y in over.items() if y > 0), key=lambda pair: str(pair[0])):
        left = yen
        for near in _near(rows, key):
            part = min(near["amount"], left)
            near["amount"] -= part
            left -= part
        if left:
            overdrawn.add(payers[key])
    for row in rows:
        if row["payer_id"] in overdrawn and row["blocked"] is None:
            row["blocked"] = OVERDRAWN
    return _no_payer(pl.DataFrame([r for r in rows if r["amount"] > 0], schema=excess.schema, orient="row"))


def _near(rows: Iterable[dict[str, Any]], key: Key) -> list[dict[str, Any]]:
    """Rows of the same payment, then of the same line."""
    payment, line = key[0], key[1]
    own = [r for r in rows if r["payment_id"] == payment]
    return own + [r for r in rows if r["payment_id"] != payment and line is not None and r["line_id"] == line]


def _no_payer(rows: pl.DataFrame) -> pl.DataFrame:
    nobody = pl.col("blocked").is_null() & pl.col("payer_id").is_null()
    return rows.with_columns(blocked=pl.when(nobody).then(pl.lit(NO_PAYER)).otherwise("blocked"))


def proposals(
    ledger: Ledger, rows: pl.DataFrame, refunds: Iterable[Refund], *, policy: Policy, as_of: date
) -> Proposals:
    """充当 and 還付 of rows of excess (`amount` as is free) on a day. Debts that other proposals mean to fill are not filled twice."""
    payers = rows["payer_id"].drop_nulls().unique()
    ids = ledger.lookup("assessments", payers, ["line_id"])["line_id"]
    lines = lines_now(ledger, ids, policy=policy).filter(pl.col("status") == "open")
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
    return propose(rows.select(list(EXCESS)), targets, policy, as_of=as_of)
