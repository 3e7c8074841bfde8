"""The nightly batch as a user runs it: one run of the ledger, and all its files beside it.

In: a `NightRequest`. Out: `NightReport`: the result, the documents, what is to be looked at; the files in `out`.
Refuses (ProblemError): what `reconcile.run` refuses, nothing committed then; a folder that cannot be written, which is tried before the run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from elqr.problems import Problem, ProblemError, ProblemLog, Severity
from reconcile import csv_out
from reconcile.export import ExportMapping
from reconcile.ledger import Ledger
from reconcile.redecide import Decided
from reconcile.report import report_html
from reconcile.report_figures import Figures, figures
from reconcile.run import RunRequest, RunResult, reconcile
from reconcile.totals import to_bytes, totals
from reconcile.view import View, view
from reconcile.write_out import probe, write_files


@dataclass(frozen=True, kw_only=True)
class NightRequest:
    """`run`: the night itself; `out`: the folder; `export`: a site's own columns for its postings; `report`: also report.html and dunning.csv."""

    run: RunRequest
    out: Path
    export: ExportMapping | None = None
    report: bool = True


@dataclass(frozen=True, kw_only=True)
class NightReport:
    """`found`: something is to be looked at (exit code 1); `unread`: no receipts file of those given could be taken (exit code 2)."""

    result: RunResult
    totals: Mapping[str, object]
    view: View
    problems: pl.DataFrame
    files: tuple[str, ...]
    found: bool
    unread: bool


class _Looked:
    """What is read while the ledger is open."""

    def __init__(self, request: NightRequest) -> None:
        self._request = request
        self.view: View | None = None
        self.figures: Figures | None = None

    def __call__(self, ledger: Ledger, decided: Decided) -> None:
        run = self._request.run
        self.view = view(ledger, decided.entries, policy=run.policy, as_of=run.as_of)
        if self._request.report:
            self.figures = figures(ledger, self.view, policy=run.policy, as_of=run.as_of)


def run_night(request: NightRequest) -> NightReport:
    """Do the night and write its files."""
    probe(request.out)
    look = _Looked(request)
    result = reconcile(replace(request.run, look=look))
    if look.view is None:
        raise ValueError("the run ended without a look at the ledger")
    seen = look.view
    own, refused = _exported(request.export, seen)
    problems = problem_table(result, more=refused)
    document = totals(result, as_of=request.run.as_of, dry_run=request.run.dry_run)
    tables = {
        "postings.csv": csv_out.postings(seen),
        "exceptions.csv": csv_out.exceptions(seen),
        "overpayments.csv": csv_out.overpayments(seen.proposals),
        "delinquency.csv": csv_out.delinquency(seen),
        "quarantine.csv": csv_out.quarantine(_bad(result)),
        "problems.csv": problems,
    }
    files = {**own, **{name: csv_out.csv_bytes(table) for name, table in tables.items()}}
    files["totals.json"] = to_bytes(document)
    if look.figures:
        files["dunning.csv"] = csv_out.csv_bytes(csv_out.dunning(look.figures.dunning))
        files["report.html"] = report_html(
            result,
            seen,
            look.figures,
            as_of=request.run.as_of,
            dry_run=request.run.dry_run,
            site=request.run.inputs.site,
        )
    write_files(request.out, files)
    return NightReport(
        result=result,
        totals=document,
        view=seen,
        problems=problems,
        files=tuple(sorted(files)),
        found=_found(result, seen, problems),
        unread=_unread(request.run, result),
    )


def _exported(export: ExportMapping | None, seen: View) -> tuple[dict[str, bytes], tuple[Problem, ...]]:
    """The file in a site's own columns; what it cannot hold is a problem of tonight, for the run itself is committed."""
    if export is None:
        return {}, ()
    try:
        return {export.file: export.written(csv_out.postings(seen))}, ()
    except ProblemError as error:
        return {}, error.problems


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


def _bad(result: RunResult) -> pl.DataFrame:
    names = result.files.filter(pl.col("file_no").is_not_null()).select("file_no", "file")
    return result.quarantine.join(names, on="file_no", how="left", maintain_order="left")


def _found(result: RunResult, seen: View, problems: pl.DataFrame) -> bool:
    """Whether a person should look at something that is new."""
    weighty = problems.filter(pl.col("severity") != Severity.NOTE.value)
    return bool(weighty.height or result.quarantine.height or seen.cases["is_new"].any())


def _unread(run: RunRequest, result: RunResult) -> bool:
    """Whether receipts were given and none of their files could be taken."""
    taken = (result.files["role"] == "receipts").any()
    return bool(run.inputs.receipts) and bool(result.refused) and not taken
