"""Places of a form that differ from page to page: where a value is set, where a code is drawn.

In: a layout. Out: `TextHole`, `CodeHole`. Conditions are left aside: a template leaves out what a page does not show. Refuses nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from slips.fit import Setting
from slips.form import FitStep, Layout, PlacedBox
from slips.place import Area, area_of

CODE_SHAPE: Final[Mapping[str, tuple[int, int]]] = {
    "qr": (41, 41),
    "gs1_128": (288, 1),
    "customer_barcode": (133, 3),
}
"""Columns and rows of the image masks."""


@dataclass(frozen=True)
class TextHole:
    """Where a value is set: its column, place, setting and fit steps; `when` is the column without which the page leaves it out."""

    box: str
    value: str
    area: Area
    setting: Setting
    align: str
    valign: str
    leading: float
    steps: tuple[FitStep, ...]
    when: str = ""


@dataclass(frozen=True)
class CodeHole:
    """Where the image mask of a code is set; `kind` is the key of its images."""

    box: str
    kind: str


Hole = TextHole | CodeHole


def text_holes(layout: Layout) -> Iterator[TextHole]:
    """Every place of a form where a value is set, conditions left aside: what checks and font subsets must look at."""
    for box in layout.boxes:
        if box.kind == "table":
            for row in range(1, box.rows + 1):
                yield from cells(layout, box, row)
        elif box.value and box.kind not in CODE_SHAPE:
            yield value_hole(layout, box)


def value_hole(layout: Layout, box: PlacedBox, *, column: str = "") -> TextHole:
    """The place of a box's value; `column` where it is not the box's own."""
    area = area_of(layout, box.x_mm, box.y_mm, box.w_mm, box.h_mm)
    setting = Setting(box.font, box.size_pt, lines=box.lines)
    return TextHole(
        box.name, column or box.value, area, setting, box.align, box.valign, box.leading, box.fit, box.when
    )


def cells(layout: Layout, box: PlacedBox, row: int) -> Iterator[TextHole]:
    """The cells of one table row, 1-based."""
    x, y = box.x_mm, box.y_mm + box.head_h_mm + (row - 1) * box.row_h_mm
    for column in box.columns:
        area = area_of(layout, x, y, column.w_mm, box.row_h_mm)
        setting = Setting(column.font or box.font, column.size_pt or box.size_pt)
        value = column.value if box.of_slots else f"{column.value}_{row}"
        yield TextHole(box.name, value, area, setting, column.align, "middle", box.leading, box.fit, box.when)
        x += column.w_mm
