"""All measurements in one run: `python -m bench [--write] [--full]`.

Prints the table; `--write` puts it into docs/performance.md, `--full` takes the sizes of the goals: a million
slips, ten million receipts, ledgers of a million and ten million lines, 200 kills (hours the first time).
Exit 1 where a goal is missed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from bench import figures, intake, pages, printing, reading, reconciling, scans, symbols, verify
from bench.figures import Figure

PAGE = Path(__file__).resolve().parent.parent / "docs" / "performance.md"


def symbol_figure() -> Figure:
    """Our symbols beside segno's."""
    found = symbols.measure(20_000, 100)
    return Figure(
        "eL-QR symbol, every mask tried",
        f"{found['us_per_symbol']} µs",
        f"{found['peer']}: {found['peer_us_per_symbol']} µs; {found['different']} of {found['compared']} differ",
        f"× {found['ratio']}",
        "≥ × 100, bit-identical",
        float(found["ratio"]) >= 100 and found["different"] == 0,
    )


def page_figures(layout: str) -> list[Figure]:
    """Our tagged pages of a form beside reportlab's: speed and size."""
    found = pages.measure(layout, 5_000, 300)
    size = int(found["bytes_per_page"])
    peer = f"{found['peer']}: {found['peer_us_per_page']} µs"
    return [
        Figure(
            f"tagged page, `{layout}`",
            f"{found['us_per_page']} µs",
            peer,
            f"× {found['ratio']}",
            "≥ × 15",
            float(found["ratio"]) >= 15,
        ),
        Figure(
            f"its size, {found['pages']:,} a file",
            f"{size:,} bytes",
            f"{found['peer_bytes_per_page']:,} bytes",
            f"{size:,} bytes a page",
            "≤ 2,600",
            size <= 2600,
        ),
    ]


def reading_figure(encoding: str) -> Figure:
    """A slips file read and checked, beside csv.DictReader, which reads and checks nothing."""
    found = reading.measure(200_000, 20_000, encoding)
    both = float(found["us_read_and_check"])
    return Figure(
        f"slip read and checked, CSV in {encoding.upper()}",
        f"{both} µs (reading {found['us_read']} µs)",
        f"csv.DictReader, reading only: {found['us_peer_read_only']} µs",
        f"{both} µs a slip",
        "≤ 60 µs a slip",
        both <= 60 and found["faulty"] == 0,
    )


def intake_figures(*, full: bool) -> list[Figure]:
    """Receipts taken in beside a row-by-row reader with the same checks; with `full` also ten million rows in bounded memory."""
    found = intake.measure(1_000_000 if full else 200_000, 3 if full else 1)
    rows = int(str(found["rows"]))
    figures_ = [
        Figure(
            f"{rows:,} receipts (CP932) read, checked, quarantined, hashed",
            f"{found['seconds']} s, {found['mb']} MB",
            f"row by row in Python, same checks: {found['peer_seconds']} s, {found['peer_mb']} MB",
            f"× {found['ratio']}",
            "≥ × 3.5, same identities",
            float(str(found["ratio"])) >= 3.5 and found["same"] is True,
        )
    ]
    if full:
        large = intake.measure_large(10_000_000)
        peak = max(int(str(large["large_mb"])), int(str(large["large_mb_composite"])))
        figures_.append(
            Figure(
                "10,000,000 receipts, with and without transaction ids",
                f"{large['large_seconds']} s, {large['large_seconds_composite']} s",
                "–",
                f"{peak} MB at most",
                "< 1,000 MB",
                peak < 1000,
            )
        )
    return figures_


def main() -> int:
    """The command line."""
    words = argparse.ArgumentParser(
        prog="python -m bench", description="Measure, and compare with the goals."
    )
    words.add_argument("--write", action="store_true", help="put the table into docs/performance.md")
    words.add_argument("--rounds", type=int, default=printing.ROUNDS, help="rounds of the print runs")
    words.add_argument(
        "--full", action="store_true", help="the sizes of the goals; small ones end in minutes"
    )
    words.add_argument(
        "--folder", type=Path, default=Path("out/bench"), help="ledgers and peers of the nights stay here"
    )
    words.add_argument(
        "--count", type=int, default=50_000, help="slips of a printing run, twice as many with --full"
    )
    given = words.parse_args()
    found = [reading_figure("utf-8"), reading_figure("cp932")]
    found += [symbol_figure(), *page_figures("mihara"), *page_figures("a4_notice")]
    with tempfile.TemporaryDirectory() as folder:
        found += printing.figures(
            Path(folder),
            count=2 * given.count if given.full else given.count,
            large=1_000_000 if given.full else 2 * given.count,
            rounds=given.rounds,
        )
    found += intake_figures(full=given.full)
    found += scans.figures(scans.measure(12 if given.full else 2))
    with tempfile.TemporaryDirectory() as folder:
        found += verify.figures(Path(folder), pages=100 if given.full else 24)
    found += reconciling.all_figures(given.folder, full=given.full)
    print(figures.table(found))
    if given.write:
        figures.write_into(PAGE, found)
    return 0 if all(f.met for f in found) else 1


if __name__ == "__main__":
    sys.exit(main())
