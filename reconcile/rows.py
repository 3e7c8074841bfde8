"""Reads the records of one block into typed columns: rows, quarantine, control records, notes.

In: a block and the plan of its file. Out: `Parsed`. Every record ends in exactly one of rows, quarantine, controls and blank.
Refuses a record, never a block.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from elqr.problems import Problem, ProblemLog, Where
from reconcile.frames import QUARANTINE, RECEIPTS
from reconcile.records import Block
from reconcile.strict_row import Refusal, Row, RowPlan, read_row

_EVENT: Mapping[str, pl.DataType] = {
    **{
        n: t
        for n, t in RECEIPTS.items()
        if n not in ("receipt_id", "payment_id", "content_sha", "file_sha256", "file", "occurrence")
    },
    "issuer": pl.String(),
}
_BLANK = re.compile(rb"[, ]*")


@dataclass(frozen=True)
class Parsed:
    """`events`: typed columns, `line`, `raw` and `issuer` (of the barcode). `controls`: (mark, line, raw, data records of this block before)."""

    events: pl.DataFrame
    quarantine: pl.DataFrame
    controls: tuple[tuple[str, int, bytes, int], ...]
    log: ProblemLog


def parse_block(block: Block, plan: RowPlan) -> Parsed:
    """All records of a block."""
    rows: list[tuple[int, bytes, Row]] = []
    refused: list[tuple[int, bytes, Refusal]] = []
    controls: list[tuple[str, int, bytes, int]] = []
    log = ProblemLog()
    for i in range(len(block)):
        raw, line = block.raw(i), int(block.line[i])
        mark = control_mark(raw, plan)
        if mark:
            controls.append((mark, line, raw, len(rows) + len(refused)))
        elif plan.layout.form == "csv" and _BLANK.fullmatch(raw):
            log.add_one(Problem("receipt_file.blank", where=Where("", line)))
        else:
            result = read_row(raw, plan)
            if isinstance(result, Row):
                rows.append((line, raw, result))
            else:
                refused.append((line, raw, result))
    for line, _, row in rows:
        key = row.values.get("slip_key")
        for name, found, after in row.notes:
            problem = Problem("receipt.repaired", name, {"found": found, "after": after}, Where("", line))
            log.add_one(problem, str(key))
    return Parsed(_events(rows), _quarantine(refused), tuple(controls), log)


def control_mark(raw: bytes, plan: RowPlan) -> str:
    """`header`, `trailer` or `end` where the record is one, else empty."""
    controls = plan.layout.controls
    first = raw[:1] if plan.layout.form == "fixed" else raw.split(b",", 1)[0].strip(b' "')
    for name, mark in (("header", controls.header), ("trailer", controls.trailer), ("end", controls.end)):
        if mark and first == mark.encode():
            return name
    return ""


def _events(rows: list[tuple[int, bytes, Row]]) -> pl.DataFrame:
    columns: dict[str, list[object]] = {name: [row.values.get(name) for _, _, row in rows] for name in _EVENT}
    columns["line"] = [line for line, _, _ in rows]
    columns["raw"] = [raw for _, raw, _ in rows]
    return pl.DataFrame(columns, schema=dict(_EVENT))


def _quarantine(refused: list[tuple[int, bytes, Refusal]]) -> pl.DataFrame:
    records = []
    for line, raw, refusal in refused:
        problem = Problem(refusal.code, refusal.field, refusal.params)
        records.append(
            {
                "line": line,
                "code": refusal.code,
                "field": refusal.field,
                "reason_ja": problem.text("ja"),
                "reason_en": problem.text("en"),
                "slip_key": refusal.slip_key,
                "amount": refusal.amount,
                "raw": raw,
            }
        )
    schema = {n: t for n, t in QUARANTINE.items() if n not in ("file", "file_sha256")}
    return pl.DataFrame(records, schema=schema)
