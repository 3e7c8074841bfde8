"""A night of 20,000 receipts against a standing ledger, process start to durable commit: what it costs, by the size of the ledger.

In: `python -m bench.ledger_night FOLDER LINES [RECEIPTS]`. Out: CPU and wall seconds, peak memory, what the night did. The ledger is made once
a size and copied for each night. The register is bench.nights'; the mix of receipts is assumed (reconcile-rules §7).
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import polars as pl

from bench.nights import BODY, events, register

AS_OF = date(2026, 11, 20)
TOTALS = ("received", "posted", "excess", "suspense", "held", "events", "quarantined", "rejected")


def build(place: Path, lines: int) -> None:
    """A ledger of `lines` lines with their slips and covers, in one run."""
    from reconcile.covering import named_lines
    from reconcile.frames import ASSESSMENTS, SLIPS
    from reconcile.ledger import open_ledger

    assessments, slips, covers = register(lines)

    def whole(frame: pl.DataFrame, schema: dict[str, pl.DataType]) -> pl.DataFrame:
        names = [n for n in schema if n != "file_sha256"]
        lacking = {n: pl.lit(None, schema[n]) for n in names if n not in frame.columns}
        return frame.with_columns(**lacking).select(names).with_columns(file_no=pl.lit(1, pl.Int64))

    with open_ledger(place, writer=True, create=True) as ledger:
        ledger.begin()
        ledger.add("assessments", whole(assessments, dict(ASSESSMENTS)))
        rows = ledger.add("slips", whole(slips.sort("slip_key"), dict(SLIPS)))
        ledger.store.append("named_lines", named_lines(rows))
        ledger.store.append("covers", covers.sort("slip_key", "line_id"))
        totals = dict.fromkeys(TOTALS, (0, 0))
        ledger.commit(kind="reconcile", as_of="2026-05-01", inputs={}, totals=totals, payments=0)


def write_receipts(path: Path, *, receipts: int, lines: int, seed: int) -> None:
    """A night's file in the canonical layout."""
    rows = events(receipts, lines=lines, seed=seed)
    day = pl.col("paid_on").dt.strftime("%Y-%m-%d")
    txn = pl.concat_str(pl.lit(f"{seed}-"), "payment_id")
    back = pl.col("kind") == "cancelled"
    rows.select(
        "kind",
        channel=pl.lit("convenience"),
        body_code=pl.lit(BODY),
        slip_key="slip_key",
        confirm_no=pl.lit(None, pl.String),
        tax_item=pl.lit(None, pl.String),
        amount="amount",
        paid_at=day,
        data_date=day,
        remit_date=day,
        account_date=day,
        txn_id=pl.when(back).then(pl.concat_str(txn, pl.lit("C"))).otherwise(txn),
        orig_txn_id=pl.when(back).then(txn),
    ).write_csv(path)


def night(place: Path, receipts: Path) -> None:
    """One night, told as its process saw it."""
    from reconcile.night import Inputs
    from reconcile.policy import load_policy
    from reconcile.run import RunRequest, reconcile

    inputs = Inputs(receipts=[receipts])
    done = reconcile(RunRequest(ledger=place, inputs=inputs, as_of=AS_OF, policy=load_policy()))
    used = resource.getrusage(resource.RUSAGE_SELF)
    cpu = used.ru_utime + used.ru_stime
    print(f"  CPU {cpu:.2f} s, peak {_peak()} MB, {dict(done.run)}", flush=True)


def _peak() -> int:
    """The process's own; what getrusage says begins with the parent's."""
    told = Path("/proc/self/status").read_text(encoding="ascii").split("VmHWM:")[1]
    return int(told.split()[0]) >> 10


def main(folder: Path, lines: int, receipts: int) -> None:
    """Make the ledger where it is not there, then two nights, each on a copy."""
    folder.mkdir(parents=True, exist_ok=True)
    place, file = folder / f"ledger-{lines}.db", folder / f"receipts-{lines}-{receipts}.csv"
    if not place.exists():
        began = time.perf_counter()
        build(place, lines)
        size = place.stat().st_size >> 20
        print(f"{lines} lines: made in {time.perf_counter() - began:.0f} s, {size} MB", flush=True)
    write_receipts(file, receipts=receipts, lines=lines, seed=3)
    for _ in range(2):
        copy = folder / "copy.db"
        for end in ("", ".seal"):
            shutil.copy(f"{place}{end}", f"{copy}{end}")
        os.sync()
        began = time.perf_counter()
        command = [sys.executable, "-m", "bench.ledger_night", "night", str(copy), str(file)]
        subprocess.run(command, check=True)
        print(f"{lines} lines, {receipts} receipts: wall {time.perf_counter() - began:.2f} s", flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "night":
        night(Path(sys.argv[2]), Path(sys.argv[3]))
    else:
        main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]) if sys.argv[3:] else 20_000)
