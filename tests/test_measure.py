"""One symbol measured on simulated scans: what was done to it on purpose must come out, also where no reader reads it."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import numpy.typing as npt
import pytest

from elqr.symbols import spec
from slips.proof import plane
from slips.proof.cascade import read_cascade
from slips.proof.curve import Curve, linear, srgb
from slips.proof.grade import DECODE_ONLY, GRADED, INDICATIVE, Grades, finder_segments, grade, overlaid
from slips.proof.grid import Grid, locate
from slips.proof.intended_modules import modules_of
from slips.proof.ladder import says
from slips.proof.measure import Measurement, measure
from slips.proof.simulate.matrix import PITCH_MM
from slips.proof.simulate.printscan import CLEAN, Shot, scan
from slips.proof.simulate.sheet import Sheet, symbol_sheet
from slips.proof.symbol_map import symbol_map
from slips.proof.thresholds import load_thresholds

Modules = npt.NDArray[np.uint8]
SQUARE = np.array([(0.0, 0.0), (41.0, 0.0), (41.0, 41.0), (0.0, 41.0)])
PAYLOAD = bytes(48 + (k * k + k // 7) % 10 for k in range(255))


@cache
def intended() -> Modules:
    return modules_of(PAYLOAD)


@cache
def sheet() -> Sheet:
    return symbol_sheet(intended(), pitch_mm=PITCH_MM)


@cache
def shot(defect: str = CLEAN, strength: float = 0.0, *, dpi: int = 400, seed: int = 1) -> Shot:
    return scan(sheet(), dpi=dpi, defect=defect, strength=strength, seed=seed)


def corners_near(given: Shot, *, off: tuple[float, float] = (0.6, -0.4)) -> plane.Points:
    """The true corners, moved by so many modules."""
    assert given.map is not None
    return plane.moved(SQUARE + np.array(off), given.map)


def grid_of(given: Shot, *, bits: Modules | None = None) -> Grid:
    found = locate(given.grey, intended() if bits is None else bits, corners_near(given))
    assert found is not None
    return found


def measured(given: Shot, *, curve: Curve | None = None) -> Measurement:
    return measure(given.grey, grid_of(given), intended(), curve or linear())


def graded(given: Shot, *, curve: Curve | None = None) -> Grades:
    return grade(measured(given, curve=curve), load_thresholds())


# --- the grid ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("defect", "strength", "dpi"),
    [
        (CLEAN, 0.0, 200),
        (CLEAN, 0.0, 300),
        (CLEAN, 0.0, 600),
        ("blur", 0.55, 400),
        ("gain", 0.30, 400),
        ("screen", 0.55, 400),
        ("noise", 0.25, 300),
        ("stamp", 0.75, 400),
        ("scrape", 0.13, 400),
        ("stain", 0.82, 400),
        ("through", 0.45, 300),
        ("perspective", 0.10, 400),
        ("shear", 7.0, 400),
        ("rotate", 33.0, 300),
    ],
)
def test_the_grid_is_found_to_a_tenth_of_a_module(defect: str, strength: float, dpi: int) -> None:
    given = shot(defect, strength, dpi=dpi)
    assert given.map is not None
    found = grid_of(given)
    off = plane.distances(found.corners, plane.moved(SQUARE, given.map)) / found.pitch_px
    assert off.max() < 0.1
    centre = plane.moved([(20.5, 20.5)], given.map)[0]
    assert np.hypot(*(found.centres[24, 24] - centre)) / found.pitch_px < 0.1


def test_clean_grids_are_found_to_some_hundredths() -> None:
    for seed in range(4):
        given = shot(seed=seed)
        assert given.map is not None
        off = (
            plane.distances(grid_of(given).corners, plane.moved(SQUARE, given.map)) / grid_of(given).pitch_px
        )
        assert off.max() < 0.03


def test_a_symbol_is_searched_where_the_guess_is_off_by_modules_and_degrees() -> None:
    given = shot(seed=3)
    assert given.map is not None
    turned = np.array([[np.cos(0.03), -np.sin(0.03), 0], [np.sin(0.03), np.cos(0.03), 0], [0, 0, 1.0]])
    middle = plane.shift(20.5, 20.5) @ turned @ plane.shift(-20.5, -20.5)
    guess = given.map @ plane.shift(6.0, -5.0) @ middle
    found = locate(given.grey, intended(), guess)
    assert found is not None and found.searched
    assert (plane.distances(found.corners, plane.moved(SQUARE, given.map)) / found.pitch_px).max() < 0.05


def test_where_there_is_no_symbol_there_is_no_grid() -> None:
    chance = np.random.default_rng(0)
    paper = np.full((400, 400), 220, np.uint8)
    text = np.where(chance.random((400, 400)) < 0.3, 30, 220).astype(np.uint8)
    corners = SQUARE * 5.3 + 80
    for picture in (paper, text, paper[:30, :30]):
        assert locate(picture, intended(), corners) is None


def test_a_guess_of_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match=r"expected corners \(4, 2\) or a map \(3, 3\)"):
        locate(shot().grey, intended(), np.zeros((2, 2)))


# --- codewords --------------------------------------------------------------------------------------


@pytest.mark.parametrize("wrong", [0, 1, 5, 8, 9, 20])
def test_wrong_codewords_are_counted_exactly(wrong: int) -> None:
    """Printed with so many codewords spoilt in block 2 and one in block 0: the scan says precisely that."""
    printed, path = intended().copy(), symbol_map().path
    chance = np.random.default_rng(wrong)
    for codeword in [*(chance.permutation(43)[:wrong] * spec.BLOCKS + 2), spec.BLOCKS * 7]:
        rows, columns = path[:, 8 * codeword : 8 * codeword + 8]
        printed[rows, columns] = 1 - printed[rows, columns]
    given = scan(symbol_sheet(printed, pitch_mm=PITCH_MM), dpi=400, seed=2)
    found = measured(given)
    assert found.errors == found.errors_best == (1, 0, wrong, 0)
    assert found.left == 8 - max(1, wrong) and found.intended == (wrong <= 8)
    assert found.wrong.sum() == 8 * (wrong + 1) and (found.wrong == (printed != intended())).all()
    assert (found.reserve > 0) == (wrong <= 8)
    assert bool(read_cascade(given.grey)) == (wrong <= 8)


def test_another_payload_is_found_but_not_taken_for_the_intended_one() -> None:
    other = bytes([PAYLOAD[0] ^ 1]) + PAYLOAD[1:]
    given = scan(symbol_sheet(modules_of(other), pitch_mm=PITCH_MM), dpi=400, seed=2)
    found = measured(given)
    assert not found.intended and found.left_best < 0 and found.rungs == 0


def test_a_symbol_that_nobody_reads_is_measured_all_the_same() -> None:
    given = shot("stamp", 0.85, seed=3)
    assert read_cascade(given.grey) == ()
    found = measured(given)
    assert found.score > 0.5 and found.rungs == 0 and not found.intended
    assert found.left_best < 0 and max(found.errors_best) <= 43
    assert (found.margin_map < 0).sum() > 30  # the stamp's lines on the map


def test_upside_down_is_no_difference() -> None:
    given = shot(seed=4)
    turned = np.ascontiguousarray(given.grey[::-1, ::-1])
    corners = np.array(given.grey.shape[::-1]) - 1 - corners_near(given)
    found = locate(turned, intended(), corners)
    assert found is not None
    assert measure(turned, found, intended(), linear()).left == 8


# --- single figures ---------------------------------------------------------------------------------


def test_a_clean_scan_is_without_fault() -> None:
    found = measured(shot())
    assert found.errors == (0, 0, 0, 0) and found.format_errors == (0, 0) and found.wrong.sum() == 0
    assert found.left == 8 and found.intended and found.unused == 1
    assert found.quiet == (4, 4, 4, 4) and found.rungs >= 5 and found.reserve > 0.7
    assert abs(found.growth_h) < 0.02 and abs(found.growth_v) < 0.02
    assert found.axial < 0.01 and found.deviation < 0.05
    assert found.contrast == pytest.approx(0.80, abs=0.03)
    assert found.pixels_a_module == pytest.approx(PITCH_MM * 400 / 25.4, rel=0.003)


@pytest.mark.parametrize("strength", [0.10, 0.15, 0.20, 0.25])
def test_growth_comes_out_with_its_sign(strength: float) -> None:
    gain, loss = measured(shot("gain", strength)), measured(shot("loss", strength))
    assert gain.growth_h == pytest.approx(strength, abs=0.04) and gain.growth_v == pytest.approx(
        strength, abs=0.04
    )
    assert loss.growth_h == pytest.approx(-strength, abs=0.04) and loss.growth_v == pytest.approx(
        -strength, abs=0.04
    )


def test_stretched_paper_is_axial() -> None:
    given = shot()
    wide = np.repeat(given.grey, 10, axis=1)[:, ::9]  # a ninth wider
    corners = corners_near(given, off=(0, 0)) * (10 / 9, 1)
    found = locate(np.ascontiguousarray(wide), intended(), corners)
    assert found is not None
    axial = measure(wide, found, intended(), linear()).axial
    assert axial == pytest.approx((10 / 9 - 1) / ((10 / 9 + 1) / 2), abs=0.005)


@pytest.mark.parametrize(("strength", "clear"), [(3.0, 3), (2.0, 2), (1.0, 1), (0.0, 0)])
def test_what_stands_in_the_quiet_zone_is_counted_by_side(strength: float, clear: int) -> None:
    found = measured(shot("quiet", strength))
    assert [found.quiet[k] for k in (0, 2, 3)] == [
        clear
    ] * 3  # a frame above, below and left; blocks at the right
    assert found.quiet[1] == clear


def in_the_shadow(given: Shot, share: float, *, steep: bool) -> Shot:
    """Light that falls to the right: over the whole crop, or within some three modules beside its middle."""
    at = np.linspace(-0.5, 0.5, given.grey.shape[1])
    dark = 1 / (1 + np.exp(-at / 0.06)) if steep else at + 0.5
    return replace(given, grey=np.asarray(given.grey * (1 - share * dark), np.uint8))


@pytest.mark.parametrize(("share", "steep"), [(0.5, False), (0.4, True)])
def test_a_shadow_is_no_print_in_the_quiet_zone(share: float, steep: bool) -> None:
    """Paper was what the lightest quarter of the symbol is; at the dark side of a fold all four rings were said to be printed on."""
    assert measured(in_the_shadow(shot(), share, steep=steep)).quiet == (4, 4, 4, 4)


@pytest.mark.parametrize("strength", [3.0, 1.0, 0.0])
def test_print_in_the_quiet_zone_is_seen_in_a_shadow_too(strength: float) -> None:
    found = measured(in_the_shadow(shot("quiet", strength), 0.5, steep=False))
    assert found.quiet == (strength, strength, strength, strength)


@pytest.mark.parametrize("share", [0.3, 0.45, 0.9])
@pytest.mark.parametrize("gap", [0, 2, 3])
def test_a_tint_that_fills_a_side_is_not_taken_for_paper(share: float, gap: int) -> None:
    """From so many modules beside the symbol on to the edge of the picture."""
    given = shot(seed=4)
    assert given.map is not None
    right = int(plane.moved(np.array([(41.0 + gap, 0.0)]), given.map)[0, 0])
    grey = given.grey.copy()
    grey[:, right:] = grey[:, right:] * (1 - share)
    assert measured(replace(given, grey=grey)).quiet[1] <= gap


def test_reserve_and_ladder_fall_as_blur_rises() -> None:
    found = [measured(shot("blur", strength)) for strength in (0.25, 0.35, 0.45, 0.55)]
    reserves, rungs = [m.reserve for m in found], [m.rungs for m in found]
    assert reserves == sorted(reserves, reverse=True) and reserves[0] > 0.3 > reserves[-1]
    assert rungs == sorted(rungs, reverse=True) and rungs[0] > rungs[-1]


def test_only_the_intended_digits_climb() -> None:
    assert says(PAYLOAD, intended())
    for content in (b"", b"0" * 255, PAYLOAD[:-1], PAYLOAD + b"0", b"x" + PAYLOAD[1:]):
        assert not says(content, intended())


# --- grades -----------------------------------------------------------------------------------------


def test_a_clean_scan_is_an_a_and_says_that_it_is_an_estimate() -> None:
    found = graded(shot())
    assert found.overall == 4 and found.letter == "A" and found.standing == GRADED and found.limiting == ()
    assert found.text == "est-A (4) / ISO/IEC 15415:2011-like / 5.3 px a module / 0.8X / linear"
    assert found.label["en"] == "estimate, not a conformant verifier grade (ISO/IEC 15426-2)"
    assert "推定値" in found.label["ja"] and found.conformant is False


@pytest.mark.parametrize(
    ("defect", "strength", "overall", "limits"),
    [
        ("blur", 0.45, 0, "modulation"),
        ("contrast", 0.35, 1, "symbol_contrast"),
        ("quiet", 3.0, 0, "fixed_pattern_damage"),
        ("perspective", 0.20, 0, "grid_non_uniformity"),
        ("gain", 0.25, 0, "modulation"),
    ],
)
def test_each_defect_is_limited_by_its_parameter(
    defect: str, strength: float, overall: int, limits: str
) -> None:
    found = graded(shot(defect, strength))
    assert found.overall == overall and limits in found.limiting


def test_below_five_pixels_no_letter_and_below_three_no_grade() -> None:
    assert graded(shot(dpi=600)).standing == GRADED
    few = graded(shot(dpi=300))
    assert few.standing == INDICATIVE and few.letter == "" and few.overall is not None
    assert few.text.startswith(f"indicative ({few.overall}) /")
    fewer = graded(shot(dpi=200))
    assert fewer.standing == DECODE_ONLY and fewer.letter == "" and fewer.overall is None
    assert fewer.text.startswith("decode only /")


def test_the_curve_decides_the_grade() -> None:
    """The trap of most home-made grades: sRGB values read as if they were light turn a B into an F."""
    given = shot("blur", 0.25, dpi=600)
    coded = np.interp(given.grey / 255, srgb().table, np.arange(256)).round().astype(np.uint8)
    seen = Shot(grey=coded, map=given.map, flat=given.flat)
    true, wrong = graded(given), graded(seen)
    right = graded(seen, curve=srgb())
    assert right.overall == true.overall and right.text.endswith("/ srgb")
    assert wrong.overall is not None and true.overall is not None and wrong.overall < true.overall


def test_the_overlay_by_hand() -> None:
    """Ten codewords at level 2, all others at 4: at level 4 ten count as lost, at level 2 none; the best is 2."""
    levels = np.array([4] * 162 + [2] * 10)
    assert overlaid(levels, lambda bad: 4 if bad.sum() == 0 else 0) == 2
    assert overlaid(levels, lambda bad: 3 if bad.sum() == 10 else 4) == 3
    assert overlaid(levels, lambda _: 0) == 0


def test_the_segments_are_as_large_as_the_standard_says() -> None:
    assert [int(segment.sum()) for segment in finder_segments()] == [168, 168, 168]


def test_thresholds_say_where_they_are_from() -> None:
    given = load_thresholds()
    assert given.steps["symbol_contrast"].grade(0.70) == 4 and given.steps["symbol_contrast"].grade(0.19) == 0
    assert given.steps["axial_non_uniformity"].grade(0.06) == 4
    assert given.steps["grid_non_uniformity"].grade(float("nan")) == 0
    assert "axial_non_uniformity" in given.unchecked() and all(s.source for s in given.steps.values())
    with pytest.raises(FileNotFoundError):
        load_thresholds("none")
