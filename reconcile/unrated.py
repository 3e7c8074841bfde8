"""延滞金 that waits for a rate: lines completed in a year that no table held then, and that the policy's table holds now.

In: an open ledger, the policy. Out: their line ids, to be decided again: what was meant for the charge is held until then. The table of charges
is read only where the last night, or a refund since, was decided by other rates, and what has no amount is kept of it. Refuses nothing.
"""

from __future__ import annotations

import json

import polars as pl

from reconcile.assess import in_table
from reconcile.entries import standing_entries
from reconcile.ledger import Ledger
from reconcile.policy import Policy
from reconcile.tables import TABLES

RATES = "rates_sha256"  # of the table, among the inputs of each run that decides
DECIDES_NOTHING = "credits"
RUNS_BACK = 64
_READ = ("entry_id", "reverses", "line_id", "due_date", "paid_on", "amount")


def rated_since(ledger: Ledger, policy: Policy) -> pl.Series:
    """`line_id` of charges that stand without an amount and could have one."""
    none = pl.DataFrame(schema={name: TABLES["charges"].columns[name] for name in _READ})
    if _decided_by(policy.rates.sha256, ledger):
        return none["line_id"]
    unknown = (rows.filter(pl.col("amount").is_null()) for rows in ledger.scan("charges", _READ))
    waiting = standing_entries(pl.concat([none, *unknown]))
    return waiting.filter(in_table(policy.rates, until="paid_on"))["line_id"]


def _decided_by(rates: str, ledger: Ledger) -> bool:
    """Whether the last night, and every run since that decided anything, had these rates. One that lies further back is not looked for."""
    back = ledger.standing.run_id - RUNS_BACK
    runs = [row for part in ledger.store.scan("runs", ["kind", "inputs"], after=back) for row in part.rows()]
    for kind, inputs in reversed(runs):
        if kind == DECIDES_NOTHING:
            continue
        if json.loads(inputs).get(RATES) != rates:
            return False
        if kind == "reconcile":
            return True
    return False
