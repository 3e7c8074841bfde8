"""What happens to the printed sheet: stains, the receipt stamp, scraping, copying, faint ink, print on the back.

In: reflectances of the sheet, a strength, a generator of chance with a fixed seed. Out: reflectances, new.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import cv2
import numpy as np

from slips.proof.scan import MM_PER_INCH
from slips.proof.simulate.sheet import FINE_DPI, INK_LIGHT, PAPER_LIGHT, Ink, Sheet, spread

STAMP_RADIUS_MM = 13.0
STAMP_LINE_MM = 0.8
COPIER_DPI = 300
COPIER_GAIN_MM = 0.012


def _scrape(light: Ink, sheet: Sheet, strength: float, chance: np.random.Generator) -> Ink:
    """One piece of this share of the symbol's area gone to bare paper, anywhere on it."""
    side = np.sqrt(strength) * sheet.side
    aspect = float(np.sqrt(chance.uniform(0.4, 2.5)))
    high, wide = side * aspect, side / aspect
    x = sheet.left + chance.uniform(0, max(1.0, sheet.side - wide)) + wide / 2
    y = sheet.top + chance.uniform(0, max(1.0, sheet.side - high)) + high / 2
    corners = cv2.boxPoints(((x, y), (wide, high), chance.uniform(0, 90))).astype(np.int32)
    mask = np.zeros(light.shape, np.uint8)
    cv2.fillPoly(mask, [corners], 1)
    return np.where(mask == 1, np.float32(PAPER_LIGHT * 0.95), light)


def _stain(light: Ink, sheet: Sheet, strength: float, chance: np.random.Generator) -> Ink:
    x, y = (int(edge + chance.uniform(0.2, 0.8) * sheet.side) for edge in (sheet.left, sheet.top))
    mask = np.zeros(light.shape, np.float32)
    axes = (int(0.38 * sheet.side), int(0.28 * sheet.side))
    cv2.ellipse(mask, (x, y), axes, chance.uniform(0, 180), 0, 360, 1, -1)
    return np.asarray(light * (1 - strength * cv2.GaussianBlur(mask, (0, 0), 1.5 * sheet.module)), np.float32)


def _stamp(light: Ink, sheet: Sheet, strength: float, chance: np.random.Generator) -> Ink:
    """領収印: a ring, two lines, a date between, in uneven ink."""
    x, y = (int(edge + chance.uniform(0.3, 0.7) * sheet.side) for edge in (sheet.left, sheet.top))
    radius = int(min(STAMP_RADIUS_MM / MM_PER_INCH * FINE_DPI, 0.45 * sheet.side))
    line = max(2, int(STAMP_LINE_MM / MM_PER_INCH * FINE_DPI))
    mask = np.zeros(light.shape, np.uint8)
    cv2.circle(mask, (x, y), radius, 1, line)
    for level in (-0.25, 0.25):
        at, half = y + int(level * radius), int(radius * 0.97)
        cv2.line(mask, (x - half, at), (x + half, at), 1, line // 2)
    for word, right, down in (("26.11.22", 0.85, 0.12), ("BANK", 0.5, -0.45)):
        origin = (x - int(right * radius), y + int(down * radius))
        cv2.putText(mask, word, origin, cv2.FONT_HERSHEY_SIMPLEX, radius / 95, 1, line // 2 + 1)
    height, width = light.shape
    grain = cv2.GaussianBlur(chance.random((height // 4, width // 4), np.float32), (0, 0), 2)
    grain = cv2.resize(grain, (width, height))
    cover = np.clip((grain - grain.mean()) / grain.std() * 0.25 + 0.85, 0, 1)
    return np.asarray(light * (1 - strength * mask * cover), np.float32)


def _contrast(light: Ink, _: Sheet, strength: float, chance: np.random.Generator) -> Ink:
    middle = chance.uniform(0.35, 0.6)
    return np.asarray(middle + (light - (PAPER_LIGHT + INK_LIGHT) / 2) * strength, np.float32)


def _through(light: Ink, sheet: Sheet, strength: float, chance: np.random.Generator) -> Ink:
    cells = sheet.modules + 24
    back = (chance.random((cells, cells)) < 0.45).astype(np.float32)
    back = cv2.resize(back, light.shape[::-1], interpolation=cv2.INTER_NEAREST)
    return np.asarray(
        light * (1 - strength * cv2.GaussianBlur(back, (0, 0), 0.25 * sheet.module)), np.float32
    )


def _copy(light: Ink, _: Sheet, strength: float, chance: np.random.Generator) -> Ink:
    """So many generations: scanned at 300 dpi, contrast raised, printed with two levels and a little gain."""
    fine = FINE_DPI / COPIER_DPI
    height, width = light.shape
    for _generation in range(int(strength)):
        seen = cv2.GaussianBlur(light, (0, 0), 0.5 * fine)
        onto = np.array(
            [[1 / fine, 0, chance.uniform(0, 1)], [0, 1 / fine, chance.uniform(0, 1)]], np.float32
        )
        seen = cv2.warpAffine(
            seen,
            onto,
            (int(width / fine), int(height / fine)),
            flags=cv2.INTER_LINEAR,
            borderValue=PAPER_LIGHT,
        )
        seen = np.clip((seen - 0.12) / 0.6, 0, 1) + 0.03 * chance.standard_normal(seen.shape, np.float32)
        back = cv2.invertAffineTransform(onto)
        large = cv2.warpAffine(seen, back, (width, height), flags=cv2.INTER_CUBIC, borderValue=1)
        ink = spread((large < 0.5).astype(np.float32), pixels=COPIER_GAIN_MM / MM_PER_INCH * FINE_DPI)
        light = np.where(ink > 0.5, np.float32(INK_LIGHT), np.float32(PAPER_LIGHT))
    return light


PAPER_DEFECTS: Mapping[str, Callable[[Ink, Sheet, float, np.random.Generator], Ink]] = {
    "scrape": _scrape,
    "stain": _stain,
    "stamp": _stamp,
    "contrast": _contrast,
    "through": _through,
    "copy": _copy,
}
