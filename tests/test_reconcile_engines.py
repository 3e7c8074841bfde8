"""Nights of many municipalities: the plan, a pool whose worker is killed, and what is refused. Dask: `python -m bench.engines`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

from bench.engines import dying, files_of, mark, towns
from cli import main
from elqr.problems import ProblemError
from reconcile.credits import take_credits
from reconcile.engines import ATTEMPTS, HERE, run_all
from reconcile.municipalities import COLUMNS, FILE
from reconcile.partition import BEGUN, Done, Task, lost, reconcile_one
from reconcile.plan import read_plan

AS_OF = date(2026, 11, 20)


def trouble(task: Task) -> Done:
    """The first town kills its worker every time, the second finds a fault of the program."""
    if task.name == "town00":
        with Path(task.out).parent.joinpath("..", "deaths").open("a", encoding="ascii") as deaths:
            deaths.write("x")
        os.kill(os.getpid(), signal.SIGKILL)
    if task.name == "town01":
        raise KeyError("no such thing")
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
    expected = list(run_all(plain, work=reconcile_one, lost=lost, engine=HERE))
    found = list(run_all(pooled, work=dying, lost=lost, jobs=2))
    assert not (Path(pooled[0].out) / "VICTIM").exists()  # it was met, so its worker died
    assert found == expected
    assert files_of(pooled) == files_of(plain)
    assert not list((tmp_path / "pooled").rglob(BEGUN))


def test_one_that_is_lost_does_not_stop_the_others(tmp_path: Path) -> None:
    """A night whose worker always dies, one whose program fails, and one that cannot be written cost themselves alone."""
    tasks = towns(tmp_path / "files", tmp_path / "out", count=4, receipts=10)
    Path(tasks[2].out).parent.mkdir(parents=True, exist_ok=True)
    Path(tasks[2].out).write_text("a file where the folder should be", encoding="utf-8")
    found = list(run_all(tasks, work=trouble, lost=lost, jobs=2))
    assert [one.name for one in found] == [task.name for task in tasks]
    assert [one.code for one in found] == [2, 2, 2, 1]
    died, failed, unwritable, good = found
    assert "[engine.worker_died]" in died.problems[0] and "SIGKILL" in died.problems[0]
    assert (tmp_path / "deaths").read_text(encoding="ascii") == "x" * ATTEMPTS
    assert "[engine.failed]" in failed.problems[0] and "KeyError" in failed.problems[0]
    assert "in trouble" in failed.trace
    assert "[out.unwritable]" in unwritable.problems[0]
    assert good.totals["received"][0] > 0


def test_engines_that_are_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ProblemError) as error:
        run_all([], work=reconcile_one, lost=lost, engine="mainframe")
    assert codes(error) == {"engine.unknown"}
    monkeypatch.setitem(__import__("sys").modules, "distributed", None)
    with pytest.raises(ProblemError) as error:
        run_all([], work=reconcile_one, lost=lost, engine="dask")
    assert codes(error) == {"engine.missing"}


def test_one_that_is_refused_does_not_stop_the_others(tmp_path: Path) -> None:
    good, bad = towns(tmp_path / "files", tmp_path / "out", count=2, receipts=10)
    Path(bad.ledger).parent.mkdir(parents=True, exist_ok=True)
    Path(bad.ledger).write_text("a stranger's file", encoding="utf-8")
    found = list(run_all([replace(bad), good], work=reconcile_one, lost=lost))
    assert [one.code for one in found] == [2, 1]
    assert any("ledger.not_a_ledger" in problem for problem in found[0].problems)


def test_a_night_that_was_refused_does_not_stand_in_the_way_of_the_next(tmp_path: Path) -> None:
    """Its mark stays. Where the office committed something else meanwhile, there is no night whose files are to be written."""
    (task,) = towns(tmp_path / "files", tmp_path / "out", count=1, receipts=10)
    assert reconcile_one(task).code == 1
    out, stays = Path(task.out), tmp_path / "keep.csv"
    head, row, *_ = Path(task.receipts[0]).read_text(encoding="utf-8").splitlines()
    cells = dict(zip(head.split(","), row.split(","), strict=True))
    cells["amount"] = str(int(cells["amount"]) + 1)
    stays.write_text(f"{head}\n{','.join(cells.values())}\n", encoding="utf-8")
    assert reconcile_one(replace(task, receipts=(str(stays),))).code == 3
    assert (out / BEGUN).exists()
    stays.write_text("remit_date,amount\n2026-07-07,5000\n", encoding="utf-8")
    take_credits(task.ledger, [stays], as_of=task.as_of)
    found = reconcile_one(task)
    assert (found.code, found.problems) == (0, ())
    assert not (out / BEGUN).exists()


def plan_of(tasks: list[Task], folder: Path) -> Path:
    entries = "".join(
        f'[[municipality]]\nname = "{t.name}"\nledger = "{t.name}.db"\nassessments = ["{t.name}/assessments.csv"]\n'
        f'slips = ["{t.name}/slips.csv"]\nreceipts = ["{t.name}/r00.csv"]\n'
        for t in tasks
    )
    return plan(folder, 'policy = "default"\n' + entries)


def test_a_plan_through_the_shell(tmp_path: Path) -> None:
    path = plan_of(towns(tmp_path, tmp_path / "unused", count=2, receipts=10), tmp_path)
    call = ["reconcile-all", str(path), "--as-of", "2026-11-20", "--out", str(tmp_path / "out")]
    first = CliRunner().invoke(main, call)
    assert first.exit_code == 1, first.output
    assert "1/2  town00" in first.output and "2/2  town01" in first.output
    assert (tmp_path / "out" / "town01" / "report.html").exists()
    again = CliRunner().invoke(main, [*call, "--no-report", "--json"])
    assert again.exit_code == 0 and '"code": 0' in again.output
    rows = pl.read_csv(tmp_path / "out" / FILE, infer_schema=False)
    assert rows.columns == list(COLUMNS)
    assert rows["name"].to_list() == ["town00", "town01"] and rows["code"].to_list() == ["0", "0"]
    assert int(rows["received_yen"][0]) == sum(
        int(rows[f"{name}_yen"][0]) for name in ("posted", "excess", "suspense", "held")
    )


def test_ctrl_c_ends_the_nights_at_work_and_begins_no_others(tmp_path: Path) -> None:
    """The whole group of processes hears it, as at a terminal; what is done stays, and the same command does the rest."""
    path = plan_of(towns(tmp_path, tmp_path / "unused", count=6, receipts=10), tmp_path)
    out = tmp_path / "out"
    words = ["reconcile-all", str(path), "--as-of", "2026-11-20", "--out", str(out), "--no-report"]
    with subprocess.Popen(
        [sys.executable, "-m", "cli", *words, "--jobs", "2"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as shell:
        assert shell.stdout is not None and shell.stderr is not None
        told = shell.stdout.readline()
        os.killpg(shell.pid, signal.SIGINT)
        # not `communicate`: lines that came with the first one wait in this reader
        rest, errors = shell.stdout.read(), shell.stderr.read()
    assert shell.returncode == 3
    assert "[engine.interrupted]" in errors and "Traceback" not in errors
    done = [line for line in (told + rest).splitlines() if "/6  town" in line]
    assert 1 <= len(done) < 6
    listed = pl.read_csv(out / FILE, infer_schema=False)["name"].to_list()
    assert listed == [f"town{n:02}" for n in range(len(listed))]
    assert 0 <= len(listed) - len(done) <= 1  # the signal may come between a night's end and its line
    begun = len(
        list(tmp_path.glob("town*.db"))
    )  # on a busy machine the signal may come when no night is left to begin
    again = CliRunner().invoke(main, words)
    assert again.exit_code == int(begun < 6) and "6/6  town05" in again.output
    assert not list(out.rglob(BEGUN))


def test_a_plan_may_say_all_that_a_night_may_be_told(tmp_path: Path) -> None:
    """Common words hold where a municipality says nothing else; a pattern takes the files of the day, whatever their names."""
    (tmp_path / "in").mkdir()
    for name in ("b.csv", "a.csv", "other.txt"):
        (tmp_path / "in" / name).touch()
    text = (
        'encoding = "cp932"\nmapping = "own.toml"\n'
        '[[municipality]]\nname = "a"\nledger = "postgresql://db/a"\nreceipts = ["in/*.csv"]\nreceipt_layout = "canonical"\n'
        '[[municipality]]\nname = "b"\nledger = "b.db"\nreceipts = ["no/*.csv"]\nencoding = "utf-8"\npolicy = "b.toml"\n'
    )
    first, second = read_plan(plan(tmp_path, text), out=tmp_path / "out", as_of=AS_OF)
    assert (first.ledger, first.receipt_layout, first.encoding) == ("postgresql://db/a", "canonical", "cp932")
    assert first.receipts == (str(tmp_path / "in" / "a.csv"), str(tmp_path / "in" / "b.csv"))
    assert (second.policy, second.encoding) == (str(tmp_path / "b.toml"), "utf-8")
    assert first.mapping == second.mapping == str(tmp_path / "own.toml")
    assert second.receipts == () and "[plan.no_files]" in second.notes[0]


@pytest.mark.parametrize("folder", ["令和8[本番]", "a[b-x]c"])
def test_a_pattern_is_what_the_plan_says_and_not_where_it_lies(tmp_path: Path, folder: str) -> None:
    """Brackets in the name of the plan's folder are no pattern: the night would go by without its files, with a note."""
    (top := tmp_path / folder).mkdir()
    (tmp_path / "axb").mkdir()
    for place in (top, tmp_path / "axb"):
        (place / "r1.csv").touch()
    text = '[[municipality]]\nname = "a"\nledger = "a.db"\nreceipts = ["r*.csv"]\nslips = ["{}/r[1].csv"]\n'
    (task,) = read_plan(plan(top, text.format(tmp_path / "axb")), out=tmp_path, as_of=AS_OF)
    assert task.receipts == (str(top / "r1.csv"),)
    assert task.slips == (str(tmp_path / "axb" / "r1.csv"),)


def test_a_file_that_is_missing_is_told_with_its_municipality(tmp_path: Path) -> None:
    text = '[[municipality]]\nname = "a"\nledger = "a.db"\nreceipts = ["no/*.csv", "gone.csv"]\n'
    call = [
        "reconcile-all",
        str(plan(tmp_path, text)),
        "--as-of",
        "2026-11-20",
        "--out",
        str(tmp_path / "out"),
    ]
    done = CliRunner().invoke(main, call)
    assert done.exit_code == 2
    assert "[plan.no_files]" in done.stderr and "gone.csv" in done.stderr
    row = pl.read_csv(tmp_path / "out" / FILE, infer_schema=False)
    assert "gone.csv" in row["problems"][0]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("policy = ", "plan.unreadable"),
        ('policy = "default"', "plan.empty"),
        ('[[municipality]]\nname = "a"', "plan.lacking"),
        ('[[municipality]]\nname = "a"\nledger = "l"\nreciepts = []', "plan.unknown"),
        ('[[municipality]]\nname = "../a"\nledger = "l"', "plan.name"),
        ('municipality = ["a"]', "plan.value"),
        ('[[municipality]]\nname = "a"\nledger = "l"\nreceipts = "r.csv"', "plan.value"),
        ('[[municipality]]\nname = "a"\nledger = "l"\nsite = 5', "plan.value"),
        ('[[municipality]]\nname = "a"\nledger = "l"\nencoding = "sjis"', "plan.value"),
        ("[[municipality]]\nname = 'a\\b'\nledger = 'l'", "plan.name"),
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


@pytest.mark.parametrize("second", ["./l.db", "link.db", "../{top}/l.db", "{top}/../l.db"])
@pytest.mark.parametrize("there", [True, False])
def test_one_ledger_in_two_spellings_stands_twice(tmp_path: Path, second: str, there: bool) -> None:
    (tmp_path / "link.db").symlink_to("l.db")
    if there:
        (tmp_path / "l.db").touch()
    (tmp_path / tmp_path.name).mkdir()
    words = ("l.db", second.format(top=tmp_path.name))
    entries = [f'[[municipality]]\nname = "m{i}"\nledger = "{word}"\n' for i, word in enumerate(words)]
    with pytest.raises(ProblemError) as error:
        read_plan(plan(tmp_path, "".join(entries)), out=tmp_path, as_of=AS_OF)
    assert codes(error) == {"plan.twice"}
    assert "l.db" in str(error.value.problems[0].params["found"])


def test_names_are_folders_and_ledgers_are_places(tmp_path: Path) -> None:
    """Some disks of offices do not tell capitals apart, and the files of one city would stand in for another's."""
    two = '[[municipality]]\nname = "{}"\nledger = "{}"\n'
    server = "://u@h/{}"
    good = (
        two.format("a", "a.db")
        + two.format("b", f"postgresql{server.format('x')}")
        + two.format("c", f"postgresql{server.format('y')}")
    )
    assert len(read_plan(plan(tmp_path, good), out=tmp_path, as_of=AS_OF)) == 3
    for twice in (
        two.format("a", "1") + two.format("A", "2"),
        two.format("a", f"postgres{server}") + two.format("b", f"postgresql{server}"),
    ):
        with pytest.raises(ProblemError) as error:
            read_plan(plan(tmp_path, twice), out=tmp_path, as_of=AS_OF)
        assert codes(error) == {"plan.twice"}
