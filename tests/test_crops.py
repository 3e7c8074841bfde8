"""Pictures of findings show codes, marks and figures, and nobody's name or address: for every form that ships."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from elqr import gs1_128, symbols
from slips.form import PlacedBox
from slips.layout import layout_names, load_layout
from slips.proof import crops
from slips.proof.expected import Area
from slips.proof.sheets import Sheet

PERSONAL = frozenset({"payer_name", "payer_id", "address", "postal", "customer_barcode"})
FORMS = [name for name in layout_names() if any(box.kind == "qr" for box in load_layout(name).boxes)]


def shown(sheet: Sheet) -> Iterator[tuple[str, Area]]:
    """Every place that a finding may show, with what is shown around it."""
    code, places = sheet.places.symbol, sheet.places
    quiet = symbols.QUIET_ZONE_MODULES * code.pitch_mm
    around = max(crops.CODE_SHARE * sheet.side_mm, quiet + crops.CODE_MM)
    yield "code", grown(Area(code.x_mm, code.y_mm, sheet.side_mm, sheet.side_mm), around)
    if bars := places.bars:
        area = Area(bars.x_mm, bars.y_mm, bars.pitch_mm * gs1_128.MODULES, bars.h_mm)
        yield "bars", grown(area, crops.BARS_MM)
    for mark in sheet.layout.inserter_marks:
        yield mark.id, grown(Area(mark.x_mm, mark.y_mm, mark.w_mm, mark.h_mm), crops.MARK_MM)
    for name, areas in places.texts.items():
        yield from ((name, grown(area, crops.TEXT_MM)) for area in areas)


def grown(area: Area, by: float) -> Area:
    return Area(area.x_mm - by, area.y_mm - by, area.w_mm + 2 * by, area.h_mm + 2 * by)


def touch(area: Area, box: PlacedBox, *, within: float = 1e-6) -> bool:
    return (
        area.x_mm < box.x_mm + box.w_mm - within
        and box.x_mm < area.x_mm + area.w_mm - within
        and area.y_mm < box.y_mm + box.h_mm - within
        and box.y_mm < area.y_mm + area.h_mm - within
    )


def personal(sheet: Sheet) -> list[PlacedBox]:
    return [box for box in sheet.layout.boxes if (box.value or box.kind) in PERSONAL or box.kind in PERSONAL]


@pytest.mark.parametrize("name", FORMS)
def test_no_picture_reaches_a_name_or_an_address(name: str) -> None:
    sheet = Sheet(name, load_layout(name))
    boxes = personal(sheet)
    assert boxes
    assert [(what, box.name) for what, area in shown(sheet) for box in boxes if touch(area, box)] == []


def test_a_picture_that_reached_one_would_be_noticed() -> None:
    sheet = Sheet("mihara", load_layout("mihara"))
    box = personal(sheet)[0]
    assert touch(grown(Area(box.x_mm + box.w_mm, box.y_mm, 5, 5), 1.0), box)
