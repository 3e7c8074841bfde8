"""What a run was, as its files tell it: from the run itself when it has just ended, or from the ledger when its files are to be written again.

In: a `RunResult`, or an open ledger and the number of a run. Out: `Facts`. A crash between commit and files thus loses nothing: the ledger knows
all that the files say, but for remarks on reading. Refuses (ProblemError `report.no_run`): a run that is not there or was no night.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl

from elqr.problems import Problem, ProblemError
from reconcile.ledger import Ledger
from reconcile.run import Pair, RunResult
from reconcile.tables import ENTRIES, TABLES

FILES: tuple[str, ...] = (
    *(
        "file_no",
        "role",
        "file_sha256",
        "file",
        "rows",
        "yen",
        "taken",
        "taken_yen",
        "already",
        "already_yen",
    ),
    *("rejected", "rejected_yen", "quarantined", "quarantined_yen", "again", "left_out"),
)
_STEP = 50_000  # rows, read from the end of a table


@dataclass(frozen=True, kw_only=True)
class Facts:
    """`files`: `FILES` (`left_out`: rows of a file that came again which were quarantined or held when it came first); `receipts`: new events;
    `quarantine`: bad rows with `file`; `entries`: rows added, by table; totals of run and ledger."""

    run_id: int
    as_of: date
    committed: bool
    dry_run: bool
    result: str
    files: pl.DataFrame
    refused: tuple[Problem, ...]
    receipts: pl.DataFrame
    quarantine: pl.DataFrame
    entries: Mapping[str, pl.DataFrame]
    run: Mapping[str, Pair]
    after: Mapping[str, Pair]


def facts_of(result: RunResult, *, as_of: date, dry_run: bool) -> Facts:
    """Of a run that has just ended."""
    return Facts(
        run_id=result.standing.run_id,
        as_of=as_of,
        committed=result.committed,
        dry_run=dry_run,
        result=result.result,
        files=result.files.select(FILES),
        refused=result.refused,
        receipts=result.receipts,
        quarantine=_named(result.quarantine, result.files),
        entries=result.decided.entries,
        run=result.run,
        after=result.after,
    )


def facts_from(ledger: Ledger, run_id: int | None) -> Facts:
    """Of a run of the ledger, the last night where no number is given."""
    runs = {row["run_id"]: row for part in ledger.scan("runs") for row in part.to_dicts()}
    nights = [number for number, row in runs.items() if row["kind"] == "reconcile"]
    number = run_id if run_id is not None else max(nights, default=0)
    if number not in nights:
        params: dict[str, str | int] = {"found": number, "expected": ", ".join(map(str, nights[-5:])) or "–"}
        raise ProblemError(Problem("report.no_run", params=params))
    row = runs[number]
    files = _files(ledger, number, json.loads(row["inputs"])["files"])
    after, before = _totals(row), _totals(runs.get(number - 1))
    zero = (0, 0)
    run = {n: (a - before.get(n, zero)[0], b - before.get(n, zero)[1]) for n, (a, b) in after.items()}
    paid = files.filter(pl.col("role") == "receipts")
    return Facts(
        run_id=number,
        as_of=date.fromisoformat(row["as_of"]),
        committed=True,
        dry_run=False,
        result=row["result"],
        files=files,
        refused=(),
        receipts=_added(ledger, "receipts", number),
        quarantine=_named(_added(ledger, "quarantine", number), files),
        entries={name: _added(ledger, name, number) for name in ENTRIES},
        run={**run, "already_taken": (int(paid["already"].sum()), int(paid["already_yen"].sum()))},
        after=after,
    )


def last_night(ledger: Ledger) -> int:
    """The number of the last run that was a night, 0 where there was none."""
    kinds = (row for part in ledger.scan("runs", ["run_id", "kind"]) for row in part.iter_rows())
    return max((number for number, kind in kinds if kind == "reconcile"), default=0)


def posted_between(ledger: Ledger, run_id: int) -> pl.DataFrame:
    """Postings of the runs between a night and the one before it: 充当 carried out and taken back, which no other file tells.

    Reads the end of the table only, and nothing where nobody did anything between the two."""
    kinds = [row for part in ledger.scan("runs", ["run_id", "kind"]) for row in part.iter_rows()]
    before = max((number for number, kind in kinds if kind == "reconcile" and number < run_id), default=0)
    found = [pl.DataFrame(schema=dict(TABLES["postings"].columns))]
    columns, upto = list(found[0].columns), ledger.store.highest("postings")
    if any(before < number < run_id and kind == "refunds" for number, kind in kinds):
        while upto > 0:
            rows = pl.concat(
                [found[0].clear(), *ledger.store.scan("postings", columns, after=upto - _STEP, most=upto)]
            )
            found.append(rows.filter((pl.col("run_id") > before) & (pl.col("run_id") < run_id)))
            upto = 0 if (rows["run_id"] <= before).any() else upto - _STEP
    return pl.concat(found).sort("seq")


def _added(ledger: Ledger, table: str, run_id: int) -> pl.DataFrame:
    none = pl.DataFrame(schema=dict(TABLES[table].columns))
    parts = (rows.filter(pl.col("run_id") == run_id) for rows in ledger.scan(table))
    return pl.concat([none, *parts])


def _totals(row: Mapping[str, str] | None) -> dict[str, Pair]:
    said = json.loads(row["standing"])["totals"] if row else {}
    return {name: (count, yen) for name, (count, yen) in said.items()}


def _files(ledger: Ledger, run_id: int, inputs: list[dict[str, object]]) -> pl.DataFrame:
    """New files with the counts of their run; those that came again count as already taken."""
    new = _added(ledger, "files", run_id).with_columns(
        file_no=pl.col("seq"), again=pl.lit(value=False), left_out=pl.lit(0, pl.Int64)
    )
    again = [entry for entry in inputs if entry["again"]]
    known = ledger.lookup("files", pl.Series("file_sha256", [str(e["file_sha256"]) for e in again]))
    rows = []
    for entry in again:
        same = known.filter(
            (pl.col("file_sha256") == entry["file_sha256"]) & (pl.col("role") == entry["role"])
        )
        if layout := entry.get("layout_sha256"):  # runs of older versions do not tell it
            same = same.filter(pl.col("layout_sha256") == layout)
        row = same.row(0, named=True)
        none = {n: 0 for n in FILES if n.startswith(("taken", "rejected", "quarantined"))}
        rows.append(
            {**row, **none, "file": entry["file"], "already": row["rows"], "already_yen": row["yen"]}
            | {"file_no": None, "again": True, "left_out": row["quarantined"]}
        )
    schema = new.select(FILES).schema
    return pl.concat(
        [pl.DataFrame(rows, schema=dict(new.schema)).select(FILES).cast(schema), new.select(FILES)]
    )


def _named(bad: pl.DataFrame, files: pl.DataFrame) -> pl.DataFrame:
    names = files.filter(pl.col("file_no").is_not_null()).select("file_no", "file")
    return bad.join(names, on="file_no", how="left", maintain_order="left")
