"""A register of a city, loaded and then sent again every night: does memory stay, however long the file?

    python -m bench.registers [--lines SMALL LARGE]

Each night is `elqr reconcile` as a process of its own on CSV: the first load of lines and slips, then the whole extract again with one line in ten
revised. CPU of the process and its largest resident memory.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl

from bench.figures import Figure
from bench.ledger_night import AS_OF
from bench.nights import register

GROWTH_MAX = 1.5  # of memory, for three times the lines
REVISED = 10  # one line in so many


def measure(sizes: Sequence[int]) -> dict[int, dict[str, tuple[float, int]]]:
    """CPU seconds and MB of each night by number of lines."""
    found = {}
    for lines in sizes:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            # in a process of its own: the largest memory of a child is at least what its parent held when it began
            make = [
                sys.executable,
                "-m",
                "bench.registers",
                "--make",
                str(folder),
                "--lines",
                str(lines),
                "0",
            ]
            subprocess.run(make, check=True)
            ledger = ["--ledger", str(folder / "l.db"), "--out", str(folder / "out"), "--no-report"]
            first = ["--assessments", str(folder / "a.csv"), "--slips", str(folder / "s.csv")]
            again = ["--assessments", str(folder / "b.csv")]
            found[lines] = {"first load": _night([*ledger, *first]), "again": _night([*ledger, *again])}
    return found


def _write(folder: Path, lines: int) -> None:
    assessments, slips, _ = register(lines)
    rows = assessments.drop("carried_over", "is_premium").sort("line_id")
    rows.write_csv(folder / "a.csv")
    revised = pl.int_range(pl.len()) % REVISED == 0
    less = pl.when(revised).then(pl.col("principal") // 2).otherwise("principal")
    day = pl.when(revised).then(pl.lit(AS_OF)).otherwise("revised_at")
    rows.with_columns(principal=less, revised_at=day).write_csv(folder / "b.csv")
    slips.select(one for one in slips if one.null_count() < slips.height).write_csv(folder / "s.csv")


def _night(words: Sequence[str]) -> tuple[float, int]:
    command = [sys.executable, "-m", "cli", "reconcile", "--as-of", AS_OF.isoformat(), *words]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(words)} ended with {process.returncode}")
    return used.ru_utime + used.ru_stime, used.ru_maxrss // 1024


def figures(found: Mapping[int, Mapping[str, tuple[float, int]]]) -> list[Figure]:
    """The rows of docs/performance.md."""
    small, large = min(found), max(found)
    rows = []
    for night, title in (
        ("first load", f"first load of {large:,} lines and {large * 13 // 10:,} slips"),
        ("again", f"the extract of {large:,} lines again, one in {REVISED} revised"),
    ):
        (cpu, mb), (_, before) = found[large][night], found[small][night]
        rows.append(
            Figure(
                f"{title}, CSV to durable ledger",
                f"{mb:,} MB, {cpu:.1f} s CPU",
                f"{small:,} lines: {before:,} MB",
                f"× {mb / before:.2f} for × {large / small:.1f} lines",
                f"≤ × {GROWTH_MAX:.1f}",
                mb <= GROWTH_MAX * before,
            )
        )
    return rows


def main() -> int:
    """The command line: 0 when the goal is met."""
    words = argparse.ArgumentParser(prog="python -m bench.registers", description="A register in memory.")
    words.add_argument("--lines", type=int, nargs=2, default=[1_000_000, 3_000_000], help="two sizes")
    words.add_argument("--make", type=Path, help=argparse.SUPPRESS)
    given = words.parse_args()
    if given.make:
        _write(given.make, given.lines[0])
        return 0
    rows = figures(measure(given.lines))
    print("\n".join(row.row() for row in rows))
    return 0 if all(row.met for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
