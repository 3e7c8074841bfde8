"""One night: files in, postings out, in one commit; the same files again change nothing, and no order of files changes the result.

In: the ledger's place, the files, the day, the policy. Out: `RunResult`, also for a dry run, which does everything and keeps nothing.
Refuses (ProblemError, nothing committed): the same identity with other content, a second run at the same time, totals with a drift.
"""

from __future__ import annotations

import gc
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from elqr.problems import Problem, ProblemError, ProblemLog, Where
from elqr.site import Site
from reconcile.covering import Covering
from reconcile.decide import decide
from reconcile.ledger import Ledger, Standing, open_ledger
from reconcile.load import Counts, Loaded, cover, load
from reconcile.night import FILE, Inputs, Night, read_night
from reconcile.policy import Policy
from reconcile.redecide import Decided, redecide
from reconcile.tables import TABLES
from reconcile.taken import Sifted, sift_quarantine, sift_receipts
from reconcile.trial import tried_at
from reconcile.unrated import RATES, rated_since
from reconcile.world import Decision, World

CONFLICTS_SHOWN = 20
OTHER_BODY = "ledger.other_body"
Pair = tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class RunRequest:
    """What a night is asked for. `who`, `at`: for the audit log, from the caller, for nothing here knows a clock."""

    ledger: str | Path
    inputs: Inputs
    as_of: date
    policy: Policy
    dry_run: bool = False
    who: str | None = None
    at: str | None = None
    decide: Callable[[World], Decision] | None = None
    look: Callable[[Ledger, Decided], None] | None = (
        None  # called when all is decided and, but for a dry run, committed
    )


@dataclass(frozen=True, kw_only=True)
class RunResult:
    """What a night did. `committed` is false for a dry run and where nothing was new.

    `refused`: why files were left out; `notes`: what is to be said of the ledger; `quarantine`: new bad rows, those of other
    bodies among them; `files`: rows of `files`, `again` (bytes taken before),
    `file_no` (null for these); `entries`: rows added by table; `run`, `after`: totals as `[count, yen]`.
    """

    committed: bool
    standing: Standing
    files: pl.DataFrame
    logs: Mapping[str, ProblemLog]
    refused: tuple[Problem, ...]
    notes: tuple[Problem, ...]
    receipts: pl.DataFrame
    already: pl.DataFrame
    rejected: pl.DataFrame
    quarantine: pl.DataFrame
    decided: Decided
    run: Mapping[str, Pair]
    after: Mapping[str, Pair]
    drift: int

    @property
    def result(self) -> str:
        """The digest of all that stands now."""
        return self.standing.result


def reconcile(request: RunRequest) -> RunResult:
    """Do one night. Raises ProblemError where nothing may be committed; the ledger is then as it was."""
    with ExitStack() as ends:
        place = ends.enter_context(tried_at(request.ledger)) if request.dry_run else request.ledger
        return run_in(ends.enter_context(open_ledger(place, writer=True, create=True)), request)


def run_in(ledger: Ledger, request: RunRequest) -> RunResult:
    """The same in a ledger that is open."""
    ledger.begin()
    try:
        with _collector_resting():
            return _night(ledger, request)
    except BaseException:
        ledger.rollback()
        raise


@contextmanager
def _collector_resting() -> Iterator[None]:
    """Rows on their way to the store are tuples by the hundred thousand, none in a cycle: a walk through them finds nothing."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()


def _refuse_other_body(ledger: Ledger, site: Site | None) -> None:
    """With the site file of another municipality every row would be another body's, and its file be known as taken ever after."""
    if site is None or site.body_code is None:
        return
    for part in ledger.scan("runs", ["run_id", "inputs"]):
        for said in part["inputs"]:
            body = json.loads(said).get("body_code")
            if body not in (None, site.body_code):
                params = {"found": site.body_code, "expected": body, "ledger": ledger.store.place}
                raise ProblemError(Problem("ledger.body", params=params))


def _night(ledger: Ledger, request: RunRequest) -> RunResult:
    _refuse_other_body(ledger, request.inputs.site)
    night = read_night(ledger, request.inputs, first_file=ledger.next_seq("files"))
    try:
        return _taken(ledger, request, night)
    finally:
        night.close()


def _taken(ledger: Ledger, request: RunRequest, night: Night) -> RunResult:
    first_file = ledger.next_seq("files")
    bad = sift_quarantine(ledger, _bad(night))
    sift = sift_receipts(ledger, night.receipts)
    counts = Counts()
    counts.add(sift, "amount")
    loaded = load(ledger, night, counts, most=CONFLICTS_SHOWN)
    try:
        _refuse_conflicts(sift, loaded, night, first_file)
        files = _files(night, counts, first_file)
        ledger.add("files", files.filter(~pl.col("again")).drop("again", "left_out"))
        receipts, payments = _numbered(ledger, sift)
        receipts = ledger.add("receipts", receipts)
        quarantine = ledger.add("quarantine", bad)
        covering = cover(ledger, loaded, night)
    finally:
        loaded.close()
    policy, as_of = request.policy, request.as_of
    site = request.inputs.site
    decided = redecide(
        ledger,
        decide=request.decide or (lambda world: decide(world, policy, as_of=as_of)),
        body_code=site.body_code if site else None,
        events=receipts,
        transfers=pl.DataFrame(schema=dict(TABLES["transfers"].columns)),
        whole=_whole(receipts, sift),
        slips=covering.slips,
        lines=pl.concat([covering.lines, rated_since(ledger, policy)]),
    )
    run = {**decided.totals, **_counts(files, receipts, quarantine)}
    after = _added(ledger.standing.totals, run)
    drift = run["received"][1] - sum(run[n][1] for n in ("posted", "excess", "suspense", "held"))
    logs = _logs(ledger, night, covering)
    if request.dry_run or not ledger.grown:
        standing = ledger.would_be(after, payments) if ledger.grown else ledger.standing
        committed = False
        if request.look:
            request.look(ledger, decided)
        ledger.rollback()
    else:
        _audit(ledger, request, files)
        standing = ledger.commit(
            kind="reconcile",
            as_of=as_of.isoformat(),
            inputs={
                "files": files.select("role", "file", "file_sha256", "layout_sha256", "again").to_dicts(),
                "policy": policy.id,
                "policy_sha256": policy.sha256,
                RATES: policy.rates.sha256,
                "body_code": site.body_code if site else None,
            },
            totals=after,
            payments=payments,
            who=request.who,
            at=request.at,
        )
        committed = True
        if request.look:
            request.look(ledger, decided)
    return RunResult(
        committed=committed,
        standing=standing,
        files=files,
        logs=logs,
        refused=tuple(night.refused),
        notes=tuple(ledger.notes),
        receipts=receipts,
        already=sift.already,
        rejected=night.rejected,
        quarantine=quarantine,
        decided=decided,
        run=run,
        after=after,
        drift=drift,
    )


def _bad(night: Night) -> pl.DataFrame:
    """Rows that were not read, and those of other bodies."""
    reason = Problem(OTHER_BODY)
    foreign = night.rejected.select(
        "file_no",
        "line",
        "slip_key",
        "amount",
        "raw",
        code=pl.lit(OTHER_BODY),
        field=pl.lit("body_code"),
        reason_ja=pl.lit(reason.text("ja")),
        reason_en=pl.lit(reason.text("en")),
    )
    columns = [n for n in TABLES["quarantine"].columns if n not in ("seq", "run_id", "bad_id")]
    return pl.concat([night.quarantine.select(columns), foreign.select(columns)])


def _refuse_conflicts(sift: Sifted, loaded: Loaded, night: Night, first_file: int) -> None:
    """Same identity, other content: an alarm, and nothing is committed."""
    names = [str(f.row["file"]) for f in night.files if not f.again]
    found = []
    for code, conflicts, count in (
        ("ledger.conflict", sift.conflicts, sift.conflicts.height),
        ("ledger.slip_conflict", loaded.conflicts, loaded.conflicting),
    ):
        for row in conflicts.head(CONFLICTS_SHOWN).iter_rows(named=True):
            params: dict[str, str | int] = {
                "identity": row["identity"],
                "found": row["found"],
                "expected": row["expected"],
                "count": count,
                "differs": row["differs"],
            }
            found.append(
                Problem(code, params=params, where=Where(names[row["file_no"] - first_file], row["line"]))
            )
    if found:
        raise ProblemError(found)


def _numbered(ledger: Ledger, sift: Sifted) -> tuple[pl.DataFrame, int]:
    """New events in canonical order with the number of their payment; and the highest number now."""
    rows = sift.new.sort("paid_on", "payment_id", "kind", "receipt_id")
    if sift.known.height:
        known = sift.known.select("payment_id", "payment_no").unique()
        rows = rows.join(known, on="payment_id", how="left", maintain_order="left")
    else:
        rows = rows.with_columns(payment_no=pl.lit(None, pl.Int64))
    fresh = rows.filter(pl.col("payment_no").is_null()).select("payment_id").unique(maintain_order=True)
    first = ledger.standing.payments + 1
    numbers = fresh.with_columns(_new=pl.int_range(first, first + fresh.height, dtype=pl.Int64))
    rows = rows.join(numbers, on="payment_id", how="left", maintain_order="left")
    rows = rows.with_columns(payment_no=pl.coalesce("payment_no", "_new"))
    columns = [n for n in TABLES["receipts"].columns if n not in ("seq", "run_id")]
    return rows.select(columns), ledger.standing.payments + fresh.height


def _whole(receipts: pl.DataFrame, sift: Sifted) -> pl.Series:
    """Payments of which nothing was known before tonight."""
    ids = receipts["payment_id"].unique()
    return ids.filter(~ids.is_in(sift.known["payment_id"].implode()))


def _files(night: Night, counts: Counts, first_file: int) -> pl.DataFrame:
    """One row a file with its counts; for a file taken before, all its rows count as already taken. `left_out`: how many of these were
    quarantined or held when it came."""
    new, old = (
        {n: (rows, yen) for n, rows, yen in sums.frame().iter_rows()} for sums in (counts.new, counts.already)
    )
    rows, number = [], first_file
    for found in night.files:
        row: dict[str, str | int | None] = {name: found.row.get(name, 0) for name in FILE}
        row["file_no"] = None if found.again else number
        left_out = int(found.row["quarantined"]) if found.again else 0
        if found.again:
            said: tuple[int, ...] = (0, 0, int(found.row["rows"]), int(found.row["yen"]))
            row |= {"rejected": 0, "rejected_yen": 0, "quarantined": 0, "quarantined_yen": 0}
        else:
            said = (*new.get(number, (0, 0)), *old.get(number, (0, 0)))
            number += 1
        row |= dict(zip(("taken", "taken_yen", "already", "already_yen"), said, strict=True))
        rows.append({**row, "again": found.again, "left_out": left_out})
    schema = {"file_no": pl.Int64(), **FILE, "again": pl.Boolean(), "left_out": pl.Int64()}
    return pl.DataFrame(rows, schema=schema).drop("seq", "run_id")


def _counts(files: pl.DataFrame, receipts: pl.DataFrame, quarantine: pl.DataFrame) -> dict[str, Pair]:
    paid = files.filter(pl.col("role") == "receipts")
    own = quarantine.filter(pl.col("code") != OTHER_BODY)
    foreign = quarantine.filter(pl.col("code") == OTHER_BODY)
    return {
        "events": (receipts.height, int(receipts["amount"].sum())),
        "quarantined": (own.height, int(own["amount"].sum())),
        "rejected": (foreign.height, int(foreign["amount"].sum())),
        "already_taken": (int(paid["already"].sum()), int(paid["already_yen"].sum())),
    }


def _added(before: Mapping[str, Pair], run: Mapping[str, Pair]) -> dict[str, Pair]:
    """Totals of the whole ledger. How often rows came again is no property of what stands, and stays with the runs."""
    names = [n for n in {**run, **before} if n != "already_taken"]
    zero = (0, 0)
    pairs = {n: (before.get(n, zero), run.get(n, zero)) for n in names}
    return {n: (old[0] + new[0], old[1] + new[1]) for n, (old, new) in pairs.items()}


def _logs(ledger: Ledger, night: Night, covering: Covering) -> dict[str, ProblemLog]:
    """What was found, by file name (files of one name in several folders share theirs); slips without cover where the slip came from, 更正 without
    a day where they stand."""
    logs: dict[str, ProblemLog] = {}
    for found in night.files:
        logs.setdefault(str(found.row["file"]), ProblemLog()).extend(found.log)
    open_ = covering.log.table()
    if not open_.height and not covering.undated.height:
        return logs
    files = pl.concat(ledger.scan("files", ["seq", "file"])).rename({"seq": "file_no"})
    undated = covering.undated.join(files, on="file_no", maintain_order="left")
    for (name,), rows in undated.group_by("file", maintain_order=True):
        log = logs.setdefault(str(name), ProblemLog())
        last = pl.col("last").cast(pl.String).fill_null("–")
        log.add(rows, "register.undated", field="revised_at", found=pl.col("line_id"), expected=last)
    if open_.height:
        slips = ledger.lookup("slips", open_["slip_key"], ["slip_key", "file_no"]).join(files, on="file_no")
        named = open_.join(slips.unique("slip_key"), on="slip_key", how="left", maintain_order="left")
        for (name,), rows in named.group_by("file", maintain_order=True):
            logs.setdefault(str(name or ""), ProblemLog()).extend(rows.select(open_.columns))
    return logs


def _audit(ledger: Ledger, request: RunRequest, files: pl.DataFrame) -> None:
    said = ", ".join(
        f"{name} ({n} + {m})" for name, n, m in files.select("file", "taken", "already").iter_rows()
    )
    row = {"who": request.who, "at": request.at, "what": "reconcile", "content": said}
    schema = {n: TABLES["audit"].columns[n] for n in row}
    ledger.add("audit", pl.DataFrame([row], schema=schema))
