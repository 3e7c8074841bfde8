"""The instalments of one notice beside each of its slips, for the table on a tax notice.

In: the rows of one output file (bundles are never split, so all slips of a notice on one form are in it). Out: for each row the periods, amounts and
due dates of its notice in order, as columns `inst_period_1` … A whole-year slip stands apart when instalments exist, or the table
would add up to twice the tax. Refuses nothing: notices with more lines than the table has were held before.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from slips.order import NOTICE, WHOLE_YEAR, payer


def instalment_columns(frame: pl.DataFrame, *, rows: int) -> pl.DataFrame:
    """`inst_period_k` (String), `inst_amount_k` (Int64), `inst_due_k` (Date) for k = 1 … `rows`, null where there is none.

    Also `inst_full_amount`, `inst_full_due`: the whole-year slip of a notice that has instalments too.
    """
    keyed = frame.with_columns(payer=payer()).select(
        "period",
        "amount",
        "due_date",
        "line",
        *NOTICE,
        whole=pl.col("period").fill_null(WHOLE_YEAR) == WHOLE_YEAR,
    )
    keyed = keyed.with_columns(
        notice=pl.struct(NOTICE).rank("dense").cast(pl.Int64) - 1,
        alone=pl.col("whole").all().over(NOTICE),
        row=pl.int_range(pl.len(), dtype=pl.Int64),
    )
    listed = (
        keyed.filter(~pl.col("whole") | pl.col("alone"))
        .sort("notice", "period", "line")
        .with_columns(place=pl.int_range(pl.len(), dtype=pl.Int64).over("notice"))
        .filter(pl.col("place") < rows)
    )
    notices = keyed["notice"].to_numpy()
    of_place = np.full((int(notices.max(initial=-1)) + 1, rows), -1, np.int64)
    of_place[listed["notice"].to_numpy(), listed["place"].to_numpy()] = listed["row"].to_numpy()
    sources = {"inst_period": keyed["period"], "inst_amount": keyed["amount"], "inst_due": keyed["due_date"]}
    found: list[pl.Series] = []
    for place in range(rows):
        row = _rows(of_place[notices, place])
        found += [source.gather(row).alias(f"{name}_{place + 1}") for name, source in sources.items()]
    whole_of = np.full(of_place.shape[0], -1, np.int64)
    apart = keyed.filter(pl.col("whole") & ~pl.col("alone")).sort("line", descending=True)  # first line wins
    whole_of[apart["notice"].to_numpy()] = apart["row"].to_numpy()
    row = _rows(whole_of[notices])
    found += [
        keyed["amount"].gather(row).alias("inst_full_amount"),
        keyed["due_date"].gather(row).alias("inst_full_due"),
    ]
    return pl.DataFrame(found)


def _rows(numbers: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> pl.Series:
    """Row numbers for gather; -1 means none."""
    rows = pl.Series(numbers)
    return rows.set(rows < 0, None)
