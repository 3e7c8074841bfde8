"""A form compiled for one run: constants and holes of the page stream, and the tags that belong to them.

In: a layout, its words in one language, the run's coded fonts, and which conditional boxes a page shows. Out: a `Template`.
One box is one marked-content sequence and one structure element: a label and its value are read together. Boxes that say the same on
every page are drawn by one stream that all pages of the file share. Refuses constant texts that do not fit their boxes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from slips.constants import ConstantText, Words, as_the_form_says, constant_texts, nowhere, set_constant
from slips.fonts import FontLibrary
from slips.form import UNUSED, InserterMark, Layout, PlacedBox, slot_name
from slips.glyphs import CodedFace
from slips.holes import CODE_SHAPE, CodeHole, Hole, cells, value_hole
from slips.inserter import mask_shape
from slips.labels import Labels
from slips.pdf import number
from slips.place import MM_PT, Area, area_of
from slips.stream import Stream

JAPANESE_VALUES: Final = ("address", "class", "offset_to", "account")
"""What is printed in Japanese on a slip in any language."""
DARK_BELOW: Final = 0.5
"""On a ground darker than this text is white."""


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
    """`fixed`, then `pieces[0] hole[0] pieces[1] …`, is the page's content; `elements` its tags in reading order."""

    fixed: bytes
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


@dataclass
class _Compiler:
    layout: Layout
    constants: Mapping[str, Sequence[ConstantText]]
    words: Words
    fonts: FontLibrary
    faces: Mapping[str, CodedFace]
    has_mark: bool
    labels: Labels | None = None
    fixed: Stream = field(default_factory=Stream)
    own: Stream = field(default_factory=Stream)
    marked: int = 0

    def open(self, role: str, stream: Stream) -> int | None:
        """Begin marked content, numbered through both streams of the page; artifacts have no number."""
        mcid = None if role == "Artifact" else self.marked
        self.marked += mcid is not None
        stream.open(role, mcid)
        return mcid

    def text(self, text: ConstantText, stream: Stream) -> None:
        for placed in set_constant(text, self.fonts, file=self.layout.file):
            stream.show(placed, self.faces[placed.run.face], text.size_pt)

    def artwork(self, whens: frozenset[str]) -> None:
        """What is drawn once a form, under everything; of a place without a slip only that it is void."""
        self.fixed.open("Artifact", None)
        self.fixed.put(b"/Art Do")
        for slot in range(2, self.layout.slips_per_page + 1):
            self.fixed.put(b"/%b%d Do" % (b"Void" if slot_name(UNUSED, slot) in whens else b"Art", slot))
        self.fixed.put(b" ")
        self.fixed.close()
        self.fixed.put(b"0 g ")

    def code(self, box: PlacedBox) -> None:
        """A code stands on the press's dot grid."""
        dot_pt = 72 / self.layout.dpi
        left, bottom = self.layout.origin_dots(box)
        columns, rows = CODE_SHAPE[box.kind]
        if box.kind == "qr":
            w = h = columns * self.layout.pitch_dots * dot_pt
        elif box.kind == "gs1_128":
            w, h = columns * self.layout.bar_dots * dot_pt, box.h_mm * MM_PT
        else:
            w, h = box.w_mm * MM_PT, box.h_mm * MM_PT
        hole = CodeHole(box.name, slot_name(box.kind, box.slot))
        self.own.image_mask(hole, (columns, rows), (left * dot_pt, bottom * dot_pt, w, h))

    def inserter_mark(self, mark: InserterMark) -> None:
        """What a machine reads, on the dot grid too; not read aloud."""
        dot_pt = 72 / self.layout.dpi
        left, bottom = self.layout.origin_dots(mark)
        columns, rows = mask_shape(mark)
        w = columns * mark.pitch_dots * dot_pt if mark.kind == "datamatrix" else mark.w_mm * MM_PT
        place = (left * dot_pt, bottom * dot_pt, w, rows * mark.line_dots * dot_pt)
        self.own.open("Artifact", None)
        self.own.image_mask(CodeHole(mark.id, code_key(mark)), (columns, rows), place)
        self.own.close()

    def table(self, box: PlacedBox, rows: int) -> Element:
        heads = []
        for text in self.constants[box.name]:
            heads.append(Element("TH", self.open("TH", self.fixed), extra=b"/A<</O/Table/Scope/Column>>"))
            self.text(text, self.fixed)
            self.fixed.close()
        trs = [Element("TR", children=tuple(heads))]
        for row in range(1, rows + 1):
            tds = []
            for column, hole in zip(box.columns, cells(self.layout, box, row), strict=True):
                tds.append(Element("TD", self.open("TD", self.own)))
                self.own.value(replace(hole, value=box.cell(column, row)), self.faces[hole.setting.face])
                self.own.close()
            trs.append(Element("TR", children=tuple(tds)))
        return Element("Table", children=tuple(trs))

    def box(self, box: PlacedBox) -> Element | None:
        stream = self.own if box.value or box.kind in CODE_SHAPE else self.fixed
        mcid = self.open(box.role, stream)
        area = area_of(self.layout, box.x_mm, box.y_mm, box.w_mm, box.h_mm)
        texts = self.constants.get(box.name, ())
        labels = 1 if box.label else 0  # it stands beside the bar, not on it
        for text in texts[:labels]:
            self.text(text, stream)
        dark = _ground(box, area, stream)
        for text in texts[labels:]:
            self.text(text, stream)
        if box.kind in CODE_SHAPE:
            self.code(box)
        elif box.kind == "mark" and self.has_mark:
            stream.put(b"q %b 0 0 %b %b %b cm/Mark Do Q " % _edges(area))
        elif box.value:
            hole = value_hole(self.layout, box, column=box.column)
            foreign = self.labels and self.labels.base != "ja" and box.value in JAPANESE_VALUES
            if foreign:
                stream.put(b"/Span<</Lang(ja)>>BDC ")
            stream.value(hole, self.faces[hole.setting.face])
            if foreign:
                stream.put(b"EMC ")
        if dark:
            stream.put(b"0 g ")
        stream.close()
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


def _ground(box: PlacedBox, area: Area, stream: Stream) -> bool:
    """The bar under a box and its border; True where it is dark, so that the text is white from here on."""
    if box.ground >= 1 and not box.border_pt:
        return False
    w, h, x, y = _edges(area)
    place = b"%b %b %b %b re" % (x, y, w, h)
    if box.ground < 1:
        stream.put(b"%b g %b f 0 g " % (number(box.ground), place))
    if box.border_pt:
        stream.put(b"q 0 G %b w %b S Q " % (number(box.border_pt), place))
    if box.ground >= DARK_BELOW:
        return False
    stream.put(b"1 g ")
    return True


def _edges(area: Area) -> tuple[bytes, bytes, bytes, bytes]:
    """Width, height and lower left corner."""
    return number(area.w), number(area.h), number(area.x), number(area.top - area.h)


def code_key(mark: InserterMark) -> str:
    """Under which name the images of a mark travel beside those of the codes."""
    return f"inserter {mark.id}"


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
    face_of, mixed = (labels.face, labels.mixed) if labels else (as_the_form_says, nowhere)
    for text in constant_texts(layout, words, has_mark=has_mark, face_of=face_of, mixed=mixed):
        constants.setdefault(text.box, []).append(text)
    work = _Compiler(layout, constants, words, fonts, faces, has_mark, labels)
    work.artwork(shown.whens)
    for mark in layout.inserter_marks:
        work.inserter_mark(mark)
    elements: dict[int, list[Element]] = {}
    for part in layout.parts:
        for box in layout.boxes:
            if box.part != part.id or not box.stands(shown.whens):
                continue
            element = work.table(box, min(shown.rows, box.rows)) if box.kind == "table" else work.box(box)
            if element is not None:
                elements.setdefault(part.slot, []).append(element)
    top = _sections(elements) if layout.slips_per_page > 1 else elements.get(1, [])
    (fixed,) = work.fixed.pieces
    return Template(fixed, tuple(work.own.pieces), tuple(work.own.holes), tuple(top), work.marked, lang)


def _sections(elements: Mapping[int, Sequence[Element]]) -> Iterator[Element]:
    """What belongs to the page, then a section a slip."""
    yield from elements.get(0, ())
    for slot, mine in elements.items():
        if slot:
            yield Element("Sect", children=tuple(mine))
