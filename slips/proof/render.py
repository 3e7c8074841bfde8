"""Pages of a finished PDF as pixels and as text, through pdfium; the only home of pypdfium2.

In: a file, a place in millimetres. Out: the picture of that one place, scaled so that each module is whole
pixels; the text that lies in a box. Nothing is repaired: a file that pdfium does not open raises
`UnreadableError`.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pypdfium2.raw as _raw

from slips.proof.expected import Area

pdfium: Any = _raw  # generated bindings without types

Picture = npt.NDArray[np.uint8]
_Box = tuple[float, float, float, float]

POINTS_PER_MM = 72 / 25.4
WHITE = 255

# pdfium widens the box of an image to whole pixels: one that begins a trace too early gets one pixel more.
# The ink is therefore aimed this much inside its pixels. Then it fills them exactly, unless it is off by more
# than that (0.05 px of 0.085 mm = 0.004 mm), and then every pixel after it shows it.
AIM_INSIDE_PX = 0.05

SCAN_SHARE = 0.7
"""A page whose images cover at least this share of it, and that shows no text of its own, is a picture of paper."""
_INVISIBLE = 3  # text rendering mode: what recognition software lays over a scan
COVERED_SHARE = 0.1
"""A text is covered where this share of its box is painted over: a frame or a rule that grazes it is not meant."""

_TEXT_CAPACITY = 1024  # UTF-16 units of one box


class UnreadableError(Exception):
    """The file or the page does not open; the text says which, in words for people."""


class LockedError(UnreadableError):
    """The file is whole, and opens with a password alone."""


@dataclass(frozen=True, eq=False)
class Frame:
    """What to picture: ink at a place in millimetres, the pixels it fills, and the pixels around it.

    A frame is made once a template and is only itself: comparing eight numbers at every picture would take longer than it saves.
    """

    x_mm: float
    y_mm: float
    w_mm: float
    h_mm: float
    columns: int
    rows: int
    margin_columns: int = 0
    margin_rows: int = 0

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the picture."""
        return self.rows + 2 * self.margin_rows, self.columns + 2 * self.margin_columns


class Document:
    """An open file. Use `with open_document(path) as document`; pages are read one at a time."""

    def __init__(self, path: Path) -> None:
        self._data = path.read_bytes()  # pdfium reads from it as long as the document is open
        self._handle = pdfium.FPDF_LoadMemDocument64(self._data, len(self._data), None)
        if not self._handle:
            reason = pdfium.FPDF_GetLastError()
            kind = LockedError if reason == pdfium.FPDF_ERR_PASSWORD else UnreadableError
            raise kind(f"PDFとして開けません / it does not open as a PDF ({reason})")
        self.page_count = int(pdfium.FPDF_GetPageCount(self._handle))
        self._canvases: dict[tuple[Frame, int], _Canvas] = {}
        self._stacks: dict[tuple[int, int], Picture] = {}
        self._desk = _Desk()

    def close(self) -> None:
        """Give back what pdfium holds."""
        for canvas in self._canvases.values():
            canvas.close()
        self._desk.close()
        pdfium.FPDF_CloseDocument(self._handle)

    @contextmanager
    def pages(self, begin: int, end: int) -> Iterator[list[Page]]:
        """The pages from `begin` up to `end` (0-based, `end` not included), each parsed once for all its uses."""
        handles: list[Any] = []
        try:
            for index in range(begin, end):
                handles.append(pdfium.FPDF_LoadPage(self._handle, index))
                if not handles[-1]:
                    raise UnreadableError(_page_words(index))
            yield [Page(handle, self._canvas, self._desk) for handle in handles]
        finally:
            for handle in handles:
                pdfium.FPDF_ClosePage(handle)

    def pictures(self, pages: Sequence[Page], frames: Sequence[Frame]) -> Picture:
        """One picture a page (n, rows, columns), all of one size; good until the next of that size."""
        pixels = self._stack(frames[0].shape, len(pages))
        pixels.fill(WHITE)
        for slot, (page, frame) in enumerate(zip(pages, frames, strict=True)):
            page.draw(self._canvas(frame, slot))
        return pixels

    def _stack(self, shape: tuple[int, int], count: int) -> Picture:
        """Pixels of `count` pictures that lie one after the other, so that they are compared at once."""
        stack = self._stacks.get(shape)
        if stack is None or len(stack) < count:
            self._drop_canvases(shape)
            stack = self._stacks[shape] = np.empty((count, *shape), np.uint8)
        return stack[:count]

    def _canvas(self, frame: Frame, slot: int = 0) -> _Canvas:
        if (frame, slot) not in self._canvases:
            self._canvases[frame, slot] = _Canvas(frame, self._stack(frame.shape, slot + 1)[slot])
        return self._canvases[frame, slot]

    def _drop_canvases(self, shape: tuple[int, int]) -> None:
        """Canvases are views into a stack; they go when it is replaced by a larger one."""
        for key in [key for key in self._canvases if key[0].shape == shape]:
            self._canvases.pop(key).close()


@contextmanager
def open_document(path: Path) -> Iterator[Document]:
    """Open a PDF for reading back. Raises UnreadableError, or OSError where the file cannot be read."""
    document = Document(path)
    try:
        yield document
    finally:
        document.close()


class Page:
    """One page, parsed; good inside the `with` that gave it."""

    def __init__(self, handle: Any, canvas: Callable[[Frame], _Canvas], desk: _Desk) -> None:
        self._handle, self._canvas, self._desk = handle, canvas, desk
        box = pdfium.FS_RECTF()
        pdfium.FPDF_GetPageBoundingBox(handle, box)
        left, bottom, right, top = box.left, box.bottom, box.right, box.top
        self._left, self._top = left, top
        self.w_mm, self.h_mm = (right - left) / POINTS_PER_MM, (top - bottom) / POINTS_PER_MM

    def picture(self, frame: Frame) -> Picture:
        """Grey pixels (rows, columns) with margins, 0 black, 255 paper; good until the next of this frame."""
        canvas = self._canvas(frame)
        canvas.pixels.fill(WHITE)
        self.draw(canvas)
        return canvas.pixels

    def draw(self, canvas: _Canvas) -> None:
        """The page as it lies under a canvas of white paper."""
        pdfium.FPDF_RenderPageBitmapWithMatrix(
            canvas.bitmap, self._handle, canvas.matrix, canvas.clip, pdfium.FPDF_GRAYSCALE | pdfium.FPDF_ANNOT
        )

    def texts(self, areas: Sequence[Area]) -> list[str]:
        """The text layer inside each area, as pdfium orders it; takes as long as parsing the page."""
        return _texts_of(self._handle, [self._points(area) for area in areas])

    def scan_dpi(self) -> float | None:
        """The resolution of the images that this page is made of, or None for a page that is set and drawn."""
        covered, dpi = 0.0, 0.0
        for number in range(self.object_count):
            thing = pdfium.FPDFPage_GetObject(self._handle, number)
            kind = pdfium.FPDFPageObj_GetType(thing)
            if kind == pdfium.FPDF_PAGEOBJ_TEXT and pdfium.FPDFTextObj_GetTextRenderMode(thing) != _INVISIBLE:
                return None
            if _is_image(thing):
                left, bottom, right, top = _bounds(thing)
                width, height = ctypes.c_uint(), ctypes.c_uint()
                pdfium.FPDFImageObj_GetImagePixelSize(thing, ctypes.byref(width), ctypes.byref(height))
                covered += (right - left) * (top - bottom)
                dpi = max(dpi, _dpi((width.value, height.value), (right - left, top - bottom)))
        whole = self.w_mm * self.h_mm * POINTS_PER_MM**2
        return dpi if covered >= SCAN_SHARE * whole else None

    def in_one_bit(self) -> bool:
        """Whether all images of this page are black and white only: a scan in text mode."""
        things = [pdfium.FPDFPage_GetObject(self._handle, number) for number in range(self.object_count)]
        return {self._bits(t) for t in things if _is_image(t)} == {1}

    def _bits(self, image: Any) -> int:
        """Bits a pixel of an image; 0 where pdfium cannot say."""
        said = pdfium.FPDF_IMAGEOBJ_METADATA()
        return (
            int(said.bits_per_pixel) if pdfium.FPDFImageObj_GetImageMetadata(image, self._handle, said) else 0
        )

    def whole(self, dpi: float) -> Picture:
        """The whole page in grey, as it is meant to be looked at (its rotation applied)."""
        columns = max(1, round(pdfium.FPDF_GetPageWidthF(self._handle) / 72 * dpi))
        rows = max(1, round(pdfium.FPDF_GetPageHeightF(self._handle) / 72 * dpi))
        pixels: Picture = np.full((rows, columns + -columns % 4), WHITE, np.uint8)
        memory = pixels.ctypes.data_as(ctypes.c_void_p)
        bitmap = pdfium.FPDFBitmap_CreateEx(columns, rows, pdfium.FPDFBitmap_Gray, memory, pixels.shape[1])
        flags = pdfium.FPDF_GRAYSCALE | pdfium.FPDF_ANNOT
        pdfium.FPDF_RenderPageBitmap(bitmap, self._handle, 0, 0, columns, rows, 0, flags)
        pdfium.FPDFBitmap_Destroy(bitmap)
        return np.ascontiguousarray(pixels[:, :columns])

    @property
    def object_count(self) -> int:
        """Text, path, image and form objects, those inside forms not counted."""
        return int(pdfium.FPDFPage_CountObjects(self._handle))

    def touching(self, areas: Sequence[Area]) -> tuple[int, ...]:
        """The numbers of the text objects whose bounds touch an area."""
        boxes = [self._points(area) for area in areas]
        found = []
        for number in range(self.object_count):
            thing = pdfium.FPDFPage_GetObject(self._handle, number)
            if pdfium.FPDFPageObj_GetType(thing) == pdfium.FPDF_PAGEOBJ_TEXT:
                left, bottom, right, top = _bounds(thing)
                if any(left < r and right > x and bottom < t and top > y for x, y, r, t in boxes):
                    found.append(number)
        return tuple(found)

    def covered(self, areas: Sequence[Area]) -> list[bool]:
        """Whether the text of each area is invisible, or has a fill, an image or a shading painted over it. Forms are not opened."""
        boxes = [self._points(area) for area in areas]
        found = [False] * len(boxes)
        texts, paint = [], []
        for number in range(self.object_count):
            thing = pdfium.FPDFPage_GetObject(self._handle, number)
            kind = pdfium.FPDFPageObj_GetType(thing)
            if kind == pdfium.FPDF_PAGEOBJ_TEXT:
                invisible = pdfium.FPDFTextObj_GetTextRenderMode(thing) == _INVISIBLE
                texts.append((number, thing, invisible))
            elif _paints(thing, kind):
                bounds = _bounds(thing)
                if any(_size(_common(bounds, box)) for box in boxes):
                    paint.append((number, bounds))
        for number, thing, invisible in texts:
            over = [bounds for later, bounds in paint if later > number]
            if (
                not over and not invisible
            ):  # as of nearly every text: its bounds take longer than all the rest
                continue
            bounds = _bounds(thing)
            for k, box in enumerate(boxes):
                if size := _size(shown := _common(bounds, box)):
                    least = COVERED_SHARE * size
                    found[k] |= invisible or any(_size(_common(one, shown)) >= least for one in over)
        return found

    def lift(self, numbers: Sequence[int], areas: Sequence[Area]) -> list[str]:
        """Take these objects off the page, as parsed, and give the text that they alone have inside each area."""
        return self._desk.read(self._handle, numbers, [self._points(area) for area in areas])

    def _points(self, area: Area) -> _Box:
        """left, bottom, right, top in the page's own points."""
        left, top = self._left + area.x_mm * POINTS_PER_MM, self._top - area.y_mm * POINTS_PER_MM
        return left, top - area.h_mm * POINTS_PER_MM, left + area.w_mm * POINTS_PER_MM, top


class _Canvas:
    """A grey bitmap whose pixels are those of a numpy array, and how the page is laid under it."""

    def __init__(self, frame: Frame, pixels: Picture) -> None:
        height, width = frame.shape
        self.pixels = pixels
        memory = self.pixels.ctypes.data_as(ctypes.c_void_p)
        self.bitmap = pdfium.FPDFBitmap_CreateEx(width, height, pdfium.FPDFBitmap_Gray, memory, width)
        across = (frame.columns - 2 * AIM_INSIDE_PX) / (frame.w_mm * POINTS_PER_MM)
        down = (frame.rows - 2 * AIM_INSIDE_PX) / (frame.h_mm * POINTS_PER_MM)
        right = frame.margin_columns + AIM_INSIDE_PX - frame.x_mm * POINTS_PER_MM * across
        under = frame.margin_rows + AIM_INSIDE_PX - frame.y_mm * POINTS_PER_MM * down
        self.matrix = pdfium.FS_MATRIX(across, 0, 0, down, right, under)
        self.clip = pdfium.FS_RECTF(0, 0, width, height)

    def close(self) -> None:
        pdfium.FPDFBitmap_Destroy(self.bitmap)


class _Desk:
    """An empty page in a document of its own, where a few objects of a page are read without the others."""

    def __init__(self) -> None:
        self._document = pdfium.FPDF_CreateNewDocument()
        self._page = pdfium.FPDFPage_New(self._document, 0, 1.0, 1.0)

    def close(self) -> None:
        pdfium.FPDF_ClosePage(self._page)
        pdfium.FPDF_CloseDocument(self._document)

    def read(self, page: Any, numbers: Sequence[int], boxes: Sequence[_Box]) -> list[str]:
        """The text of these objects inside each box. They are gone from the page afterwards."""
        things = [pdfium.FPDFPage_GetObject(page, number) for number in numbers]
        for thing in things:
            pdfium.FPDFPage_RemoveObject(page, thing)
            pdfium.FPDFPage_InsertObject(self._page, thing)
        texts = _texts_of(self._page, boxes)
        for thing in things:
            pdfium.FPDFPage_RemoveObject(self._page, thing)
            pdfium.FPDFPageObj_Destroy(thing)
        return texts


def _dpi(pixels: tuple[int, int], points: tuple[float, float]) -> float:
    """The finer resolution of an image of so many pixels in this box; one that is drawn on its side has its width down the page."""
    wide, high = (72 / max(length, 1.0) for length in points)
    across, down = pixels
    upright, turned = (across * wide, down * high), (across * high, down * wide)
    return max(min(upright, turned, key=lambda both: max(both) / max(min(both), 1.0)))


def _is_image(thing: Any) -> bool:
    return bool(pdfium.FPDFPageObj_GetType(thing) == pdfium.FPDF_PAGEOBJ_IMAGE)


def _bounds(thing: Any) -> _Box:
    """left, bottom, right, top of an object in the page's points."""
    edges = [ctypes.c_float() for _ in range(4)]
    pdfium.FPDFPageObj_GetBounds(thing, *map(ctypes.byref, edges))
    left, bottom, right, top = (edge.value for edge in edges)
    return left, bottom, right, top


def _common(one: _Box, other: _Box) -> _Box:
    """What two boxes have in common; turned inside out where that is nothing."""
    return max(one[0], other[0]), max(one[1], other[1]), min(one[2], other[2]), min(one[3], other[3])


def _size(box: _Box) -> float:
    return max(box[2] - box[0], 0.0) * max(box[3] - box[1], 0.0)


def _paints(thing: Any, kind: int) -> bool:
    """Whether an object lays ink, or takes it away, over a surface: lines alone do not."""
    if kind != pdfium.FPDF_PAGEOBJ_PATH:
        return bool(kind in (pdfium.FPDF_PAGEOBJ_IMAGE, pdfium.FPDF_PAGEOBJ_SHADING))
    mode, stroke = ctypes.c_int(), ctypes.c_int()
    pdfium.FPDFPath_GetDrawMode(thing, ctypes.byref(mode), ctypes.byref(stroke))
    return bool(mode.value != pdfium.FPDF_FILLMODE_NONE)


def _texts_of(page: Any, boxes: Sequence[_Box]) -> list[str]:
    layer = pdfium.FPDFText_LoadPage(page)
    units = (ctypes.c_ushort * _TEXT_CAPACITY)()
    texts = []
    for left, bottom, right, top in boxes:
        count = pdfium.FPDFText_GetBoundedText(layer, left, top, right, bottom, units, _TEXT_CAPACITY)
        texts.append(ctypes.string_at(units, 2 * count).decode("utf-16-le", "replace").rstrip("\0 "))
    pdfium.FPDFText_ClosePage(layer)
    return texts


def page_colours(data: bytes, *, page: int, dpi: float) -> Picture:
    """One whole page (0-based) of a PDF as people see it: RGB pixels (rows, columns, 3), white paper. Raises UnreadableError."""
    handle = pdfium.FPDF_LoadMemDocument64(data, len(data), None)
    if not handle:
        reason = pdfium.FPDF_GetLastError()
        raise UnreadableError(f"PDFとして開けません / it does not open as a PDF ({reason})")
    sheet = pdfium.FPDF_LoadPage(handle, page)
    try:
        if not sheet:
            raise UnreadableError(_page_words(page))
        width = round(pdfium.FPDF_GetPageWidthF(sheet) / 72 * dpi)
        height = round(pdfium.FPDF_GetPageHeightF(sheet) / 72 * dpi)
        pixels: Picture = np.full((height, width, 3), WHITE, np.uint8)
        memory = pixels.ctypes.data_as(ctypes.c_void_p)
        bitmap = pdfium.FPDFBitmap_CreateEx(width, height, pdfium.FPDFBitmap_BGR, memory, 3 * width)
        pdfium.FPDF_RenderPageBitmap(bitmap, sheet, 0, 0, width, height, 0, pdfium.FPDF_ANNOT)
        pdfium.FPDFBitmap_Destroy(bitmap)
        return np.ascontiguousarray(pixels[:, :, ::-1])
    finally:
        pdfium.FPDF_ClosePage(sheet)
        pdfium.FPDF_CloseDocument(handle)


def _page_words(index: int) -> str:
    reason = pdfium.FPDF_GetLastError()
    return f"{index + 1}ページを開けません / page {index + 1} does not open ({reason})"
