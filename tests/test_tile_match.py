"""The quick matcher says what OpenCV's says, tile by tile and shift by shift."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from slips.proof import plane
from slips.proof.tile_match import peaks, tile_heights

TILES, SIDE, BORDER = 5, 41, 10


def pictures(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A pattern of modules, and the same moved by a part of a pixel, softer and noisy."""
    chance = np.random.default_rng(seed)
    whole = TILES * SIDE + 2 * BORDER
    coarse = chance.integers(0, 2, (whole // 5, whole // 5)).astype(np.float32)
    reference = cv2.GaussianBlur(
        cv2.resize(coarse, (whole, whole), interpolation=cv2.INTER_NEAREST), (0, 0), 1.7
    )
    off = np.array([[1.0, 0.004, 0.6], [-0.003, 1.0, -1.3]])
    moved = cv2.warpAffine(reference, off, (whole, whole), borderMode=cv2.BORDER_REPLICATE)
    noise = chance.normal(0, 0.05, moved.shape)
    return reference, (180 * (moved + noise) + 40).astype(np.float32)


@pytest.mark.parametrize("pad", [1, 2, 5])
def test_heights_and_peaks_are_those_of_matchtemplate(pad: int) -> None:
    reference, picture = pictures(pad)
    heights = tile_heights(picture, reference, border=BORDER, tiles=TILES, pad=pad)
    score, x, y = peaks(heights)
    for number in range(TILES**2):
        top, left = (BORDER + SIDE * k for k in divmod(number, TILES))
        tile = reference[top : top + SIDE, left : left + SIDE]
        window = picture[top - pad : top + SIDE + pad, left - pad : left + SIDE + pad]
        plain = cv2.matchTemplate(window, tile, cv2.TM_CCOEFF_NORMED)
        assert np.abs(heights[number] - plain).max() < 1e-4
        assert (score[number], x[number], y[number]) == pytest.approx(plane.peak(plain), abs=2e-3)


def test_paper_without_contrast_correlates_with_nothing() -> None:
    reference, _ = pictures(0)
    heights = tile_heights(np.full_like(reference, 200), reference, border=BORDER, tiles=TILES, pad=2)
    assert np.abs(heights).max() < 0.01
    assert peaks(heights)[0].max() < 0.01
