"""What a ledger asks of its store, the same for the embedded file and for a server.

In and out: frames in the types of `reconcile.tables`. Every change happens between `begin` and `commit`; `begin` refuses a second writer.
Stores raise ProblemError with a `ledger.*` code where the place, the disk or the file is at fault, and leave what was committed as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

import polars as pl

Value = str | int | bytes | None
SEVERAL: Mapping[str, pl.DataType] = {"seq": pl.Int64(), "first": pl.Int64()}  # a row; the first of its kind


def shown(place: object) -> str:
    """A ledger's place as it may be told, printed and kept: a URL without its passwords, however they are written."""
    text = str(place)
    if "://" not in text:
        return text
    return re.sub(r"(?i)(password=)[^&]*", r"\1***", re.sub(r"(://[^:/?@]*):.*@", r"\1:***@", text))


@dataclass(frozen=True)
class Damage:
    """Something that is not as it was written: a problem code and what its sentence names."""

    code: str
    params: Mapping[str, str | int]


class Store(Protocol):
    """Rows in tables, one writer at a time."""

    dialect: str
    place: str

    def begin(self) -> None:
        """Open the one transaction of a run."""

    def commit(self) -> None:
        """Make everything since `begin` last, all or nothing."""

    def rollback(self) -> None:
        """Forget everything since `begin`."""

    def settle(self, run_id: int) -> None:
        """After a commit: whatever the store keeps beside the tables to notice damage."""

    def close(self) -> None:
        """Give the place back."""

    def versions(self) -> list[tuple[int, str, str]]:
        """Migrations applied: number, name, SHA-256; empty where there are no tables yet."""

    def migrate(self, version: int, name: str, sha256: str, sql: str) -> None:
        """Apply one migration inside the open transaction."""

    def append(self, table: str, frame: pl.DataFrame) -> None:
        """Add rows."""

    def loading(self, tables: Sequence[str]) -> AbstractContextManager[None]:
        """Rows for these tables come in several parts, and nobody looks up any of them until the last is there."""

    def replace(self, table: str, frame: pl.DataFrame) -> None:
        """Put rows in the place of those with the same first column, in a derived table of which it is the key."""

    def remove(self, table: str, keys: pl.DataFrame) -> None:
        """Take rows out of a derived table, by equal values in the columns of `keys`."""

    def highest(self, table: str, column: str = "seq") -> int:
        """The greatest number in an indexed column, 0 where there is no row."""

    def empty(self, table: str) -> bool:
        """Whether a table has no row."""

    def lookup(
        self,
        table: str,
        keys: pl.DataFrame,
        columns: list[str],
        *,
        before: int | None = None,
        filled: str | None = None,
    ) -> pl.DataFrame:
        """The rows whose values in the columns of `keys` stand in `keys` (distinct, without nulls), found through an index.

        `before`: only those with a lesser `seq`; `filled`: only those with a value in this column.
        """

    def count(self, table: str) -> int:
        """How many rows a table has."""

    def scan(
        self,
        table: str,
        columns: list[str],
        *,
        after: int = 0,
        most: int = 1 << 62,
        part: tuple[int, int] | None = None,
    ) -> Iterator[pl.DataFrame]:
        """All rows in the order of their first numbering column, in blocks; `after`, `most`: bounds of it.

        `part`: (remainder, divisor) of `payment_no`, 0 where there is none.
        """

    def several(self, table: str, column: str) -> Iterator[pl.DataFrame]:
        """`SEVERAL` of every row of a chained table whose value in an indexed column stands in other rows too, in blocks."""

    def damage(self) -> Iterator[Damage]:
        """What the store itself can find: broken pages, broken indexes."""

    def facts(self) -> dict[str, str | int]:
        """What `elqr ledger info` says of the place."""
