"""The stress test of a designed form before it is printed: how much of each defect its code bears, with everything that stands around it.

In: the code's surroundings as pdfium draws them, and the intended modules. Out: reads by defect, strength and reader, the limits, pictures.
Simulated, so the strengths compare designs with one another; they are no promise about a press. Same input, same result.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2

from slips.proof.curve import linear
from slips.proof.expected import SymbolPlace
from slips.proof.grid import locate
from slips.proof.ladder import says
from slips.proof.measure import codewords_left
from slips.proof.render import Frame, Page, open_document
from slips.proof.sampling import Modules
from slips.proof.scan import Pixels
from slips.proof.simulate.defects import DEFECTS, Defect
from slips.proof.simulate.matrix import READERS, heard
from slips.proof.simulate.printscan import CLEAN, scan
from slips.proof.simulate.sheet import FINE_DPI, Sheet, picture_sheet
from slips.proof.wechat import WeChat

USUAL = (
    "blur",
    "defocus",
    "gain",
    "loss",
    "contrast",
    "screen",
    "streak",
    "fold",
    "stamp",
    "scrape",
    "jpeg",
    "copy",
)
AROUND_MODULES = 16
SCAN_DPI = 300
SEEDS = 3
NOTHING_LEFT = 8 - 43
"""Where not even the grid is found."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Step:
    """One strength of one defect: of `tries` crops, how many each reader read, how many were misread, and what the grid says."""

    strength: float
    tries: int
    read: tuple[int, ...]
    """By reader, in the order of `READERS`."""
    misread: int
    left: int
    """Codewords left of 8 in the worst of the crops; -35 where no grid was found."""
    picture: bytes
    """PNG of the first crop."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Row:
    """A defect with its six steps, from mild to severe."""

    defect: Defect
    steps: tuple[Step, ...]

    def bears(self, reader: str) -> float | None:
        """The last strength up to which every crop was read; None where the mildest was too much."""
        number, last = READERS.index(reader), None
        for step in self.steps:
            if step.read[number] < step.tries:
                return last
            last = step.strength
        return last


@dataclass(frozen=True, eq=False, kw_only=True)
class Stress:
    """The whole test."""

    title: str
    dpi: int
    pixels_a_module: float
    clean: Step
    rows: tuple[Row, ...]

    @property
    def misread(self) -> int:
        return self.clean.misread + sum(step.misread for row in self.rows for step in row.steps)


def surroundings(page: Page, place: SymbolPlace) -> Sheet:
    """The code of a page with 16 modules of what stands around it, as ink at 1200 dpi."""
    module = max(1, round(place.pitch_mm / 25.4 * FINE_DPI))
    side, margin, side_mm = module * 41, module * AROUND_MODULES, place.pitch_mm * 41
    picture = page.picture(Frame(place.x_mm, place.y_mm, side_mm, side_mm, side, side, margin, margin))
    exact = place.pitch_mm / 25.4 * FINE_DPI
    return picture_sheet(
        picture.copy(),
        picture_dpi=FINE_DPI * module / exact,
        left=margin,
        top=margin,
        module=module,
        modules=41,
    )


def stress_file(
    path: Path,
    *,
    place: SymbolPlace,
    intended: Modules,
    title: str,
    page: int = 1,
    dpi: int = SCAN_DPI,
    defects: Sequence[str] = USUAL,
    seeds: int = SEEDS,
) -> Stress:
    """The test for the code at `place` on a page of a PDF. Raises `render.UnreadableError`, or OSError."""
    with open_document(path) as document, document.pages(page - 1, page) as (opened,):
        sheet = surroundings(opened, place)
    return stress(sheet, intended=intended, title=title, dpi=dpi, defects=defects, seeds=seeds)


def stress(
    sheet: Sheet,
    *,
    intended: Modules,
    title: str,
    dpi: int = SCAN_DPI,
    defects: Sequence[str] = USUAL,
    seeds: int = SEEDS,
) -> Stress:
    """Print and scan the sheet with each defect in six strengths, `seeds` times each, and read it by every voice."""
    with WeChat() as wechat:
        clean = _step(sheet, intended, wechat, defect=CLEAN, strength=0.0, dpi=dpi, seeds=seeds)
        rows = tuple(
            Row(
                defect=DEFECTS[name],
                steps=tuple(
                    _step(sheet, intended, wechat, defect=name, strength=strength, dpi=dpi, seeds=seeds)
                    for strength in DEFECTS[name].strengths
                ),
            )
            for name in defects
        )
    return Stress(title=title, dpi=dpi, pixels_a_module=sheet.module * dpi / FINE_DPI, clean=clean, rows=rows)


def _step(
    sheet: Sheet, intended: Modules, wechat: WeChat, *, defect: str, strength: float, dpi: int, seeds: int
) -> Step:
    shots = [
        scan(
            sheet,
            dpi=dpi,
            defect=defect,
            strength=strength,
            seed=zlib.crc32(f"{defect}/{strength}/{k}".encode()),
        )
        for k in range(seeds)
    ]
    said = [heard(shot.grey, wechat=wechat, guess=shot.flat) for shot in shots]
    contents = {content for one in said for each in one.values() for content in each}
    right = frozenset(content for content in contents if says(content, intended))
    grids = [(shot, locate(shot.grey, intended, shot.flat)) for shot in shots]
    return Step(
        strength=strength,
        tries=seeds,
        read=tuple(sum(not right.isdisjoint(one[reader]) for one in said) for reader in READERS),
        misread=sum(any(content not in right for each in one.values() for content in each) for one in said),
        left=min(
            NOTHING_LEFT if grid is None else codewords_left(shot.grey, grid, intended, linear())
            for shot, grid in grids
        ),
        picture=png(shots[0].grey),
    )


def png(grey: Pixels) -> bytes:
    """A picture as PNG."""
    _, coded = cv2.imencode(".png", grey)
    return bytes(coded)
