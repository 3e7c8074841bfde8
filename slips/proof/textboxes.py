"""The text in some boxes of every page, without laying out the text of whole pages where that can be avoided.

In: a page and what its boxes should say. Out: what they say. Pages of one form are alike: where the text objects of the boxes are
known from an earlier page, only these are lifted off and read, and what is left in the boxes must look as it did there, pixel by
pixel, so nothing else may have got in. Whatever is not exactly so is read anew from the whole text layer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from slips.proof.expected import Area
from slips.proof.render import Document, Frame, Page

PIXELS_PER_MM = 3


@dataclass(frozen=True)
class Strip:
    """Boxes that stand side by side, pictured at once: a picture costs a walk over the whole page. `windows`: columns of each."""

    frame: Frame
    windows: tuple[slice, ...]


@dataclass(frozen=True)
class Known:
    """Where the boxes' text stood on an earlier page, and what was left in the boxes without it."""

    numbers: tuple[int, ...]
    strips: tuple[Strip, ...]
    left_over: tuple[bytes, ...]


class TextBoxes:
    """Reads the boxes of one file's pages; remembers the shapes of pages it has seen."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._known: dict[tuple[tuple[Area, ...], int], Known] = {}

    def read(self, index: int, page: Page, areas: Sequence[Area], wanted: Sequence[str]) -> list[str]:
        """The text in each area of `page` (the `index`-th); the page has lost objects afterwards.

        `wanted` decides only how it is read: what is given back was read in any case.
        """
        if not areas:
            return []
        shape = (tuple(areas), page.object_count)
        known = self._known.get(shape)
        if known is not None:
            texts = page.lift(known.numbers, areas)
            if agree(texts, wanted) and _pictures(page, known.strips) == known.left_over:
                return texts
        with self._document.pages(index, index + 1) as (whole,):
            texts = whole.texts(areas)
            if agree(texts, wanted):
                self._learn(shape, whole, areas, wanted)
        return texts

    def _learn(
        self, shape: tuple[tuple[Area, ...], int], page: Page, areas: Sequence[Area], wanted: Sequence[str]
    ) -> None:
        """Remember a page that is right, if lifting its objects gives the same text."""
        numbers = page.touching(areas)
        if agree(page.lift(numbers, areas), wanted):
            strips = _strips(areas)
            self._known[shape] = Known(numbers, strips, _pictures(page, strips))


def agree(texts: Sequence[str], wanted: Sequence[str]) -> bool:
    """The same texts, spaces aside: pdfium puts some between words as it sees fit."""
    return [solid(text) for text in texts] == [solid(text) for text in wanted]


def solid(text: str) -> str:
    """Without any space."""
    return "".join(text.split())


def _pictures(page: Page, strips: Sequence[Strip]) -> tuple[bytes, ...]:
    out = []
    for strip in strips:
        picture = page.picture(strip.frame)
        out += [picture[:, window].tobytes() for window in strip.windows]
    return tuple(out)


def _strips(areas: Sequence[Area]) -> tuple[Strip, ...]:
    """Areas of the same height on the page share a strip."""
    rows: dict[tuple[float, float], list[Area]] = {}
    for area in areas:
        rows.setdefault((area.y_mm, area.h_mm), []).append(area)
    out = []
    for (y_mm, h_mm), row in rows.items():
        left, right = min(area.x_mm for area in row), max(area.x_mm + area.w_mm for area in row)
        size = round((right - left) * PIXELS_PER_MM), round(h_mm * PIXELS_PER_MM)
        edges = [(area.x_mm - left, area.x_mm - left + area.w_mm) for area in row]
        windows = tuple(slice(*(round(edge * PIXELS_PER_MM) for edge in pair)) for pair in edges)
        out.append(Strip(Frame(left, y_mm, right - left, h_mm, *size), windows))
    return tuple(out)
