"""The nights of the sample, run through the shell: for the tests of outputs, report and explain."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from click.testing import CliRunner, Result
from house import ROOT

from cli import main

NIGHTS = ROOT / "sample_data" / "nights"
SITE = ROOT / "sample_data" / "site.toml"
FIRST = (
    *("--assessments", NIGHTS / "assessments.csv", "--slips", NIGHTS / "slips.csv"),
    *("--receipts", NIGHTS / "receipts_0616.csv", "--as-of", "2026-06-16"),
)
SECOND = (
    *("--assessments", NIGHTS / "revision_0715.csv", "--receipts", NIGHTS / "receipts_0715.csv"),
    *("--as-of", "2026-07-15"),
)


def elqr(*words: object) -> Result:
    """The command with these words."""
    return CliRunner().invoke(main, [str(w) for w in words])


def night(top: Path, name: str, *words: object) -> Result:
    """One night in the ledger `top/ledger`, its files in `top/name`."""
    return elqr("reconcile", "--ledger", top / "ledger", "--site", SITE, "--out", top / name, *words)


def rows(path: Path) -> list[dict[str, str]]:
    """A CSV file as a user's own program would read it."""
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))


def yen(table: list[dict[str, str]], column: str = "amount") -> int:
    """The sum of a column; empty cells are nothing."""
    return sum(int(row[column] or 0) for row in table)
