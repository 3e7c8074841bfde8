"""A municipality's night as a task: all that it says reaches the night, and a night that was begun ends with the same files."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from importlib.resources import files
from pathlib import Path

import polars as pl
import pytest
from ledger_files import LINE_HEAD, RECEIPT_HEAD, SLIP_HEAD, line, receipt, slip, write
from night_runs import NIGHTS, SITE
from test_reconcile_outputs import EXPORT

from elqr.problems import Problem, ProblemError
from reconcile import nightly
from reconcile.ledger import open_ledger
from reconcile.partition import BEGUN, Task, reconcile_one
from reconcile.spreadsheet import named

DAY = date(2026, 6, 16)
NOTE = "said beforehand"


@pytest.fixture
def task(tmp_path: Path) -> Task:
    """The first night of the sample, with an option of every kind."""
    export, policy = tmp_path / "export.toml", tmp_path / "own.toml"
    export.write_text(EXPORT, encoding="utf-8")
    shipped = (files("layouts") / "policies" / "default.toml").read_text(encoding="utf-8")
    policy.write_text(shipped.replace('id = "default"', 'id = "our-own"'), encoding="utf-8")
    return Task(
        name="mihon",
        ledger=str(tmp_path / "ledger"),
        out=str(tmp_path / "out"),
        as_of=DAY,
        assessments=(str(NIGHTS / "assessments.csv"),),
        slips=(str(NIGHTS / "slips.csv"),),
        receipts=(str(NIGHTS / "receipts_0616.csv"),),
        site=str(SITE),
        policy=str(policy),
        postings_mapping=str(export),
        excel=True,
        notes=(NOTE,),
        who="sato",
        at="2026-06-16T20:00",
    )


def written(task: Task) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in Path(task.out).iterdir() if path.is_file()}


def begun(task: Task, run: int | str = 0) -> None:
    """As a worker leaves the folder that died between commit and files."""
    for path in Path(task.out).iterdir():
        path.unlink()
    Path(task.out, BEGUN).write_text(str(run), encoding="ascii")


def test_what_a_task_says_reaches_the_night(task: Task) -> None:
    done = reconcile_one(task)
    assert (done.name, done.code, done.problems) == ("mihon", 1, (NOTE,))
    names = set(written(task))
    assert {"消込連携.csv", "report.html", "dunning.csv", "problems.csv"} <= names and BEGUN not in names
    assert named("exceptions.csv") in names
    with open_ledger(task.ledger) as ledger:
        (run,) = pl.concat(ledger.scan("runs", ["who", "at", "inputs"])).rows()
        assert (done.result, done.digest) == (ledger.standing.result, ledger.standing.digest)
        assert done.totals == ledger.standing.totals
    assert run[:2] == ("sato", "2026-06-16T20:00") and '"policy": "our-own"' in run[2]
    assert '"body_code": null' not in run[2]


def test_a_night_that_was_begun_is_ended_with_the_files_that_it_would_have_had(task: Task) -> None:
    first = reconcile_one(task)
    expected = {name: data for name, data in written(task).items() if not name.startswith("problems")}
    begun(task)
    again = reconcile_one(task)
    found = {name: data for name, data in written(task).items() if not name.startswith("problems")}
    assert found == expected
    assert (again.code, again.result, again.digest, again.totals) == (
        1,
        first.result,
        first.digest,
        first.totals,
    )
    plain = replace(task, report=False, excel=False, postings_mapping=None)
    begun(plain)
    assert reconcile_one(plain).code == 1
    assert not {"report.html", "dunning.csv", "消込連携.csv"} & set(written(plain))


def test_a_task_that_is_done_again_finds_nothing_new_and_says_so(task: Task) -> None:
    reconcile_one(task)
    assert reconcile_one(task).code == 0
    assert (Path(task.out) / "postings.csv").read_bytes().count(b"\n") == 1
    begun(task, run=1)  # and died before it had committed anything
    assert reconcile_one(task).code == 0
    assert (Path(task.out) / "postings.csv").read_bytes().count(b"\n") == 1


def small(
    tmp_path: Path, *receipts: dict[str, str | int], slips: tuple[dict[str, str | int], ...] = ()
) -> Task:
    """A line, a slip, and these receipts and slips besides."""
    return Task(
        name="small",
        ledger=str(tmp_path / "ledger"),
        out=str(tmp_path / "out"),
        as_of=DAY,
        report=False,
        assessments=(str(write(tmp_path / "a.csv", LINE_HEAD, line(1, 1, 100))),),
        slips=(str(write(tmp_path / "s.csv", SLIP_HEAD, *(slips or (slip(1, 1, 1, 100),)))),),
        receipts=(str(write(tmp_path / "r.csv", RECEIPT_HEAD, *receipts)),),
        notes=(NOTE,),
    )


PAID = dict(receipt("T1", 1, 100, date(2026, 6, 10)))


@pytest.mark.parametrize(
    ("receipts", "left"),
    [
        ((PAID,), 0),
        ((PAID, {**PAID, "txn_id": "T2", "slip_key": "9" * 20}), 1),  # only an exception
        ((PAID, {**PAID, "txn_id": "T2", "amount": "many"}), 1),  # only a bad row
    ],
)
def test_a_night_that_was_begun_says_whether_somebody_must_look(
    tmp_path: Path, receipts: tuple[dict[str, str | int], ...], left: int
) -> None:
    task = small(tmp_path, *receipts)
    assert reconcile_one(task).code == left
    begun(task, "")  # the machine went down before the mark was on its disk
    assert reconcile_one(task).code == left


def test_a_night_whose_files_found_no_place_is_said_to_have_them_when_the_task_is_given_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was told that the same command would find nothing new: so it is with one night, and not with a task, whose mark is there."""

    def full(folder: Path, _: object) -> None:
        raise ProblemError(Problem("out.unwritable", params={"found": str(folder), "reason": "full"}))

    task = small(tmp_path, PAID)
    with monkeypatch.context() as patch:
        patch.setattr(nightly, "write_files", full)
        said = reconcile_one(task).problems[-1]
    assert "out.night_stands" in said and "同じ elqr reconcile-all は書き出します" in said
    assert "the same elqr reconcile-all writes them" in said and reconcile_one(task).code == 0
    assert (Path(task.out) / "postings.csv").read_bytes().count(b"\n") == 2


def test_what_stops_a_night_is_three_and_what_it_cannot_read_is_two(tmp_path: Path) -> None:
    task = small(tmp_path, PAID)
    assert reconcile_one(task).code == 0
    other = small(tmp_path, {**PAID, "amount": 90})
    done = reconcile_one(other)
    assert (done.code, done.totals, done.problems[0]) == (3, {}, NOTE) and "ledger.conflict" in done.problems[
        1
    ]
    done = reconcile_one(small(tmp_path, PAID, slips=(dict(slip(1, 1, 1, 90)),)))
    assert done.code == 3 and "ledger.slip_conflict" in done.problems[1]
    with open_ledger(task.ledger, writer=True):
        done = reconcile_one(small(tmp_path, {**PAID, "txn_id": "T3"}))
    assert done.code == 3 and "ledger.in_use" in done.problems[1]
    Path(task.receipts[0]).write_text("nothing,of,ours\n1,2,3\n", encoding="utf-8")
    done = reconcile_one(task)
    assert done.code == 2 and done.problems[0] == NOTE and len(done.problems) > 1


def test_a_layout_that_is_not_there_stops_the_night_before_it_begins(task: Task) -> None:
    done = reconcile_one(replace(task, receipt_layout="no_such_layout"))
    assert done.code == 2 and "no_such_layout" in done.problems[1]
    assert not Path(task.ledger).exists()


def test_a_task_whose_ledger_cannot_be_opened_has_not_begun(tmp_path: Path) -> None:
    """Its mark would say that no night stood: once the ledger is there again, the task would write the files of an older night."""
    task = small(tmp_path, PAID)
    ledger = Path(task.ledger)
    assert reconcile_one(task).code == 0
    away = ledger.rename(tmp_path / "away")
    ledger.write_bytes(b"no ledger at all" * 99)
    assert reconcile_one(task).code == 2 and BEGUN not in written(task)
    away.replace(ledger)
    assert reconcile_one(task).code == 0
