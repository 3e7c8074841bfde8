"""A form compiled for one run: constants and holes of the page stream, and the tags that belong to them.

In: a layout, its words in one language, the run's coded fonts, and which conditional boxes a page shows. Out: a `Template`.
One box is one marked-content sequence and one structure element: the label and its value are read together, and the page is
drawn in reading order. Refuses constant texts that do not fit their boxes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from slips.constants import ConstantText, Words, as_the_form_says, constant_texts, set_constant
from slips.fit import Setting
from slips.fonts import FontLibrary
from slips.form import UNUSED, FitStep, InserterMark, Layout, Part, PlacedBox, slot_name
from slips.glyphs import CodedFace
from slips.inserter import mask_shape
from slips.labels import Labels
from slips.pdf import number
from slips.place import MM_PT, Area, area_of

CODE_SHAPE: Final[Mapping[str, tuple[int, int]]] = {
    "qr": (41, 41),
    "gs1_128": (288, 1),
    "customer_barcode": (133, 3),
}
"""Columns and rows of the image masks."""

DARK_BELOW: Final = 0.5
"""On a ground darker than this text is white."""


@dataclass(frozen=True)
class TextHole:
    """Where a value is set: its column, place, setting and fit steps."""

    box: str
    value: str
    area: Area
    setting: Setting
    align: str
    valign: str
    leading: float
    steps: tuple[FitStep, ...]


@dataclass(frozen=True)
class CodeHole:
    """Where the image mask of a code is set; `kind` is the key of its images."""

    box: str
    kind: str


Hole = TextHole | CodeHole


@dataclass(frozen=True)
class Element:
    """A structure element: role, its marked content, alternative text, children and extra dictionary entries."""

    role: str
    mcid: int | None = None
    alt: str = ""
    children: tuple[Element, ...] = ()
    extra: bytes = b""


def every(elements: Iterable[Element]) -> Iterator[Element]:
    """The elements and all that is in them."""
    for element in elements:
        yield element
        yield from every(element.children)


@dataclass(frozen=True)
class Template:
    """`pieces[0] hole[0] pieces[1] …` is the page's content; `elements` its tags in reading order."""

    pieces: tuple[bytes, ...]
    holes: tuple[Hole, ...]
    elements: tuple[Element, ...]
    marked: int
    lang: str


@dataclass(frozen=True)
class Shown:
    """Which conditional boxes a page shows: the `when` columns that are not empty, and the filled rows of each table."""

    whens: frozenset[str]
    rows: int


def text_holes(layout: Layout) -> Iterator[TextHole]:
    """Every place of a form where a value is set, conditions left aside: what checks and font subsets must look at."""
    for box in layout.boxes:
        if box.kind == "table":
            for row in range(1, box.rows + 1):
                yield from _cells(layout, box, row)
        elif box.value and box.kind not in CODE_SHAPE:
            yield _hole(layout, box)


def _hole(layout: Layout, box: PlacedBox, *, column: str = "") -> TextHole:
    area = area_of(layout, box.x_mm, box.y_mm, box.w_mm, box.h_mm)
    setting = Setting(box.font, box.size_pt, lines=box.lines)
    return TextHole(box.name, column or box.value, area, setting, box.align, box.valign, box.leading, box.fit)


def _cells(layout: Layout, box: PlacedBox, row: int) -> Iterator[TextHole]:
    """The cells of one table row, 1-based."""
    x, y = box.x_mm, box.y_mm + box.head_h_mm + (row - 1) * box.row_h_mm
    for column in box.columns:
        area = area_of(layout, x, y, column.w_mm, box.row_h_mm)
        setting = Setting(column.font or box.font, column.size_pt or box.size_pt)
        value = column.value if box.of_slots else f"{column.value}_{row}"
        yield TextHole(box.name, value, area, setting, column.align, "middle", box.leading, box.fit)
        x += column.w_mm


@dataclass
class _Compiler:
    layout: Layout
    constants: Mapping[str, Sequence[ConstantText]]
    words: Words
    fonts: FontLibrary
    faces: Mapping[str, CodedFace]
    has_mark: bool
    labels: Labels | None = None
    pieces: list[bytes] = field(default_factory=lambda: [b""])
    holes: list[Hole] = field(default_factory=list)
    mcid: int = 0
    x: float = 0.0
    y: float = 0.0
    text: tuple[float, float] = (0.0, 0.0)
    font: tuple[str, float] | None = None

    def enter(self, part: Part) -> None:
        """Begin a part: what follows is placed from its upper left corner.

        Equal boxes of the parts then are equal bytes, and a page is a fifth smaller.
        """
        self.x, self.y = part.x_mm * MM_PT, (self.layout.page_h_mm - part.y_mm) * MM_PT
        self.put(b"q 1 0 0 1 %b %b cm\n" % (_exact(self.x), _exact(self.y)))

    def leave_part(self) -> None:
        self.put(b"Q\n")

    def put(self, data: bytes) -> None:
        self.pieces[-1] += data

    def leave(self, hole: Hole) -> None:
        self.holes.append(hole)
        self.pieces.append(b"")

    def open(self, role: str) -> int | None:
        """Begin marked content; artifacts have no number."""
        if role == "Artifact":
            self.put(b"/Artifact BMC ")
            return None
        self.put(b"/%b<</MCID %d>>BDC " % (role.encode(), self.mcid))
        self.mcid += 1
        return self.mcid - 1

    def close(self) -> None:
        """End marked content."""
        self.end_text()
        self.put(b"EMC\n")

    def constant(self, text: ConstantText) -> None:
        """Constant text in place; whole phrases are single glyphs of the run's subset."""
        for placed in set_constant(text, self.fonts, file=self.layout.file):
            face = self.faces[placed.run.face]
            self.set_font(face.resource, text.size_pt)
            x, y = round(placed.x - self.x, 2), round(placed.y - self.y, 2)
            from_x, from_y = self.text
            self.put(
                b" %b %b Td(%b)Tj"
                % (number(x - from_x), number(y - from_y), face.encode_constant(placed.run))
            )
            self.text = x, y

    def value(self, hole: TextHole) -> None:
        self.set_font(self.faces[hole.setting.face].resource, hole.setting.size_pt)
        self.put(b" ")
        from_x, from_y = self.text
        self.leave(replace(hole, area=hole.area.seen_from(self.x + from_x, self.y + from_y)))
        self.put(b")Tj")
        self.end_text()  # the hole's own operators may have moved on and changed the font

    def set_font(self, resource: str, size_pt: float) -> None:
        """Texts of one box share a text object: a reader pays for each, and `Td` counts from where the last text began."""
        if self.font is None:
            self.put(b"BT")
        if self.font != (resource, size_pt):
            self.font = resource, size_pt
            self.put(b"/%b %b Tf" % (resource.encode(), number(size_pt)))

    def end_text(self) -> None:
        if self.font is not None:
            self.put(b" ET ")
        self.text, self.font = (0.0, 0.0), None

    def image_mask(self, box: PlacedBox) -> None:
        """An inline image mask on the press's dot grid: masks do not grow in a RIP, filled modules do."""
        dot_pt = 72 / self.layout.dpi
        left, bottom = self.layout.origin_dots(box)
        columns, rows = CODE_SHAPE[box.kind]
        if box.kind == "qr":
            w = h = 41 * self.layout.pitch_dots * dot_pt
        elif box.kind == "gs1_128":
            w, h = columns * self.layout.bar_dots * dot_pt, box.h_mm * MM_PT
        else:
            w, h = box.w_mm * MM_PT, box.h_mm * MM_PT
        self.put(
            b"q %b 0 0 %b %b %b cm BI/W %d/H %d/IM true/BPC 1/D[1 0]ID "
            % (
                _exact(w),
                _exact(h),
                _exact(left * dot_pt - self.x),
                _exact(bottom * dot_pt - self.y),
                columns,
                rows,
            )
        )
        self.leave(CodeHole(box.name, slot_name(box.kind, box.slot)))
        self.put(b"\nEI Q ")

    def inserter_mark(self, mark: InserterMark) -> None:
        """What a machine reads, on the dot grid too; page space, not read aloud."""
        dot_pt = 72 / self.layout.dpi
        left, bottom = self.layout.origin_dots(mark)
        columns, rows = mask_shape(mark)
        w = columns * mark.pitch_dots * dot_pt if mark.kind == "datamatrix" else mark.w_mm * MM_PT
        place = (w, rows * mark.line_dots * dot_pt, left * dot_pt, bottom * dot_pt)
        self.put(b"/Artifact BMC q %b 0 0 %b %b %b cm " % tuple(map(_exact, place)))
        self.put(b"BI/W %d/H %d/IM true/BPC 1/D[1 0]ID " % (columns, rows))
        self.leave(CodeHole(mark.id, code_key(mark)))
        self.put(b"\nEI Q EMC\n")

    def mark(self, box: PlacedBox) -> None:
        area = area_of(self.layout, box.x_mm, box.y_mm, box.w_mm, box.h_mm).seen_from(self.x, self.y)
        place = (number(area.w), number(area.h), number(area.x), number(area.top - area.h))
        self.put(b"q %b 0 0 %b %b %b cm/Mark Do Q " % place)

    def table(self, box: PlacedBox, rows: int) -> Element:
        heads = []
        for text in self.constants[box.name]:
            heads.append(Element("TH", self.open("TH"), extra=b"/A<</O/Table/Scope/Column>>"))
            self.constant(text)
            self.close()
        trs = [Element("TR", children=tuple(heads))]
        for row in range(1, rows + 1):
            cells = []
            for column, hole in zip(box.columns, _cells(self.layout, box, row), strict=True):
                cells.append(Element("TD", self.open("TD")))
                self.value(replace(hole, value=box.cell(column, row)))
                self.close()
            trs.append(Element("TR", children=tuple(cells)))
        return Element("Table", children=tuple(trs))

    def ground(self, box: PlacedBox, area: Area) -> bool:
        """The bar under a box and its border; True where it is dark, so that the text is white from here on."""
        if box.ground >= 1 and not box.border_pt:
            return False
        self.end_text()  # no paths inside a text object
        seen = area.seen_from(self.x, self.y)
        place = b"%b %b %b %b re" % tuple(map(number, (seen.x, seen.top - seen.h, seen.w, seen.h)))
        if box.ground < 1:
            self.put(b"%b g %b f 0 g " % (number(box.ground), place))
        if box.border_pt:
            self.put(b"q 0 G %b w %b S Q " % (number(box.border_pt), place))
        if box.ground >= DARK_BELOW:
            return False
        self.put(b"1 g ")
        return True

    def box(self, box: PlacedBox) -> Element | None:
        mcid = self.open(box.role)
        area = area_of(self.layout, box.x_mm, box.y_mm, box.w_mm, box.h_mm)
        texts = self.constants.get(box.name, ())
        labels = 1 if box.label else 0  # it stands beside the bar, not on it
        for text in texts[:labels]:
            self.constant(text)
        dark = self.ground(box, area)
        for text in texts[labels:]:
            self.constant(text)
        if box.kind in CODE_SHAPE:
            self.end_text()
            self.image_mask(box)
        elif box.kind == "mark" and self.has_mark:
            self.end_text()
            self.mark(box)
        elif box.value:
            self.value(_hole(self.layout, box, column=box.column))
        if dark:
            self.end_text()
            self.put(b"0 g ")
        self.close()
        if mcid is None:
            return None
        extra, alt = b"", ""
        if box.role == "Figure":
            alt = self.words(box.alt)
            extra = b"/A<</O/Layout/BBox[%b %b %b %b]>>" % (
                number(area.x), number(area.top - area.h), number(area.x + area.w), number(area.top),
            )  # fmt: skip
        if self.labels and (tag := self.labels.tag(box.text or box.alt)):
            extra += b"/Lang(%b)" % tag.encode()
        return Element(box.role, mcid, alt, (), extra)


def code_key(mark: InserterMark) -> str:
    """Under which name the images of a mark travel beside those of the codes."""
    return f"inserter {mark.id}"


def _exact(value: float) -> bytes:
    """Codes stand on the dot grid: six places keep a module's edge within a nanometre of it."""
    return f"{value:.6f}".rstrip("0").rstrip(".").encode()


def compile_template(
    layout: Layout,
    *,
    words: Words,
    lang: str,
    fonts: FontLibrary,
    faces: Mapping[str, CodedFace],
    shown: Shown,
    has_mark: bool,
    labels: Labels | None = None,
) -> Template:
    """The template of a form for pages that show `shown`. Raises ProblemError where a constant text does not fit its box."""
    constants: dict[str, list[ConstantText]] = {}
    face_of = labels.face if labels else as_the_form_says
    for text in constant_texts(layout, words, has_mark=has_mark, face_of=face_of):
        constants.setdefault(text.box, []).append(text)
    work = _Compiler(layout, constants, words, fonts, faces, has_mark, labels)
    work.put(b"/Artifact BMC/Art Do")
    for slot in range(2, layout.slips_per_page + 1):
        work.put(b"/%b%d Do" % (b"Void" if slot_name(UNUSED, slot) in shown.whens else b"Art", slot))
    work.put(b" EMC\n0 g ")
    for mark in layout.inserter_marks:
        work.inserter_mark(mark)
    elements: dict[int, list[Element]] = {}
    for part in layout.parts:
        work.enter(part)
        for box in layout.boxes:
            if box.part != part.id or not box.stands(shown.whens):
                continue
            element = work.table(box, min(shown.rows, box.rows)) if box.kind == "table" else work.box(box)
            if element is not None:
                elements.setdefault(part.slot, []).append(element)
        work.leave_part()
    top = _sections(elements) if layout.slips_per_page > 1 else elements.get(1, [])
    return Template(tuple(work.pieces), tuple(work.holes), tuple(top), work.mcid, lang)


def _sections(elements: Mapping[int, Sequence[Element]]) -> Iterator[Element]:
    """What belongs to the page, then a section a slip."""
    yield from elements.get(0, ())
    for slot, mine in elements.items():
        if slot:
            yield Element("Sect", children=tuple(mine))
