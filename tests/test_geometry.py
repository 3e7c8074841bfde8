"""The rules of a form, one by one: a good form is changed in one place and exactly that fault is found, with the box named."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elqr.problems import ProblemError
from slips.form import Column, Cut, Frame, Layout, Line, PlacedBox, Tint
from slips.geometry import check_layout, load_good_layout
from slips.layout import load_layout
from slips.rect import Rect
from slips.request import table_rows
from slips.values import known_values

GOOD = load_layout("mihara")
NOTICE = load_layout("a4_notice")


def changed(name: str, layout: Layout = GOOD, **fields: object) -> Layout:
    """The form with one box changed."""
    assert any(b.name == name for b in layout.boxes), name
    boxes = tuple(replace(b, **fields) if b.name == name else b for b in layout.boxes)
    return replace(layout, boxes=boxes)


def box(name: str, layout: Layout = GOOD) -> PlacedBox:
    return next(b for b in layout.boxes if b.name == name)


def found(layout: Layout) -> list[tuple[str, str]]:
    return [(p.code, p.field) for p in check_layout(layout)]


def added(layout: Layout = GOOD, **fields: object) -> Layout:
    """The form with a small text more."""
    return replace(layout, boxes=(*layout.boxes, replace(box("receipt.seq"), id="more", **fields)))


def shifted(name: str, dx: float = 0.0, dy: float = 0.0, layout: Layout = GOOD) -> Layout:
    """One box moved together with its label."""
    one = box(name, layout)
    return changed(
        name,
        layout,
        x_mm=one.x_mm + dx,
        y_mm=one.y_mm + dy,
        label_x_mm=one.label_x_mm + dx,
        label_y_mm=one.label_y_mm + dy,
    )


QR = box("notice.qr")
DOT = GOOD.dot_mm

RULES: Sequence[tuple[str, Callable[[], Layout], list[tuple[str, str]]]] = [
    (
        "outside the page",
        lambda: added(x_mm=20.0, y_mm=111.0),
        [("layout.outside_page", "receipt.more")],
    ),
    (
        "outside its part",
        lambda: added(x_mm=68.0, y_mm=109.4),
        [("layout.outside_part", "receipt.more"), ("layout.crossed", "receipt.more")],
    ),
    (
        "near the edge",
        lambda: shifted("receipt.test_banner", dy=-1.0),
        [("layout.near_edge", "receipt.test_banner")],
    ),
    ("first heading", lambda: changed("receipt.title", role="H2"), [("layout.heading_order", "receipt.title")]),
    ("a level left out", lambda: changed("notice.pay_title", role="H3"), [("layout.heading_order", "notice.pay_title")]),
    ("part outside the page", lambda: replace(GOOD, page_w_mm=279.3), [("layout.outside_page", "notice")]),
    (
        "artwork outside the page",
        lambda: replace(GOOD, lines=(*GOOD.lines, Line(x1_mm=-3, y1_mm=2, x2_mm=10, y2_mm=2))),
        [("layout.outside_page", "line")],
    ),
    (
        "two boxes in one place",
        lambda: shifted("receipt.no_receipt", dy=-1.0),
        [("layout.overlap", "receipt.declaration"), ("layout.overlap", "receipt.city")],
    ),
    (
        "a label in a box",
        lambda: changed("receipt.paid_on", label_y_mm=93.0),
        [("layout.overlap", "receipt.one_channel")],
    ),
    (
        "a label in its own box",
        lambda: changed("notice.telephone", label="row.telephone", label_x_mm=230.0, label_y_mm=51.8, label_w_mm=5.0, label_h_mm=3.0),
        [("layout.overlap", "notice.telephone (label)")],
    ),
    (
        "a rule through a text",
        lambda: replace(GOOD, lines=(*GOOD.lines, Line(x1_mm=80, y1_mm=73, x2_mm=90, y2_mm=73))),
        [("layout.crossed", "slip.declaration")],
    ),
    (
        "a frame through a text",
        lambda: replace(GOOD, frames=(*GOOD.frames, Frame(x_mm=80, y_mm=73, w_mm=10, h_mm=5))),
        [("layout.crossed", "slip.declaration")] * 3,
    ),
    ("body too small", lambda: changed("slip.notice_no", size_pt=11.5), [("layout.small_text", "slip.notice_no")]),
    ("note too small", lambda: changed("receipt.seq", size_pt=8.5), [("layout.small_text", "receipt.seq")]),
    (
        "label too small",
        lambda: changed("slip.notice_no", label_size_pt=8.0),
        [("layout.small_text", "slip.notice_no (label)")],
    ),
    (
        "a fit step too small",
        lambda: changed("slip.notice_no", fit=(replace(box("slip.notice_no").fit[0], amount=8.0),)),
        [("layout.small_text", "slip.notice_no")],
    ),
    (
        "nine points below every form",
        lambda: replace(changed("receipt.seq", size_pt=8.5), note_min_pt=8.0),
        [("layout.small_text", "receipt.seq")],
    ),
    (
        "a column too small",
        lambda: changed(
            "letter.instalments",
            NOTICE,
            columns=tuple(replace(c, size_pt=4.0) for c in box("letter.instalments", NOTICE).columns),
        ),
        [("layout.small_text", "letter.instalments")],
    ),
    (
        "a table wider than its columns",
        lambda: changed("letter.instalments", NOTICE, w_mm=83.0),
        [("layout.table_size", "letter.instalments")],
    ),
    (
        "a table higher than its rows",
        lambda: changed("letter.instalments", NOTICE, rows=9),
        [("layout.table_size", "letter.instalments")],
    ),
    (
        "two codes in a part",
        lambda: replace(
            GOOD,
            boxes=(*GOOD.boxes, replace(QR, id="second", y_mm=QR.y_mm - 1750 * DOT, when="second")),
            exclusive=(*GOOD.exclusive, ("", "second")),
        ),
        [("layout.several_qr", "notice")],
    ),
    ("modules of three dots", lambda: replace(GOOD, pitch_dots=3), [("layout.qr_pitch", "notice.qr")]),
    ("off the dot grid across", lambda: shifted("notice.qr", dx=DOT / 2), [("layout.off_grid", "notice.qr")]),
    ("off the dot grid upwards", lambda: shifted("notice.qr", dy=-DOT / 3), [("layout.off_grid", "notice.qr")]),
    ("bars off the grid", lambda: shifted("notice.barcode", dx=DOT / 2), [("layout.off_grid", "notice.barcode")]),
    (
        "a text in the quiet zone",
        lambda: changed("notice.qr_notice", w_mm=258.4 - box("notice.qr_notice").x_mm),
        [("layout.quiet_zone", "notice.qr")],
    ),
    (
        "a rule in the quiet zone",
        lambda: replace(GOOD, lines=(*GOOD.lines, Line(x1_mm=258, y1_mm=93.5, x2_mm=275, y2_mm=93.5))),
        [("layout.quiet_zone", "notice.qr")],
    ),
    (
        "a tint under the code",
        lambda: replace(GOOD, tints=(*GOOD.tints, Tint(x_mm=258, y_mm=93.5, w_mm=17, h_mm=17))),
        [("layout.quiet_zone", "notice.qr")],
    ),
    (
        "a text in the quiet zone of the bars",
        lambda: added(part="notice", x_mm=200.5, y_mm=95.0, w_mm=5.0, when="barcode"),
        [("layout.quiet_zone", "notice.barcode")],
    ),
    (
        "a code beside a perforation",
        lambda: replace(GOOD, cuts=(*GOOD.cuts, Cut(kind="perforation", x1_mm=275.9, y1_mm=0, x2_mm=275.9, y2_mm=114.3))),
        [("layout.near_cut", "notice.qr")],
    ),
    (
        "a code across a fold",
        lambda: replace(GOOD, cuts=(*GOOD.cuts, Cut(kind="fold", x1_mm=210, y1_mm=100, x2_mm=279, y2_mm=100))),
        [("layout.near_cut", "notice.qr")],
    ),
    ("bars of five dots", lambda: replace(GOOD, bar_dots=5), [("layout.barcode_width", "notice.barcode")]),
    (
        "low bars",
        lambda: changed("notice.barcode", y_mm=box("notice.barcode").y_mm + 24 * DOT, h_mm=box("notice.barcode").h_mm - 24 * DOT),
        [("layout.barcode_height", "notice.barcode")],
    ),
    (
        "small customer barcode",
        lambda: changed("letter.customer_barcode", NOTICE, size_pt=7.9),
        [("layout.customer_size", "letter.customer_barcode")],
    ),
    (
        "large customer barcode",
        lambda: changed("letter.customer_barcode", NOTICE, size_pt=11.6),
        [("layout.customer_size", "letter.customer_barcode")],
    ),
    (
        "customer barcode at the edge",
        lambda: shifted("letter.customer_barcode", dx=-14.1, layout=NOTICE),
        [("layout.customer_edge", "letter.customer_barcode")],
    ),
    (
        "customer barcode under the name",
        lambda: shifted("letter.customer_barcode", dy=-1.6, layout=NOTICE),
        [("layout.quiet_zone", "letter.customer_barcode")],
    ),
]  # fmt: skip


def test_the_forms_to_start_from_are_good() -> None:
    assert check_layout(GOOD) == check_layout(NOTICE) == []


@pytest.mark.parametrize(("rule", "form", "expected"), RULES, ids=[rule for rule, _, _ in RULES])
def test_each_rule_finds_its_fault_and_no_other(
    rule: str, form: Callable[[], Layout], expected: list[tuple[str, str]]
) -> None:
    assert found(form()) == expected, rule


def test_messages_carry_the_figures_of_both_sides() -> None:
    (problem,) = check_layout(shifted("notice.qr", dx=DOT / 4))
    assert problem.code == "layout.off_grid"
    for lang in ("ja", "en"):
        text = problem.text(lang)
        assert "notice.qr" in text and "mihara.toml" in text
        assert f"x_mm = {QR.x_mm - 144.0:.4f}" in text, (
            "the nearest place on the grid, as the file would say it"
        )
        assert f"x_mm = {QR.x_mm - 144.0 + DOT / 4:.4f}" in text


def test_limits_themselves_pass() -> None:
    assert found(changed("slip.notice_no", size_pt=GOOD.body_min_pt)) == []
    assert found(replace(GOOD, min_margin_mm=min(b.y_mm for b in GOOD.boxes))) == []
    side = box("notice.qr").rect.right_mm + 3.02
    beside = Cut(kind="perforation", x1_mm=side, y1_mm=0, x2_mm=side, y2_mm=114.3)
    assert ("layout.near_cut", "notice.qr") not in found(replace(GOOD, cuts=(*GOOD.cuts, beside)))


def test_boxes_whose_conditions_exclude_each_other_may_share_a_place() -> None:
    assert box("notice.barcode").rect.overlaps(box("notice.over_limit").rect)
    codes = {code for code, _ in found(replace(GOOD, exclusive=()))}
    assert codes == {"layout.overlap", "layout.quiet_zone"}


@pytest.mark.parametrize(
    ("layout", "without", "missing"),
    [
        (GOOD, "slip.amount", "value = amount_yen"),
        (GOOD, "receipt.due_date", "value = due_date"),
        (GOOD, "notice.el_confirm", "value = el_confirm"),
        (GOOD, "notice.mark", "kind = mark"),
        (GOOD, "notice.qr_caption", "text = qr.caption"),
        (GOOD, "notice.trademark", "text = qr.trademark"),
        (GOOD, "receipt.no_receipt", "text = note.no_receipt"),
        (GOOD, "slip.test_banner", "text = test.banner"),
        (NOTICE, "letter.pay", "text = pay.channels | pay.brief | pay.guide"),
        (NOTICE, "letter.n_of_m", "value = n_of_m"),
    ],
)
def test_what_every_form_must_carry_is_missed(layout: Layout, without: str, missing: str) -> None:
    less = replace(layout, boxes=tuple(b for b in layout.boxes if b.name != without))
    (problem,) = check_layout(less)
    assert problem.code == "layout.required"
    assert problem.params["expected"] == missing


def test_a_form_without_one_of_the_three_parts_is_refused() -> None:
    less = replace(
        GOOD,
        parts=tuple(p for p in GOOD.parts if p.id != "slip"),
        boxes=tuple(b for b in GOOD.boxes if b.part != "slip"),
    )
    problems = {p.params["expected"] for p in check_layout(less)}
    assert "part slip" in problems


def test_words_and_values_that_do_not_exist_are_named() -> None:
    assert (
        found(changed("slip.notice_no", label="row.nothing"))
        == [("layout.unknown_label", "slip.notice_no")] * 2
    )
    assert check_layout(GOOD, values=known_values(0)) == []
    odd = check_layout(changed("receipt.city", value="town"), values=known_values(0))
    assert [(p.code, p.params["found"]) for p in odd] == [("layout.unknown_value", "town")]
    fewer = check_layout(NOTICE, values=known_values(table_rows(NOTICE) - 1))
    assert {p.params["found"] for p in fewer} == {"inst_period_10", "inst_due_10", "inst_amount_10"}


def test_a_form_with_faults_is_not_printed(tmp_path) -> None:
    from importlib.resources import files

    text = (files("layouts") / "forms" / "mihara.toml").read_text(encoding="utf-8")
    path = tmp_path / "office.toml"
    path.write_text(text.replace("pitch_dots = 8", "pitch_dots = 3"), encoding="utf-8")
    with pytest.raises(ProblemError, match=r"layout\.qr_pitch"):
        load_good_layout(path)
    assert load_good_layout("mihara", values=lambda layout: known_values(table_rows(layout))) == GOOD


MM = st.floats(0, 300, allow_nan=False)
SIZES = st.floats(0.1, 100, allow_nan=False)
RECTS = st.builds(Rect, MM, MM, SIZES, SIZES)


@given(RECTS, RECTS)
def test_overlap_is_mutual_and_holds_implies_it(one: Rect, other: Rect) -> None:
    assert one.overlaps(other) == other.overlaps(one)
    if one.holds(other, slack_mm=0.0):
        assert one.overlaps(other)


@given(RECTS, st.floats(0.01, 50))
def test_neighbours_that_touch_do_not_overlap(one: Rect, w: float) -> None:
    assert not one.overlaps(Rect(one.right_mm, one.y_mm, w, one.h_mm))
    assert not one.overlaps(Rect(one.x_mm, one.bottom_mm, w, one.h_mm))


@given(st.integers(0, 5500), st.integers(0, 2000))
def test_every_place_on_the_grid_is_accepted_and_the_way_back_is_exact(left: int, up: int) -> None:
    at = replace(QR, x_mm=left * DOT, y_mm=GOOD.page_h_mm - up * DOT - QR.h_mm)
    assert GOOD.origin_dots(at) == (left, up)


def test_a_table_names_its_cells() -> None:
    one = replace(
        QR,
        kind="table",
        value="",
        columns=(Column(value="a", label="row.amount", w_mm=9.0),),
        rows=2,
        when="b",
    )
    assert one.value_names == ("a_1", "a_2", "b")
