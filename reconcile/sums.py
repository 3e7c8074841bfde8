"""Sums over rows that come block by block: what is kept is one row a key, however many rows there were.

In: frames. Out: one frame of whole numbers, sorted by its keys. Refuses nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl


class Sums:
    """`by`: key columns (a null is a key like any other); `of`: columns of Int64 that are added up, 0 where nothing has come."""

    def __init__(self, by: Mapping[str, pl.DataType], of: tuple[str, ...]) -> None:
        self._by, self._of = list(by), of
        self._sums = pl.DataFrame(schema={**by, **dict.fromkeys(of, pl.Int64())})

    def add(self, rows: pl.DataFrame) -> None:
        """Take rows with these columns."""
        both = pl.concat([self._sums, rows.select(self._sums.columns)])
        self._sums = both.group_by(self._by).agg(pl.col(self._of).sum())

    def frame(self) -> pl.DataFrame:
        """What they come to."""
        return self._sums.sort(self._by, nulls_last=False)
