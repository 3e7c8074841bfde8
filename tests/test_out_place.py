"""Results go over no input of their own run and over no other command's results: every command that writes lists is asked."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from night_runs import FIRST, NIGHTS, SECOND, SITE, elqr, night

from elqr.out_place import refuse_inputs
from elqr.problems import ProblemError

DEMO = NIGHTS.parent


@pytest.fixture
def top(tmp_path: Path) -> Path:
    """A ledger after its first night."""
    assert night(tmp_path, "one", *FIRST).exit_code == 1
    return tmp_path


def as_input(top: Path, source: Path, name: str) -> Path:
    return Path(shutil.copy(source, top / name))


# --- inputs -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "source", "name"),
    [
        (("credits", "--as-of", "2026-07-16"), "credits_0715.csv", "balance.csv"),
        (("credits", "--as-of", "2026-07-16", "--excel"), "credits_0715.csv", "balance.excel.csv"),
        (("debits",), "debits_0831.csv", "debits.csv"),
        (("debits", "--excel"), "debits_0831.csv", "debits.excel.csv"),
        (("reconcile", "--as-of", "2026-07-15"), "receipts_0715.csv", "postings.csv"),
        (("reconcile", "--as-of", "2026-07-15", "--excel"), "receipts_0715.csv", "quarantine.excel.csv"),
    ],
)
def test_an_input_is_not_written_over(top: Path, words: tuple[str, ...], source: str, name: str) -> None:
    given = as_input(top, NIGHTS / source, name)
    before = elqr("ledger", "info", top / "ledger").output
    said = elqr(*words, given, "--ledger", top / "ledger", "--out", top)
    assert (said.exit_code, "job.input_in_out" in said.output) == (2, True), said.output
    assert given.read_bytes() == (NIGHTS / source).read_bytes()
    assert elqr("ledger", "info", top / "ledger").output == before, "refused after it was recorded"


def test_registers_payers_plans_and_ledgers_are_inputs_too(top: Path) -> None:
    registers = as_input(top, NIGHTS / "assessments.csv", "delinquency.csv")
    payers = as_input(top, NIGHTS / "payers.csv", "notices.csv")
    plan = top / "municipalities.csv"
    plan.write_text('[[municipality]]\nname = "a"\nledger = "a.db"\n', encoding="utf-8")
    shutil.copy(top / "ledger", top / "report.html")
    day, out = ("--as-of", "2026-07-15"), ("--out", top)
    for words in (
        ("reconcile", "--ledger", top / "ledger", "--assessments", registers, *day, *out),
        ("refunds", "notices", "--ledger", top / "ledger", "--payers", payers, *out),
        ("reconcile-all", plan, *day, *out),
        ("report", "--ledger", top / "report.html", *out),
    ):
        before = {p.name: p.read_bytes() for p in top.iterdir() if p.is_file()}
        said = elqr(*words)
        assert (said.exit_code, "job.input_in_out" in said.output) == (2, True), (words, said.output)
        assert {p.name: p.read_bytes() for p in top.iterdir() if p.is_file()} == before


def test_a_print_job_and_its_notices_spare_their_rows(tmp_path: Path) -> None:
    slips = as_input(tmp_path, DEMO / "slips.csv", "upload.csv")
    notices = as_input(tmp_path, DEMO / "notices.csv", "notices.csv")
    for words in (("print", slips, "--layout", "mihara"), ("print-notices", notices)):
        said = elqr(*words, "--site", SITE, "--issue-date", "2026-06-01", "--out", tmp_path)
        assert (said.exit_code, "job.input_in_out" in said.output) == (2, True), said.output
    assert sorted(p.name for p in tmp_path.iterdir()) == ["notices.csv", "upload.csv"]


def test_an_input_in_the_same_folder_under_another_name_is_fine(top: Path) -> None:
    given = as_input(top, NIGHTS / "debits_0831.csv", "debits_0831.csv")
    assert elqr("debits", given, "--ledger", top / "ledger", "--out", top).exit_code in (0, 1)
    assert given.read_bytes() == (NIGHTS / "debits_0831.csv").read_bytes()


@pytest.mark.parametrize("link", [os.symlink, os.link])
def test_a_file_is_known_by_whatever_name(tmp_path: Path, link: Callable[[Path, Path], None]) -> None:
    (tmp_path / "a.csv").write_text("a", encoding="utf-8")
    link(tmp_path / "a.csv", tmp_path / "b.csv")
    with pytest.raises(ProblemError) as error:
        refuse_inputs([tmp_path / "a.csv"], [tmp_path / "none", "postgresql://a/b", tmp_path / "b.csv"])
    assert [p.code for p in error.value.problems] == ["job.input_in_out"]


# --- other commands' results --------------------------------------------------------------------------


def left(folder: Path, command: str) -> None:
    """A folder as a command leaves it, as far as anybody looks."""
    folder.mkdir()
    names = {
        "elqr print": {"job.json": json.dumps({"identity": {}}), "problems.csv": "theirs"},
        "elqr print-notices": {
            "job.json": json.dumps({"document": "refund_notice"}),
            "notices.csv": "seq,notice_no\n",
            "problems.csv": "theirs",
        },
        "elqr verify": {"results.json": "{}", "report.html": "theirs"},
        "elqr reconcile": {"totals.json": "{}", "report.html": "theirs", "problems.csv": "theirs"},
        "elqr refunds notices": {"notices.csv": "notice_no,decided_on\n"},
    }
    for name, text in names[command].items():
        (folder / name).write_text(text, encoding="utf-8")


PRINTING = ("--site", SITE, "--issue-date", "2026-06-01")
WORDS = {
    "elqr print": ("print", DEMO / "slips.csv", "--layout", "mihara", *PRINTING),
    "elqr print-notices": ("print-notices", DEMO / "notices.csv", *PRINTING),
    "elqr verify": ("verify", DEMO, "--manifest", DEMO / "slips.csv"),
    "elqr reconcile": ("reconcile", "--ledger", "L", *SECOND),
    "elqr refunds notices": ("refunds", "notices", "--ledger", "L", "--payers", NIGHTS / "payers.csv"),
}


@pytest.mark.parametrize(
    ("command", "holder"),
    [
        ("elqr reconcile", "elqr print"),
        ("elqr reconcile", "elqr print-notices"),
        ("elqr reconcile", "elqr verify"),
        ("elqr print", "elqr reconcile"),
        ("elqr print", "elqr print-notices"),
        ("elqr print-notices", "elqr print"),
        ("elqr print-notices", "elqr reconcile"),
        ("elqr print-notices", "elqr refunds notices"),
        ("elqr refunds notices", "elqr print-notices"),
        ("elqr verify", "elqr reconcile"),
    ],
)
def test_another_commands_results_stay(top: Path, command: str, holder: str) -> None:
    left(top / "out", holder)
    before = {p.name: p.read_bytes() for p in (top / "out").iterdir()}
    said = elqr(*(top / "ledger" if w == "L" else w for w in WORDS[command]), "--out", top / "out")
    assert (said.exit_code, "out.other_command" in said.output) == (2, True), said.output
    assert f" {holder} " in said.output.replace(",", " ")
    assert {p.name: p.read_bytes() for p in (top / "out").iterdir()} == before


def test_lists_that_nobody_else_writes_may_lie_beside_each_other(top: Path) -> None:
    """The bank's credits in the folder of their night, the refunds' file too."""
    ledger = ("--ledger", top / "ledger", "--out", top / "one")
    assert elqr("credits", NIGHTS / "credits_0715.csv", "--as-of", "2026-07-16", *ledger).exit_code == 1
    assert elqr("debits", NIGHTS / "debits_0831.csv", *ledger).exit_code in (0, 1)
    assert elqr("report", *ledger).exit_code == 0
    assert night(top, "one", *SECOND).exit_code == 1, "its own folder is a night's to write again"
    left(top / "printed", "elqr print")
    assert elqr("report", "--ledger", top / "ledger", "--out", top / "printed").exit_code == 0


def test_a_damaged_job_file_is_somebodys(top: Path) -> None:
    left(top / "out", "elqr print")
    (top / "out" / "job.json").write_text("{", encoding="utf-8")
    assert "out.other_command" in night(top, "out", *SECOND).output
