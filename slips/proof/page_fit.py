"""How a page lies in its scan: one affine map from page millimetres to pixels, and what can be read off it.

In: pairs of places. Out: `PageFit`: turn, scale in both directions, residuals. A scale error is scanner and press together: only a ruler
on the paper, or a calibrated scanner, tells them apart.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from slips.proof import plane
from slips.proof.plane import Map, Points
from slips.proof.scan import MM_PER_INCH

NOMINAL_WITHIN = 0.02


@dataclass(frozen=True, eq=False, kw_only=True)
class PageFit:
    """Page millimetres (origin top left of the page as designed, x right, y down) to pixels of the scan."""

    map: Map
    """(3, 3), affine."""
    method: str
    """"marks", "picture" or "corners": what it was registered by."""
    points: int
    """How many pairs of places agree."""
    residual_mm: float
    """The largest distance of such a pair, in millimetres; with three points it says nothing."""
    dpi: float | None
    """What the file says of itself."""
    scanner: tuple[float, float] = (1.0, 1.0)
    """How true the scanner is across and down the scan: pixels a millimetre of paper by those that `dpi` promises."""
    ambiguous: bool = False
    """The same places fit as well half a turn off (or a quarter): see `register_marks`."""

    def to_pixels(self, mm: npt.ArrayLike) -> Points:
        return plane.moved(mm, self.map)

    def to_mm(self, pixels: npt.ArrayLike) -> Points:
        return plane.moved(pixels, np.linalg.inv(self.map).astype(np.float64))

    @property
    def pixels_a_mm(self) -> tuple[float, float]:
        """Across and down the page."""
        return float(np.hypot(*self.map[:2, 0])), float(np.hypot(*self.map[:2, 1]))

    def at_nominal_scale(self, centre_mm: npt.ArrayLike) -> Map | None:
        """The map turned as this one and as large as the file's dpi says, the same at one place: a code is too small to tell a page's scale.

        None where the file names no dpi, or one that is off by more than two per cent.
        """
        if self.dpi is None or max(abs(error) for error in self.scale_errors or (1.0,)) > NOMINAL_WITHIN:
            return None
        turn = np.radians(self.rotation_deg)
        scale = self.dpi / MM_PER_INCH
        onto = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) * scale
        centre = np.asarray(centre_mm, np.float64)
        moved = self.to_pixels(centre) - onto @ centre
        return np.vstack([np.column_stack([onto, moved]), [0.0, 0.0, 1.0]])

    @property
    def rotation_deg(self) -> float:
        """Clockwise turn of the page in the scan, above -180 up to 180: some 180 for a page upside down."""
        return float(np.degrees(np.arctan2(self.map[1, 0], self.map[0, 0])))

    @property
    def upside_down(self) -> bool:
        return abs(self.rotation_deg) > 135

    @property
    def quarter_turns(self) -> int:
        """0 to 3: the nearest quarter turn clockwise."""
        return round(self.rotation_deg / 90) % 4

    @property
    def skew_deg(self) -> float:
        """What is left of the turn beside the quarter turns."""
        return (self.rotation_deg + 45) % 90 - 45

    @property
    def shear_deg(self) -> float:
        """How far the page's axes are from a right angle: paper that crept while it was scanned."""
        across, down = (float(np.degrees(np.arctan2(self.map[1, k], self.map[0, k]))) for k in (0, 1))
        return (down - across + 90) % 360 - 180

    @property
    def scale_errors(self) -> tuple[float, float] | None:
        """Across and down the page: 0.01 is one per cent larger than designed, by the file's own dpi and what is known of the scanner.

        None where the file names no dpi.
        """
        if self.dpi is None:
            return None
        nominal = self.dpi / MM_PER_INCH
        true_across, true_down = self.scanner if self.quarter_turns % 2 == 0 else self.scanner[::-1]
        across, down = self.pixels_a_mm
        return across / (nominal * true_across) - 1, down / (nominal * true_down) - 1


def fitted(mm: Points, pixels: Points, *, method: str, dpi: float | None) -> PageFit:
    """The fit with the least squares through pairs (n, 2), n ≥ 3."""
    found = plane.affine(mm, pixels)
    scale = float(np.sqrt(abs(np.linalg.det(found[:2, :2]))))
    residual = float(plane.distances(plane.moved(mm, found), pixels).max()) / scale
    return PageFit(map=found, method=method, points=len(mm), residual_mm=residual, dpi=dpi)
