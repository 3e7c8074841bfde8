"""The print job: from a slips file to finished files in a folder, every slip printed and read back, or held and listed.

In: `PrintRequest`. Out: the files of the contract ("Out of elqr print") and a `JobReport`. The same request gives the same bytes,
whatever the number of processes and however often it was interrupted. Refuses (ProblemError): input that cannot be used, a folder
that holds something else, release of test slips, a disk or a worker that fails; then nothing is delivered.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from glob import escape
from pathlib import Path
from typing import Any

import polars as pl

from elqr.check import SlipCheck
from elqr.problems import Problem, ProblemError
from elqr.reader import read_slips
from slips.findings import Counted, Findings
from slips.intake import Intake, Prepress, distribute, hold_overfull, take_in
from slips.jobfile import files_json, problems_json, proof_json, source_of, tables_json, to_bytes, versions
from slips.listed import hold_unlisted
from slips.manifest import write_lists
from slips.numbering import hold_unnumbered
from slips.order import PrintPlan, plan_order
from slips.outfiles import telling_disk_errors
from slips.outfolder import JOB, TABLES, OutFolder, opened
from slips.progress import Listener, Progress, silent
from slips.request import PrintRequest, Setting, setting_of
from slips.same_term import same_terms
from slips.spool import Buckets, Spool
from slips.whole_year import uneven_years
from slips.workers import Crew, FileResult, FileTask, crew

PrepressMaker = Callable[[Setting], Prepress]


@dataclass(frozen=True)
class JobReport:
    """What the shell tells: the content of job.json, the problems counted, the folder."""

    job: Mapping[str, Any]
    counted: tuple[Counted, ...]
    out: Path

    @property
    def clean(self) -> bool:
        """Nothing was found that asks for a look: no errors, no warnings."""
        return all(c.severity == "note" for c in self.counted)


def print_slips(request: PrintRequest, *, prepress: PrepressMaker, listener: Listener = silent) -> JobReport:
    """Do the whole job. Raises ProblemError when nothing was delivered, and says why."""
    started = time.perf_counter()
    setting = setting_of(request)
    with opened(request.out) as folder:
        folder.begin(setting.identity, overwrite=request.overwrite)
        try:
            with telling_disk_errors(request.out):
                first = prepress(setting)
                with crew(_processes(setting), ready=first.ready()) as people:
                    report = _job(setting, folder, first, people, listener, started)
            folder.deliver()
        except BaseException:
            folder.discard()
            raise
    return report


def _processes(setting: Setting) -> int:
    """No more than there will be files to print, where the input's lines tell."""
    request = setting.request
    if request.slips.suffix.lower() != ".csv":
        return request.jobs
    return min(request.jobs, -(-setting.source.lines // request.slips_per_file) + len(setting.forms) - 1)


def _job(
    setting: Setting, folder: OutFolder, prepress: Prepress, people: Crew, listener: Listener, started: float
) -> JobReport:
    """Everything up to a filled `ready` folder."""
    request = setting.request
    for name in ("buckets", "parts"):
        (folder.work / name).mkdir()
    intake = Intake(Spool(folder.work), Findings(folder.work))
    intake.findings.late.extend(prepress.notes())
    take_in(
        read_slips(request.slips, mapping=setting.mapping, encoding=request.encoding),
        check=SlipCheck(
            setting.site, issue_date=request.issue_date, profile=setting.profile, file=request.slips.name
        ),
        prepress=prepress,
        site=setting.site,
        forms=setting.forms,
        intake=intake,
        expected_rows=setting.source.lines,
        listener=listener,
    )
    _refuse_release_of_tests(setting, intake)
    if source_of(request.slips) != setting.source:
        raise ProblemError(Problem("job.input_changed", "", {"found": request.slips.name}))
    plan = _ordered(setting, intake, prepress, folder, listener)
    results: list[FileResult] = []
    for result in people.print_files(_tasks(setting, plan, folder, prepress)):
        results.append(result)
        done = result.first_seq + result.slips - 1
        listener(Progress("print", done, sum(f.slips for f in plan.files)))
    accepted = [r for r in results if not r.rejected]
    _settle(intake, results)
    listener(Progress("lists", 0, len(accepted)))
    write_lists([r.part for r in accepted], folder.ready)
    counted = intake.findings.counted()
    intake.findings.write(folder.ready / "problems.csv")
    listener(Progress("lists", len(accepted), len(accepted)))
    job = _job_json(setting, intake, results, counted, folder, time.perf_counter() - started)
    (folder.ready / JOB).write_bytes(to_bytes(job))
    return JobReport(job, counted, request.out)


def _refuse_release_of_tests(setting: Setting, intake: Intake) -> None:
    tests = intake.modes["test"]
    if setting.request.release and tests:
        rules = ", ".join(setting.unconfirmed)
        raise ProblemError(Problem("job.release_of_test", "", {"found": tests, "rules": rules}))


def _ordered(
    setting: Setting, intake: Intake, prepress: Prepress, folder: OutFolder, listener: Listener
) -> PrintPlan:
    """Decide where every slip goes, and lay its row there."""
    hold_overfull(intake, setting.forms)
    hold_unlisted(intake, forms=setting.forms, site=setting.site, prepress=prepress)
    plan = _planned(setting, intake)
    if hold_unnumbered(intake, plan, forms=setting.forms, prepress=prepress):
        plan = _planned(setting, intake)
    intake.findings.late.extend(plan.log)
    distribute(intake, plan, Buckets(folder.work / "buckets"), listener=listener)
    intake.findings.late.extend(same_terms(intake.keys, plan))
    intake.findings.late.extend(uneven_years(intake.keys, plan, held=intake.held_payers()["payer"]))
    intake.keys = pl.DataFrame()
    return plan


def _planned(setting: Setting, intake: Intake) -> PrintPlan:
    return plan_order(
        intake.keys,
        slips_per_file=setting.request.slips_per_file,
        layouts={large: form.name for large, form in setting.forms.items()},
        held=intake.held_lines,
    )


def _tasks(setting: Setting, plan: PrintPlan, folder: OutFolder, prepress: Prepress) -> list[FileTask]:
    press = prepress.press()
    buckets = Buckets(folder.work / "buckets")
    forms = {form.name: form for form in setting.forms.values()}
    return [
        FileTask(
            planned=file,
            name=f"slips-{file.number:05d}.pdf",
            title=setting.title(file),
            bucket=buckets.path(file.number),
            ready=folder.ready,
            part=folder.work / "parts" / f"{file.number:05d}.arrow",
            layout_sha256=setting.layouts[file.layout].sha256,
            table_rows=forms[file.layout].table_rows,
            profile=setting.profile.id,
            profile_sha256=setting.profile.sha256,
            site=setting.site,
            press=press,
            read_back=setting.request.read_back,
            guide=forms[file.layout].guide,
            marks=setting.layouts[file.layout].inserter_marks,
            slips_per_page=forms[file.layout].slips_per_page,
        )
        for file in plan.files
    ]


def _settle(intake: Intake, results: Sequence[FileResult]) -> None:
    """Count what was printed; slips of a rejected file are held and listed, with what the proof saw. Raises ProblemError."""
    account, findings = intake.account, intake.findings
    for result in results:
        if not result.rejected:
            account.printed.slips += result.slips
            account.printed.yen += result.yen
            continue
        rows = pl.read_ipc(escape(str(result.part)), columns=["line", "slip_key", "amount", "mode"])
        account.hold("read_back", rows["amount"])
        intake.modes.subtract(rows["mode"].to_list())
        findings.late.add(rows, "readback.file_rejected", field="payload", found=result.name)
        if result.proof is not None:
            findings.late.extend(result.proof.faults)
    account.close()


def _job_json(
    setting: Setting,
    intake: Intake,
    results: Sequence[FileResult],
    counted: Sequence[Counted],
    folder: OutFolder,
    seconds: float,
) -> dict[str, Any]:
    request, account = setting.request, intake.account
    rejected = [r for r in results if r.rejected]
    return {
        "identity": setting.identity,
        "released": request.release and not rejected,
        "test_slips": intake.modes["test"],
        "in": account.came_in.as_json(),
        "printed": account.printed.as_json(),
        "held": account.held.as_json() | {"by_step": {k: v.as_json() for k, v in account.held_by.items()}},
        "problems": problems_json(counted),
        "files": files_json([r for r in results if not r.rejected]),
        "rejected_files": files_json(rejected),
        "lists": tables_json(folder.ready, TABLES),
        "read_back": proof_json(results, wanted=request.read_back),
        "not_checked": setting.not_checked,
        **setting.described(),
        "versions": versions(),
        "timing": {
            "seconds": round(seconds, 3),
            "slips_per_second": round(account.came_in.slips / seconds, 1) if seconds else None,
            "jobs": request.jobs,
        },
    }
