"""Clean scans at 300 dpi looked at end to end, beside one reader asked once on the same files; and pages of a PDF.

    python -m bench.verify [--pages N] [--layout NAME] [--kind tif|jpg|png]

CPU time of this process, as on one core: opening the file, finding and reading the code, registering, measuring, grading, reading
figures and barcode. The reports of a run and the start of its processes are not in it.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image

from bench.figures import Figure
from sample_data.generate import write_large
from slips.job import print_slips
from slips.press import PaperPrepress
from slips.proof import decode
from slips.proof.book import read_book
from slips.proof.curve import load_curve
from slips.proof.gates import load_gates
from slips.proof.inspector import Inspector, Task
from slips.proof.outcome import PageResult
from slips.proof.sheets import load_sheets
from slips.proof.thresholds import load_thresholds
from slips.request import PrintRequest
from tools.paper import Scanner, sheets_of, write_scans

SITE = Path(__file__).resolve().parent.parent / "sample_data" / "site.toml"
DPI = 300
GOAL_PAGES = 12.0


@dataclass(frozen=True)
class Found:
    """Pages a second of one core, and how many pages came out right."""

    pages: int
    pages_a_second: float
    right: int
    baseline_a_second: float
    baseline_read: int
    pdf_pages_a_second: float


def measure(folder: Path, *, pages: int, layout: str, kind: str) -> Found:
    """Print, scan, look."""
    cv2.setNumThreads(1)
    job = _job(folder, layout)
    names = sorted(p.name for p in job.glob("slips-*.pdf"))
    scans = write_scans(
        list(sheets_of(job / names[0], range(1, pages + 1))),
        folder / "scans",
        scanner=Scanner(dpi=DPI),
        kind=kind,
    )
    inspector = _inspector(job, folder)
    kinds = {"tif": "tiff", "jpg": "jpeg", "png": "png"}

    def look(path: Path) -> Any:
        return inspector(Task(path, path.name, kinds[kind], 1, 1))

    look(scans[0])  # fonts, forms and libraries once
    seconds, results = _timed(look, scans)
    right = sum(_is_right(page) for answer in results for page in answer)
    base, read = _timed(_single, scans)
    pdf = Task(job / names[0], names[0], "pdf", 1, min(pages * 4, 128))
    drawn, _ = _timed(inspector, [pdf])
    return Found(len(scans), len(scans) / seconds, right, len(scans) / base, sum(read), pdf.units / drawn)


def _job(folder: Path, layout: str) -> Path:
    slips = folder / "slips.csv"
    write_large(slips, 200)
    request = PrintRequest(
        slips=slips,
        out=folder / "job",
        layout=layout,
        issue_date=date(2026, 6, 1),
        profile="tax",
        site=SITE,
    )
    print_slips(request, prepress=PaperPrepress)
    return request.out


def _inspector(job: Path, folder: Path) -> Inspector:
    book, _ = read_book(job / "manifest.parquet")
    named = sorted(set(book.rows.select("layout", "layout_sha256").iter_rows()))
    sheets, _ = load_sheets(named, given=())
    book.save(folder)
    return Inspector(folder, sheets, load_gates(), load_curve("srgb"), load_thresholds())


def _is_right(page: PageResult) -> bool:
    return page.known_by == "content" and all(finding.weight.value == "note" for finding in page.findings)


def _single(path: Path) -> bool:
    """The usual way: open the page, ask one reader once for any QR Code."""
    return any(sighting.content for sighting in decode.see(np.asarray(Image.open(path).convert("L"))))


def _timed(work: Callable[[Any], Any], tasks: Sequence[Any]) -> tuple[float, list[Any]]:
    begin = time.process_time()
    answers = [work(task) for task in tasks]
    return time.process_time() - begin, answers


def figures(folder: Path, *, pages: int = 24, layout: str = "a4_notice", kind: str = "tif") -> list[Figure]:
    """For the table of docs/performance.md."""
    found = measure(folder, pages=pages, layout=layout, kind=kind)
    return [
        Figure(
            f"scan of an A4 page at {DPI} dpi, looked at end to end",
            f"{found.pages_a_second:.1f} pages/s a core, {found.right} of {found.pages} pass",
            f"one reader, whole page, reading only: {found.baseline_a_second:.1f} pages/s, {found.baseline_read} read",
            f"× {found.pages_a_second / found.baseline_a_second:.2f}",
            f"≥ {GOAL_PAGES:.0f} pages/s a core",
            found.pages_a_second >= GOAL_PAGES and found.right == found.pages,
        ),
        Figure(
            "page of a PDF, every pixel, text and bar",
            f"{found.pdf_pages_a_second:.0f} pages/s a core",
            "—",
            "—",
            "shown, no goal",
            True,
        ),
    ]


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=24)
    parser.add_argument("--layout", default="a4_notice")
    parser.add_argument("--kind", choices=["tif", "jpg", "png"], default="tif")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for figure in figures(
            Path(folder), pages=arguments.pages, layout=arguments.layout, kind=arguments.kind
        ):
            print(figure.row())


if __name__ == "__main__":
    main()
