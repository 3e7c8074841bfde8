"""Whether a ledger is what its runs wrote: pages, chain, reversals, totals, derived tables; and on request all decisions made anew.

In: a ledger that is open. Out: the problems found, none where all is well. Its cost follows the ledger, not the night; memory holds a part.
A changed bit anywhere in an embedded file breaks the checksum of its page; a changed row breaks the chain. Refuses (ProblemError) only where it
cannot be made: the server went away, a right is missing. All else it lists.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import polars as pl

from elqr.problems import Problem, ProblemError
from reconcile.chain import FIRST, BatchDigest, run_digest
from reconcile.check_derived import cover_problems, decision_problems
from reconcile.check_standing import Standing
from reconcile.ledger import Ledger
from reconcile.refund_check import refund_faults
from reconcile.tables import CHAINED
from reconcile.world import Decision, World

Runs = list[dict[str, object]]
# say nothing of what is written: the check has not been made
_AWAY = frozenset({"ledger.server", "ledger.disk_full", "ledger.read_only", "ledger.place"})


def check_ledger(ledger: Ledger, *, decide: Callable[[World], Decision] | None = None) -> list[Problem]:
    """All that is wrong. `decide`: also decide everything anew from what came in, and compare with what stands."""
    found = [Problem(d.code, params=d.params) for d in ledger.store.damage()]
    try:
        found += _contents(ledger, decide)
    except ProblemError as error:
        first = error.problems[0]
        if first.code in _AWAY:
            raise
        found.append(
            Problem("ledger.check_unreadable", params={"found": first.params.get("reason", str(error))})
        )
    except (pl.exceptions.PolarsError, ValueError, KeyError, TypeError) as error:
        # a file this broken cannot be read to its end; what was found before says the same more exactly
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        found.append(Problem("ledger.check_unreadable", params={"found": reason}))
    return found


def _contents(ledger: Ledger, decide: Callable[[World], Decision] | None) -> Iterator[Problem]:
    runs: Runs = [row for part in ledger.scan("runs") for row in part.rows(named=True)]
    yield from _chain(ledger, runs)
    yield from Standing(ledger).problems()
    yield from refund_faults(ledger)
    yield from cover_problems(ledger)
    if decide is not None:
        yield from decision_problems(ledger, decide)


# --- what was written -------------------------------------------------------------------------------


def _chain(ledger: Ledger, runs: Runs) -> Iterator[Problem]:
    """Every batch of every run against its link; rows that belong to no run, or stand among those of another."""
    made: dict[int, dict[str, tuple[int, str]]] = {int(str(run["run_id"])): {} for run in runs}
    for table in CHAINED:
        expected = 1
        batch: BatchDigest | None = None
        last = 0
        for part in ledger.scan(table):
            if (missing := _gap(part["seq"], expected)) is not None:
                yield Problem(
                    "ledger.check_gap", params={"table": table, "found": missing[0], "expected": missing[1]}
                )
            expected = int(part["seq"][-1]) + 1
            for (run,), rows in part.group_by("run_id", maintain_order=True):
                if run != last:
                    if batch is not None:
                        made[last][table] = batch.finish()
                    last, batch = int(str(run)), None
                    if last in made and table not in made[last]:
                        batch = BatchDigest(table)
                if batch is None:
                    params: dict[str, str | int] = {
                        "table": table,
                        "found": f"run {run}",
                        "expected": len(runs),
                    }
                    yield Problem("ledger.check_gap", params=params)
                else:
                    batch.add(rows)
        if batch is not None:
            made[last][table] = batch.finish()
    before = FIRST
    for number, run in enumerate(runs, 1):
        digest = run_digest(run, made[int(str(run["run_id"]))])
        if run["run_id"] != number or run["prev_digest"] != before or run["digest"] != digest:
            yield Problem(
                "ledger.check_chain",
                params={"run": str(run["run_id"]), "found": digest, "expected": str(run["digest"])},
            )
        before = str(run["digest"])


def _gap(numbers: pl.Series, expected: int) -> tuple[int, int] | None:
    """The first number that is not the one after its predecessor, and the one that should be there."""
    wrong = (numbers != pl.Series(range(expected, expected + len(numbers)), dtype=pl.Int64)).arg_true()
    return (int(numbers[int(wrong[0])]), expected + int(wrong[0])) if len(wrong) else None
