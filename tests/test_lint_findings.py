"""Each rule of the lint against a fault that was put there: found at its box, with the right measured value; without the fault, not found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import pytest

from elqr.problems import Problem
from slips.fonts import load_fonts
from slips.form import Cut, FitStep, Frame, Layout, PlacedBox, Tint
from slips.gate import all_faces
from slips.geometry import check_layout
from slips.layout import load_layout
from slips.lint.judge import broken, findings_of
from slips.lint.measures import MEASURES
from slips.lint.rules import load_rules
from slips.lint.subject import Finding, Sheet, Subject
from slips.rect import Rect
from slips.request import table_rows
from slips.values import known_values


@cache
def form(name: str) -> Layout:
    return load_layout(name)


def judged(layout: Layout, gate: Sequence[Problem]) -> list[Finding]:
    return findings_of(layout, gate=gate, fonts=load_fonts(all_faces(layout)))


def box(layout: Layout, name: str) -> PlacedBox:
    return next(b for b in layout.boxes if b.name == name)


def changed(layout: Layout, name: str, **values: object) -> Layout:
    """The form with one box changed."""
    assert box(layout, name)
    return replace(
        layout,
        boxes=tuple(replace(b, **values) if b.name == name else b for b in layout.boxes),  # type: ignore[arg-type]
    )


def without(layout: Layout, *names: str) -> Layout:
    return replace(layout, boxes=tuple(b for b in layout.boxes if b.name not in names))


def put(layout: Layout, new: PlacedBox) -> Layout:
    return replace(layout, boxes=(*layout.boxes, new))


def last(layout: Layout, name: str) -> Layout:
    """The form with one box read last."""
    return put(without(layout, name), box(layout, name))


def white(layout: Layout, *, tabs: str = "S") -> Sheet:
    size = (round(layout.page_h_mm * 4), round(layout.page_w_mm * 4), 3)
    return Sheet(np.full(size, 255, np.uint8), 25.4 * 4, tabs, frozenset({"test", "barcode"}))


def black_on_red(layout: Layout) -> Subject:
    """The amount of the receipt printed in black on pure red: dark for protan eyes."""
    sheet, place = white(layout), box(layout, "receipt.amount").rect
    rows = slice(round(place.y_mm * 4), round(place.bottom_mm * 4) + 2)
    columns = slice(round(place.x_mm * 4), round(place.right_mm * 4) + 2)
    sheet.pixels[rows, columns] = (255, 0, 0)
    sheet.pixels[rows.start + 4 : rows.start + 12, columns.start + 4 : columns.start + 40] = 0
    return Subject(layout, sheets=(sheet,))


@dataclass(frozen=True)
class Fault:
    """A form of the package, what is done to it, and what must be found."""

    rule: str
    form: str
    seed: Callable[[Layout], Layout | Subject]
    box: str
    measured: float | str


def second_qr(layout: Layout) -> Layout:
    qr = box(layout, "notice.qr")
    return put(layout, replace(qr, id="second", x_mm=qr.x_mm - 40, y_mm=qr.y_mm))


def tint(layout: Layout, *, grey: float) -> Layout:
    return replace(layout, tints=tuple(replace(t, grey=grey) for t in layout.tints))


def strip(layout: Layout, *, modules: float) -> Layout:
    """A grey strip beside the bars of the GS1-128."""
    bars = box(layout, "notice.barcode")
    x = bars.rect.right_mm + modules * layout.bar_x_mm
    return replace(layout, tints=(*layout.tints, Tint(x_mm=x, y_mm=bars.y_mm, w_mm=1.0, h_mm=2.0)))


def near_qr(layout: Layout, *, modules: float) -> Layout:
    qr, note = box(layout, "notice.qr"), box(layout, "notice.trademark")
    return changed(layout, note.name, w_mm=qr.x_mm - modules * layout.qr_pitch_mm - note.x_mm)


def crease(layout: Layout, *, away_mm: float) -> Layout:
    x = box(layout, "notice.qr").x_mm - away_mm
    return replace(layout, cuts=(*layout.cuts, Cut(kind="fold", x1_mm=x, y1_mm=0, x2_mm=x, y2_mm=50 + 60)))


def window_beside_qr(layout: Layout, *, away_mm: float) -> Layout:
    qr = box(layout, "notice.qr").rect
    return replace(layout, windows=(Rect(qr.right_mm + away_mm, qr.y_mm, 2.0, 2.0),))


FAULTS = (
    Fault("type.ud_typeface", "mihara", lambda f: changed(f, "receipt.tax_name", font="mincho"), "receipt.tax_name", "IPAmjMincho"),
    Fault("type.body", "mihara", lambda f: changed(f, "receipt.notice_no", size_pt=11.0), "receipt.notice_no", 11.0),
    Fault("type.minimum", "mihara", lambda f: changed(f, "slip.tax_name", fit=(FitStep("size", 8.0),)), "slip.tax_name", 8.0),
    Fault("type.note", "a4_large", lambda f: changed(f, "receipt.city", size_pt=10.0), "receipt.city", 10.0),
    Fault(
        "type.line_spacing", "a4_notice",
        lambda f: Subject(changed(f, "letter.lead", leading=1.2), lines={("letter.lead", "text"): 2}), "letter.lead", 1.2,
    ),
    Fault(
        "type.note_spacing", "a4_large",
        lambda f: Subject(changed(f, "notice.trademark", leading=1.1), lines={("notice.trademark", "text"): 2}),
        "notice.trademark", 1.1,
    ),
    Fault("type.value_spacing", "a4_notice", lambda f: changed(f, "letter.address", leading=1.1), "letter.address", 1.1),
    Fault("contrast.text", "mihara", lambda f: tint(f, grey=0.3), "receipt.amount", 2.465),
    Fault(
        "contrast.frame", "mihara",
        lambda f: replace(f, frames=(*f.frames, Frame(x_mm=80, y_mm=20, w_mm=5, h_mm=5, grey=0.7))), "slip.frame", 2.107,
    ),
    Fault("contrast.colour_vision", "mihara", black_on_red, "receipt.amount", 3.28),
    Fault("code.one_qr", "mihara", second_qr, "notice", 2.0),
    Fault("code.qr_apart", "mihara", second_qr, "notice.qr", 40 - 41 * 8 * 25.4 / 600),
    Fault("code.qr_quiet", "mihara", lambda f: near_qr(f, modules=2.5), "notice.qr", 2.5),
    Fault("code.bar_quiet", "mihara", lambda f: strip(f, modules=6.0), "notice.barcode", 6.0),
    Fault(
        "code.customer_quiet", "a4_notice",
        lambda f: changed(f, "letter.addressee", y_mm=box(f, "letter.customer_barcode").y_mm - 12.5), "letter.customer_barcode", 1.0,
    ),
    Fault("code.cut_distance", "mihara", lambda f: crease(f, away_mm=2.0), "notice.qr", 2.0),
    Fault("code.window_distance", "mihara", lambda f: window_beside_qr(f, away_mm=1.5), "notice.qr", 1.5),
    Fault(
        "code.edge_distance", "mihara",
        lambda f: changed(f, "notice.qr", x_mm=f.page_w_mm - f.qr_side_mm - 3.0), "notice.qr", 3.0,
    ),
    Fault("code.customer_edge", "a4_notice", lambda f: changed(f, "letter.customer_barcode", x_mm=8.0), "letter.customer_barcode", 8.0),
    Fault("code.pitch_dots", "mihara", lambda f: replace(f, pitch_dots=3), "notice.qr", 3.0),
    Fault("code.qr_module", "mihara", lambda f: replace(f, pitch_dots=6), "notice.qr", 0.254),
    Fault(
        "code.grid", "mihara",
        lambda f: changed(f, "notice.qr", x_mm=box(f, "notice.qr").x_mm + 0.3 * f.dot_mm), "notice.qr", 0.3,
    ),
    Fault("code.bar_width", "mihara", lambda f: replace(f, bar_dots=5), "notice.barcode", 308 * 5 * 25.4 / 600),
    Fault("code.bar_height", "mihara", lambda f: changed(f, "notice.barcode", h_mm=9.0), "notice.barcode", 9.0),
    Fault("code.customer_size", "a4_notice", lambda f: changed(f, "letter.customer_barcode", size_pt=7.5), "letter.customer_barcode", 7.5),
    Fault("figures.amount", "mihara", lambda f: changed(f, "receipt.amount", size_pt=13.0), "receipt.amount", -1.0),
    Fault("figures.due_date", "mihara", lambda f: changed(f, "slip.due_date", size_pt=12.0), "slip.due_date", 0.0),
    Fault(
        "figures.equal_places", "mihara",
        lambda f: changed(f, "slip.tax_name", x_mm=box(f, "slip.tax_name").x_mm + 2.0), "slip.tax_name", 2.0,
    ),
    Fault(
        "figures.equal_labels", "mihara",
        lambda f: changed(f, "slip.stamp", label_x_mm=box(f, "slip.stamp").label_x_mm + 3.0), "slip.stamp", 3.0,
    ),
    Fault("figures.full_year", "mihara", lambda f: changed(f, "slip.kind", font="gothic"), "slip.kind", 0.0),
    Fault("required.paid_on", "mihara", lambda f: without(f, "notice.stamp"), "notice.stamp", 0.0),
    Fault("window.private", "a4_notice", lambda f: changed(f, "letter.title", y_mm=50.0), "letter.title", "part.letter"),
    Fault("window.address", "a4_notice", lambda f: changed(f, "letter.address", w_mm=89.0), "letter.address", -1.0),
    Fault("order.reading", "mihara", lambda f: last(f, "receipt.title"), "receipt.title", 75.9),
    Fault("order.part_heading", "mihara", lambda f: without(f, "slip.title"), "slip", 0.0),
    Fault("order.tabs", "mihara", lambda f: Subject(f, sheets=(white(f, tabs="R"),)), "mihara", "R"),
    Fault(
        "language.complete", "mihara",
        lambda f: Subject(f, missing=(("en", "row.amount", "receipt.amount"),), langs=("ja", "en")), "mihara", 1.0,
    ),
)  # fmt: skip


def test_every_measured_rule_is_put_to_the_test() -> None:
    assert [fault.rule for fault in FAULTS] == list(MEASURES)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.rule)
def test_a_seeded_fault_is_found_with_its_measured_value(fault: Fault) -> None:
    rule = load_rules()[fault.rule]
    good = form(fault.form)
    before = {f.boxes for f in broken(rule, Subject(good, sheets=(white(good),), langs=("ja", "en")))}
    assert (fault.box,) not in before, "the form is good as it comes"
    seeded = fault.seed(good)
    found = [
        f
        for f in broken(rule, seeded if isinstance(seeded, Subject) else Subject(seeded))
        if f.boxes == (fault.box,)
    ]
    assert found, f"{fault.rule} does not see it"
    measured = [f.measured for f in found]
    if isinstance(fault.measured, str):
        assert fault.measured in measured
    else:
        assert any(value == pytest.approx(fault.measured, abs=0.006) for value in measured), measured
    assert all(f.places or fault.rule in ("order.tabs", "language.complete") for f in found)


def test_the_inserters_own_code_is_kept_away_from_the_payers() -> None:
    layout = form("booklet")
    qr, (mark,) = box(layout, "notice.qr"), layout.inserter_marks
    rule = load_rules()["code.qr_apart"]
    assert list(broken(rule, Subject(layout))) == []
    near = replace(layout, inserter_marks=(replace(mark, x_mm=qr.x_mm - mark.w_mm - 12.0, y_mm=qr.y_mm),))
    (found,) = broken(rule, Subject(near))
    assert (found.boxes, found.measured, found.detail) == (
        ("notice.qr",),
        pytest.approx(12.0),
        f"inserter_mark {mark.id}",
    )


def test_white_on_a_dark_ground_is_measured_as_white() -> None:
    rule, layout = load_rules()["contrast.text"], form("mihara")
    bars = [b for b in layout.boxes if b.ground < 0.5]
    assert bars and list(broken(rule, Subject(layout))) == []
    grey = changed(layout, bars[0].name, ground=0.49)
    (found,) = broken(rule, Subject(grey))
    assert found.measured == pytest.approx(1.05 / (((0.49 + 0.055) / 1.055) ** 2.4 + 0.05), abs=0.001)


def test_red_under_black_is_dark_for_protan_eyes_only() -> None:
    found = list(broken(load_rules()["contrast.colour_vision"], black_on_red(form("mihara"))))
    assert {f.detail for f in found} == {"protan"}


# --- what only the print gate knows -------------------------------------------------------------------------------


GATE = (
    ("required.contents", "mihara", lambda f: without(f, "receipt.no_receipt"), "mihara"),
    ("place.outside", "mihara", lambda f: changed(f, "receipt.city", x_mm=-4.0), "receipt.city"),
    ("place.edge", "mihara", lambda f: changed(f, "receipt.seq", y_mm=1.0), "receipt.seq"),
    ("place.overlap", "mihara", lambda f: changed(f, "receipt.city", y_mm=77.0), "receipt.city"),
    ("place.crossed", "mihara", lambda f: changed(f, "notice.title", y_mm=13.0), "notice.title"),
    ("place.table", "a4_notice", lambda f: changed(f, "letter.instalments", h_mm=49.0), "letter.instalments"),
    ("names.values", "mihara", lambda f: changed(f, "slip.notice_no", value="notice_nr"), "slip.notice_no"),
    ("order.headings", "a4_notice", lambda f: changed(f, "letter.title", role="H3"), "letter.title"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "name", "seed", "where"), GATE, ids=lambda v: v if isinstance(v, str) else ""
)  # fmt: skip
def test_what_stops_printing_is_a_finding_of_its_rule(
    rule: str, name: str, seed: Callable[[Layout], Layout], where: str
) -> None:
    assert [f for f in judged(form(name), gate=[]) if f.rule.id == rule] == []
    layout = seed(form(name))
    gate = check_layout(layout, values=known_values(table_rows(layout)))
    found = [f for f in judged(layout, gate=gate) if f.rule.id == rule]
    assert any(where in f.boxes for f in found), [f.boxes for f in found]
    assert all(f.limit["ja"] and f.measured_text for f in found)


@pytest.mark.parametrize(
    ("code", "rule"), [("text.label_overflow", "language.fits"), ("text.label_no_glyph", "language.glyphs")]
)
def test_words_that_cannot_be_set_are_findings(code: str, rule: str) -> None:
    problem = Problem(
        code,
        "receipt.no_receipt",
        {"box": "receipt.no_receipt", "found": "9.1", "expected": "8.4", "text": "…"},
    )
    (found,) = (f for f in judged(form("mihara"), gate=[problem]) if f.rule.id == rule)
    assert (found.boxes, found.measured_text, found.limit["en"]) == (("receipt.no_receipt",), "9.1", "8.4")
    assert found.places == (box(form("mihara"), "receipt.no_receipt").rect,)


def test_nothing_that_stops_printing_is_kept_quiet() -> None:
    """Whatever the gate says of a box, a finding of a rule that covers it names that box."""
    layout = replace(
        tint(
            changed(changed(form("mihara"), "notice.qr", x_mm=150.03), "receipt.tax_name", size_pt=8.0),
            grey=0.5,
        ),
        pitch_dots=3,
        bar_dots=6,
    )
    gate = check_layout(layout)
    assert len({p.code for p in gate}) >= 5
    found = judged(layout, gate=gate)
    told = {
        (code, name.removesuffix(" (label)")) for f in found for code in f.rule.covers for name in f.boxes
    }
    assert {(p.code, p.field.removesuffix(" (label)")) for p in gate} <= told


def test_the_same_fault_in_three_parts_is_one_finding() -> None:
    layout = form("mihara")
    for part in ("receipt", "slip", "notice"):
        layout = changed(layout, f"{part}.notice_no", size_pt=11.0)
    (found,) = (f for f in judged(layout, gate=[]) if f.rule.id == "type.body")
    assert found.boxes == ("receipt.notice_no", "slip.notice_no", "notice.notice_no")
    assert len(found.places) == 3
    assert (
        found.text("ja")
        == "receipt.notice_no, slip.notice_no, notice.notice_no: 値と本文の大きさ: 11 pt (基準: 12 pt 以上)"
    )
