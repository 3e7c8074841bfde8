"""Slips files that cannot be used, and Parquet."""

from pathlib import Path

import polars as pl
import pytest
from slip_rows import clean, write_csv
from slips_read import read, unusable

from elqr.problems import ProblemError
from elqr.reader import read_slips


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


def test_a_time_of_day_is_not_lost_on_the_way(tmp_path: Path) -> None:
    moments = pl.Series("due_date", ["2026-06-30 00:00:00", "2026-06-30 23:59:00"])
    rows = clean(2).with_columns(moments.str.to_datetime("%Y-%m-%d %H:%M:%S"))
    rows.write_parquet(tmp_path / "s.parquet")
    assert read(tmp_path / "s.parquet")[0]["due_date"].to_list() == ["2026-06-30", "2026-06-30 23:59:00"]
