"""Keeps the derived table of covers in step with slips and assessments: only slips that the night's rows can have changed are derived again.

In: new slips and new versions, already in the ledger. Out: the slips to decide again, and problems of slips that no line answers for.
A line that arrives after its slip, or a version that changes its notice or sum, changes covers too. Refuses nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from elqr.problems import ProblemLog
from reconcile.covers import derive_covers
from reconcile.frames import ASSESSMENTS, COVERS, SLIPS
from reconcile.ledger import Ledger

_NOTICE = ("payer_id", "notice_no")
_SLIP_READ = tuple(n for n in SLIPS if n != "file_sha256")
_LINE_READ = tuple(n for n in ASSESSMENTS if n != "file_sha256")


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
    """Derive what may have changed, and write the differences. `slips`, `versions`: rows that the run has added, with their `seq`.

    What the run added is in hand and not read back; the ledger is asked for what stood before alone.
    """
    if not slips.height and not versions.height:
        return Covering(slips["slip_key"], versions["line_id"], ProblemLog())
    ids = versions.select("line_id").unique()
    earlier = _before(ledger, "assessments", ids, versions, ["line_id", *_NOTICE])
    old = _old_slips(ledger, ids, slips, versions, earlier)
    affected = pl.concat([old, slips.with_columns(file_sha256=pl.lit("")).select(list(SLIPS))])
    revised = earlier["line_id"].unique()
    if not affected.height:
        return Covering(affected["slip_key"], revised, ProblemLog())
    derived = derive_covers(affected, candidates(ledger, affected, versions))
    before = ledger.lookup("covers", old["slip_key"])
    columns = list(COVERS)
    gone = before.join(derived.frame, on=columns, how="anti")
    new = derived.frame
    if before.height:
        new = new.join(before, on=columns, how="anti", maintain_order="left")
    ledger.store.remove("covers", gone.select("slip_key", "line_id", "component"))
    ledger.store.append("covers", new)
    changed = pl.concat([gone["slip_key"], new["slip_key"], slips["slip_key"]]).unique()
    # nothing can stand yet on a line that is new, but through a slip that is decided again anyway
    moved = new["line_id"].filter(new["slip_key"].is_in(old["slip_key"].implode()))
    lines = pl.concat([gone["line_id"], moved, revised]).unique()
    log = ProblemLog()
    found = derived.log.table()
    log.extend(found.filter(pl.col("slip_key").is_in(changed.implode())) if found.height else found)
    return Covering(changed, lines, log)


def _before(
    ledger: Ledger, table: str, keys: pl.DataFrame, added: pl.DataFrame, columns: Sequence[str]
) -> pl.DataFrame:
    """Rows of a chained table that were there before `added`, in order; `seq` left out."""
    bound = int(added["seq"].min()) if added.height else None  # type: ignore[arg-type]
    rows = ledger.lookup(table, keys, ["seq", *columns], before=bound)
    return rows.sort("seq").drop("seq")


def _old_slips(
    ledger: Ledger, ids: pl.DataFrame, slips: pl.DataFrame, versions: pl.DataFrame, earlier: pl.DataFrame
) -> pl.DataFrame:
    """Stored slips of the notices (as they are and were) and names of new versions' lines."""
    notices = pl.concat([versions.select(_NOTICE), earlier.select(_NOTICE)]).unique()
    of_notice = _before(ledger, "slips", notices, slips, ["slip_key"])
    named = ledger.lookup("named_lines", ids, ["slip_key"])
    keys = pl.concat([of_notice, named]).unique()
    rows = _before(ledger, "slips", keys, slips, _SLIP_READ)
    return rows.with_columns(file_sha256=pl.lit("")).select(list(SLIPS))


def candidates(ledger: Ledger, slips: pl.DataFrame, versions: pl.DataFrame) -> pl.DataFrame:
    """All versions of all lines that these slips could mean, in the order in which they came. `versions`: those that the run added."""
    notices = slips.filter(pl.col("covers").is_null()).select(_NOTICE).unique()
    stored = _before(ledger, "assessments", notices, versions, ["line_id"])
    fresh = versions.join(notices, on=list(_NOTICE), how="semi")
    named = named_lines(slips).select("line_id")
    ids = pl.concat([stored, fresh.select("line_id"), named]).unique()
    old = _before(ledger, "assessments", ids, versions, _LINE_READ)
    new = versions.join(ids, on="line_id", how="semi", maintain_order="left")
    columns = [n for n in ASSESSMENTS if n != "file_sha256"]
    rows = pl.concat([old.select(columns), new.select(columns)])
    return rows.with_columns(file_sha256=pl.lit("")).select(list(ASSESSMENTS))


def all_versions(ledger: Ledger, line_ids: pl.Series) -> pl.DataFrame:
    """Every version of these lines in the order in which they came, as the `ASSESSMENTS` frame."""
    rows = ledger.lookup("assessments", line_ids.alias("line_id"), ["seq", *_LINE_READ])
    return rows.sort("seq").with_columns(file_sha256=pl.lit("")).select(list(ASSESSMENTS))
