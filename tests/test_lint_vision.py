"""How people see: contrast as WCAG computes it, colour vision and low vision as their published figures say."""

from __future__ import annotations

import tomllib
from importlib.resources import files

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from slips.vision import contrast_of, ratio, seen_by, visions, with_colour_vision, with_low_vision

COLOUR = st.tuples(*[st.floats(0, 1)] * 3)
FIGURES = tomllib.loads((files("layouts") / "vision.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [  # WCAG 2.2: black on white is 21:1; #767676 is the lightest grey that passes 4.5:1 on white, #777777 fails
        ((0, 0, 0), (1, 1, 1), 21.0),
        ((1, 1, 1), (1, 1, 1), 1.0),
        ((0x76 / 255,) * 3, (1, 1, 1), 4.54),
        ((0x77 / 255,) * 3, (1, 1, 1), 4.48),
        ((1, 0, 0), (1, 1, 1), 4.0),
    ],
)
def test_contrast_is_wcags(one: tuple[float, ...], other: tuple[float, ...], expected: float) -> None:
    assert ratio(one, other) == ratio(other, one) == pytest.approx(expected, abs=0.005)


def test_the_four_kinds_are_there_and_leave_greys_alone() -> None:
    assert visions() == ("protan", "deutan", "tritan", "achroma")
    for vision in visions():
        assert np.asarray(FIGURES[vision]["matrix"]).sum(axis=1) == pytest.approx([1, 1, 1], abs=1e-5)
        assert seen_by(vision, (0.5, 0.5, 0.5)) == pytest.approx((0.5, 0.5, 0.5), abs=1e-4)
        grey = np.arange(0, 255, dtype=np.uint8).reshape(5, 51, 1).repeat(3, axis=2)
        assert np.abs(with_colour_vision(grey, vision).astype(int) - grey).max() <= 1


@given(COLOUR)
def test_an_achromat_sees_grey_of_the_same_lightness(colour: tuple[float, ...]) -> None:
    seen = seen_by("achroma", colour)
    assert max(seen) - min(seen) < 1e-9
    assert ratio(colour, seen) == pytest.approx(1.0, abs=1e-6)


@given(COLOUR)
def test_pixels_and_colours_are_seen_alike(colour: tuple[float, ...]) -> None:
    pixel = np.rint(np.array(colour) * 255).astype(np.uint8).reshape(1, 1, 3)
    for vision in visions():
        exact = np.array(seen_by(vision, (pixel[0, 0] / 255).tolist())) * 255
        assert np.abs(with_colour_vision(pixel, vision)[0, 0] - exact).max() <= 0.51


def test_red_and_green_of_one_lightness_fall_together_for_deutan_eyes_only() -> None:
    red, green = (0.78, 0.22, 0.13), (0.34, 0.43, 0.05)
    near = np.abs(np.subtract(seen_by("deutan", red), seen_by("deutan", green))).max()
    far = np.abs(np.subtract(seen_by("tritan", red), seen_by("tritan", green))).max()
    assert near < 0.15
    assert far > 0.3


def test_low_vision_blurs_by_the_stated_width_and_keeps_the_stated_contrast() -> None:
    figures = FIGURES["low_vision"]
    page = np.full((400, 400, 3), 255, np.uint8)
    page[:, 200:] = 0
    seen = with_low_vision(page, dpi=254)  # 10 pixels a millimetre
    light = np.where(seen / 255 <= 0.04045, seen / 255 / 12.92, ((seen / 255 + 0.055) / 1.055) ** 2.4)[
        200, :, 0
    ]
    assert light[0] == pytest.approx(1.0) and light[-1] == pytest.approx(1 - figures["contrast"], abs=0.005)
    # an edge under a Gaussian: 16 % to 84 % of the step lie two standard deviations apart
    step = (light - light[-1]) / (light[0] - light[-1])
    sigma = (np.flatnonzero(step > 0.1587).max() - np.flatnonzero(step > 0.8413).max()) / 2
    resolved_mm = figures["distance_mm"] * np.tan(np.radians(1 / 60 / figures["acuity"]))
    assert sigma / 10 == pytest.approx(resolved_mm / 2.3548, abs=0.06)
    assert (with_low_vision(page, dpi=254) == seen).all()
    assert (with_low_vision(np.full((9, 9, 3), 255, np.uint8), dpi=300) == 255).all(), "paper stays paper"


def test_ground_and_ink_of_a_place() -> None:
    page = np.full((20, 20, 3), 255, np.uint8)
    assert contrast_of(page, (2, 2, 18, 18)) is None
    page[5:7, 5:9] = (200, 0, 0)
    page[7:8, 5:9] = (230, 120, 120)
    ground, ink = contrast_of(page, (2, 2, 18, 18)) or ((), ())
    assert (list(ground), list(ink)) == ([1, 1, 1], [200 / 255, 0, 0])
