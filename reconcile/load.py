"""Takes the registers of a night into the ledger, block by block, and brings the covers in step: memory holds a block, however long the files.

In: the ledger with its run open, the night as read. Out: `Loaded`: counts by file, conflicts; then, by `cover`, what is to be decided again.
A night of one block is one part; a longer one is covered in parts by notice, with the same result. Refuses nothing: the run stops on conflicts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import polars as pl

from elqr.problems import ProblemLog
from reconcile.closure import leading, nothing_paid
from reconcile.covering import NOTICE, Covering, Part, named_lines, renew_covers
from reconcile.frames import COVERS
from reconcile.ledger import Ledger
from reconcile.night import Night
from reconcile.pile import BLOCK_ROWS, Pile
from reconcile.sorted_rows import SortedRows
from reconcile.spill import Parts, part_of
from reconcile.sums import Sums
from reconcile.tables import TABLES
from reconcile.taken import Sifted, Tonight, sift_assessments, sift_slips

PART_ROWS = 200_000
_SIFT: Mapping[str, tuple[Callable[[Ledger, pl.DataFrame, Tonight | None], Sifted], str]] = {
    "slips": (sift_slips, "amount"),
    "assessments": (sift_assessments, "principal"),
}
_FILE: Mapping[str, pl.DataType] = {"file_no": pl.Int64()}


class Counts:
    """Rows and yen by file: `new`, and `already` taken before."""

    def __init__(self) -> None:
        self.new, self.already = Sums(_FILE, ("rows", "yen")), Sums(_FILE, ("rows", "yen"))

    def add(self, found: Sifted, yen: str) -> None:
        """Count rows; `yen`: the column of their amount."""
        for sums, rows in ((self.new, found.new), (self.already, found.already)):
            sums.add(rows.select("file_no", rows=pl.lit(1, pl.Int64), yen=yen))


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """`conflicts`: the first ones, `conflicting`: how many; the rows that were new, with their `seq`. To be closed when they are covered."""

    conflicts: pl.DataFrame
    conflicting: int
    slips: Parts
    versions: Parts
    first: Mapping[str, int]
    parts: int

    def close(self) -> None:
        """Give up the rows."""
        self.slips.close()
        self.versions.close()


def load(ledger: Ledger, night: Night, counts: Counts, *, most: int) -> Loaded:
    """Take what is new of the registers into the ledger. `counts` are added to; `most`: of the conflicts to tell."""
    parts = -(-(night.slips.height + night.assessments.height) // PART_ROWS) or 1
    first = {table: ledger.next_seq(table) for table in _SIFT}
    made: dict[str, Parts] = {}
    told: list[pl.DataFrame] = []
    conflicting = 0
    for table, pile in (("slips", night.slips), ("assessments", night.assessments)):
        sift, yen = _SIFT[table]
        made[table] = Parts(TABLES[table].columns, by=NOTICE, parts=parts)
        with _indexed_later(ledger, table, pile):
            for rows in pile.blocks():
                found = sift(ledger, rows, _tonight(pile, rows, first[table], any_=made[table].height > 0))
                counts.add(found, yen)
                told.append(found.conflicts.head(most - sum(frame.height for frame in told)))
                conflicting += found.conflicts.height
                new = ledger.add(table, found.new)
                made[table].add(new)
                if table == "slips":
                    ledger.store.append("named_lines", named_lines(new))
    return Loaded(
        conflicts=pl.concat(told),
        conflicting=conflicting,
        slips=made["slips"],
        versions=made["assessments"],
        first=first,
        parts=parts,
    )


def _indexed_later(ledger: Ledger, table: str, pile: Pile) -> AbstractContextManager[None]:
    """For the first load of a long register: no row of it is looked up before all are there."""
    long = pile.height > BLOCK_ROWS and not pile.repeats
    return ledger.store.loading([table]) if long and ledger.store.empty(table) else nullcontext()


def _tonight(pile: Pile, rows: pl.DataFrame, first: int, *, any_: bool) -> Tonight | None:
    return Tonight(first, pile.twice(rows[pile.key])) if any_ else None


def cover(ledger: Ledger, loaded: Loaded, night: Night) -> Covering:
    """Derive the covers that may have changed; receipts are in the ledger already. What leads to no payment is not among what is to be decided."""
    if loaded.slips.height + loaded.versions.height <= PART_ROWS:
        slips, versions = (rows.frame().sort("seq") for rows in (loaded.slips, loaded.versions))
        return renew_covers(ledger, slips, versions)
    found = []
    fresh = SortedRows(COVERS, by=["slip_key"])  # all rows of a slip come at once
    for number in range(loaded.parts):
        part = Part(loaded.first, _holder(number, loaded.parts), night.assessments.twice, fresh.add)
        one = renew_covers(ledger, loaded.slips.part(number), loaded.versions.part(number), part)
        found.append((*leading(ledger, slips=one.slips, lines=one.lines), one.log, one.undated))
    with ledger.store.loading(["covers"]) if nothing_paid(ledger) else nullcontext():
        for rows in fresh.blocks():
            ledger.store.append("covers", rows)
    fresh.close()
    log = ProblemLog()
    for *_, told, _ in found:
        log.extend(told)
    return Covering(
        pl.concat([s for s, *_ in found]).unique(),
        pl.concat([n for _, n, *_ in found]).unique(),
        log,
        pl.concat([rows for *_, rows in found]).sort("file_no", "line"),
    )


def _holder(number: int, parts: int) -> Callable[[pl.DataFrame], pl.Series]:
    return lambda rows: part_of(rows, NOTICE, parts=parts) == number
