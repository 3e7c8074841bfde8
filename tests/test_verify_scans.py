"""A proof batch of scans with the faults that presses and people make: all are found, and there is no false alarm."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import segno
from PIL import Image

from slips.layout import load_layout
from slips.proof.deliver import deliver
from slips.proof.gates import load_gates
from slips.proof.outcome import Inspection, PageResult
from slips.proof.results import COLUMNS, table_of
from slips.proof.run import VerifyRequest, verify
from slips.proof.text_reading import MARGIN_MIN
from slips.proof.verdicts import Verdict, Weight
from tools.paper import Scanner, Sheet, sheets_of, write_scans

SLIPS = 18  # of the job's 40: the stack is its beginning
NOTED = {"verify.not_graded"}  # 4 px a module at 300 dpi


@pytest.fixture(scope="module")
def batch(printed_job: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Inspection, dict[str, int]]:
    """Scans at 300 dpi; for each fault the running number of its slip."""
    folder = tmp_path_factory.mktemp("scans")
    form = load_layout("mihara")
    rows = pl.read_parquet(printed_job / "manifest.parquet")
    pages = sheets_of(printed_job / "slips-00001.pdf", range(1, SLIPS + 1))
    sheet = {number: Sheet(page, form) for number, page in enumerate(pages, 1)}
    payload = rows["payload"][5]
    last = str((int(payload[-1]) + 1) % 10)
    sheet[3] = sheet[3].with_values_of(sheet[9], "amount_yen")
    sheet[4] = sheet[4].with_code_of(sheet[8])
    sheet[6] = sheet[6].with_payload(payload[:-1] + last)
    sheet[7] = sheet[7].stamped()
    sheet[10] = sheet[10].upside_down()
    sheet[11] = sheet[11].code_moved(dx_mm=1.0)
    sheet[9] = sheet[9].blank()
    order = [
        1,
        2,
        3,
        4,
        5,
        6,
        7,
        8,
        9,
        10,
        11,
        12,
        14,
        16,
        15,
        17,
        18,
        2,
    ]  # 13 is missing, 15 and 16 swapped, 2 twice
    write_scans([sheet[number].page for number in order], folder, scanner=Scanner(dpi=300))
    numbers = {
        "amount": 3,
        "other's code": 4,
        "changed digit": 6,
        "stamp": 7,
        "upside down": 10,
        "moved": 11,
        "blank": 9,
        "missing": 13,
        "swapped": 16,
        "twice": 2,
    }
    request = VerifyRequest(paths=[folder], manifest=printed_job / "manifest.parquet", sample=True)
    return verify(request), numbers


def verdicts(inspection: Inspection, job: Path) -> dict[int, Verdict]:
    """By running number."""
    keys = pl.read_parquet(job / "manifest.parquet")
    seq = dict(zip(keys["slip_key"], keys["seq"], strict=True))
    return {seq[slip.slip_key]: slip.verdict for slip in inspection.slips}


def codes(page: PageResult) -> set[str]:
    return {finding.code for finding in page.findings}


def test_every_fault_is_found_and_nothing_else(
    batch: tuple[Inspection, dict[str, int]], printed_job: Path
) -> None:
    found = verdicts(batch[0], printed_job)
    assert {number: verdict for number, verdict in found.items() if verdict is not Verdict.PASS} == {
        2: Verdict.DUPLICATE,
        3: Verdict.FAIL,  # the amount of another
        4: Verdict.MISSING,  # its sheet carries the code of 8
        6: Verdict.MISREAD,
        7: Verdict.UNREADABLE,
        8: Verdict.DUPLICATE,
        9: Verdict.UNREADABLE,  # a blank sheet where it should be
        10: Verdict.WARN,
        11: Verdict.FAIL,
        13: Verdict.MISSING,
        16: Verdict.OUT_OF_ORDER,
    }
    assert len(found) == SLIPS


def test_each_page_says_what_it_has(batch: tuple[Inspection, dict[str, int]]) -> None:
    pages = batch[0].pages
    said = {number: codes(pages[number - 1]) - NOTED for number in (3, 4, 6, 7, 9, 10, 11)}
    assert said[3] == {"verify.amount_differs"}
    assert "verify.number_differs" in said[4], "the printed number is 4, the code is 8's"
    assert said[6] == {"verify.payload_differs"}
    assert said[7] == {"verify.unreadable_measured"} or said[7] == {"verify.unreadable_known"}
    assert said[10] == {"verify.upside_down"}
    assert said[11] == {"verify.misplaced"}
    assert said[9] == {"verify.blank"}
    moved = pages[10].figures
    assert moved["dx_mm"] == pytest.approx(1.0, abs=0.15) and moved["dy_mm"] == pytest.approx(0, abs=0.15)


def test_good_pages_have_two_witnesses_and_their_measures(batch: tuple[Inspection, dict[str, int]]) -> None:
    good = [page for page in batch[0].pages if not codes(page) - NOTED]
    assert len(good) == 11
    for page in good:
        assert page.decoders == ("zxing-cpp",) and page.codewords_left_min == 8
        assert page.registration == "picture" and page.figures["registration_residual_mm"] < 0.5
        assert abs(page.figures["dx_mm"]) < 0.15 and abs(page.figures["size_x"] - 1) < 0.005
        assert page.grade_est.startswith("refused: 4.0 px")
        assert page.mark is not None and page.mark.profile is not None


def test_the_stamped_code_is_known_though_nobody_reads_it(batch: tuple[Inspection, dict[str, int]]) -> None:
    page = batch[0].pages[6]
    assert page.unreadable and page.row == 6 and page.known_by in ("symbol", "number", "place")
    assert page.codewords_left_min is not None and page.codewords_left_min < 8


def test_the_files_say_the_same(
    batch: tuple[Inspection, dict[str, int]], printed_job: Path, tmp_path: Path
) -> None:
    inspection = batch[0]
    deliver(inspection, tmp_path)
    table = pl.read_csv(tmp_path / "results.csv", infer_schema=False)
    assert tuple(table.columns) == COLUMNS and table.height == SLIPS
    assert pl.read_parquet(tmp_path / "results.parquet").select(COLUMNS)["verdict"].equals(table["verdict"])
    document = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    assert document["conformant"] is False and document["schema_version"] == 1
    assert document["counts"]["pass"] == 7 and document["counts"]["missing"] == 2
    assert document["method"]["curve"] == "srgb" and document["gates"]["code"]["left_min"] == 6
    assert all("{" not in f["ja"] + f["en"] for page in document["pages"] for f in page["findings"])
    before = (tmp_path / "results.json").read_bytes()
    deliver(inspection, tmp_path)
    assert (tmp_path / "results.json").read_bytes() == before
    assert "dx_mm" in table_of(inspection).columns
    report = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "data:image/png" in report and "<script" not in report


def test_a_stack_that_was_fed_wrong_is_told_once(printed_job: Path, tmp_path: Path) -> None:
    """Last sheet first, all of them upside down, in one TIFF of many pages that says 72 dpi."""
    pages = [
        np.ascontiguousarray(page[::-1, ::-1])
        for page in sheets_of(printed_job / "slips-00001.pdf", range(1, 6))
    ]
    scans = [Image.fromarray(Scanner(jpeg=0).scan(page, seed=9)) for page in pages[::-1]]
    scans[0].save(tmp_path / "stack.tif", save_all=True, append_images=scans[1:], dpi=(72, 72))
    request = VerifyRequest(paths=[tmp_path / "stack.tif"], manifest=printed_job / "manifest.parquet")
    found = verify(request)
    assert [page.row for page in found.pages] == [4, 3, 2, 1, 0]
    assert {f.code for f in found.findings} == {
        "verify.stack_upside_down",
        "verify.stack_reversed",
        "verify.looks_like_sample",
    }
    assert all(codes(page) == {"verify.not_graded", "verify.dpi_unbelievable"} for page in found.pages)
    assert found.counts[Verdict.PASS] == 5 and found.counts[Verdict.MISSING] == 35


@pytest.mark.parametrize("dpi", [(400, 391), (300, 400), (408, 196)])
def test_a_scan_that_is_finer_one_way_is_measured_as_any(
    dpi: tuple[int, int], printed_job: Path, tmp_path: Path
) -> None:
    """What a fax machine writes has other pixels across than down: every sheet of it failed for its scale, or was said to lie not flat."""
    (page,) = sheets_of(printed_job / "slips-00001.pdf", [2])
    scan = Scanner(dpi=400, stretch=0.0, jpeg=0).scan(page, seed=1)
    size = [round(n * one / 400) for n, one in zip(scan.shape[::-1], dpi, strict=True)]
    oblong = Image.fromarray(scan).resize((size[0], size[1]), Image.Resampling.BOX)
    oblong.save(tmp_path / "1.tif", dpi=dpi)
    found = verify(VerifyRequest(paths=[tmp_path], manifest=printed_job / "manifest.parquet", sample=True))
    assert codes(found.pages[0]) <= NOTED and found.slips[0].verdict is Verdict.PASS
    assert found.pages[0].figures["dpi_measured"] == pytest.approx(max(dpi), rel=0.005)


def test_a_scan_in_text_mode_is_told_in_a_pdf_as_well(printed_job: Path, tmp_path: Path) -> None:
    """Office machines hand over PDFs: in one bit nothing was said, and density and growth were measured as if they were there."""
    (page,) = sheets_of(printed_job / "slips-00001.pdf", [2])
    scan = Image.fromarray(Scanner(dpi=400, stretch=0.0, jpeg=0).scan(page, seed=1))
    two_levels = scan.point(lambda grey: 255 * (grey > 128)).convert("1")
    two_levels.save(tmp_path / "1.pdf", resolution=400)
    two_levels.save(tmp_path / "2.tif", dpi=(400, 400))
    scan.save(tmp_path / "3.pdf", resolution=400)
    found = verify(VerifyRequest(paths=[tmp_path], manifest=printed_job / "manifest.parquet", sample=True))
    assert ["verify.one_bit" in codes(page) for page in found.pages] == [True, True, False]


def test_how_clearly_a_digit_must_be_read_is_a_gate(printed_job: Path, tmp_path: Path) -> None:
    """The report showed the gate's value, and no reading looked at it."""
    assert load_gates().text_margin_min == MARGIN_MIN
    (page,) = sheets_of(printed_job / "slips-00001.pdf", [2])
    write_scans([page], tmp_path / "in", scanner=Scanner(dpi=400))
    gates = tmp_path / "gates.toml"
    gates.write_text("[page]\ntext_margin_min = 0.9\n", encoding="utf-8")
    manifest = printed_job / "manifest.parquet"
    for given, uncertain in ((None, False), (gates, True)):
        found = verify(VerifyRequest(paths=[tmp_path / "in"], manifest=manifest, sample=True, gates=given))
        assert ("verify.text_uncertain" in codes(found.pages[0])) == uncertain


def test_a_web_address_on_the_paper_does_not_speak_for_the_slip(printed_job: Path, tmp_path: Path) -> None:
    """A stamped eL-QR beside a web address was said to carry other data, and its slip to be missing. Alone the address is all there is."""
    (page,) = sheets_of(printed_job / "slips-00001.pdf", [2])
    modules = [list(row) for row in segno.make_qr("a web address of the city", error="m").matrix]
    code = np.pad(255 - 255 * np.array(modules, np.uint8), 4, constant_values=255).repeat(10, 0).repeat(10, 1)
    stamped = Sheet(page, load_layout("mihara")).stamped().page
    stamped[300 : 300 + len(code), 200 : 200 + len(code)] = code
    leaflet = np.full_like(page, 255)
    leaflet[900 : 900 + len(code), 900 : 900 + len(code)] = code
    write_scans([stamped, leaflet], tmp_path, scanner=Scanner(dpi=400))
    found = verify(VerifyRequest(paths=[tmp_path], manifest=printed_job / "manifest.parquet", sample=True))
    slip, other = found.pages
    assert slip.row == 1 and found.slips[0].verdict is Verdict.UNREADABLE
    assert codes(slip) & {"verify.unreadable_measured", "verify.unreadable_known"}
    assert other.row is None and codes(other) == {"verify.not_a_payload"}


def test_grades_and_scale_at_600_dpi(printed_job: Path, tmp_path: Path) -> None:
    """A finer scan gets a letter; a page printed at 97 % says so; a skewed one too."""
    (page,) = sheets_of(printed_job / "slips-00001.pdf", [2])
    scanner = Scanner(dpi=600, stretch=0.0, jpeg=0)
    Image.fromarray(scanner.scan(page, seed=1)).save(tmp_path / "1.png", dpi=(600, 600), compress_level=1)
    small = Image.fromarray(page).resize(
        (round(page.shape[1] * 0.97), round(page.shape[0] * 0.97)), Image.Resampling.BOX
    )
    shrunk = np.full_like(page, 255)
    shrunk[: small.height, : small.width] = np.asarray(small)
    Image.fromarray(Scanner(dpi=400, stretch=0.0).scan(shrunk, seed=2)).save(
        tmp_path / "2.png", dpi=(400, 400), compress_level=1
    )
    turned = Image.fromarray(page).rotate(3.0, fillcolor=255, resample=Image.Resampling.BILINEAR)
    Image.fromarray(Scanner(turn_deg=0.0).scan(np.asarray(turned), seed=3)).save(
        tmp_path / "3.png", dpi=(300, 300), compress_level=1
    )
    found = verify(VerifyRequest(paths=[tmp_path], manifest=printed_job / "manifest.parquet", sample=True))
    fine, scaled, skewed = found.pages
    assert codes(fine) == set() and fine.grade_est in ("A", "B") and fine.figures["ladder"] >= 4
    assert "verify.page_scale" in codes(scaled)
    assert "verify.skew" in codes(skewed)
    assert found.slips[0].verdict is Verdict.DUPLICATE
    assert all(f.weight is not Weight.FAIL for f in fine.findings)


@pytest.mark.parametrize(("keep_mm", "beyond_mm"), [((258.0, 114.3), 15.0), ((279.4, 102.0), 6.3)])
def test_a_code_outside_the_picture_is_no_fault_of_the_print(
    keep_mm: tuple[float, float], beyond_mm: float, printed_job: Path, tmp_path: Path
) -> None:
    """A sheet that the scanner cut off was to be looked at for stains, or printed again."""
    (page,) = sheets_of(printed_job / "slips-00001.pdf", [2])
    scan = Scanner(turn_deg=0.0, shift_mm=0.0, stretch=0.0, jpeg=0).scan(page, seed=1)
    wide, high = (round(mm * 300 / 25.4) for mm in keep_mm)
    Image.fromarray(np.ascontiguousarray(scan[:high, :wide])).save(tmp_path / "1.png", dpi=(300, 300))
    found = verify(VerifyRequest(paths=[tmp_path], manifest=printed_job / "manifest.parquet", sample=True))
    (finding,) = (f for f in found.pages[0].findings if f.weight is Weight.FAIL)
    assert finding.code == "verify.cut_off" and float(finding.measured.split()[0]) == pytest.approx(
        beyond_mm, abs=0.5
    )
    assert found.slips[0].verdict is Verdict.UNREADABLE
    deliver(found, tmp_path / "out")


def test_a_foreign_code_on_a_sheet_of_ours_is_no_foreign_sheet(printed_job: Path, tmp_path: Path) -> None:
    """Number and barcode say whose sheet it is; where the barcode is not ours, a number alone proves nothing: every job has a number 2."""
    rows = pl.read_parquet(printed_job / "manifest.parquet")
    form = load_layout("mihara")
    sheets = [Sheet(page, form) for page in sheets_of(printed_job / "slips-00001.pdf", [1, 2, 9, 3])]
    bars = next(box for box in form.boxes if box.kind == "gs1_128")
    sheets[0] = sheets[0].with_code_of(sheets[2])
    other = sheets[1].page.copy()
    other[sheets[1].cut(bars)] = sheets[2].page[sheets[1].cut(bars)]
    sheets[1] = Sheet(other, form).with_code_of(sheets[2])
    write_scans([sheet.page for sheet in (*sheets[:2], sheets[3])], tmp_path / "in", scanner=Scanner())
    rows.filter(pl.col("seq") != 9).write_parquet(tmp_path / "manifest.parquet")  # a slip of another job
    request = VerifyRequest(paths=[tmp_path / "in"], manifest=tmp_path / "manifest.parquet", sample=True)
    found = verify(request)
    assert [codes(page) - NOTED for page in found.pages] == [
        {"verify.foreign_code"},
        {"verify.foreign"},
        set(),
    ]
    (told,) = (f for f in found.pages[0].findings if f.code == "verify.foreign_code")
    assert (told.measured, told.limit) == (rows["slip_key"][8], rows["slip_key"][0])
    foreign = [(slip.slip_key, slip.verdict) for slip in found.slips if slip.verdict is Verdict.FOREIGN]
    assert foreign == [(rows["slip_key"][8], Verdict.FOREIGN)] * 2
