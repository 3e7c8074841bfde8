"""The vendor's instruction on paper: headings, paragraphs, tables and the dimensioned drawing of a form, set by reportlab.

In: texts and tables, a `Layout`. Out: bytes of one PDF, the same for the same content. In grey only. It is a document for a printer's
office, untagged; slips are written by `slips.pages`. Refuses nothing; a font that is missing is ProblemError `font.missing`.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final

from reportlab.graphics.shapes import Drawing, Group, Line, Rect, String
from reportlab.lib.colors import Color
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase.pdfmetrics import registerFont, stringWidth
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import (
    BaseDocTemplate,
    Frame,
    NextPageTemplate,
    PageBreak,
    PageTemplate,
    Paragraph,
    Table,
    TableStyle,
)

from slips.clearance import CODE_KINDS
from slips.fonts import face_number, load_fonts
from slips.form import Layout, PlacedBox
from slips.pack_tables import Row, mm

MM: Final = 72 / 25.4
MARGIN_MM: Final = 14.0
FACE, BOLD = "pack", "pack-bold"
WIDE, TALL = "wide", "tall"
ROOM_MM: Final = {WIDE: (240.0, 138.0), TALL: (154.0, 226.0)}
"""Width and height left for the form in the drawing, dimension lines outside, on paper laid across and upright."""
TOUCHING_MM: Final = (2.0, 1.8)
"""On paper: numbers nearer than this would lie upon each other, and are written as one."""


def _grey(level: float) -> Any:
    return Color(level, level, level)


class Paper:
    """Gathers what stands in the document, in order; `finish` sets it."""

    def __init__(self, title: str, footer: str) -> None:
        self.title, self.footer = title, footer
        self._story: list[Any] = []
        fonts = load_fonts(["pgothic", "pgothic-bold"])
        for name, face in ((FACE, "pgothic"), (BOLD, "pgothic-bold")):
            held = fonts.faces[face]
            number = face_number(held.path, held.postscript)
            registerFont(TTFont(name, str(held.path), subfontIndex=number))
        # the space after a paragraph is its own: one set as a line of its own would begin a page that is full, and leave it empty
        body = ParagraphStyle("body", fontName=FACE, fontSize=9.5, leading=15, spaceAfter=4, wordWrap="CJK")
        self._body = body
        self._cell = ParagraphStyle("cell", parent=body, fontSize=7.5, leading=10, spaceAfter=0)
        self._head = ParagraphStyle("head", parent=self._cell, fontName=BOLD)
        self._heading = ParagraphStyle(
            "heading", parent=body, fontName=BOLD, fontSize=13, leading=20, spaceBefore=10, spaceAfter=4
        )
        self._title = ParagraphStyle(
            "title", parent=body, fontName=BOLD, fontSize=20, leading=30, spaceAfter=0
        )

    def head(self, text: str) -> None:
        """The title of the document."""
        self._story.append(Paragraph(_escaped(text), self._title))

    def heading(self, text: str) -> None:
        """A section."""
        self._story.append(Paragraph(_escaped(text), self._heading))

    def paragraph(self, text: str) -> None:
        """Running text."""
        self._story.append(Paragraph(_escaped(text), self._body))

    def items(self, texts: Sequence[str]) -> None:
        """One paragraph an item."""
        for text in texts:
            self.paragraph(text)

    def page_break(self, page: str = WIDE) -> None:
        """What follows begins a page, laid across or upright."""
        self._story += [NextPageTemplate(page), PageBreak()]

    def table(self, columns: Sequence[str], rows: Sequence[Row], widths_mm: Sequence[float]) -> None:
        """A ruled table whose heading comes again on each page."""
        cells = [[Paragraph(_escaped(c), self._head) for c in columns]]
        cells += [[Paragraph(_escaped(c), self._cell) for c in row] for row in rows]
        table = Table(cells, colWidths=[w * MM for w in widths_mm], repeatRows=1, spaceAfter=8)
        table.setStyle(
            TableStyle(
                [
                    ("GRID", (0, 0), (-1, -1), 0.25, _grey(0.6)),
                    ("BACKGROUND", (0, 0), (-1, 0), _grey(0.92)),
                    ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
                    ("TOPPADDING", (0, 0), (-1, -1), 1.5),
                    ("BOTTOMPADDING", (0, 0), (-1, -1), 2.5),
                    ("LEFTPADDING", (0, 0), (-1, -1), 3),
                    ("RIGHTPADDING", (0, 0), (-1, -1), 3),
                ]
            )
        )
        self._story.append(table)

    def drawing(self, layout: Layout) -> None:
        """The form with dimension lines and the numbers of its boxes."""
        self._story.append(draw_form(layout))

    def finish(self) -> bytes:
        """The PDF."""
        out = io.BytesIO()
        sizes = {WIDE: landscape(A4), TALL: A4}
        pages = [PageTemplate(id, [_inside(size)], self._foot, pagesize=size) for id, size in sizes.items()]
        document = BaseDocTemplate(
            out, pageTemplates=pages, title=self.title, author="elqr", invariant=1, pageCompression=1
        )
        document.build(self._story)
        return out.getvalue()

    def _foot(self, pen: Any, document: Any) -> None:
        pen.setFont(FACE, 7.5)
        pen.drawString(MARGIN_MM * MM, 8 * MM, self.footer)
        pen.drawRightString(document.pageTemplate.pagesize[0] - MARGIN_MM * MM, 8 * MM, str(document.page))


def _inside(size: tuple[float, float]) -> Any:
    """The page within its margins."""
    margin = MARGIN_MM * MM
    return Frame(margin, margin, size[0] - 2 * margin, size[1] - 2 * margin)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\n", "<br/>")


def page_of(layout: Layout) -> str:
    """How the paper of its drawing lies: as the form does."""
    return TALL if layout.page_h_mm > layout.page_w_mm else WIDE


def draw_form(layout: Layout) -> Any:
    """A reportlab drawing of the form, to scale where it fits the page."""
    room = ROOM_MM[page_of(layout)]
    scale = min(1.0, room[0] / layout.page_w_mm, room[1] / layout.page_h_mm)
    unit = scale * MM
    width, height = layout.page_w_mm * unit, layout.page_h_mm * unit
    left, below = 22 * MM, 6 * MM
    picture = Drawing(width + left + 2 * MM, height + below + 18 * MM)
    group = Group(transform=(1, 0, 0, 1, left, below))
    pen = _Pen(group, unit, layout.page_h_mm)
    for hole in layout.holes:
        pen.rect(hole.rect.x_mm, hole.rect.y_mm, hole.rect.w_mm, hole.rect.h_mm, grey=0.6)
    for cut in layout.cuts:
        pen.line(cut.x1_mm, cut.y1_mm, cut.x2_mm, cut.y2_mm, dash=[1, 2] if cut.kind == "fold" else [4, 2])
    for box in layout.boxes:
        dark = box.kind in CODE_KINDS
        pen.rect(box.x_mm, box.y_mm, box.w_mm, box.h_mm, grey=0.45, fill=0.85 if dark else None)
    for (x, y), numbers in _numbers(layout, scale).items():
        pen.text(x + 0.4 / scale, y + 1.9 / scale, "・".join(numbers), size=5)
    for box in layout.boxes:
        if box.kind in CODE_KINDS:
            _place(pen, layout, box, scale)
    squares = [mark.rect for mark in layout.register_marks]
    for r in (*squares, *(mark.rect for mark in layout.inserter_marks)):
        pen.rect(r.x_mm, r.y_mm, r.w_mm, r.h_mm, grey=0, fill=0.2)
    pen.rect(0, 0, layout.page_w_mm, layout.page_h_mm, grey=0, width=0.8)
    _dimensions(pen, layout, scale)
    picture.add(group)
    percent = f"縮尺 {scale * 100:.1f} %" if scale < 1 else "原寸"
    picture.add(
        String(
            left,
            0,
            f"{percent}。数字は「3. 欄の一覧」の番号。破線:ミシン目、点線:折り。",
            fontName=FACE,
            fontSize=7,
        )
    )
    return picture


def _numbers(layout: Layout, scale: float) -> dict[tuple[float, float], list[str]]:
    """The numbers of the boxes by the corner at which they are written; those of boxes that begin at one place together."""
    found: dict[tuple[float, float], list[str]] = {}
    for number, box in enumerate(layout.boxes, 1):
        near = (
            (x, y)
            for x, y in found
            if abs(x - box.x_mm) * scale < TOUCHING_MM[0] and abs(y - box.y_mm) * scale < TOUCHING_MM[1]
        )
        found.setdefault(next(near, (box.x_mm, box.y_mm)), []).append(str(number))
    return found


def _place(pen: _Pen, layout: Layout, box: PlacedBox, scale: float) -> None:
    """Where a code stands, from the lower left; in two lines where it is narrow."""
    x, y = layout.origin_dots(box)
    said = [f"左{mm(x * layout.dot_mm)}", f"下{mm(y * layout.dot_mm)}"]
    if stringWidth(" ".join(said), FACE, 4.5) <= box.w_mm * pen.unit:
        said = [" ".join(said)]
    first = box.y_mm + box.h_mm / 2 + (0.8 - (len(said) - 1)) / scale
    for line, text in enumerate(said):
        pen.text(box.x_mm + box.w_mm / 2, first + 2 * line / scale, text, size=4.5, anchor="middle")


class _Pen:
    """Draws in millimetres from the form's upper left corner."""

    def __init__(self, group: Any, unit: float, page_h_mm: float) -> None:
        self.group, self.unit, self.top = group, unit, page_h_mm

    def rect(
        self,
        x: float,
        y: float,
        w: float,
        h: float,
        *,
        grey: float,
        fill: float | None = None,
        width: float = 0.4,
    ) -> None:
        u = self.unit
        shade = None if fill is None else _grey(fill)
        self.group.add(
            Rect(
                x * u,
                (self.top - y - h) * u,
                w * u,
                h * u,
                strokeColor=_grey(grey),
                strokeWidth=width,
                fillColor=shade,
            )
        )

    def line(
        self, x1: float, y1: float, x2: float, y2: float, *, dash: list[int] | None = None, width: float = 0.5
    ) -> None:
        u = self.unit
        self.group.add(
            Line(
                x1 * u,
                (self.top - y1) * u,
                x2 * u,
                (self.top - y2) * u,
                strokeWidth=width,
                strokeDashArray=dash,
            )
        )

    def text(self, x: float, y: float, text: str, *, size: float, anchor: str = "start") -> None:
        u = self.unit
        self.group.add(
            String(x * u, (self.top - y) * u, text, fontName=FACE, fontSize=size, textAnchor=anchor)
        )


def _dimensions(pen: _Pen, layout: Layout, scale: float) -> None:
    """Widths above, heights on the left: the parts' edges in the first row, the whole page in the second."""
    near, far, tick = -3.5 / scale, -13.5 / scale, 1.2 / scale
    across = sorted(
        {0.0, layout.page_w_mm, *(round(v, 4) for p in layout.parts for v in (p.x_mm, p.x_mm + p.w_mm))}
    )
    down = sorted(
        {0.0, layout.page_h_mm, *(round(v, 4) for p in layout.parts for v in (p.y_mm, p.y_mm + p.h_mm))}
    )
    for row, edges in ((near, across if len(across) > 2 else []), (far, [0.0, layout.page_w_mm])):
        for a, b in pairwise(edges):
            pen.line(a, row, b, row, width=0.4)
            for x in (a, b):
                pen.line(x, row - tick, x, row + tick, width=0.4)
            pen.text((a + b) / 2, row - 0.8 / scale, mm(b - a), size=6.5, anchor="middle")
    for column, edges in ((near, down if len(down) > 2 else []), (far, [0.0, layout.page_h_mm])):
        for a, b in pairwise(edges):
            pen.line(column, a, column, b, width=0.4)
            for y in (a, b):
                pen.line(column - tick, y, column + tick, y, width=0.4)
            pen.text(column - 0.6 / scale, (a + b) / 2 + 0.8 / scale, mm(b - a), size=6.5, anchor="end")
