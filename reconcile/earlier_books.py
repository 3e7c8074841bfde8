"""What was posted to lines in books of earlier years: a line that is carried over (滞納繰越) brings the rest into the new year, and no more.

In: an open ledger, the first year that is not asked for. Out: `EarlierBooks`, which tells the yen of any lines. Kept is a row for each line paid in
an earlier year: 128 bits of its id, the year, the yen. Source: reconcile-rules §3 (paid from 1 June on), §6 (収納率 by 現年 and 滞繰).
Refuses nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from reconcile.ledger import Ledger

_READ = ("line_id", "component", "amount", "fiscal_year", "provisional")
_LINE = ("first", "second")  # two hashes of the id: no two lines of a nation share both
_KEPT: Mapping[str, pl.DataType] = {
    **dict.fromkeys(_LINE, pl.UInt64()),
    "books": pl.Int32(),
    "yen": pl.Int64(),
}


class EarlierBooks:
    """Confirmed 本税 by line and year of the books, for the years before `before`; reversals count with their sign."""

    def __init__(self, ledger: Ledger, *, before: int) -> None:
        self._sums, self._new = pl.DataFrame(schema=dict(_KEPT)), [pl.DataFrame(schema=dict(_KEPT))]
        waiting = 0
        for rows in ledger.scan("postings", _READ):
            books = pl.col("fiscal_year").cast(pl.Int32)
            mine = rows.filter(
                pl.col("component") == "principal",
                ~pl.col("provisional").fill_null(value=False),
                books < before,
            )
            self._new.append(mine.select(**_hashes(), books=books, yen="amount"))
            waiting += mine.height
            if waiting > self._sums.height:  # so that what is kept is gone through a few times only
                self._sums, self._new, waiting = self._summed(), [], 0
        self._sums, self._new = self._summed(), []

    def _summed(self) -> pl.DataFrame:
        return pl.concat([self._sums, *self._new]).group_by(*_LINE, "books").agg(pl.col("yen").sum())

    def posted(self, lines: pl.DataFrame) -> pl.Series:
        """Yen of each line (`line_id`, `books`: the year in whose books it stands now) in the books before that."""
        asked = lines.select(**_hashes(), now=pl.col("books").cast(pl.Int32)).with_row_index("_n")
        met = asked.join(self._sums, on=_LINE).filter(pl.col("books") < pl.col("now"))
        found = asked.join(
            met.group_by("_n").agg(pl.col("yen").sum()), on="_n", how="left", maintain_order="left"
        )
        return found["yen"].fill_null(0)


def _hashes() -> dict[str, pl.Expr]:
    return {name: pl.col("line_id").hash(seed=seed) for seed, name in enumerate(_LINE)}
