"""A picture of paper: where its code is and what it says, how the page lies, what was measured, what is printed beside the code.

In: a scan, the manifest, its forms. Out: `Facts`, which `scan_remarks` judges. A symbol that nobody reads is tried against the slips that may
lie here: eight wrong codewords or fewer in every block, with the right format information, are a proof of identity.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from elqr import symbols
from slips.proof import cascade, decode, plane, symbol_map
from slips.proof.book import Book, Entry
from slips.proof.cascade import Voice
from slips.proof.curve import Curve
from slips.proof.grade import Grades, grade
from slips.proof.grid import Grid, locate
from slips.proof.identity import Hint, Identity, identify, shaped
from slips.proof.inserter import MarkReading, read_marks
from slips.proof.intended_modules import modules_of
from slips.proof.measure import Measurement, measure
from slips.proof.mirrored import is_mirrored
from slips.proof.page_bars import bars_of
from slips.proof.page_codes import Others, other_codes
from slips.proof.page_fit import PageFit
from slips.proof.page_text import PageText, TextFact
from slips.proof.plane import Points
from slips.proof.register import register_corners
from slips.proof.registering import Registrar
from slips.proof.scan import Pixels, Scan
from slips.proof.scan_places import around, corners_mm, crop_at, is_blank, pixels_a_mm, seen_as
from slips.proof.scanner_scale import ScannerScale
from slips.proof.sheets import Sheet
from slips.proof.thresholds import Thresholds
from slips.proof.wechat import WeChat

AROUND_MM = 9.0
"""How far around its place the code is looked for first."""
SIDE_PX_MIN = symbols.SIZE
"""A crop that has not a pixel a module holds no symbol: a reader saw three specks, or the place lies off the picture."""

Modules = symbol_map.Modules


@dataclass(frozen=True, kw_only=True, eq=False)
class Facts:
    """What is known of one scanned page. Findings come later."""

    identity: Identity
    voices: tuple[Voice, ...] = ()
    sheet: Sheet | None = None
    blank: bool = False
    fit: PageFit | None = None
    grid: Grid | None = None
    modules: Modules | None = None
    """(41, 41): what was measured against."""
    measurement: Measurement | None = None
    grades: Grades | None = None
    texts: tuple[TextFact, ...] = ()
    bars: str | None = None
    """Digits of the barcode, empty where none is read; None where the form has none or the page is not registered."""
    marks: tuple[MarkReading, ...] = ()
    """What the inserter marks say, in the form's order; empty where it has none or the page is not registered."""
    others: Others = field(default_factory=Others)
    """Codes beside the slip's own: near it, and anywhere else on the page. Those of slips that share the page are none."""
    paper: Entry | None = None
    """The slip whose sheet it is where the code on it is foreign, as far as the print beside it proves that."""
    mirrored: bool = False
    """The slip's own modules lie here, seen in a mirror."""
    nearest: tuple[int, ...] = ()
    """Wrong codewords of each block against the slip that should lie here, where the symbol is not proven to be anybody's."""


@dataclass(eq=False)
class ScanReader:
    """All that is needed to look at scans of one job; one a process. `picture_of` gives the intended page of a form in a language."""

    book: Book
    sheets: Sequence[Sheet]
    curve: Curve
    thresholds: Thresholds
    picture_of: Callable[[Sheet, str], Pixels]
    text: PageText
    wechat: WeChat | None = None
    scanner: ScannerScale = field(default_factory=ScannerScale)
    _sheets: dict[str, Sheet] = field(init=False)
    _registrar: Registrar = field(init=False)

    def __post_init__(self) -> None:
        self._sheets = {sheet.name: sheet for sheet in self.sheets}
        self._registrar = Registrar(self.sheets, self.picture_of)

    def look_at_slips(self, scan: Scan, *, hint: Hint) -> list[Facts]:
        """Everything about each slip of a page, which is registered once; one at least. `hint` as for `look`."""
        first = self.look(scan, hint=hint)
        sheet, fit = first.sheet, first.fit
        if sheet is None or fit is None or sheet.layout.slips_per_page == 1:
            return [first]
        slots = self._sheets[sheet.name].slots
        found = [first]
        row = first.identity.row
        for one in slots:
            if first.sheet is not None and one.slot == first.sheet.slot:
                continue
            due = None if row is None else self.book.beside(row, position=one.slot)
            other = self._at_its_place(scan, fit, one, due)
            if other is not None:
                found.append(other)
        if row is None and (
            known := next((f.identity.row for f in found if f.identity.row is not None), None)
        ):
            due = self.book.beside(known, position=sheet.slot)
            found[0] = self._at_its_place(scan, fit, sheet, due) or first
        return sorted(found, key=lambda facts: facts.sheet.slot if facts.sheet else 0)

    def _at_its_place(self, scan: Scan, fit: PageFit, sheet: Sheet, due: int | None) -> Facts | None:
        """The slip in one place of a registered page; None where none should be and nothing is."""
        guess = fit.to_pixels(corners_mm(sheet))
        crop, origin = around(scan.grey, guess)
        if min(crop.shape) < SIDE_PX_MIN or (due is None and is_blank(replace(scan, grey=crop))):
            return None
        voices = cascade.read_symbol(crop, wechat=self.wechat, guess=guess - origin)
        if not voices:
            return self._proven(scan, fit, sheet, guess, Hint(due, () if due is None else (due,)))
        content = _first(voices)
        at = next((v.corners + origin for v in voices if v.corners is not None), guess)
        facts = Facts(identity=identify(content, self.book, place=due), voices=voices, fit=fit, sheet=sheet)
        measured = self._measured(scan, facts, content, at)
        return replace(measured, others=self._others(scan, measured, at))

    def look(self, scan: Scan, *, hint: Hint) -> Facts:
        """Everything about one page by one of its slips. `hint`: which slips may lie here, for a code that nobody reads."""
        voices, corners = self._read_at_place(scan)
        if not any(shaped(v.content) for v in voices):
            found, at = self._read_anywhere(scan)
            voices, corners = (found, at) if found or not voices else (voices, corners)
        if not any(shaped(v.content) for v in voices):
            if not voices and corners is None and is_blank(scan):
                return Facts(identity=identify(b"", self.book, place=hint.place), blank=True)
            unread = self._unread(scan, None if voices else corners, hint)
            # A web address is not what the slip says, but all there is to tell of a page that nothing else tells.
            if not voices or unread.voices or unread.identity.row is not None:
                return unread
        content = _first(voices)
        identity = identify(content, self.book, place=hint.place)
        facts = Facts(identity=identity, voices=voices)
        if corners is None:
            return facts
        measured = self._measured(scan, facts, content, corners)
        if measured.modules is None or (measured.measurement and not measured.measurement.intended):
            measured = replace(measured, mirrored=is_mirrored(scan.grey, corners, content, self.curve))
        return replace(measured, others=self._others(scan, measured, corners))

    def _others(self, scan: Scan, facts: Facts, corners: Points) -> Others:
        """The codes beside the page's own. A page may carry several slips, and theirs belong there."""
        own = corners if facts.grid is None else facts.grid.corners
        sheet = facts.sheet or self.sheets[0]
        found = other_codes(scan, own, pitch_mm=sheet.places.symbol.pitch_mm)
        if facts.identity.row is None or not found.far:
            return found
        mates = self.book.page_mates(facts.identity.row)
        return replace(
            found, far=tuple(one for one in found.far if self.book.of_content(one.content) not in mates)
        )

    # --- reading ----------------------------------------------------------------------------------

    def _read_at_place(self, scan: Scan) -> tuple[tuple[Voice, ...], Points | None]:
        """Where the code should stand on a page that lies straight, or upside down: the quick way for nearly all pages."""
        height, width = scan.grey.shape
        for sheet in self._registrar.likely(scan):
            scale = pixels_a_mm(scan, sheet)
            place, side = sheet.places.symbol, sheet.side_mm
            left, top = (place.x_mm - AROUND_MM) * scale, (place.y_mm - AROUND_MM) * scale
            span = (side + 2 * AROUND_MM) * scale
            for x, y in ((left, top), (width - left - span, height - top - span)):
                crop, origin = crop_at(scan.grey, x, y, span)
                if not crop.size:
                    continue
                seen = [
                    (s.content, s.corners + origin)
                    for s in decode.see(np.ascontiguousarray(crop))
                    if s.content and s.corners is not None
                ]
                seen = [one for one in seen if shaped(one[0])] or seen
                if seen:
                    middle = (x + span / 2, y + span / 2)
                    away = [float(np.hypot(*(corners.mean(axis=0) - middle))) for _, corners in seen]
                    content, corners = seen[int(np.argmin(away))]
                    voice = Voice(decoder=cascade.ZXING, preparation=cascade.AS_IS, content=content)
                    return (voice,), corners
        return (), None

    def _read_anywhere(self, scan: Scan) -> tuple[tuple[Voice, ...], Points | None]:
        """The whole page; then all voices on the crop around a code that was seen but not read."""
        found = cascade.find_symbols(scan.grey, wanted=shaped)
        read = [
            ((Voice(decoder=cascade.ZXING, preparation=cascade.AS_IS, content=f.content),), f.corners)
            for f in found
            if f.content
        ]
        if read and shaped(found[0].content):
            return read[0]
        unread = [f.corners for f in found if not f.content]
        unread = [at for at in unread if min(around(scan.grey, at)[0].shape) >= SIDE_PX_MIN]
        for at in unread:
            crop, origin = around(scan.grey, at)
            voices = cascade.read_symbol(crop, wechat=self.wechat)
            if voices:
                return voices, next((v.corners + origin for v in voices if v.corners is not None), at)
        return read[0] if read else ((), unread[0] if unread else None)

    def _unread(self, scan: Scan, corners: Points | None, hint: Hint) -> Facts:
        """Nobody read it on the page: register the page, look closely at the code's place, and try the identity proof."""
        fit, sheet = self._registrar.anywhere(scan)
        if fit is None or sheet is None:
            sheet = next(iter(self._registrar.likely(scan)), self.sheets[0])
            if corners is None:
                return Facts(identity=identify(b"", self.book, place=hint.place), sheet=sheet)
            place = sheet.places.symbol
            fit = register_corners(scan, corners, x_mm=place.x_mm, y_mm=place.y_mm, side_mm=sheet.side_mm)
        guess = fit.to_pixels(corners_mm(sheet))
        crop, origin = around(scan.grey, guess)
        inside = min(crop.shape) >= SIDE_PX_MIN
        voices = cascade.read_symbol(crop, wechat=self.wechat, guess=guess - origin) if inside else ()
        if voices:
            content = _first(voices)
            identity = identify(content, self.book, place=hint.place)
            at = next((v.corners + origin for v in voices if v.corners is not None), guess)
            facts = Facts(identity=identity, voices=voices, fit=fit, sheet=sheet)
            return self._measured(scan, facts, content, at)
        return self._proven(scan, fit, sheet, guess, hint)

    def _proven(self, scan: Scan, fit: PageFit, sheet: Sheet, guess: Points, hint: Hint) -> Facts:
        """The identity proof: which of the slips that may lie here is it, by their own modules?"""
        number = self.text.number(scan.grey, fit, sheet)
        named = self.book.of_number(number) if number is not None else None
        likely = named if named is not None else hint.place
        unproven = Identity(
            row=likely, by="number" if named is not None else "place" if likely is not None else ""
        )
        rows = list(dict.fromkeys([*([] if likely is None else [likely]), *hint.rows]))
        if not rows:
            return Facts(identity=unproven, sheet=sheet, fit=fit)
        payloads = np.frombuffer("".join(self.book.payload(r) for r in rows).encode(), np.uint8)
        modules = symbols.unpack(symbols.encode(payloads.reshape(len(rows), -1)))
        grid = locate(scan.grey, modules[0], guess)
        if grid is None:
            return Facts(identity=unproven, sheet=sheet, fit=fit)
        bits = measure(scan.grey, grid, modules[0], self.curve).bits
        errors = symbol_map.codeword_errors(np.broadcast_to(bits, modules.shape), modules)
        chosen = int(errors.max(axis=1).argmin())
        closer = locate(scan.grey, modules[chosen], grid.corners) or grid
        measurement = measure(scan.grey, closer, modules[chosen], self.curve)
        identity = Identity(row=rows[chosen], by="symbol", place=hint.place)
        if not measurement.intended:
            if likely is None:
                return Facts(identity=unproven, sheet=sheet, fit=fit)
            identity, chosen, closer = unproven, 0, grid
            measurement = measure(scan.grey, grid, modules[0], self.curve)
        facts = Facts(
            identity=identity,
            sheet=sheet,
            fit=fit,
            grid=closer,
            modules=modules[chosen],
            measurement=measurement,
            grades=grade(measurement, self.thresholds),
            nearest=() if measurement.intended else measurement.errors_best,
        )
        return self._with_print(scan, facts, self.book.entry(rows[chosen]))

    # --- measuring --------------------------------------------------------------------------------

    def _measured(self, scan: Scan, facts: Facts, content: bytes, corners: Points) -> Facts:
        """A code that was read: its own digits are the intended modules; the second voice; the page; what is printed."""
        entry = None if facts.identity.row is None else self.book.entry(facts.identity.row)
        sheet = facts.sheet or next(iter(self._registrar.likely(scan)), self.sheets[0])
        if entry and (facts.sheet is None or facts.sheet.name != entry.layout):
            sheet = seen_as(scan, self._sheets[entry.layout], corners, likely=entry.position)
        if not shaped(content):
            return replace(facts, sheet=sheet)
        modules = modules_of(content)
        grid = locate(scan.grey, modules, corners)
        if grid is None:
            return replace(facts, sheet=sheet)
        measurement = measure(scan.grey, grid, modules, self.curve)
        voices = facts.voices
        if not measurement.intended and len({v.decoder for v in voices}) < 2:
            crop, _ = around(scan.grey, grid.corners)
            voices += tuple(
                v for v in cascade.read_symbol(crop, wechat=self.wechat) if v.decoder != cascade.ZXING
            )
        fit = (
            facts.fit
            if facts.fit and facts.fit.method != "corners"
            else self._registrar.around(scan, sheet, grid.corners)
        )
        known = replace(
            facts,
            voices=voices,
            sheet=sheet,
            fit=fit,
            grid=grid,
            modules=modules,
            measurement=measurement,
            grades=grade(measurement, self.thresholds),
        )
        return self._with_print(scan, known, entry)

    def _with_print(self, scan: Scan, facts: Facts, entry: Entry | None) -> Facts:
        """Amount, dates and number in pixels, and the barcode, where the page is registered by more than its code."""
        fit, sheet = facts.fit, facts.sheet
        if fit is not None:
            fit = replace(fit, scanner=(self.scanner.across, self.scanner.down))
            facts = replace(facts, fit=fit)
        if fit is None or sheet is None:
            return facts
        if entry is None:
            return replace(facts, paper=self._paper(scan, fit, sheet)) if facts.identity.foreign else facts
        texts = self.text.read(scan.grey, fit, sheet, entry)
        marks = read_marks(scan.grey, sheet.layout, fit.map)
        return replace(facts, texts=texts, bars=bars_of(scan.grey, fit, sheet), marks=marks)

    def _paper(self, scan: Scan, fit: PageFit, sheet: Sheet) -> Entry | None:
        """Whose sheet a foreign code stands on: by its number, and by its barcode, since every job has a sheet of that number."""
        if fit.method == "corners":
            return None
        number = self.text.number(scan.grey, fit, sheet)
        row = None if number is None else self.book.of_number(number)
        entry = None if row is None else self.book.entry(row)
        ours = entry is not None and entry.barcode and bars_of(scan.grey, fit, sheet) == entry.barcode
        return entry if ours else None


def _first(voices: Sequence[Voice]) -> bytes:
    return next(v.content for v in voices if v.content)


def place_of(facts: Facts) -> Points | None:
    """The symbol's outer corners in pixels, measured or where it should be."""
    if facts.grid is not None:
        return facts.grid.corners
    if facts.fit is not None and facts.sheet is not None:
        return plane.moved(corners_mm(facts.sheet), facts.fit.map)
    return None
