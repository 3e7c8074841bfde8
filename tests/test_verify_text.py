"""Printed figures are read from bad scans without a fault, and nothing is read where there is no text."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np
import numpy.typing as npt
import polars as pl
import printed_fields as paper
import pytest
from hypothesis import given
from hypothesis import strategies as st
from printed_fields import Scanner

from elqr.dates import to_wareki
from slips.fonts import load_fonts
from slips.proof.field_plan import field_rasters
from slips.proof.glyph_pictures import EM_PX, glyph_pictures
from slips.proof.glyph_text import GlyphReader
from slips.proof.text_forms import AMOUNT_DIGITS_MAX, amounts, english_days, form_like, wareki_days
from slips.proof.text_reading import MARGIN_MIN, Legibility, TextReading

FONTS = load_fonts(["gothic", "gothic-bold", "pgothic"])
READER = GlyphReader(FONTS)
AMOUNTS = (
    "1円",
    "80円",
    "680円",
    "3,806円",
    "12,300円",
    "88,898円",
    "111,111円",
    "2,345,678円",
    "90,000,000円",
    "606,880,905円",
    "12,345,678,901円",
)
DAYS = ("令和8年6月30日", "令和元年8月8日", "令和10年12月31日", "令和18年1月11日")
CASES = {
    ("mihara", "amount_yen"): AMOUNTS,
    ("a4_notice", "amount_yen"): AMOUNTS[3:8],
    ("a4_large", "amount_yen"): AMOUNTS[3:8],
    ("mihara", "due_date"): DAYS,
    ("a4_notice", "due_date"): DAYS,
    ("a4_notice", "payable_until"): DAYS,
    ("a4_large", "payable_until"): (*DAYS, "30 June 2026", "8 November 2028"),
}  # fmt: skip
# qr-verify.md §7: resolutions, noise, blur and JPEG at which every amount was read
SCANNERS = (
    Scanner(150), Scanner(200), Scanner(300), Scanner(300, 18, 1.0, 50), Scanner(300, 30, 1.4, 30), Scanner(400), Scanner(600),
    Scanner(150, 18, 0.6, 50), Scanner(200, 30, 1.0, 30),
)  # fmt: skip


@cache
def pictures(form: str, value: str, texts: Sequence[str]) -> list[npt.NDArray[np.uint8]]:
    with TemporaryDirectory() as folder:
        return paper.printed(*paper.form_box(form, value), texts, Path(folder))


def read(form: str, value: str, text: str, scanner: Scanner, *, seed: int = 1, like: str = "") -> TextReading:
    _, box = paper.form_box(form, value)
    texts = CASES[form, value] if text in CASES[form, value] else (text,)
    picture = pictures(form, value, texts)[texts.index(text)]
    grey, to_pixels = paper.scanned(picture, box, scanner, seed=seed)
    return READER.read(grey, to_pixels, box=box, form=form_like(like or text))


@pytest.mark.parametrize(
    ("case", "scanner"),
    [(("mihara", "amount_yen"), scanner) for scanner in SCANNERS]
    + [(case, scanner) for case in list(CASES)[1:] for scanner in (SCANNERS[0], SCANNERS[4])],
    ids=str,
)
def test_every_field_is_read_for_sure(case: tuple[str, str], scanner: Scanner) -> None:
    for seed, text in enumerate(CASES[case]):
        found = read(*case, text, scanner, seed=seed)
        assert found.says(text), (text, found)
        assert found.margin >= 1.5 * MARGIN_MIN, (text, found.margin)


@pytest.mark.parametrize("scanner", [Scanner(150), Scanner(300, 30, 1.4, 30)], ids=str)
def test_one_other_digit_is_never_taken_for_the_expected_amount(scanner: Scanner) -> None:
    expected = "86,335円"
    others = [
        expected[:k] + digit + expected[k + 1 :]
        for k, own in enumerate(expected) if own.isdigit()
        for digit in "0123456789" if digit != own
    ]  # fmt: skip
    _, box = paper.form_box("mihara", "amount_yen")
    for seed, (text, picture) in enumerate(
        zip(others, pictures("mihara", "amount_yen", tuple(others)), strict=True)
    ):
        grey, to_pixels = paper.scanned(picture, box, scanner, seed=seed)
        found = READER.read(grey, to_pixels, box=box, form=form_like(expected))
        assert not found.says(expected)
        assert found.says(text)


@pytest.mark.parametrize("dpi", [150, 300, 600])
@pytest.mark.parametrize("noise", [0, 6, 18, 30])
def test_a_blank_cell_is_blank_and_never_a_digit(dpi: int, noise: float) -> None:
    for seed in range(2):
        found = read("mihara", "amount_yen", "", Scanner(dpi, noise, jpeg=30), seed=seed, like="1円")
        assert found == TextReading(legibility=Legibility.BLANK)


def test_a_place_beside_the_picture_is_blank() -> None:
    _, box = paper.form_box("mihara", "amount_yen")
    away = np.array([[12.0, 0, 5000], [0, 12.0, 5000], [0, 0, 1]])
    found = READER.read(np.full((100, 100), 200, np.uint8), away, box=box, form=amounts())
    assert found.legibility is Legibility.BLANK


def spoilt(kind: str) -> npt.NDArray[np.uint8]:
    picture = pictures("mihara", "amount_yen", CASES["mihara", "amount_yen"])[
        AMOUNTS.index("12,300円")
    ].copy()
    height, width = picture.shape
    if kind == "a rule alone":
        picture[:] = 255
        picture[:, width // 2 : width // 2 + 10] = 0
    elif kind == "a black box":
        picture[height // 4 : -height // 4, width // 4 : -width // 4] = 0
    elif kind == "half wiped away":
        picture[: height // 2] = 255
    elif kind == "upside down":
        picture = np.ascontiguousarray(picture[::-1, ::-1])
    elif kind == "seen from behind":
        picture = np.ascontiguousarray(picture[:, ::-1])
    elif kind == "struck through":
        picture[height // 2 - 12 : height // 2 + 12] = 0
    elif kind == "other words":
        picture = pictures("mihara", "amount_yen", ("一部納付済",))[0].copy()
    elif kind == "soft as fog":
        picture = cv2.GaussianBlur(picture, (0, 0), 60)
    return picture


@pytest.mark.parametrize(
    "kind",
    ["a rule alone", "a black box", "half wiped away", "upside down", "seen from behind", "struck through", "other words", "soft as fog"],
)  # fmt: skip
def test_what_is_not_surely_a_text_is_shown_to_a_person(kind: str) -> None:
    _, box = paper.form_box("mihara", "amount_yen")
    for seed in range(3):
        grey, to_pixels = paper.scanned(spoilt(kind), box, Scanner(300), seed=seed)
        found = READER.read(grey, to_pixels, box=box, form=amounts())
        assert found.legibility is not Legibility.READ, (kind, found)


def test_a_screened_amount_still_reads() -> None:
    _, box = paper.form_box("mihara", "amount_yen")
    picture = pictures("mihara", "amount_yen", CASES["mihara", "amount_yen"])[
        AMOUNTS.index("12,300円")
    ].copy()
    y, x = np.indices(picture.shape)
    picture[(x // 7 + y // 7) % 2 == 0] = 255
    grey, to_pixels = paper.scanned(picture, box, Scanner(300), seed=1)
    assert READER.read(grey, to_pixels, box=box, form=amounts()).says("12,300円")


def test_a_digit_with_a_white_streak_through_it_is_no_other_digit() -> None:
    """8 without its left side is a 3: neither may be read for sure, as the other characters show what a sound one looks like."""
    _, box = paper.form_box("mihara", "amount_yen")
    picture = pictures("mihara", "amount_yen", CASES["mihara", "amount_yen"])[AMOUNTS.index("88,898円")]
    dark = np.flatnonzero((picture < 128)[200:-200].any(0))
    for at in range(dark[0], dark[0] + 100, 5):
        spoilt = picture.copy()
        spoilt[:, at : at + 14] = 255
        grey, to_pixels = paper.scanned(spoilt, box, Scanner(300), seed=at)
        found = READER.read(grey, to_pixels, box=box, form=amounts())
        assert found.legibility is not Legibility.READ or found.says("88,898円"), (at, found)


def test_a_digit_that_lacks_is_no_shorter_amount() -> None:
    """A wiped first digit leaves an amount that reads well: it must read as what is there, not as what was meant."""
    _, box = paper.form_box("mihara", "amount_yen")
    picture = pictures("mihara", "amount_yen", CASES["mihara", "amount_yen"])[
        AMOUNTS.index("12,300円")
    ].copy()
    dark = np.flatnonzero((picture < 128)[200:-200].any(0))
    picture[:, : dark[0] + 60] = 255
    grey, to_pixels = paper.scanned(picture, box, Scanner(300), seed=1)
    found = READER.read(grey, to_pixels, box=box, form=amounts())
    assert not found.says("12,300円")


def test_the_reading_tells_how_far_the_line_stands_off() -> None:
    _, box = paper.form_box("mihara", "amount_yen")
    picture = pictures("mihara", "amount_yen", CASES["mihara", "amount_yen"])[4]
    grey, to_pixels = paper.scanned(picture, box, Scanner(300), seed=3, off_mm=0.0)
    moved = to_pixels.copy()
    moved[:2, 2] -= to_pixels[:2, :2] @ [
        0.25,
        0.0,
    ]  # the page is thought to lie 0.25 mm further left than it does
    found = READER.read(grey, moved, box=box, form=amounts())
    assert found.says("12,300円")
    assert found.dx_mm == pytest.approx(0.25, abs=0.2)


def test_reading_is_the_same_every_time() -> None:
    assert read("mihara", "due_date", DAYS[0], Scanner(300)) == read(
        "mihara", "due_date", DAYS[0], Scanner(300)
    )


# --- patterns and pictures --------------------------------------------------------------------------


@given(st.integers(0, 10**AMOUNT_DIGITS_MAX - 1))
def test_every_amount_has_one_pattern(yen: int) -> None:
    text = f"{yen:,}円"
    masked = "".join("0" if c.isdigit() else c for c in text)
    assert form_like(text) == amounts()
    assert amounts().patterns.count(masked) == 1


@given(st.dates(min_value=dt.date(2019, 5, 1), max_value=dt.date(2117, 12, 31)))
def test_every_day_of_the_era_has_one_pattern(day: dt.date) -> None:
    text = to_wareki(pl.Series([day]))[0]
    masked = "".join("0" if c.isdigit() else c for c in text)
    assert form_like(text) == wareki_days()
    assert wareki_days().patterns.count(masked) == 1


def test_forms_follow_the_wording() -> None:
    assert form_like("¥12,300") == amounts(before="¥", after="")
    assert form_like("30 June 2026") == english_days()
    assert form_like("000123").patterns == ("000000",)
    assert form_like("0000 2026 0102").patterns == ("0000 0000 0000",)
    with pytest.raises(ValueError, match="digits"):
        form_like("全期")


def test_fields_that_cannot_be_read_are_refused() -> None:
    _, box = paper.form_box("mihara", "amount_yen")
    with pytest.raises(ValueError, match="differ in width"):
        field_rasters(replace(box, font="pgothic"), form=amounts(), fonts=FONTS)
    with pytest.raises(ValueError, match="none of the patterns"):
        field_rasters(replace(box, w_mm=8.0, fit=()), form=amounts(), fonts=FONTS)
    with pytest.raises(ValueError, match="no glyph"):
        glyph_pictures(FONTS.faces["gothic"], "\ue000")


def test_glyphs_have_ink_where_they_should() -> None:
    zero, one, comma = glyph_pictures(FONTS.faces["gothic-bold"], "01,")
    assert zero.shape == (EM_PX, EM_PX // 2)
    assert zero[EM_PX // 2, EM_PX // 4] < 0.2  # a hole
    assert zero.max() > 0.8  # within a ring
    assert one[EM_PX // 2, 5:11].max() > 0.9
    assert comma[: EM_PX // 2].max() == 0
