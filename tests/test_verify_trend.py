"""A fault of the press is told from a handful of sheets while every grade is still good; a clean batch is never suspected."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import print_scan as scan
import proof_results as made
import pytest
from hypothesis import given
from hypothesis import strategies as st

from slips.proof.curve import load_curve
from slips.proof.drift import BASE_MAX, chart_of
from slips.proof.grade import grade
from slips.proof.grid import locate
from slips.proof.measure import measure
from slips.proof.outcome import PageResult
from slips.proof.press_marks import STEPS, PressMark, Profile, profile_of
from slips.proof.streaks import LIMIT_SIGMAS, MISSING_MIN, SHEETS_MIN, level_of, streaks_of
from slips.proof.thresholds import load_thresholds
from slips.proof.trend import Trend, trend_of

STREAK = (20.3, 0.18)
"""Left edge and width in modules: 0.06 mm at module 20.39 (qr-verify.md §10)."""


def codes(trend: Trend) -> list[str]:
    return [finding.code for finding in trend.findings]


def columns(sheets: int, *, loss: float, first_seed: int = 0) -> np.ndarray:
    return np.stack([made.profile(first_seed + k, loss=loss).columns for k in range(sheets)])


@pytest.mark.parametrize(("loss", "sheets"), [(0.25, 3), (0.25, 5), (0.15, 5), (0.5, 3)])
def test_a_hair_thin_streak_is_found_at_its_module(loss: float, sheets: int) -> None:
    (found,) = streaks_of(columns(sheets, loss=loss))
    assert found.at == pytest.approx(STREAK[0] + STREAK[1] / 2, abs=0.1)
    assert found.sigmas > 1.5 * LIMIT_SIGMAS
    assert (found.first, found.last) == (0, sheets - 1)


def test_every_grade_is_still_an_a_when_the_streak_is_told() -> None:
    """The same symbols through the measuring and grading of a single code."""
    thresholds, curve = load_thresholds(), load_curve("linear")
    for seed in range(SHEETS_MIN):
        modules = scan.modules_of(seed)
        light, to_pixels = scan.scanned(modules, seed=seed, press=scan.Press(streak=(*STREAK, 0.25)))
        grey = np.round(light * 255).astype(np.uint8)
        grid = locate(grey, modules, to_pixels)
        assert grid is not None
        assert grade(measure(grey, grid, modules, curve), thresholds).letter == "A"
    assert codes(trend_of(made.marks(SHEETS_MIN, loss=0.25))) == ["verify.trend_streak"]


def test_the_finding_says_where_and_since_when() -> None:
    clean, streaked = made.marks(24), made.marks(24, loss=0.25)
    (finding,) = trend_of([*clean, *streaked]).findings
    assert finding.code == "verify.trend_streak"
    assert finding.params["at"] == f"{62.653 + 20.42 * scan.PITCH_MM:.1f} mm"
    first, last = finding.params["first"], finding.params["last"]
    assert isinstance(first, int)
    assert abs(first - 25) <= 4
    assert last == 48


def test_a_line_across_the_paper_is_told_as_such() -> None:
    turned = [
        replace(m, profile=Profile(m.profile.rows, m.profile.columns))
        for m in made.marks(6, loss=0.5)
        if m.profile
    ]
    assert codes(trend_of(turned)) == ["verify.trend_line"]


def test_one_spoilt_symbol_is_no_streak() -> None:
    marks = made.marks(12)
    modules = scan.modules_of(3)
    light, grid = scan.scanned(modules, seed=3, press=scan.Press(streak=(20.3, 0.5, 1.0)))
    spoilt = replace(marks[3], profile=profile_of(light, grid, modules))
    assert codes(trend_of([*marks[:3], spoilt, *marks[4:]])) == []


def test_one_spoilt_symbol_does_not_hide_a_streak() -> None:
    modules = scan.modules_of(4)
    light, grid = scan.scanned(modules, seed=4, press=scan.Press(screen=0.65))
    marks = made.marks(6, loss=0.15)
    marks[4] = replace(marks[4], profile=profile_of(light, grid, modules))
    assert codes(trend_of(marks)) == ["verify.trend_streak"]


def test_a_long_batch_is_judged_in_bounded_time() -> None:
    """Windows grow with the batch; a streak of a tenth of it is still told."""
    clean, streaked = columns(12, loss=0.0), columns(12, loss=0.5)
    rng = np.random.default_rng(3)
    batch = np.concatenate([clean[rng.integers(0, 12, 9_000)], streaked[rng.integers(0, 12, 1_000)]])
    started = time.process_time()
    (found,) = streaks_of(batch)
    assert time.process_time() - started < 10
    assert abs(found.first - 9_000) < 100
    assert found.last == len(batch) - 1


def test_two_hundred_clean_batches_raise_no_alarm() -> None:
    pool = [made.profile(k) for k in range(24)]
    for seed in range(200):
        rng = np.random.default_rng(seed)
        base = made.marks(int(rng.integers(2, 25)))
        order = rng.permutation(len(pool))
        batch = [
            replace(
                mark,
                profile=pool[order[k]],
                figures={name: value + float(rng.normal(0, 0.02)) for name, value in mark.figures.items()},
            )
            for k, mark in enumerate(base)
        ]
        assert codes(trend_of(batch)) == [], seed


@pytest.mark.parametrize(
    ("figure", "change", "code"),
    [
        ("dx_mm", 0.4, "verify.trend_across"),
        ("dy_mm", -0.4, "verify.trend_along"),
        ("growth_h", 0.12, "verify.trend_growth"),
        ("growth_v", -0.12, "verify.trend_growth"),
        ("contrast", -0.2, "verify.trend_contrast"),
        ("reserve", -0.3, "verify.trend_reserve"),
    ],
)
def test_a_creeping_figure_is_told_with_its_sign(figure: str, change: float, code: str) -> None:
    marks = made.marks(80)
    crept = [
        replace(m, figures={**m.figures, figure: m.figures[figure] + change * max(0, k - 30) / 50})
        for k, m in enumerate(marks)
    ]
    trend = trend_of(crept)
    assert codes(trend) == [code]
    (finding,) = trend.findings
    assert finding.measured.startswith("+" if change > 0 else "-")
    assert isinstance(finding.params["sheet"], int)
    assert 30 < finding.params["sheet"] <= 65  # before the last third, long before any tolerance


def test_sheets_without_a_measurement_are_counted_but_not_charted() -> None:
    marks = made.marks(6, loss=0.5)
    trend = trend_of([None, *marks[:3], None, *marks[3:]])
    assert trend.sheets == 8
    assert trend.places[0].sheets == (2, 3, 4, 6, 7, 8)
    assert [f.params["first"] for f in trend.findings] == [2]
    assert trend_of([None, None]).places == ()


def test_places_are_judged_apart() -> None:
    left, right = made.marks(5, loss=0.5), [replace(m, place="other") for m in made.marks(5)]
    mixed: list[PressMark | None] = [mark for pair in zip(left, right, strict=True) for mark in pair]
    trend = trend_of(mixed)
    assert [place.place for place in trend.places] == ["mihara", "other"]
    assert [f.params["place"] for f in trend.findings] == ["mihara"]


def test_the_slips_of_a_page_are_on_one_sheet() -> None:
    """Of a form with two slips a page the first of sheet 4 was called sheet 7, and of a scan of both sides as well."""
    left, right = made.marks(8), [replace(m, place="other") for m in made.marks(8, loss=0.5)]
    mixed: list[PressMark | None] = [None, None, None, None]
    mixed += [mark for pair in zip(left, right, strict=True) for mark in pair]
    pages = [PageResult(source="a.tif", page=k // 2 + 1, slot=k % 2 + 1, mark=m) for k, m in enumerate(mixed)]
    pages.insert(2, PageResult(source="b.tif", page=1, blank=True, back=True))
    inspection = replace(made.inspection(), pages=tuple(pages))
    trend = trend_of([page.mark for page in pages], inspection.sheet_numbers)
    assert trend.sheets == 10 and trend.places[0].sheets == tuple(range(3, 11))
    assert [(f.params["place"], f.params["first"]) for f in trend.findings] == [("other", 3)]


def test_limits_hold_for_the_average_of_clean_symbols() -> None:
    """The floor of the streak chart against what clean symbols reach, noise included."""
    noisy = []
    for seed in range(6):
        modules = scan.modules_of(seed)
        light, grid = scan.scanned(modules, seed=seed, reader=scan.Reader(dpi=300, noise=0.08))
        noisy.append(profile_of(light, grid, modules).columns)
    assert float(level_of(np.stack(noisy)).deviation.max()) < MISSING_MIN


@given(st.lists(st.floats(-50, 50), min_size=2, max_size=60), st.floats(0.01, 5))
def test_a_chart_does_not_depend_on_where_zero_is(values: list[float], least: float) -> None:
    here = chart_of(np.array(values), least=least)
    there = chart_of(np.array(values) + 1000.0, least=least)
    assert there.limit == pytest.approx(here.limit, abs=1e-6)
    assert there.centre == pytest.approx(here.centre + 1000, abs=1e-6)
    assert np.abs(here.average - here.centre).max() <= np.abs(here.values - here.centre).max() + 1e-9


def test_one_crooked_sheet_is_no_drift() -> None:
    values = np.random.default_rng(1).normal(0, 0.02, 60)
    values[40] = 5.0
    assert chart_of(values, least=0.1).alarm is None
    assert len(values) > BASE_MAX


def test_a_profile_needs_the_symbol_of_this_form() -> None:
    modules = scan.modules_of(1)
    light, grid = scan.scanned(modules, seed=1)
    assert profile_of(light, grid, modules).columns.shape == (41 * STEPS,)
    with pytest.raises(ValueError, match="41"):
        profile_of(light, grid, modules[:21, :21])
