"""Bulk loads of a register: the same ledger as row by row, whatever the store does to be quick."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path
from unittest.mock import patch

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ledger_files import AS_OF, LINE_HEAD, POLICY, SLIP_HEAD, line, night, slip, town, write

from elqr.problems import ProblemError
from reconcile import check_standing, store_sqlite
from reconcile.bulk_rows import json_list, values
from reconcile.decide import decide
from reconcile.ledger import open_ledger
from reconcile.ledger_check import check_ledger
from reconcile.row_text import block_text, read_block, read_rows, row_text
from reconcile.world import Decision, World

TEXT = (
    st.none() | st.text(st.characters(codec="utf-8"), max_size=4) | st.sampled_from(["", "'", "\0", "null"])
)
WHOLE = st.none() | st.integers(-(1 << 63), (1 << 63) - 1) | st.just(-(1 << 63) + 1)
BYTES = st.none() | st.binary(max_size=3)
COLUMNS = {"a": pl.String(), "b": pl.Int64(), "c": pl.Binary(), "d": pl.String(), "e": pl.Int64()}


def dump(place: Path) -> dict[str, list[tuple[object, ...]]]:
    """Every table and the schema of a ledger file."""
    with sqlite3.connect(place) as link:
        schema = link.execute("select type, name, tbl_name, sql from sqlite_master order by 1, 2").fetchall()
        tables = [name for kind, name, _, _ in schema if kind == "table"]
        rows = {name: link.execute(f"select * from {name} order by 1, 2").fetchall() for name in tables}
    link.close()
    return {**rows, "": schema}


@given(st.lists(st.tuples(TEXT, WHOLE, BYTES, TEXT, WHOLE), min_size=1, max_size=8))
def test_what_is_bound_is_what_comes_to_stand(rows: list[tuple[object, ...]]) -> None:
    frame = pl.DataFrame(rows, schema=COLUMNS, orient="row")
    some = values(frame)
    link = sqlite3.connect(":memory:")
    link.execute("create table t (a text, b integer, c blob, d text, e integer)")
    link.executemany(f"insert into t values ({some.sql})", some.rows)
    assert link.execute("select * from t").fetchall() == rows
    link.close()


def test_a_column_that_says_the_same_is_not_bound() -> None:
    some = values(
        pl.DataFrame({"n": [1, 2], "city": ["三原'市"] * 2, "none": pl.Series([None, None], dtype=pl.Int64)})
    )
    assert some.sql == "?, '三原''市', null"
    assert list(some.rows) == [(1,), (2,)]


@given(
    st.lists(st.text())
    | st.lists(st.text(alphabet='ab"\\,\n\x00調\u3000'))
    | st.lists(st.integers(-(1 << 63), (1 << 63) - 1))
)
def test_keys_go_as_a_json_list(keys: list[str] | list[int]) -> None:
    kind = pl.Int64() if keys and isinstance(keys[0], int) else pl.String()
    assert json.loads(json_list(pl.Series(keys, dtype=kind))) == keys


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the same two nights, in bulk and row by row."""
    top = tmp_path_factory.mktemp("loads")
    files = town(top / "town", notices=30, payments=80)
    more = write(
        top / "m.csv", LINE_HEAD, *(line(n, 1, 9_000, revised_at="2026-07-01") for n in range(20, 60))
    )
    late = write(top / "l.csv", SLIP_HEAD, *(slip(n * 10 + 7, n, 2, 1_000) for n in range(20, 60)))
    (top / "ledgers").mkdir()
    for name, least in (("bulk", 2), ("plain", 1 << 40)):
        place = str(top / "ledgers" / f"{name}.db")
        with patch.object(store_sqlite, "BULK_ROWS", least):
            night(place, assessments=[files.assessments], slips=[files.slips])
            night(place, assessments=[more], slips=[late], receipts=list(files.receipts))
    return top / "ledgers"


@pytest.fixture
def loads(made: Path, tmp_path: Path) -> dict[str, Path]:
    """Copies of both, to do with what a test likes."""
    copy = shutil.copytree(made, tmp_path / "ledgers")
    return {name: copy / f"{name}.db" for name in ("bulk", "plain")}


def test_in_bulk_and_row_by_row_the_ledger_is_the_same(loads: dict[str, Path]) -> None:
    assert dump(loads["bulk"]) == dump(loads["plain"])


def test_a_ledger_loaded_in_bulk_is_sound(loads: dict[str, Path]) -> None:
    with open_ledger(loads["bulk"]) as ledger:
        assert check_ledger(ledger) == []


def test_a_bulk_load_that_is_refused_leaves_the_ledger_and_its_indexes(
    loads: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = dump(loads["bulk"])
    monkeypatch.setattr(store_sqlite, "BULK_ROWS", 2)
    many = [slip(100_000 + n, 20, 2, 1_000) for n in range(400)]
    clash = write(tmp_path / "clash.csv", SLIP_HEAD, *many, slip(11, 1, 1, 123))
    with pytest.raises(ProblemError) as error:
        night(str(loads["bulk"]), slips=[clash])
    assert {p.code for p in error.value.problems} == {"ledger.slip_conflict"}
    assert dump(loads["bulk"]) == before


def test_lines_on_which_nothing_stands_are_not_kept_as_standing(loads: dict[str, Path]) -> None:
    with open_ledger(loads["bulk"]) as ledger:
        lines = pl.concat(ledger.scan("standing_lines"))
        posted = pl.concat(ledger.scan("postings"))
    assert 0 < lines.height < 120
    assert (
        lines.filter((pl.col("paid") == 0) & (pl.col("provisional") == 0) & (pl.col("charge") == 0)).height
        == 0
    )
    assert set(lines["line_id"]) <= set(posted["line_id"])


@given(st.lists(st.tuples(TEXT, WHOLE), max_size=6))
def test_rows_come_out_as_they_went_in(rows: list[tuple[str | None, int | None]]) -> None:
    link = sqlite3.connect(":memory:")
    link.execute("create table t (reason_ja text, amount integer, raw blob)")
    link.executemany("insert into t values (?, ?, x'00ff')", rows)
    columns = ["amount", "raw", "reason_ja"]
    found = link.execute(f"select {row_text('quarantine', columns)} from t order by rowid").fetchall()
    frame = read_rows("quarantine", columns, found)
    assert frame.rows() == [(yen, b"\x00\xff", text) for text, yen in rows]
    assert frame.schema == {"amount": pl.Int64, "raw": pl.Binary, "reason_ja": pl.String}
    link.close()


@given(st.lists(st.tuples(TEXT | st.just('],["'), WHOLE), min_size=1, max_size=6))
def test_rows_that_come_as_one_text_are_the_rows(rows: list[tuple[str | None, int | None]]) -> None:
    link = sqlite3.connect(":memory:")
    link.execute("create table t (reason_ja text, amount integer)")
    link.executemany("insert into t values (?, ?)", rows)
    kinds = {"amount": pl.Int64(), "reason_ja": pl.String()}
    for columns in (list(kinds), ["amount"], ["reason_ja"]):
        ((count, text),) = link.execute(f"select {block_text('quarantine', columns)} from t").fetchall()
        frame = read_block("quarantine", columns, count, text)
        assert frame.equals(
            pl.DataFrame([row[::-1] for row in rows], schema=kinds, orient="row").select(columns)
        )
        assert frame.schema == {name: kinds[name] for name in columns}
    assert block_text("quarantine", ["amount", "raw"]) is None
    link.close()


def test_a_check_in_many_parts_finds_what_a_check_in_one_finds(
    loads: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check_standing, "PART_ROWS", 20)
    monkeypatch.setattr(store_sqlite, "BLOCK_ROWS", 17)

    def decided(of: World) -> Decision:
        return decide(of, POLICY, as_of=AS_OF)

    with open_ledger(loads["bulk"]) as ledger:
        assert check_ledger(ledger, decide=decided) == []
    with sqlite3.connect(loads["plain"]) as link:
        for (name,) in link.execute("select name from sqlite_master where type = 'trigger'").fetchall():
            link.execute(f"drop trigger {name}")
        link.execute("update postings set amount = amount + 1 where seq = 30")
        link.execute(
            "update standing_lines set paid = paid - 1 where line_id = (select max(line_id) from standing_lines)"
        )
        link.execute("insert into covers values ('stray', 'stray', 'principal', 1)")
        link.execute("delete from charges where seq = 1")
    link.close()
    with open_ledger(loads["plain"]) as ledger:
        found = {p.code for p in check_ledger(ledger, decide=decided)}
    assert found >= {
        "ledger.check_pages",
        "ledger.check_chain",
        "ledger.check_gap",
        "ledger.check_result",
        "ledger.check_totals",
        "ledger.check_lines",
        "ledger.check_covers",
        "ledger.check_decision",
    }
