"""The symbol encoder beside segno: one process, one core, the same payloads, bit identity checked.

    python -m bench.symbols [--count N] [--peer-count M] [--json]

CPU time, the two in turn, the median of five rounds. The peer encodes fewer payloads, for it takes thousands
of times as long.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable

import numpy as np
import segno

from bench.figures import Figure
from elqr import symbols

ROUNDS = 5


def microseconds(work: Callable[[], object], count: int) -> float:
    """CPU microseconds of one of `count` items."""
    start = time.process_time()
    work()
    return (time.process_time() - start) / count * 1e6


def measure(count: int, peer_count: int) -> dict[str, float | int | str]:
    """Rates, ratio and the number of symbols that differ."""
    digits = (
        np.random.default_rng(1).integers(ord("0"), ord("9") + 1, (count, symbols.DIGITS)).astype(np.uint8)
    )
    texts = [bytes(row).decode() for row in digits[:peer_count]]
    codes: list[segno.QRCode] = []

    def peer() -> None:
        codes[:] = [
            segno.make_qr(text, error="m", boost_error=False, version=6, mode="numeric") for text in texts
        ]

    symbols.encode(digits[:1000])  # tables and caches
    ours, theirs = [], []
    for _ in range(ROUNDS):
        ours.append(microseconds(lambda: symbols.encode(digits), count))
        theirs.append(microseconds(peer, peer_count))
    modules = symbols.unpack(symbols.encode(digits[:peer_count]))
    different = sum(
        bool((np.array([list(row) for row in code.matrix], np.uint8) != mine).any())
        for code, mine in zip(codes, modules, strict=True)
    )
    mine, other = statistics.median(ours), statistics.median(theirs)
    return {
        "symbols": count,
        "peer": f"segno {segno.__version__}",
        "us_per_symbol": round(mine, 2),
        "symbols_per_second": round(1e6 / mine),
        "peer_us_per_symbol": round(other, 1),
        "ratio": round(other / mine, 1),
        "compared": peer_count,
        "different": different,
    }


def figure() -> Figure:
    """The row of docs/performance.md."""
    found = measure(20_000, 100)
    return Figure(
        "eL-QR symbol, every mask tried",
        f"{found['us_per_symbol']} µs",
        f"{found['peer']}: {found['peer_us_per_symbol']} µs; {found['different']} of {found['compared']} symbols differ",
        f"× {found['ratio']}",
        "≥ × 100, bit-identical",
        float(found["ratio"]) >= 100 and found["different"] == 0,
    )


def main() -> int:
    """The command line: 0 when every symbol compared is the same."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--count", type=int, default=20_000, help="symbols of ours in a round")
    parser.add_argument("--peer-count", type=int, default=100, help="symbols of the peer in a round")
    parser.add_argument("--json", action="store_true", help="machine-readable output")
    options = parser.parse_args()
    found = measure(options.count, options.peer_count)
    if options.json:
        print(json.dumps(found))
    else:
        print(f"{'':14}{'µs a symbol':>14}{'symbols/s':>12}")
        print(f"{'elqr.symbols':14}{found['us_per_symbol']:>14}{found['symbols_per_second']:>12,}")
        print(f"{found['peer']:14}{found['peer_us_per_symbol']:>14}")
        print(f"ratio {found['ratio']}; {found['different']} of {found['compared']} symbols differ")
    return 1 if found["different"] else 0


if __name__ == "__main__":
    sys.exit(main())
