"""What a reader hands on, whatever the file's form: rows under canonical columns, a log, and what could be saved of unreadable rows.

In: the headings of a file and the site's mapping, or columns by position; out: `Plan`, `Batch`. Unknown headings are noted.
Refuses (ProblemError, all faults at once): missing required columns, two columns for one meaning, a column beside a constant for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from elqr.columns import Column, looks_like_a_row
from elqr.mapping import HeadingMap, nearest
from elqr.problems import Problem, ProblemError, ProblemLog, Where

REFUSED_SCHEMA: Mapping[str, pl.DataType] = {
    "line": pl.Int64(),
    "slip_key": pl.String(),
    "amount": pl.String(),
}


@dataclass(frozen=True)
class Batch:
    """Rows of one file. `frame`: `line` and all canonical columns as strings (empty = null). `log`: what was found on reading.

    `refused`: the rows that could not be read, with what of `slip_key` and `amount` could be (strings, else null).
    """

    frame: pl.DataFrame
    log: ProblemLog
    refused: pl.DataFrame


@dataclass(frozen=True)
class Plan:
    """How the file's columns become ours: position -> name, and what to add."""

    file: str
    width: int
    names: tuple[str | None, ...]
    shown: tuple[str, ...]  # heading as written, for messages
    mapping: HeadingMap
    columns: tuple[Column, ...]


def plan(
    file: str, shown: Sequence[str], columns: Sequence[Column], mapping: HeadingMap
) -> tuple[Plan, ProblemLog]:
    """Which column stands where. Raises ProblemError with every fault of the heading."""
    log, faults = ProblemLog(), []
    names: list[str | None] = []
    where = Where(file, 1)
    for heading in shown:
        name = mapping.column_of(heading, columns)
        if name is None:
            log.add_one(
                Problem(
                    "heading.unknown",
                    params={"found": heading, "expected": nearest(heading, [c.name for c in columns])},
                    where=where,
                )
                if heading.strip()
                else Problem("heading.empty", params={"found": len(names) + 1}, where=where)
            )
        elif name in names:
            found = f"{shown[names.index(name)]}、{heading}"
            faults.append(Problem("heading.twice", name, {"found": found, "expected": name}, where))
        elif name in mapping.constants:
            faults.append(Problem("heading.constant", name, {"found": heading}, where))
        names.append(name)
    missing = [c for c in columns if c.required and c.name not in names and c.name not in mapping.constants]
    faults += [Problem("heading.missing", c.name, {"expected": c.ja}, where) for c in missing]
    if missing and looks_like_a_row(shown):  # what stands in a row is not for the terminal
        faults = [Problem("heading.none", params={"found": len(shown)}, where=where)]
    elif missing and (sign := _separator(shown)):
        faults = [Problem("file.separator", params={"found": sign}, where=where)]
    elif missing:
        faults.append(Problem("heading.found", params={"found": ", ".join(shown)}, where=where))
    if faults:
        raise ProblemError(faults)
    return Plan(file, len(shown), tuple(names), tuple(shown), mapping, tuple(columns)), log


def _separator(shown: Sequence[str]) -> str:
    """What parts the fields of a file that has no commas, by its only heading; empty where nothing does."""
    signs = {"\t": "TAB", ";": ";", "|": "|"}
    return next((name for sign, name in signs.items() if len(shown) == 1 and shown[0].count(sign) > 1), "")


def _canonical(raw: pl.DataFrame, plan: Plan) -> pl.DataFrame:
    """Columns by position -> `line` and all canonical columns; constants and value maps applied, empty = null."""
    cells = [pl.col("line")]
    for name in (c.name for c in plan.columns):
        if name in plan.mapping.constants:
            cell = pl.lit(plan.mapping.constants[name], pl.String)
        elif name in plan.names:
            cell = pl.col(str(plan.names.index(name)))
        else:
            cell = pl.lit(None, pl.String)
        if words := plan.mapping.values.get(name):
            cell = cell.replace(dict(words))
        cells.append(pl.when(cell != "").then(cell).alias(name))
    return raw.select(cells)


def batch(raw: pl.DataFrame, refused: Sequence[pl.DataFrame], plan: Plan, log: ProblemLog) -> Batch:
    """Columns by position (named "0", "1" …, and `line`) as a batch."""
    out = pl.concat(refused) if refused else pl.DataFrame(schema=dict(REFUSED_SCHEMA))
    return Batch(_canonical(raw, plan), log, out)
