"""Nights in a row over one ledger, as in a year: does the last cost what the first did, and is the ledger sound after all of them?

    python -m bench.year [--lines N] [--nights N] [--receipts R] [--folder DIR]

Notices are paid term after term by the shares of bench.nights; a notice that was paid as a whole is not paid again. CPU seconds from the start
of a process to its end, median of the nights of a term; the first night of all, which may compile modules, is left out. Then `elqr ledger check`
reads everything. The nights follow each other, so nothing can be measured in turn: a busy neighbour shows.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from bench.figures import Figure
from bench.ledger_night import compiling, copied, drop, made, one, write_receipts
from bench.nights import SHARES, events_of

RECEIPTS = 20_000  # of the folder in which bench.ledger_night keeps the same ledger
TERMS = 4
GROWTH_MAX = 1.5
LATER: Mapping[str, float] = {name: 0.0 if name == "full_year" else share for name, share in SHARES.items()}


def measure(folder: Path, *, lines: int, nights: int, receipts: int) -> dict[str, Any]:
    """Every night's CPU seconds and memory; the size of the ledger before and after; what `elqr ledger check` says."""
    home = made(folder, lines=lines, receipts=RECEIPTS)
    place, day, env = copied(home / "ledger.db", home / "year.db"), home / "year.csv", compiling(folder)
    before = place.stat().st_size
    notices = np.random.default_rng(1).permutation(lines // TERMS)
    a_term = nights // TERMS
    if a_term < 2 or a_term * receipts > len(notices):
        raise ValueError(
            f"{nights} nights of {receipts} receipts: two a term, and {a_term * receipts * TERMS} lines"
        )
    told = []
    for number in range(a_term * TERMS):
        term, group = divmod(number, a_term)
        paid = notices[group * receipts : (group + 1) * receipts]
        if term:
            paid = paid[int(len(paid) * SHARES["full_year"]) :]
        rows = events_of(paid * TERMS + term, lines=lines, seed=number, shares=LATER if term else SHARES)
        write_receipts(day, rows, seed=number)
        told.append(one(place, day, env=env))
    after = place.stat().st_size
    words = [sys.executable, "-m", "cli", "ledger", "check", str(place)]
    check = subprocess.run(words, check=False, capture_output=True, text=True, env=env)
    drop(place)
    day.unlink()
    return {
        "nights": len(told),
        "receipts": receipts,
        "lines": lines,
        "cpu": [night["cpu"] for night in told],
        "mb": [night["mb"] for night in told],
        "drift": [night["drift"] for night in told if night["drift"]],
        "bytes": [before, after],
        "check": check.returncode,
        "said": check.stdout + check.stderr,
    }


def figures(found: dict[str, Any]) -> list[Figure]:
    """The rows of docs/performance.md."""
    a_term = found["nights"] // TERMS
    first, last = (statistics.median(part) for part in (found["cpu"][1:a_term], found["cpu"][-a_term:]))
    before, after = (size // 1_000_000 for size in found["bytes"])
    return [
        Figure(
            f"{found['nights']} nights of {found['receipts']:,} receipts in a row over {found['lines']:,} lines",
            f"last quarter {last:.2f} s CPU a night, {max(found['mb'])} MB; ledger {before:,} → {after:,} MB",
            f"first quarter {first:.2f} s, {max(found['mb'][:a_term])} MB",
            f"× {last / first:.2f}; `elqr ledger check` {'finds nothing' if found['check'] == 0 else 'FINDS FAULTS'}",
            f"≤ × {GROWTH_MAX}, nothing found",
            last <= GROWTH_MAX * first and found["check"] == 0 and not found["drift"],
        )
    ]


def main() -> int:
    """The command line: 0 when the goal is met."""
    words = argparse.ArgumentParser(prog="python -m bench.year", description="Nights in a row.")
    words.add_argument("--lines", type=int, default=1_000_000)
    words.add_argument("--nights", type=int, default=40)
    words.add_argument("--receipts", type=int, default=20_000)
    words.add_argument("--folder", type=Path, default=Path("out/bench"), help="ledgers stay here")
    given = words.parse_args()
    found = measure(given.folder, lines=given.lines, nights=given.nights, receipts=given.receipts)
    print(found["said"], " ".join(f"{cpu:.2f}" for cpu in found["cpu"]), sep="\n")
    rows = figures(found)
    print("\n".join(row.row() for row in rows))
    return 0 if all(row.met for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
