"""The slow reader of receipt files: one record after the other, nothing clever, as the yardstick that the fast reader is measured by.

In: the same as `reconcile.intake.read_receipts`. Out: the same, from a loop over records that holds the whole file in memory, cuts it by
splitting, counts in a dictionary and hashes row by row. Refuses the same. For tests and for doubt, not for work.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import polars as pl

from elqr.problems import ProblemError, ProblemLog
from elqr.site import Site
from reconcile.controls import ControlRecord, Tally, balance
from reconcile.event_text import COMPOSITE, KIND_LETTERS, extra_text, fixed_text
from reconcile.frames import QUARANTINE, RECEIPTS
from reconcile.opening import Opened, open_file
from reconcile.row_plan import Refusal, Row, Value
from reconcile.rows import control_mark, refusals
from reconcile.strict_row import read_row

US = "\x1f"


def reference_rows(
    path: Path, *, site: Site | None = None, layout: str | Path | None = None, encoding: str | None = None
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame, list[tuple[int, str, str, str]]]:
    """(accepted, other bodies', quarantine, repairs as line, field, found, after). Raises ProblemError as the fast reader does."""
    opened = open_file(path, site=site or Site.unknown(), layout=layout, encoding=encoding)
    events: list[dict[str, Value | bytes]] = []
    bad: list[tuple[int, bytes, Refusal]] = []
    controls: list[ControlRecord] = []
    notes: list[tuple[int, str, str, str]] = []
    seen: dict[str, int] = {}
    for line, raw in _records(opened):
        if mark := control_mark(raw, opened.plan):
            controls.append(ControlRecord(mark, line, raw, len(events) + len(bad)))
        elif raw.strip(b", " if opened.layout.form == "csv" else b""):
            result = read_row(raw, opened.plan)
            if isinstance(result, Refusal):
                bad.append((line, raw, result))
            else:
                events.append({**_identity(result, seen), **result.values, "line": line, "raw": raw})
                notes += [(line, *note) for note in result.notes]
    schema = {**RECEIPTS, "own": pl.Boolean()}
    columns = {
        name: [event.get(name) for event in events] for name in schema if name not in ("file", "file_sha256")
    }
    known = {"file": pl.lit(path.name), "file_sha256": pl.lit(sha256(path.read_bytes()).hexdigest())}
    frame = pl.DataFrame(columns, schema={n: schema[n] for n in columns}).with_columns(**known)
    quarantine = refusals(bad).with_columns(**known).select(list(QUARANTINE))
    accepted, rejected = (frame.filter(pl.col("own") == own).select(list(RECEIPTS)) for own in (True, False))
    yen = quarantine["amount"]
    tally = Tally(
        accepted.height,
        int(accepted["amount"].sum()),
        rejected.height,
        int(rejected["amount"].sum()),
        len(yen),
        int(yen.sum()),
        yen.null_count(),
    )
    _, problems = balance(controls, tally, opened.layout, file=path.name)
    if problems:
        raise ProblemError(problems)
    return accepted, rejected, quarantine, notes


def _records(opened: Opened) -> list[tuple[int, bytes]]:
    """All records with their line."""
    data = opened.path.read_bytes()[opened.offset :].removesuffix(b"\x1a")
    if opened.way == "records":
        size = opened.layout.record_bytes
        return [(i // size + 1, data[i : i + size]) for i in range(0, len(data), size)]
    lines = data.removesuffix(b"\n").split(b"\n") if data else []
    return [(opened.line + i, raw.removesuffix(b"\r")) for i, raw in enumerate(lines)]


def _identity(row: Row, seen: dict[str, int]) -> dict[str, Value | bytes]:
    """The three identities and the occurrence of one row."""
    text = {n: str(row.values.get(n) or "") for n in ("kind", "txn_id", "orig_txn_id", "store")}
    fixed, extra = fixed_text(row.values), extra_text(row.values)
    reverses = text["kind"] in ("cancelled", "corrected")
    txn = (text["orig_txn_id"] or text["txn_id"]) if reverses else text["txn_id"]
    composite = fixed[COMPOSITE[0] : COMPOSITE[0] + COMPOSITE[1]] + US + text["store"]
    occurrence = None
    if not txn:
        key = text["kind"] + US + composite
        seen[key] = occurrence = seen.get(key, 0) + 1
    identity = f"txn{US}{txn}" if txn else f"row{US}{composite}{US}{occurrence}"
    digest = sha256(identity.encode()).hexdigest()
    event = digest[32:]
    if text["kind"] == "corrected":
        event = sha256(f"{digest[:32]}{US}corrected{US}{text['txn_id']}".encode()).hexdigest()[:32]
    content = US.join((fixed, extra, text["txn_id"], text["orig_txn_id"], text["store"]))
    return {
        "payment_id": digest[:32],
        "receipt_id": event[:31] + KIND_LETTERS[text["kind"]],
        "content_sha": sha256(content.encode()).hexdigest()[:32],
        "occurrence": occurrence,
    }


def repairs(log: ProblemLog) -> list[tuple[int, str, str, str]]:
    """The repairs in the fast reader's log, in the form of `reference_rows`, in order of line and field."""
    return sorted(
        (p.where.line or 0, p.field, str(p.params["found"]), str(p.params["after"]))
        for p in log.problems()
        if p.code == "receipt.repaired"
    )
