"""What a file must show, made from the rows it was printed from and the form they were printed on.

In: the value columns as the page writer took them, and the layout. Out: `Expected`. It reads the form's geometry, never the
writer's output. Values are looked for only where the form always shows them: a box with a condition may be absent.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import polars as pl

from elqr import symbols
from elqr.digits import to_matrix
from slips.form import Layout, PlacedBox
from slips.inserter import numbers_of, sayings
from slips.paged import rows_of_pages
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
    """The slips of a file of `values` (one row a slip, in page order), all on `layout`.

    `every_page` and `sampled` name value columns; those that the form does not show are left out.
    """
    templates = [
        places_of(layout, names=(*every_page, *sampled), slot=slot)
        for slot in range(1, layout.slips_per_page + 1)
    ]
    shown = {name for places in templates for name in places.texts}
    bars = templates[0].bars
    barcodes = [barcode or None for barcode in values["barcode"]] if bars else [None] * values.height
    several = layout.slips_per_page > 1
    return Expected(
        payloads=to_matrix(values["payload"], symbols.DIGITS),
        slip_keys=values["slip_key"].to_list(),
        texts={name: values[name].to_list() for name in (*every_page, *sampled) if name in shown},
        barcodes=barcodes,
        templates=templates,
        template_of=(values["position"] - 1).to_list() if several else [0] * values.height,
        sampled=frozenset(sampled) & shown,
        page_of=(values["page"] - 1).to_list() if several else (),
        voids=_voids(values, layout) if several else (),
        inserters=sayings(layout.inserter_marks, numbers_of(values)).to_list()
        if layout.inserter_marks
        else (),
    )


def _voids(values: pl.DataFrame, layout: Layout) -> list[tuple[int, int]]:
    """The places (page, slot; both from 0) that have no slip."""
    pages, slots = np.nonzero(rows_of_pages(values, per_page=layout.slips_per_page) < 0)
    return list(zip(pages.tolist(), slots.tolist(), strict=True))


def places_of(layout: Layout, *, names: Sequence[str], slot: int = 1) -> Places:
    """Where the form has the codes of a slip of its page, and the boxes of those of `names` that it shows on every page."""
    tables = [box for box in layout.boxes if box.of_slots and not box.when]
    layout = replace(layout, boxes=tuple(box for box in layout.boxes if box.slot == slot))
    boxes = {name: (*_boxes(layout, name), *_cells(tables, name, slot)) for name in names}
    return Places(
        layout.page_w_mm,
        layout.page_h_mm,
        next(_symbol(layout, box) for box in layout.boxes if box.kind == "qr"),
        {name: areas for name, areas in boxes.items() if areas},
        next((_bars(layout, box) for box in layout.boxes if box.kind == "gs1_128"), None),
        layout.inserter_marks if slot == 1 else (),  # a sheet is known by its first slip
        layout.dot_mm,
    )


def _boxes(layout: Layout, value: str) -> tuple[Area, ...]:
    return tuple(
        Area(box.x_mm, box.y_mm, box.w_mm, box.h_mm)
        for box in layout.boxes
        if box.kind == "field" and box.value == value and not box.when
    )


def _cells(tables: Sequence[PlacedBox], value: str, slot: int) -> Iterator[Area]:
    """Where the tables of a page's slips say a value of one of them: its row is the slip's place."""
    for box in tables:
        x_mm, y_mm = box.x_mm, box.y_mm + box.head_h_mm + (slot - 1) * box.row_h_mm
        for column in box.columns:
            if column.value == value and slot <= box.rows:
                yield Area(x_mm, y_mm, column.w_mm, box.row_h_mm)
            x_mm += column.w_mm


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
