"""Readers on simulated scans: the combined reader and the cascade beside zxing-cpp asked once, on the same crops.

    python -m bench.scans [--full | --seeds N] [--dpi 300 400] [--severities 1 2 …] [--defects blur …] [--csv | --json]

23 defects × 6 severities × resolutions × seeds, each crop a payload of its own. CPU time is this process's; WeChat's worker is not in it.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2

from bench.figures import Figure
from slips.proof.simulate.defects import DEFECTS
from slips.proof.simulate.matrix import (
    CASCADE,
    COMBINED,
    READERS,
    SEVERITIES,
    SINGLE,
    Trial,
    cases,
    reads_table,
    tried,
)
from slips.proof.wechat import WeChat

FULL_SEEDS = 12
"""Of each defect, severity and resolution: 23 × 6 × 2 × 12 = 3,312 crops."""
GOALS = ((COMBINED, 87.0), (CASCADE, 83.0))


@dataclass(frozen=True)
class Run:
    """The trials of one run, what became of WeChat's worker, and seconds of CPU."""

    trials: tuple[Trial, ...]
    troubles: dict[str, int]
    seconds: float

    def share(self, reader: str) -> float:
        """Per cent of the crops read."""
        return 100 * sum(reader in trial.read for trial in self.trials) / len(self.trials)

    def misreads(self, reader: str) -> int:
        """Crops of which it gave other digits."""
        return sum(reader in trial.misread for trial in self.trials)


def measure(
    seeds: int,
    *,
    dpis: Sequence[int] = (300, 400),
    severities: Sequence[int] = SEVERITIES,
    defects: Sequence[str] = tuple(DEFECTS),
    told: Callable[[str], None] = lambda _: None,
) -> Run:
    """Read the matrix, defect by defect; `told` hears how far it is."""
    cv2.setNumThreads(1)
    begun = time.process_time()
    trials: list[Trial] = []
    with WeChat() as wechat:
        for number, defect in enumerate(defects, 1):
            chosen = cases(seeds=seeds, dpis=dpis, severities=severities, defects=[defect])
            trials += [tried(case, wechat=wechat) for case in chosen]
            spent = time.process_time() - begun
            told(f"{number} of {len(defects)} defects, {len(trials):,} crops, {spent:.0f} s: {defect}")
        troubles = dict(Counter(wechat.troubles))
    return Run(tuple(trials), troubles, time.process_time() - begun)


def figures(run: Run) -> list[Figure]:
    """The two shares that have a goal, each beside the single reader of the same run."""
    single = run.share(SINGLE)
    return [
        Figure(
            f"degraded scans read, {reader} reader, {len(run.trials):,} crops",
            f"{run.share(reader):.1f} %, {run.misreads(reader)} misread",
            f"{SINGLE}: {single:.1f} %",
            f"+ {run.share(reader) - single:.1f} points",
            f"≥ {goal:g} %, 0 misread",
            run.share(reader) >= goal and run.misreads(reader) == 0,
        )
        for reader, goal in GOALS
    ]


def main() -> int:
    """The command line. Exit 1 where a goal is missed or anything was misread."""
    words = argparse.ArgumentParser(prog="python -m bench.scans", description="Read simulated scans.")
    words.add_argument("--seeds", type=int, default=2, help="crops of each defect, severity and resolution")
    words.add_argument("--full", action="store_true", help=f"as --seeds {FULL_SEEDS}: 3,312 crops")
    words.add_argument("--dpi", type=int, nargs="+", default=[300, 400])
    words.add_argument("--severities", type=int, nargs="+", choices=SEVERITIES, default=list(SEVERITIES))
    words.add_argument("--defects", nargs="+", choices=tuple(DEFECTS), default=list(DEFECTS))
    words.add_argument(
        "--csv", action="store_true", help="reads by defect, as tests/golden/scan_reads.csv has them"
    )
    words.add_argument("--json", action="store_true", help="shares and misreads")
    given = words.parse_args()
    run = measure(
        FULL_SEEDS if given.full else given.seeds,
        dpis=given.dpi,
        severities=given.severities,
        defects=given.defects,
        told=lambda line: print(line, file=sys.stderr, flush=True),
    )
    shares = {r: {"read_percent": round(run.share(r), 1), "misreads": run.misreads(r)} for r in READERS}
    if given.csv:
        print(reads_table(run.trials), end="")
    elif given.json:
        print(
            json.dumps(
                {"crops": len(run.trials), **shares, "wechat": run.troubles, "seconds": round(run.seconds, 1)}
            )
        )
    else:
        print(reads_table(run.trials))
        for row in figures(run):
            print(row.row())
        print(f"{run.seconds:.0f} s; WeChat's troubles: {run.troubles or 'none'}")
    whole = given.severities == list(SEVERITIES) and given.defects == list(DEFECTS)
    missed = whole and not all(figure.met for figure in figures(run))
    return 1 if missed or any(run.misreads(r) for r in READERS) else 0


if __name__ == "__main__":
    sys.exit(main())
