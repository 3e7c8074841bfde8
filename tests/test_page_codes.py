"""Other codes on a page: near the slip's own, far from it, and those of slips that share the page."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from elqr import symbols
from slips.proof import plane
from slips.proof.book import Book, read_book
from slips.proof.page_codes import other_codes
from slips.proof.plane import Points
from slips.proof.scan import Pixels, Scan
from slips.proof.simulate.matrix import PITCH_MM as MATRIX_PITCH_MM
from slips.proof.simulate.matrix import Case, payload_of, shot_of
from tests.writer_rows import PAYLOAD

PX, PITCH_MM = 6, 0.508
"""Pixels a module at 300 dpi, and what it measures."""
SIDE = symbols.SIZE * PX
FOLDED = Case(defect="fold", severity=1, dpi=300, seed=1)
SOFT = Case(defect="blur", severity=3, dpi=300, seed=0)
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


@pytest.mark.parametrize(("case", "top"), [(FOLDED, 451), (SOFT, 450)])
def test_a_second_code_that_is_not_perfect_is_seen_at_300_dpi(case: Case, top: int) -> None:
    """At half its size, two pixels a module, nobody read it, and its sheet passed. In full size it is read."""
    own, other = (shot_of(replace(case, defect="clean", severity=0)), shot_of(case))
    grey = np.full((700, 500), 230, np.uint8)
    for at, shot in ((100, own), (top, other)):
        grey[at : at + shot.grey.shape[0], 100 : 100 + shot.grey.shape[1]] = shot.grey
    assert own.map is not None
    place = plane.moved(np.array([(0.0, 0.0), (41.0, 0.0), (41.0, 41.0), (0.0, 41.0)]), own.map) + 100
    found = other_codes(Scan(source="a.png", page=1, grey=grey, dpi=300), place, pitch_mm=MATRIX_PITCH_MM)
    assert [one.content for one in (*found.near, *found.far)] == [payload_of(case)]


def test_the_slips_own_code_is_no_other() -> None:
    found = other_codes(page(), corners(OWN), pitch_mm=PITCH_MM)
    assert found.near == found.far == ()


def test_slips_of_one_page_are_mates(printed_job: Path) -> None:
    book, _ = read_book(printed_job / "manifest.parquet")
    assert book.page_mates(3) == frozenset()
    two = book.rows.with_columns(page=(pl.int_range(pl.len()) // 2) + 1)
    shared: Book = replace(book, rows=two)
    assert shared.page_mates(2) == {3} and shared.page_mates(3) == {2} and shared.page_mates(0) == {1}
