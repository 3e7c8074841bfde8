"""Where a ledger lies: a full disk, a closed folder, a stranger's file, a ledger that is gone or damaged are told."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from ledger_files import DUES, RECEIPT_HEAD, codes, night, receipt, refused, standing, write

from elqr.problems import ProblemError
from reconcile.ledger import open_ledger
from reconcile.seal import seal_of


@pytest.mark.parametrize("left", [None, b""])
@pytest.mark.parametrize("end", [".seal", "-wal"])
def test_a_ledger_that_is_gone_is_not_begun_anew_over_what_lies_beside_it(
    place: Path, left: bytes | None, end: str
) -> None:
    """Cut to nothing, or moved away by mistake: a new one would take the night, find no debt, and write over the last trace."""
    place.unlink()
    if left is not None:
        place.write_bytes(left)
    beside = place.with_name(place.name + end)
    if end == "-wal":
        seal_of(place).replace(beside)
    before = beside.read_bytes()
    with pytest.raises(ProblemError) as error:
        night(place, receipts=[write(place.parent / "f.csv", RECEIPT_HEAD, receipt("F1", 11, 100, DUES[0]))])
    assert refused(error) == {"ledger.gone"} and beside.name in str(error.value.problems[0])
    assert beside.read_bytes() == before and place.exists() is (left is not None)
    beside.unlink()
    with open_ledger(place, writer=True, create=True) as new:
        assert new.standing.run_id == 0
    place.unlink()
    with open_ledger(place, writer=True, create=True) as again:
        assert again.standing.run_id == 0, "a seal of no night keeps nobody"


def test_a_full_disk_leaves_the_ledger_as_it_was(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from reconcile import disk

    before = standing(place)
    full = (*disk.SETTINGS, "pragma max_page_count = 1")
    monkeypatch.setattr(disk, "SETTINGS", full)
    rows = [receipt(f"F{n}", 11, 100 + n, DUES[0]) for n in range(3_000)]
    with pytest.raises(ProblemError) as error:
        night(place, receipts=[write(place.parent / "f.csv", RECEIPT_HEAD, *rows)])
    assert refused(error) == {"ledger.disk_full"}
    assert standing(place) == before
    assert codes(place) == set()


def test_a_disk_that_fails_while_writing(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from reconcile.store_sqlite import SqliteStore

    def fails(*_: object) -> None:
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorcode = sqlite3.SQLITE_IOERR | 3 << 8
        raise error

    before = standing(place)
    with monkeypatch.context() as patch:
        patch.setattr(SqliteStore, "_insert", fails)
        with pytest.raises(ProblemError) as error:
            night(place, receipts=[write(place.parent / "n.csv", RECEIPT_HEAD, receipt("N", 11, 5, DUES[0]))])
    assert refused(error) == {"ledger.disk_fault"}
    assert standing(place) == before


def test_a_folder_that_cannot_be_written(place: Path) -> None:
    folder = place.parent / "closed"
    folder.mkdir()
    shutil.copy(place, folder / "l.db")
    for up in list(folder.parents)[:3]:
        up.chmod(0o755)
    folder.chmod(0o555)
    before = (folder / "l.db").read_bytes()
    try:
        with as_somebody(), pytest.raises(ProblemError) as error:
            night(folder / "l.db")
    finally:
        folder.chmod(0o755)
    assert refused(error) == {"ledger.read_only"}
    assert (folder / "l.db").read_bytes() == before


@contextmanager
def as_somebody() -> Iterator[None]:
    """Without root's rights, for whom no folder is closed."""
    if os.geteuid():
        yield
        return
    os.seteuid(65_534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_disk_without_locks_is_not_another_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A share whose server gives no locks: whoever was told to try again when the other run has ended waited for ever."""

    def none(*_: object, **__: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr("reconcile.lock._lock", none)
    with pytest.raises(ProblemError) as error:
        night(tmp_path / "l.db")
    assert refused(error) == {"ledger.place"} and "locks" in str(error.value)


def test_what_is_no_ledger_is_left_alone(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("not a database, " * 50)
    other = tmp_path / "other.db"
    with sqlite3.connect(other) as connection:
        connection.execute("create table mine(x)")
    connection.close()
    for path in (text, other):
        before = path.read_bytes()
        with pytest.raises(ProblemError) as error:
            night(path)
        assert refused(error) == {"ledger.not_a_ledger"}
        assert path.read_bytes() == before


def test_a_damaged_file_is_refused(place: Path) -> None:
    data = bytearray(place.read_bytes())
    data[100:4096] = os.urandom(3996)
    place.write_bytes(data)
    with pytest.raises(ProblemError) as error:
        night(place)
    assert refused(error) == {"ledger.damaged"}
    assert "ledger.damaged" in codes(place)


def test_a_truncated_file_is_found(place: Path) -> None:
    place.write_bytes(place.read_bytes()[: 20 * 4096])
    assert codes(place)


def test_places_that_cannot_be(tmp_path: Path) -> None:
    for place, code in (
        ("mysql://host/db", "ledger.url"),
        (str(tmp_path / "no" / "folder" / "l.db"), "ledger.place"),
        ("postgresql://nobody@127.0.0.1:1/none", "ledger.server"),
    ):
        with pytest.raises(ProblemError) as error:
            night(place)
        assert refused(error) == {code}
    with pytest.raises(ProblemError) as error, open_ledger(tmp_path / "none.db"):
        pass
    assert refused(error) == {"ledger.missing"}


def test_a_password_is_not_shown() -> None:
    with pytest.raises(ProblemError) as error:
        night("postgresql://nobody:secret@127.0.0.1:1/none")
    assert "secret" not in str(error.value)


def test_without_the_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "reconcile.store_postgres", None)
    with pytest.raises(ProblemError) as error:
        night("postgresql://nobody@127.0.0.1:1/none")
    assert refused(error) == {"ledger.no_driver"}
