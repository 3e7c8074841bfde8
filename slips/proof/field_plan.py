"""Where each character of a field must stand, for every pattern that the field may show: the printer's own fitting, before any pixel.

In: the box of the form, the fonts, the patterns. Out: rasters (one a setting, since the fit steps change size and width) with the
places of all characters in it. Refuses faces whose digits differ in width, and boxes that can show none of the patterns (ValueError).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from slips.fit import Fitted, Setting, fit
from slips.fonts import Face, FontLibrary
from slips.form import PlacedBox
from slips.place import EM_ASCENT, MM_PT, Area
from slips.proof.glyph_pictures import EM_PX, cell_columns
from slips.proof.text_forms import TextForm

SEARCH_MM = 0.35
"""How far a line may stand from its place: the page is registered to about 0.1 mm."""
PAD_PX = 2
ANCHORS = 2
DIGITS = "0123456789"


@dataclass(frozen=True, order=True)
class Slot:
    """One character of a pattern: a digit or itself, and the upper left corner of its cell in the raster."""

    char: str
    row: int
    column: int
    columns: int

    @property
    def choices(self) -> str:
        """What may stand here."""
        return DIGITS if self.char == "0" else self.char


@dataclass(frozen=True, eq=False)
class Raster:
    """The pixels in which one setting is looked at: `EM_PX` an em, upright, with room for the search on all sides."""

    rows: int
    columns: int
    to_mm: npt.NDArray[np.float64]
    """(3, 3): raster (whole numbers are pixel centres) to page millimetres."""
    search: tuple[int, int]
    """Pixels down and across that the line may be off."""
    patterns: tuple[tuple[Slot, ...], ...]

    @cached_property
    def slots(self) -> tuple[Slot, ...]:
        """Every place with what may stand there, once."""
        return tuple(sorted({slot for pattern in self.patterns for slot in pattern}))

    @cached_property
    def numbers(self) -> Mapping[Slot, int]:
        """Where each slot stands in `slots`."""
        return {slot: number for number, slot in enumerate(self.slots)}

    @cached_property
    def members(self) -> npt.NDArray[np.float32]:
        """(patterns, slots): 1 where the pattern has the slot."""
        return np.array([[slot in pattern for slot in self.slots] for pattern in self.patterns], np.float32)

    @cached_property
    def anchors(self) -> tuple[Slot, ...]:
        """Few slots, of which each pattern has at least `ANCHORS`: those that most patterns share, wide ones first."""
        wanted = [min(ANCHORS, len(pattern)) for pattern in self.patterns]
        left, found = list(self.slots), list[Slot]()
        while any(need > 0 for need in wanted):
            gain = [
                (sum(need > 0 and slot in p for p, need in zip(self.patterns, wanted, strict=True)), slot.columns, slot)
                for slot in left
            ]  # fmt: skip
            best = max(gain)[2]
            left.remove(best)
            found.append(best)
            wanted = [need - (best in p) for p, need in zip(self.patterns, wanted, strict=True)]
        return tuple(found)

    @cached_property
    def anchored(self) -> npt.NDArray[np.float32]:
        """(patterns, anchors), as `members`."""
        return np.array([[slot in pattern for slot in self.anchors] for pattern in self.patterns], np.float32)

    @cached_property
    def rivals(self) -> Mapping[Slot, str]:
        """What a slot may be mistaken for: a digit for whatever any pattern has in its cell; a character that always stands
        there for all characters of its width. Letters of words that differ, such as months, have none: the patterns
        as a whole are weighed against each other.
        """
        there: dict[tuple[int, int, int], set[str]] = {}
        of_width: dict[int, set[str]] = {}
        for slot in self.slots:
            there.setdefault((slot.row, slot.column, slot.columns), set()).update(slot.choices)
            of_width.setdefault(slot.columns, set()).update(slot.choices)
        out = {}
        for slot in self.slots:
            found = there[slot.row, slot.column, slot.columns]
            alone = of_width[slot.columns] if len(found) == 1 else set()
            out[slot] = "".join(sorted(found if slot.char == "0" else alone))
        return out

    @cached_property
    def chars(self) -> str:
        """Every character that may stand anywhere in it."""
        return "".join(
            sorted({char for pattern in self.patterns for slot in pattern for char in slot.choices})
        )

    @property
    def px_a_mm(self) -> tuple[float, float]:
        """Across and down."""
        return 1 / float(self.to_mm[0, 0]), 1 / float(self.to_mm[1, 1])


def field_rasters(box: PlacedBox, *, form: TextForm, fonts: FontLibrary) -> tuple[Raster, ...]:
    """The rasters of a field, the setting that most patterns are printed in first."""
    face = fonts.faces[box.font]
    if len({face.advance((ord(digit), 0)) for digit in DIGITS}) > 1:
        raise ValueError(f"{box.name}: digits of {face.name} differ in width")
    area = Area(box.x_mm * MM_PT, -box.y_mm * MM_PT, box.w_mm * MM_PT, box.h_mm * MM_PT)
    by_setting: dict[Setting, list[tuple[str, Fitted]]] = {}
    for pattern in form.patterns:
        fitted = fit(
            pattern, Setting(box.font, box.size_pt, lines=box.lines), box.fit,
            width_pt=area.w, height_pt=area.h, leading=box.leading, fonts=fonts,
        )  # fmt: skip
        if isinstance(fitted, Fitted) and all(
            run.face == box.font for line in fitted.lines for run in line.runs
        ):
            by_setting.setdefault(fitted.setting, []).append((pattern, fitted))
    if not by_setting:
        raise ValueError(f"{box.name}: none of the patterns of {form.name} fits the box")
    groups = sorted(by_setting.items(), key=lambda item: -len(item[1]))
    return tuple(_raster(box, face, area, setting, [f for _, f in found]) for setting, found in groups)


def _raster(box: PlacedBox, face: Face, area: Area, setting: Setting, fits: Sequence[Fitted]) -> Raster:
    size = setting.size_pt
    down = EM_PX / size  # raster pixels a point
    across = down * 100 / setting.condense
    search = [max(1, round(SEARCH_MM * MM_PT * scale)) for scale in (down, across)]
    pad_y, pad_x = (reach + PAD_PX for reach in search)
    placed = [list(_placed(box, face, area, fitted)) for fitted in fits]
    # The raster begins whole pixels before the first character, so that characters of half an em fall on whole pixels.
    x0 = min(x for pattern in placed for _, x, _ in pattern)
    y0 = min(y for pattern in placed for *_, y in pattern)
    left = x0 - (max(0, int((x0 - area.x) * across)) + pad_x) / across
    top = y0 - (max(0, int((y0 + area.top) * down)) + pad_y) / down
    lowest = max(area.h - area.top, *(y + size for pattern in placed for *_, y in pattern))
    columns = int((area.x + area.w - left) * across) + 1 + pad_x
    rows = int((lowest - top) * down) + 1 + pad_y
    patterns = tuple(
        tuple(
            Slot(char, round((y - top) * down), round((x - left) * across), cell_columns(face, char))
            for char, x, y in pattern
            if not char.isspace()
        )
        for pattern in placed
    )
    to_points = np.array([[1 / across, 0, left + 0.5 / across], [0, 1 / down, top + 0.5 / down], [0, 0, 1]])
    return Raster(
        rows, columns, np.diag([1 / MM_PT, 1 / MM_PT, 1]) @ to_points, (search[0], search[1]), patterns
    )


def _placed(box: PlacedBox, face: Face, area: Area, fitted: Fitted) -> Iterator[tuple[str, float, float]]:
    """The characters with the upper left corners of their cells, in points from the page's top left."""
    size = fitted.setting.size_pt
    for number, line in enumerate(fitted.lines):
        x = area.start(line.width_pt, box.align)
        y = -area.baseline(size, number, len(fitted.lines), box.leading, box.valign) - EM_ASCENT * size
        for run in line.runs:
            for cluster in run.clusters:
                yield chr(cluster[0]), x, y
                x += face.advance(cluster) * size * fitted.setting.condense / 100_000
