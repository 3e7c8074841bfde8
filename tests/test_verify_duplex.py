"""Scans of both sides: blank backs are said once and count as no slip; any other blank page stays the fault that it is."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pikepdf
import polars as pl
import pytest
from click.testing import CliRunner
from PIL import Image

from cli import main
from slips.proof import backs, stack
from slips.proof.book import Book, read_book
from slips.proof.deliver import deliver
from slips.proof.outcome import PageResult, SourceResult
from slips.proof.remarks import remark
from slips.proof.run import VerifyRequest, verify
from slips.proof.sources import Source
from slips.proof.verdicts import Verdict
from tools.paper import Scanner, sheets_of

DARK, UNREAD = "dark", "unread"
Side = int | str | None
"""What a page shows: the slip of that row, nothing (None), nothing but darkness, or a print that nobody reads."""


@pytest.fixture(scope="module")
def book(printed_job: Path) -> Book:
    return read_book(printed_job / "manifest.parquet")[0]


def page_of(source: str, number: int, side: Side) -> PageResult:
    page = PageResult(source=source, page=number, kind="scan")
    if isinstance(side, int):
        return replace(page, row=side, known_by="content")
    if side == UNREAD:
        return replace(page, unreadable=True, findings=(remark("verify.unreadable"),))
    code = "verify.dark" if side == DARK else "verify.blank"
    return replace(page, blank=True, findings=(remark(code),), pictures=(b"",))


def run_of(files: dict[str, list[Side]]) -> tuple[list[backs.Found], list[PageResult]]:
    """Files by path with what their pages show; a file without any could not be opened."""
    surveyed, pages = [], []
    for path, sides in files.items():
        name = Path(path).name
        over = "verify.passed_over" if path.endswith(".dat") else ""
        source = Source(Path(path), name, "tiff", 1, over)
        surveyed.append((source, SourceResult(name=name, kind="tiff", size=1, pages=len(sides))))
        pages += [page_of(name, number, side) for number, side in enumerate(sides, 1)]
    return surveyed, pages


def backs_in(files: dict[str, list[Side]]) -> list[tuple[str, int]]:
    surveyed, pages = run_of(files)
    found, after = backs.passed_over(surveyed, pages)
    assert [(page.source, page.page) for page in after] == [(page.source, page.page) for page in pages]
    said = [f for _, result in found for f in result.findings]
    passed = [page for page in after if page.back]
    assert sum(int(f.measured) for f in said) == len(passed), "what is said is what is passed over"
    assert all(page.row is None and not page.findings and page.blank for page in passed)
    assert [page for page in after if not page.back] == [
        page for page, now in zip(pages, after, strict=True) if not now.back
    ]
    return [(page.source, page.page) for page in passed]


@pytest.mark.parametrize(
    ("sides", "expected"),
    [
        ([0, None, 1, None], [2, 4]),
        ([0, None, 1, None, 2], [2, 4]),  # the last back was not scanned
        ([None, 0, None, 1, None, 2], [1, 3, 5]),  # the stack lay with its backs up
        ([2, None, 1, None, 0, None], [2, 4, 6]),  # from last to first
        ([0, None, 1, None, 3, None, 4, None], [2, 4, 6, 8]),  # sheet 2 is lost, or two were fed at once
        ([0, None, 1, None, None, None, 3, None], [2, 4, 6, 8]),  # sheet 2 came out blank: its front is told
        ([0, None, None, None, 2, None], [2, 4, 6]),
        ([0, None, 1, None, None, 2, 3, None], [2, 4, 8]),  # sheet 2 lies on its face: its blank side is told
        ([0, None, None, 1, 2, None], []),  # with so few sheets nobody can tell
        ([*[k for row in range(9) for k in (row, None)], None, 9], [*range(2, 19, 2)]),  # the last one does
        ([0, None, 1, None, 2, UNREAD, 3, None, 4, None], [2, 4, 8, 10]),  # a back that is written on
        ([0, None, 1, None, 2, DARK, 3, None, 4, None], [2, 4, 8, 10]),
        ([5, None, 30, None, 12, None], [2, 4, 6]),  # drawn one by one
        ([UNREAD, None, UNREAD, None], [2, 4]),  # too coarse to read, and blank behind all the same
        ([0, None], []),  # one sheet of two sides, or one of two that came out blank
        ([0, None, 2, None, 4, None, 6], []),  # every second sheet came out blank
        ([6, None, 4, None, 2, None, 0], []),
        ([0, 1, None, 3, 4, 5, None, 7], []),
        ([0, None, 1, 2, 3, None, 4, 5], []),  # every second back only
        ([0, 1, 2, 3, 4, None, 5, None, 6, None], []),
        ([None, None, None, None, None, None], []),
        ([0, None, None, None, None, None, None, None], []),  # fronts that are blank: nobody can tell
        ([0, DARK, 1, DARK, 2, DARK], []),
        ([0, 1, 2, 3], []),
    ],
)
def test_blank_pages_that_alternate_are_backs(sides: list[Side], expected: list[int]) -> None:
    assert [page for _, page in backs_in({"s.tif": sides})] == expected


def test_pictures_of_a_folder_are_one_stack() -> None:
    """By the numbers in their names, where somebody took some away, else by counting; a file that is no page counts for none."""
    names = [f"a/scan-{k:03d}.jpg" for k in range(1, 11)]
    sides: list[Side] = [0, None, 1, None, 2, None, 3, None, 4, None]
    files = {name: [side] for name, side in zip(names, sides, strict=True)}
    all_backs = [(Path(name).name, 1) for name in names[1::2]]
    assert backs_in(files) == all_backs
    few = {name: files[name] for name in names if name not in (names[3], names[6])}
    assert backs_in(few) == [all_backs[k] for k in (0, 2, 3, 4)]
    assert backs_in(files | {names[2]: []}) == all_backs  # damaged
    assert backs_in({"a/readme.dat": [], **files}) == all_backs
    times = {
        f"a/20260601-0{2 * k}.jpg": [side] for k, side in enumerate(sides)
    }  # numbers that say nothing of sides
    assert [name for name, _ in backs_in(times)] == [Path(name).name for name in list(times)[1::2]]
    assert (
        backs_in({f"{k}/1{k}.jpg": one for k, one in enumerate(files.values())}) == []
    )  # nobody's neighbours
    shown: list[Side] = [0, None, None, 1, None, None, None, None]
    even: dict[str, list[Side]] = {f"a/{2 * k}.jpg": [side] for k, side in enumerate(shown)}
    assert backs_in(even) == [], "no page has an odd number: nothing alternates"


def test_a_file_a_sheet_is_one_stack_too() -> None:
    sheets: dict[str, list[Side]] = {f"a/{row}.pdf": [row, None] for row in range(4)}
    assert backs_in(sheets) == [(f"{row}.pdf", 2) for row in range(4)]
    assert backs_in(sheets | {"a/1.pdf": []}) == [(f"{row}.pdf", 2) for row in (0, 2, 3)]
    assert backs_in({"a/0.pdf": [0, None], "b/1.pdf": [1, None]}) == []
    long: dict[str, list[Side]] = {
        "a/1.tif": [0, None, 1, None],
        "a/2.tif": [2, 3, None, 5],
        "a/3.tif": [6, None],
    }
    assert backs_in(long) == [("1.tif", 2), ("1.tif", 4)]


def test_slips_that_lack_are_those_of_no_file() -> None:
    """Two trays of one job, one with every second sheet; and pages of a PDF that came out blank, known by their numbers alone."""
    trays: dict[str, list[Side]] = {
        "a/1.tif": [0, None, 2, None, 4, None],
        "a/2.tif": [1, None, 3, None, 5, None],
    }
    assert len(backs_in(trays)) == 6
    surveyed, pages = run_of({"s.pdf": [0, None, 2, None, 4, None, 6]})
    known = [replace(page, row=k, known_by="place") if page.blank else page for k, page in enumerate(pages)]
    assert not any(page.back for page in backs.passed_over(surveyed, known)[1])


def test_pages_of_several_slips(book: Book) -> None:
    """A page that has a result for each of its slips is a page: two of its slips lack where it came out blank."""

    def pages(rows: list[tuple[int, ...]]) -> list[PageResult]:
        found = []
        for number, some in enumerate(rows, 1):
            found += [replace(page_of("s.tif", number, row), slot=k) for k, row in enumerate(some, 1)]
            found += [page_of("s.tif", number, None)] * (not some)
        return found

    file = SourceResult(name="s.tif", kind="tiff", size=1, pages=6)
    surveyed = [(Source(Path("s.tif"), "s.tif", "tiff", 1), file)]
    _, after = backs.passed_over(surveyed, pages([(0, 1), (), (2, 3), (), (4, 5), ()]))
    assert sum(page.back for page in after) == 3
    _, after = backs.passed_over(surveyed, pages([(0, 1), (), (4, 5), (), (8, 9), ()]))
    assert not any(page.back for page in after)


def test_a_back_is_no_slip_and_no_gap(book: Book) -> None:
    """A blank back beside a lost sheet was said to be that sheet; now the sheet is missing, and the pages still add up."""
    _, after = backs.passed_over(*run_of({"s.tif": [k for row in (0, 1, 3, 4) for k in (row, None)]}))
    _, slips, _, order = stack.settled(after, book, sample=True)
    assert order.missing == () and [slip.verdict for slip in slips] == [Verdict.PASS] * 4
    _, slips, _, order = stack.settled(after, book, sample=False)
    assert slips[2].verdict is Verdict.MISSING and len(slips) == len(book)


@pytest.fixture(scope="module")
def sides(printed_job: Path) -> tuple[list[Image.Image], Image.Image]:
    """Seven sheets at 300 dpi as a scanner sees them, and paper."""
    scanner = Scanner(dpi=300, jpeg=0)
    fronts = list(sheets_of(printed_job / "slips-00001.pdf", range(1, 8)))
    paper = scanner.scan(np.full_like(fronts[0], 255), seed=99)
    return [Image.fromarray(scanner.scan(page, seed=k)) for k, page in enumerate(fronts)], Image.fromarray(
        paper
    )


def test_a_scan_of_both_sides_as_a_person_runs_it(
    sides: tuple[list[Image.Image], Image.Image], printed_job: Path, tmp_path: Path
) -> None:
    """Sheet 3 came out blank and sheet 5 is lost; seven sheets less one make 12 pages, six of them backs."""
    fronts, paper = sides
    pages = [side for k in (0, 1, None, 3, 5, 6) for side in (paper if k is None else fronts[k], paper)]
    pages[0].save(tmp_path / "duplex.tif", save_all=True, append_images=pages[1:], dpi=(300, 300))
    words = ("verify", tmp_path / "duplex.tif", "--manifest", printed_job / "manifest.parquet", "--sample")
    result = CliRunner().invoke(main, [*map(str, words), "--out", str(tmp_path / "out")])
    assert result.exit_code == 1, result.output
    assert "12 pages, 7 slips" in result.stdout
    assert "6 blank backs passed over (p.2–12)" in result.stdout
    document = json.loads((tmp_path / "out" / "results.json").read_text(encoding="utf-8"))
    assert [page["page"] for page in document["pages"] if page["back"]] == [2, 4, 6, 8, 10, 12]
    (file,) = document["sources"]
    assert file["pages"] == 12 == len(document["pages"])
    assert [(f["code"], f["weight"], f["measured"]) for f in file["findings"]] == [
        ("verify.blank_backs", "note", "6")
    ]
    rows = pl.read_csv(tmp_path / "out" / "results.csv", infer_schema=False)
    keys = pl.read_parquet(printed_job / "manifest.parquet")["slip_key"][:7]
    assert rows["slip_key"].to_list() == keys.to_list()
    verdicts = dict(zip(range(1, 8), rows["verdict"], strict=True))
    assert (verdicts[3], rows["page"][2], rows["findings"][2]) == ("unreadable", "5", "verify.blank")
    assert verdicts[5] == "missing" and rows["source"][4] == ""
    assert document["counts"]["unreadable"] == document["counts"]["missing"] == 1
    assert "verify.blank_backs" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


def test_backs_alone_ask_for_nothing(
    sides: tuple[list[Image.Image], Image.Image], printed_job: Path, tmp_path: Path
) -> None:
    """Every slip passes, the report counts no back among the pages that could not be registered, and all is clean."""
    fronts, paper = sides
    for k, side in enumerate([side for front in fronts[:3] for side in (front, paper)], 1):
        (tmp_path / "in").mkdir(exist_ok=True)
        side.save(tmp_path / "in" / f"scan-{k:03d}.png", dpi=(300, 300))
    found = verify(
        VerifyRequest(paths=[tmp_path / "in"], manifest=printed_job / "manifest.parquet", sample=True)
    )
    assert [slip.verdict for slip in found.slips] == [Verdict.PASS] * 3
    assert deliver(found, tmp_path / "out").clean
    assert "位置合わせなし" not in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert [page.back for page in found.pages] == [False, True] * 3
    assert [f.params["where"] for one in found.sources for f in one.findings] == ["scan-002.png–scan-006.png"]


def test_blank_pages_between_the_pages_of_a_pdf(printed_job: Path, tmp_path: Path) -> None:
    """Imposed for both sides under its own name: the blank pages were said to be the slips of their numbers, without amounts."""
    with pikepdf.open(printed_job / "slips-00001.pdf") as file, pikepdf.new() as imposed:
        for page in file.pages:
            imposed.pages.append(page)
            imposed.add_blank_page(page_size=tuple(float(v) for v in page.mediabox[2:]))
        imposed.save(tmp_path / "slips-00001.pdf")
    request = VerifyRequest(paths=[tmp_path / "slips-00001.pdf"], manifest=printed_job / "manifest.parquet")
    found = verify(request)
    assert found.clean and found.counts[Verdict.PASS] == 40 == len(found.slips)
    assert [f.code for f in found.sources[0].findings] == ["verify.blank_backs"]
