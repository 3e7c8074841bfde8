"""The seal by itself: what it says after a commit is what the whole file would say, and what is no seal, log or page of ours is told."""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
import struct
from array import array
from collections.abc import Callable, Iterator
from pathlib import Path
from zlib import crc32

import pytest

from reconcile import seal as seal_module
from reconcile.seal import (
    Seal,
    broken,
    log_of,
    logged,
    read_seal,
    seal_of,
    trace_of,
    updated,
    whole,
    write_seal,
)

PAGE = 512
FRAME = 24 + PAGE


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return tmp_path / "ledger"


@pytest.fixture
def database(ledger: Path) -> Iterator[sqlite3.Connection]:
    """A file of small pages whose log is never written back by itself."""
    connection = sqlite3.connect(ledger, isolation_level=None)
    for step in (f"page_size = {PAGE}", "journal_mode = wal", "wal_autocheckpoint = 0"):
        connection.execute(f"pragma {step}")
    connection.execute("create table t (x)")
    connection.execute("pragma wal_checkpoint(truncate)")
    yield connection
    connection.close()


def commit(database: sqlite3.Connection, rows: int) -> None:
    with database:
        database.execute("begin")
        database.executemany("insert into t values (?)", [(f"{n:0400}",) for n in range(rows)])
        database.execute("commit")


def frames(ledger: Path) -> int:
    return (log_of(ledger).stat().st_size - 32) // FRAME


def checkpointed(ledger: Path, folder: Path, database: sqlite3.Connection) -> Seal:
    """What the whole file says once the log is in it; the file itself stays as it is."""
    folder.mkdir()
    copy = folder / "copy"
    shutil.copy(ledger, copy)
    shutil.copy(log_of(ledger), log_of(copy))
    with sqlite3.connect(copy) as connection:
        connection.execute("pragma wal_checkpoint(truncate)")
    connection.close()
    return whole(copy, run_id=7)


@pytest.mark.parametrize("block", [1, 2, 256])
def test_after_each_commit_it_says_what_the_whole_file_would(
    ledger: Path, tmp_path: Path, database: sqlite3.Connection, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file grows, is written over, and shrinks."""
    monkeypatch.setattr(seal_module, "BLOCK_FRAMES", block)
    before = whole(ledger, run_id=1)
    steps: list[Callable[[], object]] = [
        lambda: commit(database, 9),
        lambda: database.execute("update t set x = 'other' where rowid < 5"),
        lambda: database.execute("delete from t"),
        lambda: database.execute("vacuum"),
    ]
    seen = []
    for number, step in enumerate(steps):
        step()
        expected = checkpointed(ledger, tmp_path / str(number), database)
        seen.append((frames(ledger), expected))
        assert updated(before, log_of(ledger), frames=frames(ledger), run_id=7) == expected
    for count, expected in seen:  # the log as far as each commit went
        assert updated(before, log_of(ledger), frames=count, run_id=7) == expected
    assert updated(seen[0][1], log_of(ledger), frames=seen[-1][0], run_id=7) == seen[-1][1]
    sizes = [len(expected.crcs) for _, expected in seen]
    assert sizes[0] > len(before.crcs) and sizes[-1] < sizes[0]


def test_a_part_of_the_log_that_no_commit_ended_changes_nothing(
    ledger: Path, database: sqlite3.Connection
) -> None:
    before = whole(ledger, run_id=1)
    assert updated(before, ledger.with_name("no-log"), frames=0, run_id=1) == before
    commit(database, 9)
    assert logged(log_of(ledger), frames=1) == ({}, 0)
    assert updated(before, log_of(ledger), frames=1, run_id=1) == before
    assert logged(log_of(ledger), frames=0) == ({}, 0)


def test_pages_of_sixty_four_kilobytes(tmp_path: Path) -> None:
    """Their size does not fit the two bytes that say it: 1 is written."""
    with sqlite3.connect(tmp_path / "l") as connection:
        connection.execute("pragma page_size = 65536")
        connection.execute("create table t (x)")
    connection.close()
    found = whole(tmp_path / "l", run_id=0)
    assert (found.page_bytes, len(found.crcs)) == (65_536, 2)


def test_a_log_that_is_none_of_this_file_is_told(ledger: Path, database: sqlite3.Connection) -> None:
    commit(database, 9)
    log, count = log_of(ledger), frames(ledger)
    sound = log.read_bytes()
    expected = logged(log, frames=count)
    big_endian = bytearray(sound)
    big_endian[3] ^= 1  # checksums in the other byte order
    log.write_bytes(big_endian)
    assert logged(log, frames=count) == expected
    log.write_bytes(sound[:20])
    assert logged(log, frames=count) == ({}, 0)
    for data, said in (
        (b"\0" + sound[1:], "head"),
        (sound[:-1], "ends before its last frame"),
        (sound[: 32 + FRAME + 8] + b"salt" + sound[32 + FRAME + 12 :], "another log"),
    ):
        log.write_bytes(data)
        with pytest.raises(ValueError, match=said):
            logged(log, frames=count)


def test_pages_that_are_changed_missing_or_too_many(ledger: Path, database: sqlite3.Connection) -> None:
    commit(database, 9)
    database.execute("pragma wal_checkpoint(truncate)")
    seal = whole(ledger, run_id=1)
    sound, last = ledger.read_bytes(), len(seal.crcs)
    assert list(broken(ledger, seal, waiting={})) == []
    ledger.write_bytes(sound[: PAGE + 9] + b"!" + sound[PAGE + 10 :])
    assert list(broken(ledger, seal, waiting={})) == [2]
    assert list(broken(ledger, seal, waiting={2: seal.crcs[1]})) == []  # the log has it as it should be
    assert list(broken(ledger, seal, waiting={2: seal.crcs[1], 3: 0})) == [3]  # the log has it otherwise
    ledger.write_bytes(sound[: -2 * PAGE])
    assert list(broken(ledger, seal, waiting={})) == [last - 1, last]
    assert list(broken(ledger, seal, waiting={last: seal.crcs[-1]})) == [last - 1]
    assert list(broken(ledger, seal, waiting={last: 0})) == [last - 1, last]
    ledger.write_bytes(sound + bytes(PAGE))
    assert list(broken(ledger, seal, waiting={})) == [last + 1]


# --- its file ---------------------------------------------------------------------------------------

SEAL = Seal(3, PAGE, array("I", [crc32(b"one"), 0, 2**32 - 1]))


def sealed(body: bytes) -> bytes:
    """With the checksum that it should have."""
    return body + hashlib.sha256(body).digest()


def test_what_was_written_is_read(ledger: Path) -> None:
    assert read_seal(ledger) is None
    write_seal(ledger, SEAL)
    assert read_seal(ledger) == SEAL
    assert [path.name for path in ledger.parent.iterdir()] == [seal_of(ledger).name]


def test_what_is_no_seal_is_told(ledger: Path) -> None:
    write_seal(ledger, SEAL)
    sound = seal_of(ledger).read_bytes()
    body = sound[:-32]
    for data, said in (
        (b"", "own checksum"),
        (sound[:40], "own checksum"),
        (sealed(body[:10]), "own checksum"),
        (sound[:30] + b"!" + sound[31:], "own checksum"),
        (sealed(b"elqr-seal-2\n" + body[12:]), "head"),
        (sealed(body[:-4]), "head"),
        (sealed(body + struct.pack("=I", 5)), "head"),
    ):
        seal_of(ledger).write_bytes(data)
        with pytest.raises(ValueError, match=said):
            read_seal(ledger)
        assert trace_of(ledger) == seal_of(ledger)  # something stood there


def test_only_a_seal_of_a_night_and_a_log_with_something_in_it_are_traces(ledger: Path) -> None:
    assert trace_of(ledger) is None
    write_seal(ledger, Seal(0, PAGE, SEAL.crcs))
    log_of(ledger).touch()
    assert trace_of(ledger) is None
    write_seal(ledger, SEAL)
    assert trace_of(ledger) == seal_of(ledger)
    log_of(ledger).write_bytes(b"x")
    assert trace_of(ledger) == log_of(ledger)
