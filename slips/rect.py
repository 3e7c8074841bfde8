"""A rectangle in millimetres, and how two of them lie: what every distance of a form is measured with.

In and out: numbers from the page's top-left corner, y down. Refuses nothing.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Rect:
    """Millimetres from the page's top-left corner."""

    x_mm: float
    y_mm: float
    w_mm: float
    h_mm: float

    @property
    def right_mm(self) -> float:
        return self.x_mm + self.w_mm

    @property
    def bottom_mm(self) -> float:
        return self.y_mm + self.h_mm

    def grown(self, x_mm: float, y_mm: float) -> Rect:
        """The same rectangle with a margin on both sides of each axis."""
        return Rect(self.x_mm - x_mm, self.y_mm - y_mm, self.w_mm + 2 * x_mm, self.h_mm + 2 * y_mm)

    def overlaps(self, other: Rect, *, slack_mm: float = 0.005) -> bool:
        """True where the two share an area; edges that only touch (within `slack_mm`) do not."""
        return (
            self.x_mm < other.right_mm - slack_mm
            and other.x_mm < self.right_mm - slack_mm
            and self.y_mm < other.bottom_mm - slack_mm
            and other.y_mm < self.bottom_mm - slack_mm
        )

    def holds(self, other: Rect, *, slack_mm: float = 0.005) -> bool:
        """True where `other` lies wholly inside."""
        return (
            other.x_mm >= self.x_mm - slack_mm
            and other.y_mm >= self.y_mm - slack_mm
            and other.right_mm <= self.right_mm + slack_mm
            and other.bottom_mm <= self.bottom_mm + slack_mm
        )

    def __str__(self) -> str:
        return f"{self.x_mm:.2f}–{self.right_mm:.2f} × {self.y_mm:.2f}–{self.bottom_mm:.2f} mm"
