"""What a file must show, made from the rows it was printed from and the form they were printed on.

In: the value columns as the page writer took them, and the layout. Out: `Expected`. It reads the form's geometry, never the
writer's output. Values are looked for only where the form always shows them: a box with a condition may be absent.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from elqr import symbols
from elqr.digits import to_matrix
from slips.form import Layout, PlacedBox
from slips.inserter import numbers_of, sayings
from slips.proof.expected import Area, BarsPlace, Expected, Places, SymbolPlace

EVERY_PAGE = ("amount_yen",)
SAMPLED = ("due_date", "payable_until", "el_body", "el_key", "el_confirm", "el_item", "seq")


def expected_of(
    values: pl.DataFrame,
    layout: Layout,
    *,
    every_page: Sequence[str] = EVERY_PAGE,
    sampled: Sequence[str] = SAMPLED,
) -> Expected:
    """The pages of a file of `values` (one row a page, in page order), all on `layout`.

    `every_page` and `sampled` name value columns; those that the form does not show are left out.
    """
    places = places_of(layout, names=(*every_page, *sampled))
    shown = places.texts
    barcodes = [barcode or None for barcode in values["barcode"]] if places.bars else [None] * values.height
    return Expected(
        payloads=to_matrix(values["payload"], symbols.DIGITS),
        slip_keys=values["slip_key"].to_list(),
        texts={name: values[name].to_list() for name in shown},
        barcodes=barcodes,
        templates=[places],
        template_of=[0] * values.height,
        sampled=frozenset(sampled) & shown.keys(),
        inserters=sayings(layout.inserter_marks, numbers_of(values)).to_list()
        if layout.inserter_marks
        else (),
    )


def places_of(layout: Layout, *, names: Sequence[str]) -> Places:
    """Where the form has its codes, and the boxes of those of `names` that it shows on every page."""
    boxes = {name: _boxes(layout, name) for name in names}
    return Places(
        layout.page_w_mm,
        layout.page_h_mm,
        next(_symbol(layout, box) for box in layout.boxes if box.kind == "qr"),
        {name: areas for name, areas in boxes.items() if areas},
        next((_bars(layout, box) for box in layout.boxes if box.kind == "gs1_128"), None),
        layout.inserter_marks,
        layout.dot_mm,
    )


def _boxes(layout: Layout, value: str) -> tuple[Area, ...]:
    return tuple(
        Area(box.x_mm, box.y_mm, box.w_mm, box.h_mm)
        for box in layout.boxes
        if box.kind == "field" and box.value == value and not box.when
    )


def _symbol(layout: Layout, box: PlacedBox) -> SymbolPlace:
    x_mm, y_mm = _on_the_grid(layout, box, layout.qr_side_mm)
    return SymbolPlace(x_mm, y_mm, layout.qr_pitch_mm)


def _bars(layout: Layout, box: PlacedBox) -> BarsPlace:
    x_mm, y_mm = _on_the_grid(layout, box, box.h_mm)
    return BarsPlace(x_mm, y_mm, layout.bar_x_mm, box.h_mm)


def _on_the_grid(layout: Layout, box: PlacedBox, height_mm: float) -> tuple[float, float]:
    """Top left corner of a code that stands on the press's dots, which are counted from the page's lower left."""
    left, bottom = layout.origin_dots(box)
    return left * layout.dot_mm, layout.page_h_mm - bottom * layout.dot_mm - height_mm
