"""What the rules look at: a form, its words set in every language, and its finished page; and what a measure hands back.

In: a `Layout`. Out: `Subject` for the measures, `Measured` from them, `Finding` for people. Refuses nothing: what cannot be set or drawn
is missing here, and the print gate says why.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from slips.form import Layout, PlacedBox
from slips.lint.rules import Rule, Value
from slips.rect import Rect

TEXT_KINDS = ("field", "text", "heading", "table", "mark")
CODE_KINDS = ("qr", "gs1_128", "customer_barcode")
SLIP_PARTS = ("receipt", "slip", "notice")

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Sheet:
    """A finished page: RGB pixels of known resolution, its /Tabs, and the boxes that it shows."""

    pixels: Pixels
    dpi: float
    tabs: str
    whens: frozenset[str]


@dataclass(frozen=True)
class Subject:
    """A form under the rules. `lines`: (box, part of it: `text` or `label`) -> most lines in any language. `missing`: (language, key, box)."""

    layout: Layout
    lines: Mapping[tuple[str, str], int] = field(default_factory=dict)
    missing: tuple[tuple[str, str, str], ...] = ()
    langs: tuple[str, ...] = ()
    sheets: tuple[Sheet, ...] = ()

    def boxes(self, *kinds: str) -> Iterator[PlacedBox]:
        """The boxes of some kinds, in order."""
        return (box for box in self.layout.boxes if box.kind in kinds)


@dataclass(frozen=True)
class Measured:
    """One value measured at one box (or part): where, what, and what else is worth saying (a language, a neighbour)."""

    box: str
    places: tuple[Rect, ...]
    value: Value
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A rule that is not kept: the boxes (the same box of several parts is one finding), their places, measured value and limit."""

    rule: Rule
    boxes: tuple[str, ...]
    places: tuple[Rect, ...]
    measured: Value
    limit: Mapping[str, str]
    detail: str = ""
    why: Mapping[str, str] = field(default_factory=dict)

    @property
    def measured_text(self) -> str:
        return self.rule.measured_text(self.measured)

    def text(self, lang: str) -> str:
        """One line in `ja` or `en`: boxes, what the rule asks, measured value and limit."""
        word = "基準" if lang == "ja" else "limit"
        limit = f" ({word}: {self.limit[lang]})" if self.limit[lang] else ""
        detail = f" · {self.detail}" if self.detail else ""
        return f"{', '.join(self.boxes)}: {self.rule.title[lang]}: {self.measured_text}{limit}{detail}"


def at(box: PlacedBox, value: Value, detail: str = "", *, label: bool = False) -> Measured:
    """A value measured at a box, or at its label."""
    rect = box.label_rect if label and box.label_rect else box.rect
    return Measured(box.name, (rect,), value, detail)


def distance_mm(one: Rect, other: Rect) -> float:
    """How far two rectangles are apart, along the axis on which they are farther; 0 where they touch or overlap."""
    across = max(one.x_mm - other.right_mm, other.x_mm - one.right_mm)
    down = max(one.y_mm - other.bottom_mm, other.y_mm - one.bottom_mm)
    return max(across, down, 0.0)
