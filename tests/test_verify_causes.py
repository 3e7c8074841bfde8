"""Moderate defects of a simulated press are named rightly in nine of ten cases, and a clean print is not suspected of anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import print_scan as scan
import pytest
from print_scan import Press, Reader

from slips.proof.diagnosis import GROWTH_MODULES, diagnose
from slips.proof.growth import print_growth
from slips.proof.remarks import sentence
from slips.proof.signature import signature_of

RESOLUTIONS = (300, 400, 600)
SEEDS = (1, 2)
CASES: Mapping[str, Sequence[tuple[Press, float]]] = {
    "verify.cause_gain": [(Press(gain=g), 0.0) for g in (0.1, 0.15, 0.2)],
    "verify.cause_loss": [(Press(gain=-g), 0.0) for g in (0.1, 0.15, 0.2)],
    "verify.cause_uneven_growth": [(Press(gain_x=g), 0.0) for g in (0.12, 0.2)],
    "verify.cause_screen": [(Press(screen=c), 0.0) for c in (0.85, 0.75, 0.65)],
    "verify.cause_pale": [(Press(contrast=c), 0.0) for c in (0.5, 0.35)],
    "verify.cause_streak": [(Press(streak=(x, 0.5, 1.0)), 0.0) for x in (12.3, 27.6)],
    "verify.cause_banding": [(Press(band=b), 0.0) for b in (0.15, 0.3, 0.45)],
    "verify.cause_soft": [(Press(), blur) for blur in (0.25, 0.35, 0.45)],
}


def figures_of(seed: int, press: Press, reader: Reader) -> dict[str, float]:
    modules = scan.modules_of(seed)
    light, grid = scan.scanned(modules, seed=seed, press=press, reader=reader)
    growth_h, growth_v = print_growth(light, grid, modules)
    dark, pale = np.quantile(light, (0.02, 0.98))
    return {
        **signature_of(light, grid, modules),
        "growth_h": growth_h,
        "growth_v": growth_v,
        "contrast": float(pale - dark),
        "pixels_a_module": scan.PITCH_MM * reader.dpi / 25.4,
    }


def named(figures: Mapping[str, float]) -> list[str]:
    return [finding.code for finding in diagnose(figures, x_mm=60, y_mm=40, pitch_mm=scan.PITCH_MM)]


@pytest.mark.parametrize("code", CASES)
def test_the_first_cause_named_is_the_right_one(code: str) -> None:
    found = [
        named(figures_of(seed, press, Reader(dpi=dpi, blur=blur)))
        for press, blur in CASES[code]
        for dpi in RESOLUTIONS
        for seed in SEEDS
    ]
    right = sum(causes[:1] == [code] for causes in found)
    assert right >= 0.9 * len(found), found
    assert sum(map(len, found)) <= 1.2 * len(found)  # and few others beside it


@pytest.mark.parametrize("dpi", RESOLUTIONS)
@pytest.mark.parametrize("noise", [0.012, 0.06])
def test_a_clean_print_is_not_suspected(dpi: int, noise: float) -> None:
    assert all(named(figures_of(seed, Press(), Reader(dpi=dpi, noise=noise))) == [] for seed in (3, 4))


def test_a_streak_is_given_in_millimetres_of_the_page() -> None:
    figures = figures_of(1, Press(streak=(20.0, 0.5, 1.0)), Reader())
    (finding,) = diagnose(figures, x_mm=60, y_mm=40, pitch_mm=scan.PITCH_MM)
    assert finding.params["at"] == f"{60 + 20.25 * scan.PITCH_MM:.1f} mm"
    assert "66.9 mm" in sentence(finding, "ja")
    assert "66.9 mm" in sentence(finding, "en")


@pytest.mark.parametrize(
    ("figures", "code"),
    [
        ({"line": 0.3, "line_at": 12.0}, "verify.cause_line"),
        ({"scale_x": 0.03, "scale_y": 0.03}, "verify.cause_scaled"),
        ({"scale_x": 0.0, "scale_y": -0.008}, "verify.cause_stretched"),
        ({"dx_mm": -0.9, "dy_mm": 0.1}, "verify.cause_shifted"),
        ({"quiet_min": 2.0}, "verify.cause_quiet_zone"),
    ],
)
def test_places_and_sizes_have_their_causes(figures: Mapping[str, float], code: str) -> None:
    assert named(figures) == [code]


def test_what_was_not_measured_starts_no_suspicion() -> None:
    assert diagnose({}) == ()
    assert (
        diagnose(dict.fromkeys(("growth_h", "grain", "contrast", "scale_x", "softness"), float("nan"))) == ()
    )


def test_a_screen_is_not_called_ink_loss_as_well() -> None:
    assert named({"grain": 0.2, "growth_h": -2 * GROWTH_MODULES, "growth_v": -2 * GROWTH_MODULES}) == [
        "verify.cause_screen"
    ]
