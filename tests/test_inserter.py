"""Inserter marks: said, printed, rendered, read; and what geometry refuses. Data Matrix also by a reader that is not ours."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl
import pypdfium2
import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st

from elqr import datamatrix
from elqr.digits import to_matrix
from elqr.problems import ProblemError
from slips import inserter
from slips.form import Cut, Hole, InserterMark, Layout, RegisterMark, Tint
from slips.geometry import check_layout
from slips.layout import load_layout
from slips.machinery import check_machinery
from slips.proof.inserter import judge_omr, read_marks, saying_of
from tests.marked_form import MARKS, print_marked
from tests.print_fakes import cleaned

DPI = 300
MM_PX = DPI / 25.4
BASE = load_layout("mihara")
FREE = f"""{MARKS}
[[register_mark]]
x_mm = 284.0
y_mm = 20.0

[[hole]]
x_mm = 300.0
y_mm = 12.7
diameter_mm = 4.0
repeat = 3
step_mm = 12.7
"""


@cache
def marked(folder: Path) -> Layout:
    """The three-part slip on wider paper, with marks in the margin."""
    text = Path("layouts/forms/mihara.toml").read_text(encoding="utf-8")
    file = folder / "marked.toml"
    file.write_text(text.replace("width_mm = 279.4", "width_mm = 304.8") + FREE, encoding="utf-8")
    return load_layout(file)


@pytest.fixture
def layout(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    return marked(tmp_path_factory.getbasetemp())


def numbers(*rows: tuple[int, int, int, int]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=["group", "n", "m", "seq"], orient="row")


ROWS = numbers((45, 1, 4, 123), (46, 4, 4, 7), (1, 1, 1, 1), (99_999_999, 999, 999, 99_999_999))


# --- the symbol -----------------------------------------------------------------------------------


@given(st.lists(st.text("0123456789", min_size=24, max_size=24), min_size=1, max_size=4))
def test_what_is_encoded_is_decoded(texts: list[str]) -> None:
    matrix = to_matrix(pl.Series(texts), datamatrix.DIGITS)
    digits, good = datamatrix.decode(datamatrix.encode(matrix))
    assert good.all() and (digits == matrix).all()


@settings(max_examples=30)
@given(st.text("0123456789", min_size=24, max_size=24))
def test_another_reader_reads_it(text: str) -> None:
    modules = datamatrix.encode(to_matrix(pl.Series([text]), datamatrix.DIGITS))[0]
    pixels = np.kron(np.pad(1 - modules, 2, constant_values=1) * 255, np.ones((5, 5))).astype(np.uint8)
    found = zxingcpp.read_barcodes(pixels)
    assert [(r.format, r.text) for r in found] == [(zxingcpp.BarcodeFormat.DataMatrix, text)]


@given(st.text("0123456789", min_size=24, max_size=24), st.integers(0, 15), st.integers(0, 15))
def test_one_wrong_module_is_noticed(text: str, row: int, column: int) -> None:
    modules = datamatrix.encode(to_matrix(pl.Series([text]), datamatrix.DIGITS))
    modules[0, row, column] ^= 1
    assert not datamatrix.decode(modules)[1][0]


def test_another_number_of_digits_is_refused() -> None:
    with pytest.raises(ValueError, match="23 digits, expected 24"):
        datamatrix.encode(to_matrix(pl.Series(["1" * 23]), 23))


# --- what the marks say ---------------------------------------------------------------------------


def test_the_words_of_the_manifest(layout: Layout) -> None:
    said = inserter.sayings(layout.inserter_marks, ROWS).to_list()
    assert said[0] == "matrix=010000004500100400000123;omr=10001100101111"
    # gate, end 0, n 001, m 100, seq 1011 (123 = …1011), parity, gate: 8 lines, an even number
    assert said[3] == "matrix=019999999999999999999999;omr=" + "11" + "111" + "111" + "1111" + "1" + "1"
    assert inserter.sayings((), ROWS).to_list() == [""] * 4


def test_a_count_that_the_mark_cannot_say_is_none() -> None:
    """Sheet 1 of 1,001 said 1 of 1: a machine would have closed the envelope on it."""
    said = inserter.payloads(numbers((7, 1, 1001, 1), (7, 1000, 1001, 1000), (8, 999, 999, 2000)))
    assert said.to_list() == [
        "010000000700000000000001",
        "010000000700000000001000",
        "010000000899999900002000",
    ]


def test_what_lines_cannot_tell_is_a_loss_of_sixteen(layout: Layout) -> None:
    """As the page of forms says: bundles of four, of which some are lost between two that the machine sees."""
    (mark,) = (m for m in layout.inserter_marks if m.kind == "omr")
    mark = replace(mark, bits=(*mark.bits, "group:1", "group:0"))
    sheets = numbers(*((1 + k // 4, 1 + k % 4, 4, 1 + k) for k in range(40)))
    lines = [row.tobytes() for row in inserter.omr_bits(mark, sheets)]
    after = {lost for lost in range(1, 36) if lines[1 + lost] == lines[1]}
    assert after == {16, 32}
    assert inserter.payloads(sheets).n_unique() == 40


def test_numbers_come_from_printed_values() -> None:
    values = pl.DataFrame({"group": ["000045"], "n_of_m": ["1/4"], "seq": ["000123"]})
    assert inserter.numbers_of(values).equals(ROWS[:1])


def test_a_number_below_one_is_refused(layout: Layout) -> None:
    with pytest.raises(ValueError, match="n: expected numbers from 1, found 0"):
        inserter.payloads(numbers((1, 0, 1, 1)))


@given(st.tuples(*[st.integers(1, 9999)] * 4))
def test_lines_of_omr_are_always_even(row: tuple[int, int, int, int]) -> None:
    places = (f"sequence:{k}" for k in range(6, -1, -1))
    mark = replace(OMR, bits=("gate", "end", "group:2", "number:1", *places, "parity", "gate"))
    bits = inserter.omr_bits(mark, numbers(row))
    assert bits.sum() % 2 == 0 and judge_omr(mark, bits[0]).fault == ""
    assert judge_omr(mark, bits[0]).numbers["seq"] == row[3] % 128


OMR = InserterMark(
    id="omr", kind="omr", x_mm=285.0, y_mm=30.0, w_mm=8.0, h_mm=1.0, pitch_dots=100, line_dots=10, clear_mm=3.0,
    bits=("gate", "end", "number:0", "parity", "gate"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("bits", "fault"), [("00000", "unreadable"), ("01100", "gate"), ("11001", "parity"), ("11011", "")]
)
def test_a_mark_that_is_not_right_says_so(bits: str, fault: str) -> None:
    reading = judge_omr(OMR, np.array(list(map(int, bits)), np.uint8))
    assert reading.fault == fault and bool(reading.text) == (not fault)


# --- printed and read -----------------------------------------------------------------------------


def printed(layout: Layout) -> tuple[pl.DataFrame, list[np.ndarray]]:
    """The pages of the form as grey pixels."""
    values, data = print_marked(layout)
    pages = pypdfium2.PdfDocument(data)
    return values, [page.render(scale=DPI / 72, grayscale=True).to_numpy().squeeze() for page in pages]


def test_marks_are_read_from_the_printed_page(layout: Layout) -> None:
    values, pages = printed(layout)
    said = inserter.sayings(layout.inserter_marks, inserter.numbers_of(values)).to_list()
    flat = np.diag([MM_PX, MM_PX, 1.0])
    assert [saying_of(read_marks(page, layout, flat)) for page in pages] == said
    assert read_marks(pages[2], layout, flat)[0].numbers == {"group": 46, "n": 2, "m": 2, "seq": 123}
    square = layout.register_marks[0].rect.grown(-0.2, -0.2)
    rows = slice(int(square.y_mm * MM_PX), int(square.bottom_mm * MM_PX))
    assert pages[0][rows, int(square.x_mm * MM_PX) : int(square.right_mm * MM_PX)].max() == 0


def test_a_turned_scan_is_read_through_its_transform(layout: Layout) -> None:
    values, pages = printed(layout)
    turned = np.ascontiguousarray(pages[0][::-1, ::-1])
    height, width = turned.shape
    half_turn = np.array([[-MM_PX, 0, width], [0, -MM_PX, height], [0, 0, 1.0]])
    said = inserter.sayings(layout.inserter_marks, inserter.numbers_of(values))
    assert saying_of(read_marks(turned, layout, half_turn)) == said[0]


def test_a_blot_is_no_reading(layout: Layout) -> None:
    _, pages = printed(layout)
    page = pages[0].copy()
    page[int(8 * MM_PX) : int(10 * MM_PX), int(288 * MM_PX) : int(290 * MM_PX)] = 0
    page[int(29 * MM_PX) : int(95 * MM_PX)] = 255
    readings = read_marks(page, layout, np.diag([MM_PX, MM_PX, 1.0]))
    assert [(r.fault, r.text) for r in readings] == [("unreadable", ""), ("missing", "")]


def test_the_manifest_carries_them(layout: Layout) -> None:
    from slips.manifest import part_of
    from slips.order import in_print_order

    rows = in_print_order(cleaned(2).with_columns(bundle=pl.lit(44)), first_seq=1)
    names = {"file": "a.pdf", "layout": "x", "layout_sha256": "", "profile": "tax", "profile_sha256": ""}
    part = part_of(rows, marks=layout.inserter_marks[:1], **names)
    assert part["group"].to_list() == [45, 45]
    assert part["inserter"].to_list() == [
        "matrix=010000004500100200000001",
        "matrix=010000004500200200000002",
    ]


# --- geometry -------------------------------------------------------------------------------------


def faults(layout: Layout) -> list[tuple[str, str]]:
    return [(p.code, p.field) for p in check_machinery(layout)]


def test_marks_in_the_margin_are_good(layout: Layout) -> None:
    assert check_layout(layout) == []


def test_marks_have_their_distances(layout: Layout) -> None:
    matrix, omr = layout.inserter_marks
    near = replace(layout, inserter_marks=(replace(matrix, x_mm=274.9973), omr))
    assert faults(near) == [("layout.quiet_zone", "inserter_mark matrix")]
    assert ("layout.off_grid", "inserter_mark matrix") in faults(
        replace(layout, inserter_marks=(replace(matrix, x_mm=285.01),))
    )
    outside = replace(layout, inserter_marks=(replace(omr, x_mm=294.5),), holes=())
    assert faults(outside) == [("layout.outside_page", "inserter_mark omr")]
    cut = replace(layout, cuts=(*layout.cuts, Cut(kind="fold", x1_mm=294.0, y1_mm=0, x2_mm=294.0, y2_mm=114)))
    assert faults(cut) == [
        ("layout.near_cut", "inserter_mark matrix"),
        ("layout.near_cut", "inserter_mark omr"),
    ]
    square = replace(layout, register_marks=(RegisterMark(x_mm=302.0, y_mm=100.0),))
    assert faults(square) == [("layout.near_edge", "register_mark 1")]
    tint = Tint(x_mm=280.0, y_mm=18.0, w_mm=5.0, h_mm=5.0)
    assert faults(replace(layout, tints=(*layout.tints, tint))) == [("layout.quiet_zone", "register_mark 1")]
    hole = Hole(x_mm=272.0, y_mm=100.0, diameter_mm=4.0)
    assert ("layout.quiet_zone", "hole 1") in faults(replace(layout, holes=(hole,)))


def test_a_text_over_a_mark_is_crossed(layout: Layout) -> None:
    square = RegisterMark(x_mm=20.0, y_mm=30.0)
    found = [(p.code, p.field) for p in check_layout(replace(layout, register_marks=(square,)))]
    assert ("layout.crossed", "receipt.notice_no (label)") in found


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ('kind = "omr"', 'kind = "omr"\nbits = ["gate", "colour", "gate"]', "layout.bad_value"),
        ('kind = "omr"', 'kind = "omr"\nbits = ["end", "gate"]', "layout.bad_value"),
        ('kind = "omr"', 'kind = "omr"\nbits = ["gate", "end", "end", "gate"]', "layout.duplicate_id"),
        ('kind = "omr"', 'kind = "omr"\nline_dots = 7', "layout.bad_value"),
        ('kind = "omr"', 'kind = "bars"', "layout.bad_value"),
        ('id = "omr"', 'id = "matrix"', "layout.duplicate_id"),
        ("diameter_mm = 4.0", "diameter_mm = 4.0\ncolour = 1", "layout.unknown_key"),
    ],
)
def test_a_faulty_file_is_refused(tmp_path: Path, old: str, new: str, code: str) -> None:
    text = Path("layouts/forms/mihara.toml").read_text(encoding="utf-8") + FREE
    assert old in FREE
    file = tmp_path / "wrong.toml"
    file.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(ProblemError) as refused:
        load_layout(file)
    assert code in {p.code for p in refused.value.problems}
