"""Amount, dates and running number as they stand on the paper, read from pixels and held against what the manifest says.

In: a registered page, its form, the slip. Out: what each field says, and what it should. A field is read without being told what it should
say; only the wording (円 or ¥) is taken from the manifest's side.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from slips.fonts import FontLibrary, load_fonts
from slips.form import PlacedBox
from slips.order import NUMBER_WIDTH
from slips.proof.book import Entry
from slips.proof.glyph_text import GlyphReader
from slips.proof.page_fit import PageFit
from slips.proof.printed import AMOUNTS, DAYS, printed_texts
from slips.proof.scan import Pixels
from slips.proof.sheets import Sheet
from slips.proof.text_forms import TextForm, form_like, numbers
from slips.proof.text_reading import MARGIN_MIN, Legibility, TextReading
from slips.wording import faces_of

NUMBER = "seq"
FIELDS = (*AMOUNTS, *DAYS, NUMBER)
EVERY_BOX = AMOUNTS
"""The amount is read in each of its boxes, the others in their first: nobody pays a wrong date."""


@dataclass(frozen=True, kw_only=True)
class TextFact:
    """One field: the value column, its box, what was read, and the texts that would be right."""

    value: str
    box: PlacedBox
    reading: TextReading
    right: tuple[str, ...]

    @property
    def agrees(self) -> bool:
        return any(self.reading.says(text) for text in self.right)


@dataclass(frozen=True, eq=False)
class PageText:
    """The reader of one process; fonts are opened with the first field."""

    sheets: Sequence[Sheet]
    number_widths: Sequence[int] = (NUMBER_WIDTH,)
    """How many digits the running numbers of the job have."""
    margin_min: float = MARGIN_MIN
    """The gate: how clearly a character must beat the next best."""

    @cached_property
    def _reader(self) -> GlyphReader:
        faces = sorted({face for sheet in self.sheets for face in faces_of(sheet.layout)})
        fonts: FontLibrary = load_fonts(tuple(faces))
        return GlyphReader(fonts, self.margin_min)

    def read(self, grey: Pixels, fit: PageFit, sheet: Sheet, entry: Entry) -> tuple[TextFact, ...]:
        """Every field of the form that the manifest can vouch for."""
        right = printed_texts(entry)
        return tuple(
            self._fact(grey, fit, box, right[box.value]) for box in _fields(sheet, right) if right[box.value]
        )

    def number(self, grey: Pixels, fit: PageFit, sheet: Sheet) -> int | None:
        """The running number that is printed on the page, where it can be read for sure."""
        boxes = _fields(sheet, {NUMBER: ("0",)})
        if not boxes:
            return None
        reading = self._read(grey, fit, boxes[0], numbers(self.number_widths))
        return int(reading.text) if reading is not None and reading.legibility is Legibility.READ else None

    def _fact(self, grey: Pixels, fit: PageFit, box: PlacedBox, right: tuple[str, ...]) -> TextFact:
        """Read by the first wording; by the next only where the first does not agree."""
        best: TextReading | None = None
        for text in right:
            reading = self._read(grey, fit, box, form_like(text))
            if reading is None:
                continue
            if reading.says(text):
                return TextFact(value=box.value, box=box, reading=reading, right=right)
            if best is None or reading.score > best.score:
                best = reading
        return TextFact(
            value=box.value,
            box=box,
            reading=best or TextReading(legibility=Legibility.UNCERTAIN),
            right=right,
        )

    def _read(self, grey: Pixels, fit: PageFit, box: PlacedBox, form: TextForm) -> TextReading | None:
        try:
            return self._reader.read(grey, fit.map, box=box, form=form)
        except (
            ValueError
        ):  # the box cannot show text of this form: an English day where only Japanese ones fit
            return None


def _fields(sheet: Sheet, right: Mapping[str, tuple[str, ...]]) -> list[PlacedBox]:
    """The boxes to read: all of an amount, the first of anything else; none that a condition may leave out."""
    found: list[PlacedBox] = []
    for box in sheet.layout.boxes:
        shown = box.kind == "field" and box.value in FIELDS and box.value in right and not box.when
        if (
            shown
            and box.slot == sheet.slot
            and (box.value in EVERY_BOX or all(other.value != box.value for other in found))
        ):
            found.append(box)
    return found
