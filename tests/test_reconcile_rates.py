"""Rate tables: what ships, what a table of a site's own must be like, and where the tables end."""

from __future__ import annotations

import tomllib
from datetime import date
from importlib.resources import files
from pathlib import Path

import polars as pl
import pytest

from elqr.problems import ProblemError
from reconcile.rates import load_rates

# year, first month, after, refund interest in tenths of a percent: the table of reconcile-rules §4
TABLE = [
    *((y, 29, 92, 19) for y in (2014,)),
    *((y, 28, 91, 18) for y in (2015, 2016)),
    *((y, 27, 90, 17) for y in (2017,)),
    *((y, 26, 89, 16) for y in (2018, 2019, 2020)),
    *((y, 25, 88, 10) for y in (2021,)),
    *((y, 24, 87, 9) for y in (2022, 2023, 2024, 2025)),
    *((y, 28, 91, 13) for y in (2026,)),
]

GOOD = """
id = "own"
columns = ["rate"]
valid_from = 2026-01-01
valid_until = 2027-12-31
next_announced = 2027-11-30
[title]
ja = "延滞金"
en = "charge"
[[rate]]
valid_from = 2026-01-01
valid_until = 2026-12-31
rate = 28
source = "告示"
[[rate]]
valid_from = 2027-01-01
valid_until = 2027-12-31
rate = 30
source = "告示"
"""


def test_the_shipped_tables_hold_the_rates_of_the_rules() -> None:
    low_high = load_rates("delinquency").table().filter(pl.col("year") >= 2014)
    interest = load_rates("refund_interest").table()
    assert low_high.join(interest, on="year").rows() == TABLE
    assert interest.height == len(TABLE)


def test_rates_before_2014_are_those_of_three_published_tables() -> None:
    early = load_rates("delinquency").table().filter(pl.col("year") < 2014)
    assert early["after"].unique().to_list() == [146]
    assert early["first_month"].to_list() == [45, 45, *[41] * 5, 44, 47, 45, *[43] * 4]


@pytest.mark.parametrize("name", ["delinquency", "refund_interest"])
def test_every_rate_has_a_source_and_every_table_an_end(name: str) -> None:
    rates = load_rates(name)
    assert rates.id == name
    assert all(rates.sources) and len(rates.sources) == rates.table().height
    assert rates.valid_until == date(2026, 12, 31)
    assert rates.next_announced == date(2026, 11, 30)
    assert rates.title_ja and rates.title_en and len(rates.sha256) == 64


def test_no_shipped_rate_is_written_as_a_fraction() -> None:
    for entry in (files("layouts") / "rates").iterdir():
        for row in tomllib.loads(entry.read_text(encoding="utf-8"))["rate"]:
            assert not any(isinstance(v, float) for v in row.values())


def test_a_table_of_ones_own_continues_the_years(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(GOOD, encoding="utf-8")
    rates = load_rates(tmp_path / "own.toml")
    assert rates.table().rows() == [(2026, 28), (2027, 30)]
    rates.refuse(pl.Series([2026, 2027, None]))
    assert rates.holds(pl.Series([2025, 2026, 2027, 2028])).to_list() == [False, True, True, False]


def test_the_least_and_the_highest_rate_are_rates(tmp_path: Path) -> None:
    text = GOOD.replace("rate = 28", "rate = 0").replace("rate = 30", "rate = 1000")
    (tmp_path / "own.toml").write_text(text, encoding="utf-8")
    assert load_rates(tmp_path / "own.toml").table().rows() == [(2026, 0), (2027, 1000)]


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("2026-01-01", "2026-02-01", "rate[1].valid_from"),  # the table and its first row begin within a year
        ("2027-12-31", "2026-12-31", "rate[2].valid_until"),  # its last row ends before it begins
    ],
)
def test_a_table_whose_head_and_rows_agree_is_refused_all_the_same(
    tmp_path: Path, old: str, new: str, field: str
) -> None:
    (tmp_path / "own.toml").write_text(GOOD.replace(old, new), encoding="utf-8")
    with pytest.raises(ProblemError) as refused:
        load_rates(tmp_path / "own.toml")
    assert field in [p.field for p in refused.value.problems]


def test_a_table_without_a_single_rate_is_refused(tmp_path: Path) -> None:
    text = "rate = []\n" + GOOD[: GOOD.index("[[rate]]")]
    (tmp_path / "own.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ProblemError) as refused:
        load_rates(tmp_path / "own.toml")
    assert [(p.code, p.field, p.params["expected"]) for p in refused.value.problems] == [
        ("rates.file", "valid_until", "[[rate]]")
    ]


def test_years_outside_are_all_named() -> None:
    with pytest.raises(ProblemError) as refused:
        load_rates("refund_interest").refuse(pl.Series([2028, 2020, 2027, 2013, 2027]))
    found = [(p.code, p.params["found"]) for p in refused.value.problems]
    assert found == [("rates.before_table", 2013), ("rates.past_table", 2027), ("rates.past_table", 2028)]
    assert "還付加算金" in refused.value.problems[1].text("ja")
    assert "2027年の割合は2026-11-30までに告示されます" in refused.value.problems[1].text("ja")
    assert "refund interest for 2027" in refused.value.problems[1].text("en")


@pytest.mark.parametrize(
    ("old", "new", "field", "expected"),
    [
        ("rate = 28", "rate = 2.8", "rate[1].rate", "0–1000"),
        ("rate = 28", 'rate = "28"', "rate[1].rate", "0–1000"),
        ("rate = 28", "rate = true", "rate[1].rate", "0–1000"),
        ("rate = 30", "rate = 1001", "rate[2].rate", "0–1000"),
        ("rate = 30", "rate = -1", "rate[2].rate", "0–1000"),
        ("rate = 30", "", "rate[2].rate", "0–1000"),
        ('source = "告示"', 'source = ""', "rate[1].source", "source"),
        ("valid_from = 2027-01-01", "valid_from = 2027-02-01", "rate[2].valid_from", "2027-01-01"),
        ("valid_from = 2027-01-01", "", "rate[2].valid_from", "YYYY-MM-DD"),
        ("valid_until = 2026-12-31", "valid_until = 2026-11-30", "rate[1].valid_until", "2026-12-31"),
        ("valid_from = 2026-01-01\nvalid_until = 2027", "valid_from = 2025-01-01\nvalid_until = 2027", "rate[1].valid_from", "2025-01-01"),
        ("valid_until = 2027-12-31\nnext", "valid_until = 2028-12-31\nnext", "valid_until", "2027-12-31"),
        ('id = "own"', "", "id", "str"),
        ("valid_from = 2027-01-01", "valid_from = 2027-01-01T00:00:00", "rate[2].valid_from", "YYYY-MM-DD"),
        ("valid_until = 2026-12-31", "valid_until = 9999-12-31", "rate[1].valid_until", "YYYY-MM-DD"),
        ("next_announced = 2027-11-30", "next_announced = 2027-11-30T00:00:00", "next_announced", "date"),
        ('columns = ["rate"]', 'columns = [["rate"]]', "columns", "…"),
        ("next_announced = 2027-11-30", "", "next_announced", "date"),
    ],
)  # fmt: skip
def test_a_faulty_table_is_refused(tmp_path: Path, old: str, new: str, field: str, expected: str) -> None:
    assert old in GOOD
    (tmp_path / "own.toml").write_text(GOOD.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ProblemError) as refused:
        load_rates(tmp_path / "own.toml")
    assert {p.code for p in refused.value.problems} == {"rates.file"}
    found = {p.field: p for p in refused.value.problems}
    assert expected in str(found[field].params["expected"])
    assert "割合表" in found[field].text("ja")


def test_rows_that_are_no_tables_are_refused(tmp_path: Path) -> None:
    text = GOOD.partition("[[rate]]")[0].replace("[title]", "rate = [1]\n[title]")
    (tmp_path / "own.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ProblemError) as refused:
        load_rates(tmp_path / "own.toml")
    assert [(p.code, p.field) for p in refused.value.problems] == [("rates.file", "rate")]


def test_what_is_no_table_is_refused(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_bytes(b"\x93\xfa = 1")
    with pytest.raises(ProblemError) as refused:
        load_rates(tmp_path / "own.toml")
    assert refused.value.problems[0].code == "rates.file"
    (tmp_path / "own.toml").write_text("id = ", encoding="utf-8")
    with pytest.raises(ProblemError):
        load_rates(tmp_path / "own.toml")
    for missing in (tmp_path / "none.toml", "none"):
        with pytest.raises(ProblemError) as refused:
            load_rates(missing)
        assert refused.value.problems[0].code == "file.unreadable"
