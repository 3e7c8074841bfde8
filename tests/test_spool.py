"""Rows go to disk and come back the same, in order, in the right bucket."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slips.spool import Buckets, Spool, append_frame, frames_of, read_bucket
from tests.print_fakes import cleaned


def test_a_spool_gives_back_what_it_took(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    assert list(spool.frames()) == []
    parts = [cleaned(3), cleaned(3).clear(), cleaned(5, payer_name="𠮷田 花子")]
    for part in parts:
        spool.append(part)
    back = list(spool.frames())
    assert spool.rows == 8
    assert pl.concat(back).equals(pl.concat(parts))
    spool.remove()
    assert list(tmp_path.iterdir()) == []


def test_a_torn_block_is_never_read_as_data(tmp_path: Path) -> None:
    path = tmp_path / "x.arrows"
    append_frame(path, cleaned(3))
    whole = path.read_bytes()
    for cut in (4, 100, len(whole) - 1):
        path.write_bytes(whole[:cut])
        with pytest.raises(ValueError, match="torn block"):
            list(frames_of(path))


@settings(max_examples=30, deadline=None)
@given(
    files=st.lists(st.lists(st.integers(1, 4), min_size=0, max_size=9), max_size=6), memory=st.integers(1, 20)
)
def test_every_row_is_in_its_bucket_in_order(
    files: list[list[int]], memory: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("buckets")
    buckets = Buckets(folder, rows_in_memory=memory)
    expected: dict[int, list[int]] = {}
    line = 0
    for part in files:
        lines = list(range(line, line + len(part)))
        line += len(part)
        buckets.add(pl.DataFrame({"line": lines, "file": part}, schema={"line": pl.Int64, "file": pl.UInt32}))
        for number, at in zip(part, lines, strict=True):
            expected.setdefault(number, []).append(at)
    buckets.flush()
    found = {n: read_bucket(buckets.path(n))["line"].to_list() for n in expected}
    assert found == expected
    assert len(list(folder.iterdir())) == len(expected)
