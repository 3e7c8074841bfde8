"""All register files of one kind that a night brings, as one row of blocks; and which of their keys come more than once tonight.

In: registers with their place in `files`. Out: frames with `file_no`, of bounded size, in the order of files and rows. Refuses nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import polars as pl

from reconcile.register import Register, hashes, repeated_in

BLOCK_ROWS = 100_000


class Pile:
    """To be closed when its rows are no longer needed."""

    def __init__(self, schema: Mapping[str, pl.DataType], *, key: str) -> None:
        self.height = 0
        self.key = key
        self._none = pl.DataFrame(schema={**schema, "file_no": pl.Int64()})
        self._registers: list[tuple[int, Register]] = []
        self._twice: pl.Series | None = None

    def add(self, file_no: int, register: Register) -> None:
        """Put a file on it."""
        self._registers.append((file_no, register))
        self.height += register.height
        self._twice = None

    def blocks(self) -> Iterator[pl.DataFrame]:
        """All rows; at least one frame. Can be asked for again."""
        held = self._none
        for file_no, register in self._registers:
            for frame in register.blocks():
                held = pl.concat([held, frame.with_columns(file_no=pl.lit(file_no, pl.Int64))])
                while held.height > BLOCK_ROWS:
                    yield held[:BLOCK_ROWS]
                    held = held[BLOCK_ROWS:]
        yield held

    @property
    def repeats(self) -> bool:
        """Whether any key may come more than once tonight."""
        return len(self._again()) > 0

    def twice(self, keys: pl.Series) -> pl.Series:
        """Those of these keys that may come more than once tonight: all that do, and a stray one that only looks so."""
        again = self._again()
        return keys.filter(keys.hash().is_in(again.implode())) if len(again) else keys.clear()

    def _again(self) -> pl.Series:
        if self._twice is None:
            parts = [register.keys for _, register in self._registers]
            self._twice = repeated_in(np.concatenate([hashes(pl.Series([], dtype=pl.String)), *parts]))
        return self._twice

    def close(self) -> None:
        """Give up the rows."""
        for _, register in self._registers:
            register.close()
