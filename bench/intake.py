"""Receipts taken in: ours beside a row-by-row reader with the same checks, in one run; and ten million rows in bounded memory.

    python -m bench.intake [--rows N] [--rounds R] [--large N] [--json]

CPU time, the two in turn, each in a process of its own, the median of the rounds; results are compared to the yen and to the last identity.
`--large` adds a file of N rows (10,000,000 for the figure of the issue) and the peak memory of reading it.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from hashlib import sha256
from pathlib import Path

import polars as pl

from bench.receipt_files import write_receipts
from bench.row_reader import read_by_row
from elqr.site import Site
from reconcile.intake import open_receipts

SITE = Site(body_code="999997")
IDS = ("receipt_id", "payment_id", "content_sha")


def ours(path: Path, ids: list[pl.DataFrame]) -> dict[str, object]:
    """Read by the product, block by block."""
    count, yen = 0, 0
    source = open_receipts(path, site=SITE)
    for batch in source.batches():
        ids.append(batch.frame.select(IDS))
        count, yen = count + batch.frame.height, yen + int(batch.frame["amount"].sum())
    return {"rows": count, "yen": yen, "quarantined": source.summary.tally.quarantined}


def peer(path: Path, ids: list[pl.DataFrame]) -> dict[str, object]:
    """Read row by row; the file is hashed as a whole, as the product does."""
    sha256(path.read_bytes()).hexdigest()
    frame, bad, yen = read_by_row(path, SITE)
    ids.append(frame.select(IDS))
    return {"rows": frame.height, "yen": yen, "quarantined": len(bad)}


def timed(way: str, path: Path) -> dict[str, object]:
    """Run one reader in a process of its own: CPU seconds, wall seconds, peak memory, result."""
    call = [sys.executable, "-m", "bench.intake", "--child", way, str(path)]
    found: dict[str, object] = json.loads(
        subprocess.run(call, check=True, capture_output=True, text=True).stdout
    )
    return found


def child(way: str, path: Path) -> dict[str, object]:
    """What the process of `timed` does. Imports are not counted, for either side."""
    ids: list[pl.DataFrame] = []
    before = resource.getrusage(resource.RUSAGE_SELF)
    start = time.perf_counter()
    found = peer(path, ids) if way == "peer" else ours(path, ids if way == "ours" else Forgetful())
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    wall = time.perf_counter() - start
    same = sha256()
    for name in IDS:
        for frame in ids:
            same.update("".join(frame[name].to_list()).encode())
    return {**found, "ids": same.hexdigest(), "cpu": cpu, "wall": wall, "mb": after.ru_maxrss // 1024}


class Forgetful(list[pl.DataFrame]):
    """Keeps nothing: for the memory figure."""

    def append(self, item: pl.DataFrame, /) -> None:
        """Drop it."""
        del item


def measure(rows: int, rounds: int) -> dict[str, object]:
    """Seconds of both, the ratio, and whether all results are the same."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "receipts.csv"
        write_receipts(path, rows)
        found = [(timed("ours", path), timed("peer", path)) for _ in range(rounds)]
    keys = ("rows", "yen", "ids", "quarantined")
    same = all(mine[k] == other[k] for mine, other in found for k in keys)
    mine, other = (statistics.median(float(str(pair[k]["cpu"])) for pair in found) for k in (0, 1))
    return {
        "rows": rows,
        "quarantined": found[0][0]["quarantined"],
        "seconds": round(mine, 2),
        "peer_seconds": round(other, 2),
        "wall_seconds": round(statistics.median(float(str(pair[0]["wall"])) for pair in found), 2),
        "ratio": round(other / mine, 2),
        "mb": found[0][0]["mb"],
        "peer_mb": found[0][1]["mb"],
        "same": same,
    }


def measure_large(rows: int) -> dict[str, object]:
    """Seconds and peak memory of a large file, with and without transaction ids."""
    out: dict[str, object] = {"large_rows": rows}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "receipts.csv"
        for name, with_transactions in (("", True), ("_composite", False)):
            write_receipts(path, rows, with_transactions=with_transactions)
            found = timed("large", path)
            out[f"large_seconds{name}"] = round(float(str(found["cpu"])), 1)
            out[f"large_mb{name}"] = found["mb"]
    return out


def main() -> int:
    """The command line."""
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    words.add_argument("--rows", type=int, default=1_000_000, help="rows that both read")
    words.add_argument("--rounds", type=int, default=3, help="rounds; the median counts")
    words.add_argument("--large", type=int, default=0, help="rows of the memory figure (0: leave out)")
    words.add_argument("--json", action="store_true", help="machine-readable output")
    words.add_argument("--child", nargs=2, metavar=("WAY", "FILE"), help=argparse.SUPPRESS)
    options = words.parse_args()
    if options.child:
        print(json.dumps(child(options.child[0], Path(options.child[1]))))
        return 0
    found = measure(options.rows, options.rounds)
    if options.large:
        found |= measure_large(options.large)
    if options.json:
        print(json.dumps(found))
    else:
        for name, value in found.items():
            print(f"{name:28}{value!s:>14}")
    return 0 if found["same"] else 1


if __name__ == "__main__":
    sys.exit(main())
