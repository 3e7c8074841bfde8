"""Every page of a finished file read back and held against its row: pixels, content, text, barcode.

In: the file as it will be delivered, and what its pages must show (`Expected`). Out: counts of what was
checked, and problems (`readback.*`). The symbol is computed again from the payload; nothing of the writer is
reused. Colour operators are checked elsewhere: here black must render as black. A file that does not open is
a problem too, not an exception.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from elqr import symbols
from elqr.problems import Param, Problem, Where
from slips.proof import compare, decode
from slips.proof.expected import BarsPlace, Expected, Places, SymbolPlace
from slips.proof.render import Document, Frame, Page, Picture, UnreadableError, open_document

SYMBOL_KIND = f"{symbols.VERSION}-{symbols.LEVEL}"
BARS_MODULES = 11 * (1 + 1 + 22 + 1) + 13  # Code 128: start C, FNC1, 22 pairs, check; stop
BARS_QUIET_MODULES = 10
BARS_PIXELS_A_MODULE = 2  # 0.085 mm a pixel at the usual 0.169 mm, as fine as in the eL-QR
BARS_ROWS = 4
PAGE_SIZE_TOLERANCE_MM = 0.01

_BATCH = 256  # pages whose symbols are computed together
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


class _Reader:
    """One file: the counts so far and the problems so far."""

    def __init__(self, path: Path, document: Document, expected: Expected, second_every: int) -> None:
        self.where = Where(str(path))
        self.document, self.expected, self.second_every = document, expected, second_every
        self.exact = self.decoded = self.second = self.texts = self.barcodes = 0
        self.problems: list[Problem] = []

    def run(self, progress: Callable[[int], None] | None) -> ReadBack:
        pages, wanted = self.document.page_count, len(self.expected)
        if pages != wanted:
            params: dict[str, Param] = {"found": pages, "expected": wanted}
            self.problems.append(Problem("readback.page_count", "page", params, self.where))
        checked = min(pages, wanted)
        for begin in range(0, checked, _BATCH):
            end = min(begin + _BATCH, checked)
            intended = compare.intended(symbols.encode(self.expected.payloads[begin:end]))
            for index in range(begin, end):
                self.page(index, intended[index - begin], index in (0, checked - 1))
            if progress is not None:
                progress(end)
        return ReadBack(
            pages=checked,
            symbols_exact=self.exact,
            symbols_decoded=self.decoded,
            second_readings=self.second,
            texts=self.texts,
            barcodes=self.barcodes,
            problems=tuple(self.problems),
        )

    def page(self, index: int, modules: compare.Modules, at_an_end: bool) -> None:
        """All checks of one page, which is parsed once."""
        places = self.expected.templates[self.expected.template_of[index]]
        with self.document.page(index) as page:
            self.size(index, page, places)
            sampled = at_an_end or index % self.second_every == 0
            self.symbol(index, page, places.symbol, modules, sampled)
            if places.bars is not None:
                self.bars(index, page, places.bars)
            self.text(index, page, places, sampled)

    def size(self, index: int, page: Page, places: Places) -> None:
        off = max(abs(page.w_mm - places.page_w_mm), abs(page.h_mm - places.page_h_mm))
        if off > PAGE_SIZE_TOLERANCE_MM:
            self.report(
                index,
                "readback.page_size",
                "page",
                found=f"{page.w_mm:.2f} x {page.h_mm:.2f}",
                expected=f"{places.page_w_mm:.2f} x {places.page_h_mm:.2f}",
            )

    def symbol(
        self, index: int, page: Page, place: SymbolPlace, modules: compare.Modules, sampled: bool
    ) -> None:
        """Every pixel as intended, the content equal by zxing-cpp, and on the sample by zbar as well.

        pdfium widens an image to whole pixels, which hides a symbol that is smaller by less than one; so the sample, which
        shares its geometry with the other pages, is looked at with finer pixels too.
        """
        payload = bytes(self.expected.payloads[index])
        fine = page.picture(symbol_frame(place, compare.FINE_PIXELS_A_MODULE)) if sampled else None
        picture = page.picture(symbol_frame(place, compare.PIXELS_A_MODULE))
        difference = compare.difference(picture, modules)
        if difference is None and fine is not None:
            difference = compare.difference(fine, modules)
        if difference is None:
            self.exact += 1
        else:
            place_of_fault = {"grey": difference.grey, "row": difference.row, "column": difference.column}
            self.report(
                index, "readback.pixels", "payload", found=difference.pixels, expected=0, **place_of_fault
            )
        if difference is None and not sampled:
            self.content(index, decode.read_modules(compare.centres(picture)), payload)
        elif (reading := decode.find_symbol(picture)) is None:
            self.content(index, b"", payload)
        else:
            if reading.kind != SYMBOL_KIND:
                self.report(
                    index, "readback.symbol_kind", "payload", found=reading.kind, expected=SYMBOL_KIND
                )
            self.content(index, reading.content, payload)
        if sampled:
            self.opinion(index, picture, payload)

    def content(self, index: int, found: bytes, payload: bytes) -> None:
        """Digit by digit; a symbol of which nothing was read is a problem of its own."""
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

    def opinion(self, index: int, picture: Picture, payload: bytes) -> None:
        found = decode.second_opinion(picture)
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

    def bars(self, index: int, page: Page, place: BarsPlace) -> None:
        """The barcode's digits and its evenness; where the slip has none, that none can be read."""
        barcode = self.expected.barcodes[index]
        picture = page.picture(bars_frame(place))
        if barcode is None:
            if found := decode.read_bars(picture):
                self.report(index, "readback.barcode_unexpected", "barcode", found=_text(found), expected=0)
            return
        if uneven := compare.uneven_bars(picture, BARS_PIXELS_A_MODULE):
            self.report(index, "readback.bars", "barcode", found=uneven, expected=0)
        digits = _text(decode.read_bars(picture))
        if digits == barcode:
            self.barcodes += 1
        else:
            self.report(index, "readback.barcode", "barcode", found=digits, expected=barcode)

    def text(self, index: int, page: Page, places: Places, sampled: bool) -> None:
        """Each value in each of its boxes, and nothing else there."""
        names = [name for name in places.texts if sampled or name not in self.expected.sampled]
        shown = [(name, area) for name in names for area in places.texts[name]]
        found = page.texts([area for _, area in shown])
        for (name, _), text in zip(shown, found, strict=True):
            wanted = self.expected.texts[name][index]
            if _solid(text) == _solid(wanted):
                self.texts += 1
            else:
                self.report(index, "readback.text", name, found=text.strip(), expected=wanted)

    def report(self, index: int, code: str, field: str, **params: Param) -> None:
        key = self.expected.slip_keys[index]
        self.problems.append(Problem(code, field, {"page": index + 1, "slip_key": key, **params}, self.where))


def symbol_frame(place: SymbolPlace, pixels_a_module: int) -> Frame:
    """A picture of the symbol with its quiet zone as margin."""
    side_mm = place.pitch_mm * symbols.SIZE
    side, quiet = symbols.SIZE * pixels_a_module, compare.QUIET * pixels_a_module
    return Frame(place.x_mm, place.y_mm, side_mm, side_mm, side, side, quiet, quiet)


def bars_frame(place: BarsPlace) -> Frame:
    """The bars with their quiet zones, two pixels a module across and the whole height on four rows."""
    return Frame(
        place.x_mm,
        place.y_mm,
        place.pitch_mm * BARS_MODULES,
        place.h_mm,
        BARS_MODULES * BARS_PIXELS_A_MODULE,
        BARS_ROWS,
        BARS_QUIET_MODULES * BARS_PIXELS_A_MODULE,
    )


def _solid(text: str) -> str:
    """Without any space: pdfium puts some between words as it sees fit."""
    return "".join(text.split())


def _text(content: bytes) -> str:
    return content.decode("ascii", "replace")
