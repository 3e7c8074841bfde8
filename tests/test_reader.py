"""Reading slips files: encodings, line ends, quotes, Parquet, damage that stays with its row, unusable files."""

import io
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slip_rows import clean, write_csv

from elqr.columns import BY_NAME, NAMES
from elqr.encoding import BadByte, sniff, to_utf8
from elqr.mapping import HeadingMap, load_mapping
from elqr.problems import Problem, ProblemError
from elqr.reader import Batch, read_slips


def read(path: Path, **options: object) -> tuple[pl.DataFrame, list[Problem], pl.DataFrame]:
    batches = list(read_slips(path, **options))  # type: ignore[arg-type]
    return (
        pl.concat([b.frame for b in batches]),
        [p for b in batches for p in b.log.problems(path.name)],
        pl.concat([b.refused for b in batches]),
    )


def unusable(path: Path, **options: object) -> tuple[Problem, ...]:
    with pytest.raises(ProblemError) as caught:
        list(read_slips(path, **options))  # type: ignore[arg-type]
    return caught.value.problems


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_encodings_and_line_ends(tmp_path: Path, encoding: str, end: str) -> None:
    rows = clean(30)
    path = write_csv(
        rows.rename({"payer_name": "納税者氏名"}), tmp_path / "s.csv", encoding=encoding, end=end
    )
    frame, problems, refused = read(path)
    assert frame.columns == ["line", *NAMES]
    assert problems == []
    assert refused.is_empty()
    assert frame.select(rows.columns).equals(rows)
    assert frame["line"].to_list() == list(range(2, 32))
    assert frame["kind"].null_count() == 30


def test_japanese_headings_in_any_width(tmp_path: Path) -> None:
    rows = clean(3)
    frame, problems, _ = read(
        write_csv(rows.rename({n: f" {BY_NAME[n].ja}　" for n in rows.columns}), tmp_path / "s.csv")
    )
    assert problems == []
    assert frame.select(rows.columns).equals(rows)


def test_encoding_is_told_by_content_far_from_the_top(tmp_path: Path) -> None:
    rows = clean(12_000).with_columns(
        payer_name=pl.when(pl.int_range(pl.len()) < 11_000).then(pl.lit("TARO")).otherwise("payer_name"),
        address=pl.lit("x"),
        tax_name=pl.lit("tax"),
    )
    frame, problems, _ = read(write_csv(rows, tmp_path / "s.csv", encoding="cp932"))
    assert problems == []
    assert frame["payer_name"].equals(rows["payer_name"])


@pytest.mark.parametrize("name", ["ﾆ店", "ｺﾝ店ｱﾝ", "ﾝｺ"])
def test_half_width_kana_before_a_kanji_are_no_letter_of_africa(name: str) -> None:
    raw = f"a,{name}\r\n".encode("cp932")
    assert sniff(io.BytesIO(raw), file="x") == "cp932"


@pytest.mark.parametrize("name", ["é", "Nguyễn", "Ελλάς", "Łódź,東京", "ﾆ店"])
def test_letters_beyond_japanese_stay_utf8(name: str) -> None:
    assert sniff(io.BytesIO(f"a,{name}\n".encode()), file="x") == "utf-8"


def test_encoding_can_be_overridden(tmp_path: Path) -> None:
    path = write_csv(clean(3), tmp_path / "s.csv", encoding="cp932")
    frame, problems, refused = read(path, encoding="utf-8")
    assert frame.is_empty()
    assert [p.code for p in problems] == ["file.other_encoding", *["row.undecodable"] * 3]
    assert refused.height == 3
    with pytest.raises(ValueError, match="utf-16"):
        read_slips(path, encoding="utf-16")


def test_quoted_fields_keep_lines(tmp_path: Path) -> None:
    rows = clean(4).with_columns(
        address=pl.Series(["a,b", 'say "ほ"', "みほん市\r\n本町\n1", "plain"]),
        payer_name=pl.Series(["x", "", "y", "z"]),
    )
    frame, problems, _ = read(write_csv(rows, tmp_path / "s.csv", encoding="cp932", end="\r\n"))
    assert problems == []
    assert frame["address"].to_list() == rows["address"].to_list()
    assert frame["line"].to_list() == [2, 3, 4, 7]
    assert frame["payer_name"].to_list() == ["x", None, "y", "z"]


def test_batches_are_of_the_asked_size_and_the_same_rows(tmp_path: Path) -> None:
    rows = clean(25_001)
    path = write_csv(rows, tmp_path / "s.csv")
    sizes = [b.frame.height for b in read_slips(path, batch_rows=7_000)]
    assert sizes == [7_000, 7_000, 7_000, 4_001]
    frame, _, _ = read(path, batch_rows=7_000)
    assert frame.select(rows.columns).equals(rows)
    assert frame["line"].to_list() == list(range(2, 25_003))


def test_undecodable_bytes_in_the_middle_of_cp932(tmp_path: Path) -> None:
    rows = clean(20_000)
    path = write_csv(rows, tmp_path / "s.csv", encoding="cp932", end="\r\n")
    lines = path.read_bytes().split(b"\r\n")
    broken = lines[10_000].split(b",")
    broken[13] = "山".encode("cp932") + b"\x93"
    lines[10_000] = b",".join(broken)
    path.write_bytes(b"\r\n".join(lines))
    frame, problems, refused = read(path)
    assert frame.height == 19_999
    assert 10_001 not in frame["line"].to_list()
    (problem,) = problems
    assert (problem.code, problem.field, problem.where.line) == ("row.undecodable", "payer_name", 10_001)
    assert problem.params["byte"] == "93"
    assert "8E 52 93 2C" in str(problem.params["found"])
    assert "93" in problem.text("ja") and "CP932" in problem.text("ja")
    assert "93" in problem.text("en") and "CP932" in problem.text("en")
    assert refused.rows() == [(10_001, rows["slip_key"][9_999], rows["amount"][9_999])]


@pytest.mark.parametrize("byte", [0x80, 0xA0, 0xFD, 0xFE, 0xFF])
def test_bytes_that_python_lets_through(byte: int) -> None:
    raw = "表,".encode("cp932") + bytes([byte]) + b",x"
    raw.decode("cp932")  # no error: this is why the reader looks itself
    assert to_utf8(raw, "cp932") == BadByte(3, byte)


def test_an_earlier_hole_is_named_before_a_later_error() -> None:
    assert to_utf8(b"\x88\xa0\xfd\x93,", "cp932") == BadByte(2, 0xFD)


def test_user_defined_characters_are_left_to_the_check(tmp_path: Path) -> None:
    rows = clean(2)
    path = write_csv(rows, tmp_path / "s.csv", encoding="cp932")
    path.write_bytes(path.read_bytes().replace("山田".encode("cp932"), b"\xf0\x40" + "田".encode("cp932")))
    frame, problems, _ = read(path)
    assert problems == []
    assert frame["payer_name"][0] == "\ue000田 太郎"


def test_wrong_number_of_fields(tmp_path: Path) -> None:
    rows = clean(5)
    path = write_csv(rows, tmp_path / "s.csv")
    lines = path.read_text(encoding="utf-8").split("\n")
    lines[2] += ",more"
    lines[4] = lines[4].rsplit(",", 1)[0]
    path.write_text("\n".join(lines), encoding="utf-8")
    frame, problems, refused = read(path)
    assert frame["line"].to_list() == [2, 4, 6]
    assert [(p.code, p.where.line, p.params["found"], p.params["expected"]) for p in problems] == [
        ("row.fields", 3, "19", "18"),
        ("row.fields", 5, "17", "18"),
    ]
    assert "19" in problems[0].text("ja") and "18" in problems[0].text("ja")
    assert "19" in problems[0].text("en") and "18" in problems[0].text("en")
    assert refused["line"].to_list() == [3, 5]


def test_a_stray_quote_holds_its_row_only(tmp_path: Path) -> None:
    rows = clean(500)
    path = write_csv(rows, tmp_path / "s.csv")
    lines = path.read_text(encoding="utf-8").split("\n")
    lines[7] = lines[7].replace("みほん県", '"みほん県')
    path.write_text("\n".join(lines), encoding="utf-8")
    frame, problems, _ = read(path)
    assert frame.height == 499
    assert [(p.code, p.where.line) for p in problems] == [("row.quote", 8)]
    assert "引用符" in problems[0].text("ja") and "quote" in problems[0].text("en").lower()


def test_blank_lines_and_end_of_file_sign(tmp_path: Path) -> None:
    rows = clean(2)
    path = write_csv(rows, tmp_path / "s.csv", end="\r\n")
    body = path.read_bytes()
    first_end = body.index(b"\r\n", body.index(b"\r\n") + 2) + 2
    path.write_bytes(body[:first_end] + b"\r\n" + b"," * 17 + b"\r\n" + body[first_end:] + b"\x1a")
    frame, problems, _ = read(path)
    assert frame["line"].to_list() == [2, 5]
    assert [(p.code, p.where.line) for p in problems] == [("row.blank", 4)]


@pytest.mark.parametrize("commas", [1, 5, 40])
def test_rows_of_bare_commas_are_left_out_whatever_their_number(tmp_path: Path, commas: int) -> None:
    path = write_csv(clean(2), tmp_path / "s.csv", end="\r\n")
    path.write_bytes(path.read_bytes() + b"," * commas + b"\r\n")
    frame, problems, refused = read(path)
    assert (frame.height, refused.height) == (2, 0)
    assert [(p.code, p.where.line) for p in problems] == [("row.blank", 4)]


def test_a_nul_of_an_older_system_costs_its_row_alone(tmp_path: Path) -> None:
    path = write_csv(clean(9), tmp_path / "s.csv")
    path.write_bytes(path.read_bytes().replace("みほん".encode(), b"\0", 1))
    frame, problems, _ = read(path)
    assert frame.height == 9, "the check holds the one row: nothing of it is lost on the way"
    assert problems == []


def test_a_first_row_without_headings_is_not_shown(tmp_path: Path) -> None:
    """Names and addresses stand where headings should be: the message goes to a terminal and to a log."""
    path = write_csv(clean(2), tmp_path / "s.csv")
    path.write_bytes(path.read_bytes().partition(b"\n")[2])
    (problem,) = unusable(path)
    assert (problem.code, problem.where.line) == ("heading.none", 1)
    assert not set(clean(1).row(0)) & set(str(problem).replace("「", " ").split())
    assert "みほん" not in str(problem)


def test_last_line_without_line_end(tmp_path: Path) -> None:
    path = write_csv(clean(2), tmp_path / "s.csv")
    path.write_bytes(path.read_bytes().rstrip(b"\n"))
    assert read(path)[0].height == 2


def test_empty_files(tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    path.write_bytes(b"")
    assert [p.code for p in unusable(path)] == ["file.empty"]
    path.write_bytes(b"\r\n\r\n")
    assert [p.code for p in unusable(path)] == ["file.empty"]
    write_csv(clean(1).clear(), path)
    assert [p.code for p in unusable(path)] == ["file.no_rows"]
    clean(1).clear().write_parquet(path)
    assert [p.code for p in unusable(path)] == ["file.no_rows"]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"PK\x03\x04" + b"x" * 50, "Excel"),
        (b"%PDF-1.7\n", "PDF"),
        ("slip_key,氏名\n".encode("utf-16"), "UTF-16"),
        (b"slip_key\0,\n1,2\n", "NUL"),
        (b"slip_key\n" + b"\xff\xfe\x81\n" * 50, "50"),
    ],
)
def test_not_text(tmp_path: Path, content: bytes, found: str) -> None:
    path = tmp_path / "s.csv"
    path.write_bytes(content)
    (problem,) = unusable(path)
    assert problem.code == "file.not_text"
    assert found in problem.text("ja") and found in problem.text("en")


def test_missing_file_and_old_line_ends(tmp_path: Path) -> None:
    assert [p.code for p in unusable(tmp_path / "none.csv")] == ["file.unreadable"]
    path = write_csv(clean(2), tmp_path / "s.csv", end="\r")
    assert [p.code for p in unusable(path)] == ["file.line_end"]


@pytest.mark.parametrize(("sign", "said"), [("\t", "TAB"), (";", ";")])
def test_a_file_of_tabs_is_told_once_and_not_as_sixteen_missing_columns(
    tmp_path: Path, sign: str, said: str
) -> None:
    path = write_csv(clean(2), tmp_path / "s.csv")
    path.write_text(path.read_text(encoding="utf-8").replace(",", sign), encoding="utf-8")
    (problem,) = unusable(path)
    assert (problem.code, problem.params["found"]) == ("file.separator", said)


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


@pytest.mark.parametrize("cut", [4, 20, -4])
def test_a_damaged_parquet_file_is_to_be_exported_again(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "s.parquet"
    clean(4).write_parquet(path)
    path.write_bytes(path.read_bytes()[:cut])
    (problem,) = unusable(path)
    assert (problem.code, problem.where.file) == ("file.damaged", "s.parquet")
    assert "出力し直して" in problem.text("ja") and "Export it again" in problem.text("en")


def test_damage_within_a_parquet_file_is_found_and_no_row_is_lost_on_the_way(tmp_path: Path) -> None:
    """Its end says what it holds; what goes wrong while the pages are read is a fault of the file, never of the program."""
    path = tmp_path / "s.parquet"
    rows = clean(30)
    rows.write_parquet(path, compression="snappy", row_group_size=10)
    whole = path.read_bytes()
    found = set()
    for at in range(4, len(whole) * 2 // 3, 97):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x5A]) + whole[at + 1 :])
        try:
            assert sum(b.frame.height for b in read_slips(path)) == 30
        except ProblemError as error:
            found |= {p.code for p in error.problems}
    assert found == {"file.damaged"}


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


def test_parquet_gives_the_same_rows(tmp_path: Path) -> None:
    rows = clean(1_200)
    rows.write_parquet(tmp_path / "s.parquet")
    write_csv(rows, tmp_path / "s.csv")
    assert read(tmp_path / "s.parquet", batch_rows=500)[0].equals(read(tmp_path / "s.csv")[0])
    assert [b.frame.height for b in read_slips(tmp_path / "s.parquet", batch_rows=500)] == [500, 500, 200]


def test_parquet_with_types(tmp_path: Path) -> None:
    rows = clean(3).with_columns(
        pl.col("amount").cast(pl.Int64),
        pl.col("due_date").str.to_date(),
        pl.col("payable_until").str.to_datetime("%Y-%m-%d"),
        large_print=pl.Series([True, False, None]),
    )
    rows.write_parquet(tmp_path / "s.parquet")
    frame, problems, _ = read(tmp_path / "s.parquet")
    assert problems == []
    assert frame.select("amount", "due_date", "payable_until").equals(
        clean(3).select("amount", "due_date", "payable_until")
    )
    assert frame["large_print"].to_list() == ["1", "0", None]


def test_a_parquet_day_with_a_time_zone_is_the_day_in_japan(tmp_path: Path) -> None:
    due = pl.col("due_date").str.to_datetime("%Y-%m-%d").dt.replace_time_zone("Asia/Tokyo")
    clean(3).with_columns(due.dt.convert_time_zone("UTC")).write_parquet(tmp_path / "s.parquet")
    assert read(tmp_path / "s.parquet")[0]["due_date"].equals(clean(3)["due_date"])


def test_parquet_faults(tmp_path: Path) -> None:
    path = tmp_path / "s.parquet"
    clean(3).with_columns(address=pl.concat_list("address")).write_parquet(path)
    assert [(p.code, p.field) for p in unusable(path)] == [("heading.type", "address")]
    path.write_bytes(path.read_bytes()[:-100])
    assert [p.code for p in unusable(path)] == ["file.damaged"]


def cells() -> st.SearchStrategy[str]:
    return st.text(alphabet=st.sampled_from('abc,"\n 表ソ髙①ｱ～－'), max_size=8)


@settings(max_examples=60)
@given(
    st.lists(st.tuples(cells(), cells(), cells()), min_size=1, max_size=6),
    st.sampled_from(["utf-8", "cp932"]),
    st.integers(1, 4),
)
def test_any_text_comes_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str, str]], encoding: str, batch: int
) -> None:
    frame = clean(len(rows)).with_columns(
        pl.Series("payer_name", [r[0] for r in rows]),
        pl.Series("address", [r[1] for r in rows]),
        pl.Series("notice_no", [r[2] for r in rows]),
    )
    path = write_csv(frame, tmp_path_factory.mktemp("any") / "s.csv", encoding=encoding)
    got, problems, _ = read(path, batch_rows=batch)
    assert problems == []
    for name in ("payer_name", "address", "notice_no"):
        assert got[name].fill_null("").to_list() == frame[name].to_list()


@settings(max_examples=60)
@given(st.data())
def test_damage_never_costs_another_row(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Bytes overwritten inside one row (never its line end): every other row is read, on its own line."""
    rows = clean(12)
    path = write_csv(rows, tmp_path_factory.mktemp("damage") / "s.csv", encoding="cp932")
    lines = path.read_bytes().split(b"\n")
    hit = data.draw(st.integers(1, 12))
    at = data.draw(st.integers(0, len(lines[hit]) - 1))
    new = data.draw(st.binary(min_size=1, max_size=3).filter(lambda b: b"\n" not in b and b"\0" not in b))
    lines[hit] = lines[hit][:at] + new + lines[hit][at + len(new) :]
    path.write_bytes(b"\n".join(lines))
    frame, problems, refused = read(path, encoding="cp932")
    others = rows.with_row_index("line", offset=2).filter(pl.col("line") != hit + 1)
    got = frame.filter(pl.col("line") != hit + 1)
    assert got.select(rows.columns).equals(others.select(rows.columns))
    assert got["line"].to_list() == others["line"].to_list()
    assert frame.height + refused.height == 12
    assert {p.where.line for p in problems} <= {hit + 1}


def test_it_streams(tmp_path: Path) -> None:
    path = write_csv(clean(30_000), tmp_path / "s.csv")
    batches: Iterator[Batch] = read_slips(path, batch_rows=1_000)
    assert next(batches).frame.height == 1_000


def test_a_time_of_day_is_not_lost_on_the_way(tmp_path: Path) -> None:
    moments = pl.Series("due_date", ["2026-06-30 00:00:00", "2026-06-30 23:59:00"])
    rows = clean(2).with_columns(moments.str.to_datetime("%Y-%m-%d %H:%M:%S"))
    rows.write_parquet(tmp_path / "s.parquet")
    assert read(tmp_path / "s.parquet")[0]["due_date"].to_list() == ["2026-06-30", "2026-06-30 23:59:00"]


def test_an_encoding_that_is_given_is_not_doubted(tmp_path: Path) -> None:
    """Nobody can read this file, but it is the one who names the encoding that decides: row by row, nothing is lost."""
    path = write_csv(clean(40), tmp_path / "s.csv")
    head, body = path.read_bytes().split(b"\n", 1)
    path.write_bytes(head + b"\n" + body.replace("みほん".encode(), b"\x81\xff"))
    assert [p.code for p in unusable(path)] == ["file.not_text"]
    for name in ("CP932", "Shift_JIS", "UTF-8", "utf-8-sig"):
        frame, problems, refused = read(path, encoding=name)
        assert (frame.height, refused.height) == (0, 40)
        assert {p.code for p in problems} == {"row.undecodable"}


@pytest.mark.parametrize(("wrong", "right"), [("cp932", "utf-8"), ("utf-8", "cp932")])
def test_the_other_encoding_is_named_where_it_reads_every_line(
    tmp_path: Path, wrong: str, right: str
) -> None:
    path = write_csv(clean(40), tmp_path / "s.csv", encoding=right)
    frame, problems, refused = read(path, encoding=wrong)
    assert (frame.height, refused.height) == (0, 40)
    hint = problems[0]
    assert (hint.code, hint.severity.value) == ("file.other_encoding", "warning")
    for lang in ("ja", "en"):
        assert f"--encoding {right}" in hint.text(lang) and wrong.upper() in hint.text(lang)
    assert read(path, encoding=right)[1] == []

    own = write_csv(clean(2).rename({"notice_no": "通知書番号"}), tmp_path / "h.csv", encoding=right)
    *_, last = unusable(own, encoding=wrong)  # whatever the heading looks like in the wrong one
    assert last.code == "file.other_encoding"


def test_a_file_without_a_single_good_row(tmp_path: Path) -> None:
    path = write_csv(clean(3), tmp_path / "s.csv")
    path.write_text(
        path.read_text(encoding="utf-8").replace("\n2026", "\n,2026").replace("\n0000", "\n,0000"),
        encoding="utf-8",
    )
    frame, problems, refused = read(path)
    assert (frame.height, refused.height, [p.code for p in problems]) == (0, 3, ["row.fields"] * 3)


@pytest.mark.parametrize("batch_rows", [1, 2, 5, 100])
def test_a_batch_tells_of_its_own_lines_only(tmp_path: Path, batch_rows: int) -> None:
    path = write_csv(clean(30).with_columns(x=pl.lit("1")), tmp_path / "s.csv")
    lines = path.read_bytes().split(b"\n")
    for at in (3, 4, 11, 29):
        lines[at] += b",more"
    lines[20] = lines[20].replace("みほん県".encode(), b"\xff")
    path.write_bytes(b"\n".join(lines))
    told: list[int] = []
    seen = 1
    for batch in read_slips(path, batch_rows=batch_rows):
        mine = pl.concat([batch.frame["line"], batch.refused["line"]]).sort()
        assert mine[0] == seen + 1
        assert mine.to_list() == list(range(seen + 1, seen + 1 + len(mine)))
        seen = int(mine[-1])
        found = batch.log.table()["line"].to_list()
        assert set(found) <= {1, *batch.refused["line"]}
        told += found
    assert seen == 31
    assert told == [1, 4, 5, 12, 21, 30]
