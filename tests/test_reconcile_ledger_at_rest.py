"""A ledger where nothing can be written is checked, read and restored as it lies, and never while a run may change it.

The tests run the commands as an account that may not write there.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from click.testing import CliRunner
from ledger_files import DUES, RECEIPT_HEAD, night, receipt, refused, write

from cli import main
from elqr.problems import ProblemError
from reconcile.at_rest import Rest
from reconcile.backup import backup
from reconcile.ledger import open_ledger
from reconcile.lock import FileLock
from reconcile.seal import log_of

NOBODY = 65534


class Shelf:
    """A folder that others may read: `ledger` in it; `elqr` is run by an account that may write to `away` alone."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.away = folder / "shelf", folder / "away"
        self.ledger = self.folder / "ledger"
        folder.chmod(0o755)
        self.folder.mkdir()
        self.away.mkdir()
        self.away.chmod(0o777)

    def closed(self) -> None:
        for path in self.folder.iterdir():
            path.chmod(0o444)
        self.folder.chmod(0o555)

    def elqr(self, *words: object) -> tuple[int, str]:
        with _nobody():
            done = CliRunner().invoke(main, [str(w) for w in words])
        return done.exit_code, done.output


@contextmanager
def _nobody() -> Iterator[None]:
    """Root would be let through everywhere: it hands its rights over for a while."""
    if os.geteuid():
        yield
        return
    os.setegid(NOBODY)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


@pytest.fixture(autouse=True)
def _loaded(place: Path, tmp_path: Path) -> None:
    """What the commands load when they are first asked for; another account need not be able to read it."""
    run = partial(CliRunner().invoke, main)
    for words in (("check", "--deep", str(place)), ("info", str(place)), ("info", str(tmp_path / "none"))):
        run(["ledger", *words])
    run(["ledger", "restore", str(place), str(tmp_path / "warm")])


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    with TemporaryDirectory() as folder:
        made = Shelf(Path(folder))
        yield made
        made.folder.chmod(0o755)


def test_a_backup_on_a_read_only_medium_is_checked_read_and_restored(place: Path, shelf: Shelf) -> None:
    backup(place, shelf.ledger)
    shelf.closed()
    before = sorted(p.name for p in shelf.folder.iterdir())
    for words in (
        ("check", "--deep", shelf.ledger),
        ("info", shelf.ledger),
        ("restore", shelf.ledger, shelf.away / "restored"),
        ("check", shelf.away / "restored"),
    ):
        code, said = shelf.elqr("ledger", *words)
        assert code == 0, (words, said)
    assert sorted(p.name for p in shelf.folder.iterdir()) == before
    with open_ledger(shelf.away / "restored") as made, open_ledger(place) as source:
        assert made.standing == source.standing
    code, said = shelf.elqr("ledger", "migrate", shelf.ledger)
    assert code == 2 and "ledger.read_only" in said, "what writes is refused as before"


def test_a_changed_bit_is_found_there_too(place: Path, shelf: Shelf) -> None:
    backup(place, shelf.ledger)
    data = bytearray(shelf.ledger.read_bytes())
    data[len(data) // 2] ^= 1
    shelf.ledger.write_bytes(data)
    shelf.closed()
    code, said = shelf.elqr("ledger", "check", shelf.ledger)
    assert code == 1 and "ledger.check_pages" in said
    code, said = shelf.elqr("ledger", "restore", shelf.ledger, shelf.away / "restored")
    assert code == 2 and not (shelf.away / "restored").exists()


def test_a_run_at_work_is_waited_for(place: Path, shelf: Shelf) -> None:
    backup(place, shelf.ledger)
    lock = FileLock(shelf.ledger.with_name("ledger.lock"))
    shelf.closed()
    for words in (("check", shelf.ledger), ("info", shelf.ledger)):
        code, said = shelf.elqr("ledger", *words)
        assert code == 3 and "ledger.in_use" in said, said
    lock.release()
    assert shelf.elqr("ledger", "check", shelf.ledger)[0] == 0


def test_nights_that_wait_in_the_log_are_not_left_out(place: Path, shelf: Shelf) -> None:
    with open_ledger(place):  # a reader keeps the log from being moved
        more = write(place.parent / "n.csv", RECEIPT_HEAD, receipt("N", 11, 5, DUES[0]))
        night(place, receipts=[more])
        for path in (place, log_of(place)):
            shutil.copy(path, shelf.folder / path.name.replace(place.name, "ledger"))
    assert log_of(shelf.ledger).stat().st_size
    shelf.closed()
    for words in (("check", shelf.ledger), ("info", shelf.ledger)):
        code, said = shelf.elqr("ledger", *words)
        assert code == 2 and "ledger.log_waits" in said, said


def test_what_was_changed_while_it_was_read_does_not_count(place: Path) -> None:
    rest = Rest(place)
    rest.refuse_changed(str(place))
    night(place, receipts=[write(place.parent / "n.csv", RECEIPT_HEAD, receipt("N", 11, 5, DUES[0]))])
    with pytest.raises(ProblemError) as error:
        rest.refuse_changed(str(place))
    assert refused(error) == {"ledger.in_use"}


def test_readers_share_the_lock_and_a_writer_does_not(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with pytest.raises(FileNotFoundError):
        FileLock(path, shared=True)
    writer = FileLock(path)
    with pytest.raises(BlockingIOError):
        FileLock(path, shared=True)
    writer.release()
    readers = [FileLock(path, shared=True), FileLock(path, shared=True)]
    with pytest.raises(BlockingIOError):
        FileLock(path)
    for one in readers:
        one.release()
