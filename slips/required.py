"""What every form must carry (elqr-format.md §6), and that the words and values it names exist.

In: a `Layout`. Out: a problem for each thing that is missing. A slip without one of these is refused at the
counter, confuses a payer or breaks a duty to inform. Refuses nothing itself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from elqr.problems import Problem
from slips.form import UNUSED, Layout
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
PAY_TEXTS = ("pay.channels", "pay.brief", "pay.guide")
"""Where to pay: one of these."""
PRINTED_TEXTS = ("test.banner", "convenience.over_limit", "convenience.no_barcode")
"""Texts that depend on the row: they are printed on pre-printed paper too."""
REGISTER_MARKS_MIN = 3
"""On pre-printed paper: two tell a shift and a turn, the third a stretch."""


REFUND_VALUES = (
    *("notice_no", "decided_on", "payer_name", "address", "tax_name", "year_period", "overpaid", "class"),
    *("offset_to", "offset_amount", "refund", "interest", "total", "claim_until", "account"),
)
REFUND_TEXTS = ("refund.lead", "refund.objection", "refund.no_account", "test.banner")
"""What a notice of refund owes: what was too much, what becomes of it, and how to object (教示)."""


def check_required(layout: Layout, *, values: Collection[str] | None = None) -> list[Problem]:
    """Missing parts, values, codes and texts; label keys that a language lacks; values that are unknown."""
    if layout.document == "slip":
        missing = [*_missing(layout), *_missing_on_page(layout)]
    else:
        missing = [*_missing_of_notice(layout)]
    return [*missing, *_unknown(layout, values)]


def _missing(layout: Layout) -> Iterator[Problem]:
    """What each of the three parts lacks; on pre-printed paper constant texts and the mark are there already."""
    parts = {part.id for part in layout.parts}
    for part in SLIP_PARTS:
        if part not in parts:
            yield fault(layout, "layout.required", part, "", f"part {part}")
            continue
        boxes = [box for box in layout.boxes if box.part == part]
        notice = part == "notice"
        texts: tuple[str, ...] = (*EVERY_PART_TEXTS, *(NOTICE_TEXTS if notice else ()))
        kinds: tuple[str, ...] = NOTICE_KINDS if notice else ()
        if layout.preprinted:
            texts = tuple(text for text in texts if text in PRINTED_TEXTS)
            kinds = tuple(kind for kind in kinds if kind != "mark")
        wanted = {
            "value": (EVERY_PART_VALUES + (NOTICE_VALUES if notice else ()), {box.value for box in boxes}),
            "text": (texts, {key for box in boxes for key in box.label_keys}),
            "kind": (kinds, {box.kind for box in boxes}),
        }
        yield from _lacking(layout, part, wanted)


def _missing_on_page(layout: Layout) -> Iterator[Problem]:
    """What must stand somewhere on the page."""
    texts = {key for box in layout.boxes for key in box.label_keys}
    if layout.preprinted:
        if len(layout.register_marks) < REGISTER_MARKS_MIN:
            found, expected = str(len(layout.register_marks)), f"{REGISTER_MARKS_MIN} register_mark"
            yield fault(layout, "layout.required", layout.id, found, expected)
    else:
        yield from _lacking(layout, layout.id, {"text": (PAGE_TEXTS, texts)})
        if not texts.intersection(PAY_TEXTS):
            yield fault(layout, "layout.required", layout.id, "", f"text = {' | '.join(PAY_TEXTS)}")
    values = {box.value for box in layout.boxes}
    yield from _lacking(layout, layout.id, {"value": (("seq", "n_of_m"), values)})
    if layout.slips_per_page > 1:
        whens = {box.when for box in layout.boxes if box.text and box.slot == layout.slips_per_page}
        wanted: Wanted = {"value": (("sheet_of",), values), "when": ((UNUSED,), whens)}
        yield from _lacking(layout, layout.id, wanted)


def _missing_of_notice(layout: Layout) -> Iterator[Problem]:
    values = {box.value for box in layout.boxes}
    texts = {key for box in layout.boxes for key in box.label_keys}
    yield from _lacking(layout, layout.id, {"value": (REFUND_VALUES, values), "text": (REFUND_TEXTS, texts)})


Wanted = Mapping[str, tuple[tuple[str, ...], set[str]]]
"""Kind of thing -> (what must be there, what is there)."""


def _lacking(layout: Layout, where: str, wanted: Wanted) -> Iterator[Problem]:
    for kind, (names, there) in wanted.items():
        for name in names:
            if name not in there:
                yield fault(layout, "layout.required", where, "", f"{kind} = {name}")


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
