"""Rows and a press for tests of the print job: importable by spawned workers, with faults on request."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import polars as pl

from elqr import payload
from elqr.digits import to_series
from elqr.problems import ProblemLog
from slips.workers import Proof

TEXTS = ("sort_key", "barcode", "supersedes", "covers", "payload")


def cleaned(n: int, **columns: object) -> pl.DataFrame:
    """`n` rows as the checks hand them on; any column can be given as a list or one value."""
    frame = pl.DataFrame(
        {
            "line": np.arange(2, n + 2),
            "slip_key": [f"{202601020000000 + i:020d}" for i in range(n)],
            "confirm_no": ["123456"] * n,
            "tax_item": ["001"] * n,
            "tax_name": ["固定資産税・都市計画税"] * n,
            "body_code": ["342041"] * n,
            "levy_year": ["2026"] * n,
            "tax_year": ["2026"] * n,
            "period": ["01"] * n,
            "notice_no": [f"N{i // 4:06d}" for i in range(n)],
            "amount": np.arange(n) * 100 + 12_300,
            "due_date": ["2026-06-30"] * n,
            "payable_until": ["2026-07-31"] * n,
            "payer_id": [f"P{i // 4:06d}" for i in range(n)],
            "payer_name": ["山田 太郎"] * n,
            "postal_code": ["7230001"] * n,
            "address": ["広島県三原市港町三丁目5番1号"] * n,
            "kind": ["initial"] * n,
            "lang": ["ja"] * n,
            "large_print": [False] * n,
            "principal": [None] * n,
            "delinquency": [None] * n,
            "dunning_fee": [None] * n,
            "mode": ["pass-through"] * n,
            **dict.fromkeys(TEXTS, [None] * n),
        },
        schema_overrides=dict.fromkeys(TEXTS, pl.String)
        | dict.fromkeys(("principal", "delinquency", "dunning_fee"), pl.Int64),
    )
    given = {name: value if isinstance(value, list) else [value] * n for name, value in columns.items()}
    frame = frame.with_columns(pl.Series(k, v, dtype=frame.schema[k]) for k, v in given.items())
    frame = frame.with_columns(pl.col("due_date", "payable_until").str.to_date())
    return frame.with_columns(with_payload(frame)) if "payload" not in columns else frame


def with_payload(frame: pl.DataFrame) -> pl.Series:
    """The 255 digits for each row, structure and CRC right."""
    wire = frame.select(
        *("slip_key", "confirm_no", "tax_item", "levy_year", "tax_year", "period"),
        amount=pl.col("amount").cast(pl.String).str.zfill(11),
        tax_body_code=pl.col("body_code").str.slice(0, 5),
        due_date=pl.col("due_date").dt.strftime("%Y%m%d"),
        payable_until=pl.col("payable_until").dt.strftime("%Y%m%d"),
    )
    return to_series(payload.encode(wire), "payload")


@dataclass(frozen=True)
class FakePress:
    """A press that writes text. The file of that name misprints, kills its worker, or is never finished."""

    characters: str
    wrong_file: str = ""
    deadly_file: str = ""
    endless_file: str = ""

    def write_pdf(self, path: Path, values: pl.DataFrame, *, layout: str, title: str) -> None:
        if path.name == self.deadly_file:
            os.kill(os.getpid(), signal.SIGKILL)
        if path.name == self.endless_file:
            path.with_name("worker.pid").write_text(str(os.getpid()))
            time.sleep(60)
        lines = [f"%PDF {layout} {title} {self.characters}"]
        shown = values.select("seq", "n_of_m", "payer_name", "amount_yen", "payload", "test", "lang")
        lines += ["|".join(row) for row in shown.iter_rows()]
        path.write_text("\n".join(lines), encoding="utf-8", newline="")

    def read_back(self, path: Path, values: pl.DataFrame, *, layout: str) -> Proof:
        log = ProblemLog()
        if path.name == self.wrong_file:
            log.add(values.head(1), "out.failed", field="payload", found="pixel", reason="test")
        return Proof(log.table(), {"pages": values.height, "decoder": "fake"})


@dataclass
class FakePrepress:
    """A text check that knows no emoji and keeps the characters it saw."""

    press_made: FakePress = FakePress("")
    seen: set[str] = field(default_factory=set)

    def notes(self) -> ProblemLog:
        return ProblemLog()

    def check(self, values: pl.DataFrame, *, layout: str) -> ProblemLog:
        log = ProblemLog()
        if "payer_name" not in values.columns:
            return log
        self.seen.update("".join(values["payer_name"]))
        bad = values.filter(pl.col("payer_name").str.contains("😀"))
        log.add(bad, "text.no_glyph", field="payer_name", found=pl.col("payer_name"), expected="BIZ UDGothic")
        return log

    def ready(self) -> Callable[[], object]:
        return str

    def press(self) -> FakePress:
        return replace(self.press_made, characters="".join(sorted(self.seen)))


def faking(press: FakePress = FakePress("")) -> Callable[[object], FakePrepress]:
    """What `print_slips` is given instead of the real prepress."""
    return lambda _: FakePrepress(press)
