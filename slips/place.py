"""Places on a page in points: rectangles of a layout turned upside down into PDF space, baselines and starts of lines.

In: millimetres from the page's top-left corner. Out: points from its lower-left corner.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from slips.form import Layout

MM_PT: Final = 72 / 25.4
EM_ASCENT: Final = 0.88
"""Share of the em above the baseline in BIZ UDGothic and IPAmj Mincho (1802 of 2048 units)."""


@dataclass(frozen=True)
class Area:
    """A rectangle on the page in points, origin lower left; `top` is its upper edge."""

    x: float
    top: float
    w: float
    h: float

    def seen_from(self, x: float, y: float) -> Area:
        """The same place in a space whose origin is (x, y)."""
        return Area(self.x - x, self.top - y, self.w, self.h)

    def baseline(self, size: float, line: int, lines: int, leading: float, valign: str) -> float:
        """y of the baseline of `line` (0-based) of `lines`."""
        block = size * (1 + (lines - 1) * leading)
        drop = {"top": 0.0, "middle": (self.h - block) / 2, "bottom": self.h - block}[valign]
        return self.top - drop - line * size * leading - EM_ASCENT * size

    def start(self, width: float, align: str) -> float:
        """x where a line of `width` begins."""
        return self.x + {"left": 0.0, "center": (self.w - width) / 2, "right": self.w - width}[align]


def area_of(layout: Layout, x_mm: float, y_mm: float, w_mm: float, h_mm: float) -> Area:
    """A rectangle in millimetres from the top left as one in points from the bottom left."""
    return Area(x_mm * MM_PT, (layout.page_h_mm - y_mm) * MM_PT, w_mm * MM_PT, h_mm * MM_PT)
