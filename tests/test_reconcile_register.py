"""The registers: assessments with their versions, and slips."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest
from register_rows import SITE, Row, assessed, line, slip, slipped, written
from slip_rows import clean, write_csv

from elqr.columns import COLUMNS
from elqr.mapping import HeadingMap, load_mapping
from elqr.problems import ProblemError
from elqr.reader import read_columns
from elqr.site import Site
from reconcile.covers import ordered_versions
from reconcile.frames import ASSESSMENTS, SLIPS, expect
from reconcile.policy import load_policy
from reconcile.register import Register, read_assessments, read_slips
from reconcile.register_columns import ASSESSMENT_COLUMNS, SLIP_COLUMNS, markdown
from reconcile.standing import last_versions


def codes(register: Register) -> list[str]:
    return [p.code for p in register.log.problems()]


# --- assessments -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_assessments_in_japanese(tmp_path: Path, encoding: str, end: str) -> None:
    row = line(
        due_date="令和8年6月30日",
        principal="１０，０００円".replace("，", ""),
        status="有効",
        carried_over="１",
    )
    ja = {c.name: c.ja for c in ASSESSMENT_COLUMNS}
    path = written(tmp_path / "a.csv", [{ja[k]: v for k, v in row.items()}], encoding, end)
    register = read_assessments(path, site=SITE)
    frame = expect(register.frame, ASSESSMENTS, name="assessments")
    found = frame.row(0, named=True)
    assert (found["line_id"], found["due_date"], found["principal"]) == ("L1", date(2026, 6, 30), 10000)
    assert (found["status"], found["carried_over"], found["is_premium"]) == ("open", True, False)
    assert (found["line"], len(register.sha256)) == (2, 64)
    assert codes(register) == ["register.normalised"] * 2


def test_parquet_of_assessments(tmp_path: Path) -> None:
    frame = pl.DataFrame([line(), line("L2")]).with_columns(
        pl.col("principal").cast(pl.Int64), pl.col("due_date").str.to_date(), carried_over=pl.lit(value=True)
    )
    frame.write_parquet(tmp_path / "a.parquet")
    found = read_assessments(tmp_path / "a.parquet", site=SITE).frame
    assert found.select("line_id", "principal", "due_date", "carried_over").row(1) == (
        "L2",
        10000,
        date(2026, 6, 30),
        True,
    )


def test_own_headings_and_words(tmp_path: Path) -> None:
    mapping = tmp_path / "m.toml"
    mapping.write_text(
        '[headings]\n"管理番号" = "line_id"\n[values.status]\n"決定" = "open"\n[constants]\nbody_code = "999997"\n',
        encoding="utf-8",
    )
    row = {
        ("管理番号" if k == "line_id" else k): v for k, v in line(status="決定").items() if k != "body_code"
    }
    path = written(tmp_path / "a.csv", [row])
    register = read_assessments(path, site=SITE, mapping=load_mapping(mapping, columns=ASSESSMENT_COLUMNS))
    assert register.frame.select("line_id", "status", "body_code").row(0) == ("L1", "open", "999997")
    with pytest.raises(ProblemError, match=r"mapping\.column"):
        load_mapping(mapping)  # a slips file has no line_id


def test_headings_for_assessments_leave_those_of_the_site_file_in_force(tmp_path: Path) -> None:
    """A night takes both: the slips under the site file's headings, the assessments under those of `--mapping`."""
    site = Site(body_code="999997", mapping=HeadingMap(headings={"整理番号": "notice_no"}))
    mapping = HeadingMap(headings={"管理番号": "line_id"})
    renamed = {"line_id": "管理番号", "notice_no": "整理番号"}
    lines = written(tmp_path / "a.csv", [{renamed.get(k, k): v for k, v in line().items()}])
    slips = written(tmp_path / "s.csv", [{renamed.get(k, k): v for k, v in slip().items()}])
    assert read_assessments(lines, site=site, mapping=mapping).frame["notice_no"].to_list() == ["N1"]
    assert read_slips(slips, site=site, mapping=mapping).frame["notice_no"].to_list() == ["N1"]


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        ("line_id", "", "register.missing"),
        ("line_id", "x" * 41, "register.text"),
        ("line_id", "a\u200bb", "register.text"),
        ("body_code", "99999", "register.digits"),
        ("body_code", "999998", "register.body_code"),
        ("body_code", "131016", "register.other_body"),
        ("levy_year", "26", "register.digits"),
        ("due_date", "2026-06-31", "register.date"),
        ("due_date", "", "register.missing"),
        ("principal", "-5", "register.amount"),
        ("principal", "1.5", "register.amount"),
        ("principal", "100000000000", "register.amount"),
        ("status", "closed", "register.choice"),
        ("carried_over", "2", "register.flag"),
    ],
)
def test_a_faulty_assessment_is_held(tmp_path: Path, column: str, value: str, code: str) -> None:
    register = assessed(tmp_path, line("L1"), {**line("L2"), column: value}, line("L3"))
    assert register.frame["line_id"].to_list() == ["L1", "L3"]
    assert code in codes(register)
    assert register.held.to_list() == [3]


def test_all_faults_of_a_row_are_told(tmp_path: Path) -> None:
    register = assessed(tmp_path, line(body_code="999998", due_date="x", principal="y", status="z"))
    assert len([c for c in codes(register) if c != "register.other_body"]) == 4


def test_an_exempt_span_has_a_start_and_runs_forward(tmp_path: Path) -> None:
    spans = [
        ("2026-01-01", ""),
        ("2026-01-01", "2026-02-01"),
        ("", "2026-02-01"),
        ("2026-03-01", "2026-02-01"),
    ]
    rows = [line(f"L{i}", exempt_from=a, exempt_to=b) for i, (a, b) in enumerate(spans)]
    register = assessed(tmp_path, *rows)
    assert register.frame["line_id"].to_list() == ["L0", "L1"]
    assert codes(register) == ["register.exempt"] * 2


@pytest.mark.parametrize(
    ("field", "kept", "years"),
    [("due_date", ["L2", "L3"], "1980–2099"), ("revised_at", ["L0", "L1", "L2", "L3"], "1–2099")],
)
def test_a_day_that_no_calendar_knows_holds_its_row_and_stops_no_night(
    tmp_path: Path, field: str, kept: list[str], years: str
) -> None:
    days = ["0026-06-30", "1979-12-31", "1980-01-01", "2099-12-31", "2100-01-01", "2206-06-30", "9999-12-31"]
    register = assessed(tmp_path, *(line(f"L{i}", **{field: day}) for i, day in enumerate(days)))
    assert register.frame["line_id"].to_list() == kept
    told = list(register.log.problems())
    assert codes(register) == ["register.year"] * (len(days) - len(kept))
    assert [(p.field, p.params["found"], p.params["expected"]) for p in told][-2:] == [
        (field, day, years) for day in days[-2:]
    ]
    assert last_versions(register.frame, policy=load_policy())["line_id"].to_list() == kept


def test_rows_that_cannot_be_read_are_held_too(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", [line("L1"), line("L2")])
    path.write_bytes(path.read_bytes() + b"L3,P1\n")
    register = read_assessments(path, site=SITE)
    assert register.held.to_list() == [4]
    assert codes(register) == ["row.fields"]


def test_versions_of_a_line(tmp_path: Path) -> None:
    rows = [
        line(principal="9000", revised_at="2026-08-01"),
        line(principal="10000"),
        line(principal="8000", revised_at="2026-08-01"),
        line("L2"),
    ]
    register = assessed(tmp_path, *rows)
    assert register.frame.height == 4
    versions = ordered_versions(register.frame).filter(pl.col("line_id") == "L1")
    assert versions.select("version", "principal").rows() == [(1, 10000), (2, 9000), (3, 8000)]


def test_a_row_told_twice_counts_once_and_a_return_does_not(tmp_path: Path) -> None:
    same = assessed(tmp_path, line(), line())
    assert (same.frame.height, codes(same)) == (1, ["register.same_twice"])
    back = assessed(tmp_path, line(), line(principal="8000"), line())
    assert back.frame["principal"].to_list() == [10000, 8000, 10000]


def test_any_table_of_columns_can_be_read(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", [line()])
    (batch,) = read_columns(path, ASSESSMENT_COLUMNS)
    assert batch.frame.columns == ["line", *(c.name for c in ASSESSMENT_COLUMNS)]
    with pytest.raises(ProblemError, match=r"heading\.missing"):
        list(read_columns(path, COLUMNS))


# --- slips -------------------------------------------------------------------------------------------------


def test_a_file_that_prints_is_a_register(tmp_path: Path) -> None:
    rows = clean(20)
    register = read_slips(write_csv(rows, tmp_path / "s.csv", encoding="cp932"), site=SITE)
    frame = expect(register.frame, SLIPS, name="slips")
    assert codes(register) == []
    assert frame["slip_key"].to_list() == rows["slip_key"].to_list()
    assert frame["kind"].unique().to_list() == ["initial"]


@pytest.mark.parametrize("found", ["2.0269E+12", "#REF!", "〃", "同上"])
@pytest.mark.parametrize("name", ["line_id", "payer_id", "notice_no"])
def test_what_stands_in_place_of_a_number_never_makes_one_of_many(
    tmp_path: Path, name: str, found: str
) -> None:
    """A spreadsheet shows many long numbers as one: two lines would be versions of one line, two people one payer."""
    register = assessed(tmp_path, line("A1"), line("A2") | {name: found}, line("A3") | {name: found})
    assert register.frame["line_id"].to_list() == ["A1"]
    assert codes(register) == ["register.stand_in"] * 2


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"slip_key": "1" * 21}, "register.digits"),
        ({"amount": "0"}, "register.amount_zero"),
        ({"principal": "9000", "delinquency": "500"}, "register.parts"),
        ({"covers": "L1=10000"}, "register.covers"),
        ({"supersedes": "2"}, "register.supersedes_itself"),
        ({"kind": "second"}, "register.choice"),
        ({"payer_id": ""}, "register.missing"),
    ],
)
def test_a_faulty_slip_is_held(tmp_path: Path, changes: Row, code: str) -> None:
    register = slipped(tmp_path, slip("1"), slip("2", **changes))
    assert register.frame["slip_key"].to_list() == ["1".zfill(20)]
    assert codes(register) == [code]


def test_one_key_on_two_slips_holds_both(tmp_path: Path) -> None:
    register = slipped(tmp_path, slip("1"), slip("2"), slip("1", amount="20000"), slip("2"))
    assert register.frame["slip_key"].to_list() == ["2".zfill(20)]
    assert sorted(codes(register)) == ["register.key_twice", "register.key_twice", "register.same_twice"]
    assert register.held.to_list() == [2, 4]


@pytest.mark.parametrize("columns", [ASSESSMENT_COLUMNS, SLIP_COLUMNS])
def test_the_tables_of_the_page(columns: tuple[object, ...]) -> None:
    page = (Path(__file__).resolve().parent.parent / "docs" / "reconcile-intake.md").read_text(
        encoding="utf-8"
    )
    assert markdown(columns) in page  # type: ignore[arg-type]
