"""Reading a form: what the loader makes of a file, and every fault of a file that it must name."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from elqr.problems import ProblemError
from slips.form import FitStep
from slips.layout import layout_names, load_layout

SMALL = """
id = "small"
version = "1"
title = { ja = "小", en = "small" }

[page]
width_mm = 100.0
height_mm = 50.8

[press]
dpi = 600
pitch_dots = 8
bar_dots = 4

[sizes]
body_min_pt = 10.5
note_min_pt = 9.0

[[part]]
id = "left"
title = "part.receipt"
x_mm = 0.0
y_mm = 0.0
w_mm = 50.0
h_mm = 50.8

[[part]]
id = "right"
title = "part.slip"
x_mm = 50.0
y_mm = 0.0
w_mm = 50.0
h_mm = 50.8

[style.row]
kind = "field"
x_mm = 20.0
w_mm = 20.0
h_mm = 6.0
size_pt = 10.5
label_x_mm = 5.0
label_w_mm = 14.0

[[box]]
id = "name"
parts = ["right"]
kind = "heading"
x_mm = 5.0
y_mm = 5.0
w_mm = 30.0
h_mm = 6.0

[[box]]
id = "amount"
parts = ["left", "right"]
style = "row"
value = "amount_yen"
label = "row.amount"
y_mm = 12.0
align = "right"
fit = ["size:9", "condense:85", "lines:2"]

[[line]]
parts = ["left", "right"]
x1_mm = 5.0
y1_mm = 20.0
x2_mm = 40.0
y2_mm = 20.0
repeat = 3
step_mm = 6.0
"""


@pytest.fixture
def write(tmp_path: Path) -> Iterator[object]:
    def put(text: str) -> Path:
        path = tmp_path / "small.toml"
        path.write_text(text, encoding="utf-8")
        return path

    yield put


def faults(path: Path) -> list[tuple[str, str]]:
    with pytest.raises(ProblemError) as caught:
        load_layout(path)
    return [(p.code, p.field) for p in caught.value.problems]


def test_boxes_stand_in_page_coordinates_part_by_part(write) -> None:
    layout = load_layout(write(SMALL))
    assert [b.name for b in layout.boxes] == ["left.amount", "right.name", "right.amount"]
    left, name, right = layout.boxes
    assert (left.x_mm, left.y_mm, left.label_x_mm, left.label_y_mm) == (20.0, 12.0, 5.0, 12.0)
    assert (right.x_mm, right.y_mm, right.label_x_mm, right.label_y_mm) == (70.0, 12.0, 55.0, 12.0)
    assert name.text == "part.slip", "a heading without text says the name of its part"
    assert name.role == "H2"
    assert right.fit == (FitStep("size", 9.0), FitStep("condense", 85.0), FitStep("lines", 2.0))
    assert [str(step) for step in right.fit] == ["size:9", "condense:85", "lines:2"]


def test_a_line_repeats_downwards_in_each_of_its_parts(write) -> None:
    lines = load_layout(write(SMALL)).lines
    assert [(n.x1_mm, n.y1_mm) for n in lines] == [
        *((5.0, y) for y in (20.0, 26.0, 32.0)),
        *((55.0, y) for y in (20.0, 26.0, 32.0)),
    ]


def test_the_hash_is_of_the_bytes_of_the_file(write) -> None:
    path = write(SMALL)
    assert load_layout(path).sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_codes_know_their_own_size(write) -> None:
    codes = """
[[box]]
id = "qr"
parts = ["left"]
kind = "qr"
alt = "qr.alt"
x_mm = 5.0
y_mm = 30.0

[[box]]
id = "bars"
parts = ["right"]
kind = "gs1_128"
alt = "barcode.alt"
x_mm = 1.0
y_mm = 30.0
h_mm = 10.0

[[box]]
id = "customer"
parts = ["left"]
kind = "customer_barcode"
x_mm = 1.0
y_mm = 20.0
size_pt = 10.0
"""
    by_id = {b.id: b for b in load_layout(write(SMALL + codes)).boxes}
    assert (
        by_id["qr"].w_mm == by_id["qr"].h_mm == pytest.approx(41 * 8 * 25.4 / 600)
    )  # elqr-format 3: 13.9 mm
    assert by_id["bars"].w_mm == pytest.approx(288 * 4 * 25.4 / 600)
    # Japan Post: 67 bars and 66 gaps of 0.6 mm, long bar 3.6 mm at 10 points
    assert (by_id["customer"].w_mm, by_id["customer"].h_mm) == (pytest.approx(79.8), pytest.approx(3.6))


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('version = "1"', 'version = "1"\ncolour = "red"', [("layout.unknown_key", "colour")]),
        ("y_mm = 12.0", "y_mm = 12.0\nhight = 3", [("layout.unknown_key", "box amount.hight")]),
        ("[press]\ndpi = 600", "[press]\ndpi = 600\ndots = 3", [("layout.unknown_key", "press.dots")]),
        ("width_mm = 100.0\n", "", [("layout.missing_key", "page.width_mm")]),
        ('value = "amount_yen"\n', "", [("layout.missing_key", "box amount.value")]),
        ("width_mm = 100.0", 'width_mm = "100"', [("layout.wrong_type", "page.width_mm")]),
        ("dpi = 600", "dpi = 600.5", [("layout.wrong_type", "press.dpi")]),
        ("dpi = 600", "dpi = true", [("layout.wrong_type", "press.dpi")]),
        ("width_mm = 100.0", "width_mm = nan", [("layout.not_toml", "")]),
        ("width_mm = 100.0", "width_mm = inf", [("layout.not_toml", "")]),
        ('parts = ["right"]', 'parts = "right"', [("layout.wrong_type", "box name.parts")]),
        ('kind = "heading"', 'kind = "headline"', [("layout.bad_value", "box name.kind")]),
        ('align = "right"', 'align = "far"', [("layout.bad_value", "box amount.align")]),
        ('"lines:2"', '"smaller"', [("layout.bad_value", "box amount.fit")]),
        ('"condense:85"', '"condense:0"', [("layout.bad_value", "box amount.fit")]),
        ('"condense:85"', '"condense:85.5"', [("layout.bad_value", "box amount.fit")]),
        ('"size:9"', '"size:²"', [("layout.bad_value", "box amount.fit")]),
        ('"lines:2"', '"lines:0"', [("layout.bad_value", "box amount.fit")]),
        ('id = "left"', 'id = "left"\nslot = 0', [("layout.bad_value", "slips_per_page")]),
        ("repeat = 3", "repeat = 0", [("layout.bad_value", "line 1.repeat")]),
        ('style = "row"', 'style = "rows"', [("layout.bad_value", "box amount.style")]),
        ('parts = ["right"]', 'parts = ["middle"]', [("layout.unknown_part", "box name.parts")]),
        ('id = "name"\nparts = ["right"]', 'id = "amount"\nparts = ["right"]', [("layout.duplicate_id", "box right.amount")]),
        ('id = "right"', 'id = "left"', [("layout.duplicate_id", "part left")]),
    ],
)  # fmt: skip
def test_each_fault_of_a_file_is_named(write, old: str, new: str, expected: list[tuple[str, str]]) -> None:
    assert old in SMALL
    found = faults(write(SMALL.replace(old, new, 1)))
    assert [f for f in found if f in expected] == expected, found


@pytest.mark.parametrize("key", ["label", "text"])
def test_words_of_a_table_are_those_of_its_columns(write, key: str) -> None:
    """A label was tagged as the heading of the first column, and each heading as that of the next: a due date was read as an amount."""
    table = """
[[box]]
id = "list"
parts = ["left"]
kind = "table"
x_mm = 5.0
y_mm = 30.0
w_mm = 20.0
h_mm = 12.0
head_h_mm = 6.0
row_h_mm = 6.0
rows = 1
columns = [{ value = "inst_due", label = "table.due_date", w_mm = 20.0 }]
label_x_mm = 1.0
label_w_mm = 4.0
"""
    load_layout(write(SMALL + table))
    assert faults(write(f'{SMALL}{table}{key} = "table.period"\n')) == [
        ("layout.bad_value", f"box list.{key}")
    ]


def test_all_faults_of_a_file_are_told_at_once(write) -> None:
    text = SMALL.replace("dpi = 600", "dpi = 0").replace('align = "right"', "align = 3\nodd = 1")
    codes = {code for code, _ in faults(write(text))}
    assert codes == {"layout.bad_value", "layout.wrong_type", "layout.unknown_key"}


def test_messages_name_file_place_found_and_expected(write) -> None:
    with pytest.raises(ProblemError) as caught:
        load_layout(write(SMALL.replace('align = "right"', 'align = "far"')))
    (problem,) = caught.value.problems
    for lang in ("ja", "en"):
        text = problem.text(lang)
        assert all(
            word in text for word in ("small.toml", "box amount.align", "far", "left | center | right")
        )


def test_what_is_no_form_is_refused(tmp_path: Path) -> None:
    broken = tmp_path / "broken.toml"
    broken.write_bytes(b"id = \xff")
    assert faults(broken) == [("layout.not_toml", "")]
    broken.write_text("id = ", encoding="utf-8")
    assert faults(broken) == [("layout.not_toml", "")]
    assert faults(tmp_path / "absent.toml") == [("layout.not_found", "")]
    with pytest.raises(ProblemError) as caught:
        load_layout("mihra")
    assert all(name in str(caught.value) for name in ("layout.not_found", "mihra", *layout_names()))


def test_a_form_of_the_package_reads_the_same_by_name_and_by_path() -> None:
    from importlib.resources import files

    path = Path(str(files("layouts"))) / "forms" / "mihara.toml"
    assert load_layout("mihara") == load_layout(path) == load_layout(str(path))
