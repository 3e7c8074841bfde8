"""All measurements in one run: `python -m bench [--write] [--full]`.

Prints the table; `--write` puts it into docs/performance.md, `--full` takes a million slips for the memory figure (some half an hour).
Exit 1 where a goal is missed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from bench import figures, pages, printing, symbols

PAGE = Path(__file__).resolve().parent.parent / "docs" / "performance.md"


def main() -> int:
    """The command line."""
    words = argparse.ArgumentParser(
        prog="python -m bench", description="Measure, and compare with the goals."
    )
    words.add_argument("--write", action="store_true", help="put the table into docs/performance.md")
    words.add_argument("--full", action="store_true", help="a million slips for the memory figure")
    words.add_argument("--count", type=int, default=20_000, help="slips of the other runs")
    given = words.parse_args()
    found = [symbols.figure(), pages.figure()]
    with tempfile.TemporaryDirectory() as folder:
        found += printing.figures(
            Path(folder), count=given.count, large=1_000_000 if given.full else 5 * given.count
        )
    print(figures.table(found))
    if given.write:
        figures.write_into(PAGE, found)
    return 0 if all(f.met for f in found) else 1


if __name__ == "__main__":
    sys.exit(main())
