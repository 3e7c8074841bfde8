"""Files in words: every kind that we know, with what people are in it masked."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

import polars as pl
import pytest
from test_profiles import TAX

from elqr.codes import describe
from elqr.describe_file import describe_file
from elqr.describe_table import masked
from elqr.problems import ProblemError
from elqr.site import load_site

ROOT = Path(__file__).parents[1]
SLIPS = ROOT / "sample_data" / "slips.csv"


def lines(path: Path, *, show_names: bool = False) -> dict[str, tuple[str, str]]:
    found = describe_file(path, show_names=show_names)
    return {x.name: (x.value, x.meaning_en) for x in found.lines}


def test_slips_in_any_encoding_and_as_parquet(tmp_path: Path) -> None:
    frame = pl.read_csv(SLIPS, infer_schema=False)
    parquet = tmp_path / "slips.parquet"
    frame.write_parquet(parquet)
    titles = set()
    mapping = load_site(ROOT / "sample_data" / "site.toml").mapping
    for path in (SLIPS, ROOT / "sample_data" / "slips_cp932.csv", parquet):
        found = describe_file(path, mapping=mapping)
        assert found.kind == "slips"
        assert {"slip_key", "amount", "payer_name"} <= {x.name for x in found.lines}
        titles.add(found.title_en.split(", ", 1)[0].split(": ")[0])
    assert titles == {"slips to be printed"}
    assert lines(parquet)["amount"] == lines(SLIPS)["amount"]
    total = sum(int(v) for v in frame["amount"].drop_nulls() if v.isdigit())
    assert lines(parquet)["amount"][1].startswith(f"{frame.height:,} of {frame.height:,} rows, {total:,} yen")


def test_people_are_masked_unless_asked_for() -> None:
    frame = pl.read_csv(SLIPS, infer_schema=False)
    name = frame["payer_name"][0]
    assert lines(SLIPS)["payer_name"][0] == f"{name[0]}＊＊＊"
    assert lines(SLIPS, show_names=True)["payer_name"][0] == name
    text = describe_file(SLIPS).text()
    for column in ("payer_name", "address", "notice_no", "payer_id", "postal_code"):
        first = frame[column].drop_nulls()[0]
        assert first not in text
    assert masked("notice_no", "123456") == "＊＊＊56"
    assert masked("address", "") == ""


def test_faulty_slips_say_what_is_wrong(tmp_path: Path) -> None:
    text = SLIPS.read_text(encoding="utf-8-sig").splitlines()
    path = tmp_path / "slips.csv"
    path.write_text("\n".join([*text[:3], "one,two"]), encoding="utf-8")
    found = describe_file(path)
    assert [p.where.line for p in found.problems] == [4]
    assert "2 rows, 1 problems" in found.title_en


def test_manifest_upload_and_problems(tmp_path: Path) -> None:
    manifest = pl.DataFrame(
        {
            "seq": [1, 2],
            "slip_key": ["1", "2"],
            "file": ["slips-00001.pdf"] * 2,
            "page": [1, 2],
            "payload": ["0" * 255] * 2,
            "amount": [12300, 500],
            "due_date": ["2026-06-30", "2026-07-31"],
            "payer_id": ["0000123", "0000124"],
            "layout_sha256": ["ab"] * 2,
            "mode": ["pass-through", "test"],
        }
    )
    manifest.write_csv(tmp_path / "manifest.csv")
    manifest.write_parquet(tmp_path / "manifest.parquet")
    for name in ("manifest.csv", "manifest.parquet"):
        found = lines(tmp_path / name)
        assert describe_file(tmp_path / name).kind == "manifest"
        assert found["amount"][1] == "2 of 2 rows, 12,800 yen in all"
        assert found["due_date"][1] == "2 of 2 rows, 2026-06-30 to 2026-07-31"
        assert found["mode"][1] == "2 of 2 rows, pass-through 1, test 1"
        assert found["payer_id"][0] == "＊＊＊23"
    manifest.select("slip_key", "amount", "due_date", payable_until="due_date").write_csv(
        tmp_path / "upload.csv"
    )
    assert describe_file(tmp_path / "upload.csv").kind == "upload"
    problems = pl.DataFrame(
        {
            "line": [2, 3],
            "slip_key": ["1", "2"],
            "severity": ["error", "note"],
            "code": ["payload.crc", "text.fallback_font"],
            "field": ["payload", "payer_name"],
            "message_ja": ["山田", "山田"],
            "message_en": ["Yamada", "Yamada"],
        }
    )
    problems.write_csv(tmp_path / "problems.csv")
    found = lines(tmp_path / "problems.csv")
    assert found["code"][1] == "2 of 2 rows, payload.crc 1, text.fallback_font 1"
    assert found["message_ja"][0] == ""
    assert lines(tmp_path / "problems.csv", show_names=True)["message_en"][0] == "Yamada"


def test_job_profile_form_and_site(tmp_path: Path) -> None:
    job = tmp_path / "job.json"
    job.write_text(json.dumps({"in": {"slips": 3, "yen": 100}, "files": [{"file": "a"}], "list": [1, 2]}))
    assert lines(job) == {
        "in.slips": ("3", ""),
        "in.yen": ("100", ""),
        "files": ("1", ""),
        "list": ("1, 2", ""),
    }
    profile = tmp_path / "own.toml"
    profile.write_text(TAX, encoding="utf-8")
    assert lines(profile)["mode"] == ("test", "TEST (32 rules unconfirmed)")
    profile.write_text(TAX.replace('kind = "tax"', 'kind = "x"'), encoding="utf-8")
    assert [p.code for p in describe_file(profile).problems] == ["profile.kind"]
    form = tmp_path / "form.toml"
    form.write_bytes((files("layouts") / "forms" / "mihara.toml").read_bytes())
    assert describe_file(form).kind == "layout"
    assert lines(form)["page"] == ("279.4 × 114.3 mm", "")
    assert describe_file(ROOT / "sample_data" / "site.toml").kind == "site"
    form.write_bytes((files("layouts") / "forms" / "mihara_preprinted.toml").read_bytes())
    assert (describe_file(form).kind, lines(form)["base"]) == ("layout", ("mihara", ""))
    form.write_text('base = "mihara"\nid = "own"\n', encoding="utf-8")
    assert describe_file(form).kind == "layout"


def test_the_totals_of_a_night_are_no_print_job(tmp_path: Path) -> None:
    path = tmp_path / "totals.json"
    path.write_text(json.dumps({"drift": 0, "run": {"received": {"count": 1, "yen": 5}}, "standing": {}}))
    found = describe_file(path)
    assert (found.kind, found.title_en) == ("totals", "totals of a night: totals.json")
    assert {line.name: line.value for line in found.lines}["run.received.yen"] == "5"


@pytest.mark.parametrize(
    "text", ['[headings]\n"キー" = "slip_key"', '[constants]\nlang = "ja"', '[values.kind]\n"a" = "initial"']
)
def test_a_heading_map_is_known(tmp_path: Path, text: str) -> None:
    """As `--mapping` takes it: it was asked for by a word that it never has."""
    (tmp_path / "map.toml").write_text(text, encoding="utf-8")
    found = describe_file(tmp_path / "map.toml")
    assert found.kind == "mapping" and len(found.lines) == 1


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("none.csv", None, "describe.not_found"),
        ("a.pdf", b"%PDF-1.7", "describe.unknown_file"),
        ("a.toml", b"x = 1", "describe.unknown_file"),
        ("a.toml", b"x = ", "describe.unreadable"),
        ("a.toml", b"\xff\xfe", "describe.unreadable"),
        ("a.json", b"{", "describe.unreadable"),
        ("a.json", b"[]", "describe.unknown_file"),
        ("a.json", b"[" * 100_000, "describe.unreadable"),
        ("a.csv", b"a,b\n1,2\n", "describe.unknown_table"),
        ("a.csv", b"", "file.empty"),
        ("a.csv", b"a,b\r1,2\r", "file.line_end"),
        ("a.csv", "a,b\n1,2\n".encode("utf-16"), "file.not_text"),
        ("a.csv", b"PAR1", "file.damaged"),
        ("a.csv", b"kind,channel,slip_key,amount,paid_at\n", "describe.unknown_table"),
        ("a.csv", "0000000001,みほん 太郎,2026-06-30\n".encode(), "heading.none"),
        ("a.parquet", b"PAR1PAR1", "file.damaged"),
    ],
)
def test_what_is_unknown_is_refused(tmp_path: Path, name: str, content: bytes | None, code: str) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ProblemError) as caught:
        describe_file(path)
    assert [p.code for p in caught.value.problems] == [code]
    assert caught.value.problems[0].text("ja")


PROBLEM_LINES = "line,slip_key,severity,code,field,message_ja,message_en\n"


def test_damaged_rows_of_a_list_are_told_by_line_and_show_nothing_of_people(tmp_path: Path) -> None:
    path = tmp_path / "problems.csv"
    row = "2,1,error,text.fallback_font,payer_name,山田 太郎,Yamada\n"
    path.write_text(PROBLEM_LINES + row + '"' + row.replace("2,1", "3,1") + row, encoding="utf-8")
    found = describe_file(path)
    assert [(p.code, p.where.line) for p in found.problems] == [("row.quote", 3)]
    assert "2 rows, 1 problems" in found.title_en
    assert "山田" not in found.text() and "Yamada" not in found.text()


def test_what_a_table_is_its_content_tells(tmp_path: Path) -> None:
    pl.read_csv(SLIPS, infer_schema=False).write_parquet(tmp_path / "slips.csv")
    assert describe_file(tmp_path / "slips.csv").kind == "slips"
    (tmp_path / "slips.parquet").write_bytes(
        b"\n" + SLIPS.read_bytes()
    )  # a blank line above, as print takes it
    assert describe_file(tmp_path / "slips.parquet").kind == "slips"


def test_signs_that_steer_a_terminal_are_shown_by_their_numbers(tmp_path: Path) -> None:
    path = tmp_path / "upload.csv"
    path.write_text("slip_key,amount,due_date,payable_until\n\x1b[2J\u202e1,1,2,3\n", encoding="utf-8")
    (tmp_path / "job.json").write_text(json.dumps({"a\x1b": "b\x1b"}))
    for found in (describe_file(path), describe_file(tmp_path / "job.json")):
        assert "<U+001B>" in found.text() and "<U+001B>" in found.brief()
        assert not {"\x1b", "\u202e"} & set(found.text() + found.brief())


@pytest.mark.parametrize(
    "text", ['box = "x"\npress = 1\npage = [1]\ntitle = "x"\npart = 3', "box = [1]\npart = [[1]]"]
)
def test_a_form_of_another_shape_is_told_as_far_as_it_goes(tmp_path: Path, text: str) -> None:
    path = tmp_path / "form.toml"
    path.write_text(text, encoding="utf-8")
    assert describe_file(path).kind == "layout" and lines(path)["page"] == ("? × ? mm", "")


@pytest.mark.parametrize("name", ["out/slips-00001.pdf", "slips-00001.pdf", "out\\slips", "scan.tif"])
def test_a_file_that_is_not_there_is_not_taken_for_a_code(name: str) -> None:
    with pytest.raises(ProblemError) as caught:
        describe(name)
    assert [p.code for p in caught.value.problems] == ["describe.not_found"]
    assert name in caught.value.problems[0].text("en")


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_signs_of_a_pattern_in_a_name_are_only_signs(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"一覧[1]{suffix}"
    rows = pl.DataFrame(
        [["1"], ["12000"], ["2026-06-30"], [""]], ["slip_key", "amount", "due_date", "payable_until"]
    )
    write = rows.write_csv if suffix == ".csv" else rows.write_parquet
    write(tmp_path / "table")
    (tmp_path / "table").rename(path)
    assert describe(path).kind == "upload"


def test_a_folder_is_told_as_one(tmp_path: Path) -> None:
    with pytest.raises(ProblemError) as caught:
        describe(str(tmp_path))
    assert [p.code for p in caught.value.problems] == ["describe.folder"]


UPLOAD = "slip_key,amount,due_date,payable_until"


def test_sums_count_what_print_reads_and_tell_what_it_does_not(tmp_path: Path) -> None:
    path = tmp_path / "upload.csv"
    amounts = ("12300", '"¥12,300"', "１２３００", "12300円", "-100", '"1,23"', "1.2E+4")
    rows = [f"{at},{amount},2026-06-30,2026-07-31" for at, amount in enumerate(amounts)]
    path.write_text("\n".join([UPLOAD, *rows, ""]), encoding="utf-8")
    line = next(x for x in describe_file(path).lines if x.name == "amount")
    assert line.meaning_en == "7 of 7 rows, 49,200 yen in all without 3 that are no amount"
    assert line.meaning_ja == "7/7行、金額として読めない3件を除いて合計49,200円"


def test_a_column_that_nobody_knows_shows_nothing_of_people(tmp_path: Path) -> None:
    path = tmp_path / "upload.csv"
    path.write_text(f"{UPLOAD},電話番号,group\n1,1,2026-06-30,2026-07-31,三原太郎,7\n", encoding="utf-8")
    found = describe_file(path)
    assert "太郎" not in found.text() + json.dumps(found.document(), ensure_ascii=False)
    assert lines(path)["電話番号"][0] == "＊＊＊" and lines(path)["group"][0] == "7"
    assert lines(path, show_names=True)["電話番号"][0] == "三原太郎"


def test_headings_that_differ_in_case_alone_are_one_column_twice(tmp_path: Path) -> None:
    path = tmp_path / "upload.csv"
    path.write_text(f"{UPLOAD},Memo,memo\n1,1,2026-06-30,2026-07-31,a,b\n", encoding="utf-8")
    with pytest.raises(ProblemError) as refused:
        describe_file(path)
    assert [p.code for p in refused.value.problems] == ["heading.twice"]


def test_a_settings_file_of_another_kind_is_not_refused_for_being_one(tmp_path: Path) -> None:
    path = tmp_path / "refunds.toml"
    path.write_text("[consignor]\n", encoding="utf-8")
    with pytest.raises(ProblemError) as refused:
        describe_file(path)
    (problem,) = refused.value.problems
    assert problem.code == "describe.unknown_file"
    assert "プロファイル" in problem.text("ja") and "profile" in problem.text("en")
