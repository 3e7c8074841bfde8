"""What every form must carry (elqr-format.md §6), and that the words and values it names exist.

In: a `Layout`. Out: a problem for each thing that is missing. A slip without one of these is refused at the
counter, confuses a payer or breaks a duty to inform. Refuses nothing itself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from elqr.problems import Problem
from slips.form import Layout
from slips.labels import LANGUAGES, load_labels
from slips.surface import fault

SLIP_PARTS = ("receipt", "slip", "notice")
EVERY_PART_VALUES = (
    "tax_name",
    "year_period",
    "notice_no",
    "payer_name",
    "due_date",
    "payable_until",
    "amount_yen",
)
"""On each of the three parts: what is paid, by whom, by when."""
NOTICE_VALUES = ("el_body", "el_key", "el_confirm", "el_item", "barcode_1", "barcode_2")
NOTICE_KINDS = ("mark", "qr", "gs1_128")
NOTICE_TEXTS = ("el.title", "qr.caption", "qr.notice", "convenience.over_limit", "convenience.no_barcode")
EVERY_PART_TEXTS = ("stamp.label", "test.banner")
PAGE_TEXTS = (
    "note.no_receipt", "note.one_channel", "memo.label", "qr.trademark", "declaration.receipt",
    "declaration.slip", "declaration.notice",
)  # fmt: skip
PAY_TEXTS = ("pay.channels", "pay.brief")
"""Where to pay: one of these."""
PRINTED_TEXTS = ("test.banner", "convenience.over_limit", "convenience.no_barcode")
"""Texts that depend on the row: they are printed on pre-printed paper too."""
REGISTER_MARKS_MIN = 3
"""On pre-printed paper: two tell a shift and a turn, the third a stretch."""


def check_required(layout: Layout, *, values: Collection[str] | None = None) -> list[Problem]:
    """Missing parts, values, codes and texts; label keys that a language lacks; values that are unknown."""
    return [*_missing(layout), *_unknown(layout, values)]


def _missing(layout: Layout) -> Iterator[Problem]:
    parts = {part.id for part in layout.parts}
    for part in SLIP_PARTS:
        if part not in parts:
            yield fault(layout, "layout.required", part, "", f"part {part}")
            continue
        boxes = [box for box in layout.boxes if box.part == part]
        has_values = {box.value for box in boxes}
        has_texts = {key for box in boxes for key in box.label_keys}
        has_kinds = {box.kind for box in boxes}
        notice = part == "notice"
        for value in (*EVERY_PART_VALUES, *(NOTICE_VALUES if notice else ())):
            if value not in has_values:
                yield fault(layout, "layout.required", part, "", f"value = {value}")
        for text in (*EVERY_PART_TEXTS, *(NOTICE_TEXTS if notice else ())):
            if text not in has_texts and not (layout.preprinted and text not in PRINTED_TEXTS):
                yield fault(layout, "layout.required", part, "", f"text = {text}")
        for kind in NOTICE_KINDS if notice else ():
            if kind not in has_kinds and not (layout.preprinted and kind == "mark"):
                yield fault(layout, "layout.required", part, "", f"kind = {kind}")
    texts = {key for box in layout.boxes for key in box.label_keys}
    if layout.preprinted and len(layout.register_marks) < REGISTER_MARKS_MIN:
        found, expected = str(len(layout.register_marks)), f"{REGISTER_MARKS_MIN} register_mark"
        yield fault(layout, "layout.required", layout.id, found, expected)
    for text in () if layout.preprinted else PAGE_TEXTS:
        if text not in texts:
            yield fault(layout, "layout.required", layout.id, "", f"text = {text}")
    if not layout.preprinted and not texts.intersection(PAY_TEXTS):
        yield fault(layout, "layout.required", layout.id, "", f"text = {' | '.join(PAY_TEXTS)}")
    for name in ("seq", "n_of_m"):
        if name not in {box.value for box in layout.boxes}:
            yield fault(layout, "layout.required", layout.id, "", f"value = {name}")


def _unknown(layout: Layout, values: Collection[str] | None) -> Iterator[Problem]:
    known = [load_labels(lang) for lang in LANGUAGES]
    for box in layout.boxes:
        for key in box.label_keys:
            for labels in known:
                if key not in labels.words:
                    yield fault(layout, "layout.unknown_label", box.name, key, f"labels/{labels.lang}.toml")
        for name in box.value_names if values is not None else ():
            if values is not None and name not in values:
                yield fault(layout, "layout.unknown_value", box.name, name, ", ".join(sorted(values)))
