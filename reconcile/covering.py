"""Keeps the derived table of covers in step with slips and assessments: only slips that the night's rows can have changed are derived again.

In: new slips and new versions, already in the ledger. Out: the slips to decide again, and problems of slips that no line answers for.
A line that arrives after its slip, or a version that changes its notice or sum, changes covers too. Refuses nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from elqr.problems import ProblemLog
from reconcile.covers import derive_covers
from reconcile.frames import ASSESSMENTS, COVERS, SLIPS
from reconcile.ledger import Ledger

_NOTICE = ("payer_id", "notice_no")
_SLIP_READ = ("seq", "file_no", *(n for n in SLIPS if n != "file_sha256"))
_LINE_READ = ("seq", *(n for n in ASSESSMENTS if n != "file_sha256"))


@dataclass(frozen=True)
class Covering:
    """`slips`: keys to decide again; `lines`: lines to decide again, old covers included; `log`: slips without cover."""

    slips: pl.Series
    lines: pl.Series
    log: ProblemLog


def named_lines(slips: pl.DataFrame) -> pl.DataFrame:
    """`slip_key, line_id` of the lines that slips name in `covers`."""
    return (
        slips.filter(pl.col("covers").is_not_null())
        .select("slip_key", line_id=pl.col("covers").str.split(";"))
        .explode("line_id")
        .with_columns(pl.col("line_id").str.split(":").list.first().str.strip_chars())
        .unique(maintain_order=True)
    )


def renew_covers(ledger: Ledger, slips: pl.DataFrame, versions: pl.DataFrame) -> Covering:
    """Derive what may have changed, and write the differences."""
    affected = _affected(ledger, slips, versions)
    if not affected.height:
        return Covering(affected["slip_key"], versions["line_id"].unique(), ProblemLog())
    derived = derive_covers(affected, _candidates(ledger, affected))
    before = ledger.lookup("covers", affected["slip_key"])
    columns = list(COVERS)
    gone = before.join(derived.frame, on=columns, how="anti")
    new = derived.frame.join(before, on=columns, how="anti", maintain_order="left")
    ledger.store.remove("covers", gone.select("slip_key", "line_id", "component"))
    ledger.store.append("covers", new)
    changed = pl.concat([gone["slip_key"], new["slip_key"], slips["slip_key"]]).unique()
    lines = pl.concat([gone["line_id"], new["line_id"], versions["line_id"]]).unique()
    log = ProblemLog()
    found = derived.log.table()
    log.extend(found.filter(pl.col("slip_key").is_in(changed.implode())))
    return Covering(changed, lines, log)


def _affected(ledger: Ledger, slips: pl.DataFrame, versions: pl.DataFrame) -> pl.DataFrame:
    """New slips, and stored ones of the notices (as they are and were) and names of new versions' lines."""
    if not versions.height:
        return _slips(ledger, slips.select("slip_key"))
    ids = versions.select("line_id").unique()
    notices = ledger.lookup("assessments", ids, list(_NOTICE)).unique()
    of_notice = ledger.lookup("slips", notices, ["slip_key"])
    named = ledger.lookup("named_lines", ids, ["slip_key"])
    return _slips(ledger, pl.concat([slips.select("slip_key"), of_notice, named]))


def _slips(ledger: Ledger, keys: pl.DataFrame) -> pl.DataFrame:
    return (
        ledger.lookup("slips", keys, _SLIP_READ)
        .sort("seq")
        .with_columns(file_sha256=pl.lit(""))
        .select(list(SLIPS))
    )


def _candidates(ledger: Ledger, slips: pl.DataFrame) -> pl.DataFrame:
    """All versions of all lines that these slips could mean, in the order in which they came."""
    derived = slips.filter(pl.col("covers").is_null())
    by_notice = ledger.lookup("assessments", derived.select(_NOTICE), ["line_id"])
    return all_versions(ledger, pl.concat([by_notice["line_id"], named_lines(slips)["line_id"]]))


def all_versions(ledger: Ledger, line_ids: pl.Series) -> pl.DataFrame:
    """Every version of these lines in the order in which they came, as the `ASSESSMENTS` frame."""
    rows = ledger.lookup("assessments", line_ids.alias("line_id"), _LINE_READ)
    return rows.sort("seq").with_columns(file_sha256=pl.lit("")).select(list(ASSESSMENTS))
