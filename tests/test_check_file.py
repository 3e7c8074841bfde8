"""What only the whole file tells, totals, and properties: clean files are clean, any changed digit is found on its row alone."""

from pathlib import Path
from random import Random

import polars as pl
import pytest
from checking import HIT, ISSUED, SITE, assert_listed, run, spoilt
from hypothesis import given, settings
from hypothesis import strategies as st
from slip_rows import barcodes, clean, payloads, write_csv

from elqr.check import SlipCheck
from elqr.problems import Severity
from elqr.reader import read_slips
from elqr.site import Site


def test_a_key_that_comes_twice_holds_all_its_rows(tmp_path: Path) -> None:
    rows = clean(40)
    lying = rows.with_columns(
        slip_key=pl.when(pl.int_range(pl.len()).is_in([3, 30]))
        .then(pl.lit(rows["slip_key"][HIT].lstrip("0")))
        .otherwise("slip_key")
    )
    lying = lying.with_columns(payload=payloads(lying), barcode=barcodes(lying))
    frame, problems, check = run(lying, SITE, tmp_path, batch_rows=9)
    assert [(p.code, p.field, p.where.line, p.params["lines"]) for p in problems] == [
        ("slip_key.twice", "slip_key", 5, "9、32"),
        ("slip_key.twice", "slip_key", 9, "5、32"),
        ("slip_key.twice", "slip_key", 32, "5、9"),
    ]
    assert_listed(problems[0], line=5, found=rows["slip_key"][HIT], expected="9、32")
    assert frame.height == 37
    totals = check.totals()
    assert (totals.rows, totals.held_rows) == (40, 3)
    assert totals.good_yen == frame["amount"].sum()


@pytest.mark.parametrize("count", [2, 6, 7, 40])
def test_a_key_that_stands_everywhere_names_five_other_lines(tmp_path: Path, count: int) -> None:
    rows = clean(count).with_columns(slip_key=pl.lit("00000202601010022000"))
    lying = rows.with_columns(payload=payloads(rows), barcode=barcodes(rows))
    _, problems, _ = run(lying, SITE, tmp_path)
    found = {p.where.line: p.params["lines"] for p in problems if p.code == "slip_key.twice"}
    lines = range(2, count + 2)
    assert found == {
        line: "、".join([str(other) for other in lines if other != line][:5]) + ("…" if count > 6 else "")
        for line in lines
    }


def test_the_files_year_is_the_most_frequent_or_the_given_one(tmp_path: Path) -> None:
    rows = clean(20)
    _, problems, _ = run(rows, SITE, tmp_path, year=2030)
    assert {p.code for p in problems} == {"levy_year.far", "tax_year.far"}
    assert len(problems) == 40
    assert "2029–2031" in problems[0].text("en")
    _, problems, _ = run(rows, SITE, tmp_path, year=2027)
    assert problems == []


def test_a_due_date_on_a_day_off_is_told_once_a_date(tmp_path: Path) -> None:
    """地方税法20条の5: the deadline is the next open day, and what is printed should say so. Told at the first row of the date, with
    the number of its rows: a wrong term of a yearly job stands on a hundred thousand slips."""
    due = [
        "2026-05-31",
        "2026-06-01",
        "2026-05-31",
        "2027-01-03",
        "2026-12-28",
        "2026-09-22",
        "2026-05-31",
        "2100-01-01",
    ]
    rows = clean(len(due), codes=False).with_columns(
        due_date=pl.Series(due),
        payable_until=pl.Series(["2100-01-01"] * len(due)),  # a day off itself: nobody is late by it
    )
    rows = rows.with_columns(payload=payloads(rows))
    frame, problems, _ = run(rows, SITE, tmp_path, batch_rows=2)
    assert [(p.code, p.field, p.severity) for p in problems] == [
        ("due_date.day_off", "due_date", Severity.WARNING)
    ] * 3
    told = [(p.where.line, p.params["found"], p.params["expected"], p.params["count"]) for p in problems]
    assert told == [
        (2, "2026-05-31", "2026-06-01", "3"),
        (5, "2027-01-03", "2027-01-04", "1"),
        (7, "2026-09-22", "2026-09-24", "1"),  # 国民の休日 before 秋分の日
    ]
    assert_listed(problems[0], line=2, found="2026-05-31", expected="2026-06-01")
    assert frame.height == len(due)


def test_of_two_equally_frequent_years_the_later_is_the_files(tmp_path: Path) -> None:
    later = pl.int_range(pl.len()) % 2 == 1
    rows = clean(6, codes=False).with_columns(
        pl.when(later).then(pl.lit("2029")).otherwise(pl.lit("2026")).alias(name)
        for name in ("levy_year", "tax_year")
    )
    _, problems, _ = run(rows.with_columns(payload=payloads(rows)), SITE, tmp_path)
    assert {p.code for p in problems} == {"levy_year.far", "tax_year.far"}
    assert {p.params["found"] for p in problems} == {"2026"}


def test_without_a_site_one_note_says_what_was_not_checked(tmp_path: Path) -> None:
    rows = clean(10, codes=False).with_columns(
        tax_item=pl.lit("555"), tax_name=pl.lit("x"), body_code=pl.lit("141003")
    )
    frame, problems, _ = run(rows.with_columns(payload=payloads(rows)), Site.unknown(), tmp_path)
    assert [(p.code, p.severity, p.where.line) for p in problems] == [("site.not_given", Severity.NOTE, None)]
    assert frame.height == 10


def test_one_fault_in_thirty_thousand(tmp_path: Path) -> None:
    rows = spoilt({"confirm_no": "12345"}, at=17_000, n=30_000)
    frame, problems, check = run(rows, SITE, tmp_path, batch_rows=8_000)
    assert [(p.code, p.where.line) for p in problems] == [
        ("value.width", 17_002),
        ("payload.confirm_no_differs", 17_002),
    ]
    assert frame.height == 29_999
    assert set(range(2, 30_002)) - set(frame["line"].to_list()) == {17_002}
    assert check.totals().held_rows == 1


def test_rows_that_could_not_be_read_count_as_held(tmp_path: Path) -> None:
    rows = clean(10)
    path = write_csv(rows, tmp_path / "s.csv")
    lines = path.read_bytes().split(b"\n")
    lines[3] += b",x"
    lines[5] = lines[5].replace("みほん県".encode(), b"\xff\xff")
    path.write_bytes(b"\n".join(lines))
    check = SlipCheck(SITE, issue_date=ISSUED)
    (done,) = [check.check(b) for b in read_slips(path)]
    check.finish()
    assert done.held.rows() == [(4, None, None), (6, rows["slip_key"][4], int(rows["amount"][4]))]
    assert [p.code for p in done.log.problems()] == ["row.fields", "row.undecodable"]
    totals = check.totals()
    assert (totals.rows, totals.held_rows, totals.unreadable) == (10, 2, 1)
    assert totals.held_yen == int(rows["amount"][4])
    assert totals.good_yen == done.frame["amount"].sum()


@settings(max_examples=15)
@given(st.integers(1, 60), st.integers(0, 10_000))
def test_generated_files_are_clean(tmp_path_factory: pytest.TempPathFactory, n: int, seed: int) -> None:
    rows = clean(n, seed=seed)
    frame, problems, _ = run(rows, SITE, tmp_path_factory.mktemp("clean"))
    assert problems == []
    assert frame.height == n


DIGIT_COLUMNS = (
    "slip_key",
    "confirm_no",
    "tax_item",
    "body_code",
    "levy_year",
    "tax_year",
    "period",
    "amount",
    "due_date",
    "payable_until",
)


@settings(max_examples=8)
@given(st.integers(0, 1_000_000))
def test_any_changed_digit_is_found_on_its_row_alone(
    tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    """Every fourth row gets one digit of one field, of its payload or of its barcode changed: these rows are held, no others."""
    chance = Random(seed)
    rows = clean(400, seed=seed)
    keys = set(rows["slip_key"])
    values = {name: rows[name].to_list() for name in (*DIGIT_COLUMNS, "payload", "barcode")}
    changed = []
    for at in range(chance.randrange(4), 400, 4):
        name = chance.choice(list(values))
        text = values[name][at]
        place = chance.choice([i for i, c in enumerate(text) if c.isdigit()])
        digit = chance.choice([c for c in "0123456789" if c != text[place]])
        new = text[:place] + digit + text[place + 1 :]
        if (
            name != "slip_key" or new not in keys
        ):  # the key of another row would hold that row too, and rightly
            values[name][at] = new
            changed.append(at + 2)
    spoiled = rows.with_columns(pl.Series(name, column) for name, column in values.items())
    frame, problems, check = run(spoiled, SITE, tmp_path_factory.mktemp("digit"))
    assert sorted({p.where.line for p in problems if p.severity is Severity.ERROR}) == changed
    assert {p.where.line for p in problems} == set(changed)
    assert frame["line"].to_list() == [i for i in range(2, 402) if i not in changed]
    assert check.totals().held_rows == len(changed)


@pytest.mark.parametrize("kind", ["dunning", "delinquency"])
def test_a_reminder_of_what_is_left_of_many_years_is_no_slip_of_a_wrong_year(
    tmp_path: Path, kind: str
) -> None:
    """A 催告 of one payer's debts is one job; a year that nobody can owe any more is still a slip of the pen."""
    old = pl.int_range(pl.len()).replace_strict({0: "2016", 1: "2021", 2: "2015"}, default=None)
    rows = clean(8, codes=False).with_columns(
        pl.coalesce(old, name).alias(name) for name in ("levy_year", "tax_year")
    )
    rows = rows.with_columns(kind=pl.when(old.is_not_null()).then(pl.lit(kind)))
    _, problems, _ = run(rows.with_columns(payload=payloads(rows)), SITE, tmp_path)
    far = [
        (p.code, p.where.line, p.params["found"], p.params["expected"])
        for p in problems
        if p.code.endswith(".far")
    ]
    said = ("2015", "2016–2036")
    assert far == [("levy_year.far", 4, *said), ("tax_year.far", 4, *said)]
