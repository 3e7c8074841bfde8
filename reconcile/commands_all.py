"""The nights of many municipalities, for the shell: `elqr reconcile-all`. A declaration and one library call.

In: arguments. Out: a line a municipality or JSON, the gravest exit code of all. The clock is asked here, for the audit log alone.
Refuses by ProblemError, which the shell turns into words and an exit code.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from elqr.option_values import day
from elqr.shell import folder_of, login, moment
from elqr.terminal import json_text
from reconcile.commands import EXCEL, FILE, JSON

if TYPE_CHECKING:
    from reconcile.partition import Done


@click.command("reconcile-all")
@click.argument("plan", type=FILE)
@click.option(
    "--as-of",
    type=day,
    required=True,
    help="The day as of which things are decided, YYYY-MM-DD. 基準日",
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="Folder for the results. 出力先",
)
@click.option(
    "--engine",
    type=click.Choice(["pool", "dask"]),
    default="pool",
    show_default=True,
    help="Processes of ours, or Dask. 実行方式",
)
@click.option(
    "--jobs", type=click.IntRange(1), default=1, show_default=True, help="Processes at a time. 同時に動かす数"
)
@click.option("--no-report", is_flag=True, help="Leave out report.html and dunning.csv. 報告書を省く")
@EXCEL
@JSON
def reconcile_all(
    plan: Path, as_of: date, out: Path, engine: str, jobs: int, no_report: bool, excel: bool, as_json: bool
) -> None:
    """The nightly batch of many municipalities, each with a ledger of its own; one that fails does not stop the others.

    複数団体の収納消込をまとめて行います。団体ごとに台帳を分け、一団体の異常は他に及びません。PLANは団体を並べたTOMLファイルです。
    """
    from elqr.out_place import refuse_replacing
    from elqr.problems import Problem, ProblemError
    from reconcile import municipalities
    from reconcile.engines import run_all
    from reconcile.partition import lost, reconcile_one
    from reconcile.plan import read_plan
    from reconcile.write_out import probe, write_files

    out, who, at = folder_of(out, as_of=as_of), login(), moment()
    tasks = [
        replace(task, who=who, at=at, excel=excel)
        for task in read_plan(plan, out=out, as_of=as_of, report=not no_report)
    ]
    refuse_replacing(out, [municipalities.FILE], inputs=[plan])
    nights = run_all(tasks, work=reconcile_one, lost=lost, engine=engine, jobs=jobs)
    probe(out)
    done: list[Done] = []
    try:
        for one in nights:
            done.append(one)
            _tell(one, len(done), len(tasks), quiet=as_json)
    except KeyboardInterrupt:
        params: dict[str, str | int] = {"found": len(done), "expected": len(tasks)}
        raise ProblemError(Problem("engine.interrupted", params=params)) from None
    finally:
        write_files(out, {municipalities.FILE: municipalities.table(done)})
    if as_json:
        click.echo(json_text([asdict(one) for one in done]))
    raise SystemExit(max(one.code for one in done))


def _tell(one: Done, number: int, of: int, *, quiet: bool) -> None:
    """A line a municipality as soon as its night is over, and what went wrong."""
    if not quiet:
        received, posted = (one.totals.get(name, (0, 0)) for name in ("received", "posted"))
        click.echo(
            f"{number}/{of}  {one.name}  [{one.code}]  収納 received {received[0]:,} / {received[1]:,}円"
            f"  消込 posted {posted[0]:,} / {posted[1]:,}円  {one.result[:16]}"
        )
    for problem in one.problems:
        click.echo(f"  {problem}", err=True)
    if one.trace:
        click.echo(one.trace, err=True)
