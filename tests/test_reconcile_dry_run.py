"""`elqr reconcile --dry-run`: says what the night would, and leaves nothing behind: no run, and no ledger where there was none."""

from __future__ import annotations

from pathlib import Path

from night_runs import FIRST, SECOND, elqr, night


def test_a_dry_run_says_what_would_be_and_keeps_nothing(tmp_path: Path) -> None:
    night(tmp_path, "one", *FIRST)
    before = elqr("ledger", "info", tmp_path / "ledger", "--json").output
    tried = night(tmp_path, "tried", *SECOND, "--dry-run")
    assert tried.exit_code == 1 and "dry run" in tried.output
    assert elqr("ledger", "info", tmp_path / "ledger", "--json").output == before
    assert night(tmp_path, "done", *SECOND).exit_code == 1
    for name in ("postings.csv", "exceptions.csv", "overpayments.csv", "delinquency.csv", "dunning.csv"):
        assert (tmp_path / "tried" / name).read_bytes() == (tmp_path / "done" / name).read_bytes()
    assert "試行" in (tmp_path / "tried" / "report.html").read_text(encoding="utf-8")


def test_a_dry_run_before_the_first_night_begins_no_ledger(tmp_path: Path) -> None:
    tried = night(tmp_path, "tried", *FIRST, "--dry-run")
    assert tried.exit_code == 1 and "dry run" in tried.output
    assert [p.name for p in tmp_path.iterdir()] == ["tried"]
    assert night(tmp_path, "done", *FIRST).exit_code == 1
    for name in ("postings.csv", "exceptions.csv", "overpayments.csv", "delinquency.csv", "dunning.csv"):
        assert (tmp_path / "tried" / name).read_bytes() == (tmp_path / "done" / name).read_bytes()


def test_a_dry_run_is_refused_where_the_night_would_be(tmp_path: Path) -> None:
    trial = ("reconcile", *FIRST, "--dry-run", "--out", tmp_path / "out", "--ledger")
    night(tmp_path, "one", *FIRST)
    (tmp_path / "ledger").unlink()
    for place, code in (
        (tmp_path / "none" / "ledger", "ledger.place"),
        (tmp_path / "ledger", "ledger.gone"),
        (tmp_path, "ledger.place"),
        ("mysql://x/y", "ledger.url"),
    ):
        said = elqr(*trial, place)
        assert (said.exit_code, code in said.output) == (2, True), said.output
