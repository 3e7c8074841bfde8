"""The embedded ledger as a file: a changed bit anywhere is found, a row changed by hand too, and no sound page is called damaged."""

from __future__ import annotations

import errno
import random
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from ledger_files import DUES, RECEIPT_HEAD, codes, night, receipt, refused, write

from elqr.problems import ProblemError
from reconcile.ledger import open_ledger
from reconcile.ledger_info import checked
from reconcile.seal import broken, log_of, logged, read_seal, seal_of, updated, whole, write_seal
from reconcile.store_sqlite import SqliteStore

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


def test_a_seal_that_says_the_same_stays_where_it_cannot_be_written_again(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed behind its seal, a night leaves a log whose pages it knows: the next command writes it again, and the disk may be full by then."""

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    seal = read_seal(place)
    assert seal is not None
    monkeypatch.setattr("reconcile.seal.rename", full)
    with pytest.raises(OSError, match="No space"):
        write_seal(place, seal)
    assert read_seal(place) == seal


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


def test_a_day_of_closing_that_the_payments_do_not_give(place: Path) -> None:
    """From that day a charge is owed and an overpayment used for it; no digest, sum or entry holds it."""
    with sqlite3.connect(place) as connection:
        connection.execute("update standing_lines set closed_on = '2026-01-01' where closed_on > ''")
    connection.close()
    seal_of(place).unlink()
    assert codes(place) == {"ledger.check_no_seal"}
    anew = checked(str(place), policy="default")
    assert [p.code for p in anew] == ["ledger.check_no_seal", "ledger.check_decision"]
    assert anew[1].params["table"] == "standing_lines"


def test_result_digest(place: Path) -> None:
    with open_ledger(place, writer=True) as ledger:
        from dataclasses import replace

        from reconcile.ledger_check import check_ledger

        ledger.standing = replace(ledger.standing, sums={})
        assert "ledger.check_result" in {p.code for p in check_ledger(ledger)}


# --- pages ------------------------------------------------------------------------------------------


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
