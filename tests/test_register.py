"""A page found again in its scan: by squares, by its own picture, by its code; all ways up, to some hundredths of a millimetre."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from scan_pages import ALIKE, MARKS, PAGE_H_MM, PAGE_W_MM, Lain, lain, page

from elqr import symbols
from slips.proof.page_fit import PageFit, fitted
from slips.proof.register import register_corners, register_marks, register_picture
from slips.proof.scan import MM_PER_INCH, Scan

PLACES_MM = np.array([(10.0, 10.0), (200.0, 20.0), (105.0, 148.0), (20.0, 280.0), (190.0, 270.0)])


def error_mm(fit: PageFit, made: Lain) -> float:
    """The largest error of five places all over the page."""
    true = PLACES_MM @ made.map[:2, :2].T + made.map[:2, 2]
    return float(np.hypot(*(fit.to_pixels(PLACES_MM) - true).T).max()) / min(fit.pixels_a_mm)


@pytest.mark.parametrize("turn", [0.0, 0.8, -1.6, 90.0, 180.5, 269.0])
def test_marks_are_found_any_way_up(turn: float) -> None:
    made = lain(page(dpi=254), dpi=254, turn_deg=turn, shift_mm=(1.0, -0.8), says_dpi=254)
    fit = register_marks(made.scan, MARKS, PAGE_W_MM, PAGE_H_MM)
    assert fit is not None and fit.points == 4 and fit.method == "marks"
    assert error_mm(fit, made) < 0.03 and fit.residual_mm < 0.03
    assert (fit.rotation_deg - turn + 180) % 360 - 180 == pytest.approx(0, abs=0.02)
    assert fit.upside_down == (turn == 180.5) and fit.quarter_turns == round(turn / 90) % 4
    assert fit.skew_deg == pytest.approx((turn + 45) % 90 - 45, abs=0.02)


def test_scale_errors_are_told_by_direction() -> None:
    made = lain(page(dpi=254), dpi=254, stretch=(1.004, 0.997), says_dpi=254)
    fit = register_marks(made.scan, MARKS, PAGE_W_MM, PAGE_H_MM)
    assert fit is not None and fit.scale_errors is not None
    assert fit.scale_errors == pytest.approx((0.004, -0.003), abs=2e-4)
    assert fit.shear_deg == pytest.approx(0, abs=0.01)


def test_a_scan_without_dpi_or_with_a_wrong_one_is_registered_by_its_size() -> None:
    for says in (None, 72.0):
        made = lain(page(dpi=127), dpi=127, turn_deg=180.0, says_dpi=says)
        fit = register_marks(made.scan, MARKS, PAGE_W_MM, PAGE_H_MM)
        assert fit is not None and error_mm(fit, made) < 0.03
        assert (fit.scale_errors is None) == (says is None)


def test_three_marks_are_enough_and_two_are_not() -> None:
    for missing, expected in ((1, 3), (2, None)):
        made = lain(page(dpi=127, marks=MARKS[missing:]), dpi=127, turn_deg=0.5, says_dpi=127)
        fit = register_marks(made.scan, MARKS, PAGE_W_MM, PAGE_H_MM)
        assert (fit.points if fit else None) == expected


def test_a_mark_at_the_edge_of_the_glass_is_left_out() -> None:
    made = lain(page(dpi=254), dpi=254, shift_mm=(0.0, -7.5), says_dpi=254)
    fit = register_marks(made.scan, (*MARKS, (100.0, 100.0, 3.0)), PAGE_W_MM, PAGE_H_MM)
    assert fit is None  # the two upper ones are cut: two are not enough
    inside = lain(
        page(dpi=254, marks=(*MARKS, (100.0, 100.0, 3.0))), dpi=254, shift_mm=(0.0, -7.5), says_dpi=254
    )
    fit = register_marks(inside.scan, (*MARKS, (100.0, 100.0, 3.0)), PAGE_W_MM, PAGE_H_MM)
    assert fit is not None and fit.points == 3 and error_mm(fit, inside) < 0.03


def test_decoys_do_not_lead_away() -> None:
    decoys = (*MARKS, (30.0, 100.0, 3.0), (100.0, 30.0, 3.0), (150.0, 200.0, 2.6), (60.0, 250.0, 3.3))
    made = lain(page(dpi=254, marks=decoys), dpi=254, turn_deg=-1.0, shift_mm=(-1.0, 2.0), says_dpi=254)
    fit = register_marks(made.scan, MARKS, PAGE_W_MM, PAGE_H_MM)
    assert fit is not None and fit.points == 4 and error_mm(fit, made) < 0.03


@pytest.mark.parametrize("turn", [0.4, 179.0])
def test_marks_that_look_alike_upside_down_are_told_apart_by_the_code(turn: float) -> None:
    picture = page(dpi=254, marks=ALIKE, seed=3)
    code = (150.0, 40.0, 41 * 8 * 25.4 / 600)
    left, top = (round(v * 254 / MM_PER_INCH) for v in code[:2])
    digits = np.random.default_rng(0).integers(48, 58, (1, 255)).astype(np.uint8)
    symbol = 255 * (1 - symbols.unpack(symbols.encode(digits))[0])
    side = round(code[2] * 254 / MM_PER_INCH)
    picture[top - 12 : top + side + 12, left - 12 : left + side + 12] = 255
    picture[top : top + side, left : left + side] = cv2.resize(
        symbol, (side, side), interpolation=cv2.INTER_AREA
    )
    made = lain(picture, dpi=254, turn_deg=turn, says_dpi=254)
    unsure = register_marks(made.scan, ALIKE, PAGE_W_MM, PAGE_H_MM)
    assert unsure is not None and unsure.ambiguous
    fit = register_marks(made.scan, ALIKE, PAGE_W_MM, PAGE_H_MM, code=code)
    assert fit is not None and not fit.ambiguous and error_mm(fit, made) < 0.03


def test_a_page_without_marks_is_not_registered_by_them() -> None:
    made = lain(page(dpi=127, marks=()), dpi=127, says_dpi=127)
    assert register_marks(made.scan, MARKS, PAGE_W_MM, PAGE_H_MM) is None
    assert register_marks(made.scan, MARKS[:2], PAGE_W_MM, PAGE_H_MM) is None
    blank = Scan(source="blank.png", page=1, grey=np.full((1485, 1050), 230, np.uint8), dpi=127)
    assert register_marks(blank, MARKS, PAGE_W_MM, PAGE_H_MM) is None


@pytest.mark.parametrize("turn", [0.0, 1.3, 90.7, 181.0, 270.0])
def test_the_page_itself_registers_whatever_varies(turn: float) -> None:
    made = lain(page(dpi=254, varying=7), dpi=254, turn_deg=turn, shift_mm=(4.0, 3.0), says_dpi=254)
    fit = register_picture(made.scan, page(dpi=127, varying=8), 127 / MM_PER_INCH)
    assert fit is not None and fit.method == "picture" and fit.points >= 20
    assert error_mm(fit, made) < 0.1
    assert fit.quarter_turns == round(turn / 90) % 4


def test_another_page_is_not_registered_by_the_picture() -> None:
    made = lain(page(dpi=127, seed=5, marks=()), dpi=127, says_dpi=127)
    assert register_picture(made.scan, page(dpi=127, seed=6, marks=()), 127 / MM_PER_INCH) is None
    blank = Scan(source="blank.png", page=1, grey=np.full((1485, 1050), 230, np.uint8), dpi=127)
    assert register_picture(blank, page(dpi=127), 127 / MM_PER_INCH) is None


def test_a_code_registers_the_page_but_for_its_own_place() -> None:
    made = lain(page(dpi=254), dpi=254, turn_deg=0.7, says_dpi=254)
    square = np.array([(150.0, 40.0), (163.88, 40.0), (163.88, 53.88), (150.0, 53.88)])
    corners = square @ made.map[:2, :2].T + made.map[:2, 2]
    fit = register_corners(made.scan, corners, x_mm=150.0, y_mm=40.0, side_mm=13.88)
    assert fit.method == "corners" and error_mm(fit, made) < 0.01


def test_millimetres_and_pixels_are_inverse() -> None:
    chance = np.random.default_rng(3)
    pixels = PLACES_MM @ chance.normal(0, 8, (2, 2)) + chance.normal(0, 100, 2)
    fit = fitted(PLACES_MM, pixels, method="marks", dpi=None)
    assert np.allclose(fit.to_mm(fit.to_pixels(PLACES_MM)), PLACES_MM) and fit.residual_mm < 1e-9
