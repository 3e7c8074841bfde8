"""Every page of a finished file read back and held against its row: pixels, content, text, barcode.

In: the file as it will be delivered, and what its pages must show (`Expected`). Out: counts of what was
checked, and problems (`readback.*`). The symbol is computed again from the payload; nothing of the writer is
reused. Colour operators are checked elsewhere: here black must render as black. A file that does not open is
a problem too, not an exception.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from elqr import gs1_128, symbols
from elqr.digits import to_matrix
from elqr.problems import Param, Problem, Where
from slips.proof import compare, decode
from slips.proof.expected import Expected, Places
from slips.proof.inserter import read_drawn, saying_of
from slips.proof.render import WHITE, Document, Frame, Page, Picture, UnreadableError, open_document
from slips.proof.textboxes import TextBoxes, solid

SYMBOL_KIND = f"{symbols.VERSION}-{symbols.LEVEL}"
PAGE_SIZE_TOLERANCE_MM = 0.01

_BATCH = 128  # pages that are open at a time
_EXCERPT = 20  # digits of a payload shown in a problem


@dataclass(frozen=True)
class ReadBack:
    """What was checked, and what was found. A file is good only when `problems` is empty."""

    pages: int = 0
    symbols_exact: int = 0
    symbols_decoded: int = 0
    second_readings: int = 0  # pages of the sample that zbar read as well
    texts: int = 0
    barcodes: int = 0
    inserter_marks: int = 0
    problems: tuple[Problem, ...] = ()


def read_back(
    path: Path,
    expected: Expected,
    *,
    second_every: int = 50,
    progress: Callable[[int], None] | None = None,
) -> ReadBack:
    """Check every page of the file at `path`; `progress` is told the number of pages done, now and then.

    The sample is the first page, the last and every `second_every`-th: zbar reads it as well, zxing-cpp looks for the symbol
    as in a scan instead of being told where it is, and pixels are finer.
    Raises ValueError where a payload of `expected` is not 255 digits or `second_every` is not positive.
    """
    if second_every < 1:
        raise ValueError(f"second_every: expected at least 1, found {second_every}")
    try:
        with open_document(path) as document:
            return _Reader(path, document, expected, second_every).run(progress)
    except (UnreadableError, OSError) as reason:
        problem = Problem("readback.unreadable", params={"found": str(reason)}, where=Where(str(path)))
        return ReadBack(problems=(problem,))


@dataclass(frozen=True)
class _Frames:
    """The pictures taken of every page of one template."""

    symbol: Frame
    fine: Frame
    bars: Frame | None

    @classmethod
    def of(cls, places: Places) -> _Frames:
        return cls(
            compare.symbol_frame(places.symbol, compare.PIXELS_A_MODULE),
            compare.symbol_frame(places.symbol, compare.FINE_PIXELS_A_MODULE),
            compare.bars_frame(places.bars) if places.bars is not None else None,
        )


class _Reader:
    """One file: the counts so far and the problems so far."""

    def __init__(self, path: Path, document: Document, expected: Expected, second_every: int) -> None:
        self.where = Where(str(path))
        self.document, self.expected, self.second_every = document, expected, second_every
        self.exact = self.decoded = self.second = self.texts = self.barcodes = self.marks = 0
        self.problems: list[Problem] = []
        self.rows = symbols.encode(expected.payloads)
        self.bits = _bits(expected.barcodes)
        self.boxes = TextBoxes(document)
        self.frames = [_Frames.of(places) for places in expected.templates]

    def run(self, progress: Callable[[int], None] | None) -> ReadBack:
        pages, wanted = self.document.page_count, self.expected.page_count
        if pages != wanted:
            params: dict[str, Param] = {"found": pages, "expected": wanted}
            self.problems.append(Problem("readback.page_count", "page", params, self.where))
        checked = min(pages, wanted)
        for begin in range(0, checked, _BATCH):
            end = min(begin + _BATCH, checked)
            with self.document.pages(begin, end) as group:
                self.group(self.expected.slips_of(begin, end), begin, group, last=checked - 1)
            if progress is not None:
                progress(end)
        return ReadBack(
            pages=checked,
            symbols_exact=self.exact,
            symbols_decoded=self.decoded,
            second_readings=self.second,
            texts=self.texts,
            barcodes=self.barcodes,
            inserter_marks=self.marks,
            problems=tuple(self.problems),
        )

    def group(self, indices: range, begin: int, group: Sequence[Page], *, last: int) -> None:
        """All checks of the slips of neighbouring pages, one kind after the other: each kind of work then finds its data in the cache."""
        pages = [group[self.expected.page(k) - begin] for k in indices]
        rows = slice(indices.start, indices.stop)
        modules = compare.intended(self.rows[rows])
        sample = {k for k in indices if self._sampled(self.expected.page(k), last)}
        frames = [self.frames[self.expected.template_of[k]] for k in indices]
        for index, page in zip(indices, pages, strict=True):
            self.size(index, page)
        pictures = self.document.pictures(pages, [frame.symbol for frame in frames])
        exact = compare.exact(pictures, modules)
        centres = compare.centres(pictures)
        for k, index in enumerate(indices):
            if index in sample:
                self.sampled(index, pages[k], frames[k], pictures[k], modules[k])
            elif exact[k]:
                self.exact += 1
                self.content(index, decode.read_modules(centres[k]))
            else:
                self.look(index, pictures[k], compare.difference(pictures[k], modules[k]))
        self.all_bars(indices, pages, frames)
        if self.expected.inserters:
            for index, page in zip(indices, pages, strict=True):
                self.inserters(index, page)
        for number, template in self.expected.voids:
            if begin <= number < begin + len(group):
                self.void(number, group[number - begin], template)
        for number, page in enumerate(group, begin):
            self.text(self.expected.slips_of(number, number + 1), page, self._sampled(number, last))

    def _sampled(self, page: int, last: int) -> bool:
        return page in (0, last) or page % self.second_every == 0

    def size(self, index: int, page: Page) -> None:
        places = self.expected.templates[self.expected.template_of[index]]
        off = max(abs(page.w_mm - places.page_w_mm), abs(page.h_mm - places.page_h_mm))
        if off > PAGE_SIZE_TOLERANCE_MM:
            self.report(
                index,
                "readback.page_size",
                "page",
                found=f"{page.w_mm:.2f} x {page.h_mm:.2f}",
                expected=f"{places.page_w_mm:.2f} x {places.page_h_mm:.2f}",
            )

    def sampled(
        self, index: int, page: Page, frames: _Frames, picture: Picture, modules: compare.Modules
    ) -> None:
        """A page of the sample: the symbol looked for as in a scan, read by zbar too, and seen in finer pixels.

        pdfium widens an image to whole pixels, which hides a symbol that is smaller by less than one. Finer pixels show it,
        and the pages of a template share their geometry.
        """
        difference = compare.difference(picture, modules)
        if difference is None:
            difference = compare.difference(page.picture(frames.fine), modules)
        if difference is None:
            self.exact += 1
        self.look(index, picture, difference)
        found = decode.second_opinion(picture)
        payload = bytes(self.expected.payloads[index])
        if found == [payload]:
            self.second += 1
        else:
            self.report(
                index,
                "readback.second_reader",
                "payload",
                found=";".join(map(_text, found)),
                expected=_text(payload),
            )

    def look(self, index: int, picture: Picture, difference: compare.Difference | None) -> None:
        """Say how the picture differs, where it does, and what a reader finds in it."""
        if difference is not None:
            self.report(
                index,
                "readback.pixels",
                "payload",
                found=difference.pixels,
                expected=0,
                grey=difference.grey,
                row=difference.row,
                column=difference.column,
            )
        reading = decode.find_symbol(picture)
        if reading is not None and reading.kind != SYMBOL_KIND:
            self.report(index, "readback.symbol_kind", "payload", found=reading.kind, expected=SYMBOL_KIND)
        self.content(index, b"" if reading is None else reading.content)

    def content(self, index: int, found: bytes) -> None:
        """Digit by digit; a symbol of which nothing was read is a problem of its own."""
        payload = bytes(self.expected.payloads[index])
        if found == payload:
            self.decoded += 1
        elif not found:
            self.report(index, "readback.undecoded", "payload", expected=SYMBOL_KIND)
        else:
            pairs = zip(found, payload, strict=False)
            first = next((k for k, (a, b) in enumerate(pairs) if a != b), min(len(found), len(payload)))
            excerpt = slice(first, first + _EXCERPT)
            self.report(
                index,
                "readback.payload",
                "payload",
                position=first + 1,
                found=_text(found[excerpt]),
                expected=_text(payload[excerpt]),
            )

    def all_bars(self, indices: range, pages: Sequence[Page], frames: Sequence[_Frames]) -> None:
        """The barcodes of neighbouring pages, where their form has a place for one."""
        here = [(k, page, f.bars) for k, page, f in zip(indices, pages, frames, strict=True) if f.bars]
        if not here:
            return
        numbers, having, places = zip(*here, strict=True)
        modules = compare.intended_bars(self.bits[list(numbers)])
        pictures = self.document.pictures(having, places)
        exact = compare.exact_bars(pictures, modules)
        for k, picture, intended, right in zip(numbers, pictures, modules, exact.tolist(), strict=True):
            self.bars(k, picture, 0 if right else compare.wrong_bar_pixels(picture, intended))

    def bars(self, index: int, picture: Picture, wrong: int) -> None:
        """The barcode's digits, and how many pixels were not as intended; where the slip has none, that none can be read."""
        barcode = self.expected.barcodes[index]
        if barcode is None:
            if found := decode.read_bars(picture):
                self.report(index, "readback.barcode_unexpected", "barcode", found=_text(found), expected=0)
            return
        if wrong:
            self.report(index, "readback.bars", "barcode", found=wrong, expected=0)
        digits = _text(decode.read_bars(picture if wrong else picture[:1]))
        if digits == barcode:
            self.barcodes += 1
        else:
            self.report(index, "readback.barcode", "barcode", found=digits, expected=barcode)

    def inserters(self, index: int, page: Page) -> None:
        """What the inserter marks say, to the last module, against what the manifest will say of the page."""
        places = self.expected.templates[self.expected.template_of[index]]
        if not places.inserter_marks:
            return
        found = saying_of(read_drawn(page, places.inserter_marks, places.dot_mm))
        if found == self.expected.inserters[index]:
            self.marks += len(places.inserter_marks)
        else:
            self.report(
                index, "readback.inserter", "inserter", found=found, expected=self.expected.inserters[index]
            )

    def text(self, indices: range, page: Page, sampled: bool) -> None:
        """Each value of a page's slips in each of its boxes, and nothing else there; on the sample from the whole text layer."""
        shown = [
            (index, name, area)
            for index in indices
            for name, areas in self.expected.templates[self.expected.template_of[index]].texts.items()
            if sampled or name not in self.expected.sampled
            for area in areas
        ]
        areas = [area for _, _, area in shown]
        wanted = [self.expected.texts[name][index] for index, name, _ in shown]
        number = self.expected.page(indices.start)
        found = page.texts(areas) if sampled else self.boxes.read(number, page, areas, wanted)
        for (index, name, _), text, want in zip(shown, found, wanted, strict=True):
            if text == want or solid(text) == solid(want):
                self.texts += 1
            else:
                self.report(index, "readback.text", name, found=text.strip(), expected=want)

    def void(self, number: int, page: Page, template: int) -> None:
        """The place of a slip that is not there: no ink where its codes would be, no figure where its values would."""
        places, frames = self.expected.templates[template], self.frames[template]
        index = self.expected.slips_of(number, number + 1).start
        for field, frame in (("payload", frames.symbol), ("barcode", frames.bars)):
            if frame is not None and (dark := int((page.picture(frame) != WHITE).sum())):
                self.report(index, "readback.unused", field, slot=template + 1, found=dark, expected=0)
        areas = [(name, area) for name, some in places.texts.items() for area in some]
        for (name, _), text in zip(areas, page.texts([area for _, area in areas]), strict=True):
            if any(sign.isdigit() for sign in text):
                self.report(
                    index, "readback.unused", name, slot=template + 1, found=text.strip(), expected=""
                )

    def report(self, index: int, code: str, field: str, **params: Param) -> None:
        at: dict[str, Param] = {
            "page": self.expected.page(index) + 1,
            "slip_key": self.expected.slip_keys[index],
        }
        if self.expected.page_of:
            at["slot"] = self.expected.template_of[index] + 1
        self.problems.append(Problem(code, field, {**at, **params}, self.where))


def _bits(barcodes: Sequence[str | None]) -> Picture:
    """The intended modules of each slip's bars (n, 288); rows of slips without a barcode mean nothing."""
    digits = pl.Series([barcode or "0" * gs1_128.LENGTH for barcode in barcodes], dtype=pl.String)
    return gs1_128.bars(to_matrix(digits, gs1_128.LENGTH))


def _text(content: bytes) -> str:
    return content.decode("ascii", "replace")
