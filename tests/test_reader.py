"""Reading slips files row by row: line ends, quotes, batches, damage that stays with its row."""

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slip_rows import clean, write_csv
from slips_read import read

from elqr.columns import NAMES
from elqr.reader import Batch, read_slips


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


def test_last_line_without_line_end(tmp_path: Path) -> None:
    path = write_csv(clean(2), tmp_path / "s.csv")
    path.write_bytes(path.read_bytes().rstrip(b"\n"))
    assert read(path)[0].height == 2


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
