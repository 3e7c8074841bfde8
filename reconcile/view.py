"""What the outputs of a night are made of, read from the open ledger: what the run added, and what waits or is too much in the whole of it.

In: the ledger after the run (or inside a dry run), the entries that the run added, the policy, the day. Out: `View`, frames only.
Reads by index; the tables that are scanned (過誤納, 仮受, 保留, 延滞金) hold exceptions alone. Refuses nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl

from reconcile.entries import standing_entries
from reconcile.ledger import Ledger
from reconcile.nearby import nearby
from reconcile.outcomes import Outcome
from reconcile.overpayments import Proposals
from reconcile.owed import Owed, owed, proposals
from reconcile.policy import Policy
from reconcile.tables import TABLES

PLAIN = frozenset(
    o.value
    for o in (
        Outcome.EXACT,
        Outcome.CLOSING_PERIOD,
        Outcome.CARRIED_OVER,
        Outcome.LATE,
        Outcome.WITH_DELINQUENCY,
        Outcome.OFFSET_APPLIED,
        Outcome.PRELIMINARY,
    )
)
"""Outcomes of which nothing is to be told: posted without a hand, or a 速報 that waits for its 確報."""
WAITING = ("suspense", "held")


@dataclass(frozen=True, kw_only=True)
class View:
    """`entries`: rows the run added, by table; `between`: postings of refunds since the night before. `excess`, `suspense`, `held`, `charges`:
    all that stands. `cases`: outcomes to be told, with `file`, `file_line`, `is_new`; `candidates`: proposals for keys that lead nowhere; `owed`:
    the same with refunds; `proposals`: 充当 and 還付, as of the day, of what no refund took."""

    entries: Mapping[str, pl.DataFrame]
    between: pl.DataFrame
    excess: pl.DataFrame
    suspense: pl.DataFrame
    held: pl.DataFrame
    charges: pl.DataFrame
    cases: pl.DataFrame
    candidates: pl.DataFrame
    owed: Owed
    proposals: Proposals


def view(
    ledger: Ledger,
    entries: Mapping[str, pl.DataFrame],
    *,
    policy: Policy,
    as_of: date,
    between: pl.DataFrame | None = None,
) -> View:
    """Everything but the report's figures."""
    now = owed(ledger)
    stands = {name: standing_of(ledger, name) for name in (*WAITING, "charges")}
    cases = _cases(ledger, entries["outcomes"], pl.concat([stands[n]["payment_no"] for n in WAITING]))
    return View(
        entries=entries,
        between=pl.DataFrame(schema=dict(TABLES["postings"].columns)) if between is None else between,
        excess=now.excess,
        **stands,
        cases=cases,
        candidates=nearby(ledger, stands["suspense"], policy=policy),
        owed=now,
        proposals=proposals(ledger, now.free, now.refunds, policy=policy, as_of=as_of),
    )


def standing_of(ledger: Ledger, table: str) -> pl.DataFrame:
    """What stands in a table of entries, which is read whole: one of exceptions."""
    return standing_entries(
        pl.concat([pl.DataFrame(schema=dict(TABLES[table].columns)), *ledger.scan(table)])
    )


def _cases(ledger: Ledger, added: pl.DataFrame, waiting: pl.Series) -> pl.DataFrame:
    """Tonight's payments of which something is to be told, and older ones that still wait for a person; one row a payment."""
    new = (
        standing_entries(added)
        .filter(~pl.col("outcome").is_in(PLAIN))
        .with_columns(is_new=pl.lit(value=True))
    )
    older = waiting.unique()
    older = older.filter(~older.is_in(new["payment_no"].implode()))
    still = standing_entries(ledger.lookup("outcomes", older)).with_columns(is_new=pl.lit(value=False))
    cases = pl.concat([new, still.select(new.columns)])
    events = ledger.lookup("receipts", cases["payment_id"], ["receipt_id", "file_no", "line", "paid_on"])
    names = ledger.lookup("files", events["file_no"].alias("seq"), ["seq", "file"])
    places = events.join(names, left_on="file_no", right_on="seq", how="left").select(
        "receipt_id", "file", file_line="line"
    )
    joined = cases.join(places, on="receipt_id", how="left", maintain_order="left")
    return joined.sort("is_new", "file", "file_line", "receipt_id", descending=[True, False, False, False])
