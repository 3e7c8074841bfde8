"""A form as the tables of a vendor's instruction: boxes, codes, marks, cuts, figures; every cell a text.

In: a `Layout`. Out: rows of texts in the order of the form. Numbers in mm with two decimals, dots as whole numbers.
Refuses nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from slips.clearance import CODE_KINDS, clear_rect
from slips.form import BAR_MODULES, CUSTOMER_CELLS, QR_MODULES, Layout, PlacedBox
from slips.labels import load_labels

Row = tuple[str, ...]
SHORT: Final = 14
"""Characters of a label that the list of boxes shows."""
_HOLE: Final = re.compile(r"\{[^}]*\}")

KIND_WORDS: Final[Mapping[str, str]] = {
    "field": "可変",
    "text": "固定",
    "heading": "見出し",
    "qr": "eL-QR",
    "gs1_128": "GS1-128",
    "customer_barcode": "カスタマバーコード",
    "mark": "eLマーク",
    "table": "表",
    "stamp": "空欄",
    "omr": "OMR",
    "datamatrix": "Data Matrix 16×16",
}


def mm(value: float) -> str:
    """Two decimals; codes are said in dots beside."""
    return f"{value:.2f}"


def overview(layout: Layout) -> list[Row]:
    """What the form is, and its figures."""
    parts = "、".join(f"{part.id} {mm(part.w_mm)}×{mm(part.h_mm)}" for part in layout.parts)
    return [
        ("様式", f"{layout.title['ja']}({layout.id})"),
        ("版", layout.version),
        ("様式の SHA-256", layout.sha256),
        ("用紙", f"{mm(layout.page_w_mm)} × {mm(layout.page_h_mm)} mm"),
        ("片(幅×高さ)", parts),
        ("刷り方", "刷込用紙(可変情報のみを印刷)" if layout.preprinted else "白紙に全体を印刷"),
        ("解像度", f"{layout.dpi} dpi(1ドット {layout.dot_mm:.5f} mm)"),
        ("最小の文字", f"本文 {layout.body_min_pt:g} pt、注記 {layout.note_min_pt:g} pt"),
        ("用紙の端から文字まで", f"{mm(layout.min_margin_mm)} mm 以上"),
    ]


def boxes(layout: Layout) -> list[Row]:
    """Every box with its number in the drawing."""
    return [
        (
            str(number),
            box.part,
            _name(box),
            KIND_WORDS[box.kind],
            *(mm(v) for v in (box.x_mm, box.y_mm, box.w_mm, box.h_mm)),
            "" if box.kind in (*CODE_KINDS, "stamp") else f"{box.font} {box.size_pt:g} pt",
            box.when,
        )
        for number, box in enumerate(layout.boxes, 1)
    ]


def _name(box: PlacedBox) -> str:
    words = load_labels("ja").words
    label = words.get(box.label, "") or ("" if box.kind == "field" else words.get(box.text, ""))
    text = _HOLE.sub("…", "".join(label.split()))
    short = text if len(text) <= SHORT else text[: SHORT - 1] + "…"
    return f"{box.id} {short}".strip()


def codes(layout: Layout, *, position: str) -> list[Row]:
    """Each code from the lower-left corner of the page, in mm and dots."""
    rows: list[Row] = []
    for box in layout.boxes:
        if box.kind not in CODE_KINDS:
            continue
        left, bottom = layout.origin_dots(box)
        zone = clear_rect(layout, box)
        modules = {
            "qr": f"{layout.pitch_dots} ドット {layout.qr_pitch_mm:.4f} mm × {QR_MODULES}",
            "gs1_128": f"{layout.bar_dots} ドット {layout.bar_x_mm:.4f} mm × {BAR_MODULES}",
            "customer_barcode": f"{box.w_mm / CUSTOMER_CELLS:.4f} mm × {CUSTOMER_CELLS}",
        }
        rows.append(
            (
                f"{KIND_WORDS[box.kind]}({box.part})",
                mm(left * layout.dot_mm),
                mm(bottom * layout.dot_mm),
                f"{left}, {bottom}",
                modules[box.kind],
                f"{mm(box.w_mm)} × {mm(box.h_mm)}",
                f"左右 {mm(box.x_mm - zone.x_mm)}、上下 {mm(box.y_mm - zone.y_mm)}",
                position,
            )
        )
    return rows


def marks(layout: Layout) -> list[Row]:
    """Register marks, inserter marks and holes."""
    squares = [("位置合わせマーク", m.rect, "黒の正方形") for m in layout.register_marks]
    inserters = [
        (
            f"封入機用 {KIND_WORDS[m.kind]}({m.id})",
            m.rect,
            f"周囲 {m.clear_mm:g} mm 無地、"
            + (
                f"{m.pitch_dots} ドット/モジュール、24桁=版2・束8・n3・m3・通し8"
                if m.kind == "datamatrix"
                else f"線の間隔 {m.pitch_dots} ドット、太さ {m.line_dots} ドット、上から {' '.join(m.bits)}"
            ),
        )
        for m in layout.inserter_marks
    ]
    holes = [("穴", h.rect, f"直径 {h.diameter_mm:g} mm") for h in layout.holes]
    return [
        (name, mm(r.x_mm), mm(r.y_mm), mm(r.w_mm), mm(r.h_mm), text)
        for name, r, text in (*squares, *inserters, *holes)
    ]


def cuts(layout: Layout, words: Mapping[str, str]) -> list[Row]:
    """Perforations and folds."""
    return [
        (
            words[cut.kind],
            f"{mm(cut.x1_mm)}, {mm(cut.y1_mm)}",
            f"{mm(cut.x2_mm)}, {mm(cut.y2_mm)}",
            words["drawn" if cut.drawn else "not_drawn"],
        )
        for cut in layout.cuts
    ]
