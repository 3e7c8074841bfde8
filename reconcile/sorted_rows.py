"""More rows than memory should hold, given back in order: sorted runs in a file without a name, merged when they are read.

In: frames of one schema, in any order. Out: frames in the order of the key columns, the same rows whatever came together. The file vanishes with
the process, however that ends. Refuses (ProblemError `out.unwritable`): a disk for temporary files that is full.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import polars as pl

from reconcile.spill import Place, Spill

HELD_ROWS = 200_000  # in memory, before they become a run
PART_ROWS = 10_000  # of each run, in memory while runs are merged


class SortedRows:
    """Rows to be read in the order of `by`; two that are equal in it come in one frame. To be closed when it is no longer needed."""

    def __init__(self, schema: Mapping[str, pl.DataType], *, by: Sequence[str]) -> None:
        self.rows = 0
        self._none = pl.DataFrame(schema=dict(schema))
        self._by = list(by)
        self._held: list[pl.DataFrame] = []
        self._runs: list[list[Place]] = []
        self._spill = Spill()

    def add(self, rows: pl.DataFrame) -> None:
        """Take rows that have the columns of the schema."""
        self.rows += rows.height
        self._held.append(rows.select(self._none.columns))
        if sum(frame.height for frame in self._held) >= HELD_ROWS:
            self._runs.append([self._spill.keep(part) for part in self._in_hand().iter_slices(PART_ROWS)])
            self._held = []

    def blocks(self) -> Iterator[pl.DataFrame]:
        """All rows, in order; a frame without rows where there are none. Can be asked for again."""
        if not self._runs:
            yield self._in_hand()
            return
        runs = [iter(map(self._read, run)) for run in self._runs]
        yield from merged([*runs, self._in_hand().iter_slices(PART_ROWS)], by=self._by)

    def close(self) -> None:
        """Give the file back; nothing is left to be read."""
        self._held, self._runs = [], []
        self._spill.close()

    def _in_hand(self) -> pl.DataFrame:
        return pl.concat([self._none, *self._held]).sort(self._by)

    def _read(self, place: Place) -> pl.DataFrame:
        return self._spill.read(place).select(self._none.columns)


def merged(runs: Sequence[Iterator[pl.DataFrame]], *, by: Sequence[str]) -> Iterator[pl.DataFrame]:
    """Runs that are sorted, each given in parts, as one: always all rows up to the part that ends first."""
    fronts = {n: part for n, run in enumerate(runs) if (part := next(run, None)) is not None}
    while fronts:
        ends = {n: _place(part, -1, by) for n, part in fronts.items()}
        first = min(ends, key=lambda n: ends[n])
        near = [n for n, part in fronts.items() if _place(part, 0, by) <= ends[first]]
        rows = pl.concat([fronts[n].with_columns(_run=pl.lit(n)) for n in near]).sort(by)
        cut = int((rows["_run"] == first).arg_true()[-1]) + 1
        yield rows[:cut].drop("_run")
        for n in near:
            left = rows[cut:].filter(pl.col("_run") == n).drop("_run")
            part = left if left.height else next(runs[n], None)
            if part is None:
                del fronts[n]
            else:
                fronts[n] = part


def _place(rows: pl.DataFrame, at: int, by: Sequence[str]) -> tuple[tuple[bool, Any], ...]:
    """The key of a row, so that it compares as polars sorts: nulls first."""
    return tuple((cell is not None, cell) for cell in rows.select(by).row(at))
