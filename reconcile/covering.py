"""Keeps the derived table of covers in step with slips and assessments: only slips that the night's rows can have changed are derived again.

In: new slips and new versions, already in the ledger, all of the night or the part of some notices. Out: the slips to decide again, and
problems of slips that no line answers for. A line that arrives after its slip, or a version that changes its notice or sum, changes covers too.
Refuses nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from elqr.problems import ProblemLog
from reconcile.covers import Covers, derive_covers
from reconcile.frames import ASSESSMENTS, COVERS, SLIPS, empty
from reconcile.ledger import Ledger

NOTICE = ("payer_id", "notice_no")


@dataclass(frozen=True)
class Covering:
    """`slips`: keys to decide again; `lines`: lines to decide again, old covers included; `log`: slips without cover; `undated`: `UNDATED`."""

    slips: pl.Series
    lines: pl.Series
    log: ProblemLog
    undated: pl.DataFrame


UNDATED: Mapping[str, pl.DataType] = {
    "file_no": pl.Int64(),
    "line": pl.Int64(),
    "line_id": pl.String(),
    "last": pl.Date(),  # 更正日 of the last version known before, null where none names one
}
"""更正 that name no day: rows of the night whose line was known before the run."""


@dataclass(frozen=True)
class Part:
    """What a part of the night does not hold itself. `first`: the first `seq` that the run added, by table; `holds`: which rows are of notices
    of this part; `twice`: those of these lines that may have versions in several parts; `keep`: takes covers of the run's own slips, which nobody
    looks up before all parts are through: the caller writes them, in order."""

    first: Mapping[str, int]
    holds: Callable[[pl.DataFrame], pl.Series]
    twice: Callable[[pl.Series], pl.Series]
    keep: Callable[[pl.DataFrame], None]


def named_lines(slips: pl.DataFrame) -> pl.DataFrame:
    """`slip_key, line_id` of the lines that slips name in `covers`."""
    return (
        slips.filter(pl.col("covers").is_not_null())
        .select("slip_key", line_id=pl.col("covers").str.split(";"))
        .explode("line_id")
        .with_columns(pl.col("line_id").str.split(":").list.first().str.strip_chars())
        .unique(maintain_order=True)
    )


def renew_covers(
    ledger: Ledger, slips: pl.DataFrame, versions: pl.DataFrame, part: Part | None = None
) -> Covering:
    """Derive what may have changed, and write the differences. `slips`, `versions`: rows that the run has added, with their `seq`; all of them,
    or those of the notices of a `part`.

    What the run added is in hand and not read back; the ledger is asked for what stood before alone.
    """
    if not slips.height and not versions.height:
        return Covering(slips["slip_key"], versions["line_id"], ProblemLog(), empty(UNDATED))
    first = part.first if part else {"slips": _first(slips), "assessments": _first(versions)}
    ids = versions.select("line_id").unique()
    earlier = _before(ledger, "assessments", ids, first, ["line_id", "revised_at", *NOTICE])
    old = _old_slips(ledger, ids, versions, earlier, first)
    affected = pl.concat([old, slips.select(list(SLIPS))])
    revised = earlier["line_id"].unique()
    undated = _undated(versions, earlier)
    if not affected.height:
        return Covering(affected["slip_key"], revised, ProblemLog(), undated)
    if part:
        derived = _derived_in_part(ledger, affected, versions, earlier["line_id"], part)
    else:
        derived = derive_covers(affected, candidates(ledger, affected, versions))
    before = ledger.lookup("covers", old["slip_key"])
    columns = list(COVERS)
    gone = before.join(derived.frame, on=columns, how="anti")
    new = derived.frame
    if before.height:
        new = new.join(before, on=columns, how="anti", maintain_order="left")
    ledger.store.remove("covers", gone.select("slip_key", "line_id", "component"))
    of_old = new["slip_key"].is_in(old["slip_key"].implode())
    if part:
        part.keep(new.filter(~of_old))
    ledger.store.append("covers", new.filter(of_old) if part else new)
    changed = pl.concat([gone["slip_key"], new["slip_key"], slips["slip_key"]]).unique()
    # nothing can stand yet on a line that is new, but through a slip that is decided again anyway
    moved = new["line_id"].filter(of_old)
    lines = pl.concat([gone["line_id"], moved, revised]).unique()
    log = ProblemLog()
    found = derived.log.table()
    log.extend(found.filter(pl.col("slip_key").is_in(changed.implode())) if found.height else found)
    return Covering(changed, lines, log, undated)


def _undated(versions: pl.DataFrame, earlier: pl.DataFrame) -> pl.DataFrame:
    """Rows without a day of lines that stood before, as `UNDATED`."""
    last = earlier.group_by("line_id").agg(last=pl.col("revised_at").max())
    found = versions.filter(pl.col("revised_at").is_null()).join(last, on="line_id", maintain_order="left")
    return found.select(list(UNDATED))


def _first(added: pl.DataFrame) -> int | None:
    """The first `seq` of rows that the run added."""
    return int(added["seq"].min()) if added.height else None  # type: ignore[arg-type]


def _before(
    ledger: Ledger, table: str, keys: pl.DataFrame, first: Mapping[str, int | None], columns: Sequence[str]
) -> pl.DataFrame:
    """Rows of a chained table that were there before the run, in order; `seq` left out."""
    rows = ledger.lookup(table, keys, ["seq", *columns], before=first[table])
    return rows.sort("seq").drop("seq")


def _old_slips(
    ledger: Ledger,
    ids: pl.DataFrame,
    versions: pl.DataFrame,
    earlier: pl.DataFrame,
    first: Mapping[str, int | None],
) -> pl.DataFrame:
    """Stored slips of the notices (as they are and were) and names of new versions' lines."""
    notices = pl.concat([versions.select(NOTICE), earlier.select(NOTICE)]).unique()
    of_notice = _before(ledger, "slips", notices, first, ["slip_key"])
    named = ledger.lookup("named_lines", ids, ["slip_key"])
    keys = pl.concat([of_notice, named]).unique()
    return _before(ledger, "slips", keys, first, list(SLIPS))


def candidates(ledger: Ledger, slips: pl.DataFrame, versions: pl.DataFrame) -> pl.DataFrame:
    """All versions of all lines that these slips could mean, in the order in which they came. `versions`: all that the run added and that are not to
    be read back."""
    first = {"assessments": _first(versions)}
    notices = slips.filter(pl.col("covers").is_null()).select(NOTICE).unique()
    stored = _before(ledger, "assessments", notices, first, ["line_id"])
    fresh = versions.join(notices, on=list(NOTICE), how="semi")
    named = named_lines(slips).select("line_id")
    ids = pl.concat([stored, fresh.select("line_id"), named]).unique()
    old = _before(ledger, "assessments", ids, first, list(ASSESSMENTS))
    new = versions.join(ids, on="line_id", how="semi", maintain_order="left")
    columns = list(ASSESSMENTS)
    return pl.concat([old.select(columns), new.select(columns)])


def _derived_in_part(
    ledger: Ledger, slips: pl.DataFrame, versions: pl.DataFrame, known: pl.Series, part: Part
) -> Covers:
    """The same, where `versions` are those of some notices. Slips of notices that are new tonight find all their lines among them; for the others
    the ledger is read, with all that the run added. `known`: lines of `versions` that stood before."""
    notices = slips.filter(pl.col("covers").is_null()).select(NOTICE).unique()
    stood = _before(ledger, "assessments", notices, part.first, list(NOTICE))
    scattered = pl.concat([known, part.twice(versions["line_id"])])
    moved = versions.filter(pl.col("line_id").is_in(scattered.implode())).select(NOTICE)
    new = notices.filter(part.holds(notices)).join(pl.concat([stood, moved]), on=list(NOTICE), how="anti")
    in_hand = slips.filter(pl.col("covers").is_null()).join(
        new, on=list(NOTICE), how="semi", maintain_order="left"
    )
    rest = slips.join(in_hand, on="slip_key", how="anti", maintain_order="left")
    lines = versions.join(new, on=list(NOTICE), how="semi", maintain_order="left").select(list(ASSESSMENTS))
    found = [derive_covers(in_hand, lines)]
    if rest.height:
        found.append(derive_covers(rest, candidates(ledger, rest, versions.clear())))
    log = ProblemLog()
    for one in found:
        log.extend(one.log)
    return Covers(pl.concat([one.frame for one in found]), log)


def all_versions(ledger: Ledger, line_ids: pl.Series) -> pl.DataFrame:
    """Every version of these lines in the order in which they came, as the `ASSESSMENTS` frame."""
    rows = ledger.lookup("assessments", line_ids.alias("line_id"), ["seq", *ASSESSMENTS])
    return rows.sort("seq").select(list(ASSESSMENTS))
