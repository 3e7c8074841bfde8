"""Reads the records of one block into events, quarantine, control records and notes; every record ends in exactly one of them, or is blank.

In: a block and the plan of its file. Out: `Parsed`. What is written plainly is read column by column; only what is left over is read row by
row, strictly. Refuses a record, never a block.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from elqr.problems import Problem, ProblemLog
from reconcile.event_text import extra_text, fixed_text
from reconcile.fast_rows import fast_rows
from reconcile.frames import EVENTS, QUARANTINE
from reconcile.records import Block
from reconcile.row_plan import Refusal, Row, RowPlan
from reconcile.strict_row import read_row

_BLANK = re.compile(rb"[, ]*")
SORTED_FROM = 50  # one strict row in so many, and sorting is cheaper than slicing
REFUSED: Mapping[str, pl.DataType] = {
    name: kind for name, kind in QUARANTINE.items() if name not in ("file", "file_sha256")
}


@dataclass(frozen=True)
class Parsed:
    """`events` (columns `EVENTS`), `quarantine` (`REFUSED`). `controls`: (mark, line, raw, data records of this block before it)."""

    events: pl.DataFrame
    quarantine: pl.DataFrame
    controls: tuple[tuple[str, int, bytes, int], ...]
    log: ProblemLog


def parse_block(block: Block, plan: RowPlan, *, fast: bool = True) -> Parsed:
    """All records of a block. `fast = False` reads every record the strict way."""
    if fast:
        taken, events = fast_rows(block, plan)
    else:
        taken, events = np.zeros(len(block), np.bool_), pl.DataFrame(schema=dict(EVENTS))
    rows: list[tuple[int, bytes, Row]] = []
    refused: list[tuple[int, bytes, Refusal]] = []
    controls: list[tuple[str, int, bytes, int]] = []
    blank: list[int] = []
    apart = 0
    for i in np.flatnonzero(~taken).tolist():
        raw, line = block.raw(i), int(block.line[i])
        if mark := control_mark(raw, plan):
            controls.append((mark, line, raw, i - apart))
            apart += 1
        elif not raw or (plan.layout.form == "csv" and _BLANK.fullmatch(raw)):
            apart += 1
            if raw:
                blank.append(line)
        else:
            result = read_row(raw, plan)
            if isinstance(result, Row):
                rows.append((line, raw, result))
            else:
                refused.append((line, raw, result))
    if rows:
        events = _merged(events, strict_events(rows))
    return Parsed(events, refusals(refused), tuple(controls), _notes(rows, blank))


def _merged(events: pl.DataFrame, few: pl.DataFrame) -> pl.DataFrame:
    """Both in order of line. A few are put between slices of the many: cheaper than sorting every column."""
    if few.height * SORTED_FROM > events.height:
        return pl.concat([events, few]).sort("line")
    places = events["line"].search_sorted(few["line"]).to_list()
    slices: list[pl.DataFrame] = []
    before = 0
    for i, place in enumerate(places):
        slices += [events[before:place], few[i : i + 1]]
        before = place
    return pl.concat([*slices, events[before:]], rechunk=True)


def control_mark(raw: bytes, plan: RowPlan) -> str:
    """`header`, `trailer` or `end` where the record is one, else empty."""
    controls = plan.layout.controls
    first = raw[:1] if plan.layout.form == "fixed" else raw.split(b",", 1)[0].strip(b' "')
    for name, mark in (("header", controls.header), ("trailer", controls.trailer), ("end", controls.end)):
        if mark and first == mark.encode(plan.encoding):
            return name
    return ""


def strict_events(rows: Sequence[tuple[int, bytes, Row]]) -> pl.DataFrame:
    """Events of rows that were read one by one."""
    columns: dict[str, list[object]] = {name: [row.values.get(name) for _, _, row in rows] for name in EVENTS}
    columns["line"] = [line for line, _, _ in rows]
    columns["raw"] = [raw for _, raw, _ in rows]
    columns["fixed"] = [fixed_text(row.values) for _, _, row in rows]
    columns["extra"] = [extra_text(row.values) for _, _, row in rows]
    return pl.DataFrame(columns, schema=dict(EVENTS))


def refusals(refused: Sequence[tuple[int, bytes, Refusal]]) -> pl.DataFrame:
    """Records that cannot be taken, each with its reason in two languages."""
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
    return pl.DataFrame(records, schema=dict(REFUSED))


def _notes(rows: Sequence[tuple[int, bytes, Row]], blank: Sequence[int]) -> ProblemLog:
    """Repairs, one note each, and blank lines."""
    log = ProblemLog()
    repairs = [(line, row.values["slip_key"], *note) for line, _, row in rows for note in row.notes]
    for name in sorted({repair[2] for repair in repairs}):
        schema = {n: pl.String() for n in ("slip_key", "field", "found", "after")}
        of_field = [r for r in repairs if r[2] == name]
        frame = pl.DataFrame(of_field, schema={"line": pl.Int64(), **schema}, orient="row")
        log.add(frame, "receipt.repaired", field=name, found=pl.col("found"), after=pl.col("after"))
    log.add(pl.DataFrame({"line": blank}, schema={"line": pl.Int64()}), "receipt_file.blank", field="")
    return log
