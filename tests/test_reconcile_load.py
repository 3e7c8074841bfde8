"""Registers are taken in blocks and covered in parts: whatever the size of these, the ledger is the same, to the digest of its chain."""

from __future__ import annotations

import random
from contextlib import ExitStack
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import polars as pl
import pytest
from decide_worlds import FUZZ
from hypothesis import example, given, settings
from hypothesis import strategies as st
from ledger_files import (
    AS_OF,
    LINE_HEAD,
    POLICY,
    RECEIPT_HEAD,
    SLIP_HEAD,
    Row,
    key,
    line,
    night,
    receipt,
    slip,
    write,
)

from elqr.problems import ProblemError
from elqr.reader import read_columns
from reconcile import load, pile, spill
from reconcile.decide import decide
from reconcile.ledger import open_ledger
from reconcile.ledger_check import check_ledger
from reconcile.register import read_assessments, read_slips
from reconcile.spill import Parts, Rows

SLIP_ALL = f"{SLIP_HEAD},covers"


def files(seed: int, folder: Path) -> list[dict[str, list[Path]]]:
    """Three nights of a small town whose office revises much: lines that move to another notice or come back to what they were, slips
    before their lines, slips that name lines, replaced slips, rows told twice, in one file or in several."""
    chance = random.Random(seed)
    lines: list[list[Row]] = [[] for _ in range(6)]
    slips: list[list[Row]] = [[] for _ in range(6)]
    paid: list[list[Row]] = [[], [], []]
    for n in range(1, 8):
        yen = [1_000 * chance.randint(1, 5) for _ in range(4)]
        for term in (1, 2, 3, 4):
            at = chance.randrange(6)
            lines[at].append(line(n, term, yen[term - 1]))
            if chance.random() < 0.2:
                lines[chance.randrange(6)].append(lines[at][-1])
            if chance.random() < 0.3:
                more = {"revised_at": "2026-07-01"} if chance.random() < 0.7 else {}
                lines[chance.randrange(6)].append(line(n, term, 1_000 * chance.randint(0, 4), **more))
            if chance.random() < 0.15:
                to = chance.randint(1, 7)
                moved = {"payer_id": f"P{to:05}", "notice_no": f"N{to:05}", "revised_at": "2026-08-01"}
                lines[chance.randrange(6)].append(line(n, term, yen[term - 1], **moved))
            number = n * 100 + term
            slips[chance.randrange(6)].append(slip(number, n, term, yen[term - 1]))
            if chance.random() < 0.2:
                slips[chance.randrange(6)].append(slip(number, n, term, yen[term - 1]))
            if chance.random() < 0.2:
                again = slip(number + 50, n, term, yen[term - 1], kind="reissue", supersedes=key(number))
                slips[chance.randrange(6)].append(again)
        slips[chance.randrange(6)].append(slip(n * 100, n, 0, sum(yen), kind="full_year"))
        if chance.random() < 0.5:
            other = chance.randint(1, 7)
            named = {"covers": f"{n:05}-1:{yen[0]};{other:05}-2:1000"}
            slips[chance.randrange(6)].append(slip(n * 100 + 90, n, 1, yen[0] + 1_000, **named))
        for number in chance.sample([n * 100 + t for t in (0, 1, 2, 3, 4, 51, 90)], 3):
            day = date(2026, 6, 1) + timedelta(chance.randint(0, 100))
            paid[chance.randrange(3)].append(receipt(f"T{number}", number, 1_000 * chance.randint(1, 9), day))
    return [
        {
            "assessments": [write(folder / f"a{i}.csv", LINE_HEAD, *lines[i]) for i in pair if lines[i]],
            "slips": [write(folder / f"s{i}.csv", SLIP_ALL, *slips[i]) for i in pair if slips[i]],
            "receipts": [write(folder / f"r{pair[0]}.csv", RECEIPT_HEAD, *paid[pair[0] // 2])],
        }
        for pair in ((0, 1), (2, 3), (4, 5))
    ]


def told(nights: list[dict[str, list[Path]]], place: Path) -> list[object]:
    """What three nights leave behind, all of it."""
    found: list[object] = []
    for given_files in nights:
        done = night(place, **given_files)
        tables = [log.table() for _, log in sorted(done.logs.items())]
        logs = sorted(repr(row) for table in tables for row in table.rows())
        found += [done.standing, done.files.rows(), done.run, logs]
    with open_ledger(place) as ledger:
        for table in ("covers", "named_lines", "standing_lines"):
            found.append(sorted(map(repr, pl.concat(ledger.scan(table)).rows())))
        assert check_ledger(ledger, decide=lambda world: decide(world, POLICY, as_of=AS_OF)) == []
    return found


@settings(max_examples=200 if FUZZ else 1)  # each is six nights and two checks
@given(st.integers(0, 10**6), st.integers(2, 20), st.integers(4, 40), st.integers(2, 20))
@example(1, 2, 5, 3)
def test_the_size_of_blocks_and_parts_changes_nothing(seed: int, block: int, part: int, held: int) -> None:
    with TemporaryDirectory() as top, ExitStack() as small:
        nights = files(seed, Path(top))
        plain = told(nights, Path(top) / "plain.db")
        small.enter_context(patch.object(pile, "BLOCK_ROWS", block))
        small.enter_context(patch.object(load, "PART_ROWS", part))
        small.enter_context(patch.object(spill, "HELD_ROWS", held))
        assert told(nights, Path(top) / "parts.db") == plain


def test_a_slip_with_other_words_is_refused_wherever_it_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In another block, in another file, or in the ledger: nothing is committed, all are counted, both sides are told."""
    rows = [slip(n, n, 1, 1_000) for n in range(1, 10)]
    other = [slip(n, n, 1, 2_000) for n in (2, 5)]
    first, second = (
        write(tmp_path / f"{n}.csv", SLIP_HEAD, *some) for n, some in (("a", rows), ("b", other))
    )
    said = []
    for size in (100_000, 3):
        monkeypatch.setattr(pile, "BLOCK_ROWS", size)
        with pytest.raises(ProblemError) as error:
            night(tmp_path / "l.db", slips=[first, second])
        said.append([(p.code, p.where, p.params) for p in error.value.problems])
        with open_ledger(tmp_path / "l.db") as ledger:
            assert ledger.standing.run_id == 0 and ledger.store.empty("slips")
    assert said[0] == said[1] and [p[2]["count"] for p in said[0]] == [2, 2]


@settings(max_examples=100 if FUZZ else 8)
@given(st.integers(0, 10**6), st.integers(1, 9))
def test_a_register_file_is_the_same_in_memory_and_beyond(seed: int, held: int) -> None:
    with TemporaryDirectory() as top, ExitStack() as small:
        chance = random.Random(seed)
        rows = [line(n, 1, chance.randint(1, 2)) for n in chance.choices(range(1, 9), k=20)]
        keys = [slip(n, n, 1, chance.randint(1, 2)) for n in chance.choices(range(1, 9), k=20)]
        paths = (write(Path(top) / "a.csv", LINE_HEAD, *rows), write(Path(top) / "s.csv", SLIP_HEAD, *keys))
        plain = [read_assessments(paths[0]), read_slips(paths[1])]
        small.enter_context(patch.object(spill, "HELD_ROWS", held))
        small.enter_context(patch("reconcile.register.read_columns", partial(read_columns, batch_rows=3)))
        again = (read_assessments(paths[0]), read_slips(paths[1]))
        for before, after, yen in zip(plain, again, ("principal", "amount"), strict=True):
            assert after.frame.equals(before.frame) and after.held.equals(before.held)
            assert after.log.table().rows() == before.log.table().rows()
            assert (after.yen, after.height) == (before.yen, before.height)
            assert (before.yen, before.height) == (before.frame[yen].sum(), before.frame.height)
            after.close()


def test_a_revision_that_names_no_day_is_told_with_its_line_and_file(tmp_path: Path) -> None:
    """It counts from the beginning: what was paid in between becomes 誤納, or moves to other books, and nobody had been told."""
    first = write(tmp_path / "a.csv", LINE_HEAD, line(1, 1, 9_000), line(2, 1, 9_000), line(3, 1, 9_000))
    night(tmp_path / "l.db", assessments=[first])
    dated = write(tmp_path / "b.csv", LINE_HEAD, line(1, 1, 8_000, revised_at="2026-07-01"))
    assert list(night(tmp_path / "l.db", assessments=[dated]).logs["b.csv"].problems()) == []
    rows = (line(1, 1, 7_000), line(2, 1, 7_000), line(3, 1, 9_000), line(4, 1, 9_000), line(4, 1, 8_000))
    undated = write(tmp_path / "c.csv", LINE_HEAD, *rows)
    found = night(tmp_path / "l.db", assessments=[undated]).logs["c.csv"].problems("c.csv")
    assert [(p.code, p.where.file, p.where.line, p.params) for p in found] == [
        ("register.undated", "c.csv", 2, {"found": "00001-1", "expected": "2026-07-01"}),
        ("register.undated", "c.csv", 3, {"found": "00002-1", "expected": "–"}),
    ]


@given(
    st.lists(st.tuples(st.sampled_from("abcdefgh"), st.integers(0, 9))), st.integers(1, 5), st.integers(1, 7)
)
def test_rows_put_aside_come_back(rows: list[tuple[str, int]], parts: int, held: int) -> None:
    schema = {"key": pl.String(), "n": pl.Int64()}
    with patch.object(spill, "HELD_ROWS", held):
        kept, parted = Rows(schema), Parts(schema, by=["key"], parts=parts)
        for row in rows:
            frame = pl.DataFrame([row], schema=schema, orient="row")
            kept.add(frame)
            parted.add(frame)
    assert kept.frame().rows() == rows and kept.height == parted.height == len(rows)
    found = [parted.part(number).rows() for number in range(parts)]
    for part in found:
        names = {name for name, _ in part}
        assert part == [row for row in rows if row[0] in names]
    assert sorted(row for part in found for row in part) == sorted(rows) == sorted(parted.frame().rows())
    kept.close()
    parted.close()
