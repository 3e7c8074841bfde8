"""What is drawn once a form: rules, frames, tints, tear lines and folds, drawn by reportlab; and the city's mark as an image.

In: the layout's artwork and page size; a mark file. Out: the content stream of a form XObject; a grey image.
Everything is DeviceGray (K only). The stream is taken from reportlab's finished file, not from its internals.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import pikepdf
from PIL import Image, UnidentifiedImageError
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFError, TTFont
from reportlab.pdfgen import canvas

from elqr.problems import Problem, ProblemError
from slips.form import Cut, Frame, Layout, Line, Tint
from slips.pdf import number

MM_PT = 72 / 25.4
TEAR_DASH_PT = (2.0, 2.0)
TEAR_GREY = 0.45

_SETTINGS: Final = frozenset({"g", "G", "w", "d", "J", "j"})
_MARKS: Final = frozenset({"m", "l", "c", "h", "re", "S", "f", "f*"})
_EMPTY: Final = frozenset({"BT", "ET", "Tf", "TL", "n"})
"""What reportlab begins forms and paths with; it leaves no ink."""
_STILL: Final = b"1 0 0 1 0 0"


def draw(layout: Layout, *, has_mark: bool) -> bytes:
    """The form's fixed artwork as content operators in page space (points, origin lower left).

    Without the city's mark file a dashed frame keeps its place: the words in it say what belongs there.
    """
    height_pt = layout.page_h_mm * MM_PT
    buffer = io.BytesIO()
    pen = canvas.Canvas(
        buffer, pagesize=(layout.page_w_mm * MM_PT, height_pt), pageCompression=0, invariant=1
    )
    pen.beginForm("artwork")
    pen.transform(1, 0, 0, -1, 0, height_pt)  # from here y runs down, as in the layout
    for tint in layout.tints:
        _tint(pen, tint)
    for frame in (*layout.frames, *(() if has_mark else _mark_places(layout))):
        _frame(pen, frame)
    # One path for all rules of a style and direction: a reader pays for every path on every page, and draws the whole of one that
    # touches what it pictures.
    for (style, _), lines in groupby(sorted(layout.lines, key=_kind), key=_kind):
        _stroke(pen, *style)
        pen.lines([tuple(v * MM_PT for v in (n.x1_mm, n.y1_mm, n.x2_mm, n.y2_mm)) for n in lines])
    for cut in layout.cuts:
        _cut(pen, cut)
    for mark in layout.register_marks:
        _tint(pen, Tint(x_mm=mark.x_mm, y_mm=mark.y_mm, w_mm=mark.side_mm, h_mm=mark.side_mm, grey=0.0))
    pen.endForm()
    pen.doForm("artwork")
    pen.showPage()
    pen.save()
    with pikepdf.open(io.BytesIO(buffer.getvalue())) as pdf:
        (form,) = (value for _, value in pdf.pages[0].resources["/XObject"].items())
        return lean(form)


def lean(form: Any) -> bytes:
    """The paths of a content stream with settings only where they change and numbers to a hundredth of a point: it is parsed on every page.

    Paths are not joined, for who pictures a small place draws the whole of one that touches it. Raises ValueError for an operator unknown here.
    """
    out: list[bytes] = []
    known: dict[str, bytes] = {}
    for step in pikepdf.parse_content_stream(form):
        name = str(step.operator)
        if name in _EMPTY:
            continue
        said = _said(list(step.operands))
        if name in _SETTINGS:
            if known.get(name) == said:
                continue
            known[name] = said
        elif name == "cm":
            if said == _STILL:
                continue
        elif name not in _MARKS:
            raise ValueError(f"artwork: operator {name}")
        out.append((said + b" " + name.encode()).lstrip())
    return b"\n".join(out)


def _said(operands: Sequence[Any]) -> bytes:
    return b" ".join(
        b"[%b]" % _said(list(operand)) if isinstance(operand, pikepdf.Array) else number(float(operand))
        for operand in operands
    )


def _mark_places(layout: Layout) -> Iterator[Frame]:
    for box in layout.boxes:
        if box.kind == "mark":
            yield Frame(x_mm=box.x_mm, y_mm=box.y_mm, w_mm=box.w_mm, h_mm=box.h_mm, dash=TEAR_DASH_PT)


def _kind(line: Line) -> tuple[tuple[float, float, tuple[float, ...]], bool]:
    return (line.width_pt, line.grey, line.dash), line.x1_mm == line.x2_mm


def _stroke(pen: canvas.Canvas, width_pt: float, grey: float, dash: tuple[float, ...]) -> None:
    pen.setStrokeGray(grey)
    pen.setLineWidth(width_pt)
    pen.setDash(list(dash), 0)


def _tint(pen: canvas.Canvas, tint: Tint) -> None:
    pen.setFillGray(tint.grey)
    x, y, w, h = (v * MM_PT for v in (tint.x_mm, tint.y_mm, tint.w_mm, tint.h_mm))
    _rectangle(pen, x, y, w, h, tint.radius_mm, fill=1)


def _frame(pen: canvas.Canvas, frame: Frame) -> None:
    _stroke(pen, frame.width_pt, frame.grey, frame.dash)
    x, y, w, h = (v * MM_PT for v in (frame.x_mm, frame.y_mm, frame.w_mm, frame.h_mm))
    _rectangle(pen, x, y, w, h, frame.radius_mm, fill=0)


def _rectangle(
    pen: canvas.Canvas, x: float, y: float, w: float, h: float, radius_mm: float, *, fill: int
) -> None:
    """Square corners are one operator; as rounded ones of no radius they would be nine, parsed again on every page."""
    if radius_mm:
        pen.roundRect(x, y, w, h, radius_mm * MM_PT, stroke=1 - fill, fill=fill)
    else:
        pen.rect(x, y, w, h, stroke=1 - fill, fill=fill)


def _cut(pen: canvas.Canvas, cut: Cut) -> None:
    if cut.drawn:
        _stroke(pen, 0.4, TEAR_GREY, TEAR_DASH_PT)
        pen.line(cut.x1_mm * MM_PT, cut.y1_mm * MM_PT, cut.x2_mm * MM_PT, cut.y2_mm * MM_PT)


@dataclass(frozen=True)
class GreyImage:
    """8-bit DeviceGray samples, row by row from the top."""

    width: int
    height: int
    samples: bytes


def load_mark(path: str | Path) -> GreyImage:
    """The eLマーク that the city supplies (PNG, TIFF, …), flattened on white and made grey: the slip is printed in black only.

    Raises ProblemError `mark.unreadable`.
    """
    try:
        with Image.open(path) as source:
            rgba = source.convert("RGBA")
    except (OSError, UnidentifiedImageError) as fault:
        raise ProblemError(
            Problem("mark.unreadable", "mark_file", {"found": f"{path}: {fault}", "expected": "PNG"})
        ) from fault
    paper = Image.new("RGBA", rgba.size, "white")
    grey = Image.alpha_composite(paper, rgba).convert("L")
    return GreyImage(grey.width, grey.height, grey.tobytes())


@dataclass(frozen=True)
class Word:
    """A line of text: its baseline's begin in millimetres from the top left, size in points."""

    x_mm: float
    y_mm: float
    text: str
    size_pt: float


def draw_sheet(
    size_mm: tuple[float, float],
    *,
    tints: Sequence[Tint],
    frames: Sequence[Frame],
    words: Sequence[Word],
    font: tuple[Path, int],
    title: str,
) -> bytes:
    """A page of its own as PDF, DeviceGray, its font (file and number of the face) embedded; same content, same bytes.

    Raises ProblemError `font.unreadable`.
    """
    width_pt, height_pt = (side * MM_PT for side in size_mm)
    buffer = io.BytesIO()
    path, face = font
    try:
        pdfmetrics.registerFont(TTFont("sheet", str(path), subfontIndex=face))
    except TTFError as fault:
        raise ProblemError(
            Problem("font.unreadable", "", {"found": str(path), "expected": "TrueType"})
        ) from fault
    pen = canvas.Canvas(buffer, pagesize=(width_pt, height_pt), invariant=1, initialFontName="sheet")
    pen.setTitle(title)
    pen.saveState()
    pen.transform(1, 0, 0, -1, 0, height_pt)
    for tint in tints:
        _tint(pen, tint)
    for frame in frames:
        _frame(pen, frame)
    pen.restoreState()
    pen.setFillGray(0)
    for word in words:
        pen.setFont("sheet", word.size_pt)
        pen.drawString(word.x_mm * MM_PT, height_pt - word.y_mm * MM_PT, word.text)
    pen.showPage()
    pen.save()
    return buffer.getvalue()
