"""Copies of a ledger: a backup is itself an embedded ledger, whatever store it came from, so that it can be checked and read as one.

In: a ledger's place and where the copy goes. Out: the copy, checked by its chain before it gets its name. Restore goes the other way, into a
place that holds no ledger; so a ledger also moves from a file to a server. Refuses: a target that is there, or that takes
no copy; a source or copy that is damaged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from elqr.problems import Problem, ProblemError, reason_of
from elqr.renaming import rename
from reconcile.ledger import URL, Ledger, open_ledger, open_store, open_whole
from reconcile.ledger_check import check_ledger
from reconcile.migrations import migrations
from reconcile.seal import log_of, seal_of, whole, write_seal
from reconcile.store import Store
from reconcile.tables import TABLES
from reconcile.write_out import probe

KEPT_ROWS = 50_000
_UNWRITTEN = frozenset({"ledger.disk_full", "ledger.disk_fault", "ledger.read_only", "ledger.place"})


def backup(ledger: str | Path, target: Path) -> None:
    """Copy the ledger to `target`, a file that is not there. Readers and the next run need not wait for long: the source is read as it stands."""
    _refuse_present(target)
    probe(target.parent)
    beside = target.with_name(target.name + ".new")
    with open_whole(ledger) as source:
        try:
            with _told(target, beside):
                _clear(beside)  # a copy that was killed
                _copy(source, beside)
                _refuse_damage(beside, source)
                rename(seal_of(beside), seal_of(target))
                rename(beside, target)
        finally:
            _clear(beside)


def restore(backup_file: Path, ledger: str | Path) -> None:
    """Put a backup where no ledger is: a path or a `postgresql://` URL."""
    if not str(ledger).startswith(URL):
        backup(backup_file, Path(ledger))
        return
    with open_whole(backup_file) as source:
        _refuse_damage_in(source)
        store = open_store(ledger, writer=True)
        try:
            if store.versions():
                raise ProblemError(Problem("ledger.exists", params={"found": store.place}))
            _fill(source, store)
        finally:
            store.close()


def _copy(source: Ledger, target: Path) -> None:
    """Page by page from a file, row by row from a server."""
    from reconcile.store_sqlite import SqliteStore

    if isinstance(source.store, SqliteStore):
        source.store.copy_to(target)
        write_seal(target, whole(target, run_id=source.standing.run_id))
        return
    store = SqliteStore(target, writer=True)

    def keep() -> None:
        """Nobody reads the copy before it has its name: what is written need not wait in memory and in the log for the end."""
        store.commit()
        store.settle(0, anew=False)
        store.begin()

    try:
        _fill(source, store, keep=keep)
    finally:
        store.close()


def _fill(source: Ledger, store: Store, *, keep: Callable[[], None] | None = None) -> None:
    """All rows of all tables, in one transaction; or in several where there is a way to `keep` a part."""
    applied = len(source.store.versions())
    store.begin()
    try:
        for step in migrations(store.dialect)[:applied]:
            store.migrate(step.version, step.name, step.sha256, step.sql)
        for table in TABLES:
            if table != "schema_version":
                rows = 0
                for part in source.scan(table):
                    store.append(table, part)
                    rows += part.height
                    if keep and rows >= KEPT_ROWS:
                        keep()
                        rows = 0
        store.commit()
    except BaseException:
        store.rollback()
        raise
    store.settle(source.standing.run_id)


def _refuse_damage(copy: Path, source: Ledger) -> None:
    with open_ledger(copy, writer=True) as made:
        if made.standing != source.standing:
            params: dict[str, str | int] = {
                "run": made.standing.run_id,
                "found": made.standing.digest,
                "expected": source.standing.digest,
            }
            raise ProblemError(Problem("ledger.check_chain", params=params))
        _refuse_damage_in(made, more=_changed_pages(source))


def _changed_pages(source: Ledger) -> list[Problem]:
    """Where the file copied is not as it was written. The copy is sealed as it lies: what no digest holds would be whole in it, and wrong."""
    from reconcile.store_sqlite import SqliteStore

    damage = source.store.pages() if isinstance(source.store, SqliteStore) else ()
    return [Problem(d.code, params=d.params) for d in damage if d.code == "ledger.check_pages"]


def _refuse_damage_in(ledger: Ledger, *, more: Sequence[Problem] = ()) -> None:
    if found := [*more, *check_ledger(ledger)]:
        raise ProblemError(found)


def _refuse_present(target: Path) -> None:
    """A log without its ledger counts: SQLite would play it over the copy that comes beside it."""
    log = log_of(target)
    if target.exists() or (log.exists() and log.stat().st_size):
        found = target if target.exists() else log
        raise ProblemError(Problem("ledger.exists", params={"found": str(found)}))


@contextmanager
def _told(target: Path, beside: Path) -> Iterator[None]:
    """What goes wrong where the copy is written is told of the copy, by the name that it was to have; the ledger is only read."""
    try:
        yield
    except OSError as error:
        raise _unwritten(target, reason_of(error)) from error
    except ProblemError as error:
        first = error.problems[0]
        if first.code in _UNWRITTEN and first.params.get("found") == str(beside):
            raise _unwritten(target, str(first.params["reason"])) from error
        raise


def _unwritten(target: Path, reason: str) -> ProblemError:
    return ProblemError(Problem("ledger.copy_unwritten", params={"found": str(target), "reason": reason}))


def _clear(beside: Path) -> None:
    """What a copy left half done."""
    for path in (
        beside,
        seal_of(beside),
        *(beside.with_name(beside.name + e) for e in (".lock", "-wal", "-shm")),
    ):
        path.unlink(missing_ok=True)
