"""The calibration page: drawn, rendered, put under a made scanner with a curve and two scales of its own, and read back."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from scan_pages import lain

from elqr.problems import ProblemError
from slips.calibration_page import calibration_page, write_calibration_page
from slips.proof import calibration_sheet as sheet
from slips.proof.calibration import calibrate
from slips.proof.curve import load_curve
from slips.proof.render import Frame, open_document
from slips.proof.scan import MM_PER_INCH, Scan
from slips.proof.traps import traps_of

Pixels = npt.NDArray[np.uint8]
DPI = 254


@cache
def drawn() -> Pixels:
    """The page by pdfium, ten pixels a millimetre."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "page.pdf"
        write_calibration_page(path)
        with open_document(path) as document, document.pages(0, 1) as (page,):
            assert (round(page.w_mm, 1), round(page.h_mm, 1)) == (sheet.PAGE_W_MM, sheet.PAGE_H_MM)
            # pdfium draws rectangles to whole pixels, so it is given twice as many.
            fine = page.picture(Frame(0, 0, sheet.PAGE_W_MM, sheet.PAGE_H_MM, 4200, 5940))
            return np.asarray(cv2.resize(fine, (2100, 2970), interpolation=cv2.INTER_AREA))


def scanned(
    picture: Pixels | None = None, *, turn_deg: float = 0.4, stretch: tuple[float, float] = (1.0, 1.0)
) -> Scan:
    given = drawn() if picture is None else picture
    return lain(given, dpi=DPI, turn_deg=turn_deg, stretch=stretch, says_dpi=DPI).scan


def refused(scan: Scan, **given: object) -> str:
    with pytest.raises(ProblemError) as problem:
        calibrate(scan, **given)  # type: ignore[arg-type]
    return problem.value.problems[0].code


def test_the_page_is_the_same_every_time_and_black_only() -> None:
    page = calibration_page()
    assert page == calibration_page()
    import io

    import pikepdf

    with pikepdf.open(io.BytesIO(page)) as pdf:
        operators = {str(i.operator) for i in pikepdf.parse_content_stream(pdf.pages[0])}
        fonts = [font for font in pdf.objects if isinstance(font, pikepdf.Dictionary) and "/BaseFont" in font]
        embedded = ["/FontFile2" in font["/FontDescriptor"] for font in fonts]
    assert operators.isdisjoint({"rg", "RG", "k", "K", "cs", "CS", "sc", "scn"}) and "g" in operators
    assert embedded and all(embedded)


def test_the_rulers_give_the_scanners_scale_both_ways() -> None:
    found = calibrate(scanned(stretch=(1.003, 0.998)))
    assert found.across.ticks == 181 and found.down.ticks == 201
    assert found.across.pixels_a_mm == pytest.approx(10 * 1.003, rel=1e-4)
    assert found.down.pixels_a_mm == pytest.approx(10 * 0.998, rel=1e-4)
    assert found.anisotropy == pytest.approx(0.005, abs=2e-4)
    assert found.across.uneven_mm < 0.04 and found.down.uneven_mm < 0.04
    assert not found.across.measured and found.curve is None  # nothing was entered, so nothing is claimed


def test_a_steel_rule_takes_the_press_out_of_it() -> None:
    """The print came out one per cent large: by the steel rule the scanner is found to be right."""
    found = calibrate(scanned(stretch=(1.01, 1.01)), rulers_mm=(181.8, 202.0))
    assert found.across.measured and found.across.pixels_a_mm == pytest.approx(10.0, rel=1e-4)
    assert found.down.pixels_a_mm == pytest.approx(10.0, rel=1e-4)


def test_a_page_that_was_fed_on_its_side_tells_the_same_of_the_scanner() -> None:
    """The card is of the scanner's axes, not of the page's: they were exchanged, and taken out of the scale the wrong way round."""
    turned = np.ascontiguousarray(np.rot90(drawn()))
    found = calibrate(scanned(turned, stretch=(1.003, 0.998)), rulers_mm=(180.0, 200.0))
    assert found.across.pixels_a_mm == pytest.approx(10 * 1.003, rel=1e-4)
    assert found.down.pixels_a_mm == pytest.approx(10 * 0.998, rel=1e-4)
    assert (found.across.millimetres, found.down.millimetres) == (200.0, 180.0)


def test_paper_that_slipped_in_the_feeder_shows_in_the_ruler() -> None:
    picture = drawn()
    slipped = np.concatenate([picture[:1500], picture[1503:]])  # three tenths of a millimetre lost
    found = calibrate(scanned(np.ascontiguousarray(slipped), turn_deg=0.0))
    assert found.down.uneven_mm > 0.1 and found.across.uneven_mm < 0.04


def test_measured_steps_give_the_curve_of_the_scanner(tmp_path: Path) -> None:
    made = scanned()
    light = np.linspace(0.9, 0.05, len(sheet.STEP_INKS))
    printed = calibrate(made, reflectances=light.tolist(), card="densitometer 2026-11")
    assert printed.curve is not None and printed.curve.name == "card:densitometer 2026-11"
    greys = [step.grey for step in printed.steps]
    assert greys == sorted(greys, reverse=True)
    assert np.allclose(printed.curve.table[np.rint(greys).astype(int)], light, atol=0.01)
    path = tmp_path / "card.json"
    path.write_text(printed.to_json(), encoding="utf-8")
    assert np.allclose(load_curve(f"card:{path}").table, printed.curve.table, atol=1e-4)
    assert json.loads(path.read_text(encoding="utf-8"))["rulers"]["across"]["measured"] is False


def test_a_bought_card_is_read_in_its_frame() -> None:
    picture, (x, y, w, h) = drawn().copy(), (round(10 * v) for v in sheet.CARD_MM)
    greys = (250, 190, 130, 70, 20)
    for k, grey in enumerate(greys):
        picture[y : y + h, x + k * w // 5 : x + (k + 1) * w // 5] = grey
    found = calibrate(scanned(picture), reflectances=[0.89, 0.5, 0.25, 0.1, 0.04], card="Q-13", in_frame=True)
    seen = np.array([step.grey for step in found.steps])
    assert np.allclose(seen, 30 + np.array(greys) * (200 / 255), atol=2)  # as the made scanner gives them
    assert all(step.spread < 8 for step in found.steps) and found.curve is not None


def test_what_cannot_be_read_says_so() -> None:
    blank = Scan(source="blank.png", page=1, grey=np.full((2970, 2100), 230, np.uint8), dpi=DPI)
    assert refused(blank) == "measure.no_calibration_page"
    made = scanned()
    cut = Scan(source="cut.png", page=1, grey=np.ascontiguousarray(made.grey[:1500]), dpi=DPI)
    assert refused(cut) == "measure.no_calibration_page"
    assert refused(made, reflectances=[0.9, 0.1]) == "measure.card_steps"
    assert refused(made, reflectances=[0.5] * 9) == "measure.card_steps"
    assert refused(made, reflectances=[0.9, 0.1], in_frame=True) == "measure.card_steps"


def test_a_page_without_rulers_is_no_calibration_page() -> None:
    picture = np.full((2970, 2100), 255, np.uint8)
    for x, y, side in sheet.MARKS:
        left, top, wide = (round(10 * v) for v in (x, y, side))
        picture[top : top + wide, left : left + wide] = 0
    assert refused(scanned(picture)) == "measure.no_calibration_page"


def test_the_machines_own_doing_is_found() -> None:
    honest = scanned().grey
    assert traps_of(honest).names() == ()
    assert traps_of(np.where(honest > 128, 255, 0).astype(np.uint8)).names() == ("two_levels",)
    whitened = np.where(honest > 180, 255, honest).astype(np.uint8)
    assert "background_removed" in traps_of(whitened).names()
    soft = cv2.GaussianBlur(honest, (0, 0), 1.5)
    sharpened = cv2.addWeighted(soft, 2.5, cv2.GaussianBlur(soft, (0, 0), 2.0), -1.5, 0)
    assert traps_of(sharpened).names() == ("sharpened",)
    assert traps_of(np.full((50, 50), 200, np.uint8)).halo == 0
    assert MM_PER_INCH * 10 == DPI
