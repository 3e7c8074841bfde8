"""In which encoding a slips file is read: told by its content or given, and bytes that it does not know."""

import io
from pathlib import Path

import polars as pl
import pytest
from slip_rows import clean, write_csv
from slips_read import read, unusable

from elqr.encoding import BadByte, sniff, to_utf8
from elqr.reader import read_slips


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
