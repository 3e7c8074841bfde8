"""A job that starts by itself: the day of the machine, a folder for each day, files that stay where they are, an account without a name."""

from __future__ import annotations

import getpass
import os
import pwd
import shutil
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from night_runs import NIGHTS, SITE, elqr

from elqr import option_values, shell
from elqr.problems import ProblemError
from reconcile.ledger import open_ledger

DAYS = (date(2026, 6, 16), date(2026, 6, 17), date(2026, 7, 15))


@pytest.fixture
def office(tmp_path: Path) -> Path:
    """A plan of one municipality, with patterns."""
    (tmp_path / "in").mkdir()
    for name in ("assessments.csv", "slips.csv", "receipts_0616.csv"):
        shutil.copy(NIGHTS / name, tmp_path / "in" / name)
    (tmp_path / "plan.toml").write_text(
        '[[municipality]]\nname = "mihon"\nledger = "ledger.db"\n'
        f"site = '{SITE}'\nassessments = ['in/assessments*.csv', 'in/revision*.csv']\nslips = ['in/slips*.csv']\n"
        "receipts = ['in/receipts*.csv']\n",
        encoding="utf-8",
    )
    return tmp_path


def test_the_same_line_every_day(office: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = (
        "reconcile-all",
        office / "plan.toml",
        "--as-of",
        "today",
        "--out",
        office / "out" / "{as_of}",
        "--excel",
    )
    codes = []
    for day in DAYS:
        if day == DAYS[2]:  # what comes later lies beside what came before
            for name in ("receipts_0715.csv", "revision_0715.csv"):
                shutil.copy(NIGHTS / name, office / "in" / name)
        monkeypatch.setattr(option_values, "today", lambda here=day: here)
        codes.append(elqr(*words).exit_code)
    assert codes == [1, 0, 1]
    assert sorted(p.name for p in (office / "out").iterdir()) == [d.isoformat() for d in DAYS]
    posted = {
        day: pl.read_csv(office / "out" / day.isoformat() / "mihon" / "postings.csv").height for day in DAYS
    }
    for day in DAYS:  # to be opened by a person in the morning
        assert (office / "out" / day.isoformat() / "mihon" / "exceptions.excel.csv").exists()
    assert posted[DAYS[0]] > 0 and posted[DAYS[1]] == 0 and posted[DAYS[2]] > 0


def test_a_night_has_its_folder_too(office: Path) -> None:
    words = ("--ledger", office / "l", "--as-of", "R8.6.16", "--out", office / "{as_of}" / "x")
    done = elqr("reconcile", *words, "--assessments", office / "in" / "assessments.csv")
    assert done.exit_code in (0, 1) and (office / "2026-06-16" / "x" / "totals.json").exists()


def test_today_is_the_machines_day() -> None:
    assert option_values.day("today") == option_values.day(" 今日 ") == shell.today()
    with pytest.raises(ProblemError, match="today"):
        option_values.day("tomorrow")


def test_an_account_without_a_name_goes_by_its_number(office: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a container the number has no entry: Python raises KeyError, OSError from 3.13 on, and ImportError on Windows."""

    def nobody(number: int) -> object:
        raise KeyError(f"getpwuid(): uid not found: {number}")

    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pwd, "getpwuid", nobody)
    with pytest.raises((KeyError, OSError)):
        getpass.getuser()
    words = ("--ledger", office / "l", "--as-of", "2026-06-16", "--out", office / "out")
    done = elqr("reconcile", *words, "--assessments", office / "in" / "assessments.csv")
    assert done.exit_code in (0, 1), done.output
    with open_ledger(office / "l") as ledger:
        (who,) = pl.concat(ledger.scan("runs", ["run_id", "who"]))["who"]
    assert who == f"uid {os.getuid()}"
