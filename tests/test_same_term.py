"""Two first slips for one instalment of one notice can both be paid: whoever prints them is told, at each of them."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import polars as pl
import pytest
from slip_rows import clean, payloads, write_csv
from test_order import LAYOUTS, rows_of

from slips.job import print_slips
from slips.order import keys_of, plan_order
from slips.request import PrintRequest
from slips.same_term import same_terms
from tests.print_fakes import FakePress, faking

TWICE = ["01", "02", "01", "03"]


def told(frame: pl.DataFrame, *, gone: tuple[int, ...] = ()) -> list[tuple[int, str]]:
    keys = keys_of(frame)
    plan = plan_order(keys, slips_per_file=5, layouts=LAYOUTS, held=pl.Series(gone, dtype=pl.Int64))
    return same_terms(keys, plan).report().select("line", "message_en").rows()


def test_each_of_two_is_told_with_the_lines_of_both() -> None:
    """They printed without a word, and the table of the notice listed the instalment twice."""
    frame = rows_of(payers=["A"] * 4, period=TWICE)
    lines = frame["line"].to_list()
    found = told(frame)
    assert [line for line, _ in found] == [lines[0], lines[2]]
    assert all(f"notice: 2 (lines {lines[0]}, {lines[2]})" in text for _, text in found)


@pytest.mark.parametrize(
    "columns",
    [
        {"kind": ["initial", "initial", "reissue", "initial"]},
        {"kind": ["initial", "initial", "dunning", "initial"]},
        {"notice_no": ["N1", "N1", "N2", "N1"]},
        {"notice_no": [None] * 4},
        {"tax_item": ["901", "901", "902", "901"]},
        {"tax_year": ["2026", "2026", "2025", "2026"]},
        {"levy_year": ["2026", "2026", "2025", "2026"]},
        {"payers": ["A", "A", "B", "A"]},
        {"period": ["01", "02", "00", "03"]},
    ],
)
def test_what_is_another_slip_is_not_told(columns: dict[str, list[object]]) -> None:
    assert told(rows_of(**({"payers": ["A"] * 4, "period": TWICE} | columns))) == []  # type: ignore[arg-type]


def test_one_that_does_not_print_is_no_second() -> None:
    frame = rows_of(payers=["A"] * 4, period=TWICE)
    assert told(frame, gone=(frame["line"][2],)) == []


def test_many_are_named_by_the_first_of_them() -> None:
    frame = rows_of(payers=["A"] * 7, period=["00"] * 7, kind=["full_year"] * 7)
    lines = frame["line"].to_list()
    assert {text for _, text in told(frame)} and all(
        f"(lines {', '.join(map(str, lines[:5]))}, …)" in text for _, text in told(frame)
    )


def test_the_job_says_so(tmp_path: Path) -> None:
    frame = clean(2).with_columns(
        notice_no=pl.lit("N1"),
        tax_item=pl.lit("901"),
        tax_name=pl.lit("市県民税(普通徴収)"),
        period=pl.lit("01"),
    )
    request = PrintRequest(
        slips=write_csv(frame.with_columns(payload=payloads(frame), barcode=pl.lit(None, pl.String)), tmp_path / "slips.csv"),
        out=tmp_path / "out", layout="mihara", profile="tax", issue_date=dt.date(2026, 6, 1),
    )  # fmt: skip
    assert print_slips(request, prepress=faking(FakePress(""))).job["printed"]["slips"] == 2
    problems = pl.read_csv(tmp_path / "out" / "problems.csv", infer_schema=False)
    found = problems.filter(pl.col("code") == "instalments.twice")
    assert found.select("line", "severity").rows() == [("2", "warning"), ("3", "warning")]
    assert all("2 枚あります(行 2, 3)" in text for text in found["message_ja"])
