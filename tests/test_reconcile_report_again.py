"""`elqr report` says of a file that came again what its night said, also where the same bytes were taken in under two layouts; and a night says when
the files are still to be written."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

import pytest
from ledger_files import DUES, RECEIPT_HEAD, receipt, write
from night_runs import FIRST, SECOND, elqr, night

from reconcile import nightly


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


@pytest.mark.parametrize(("fault", "code"), [(KeyboardInterrupt(), 3), (RuntimeError("a bug"), 2)])
@pytest.mark.parametrize(("step", "stands"), [("figures", True), ("write_files", True), ("probe", False)])
def test_a_night_that_is_stopped_when_it_is_recorded_says_so(
    step: str, stands: bool, fault: BaseException, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same words again would find nothing new, and the postings of the night be in no file."""

    def stop(*_: object, **__: object) -> None:
        raise type(fault)(*fault.args)

    with monkeypatch.context() as patch:
        patch.setattr(nightly, step, stop)
        done = night(tmp_path, "one", *FIRST)
        dry = night(tmp_path, "dry", *SECOND, "--dry-run")
    assert (done.exit_code, dry.exit_code) == (code, code)
    assert "nothing was delivered" in done.stderr
    assert [("out.night_stands" in one.stderr) for one in (done, dry)] == [stands, False]
    assert (tmp_path / "ledger").exists() == stands


def test_a_file_that_comes_again_says_which_of_its_rows_are_still_out(tmp_path: Path) -> None:
    """A site file mended in between does not bring them in: who is told only that the file was taken looks for them no more."""
    night(tmp_path, "one", *FIRST)
    done = night(tmp_path, "two", *FIRST)
    assert "取込済みのファイル / already taken (26 件" in done.stdout
    assert "elqr report --run writes the files of the run that took them" in done.stdout
    said = "1 件は前に届いたとき隔離・保留: 同じファイルでは取り込みません"
    assert done.stdout.count(said) == 1  # the row of another body is right where it is
    assert elqr("report", "--ledger", tmp_path / "ledger", "--out", tmp_path / "three").exit_code == 0
    pages = [(tmp_path / name / "report.html").read_text(encoding="utf-8") for name in ("one", "two")]
    assert [said in page for page in pages] == [False, True]
