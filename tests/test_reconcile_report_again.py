"""`elqr report` says of a file that came again what its night said, also where the same bytes were taken in under two layouts."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

from ledger_files import DUES, RECEIPT_HEAD, receipt, write
from night_runs import elqr


def test_a_file_taken_under_two_layouts_is_told_as_in_its_night(tmp_path: Path) -> None:
    """A first try with a layout that took another column for the yen; the first row of the file was the one that was told."""
    text = (files("layouts") / "receipts" / "canonical.toml").read_text(encoding="utf-8")
    wrong = tmp_path / "wrong.toml"
    for name, heading in (("confirm_no", "no_such_1"), ("amount", "confirm_no"), ("txn_id", "no_such_2")):
        before, found, after = text.partition(f'name = "{name}"\nheadings = [')
        assert found
        text = f'{before}{found}"{heading}"]{after.partition("]")[2]}'
    wrong.write_text(text, encoding="utf-8")
    taken = write(tmp_path / "r.csv", RECEIPT_HEAD, receipt("A", 11, 700, DUES[0]))
    more = write(tmp_path / "n.csv", RECEIPT_HEAD, receipt("B", 12, 5, DUES[0]))
    words = ("reconcile", "--ledger", tmp_path / "l.db", "--as-of", "2026-11-20", "--no-report")
    for number, given in enumerate(
        (("--receipt-layout", wrong, taken), ("--receipt-layout", "canonical", taken))
    ):
        assert elqr(*words, "--out", tmp_path / f"{number}", *given).exit_code == 1
    assert elqr(*words, "--out", tmp_path / "night", taken, more).exit_code == 1
    assert elqr("report", "--ledger", tmp_path / "l.db", "--out", tmp_path / "again").exit_code == 0
    night, again = (json.loads((tmp_path / n / "totals.json").read_bytes()) for n in ("night", "again"))
    assert night["run"]["already_taken"] == {"count": 1, "yen": 700}
    assert again == night
