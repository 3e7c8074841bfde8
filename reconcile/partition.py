"""The night of one municipality as a task for any engine: the same files and ledger, the same digest, however often it is begun.

In: a `Task`. Out: `Done`; both small enough to send between processes. A worker that died between commit and files left a mark in the
folder: whoever does the task again writes the files of that night. Refuses nothing: what `reconcile.nightly` refuses is told in `Done`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from elqr.mapping import load_mapping
from elqr.problems import Problem, ProblemError
from elqr.settings import name_or_path
from elqr.site import load_site
from reconcile.export import load_export
from reconcile.facts import last_night
from reconcile.ledger import open_ledger
from reconcile.night import Inputs
from reconcile.nightly import NightRequest, run_night, write_again
from reconcile.policy import load_policy
from reconcile.register_columns import REGISTER_COLUMNS
from reconcile.run import RunRequest
from reconcile.write_out import probe

BEGUN = ".begun"
_TO_LOOK_AT = ("exceptions.csv", "quarantine.csv")


@dataclass(frozen=True, kw_only=True)
class Task:
    """One municipality's night, as the options of `elqr reconcile`. Paths as text, so that any engine can carry it.

    `notes`: what is to be said of it beforehand.
    """

    name: str
    ledger: str
    out: str
    as_of: date
    assessments: tuple[str, ...] = ()
    slips: tuple[str, ...] = ()
    receipts: tuple[str, ...] = ()
    site: str | None = None
    policy: str = "default"
    receipt_layout: str | None = None
    mapping: str | None = None
    postings_mapping: str | None = None
    encoding: str | None = None
    report: bool = True
    excel: bool = False
    notes: tuple[str, ...] = ()
    who: str | None = None
    at: str | None = None


@dataclass(frozen=True, kw_only=True)
class Done:
    """What became of a task: exit code as of `elqr reconcile`; digests of what stands and of the chain; totals of the ledger; problems.

    `trace`: where the program stood when an error of its own ended the task.
    """

    name: str
    code: int
    result: str = ""
    digest: str = ""
    totals: Mapping[str, tuple[int, int]]
    problems: tuple[str, ...] = ()
    trace: str = ""


def reconcile_one(task: Task) -> Done:
    """Do the night of a task, or finish one that was begun. Problems are told and not raised."""
    try:
        return _done(task)
    except ProblemError as error:
        told = tuple(str(problem) for problem in error.problems)
        codes = {problem.code for problem in error.problems}
        refused = codes & {"ledger.conflict", "ledger.slip_conflict", "ledger.in_use", "ledger.drift"}
        return Done(name=task.name, code=3 if refused else 2, totals={}, problems=task.notes + told)


def lost(task: Task, problem: Problem, trace: str) -> Done:
    """What is said of a task that no worker could end."""
    return Done(name=task.name, code=2, totals={}, problems=(*task.notes, str(problem)), trace=trace)


def _done(task: Task) -> Done:
    out = Path(task.out)
    policy = load_policy(name_or_path(task.policy))
    site = load_site(Path(task.site)) if task.site else None
    export = load_export(Path(task.postings_mapping)) if task.postings_mapping else None
    before = _begun(out, task.ledger)
    inputs = Inputs(
        assessments=[Path(p) for p in task.assessments],
        slips=[Path(p) for p in task.slips],
        receipts=[Path(p) for p in task.receipts],
        site=site,
        receipt_layout=name_or_path(task.receipt_layout) if task.receipt_layout else None,
        mapping=load_mapping(Path(task.mapping), columns=REGISTER_COLUMNS) if task.mapping else None,
        encoding=task.encoding,
    )
    run = RunRequest(
        ledger=task.ledger, inputs=inputs, as_of=task.as_of, policy=policy, who=task.who, at=task.at
    )
    night = run_night(NightRequest(run=run, out=out, export=export, report=task.report, excel=task.excel))
    with open_ledger(task.ledger) as ledger:
        standing, last = ledger.standing, last_night(ledger)
    found = night.found
    if before is not None and last > before and not night.facts.committed:
        write_again(
            task.ledger,
            out,
            policy=policy,
            run_id=last,
            as_of=task.as_of,
            export=export,
            site=site,
            report=task.report,
            excel=task.excel,
        )
        found = any(b"\n" in out.joinpath(name).read_bytes().partition(b"\n")[2] for name in _TO_LOOK_AT)
    out.joinpath(BEGUN).unlink()
    return Done(
        name=task.name,
        code=2 if night.unread else 1 if found else 0,
        result=standing.result,
        digest=standing.digest,
        totals=dict(standing.totals),
        problems=task.notes + tuple(str(problem) for problem in night.facts.refused),
    )


def _begun(out: Path, place: str) -> int | None:
    """The run that stood when this task was begun and not ended; None where it was not. Leaves the mark of a new beginning."""
    mark = out.joinpath(BEGUN)
    if mark.exists():
        return int(mark.read_text(encoding="ascii") or 0)
    try:
        with open_ledger(place) as ledger:
            number = ledger.standing.run_id
    except ProblemError as error:
        if error.problems[0].code != "ledger.missing":
            raise
        number = 0
    probe(out)
    mark.write_text(str(number), encoding="ascii")
    return None
