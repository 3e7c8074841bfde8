"""A whole table in blocks in which what belongs together stands together: all versions of a line, all events of a payment.

In: an open ledger, a chained table, an indexed column, columns. Out: frames; each value of the column in one of them, with all its rows. A byte a
row of the table is kept; nothing else grows with it. Refuses nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from reconcile.ledger import Ledger
from reconcile.world import EVENTS_READ

_ALONE, _FIRST, _LATER = 0, 1, 2


def whole_groups(ledger: Ledger, table: str, by: str, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
    """`seq` and the columns, in the order of `seq` within a frame. `by`: never null, with an index.

    Rows that are alone come as they are scanned. Where the first of several is met, all of them are looked up; the others are passed over.
    """
    names = list(dict.fromkeys(("seq", by, *columns)))
    part = _parts(ledger, table, by)
    for block in ledger.scan(table, names):
        mine = part[block["seq"].to_numpy()]
        rows = block.filter(pl.Series(mine == _ALONE))
        firsts = block.filter(pl.Series(mine == _FIRST))[by]
        if len(firsts):
            rows = pl.concat([rows, ledger.lookup(table, firsts, names)]).sort("seq")
        yield rows


def payments_whole(ledger: Ledger) -> Iterator[pl.DataFrame]:
    """All receipts as `EVENTS_READ`, every payment with all its events in one frame."""
    for events in whole_groups(ledger, "receipts", "payment_id", list(EVENTS_READ)):
        yield events.select(list(EVENTS_READ))


def _parts(ledger: Ledger, table: str, by: str) -> NDArray[np.uint8]:
    """What each row is, by `seq`: alone, the first of several, or a later one."""
    part = np.zeros(ledger.store.highest(table) + 1, dtype=np.uint8)
    for rows in ledger.several(table, by):
        part[rows["seq"].to_numpy()] = _LATER
        part[rows["first"].to_numpy()] = _FIRST
    return part
