"""Printed figures read from the pixels of a page: each character at its known place against all characters of the job's own font.

In: a grey page, its registration, the box of the form and what it may say. Out: a `TextReading`; what the box should say is never
asked, so nothing is read into it. A cell without ink is blank, ink that is not surely one text is uncertain: never a guess.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from slips.fonts import FontLibrary
from slips.form import PlacedBox
from slips.proof.field_plan import PAD_PX, Raster, Slot, field_rasters
from slips.proof.glyph_pictures import EM_PX, Ink, glyph_pictures
from slips.proof.scan import Pixels
from slips.proof.text_forms import TextForm
from slips.proof.text_reading import MARGIN_MIN, GlyphReading, Legibility, TextReading

Homography = npt.NDArray[np.float64]

SURE = 0.85
"""Correlation of a whole line above which no other setting can be meant: it explains three quarters of all ink."""
LINE_MIN = 0.5
GLYPH_MIN = 0.45
INK_MIN = 0.1
"""Share of the paper's brightness that a block of the field must lack before anything counts as printed there."""
_BLUR_STEP = 0.25
_SMOOTH_PX = 0.5
_BLOCK = EM_PX // 3


@dataclass(frozen=True)
class _Cells:
    """All characters of one width, as pictures and as normalised rows for correlation."""

    chars: str
    pictures: Ink  # (k, EM_PX, columns)
    rows: Ink  # (k, EM_PX * columns), mean 0, length 1


@dataclass(frozen=True)
class _Line:
    """The best reading of one pattern. Ink is counted as squares over square points of the paper."""

    glyphs: tuple[GlyphReading, ...]
    score: float
    left_over: float
    """Ink that the pattern does not explain."""
    least: float
    """Ink of the smallest of its characters."""
    dx_mm: float
    dy_mm: float


@dataclass
class GlyphReader:
    """Reads fields of one job; keeps what it has made of fonts and boxes."""

    fonts: FontLibrary
    _plans: dict[tuple[PlacedBox, TextForm], tuple[Raster, ...]] = field(default_factory=dict)
    _cells: dict[tuple[str, str, int], Mapping[int, _Cells]] = field(default_factory=dict)

    def read(self, grey: Pixels, to_pixels: Homography, *, box: PlacedBox, form: TextForm) -> TextReading:
        """What stands in the box. `to_pixels` (3, 3): page millimetres to pixels of `grey` (whole numbers are pixel centres).

        Raises ValueError for a box that cannot show the form, or whose face has digits of different widths.
        """
        lines: list[_Line] = []
        inked = False
        for raster in self._rasters(box, form):
            ink, sigma = _lifted(grey, to_pixels @ raster.to_mm, raster)
            inked = inked or _has_ink(ink, raster)
            if not inked:
                break
            lines += _lines(ink, raster, self._characters(box.font, raster.chars, sigma))
            if max(line.score for line in lines) >= SURE:
                break
        return _judged(lines, inked)

    def _rasters(self, box: PlacedBox, form: TextForm) -> tuple[Raster, ...]:
        if (box, form) not in self._plans:
            self._plans[box, form] = field_rasters(box, form=form, fonts=self.fonts)
        return self._plans[box, form]

    def _characters(self, face: str, chars: str, sigma: float) -> Mapping[int, _Cells]:
        steps = max(1, round(sigma / _BLUR_STEP))
        key = (face, chars, steps)
        if key not in self._cells:
            pictures = glyph_pictures(self.fonts.faces[face], chars)
            self._cells[key] = _cells_of(pictures, chars, steps * _BLUR_STEP)
        return self._cells[key]


def _cells_of(pictures: Sequence[Ink], chars: str, sigma: float) -> Mapping[int, _Cells]:
    by_width: dict[int, tuple[list[str], list[Ink]]] = {}
    for char, picture in zip(chars, pictures, strict=True):
        names, found = by_width.setdefault(picture.shape[1], ([], []))
        names.append(char)
        # the neighbours of a character are unknown: blur it on paper and keep its cell
        edge = 2 * int(np.ceil(2 * sigma))
        on_paper = cv2.GaussianBlur(np.pad(picture, edge), (0, 0), sigma)
        found.append(on_paper[edge:-edge, edge:-edge])
    out = {}
    for width, (names, found) in by_width.items():
        stack = np.stack(found)
        rows = stack.reshape(len(stack), -1)
        rows = rows - rows.mean(1, keepdims=True)
        out[width] = _Cells("".join(names), stack, rows / np.linalg.norm(rows, axis=1, keepdims=True))
    return out


def _lifted(grey: Pixels, to_pixels: Homography, raster: Raster) -> tuple[Ink, float]:
    """The field in the raster's pixels as ink (0 paper, 1 black), and the blur that a character has there."""
    corners = np.array([[0, raster.columns, 0, raster.columns], [0, 0, raster.rows, raster.rows], [1] * 4])
    x, y, w = to_pixels @ corners
    x, y = x / w, y / w
    height, width = grey.shape
    x0, y0 = max(0, int(x.min()) - 2), max(0, int(y.min()) - 2)
    x1, y1 = min(width, int(x.max()) + 3), min(height, int(y.max()) + 3)
    if x0 >= x1 or y0 >= y1:
        return np.zeros((raster.rows, raster.columns), np.float32), 1.0
    scale = float(np.sqrt(abs(np.linalg.det(to_pixels[:2, :2]))))  # scan pixels a raster pixel
    cut, whole = grey[y0:y1, x0:x1], max(1, int(scale))
    if whole > 1:
        cut = cv2.resize(cut, None, fx=1 / whole, fy=1 / whole, interpolation=cv2.INTER_AREA)
    shrink = np.array(
        [[1 / whole, 0, (0.5 - x0) / whole - 0.5], [0, 1 / whole, (0.5 - y0) / whole - 0.5], [0, 0, 1]]
    )
    seen = cv2.warpPerspective(
        cut, shrink @ to_pixels, (raster.columns, raster.rows),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE,
    )  # fmt: skip
    seen = cv2.GaussianBlur(seen.astype(np.float32), (0, 0), _SMOOTH_PX)
    paper = max(1.0, float(np.percentile(seen[::2, ::2], 75)))
    pixel = whole / scale  # raster pixels a pixel of what was warped
    return 1 - seen / paper, float(np.hypot(_SMOOTH_PX, 0.5 * pixel))


def _has_ink(ink: Ink, raster: Raster) -> bool:
    """Whether any block within the field is darker than the field as a whole; single specks and noise are not."""
    down, across = (reach + PAD_PX for reach in raster.search)
    inner = ink[down:-down, across:-across]
    size = (max(1, inner.shape[1] // _BLOCK), max(1, inner.shape[0] // _BLOCK))
    blocks = cv2.resize(inner, size, interpolation=cv2.INTER_AREA)
    return bool(blocks.max() - np.median(blocks) >= INK_MIN)


def _lines(ink: Ink, raster: Raster, cells: Mapping[int, _Cells]) -> list[_Line]:
    """The best reading of each pattern, all of its characters shifted alike."""
    shifts = [(dy, dx) for dy in _reach(raster.search[0]) for dx in _reach(raster.search[1])]
    slots = sorted({slot for pattern in raster.patterns for slot in pattern})
    index = {slot: number for number, slot in enumerate(slots)}
    scores = _scores(ink, slots, cells, shifts)
    best = np.stack([
        score[:, _allowed(slot, cells)].max(1) for slot, score in zip(slots, scores, strict=True)
    ])  # (slots, shifts)  # fmt: skip
    readings, drawn = [], []
    for pattern in raster.patterns:
        at = [index[slot] for slot in pattern]
        shift = int(best[at].mean(0).argmax())
        glyphs = tuple(_glyph(slot, scores[k][shift], cells) for slot, k in zip(pattern, at, strict=True))
        readings.append((glyphs, shifts[shift]))
        drawn.append(_drawn(ink.shape, pattern, glyphs, shifts[shift], cells))
    return _weighed(ink, raster, readings, drawn)


def _reach(pixels: int) -> range:
    return range(-pixels, pixels + 1)


def _allowed(slot: Slot, cells: Mapping[int, _Cells]) -> list[int]:
    return [cells[slot.columns].chars.index(char) for char in slot.choices]


def _scores(
    ink: Ink, slots: Sequence[Slot], cells: Mapping[int, _Cells], shifts: Sequence[tuple[int, int]]
) -> list[Ink]:
    """For each slot the correlation of all characters of its width (columns) at all shifts (rows)."""
    dy, dx = np.array(shifts).T
    out: list[Ink] = [np.empty((0, 0), np.float32)] * len(slots)
    for width, kept in cells.items():
        which = [number for number, slot in enumerate(slots) if slot.columns == width]
        if not which:
            continue
        top = np.array([slots[k].row for k in which])[:, None] + dy
        left = np.array([slots[k].column for k in which])[:, None] + dx
        windows = sliding_window_view(ink, (EM_PX, width))[top, left].reshape(-1, EM_PX * width)
        length = np.linalg.norm(windows - windows.mean(1, keepdims=True), axis=1, keepdims=True)
        found = (windows @ kept.rows.T) / np.maximum(length, 1e-3)
        for k, part in zip(which, found.reshape(len(which), len(shifts), -1), strict=True):
            out[k] = part
    return out


def _glyph(slot: Slot, scores: Ink, cells: Mapping[int, _Cells]) -> GlyphReading:
    chars = cells[slot.columns].chars
    allowed = _allowed(slot, cells)
    chosen = allowed[int(scores[allowed].argmax())]
    others = np.delete(scores, chosen)
    if not len(others):
        return GlyphReading(chars[chosen], float(scores[chosen]), "", float(scores[chosen]))
    second = int(others.argmax())
    margin = float(scores[chosen] - others[second])
    return GlyphReading(chars[chosen], float(scores[chosen]), np.delete(list(chars), chosen)[second], margin)


def _drawn(
    shape: tuple[int, ...],
    pattern: Sequence[Slot],
    glyphs: Sequence[GlyphReading],
    shift: tuple[int, int],
    cells: Mapping[int, _Cells],
) -> Ink:
    """The line as it should look."""
    out = np.zeros(shape, np.float32)
    for slot, glyph in zip(pattern, glyphs, strict=True):
        cell = cells[slot.columns]
        y, x = slot.row + shift[0], slot.column + shift[1]
        out[y : y + EM_PX, x : x + slot.columns] = cell.pictures[cell.chars.index(glyph.char)]
    return out


def _weighed(
    ink: Ink,
    raster: Raster,
    readings: Sequence[tuple[tuple[GlyphReading, ...], tuple[int, int]]],
    drawn: Sequence[Ink],
) -> list[_Line]:
    """How much of the field's ink each line explains, within the field's own area."""
    seen = (ink - ink.mean()).ravel()
    whole = float(seen @ seen)
    across, down = raster.px_a_mm
    area = across * down
    out = []
    for (glyphs, (dy, dx)), picture in zip(readings, drawn, strict=True):
        line = (picture - picture.mean()).ravel()
        own = float(line @ line)
        both = float(seen @ line)
        score = both / max(1e-6, (own * whole) ** 0.5)
        strength = max(0.0, both / own)
        least = strength**2 * own / len(glyphs) / 2
        out.append(
            _Line(glyphs, score, (whole - both * strength) / area, least / area, dx / across, dy / down)
        )
    return out


def _judged(lines: Sequence[_Line], inked: bool) -> TextReading:
    if not inked:
        return TextReading(legibility=Legibility.BLANK)
    best, *others = sorted(lines, key=lambda line: line.left_over)
    apart = min((line.left_over - best.left_over for line in others), default=best.least) / max(
        best.least, 1e-9
    )
    margin = min(*(glyph.margin for glyph in best.glyphs), apart, 1.0)
    sure = (
        best.score >= LINE_MIN
        and margin >= MARGIN_MIN
        and min(glyph.score for glyph in best.glyphs) >= GLYPH_MIN
    )
    return TextReading(
        legibility=Legibility.READ if sure else Legibility.UNCERTAIN,
        text="".join(glyph.char for glyph in best.glyphs),
        margin=margin,
        score=best.score,
        glyphs=best.glyphs,
        dx_mm=best.dx_mm,
        dy_mm=best.dy_mm,
    )
