"""The ledger on a server at the size of a city, beside the embedded one: restore, nights in turn, report, check, backup. Are both the same ledger?

    python -m bench.postgres_night [--lines N] [--nights N] [--receipts R] [--folder DIR]

A PostgreSQL of its own in a temporary folder, durable, with its usual settings, on this machine. CPU seconds of the client and of all processes of
the server, memory of the client, wall time; the two stores in turn, on the same files. Linux only: what the server uses is read from /proc.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import numpy as np

from bench.ledger_night import AS_OF, compiling, copied, drop, made, write_receipts
from bench.nights import SHARES, events_of
from bench.year import LATER, RECEIPTS, TERMS
from tools.postgres import server

SETTINGS = "-c max_connections=20 -c listen_addresses="
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Cost:
    """Seconds and MB of one command."""

    client: float
    server: float
    wall: float
    mb: int

    def row(self, what: str) -> str:
        """One line of the result."""
        return f"{what:<24} client {self.client:6.2f} s  server {self.server:6.2f} s  wall {self.wall:6.2f} s  {self.mb} MB"


class Bench:
    """Commands of `elqr`, each a process of its own, and what they cost."""

    def __init__(self, postmaster: int, env: Mapping[str, str]) -> None:
        self._postmaster, self._env = postmaster, dict(env)

    def elqr(self, *words: str) -> Cost:
        """Run a command. Raises RuntimeError where it ends otherwise than with 0 or 1."""
        before, begun = self._used(), time.monotonic()
        command = [sys.executable, "-m", "cli", *words]
        with subprocess.Popen(command, env=self._env, stdout=subprocess.DEVNULL) as process:
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        wall = time.monotonic() - begun
        if process.returncode not in (0, 1):
            raise RuntimeError(f"{words[:2]} ended with {process.returncode}")
        time.sleep(0.3)  # until the server's process of this session has ended and counts with its parent
        used = self._used() - before
        return Cost(usage.ru_utime + usage.ru_stime, used, wall, usage.ru_maxrss >> 10)

    def _used(self) -> float:
        """CPU seconds of the server's processes, those that have ended among them."""
        ticks = sum(map(int, _stat(self._postmaster)[11:15]))
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    said = _stat(int(entry.name))
                except (FileNotFoundError, ProcessLookupError):
                    continue
                if int(said[1]) == self._postmaster:
                    ticks += int(said[11]) + int(said[12])
        return ticks / TICKS


def _stat(pid: int) -> list[str]:
    """The fields of a process after its name."""
    return Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()


def measure(folder: Path, *, lines: int, nights: int, receipts: int) -> list[str]:
    """The rows of the result. Raises RuntimeError where the two ledgers do not end as one."""
    home, env = made(folder, lines=lines, receipts=RECEIPTS), compiling(folder)
    embedded, day = copied(home / "ledger.db", home / "beside.db"), home / "beside.csv"
    if nights * receipts > lines // TERMS:
        raise ValueError(f"{nights} nights of {receipts} receipts need {nights * receipts * TERMS} lines")
    notices = np.random.default_rng(1).permutation(lines // TERMS)
    rows = []
    with server(SETTINGS) as url:
        data = Path(unquote(url.partition("host=")[2])) / "data"
        bench = Bench(int((data / "postmaster.pid").read_text(encoding="ascii").split()[0]), env)
        places = {"postgresql": url, "embedded": str(embedded)}
        rows.append(bench.elqr("ledger", "restore", str(home / "ledger.db"), url).row("restore"))
        for number in range(nights):
            paid = notices[number * receipts : (number + 1) * receipts]
            shares = LATER if number else SHARES
            write_receipts(day, events_of(paid * TERMS, lines=lines, seed=number, shares=shares), seed=number)
            rows += _each(bench, places, f"night {number + 1}", _night(day))
        rows += _each(bench, places, "report", ["report", "--ledger", "{}", "--out", str(home / "out")])
        rows += _each(bench, places, "check", ["ledger", "check", "{}"])
        for name, place in places.items():
            copy = home / f"backup-{name}.db"
            drop(copy, missing=True)
            rows.append(bench.elqr("ledger", "backup", place, str(copy)).row(f"backup, {name}"))
            drop(copy, missing=True)
        _same(places)
    drop(embedded)
    day.unlink()
    return rows


def _night(receipts: Path) -> list[str]:
    out = str(receipts.with_name("out"))
    day = AS_OF.isoformat()
    return [
        "reconcile",
        "--ledger",
        "{}",
        "--receipts",
        str(receipts),
        "--as-of",
        day,
        "--out",
        out,
        "--no-report",
    ]


def _each(bench: Bench, places: Mapping[str, str], what: str, words: Sequence[str]) -> list[str]:
    """A command over each of the ledgers; `{}` is the place."""
    return [
        bench.elqr(*(place if word == "{}" else word for word in words)).row(f"{what}, {name}")
        for name, place in places.items()
    ]


def _same(places: Mapping[str, str]) -> None:
    """Whether what stands is the same, to the digest."""
    from reconcile.ledger import open_ledger

    results = {}
    for name, place in places.items():
        with open_ledger(place) as ledger:
            results[name] = (ledger.standing.run_id, ledger.standing.result, ledger.standing.totals)
    if len({str(result) for result in results.values()}) != 1:
        raise RuntimeError(f"the ledgers differ: {results}")


def main() -> int:
    """The command line."""
    words = argparse.ArgumentParser(
        prog="python -m bench.postgres_night", description="The ledger on a server."
    )
    words.add_argument("--lines", type=int, default=1_000_000)
    words.add_argument("--nights", type=int, default=3)
    words.add_argument("--receipts", type=int, default=20_000)
    words.add_argument("--folder", type=Path, default=Path("out/bench"), help="ledgers stay here")
    given = words.parse_args()
    print("\n".join(measure(given.folder, lines=given.lines, nights=given.nights, receipts=given.receipts)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
