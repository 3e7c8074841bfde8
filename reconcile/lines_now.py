"""Lines as they stand now: the last version of each, what is paid on it, what is open, its charge.

In: an open ledger, the lines asked for (or all of them, block by block), the policy. Out: one row a line. Used by proposals and by reports; a
nightly decision never asks for all lines. Refuses nothing: a line without payments has nothing paid.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import polars as pl

from reconcile.covering import all_versions
from reconcile.frames import ASSESSMENTS
from reconcile.ledger import Ledger
from reconcile.policy import Policy
from reconcile.standing import last_versions
from reconcile.whole_groups import whole_groups

# what is read of the derived table of lines; its other columns are as of the night that touched a line last
STANDING: Sequence[str] = ("line_id", "paid", "provisional", "charge", "charge_open", "closed_on")
_VERSION: Sequence[str] = ("seq", *(n for n in ASSESSMENTS if n != "line"))


def lines_now(ledger: Ledger, line_ids: pl.Series, *, policy: Policy) -> pl.DataFrame:
    """These lines: columns of `last_versions`, and `paid`, `provisional`, `open`, `charge`, `charge_open`, `closed_on`."""
    ids = line_ids.alias("line_id").drop_nulls().unique()
    versions = all_versions(ledger, ids)
    return _standing(
        last_versions(versions, policy=policy), ledger.lookup("standing_lines", ids, list(STANDING))
    )


def all_lines(ledger: Ledger, *, policy: Policy) -> Iterator[pl.DataFrame]:
    """Every line of the ledger in one of many frames, in the same columns."""
    for rows in whole_groups(ledger, "assessments", "line_id", _VERSION):
        versions = rows.drop("seq").with_columns(line=pl.lit(0, pl.Int64))
        paid = ledger.lookup("standing_lines", versions["line_id"], list(STANDING))
        yield _standing(last_versions(versions, policy=policy), paid)


def _standing(lines: pl.DataFrame, paid: pl.DataFrame) -> pl.DataFrame:
    marked = paid.with_columns(_stands=pl.lit(value=True))
    joined = lines.join(marked, on="line_id", how="left", maintain_order="left")
    # a charge that cannot be computed is null; a line on which nothing stands has none
    charges = pl.when(pl.col("_stands")).then(pl.col("charge", "charge_open")).otherwise(0)
    known = joined.with_columns(pl.col("paid", "provisional").fill_null(0), charges).drop("_stands")
    return known.with_columns(open=pl.col("due") - pl.col("paid") - pl.col("provisional"))
