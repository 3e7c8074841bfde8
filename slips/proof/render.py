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

    def close(self) -> None:
        """Give back what pdfium holds."""
        for canvas in self._canvases.values():
            canvas.close()
        pdfium.FPDF_CloseDocument(self._handle)

    @contextmanager
    def page(self, index: int) -> Iterator[Page]:
        """The page with this 0-based index, parsed once for all its pictures and texts."""
        handle = pdfium.FPDF_LoadPage(self._handle, index)
        if not handle:
            raise UnreadableError(f"page {index + 1}: pdfium error {pdfium.FPDF_GetLastError()}")
        try:
            yield Page(handle, self._canvas)
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
    """One page, parsed; good inside the `with` that gave it."""

    def __init__(self, handle: Any, canvas: Callable[[int, int], _Canvas]) -> None:
        self._handle, self._canvas = handle, canvas
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
        """The text layer inside each area, as pdfium orders it. Ask once: each call lays out the whole page."""
        layer = pdfium.FPDFText_LoadPage(self._handle)
        texts = [self._inside(layer, area) for area in areas]
        pdfium.FPDFText_ClosePage(layer)
        return texts

    def _inside(self, layer: Any, area: Area) -> str:
        left, top = self._left + area.x_mm * POINTS_PER_MM, self._top - area.y_mm * POINTS_PER_MM
        right, bottom = left + area.w_mm * POINTS_PER_MM, top - area.h_mm * POINTS_PER_MM
        units = (ctypes.c_ushort * _TEXT_CAPACITY)()
        count = pdfium.FPDFText_GetBoundedText(layer, left, top, right, bottom, units, _TEXT_CAPACITY)
        return bytes(units)[: 2 * count].decode("utf-16-le", "replace").rstrip("\0")


class _Canvas:
    """A grey bitmap whose pixels are a numpy array."""

    def __init__(self, columns: int, rows: int) -> None:
        self.pixels: Picture = np.empty((rows, columns), np.uint8)
        memory = self.pixels.ctypes.data_as(ctypes.c_void_p)
        self.bitmap = pdfium.FPDFBitmap_CreateEx(columns, rows, pdfium.FPDFBitmap_Gray, memory, columns)

    def close(self) -> None:
        pdfium.FPDFBitmap_Destroy(self.bitmap)
