"""Nights of many municipalities: the plan, a pool whose worker is killed, and what is refused. Dask: `python -m bench.engines`."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from bench.engines import dying, files_of, mark, towns
from cli import main
from elqr.problems import ProblemError
from reconcile.engines import run_all
from reconcile.partition import BEGUN, Done, Task, read_plan, reconcile_one

AS_OF = date(2026, 11, 20)


def killed(task: Task) -> Done:
    """A worker that always dies."""
    os.kill(os.getpid(), signal.SIGKILL)
    return reconcile_one(task)


def plan(folder: Path, text: str) -> Path:
    path = folder / "plan.toml"
    path.write_text(text, encoding="utf-8")
    return path


def codes(error: pytest.ExceptionInfo[ProblemError]) -> set[str]:
    return {problem.code for problem in error.value.problems}


def test_a_pool_whose_worker_is_killed_says_what_one_after_the_other_says(tmp_path: Path) -> None:
    plain = towns(tmp_path / "files", tmp_path / "plain", count=2, receipts=30)
    pooled = towns(tmp_path / "files", tmp_path / "pooled", count=2, receipts=30)
    mark(pooled[0])
    expected = run_all(plain, work=reconcile_one)
    found = run_all(pooled, work=dying, jobs=2)
    assert not (Path(pooled[0].out) / "VICTIM").exists()  # it was met, so its worker died
    assert found == expected
    assert files_of(pooled) == files_of(plain)
    assert not list((tmp_path / "pooled").rglob(BEGUN))


def test_a_worker_that_dies_every_time_is_refused(tmp_path: Path) -> None:
    tasks = towns(tmp_path / "files", tmp_path / "out", count=1, receipts=10)
    with pytest.raises(ProblemError) as error:
        run_all(tasks, work=killed, jobs=2)
    assert codes(error) == {"engine.worker_died"}
    assert "town00" in str(error.value.problems[0])


def test_engines_that_are_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ProblemError) as error:
        run_all([], work=reconcile_one, engine="mainframe")
    assert codes(error) == {"engine.unknown"}
    monkeypatch.setitem(__import__("sys").modules, "distributed", None)
    with pytest.raises(ProblemError) as error:
        run_all([], work=reconcile_one, engine="dask")
    assert codes(error) == {"engine.missing"}


def test_one_that_is_refused_does_not_stop_the_others(tmp_path: Path) -> None:
    good, bad = towns(tmp_path / "files", tmp_path / "out", count=2, receipts=10)
    Path(bad.ledger).parent.mkdir(parents=True, exist_ok=True)
    Path(bad.ledger).write_text("a stranger's file", encoding="utf-8")
    found = run_all([replace(bad), good], work=reconcile_one)
    assert [one.code for one in found] == [2, 1]
    assert any("ledger.not_a_ledger" in problem for problem in found[0].problems)


def test_a_plan_through_the_shell(tmp_path: Path) -> None:
    tasks = towns(tmp_path, tmp_path / "unused", count=2, receipts=10)
    entries = "".join(
        f'[[municipality]]\nname = "{t.name}"\nledger = "{t.name}.db"\nassessments = ["{t.name}/assessments.csv"]\n'
        f'slips = ["{t.name}/slips.csv"]\nreceipts = ["{t.name}/r00.csv"]\n'
        for t in tasks
    )
    path = plan(tmp_path, 'policy = "default"\n' + entries)
    call = ["reconcile-all", str(path), "--as-of", "2026-11-20", "--out", str(tmp_path / "out")]
    first = CliRunner().invoke(main, call)
    assert first.exit_code == 1, first.output
    assert "town00" in first.output and "town01" in first.output
    assert (tmp_path / "out" / "town01" / "report.html").exists()
    again = CliRunner().invoke(main, [*call, "--no-report", "--json"])
    assert again.exit_code == 0 and '"code": 0' in again.output


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("policy = ", "plan.unreadable"),
        ('policy = "default"', "plan.empty"),
        ('[[municipality]]\nname = "a"', "plan.lacking"),
        ('[[municipality]]\nname = "a"\nledger = "l"\nreciepts = []', "plan.unknown"),
        ('[[municipality]]\nname = "../a"\nledger = "l"', "plan.name"),
        (
            '[[municipality]]\nname = "a"\nledger = "l"\n[[municipality]]\nname = "b"\nledger = "l"',
            "plan.twice",
        ),
    ],
)
def test_plans_that_are_refused(tmp_path: Path, text: str, code: str) -> None:
    with pytest.raises(ProblemError) as error:
        read_plan(plan(tmp_path, text), out=tmp_path, as_of=AS_OF)
    assert codes(error) == {code}
