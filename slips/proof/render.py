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

POINTS_PER_MM = 72 / 25.4
WHITE = 255

# pdfium widens the box of an image to whole pixels: one that begins a trace too early gets one pixel more.
# The ink is therefore aimed this much inside its pixels. Then it fills them exactly, unless it is off by more
# than that (0.05 px of 0.085 mm = 0.004 mm), and then every pixel after it shows it.
AIM_INSIDE_PX = 0.05

_TEXT_CAPACITY = 1024  # UTF-16 units of one box


class UnreadableError(Exception):
    """pdfium does not open the file or the page; the text says why."""


@dataclass(frozen=True)
class Frame:
    """What to picture: ink at a place in millimetres, the pixels it fills, and the pixels around it."""

    x_mm: float
    y_mm: float
    w_mm: float
    h_mm: float
    columns: int
    rows: int
    margin_columns: int = 0
    margin_rows: int = 0


class Document:
    """An open file. Use `with open_document(path) as document`; pages are read one at a time."""

    def __init__(self, path: Path) -> None:
        self._data = path.read_bytes()  # pdfium reads from it as long as the document is open
        self._handle = pdfium.FPDF_LoadMemDocument64(self._data, len(self._data), None)
        if not self._handle:
            raise UnreadableError(f"pdfium error {pdfium.FPDF_GetLastError()}")
        self.page_count = int(pdfium.FPDF_GetPageCount(self._handle))
        self._canvases: dict[tuple[int, int], _Canvas] = {}
        self._desk = _Desk()

    def close(self) -> None:
        """Give back what pdfium holds."""
        for canvas in self._canvases.values():
            canvas.close()
        self._desk.close()
        pdfium.FPDF_CloseDocument(self._handle)

    @contextmanager
    def page(self, index: int) -> Iterator[Page]:
        """The page with this 0-based index, parsed once for all its pictures and texts."""
        handle = pdfium.FPDF_LoadPage(self._handle, index)
        if not handle:
            raise UnreadableError(f"page {index + 1}: pdfium error {pdfium.FPDF_GetLastError()}")
        try:
            yield Page(handle, self._canvas, self._desk)
        finally:
            pdfium.FPDF_ClosePage(handle)

    def _canvas(self, columns: int, rows: int) -> _Canvas:
        size = (columns, rows)
        if size not in self._canvases:
            self._canvases[size] = _Canvas(columns, rows)
        return self._canvases[size]


@contextmanager
def open_document(path: Path) -> Iterator[Document]:
    """Open a PDF for reading back. Raises UnreadableError, or OSError where the file cannot be read."""
    document = Document(path)
    try:
        yield document
    finally:
        document.close()


class Page:
    """One page. Pictures first, texts last: reading texts takes the objects off the page."""

    def __init__(self, handle: Any, canvas: Callable[[int, int], _Canvas], desk: _Desk) -> None:
        self._handle, self._canvas, self._desk = handle, canvas, desk
        box = pdfium.FS_RECTF()
        pdfium.FPDF_GetPageBoundingBox(handle, box)
        self._left, self._top = box.left, box.top
        self.w_mm, self.h_mm = (box.right - box.left) / POINTS_PER_MM, (box.top - box.bottom) / POINTS_PER_MM

    def picture(self, frame: Frame) -> Picture:
        """Grey pixels (rows, columns) with margins, 0 black, 255 paper; good until the next of this size."""
        width, height = frame.columns + 2 * frame.margin_columns, frame.rows + 2 * frame.margin_rows
        canvas = self._canvas(width, height)
        canvas.pixels.fill(WHITE)
        across = (frame.columns - 2 * AIM_INSIDE_PX) / (frame.w_mm * POINTS_PER_MM)
        down = (frame.rows - 2 * AIM_INSIDE_PX) / (frame.h_mm * POINTS_PER_MM)
        matrix = pdfium.FS_MATRIX(
            across,
            0,
            0,
            down,
            frame.margin_columns + AIM_INSIDE_PX - frame.x_mm * POINTS_PER_MM * across,
            frame.margin_rows + AIM_INSIDE_PX - frame.y_mm * POINTS_PER_MM * down,
        )
        clip = pdfium.FS_RECTF(0, 0, width, height)
        flags = pdfium.FPDF_GRAYSCALE | pdfium.FPDF_ANNOT
        pdfium.FPDF_RenderPageBitmapWithMatrix(canvas.bitmap, self._handle, matrix, clip, flags)
        return canvas.pixels

    def texts(self, areas: Sequence[Area]) -> list[str]:
        """The text layer inside each area, as pdfium orders it; only objects that touch an area are read."""
        boxes = np.array([self._points(area) for area in areas], np.float32)
        return self._desk.read(self._handle, boxes)

    def _points(self, area: Area) -> tuple[float, float, float, float]:
        """left, bottom, right, top in the page's own points."""
        left = self._left + area.x_mm * POINTS_PER_MM
        top = self._top - area.y_mm * POINTS_PER_MM
        return left, top - area.h_mm * POINTS_PER_MM, left + area.w_mm * POINTS_PER_MM, top


class _Canvas:
    """A grey bitmap whose pixels are a numpy array."""

    def __init__(self, columns: int, rows: int) -> None:
        self.pixels: Picture = np.empty((rows, columns), np.uint8)
        memory = self.pixels.ctypes.data_as(ctypes.c_void_p)
        self.bitmap = pdfium.FPDFBitmap_CreateEx(columns, rows, pdfium.FPDFBitmap_Gray, memory, columns)

    def close(self) -> None:
        pdfium.FPDFBitmap_Destroy(self.bitmap)


class _Desk:
    """Reads the text of a few objects, because a text layer of the whole page takes as long as parsing it.

    The objects are moved to an empty page, read there and thrown away. Functions are called by address,
    without the argument checks of the generated bindings, for this runs once for every object of every page.
    """

    def __init__(self) -> None:
        pointer, whole = ctypes.c_void_p, ctypes.c_int
        self._count = _by_address("FPDFPage_CountObjects", whole, pointer)
        self._object = _by_address("FPDFPage_GetObject", pointer, pointer, whole)
        self._bounds = _by_address("FPDFPageObj_GetBounds", whole, *[pointer] * 5)
        self._remove = _by_address("FPDFPage_RemoveObject", whole, pointer, pointer)
        self._insert = _by_address("FPDFPage_InsertObject", None, pointer, pointer)
        self._destroy = _by_address("FPDFPageObj_Destroy", None, pointer)
        self._document = pdfium.FPDF_CreateNewDocument()
        self._page = pdfium.FPDFPage_New(self._document, 0, 1.0, 1.0)
        self._text = (ctypes.c_ushort * _TEXT_CAPACITY)()
        self._grow(128)

    def close(self) -> None:
        pdfium.FPDF_ClosePage(self._page)
        pdfium.FPDF_CloseDocument(self._document)

    def _grow(self, objects: int) -> None:
        self._edges = np.empty((4, objects), np.float32)  # left, bottom, right, top of each object
        first, row = self._edges.ctypes.data, 4 * objects
        self._slots = [tuple(first + side * row + 4 * k for side in range(4)) for k in range(objects)]

    def read(self, page: Any, boxes: npt.NDArray[np.float32]) -> list[str]:
        """The text in each box (left, bottom, right, top)."""
        source, desk = (ctypes.cast(handle, ctypes.c_void_p).value for handle in (page, self._page))
        taken = [thing for thing in self._touching(source, boxes) if self._remove(source, thing)]
        for thing in taken:
            self._insert(desk, thing)
        layer = pdfium.FPDFText_LoadPage(self._page)
        texts = [self._inside(layer, *map(float, box)) for box in boxes]
        pdfium.FPDFText_ClosePage(layer)
        for thing in taken:
            self._remove(desk, thing)
            self._destroy(thing)
        return texts

    def _touching(self, page: int | None, boxes: npt.NDArray[np.float32]) -> list[int]:
        """The objects whose bounds touch a box, and any whose bounds pdfium cannot say."""
        count = self._count(page)
        if count > len(self._slots):
            self._grow(2 * count)
        get, bounds = self._object, self._bounds
        things = [get(page, k) for k in range(count)]
        known = [bounds(thing, *slot) for thing, slot in zip(things, self._slots, strict=False)]
        touching = np.zeros(count, bool) if all(known) else np.array(known) == 0
        lefts, bottoms, rights, tops = self._edges[:, :count]
        for left, bottom, right, top in boxes:
            touching |= (lefts < right) & (rights > left) & (bottoms < top) & (tops > bottom)
        return [things[k] for k in touching.nonzero()[0]]

    def _inside(self, layer: Any, left: float, bottom: float, right: float, top: float) -> str:
        count = pdfium.FPDFText_GetBoundedText(layer, left, top, right, bottom, self._text, _TEXT_CAPACITY)
        return bytes(self._text)[: 2 * count].decode("utf-16-le", "replace").rstrip("\0")


def _by_address(name: str, result: Any, *arguments: Any) -> Callable[..., Any]:
    """A function of pdfium with plain numbers for pointers."""
    address = ctypes.cast(getattr(pdfium, name), ctypes.c_void_p).value or 0
    return ctypes.PYFUNCTYPE(result, *arguments)(address)
