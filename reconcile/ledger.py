"""The ledger: everything that came in and everything that was decided, added run by run, each run one commit and one link of a chain.

In: a path (embedded) or a `postgresql://` URL. Out: `Ledger`, the one interface that run, refunds and reports use over both stores.
Refuses (ProblemError): a second writer; a ledger that is missing, damaged, older (migrate it) or newer; a run whose totals do not balance.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from elqr.problems import Problem, ProblemError
from reconcile.at_rest import unlocked
from reconcile.chain import FIRST, BatchDigest, moved, run_digest, standing_digest
from reconcile.migrations import Migration, outstanding
from reconcile.remote import kind_of_share
from reconcile.store import Store
from reconcile.swar import Bytes
from reconcile.tables import ENTRIES, TABLES

URL = ("postgresql://", "postgres://")


@dataclass(frozen=True, kw_only=True)
class Standing:
    """The whole ledger after a run. `totals`: name -> `[count, yen]`; `sums`: table -> sum of row digests; `result`: digest of it all."""

    run_id: int = 0
    as_of: str = ""
    digest: str = FIRST
    payments: int = 0
    totals: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    sums: Mapping[str, str] = field(default_factory=dict)

    @property
    def result(self) -> str:
        """What stands, as one digest: the same for any order, split and repetition of the inputs."""
        return standing_digest({name: self.sums.get(name, FIRST) for name in ENTRIES})


def open_store(place: str | Path, *, writer: bool) -> Store:
    """The store at a path or URL. Raises ProblemError where it cannot be opened."""
    text = str(place)
    if text.startswith(URL):
        try:
            from reconcile.store_postgres import PostgresStore
        except ImportError:
            raise ProblemError(Problem("ledger.no_driver", params={"found": URL[0]})) from None

        return PostgresStore(text, writer=writer)
    if "://" in text:
        raise ProblemError(
            Problem("ledger.url", params={"found": text.partition("://")[0] + "://", "expected": URL[0]})
        )
    from reconcile.store_sqlite import SqliteStore

    return SqliteStore(Path(text), writer=writer)


def is_there(place: str) -> bool:
    """Whether a ledger (or any file) stands at this place. One without a table, as a full disk leaves it, is none yet."""
    path = Path(place)
    if not place.startswith(URL) and (not path.is_file() or not path.stat().st_size):
        return path.exists() and not path.is_file()
    store = open_store(place, writer=False)
    try:
        return bool(store.versions())
    finally:
        store.close()


@contextmanager
def open_ledger(place: str | Path, *, writer: bool = False, create: bool = False) -> Iterator[Ledger]:
    """The ledger at `place`, closed at the end. `writer` takes the lock; `create` makes the tables where there are none.

    Raises ProblemError (`ledger.in_use`, `ledger.missing`, `ledger.older`, `ledger.newer`, `ledger.damaged` …).
    """
    if writer and not create and not str(place).startswith(URL) and not Path(place).exists():
        raise ProblemError(Problem("ledger.missing", params={"found": str(place)}))
    store = open_store(place, writer=writer)
    try:
        applied = store.versions()
        left = outstanding(store.dialect, applied, place=store.place)
        if left and not applied and create:
            migrate(store, left)
        elif left:
            code = "ledger.older" if applied else "ledger.missing"
            params: dict[str, str | int] = {
                "found": store.place,
                "version": len(applied),
                "expected": left[-1].version,
            }
            raise ProblemError(Problem(code, params=params))
        ledger = Ledger(store)
        if writer and not str(place).startswith(URL) and (kind := kind_of_share(Path(place))):
            ledger.notes.append(Problem("ledger.on_a_share", params={"found": store.place, "kind": kind}))
        yield ledger
    finally:
        store.close()


@contextmanager
def open_whole(place: str | Path) -> Iterator[Ledger]:
    """For checks and copies: with the lock, so that no run changes it meanwhile. Where nothing can be written, it is read as it lies."""
    with ExitStack() as ends:
        try:
            ledger = ends.enter_context(open_ledger(place, writer=True))
        except ProblemError as error:
            if str(place).startswith(URL) or error.problems[0].code != "ledger.read_only":
                raise
            ends.enter_context(unlocked(Path(place).resolve(), str(place)))
            ledger = ends.enter_context(open_ledger(place))
        yield ledger


def migrate(store: Store, steps: tuple[Migration, ...]) -> None:
    """Apply steps, all or none."""
    store.begin()
    try:
        for step in steps:
            store.migrate(step.version, step.name, step.sha256, step.sql)
        store.commit()
    except BaseException:
        store.rollback()
        raise
    store.settle(store.highest("runs", "run_id"))


class Ledger:
    """A ledger that is open. Reading needs nothing more; adding happens between `begin` and `commit`."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.standing = self._last()
        self.notes: list[
            Problem
        ] = []  # to be said of it, and no reason to refuse: where it lies, what went wrong after a commit
        self._batches: dict[str, BatchDigest] = {}
        self._next: dict[str, int] = {}
        self._sums: dict[str, str] = {}

    def _last(self) -> Standing:
        number = self.store.highest("runs", "run_id")
        if not number:
            return Standing()
        frame = pl.concat(self.store.scan("runs", list(TABLES["runs"].columns), after=number - 1))
        row = frame.row(0, named=True)
        said = json.loads(row["standing"])
        return Standing(
            run_id=number,
            as_of=row["as_of"] or "",
            digest=row["digest"],
            payments=row["payments"],
            totals={name: (count, yen) for name, (count, yen) in said["totals"].items()},
            sums=said["sums"],
        )

    @property
    def run_id(self) -> int:
        """The number of the run that is open."""
        return self.standing.run_id + 1

    def begin(self) -> None:
        """Open a run. Nothing else may have been written since this ledger was opened, for the lock is ours."""
        self.store.begin()
        self.standing = self._last()
        self._batches, self._next = {}, {}
        self._sums = {name: self.standing.sums.get(name, FIRST) for name in ENTRIES}

    @property
    def grown(self) -> bool:
        """Whether the open run has added a row that counts."""
        return bool(self._batches)

    def add(self, table: str, frame: pl.DataFrame) -> pl.DataFrame:
        """Add rows to a chained table: numbered, marked with the run, digested. The rows as they stand now come back."""
        if not frame.height:
            return frame.with_columns(seq=pl.lit(0, pl.Int64), run_id=pl.lit(self.run_id, pl.Int64))
        first = self.next_seq(table)
        self._next[table] = first + frame.height
        columns = TABLES[table].columns
        rows = frame.with_columns(
            seq=pl.int_range(first, first + frame.height, dtype=pl.Int64),
            run_id=pl.lit(self.run_id, pl.Int64),
        ).select(list(columns))
        self.store.append(table, rows)
        self._batches.setdefault(table, BatchDigest(table)).add(rows)
        return rows

    def next_seq(self, table: str) -> int:
        """The number that the next row of a chained table gets."""
        return self._next.get(table) or self.store.highest(table) + 1

    def count(self, table: str, *, added: Bytes, taken: Bytes) -> None:
        """Move the digest of what stands: digests of `row_keys` of entries that came, and of entries that were reversed."""
        if len(added) or len(taken):
            self._sums[table] = moved(self._sums[table], added=added, taken=taken)

    def commit(
        self,
        *,
        kind: str,
        as_of: str,
        inputs: object,
        totals: Mapping[str, tuple[int, int]],
        payments: int,
        who: str | None = None,
        at: str | None = None,
    ) -> Standing:
        """Write the run with its link of the chain, and commit. What stands afterwards."""
        after = self._link(kind, as_of, inputs, totals, payments, who, at)
        self.store.commit()
        self.standing = after
        try:
            self.store.settle(after.run_id)
        except ProblemError as error:  # the run is committed all the same
            reason = str(error.problems[0].params.get("reason", error.problems[0].code))
            self.notes.append(
                Problem("ledger.not_sealed", params={"found": self.store.place, "reason": reason})
            )
        return after

    def would_be(self, totals: Mapping[str, tuple[int, int]], payments: int) -> Standing:
        """What would stand if the open run were committed, without its digest."""
        return Standing(
            run_id=self.run_id, digest="", payments=payments, totals=dict(totals), sums=dict(self._sums)
        )

    def _link(
        self,
        kind: str,
        as_of: str,
        inputs: object,
        totals: Mapping[str, tuple[int, int]],
        payments: int,
        who: str | None,
        at: str | None,
    ) -> Standing:
        sums = dict(self._sums)
        said = {"totals": {name: list(pair) for name, pair in totals.items()}, "sums": sums}
        after = Standing(run_id=self.run_id, as_of=as_of, payments=payments, totals=dict(totals), sums=sums)
        run: dict[str, object] = {
            "run_id": self.run_id,
            "kind": kind,
            "as_of": as_of,
            "who": who,
            "at": at,
            "inputs": json.dumps(inputs, ensure_ascii=False, sort_keys=True),
            "standing": json.dumps(said, sort_keys=True),
            "result": after.result,
            "payments": payments,
            "prev_digest": self.standing.digest,
        }
        digest = run_digest(run, {name: batch.finish() for name, batch in self._batches.items()})
        row = pl.DataFrame([{**run, "digest": digest}], schema=dict(TABLES["runs"].columns))
        self.store.append("runs", row)
        return Standing(
            run_id=self.run_id, as_of=as_of, digest=digest, payments=payments, totals=dict(totals), sums=sums
        )

    def rollback(self) -> None:
        """Forget the open run."""
        self.store.rollback()
        self._batches, self._next = {}, {}

    def lookup(
        self,
        table: str,
        keys: pl.DataFrame | pl.Series,
        columns: Sequence[str] | None = None,
        *,
        before: int | None = None,
        filled: str | None = None,
    ) -> pl.DataFrame:
        """Rows by key through an index; `keys`: a series, or a frame for keys of several columns. Nulls are left out.

        `before`: only rows of a chained table with a lesser `seq`: what stood before the run. `filled`: only rows that have a value there.
        """
        frame = keys.to_frame() if isinstance(keys, pl.Series) else keys
        if frame.height and (before == 1 or self.store.empty(table)):
            frame = frame.clear()
        names = list(columns or TABLES[table].columns)
        return self.store.lookup(table, _distinct(frame), names, before=before, filled=filled)

    def scan(
        self, table: str, columns: Sequence[str] | None = None, *, part: tuple[int, int] | None = None
    ) -> Iterator[pl.DataFrame]:
        """A whole table in blocks, in order: for reports, checks and copies, never for a nightly decision.

        `part`: (remainder, divisor): only rows whose `payment_no` leaves that remainder.
        """
        return self.store.scan(table, list(columns or TABLES[table].columns), part=part)

    def several(self, table: str, column: str) -> Iterator[pl.DataFrame]:
        """`seq, first` of the rows that share their value of an indexed column with others; `first`: the least `seq` of that value."""
        return self.store.several(table, column)


def _distinct(keys: pl.DataFrame) -> pl.DataFrame:
    """Keys without nulls, each once. A single column comes sorted, in which equals are neighbours: no store has to sort it again."""
    if not keys.height or keys.width > 1:
        return keys.drop_nulls().unique() if keys.height else keys
    column = keys.to_series().drop_nulls().sort()
    return column.filter(column.ne_missing(column.shift())).to_frame()
