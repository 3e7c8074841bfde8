"""Reads the inserter marks of a page out of its pixels: a machine on another floor must be able to, so we look first.

In: a grey picture of a page, the form, and where millimetres lie in it (3×3, millimetres to pixels, homogeneous). Out: one reading
a mark, as text in the manifest's words, and the numbers in it. Nothing is guessed: a mark that is not wholly right says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from elqr import datamatrix
from slips.form import InserterMark, Layout
from slips.inserter import OF_BIT, VERSION, WIDTHS
from slips.proof.render import Picture

Transform = npt.NDArray[np.float64]
INK_BELOW = 128
SAMPLES = 3  # along and across each module or line; the middle of the ink is asked, not its edge


@dataclass(frozen=True)
class MarkReading:
    """`text` as the manifest has it (`0`/`1` a line, or 24 digits), empty where the mark cannot be trusted.

    `numbers` are what it says: `group`, `n`, `m`, `seq`, of OMR only the low bits that it has; `end` where it tells the last sheet.
    `fault` is `unreadable`, `gate`, `parity` or empty.
    """

    id: str
    kind: str
    text: str
    fault: str = ""
    numbers: Mapping[str, int] = field(default_factory=dict)


def read_marks(picture: Picture, layout: Layout, to_pixels: Transform) -> tuple[MarkReading, ...]:
    """The reading of each inserter mark of the form, in its order."""
    return tuple(_read(picture, mark, layout.dot_mm, to_pixels) for mark in layout.inserter_marks)


def saying_of(readings: Sequence[MarkReading]) -> str:
    """The readings in the words of the manifest's column `inserter`."""
    return ";".join(f"{reading.id}={reading.text}" for reading in readings)


def _read(picture: Picture, mark: InserterMark, dot_mm: float, to_pixels: Transform) -> MarkReading:
    if mark.kind == "datamatrix":
        return _read_matrix(picture, mark, to_pixels)
    pitch, line = mark.pitch_dots * dot_mm, mark.line_dots * dot_mm
    tops = np.array([mark.y_mm + pitch * k for k in range(len(mark.bits))], np.float64)
    dark = _dark(picture, np.full(len(tops), mark.x_mm), tops, mark.w_mm, line, to_pixels)
    return judge_omr(mark, (dark >= 0.5).astype(np.uint8))


def judge_omr(mark: InserterMark, bits: npt.NDArray[np.uint8]) -> MarkReading:
    """What the lines of an OMR mark say, from the top; the gates must be there and the number of lines even."""
    numbers: dict[str, int] = {}
    fault = ""
    for bit, on in zip(mark.bits, bits.tolist(), strict=True):
        name, _, place = bit.partition(":")
        if name == "gate" and not on:
            fault = "gate"
        elif name == "end":
            numbers["end"] = on
        elif name in OF_BIT:
            numbers[OF_BIT[name]] = numbers.get(OF_BIT[name], 0) | on << int(place)
    if not fault and "parity" in mark.bits and bits.sum() % 2:
        fault = "parity"
    if fault:
        return MarkReading(mark.id, mark.kind, "", fault if bits.any() else "unreadable")
    return MarkReading(mark.id, mark.kind, "".join(map(str, bits.tolist())), "", numbers)


def _read_matrix(picture: Picture, mark: InserterMark, to_pixels: Transform) -> MarkReading:
    side = mark.w_mm / datamatrix.SIDE
    rows, columns = np.divmod(np.arange(datamatrix.SIDE**2), datamatrix.SIDE)
    dark = _dark(picture, mark.x_mm + columns * side, mark.y_mm + rows * side, side, side, to_pixels)
    modules = (dark >= 0.5).astype(np.uint8).reshape(1, datamatrix.SIDE, datamatrix.SIDE)
    digits, good = datamatrix.decode(modules)
    text = digits[0].tobytes().decode("ascii")
    if not good[0] or not text.startswith(VERSION):
        return MarkReading(mark.id, mark.kind, "", "unreadable")
    numbers, at = {}, len(VERSION)
    for name, width in WIDTHS.items():
        numbers[name] = int(text[at : at + width])
        at += width
    return MarkReading(mark.id, mark.kind, text, "", numbers)


def _dark(
    picture: Picture,
    x_mm: npt.NDArray[np.float64],
    y_mm: npt.NDArray[np.float64],
    w_mm: float,
    h_mm: float,
    to_pixels: Transform,
) -> npt.NDArray[np.float64]:
    """Share of dark samples in the middle of each of the rectangles; outside the picture is paper."""
    steps = (np.arange(SAMPLES) + 1) / (SAMPLES + 1)
    across, down = np.meshgrid(steps * w_mm, steps * h_mm)
    x = x_mm[:, None] + across.ravel()[None]
    y = y_mm[:, None] + down.ravel()[None]
    u, v, w = np.einsum("ij,jkl->ikl", to_pixels, np.stack([x, y, np.ones_like(x)]))
    columns, rows = np.floor(u / w).astype(np.int64), np.floor(v / w).astype(np.int64)
    height, width = picture.shape
    inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    values = picture[np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1)]
    return np.asarray((inside & (values < INK_BELOW)).mean(axis=1), np.float64)
