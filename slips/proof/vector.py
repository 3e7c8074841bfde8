"""Pages that are set and drawn, as a PDF brings them: judged exactly, every pixel of the code, every text, every bar, the ink.

In: an open file, the manifest, its forms. Out: a `PageResult` a page. Which slip a page is follows from what its code says, else from where the
file should have it; what it must show is computed from the manifest again, nothing of the writer is reused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from elqr import gs1_128, symbols
from elqr.digits import to_matrix
from slips.form import InserterMark
from slips.proof import compare, crops, decode
from slips.proof.book import Book, Entry
from slips.proof.displaced import Displaced, displaced
from slips.proof.expected import Area, BarsPlace
from slips.proof.identity import Hint, Identity, identify, identity_remarks, shaped, slot_remarks
from slips.proof.ink import Inks
from slips.proof.inserter import read_drawn
from slips.proof.mark_remarks import mark_remarks
from slips.proof.outcome import PageResult
from slips.proof.page_codes import code_remark
from slips.proof.printed import printed_texts
from slips.proof.remarks import remark
from slips.proof.render import Document, Page, Picture
from slips.proof.sheets import Sheet
from slips.proof.textboxes import solid
from slips.proof.vector_causes import causes, dark_of
from slips.proof.verdicts import Finding, Weight, Window

GROUP = 32
"""Pages that are open at a time."""
SECOND_EVERY = 50
"""Every how many pages zbar reads the code as well, beside the first and the last of a file."""
PAGE_SIZE_WITHIN_MM = 0.5
SEARCH_DPI = 200
TEXT_CODES = {
    **dict.fromkeys(("amount_yen", "amount_digits"), "verify.amount_differs"),
    **dict.fromkeys(("due_date", "payable_until"), "verify.date_differs"),
}.items()


@dataclass(frozen=True, eq=False)
class _Seen:
    """One page after the first look: the form, the picture of the code's place, what was read, and what follows from it."""

    sheet: Sheet
    picture: Picture
    content: bytes
    identity: Identity


class VectorPages:
    """The pages of one open file."""

    def __init__(
        self, document: Document, *, name: str, inks: Inks, book: Book, sheets: Sequence[Sheet]
    ) -> None:
        self._document, self._name, self._inks, self._book = document, name, inks, book
        self._sheets = {sheet.name: sheet for sheet in sheets}
        self._usual = sheets[0]

    def look(
        self, indices: Sequence[int], pages: Sequence[Page], *, hints: Mapping[int, Hint]
    ) -> list[PageResult]:
        """Judge these pages (0-based numbers, at most `GROUP`): a result for each slip of a page, one at least.

        A hint is what the stack says, and stands before what the number of the page says.
        """
        views = [
            (index, page, one)
            for index, page in zip(indices, pages, strict=True)
            for one in self._slips(
                index, page, self._first_look(index, page, hints.get(index)), hints.get(index)
            )
        ]
        seen = [one for _, _, one in views]
        entries = {
            k: self._book.entry(s.identity.row) for k, s in enumerate(seen) if s.identity.row is not None
        }
        wanted = list(entries.values())
        modules = compare.intended(symbols.encode(_digits([e.payload for e in wanted], symbols.DIGITS)))
        bars = compare.intended_bars(gs1_128.bars(_digits([e.barcode or "0" * 44 for e in wanted], 44)))
        texts = [printed_texts(entry) for entry in wanted]
        order = {k: n for n, k in enumerate(entries)}
        results = []
        for k, (index, page, _) in enumerate(views):
            known = order.get(k)
            if known is None or _blank(page, seen[k]):
                results.append(self._unknown(index, page, seen[k]))
                continue
            entry = wanted[known]
            size = self._size(page, seen[k].sheet)
            found = [*identity_remarks(seen[k].identity, entry), *size]
            found += slot_remarks(seen[k].sheet.slot, entry, window=_window(seen[k].sheet))
            code, where = self._code(index, page, seen[k], modules[known], entry, imposed=bool(size))
            found += code
            found += self._bars(page, seen[k].sheet, entry, bars[known], where)
            found += self._texts(page, seen[k].sheet, texts[known], where)
            found += self._marks(page, seen[k].sheet, entry)
            found += self._ink(index, seen[k].sheet)
            results.append(self._result(index, page, seen[k], entry, found))
        return results

    def _first_look(self, index: int, page: Page, given: Hint | None) -> _Seen:
        hint = self._book.of_page(self._name, index + 1) if given is None else given.place
        if hint is not None:
            self._usual = self._sheets[self._book.rows.item(hint, "layout")]
        tried: list[Sheet] = [self._usual, *(s for s in self._sheets.values() if s is not self._usual)]
        tried = [s for s in tried if s.fits(page.w_mm, page.h_mm, within_mm=5.0)] or tried[:1]
        for sheet in tried:
            picture = page.picture(sheet.symbol_frame).copy()
            content = _read(picture)
            if content:
                identity = identify(content, self._book, place=hint)
                if identity.row is not None:
                    self._usual = self._sheets[self._book.rows.item(identity.row, "layout")]
                return _Seen(sheet, picture, content, identity)
        sheet = tried[0]
        picture = page.picture(sheet.symbol_frame).copy()
        content = self._elsewhere(page, sheet, due=hint is not None)
        return _Seen(sheet, picture, content, identify(content, self._book, place=hint))

    def _elsewhere(self, page: Page, sheet: Sheet, *, due: bool) -> bytes:
        """What a code says that stands on the page and in no place of it: those are other slips' own.

        Where a slip is `due`, a web address does not speak for it.
        """
        own = {_read(page.picture(other.symbol_frame)) for other in sheet.slots[1:]}
        found = [s.content for s in decode.see(page.whole(SEARCH_DPI)) if s.content and s.content not in own]
        eligible = [content for content in found if shaped(content)] or ([] if due else found)
        return eligible[0] if eligible else b""

    def _slips(self, index: int, page: Page, first: _Seen, given: Hint | None) -> Iterator[_Seen]:
        """The first look and, where the page has more places, one at each: where a slip should stand, and where a code does."""
        yield first
        row = first.identity.row
        for sheet in first.sheet.slots[1:]:
            due = self._book.of_page(self._name, index + 1, position=sheet.slot) if given is None else None
            if due is None and row is not None:
                due = self._book.beside(row, position=sheet.slot)
            picture = page.picture(sheet.symbol_frame).copy()
            content = _read(picture)
            if due is not None or content:
                identity = identify(content, self._book, place=due)
                yield _Seen(sheet, picture, content, identity)

    def _unknown(self, index: int, page: Page, seen: _Seen) -> PageResult:
        """A page that no slip of the manifest can be said to stand on, or nothing at all, whatever should lie there."""
        said = identity_remarks(seen.identity, None)
        blank = _blank(page, seen)
        if blank:
            said = [remark("verify.blank")]
        elif not seen.content:
            said = [*said, remark("verify.unreadable")]
        return self._result(index, page, seen, None, said, blank=blank)

    def _code(
        self, index: int, page: Page, seen: _Seen, modules: compare.Modules, entry: Entry, *, imposed: bool
    ) -> tuple[list[Finding], Displaced | None]:
        """Every pixel of the code and its quiet zone; finer on the sample, since pages of a form share their geometry.

        With it, where the code stands if it does not stand in its place. A page that was `imposed` on a sheet of another size is searched
        for the slips beside it.
        """
        difference = compare.difference(seen.picture, modules)
        sampled = index % SECOND_EVERY == 0 or index == self._document.page_count - 1
        found: list[Finding] = []
        where: Displaced | None = None
        fine = page.picture(seen.sheet.fine_frame) if sampled and difference is None else None
        if fine is not None:
            difference = compare.difference(fine, modules)
        if difference is not None:
            core = slice(compare.QUIET, -compare.QUIET)
            where = displaced(page, seen.sheet, dark_of(modules)[core, core])
            # What can be put right stands before the count that only says that something is wrong.
            found += causes(seen.picture, modules, where, window=_window(seen.sheet))
            found.append(
                remark(
                    "verify.pixels",
                    measured=f"{difference.pixels:,} px",
                    limit="0 px",
                    window=_window(seen.sheet),
                    grey=difference.grey,
                    row=difference.row,
                    column=difference.column,
                )
            )
        if not seen.content:
            found.append(remark("verify.unreadable", window=_window(seen.sheet)))
        elif sampled and seen.content == entry.payload.encode():
            second = decode.second_opinion(seen.picture)
            if second != [seen.content] and difference is None:
                found.append(remark("verify.one_voice", measured="1", limit="2", window=_window(seen.sheet)))
        if seen.content == entry.payload.encode() and (sampled or imposed):
            found += self._second_codes(page, entry)
        return found, where

    def _second_codes(self, page: Page, entry: Entry) -> list[Finding]:
        """On the sample the whole page is read: the code of a slip that does not belong on it may be paid by mistake."""
        picture = page.whole(SEARCH_DPI)
        here = {entry.index, *self._book.page_mates(entry.index)}
        scale = crops.PICTURE_DPI / SEARCH_DPI
        return [
            code_remark(sighting.content, sighting.corners * scale, entry)
            for sighting in decode.see(picture)
            if sighting.content
            and sighting.corners is not None
            and self._book.of_content(sighting.content) not in here
        ]

    def _bars(
        self, page: Page, sheet: Sheet, entry: Entry, modules: compare.Bars, where: Displaced | None
    ) -> list[Finding]:
        frame, place = sheet.bars_frame, sheet.places.bars
        if frame is None or place is None:
            return []
        picture = page.picture(frame)
        area = Area(place.x_mm, place.y_mm, place.pitch_mm * gs1_128.MODULES, place.h_mm)
        window = crops.window_of(area, around_mm=crops.BARS_MM)
        if not entry.barcode:
            digits = decode.read_bars(picture).decode("ascii", "replace")
            return [remark("verify.barcode_unexpected", measured=digits, window=window)] if digits else []
        wrong = compare.wrong_bar_pixels(picture, modules)
        digits = decode.read_bars(picture if wrong else picture[:1]).decode("ascii", "replace")
        found = []
        if wrong:
            found.append(remark("verify.bars", measured=f"{wrong:,} px", limit="0 px", window=window))
        if not digits and where is not None:
            digits = entry.barcode if where.turned else _bars_at(page, place, where)
        if digits != entry.barcode:
            found.append(
                remark("verify.barcode_differs", measured=digits or "—", limit=entry.barcode, window=window)
            )
        return found

    def _texts(
        self, page: Page, sheet: Sheet, right: Mapping[str, tuple[str, ...]], where: Displaced | None
    ) -> list[Finding]:
        """Amount, dates and numbers from the text layer, each in each of its boxes, or there where the code says that the page lies.

        What is painted over a text afterwards is not in the layer, and is told.
        """
        shown = [
            (name, area) for name, areas in sheet.places.texts.items() if name in right for area in areas
        ]
        found = []
        areas = [area for _, area in shown]
        for (name, area), text, covered in zip(shown, page.texts(areas), page.covered(areas), strict=True):
            allowed = {solid(one) for one in right[name]}
            agrees = solid(text) in allowed or (
                where is not None and solid(page.texts([where.area(area)])[0]) in allowed
            )
            if not agrees or covered:
                other = dict(TEXT_CODES).get(name, "verify.number_differs")
                found.append(
                    remark(
                        "verify.text_covered" if agrees else other,
                        measured=text.strip() or "—",
                        limit=right[name][0],
                        window=crops.window_of(area, around_mm=crops.TEXT_MM),
                        value=name,
                    )
                )
        return found

    def _marks(self, page: Page, sheet: Sheet, entry: Entry) -> list[Finding]:
        """The inserter marks, read as a machine does."""
        marks = sheet.layout.inserter_marks
        if not marks:
            return []
        readings = read_drawn(page, marks, sheet.layout.dot_mm)
        return list(mark_remarks(marks, readings, said=entry.inserter, window_of=_mark_window))

    def _ink(self, index: int, sheet: Sheet) -> list[Finding]:
        use = self._inks.of_page(index, _code_areas(sheet))
        found = []
        if use.near:
            found.append(
                remark("verify.code_ink", measured="; ".join(use.near), limit="K", window=_window(sheet))
            )
        if use.pictures:
            found.append(
                remark("verify.code_image", measured=f"{use.pictures}", limit="0", window=_window(sheet))
            )
        if use.elsewhere:
            found.append(remark("verify.page_ink", measured="; ".join(use.elsewhere), limit="K"))
        return found

    def _size(self, page: Page, sheet: Sheet) -> list[Finding]:
        if sheet.fits(page.w_mm, page.h_mm, within_mm=PAGE_SIZE_WITHIN_MM):
            return []
        measured = f"{page.w_mm:.2f} × {page.h_mm:.2f} mm"
        limit = f"{sheet.layout.page_w_mm:.2f} × {sheet.layout.page_h_mm:.2f} mm"
        return [remark("verify.page_size", measured=measured, limit=limit)]

    def _result(
        self,
        index: int,
        page: Page,
        seen: _Seen,
        entry: Entry | None,
        findings: Sequence[Finding],
        *,
        blank: bool = False,
    ) -> PageResult:
        identity = seen.identity
        content = seen.content.decode("ascii", "replace")
        grave = any(f.weight is Weight.FAIL and f.window for f in findings)
        picture = page.whole(crops.PICTURE_DPI) if grave or any(f.window for f in findings) else None
        return PageResult(
            source=self._name,
            page=index + 1,
            kind="vector",
            slot=seen.sheet.slot,
            row=identity.row,
            known_by=identity.by,
            content=content if identity.by != "content" else "",
            blank=blank,
            unreadable=not seen.content and not blank,
            misread=identity.misread,
            foreign=identity.foreign,
            decoders=("zxing-cpp",) if entry and content == entry.payload else (),
            grade_est="exact" if entry and not any(f.code == "verify.pixels" for f in findings) else "",
            registration="exact",
            findings=tuple(findings),
            pictures=crops.cut(picture, findings) if picture is not None else (b"",) * len(findings),
        )


def _blank(page: Page, seen: _Seen) -> bool:
    return not seen.content and page.object_count == 0


def _read(picture: Picture) -> bytes:
    """What the code at its place says: the quick reader for a picture that is as it should be, else one that looks for it."""
    middle = compare.centres(picture[None])[0]
    quick = decode.read_modules(middle)
    if quick:
        return quick
    seen = [s.content for s in decode.see(picture) if s.content]
    return seen[0] if seen else b""


def _bars_at(page: Page, place: BarsPlace, where: Displaced) -> str:
    """The digits of the bars there where the code says that the page lies."""
    area = where.area(Area(place.x_mm, place.y_mm, place.pitch_mm, place.h_mm))
    moved = BarsPlace(area.x_mm, area.y_mm, area.w_mm, area.h_mm)
    return decode.read_bars(page.picture(compare.bars_frame(moved))).decode("ascii", "replace")


def _digits(texts: Sequence[str], width: int) -> np.ndarray:
    return to_matrix(pl.Series(texts, dtype=pl.String), width)


def _code_areas(sheet: Sheet) -> list[Area]:
    """The codes with their quiet zones."""
    place = sheet.places.symbol
    quiet = symbols.QUIET_ZONE_MODULES * place.pitch_mm
    areas = [
        Area(place.x_mm - quiet, place.y_mm - quiet, sheet.side_mm + 2 * quiet, sheet.side_mm + 2 * quiet)
    ]
    if bars := sheet.places.bars:
        edge = compare.BARS_QUIET * bars.pitch_mm
        width = bars.pitch_mm * gs1_128.MODULES
        areas.append(Area(bars.x_mm - edge, bars.y_mm, width + 2 * edge, bars.h_mm))
    return areas


def _mark_window(mark: InserterMark) -> Window:
    return crops.window_of(Area(mark.x_mm, mark.y_mm, mark.w_mm, mark.h_mm), around_mm=crops.MARK_MM)


def _window(sheet: Sheet) -> Window:
    return crops.window_of(_code_areas(sheet)[0], around_mm=crops.CODE_MM)
