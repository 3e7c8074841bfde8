"""What an office machine does to a scan before anybody sees it, and what makes every grade from it worthless: found, so that it can be said.

In: grey pixels of a page or a crop. Out: `Traps`. Two levels only: "text mode". Most paper at pure white: the background was removed. Lighter
than paper beside black edges: sharpened.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from slips.proof.scan import Pixels

LEVELS_LEAST = 8
WHITE_SHARE_MAX = 0.6
HALO_MAX = 0.06
EDGES_LEAST = 200


@dataclass(frozen=True, kw_only=True)
class Traps:
    """Figures, and names of what is suspected."""

    levels: int
    """Grey values that each have one pixel in ten thousand or more."""
    white_share: float
    """Share of pixels at 255."""
    black_share: float
    """Share of pixels at 0."""
    halo: float
    """How much lighter than the paper the pixels beside black edges are, as a share of the contrast; 0 where too few edges are."""

    def names(self) -> tuple[str, ...]:
        """ "two_levels", "background_removed", "sharpened", as far as they hold."""
        if self.levels < LEVELS_LEAST:
            return ("two_levels",)
        found = ["background_removed"] if self.white_share > WHITE_SHARE_MAX else []
        return (*found, "sharpened") if self.halo > HALO_MAX else tuple(found)


def traps_of(grey: Pixels) -> Traps:
    """Look for the machine's own doing."""
    counts = np.bincount(grey.ravel(), minlength=256)
    total = grey.size
    return Traps(
        levels=int((counts >= total / 10_000).sum()),
        white_share=float(counts[255] / total),
        black_share=float(counts[0] / total),
        halo=_halo(grey, counts),
    )


def _halo(grey: Pixels, counts: np.ndarray[tuple[int], np.dtype[np.intp]]) -> float:
    """Pixels two and three away from solid ink against paper farther off."""
    paper = float(np.median(grey[grey > 128])) if counts[129:].any() else 255.0
    ink = float(np.median(grey[grey <= 128])) if counts[:129].any() else 0.0
    if paper - ink < 40:
        return 0.0
    dark = (grey < (paper + ink) / 2).astype(np.uint8)
    near, far = (cv2.dilate(dark, np.ones((size, size), np.uint8)) for size in (3, 7))
    beside = (far == 1) & (near == 0)
    away = cv2.dilate(dark, np.ones((15, 15), np.uint8)) == 0
    if beside.sum() < EDGES_LEAST or away.sum() < EDGES_LEAST:
        return 0.0
    # The lightest third: sharpening lifts part of the ring, blur darkens the rest.
    lifted = float(np.quantile(grey[beside], 0.85)) - float(np.quantile(grey[away], 0.85))
    return max(0.0, lifted / (paper - ink))
