"""How people see a page: contrast, colour vision, low vision, from the figures and sources of `layouts/vision.toml`.

In: RGB pixels (0–255) or colours (0–1). Out: pixels as they are seen, contrast as WCAG defines it. Refuses a kind of vision that the file
does not have (KeyError).
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]
Colour = Sequence[float]
LUMINANCE = (0.2126, 0.7152, 0.0722)
"""WCAG 2.2, relative luminance (ITU-R BT.709)."""
FWHM_PER_SIGMA = 2.3548
"""Full width at half maximum of a Gaussian ÷ its standard deviation: 2·√(2·ln 2)."""


@cache
def _figures() -> Mapping[str, Any]:
    return tomllib.loads((files("layouts") / "vision.toml").read_text(encoding="utf-8"))


def visions() -> tuple[str, ...]:
    """The kinds of colour vision that can be simulated."""
    return tuple(name for name, table in _figures().items() if "matrix" in table)


@cache
def _to_linear() -> npt.NDArray[np.float64]:
    """0–255 (sRGB) -> linear light, 0–1."""
    value = np.arange(256) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def _to_srgb(linear: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Linear light -> sRGB 0–1, clipped."""
    clipped = np.clip(linear, 0.0, 1.0)
    return np.where(clipped <= 0.0031308, clipped * 12.92, 1.055 * clipped ** (1 / 2.4) - 0.055)


def _linear(colour: Colour) -> npt.NDArray[np.float64]:
    value = np.asarray(colour, np.float64)
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def ratio(one: Colour, other: Colour) -> float:
    """Contrast of two sRGB colours (0–1) by WCAG: 1 (none) to 21."""
    lights = sorted(float(_linear(colour) @ LUMINANCE) for colour in (one, other))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def seen_by(vision: str, colour: Colour) -> tuple[float, ...]:
    """An sRGB colour (0–1) as this kind of colour vision sees it, again as sRGB."""
    seen = _to_srgb(np.asarray(_figures()[vision]["matrix"]) @ _linear(colour))
    return tuple(float(v) for v in seen)


def with_colour_vision(pixels: Pixels, vision: str) -> Pixels:
    """A picture (h, w, 3) as this kind of colour vision sees it."""
    seen = _to_linear()[pixels] @ np.asarray(_figures()[vision]["matrix"]).T
    return np.rint(_to_srgb(seen) * 255).astype(np.uint8)


def with_low_vision(pixels: Pixels, *, dpi: float) -> Pixels:
    """A picture of a page at `dpi` as a person with low vision sees it at reading distance: blurred, and paler."""
    figures = _figures()["low_vision"]
    light = _to_linear()[pixels]
    width_mm = figures["distance_mm"] * math.tan(math.radians(1 / 60 / figures["acuity"]))
    weights = _bell(width_mm / FWHM_PER_SIGMA * dpi / 25.4)
    for axis in (0, 1):
        light = _blurred(light, weights, axis)
    return np.rint(_to_srgb(1 - (1 - light) * figures["contrast"]) * 255).astype(np.uint8)


def _bell(sigma: float) -> npt.NDArray[np.float64]:
    """A Gaussian's weights out to three standard deviations, adding up to 1."""
    reach = max(1, math.ceil(3 * sigma))
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    total: npt.NDArray[np.float64] = weights / weights.sum()
    return total


def _blurred(
    light: npt.NDArray[np.float64], weights: npt.NDArray[np.float64], axis: int
) -> npt.NDArray[np.float64]:
    """Convolved along one axis; the paper goes on beyond the edge as it ends."""
    reach, length = len(weights) // 2, light.shape[axis]
    padded = np.pad(light, [(reach, reach) if a == axis else (0, 0) for a in range(3)], mode="edge")
    out = np.zeros_like(light)
    for k, weight in enumerate(weights):
        out += weight * np.take(padded, range(k, k + length), axis=axis)
    return out


def contrast_of(pixels: Pixels, box: tuple[int, int, int, int]) -> tuple[Colour, Colour] | None:
    """Ground and ink of a place (left, top, right, bottom), sRGB 0–1: the most frequent colour and the one that differs most from it.

    None where the place has one colour only.
    """
    left, top, right, bottom = box
    colours, counts = np.unique(
        pixels[max(0, top) : bottom, max(0, left) : right].reshape(-1, 3), axis=0, return_counts=True
    )
    if len(colours) < 2:
        return None
    ground = colours[counts.argmax()] / 255
    light = _to_linear()[colours]
    ink = colours[np.abs(light - _linear(ground)).sum(axis=1).argmax()] / 255
    return ground.tolist(), ink.tolist()
