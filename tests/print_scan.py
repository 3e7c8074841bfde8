"""A small print-and-scan model for tests of reports and trends: one symbol on paper, with the defects that a press makes."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from elqr import symbols

Floats = npt.NDArray[np.float32]
PRESS_DPI = 1200
PITCH_MM = 8 * 25.4 / 600
PAPER, INK = 0.86, 0.06
MARGIN_MODULES = 8


@dataclass(frozen=True)
class Press:
    """Defects, in modules where nothing else is said."""

    gain: float = 0.0
    """Growth of each edge; below 0 the ink shrinks."""
    gain_x: float = 0.0
    """The same across only."""
    streak: tuple[float, float, float] | None = None
    """Left edge, width, share of the ink that lacks."""
    screen: float = 1.0
    """Black printed as a screen of this coverage, 85 lines an inch."""
    contrast: float = 1.0
    scale_x: float = 1.0
    scale_y: float = 1.0
    quiet: float = 8.0
    """A frame stands so many modules beside the symbol."""
    band: float = 0.0
    """Share of the ink that comes and goes along the paper."""


@dataclass(frozen=True)
class Reader:
    """The scanner."""

    dpi: int = 400
    blur: float = 0.0
    """In modules, beside the scanner's own 0.45 px."""
    noise: float = 0.012
    turn_degrees: float = 0.6


def modules_of(seed: int) -> npt.NDArray[np.uint8]:
    payload = np.random.default_rng(seed).integers(ord("0"), ord("9") + 1, (1, 255)).astype(np.uint8)
    return symbols.unpack(symbols.encode(payload))[0]


def scanned(
    modules: npt.NDArray[np.uint8], *, seed: int, press: Press = Press(), reader: Reader = Reader()
) -> tuple[Floats, npt.NDArray[np.float64]]:
    """Reflectance (h, w) from 0 to 1, and the grid: modules to pixels."""
    rng = np.random.default_rng(seed)
    pm = PITCH_MM * PRESS_DPI / 25.4  # dots a module: 16
    paper = _inked(modules, pm, press)
    reflectance = PAPER * (1 - paper) + INK * paper
    middle = (PAPER + INK) / 2
    reflectance = middle + (reflectance - middle) * press.contrast
    s = reader.dpi / PRESS_DPI
    sigma = np.hypot(0.45 / s, reader.blur * pm)
    soft = cv2.GaussianBlur(cv2.blur(reflectance.astype(np.float32), (round(1 / s),) * 2), (0, 0), sigma)
    angle = np.deg2rad(rng.uniform(-reader.turn_degrees, reader.turn_degrees))
    origin = MARGIN_MODULES * pm
    turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    to_scan = (
        np.diag([s, s, 1])
        @ np.array([[1, 0, rng.uniform(0, 4)], [0, 1, rng.uniform(0, 4)], [0, 0, 1]])
        @ turn
    )
    side = round(paper.shape[0] * s) + 2
    seen = cv2.warpPerspective(
        soft, to_scan, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    seen = np.clip(seen + rng.normal(0, reader.noise, seen.shape), 0, 1)
    seen = np.round(seen * 255).astype(np.float32) / 255
    to_dots = np.array(
        [[pm * press.scale_x, 0, origin - 0.5], [0, pm * press.scale_y, origin - 0.5], [0, 0, 1]]
    )
    return seen, to_scan @ to_dots


def _inked(modules: npt.NDArray[np.uint8], pm: float, press: Press) -> Floats:
    size = len(modules)
    dots = round(pm)
    across, down = round(dots * size * press.scale_x), round(dots * size * press.scale_y)
    ink = cv2.resize(modules.repeat(dots, 0).repeat(dots, 1), (across, down), interpolation=cv2.INTER_NEAREST)
    margin = MARGIN_MODULES * dots
    ink = np.pad(ink, margin).astype(np.float32)
    if press.quiet < MARGIN_MODULES:
        at = margin - round(press.quiet * dots)
        ink[:, at - dots : at] = 1
    for gain, kernel in ((press.gain, (1, 1)), (press.gain_x, (1, 0))):
        ink = _grown(ink, gain * pm, kernel)
    if press.screen < 1:
        ink *= _screen(ink.shape, press.screen)
    if press.streak is not None:
        left, width, loss = press.streak
        x0 = margin + left * pm
        ink[:, round(x0) : max(round(x0) + 1, round(x0 + width * pm))] *= 1 - loss
    if press.band:
        y = np.arange(ink.shape[0])[:, None]
        ink = ink * (1 - press.band * (0.5 + 0.5 * np.sin(2 * np.pi * y / (9 * pm)))).astype(np.float32)
    return ink


def _grown(ink: Floats, dots: float, axes: tuple[int, int]) -> Floats:
    """Grown by a share of a dot too: between two whole steps in proportion."""
    if not dots:
        return ink
    whole, part = divmod(abs(dots), 1)
    step = cv2.dilate if dots > 0 else cv2.erode
    both = [
        step(ink, np.ones((2 * n * axes[1] + 1, 2 * n * axes[0] + 1), np.uint8))
        for n in (int(whole), int(whole) + 1)
    ]
    return (1 - part) * both[0] + part * both[1]


def _screen(shape: tuple[int, ...], coverage: float) -> Floats:
    period = PRESS_DPI / 85
    y, x = np.indices(shape, np.float32)
    u, v = (x + y) / np.sqrt(2) / period, (x - y) / np.sqrt(2) / period
    hills = np.cos(2 * np.pi * u) + np.cos(2 * np.pi * v)
    return (hills > np.quantile(hills[::7, ::7], 1 - coverage)).astype(np.float32)
