"""The problems of a job on disk, in order of line, so that a million notes do not lie in memory.

In: a batch's log with the last line of that batch (`add_batch`), and what is found later about any line (`late`). Out:
`problems.csv`, and counts by severity and code with a few examples. Refuses nothing.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from elqr.problems import SCHEMA, Problem, ProblemLog
from slips.outfiles import replacing
from slips.spool import append_frame, frames_of

EXAMPLES_PER_CODE = 3


@dataclass(frozen=True)
class Counted:
    """How often a code was found, its severity, and its first few problems with the slip they belong to."""

    code: str
    severity: str
    count: int
    examples: tuple[tuple[str | None, Problem], ...]


@dataclass
class Findings:
    """Gathers the problems of one job in `folder`."""

    folder: Path
    late: ProblemLog = field(default_factory=ProblemLog)
    _ends: list[int] = field(default_factory=list)
    _counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    _examples: dict[str, pl.DataFrame] = field(default_factory=dict)

    @property
    def _path(self) -> Path:
        return self.folder / "problems.arrows"

    def add_batch(self, table: pl.DataFrame, *, last_line: int) -> None:
        """Take the problems (columns of `ProblemLog.table`) of the lines up to `last_line` and after the batch before."""
        append_frame(self._path, table)
        self._ends.append(last_line)
        self._count(table)

    def _count(self, table: pl.DataFrame) -> None:
        for (severity, code), rows in table.partition_by("severity", "code", as_dict=True).items():
            self._counts[str(severity), str(code)] += rows.height
            known = self._examples.get(str(code))
            if known is None or known.height < EXAMPLES_PER_CODE:
                more = rows.head(EXAMPLES_PER_CODE)
                self._examples[str(code)] = (
                    more if known is None else pl.concat([known, more]).head(EXAMPLES_PER_CODE)
                )

    def counted(self) -> tuple[Counted, ...]:
        """Counts by code, errors first, then warnings, then notes; most frequent first. Closes `late`."""
        self._close()
        weight = {"error": 0, "warning": 1, "note": 2}
        order = sorted(self._counts.items(), key=lambda item: (weight[item[0][0]], -item[1], item[0][1]))
        return tuple(
            Counted(code, severity, count, tuple(_objects(self._examples[code])))
            for (severity, code), count in order
        )

    def _close(self) -> None:
        table = self.late.table()
        if table.height:
            self.late = ProblemLog()
            append_frame(self.folder / "late.arrows", table)
            self._count(table)

    def write(self, path: Path) -> None:
        """`problems.csv`: line, slip_key, severity, code, field, message_ja, message_en; in order of line."""
        self._close()
        waiting = pl.concat([pl.DataFrame(schema=dict(SCHEMA)), *self._late_frames()]).sort(
            "line", maintain_order=True, nulls_last=False
        )
        with replacing(path) as file:
            file.write(_csv(pl.DataFrame(schema=dict(SCHEMA)), header=True))
            for end, part in zip(self._ends, self._batches(), strict=True):
                due = pl.col("line").is_null() | (pl.col("line") <= end)
                file.write(_csv(pl.concat([part, waiting.filter(due)])))
                waiting = waiting.filter(~due)
            file.write(_csv(waiting))

    def _late_frames(self) -> Iterator[pl.DataFrame]:
        path = self.folder / "late.arrows"
        if path.exists():
            yield from frames_of(path)

    def _batches(self) -> Iterator[pl.DataFrame]:
        if self._ends:
            yield from frames_of(self._path)


def _csv(table: pl.DataFrame, *, header: bool = False) -> bytes:
    log = ProblemLog()
    log.extend(table)
    text = io.BytesIO()
    log.report().write_csv(text, include_header=header)
    return text.getvalue()


def _objects(table: pl.DataFrame) -> Iterator[tuple[str | None, Problem]]:
    log = ProblemLog()
    log.extend(table)
    return zip(log.table()["slip_key"], log.problems(), strict=True)
