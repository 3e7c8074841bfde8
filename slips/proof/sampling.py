"""One reflectance for every module: the pixels under a round aperture, on a known grid; and what is dark by one threshold or a local one.

In: reflectances and the module centres. Out: samples (49, 49), quiet zone included, and margins: how far each lies on its side of the
threshold, 1 ideal, below 0 wrong. Thresholds never look at the intended modules; only margins do.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from elqr.symbols import QUIET_ZONE_MODULES, SIZE
from slips.proof.grid import Grid
from slips.proof.scan import Pixels

Picture32 = npt.NDArray[np.float32]
Samples = npt.NDArray[np.float64]
Modules = npt.NDArray[np.uint8]
Flags = npt.NDArray[np.bool_]

ISO_APERTURE, SMALL_APERTURE = 0.8, 0.3
"""Of the module's side. 0.8 where no application says otherwise; 0.3 is about what a phone's reader looks at."""
LOCAL_MODULES = 9
LEAST_CONTRAST = 0.04
"""Reflectance: a local threshold divides by no less."""
CORE = slice(QUIET_ZONE_MODULES, QUIET_ZONE_MODULES + SIZE)


@dataclass(frozen=True, eq=False, kw_only=True)
class Sampling:
    """One way of looking: samples (49, 49), and threshold and half contrast for each (49, 49)."""

    name: str
    samples: Samples
    threshold: Samples
    half_contrast: Samples

    @property
    def dark(self) -> Modules:
        """(41, 41): 1 where the sample is below its threshold."""
        return np.asarray((self.samples < self.threshold)[CORE, CORE], np.uint8)

    def margins(self, intended: Modules) -> Samples:
        """(49, 49): signed distances from the threshold, in half contrasts, positive on the intended side."""
        side = np.where(np.pad(intended, QUIET_ZONE_MODULES) == 1, -1.0, 1.0)
        return np.asarray(side * (self.samples - self.threshold) / self.half_contrast)


def crop_around(grey: Pixels, grid: Grid, *, modules: float) -> tuple[Pixels, npt.NDArray[np.float64]]:
    """The symbol with `modules` of surroundings, as far as the picture has them, and the origin (2,) of the crop."""
    reach = modules * grid.pitch_px
    left, top = np.maximum(np.floor(grid.corners.min(axis=0) - reach), 0).astype(int)
    right, bottom = np.ceil(grid.corners.max(axis=0) + reach).astype(int) + 1
    return grey[top:bottom, left:right], np.array([left, top], np.float64)


def sampled(light: Picture32, centres: npt.NDArray[np.float64], *, aperture_px: float) -> Samples:
    """The mean reflectance in a disc of `aperture_px` around each centre (49, 49, 2)."""
    seen = light
    if aperture_px > 1.2:  # below that a pixel is larger than the aperture
        seen = cv2.filter2D(light, -1, disc(aperture_px), borderType=cv2.BORDER_REPLICATE)
    x, y = (centres[..., k].astype(np.float32) for k in (0, 1))
    found = cv2.remap(seen, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(found, np.float64)


def disc(diameter_px: float) -> Picture32:
    """Weights of a disc, pixels on its edge in part; they add up to 1."""
    fine = 8
    reach = int(np.ceil(diameter_px / 2))
    at = (np.arange(-reach * fine - fine // 2, reach * fine + fine // 2) + 0.5) / fine
    inside = (at[:, None] ** 2 + at[None, :] ** 2 <= (diameter_px / 2) ** 2).astype(np.float32)
    side = 2 * reach + 1
    weights = inside.reshape(side, fine, side, fine).mean(axis=(1, 3))
    return np.asarray(weights / weights.sum(), np.float32)


def one_threshold(name: str, samples: Samples) -> Sampling:
    """The standard's way: halfway between the lightest and the darkest sample."""
    lightest, darkest = float(samples.max()), float(samples.min())
    half = max(lightest - darkest, 1e-9) / 2
    everywhere = np.ones_like(samples)
    return Sampling(
        name=name,
        samples=samples,
        threshold=(lightest + darkest) / 2 * everywhere,
        half_contrast=half * everywhere,
    )


def local_threshold(name: str, samples: Samples) -> Sampling:
    """Most readers' way: halfway between the lightest and the darkest of nine by nine modules around."""
    given = samples.astype(np.float32)
    around = (LOCAL_MODULES, LOCAL_MODULES)
    square = np.ones(around, np.uint8)
    lightest = cv2.blur(cv2.dilate(given, square), around).astype(np.float64)
    darkest = cv2.blur(cv2.erode(given, square), around).astype(np.float64)
    return Sampling(
        name=name,
        samples=samples,
        threshold=(lightest + darkest) / 2,
        half_contrast=np.maximum(lightest - darkest, LEAST_CONTRAST) / 2,
    )
