"""The first row of a slips file: headings in any width, missing, unknown, twice, and the table that gives them their meaning."""

from pathlib import Path

import polars as pl
import pytest
from slip_rows import clean, write_csv
from slips_read import read, unusable

from elqr.columns import BY_NAME
from elqr.mapping import HeadingMap, load_mapping
from elqr.problems import ProblemError


def test_japanese_headings_in_any_width(tmp_path: Path) -> None:
    rows = clean(3)
    frame, problems, _ = read(
        write_csv(rows.rename({n: f" {BY_NAME[n].ja}　" for n in rows.columns}), tmp_path / "s.csv")
    )
    assert problems == []
    assert frame.select(rows.columns).equals(rows)


def test_a_first_row_without_headings_is_not_shown(tmp_path: Path) -> None:
    """Names and addresses stand where headings should be: the message goes to a terminal and to a log."""
    path = write_csv(clean(2), tmp_path / "s.csv")
    path.write_bytes(path.read_bytes().partition(b"\n")[2])
    (problem,) = unusable(path)
    assert (problem.code, problem.where.line) == ("heading.none", 1)
    assert not set(clean(1).row(0)) & set(str(problem).replace("「", " ").split())
    assert "みほん" not in str(problem)


def test_missing_columns_are_all_named(tmp_path: Path) -> None:
    problems = unusable(write_csv(clean(2).drop("amount", "address"), tmp_path / "s.csv"))
    assert [(p.code, p.field, p.where.line) for p in problems] == [
        ("heading.missing", "amount", 1),
        ("heading.missing", "address", 1),
        ("heading.found", "", 1),
    ]
    assert "納付額" in problems[0].text("ja") and "amount" in problems[0].text("en")
    assert "slip_key" in problems[2].text("ja"), "the headings found are shown, once"


def test_two_columns_of_one_meaning(tmp_path: Path) -> None:
    rows = clean(2).with_columns(pl.col("amount").alias("納付額"))
    (problem,) = unusable(write_csv(rows, tmp_path / "s.csv"))
    assert (problem.code, problem.field) == ("heading.twice", "amount")
    assert "amount" in problem.text("en") and "納付額" in problem.text("ja")


def test_unknown_and_empty_headings_are_notes(tmp_path: Path) -> None:
    rows = clean(2).with_columns(pl.lit("x").alias("adress2"), pl.lit("y").alias(" "))
    frame, problems, _ = read(write_csv(rows, tmp_path / "s.csv"))
    assert frame.height == 2
    assert [p.code for p in problems] == ["heading.unknown", "heading.empty"]
    assert "address" in problems[0].text("en"), "the closest column is proposed"


def test_undecodable_heading(tmp_path: Path) -> None:
    path = write_csv(clean(40), tmp_path / "s.csv")
    path.write_bytes(b"\xff" + path.read_bytes())
    assert [p.code for p in unusable(path)] == ["heading.undecodable"]


def test_mapping_of_headings_constants_and_words(tmp_path: Path) -> None:
    toml = tmp_path / "map.toml"
    toml.write_text(
        '[headings]\n"整理 番号" = "notice_no"\n[constants]\nbody_code = "999997"\n[values.period]\n"全期" = "00"\n',
        encoding="utf-8",
    )
    rows = clean(2).rename({"notice_no": "整理 番号"}).drop("body_code").with_columns(period=pl.lit("全期"))
    frame, problems, _ = read(write_csv(rows, tmp_path / "s.csv"), mapping=load_mapping(toml))
    assert problems == []
    assert frame.select("body_code", "period").unique().rows() == [("999997", "00")]
    assert frame["notice_no"].to_list() == rows["整理 番号"].to_list()


def test_a_mapping_adds_to_the_site_files_own_words_and_goes_before_them() -> None:
    site = HeadingMap(
        headings={"整理番号": "notice_no", "市コード": "body_code", "年": "levy_year"},
        constants={"lang": "ja", "kind": "initial"},
        values={"kind": {"定期": "initial", "随時": "initial"}, "lang": {"日": "ja"}},
    )
    own = HeadingMap(
        headings={"年": "tax_year", "区分": "kind"},
        constants={"body_code": "999997"},
        values={"kind": {"随時": "reissue"}},
    )
    joined = own.over(site)
    assert joined.headings == {"整理番号": "notice_no", "年": "tax_year", "区分": "kind"}, (
        "a column with a constant has no heading"
    )
    assert joined.constants == {"lang": "ja", "body_code": "999997"}, (
        "a column with a heading has no constant"
    )
    assert joined.values == {"kind": {"定期": "initial", "随時": "reissue"}, "lang": {"日": "ja"}}
    assert own.over(HeadingMap()) == own
    assert HeadingMap().over(site) == site


def test_a_constant_beside_its_column_is_refused(tmp_path: Path) -> None:
    path = write_csv(clean(2), tmp_path / "s.csv")
    problems = unusable(path, mapping=HeadingMap(constants={"body_code": "999997"}))
    assert [(p.code, p.field) for p in problems] == [("heading.constant", "body_code")]


@pytest.mark.parametrize(
    ("text", "code", "found"),
    [
        ('[headings]\n"x" = "amont"', "mapping.column", "amont"),
        ("[constants]\namount = 5", "mapping.type", "5"),
        ('[values]\nkind = "x"', "mapping.type", "x"),
        ("heading = {}", "mapping.unknown", "heading"),
        ("[headings", "file.not_toml", "map.toml"),
    ],
)
def test_faulty_mapping_files(tmp_path: Path, text: str, code: str, found: str) -> None:
    toml = tmp_path / "map.toml"
    toml.write_text(text, encoding="utf-8")
    with pytest.raises(ProblemError) as caught:
        load_mapping(toml)
    (problem,) = caught.value.problems
    assert problem.code == code
    assert found in problem.text("ja") and found in problem.text("en")
