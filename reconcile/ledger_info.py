"""What the commands of the ledger ask: is one there, what does it hold, is it whole, is it of this version.

In: a path or URL. Out: plain values. Reads without the lock where it can, so that a run is not disturbed.
Refuses (ProblemError): a place that cannot be opened, a version that cannot be read.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

from elqr.problems import Problem, ProblemError
from reconcile.decide import decide
from reconcile.ledger import is_there, migrate, open_ledger, open_store, open_whole
from reconcile.ledger_check import check_ledger
from reconcile.migrations import Migration, outstanding
from reconcile.policy import load_policy
from reconcile.store import shown


def checked(place: str, *, policy: str | Path | None) -> list[Problem]:
    """What `check_ledger` finds; with a policy, all decisions anew as well. A file too damaged to open is a finding, not a refusal."""
    day = date(1, 1, 1)  # only the state of open lines depends on the day, and that is not compared
    rules = load_policy(policy) if policy else None
    try:
        with open_whole(place) as ledger:
            return check_ledger(
                ledger, decide=(lambda world: decide(world, rules, as_of=day)) if rules else None
            )
    except ProblemError as error:
        if any(
            p.code in ("ledger.damaged", "ledger.not_a_ledger", "ledger.schema_changed")
            for p in error.problems
        ):
            return list(error.problems)
        raise


def migrated(place: str, *, dry_run: bool) -> tuple[Migration, ...]:
    """Apply what is outstanding, or only say it."""
    if not is_there(place):
        raise ProblemError(Problem("ledger.missing", params={"found": shown(place)}))
    store = open_store(place, writer=True)
    try:
        steps = outstanding(store.dialect, store.versions(), place=store.place)
        if steps and not dry_run:
            migrate(store, steps)
        return steps
    finally:
        store.close()


def described(place: str) -> dict[str, object]:
    """Facts about the ledger, for people and programs."""
    with open_ledger(place) as ledger:
        standing = ledger.standing
        return {
            "ledger": ledger.store.place,
            **ledger.store.facts(),
            "version": len(ledger.store.versions()),
            "runs": standing.run_id,
            "as_of": standing.as_of,
            "digest": standing.digest,
            "result": standing.result,
            "totals": {name: list(pair) for name, pair in standing.totals.items()},
        }
