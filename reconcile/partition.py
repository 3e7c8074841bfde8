"""The night of one municipality as a task for any engine: the same files and ledger, the same digest, however often it is begun.

In: a plan (TOML: common settings, and a table a municipality), from it tasks. Out: `Done`, small enough to send between processes.
A worker that died between commit and files left a mark in the folder: whoever does the task again writes the files of that night.
Refuses (ProblemError): a plan that cannot be read; of a night, what `reconcile.nightly` refuses, told in `Done` so that the others go on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from elqr.problems import Problem, ProblemError
from elqr.settings import parse_settings
from elqr.site import load_site
from reconcile.ledger import URL, open_ledger
from reconcile.night import Inputs
from reconcile.nightly import NightRequest, run_night, write_again
from reconcile.policy import load_policy
from reconcile.run import RunRequest

BEGUN = ".begun"
_FILES = ("assessments", "slips", "receipts")
_TO_LOOK_AT = ("exceptions.csv", "quarantine.csv")
_WORDS = ("name", "ledger", "site", "policy")


@dataclass(frozen=True, kw_only=True)
class Task:
    """One municipality's night. Paths as text, so that any engine can carry it."""

    name: str
    ledger: str
    out: str
    as_of: date
    assessments: tuple[str, ...] = ()
    slips: tuple[str, ...] = ()
    receipts: tuple[str, ...] = ()
    site: str | None = None
    policy: str = "default"
    report: bool = True
    who: str | None = None
    at: str | None = None


@dataclass(frozen=True, kw_only=True)
class Done:
    """What became of a task: exit code as of `elqr reconcile`; digests of what stands and of the chain; totals of the ledger; problems."""

    name: str
    code: int
    result: str = ""
    digest: str = ""
    totals: Mapping[str, tuple[int, int]]
    problems: tuple[str, ...] = ()


def read_plan(path: Path, *, out: Path, as_of: date, report: bool = True) -> list[Task]:
    """The tasks of a plan; its paths begin at its folder. Raises ProblemError (`plan.*`)."""
    try:
        content = parse_settings(path.read_bytes())
    except (OSError, ValueError) as error:
        raise _refused("plan.unreadable", str(path), str(error)) from None
    entries = content.pop("municipality", None)
    if not isinstance(entries, list) or not entries:
        raise _refused("plan.empty", str(path), "[[municipality]]")
    tasks = [_task(path, {**content, **entry}, out=out, as_of=as_of, report=report) for entry in entries]
    for key in ("name", "ledger"):
        values = [getattr(task, key) for task in tasks]
        if twice := sorted({v for v in values if values.count(v) > 1}):
            raise _refused("plan.twice", "、".join(twice), key)
    return tasks


def _task(path: Path, entry: Mapping[str, Any], *, out: Path, as_of: date, report: bool) -> Task:
    unknown = sorted(set(entry) - {*_FILES, *_WORDS})
    if unknown:
        raise _refused("plan.unknown", "、".join(unknown), ", ".join((*_WORDS, *_FILES)))
    for name in ("name", "ledger"):
        if not isinstance(entry.get(name), str) or not entry[name]:
            raise _refused("plan.lacking", str(path), name)
    if "/" in entry["name"] or entry["name"].startswith("."):
        raise _refused("plan.name", entry["name"], "name")

    def place(text: str) -> str:
        return str(path.parent.joinpath(text))

    def places(name: str) -> tuple[str, ...]:
        return tuple(place(one) for one in entry.get(name, ()))

    policy = str(entry.get("policy", "default"))
    return Task(
        name=entry["name"],
        ledger=entry["ledger"] if entry["ledger"].startswith(URL) else place(entry["ledger"]),
        out=str(out.joinpath(entry["name"])),
        as_of=as_of,
        site=place(entry["site"]) if "site" in entry else None,
        policy=place(policy) if policy.endswith(".toml") else policy,
        report=report,
        assessments=places("assessments"),
        slips=places("slips"),
        receipts=places("receipts"),
    )


def reconcile_one(task: Task) -> Done:
    """Do the night of a task, or finish one that was begun. Problems are told and not raised."""
    try:
        return _done(task)
    except ProblemError as error:
        told = tuple(str(problem) for problem in error.problems)
        codes = {problem.code for problem in error.problems}
        refused = codes & {"ledger.conflict", "ledger.slip_conflict", "ledger.in_use", "ledger.drift"}
        return Done(name=task.name, code=3 if refused else 2, totals={}, problems=told)


def _done(task: Task) -> Done:
    out = Path(task.out)
    policy = load_policy(Path(task.policy) if task.policy.endswith(".toml") else task.policy)
    site = load_site(Path(task.site)) if task.site else None
    before = _begun(out, task.ledger)
    inputs = Inputs(
        assessments=[Path(p) for p in task.assessments],
        slips=[Path(p) for p in task.slips],
        receipts=[Path(p) for p in task.receipts],
        site=site,
    )
    run = RunRequest(
        ledger=task.ledger, inputs=inputs, as_of=task.as_of, policy=policy, who=task.who, at=task.at
    )
    night = run_night(NightRequest(run=run, out=out, report=task.report))
    with open_ledger(task.ledger) as ledger:
        standing = ledger.standing
    found = night.found
    if before is not None and standing.run_id > before and not night.facts.committed:
        write_again(
            task.ledger,
            out,
            policy=policy,
            run_id=standing.run_id,
            as_of=task.as_of,
            site=site,
            report=task.report,
        )
        found = any(b"\n" in out.joinpath(name).read_bytes().partition(b"\n")[2] for name in _TO_LOOK_AT)
    out.joinpath(BEGUN).unlink()
    return Done(
        name=task.name,
        code=2 if night.unread else 1 if found else 0,
        result=standing.result,
        digest=standing.digest,
        totals=dict(standing.totals),
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
    out.mkdir(parents=True, exist_ok=True)
    mark.write_text(str(number), encoding="ascii")
    return None


def _refused(code: str, found: str, expected: str) -> ProblemError:
    return ProblemError(Problem(code, params={"found": found, "expected": expected}))
