"""Sheets of paper made from a printed PDF: rendered, spoilt on request as presses and people spoil them, and put through a scanner.

In: a PDF, pages, a seed. Out: grey scans as files, for the demo, the tests and the bench: scans are made, never stored. Same arguments, same pixels.
Refuses nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from elqr import symbols
from slips.form import Layout, PlacedBox
from slips.layout import load_layout
from slips.proof.intent import places_of
from slips.proof.render import open_document
from slips.proof.scan import MM_PER_INCH

Pixels = npt.NDArray[np.uint8]

PRESS_DPI = 600
PAPER_LIGHT, INK_LIGHT = 0.86, 0.05


@dataclass(frozen=True)
class Scanner:
    """What a scanner does to every sheet: turn, shift and stretch within these bounds, softness, noise, JPEG (0: none)."""

    dpi: int = 300
    turn_deg: float = 0.5
    shift_mm: float = 1.5
    stretch: float = 0.002
    soft_px: float = 0.5
    noise: float = 0.012
    jpeg: int = 88

    def scan(self, page: Pixels, *, seed: int, page_dpi: float = PRESS_DPI) -> Pixels:
        """The sheet as an 8-bit sRGB picture."""
        chance = np.random.default_rng(seed)
        scale = self.dpi / page_dpi
        angle = np.radians(chance.uniform(-self.turn_deg, self.turn_deg))
        across, down = scale * (1 + chance.uniform(-self.stretch, self.stretch, 2))
        height, width = (round(n * scale) for n in page.shape)
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) @ np.diag(
            [across, down]
        )
        middle = (np.array([page.shape[1], page.shape[0]]) - 1) / 2
        shift = chance.uniform(-self.shift_mm, self.shift_mm, 2) * self.dpi / MM_PER_INCH
        offset = (np.array([width, height]) - 1) / 2 + shift - turn @ middle
        soft = cv2.GaussianBlur(page, (0, 0), self.soft_px / scale)
        light = cv2.warpAffine(soft, np.column_stack([turn, offset]), (width, height), borderValue=255)
        srgb = _srgb(np.arange(256, dtype=np.uint8))[light]  # of 256 lights, and not of each pixel
        grey = np.clip(255 * (srgb + self.noise * chance.standard_normal(srgb.shape, np.float32)), 0, 255)
        pixels = np.asarray(grey, np.uint8)
        if self.jpeg:
            data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, self.jpeg])[1]
            pixels = np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), np.uint8)
        return pixels


def _srgb(light: Pixels) -> npt.NDArray[np.float32]:
    """What a scanner says of ink and paper, 0 to 1."""
    reflectance = INK_LIGHT + (PAPER_LIGHT - INK_LIGHT) * (light.astype(np.float32) / 255)
    return np.where(reflectance <= 0.0031308, 12.92 * reflectance, 1.055 * reflectance ** (1 / 2.4) - 0.055)


def sheets_of(pdf: Path, numbers: Sequence[int], *, dpi: float = PRESS_DPI) -> Iterator[Pixels]:
    """Pages (1-based) as they come from the press."""
    with open_document(pdf) as document:
        for number in numbers:
            with document.pages(number - 1, number) as (page,):
                yield page.whole(dpi)


# --- what presses and people do ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sheet:
    """A sheet of one form, to be spoilt; every function gives a new one."""

    page: Pixels
    layout: Layout

    def cut(self, box: PlacedBox) -> tuple[slice, slice]:
        return self._cut(box.x_mm, box.y_mm, box.w_mm, box.h_mm)

    def _cut(self, x: float, y: float, w: float, h: float) -> tuple[slice, slice]:
        scale = PRESS_DPI / MM_PER_INCH
        return slice(round(y * scale), round((y + h) * scale)), slice(
            round(x * scale), round((x + w) * scale)
        )

    @property
    def code(self) -> tuple[slice, slice]:
        """The code with its quiet zone."""
        place = places_of(self.layout, names=()).symbol
        quiet = 4 * place.pitch_mm
        side = symbols.SIZE * place.pitch_mm + 2 * quiet
        return self._cut(place.x_mm - quiet, place.y_mm - quiet, side, side)

    def changed(self, page: Pixels) -> Sheet:
        return Sheet(page, self.layout)

    def with_values_of(self, other: Sheet, value: str) -> Sheet:
        """The printed figures of another slip, in every box of that value."""
        page = self.page.copy()
        for box in self.layout.boxes:
            if box.kind == "field" and box.value == value:
                page[self.cut(box)] = other.page[self.cut(box)]
        return self.changed(page)

    def with_code_of(self, other: Sheet) -> Sheet:
        page = self.page.copy()
        page[self.code] = other.page[other.code]
        return self.changed(page)

    def with_payload(self, digits: str) -> Sheet:
        """A code of other digits, drawn at its place."""
        bits = symbols.unpack(symbols.encode(np.frombuffer(digits.encode(), np.uint8)[None]))[0]
        rows, columns = self.code
        size = (columns.stop - columns.start, rows.stop - rows.start)
        page = self.page.copy()
        page[self.code] = cv2.resize(255 - 255 * np.pad(bits, 4), size, interpolation=cv2.INTER_NEAREST)
        return self.changed(page)

    def stamped(self, *, strength: int = 2) -> Sheet:
        """A date stamp in wet ink over the code; at 2 nobody reads it, and its digits are beyond repair."""
        page = self.page.copy()
        part = page[self.code]
        side = part.shape[0]
        middle = (side // 2, side // 2)
        cv2.circle(part, middle, round(side * 0.3), 20, round(side * 0.03 * strength))
        for row in (-0.12, 0.0, 0.12)[:strength]:
            at = round(side * (0.5 + row))
            cv2.line(
                part,
                (round(side * 0.15), at),
                (round(side * 0.85), at + side // 20),
                20,
                round(side * 0.035 * strength),
            )
        return self.changed(page)

    def scratched(self, share: float = 0.12) -> Sheet:
        """Ink rubbed off in stripes: hard to read, still within what can be corrected."""
        page = self.page.copy()
        part = page[self.code]
        side = part.shape[0]
        for k in range(round(share * 12)):
            at = round(side * (0.3 + 0.05 * k))
            cv2.line(part, (round(side * 0.35), at), (round(side * 0.8), at + side // 30), 235, side // 40)
        return self.changed(page)

    def code_moved(self, *, dx_mm: float, dy_mm: float = 0.0) -> Sheet:
        rows, columns = self.code
        scale = PRESS_DPI / MM_PER_INCH
        right, down = round(dx_mm * scale), round(dy_mm * scale)
        page = self.page.copy()
        code = page[self.code].copy()
        page[self.code] = 255
        page[rows.start + down : rows.stop + down, columns.start + right : columns.stop + right] = code
        return self.changed(page)

    def upside_down(self) -> Sheet:
        return self.changed(np.ascontiguousarray(self.page[::-1, ::-1]))

    def blank(self) -> Sheet:
        return self.changed(np.full_like(self.page, 255))


def write_scans(
    pages: Sequence[Pixels], folder: Path, *, scanner: Scanner, kind: str = "jpg", first: int = 1
) -> list[Path]:
    """Scan every sheet into a file of its own: `scan-001.jpg` …, with the resolution in it."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for number, page in enumerate(pages, first):
        path = folder / f"scan-{number:03d}.{kind}"
        quality: dict[str, Any] = {"quality": scanner.jpeg or 95} if kind == "jpg" else {}
        Image.fromarray(scanner.scan(page, seed=number)).save(path, dpi=(scanner.dpi, scanner.dpi), **quality)
        files.append(path)
    return files


def demo(pdf: Path, layout: str, folder: Path, *, count: int = 24) -> None:
    """A stack as it comes back from the press room: most sheets good, six of them not."""
    form = load_layout(layout)
    numbers = [n for n in range(1, count + 1) if n != 17]  # sheet 17 is lost
    sheets = [Sheet(page, form) for page in sheets_of(pdf, numbers)]
    sheets[4] = sheets[4].with_values_of(sheets[9], "amount_yen")
    sheets[7] = sheets[7].stamped()
    sheets[11] = sheets[11].code_moved(dx_mm=-1.0)
    sheets[13] = sheets[13].upside_down()
    sheets[19], sheets[20] = sheets[20], sheets[19]
    write_scans([sheet.page for sheet in [*sheets, sheets[2]]], folder, scanner=Scanner(dpi=400))


if __name__ == "__main__":
    demo(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
