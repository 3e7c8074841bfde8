"""The embedded ledger: one SQLite file, write-ahead log, durable commits, one transaction a run. The only home of sqlite3.

In: a path. Out: a `Store`. Beside the file stand `.seal` (a checksum a page) and `.lock`. Readers are never kept waiting by a run.
Refuses (ProblemError): a second writer, a folder that cannot be written, a full disk, a file that is damaged or no ledger.
"""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import polars as pl

from elqr.problems import Problem, ProblemError
from reconcile import disk
from reconcile.at_rest import Rest, at_rest
from reconcile.bulk_rows import json_list, values
from reconcile.later_index import indexed_later
from reconcile.lock import FileLock
from reconcile.row_text import block_text, read_found, read_rows, row_text
from reconcile.seal import broken, log_of, logged, read_seal, trace_of, updated, whole, write_seal
from reconcile.store import SEVERAL, Damage
from reconcile.tables import TABLES, to_stored

BLOCK_ROWS = 50_000
BULK_ROWS = 20_000  # of a load, not of a night
_HEAD = b"SQLite format 3\x00"


class SqliteStore:
    """A ledger file. `writer`: take the lock, and make the file when it is not there."""

    dialect = "sqlite"

    def __init__(self, path: Path, *, writer: bool) -> None:
        self.path = path
        self.place = str(path)
        self._loading: frozenset[str] = frozenset()
        self._lock: FileLock | None = None
        self._rest: Rest | None = None  # nothing can be written beside it, and nobody writes
        self._behind = False  # the seal knows less than the file: a run could not write it
        self._connection: sqlite3.Connection | None = None
        with self._told():
            if path.is_symlink():  # SQLite's log lies beside what it leads to, and so must lock and seal
                self.path = Path(os.path.realpath(path))
            if writer:
                self._take_lock()
        try:
            with self._told():
                self._connect(writer=writer)
        except BaseException:
            self.close()
            raise

    def _take_lock(self) -> None:
        if self.path.is_dir():  # "." has no name to put .lock behind
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), self.place)
        try:
            self._lock = FileLock(self.path.with_name(self.path.name + ".lock"))
        except BlockingIOError:
            raise ProblemError(Problem("ledger.in_use", params={"found": self.place})) from None

    def _connect(self, *, writer: bool) -> None:
        there = self.path.exists() and self.path.stat().st_size > 0
        if there:
            with self.path.open("rb") as handle:
                if handle.read(len(_HEAD)) != _HEAD:
                    raise ProblemError(Problem("ledger.not_a_ledger", params={"found": self.place}))
            if writer and not os.access(self.path, os.W_OK):
                raise PermissionError(13, "read-only", self.place)
        elif not writer:
            raise ProblemError(Problem("ledger.missing", params={"found": self.place}))
        elif trace := trace_of(self.path):
            raise ProblemError(Problem("ledger.gone", params={"found": self.place, "names": trace.name}))
        self._rest = None if writer else at_rest(self.path, self.place)
        mode = "rwc" if writer else "ro&immutable=1" if self._rest else "ro"
        uri = disk.uri_of(self.path.absolute(), mode=mode)
        self._connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=0 if writer else 10)
        if writer:
            self.versions()  # before anything is set: a stranger's file stays as it is
            for setting in disk.SETTINGS:
                self._run(setting)
            self.settle(self._last_run(), anew=False)
        else:
            self._run("pragma temp_store = memory")
            self._run("begin")  # all of a report is of one moment, whatever a night commits meanwhile

    # --- transactions

    def begin(self) -> None:
        """Open the transaction; a writer elsewhere is refused at once."""
        with self._told():
            self._run("begin immediate")

    def commit(self) -> None:
        """Durable when it returns."""
        with self._told():
            self._run("commit")

    def rollback(self) -> None:
        """Forget everything since `begin`; nothing to forget is fine."""
        if self._connection is not None and self._connection.in_transaction:
            with self._told():
                self._run("rollback")

    def settle(self, run_id: int, *, anew: bool = True) -> None:
        """Move the write-ahead log into the file and renew the seal of the pages it changed. `anew`: make one where there is none.

        Killed anywhere in between, the log is still there, and the next writer does the same again.
        """
        with self._told():
            _, frames, _ = self._run(disk.MOVE).fetchone()
            try:
                seal = read_seal(self.path)
            except ValueError:
                return  # a damaged seal is for `check` to say; it is not papered over
            if seal is None or self._behind:
                if anew:
                    write_seal(self.path, whole(self.path, run_id=run_id))
                    self._behind = False
            elif frames > 0:
                write_seal(self.path, updated(seal, log_of(self.path), frames=frames, run_id=run_id))
            else:
                self._behind = seal.run_id != run_id
            self._run("pragma wal_checkpoint(truncate)").fetchone()

    def close(self) -> None:
        """Close the file and give the lock back."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if self._lock is not None:
            self._lock.release()
            self._lock = None
        if self._rest is not None:
            self._rest.refuse_changed(self.place)

    # --- schema

    def versions(self) -> list[tuple[int, str, str]]:
        """Migrations applied."""
        with self._told():
            there = self._run("select 1 from sqlite_master where name = 'schema_version'").fetchone()
            if there is None:
                if self._run("select 1 from sqlite_master").fetchone() is not None:
                    raise ProblemError(Problem("ledger.not_a_ledger", params={"found": self.place}))
                return []
            return self._run("select version, name, sha256 from schema_version order by version").fetchall()

    def migrate(self, version: int, name: str, sha256: str, sql: str) -> None:
        """Apply one migration inside the open transaction."""
        with self._told():
            statement = ""
            for line in sql.splitlines(keepends=True):
                statement += line
                if sqlite3.complete_statement(statement):
                    self._run(statement)
                    statement = ""
            self._run("insert into schema_version values (?, ?, ?)", (version, name, sha256))

    # --- rows

    def append(self, table: str, frame: pl.DataFrame) -> None:
        """Add rows."""
        if not frame.height:
            return
        rows = to_stored(table, frame)
        with self._told():
            if rows.height < BULK_ROWS or table in self._loading or rows.height < self._height(table):
                self._insert("insert", table, rows)
                return
            with indexed_later(self._run, [table]):  # more than all that is there
                self._insert("insert", table, rows)

    @contextmanager
    def loading(self, tables: Sequence[str]) -> Iterator[None]:
        """Rows for these tables come in several parts."""
        self._loading = frozenset(tables)
        try:
            with self._told(), indexed_later(self._run, tables):
                yield
        finally:
            self._loading = frozenset()

    def _height(self, table: str) -> int:
        """Rows of a table, of a derived one as far as it matters."""
        if "seq" in TABLES[table].columns:
            return self.highest(table)
        some = f"select count(*) from (select 1 from {table} limit {BULK_ROWS * 100})"
        return int(self._run(some).fetchone()[0])

    def replace(self, table: str, frame: pl.DataFrame) -> None:
        """Put rows in the place of those with the same key, in a derived table."""
        if frame.height:
            with self._told():
                self._insert("insert or replace", table, to_stored(table, frame))

    def remove(self, table: str, keys: pl.DataFrame) -> None:
        """Take rows out of a derived table."""
        if not keys.height:
            return
        same = " and ".join(f'"{name}" = ?' for name in keys.columns)
        with self._told():
            self._many(f"delete from {table} where {same}", to_stored(table, keys))

    def highest(self, table: str, column: str = "seq") -> int:
        """The greatest number in an indexed column."""
        with self._told():
            return int(self._run(f'select coalesce(max("{column}"), 0) from {table}').fetchone()[0])

    def empty(self, table: str) -> bool:
        """Whether a table has no row."""
        with self._told():
            return not self._run(f"select exists (select 1 from {table})").fetchone()[0]

    def lookup(
        self,
        table: str,
        keys: pl.DataFrame,
        columns: list[str],
        *,
        before: int | None = None,
        filled: str | None = None,
    ) -> pl.DataFrame:
        """Rows by key: the keys go into a table in memory, in order, and are probed one after the other."""
        kinds = TABLES[table].columns
        if not keys.height:
            return pl.DataFrame(schema={name: kinds[name] for name in columns})
        wanted = to_stored(table, keys.cast({n: kinds[n] for n in keys.columns})).sort(keys.columns)
        same = " and ".join(f't."{name}" = w.k{i}' for i, name in enumerate(wanted.columns))
        if before is not None:
            same += f" and t.seq < {before}"
        if filled is not None:
            same += f' and t."{filled}" is not null'
        rows, found = block_text(table, columns) or row_text(table, columns), []
        with self._told():
            for at in range(0, wanted.height, BLOCK_ROWS):
                source, values = self._wanted(wanted[at : at + BLOCK_ROWS])
                asked = self._run(f"select {rows} from {source} w cross join {table} t on {same}", values)
                found.append(read_found(table, columns, asked.fetchall()))
        return pl.concat(found) if len(found) > 1 else found[0]

    def _wanted(self, keys: pl.DataFrame) -> tuple[str, tuple[str, ...]]:
        """Keys as something to join with: one column as a list in JSON, which costs least; several as a table in memory."""
        if keys.width == 1:
            return "(select value as k0 from json_each(?))", (json_list(keys.to_series()),)
        table = f"wanted{keys.width}"  # not dropped: other rows may just be read
        names = ", ".join(f"k{i}" for i in range(keys.width))
        self._run(f"create temp table if not exists {table} ({names})")
        self._run(f"delete from temp.{table}")
        self._many(f"insert into temp.{table} values ({', '.join('?' * keys.width)})", keys)
        return f"temp.{table}", ()

    def count(self, table: str) -> int:
        """How many rows a table has."""
        with self._told():
            return int(self._run(f"select count(*) from {table}").fetchone()[0])

    def scan(
        self,
        table: str,
        columns: list[str],
        *,
        after: int = 0,
        most: int = 1 << 62,
        part: tuple[int, int] | None = None,
    ) -> Iterator[pl.DataFrame]:
        """All rows in order, in blocks."""
        by = next(iter(TABLES[table].columns))
        numbered = TABLES[table].columns[by] == pl.Int64()
        order = f'"{by}"' if numbered else _names(list(TABLES[table].columns))
        bounds = f'where "{by}" > {after} and "{by}" <= {most}' if numbered else ""
        if part is not None:
            bounds += f" and coalesce(payment_no, 0) % {part[1]} = {part[0]}"
        with self._told():
            row = row_text(table, columns)
            cursor = self._run(f"select {row} from {table} t {bounds} order by {order}")
        while True:
            with self._told():
                rows = cursor.fetchmany(BLOCK_ROWS)
            if not rows:
                return
            yield read_rows(table, columns, rows)

    def several(self, table: str, column: str) -> Iterator[pl.DataFrame]:
        """Rows that share their value with others, out of the index alone."""
        shared = f"select {column} k, min(seq) f from {table} group by {column} having count(*) > 1"
        with self._told():
            found = self._run(f"select t.seq, w.f from ({shared}) w cross join {table} t on t.{column} = w.k")
            while rows := found.fetchmany(BLOCK_ROWS):
                yield pl.DataFrame(rows, schema=dict(SEVERAL), orient="row")

    # --- damage

    def damage(self) -> Iterator[Damage]:
        """Pages against the seal, then SQLite's own check of trees and indexes."""
        yield from self.pages()
        try:
            for (found,) in self._run("pragma integrity_check(20)"):
                if found != "ok":
                    yield Damage("ledger.check_integrity", {"found": str(found)})
        except sqlite3.DatabaseError as error:
            yield Damage("ledger.check_integrity", {"found": str(error)})

    def pages(self) -> Iterator[Damage]:
        """Pages against the seal."""
        try:
            seal = read_seal(self.path)
        except ValueError as error:
            yield Damage("ledger.check_seal", {"found": str(error)})
            return
        if seal is None:
            yield Damage("ledger.check_no_seal", {"found": self.place})
            return
        if seal.run_id != (last := self._last_run()):
            yield Damage("ledger.check_old_seal", {"found": seal.run_id, "expected": last})
            return
        with self._told():  # a reader moves no log: between nights there is none
            frames = self._run(disk.MOVE).fetchone()[1] if self._lock is not None else 0
            waiting, _ = logged(log_of(self.path), frames=frames)
        if pages := list(broken(self.path, seal, waiting=waiting)):
            shown = ", ".join(map(str, pages[:10])) + (" …" if len(pages) > 10 else "")
            told: dict[str, str | int] = {"found": len(pages), "expected": len(seal.crcs), "pages": shown}
            yield Damage("ledger.check_pages", told)

    def facts(self) -> dict[str, str | int]:
        """Size and pages."""
        return {"store": "SQLite " + sqlite3.sqlite_version, "bytes": self.path.stat().st_size}

    def copy_to(self, target: Path) -> None:
        """The file as it stands, page by page, to a new place (the folder must be there), which is blamed where it takes no page."""
        with self._told(target), closing(sqlite3.connect(target)) as copy:
            self._open().backup(copy)

    # --- helpers

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            raise ValueError("the ledger is closed")
        return self._connection

    def _run(self, sql: str, values: tuple[object, ...] = ()) -> sqlite3.Cursor:
        return self._open().execute(sql, values)

    def _insert(self, verb: str, table: str, rows: pl.DataFrame) -> None:
        for at in range(0, rows.height, BLOCK_ROWS):
            some = values(rows[at : at + BLOCK_ROWS])
            self._open().executemany(
                f"{verb} into {table} ({_names(rows.columns)}) values ({some.sql})", some.rows
            )

    def _many(self, sql: str, rows: pl.DataFrame) -> None:
        for at in range(0, rows.height, BLOCK_ROWS):
            self._open().executemany(sql, rows[at : at + BLOCK_ROWS].rows())

    def _last_run(self) -> int:
        there = self._run("select 1 from sqlite_master where name = 'runs'").fetchone()
        return int(self._run("select coalesce(max(run_id), 0) from runs").fetchone()[0]) if there else 0

    @contextmanager
    def _told(self, target: Path | None = None) -> Iterator[None]:
        """Faults of place, disk and file as problems; faults of ours as they are. `target`: what is written, where it is not the ledger."""
        try:
            yield
        except sqlite3.Error as error:
            code = _CODES.get(getattr(error, "sqlite_errorcode", 0) & 0xFF)
            if str(error).startswith("Could not decode"):  # text that is none: Python gives no number
                code = "ledger.damaged"
            if code is None:
                raise
            reads = getattr(error, "sqlite_errorcode", 0) in _READING or code == "ledger.damaged"
            place = str(target) if target and not reads else self.place
            raise ProblemError(Problem(code, params={"found": place, "reason": str(error)})) from error
        except OSError as error:
            fault = disk.FAULTS.get(error.errno or 0, "ledger.place")
            params: dict[str, str | int] = {"found": self.place, "reason": error.strerror or str(error)}
            raise ProblemError(Problem(fault, params=params)) from error


_CODES: Mapping[int, str] = {  # SQLite's primary result codes
    sqlite3.SQLITE_BUSY: "ledger.in_use",
    sqlite3.SQLITE_LOCKED: "ledger.in_use",
    sqlite3.SQLITE_PERM: "ledger.read_only",
    sqlite3.SQLITE_READONLY: "ledger.read_only",
    sqlite3.SQLITE_CANTOPEN: "ledger.place",
    sqlite3.SQLITE_FULL: "ledger.disk_full",
    sqlite3.SQLITE_IOERR: "ledger.disk_fault",
    sqlite3.SQLITE_CORRUPT: "ledger.damaged",
    sqlite3.SQLITE_NOTADB: "ledger.damaged",
}
_READING = (sqlite3.SQLITE_IOERR_READ, sqlite3.SQLITE_IOERR_SHORT_READ)


def _names(columns: list[str]) -> str:
    return ", ".join(f'"{name}"' for name in columns)
