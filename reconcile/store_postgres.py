"""The ledger on a PostgreSQL server: the same tables, bulk by COPY, one transaction a run. The only home of psycopg.

In: a `postgresql://` URL; the tables stand in the first schema of its search path, so that several bodies can share a database. Out: a `Store`.
Refuses (ProblemError): a second writer (an advisory lock, gone with its connection), a server that cannot be reached, no right to write.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import polars as pl
import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from elqr.problems import Problem, ProblemError
from reconcile.server import LINK, SESSION, code_of
from reconcile.store import SEVERAL, Damage, shown
from reconcile.tables import TABLES, from_stored, stored_type, to_stored

BLOCK_ROWS = 50_000  # on their way to the server
FETCH_ROWS = 10_000  # on their way back: a row of tuples takes some ten times what it does in a frame
ARRAY_MOST = 500  # keys given as an array; more go into a table
BULK_ROWS = (
    10_000  # added to a table in one run: whether the planner should count it anew is asked from here on
)


class PostgresStore:
    """A ledger in a database. `writer`: take the lock."""

    dialect = "postgres"

    def __init__(self, url: str, *, writer: bool) -> None:
        self.place = shown(url)
        self._reads = not writer
        self._added: Counter[str] = Counter()  # rows since `begin`, by table
        link = self._link(url)
        with self._told():
            self._connection: psycopg.Connection[Any] = psycopg.connect(**link)
        try:
            with self._told():
                self._set()
                if writer:
                    self._take_lock()
                else:  # all of a report is of one moment, whatever a night commits meanwhile
                    self._run("begin isolation level repeatable read, read only")
        except BaseException:
            self.close()
            raise

    def _link(self, url: str) -> dict[str, Any]:
        """The parts of a URL. What is wrong with one is told without its words, for any of them may be a piece of the password."""
        try:
            parts = conninfo_to_dict(url)
            port, host = (str(parts.get(name, "")) for name in ("port", "host"))
            reason = "port" if re.search("[^0-9,]", port) else "host, @ → %40" if "@" in host[1:] else ""
        except psycopg.Error as error:
            parts, reason = {}, str(error).strip().partition("\n")[0].partition(":")[0]
        if reason:
            words = re.sub(r'"[^"]*"?', "…", reason)
            params: dict[str, str | int] = {"found": self.place, "reason": f"URL: {words}"}
            raise ProblemError(Problem("ledger.server", params=params))
        return {**LINK, **parts, "client_encoding": "utf8", "autocommit": True}

    def _set(self) -> None:
        """The session's settings, in one question. Refuses a database that cannot hold every character as it came."""
        encoding = self._one("show server_encoding")
        if encoding != "UTF8":
            params: dict[str, str | int] = {"found": self.place, "encoding": encoding, "expected": "UTF8"}
            raise ProblemError(Problem("ledger.encoding", params=params))
        self._run(
            "select set_config(s.name, w.value, false) from unnest(%s::text[], %s::text[]) as w(name, value) "
            "join pg_catalog.pg_settings as s on s.name = w.name",
            list(SESSION),
            list(SESSION.values()),
        )

    def _take_lock(self) -> None:
        name = self._one("select current_database() || '.' || coalesce(current_schema(), '')")
        key = int.from_bytes(hashlib.sha256(f"elqr ledger {name}".encode()).digest()[:8], "big", signed=True)
        if not self._one("select pg_try_advisory_lock(%s)", key):
            raise ProblemError(Problem("ledger.in_use", params={"found": self.place}))

    # --- transactions

    def begin(self) -> None:
        """Open the transaction. The lock keeps other writers away, whatever isolation the server is set to."""
        self._added.clear()
        with self._told():
            self._run("begin isolation level read committed")

    def commit(self) -> None:
        """Durable when it returns."""
        with self._told():
            self._run("commit")

    def rollback(self) -> None:
        """Forget everything since `begin`; where the server is gone, it has forgotten already."""
        if not self._connection.closed:
            with self._told():
                self._run("rollback")

    def settle(self, run_id: int) -> None:
        """Nothing is left to do after a commit but to let the planner know of tables that have more than doubled."""
        grown = [table for table, rows in self._added.items() if rows >= BULK_ROWS]
        self._added, added = Counter(), self._added
        if not grown:
            return
        with self._told():
            counted = self._run(
                "select relname, reltuples::bigint from pg_catalog.pg_class "
                "where relnamespace = current_schema()::regnamespace and relname = any(%s)",
                grown,
            ).fetchall()
            for table, rows in counted:
                if added[table] > rows:
                    self._compose("analyze {t}", t=sql.Identifier(table))

    def close(self) -> None:
        """Give the lock back and end the connection. The server ends a session some time later, which the next run must not meet."""
        with suppress(psycopg.Error):
            if self._connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE:
                self._run("select pg_advisory_unlock_all()")
        self._connection.close()

    # --- schema

    def versions(self) -> list[tuple[int, str, str]]:
        """Migrations applied."""
        with self._told():
            if self._one("select current_schema()") is None:
                raise ProblemError(
                    Problem("ledger.server", params={"found": self.place, "reason": "search_path: no schema"})
                )
            if (
                self._one("select to_regclass(quote_ident(current_schema()) || '.schema_version')::text")
                is None
            ):
                return []
            rows = self._run("select version, name, sha256 from schema_version order by version").fetchall()
            return [(int(v), str(n), str(s)) for v, n, s in rows]

    def migrate(self, version: int, name: str, sha256: str, sql: str) -> None:
        """Apply one migration inside the open transaction."""
        with self._told():
            self._connection.execute(sql.encode())
            self._run("insert into schema_version values (%s, %s, %s)", version, name, sha256)

    # --- rows

    def append(self, table: str, frame: pl.DataFrame) -> None:
        """Add rows by COPY."""
        if frame.height:
            self._added[table] += frame.height
            with self._told():
                rows = to_stored(table, frame)
                self._copy(sql.SQL("copy {} ({})").format(sql.Identifier(table), _names(rows.columns)), rows)

    @contextmanager
    def loading(self, tables: Sequence[str]) -> Iterator[None]:
        """Rows for these tables come in several parts. The server's indexes grow with them."""
        yield

    def replace(self, table: str, frame: pl.DataFrame) -> None:
        """Put rows in the place of those with the same first column."""
        self.remove(table, frame.select(frame.columns[0]))
        self.append(table, frame)

    def remove(self, table: str, keys: pl.DataFrame) -> None:
        """Take rows out of a derived table."""
        if not keys.height:
            return
        with self._told():
            wanted, same = self._wanted(to_stored(table, keys))
            self._compose(
                "delete from {t} as t using {w} where {same}", t=sql.Identifier(table), w=wanted, same=same
            )

    def highest(self, table: str, column: str = "seq") -> int:
        """The greatest number in an indexed column."""
        with self._told():
            found = self._compose(
                "select max({c}) from {t}", c=sql.Identifier(column), t=sql.Identifier(table)
            ).fetchone()
            return int(found[0] or 0) if found else 0

    def empty(self, table: str) -> bool:
        """Whether a table has no row."""
        with self._told():
            found = self._compose("select exists (select 1 from {t})", t=sql.Identifier(table)).fetchone()
            return not (found and found[0])

    def lookup(
        self,
        table: str,
        keys: pl.DataFrame,
        columns: list[str],
        *,
        before: int | None = None,
        filled: str | None = None,
    ) -> pl.DataFrame:
        """Rows by key: the keys go into a table of the session, which is joined."""
        kinds = TABLES[table].columns
        if not keys.height:
            return pl.DataFrame(schema={name: kinds[name] for name in columns})
        with self._told():
            wanted, same = self._wanted(to_stored(table, keys.cast({n: kinds[n] for n in keys.columns})))
            if before is not None:
                same += sql.SQL(" and t.seq < {}").format(sql.Literal(before))
            if filled is not None:
                same += sql.SQL(" and t.{} is not null").format(sql.Identifier(filled))
            picked = sql.SQL(", ").join(sql.SQL("t.{}").format(sql.Identifier(name)) for name in columns)
            found = self._compose(
                "select {picked} from {w} join {t} as t on {same}",
                picked=picked, w=wanted, t=sql.Identifier(table), same=same,
            )  # fmt: skip
            parts = [_frame(table, [], columns)]
            while rows := found.fetchmany(FETCH_ROWS):
                parts.append(_frame(table, rows, columns))
        return from_stored(table, pl.concat(parts))

    def count(self, table: str) -> int:
        """How many rows a table has."""
        with self._told():
            found = self._compose("select count(*) from {t}", t=sql.Identifier(table)).fetchone()
            return int(found[0]) if found else 0

    def scan(
        self,
        table: str,
        columns: list[str],
        *,
        after: int = 0,
        most: int = (1 << 63) - 1,
        part: tuple[int, int] | None = None,
    ) -> Iterator[pl.DataFrame]:
        """All rows in order, in blocks, through a cursor of the server."""
        kinds = TABLES[table].columns
        by = next(iter(kinds))
        numbered = kinds[by] == pl.Int64()
        # text in the order of its bytes, as the other store has it
        order = (
            _names([by])
            if numbered
            else sql.SQL(", ").join(
                sql.SQL('{} collate "C"' if kinds[n] == pl.String() else "{}").format(sql.Identifier(n))
                for n in kinds
            )
        )
        bounds = sql.SQL("where {by} > {a} and {by} <= {m}").format(
            by=sql.Identifier(by), a=sql.Literal(after), m=sql.Literal(min(most, (1 << 63) - 1))
        )
        if part is not None:
            bounds += sql.SQL(" and coalesce(payment_no, 0) % {of} = {n}").format(
                of=sql.Literal(part[1]), n=sql.Literal(part[0])
            )
        query = sql.SQL("select {c} from {t} {bounds} order by {order}").format(
            c=_names(columns),
            t=sql.Identifier(table),
            bounds=bounds if numbered else sql.SQL(""),
            order=order,
        )
        own = self._connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE
        with self._told():
            cursor = self._connection.cursor(name=f"scan_{table}", withhold=own, binary=True)
            cursor.execute(query)
        try:
            while True:
                with self._told():
                    rows = cursor.fetchmany(FETCH_ROWS)
                if not rows:
                    return
                yield from_stored(table, _frame(table, rows, columns))
        finally:
            cursor.close()

    def several(self, table: str, column: str) -> Iterator[pl.DataFrame]:
        """Rows that share their value with others."""
        query = sql.SQL(
            "select t.seq, w.f from (select {c} as k, min(seq) as f from {t} group by {c} having count(*) > 1) as w "
            "join {t} as t on t.{c} = w.k"
        ).format(c=sql.Identifier(column), t=sql.Identifier(table))
        own = self._connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE
        with (
            self._told(),
            self._connection.cursor(name=f"several_{table}", withhold=own, binary=True) as cursor,
        ):
            cursor.execute(query)
            while rows := cursor.fetchmany(FETCH_ROWS):
                yield pl.DataFrame(rows, schema=dict(SEVERAL), orient="row")

    # --- damage

    def damage(self) -> Iterator[Damage]:
        """Whether the server keeps checksums of its pages; a page that is broken is then told by any reading of it."""
        with self._told():
            kept = self._one("show data_checksums")
        if kept != "on":
            yield Damage("ledger.check_no_checksums", {"found": self.place})

    def facts(self) -> dict[str, str | int]:
        """Version and size."""
        size = (
            "select coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint from pg_class c "
            "where c.relkind = 'r' and c.relnamespace = current_schema()::regnamespace"
        )
        with self._told():
            version, there = self._one("show server_version"), int(self._one(size))
        return {"store": f"PostgreSQL {version}", "bytes": there}

    # --- helpers

    def _run(self, query: str, *values: object) -> psycopg.Cursor[Any]:
        return self._connection.execute(query.encode(), values or None, binary=True)

    def _compose(self, query: str, **parts: sql.Composable) -> psycopg.Cursor[Any]:
        return self._connection.execute(sql.SQL(query).format(**parts), binary=True)

    def _one(self, query: str, *values: object) -> Any:
        row = self._connection.execute(query.encode(), values or None).fetchone()
        return row[0] if row else None

    def _wanted(self, keys: pl.DataFrame) -> tuple[sql.Composable, sql.Composable]:
        """Keys as something to join with (`w`), and the condition."""
        kinds = [_KINDS[keys.schema[name]] for name in keys.columns]
        same = sql.SQL(" and ").join(
            sql.SQL("t.{} = w.{}").format(sql.Identifier(n), sql.Identifier(f"k{i}"))
            for i, n in enumerate(keys.columns)
        )
        places = sql.SQL(", ").join(sql.Identifier(f"k{i}") for i in range(keys.width))
        if keys.height <= ARRAY_MOST or self._reads:  # who only reads may make no table
            arrays = sql.SQL(", ").join(
                sql.SQL("{}::{}[]").format(sql.Literal(keys[name].to_list()), sql.SQL(kind))
                for name, kind in zip(keys.columns, kinds, strict=True)
            )
            return sql.SQL("unnest({}) as w({})").format(arrays, places), same
        columns = ", ".join(f"k{i} {kind}" for i, kind in enumerate(kinds))
        self._run("drop table if exists pg_temp.wanted")
        self._run(f"create temp table wanted ({columns})")
        self._copy(sql.SQL("copy pg_temp.wanted"), keys.sort(keys.columns))
        self._run("analyze pg_temp.wanted")
        return sql.SQL("pg_temp.wanted as w"), same

    def _copy(self, head: sql.Composable, rows: pl.DataFrame) -> None:
        text = rows.with_columns(
            pl.concat_str(pl.lit("\\x"), pl.col(name).bin.encode("hex")).alias(name)
            for name, kind in rows.schema.items()
            if kind == pl.Binary
        )
        with self._connection.cursor().copy(head + sql.SQL(" from stdin (format csv, null '\\N')")) as copy:
            for at in range(0, text.height, BLOCK_ROWS):
                part = text[at : at + BLOCK_ROWS]
                copy.write(
                    part.write_csv(include_header=False, null_value="\\N", quote_style="non_numeric").encode()
                )

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Faults of server, rights and disk as problems; faults of ours as they are."""
        try:
            yield
        except psycopg.Error as error:
            code = code_of(error.sqlstate or "", reads=self._reads)
            if code is None and not isinstance(error, psycopg.OperationalError | psycopg.InternalError):
                raise
            reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
            params: dict[str, str | int] = {"found": self.place, "reason": reason}
            raise ProblemError(Problem(code or "ledger.server", params=params)) from error


_KINDS: Mapping[pl.DataType, str] = {pl.String(): "text", pl.Int64(): "bigint", pl.Binary(): "bytea"}


def _names(columns: list[str]) -> sql.Composable:
    return sql.SQL(", ").join(sql.Identifier(name) for name in columns)


def _frame(table: str, rows: list[tuple[object, ...]], columns: list[str]) -> pl.DataFrame:
    kinds = TABLES[table].columns
    return pl.DataFrame(rows, schema={n: stored_type(kinds[n]) for n in columns}, orient="row")
