"""Two slips a page in verification: each with its verdict, in a PDF and on paper, the page registered once."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pikepdf
import polars as pl
import pytest
from slip_rows import clean, write_csv

from slips.job import print_slips
from slips.layout import load_layout
from slips.press import PaperPrepress
from slips.proof.book import read_book
from slips.proof.outcome import Inspection
from slips.proof.run import VerifyRequest, verify
from slips.proof.verdicts import Verdict
from slips.request import PrintRequest
from tools.paper import PRESS_DPI, Scanner, sheets_of, write_scans

NAME = "a4_two_slips"
TOP_MM, HIGH_MM = 119.2, 88.9
PAGES = 4


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six slips of two payers: two whole pages, two with one slip."""
    folder = tmp_path_factory.mktemp("two")
    rows = write_csv(clean(6), folder / "slips.csv")
    request = PrintRequest(
        slips=rows, out=folder / "out", layout=NAME, issue_date=date(2026, 6, 1), profile="tax"
    )
    assert print_slips(request, prepress=PaperPrepress).job["printed"]["slips"] == 6
    return folder / "out"


def checked(job: Path, paths: list[Path], **options: bool) -> Inspection:
    return verify(VerifyRequest(paths=paths, manifest=job / "manifest.csv", **options))  # type: ignore[arg-type]


def codes(found: Inspection, slip: int) -> set[str]:
    return {finding.code for finding in found.slips[slip].findings}


def test_places_of_a_page_are_looked_up(job: Path) -> None:
    book, _ = read_book(job / "manifest.csv")
    rows = pl.read_parquet(job / "manifest.parquet")
    for at, (page, position) in enumerate(rows.select("page", "position").iter_rows()):
        assert book.of_page("slips-00001.pdf", page, position=position) == at
        assert book.entry(at).position == position and book.beside(at, position=position) == at
    assert book.of_page("slips-00001.pdf", 2, position=2) is None
    assert book.beside(0, position=2) == 1 and book.beside(2, position=2) is None


def test_a_good_file_passes_slip_by_slip(job: Path) -> None:
    found = checked(job, [job / "slips-00001.pdf"])
    assert found.clean and found.counts[Verdict.PASS] == 6
    assert [(page.page, page.slot, page.row) for page in found.pages] == [
        (1, 1, 0), (1, 2, 1), (2, 1, 2), (3, 1, 3), (3, 2, 4), (4, 1, 5),
    ]  # fmt: skip
    assert [slip.page for slip in found.slips] == [1, 1, 2, 3, 3, 4]


@pytest.mark.parametrize("box_name", ["notice.qr", "notice_2.qr"])
@pytest.mark.parametrize("file_name", ["slips-00001.pdf", "from the printer.pdf"])
def test_a_code_that_is_no_longer_there_fails_its_own_slip_alone(
    box_name: str, file_name: str, job: Path, tmp_path: Path
) -> None:
    """Where the first slip's was gone, the second's was taken for it: there twice, with wrong figures, and the first missing."""
    path = tmp_path / file_name
    qr = next(box for box in load_layout(NAME).boxes if box.name == box_name)
    over = b"q 1 g %.3f %.3f 60 60 re f Q" % (
        qr.x_mm * 72 / 25.4 - 5,
        (297 - qr.rect.bottom_mm) * 72 / 25.4 - 5,
    )
    with pikepdf.open(job / "slips-00001.pdf") as file:
        file.pages[0].contents_add(file.make_stream(over))
        file.save(path)
    found = checked(job, [path])
    gone = 0 if box_name == "notice.qr" else 1
    assert [slip for slip in range(6) if found.slips[slip].verdict is not Verdict.PASS] == [gone]
    assert found.slips[gone].verdict is Verdict.UNREADABLE and "verify.unreadable" in codes(found, gone)


def test_a_page_of_two_in_the_place_of_an_odd_one_is_found(job: Path, tmp_path: Path) -> None:
    """Page 2 should have one slip; it is printed with both of page 3: one is there twice, its own is missing."""
    path = tmp_path / "slips-00001.pdf"
    with pikepdf.open(job / "slips-00001.pdf") as file:
        file.pages[1].obj.Contents = file.pages[2].obj.Contents
        file.save(path)
    found = checked(job, [path])
    verdicts = [slip.verdict for slip in found.slips]
    assert verdicts == [
        Verdict.PASS, Verdict.PASS, Verdict.MISSING, Verdict.DUPLICATE, Verdict.DUPLICATE, Verdict.PASS,
    ]  # fmt: skip


def swapped(page: np.ndarray) -> np.ndarray:
    """The slips of a sheet in each other's place."""
    scale = PRESS_DPI / 25.4
    high, first, second = (round(v * scale) for v in (HIGH_MM, TOP_MM, TOP_MM + HIGH_MM))
    out = page.copy()
    out[first : first + high], out[second : second + high] = (
        page[second : second + high],
        page[first : first + high],
    )
    return out


def test_scans_have_a_verdict_for_each_slip(job: Path, tmp_path: Path) -> None:
    pages = list(sheets_of(job / "slips-00001.pdf", [1, 2, 3]))
    pages[2] = swapped(pages[2])
    files = write_scans(pages, tmp_path, scanner=Scanner(dpi=400))
    found = checked(job, files, sample=True)
    assert [(page.page, page.slot, page.row) for page in found.pages] == [
        (1, 1, 0), (1, 2, 1), (1, 1, 2), (1, 1, 4), (1, 2, 3),
    ]  # fmt: skip
    for slip in (0, 1, 2):
        assert found.slips[slip].verdict in (Verdict.PASS, Verdict.WARN), codes(found, slip)
        assert found.pages[slip].registration == "picture" and found.pages[slip].grade_est
    marks = [page.mark.place for page in found.pages[:3] if page.mark is not None]
    assert marks == [f"{NAME} 1/2", f"{NAME} 2/2", f"{NAME} 1/2"], "each place lies under nozzles of its own"
    assert {"verify.wrong_slot"} <= codes(found, 3) & codes(found, 4)
    assert not {"verify.misplaced", "verify.amount_differs"} & (codes(found, 3) | codes(found, 4))
