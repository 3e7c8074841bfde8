"""Whether the derived tables of a ledger are what its slips and assessments give, and its decisions what its receipts give. Block by block.

In: a ledger that is open; for decisions, how to decide. Out: problems. A block of slips is derived again from the lines that it can mean, a block
of payments is decided again in its closed world, so memory holds a block and what it touches. Refuses nothing.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator

import polars as pl

from elqr.problems import Problem
from reconcile.chain import row_keys
from reconcile.closure import Closure
from reconcile.covering import candidates, named_lines
from reconcile.covers import derive_covers
from reconcile.entries import standing_entries
from reconcile.frames import COVERS, SLIPS
from reconcile.ledger import Ledger
from reconcile.lines_now import STANDING
from reconcile.redecide import stands, stored_around
from reconcile.tables import ENTRIES, TABLES
from reconcile.world import EVENTS_READ, Decision, World

Decide = Callable[[World], Decision]


def cover_problems(ledger: Ledger) -> Iterator[Problem]:
    """`covers` and `named_lines` against what derives them; a row of a slip that is not there counts too."""
    wrong, met = Counter[str](), Counter[str]()
    none = pl.DataFrame(schema=dict(TABLES["assessments"].columns))
    for rows in ledger.scan("slips", [n for n in TABLES["slips"].columns if n in SLIPS]):
        slips = rows.select(list(SLIPS))
        lines = candidates(ledger, slips, none)
        for table, made, on in (
            ("covers", derive_covers(slips, lines).frame, list(COVERS)),
            ("named_lines", named_lines(slips), ["slip_key", "line_id"]),
        ):
            have = ledger.lookup(table, slips["slip_key"])
            met[table] += have.height
            wrong[table] += have.join(made, on=on, how="anti").height
            wrong[table] += made.join(have, on=on, how="anti").height
    for table in ("covers", "named_lines"):
        found = wrong[table] + abs(ledger.store.count(table) - met[table])
        if found:
            yield Problem("ledger.check_covers", params={"table": table, "found": found})


def decision_problems(ledger: Ledger, decide: Decide) -> Iterator[Problem]:
    """Everything decided again, from the payments, from the transfers and from the charges, against what stands."""
    ids = pl.concat(
        [
            pl.DataFrame(schema={"run_id": pl.Int64(), "inputs": pl.String()}),
            *ledger.scan("runs", ["run_id", "inputs"]),
        ]
    )
    said = json.loads(ids["inputs"][-1]) if ids.height else {}
    wrong = Counter[str]()
    for rows in ledger.scan("receipts", ["payment_id"]):
        wrong += _anew(ledger, decide, said.get("body_code"), payments=rows["payment_id"])
    for table in ("transfers", "charges"):
        for rows in ledger.scan(table, ["line_id"]):
            wrong += _anew(ledger, decide, said.get("body_code"), lines=rows["line_id"])
    for table in (*ENTRIES, "standing_lines"):
        if wrong[table]:
            yield Problem("ledger.check_decision", params={"table": table, "found": wrong[table]})


def _anew(
    ledger: Ledger,
    decide: Decide,
    body_code: str | None,
    *,
    payments: pl.Series | None = None,
    lines: pl.Series | None = None,
) -> Counter[str]:
    """How many entries of these payments or lines, and of all they touch, differ by table, and how many lines as they stand."""
    no = pl.Series([], dtype=pl.String)
    whole = pl.DataFrame(schema={"payment_no": pl.Int64(), **EVENTS_READ})
    closure = Closure(ledger, body_code=body_code, whole=whole)
    closure.grow(
        slips=no, lines=no if lines is None else lines, payments=no if payments is None else payments
    )
    known, stored = stored_around(ledger, closure, no)
    decision = decide(known.world)
    wrong = Counter[str]()
    for table in ENTRIES:
        made = row_keys(table, getattr(decision, table))
        have = row_keys(table, standing_entries(stored[table]))
        wrong[table] = len(made.filter(~made.is_in(have.implode()))) + len(
            have.filter(~have.is_in(made.implode()))
        )
    stand = decision.lines.filter(stands()).select(STANDING)
    kept = ledger.lookup("standing_lines", known.lines.alias("line_id"), list(STANDING))
    pairs = ((stand, kept), (kept, stand))
    odd = pl.concat([a.join(b, on=STANDING, how="anti", nulls_equal=True)["line_id"] for a, b in pairs])
    wrong["standing_lines"] = odd.n_unique()
    return wrong
