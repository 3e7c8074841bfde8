"""A form as numbers: page, parts, boxes, fixed artwork; millimetres from the page's top-left corner, y down.

Made by `slips.layout.load_layout`, judged by `slips.geometry.check_layout`, drawn by the template writer.
A box of the file that stands in three parts is three `PlacedBox`es here, so nobody downstream adds offsets.
Holds no words: `text`, `label` and `alt` are keys of `layouts/labels/`. Refuses nothing: it is only data.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from slips.rect import Rect

__all__ = [
    "BAR_MODULES",
    "BAR_QUIET_MODULES",
    "CUSTOMER_CELLS",
    "MM_PER_INCH",
    "QR_MODULES",
    "QR_QUIET_MODULES",
    "UNUSED",
    "Column",
    "Cut",
    "FitStep",
    "Frame",
    "Hole",
    "InserterMark",
    "Layout",
    "Line",
    "Part",
    "PlacedBox",
    "Rect",
    "RegisterMark",
    "Tint",
    "slot_name",
]

MM_PER_INCH = 25.4
QR_MODULES = 41
"""Modules a side of version 6, which 255 digits at level M fill exactly."""
QR_QUIET_MODULES = 4
BAR_MODULES = 288
"""GS1-128 of 44 digits in set C: start, FNC1, 22 pairs and check at 11 modules, stop at 13."""
BAR_QUIET_MODULES = 10
CUSTOMER_CELLS = 133
"""Customer barcode: 67 bars and 66 gaps of equal width."""
UNUSED = "unused"
"""The condition of what stands in the place of a slip where a page has none left to carry."""


def slot_name(name: str, slot: int) -> str:
    """The column of a page that belongs to its `slot`-th slip (from 1): the first one's keep their names."""
    return name if slot == 1 else f"{name}@{slot}"


@dataclass(frozen=True)
class FitStep:
    """One step for a value that is too wide: `size` in points, `condense` in per cent, `lines` as a count."""

    action: str
    amount: float

    def __str__(self) -> str:
        return f"{self.action}:{self.amount:g}"


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of a table box; the cells' values are the columns `value_1`, `value_2`, … Font and size: those of the box unless given."""

    value: str
    label: str
    w_mm: float
    align: str = "left"
    font: str = ""
    size_pt: float = 0.0


@dataclass(frozen=True, kw_only=True)
class PlacedBox:
    """One box in one part, in page coordinates. A code's rectangle is the symbol without its quiet zone."""

    id: str
    part: str
    kind: str
    x_mm: float
    y_mm: float
    w_mm: float
    h_mm: float
    font: str = "gothic"
    size_pt: float = 9.0
    align: str = "left"
    valign: str = "middle"
    leading: float = 1.5
    lines: int = 1
    note: bool = False
    text: str = ""
    value: str = ""
    label: str = ""
    label_x_mm: float = 0.0
    label_y_mm: float = 0.0
    label_w_mm: float = 0.0
    label_h_mm: float = 0.0
    label_font: str = "gothic"
    label_size_pt: float = 9.0
    label_align: str = "left"
    label_valign: str = "middle"
    label_leading: float = 1.25
    fit: tuple[FitStep, ...] = ()
    when: str = ""
    role: str = "P"
    alt: str = ""
    columns: tuple[Column, ...] = ()
    rows: int = 0
    of_slots: bool = False
    """A table whose rows are the slips of the page; else they are numbered values of one slip."""
    row_h_mm: float = 0.0
    head_h_mm: float = 0.0
    ground: float = 1.0
    """Grey of a bar under the text, 1 for none; on a dark one the text is white."""
    border_pt: float = 0.0
    slot: int = 1
    """Which slip of the page the box speaks of."""

    @property
    def name(self) -> str:
        """`part.id`, unique in a layout: what messages call the box."""
        return f"{self.part}.{self.id}"

    @property
    def rect(self) -> Rect:
        return Rect(self.x_mm, self.y_mm, self.w_mm, self.h_mm)

    @property
    def label_rect(self) -> Rect | None:
        if not self.label:
            return None
        return Rect(self.label_x_mm, self.label_y_mm, self.label_w_mm, self.label_h_mm)

    @property
    def value_names(self) -> tuple[str, ...]:
        """Every value column that the box prints or asks about."""
        rows = range(1, self.rows + 1)
        cells = tuple(c.value if self.of_slots else f"{c.value}_{row}" for c in self.columns for row in rows)
        return (
            *((self.value,) if self.value else ()),
            *cells,
            *((self.when,) if self.when and self.when != UNUSED else ()),
        )

    @property
    def column(self) -> str:
        """The column of the page's row that fills the box."""
        return slot_name(self.value, self.slot)

    def cell(self, column: Column, row: int) -> str:
        """The column of the page's row that fills a cell; table rows count from 1."""
        if self.of_slots:
            return slot_name(column.value, row)
        return slot_name(f"{column.value}_{row}", self.slot)

    @property
    def condition(self) -> str:
        """The column of the page's row that `when` asks for."""
        return slot_name(self.when, self.slot)

    def stands(self, whens: Collection[str]) -> bool:
        """Whether it is on a page where these conditions hold; the place of a missing slip has nothing but what says so."""
        if self.slot > 1 and (self.when == UNUSED) != (slot_name(UNUSED, self.slot) in whens):
            return False
        return not self.when or self.condition in whens

    @property
    def label_keys(self) -> tuple[str, ...]:
        """Every label key that the box needs."""
        return tuple(k for k in (self.label, self.text, self.alt, *(c.label for c in self.columns)) if k)


@dataclass(frozen=True, kw_only=True)
class Part:
    """A piece of paper that is torn off, or the letter above; page coordinates. `title` is a label key."""

    id: str
    title: str
    x_mm: float
    y_mm: float
    w_mm: float
    h_mm: float
    slot: int = 1
    """Which slip of the page it is a piece of; 0 for what belongs to the whole page, beside several slips."""

    @property
    def rect(self) -> Rect:
        return Rect(self.x_mm, self.y_mm, self.w_mm, self.h_mm)


@dataclass(frozen=True, kw_only=True)
class Line:
    """A fixed rule; width and dash in points (no dash: solid), grey from 0 (black) to 1 (white)."""

    x1_mm: float
    y1_mm: float
    x2_mm: float
    y2_mm: float
    width_pt: float = 0.25
    grey: float = 0.6
    dash: tuple[float, ...] = ()
    slot: int = 1

    @property
    def rect(self) -> Rect:
        """The ink: the line with half its width on each side."""
        x, y = min(self.x1_mm, self.x2_mm), min(self.y1_mm, self.y2_mm)
        half = self.width_pt / 72 * MM_PER_INCH / 2
        return Rect(x, y, abs(self.x2_mm - self.x1_mm), abs(self.y2_mm - self.y1_mm)).grown(half, half)


@dataclass(frozen=True, kw_only=True)
class Frame:
    """A fixed rectangle, stroked and not filled; `radius_mm` rounds the corners (half the side: a circle)."""

    x_mm: float
    y_mm: float
    w_mm: float
    h_mm: float
    width_pt: float = 0.25
    grey: float = 0.5
    dash: tuple[float, ...] = ()
    radius_mm: float = 0.0
    slot: int = 1

    @property
    def rect(self) -> Rect:
        return Rect(self.x_mm, self.y_mm, self.w_mm, self.h_mm)


@dataclass(frozen=True, kw_only=True)
class Tint:
    """A fixed filled rectangle, drawn under everything else."""

    x_mm: float
    y_mm: float
    w_mm: float
    h_mm: float
    grey: float = 0.94
    radius_mm: float = 0.0
    slot: int = 1

    @property
    def rect(self) -> Rect:
        return Rect(self.x_mm, self.y_mm, self.w_mm, self.h_mm)


@dataclass(frozen=True, kw_only=True)
class Cut:
    """A perforation or a fold: page coordinates. `drawn` says whether a fine line is printed along it."""

    kind: str
    x1_mm: float
    y1_mm: float
    x2_mm: float
    y2_mm: float
    drawn: bool = True

    @property
    def rect(self) -> Rect:
        x, y = min(self.x1_mm, self.x2_mm), min(self.y1_mm, self.y2_mm)
        return Rect(x, y, abs(self.x2_mm - self.x1_mm), abs(self.y2_mm - self.y1_mm))


@dataclass(frozen=True, kw_only=True)
class RegisterMark:
    """A solid black square, page coordinates: by two or three of them a sheet is laid straight and a scan is measured."""

    x_mm: float
    y_mm: float
    side_mm: float = 3.0

    @property
    def rect(self) -> Rect:
        return Rect(self.x_mm, self.y_mm, self.side_mm, self.side_mm)


@dataclass(frozen=True, kw_only=True)
class Hole:
    """A hole that the paper has: nothing is printed, and nothing may be printed near it. Page coordinates of its centre."""

    x_mm: float
    y_mm: float
    diameter_mm: float

    @property
    def rect(self) -> Rect:
        radius = self.diameter_mm / 2
        return Rect(self.x_mm - radius, self.y_mm - radius, self.diameter_mm, self.diameter_mm)


@dataclass(frozen=True, kw_only=True)
class InserterMark:
    """What an inserting machine reads from each sheet, page coordinates of the ink's upper left corner.

    `omr`: short lines one below the other, `pitch_dots` from one to the next, `line_dots` thick, each a bit of `bits` from the top.
    `datamatrix`: Data Matrix 16×16, `pitch_dots` a module. `clear_mm` stays white around either.
    """

    id: str
    kind: str
    x_mm: float
    y_mm: float
    w_mm: float
    h_mm: float
    pitch_dots: int
    line_dots: int
    clear_mm: float
    bits: tuple[str, ...] = ()

    @property
    def rect(self) -> Rect:
        return Rect(self.x_mm, self.y_mm, self.w_mm, self.h_mm)


@dataclass(frozen=True, kw_only=True)
class Layout:
    """A whole form; `boxes` in reading order, part by part.

    `exclusive` groups the names of `when` that never hold together: such boxes may share a place.
    `windows` are what the envelope's windows show of the page.
    """

    id: str
    version: str
    title: Mapping[str, str]
    file: str
    sha256: str
    page_w_mm: float
    page_h_mm: float
    dpi: int
    pitch_dots: int
    bar_dots: int
    min_margin_mm: float
    body_min_pt: float
    note_min_pt: float
    parts: tuple[Part, ...]
    boxes: tuple[PlacedBox, ...]
    lines: tuple[Line, ...] = ()
    frames: tuple[Frame, ...] = ()
    tints: tuple[Tint, ...] = ()
    cuts: tuple[Cut, ...] = ()
    windows: tuple[Rect, ...] = ()
    exclusive: tuple[tuple[str, ...], ...] = ()
    large_print: str = ""
    register_marks: tuple[RegisterMark, ...] = ()
    inserter_marks: tuple[InserterMark, ...] = ()
    holes: tuple[Hole, ...] = ()
    document: str = "slip"
    """What the form is for: a `slip`, or a notice of another kind (`refund_notice`)."""
    kinds: tuple[str, ...] = ()
    """The kinds of slip (`kind` of the input) that the form may carry; none are named: all."""
    base: str = ""
    preprinted: bool = False
    """The constant part of the form is on the paper already; only values, codes and marks are printed."""
    slips_per_page: int = 1
    strikes: tuple[Line, ...] = ()
    """Rules that are drawn in the place of a missing slip, instead of its artwork."""

    @property
    def page(self) -> Rect:
        return Rect(0.0, 0.0, self.page_w_mm, self.page_h_mm)

    @property
    def dot_mm(self) -> float:
        """One dot of the press."""
        return MM_PER_INCH / self.dpi

    @property
    def qr_pitch_mm(self) -> float:
        return self.pitch_dots * self.dot_mm

    @property
    def qr_side_mm(self) -> float:
        return QR_MODULES * self.qr_pitch_mm

    @property
    def bar_x_mm(self) -> float:
        """The narrow element (X) of the GS1-128 symbol."""
        return self.bar_dots * self.dot_mm

    def origin_dots(self, box: PlacedBox | InserterMark) -> tuple[int, int]:
        """Lower-left corner in press dots from the page's lower-left corner: draw codes exactly here."""
        left, bottom = self.origin_dots_exact(box)
        return round(left), round(bottom)

    def origin_dots_exact(self, box: PlacedBox | InserterMark) -> tuple[float, float]:
        """The same before rounding; the geometry check looks at the difference."""
        return box.x_mm / self.dot_mm, (self.page_h_mm - box.y_mm - box.h_mm) / self.dot_mm

    def part(self, part_id: str) -> Part:
        return next(p for p in self.parts if p.id == part_id)
