"""Other codes on a page: near the slip's own, far from it, and those of slips that share the page."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from elqr import symbols
from slips.proof.book import Book, read_book
from slips.proof.page_codes import other_codes
from slips.proof.plane import Points
from slips.proof.scan import Pixels, Scan
from tests.writer_rows import PAYLOAD

PX, PITCH_MM = 6, 0.508
"""Pixels a module at 300 dpi, and what it measures."""
SIDE = symbols.SIZE * PX
OWN = (300, 300)


def symbol(digits: str) -> Pixels:
    payload = np.frombuffer(digits.encode(), np.uint8)[None]
    modules = symbols.unpack(symbols.encode(payload))[0]
    return np.kron(255 - 255 * modules, np.ones((PX, PX), np.uint8)).astype(np.uint8)


def page(*places: tuple[int, int], px: int = PX) -> Scan:
    """The slip's own code, and others at these places, a digit apart each."""
    grey = np.full((1800, 1400), 245, np.uint8)
    for number, (x, y) in enumerate((OWN, *places)):
        grey[y : y + SIDE, x : x + SIDE] = symbol(PAYLOAD[:-1] + str(number))
    if px != PX:
        grey = np.ascontiguousarray(grey[:: PX // px, :: PX // px])
    return Scan(source="a.png", page=1, grey=grey, dpi=300)


def corners(at: tuple[int, int], px: int = PX) -> Points:
    square = np.array([(0, 0), (SIDE, 0), (SIDE, SIDE), (0, SIDE)], np.float64)
    return (square + at) * (px / PX) - 0.5


@pytest.mark.parametrize("px", [6, 3])
def test_codes_are_told_by_how_near_they_stand(px: int) -> None:
    """9 mm are 106 pixels at 300 dpi. Where modules are small the page is read in full size."""
    scan = page((OWN[0] + SIDE + 90, OWN[1]), (900, 1400), px=px)
    found = other_codes(scan, corners(OWN, px), pitch_mm=PITCH_MM)
    assert [one.content.decode()[-1] for one in found.near] == ["1"]
    assert [one.content.decode()[-1] for one in found.far] == ["2"]
    assert np.abs(found.far[0].corners - corners((900, 1400), px)).max() <= 3


@pytest.mark.parametrize("quarter", [1, 2, 3])
def test_a_code_that_lies_on_its_side_is_seen(quarter: int) -> None:
    scan = page((900, 1400))
    code = scan.grey[1400 : 1400 + SIDE, 900 : 900 + SIDE]
    scan.grey[1400 : 1400 + SIDE, 900 : 900 + SIDE] = np.rot90(code, quarter).copy()
    assert len(other_codes(scan, corners(OWN), pitch_mm=PITCH_MM).far) == 1


def test_the_slips_own_code_is_no_other() -> None:
    found = other_codes(page(), corners(OWN), pitch_mm=PITCH_MM)
    assert found.near == found.far == ()


def test_slips_of_one_page_are_mates(printed_job: Path) -> None:
    book, _ = read_book(printed_job / "manifest.parquet")
    assert book.page_mates(3) == frozenset()
    two = book.rows.with_columns(page=(pl.int_range(pl.len()) // 2) + 1)
    shared: Book = replace(book, rows=two)
    assert shared.page_mates(2) == {3} and shared.page_mates(3) == {2} and shared.page_mates(0) == {1}
