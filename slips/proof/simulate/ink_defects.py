"""What goes wrong on the press: ink that spreads, is screened, misses a nozzle, or does not lie where the paper is folded.

In: a `Sheet`, a strength and a generator of chance with a fixed seed. Out: the ink layer, new. The symbol's place does not move.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import cv2
import numpy as np

from slips.proof.simulate.sheet import FINE_DPI, Ink, Sheet, spread

SCREEN_LPI = 85
SCREEN_DEG = 45.0
STREAK_MODULES = 0.5


def _gain(sheet: Sheet, strength: float, _: np.random.Generator) -> Ink:
    return spread(sheet.ink, pixels=strength * sheet.module)


def _loss(sheet: Sheet, strength: float, _: np.random.Generator) -> Ink:
    return spread(sheet.ink, pixels=-strength * sheet.module)


def _screen(sheet: Sheet, strength: float, _: np.random.Generator) -> Ink:
    """Black printed as dots that cover this share."""
    period, angle = FINE_DPI / SCREEN_LPI, np.deg2rad(SCREEN_DEG)
    height, width = sheet.ink.shape
    y, x = np.arange(height, dtype=np.float32)[:, None], np.arange(width, dtype=np.float32)[None, :]
    along, across = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    tone = (np.cos(2 * np.pi * along / period) + np.cos(2 * np.pi * across / period)) / 4 + 0.5
    return np.asarray(sheet.ink * (tone > np.quantile(tone[::7, ::7], 1 - strength)), np.float32)


def _streak(sheet: Sheet, strength: float, chance: np.random.Generator) -> Ink:
    ink = sheet.ink.copy()
    for place in chance.uniform(0, sheet.modules, int(strength)):
        begin = sheet.left + place * sheet.module
        ink[:, int(begin) : int(begin + STREAK_MODULES * sheet.module)] = 0
    return ink


def _band(sheet: Sheet, strength: float, chance: np.random.Generator) -> Ink:
    period, phase = chance.uniform(6, 12) * sheet.module, chance.uniform(0, 2 * np.pi)
    wave = 0.5 + 0.5 * np.sin(2 * np.pi * np.arange(len(sheet.ink)) / period + phase)
    return np.asarray(sheet.ink * (1 - strength * wave)[:, None], np.float32)


def _fold(sheet: Sheet, strength: float, chance: np.random.Generator) -> Ink:
    """A crack without ink across the symbol, and everything below it a little to the right."""
    ink, width = sheet.ink.copy(), strength * sheet.module
    middle = sheet.top + chance.uniform(0.25, 0.75) * sheet.side
    top, bottom = int(middle - width / 2), int(middle + width / 2)
    grain = cv2.GaussianBlur(chance.random((max(1, bottom - top), ink.shape[1]), np.float32), (0, 0), 3)
    ink[top:bottom] *= (grain > grain.mean() * 1.02)[: bottom - top]
    ink[bottom:] = np.roll(ink[bottom:], round(0.3 * width), axis=1)
    return ink


def _speckle(sheet: Sheet, strength: float, chance: np.random.Generator) -> Ink:
    """Spots of ink and of none, of some 0.7 modules."""
    ink = sheet.ink.copy()
    for _ in range(int(strength * sheet.modules**2)):
        x, y = chance.uniform(0, sheet.side, 2) + np.array([sheet.left, sheet.top])
        radius = int(0.4 * sheet.module * chance.uniform(0.6, 1.2))
        cv2.circle(ink, (int(x), int(y)), radius, float(chance.integers(0, 2)), -1)
    return ink


def _quiet(sheet: Sheet, strength: float, chance: np.random.Generator) -> Ink:
    """A thick frame around the symbol with so many modules of paper between, and blocks as of text below it."""
    ink, thick = sheet.ink.copy(), int(2.2 * sheet.module)
    left, top = int(sheet.left - strength * sheet.module), int(sheet.top - strength * sheet.module)
    right = int(sheet.left + sheet.side + strength * sheet.module)
    bottom = int(sheet.top + sheet.side + strength * sheet.module)
    outside = (slice(max(0, left - thick), right + thick), slice(max(0, top - thick), bottom + thick))
    across, down = outside
    ink[max(0, top - thick) : top, across] = 1
    ink[bottom : bottom + thick, across] = 1
    ink[down, max(0, left - thick) : left] = 1
    for y in range(top, bottom, int(2.0 * sheet.module)):
        if chance.random() < 0.6:
            ink[y : y + int(1.2 * sheet.module), right : right + thick] = 1
    return ink


INK_DEFECTS: Mapping[str, Callable[[Sheet, float, np.random.Generator], Ink]] = {
    "gain": _gain,
    "loss": _loss,
    "screen": _screen,
    "streak": _streak,
    "band": _band,
    "fold": _fold,
    "speckle": _speckle,
    "quiet": _quiet,
}
