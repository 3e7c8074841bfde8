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

from slips.fonts import FontLibrary
from slips.form import PlacedBox
from slips.proof.field_plan import PAD_PX, Raster, field_rasters
from slips.proof.field_scores import Cells, Fit, Scores, cells_of, coarse_shift, fits_of, scores_of
from slips.proof.glyph_pictures import EM_PX, Ink, glyph_pictures
from slips.proof.scan import Pixels
from slips.proof.text_forms import TextForm
from slips.proof.text_reading import MARGIN_MIN, GlyphReading, Legibility, TextReading

Homography = npt.NDArray[np.float64]

SURE = 0.85
"""Correlation of a whole line above which no other setting can be meant: it explains three quarters of all ink."""
LINE_MIN = 0.75
GLYPH_MIN = 0.7
"""Correlation of the worst character: noise, blur and JPEG of the worst scans leave 0.84, half a character less than 0.55."""
UNLIKE_MAX = 0.1
"""A character that correlates by so much less than the best of its line is damaged, and may be another. Sound ones stay within 0.08,
whatever the scan and the ink."""
CLEAR_MARGIN = 0.2
"""Where it beats the next best by so much, it is itself all the same."""
INK_MIN = 0.07
"""Share of the paper's brightness that a block of the field must lack before anything counts as printed there."""
_BLUR_STEP = 0.25
_SMOOTH_PX = 0.5
_BLOCK = EM_PX // 3


@dataclass(frozen=True, eq=False)
class _Line:
    """One pattern in one raster."""

    fit: Fit
    scores: Scores
    raster: Raster
    cells: Mapping[int, Cells]


@dataclass
class GlyphReader:
    """Reads fields of one job; keeps what it has made of fonts and boxes."""

    fonts: FontLibrary
    margin_min: float = MARGIN_MIN
    _plans: dict[tuple[PlacedBox, TextForm], tuple[Raster, ...]] = field(default_factory=dict)
    _cells: dict[tuple[str, str, int], Mapping[int, Cells]] = field(default_factory=dict)

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
            cells = self._characters(box.font, raster.chars, sigma)
            scores = scores_of(ink, raster.slots, cells, coarse_shift(ink, raster, cells))
            lines += [_Line(fit, scores, raster, cells) for fit in fits_of(ink, raster, scores)]
            if max(line.fit.score for line in lines) >= SURE:
                break
        return _judged(lines, inked, self.margin_min)

    def _rasters(self, box: PlacedBox, form: TextForm) -> tuple[Raster, ...]:
        if (box, form) not in self._plans:
            self._plans[box, form] = field_rasters(box, form=form, fonts=self.fonts)
        return self._plans[box, form]

    def _characters(self, face: str, chars: str, sigma: float) -> Mapping[int, Cells]:
        steps = max(1, round(sigma / _BLUR_STEP))
        key = (face, chars, steps)
        if key not in self._cells:
            pictures = glyph_pictures(self.fonts.faces[face], chars)
            self._cells[key] = cells_of(pictures, chars, sigma=steps * _BLUR_STEP)
        return self._cells[key]


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
    paper = max(1.0, _upper_quartile(seen[::3, ::3]))
    pixel = whole / scale  # raster pixels a pixel of what was warped
    return 1 - seen / paper, float(np.hypot(_SMOOTH_PX, 0.5 * pixel))


def _upper_quartile(values: Ink) -> float:
    """As numpy's percentile of 75, in a quarter of its time for some hundreds of values."""
    ranked = np.sort(values, axis=None)
    place = 0.75 * (len(ranked) - 1)
    below = int(place)
    above = min(below + 1, len(ranked) - 1)
    return float(ranked[below] + (place - below) * (ranked[above] - ranked[below]))


def _has_ink(ink: Ink, raster: Raster) -> bool:
    """Whether any block within the field is darker than the field as a whole; single specks and noise are not."""
    down, across = (reach + PAD_PX for reach in raster.search)
    inner = ink[down:-down, across:-across]
    size = (max(1, inner.shape[1] // _BLOCK), max(1, inner.shape[0] // _BLOCK))
    blocks = cv2.resize(inner, size, interpolation=cv2.INTER_AREA)
    return bool(blocks.max() - np.median(blocks) >= INK_MIN)


def _judged(lines: Sequence[_Line], inked: bool, margin_min: float) -> TextReading:
    if not inked:
        return TextReading(legibility=Legibility.BLANK)
    best, *others = sorted(lines, key=lambda line: line.fit.left_over)
    least = max(best.fit.least, 1e-9)
    apart = min((other.fit.left_over - best.fit.left_over for other in others), default=least) / least
    glyphs = _glyphs(best)
    margin = min(*(glyph.margin for glyph in glyphs), apart, 1.0)
    finest = max(glyph.score for glyph in glyphs)
    legible = best.fit.score >= LINE_MIN and all(
        glyph.score >= GLYPH_MIN and (glyph.score >= finest - UNLIKE_MAX or glyph.margin >= CLEAR_MARGIN)
        for glyph in glyphs
    )
    down, across = best.scores.shifts[best.fit.shift]
    px_across, px_down = best.raster.px_a_mm
    return TextReading(
        legibility=Legibility.READ if legible and margin >= margin_min else Legibility.UNCERTAIN,
        text="".join(glyph.char for glyph in glyphs),
        margin=margin,
        score=best.fit.score,
        glyphs=glyphs,
        dx_mm=float(across) / px_across,
        dy_mm=float(down) / px_down,
    )


def _glyphs(line: _Line) -> tuple[GlyphReading, ...]:
    """The characters of the line, each with its best rival."""
    out = []
    for slot in line.raster.patterns[line.fit.pattern]:
        number = line.raster.numbers[slot]
        chars = line.cells[slot.columns].chars
        scores = line.scores.correlation[number][line.fit.shift].tolist()
        chosen = int(line.scores.chosen[number, line.fit.shift])
        rivals = line.raster.rivals[slot]
        others = [k for k, char in enumerate(chars) if k != chosen and char in rivals]
        score = scores[chosen]
        second = max(others, key=scores.__getitem__, default=chosen)  # of equals the first
        margin = score - scores[second] if others else score
        out.append(GlyphReading(chars[chosen], score, chars[second], margin))
    return tuple(out)
