"""Small promises of a verification: one order of files on every machine, nothing left open, the right end of a reversed stack."""

from __future__ import annotations

import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pikepdf
import polars as pl
import pytest
from PIL import Image

from elqr.problems import ProblemError
from slips.layout import load_layout
from slips.proof import inspector, stack
from slips.proof.book import read_book
from slips.proof.curve import srgb
from slips.proof.gates import load_gates
from slips.proof.inserter import read_drawn
from slips.proof.manifest_check import disagreements
from slips.proof.outcome import PageResult
from slips.proof.pictures import load
from slips.proof.render import open_document
from slips.proof.run import VerifyRequest, verify
from slips.proof.scanner_scale import load_scanner
from slips.proof.sources import gather
from slips.proof.thresholds import load_thresholds
from slips.proof.verdicts import Verdict
from tools.paper import Scanner, sheets_of


def test_names_that_are_alike_but_for_zeros_and_case_have_one_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They stood as the disk happens to list them: another order of the stack on another machine."""
    names = ["1.png", "01.png", "A.png", "a.png"]
    for name in names:
        (tmp_path / name).write_bytes(b"\x89PNG\r\n\x1a\n")
    for listed in (names, names[::-1]):
        monkeypatch.setattr(Path, "rglob", lambda path, _, listed=listed: [path / name for name in listed])
        monkeypatch.setattr(Path, "is_file", lambda path: path.name in names)
        found = [one.name for one in gather([tmp_path])]
        assert found == ["01.png", "1.png", "A.png", "a.png"]


def test_a_pdf_that_one_engine_refuses_stays_open_in_neither(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Opened anew for each of its pages, it lay in memory as often."""
    opened: list[Path] = []
    monkeypatch.setattr(inspector, "Document", opened.append)
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.7 and nothing of use")
    work = inspector.Inspector(tmp_path, (), load_gates(), srgb(), load_thresholds())
    pages = work(inspector.Task(tmp_path / "a.pdf", "a.pdf", "pdf", 1, 1))
    assert isinstance(pages, list) and [f.code for f in pages[0].findings] == ["verify.damaged"]
    assert not opened


def test_a_sheet_that_lies_wrong_in_a_reversed_stack_is_told_from_the_other_end(printed_job: Path) -> None:
    """It was said to lie after the sheet on one side of it, and to belong after one that this stack has on the other."""
    rows = [*range(39, -1, -1)]
    rows.insert(5, rows.pop(20))  # number 20 between 36 and 35
    pages = [PageResult(source="s.tif", page=k, kind="scan", row=row) for k, row in enumerate(rows, 1)]
    book, _ = read_book(printed_job / "manifest.parquet")
    _, slips, said, _ = stack.settled(pages, book, sample=False)
    assert [finding.code for finding in said] == ["verify.stack_reversed"]
    (told,) = (f for slip in slips for f in slip.findings)
    assert told.code == "verify.out_of_order"
    assert (told.params["number"], told.measured, told.limit) == ("000020", "000035", "000019")


def test_a_picture_that_lies_on_its_side_in_a_pdf_is_as_fine_as_it_is(
    printed_job: Path, tmp_path: Path
) -> None:
    """Its width was held against the page's, and a scan of 300 dpi was looked at in 150: nothing but reading was judged."""
    (page,) = sheets_of(printed_job / "slips-00001.pdf", [2])
    scan = Scanner(dpi=300, stretch=0.0, jpeg=0).scan(page, seed=1)
    Image.fromarray(np.rot90(scan)).save(tmp_path / "turned.pdf", resolution=300)
    wide, high = (72 / 300 * n for n in scan.shape[::-1])
    with pikepdf.open(tmp_path / "turned.pdf") as file:
        drawn = b"q 0 %.4f %.4f 0 0 %.4f cm /image Do Q" % (-high, wide, high)
        file.pages[0].Contents = file.make_stream(drawn)
        file.pages[0].MediaBox = [0, 0, wide, high]
        file.save(tmp_path / "upright.pdf")
    request = VerifyRequest(
        paths=[tmp_path / "upright.pdf"], manifest=printed_job / "manifest.parquet", sample=True
    )
    found = verify(request)
    assert found.slips[0].verdict is Verdict.PASS
    assert found.pages[0].figures["dpi_measured"] == pytest.approx(300, rel=0.005)
    assert found.pages[0].grade_est.startswith("refused: 4.0 px")


def test_a_page_s_hint_is_made_when_the_page_is_looked_at_again() -> None:
    """Each names 2,000 slips: those of 50,000 printed backs that are nobody's lay in memory all at once, a gigabyte."""
    pages = [
        PageResult(source="a.tif", page=k, kind="scan", row=None if k % 2 else k // 2) for k in range(10_000)
    ]
    asked = stack.hints(pages, 50_000)
    tracemalloc.start()
    number, hint = next(asked)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert number == 1 and len(hint.rows) == stack.CANDIDATES_MAX
    assert most < 10 * 2**20


def test_marks_are_read_of_any_number_of_pages_on_one_canvas_each(tmp_path: Path) -> None:
    """Each page left a canvas behind for each of its marks: 200 MB of a file of 100,000 pages."""
    form = load_layout("booklet")
    assert form.inserter_marks
    with pikepdf.new() as file:
        file.add_blank_page(page_size=(595.28, 841.89))
        file.save(tmp_path / "a.pdf")
    with open_document(tmp_path / "a.pdf") as document, document.pages(0, 1) as (page,):
        for _ in range(3):
            assert {one.fault for one in read_drawn(page, form.inserter_marks, form.dot_mm)} == {"missing"}
        assert len(document._canvases) == len(form.inserter_marks)


def test_days_that_are_written_in_another_way_are_told(printed_job: Path, tmp_path: Path) -> None:
    """A manifest saved anew by another program had no days any more, so no printed day was looked at, and every slip passed."""
    rows = pl.read_csv(printed_job / "manifest.csv", infer_schema=False)
    rows.with_columns(pl.col("due_date").str.replace_all("-", "/")).write_csv(tmp_path / "manifest.csv")
    for folder, said in ((printed_job, []), (tmp_path, ["due_date"])):
        book, _ = read_book(folder / "manifest.csv")
        assert [finding.params["value"] for finding in disagreements(book)] == said


def test_a_card_whose_scale_is_no_number_is_refused(tmp_path: Path) -> None:
    """No page's scale would have been out of its limits."""
    ruler = '{"measured": true, "pixels_a_mm": %s}'
    rulers = f'{{"across": {ruler % "11.8"}, "down": {ruler % "NaN"}}}'
    (tmp_path / "card.json").write_text(f'{{"dpi": 300, "rulers": {rulers}}}', encoding="utf-8")
    with pytest.raises(ProblemError) as refused:
        load_scanner(tmp_path / "card.json")
    assert refused.value.problems[0].code == "verify.scanner_card"


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_tiff_whose_paper_is_zero_is_seen_as_every_viewer_shows_it(dtype: type, tmp_path: Path) -> None:
    """In 16 bits it came out as its own negative, and every sheet of such a scanner was dark all over."""
    most = int(np.iinfo(dtype).max)
    paper = np.full((60, 80), most, dtype)
    paper[20:40, 20:40] = most // 10
    stored = (most - paper).astype(dtype)
    head = struct.pack("<2sHI", b"II", 42, 8 + stored.nbytes)
    tags = [
        (256, 80),
        (257, 60),
        (258, 8 * stored.itemsize),
        (259, 1),
        (262, 0),
        (273, 8),
        (277, 1),
        (278, 60),
    ]
    tags.append((279, stored.nbytes))
    table = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    data = head + stored.tobytes() + struct.pack("<H", len(tags)) + table + bytes(4)
    (tmp_path / "a.tif").write_bytes(data)
    seen, _ = load(tmp_path / "a.tif", name="a.tif", page=1, limits=load_gates().pictures)
    assert seen.grey[0, 0] == 255 and seen.grey[30, 30] in (25, 26)


@pytest.mark.parametrize(
    ("name", "up"), [("a.tif", 1), ("a.tif", 6), ("a.tif", 8), ("a.jpg", 1), ("a.jpg", 6)]
)
def test_an_oblong_scan_that_its_file_turns_is_made_square_the_right_way(
    name: str, up: int, tmp_path: Path
) -> None:
    """Pillow turns a TIFF by itself and leaves its resolution as it stands in the file: such a page came out four times as high as wide."""
    picture, way = Image.fromarray(np.full((200, 320), 255, np.uint8)), Image.Exif()
    way[274] = up
    picture.save(tmp_path / name, dpi=(200, 100), exif=way)
    seen, _ = load(tmp_path / name, name=name, page=1, limits=load_gates().pictures)
    assert seen.grey.shape == ((400, 320) if up == 1 else (320, 400)) and seen.dpi == 200
