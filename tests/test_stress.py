"""The pre-press test: a form's real page under simulated defects; limits that move the right way, files that are whole."""

from __future__ import annotations

import csv
import io
import re
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from elqr.site import Site
from slips.layout import load_layout
from slips.preview import preview_values, write_preview
from slips.proof.expected import SymbolPlace
from slips.proof.intended_modules import modules_of
from slips.proof.render import UnreadableError
from slips.proof.simulate.matrix import CASCADE, COMBINED, PITCH_MM, READERS, SINGLE
from slips.proof.simulate.sheet import Sheet, picture_sheet, symbol_sheet
from slips.proof.stress import NOTHING_LEFT, Stress, stress, stress_file
from slips.proof.stress_report import stress_csv, stress_html

DIGITS = bytes(48 + (7 * k * k + k // 5) % 10 for k in range(255))


@cache
def sheet() -> Sheet:
    return symbol_sheet(modules_of(DIGITS), pitch_mm=PITCH_MM)


@cache
def result() -> Stress:
    return stress(
        sheet(), intended=modules_of(DIGITS), title="<様式>", defects=("gain", "screen", "blur"), seeds=1
    )


def test_limits_are_told_by_reader_and_never_fall_from_one_to_the_next() -> None:
    gain, screen, blur = result().rows
    assert gain.bears(CASCADE) == 0.36 and gain.bears(SINGLE) in (0.20, 0.25, 0.30)
    assert screen.bears(SINGLE) is None and screen.bears(CASCADE) is not None
    assert blur.bears(COMBINED) in (0.35, 0.45, 0.55)
    assert result().misread == 0 and result().clean.read == (1, 1, 1, 1) and result().clean.left == 8
    left = [step.left for step in blur.steps]
    assert left[0] == 8 and left == sorted(left, reverse=True) and left[-1] >= NOTHING_LEFT


def test_the_same_test_gives_the_same_bytes() -> None:
    again = stress(sheet(), intended=modules_of(DIGITS), title="<様式>", defects=("gain",), seeds=1)
    first = [step.picture for step in result().rows[0].steps]
    assert [step.picture for step in again.rows[0].steps] == first
    assert all(picture.startswith(b"\x89PNG") for picture in first)


def test_other_digits_are_a_misread() -> None:
    """The sheet carries another payload than intended: every reading counts against it, none for it."""
    other = modules_of(bytes([DIGITS[0] ^ 1]) + DIGITS[1:])
    found = stress(sheet(), intended=other, title="x", defects=(), seeds=2)
    assert found.misread == 2 and found.clean.read == (0, 0, 0, 0) and found.clean.left < 0


def test_the_table_has_a_row_a_step() -> None:
    rows = list(csv.DictReader(io.StringIO(stress_csv(result()).decode("utf-8-sig"))))
    assert len(rows) == 18 and rows[0]["defect"] == "gain" and rows[0]["ja"] == "太り"
    assert {row["misread"] for row in rows} == {"0"}
    assert all(int(row[SINGLE]) <= int(row[CASCADE]) <= int(row[COMBINED]) <= 1 for row in rows)
    assert set(READERS) <= set(rows[0])


def test_the_page_is_one_file_without_anything_from_outside() -> None:
    page = stress_html(result()).decode()
    assert "&lt;様式&gt;" in page and "<様式>" not in page and "<script" not in page
    assert len(re.findall(r"<img alt='[^']+' src='data:image/png;base64,", page)) == 18
    assert "誤読 0 件" in page and re.search(r"https?://", page) is None
    assert stress_html(result()) == stress_html(result())


def test_a_picture_of_a_page_becomes_a_sheet_at_its_own_scale() -> None:
    """Drawn at 600 dpi, eight pixels a module, and tested at 1200: the same symbol as made from its modules."""
    modules = modules_of(DIGITS)
    drawn = np.kron(np.pad(1 - modules, 10, constant_values=1), np.full((8, 8), 255, np.uint8)).astype(
        np.uint8
    )
    found = picture_sheet(drawn, picture_dpi=600, left=80, top=80, module=8, modules=41)
    assert (found.left, found.top, found.module) == (160.0, 160.0, 16.0)
    middles = found.ink[168::16, 168::16][:41, :41]
    assert ((middles > 0.5) == (modules == 1)).all()


def test_a_form_is_tested_with_what_stands_around_its_code(tmp_path: Path) -> None:
    layout = load_layout("mihara")
    page = tmp_path / "page.pdf"
    write_preview("mihara", out=page)
    digits = preview_values("ja", layout=layout, office=Site.unknown())["payload"][0].encode()
    box = next(box for box in layout.boxes if box.kind == "qr")
    left, bottom = layout.origin_dots(box)
    y_mm = layout.page_h_mm - bottom * layout.dot_mm - layout.qr_side_mm
    found = stress_file(
        page,
        place=SymbolPlace(left * layout.dot_mm, y_mm, layout.qr_pitch_mm),
        intended=modules_of(digits),
        title="mihara",
        defects=("gain",),
        seeds=1,
    )
    assert found.clean.left == 8 and found.clean.read == (1, 1, 1, 1) and found.misread == 0
    assert found.rows[0].bears(CASCADE) is not None


def test_a_file_that_is_no_pdf_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.pdf").write_bytes(b"no PDF")
    with pytest.raises(UnreadableError):
        stress_file(tmp_path / "x.pdf", place=SymbolPlace(0, 0, 0.3), intended=modules_of(DIGITS), title="x")
