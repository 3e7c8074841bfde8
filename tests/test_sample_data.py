"""The sample is what its generator writes, holds what it promises, and agrees in row, payload and barcode."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from house import ROOT

from elqr import payload
from elqr.digits import to_matrix
from elqr.reader import read_slips
from elqr.site import load_site
from sample_data import generate, rows

SAMPLE = ROOT / "sample_data"


def read(path: Path) -> pl.DataFrame:
    batches = list(read_slips(path, mapping=load_site(SAMPLE / "site.toml").mapping))
    assert sum(b.refused.height + b.log.table().height for b in batches) == 0
    return pl.concat([b.frame for b in batches])


@pytest.fixture(scope="module")
def frame() -> pl.DataFrame:
    return read(SAMPLE / "slips.csv")


@pytest.mark.parametrize("number", [0, 1])
def test_the_committed_files_are_what_the_generator_writes(number: int) -> None:
    path, data = list(generate.committed())[number]
    assert path.read_bytes() == data, f"{path.name}: run python -m sample_data.generate"


def test_it_holds_what_it_promises(frame: pl.DataFrame) -> None:
    assert frame.height >= 200
    assert frame["tax_item"].unique().sort().to_list() == ["901", "902", "903", "904"]
    assert set(frame["kind"]) == {"initial", "full_year", "reissue", "dunning", "delinquency"}
    assert set(frame["lang"]) == {"ja", "en"} and set(frame["large_print"]) == {"0", "1"}
    assert frame["slip_key"].is_unique().all()
    names = "".join(frame["payer_name"])
    assert all(c in names for c in ("𠮷", "辻\U000e0100", "葛\U000e0102", "\ue000", "ｼﾞ"))


def test_above_the_limit_there_is_no_barcode_and_below_there_is(frame: pl.DataFrame) -> None:
    above = frame["amount"].cast(pl.Int64) > 300_000
    assert above.sum() > 5
    assert (frame["barcode"].is_null() == above).all()


def faults(frame: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """The rows that say two things, by what they disagree in."""
    said = payload.decode(to_matrix(frame["payload"], 255))
    good = payload.with_crc(to_matrix(frame["payload"], 255))
    return {
        "crc": frame.filter(pl.Series((good != to_matrix(frame["payload"], 255)).any(axis=1))),
        "amount": frame.filter(said["amount"].cast(pl.Int64) != frame["amount"].cast(pl.Int64)),
        "dates": frame.filter(pl.col("due_date") > pl.col("payable_until")),
        "key": frame.filter(said["slip_key"] != frame["slip_key"]),
        "confirm": frame.filter(said["confirm_no"] != frame["confirm_no"]),
        "item": frame.filter(said["tax_item"] != frame["tax_item"]),
        "due": frame.filter(said["due_date"] != frame["due_date"].str.replace_all("-", "")),
        "until": frame.filter(said["payable_until"] != frame["payable_until"].str.replace_all("-", "")),
    }


def test_three_rows_are_faulty_and_each_in_one_thing(frame: pl.DataFrame) -> None:
    found = {what: rows.height for what, rows in faults(frame).items() if rows.height}
    assert found == {"crc": 1, "amount": 1, "dates": 1}


def test_instalments_add_up_to_the_full_year(frame: pl.DataFrame) -> None:
    yen = pl.col("amount").cast(pl.Int64)
    good = frame.head(frame.height - 3).filter(pl.col("kind").is_in(["initial", "full_year"]))
    sums = good.group_by("notice_no").agg(
        whole=yen.filter(pl.col("kind") == "full_year").sum(),
        parts=yen.filter(pl.col("kind") == "initial").sum(),
    )
    both = sums.filter(pl.col("whole") > 0)
    assert both.height > 10
    off = both.filter(pl.col("whole") != pl.col("parts"))["notice_no"]
    # where an instalment was replaced, its new slip is of kind reissue
    assert set(off) <= set(frame.filter(pl.col("kind") == "reissue")["notice_no"])


def test_the_old_export_reads_as_the_same_slips(frame: pl.DataFrame) -> None:
    old = read(SAMPLE / "slips_cp932.csv")
    assert (SAMPLE / "slips_cp932.csv").read_bytes().count(b"\r\n") == old.height + 1
    same = ["confirm_no", "amount", "payer_name", "address", "payload", "barcode", "notice_no", "kind"]
    both = old.join(frame, on="slip_key", suffix="_utf8")
    assert both.height == old.height > 180
    assert [c for c in same if not both[c].eq_missing(both[f"{c}_utf8"]).all()] == []


def test_any_range_is_drawn_by_itself() -> None:
    assert rows.slips(1000, 50).equals(rows.slips(990, 80)[10:60])


@pytest.mark.parametrize("name", ["large.csv", "large.parquet"])
def test_a_large_file_is_clean(name: str, tmp_path: Path) -> None:
    words = [sys.executable, "-m", "sample_data.generate", "--rows", "2500", "--out", str(tmp_path / name)]
    subprocess.run(words, cwd=ROOT, check=True)
    frame = read(tmp_path / name)
    assert frame.height == 2500
    assert {what: f.height for what, f in faults(frame).items() if f.height} == {}
    assert frame["slip_key"].is_unique().all()
