"""Inserter marks in scans and PDFs: a clean batch gives no finding; wrong, missing and spoilt marks, and those of a neighbour, all do."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np
import pikepdf
import polars as pl
import pytest

from elqr import datamatrix
from elqr.digits import to_matrix
from slips import inserter
from slips.form import InserterMark, Layout
from slips.job import print_slips
from slips.layout import load_layout
from slips.press import PaperPrepress
from slips.proof import decode
from slips.proof.book import Book, read_book
from slips.proof.curve import srgb
from slips.proof.gates import load_gates
from slips.proof.identity import Hint
from slips.proof.intent import expected_of
from slips.proof.outcome import PageResult
from slips.proof.page_text import PageText
from slips.proof.readback import read_back
from slips.proof.reference import reference_page
from slips.proof.run import VerifyRequest, verify
from slips.proof.scan import Pixels, Scan
from slips.proof.scan_page import Facts, ScanReader
from slips.proof.scan_remarks import judged
from slips.proof.sheets import Sheet
from slips.proof.thresholds import load_thresholds
from slips.request import PrintRequest
from tests.marked_form import MARKS, print_marked
from tests.slip_rows import clean, write_csv
from tools.paper import PRESS_DPI, Scanner, sheets_of

DPI = 400


@dataclass(frozen=True, eq=False)
class Job:
    """A printed job on a form with both kinds of mark, its sheets, and what looks at them."""

    folder: Path
    form: Path
    layout: Layout
    book: Book
    reader: ScanReader
    sheets: tuple[Pixels, ...]

    def look(self, page: Pixels, *, seed: int = 3) -> tuple[Scan, Facts]:
        grey = Scanner(dpi=DPI).scan(page, seed=seed)
        scan = Scan(source="a.png", page=1, grey=grey, dpi=DPI)
        return scan, self.reader.look(scan, hint=Hint())

    def judge(self, page: Pixels, *, seed: int = 3, book: Book | None = None) -> PageResult:
        scan, facts = self.look(page, seed=seed)
        assert facts.identity.row is not None
        entry = (book or self.book).entry(facts.identity.row)
        return judged(scan, facts, entry, load_gates(), said=(), mark=None)


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> Job:
    folder = tmp_path_factory.mktemp("marks")
    text = Path("layouts/forms/mihara.toml").read_text(encoding="utf-8")
    form = folder / "mihara.toml"
    form.write_text(text.replace("width_mm = 279.4", "width_mm = 304.8") + MARKS, encoding="utf-8")
    request = PrintRequest(
        slips=write_csv(clean(5), folder / "slips.csv"),
        out=folder / "out",
        layout=str(form),
        issue_date=date(2026, 6, 1),
        profile="tax",
    )
    assert print_slips(request, prepress=PaperPrepress).clean
    layout = load_layout(form)
    book, _ = read_book(request.out / "manifest.parquet")
    sheet = Sheet(layout.id, layout)
    picture = reference_page(layout)
    reader = ScanReader(
        book=book,
        sheets=(sheet,),
        curve=srgb(),
        thresholds=load_thresholds(),
        picture_of=lambda _form, _lang: picture,
        text=PageText((sheet,)),
    )
    sheets = tuple(sheets_of(request.out / "slips-00001.pdf", [1, 2, 3]))
    return Job(request.out, form, layout, book, reader, sheets)


def place(mark: InserterMark) -> tuple[slice, slice]:
    scale = PRESS_DPI / 25.4
    return (
        slice(round(mark.y_mm * scale), round((mark.y_mm + mark.h_mm) * scale)),
        slice(round(mark.x_mm * scale), round((mark.x_mm + mark.w_mm) * scale)),
    )


def drawn(mark: InserterMark, text: str) -> Pixels:
    """The 2-D mark with these digits, as it is printed."""
    modules = datamatrix.encode(to_matrix(pl.Series([text]), datamatrix.DIGITS))[0]
    return np.kron(255 - 255 * modules, np.ones((12, 12), np.uint8)).astype(np.uint8)


def spoilt(job: Job, fault: str) -> Pixels:
    """The second sheet with one fault of its marks."""
    matrix, omr = job.layout.inserter_marks
    page = job.sheets[1].copy()
    if fault == "neighbour":
        for mark in (matrix, omr):
            page[place(mark)] = job.sheets[2][place(mark)]
    elif fault == "sequence":
        rows, columns = place(matrix)
        picture = drawn(matrix, "010000000100200300000999")
        page[rows.start : rows.start + 192, columns.start : columns.start + 192] = picture
    elif fault == "not printed":
        for mark in (matrix, omr):
            page[place(mark)] = 255
    elif fault == "blot":
        rows, columns = place(matrix)
        page[rows.start + 60 : rows.start + 110, columns.start + 50 : columns.start + 120] = 0
    elif fault == "line lost":  # of the lines that are printed the second: parity tells
        rows, columns = place(omr)
        ink = np.flatnonzero((page[rows, columns] < 128).mean(axis=1) > 0.5)
        second = rows.start + int(ink[np.flatnonzero(np.diff(ink) > 5)[0] + 1])
        page[second - 4 : second + 24, columns] = 255
    return page


FAULTS = {
    "neighbour": {"verify.mark_differs"},
    "sequence": {"verify.mark_differs"},
    "not printed": {"verify.mark_missing"},
    "blot": {"verify.mark_unreadable"},
    "line lost": {"verify.mark_unreadable"},
}


def marks_of(page: PageResult) -> list[tuple[str, str]]:
    return [(f.code, str(f.params["mark"])) for f in page.findings if f.code.startswith("verify.mark_")]


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_clean_sheet_gives_no_finding(job: Job, number: int) -> None:
    page = job.judge(job.sheets[number], seed=number)
    assert page.row == number and page.findings == ()


def test_a_sheet_upside_down_is_read_all_the_same(job: Job) -> None:
    page = job.judge(np.ascontiguousarray(job.sheets[0][::-1, ::-1]))
    assert {f.code for f in page.findings} == {"verify.upside_down"}


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_is_found_and_shown(job: Job, fault: str) -> None:
    page = job.judge(spoilt(job, fault))
    found = [f for f in page.findings if f.code.startswith("verify.mark_")]
    assert {f.code for f in found} == FAULTS[fault] == {f.code for f in page.findings}
    assert all(picture.startswith(b"\x89PNG") for picture in page.pictures)
    assert all(f.measured and f.limit for f in found)


def test_what_a_neighbours_mark_says_stands_in_the_finding(job: Job) -> None:
    page = job.judge(spoilt(job, "neighbour"))
    assert marks_of(page) == [("verify.mark_differs", "matrix"), ("verify.mark_differs", "omr")]
    assert (page.findings[0].measured, page.findings[0].limit) == ("1 | 3/3 | 3", "1 | 2/3 | 2")
    assert set(page.findings[1].measured) <= {"0", "1"}


def test_a_manifest_without_marks_leaves_them_unjudged(job: Job) -> None:
    book = replace(job.book, rows=job.book.rows.with_columns(inserter=pl.lit(None, pl.String)))
    page = job.judge(job.sheets[0], book=book)
    assert marks_of(page) == [("verify.mark_unjudged", "matrix"), ("verify.mark_unjudged", "omr")]
    assert {f.weight.value for f in page.findings} == {"note"}


def test_a_2d_mark_is_no_other_code(job: Job) -> None:
    """Beside the code, where another QR Code would be told: only symbols of the eL-QR's kind are counted."""
    page = job.sheets[0].copy()
    rows, columns = place(job.layout.inserter_marks[0])
    symbol = job.reader.sheets[0].places.symbol
    scale = PRESS_DPI / 25.4
    top = round((symbol.y_mm - 12.5) * scale)
    left = round(symbol.x_mm * scale)
    page[top - 24 : top + 216, left - 24 : left + 216] = 255
    page[top : top + 192, left : left + 192] = page[rows, columns][:192, :192]
    scan, facts = job.look(page)
    assert facts.others.near == facts.others.far == () and facts.identity.row == 0
    assert len(decode.see(scan.grey)) == 1


# --- PDFs ---------------------------------------------------------------------------------------------------------------


def test_marks_of_a_pdf_are_read_and_compared(job: Job, tmp_path: Path) -> None:
    """Page 1 as it was printed; on page 2 the 2-D mark is covered; on page 3 a blot lies on it; page 4 has the marks of page 5."""
    out = tmp_path / "slips-00001.pdf"
    matrix = job.layout.inserter_marks[0]
    left, bottom = matrix.x_mm * 72 / 25.4, (job.layout.page_h_mm - matrix.y_mm - matrix.h_mm) * 72 / 25.4
    side = matrix.w_mm * 72 / 25.4
    with pikepdf.open(job.folder / "slips-00001.pdf") as pdf:
        for number, ink, share in ((1, 1, 1.0), (2, 0, 0.4)):
            box = f"q {ink} g {left - 1} {bottom - 1} {side * share + 2} {side * share + 2} re f Q"
            pdf.pages[number].contents_add(pdf.make_stream(box.encode()), prepend=False)
        pdf.save(out)
    rows = pl.read_parquet(job.folder / "manifest.parquet")
    said = rows["inserter"].to_list()
    changed = rows.with_columns(inserter=pl.Series([*said[:3], said[4], said[4]]))
    changed.write_parquet(tmp_path / "manifest.parquet")
    found = verify(
        VerifyRequest(
            paths=[out], manifest=tmp_path / "manifest.parquet", layouts=(str(job.form),), sample=True
        )
    )
    assert [marks_of(page) for page in found.pages] == [
        [],
        [("verify.mark_missing", "matrix")],
        [("verify.mark_unreadable", "matrix")],
        [("verify.mark_differs", "matrix"), ("verify.mark_differs", "omr")],
        [],
    ]
    assert found.pages[0].findings == found.pages[4].findings == ()


def test_a_printed_file_is_held_against_its_marks(tmp_path: Path, job: Job) -> None:
    """The read-back of print: right as printed, and a problem where the group is another."""
    values, data = print_marked(job.layout)
    path = tmp_path / "slips.pdf"
    path.write_bytes(data)
    found = read_back(path, expected_of(values, job.layout))
    assert found.problems == () and found.inserter_marks == 8
    other = values.with_columns(group=pl.Series(["000045", "000045", "000046", "000047"]))
    (problem,) = read_back(path, expected_of(other, job.layout)).problems
    assert problem.code == "readback.inserter" and problem.params["page"] == 2
    assert problem.params["expected"] == inserter.sayings(
        job.layout.inserter_marks, inserter.numbers_of(other)
    ).item(1)
