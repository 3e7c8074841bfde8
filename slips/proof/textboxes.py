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
class Known:
    """Where the boxes' text stood on an earlier page, and what was left in the boxes without it."""

    numbers: tuple[int, ...]
    frames: tuple[Frame, ...]
    left_over: list[bytes]


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
            if agree(texts, wanted) and _pictures(page, known.frames) == known.left_over:
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
            frames = tuple(map(_frame, areas))
            self._known[shape] = Known(numbers, frames, _pictures(page, frames))


def agree(texts: Sequence[str], wanted: Sequence[str]) -> bool:
    """The same texts, spaces aside: pdfium puts some between words as it sees fit."""
    return list(texts) == list(wanted) or [*map(solid, texts)] == [*map(solid, wanted)]


def solid(text: str) -> str:
    """Without any space."""
    return "".join(text.split())


def _pictures(page: Page, frames: Sequence[Frame]) -> list[bytes]:
    return [page.picture(frame).tobytes() for frame in frames]


def _frame(area: Area) -> Frame:
    """A box on its own: what costs is what is drawn, not the walk over the page, so a picture holds no more than it must."""
    size = round(area.w_mm * PIXELS_PER_MM), round(area.h_mm * PIXELS_PER_MM)
    return Frame(area.x_mm, area.y_mm, area.w_mm, area.h_mm, *size)
