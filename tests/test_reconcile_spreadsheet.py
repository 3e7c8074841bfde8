"""Lists for a spreadsheet: nothing in them is a formula of somebody else's, keys stay whole; what programs read stays as it came."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from ledger_files import LINE_HEAD, RECEIPT_HEAD, SLIP_HEAD, line, receipt, slip, write
from night_runs import elqr

from reconcile.spreadsheet import OF_THE_NIGHT, for_excel, named


def shown(cell: str | None) -> str:
    """A cell as the spreadsheet's list has it."""
    (data,) = for_excel([pl.DataFrame({"a": [cell], "b": ["x"]}, schema={"a": pl.String, "b": pl.String})])
    assert data.startswith(b"\xef\xbb\xbfa,b\r\n")
    return next(csv.DictReader(data.decode("utf-8-sig").splitlines(keepends=True)))["a"]


@pytest.mark.parametrize(
    "cell", ["=1+1", "+A1", "-A1", "@SUM(A1)", "\t=1", '=HYPERLINK("A1")', "-1+cmd|' /C calc'!A0"]
)
def test_no_cell_is_a_formula(cell: str) -> None:
    assert shown(cell) == f"'{cell}"


@pytest.mark.parametrize(
    "cell",
    [
        *("00000202601010000022", "0012", "123456789012", "1-2", "2026901-000041-01", "1/2", "12:30"),
        *("1E5", "1e+5", "2026E-01", "12E-3", "1.5E3", "1.10", "2026.10", ".50"),
    ],
)
def test_keys_and_ids_are_given_as_text(cell: str) -> None:
    assert shown(cell) == f'="{cell}"'


@pytest.mark.parametrize(
    "cell", ["", "12300", "-12300", "0", "2026-06-30", "A-1", "山田 太郎", "A:suspended:4000"]
)
def test_everything_else_is_as_it_was(cell: str) -> None:
    assert shown(cell) == cell


def test_blocks_are_one_file_with_one_heading() -> None:
    block = pl.DataFrame({"a": ["0012", None]})
    assert (
        b"".join(for_excel([block, block])).decode("utf-8-sig")
        == 'a\r\n"=""0012"""\r\n\r\n"=""0012"""\r\n\r\n'
    )


def test_a_night_writes_them_beside_the_others_when_asked(tmp_path: Path) -> None:
    evil = "=HYPERLINK(A1)"
    a = write(tmp_path / "a.csv", LINE_HEAD, line(1, 1, 20_000, line_id=evil), line(2, 1, 5_000))
    s = write(tmp_path / "s.csv", SLIP_HEAD, slip(11, 1, 1, 20_000))
    paid = [receipt(f"T{x}", 11, 20_000, date(2026, 6, 1)) for x in "ab"]
    r = write(tmp_path / "r.csv", RECEIPT_HEAD, *paid, receipt("T9", 99, 700, date(2026, 6, 1)))
    r.write_text(r.read_text(encoding="utf-8") + "=cmd,app\n", encoding="utf-8")
    words = ("--ledger", tmp_path / "l.db", "--as-of", "2026-11-20")
    given = ("--assessments", a, "--slips", s, "--receipts", r)
    assert elqr("reconcile", *words, *given, "--out", tmp_path / "one", "--excel").exit_code == 1
    assert elqr("report", *words, "--out", tmp_path / "two").exit_code == 0
    assert elqr("report", *words, "--out", tmp_path / "three", "--excel").exit_code == 0
    lists = {named(name) for name in OF_THE_NIGHT}
    assert {p.name for p in (tmp_path / "one").glob("*.excel.csv")} == lists
    assert {p.name for p in (tmp_path / "three").glob("*.excel.csv")} == lists - {"problems.excel.csv"}
    assert list((tmp_path / "two").glob("*.excel.csv")) == []
    for path in sorted((tmp_path / "two").iterdir()):
        for other in ("one", "three"):
            assert path.read_bytes() == (tmp_path / other / path.name).read_bytes()
    over = (tmp_path / "one" / "overpayments.excel.csv").read_text(encoding="utf-8-sig")
    assert f"'{evil}" in over and f",{evil}" not in over
    assert evil in (tmp_path / "one" / "overpayments.csv").read_text(encoding="utf-8")
    bad = (tmp_path / "one" / "quarantine.excel.csv").read_text(encoding="utf-8-sig")
    assert '"\'=cmd,app"' in bad
    for name in sorted(lists):
        rows = list(csv.reader((tmp_path / "one" / name).read_text(encoding="utf-8-sig").splitlines()))
        plain = list(
            csv.reader(
                (tmp_path / "one" / name.replace(".excel", "")).read_text(encoding="utf-8").splitlines()
            )
        )
        assert (rows[0], len(rows)) == (plain[0], len(plain))
