"""Where a drawn page lies that software placed anew: moved, at another scale, turned; told by where its own code stands.

In: a page, its form, the modules of its slip. Out: `Displaced`, or None where the code is not found. It says where texts and bars are to be looked
for; whether they may stand there is not its business.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from slips.proof import compare, decode, grid
from slips.proof.expected import Area, SymbolPlace
from slips.proof.ladder import says
from slips.proof.plane import Points
from slips.proof.render import Page
from slips.proof.sampling import Modules
from slips.proof.scan import MM_PER_INCH
from slips.proof.sheets import Sheet

LOOK_PIXELS = 16
"""Pixels a module; whole ones, or pdfium would widen the symbol to whole ones by itself."""
AROUND_MODULES = 16
SEARCH_DPI = 300
UPRIGHT_WITHIN = 0.02
"""Of the code's side, how far its upper edge may rise or fall."""


@dataclass(frozen=True, kw_only=True)
class Displaced:
    """The code's place as found: how far its corner lies from where it should, in millimetres, and its size, 1 as designed."""

    x_mm: float
    y_mm: float
    across: float
    down: float
    place: SymbolPlace
    turned: bool = False
    """The page lies on its side or on its head: sizes and shifts say nothing, and nothing is to be found by them."""

    def area(self, designed: Area) -> Area:
        """Where this place of the form lies on the page, if the page was placed as its code was."""
        return Area(
            self.place.x_mm + self.x_mm + (designed.x_mm - self.place.x_mm) * self.across,
            self.place.y_mm + self.y_mm + (designed.y_mm - self.place.y_mm) * self.down,
            designed.w_mm * self.across,
            designed.h_mm * self.down,
        )


def displaced(page: Page, sheet: Sheet, wanted: Modules) -> Displaced | None:
    """Where the symbol `wanted` (41, 41) stands: near its place by its grid, else wherever it is read on the page."""
    place, side = sheet.places.symbol, sheet.side_mm
    corners = _near(page, place, wanted, side_mm=side)
    if corners is None:
        seen = _anywhere(page, wanted)
        if seen is None:
            return None
        (x, y), (right, upper) = seen[0], seen[1]
        if right <= x or abs(upper - y) > UPRIGHT_WITHIN * side:
            return Displaced(x_mm=0.0, y_mm=0.0, across=1.0, down=1.0, place=place, turned=True)
        corners = _near(page, replace(place, x_mm=float(x), y_mm=float(y)), wanted, side_mm=float(right - x))
        corners = seen if corners is None else corners
    (x, y), (right, lower) = corners[0].tolist(), corners[2].tolist()
    return Displaced(
        x_mm=x - place.x_mm,
        y_mm=y - place.y_mm,
        across=(right - x) / side,
        down=(lower - y) / side,
        place=place,
    )


def _near(page: Page, place: SymbolPlace, wanted: Modules, *, side_mm: float) -> Points | None:
    """Corners (4, 2) in page millimetres of a symbol of some `side_mm` about this place, by its grid in a fine picture."""
    first = AROUND_MODULES * LOOK_PIXELS
    frame = replace(compare.symbol_frame(place, LOOK_PIXELS), margin_columns=first, margin_rows=first)
    square = np.array([(0, 0), (1, 0), (1, 1), (0, 1)], np.float64)
    side_px = side_mm / place.pitch_mm * LOOK_PIXELS
    found = grid.locate(page.picture(frame), wanted, square * side_px + first - 0.5)
    if found is None:
        return None
    return (found.corners + 0.5 - first) / LOOK_PIXELS * place.pitch_mm + (place.x_mm, place.y_mm)


def _anywhere(page: Page, wanted: Modules) -> Points | None:
    """Corners in page millimetres of the symbol whose digits a reader gives; None in a mirror, and where it is not there."""
    for seen in decode.see(page.whole(SEARCH_DPI)):
        if seen.corners is not None and says(seen.content, wanted):
            a, b, _, d = corners = (seen.corners + 0.5) * (MM_PER_INCH / SEARCH_DPI)
            if float(np.cross(b - a, d - a)) > 0:
                return np.asarray(corners)
    return None
