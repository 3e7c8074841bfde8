"""docs/reconcile-start.md: the files of the page, taken in as it says, come to what it says."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from house import ROOT
from night_runs import elqr, rows

PAGE = (ROOT / "docs" / "reconcile-start.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"<!-- file: (\S+) -->\n```csv\n(.*?)```", PAGE, re.DOTALL))


@pytest.fixture
def begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files of the page, after its command."""
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    (command,) = re.findall(r"<!-- begin -->\n```\n(.*?)\n```", PAGE, re.DOTALL)
    assert elqr(*shlex.split(command)[1:]).exit_code == 1  # payments in part are shown
    return tmp_path


def totals(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "totals.json").read_text(encoding="utf-8"))
    return found


def test_the_opening_comes_to_what_was_paid(begun: Path) -> None:
    found = totals(begun / "opening")
    paid = sum(int(r["amount"]) for r in rows(begun / "opening_receipts.csv"))
    assert found["drift"] == 0
    assert found["standing"]["received"]["yen"] == found["standing"]["posted"]["yen"] == paid == 339_400
    assert found["standing"]["suspense"]["count"] == found["standing"]["held"]["count"] == 0
    assert [(r["outcome"], r["line_ids"]) for r in rows(begun / "opening" / "exceptions.csv")] == [
        ("partial", "A-02")
    ]


def test_who_paid_or_was_reminded_is_left_in_peace(begun: Path) -> None:
    assert [(r["line_id"], r["open"]) for r in rows(begun / "opening" / "dunning.csv")] == [("A-02", "15000")]


def test_a_charge_that_was_paid_is_no_overpayment(begun: Path) -> None:
    assert [(r["line_id"], r["amount"]) for r in rows(begun / "opening" / "delinquency.csv")] == [
        ("B-01", "4400")
    ]
    parts = {(r["line_id"], r["component"]): r["amount"] for r in rows(begun / "opening" / "postings.csv")}
    assert parts["B-01", "principal"] == "300000" and parts["B-01", "delinquency"] == "4400"
    assert rows(begun / "opening" / "overpayments.csv") == []


def test_the_night_after_knows_what_was_before(begun: Path) -> None:
    words = ("--slips", "slips.csv", "--receipts", "receipts.csv", "--as-of", "2026-09-10")
    assert elqr("reconcile", "--ledger", "ledger", *words, "--out", "night").exit_code == 1
    (too_much,) = rows(begun / "night" / "overpayments.csv")
    assert (too_much["line_id"], too_much["amount"], too_much["class"]) == ("A-01", "25000", "gonou")
    assert too_much["blocked"] == ""
    assert [(r["line_id"], r["amount"]) for r in rows(begun / "night" / "postings.csv")] == [
        ("A-02", "15000")
    ]
    assert rows(begun / "night" / "dunning.csv") == []


def test_the_opening_twice_is_the_opening_once(begun: Path) -> None:
    renamed = begun / "again.csv"
    renamed.write_text(FILES["opening_receipts.csv"], encoding="utf-8")
    words = ("--slips", "opening_slips.csv", "--receipts", renamed, "--as-of", "2026-09-01")
    elqr("reconcile", "--ledger", "ledger", *words, "--out", "again")
    before, after = totals(begun / "opening"), totals(begun / "again")
    assert after["run"]["received"] == {"count": 0, "yen": 0}
    assert after["standing"]["posted"] == before["standing"]["posted"]
