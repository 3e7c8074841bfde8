"""A picture of each finding: the finished page, cut to the boxes that it is about, with these outlined.

In: a form, its sheets, a finding. Out: RGB pixels, or PNG files in a folder. A form that cannot be printed shows its bare boxes. The outline
is red with a white edge, so that it stands out on black as on white. Refuses (ProblemError) a folder that cannot be written.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from slips.form import Layout
from slips.lint.subject import Finding, Sheet
from slips.outfiles import replacing, telling_disk_errors
from slips.png import png
from slips.rect import Rect

MARGIN_MM = 8.0
SIZE_MIN_MM = (80.0, 40.0)
"""Enough of the form around a small box to see where it stands."""
RED, WHITE, GREY = (208, 0, 0), (255, 255, 255), (150, 150, 150)
BARE_DPI = 150.0

Pixels = npt.NDArray[np.uint8]


def write_pictures(
    out: Path, layout: Layout, sheets: Sequence[Sheet], findings: Sequence[Finding]
) -> list[str]:
    """One PNG a finding into `out`; the names in the order of the findings, empty for a finding without a place."""
    with telling_disk_errors(out):
        out.mkdir(parents=True, exist_ok=True)
    names = []
    for number, finding in enumerate(findings, 1):
        if not finding.places:
            names.append("")
            continue
        name = f"{number:03d}-{finding.rule.id}-{_safe(finding.boxes[0])}.png"
        sheet = sheet_for(layout, sheets, finding)
        with replacing(out / name) as file:
            file.write(png(picture(layout, sheet, finding.places), dpi=sheet.dpi))
        names.append(name)
    return names


def _safe(name: str) -> str:
    return "".join(c if c.isalnum() or c in "._-" else "_" for c in name)


def sheet_for(layout: Layout, sheets: Sequence[Sheet], finding: Finding) -> Sheet:
    """The first sheet that shows all boxes of a finding, else the one that shows most of them; the bare form where there is none."""
    if not sheets:
        return bare(layout)
    names = {name.removesuffix(" (label)") for name in finding.boxes}
    boxes = [box for box in layout.boxes if box.name in names]
    return max(sheets, key=lambda sheet: sum(box.stands(sheet.whens) for box in boxes))


def picture(layout: Layout, sheet: Sheet, places: Sequence[Rect]) -> Pixels:
    """The part of a page around some places, each outlined."""
    pixels = sheet.pixels.copy()
    for place in places:
        outline(pixels, place, dpi=sheet.dpi, colour=WHITE, width=5)
        outline(pixels, place, dpi=sheet.dpi, colour=RED, width=3)
    left, top, right, bottom = _pixels(_around(layout, places), sheet.dpi)
    cut = pixels[max(0, top) : max(1, bottom), max(0, left) : max(1, right)]
    return np.ascontiguousarray(cut if cut.size else pixels)


def _around(layout: Layout, places: Sequence[Rect]) -> Rect:
    x, y = min(p.x_mm for p in places), min(p.y_mm for p in places)
    right, bottom = max(p.right_mm for p in places), max(p.bottom_mm for p in places)
    across = max(MARGIN_MM, (SIZE_MIN_MM[0] - (right - x)) / 2)
    down = max(MARGIN_MM, (SIZE_MIN_MM[1] - (bottom - y)) / 2)
    return Rect(
        max(0.0, min(x, layout.page_w_mm) - across),
        max(0.0, min(y, layout.page_h_mm) - down),
        right - x + 2 * across,
        bottom - y + 2 * down,
    )


def bare(layout: Layout) -> Sheet:
    """The form without words: tints, and boxes as grey outlines."""
    scale = BARE_DPI / 25.4
    size = (max(1, round(layout.page_h_mm * scale)), max(1, round(layout.page_w_mm * scale)), 3)
    pixels = np.full(size, 255, np.uint8)
    for tint in layout.tints:
        left, top, right, bottom = (max(0, v) for v in _pixels(tint.rect, BARE_DPI))
        pixels[top:bottom, left:right] = min(255, round(tint.grey * 255))
    for box in layout.boxes:
        outline(pixels, box.rect, dpi=BARE_DPI, colour=GREY, width=1)
    return Sheet(pixels, BARE_DPI, "", frozenset(box.condition for box in layout.boxes))


def outline(pixels: Pixels, rect: Rect, *, dpi: float, colour: tuple[int, int, int], width: int) -> None:
    """Draw a rectangle of the page into its pixels, centred on its edge; what lies outside is cut off."""
    left, top, right, bottom = _pixels(rect, dpi)
    half = width // 2
    for y in (top, bottom):
        pixels[max(0, y - half) : max(0, y + half + 1), max(0, left - half) : max(0, right + half + 1)] = (
            colour
        )
    for x in (left, right):
        pixels[max(0, top - half) : max(0, bottom + half + 1), max(0, x - half) : max(0, x + half + 1)] = (
            colour
        )


def _pixels(rect: Rect, dpi: float) -> tuple[int, int, int, int]:
    """left, top, right, bottom in pixels."""
    scale = dpi / 25.4
    return (
        round(rect.x_mm * scale),
        round(rect.y_mm * scale),
        round(rect.right_mm * scale),
        round(rect.bottom_mm * scale),
    )
