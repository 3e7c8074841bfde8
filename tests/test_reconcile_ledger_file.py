"""The embedded ledger as a file: a changed bit anywhere is found; a full disk, a closed folder, a stranger's file are told; copies are checked."""

from __future__ import annotations

import errno
import os
import random
import resource
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from ledger_files import DUES, RECEIPT_HEAD, night, receipt, request, town, write

from cli import main
from elqr.problems import ProblemError
from reconcile.backup import backup, restore
from reconcile.ledger import open_ledger
from reconcile.ledger_info import checked
from reconcile.run import run_in
from reconcile.seal import broken, log_of, logged, read_seal, seal_of, updated, whole, write_seal
from reconcile.store_sqlite import SqliteStore


@pytest.fixture(scope="module")
def two_nights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger after two nights, to be copied."""
    folder = tmp_path_factory.mktemp("ledger")
    made, path = town(folder / "t"), folder / "l.db"
    night(path, assessments=[made.assessments], slips=[made.slips], receipts=made.receipts[:3])
    night(path, receipts=made.receipts[3:])
    return path


@pytest.fixture
def place(two_nights: Path, tmp_path: Path) -> Path:
    """A ledger of one's own."""
    for path in (two_nights, seal_of(two_nights)):
        shutil.copy(path, tmp_path / path.name)
    return tmp_path / two_nights.name


def codes(path: Path) -> set[str]:
    return {p.code for p in checked(str(path), policy=None)}


def refused(error: pytest.ExceptionInfo[ProblemError]) -> set[str]:
    return {p.code for p in error.value.problems}


def standing(path: Path) -> Any:
    with open_ledger(path) as ledger:
        return ledger.standing


# --- bits -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("flip", range(40))
def test_one_changed_bit_is_found(place: Path, flip: int) -> None:
    chance = random.Random(flip)
    data = bytearray(place.read_bytes())
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    place.write_bytes(data)
    assert codes(place)


def test_a_changed_bit_in_the_seal_is_found_and_not_papered_over(place: Path) -> None:
    data = bytearray(seal_of(place).read_bytes())
    data[40] ^= 4
    seal_of(place).write_bytes(data)
    assert codes(place) == {"ledger.check_seal"}
    night(place, receipts=[write(place.parent / "n.csv", RECEIPT_HEAD, receipt("N", 11, 5, DUES[0]))])
    assert codes(place) == {"ledger.check_seal"}


def test_without_its_seal_the_rest_is_still_checked(place: Path) -> None:
    seal_of(place).unlink()
    assert codes(place) == {"ledger.check_no_seal"}


def test_the_seal_follows_each_commit_page_by_page(place: Path) -> None:
    sealed = read_seal(place)
    assert sealed is not None
    assert sealed.crcs == whole(place, run_id=0).crcs and sealed.run_id == 2


def test_a_seal_that_cannot_be_written_undoes_nothing(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk fills up between commit and seal: the night stands, and the next one makes the seal anew."""
    import reconcile.store_sqlite as store

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    rows = [write(place.parent / f"{n}.csv", RECEIPT_HEAD, receipt(n, 11, 5, DUES[0])) for n in ("A", "B")]
    with monkeypatch.context() as patch:
        patch.setattr(store, "write_seal", full)
        done = night(place, receipts=rows[:1])
    assert done.committed and [p.code for p in done.notes] == ["ledger.not_sealed"]
    assert codes(place) == {"ledger.check_old_seal"}
    assert night(place, receipts=rows[1:]).standing.run_id == 4
    assert codes(place) == set()


def test_a_page_that_waits_in_the_log_for_a_reader_is_no_damage(place: Path) -> None:
    """While somebody reads what stood before, SQLite keeps the night out of the file: its log has it, and the seal knows it."""
    rows = [write(place.parent / f"{n}.csv", RECEIPT_HEAD, receipt(n, 11, 5, DUES[0])) for n in ("A", "B")]
    reader = sqlite3.connect(f"{place.as_uri()}?mode=ro", uri=True, isolation_level=None)
    reader.execute("begin")
    reader.execute("select count(*) from receipts").fetchone()
    for row in rows:
        night(place, receipts=[row])
        assert codes(place) == set()
    sealed, log = read_seal(place), log_of(place)
    assert sealed is not None
    waiting, _ = logged(log, frames=log.stat().st_size // (sealed.page_bytes + 24))
    other = next(page for page in range(2, len(sealed.crcs)) if page not in waiting)
    data = bytearray(place.read_bytes())
    data[other * sealed.page_bytes - 1] ^= 1
    place.write_bytes(data)
    assert "ledger.check_pages" in codes(place)
    reader.close()


def test_a_ledger_has_one_lock_and_one_seal_by_whatever_name_it_is_called(
    place: Path, tmp_path: Path
) -> None:
    """A link to it was a ledger of its own to lock and seal: two could write, and every second night was not sealed."""
    link = tmp_path / "link.db"
    link.symlink_to(place)
    for n in range(3):
        rows = write(tmp_path / f"{n}.csv", RECEIPT_HEAD, receipt(f"N{n}", 11, 5, DUES[0]))
        assert night(link, receipts=[rows]).committed
        assert codes(place) == codes(link) == set()
    assert not list(tmp_path.glob("link.db?*"))
    with open_ledger(link, writer=True) as ledger, pytest.raises(ProblemError) as error:
        assert ledger.store.place == str(link)
        night(place, receipts=[])
    assert refused(error) == {"ledger.in_use"}


def reseal(place: Path, data: bytearray) -> None:
    place.write_bytes(data)
    write_seal(place, whole(place, run_id=2))


def pages(data: bytes, kind: int) -> list[int]:
    """Where pages of a b-tree kind begin: 10 = leaf of an index, 13 = leaf of a table."""
    return [at for at in range(4096, len(data), 4096) if data[at] == kind]


def test_an_index_that_leads_astray(place: Path) -> None:
    data = bytearray(place.read_bytes())
    at = next(
        data.find(b"P0000", page) for page in pages(data, 10) if 0 < data.find(b"P0000", page) < page + 4096
    )
    data[at + 1] = ord("7")
    reseal(place, data)
    assert "ledger.check_integrity" in codes(place)


def test_a_page_that_cannot_be_read(place: Path) -> None:
    data = bytearray(place.read_bytes())
    for page in pages(data, 13):
        data[page : page + 8] = b"\xff" * 8
    reseal(place, data)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("reconcile.store_sqlite.SqliteStore.versions", lambda _: applied())
        assert codes(place) & {"ledger.check_unreadable", "ledger.damaged"}


def test_text_that_is_none(place: Path) -> None:
    data = bytearray(place.read_bytes())
    at = data.find(b"confirmed")
    while at >= 0:
        data[at] |= 0x80
        at = data.find(b"confirmed", at + 1)
    reseal(place, data)
    assert "ledger.check_unreadable" in codes(place)


def applied() -> list[tuple[int, str, str]]:
    from reconcile.migrations import migrations

    return [(m.version, m.name, m.sha256) for m in migrations("sqlite")]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("update postings set amount = amount + 1 where seq = 3", "ledger.check_chain"),
        (
            "update outcomes set posted = posted - 1, excess = excess + 1 where seq = (select max(seq) from outcomes)",
            "ledger.check_totals",
        ),
        ("update postings set reverses = 'x' where seq = 2", "ledger.check_reversal"),
        ("delete from receipts where seq = 4", "ledger.check_gap"),
        ("delete from outcomes where seq = (select max(seq) from outcomes)", "ledger.check_payments"),
        (
            "update standing_lines set paid = paid + 100 where rowid = 1 or line_id like '%-1'",
            "ledger.check_lines",
        ),
        (
            "update standing_lines set charge = charge + 100, charge_open = charge_open + 100",
            "ledger.check_lines",
        ),
        ("update standing_lines set charge_open = charge_open - 1", "ledger.check_lines"),
        ("update standing_lines set charge = null, charge_open = null", "ledger.check_lines"),
        ("delete from covers where line_id like '%-2'", "ledger.check_covers"),
        ("update receipts set raw = x'00' where seq = 1", "ledger.check_chain"),
        ("update runs set who = 'nobody' where run_id = 1", "ledger.check_chain"),
        (
            "update runs set standing = replace(standing, '\"sums\"', '\"sums\" ') where run_id = 2",
            "ledger.check_chain",
        ),
    ],
)
def test_a_row_changed_by_hand_is_found_by_what_it_breaks(place: Path, change: str, code: str) -> None:
    """Someone who knows SQL, takes the triggers off, and makes a new seal afterwards."""
    with sqlite3.connect(place) as connection:
        for (name,) in connection.execute("select name from sqlite_master where type = 'trigger'").fetchall():
            connection.execute(f"drop trigger {name}")
        connection.execute(change.replace("rowid = 1 or ", ""))
        connection.commit()
        connection.execute("pragma wal_checkpoint(truncate)")
    connection.close()
    write_seal(place, whole(place, run_id=2))
    assert code in codes(place)


def test_a_decision_that_the_receipts_do_not_give(place: Path) -> None:
    """Only deciding anew can find what was decided by other rules."""
    with open_ledger(place, writer=True) as ledger:
        from datetime import date

        from reconcile.decide import decide
        from reconcile.ledger_check import check_ledger
        from reconcile.policy import load_policy

        def other(world: Any) -> Any:
            found = decide(world, load_policy(), as_of=date(2026, 1, 1))
            object.__setattr__(found, "charges", found.charges.clear())
            return found

        assert {p.code for p in check_ledger(ledger, decide=other)} == {"ledger.check_decision"}


def test_result_digest(place: Path) -> None:
    with open_ledger(place, writer=True) as ledger:
        from dataclasses import replace

        from reconcile.ledger_check import check_ledger

        ledger.standing = replace(ledger.standing, sums={})
        assert "ledger.check_result" in {p.code for p in check_ledger(ledger)}


# --- places -----------------------------------------------------------------------------------------


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

    def none(*_: object) -> None:
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


# --- copies -----------------------------------------------------------------------------------------


def test_backup_and_restore(place: Path, tmp_path: Path, postgres_places: Any) -> None:
    backup(place, tmp_path / "b.db")
    assert codes(tmp_path / "b.db") == set()
    server = postgres_places()
    restore(tmp_path / "b.db", server)
    backup(server, tmp_path / "c.db")
    restore(tmp_path / "c.db", tmp_path / "d.db")
    assert standing(tmp_path / "d.db") == standing(place)
    assert codes(tmp_path / "d.db") == set()
    more = write(tmp_path / "n.csv", RECEIPT_HEAD, receipt("N", 11, 5, DUES[0]))
    assert night(server, receipts=[more]).standing.digest == night(place, receipts=[more]).standing.digest


def test_no_copy_over_anything_and_none_of_a_damaged_ledger(
    place: Path, tmp_path: Path, postgres_places: Any
) -> None:
    with pytest.raises(ProblemError) as error:
        backup(place, place)
    assert refused(error) == {"ledger.exists"}
    server = postgres_places()
    restore(place, server)
    with pytest.raises(ProblemError) as error:
        restore(place, server)
    assert refused(error) == {"ledger.exists"}
    with sqlite3.connect(place) as connection:
        connection.execute("drop trigger postings_no_update")
        connection.execute("update postings set amount = amount + 1 where seq = 3")
    connection.close()
    with pytest.raises(ProblemError) as error:
        backup(place, tmp_path / "b.db")
    assert "ledger.check_chain" in refused(error)
    assert not [p for p in tmp_path.iterdir() if p.name.startswith("b.db")]


def test_no_copy_beside_the_log_of_another_ledger(place: Path, tmp_path: Path) -> None:
    """SQLite would take what stands in that log for the copy's own, and play it over the copy."""
    place.with_name("lost.db-wal").write_bytes(b"committed nights")
    with pytest.raises(ProblemError) as error:
        restore(place, tmp_path / "lost.db")
    assert refused(error) == {"ledger.exists"} and "lost.db-wal" in str(error.value)
    assert place.with_name("lost.db-wal").read_bytes() == b"committed nights"
    place.with_name("lost.db-wal").write_bytes(b"")  # as readers leave one
    restore(place, tmp_path / "lost.db")
    assert (standing(tmp_path / "lost.db"), codes(tmp_path / "lost.db")) == (standing(place), set())


def test_what_a_killed_run_left_beside_the_ledger_belongs_to_it(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As docs/reconcile-ledger.md says: with its log a ledger has the night, readers see it, a backup has it and clears up."""
    more = write(tmp_path / "n.csv", RECEIPT_HEAD, receipt("N", 11, 5, DUES[0]))
    every, file = tmp_path / "every", tmp_path / "file"
    with monkeypatch.context() as patch, open_ledger(place, writer=True) as ledger:
        patch.setattr(SqliteStore, "settle", lambda *_: None)
        before, after = ledger.standing, run_in(ledger, request(place, receipts=[more])).standing
        for folder, ends in ((every, ("", ".seal", "-wal", "-shm", ".lock")), (file, ("", ".seal"))):
            folder.mkdir()
            for end in ends:
                shutil.copy(f"{place}{end}", folder / f"l.db{end}")
    assert (standing(file / "l.db"), codes(file / "l.db")) == (before, set())
    assert standing(every / "l.db") == after
    backup(every / "l.db", tmp_path / "b.db")
    assert standing(tmp_path / "b.db") == after
    assert sorted(p.name for p in every.iterdir()) == ["l.db", "l.db.lock", "l.db.seal"]
    assert codes(every / "l.db") == set()


def test_a_copy_out_of_a_server_is_written_in_parts(
    place: Path, tmp_path: Path, postgres_places: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was one transaction, of which up to 256 MiB waited in memory, and the whole once more in the log beside the copy."""
    from reconcile import backup as copies
    from reconcile import store_postgres

    server, target = postgres_places(), tmp_path / "b.db"
    restore(place, server)
    logs = []
    commit = SqliteStore.commit

    def committed(store: SqliteStore) -> None:
        commit(store)
        logs.append(store.path.with_name(store.path.name + "-wal").stat().st_size)

    monkeypatch.setattr(copies, "KEPT_ROWS", 30)
    monkeypatch.setattr(store_postgres, "FETCH_ROWS", 20)
    monkeypatch.setattr(SqliteStore, "commit", committed)
    backup(server, target)
    assert len(logs) > 10 and max(logs[1:]) < place.stat().st_size
    assert (standing(target), codes(target)) == (standing(place), set())


@pytest.mark.parametrize("server", [False, True])
def test_what_a_killed_copy_left_is_not_in_the_way(
    place: Path, tmp_path: Path, postgres_places: Any, monkeypatch: pytest.MonkeyPatch, *, server: bool
) -> None:
    from reconcile import backup as copies

    class Killed(BaseException):
        pass

    def killed(*_: object) -> None:
        raise Killed

    source, target = str(place), tmp_path / "b.db"
    if server:
        source = postgres_places()
        restore(place, source)
    with monkeypatch.context() as patch:
        patch.setattr(copies, "_refuse_damage", killed)
        patch.setattr(copies, "_clear", lambda _: None)
        with pytest.raises(Killed):
            backup(source, target)
    assert target.with_name("b.db.new").exists() and not target.exists()
    backup(source, target)
    assert (standing(target), codes(target)) == (standing(place), set())
    assert not list(tmp_path.glob("b.db.new*"))


@contextmanager
def files_end_at(size: int) -> Iterator[None]:
    """A disk on which no file grows beyond `size`."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("server", [False, True])
@pytest.mark.parametrize("part", [0.2, 0.5, 0.9])
def test_where_the_copy_has_no_room_its_own_place_is_told(
    place: Path, tmp_path: Path, postgres_places: Any, *, server: bool, part: float
) -> None:
    """The ledger was told to be on a full disk, which is another one."""
    source = str(place)
    if server:
        source = postgres_places()
        restore(place, source)
    target = tmp_path / "away" / "b.db"
    with files_end_at(int(place.stat().st_size * part)), pytest.raises(ProblemError) as error:
        backup(source, target)
    (problem,) = error.value.problems
    assert (problem.code, problem.params["found"]) == ("ledger.copy_unwritten", str(target))
    assert list(target.parent.iterdir()) == []
    assert codes(place) == set()


# --- commands ---------------------------------------------------------------------------------------


def test_the_commands(place: Path, tmp_path: Path) -> None:
    def run(*words: str) -> tuple[int, str]:
        done = CliRunner().invoke(main, ["ledger", *words])
        return done.exit_code, done.output

    new = str(tmp_path / "new.db")
    assert run("init", new) == (0, f"{new}\n")
    assert run("init", new)[0] == 2
    code, text = run("check", "--deep", str(place))
    assert (code, "異常はありません" in text) == (0, True)
    own = tmp_path / "own.toml"
    own.write_bytes((files("layouts") / "policies" / "default.toml").read_bytes())
    assert run("check", "--deep", str(place), "--policy", str(own))[0] == 0
    idle = run("check", str(place), "--policy", "default")
    assert idle[0] == 2 and "option.only_with" in idle[1], "a policy decides nothing without --deep"
    assert run("backup", str(place), str(tmp_path / "b.db"))[0] == 0
    assert run("restore", str(tmp_path / "b.db"), str(tmp_path / "r.db"))[0] == 0
    assert '"runs": 2' in run("info", "--json", str(tmp_path / "r.db"))[1]
    assert "result: " in run("info", str(place))[1]
    assert run("migrate", str(place)) == (0, "")
    assert run("migrate", str(tmp_path / "none.db"))[0] == 2
    assert not (tmp_path / "none.db").exists()
    with open_ledger(place, writer=True):
        assert run("check", str(place))[0] == 3
    data = bytearray(place.read_bytes())
    data[9_000] ^= 1
    place.write_bytes(data)
    code, text = run("check", "--json", str(place))
    assert code == 1 and "ledger.check_pages" in text
    assert run("check", str(place))[0] == 1


def test_another_server_without_checksums_is_told(
    postgres_places: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from reconcile.store_postgres import PostgresStore

    place = postgres_places()
    night(place)
    real = PostgresStore._one
    monkeypatch.setattr(
        PostgresStore, "_one", lambda s, q, *v: "off" if "data_checksums" in q else real(s, q, *v)
    )
    assert {p.code for p in checked(place, policy=None)} == {"ledger.check_no_checksums"}


def test_what_a_run_writes_leaves_memory(tmp_path: Path) -> None:
    """SQLite reads the number of pages as a byte to see whether they may go at all: 65,536 said no, and a load held the whole ledger."""
    with open_ledger(tmp_path / "l.db", writer=True, create=True) as ledger:
        assert isinstance(ledger.store, SqliteStore)
        (pages,) = ledger.store._run("pragma cache_spill").fetchone()
    assert 10_000 < pages < 100_000


def test_a_page_that_no_commit_wrote_stands_as_zeros(tmp_path: Path) -> None:
    """SQLite leaves out the page at 1 GiB, where it keeps its locks: a ledger that grew past it was told to be damaged.

    Here a log from which the frame of one new page is taken stands for a file of that size.
    """
    path, log = tmp_path / "l.db", tmp_path / "l.db-wal"
    link = sqlite3.connect(path, isolation_level=None)
    link.execute("pragma journal_mode = wal")
    link.execute("create table t (a blob)")
    link.execute("pragma wal_checkpoint(truncate)")
    before = whole(path, run_id=1)
    link.execute("insert into t values (zeroblob(40000))")
    (frames,) = (link.execute("pragma wal_checkpoint(passive)").fetchone()[1],)
    size, data = 24 + before.page_bytes, log.read_bytes()
    missing = len(before.crcs) + 3
    kept = [data[at : at + size] for at in range(32, 32 + frames * size, size)]
    kept = [frame for frame in kept if int.from_bytes(frame[:4], "big") != missing]
    assert len(kept) == frames - 1
    log.with_name("cut").write_bytes(data[:32] + b"".join(kept))
    link.close()
    with path.open("r+b") as handle:
        handle.seek((missing - 1) * before.page_bytes)
        handle.write(bytes(before.page_bytes))
    after = updated(before, log.with_name("cut"), frames=frames - 1, run_id=2)
    assert list(broken(path, after, waiting={})) == []
    with path.open("r+b") as handle:
        handle.seek((missing - 1) * before.page_bytes)
        handle.write(b"\x01")
    assert list(broken(path, after, waiting={})) == [missing]
