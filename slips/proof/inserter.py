"""Reads the inserter marks of a page out of its pixels: a machine on another floor must be able to, so we look first.

In: a grey picture, the form's marks, and where millimetres lie in it (3×3, millimetres to pixels, homogeneous); or a page of a PDF. Out: one
reading a mark, as text in the manifest's words, and the numbers in it. Nothing is guessed: a mark that is not wholly right says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

import numpy as np
import numpy.typing as npt

from elqr import datamatrix
from slips.form import InserterMark, Layout
from slips.inserter import OF_BIT, VERSION, WIDTHS
from slips.proof.render import Frame, Page, Picture

Transform = npt.NDArray[np.float64]
Floats = npt.NDArray[np.float64]

SAMPLES = 3
"""Along and across each module or line; the middle of the ink is asked, not its edge."""
CONTRAST_MIN = 50
"""Grey levels between paper and ink below which there is no mark."""
SEARCH_MM, SEARCH_STEP_MM = 0.5, 0.1
"""How far a mark may stand from its place; a registered page has it within 0.1 mm."""
DRAWN_PX_A_MM = 12.0
AROUND_MM = 1.0


@dataclass(frozen=True)
class MarkReading:
    """`text` as the manifest has it (`0`/`1` a line, or 24 digits), empty where the mark cannot be trusted.

    `numbers` are what it says: `group`, `n`, `m`, `seq`, of OMR only the low bits that it has; `end` where it tells the last sheet.
    `fault` is `missing` (no ink), `unreadable`, `gate`, `parity` or empty.
    """

    id: str
    kind: str
    text: str
    fault: str = ""
    numbers: Mapping[str, int] = field(default_factory=dict)


def read_marks(picture: Picture, layout: Layout, to_pixels: Transform) -> tuple[MarkReading, ...]:
    """The reading of each inserter mark of the form, in its order."""
    return tuple(read_mark(picture, mark, layout.dot_mm, to_pixels) for mark in layout.inserter_marks)


def read_drawn(page: Page, marks: Sequence[InserterMark], dot_mm: float) -> tuple[MarkReading, ...]:
    """The same of a page of a PDF, of which only the marks are rendered."""
    out = []
    for mark in marks:
        frame = frame_of(mark)
        scale = frame.columns / frame.w_mm, frame.rows / frame.h_mm
        to_pixels = np.array(
            [[scale[0], 0, -scale[0] * frame.x_mm], [0, scale[1], -scale[1] * frame.y_mm], [0, 0, 1.0]]
        )
        out.append(read_mark(page.picture(frame), mark, dot_mm, to_pixels))
    return tuple(out)


@cache
def frame_of(mark: InserterMark) -> Frame:
    """What of a page is rendered for one mark: one frame a mark, since a document keeps a canvas for each frame it has seen."""
    w_mm, h_mm = mark.w_mm + 2 * AROUND_MM, mark.h_mm + 2 * AROUND_MM
    return Frame(
        mark.x_mm - AROUND_MM,
        mark.y_mm - AROUND_MM,
        w_mm,
        h_mm,
        round(w_mm * DRAWN_PX_A_MM),
        round(h_mm * DRAWN_PX_A_MM),
    )


def saying_of(readings: Sequence[MarkReading]) -> str:
    """The readings in the words of the manifest's column `inserter`."""
    return ";".join(f"{reading.id}={reading.text}" for reading in readings)


def read_mark(picture: Picture, mark: InserterMark, dot_mm: float, to_pixels: Transform) -> MarkReading:
    """One mark, looked for up to half a millimetre around its place; ink is what is darker than halfway to the paper around it."""
    ink_below = _ink_below(picture, mark, to_pixels)
    if ink_below is None:
        return MarkReading(mark.id, mark.kind, "", "missing")
    if mark.kind == "datamatrix":
        return _read_matrix(picture, mark, to_pixels, ink_below)
    pitch, line = mark.pitch_dots * dot_mm, mark.line_dots * dot_mm
    tops = np.array([mark.y_mm + pitch * k for k in range(len(mark.bits))], np.float64)
    shifts = _shifts()
    shifts = shifts[shifts[:, 0] == 0]  # lines are long: only up and down matters
    dark = _dark(
        picture, np.full(len(tops), mark.x_mm), tops, (mark.w_mm, line), to_pixels, shifts, ink_below
    )
    gates = [k for k, bit in enumerate(mark.bits) if bit == "gate"]
    best = int(dark[:, gates].min(axis=1).argmax()) if gates else 0
    return judge_omr(mark, (dark[best] >= 0.5).astype(np.uint8))


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


def _read_matrix(picture: Picture, mark: InserterMark, to_pixels: Transform, ink_below: float) -> MarkReading:
    """The place nearest to the intended one at which every module is as it must be: check words, finder and version."""
    side = mark.w_mm / datamatrix.SIDE
    rows, columns = np.divmod(np.arange(datamatrix.SIDE**2), datamatrix.SIDE)
    x_mm, y_mm = mark.x_mm + columns * side, mark.y_mm + rows * side
    shifts = _shifts()
    for some in (shifts[:1], shifts[1:]):
        dark = _dark(picture, x_mm, y_mm, (side, side), to_pixels, some, ink_below)
        modules = (dark >= 0.5).astype(np.uint8).reshape(-1, datamatrix.SIDE, datamatrix.SIDE)
        digits, good = datamatrix.decode(modules)
        if good.any():
            text = digits[int(good.argmax())].tobytes().decode("ascii")
            break
    else:
        return MarkReading(mark.id, mark.kind, "", "unreadable")
    if not text.startswith(VERSION):
        return MarkReading(mark.id, mark.kind, "", "unreadable")
    numbers, at = {}, len(VERSION)
    for name, width in WIDTHS.items():
        numbers[name] = int(text[at : at + width])
        at += width
    return MarkReading(mark.id, mark.kind, text, "", numbers)


def _ink_below(picture: Picture, mark: InserterMark, to_pixels: Transform) -> float | None:
    """Halfway from the darkest to the paper at the mark and a millimetre around it; None where all of it is alike."""
    left, top, right, bottom = (
        mark.x_mm - AROUND_MM,
        mark.y_mm - AROUND_MM,
        mark.x_mm + mark.w_mm + AROUND_MM,
        mark.y_mm + mark.h_mm + AROUND_MM,
    )
    u, v, w = to_pixels @ np.array([[left, right, left, right], [top, top, bottom, bottom], [1.0] * 4])
    (x0, x1), (y0, y1) = (((part / w).min(), (part / w).max()) for part in (u, v))
    part = picture[max(0, int(y0)) : max(0, int(y1) + 1), max(0, int(x0)) : max(0, int(x1) + 1)]
    if not part.size:
        return None
    ink, paper = np.quantile(part[::2, ::2], (0.005, 0.8))
    return None if paper - ink < CONTRAST_MIN else float(paper + ink) / 2


def _shifts() -> Floats:
    """(k, 2): steps across and down, the nearest first."""
    reach = np.arange(-SEARCH_MM, SEARCH_MM + SEARCH_STEP_MM / 2, SEARCH_STEP_MM).round(6)
    both = np.stack(np.meshgrid(reach, reach), axis=-1).reshape(-1, 2)
    return np.asarray(both[np.argsort((both * both).sum(axis=1), kind="stable")])


def _dark(
    picture: Picture,
    x_mm: Floats,
    y_mm: Floats,
    size_mm: tuple[float, float],
    to_pixels: Transform,
    shifts: Floats,
    ink_below: float,
) -> Floats:
    """(shifts, rectangles): share of dark samples in the middle of each; outside the picture is paper."""
    steps = (np.arange(SAMPLES) + 1) / (SAMPLES + 1)
    across, down = np.meshgrid(steps * size_mm[0], steps * size_mm[1])
    x = x_mm[:, None] + across.ravel()[None] + shifts[:, 0, None, None]
    y = y_mm[:, None] + down.ravel()[None] + shifts[:, 1, None, None]
    u, v, w = np.einsum("ij,jskl->iskl", to_pixels, np.stack([x, y, np.ones_like(x)]))
    columns, rows = np.floor(u / w).astype(np.int64), np.floor(v / w).astype(np.int64)
    height, width = picture.shape
    inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    values = picture[np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1)]
    return np.asarray((inside & (values < ink_below)).mean(axis=2), np.float64)
