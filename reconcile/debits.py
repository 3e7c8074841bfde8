"""口座振替 before it is asked for: lines that the bank is about to debit, and that somebody has paid already by another way.

In: CSV or Parquet of `DEBIT_COLUMNS` (line, yen, day of the debit), an open ledger. Out: `Planned`: a state for each row, the first that holds.
The ledger is only read. Refuses rows that cannot be read; they are kept in the log, and all others are looked at.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import polars as pl

from elqr.columns import Column, Kind
from elqr.problems import ProblemLog
from elqr.reader import read_columns
from reconcile.doubtful import doubtful
from reconcile.ledger import Ledger, open_ledger
from reconcile.lines_now import lines_now
from reconcile.nearby import nearby
from reconcile.policy import Policy
from reconcile.register_columns import ASSESSMENT_COLUMNS
from reconcile.register_values import typed
from reconcile.view import standing_of

DEBIT_COLUMNS: tuple[Column, ...] = (
    next(c for c in ASSESSMENT_COLUMNS if c.name == "line_id"),
    Column("amount", "振替額", Kind.MONEY, 11, aliases=("請求額", "振替金額")),
    Column("debit_on", "振替日", Kind.DATE, 10, aliases=("振替指定日",)),
)


class State(Enum):
    """What the ledger says of a planned debit; the first that holds, in this order. Value: name, Japanese, English."""

    UNKNOWN = ("unknown", "台帳にない調定番号", "the ledger has no such line")
    TWICE = ("twice", "同じ調定の請求が前の行にある", "an earlier row asks for the same line")
    CANCELLED = ("cancelled", "調定が取り消されている", "the assessment was cancelled")
    PAID = ("paid", "納付済み", "paid already")
    PRELIMINARY = ("preliminary", "速報あり(確報待ち)", "a preliminary notice is there")
    HELD = ("held", "保留中の収納あり", "a receipt is held")
    SUSPENSE = ("suspense", "仮受の候補", "a receipt in suspense may be meant for it")
    SUSPENDED = ("suspended", "徴収の猶予・執行停止", "collection is suspended")
    CHANGED = ("changed", "未納額と請求額が違う", "another sum is open than is asked for")
    AS_PLANNED = ("as_planned", "請求どおり", "as planned")

    def __init__(self, word: str, ja: str, en: str) -> None:
        self.word, self.ja, self.en = word, ja, en


DEBITS: Mapping[str, pl.DataType] = {
    "file": pl.String(),
    "line": pl.Int64(),
    "line_id": pl.String(),
    "debit_on": pl.Date(),
    "amount": pl.Int64(),
    "state": pl.String(),
    "due": pl.Int64(),
    "paid": pl.Int64(),
    "preliminary": pl.Int64(),
    "open": pl.Int64(),
    "reason_ja": pl.String(),
    "reason_en": pl.String(),
}


@dataclass(frozen=True, kw_only=True)
class Planned:
    """`rows`: `DEBITS`, in the order of the files; `run_id`, `as_of`: how far the ledger knows; `logs`: what was found, by file."""

    rows: pl.DataFrame
    run_id: int
    as_of: str
    logs: Mapping[str, ProblemLog]

    @property
    def sums(self) -> list[tuple[State, int, int]]:
        """State, rows and yen that were to be asked for, of states that occur, in their order."""
        of = {s: self.rows.filter(pl.col("state") == s.word)["amount"] for s in State}
        return [(s, len(yen), int(yen.sum())) for s, yen in of.items() if len(yen)]

    @property
    def to_look_at(self) -> pl.DataFrame:
        """Rows that are not as planned."""
        return self.rows.filter(pl.col("state") != State.AS_PLANNED.word)


def planned_debits(
    place: str | Path, paths: Sequence[Path], *, policy: Policy, encoding: str | None = None
) -> Planned:
    """Hold files of planned debits against a ledger. Raises ProblemError where a file or the ledger cannot be read as a whole."""
    with open_ledger(place) as ledger:
        logs: dict[str, ProblemLog] = {}
        frames = []
        for path in paths:
            rows, log = _read(path, encoding)
            logs.setdefault(path.name, ProblemLog()).extend(log)
            frames.append(rows.with_columns(file=pl.lit(path.name)))
        rows = judged(ledger, pl.concat(frames), policy=policy)
        return Planned(rows=rows, run_id=ledger.standing.run_id, as_of=ledger.standing.as_of, logs=logs)


def judged(ledger: Ledger, planned: pl.DataFrame, *, policy: Policy) -> pl.DataFrame:
    """`planned` (`file, line, line_id, debit_on, amount`) as `DEBITS`, against the lines as they stand."""
    names = ["line_id", "status", "due", "paid", "provisional"]
    stands = lines_now(ledger, planned["line_id"], policy=policy).select(names)
    waits = doubtful(
        ledger,
        held=standing_of(ledger, "held"),
        candidates=nearby(ledger, standing_of(ledger, "suspense"), policy=policy),
    )
    unpaid = pl.col("due") - pl.col("paid")
    doubt = waits.reason(pl.col("line_id"))
    tests = {
        State.UNKNOWN: pl.col("due").is_null(),
        State.TWICE: ~pl.col("line_id").is_first_distinct(),
        State.CANCELLED: pl.col("status") == "cancelled",
        State.PAID: unpaid <= 0,
        State.PRELIMINARY: pl.col("provisional") > 0,
        State.HELD: doubt == State.HELD.word,
        State.SUSPENSE: doubt == State.SUSPENSE.word,
        State.SUSPENDED: pl.col("status") == "suspended",
        State.CHANGED: unpaid != pl.col("amount"),
        State.AS_PLANNED: pl.lit(value=True),
    }
    state = pl.coalesce(pl.when(tests[s].fill_null(value=False)).then(pl.lit(s.word)) for s in State)
    return (
        planned.join(stands, on="line_id", how="left", maintain_order="left")
        .with_columns(state=state, open=unpaid - pl.col("provisional"), preliminary="provisional")
        .with_columns(
            reason_ja=pl.col("state").replace_strict({s.word: s.ja for s in State}),
            reason_en=pl.col("state").replace_strict({s.word: s.en for s in State}),
        )
        .select(list(DEBITS))
        .cast(pl.Schema(DEBITS))
    )


def _read(path: Path, encoding: str | None) -> tuple[pl.DataFrame, ProblemLog]:
    """Rows in which everything can be read, and what was found in the others."""
    log = ProblemLog()
    parts = []
    for batch in read_columns(path, DEBIT_COLUMNS, encoding=encoding):
        log.extend(batch.log)
        parts.append(typed(batch.frame, DEBIT_COLUMNS, log))
    rows = pl.concat(parts)
    return rows.filter(~pl.col("line").is_in(log.held_lines().implode())), log
