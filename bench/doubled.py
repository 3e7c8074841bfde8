"""A day's file that is posted twice under other transaction ids: every payment an overpayment, each a refund. Does ten times cost ten times?

    python -m bench.doubled [--payments SMALL LARGE] [--folder DIR]

CPU seconds of processes of their own: the night of the second file with its report, the proposal of all refunds, their approval by one command.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from bench.figures import Figure
from bench.ledger_night import AS_OF, compiling, copied, drop, made, write_receipts
from bench.nights import events_of

RECEIPTS = 20_000  # of the folder in which bench.ledger_night keeps the same ledger
LINES = 100_000
GROWTH_MAX = 12.0
RULES = """
id = "bench"
[title]
ja = "測定用"
en = "for measuring"
[[tier]]
approvals = ["checker"]
[[user]]
name = "maker"
roles = ["maker"]
[[user]]
name = "checker"
roles = ["checker"]
"""


def measure(folder: Path, sizes: Sequence[int]) -> dict[int, dict[str, float]]:
    """CPU seconds of each step by number of payments."""
    home, env = made(folder, lines=LINES, receipts=RECEIPTS), compiling(folder)
    (home / "rules.toml").write_text(RULES, encoding="utf-8")
    _steps(home, 10, env)  # what is compiled is kept
    return {size: _steps(home, size, env) for size in sizes}


def _steps(home: Path, payments: int, env: Mapping[str, str]) -> dict[str, float]:
    place, out = copied(home / "ledger.db", home / "doubled.db"), str(home / "doubled")
    for seed in (1, 2):
        rows = events_of(np.arange(payments) * 4 % LINES, lines=LINES, seed=seed, shares={})
        write_receipts(home / f"doubled-{seed}.csv", rows, seed=seed)
    day, ledger = ["--as-of", AS_OF.isoformat()], ["--ledger", str(place)]
    rules = ["--rules", str(home / "rules.toml")]
    first, second = (["--receipts", str(home / f"doubled-{seed}.csv"), "--out", out] for seed in (1, 2))
    numbers = [f"R{number:06}" for number in range(1, payments + 1)]
    _cpu(["reconcile", *ledger, *day, *first], env, expected=0)
    found = {
        "night": _cpu(["reconcile", *ledger, *day, *second], env, expected=1),
        "propose": _cpu(["refunds", "propose", *ledger, *day, *rules, "--as", "maker"], env, expected=0),
        "approve": _cpu(
            ["refunds", "approve", *numbers, *ledger, *day, *rules, "--as", "checker"], env, expected=0
        ),
    }
    drop(place)
    return found


def _cpu(words: Sequence[str], env: Mapping[str, str], *, expected: int) -> float:
    """CPU seconds of a command. Raises RuntimeError where it ends otherwise than it should."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-m", "cli", *words], check=False, capture_output=True, text=True, env=dict(env)
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != expected:
        raise RuntimeError(f"{words[:2]} ended with {done.returncode}: {done.stderr[-2000:]}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def figures(found: Mapping[int, Mapping[str, float]]) -> list[Figure]:
    """The rows of docs/performance.md."""
    small, large = min(found), max(found)
    ours, other = sum(found[large].values()), sum(found[small].values())
    steps = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in found[large].items())
    return [
        Figure(
            f"a file of {large:,} payments posted twice under other ids: {large:,} overpayments, refunds proposed and approved, CPU",
            steps,
            f"{small:,}: {other:.1f} s",
            f"× {ours / other:.1f} for {large // small} times",
            f"≤ × {GROWTH_MAX:.0f}",
            ours <= GROWTH_MAX * other,
        )
    ]


def main() -> int:
    """The command line: 0 when the goal is met."""
    words = argparse.ArgumentParser(prog="python -m bench.doubled", description="A file posted twice.")
    words.add_argument("--payments", type=int, nargs=2, default=[2_000, 20_000], help="two sizes")
    words.add_argument("--folder", type=Path, default=Path("out/bench"), help="ledgers stay here")
    given = words.parse_args()
    rows = figures(measure(given.folder, given.payments))
    print("\n".join(row.row() for row in rows))
    return 0 if all(row.met for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
