"""Dates in every notation of an office, and back."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from elqr.dates import ERAS, fiscal_wareki, parse, to_digits, to_wareki


def one(text: str | None) -> date | None:
    return parse(pl.Series([text], dtype=pl.String))[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-06-30", date(2026, 6, 30)),
        ("2026/6/30", date(2026, 6, 30)),
        ("2026.6.30", date(2026, 6, 30)),
        ("20260630", date(2026, 6, 30)),
        ("2026年6月30日", date(2026, 6, 30)),
        ("R8.6.30", date(2026, 6, 30)),
        ("R.8.6.30", date(2026, 6, 30)),
        ("r08/06/30", date(2026, 6, 30)),
        ("R080630", date(2026, 6, 30)),
        ("令8.6.30", date(2026, 6, 30)),
        ("令和8年6月30日", date(2026, 6, 30)),
        ("令和８年６月３０日", date(2026, 6, 30)),
        ("Ｒ８．６．３０", date(2026, 6, 30)),
        (" 令和 8年 6月30日 ", date(2026, 6, 30)),
        ("㋿8年6月30日", date(2026, 6, 30)),
        ("令和元年5月1日", date(2019, 5, 1)),
        ("R1.5.1", date(2019, 5, 1)),
        ("H31.4.30", date(2019, 4, 30)),
        ("平成元年1月8日", date(1989, 1, 8)),
        ("S64.1.7", date(1989, 1, 7)),
        ("昭和元年12月25日", date(1926, 12, 25)),
        ("T15.12.24", date(1926, 12, 24)),
        ("大正元年7月30日", date(1912, 7, 30)),
        ("M45.7.29", date(1912, 7, 29)),
        ("明治6年1月1日", date(1873, 1, 1)),
        ("20240229", date(2024, 2, 29)),
    ],
)
def test_notations(text: str, expected: date) -> None:
    assert one(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "20260631",
        "2026-02-29",
        "2026-13-01",
        "00000000",
        "00000101",
        "8.6.30",
        "26-06-30",
        "H31.5.1",
        "R1.4.30",
        "R0.5.1",
        "S64.1.8",
        "M5.12.31",
        "X8.6.30",
        "2026-06-30T00:00",
        "2026年6月",
        "R8.6.31",
        "令和8年6月30日まで",
        "２０２６",
    ],
)
def test_what_is_no_date_is_null(text: str) -> None:
    assert one(text) is None


def test_columns_keep_order_nulls_and_name() -> None:
    found = parse(pl.Series("d", ["R8.6.30", None, "x", "R8.6.30", "20260701"]))
    assert found.name == "d"
    assert found.dtype == pl.Date
    assert found.to_list() == [date(2026, 6, 30), None, None, date(2026, 6, 30), date(2026, 7, 1)]
    assert parse(pl.Series([], dtype=pl.String)).dtype == pl.Date


@given(st.lists(st.dates(min_value=ERAS[-1].first, max_value=date(2117, 12, 31)), min_size=1))
@settings(max_examples=40, deadline=None)
def test_wareki_round_trip(days: list[date]) -> None:
    column = pl.Series(days, dtype=pl.Date)
    assert parse(to_wareki(column)).to_list() == days
    assert parse(to_digits(column)).to_list() == days
    assert parse(column.cast(pl.String)).to_list() == days


def test_wareki_words() -> None:
    days = [date(2026, 6, 30), date(2019, 5, 1), date(2019, 4, 30), date(1868, 9, 8), None]
    assert to_wareki(pl.Series(days)).to_list() == [
        "令和8年6月30日",
        "令和元年5月1日",
        "平成31年4月30日",
        None,
        None,
    ]


def test_fiscal_years() -> None:
    years = pl.Series(
        "y", ["2026", "2019", "2018", "1989", "1988", "1912", "1873", "1872", "20266", "年", None]
    )
    assert fiscal_wareki(years).to_list() == [
        "令和8年度",
        "令和元年度",
        "平成30年度",
        "平成元年度",
        "昭和63年度",
        "大正元年度",
        "明治6年度",
        None,
        None,
        None,
        None,
    ]
