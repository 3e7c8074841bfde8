"""A form compiled for one run: constants and holes of the page stream, and the tags that belong to them.

In: a layout, its words in one language, the run's coded fonts, and which conditional boxes a page shows. Out: a `Template`.
One box is one marked-content sequence and one structure element: the label and its value are read together, and the page is
drawn in reading order. Constant text stands in form XObjects that every page of a file shares. Refuses labels that do not fit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from elqr.problems import Problem, ProblemError, Where
from slips.fit import Fitted, Setting, break_lines, fit
from slips.fonts import FontLibrary
from slips.form import Column, FitStep, Layout, PlacedBox
from slips.glyphs import CodedFace, runs_of
from slips.pdf import number

MM_PT: Final = 72 / 25.4
EM_ASCENT: Final = 0.88
"""Share of the em above the baseline in BIZ UDGothic and IPAmj Mincho (1802 of 2048 units)."""
CODE_SHAPE: Final[Mapping[str, tuple[int, int]]] = {
    "qr": (41, 41),
    "gs1_128": (288, 1),
    "customer_barcode": (133, 3),
}
"""Columns and rows of the image masks."""

Words = Callable[[str], str]


@dataclass(frozen=True)
class Area:
    """A rectangle on the page in points, origin lower left; `top` is its upper edge."""

    x: float
    top: float
    w: float
    h: float

    def baseline(self, size: float, line: int, lines: int, leading: float, valign: str) -> float:
        """y of the baseline of `line` (0-based) of `lines`."""
        block = size * (1 + (lines - 1) * leading)
        drop = {"top": 0.0, "middle": (self.h - block) / 2, "bottom": self.h - block}[valign]
        return self.top - drop - line * size * leading - EM_ASCENT * size

    def start(self, width: float, align: str) -> float:
        """x where a line of `width` begins."""
        return self.x + {"left": 0.0, "center": (self.w - width) / 2, "right": self.w - width}[align]


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
    """Where the image mask of a code is set."""

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


@dataclass(frozen=True)
class Template:
    """`pieces[0] hole[0] pieces[1] …` is the page's content; `elements` its tags in reading order."""

    pieces: tuple[bytes, ...]
    holes: tuple[Hole, ...]
    elements: tuple[Element, ...]
    marked: int
    lang: str


@dataclass
class FormBook:
    """The form XObjects of one file: equal bodies are one form, named in order of first use."""

    names: dict[bytes, bytes] = field(default_factory=dict)

    def use(self, body: bytes) -> bytes:
        return self.names.setdefault(body, b"L%d" % len(self.names))


@dataclass(frozen=True)
class Shown:
    """Which conditional boxes a page shows: the `when` columns that are not empty, and the filled rows of each table."""

    whens: frozenset[str]
    rows: int


def area_of(layout: Layout, x_mm: float, y_mm: float, w_mm: float, h_mm: float) -> Area:
    return Area(x_mm * MM_PT, (layout.page_h_mm - y_mm) * MM_PT, w_mm * MM_PT, h_mm * MM_PT)


def text_holes(layout: Layout) -> Iterator[TextHole]:
    """Every place of a form where a value is set, conditions left aside: what checks and font subsets must look at."""
    for box in layout.boxes:
        if box.kind == "table":
            for row in range(1, box.rows + 1):
                yield from (hole for _, hole in _cells(layout, box, row))
        elif box.value:
            yield _hole(layout, box)


def constant_texts(layout: Layout, words: Words, *, has_mark: bool) -> Iterator[tuple[str, str]]:
    """(face, text) of everything that is printed and does not come from a row."""
    for box in layout.boxes:
        if box.text and not (box.kind == "mark" and has_mark):
            yield box.font, words(box.text)
        if box.label:
            yield box.label_font, words(box.label)
        for column in box.columns:
            yield box.label_font, words(column.label)


def _hole(layout: Layout, box: PlacedBox) -> TextHole:
    area = area_of(layout, box.x_mm, box.y_mm, box.w_mm, box.h_mm)
    setting = Setting(box.font, box.size_pt)
    return TextHole(box.name, box.value, area, setting, box.align, box.valign, box.leading, box.fit)


def _cells(layout: Layout, box: PlacedBox, row: int) -> Iterator[tuple[Column, TextHole]]:
    """The cells of one table row, 1-based; row 0 is the heading."""
    y = box.y_mm + (box.head_h_mm + (row - 1) * box.row_h_mm if row else 0.0)
    h, x = (box.row_h_mm if row else box.head_h_mm), box.x_mm
    for column in box.columns:
        area = area_of(layout, x, y, column.w_mm, h)
        face, size = (box.font, box.size_pt) if row else (box.label_font, box.label_size_pt)
        value = f"{column.value}_{row}" if row else column.label
        yield (
            column,
            TextHole(
                box.name, value, area, Setting(face, size), column.align, "middle", box.leading, box.fit
            ),
        )
        x += column.w_mm


@dataclass
class _Compiler:
    layout: Layout
    words: Words
    fonts: FontLibrary
    faces: Mapping[str, CodedFace]
    forms: FormBook
    has_mark: bool
    pieces: list[bytes] = field(default_factory=lambda: [b""])
    holes: list[Hole] = field(default_factory=list)
    mcid: int = 0

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

    def static(
        self,
        text: str,
        face: str,
        size: float,
        area: Area,
        *,
        align: str,
        valign: str,
        leading: float,
        box: str,
    ) -> None:
        """Constant text, wrapped to its box, as a shared form."""
        lines: list[Fitted] = []
        for paragraph in text.split("\n"):
            lines += self._wrap(paragraph, face, size, area, box)
        needed = size * (1 + (len(lines) - 1) * leading)
        if needed > area.h + 0.3 and len(lines) > 1:
            raise _label_problem(self.layout, box, text, needed / MM_PT, area.h / MM_PT)
        body = b"BT 0 g"
        for k, line in enumerate(lines):
            (only,) = line.lines
            x = area.start(only.width_pt, align)
            y = area.baseline(size, k, len(lines), leading, valign)
            for run in only.runs:
                coded = self.faces[run.face]
                body += b"/%b %b Tf 1 0 0 1 %b %b Tm(%b)Tj\n" % (
                    coded.resource.encode(), number(size), number(x), number(y), coded.encode(run.clusters),
                )  # fmt: skip
                x += sum(self.fonts.faces[run.face].advance(c) for c in run.clusters) * size / 1000
        self.put(b"/%b Do " % self.forms.use(body + b"ET"))

    def _wrap(self, text: str, face: str, size: float, area: Area, box: str) -> list[Fitted]:
        runs, missing = runs_of(text, face, self.fonts)
        if missing:
            raise _label_problem(self.layout, box, text, 0, area.w / MM_PT)
        glyphs = [(run.face, c, self.fonts.faces[run.face].advance(c)) for run in runs for c in run.clusters]
        setting = Setting(face, size)
        out = []
        for line in break_lines(glyphs, limit=area.w / size * 1000 + 1):
            part = "".join(chr(b) + (chr(v) if v else "") for _, (b, v), _ in line)
            fitted = fit(
                part, setting, (), width_pt=area.w + 0.1, height_pt=area.h, leading=1.0, fonts=self.fonts
            )
            if not isinstance(fitted, Fitted):
                raise _label_problem(self.layout, box, text, area.w / MM_PT, area.w / MM_PT)
            out.append(fitted)
        return out

    def value(self, hole: TextHole) -> None:
        face = self.faces[hole.setting.face]
        self.put(b"BT/%b %b Tf " % (face.resource.encode(), number(hole.setting.size_pt)))
        self.leave(hole)
        self.put(b")Tj ET ")

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
            % (_exact(w), _exact(h), _exact(left * dot_pt), _exact(bottom * dot_pt), columns, rows)
        )
        self.leave(CodeHole(box.name, box.kind))
        self.put(b"\nEI Q ")

    def mark(self, box: PlacedBox) -> None:
        area = area_of(self.layout, box.x_mm, box.y_mm, box.w_mm, box.h_mm)
        self.put(
            b"q %b 0 0 %b %b %b cm/Mark Do Q "
            % (number(area.w), number(area.h), number(area.x), number(area.top - area.h))
        )

    def table(self, box: PlacedBox, rows: int) -> Element:
        trs = []
        for row in range(rows + 1):
            cells = []
            for _, hole in _cells(self.layout, box, row):
                role = "TD" if row else "TH"
                mcid = self.open(role)
                if row:
                    self.value(hole)
                else:
                    setting = hole.setting
                    self.static(
                        self.words(hole.value), setting.face, setting.size_pt, hole.area,
                        align=hole.align, valign="middle", leading=1.2, box=box.name,
                    )  # fmt: skip
                self.put(b"EMC\n")
                cells.append(Element(role, mcid, extra=b"" if row else b"/A<</O/Table/Scope/Column>>"))
            trs.append(Element("TR", children=tuple(cells)))
        return Element("Table", children=tuple(trs))

    def box(self, box: PlacedBox) -> Element | None:
        mcid = self.open(box.role)
        area = area_of(self.layout, box.x_mm, box.y_mm, box.w_mm, box.h_mm)
        if box.label:
            self.static(
                self.words(box.label), box.label_font, box.label_size_pt,
                area_of(self.layout, box.label_x_mm, box.label_y_mm, box.label_w_mm, box.label_h_mm),
                align=box.label_align, valign=box.label_valign, leading=1.25, box=box.name,
            )  # fmt: skip
        if box.kind in CODE_SHAPE:
            self.image_mask(box)
        elif box.kind == "mark" and self.has_mark:
            self.mark(box)
        elif box.text:
            self.static(
                self.words(box.text), box.font, box.size_pt, area,
                align=box.align, valign=box.valign, leading=box.leading, box=box.name,
            )  # fmt: skip
        if box.value:
            self.value(_hole(self.layout, box))
        self.put(b"EMC\n")
        if mcid is None:
            return None
        extra, alt = b"", ""
        if box.role == "Figure":
            alt = self.words(box.alt)
            extra = b"/A<</O/Layout/BBox[%b %b %b %b]>>" % (
                number(area.x), number(area.top - area.h), number(area.x + area.w), number(area.top),
            )  # fmt: skip
        return Element(box.role, mcid, alt, (), extra)


def _exact(value: float) -> bytes:
    """Codes stand on the dot grid: six places keep a module's edge within a nanometre of it."""
    return f"{value:.6f}".rstrip("0").rstrip(".").encode()


def _label_problem(layout: Layout, box: str, text: str, found_mm: float, expected_mm: float) -> ProblemError:
    params = {"box": box, "text": text, "found": f"{found_mm:.1f}", "expected": f"{expected_mm:.1f}"}
    return ProblemError(Problem("text.label_overflow", box, params, Where(layout.file)))


def compile_template(
    layout: Layout,
    *,
    words: Words,
    lang: str,
    fonts: FontLibrary,
    faces: Mapping[str, CodedFace],
    forms: FormBook,
    shown: Shown,
    has_mark: bool,
) -> Template:
    """The template of a form for pages that show `shown`. Raises ProblemError where a constant text does not fit its box."""
    work = _Compiler(layout, words, fonts, faces, forms, has_mark)
    work.put(b"/Artifact BMC/Art Do EMC\n0 g ")
    elements: list[Element] = []
    for box in layout.boxes:
        if box.when and box.when not in shown.whens:
            continue
        element = work.table(box, min(shown.rows, box.rows)) if box.kind == "table" else work.box(box)
        if element is not None:
            elements.append(element)
    return Template(tuple(work.pieces), tuple(work.holes), tuple(elements), work.mcid, lang)
