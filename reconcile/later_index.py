"""Indexes of SQLite made when all rows are there: sorted once, an index costs less than one that grows row by row.

In: how to run a statement, tables. Out: the tables without their indexes for as long as the context lasts, with them afterwards. Belongs into
the transaction: where it is undone, the indexes are as they were. Refuses nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def indexed_later(run: Callable[..., Any], tables: Iterable[str]) -> Iterator[None]:
    """Only what keys make, not constraints. Nothing may look the rows up meanwhile."""
    made_by = "select name, sql from sqlite_master where type = 'index' and tbl_name = ? and sql > ''"
    indexes = [found for table in tables for found in run(made_by, (table,)).fetchall()]
    for name, _ in indexes:
        run(f"drop index {name}")
    yield
    for _, made in indexes:
        run(made)
