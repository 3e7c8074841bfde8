"""Readers on simulated scans: the combined reader and the cascade beside zxing-cpp asked once, on the same crops.

    python -m bench.scans [--seeds N] [--dpi 300 400] [--defects blur …] [--json]

23 defects × 6 severities × resolutions × seeds, each crop a payload of its own. CPU time is that of this process; WeChat's runs in its worker
and is not in it.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Sequence

import cv2

from bench.figures import Figure
from slips.proof.simulate.defects import DEFECTS
from slips.proof.simulate.matrix import CASCADE, COMBINED, READERS, SINGLE, cases, tried
from slips.proof.wechat import WeChat

COMBINED_GOAL, CASCADE_GOAL = 87.0, 83.0


def measure(
    seeds: int, *, dpis: Sequence[int] = (300, 400), defects: Sequence[str] = tuple(DEFECTS)
) -> dict[str, object]:
    """Shares read by reader and by defect in per cent, misreads, and WeChat's troubles."""
    cv2.setNumThreads(1)
    read: Counter[tuple[str, str]] = Counter()
    tries: Counter[str] = Counter()
    misread: Counter[str] = Counter()
    begun = time.process_time()
    with WeChat() as wechat:
        for case in cases(seeds=seeds, dpis=dpis, defects=defects):
            trial = tried(case, wechat=wechat)
            tries[case.defect] += 1
            read.update((case.defect, name) for name in trial.read)
            misread.update(trial.misread)
        troubles = Counter(wechat.troubles)
    crops = sum(tries.values())
    return {
        "crops": crops,
        "read": {name: round(100 * sum(read[d, name] for d in tries) / crops, 1) for name in READERS},
        "misreads": {name: misread[name] for name in READERS},
        "by_defect": {d: {name: round(100 * read[d, name] / tries[d], 1) for name in READERS} for d in tries},
        "wechat_troubles": dict(troubles),
        "seconds": round(time.process_time() - begun, 1),
    }


def figures(seeds: int) -> list[Figure]:
    """The two shares that have a goal, each beside the single reader of the same run."""
    found = measure(seeds)
    shares, misreads = found["read"], found["misreads"]
    assert isinstance(shares, dict) and isinstance(misreads, dict)
    crops, single = found["crops"], f"zxing-cpp once: {shares[SINGLE]} %"
    return [
        Figure(
            f"degraded scans read, {what}, {crops:,} crops",
            f"{shares[name]} %, {misreads[name]} misread",
            single,
            f"+ {shares[name] - shares[SINGLE]:.1f} points",
            f"≥ {goal:g} %, 0 misread",
            shares[name] >= goal and misreads[name] == 0,
        )
        for what, name, goal in (
            ("combined reader", COMBINED, COMBINED_GOAL),
            ("cascade alone", CASCADE, CASCADE_GOAL),
        )
    ]


def main() -> int:
    """The command line. Exit 1 where a goal is missed."""
    words = argparse.ArgumentParser(prog="python -m bench.scans", description="Read simulated scans.")
    words.add_argument("--seeds", type=int, default=2, help="crops of each defect, severity and resolution")
    words.add_argument("--dpi", type=int, nargs="+", default=[300, 400])
    words.add_argument("--defects", nargs="+", choices=tuple(DEFECTS), default=tuple(DEFECTS))
    words.add_argument("--json", action="store_true")
    given = words.parse_args()
    found = measure(given.seeds, dpis=given.dpi, defects=given.defects)
    if given.json:
        print(json.dumps(found, indent=2))
        return 0
    print("| defect | " + " | ".join(READERS) + " |\n|---|" + "---|" * len(READERS))
    return 0


if __name__ == "__main__":
    sys.exit(main())
