"""Rows beyond memory: frames put aside in a file without a name, and read again as they were.

In: frames of one schema. Out: the same rows in the order in which they came (`Rows`), or by the part that a hash of their key names (`Parts`).
The file vanishes with the process, however that ends. Refuses (ProblemError `out.unwritable`): a disk for temporary files that is full.
"""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from typing import IO

import numpy as np
import polars as pl

from elqr.problems import Problem, ProblemError

HELD_ROWS = 200_000  # in memory, before they go to the file
Place = tuple[int, int]  # where in the file, how many bytes


class Spill:
    """The file. To be closed when it is no longer needed."""

    def __init__(self) -> None:
        self._file: IO[bytes] | None = None

    def keep(self, frame: pl.DataFrame) -> Place:
        """Put a frame aside."""
        data = frame.write_ipc(None, compression="lz4", compat_level=pl.CompatLevel.oldest()).getbuffer()
        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile()  # noqa: SIM115 - open until `close`
            place = self._file.seek(0, io.SEEK_END)
            self._file.write(data)
            self._file.flush()
        except OSError as error:
            params: dict[str, str | int] = {"found": tempfile.gettempdir(), "reason": error.strerror or ""}
            raise ProblemError(Problem("out.unwritable", params=params)) from None
        return place, len(data)

    def read(self, place: Place) -> pl.DataFrame:
        """The frame of a place."""
        if self._file is None:
            raise ValueError("the rows were given back")
        self._file.seek(place[0])
        return pl.read_ipc(self._file.read(place[1]))

    def close(self) -> None:
        """Give the file back; nothing is left to be read."""
        if self._file is not None:
            self._file.close()
            self._file = None


class Rows:
    """Rows in the order in which they came: in memory while they are few. To be closed when they are no longer needed."""

    def __init__(self, schema: Mapping[str, pl.DataType]) -> None:
        self.height = 0
        self._none = pl.DataFrame(schema=dict(schema))
        self._held: list[pl.DataFrame] = []
        self._places: list[Place] = []
        self._spill = Spill()

    def add(self, rows: pl.DataFrame) -> None:
        """Take rows that have the columns of the schema."""
        self.height += rows.height
        self._held.append(rows.select(self._none.columns))
        if sum(frame.height for frame in self._held) >= HELD_ROWS:
            self._places += [self._spill.keep(frame) for frame in self._held]
            self._held = []

    def blocks(self) -> Iterator[pl.DataFrame]:
        """All rows, in frames as they came. Can be asked for again."""
        for place in self._places:
            yield self._spill.read(place).select(self._none.columns)
        yield from self._held

    def frame(self) -> pl.DataFrame:
        """All rows at once: for files that are known to be small."""
        return pl.concat([self._none, *self.blocks()])

    def close(self) -> None:
        """Give the file back."""
        self._held, self._places = [], []
        self._spill.close()


class Parts:
    """Rows in `parts` parts; rows with the same key columns are in the same part, in the order in which they came."""

    def __init__(self, schema: Mapping[str, pl.DataType], *, by: Sequence[str], parts: int) -> None:
        self.height = 0
        self._by, self._parts = list(by), parts
        self._none = pl.DataFrame(schema=dict(schema))
        self._held: list[pl.DataFrame] = []
        self._places: list[list[Place]] = [[] for _ in range(parts)]
        self._spill = Spill()

    def add(self, rows: pl.DataFrame) -> None:
        """Take rows that have the columns of the schema."""
        self.height += rows.height
        self._held.append(rows.select(self._none.columns))
        if self._parts > 1 and sum(frame.height for frame in self._held) >= HELD_ROWS:
            whole = pl.concat(self._held)
            self._held = []
            numbers = part_of(whole, self._by, parts=self._parts).cast(pl.UInt32).to_numpy()
            ordered = whole[np.argsort(numbers, kind="stable")]
            ends = np.cumsum(np.bincount(numbers, minlength=self._parts)).tolist()
            for places, first, end in zip(self._places, [0, *ends], ends, strict=False):
                if end > first:
                    places.append(self._spill.keep(ordered[first:end]))

    def part(self, number: int) -> pl.DataFrame:
        """The rows of one part."""
        spilled = [self._spill.read(place).select(self._none.columns) for place in self._places[number]]
        return pl.concat([self._none, *spilled, *(self._of(rows, number) for rows in self._held)])

    def frame(self) -> pl.DataFrame:
        """All rows at once, part by part; in the order in which they came as long as nothing went to the file."""
        if not any(self._places):
            return pl.concat([self._none, *self._held])
        return pl.concat([self.part(number) for number in range(self._parts)])

    def _of(self, rows: pl.DataFrame, number: int) -> pl.DataFrame:
        return rows if self._parts == 1 else rows.filter(part_of(rows, self._by, parts=self._parts) == number)

    def close(self) -> None:
        """Give the file back."""
        self._held, self._places = [], [[] for _ in range(self._parts)]
        self._spill.close()


def part_of(rows: pl.DataFrame, by: Sequence[str], *, parts: int) -> pl.Series:
    """The number of the part to which each row belongs."""
    return rows.select(by).hash_rows() % parts
