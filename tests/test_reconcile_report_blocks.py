"""The report reads the ledger in blocks: whatever their size, its figures are those of whole frames, and nothing is held that grows with it."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import ledger_files
import polars as pl
import pytest
import report_reference
from decide_worlds import FUZZ
from hypothesis import example, given, settings
from hypothesis import strategies as st
from ledger_files import POLICY
from night_runs import FIRST, elqr, night
from polars.testing import assert_frame_equal

from elqr.problems import ProblemError
from reconcile import nearby as near_slips
from reconcile import sorted_rows, spill, store_postgres, store_sqlite
from reconcile.candidates import CANDIDATES, neighbours
from reconcile.ledger import Ledger, open_ledger
from reconcile.nightly import write_again
from reconcile.report_figures import figures
from reconcile.sorted_rows import SortedRows
from reconcile.tables import TABLES
from reconcile.view import View
from reconcile.view import view as look
from reconcile.whole_groups import whole_groups

AS_OF = date(2026, 11, 20)
KINDS = (("confirmed",), ("preliminary",), ("preliminary", "confirmed"), ("confirmed", "corrected", "corrected"),
         ("confirmed", "cancelled"), ("preliminary", "cancelled"), ("corrected",), ("preliminary", "confirmed", "corrected"))  # fmt: skip
Rows = list[dict[str, Any]]


def added(ledger: Ledger, table: str, rows: Rows) -> None:
    """Rows into a table, null where nothing is said."""
    columns = {n: k for n, k in TABLES[table].columns.items() if n not in ("seq", "run_id")}
    frame = pl.DataFrame([{n: row.get(n) for n in columns} for row in rows], schema=columns)
    if TABLES[table].chained:
        ledger.add(table, frame)
    else:
        ledger.store.append(table, frame)


def fill(ledger: Ledger, seed: int, nothing: View) -> View:
    """A register at random, in which everything occurs that the report tells apart. What waits is given back as a view would show it."""
    chance = random.Random(seed)
    lines = [f"L{n}" for n in range(chance.randint(0, 14))]
    keys = [f"{n:020}" for n in range(chance.randint(1, 14))]

    def day(first: date = date(2025, 3, 1), most: int = 700) -> date:
        return first + timedelta(chance.randrange(most))

    def version(line_id: str) -> dict[str, Any]:
        return {
            "file_no": 1, "line": 1, "line_id": line_id, "payer_id": chance.choice(["P1", "P2", "P3", None]),
            "tax_item": chance.choice(["001", "002"]), "fiscal_year": chance.choice(["2025", "2026"]), "period": "01",
            "due_date": chance.choice([date(2026, 11, 2), date(2026, 10, 31), day()]),
            "principal": chance.choice([0, 5_000, 12_300]), "status": chance.choice(["open", "open", "open", "cancelled", "suspended"]),
            "revised_at": chance.choice([None, day()]), "carried_over": chance.choice([None, True, False]),
            "time_barred_on": chance.choice([None, None, None, day()]), "is_premium": chance.choice([None, True, False]),
            "dunning_fee": chance.choice([None, 100]),
        }  # fmt: skip

    versions = [version(i) for i in lines for _ in range(chance.choice((1, 1, 1, 2, 4)))]
    chance.shuffle(versions)
    added(ledger, "assessments", versions)
    slips = [
        {"file_no": 1, "slip_key": k, "kind": chance.choice(["initial", "dunning", "full_year"])}
        for k in keys
    ]
    added(ledger, "slips", slips)
    covers = {(chance.choice(keys), i, "principal") for i in lines for _ in range(2)}
    added(
        ledger,
        "covers",
        [dict(zip(("slip_key", "line_id", "component"), c, strict=True)) for c in sorted(covers)],
    )
    paid = [i for i in lines if chance.random() < 0.5]
    added(ledger, "standing_lines", [
        {"line_id": i, "paid": chance.choice([0, 5_000, 12_300]), "provisional": chance.choice([0, 0, 500]), "charge": None,
         "charge_open": None} for i in paid
    ])  # fmt: skip
    added(ledger, "postings", [
        {"payment_no": 0, "payment_id": "", "receipt_id": "", "entry_id": f"{n:032}", "reverses": "", "line_id": chance.choice(lines),
         "amount": chance.choice([5_000, 12_300, -5_000]),
         "component": chance.choice(["principal", "principal", "delinquency"]), "fiscal_year": chance.choice(["2024", "2025", "2026"]),
         "provisional": chance.choice([False, False, True])} for n in range(chance.randint(0, 12) if lines else 0)
    ])  # fmt: skip
    events: Rows = []
    for number in range(chance.randint(0, 20)):
        for place, kind in enumerate(chance.choice(KINDS)):
            events.append({
                "payment_no": number, "file_no": 1, "receipt_id": f"R{chance.random()}", "payment_id": f"{number:032}", "content_sha": "",
                "kind": kind, "channel": chance.choice(["app", "card", None]), "tax_item": chance.choice(["001", "002"]),
                "amount": chance.choice([1_000, 2_500]), "slip_key": keys[0], "paid_on": day(), "body_code": "342041",
                "remit_date": chance.choice([None, date(2026, 6, 1), date(2026, 6, 2)]),
                "orig_txn_id": "T" if kind == "corrected" and chance.random() < 0.8 else None, "occurrence": place,
            })  # fmt: skip
    chance.shuffle(events)
    added(ledger, "receipts", events)
    added(ledger, "bank_credits", [
        {"credit_id": str(n), "remit_date": date(2026, 6, chance.randint(1, 3)), "channel": chance.choice([None, "app"]),
         "amount": chance.choice([1_000, 3_500]), "reason": chance.choice([None, "手数料"])} for n in range(chance.randint(0, 3))
    ])  # fmt: skip

    def waiting(table: str, of: list[str]) -> pl.DataFrame:
        rows = [
            {"slip_key": chance.choice([*keys, None]), "line_id": chance.choice([*of, None]), "amount": 700, "paid_on": day()}
            for _ in range(chance.randint(0, 3))
        ]  # fmt: skip
        return pl.DataFrame(rows, schema=dict(TABLES[table].columns))

    near = pl.DataFrame(
        [{"candidate": chance.choice(keys)}], schema={n: CANDIDATES[n] for n in ("candidate",)}
    )
    parts = {
        **vars(nothing),
        "suspense": waiting("suspense", []),
        "held": waiting("held", lines),
        "candidates": near,
    }
    return View(**parts)


def equal_to_whole_frames(ledger: Ledger, seed: int, nothing: View) -> None:
    """Fill the ledger, compare, and forget what was filled in."""
    ledger.begin()
    seen = fill(ledger, seed, nothing)
    found = figures(ledger, seen, policy=POLICY, as_of=AS_OF)
    frames: Mapping[str, Any] = {
        **vars(found),
        **vars(found.dunning),
        "chosen": pl.concat(found.dunning.chosen.blocks()),
    }
    for name, wanted in report_reference.figures(ledger, seen, policy=POLICY, as_of=AS_OF).items():
        assert_frame_equal(frames[name], wanted, check_row_order=True)
    found.dunning.chosen.close()
    ledger.rollback()


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    with open_ledger(tmp_path_factory.mktemp("blocks") / "ledger", writer=True, create=True) as ledger:
        yield ledger


@pytest.fixture(scope="module")
def nothing(opened: Ledger) -> View:
    """What is seen where nothing waits."""
    outcomes = pl.DataFrame(schema=dict(TABLES["outcomes"].columns))
    return look(opened, {"outcomes": outcomes}, policy=POLICY, as_of=AS_OF)


@given(
    seed=st.integers(0, 1 << 32),
    block=st.sampled_from([2, 3, 7, 100]),
    held=st.integers(1, 9),
    part=st.integers(1, 4),
)
@example(seed=1, block=1, held=1, part=1)
@settings(max_examples=500 if FUZZ else 16)
def test_blocks_of_any_size_give_the_figures_of_whole_frames(
    seed: int, block: int, held: int, part: int, opened: Ledger, nothing: View
) -> None:
    with ExitStack() as small:
        small.enter_context(patch.object(store_sqlite, "BLOCK_ROWS", block))
        small.enter_context(patch.object(sorted_rows, "HELD_ROWS", held))
        small.enter_context(patch.object(sorted_rows, "PART_ROWS", part))
        equal_to_whole_frames(opened, seed, nothing)


def test_on_a_server_too(
    postgres_places: Callable[[], str], monkeypatch: pytest.MonkeyPatch, nothing: View
) -> None:
    monkeypatch.setattr(store_postgres, "BLOCK_ROWS", 3)
    with open_ledger(postgres_places(), writer=True, create=True) as ledger:
        for seed in range(3):
            equal_to_whole_frames(ledger, seed, nothing)


def test_files_written_again_from_a_server_are_those_from_a_file(
    postgres_places: Callable[[], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = ledger_files.town(tmp_path / "town")
    lines = [ledger_files.line(n, 1, 9_000, revised_at="2026-09-01") for n in range(1, 6)]
    revised = ledger_files.write(tmp_path / "revised.csv", ledger_files.LINE_HEAD, *lines)
    for store in (store_sqlite, store_postgres):
        monkeypatch.setattr(store, "BLOCK_ROWS", 9)
    for name, place in (("file", str(tmp_path / "ledger")), ("server", postgres_places())):
        ledger_files.all_at_once(place, made)
        ledger_files.night(place, assessments=[revised])
        write_again(place, tmp_path / name, policy=POLICY, as_of=AS_OF)
    for file in ("dunning.csv", "exceptions.csv", "report.html"):
        assert (tmp_path / "file" / file).read_bytes() == (tmp_path / "server" / file).read_bytes()


def test_what_belongs_together_comes_once_and_together(
    opened: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_sqlite, "BLOCK_ROWS", 2)
    opened.begin()
    ids = [*"abacadbea"]
    added(opened, "assessments", [{"line_id": i, "principal": n} for n, i in enumerate(ids)])
    blocks = list(whole_groups(opened, "assessments", "line_id", ["principal"]))
    opened.rollback()
    met = [block["line_id"].unique(maintain_order=True).to_list() for block in blocks]
    assert met == [["a", "b"], ["c"], ["d"], ["e"], []]
    assert blocks[0].rows() == [(1, "a", 0), (2, "b", 1), (3, "a", 2), (5, "a", 4), (7, "b", 6), (9, "a", 8)]


@given(
    st.lists(st.tuples(st.none() | st.integers(0, 3), st.integers(0, 1 << 40)), unique=True, max_size=40),
    st.data(),
)
def test_rows_come_back_sorted_whatever_was_held(
    rows: list[tuple[int | None, int]], data: st.DataObject
) -> None:
    schema = {"a": pl.Int64(), "b": pl.Int64()}
    whole = pl.DataFrame(rows, schema=schema, orient="row")
    with ExitStack() as small:
        small.enter_context(patch.object(sorted_rows, "HELD_ROWS", data.draw(st.integers(1, 12))))
        small.enter_context(patch.object(sorted_rows, "PART_ROWS", data.draw(st.integers(1, 5))))
        kept = SortedRows(schema, by=["a", "b"])
        for part in whole.iter_slices(data.draw(st.integers(1, 7))):
            kept.add(part)
        assert_frame_equal(pl.concat(kept.blocks()), whole.sort("a", "b"))
        assert_frame_equal(pl.concat(kept.blocks()), whole.sort("a", "b"))
        kept.close()
        assert pl.concat(kept.blocks()).height == 0


def test_no_more_is_held_than_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a thousand rows that came in disorder no merge ever gives more than the parts of its runs together."""
    monkeypatch.setattr(sorted_rows, "HELD_ROWS", 100)
    monkeypatch.setattr(sorted_rows, "PART_ROWS", 10)
    kept = SortedRows({"a": pl.Int64()}, by=["a"])
    for at in range(0, 1_000, 20):
        kept.add(pl.DataFrame({"a": [(n * 7_919) % 1_000 for n in range(at, at + 20)]}))
    blocks = list(kept.blocks())
    assert [n for block in blocks for n in block["a"]] == list(range(1_000))
    assert max(block.height for block in blocks) <= 100
    kept.close()


def test_a_whole_night_in_suspense_is_looked_at_some_receipts_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the slip register nothing has a key: 100,000 receipts were 20,000,000 keys at once, in this night and every later one."""
    made = ledger_files.town(tmp_path / "t", files=1)
    ledger_files.all_at_once(tmp_path / "l.db", made, receipts=[])
    rows = [
        ledger_files.receipt(f"T{n}", 11 + 1_000 * (n % 9 + 1), 100 + n, date(2026, 6, 1)) for n in range(20)
    ]
    night_of = ledger_files.write(tmp_path / "r.csv", ledger_files.RECEIPT_HEAD, *rows)
    ledger_files.night(tmp_path / "l.db", receipts=[night_of])
    with open_ledger(tmp_path / "l.db") as ledger:
        suspense = pl.concat(ledger.scan("suspense"))
        whole = near_slips.nearby(ledger, suspense, policy=POLICY)
        assert whole["receipt_id"].n_unique() == suspense.height == 20
        most: list[int] = []
        monkeypatch.setattr(near_slips, "BLOCK_ROWS", 3)
        monkeypatch.setattr(near_slips, "neighbours", lambda keys: most.append(len(keys)) or neighbours(keys))
        assert near_slips.nearby(ledger, suspense, policy=POLICY).equals(whole)
        assert max(most) == 3 and sum(most) == 20


def test_a_full_disk_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def full() -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(sorted_rows, "HELD_ROWS", 1)
    monkeypatch.setattr(spill.tempfile, "TemporaryFile", full)
    with pytest.raises(ProblemError) as error:
        SortedRows({"a": pl.Int64()}, by=["a"]).add(pl.DataFrame({"a": [1]}))
    assert [p.code for p in error.value.problems] == ["out.unwritable"]


def test_the_reminders_are_written_part_by_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    night(tmp_path, "night", *FIRST)
    for name, most in (("whole", 1_000), ("parts", 2)):
        monkeypatch.setattr(sorted_rows, "HELD_ROWS", most)
        monkeypatch.setattr(sorted_rows, "PART_ROWS", most)
        done = elqr(
            *("report", "--ledger", tmp_path / "ledger", "--as-of", "2026-07-15", "--out", tmp_path / name)
        )
        assert done.exit_code == 0, done.output
    for file in ("dunning.csv", "report.html"):
        data = (tmp_path / "parts" / file).read_bytes()
        assert data == (tmp_path / "whole" / file).read_bytes() and data.count(b"\n") > 10
