"""`elqr print` as a whole: slips a second of one core with and without read-back, memory, and two processes beside one.

Each run is a process of its own, pinned to one core where the system can (not for two processes). CPU time is user and system time of
the process and its children; start-up, fonts and compiling are in it. Wall clock only where two processes are compared.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from bench.figures import Figure
from sample_data.generate import write_large

TOP = Path(__file__).resolve().parent.parent
SITE = TOP / "sample_data" / "site.toml"
LAYOUT, ISSUE_DATE = "mihara", "2026-06-01"
ROUNDS = 3
FEW = 10
"""So few slips that only starting counts."""
MIB = 1024


@dataclass(frozen=True)
class Run:
    """One run: slips printed, CPU and wall seconds, the largest resident memory of any process (MiB)."""

    slips: int
    cpu_s: float
    wall_s: float
    rss_mib: float

    @property
    def rate(self) -> float:
        """Slips a CPU second."""
        return self.slips / self.cpu_s


def run(slips: Path, out: Path, *words: str, pinned: bool = True) -> Run:
    """Print `slips` once into an empty folder. Raises RuntimeError where it does not end with 0 or not all slips are there."""
    shutil.rmtree(out, ignore_errors=True)
    command = [sys.executable, "-c", "from cli import main; main()", "print", str(slips), "--out", str(out)]
    command += ["--layout", LAYOUT, "--site", str(SITE), "--issue-date", ISSUE_DATE, *words]
    start = time.perf_counter()
    child = subprocess.Popen(
        command,
        cwd=TOP,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        preexec_fn=_pin if pinned and hasattr(os, "sched_setaffinity") else None,  # noqa: PLW1509 - no threads here yet
    )
    said = child.stderr.read() if child.stderr else b""
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - start
    if child.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} ended with {child.returncode}:\n{said.decode()[-1000:]}")
    job = json.loads((out / "job.json").read_text(encoding="utf-8"))
    return Run(
        slips=_printed(job),
        cpu_s=used.ru_utime + used.ru_stime,
        wall_s=wall,
        rss_mib=used.ru_maxrss / MIB,
    )


def _pin() -> None:
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def _printed(job: dict[str, object]) -> int:
    printed = job["printed"]
    return int(printed["slips"] if isinstance(printed, dict) else str(printed))


BARE_LOOP = "n = 0\nfor i in range(20_000_000): n += i * i & 7"


def ceiling() -> float:
    """What two processes that share nothing gain here over one: two arithmetic loops beside each other, and one after the other."""

    def wall(processes: int) -> float:
        begun = time.perf_counter()
        at_work = [subprocess.Popen([sys.executable, "-c", BARE_LOOP]) for _ in range(processes)]
        for one in at_work:
            one.wait()
        return time.perf_counter() - begun

    alone = wall(1) + wall(1)
    return alone / wall(2)


def figures(folder: Path, *, count: int, large: int, rounds: int = ROUNDS) -> list[Figure]:
    """Measure rates, memory and two processes on `count` slips, memory on `large` as well.

    Whoever cares for the rate prints hundreds of thousands; starting is part of every run and is said on its own.
    """
    file, large_file, few_file = folder / "slips.csv", folder / "large.csv", folder / "few.csv"
    for path, slips in ((file, count), (large_file, large), (few_file, FEW)):
        write_large(path, slips)
    out = folder / "out"
    without, with_, one, two, start, most = [], [], [], [], [], []
    for _ in range(rounds):  # in turn, so that a busy moment hits all of them
        start.append(run(few_file, out, "--skip-read-back").cpu_s)
        without.append(run(file, out, "--skip-read-back"))
        with_.append(run(file, out))
        files = ("--slips-per-file", str(max(1, count // 8)))  # enough files for two to share
        one.append(run(file, out, *files, pinned=False).wall_s)
        two.append(run(file, out, *files, "--jobs", "2", pinned=False).wall_s)
        most.append(ceiling())
    fast, full = statistics.median(r.rate for r in without), statistics.median(r.rate for r in with_)
    small_rss, large_rss = with_[0].rss_mib, run(large_file, out).rss_mib
    gain = statistics.median(one) / statistics.median(two)
    begun = f"of these {statistics.median(start):.1f} s to start and print {FEW}"
    return [
        Figure(
            "print without read-back",
            f"{count:,} slips, `{LAYOUT}`",
            begun,
            f"{fast:,.0f} slips/s a core",
            "≥ 2,500",
            fast >= 2500,
        ),
        Figure(
            "print with read-back",
            f"{count:,} slips, `{LAYOUT}`",
            "every code and amount",
            f"{full:,.0f} slips/s a core",
            "≥ 600",
            full >= 600,
        ),
        Figure(
            "memory",
            f"{large:,} slips: {large_rss:,.0f} MiB",
            f"{count:,} slips: {small_rss:,.0f} MiB",
            f"× {large_rss / small_rss:.2f} for × {large / count:.1f} slips",
            "≤ 1.5 GB and no growth",
            large_rss <= 1430 and large_rss <= small_rss * 1.25,
        ),
        Figure(
            "two processes",
            f"{statistics.median(two):.1f} s wall",
            f"one: {statistics.median(one):.1f} s wall; two bare loops gain × {statistics.median(most):.2f} on this machine",
            f"× {gain:.2f}",
            "≥ 1.7",
            gain >= 1.7,
        ),
    ]
