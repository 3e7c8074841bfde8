"""The slip for the whole year asks for what the instalments of its notice ask for, and where it does not, that is told."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from slip_rows import clean, payloads, write_csv
from test_order import LAYOUTS, rows_of

from slips.job import print_slips
from slips.order import keys_of, plan_order
from slips.request import PrintRequest
from slips.whole_year import uneven_years
from tests.print_fakes import FakePress, faking

NOBODY = pl.Series([], dtype=pl.String)


def told(
    frame: pl.DataFrame, *, held: pl.Series = NOBODY, gone: tuple[int, ...] = ()
) -> list[tuple[int, str]]:
    keys = keys_of(frame)
    plan = plan_order(keys, slips_per_file=5, layouts=LAYOUTS, held=pl.Series(gone, dtype=pl.Int64))
    return uneven_years(keys, plan, held=held).table().select("line", "code").rows()


def notice(year: int, *terms: int, **columns: list[object]) -> pl.DataFrame:
    periods = ["00", *(f"{n:02}" for n in range(1, len(terms) + 1))]
    kinds = ["full_year", *["initial"] * len(terms)]
    return rows_of(
        payers=["A"] * len(periods), period=periods, amount=[year, *terms], **({"kind": kinds} | columns)
    )


@pytest.mark.parametrize(
    ("year", "terms", "codes"),
    [
        (4000, (1000, 1000, 1000, 1000), []),
        (4001, (1000, 1000, 1000, 1000), ["full_year.more"]),
        (3960, (1000, 1000, 1000, 1000), ["full_year.less"]),  # a discount for payment in advance
        (4000, (), []),  # no instalments to compare with
    ],
)
def test_the_year_is_held_against_its_instalments(
    year: int, terms: tuple[int, ...], codes: list[str]
) -> None:
    assert told(notice(year, *terms)) == [(2, code) for code in codes]


def test_what_is_reissued_may_stand_beside_instalments_that_were_paid() -> None:
    assert told(notice(4000, 1000, kind=["reissue", "initial"])) == []
    assert told(notice(4000, 1000, kind=["full_year", "reissue"])) == []


def test_beside_a_held_slip_nothing_is_told() -> None:
    frame = notice(2000, 1000, 1000)
    assert told(frame, gone=(4,)) == [(2, "full_year.more")]  # found late: the payer's name follows below
    assert told(frame, gone=(4,), held=pl.Series(["A"])) == []


def test_notices_are_told_apart() -> None:
    other = {"notice_no": ["N1", "N1", "N2", "N2"], "period": ["00", "01", "00", "01"]}
    frame = rows_of(payers=["A"] * 4, kind=["full_year", "initial"] * 2, amount=[5, 5, 7, 8], **other)
    assert told(frame) == [(4, "full_year.less")]


@given(st.lists(st.integers(1, 10**9), min_size=1, max_size=10), st.integers(-3, 3))
def test_only_the_sum_counts(terms: list[int], off: int) -> None:
    year = max(sum(terms) + off, 1)
    expected = [] if year == sum(terms) else ["full_year.more" if year > sum(terms) else "full_year.less"]
    assert [code for _, code in told(notice(year, *terms))] == expected


def test_the_job_says_so(tmp_path: Path) -> None:
    frame = clean(3).with_columns(
        notice_no=pl.lit("N1"),
        tax_item=pl.lit("901"),
        tax_name=pl.lit("市県民税(普通徴収)"),
        period=pl.Series(["00", "01", "02"]),
        kind=pl.Series(["full_year", "initial", "initial"]),
        amount=pl.Series(["20001", "10000", "10000"]),
    )
    frame = frame.with_columns(payload=payloads(frame), barcode=pl.lit(None, pl.String))
    request = PrintRequest(
        slips=write_csv(frame, tmp_path / "slips.csv"),
        out=tmp_path / "out",
        layout="mihara",
        profile="tax",
        issue_date=dt.date(2026, 6, 1),
    )
    report = print_slips(request, prepress=faking(FakePress("")))
    assert report.job["printed"]["slips"] == 3 and not report.clean
    problems = pl.read_csv(tmp_path / "out" / "problems.csv", infer_schema=False)
    (row,) = problems.filter(pl.col("code") == "full_year.more").to_dicts()
    assert row["line"] == "2" and "20001" in row["message_ja"] and "20000" in row["message_en"]
