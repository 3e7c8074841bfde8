"""Copies of a ledger are whole, checked and over nothing; and the commands that make, check and describe ledgers."""

from __future__ import annotations

import resource
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from ledger_files import DUES, RECEIPT_HEAD, codes, night, receipt, refused, request, standing, write

from cli import main
from elqr.problems import ProblemError
from reconcile.backup import backup, restore
from reconcile.ledger import open_ledger
from reconcile.ledger_info import checked
from reconcile.run import run_in
from reconcile.seal import seal_of
from reconcile.store_sqlite import SqliteStore

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


def test_a_changed_page_is_not_whole_in_the_copy(place: Path, tmp_path: Path) -> None:
    """No digest of a run holds the day on which a line was closed: the copy got a seal of its own, and was found whole with a wrong day."""
    with sqlite3.connect(place) as connection:
        line = connection.execute(
            "select line_id, payer_id, due_date, closed_on from standing_lines"
        ).fetchone()
    connection.close()
    file = place.read_bytes()
    spot = file.index(line[3].encode(), file.index("".join(line[:3]).encode()))
    place.write_bytes(file[:spot] + b"1" + file[spot + 1 :])
    for copy in (backup, restore):
        with pytest.raises(ProblemError) as error:
            copy(place, tmp_path / "b.db")
        assert refused(error) == {"ledger.check_pages"}
    assert not [p for p in tmp_path.iterdir() if p.name.startswith("b.db")]
    seal_of(place).unlink()  # without a seal nothing can be said of pages, and a copy is better than none
    backup(place, tmp_path / "b.db")


def test_a_copy_that_does_not_stand_as_its_ledger_gets_no_name(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sound in itself, and without the nights of the ledger."""
    night(tmp_path / "other.db")
    monkeypatch.setattr(SqliteStore, "copy_to", lambda _, target: shutil.copy(tmp_path / "other.db", target))
    with pytest.raises(ProblemError) as error:
        backup(place, tmp_path / "b.db")
    assert refused(error) == {"ledger.check_chain"}
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
    (tmp_path / "empty.db").touch()  # "there is no ledger, make one with init" was the answer of init itself
    assert run("init", str(tmp_path / "empty.db"))[0] == 0
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
