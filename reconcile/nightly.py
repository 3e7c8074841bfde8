"""The nightly batch as a user runs it: one run of the ledger, and all its files beside it. And the files of an earlier run once more.

In: a `NightRequest`, or a ledger and a run. Out: `NightReport`: the facts, the documents, what is to be looked at; the files in `out`.
Refuses (ProblemError): what `reconcile.run` refuses, nothing committed then; a folder that cannot be written, which is tried before the run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import polars as pl

from elqr.out_place import NIGHT, refuse_replacing
from elqr.problems import Problem, ProblemError, ProblemLog, Severity, Where
from elqr.site import Site
from reconcile import csv_out
from reconcile.descriptors import load_receipt_layout
from reconcile.export import ExportMapping
from reconcile.facts import Facts, facts_from, facts_of, posted_between
from reconcile.ledger import Ledger, open_ledger
from reconcile.policy import Policy
from reconcile.redecide import Decided
from reconcile.report import report_html
from reconcile.report_figures import Figures, figures
from reconcile.run import RunRequest, RunResult, reconcile
from reconcile.spreadsheet import beside, for_excel, named, with_named
from reconcile.totals import to_bytes, totals
from reconcile.view import View, view
from reconcile.write_out import Content, probe, write_files


@dataclass(frozen=True, kw_only=True)
class NightRequest:
    """`run`: the night itself; `out`: the folder; `export`: a site's own columns for its postings; `report`: also report.html and dunning.csv;
    `excel`: each list once more for a spreadsheet."""

    run: RunRequest
    out: Path
    export: ExportMapping | None = None
    report: bool = True
    excel: bool = False


@dataclass(frozen=True, kw_only=True)
class NightReport:
    """`found`: something is to be looked at (exit code 1); `unread`: no receipts file of those given could be taken (exit code 2)."""

    facts: Facts
    totals: Mapping[str, object]
    view: View
    problems: pl.DataFrame
    files: tuple[str, ...]
    found: bool
    unread: bool


def run_night(request: NightRequest) -> NightReport:
    """Do the night and write its files."""
    run = request.run
    if run.inputs.receipt_layout is not None:
        load_receipt_layout(
            run.inputs.receipt_layout
        )  # like every other setting: its faults are told before the run
    names = _names(csv_out.FILES, export=request.export, report=request.report, excel=request.excel)
    inputs = (run.ledger, *run.inputs.receipts, *run.inputs.assessments, *run.inputs.slips)
    refuse_replacing(request.out, names, inputs=inputs, command=NIGHT)
    probe(request.out)
    look = _Look(run.policy, run.as_of, report=request.report, dry_run=run.dry_run)
    try:
        return _done(request, look)
    except ProblemError as error:
        if not look.recorded:
            raise
        raise ProblemError([*error.problems, Problem("out.night_stands")]) from None
    except BaseException as error:
        # Ctrl-C too: the same words again find nothing new, so the postings would be in no file
        if look.recorded:
            error.add_note(str(Problem("out.night_stands")))
        raise


def _done(request: NightRequest, look: _Look) -> NightReport:
    """The run, and its files."""
    run = request.run
    result = reconcile(replace(run, look=look))
    facts = facts_of(result, as_of=run.as_of, dry_run=run.dry_run)
    seen, counted = look.seen()
    files, more = _files(
        facts, seen, counted, export=request.export, site=run.inputs.site, excel=request.excel
    )
    problems = problem_table(result, more=(*_of_the_future(result, run.as_of), *more))
    files["problems.csv"] = csv_out.csv_bytes(problems)
    if request.excel:
        files |= beside({"problems.csv": problems})
    write_files(request.out, files)
    _close(counted)
    return NightReport(
        facts=facts,
        totals=totals(facts),
        view=seen,
        problems=problems,
        files=tuple(sorted(files)),
        found=_found(facts, seen, problems),
        unread=_unread(run, facts),
    )


def write_again(
    place: str | Path,
    out: Path,
    *,
    policy: Policy,
    as_of: date | None = None,
    run_id: int | None = None,
    export: ExportMapping | None = None,
    site: Site | None = None,
    report: bool = True,
    excel: bool = False,
) -> tuple[str, ...]:
    """The files of a night that the ledger holds, but for problems.csv: remarks on reading are not kept. Names of the files written.

    What stands (過誤納, 仮受, report) is said as of now, on the day given or the run's own. Raises ProblemError (`report.no_run`, `export.*`).
    """
    kept = [name for name in csv_out.FILES if name != "problems.csv"]
    names = _names(kept, export=export, report=report, excel=excel)
    refuse_replacing(out, names, inputs=[place], command=NIGHT)
    probe(out)
    with open_ledger(place) as ledger:
        facts = facts_from(ledger, run_id)
        day = as_of or facts.as_of
        between = posted_between(ledger, facts.run_id)
        seen = view(ledger, facts.entries, policy=policy, as_of=day, between=between)
        counted = figures(ledger, seen, policy=policy, as_of=day) if report else None
    files, more = _files(replace(facts, as_of=day), seen, counted, export=export, site=site, excel=excel)
    if more:
        raise ProblemError(more)
    write_files(out, files)
    _close(counted)
    return tuple(sorted(files))


def _names(files: Sequence[str], *, export: ExportMapping | None, report: bool, excel: bool) -> list[str]:
    """The files that are about to be written."""
    names = [name for name in files if report or name not in csv_out.NOT_SHORT]
    return [*with_named(names, excel=excel), *([export.file] if export else [])]


class _Look:
    """Reads what stands while the ledger is open: also what a dry run would leave. `recorded`: the run is in the ledger by now."""

    def __init__(self, policy: Policy, as_of: date, *, report: bool, dry_run: bool) -> None:
        self._policy, self._as_of, self._report, self._dry_run = policy, as_of, report, dry_run
        self.recorded = False
        self._view: View | None = None
        self._figures: Figures | None = None

    def __call__(self, ledger: Ledger, decided: Decided) -> None:
        self.recorded = ledger.grown and not self._dry_run
        between = None  # without a run what is between waits for the next night: no two files say it
        if ledger.grown:
            between = posted_between(ledger, ledger.standing.run_id if self.recorded else ledger.run_id)
        self._view = view(ledger, decided.entries, policy=self._policy, as_of=self._as_of, between=between)
        if self._report:
            self._figures = figures(ledger, self._view, policy=self._policy, as_of=self._as_of)

    def seen(self) -> tuple[View, Figures | None]:
        """What was read. Raises ValueError where the run did not let us look."""
        if self._view is None:
            raise ValueError("the run ended without a look at the ledger")
        return self._view, self._figures


def _files(
    facts: Facts,
    seen: View,
    counted: Figures | None,
    *,
    export: ExportMapping | None,
    site: Site | None,
    excel: bool,
) -> tuple[dict[str, Content], tuple[Problem, ...]]:
    """Names and bytes; and why a site's own file could not be made: the run stands all the same."""
    postings = csv_out.postings(seen)
    tables = {
        "postings.csv": postings,
        "exceptions.csv": csv_out.exceptions(seen),
        "overpayments.csv": csv_out.overpayments(seen),
        "delinquency.csv": csv_out.delinquency(seen),
        "quarantine.csv": csv_out.quarantine(facts.quarantine),
    }
    files: dict[str, Content] = {name: csv_out.csv_bytes(table) for name, table in tables.items()}
    if excel:
        files |= beside(tables)
    files["totals.json"] = to_bytes(totals(facts))
    if counted:
        files["dunning.csv"] = csv_out.dunning(counted.dunning)
        if excel:
            files[named("dunning.csv")] = for_excel(csv_out.dunning_cells(counted.dunning))
        files["report.html"] = report_html(facts, seen, counted, site=site)
    if export is None:
        return files, ()
    try:
        return {**files, export.file: export.written(postings)}, ()
    except ProblemError as error:
        return files, error.problems


def _close(counted: Figures | None) -> None:
    """The lines to remind are in their file: what held them is given back."""
    if counted:
        counted.dunning.chosen.close()


def problem_table(result: RunResult, *, more: Sequence[Problem] = ()) -> pl.DataFrame:
    """Everything that was found on reading, what stopped a file first; columns of problems.csv with the file in front."""
    parts = []
    for problem in (*result.refused, *result.notes, *more):
        log = ProblemLog()
        log.add_one(problem)
        name = problem.where.file or str(problem.params.get("found", ""))
        parts.append(log.report().with_columns(file=pl.lit(name)))
    parts += [log.report().with_columns(file=pl.lit(name)) for name, log in result.logs.items()]
    table = pl.concat([pl.DataFrame(schema={**ProblemLog().report().schema, "file": pl.String()}), *parts])
    return table.select("file", *(c for c in table.columns if c != "file"))


def _of_the_future(result: RunResult, as_of: date) -> Iterator[Problem]:
    """Receipts paid after the day of the run, once a file: a wrong day or a wrong year, in the file or on the command line."""
    late = result.receipts.filter(pl.col("paid_on") > as_of)
    names = result.files.select("file_no", "file")
    counts = late.join(names, on="file_no").group_by("file", maintain_order=True)
    for file, n, last in counts.agg(pl.len(), pl.col("paid_on").max()).iter_rows():
        params = {"found": last.isoformat(), "count": n, "expected": as_of.isoformat()}
        yield Problem("receipt.after_as_of", "paid_at", params, Where(file))


def _found(facts: Facts, seen: View, problems: pl.DataFrame) -> bool:
    """Whether a person should look at something that is new."""
    weighty = problems.filter(pl.col("severity") != Severity.NOTE.value)
    return bool(weighty.height or facts.quarantine.height or seen.cases["is_new"].any())


def _unread(run: RunRequest, facts: Facts) -> bool:
    """Whether receipts were given and none of their files could be taken."""
    taken = (facts.files["role"] == "receipts").any()
    return bool(run.inputs.receipts) and bool(facts.refused) and not taken
