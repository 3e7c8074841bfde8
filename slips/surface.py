"""What a form blackens: the rectangles of boxes, labels and artwork, and which boxes never print together.

Shared by the checks of a form (`geometry`, `clearance`, `required`), with the one way in which they report.
Refuses nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from elqr.problems import Problem, Where
from slips.form import UNUSED, Frame, Layout, Line, PlacedBox
from slips.rect import Rect


def fault(layout: Layout, code: str, box: str, found: str, expected: str) -> Problem:
    """One finding about a box of a form, with both sides of it."""
    return Problem(
        code, box, {"file": layout.file, "box": box, "found": found, "expected": expected}, Where(layout.file)
    )


def rects(box: PlacedBox) -> Iterator[tuple[str, Rect]]:
    """The box and, where it has one, its label, each with its name in messages."""
    yield box.name, box.rect
    if (label := box.label_rect) is not None:
        yield f"{box.name} (label)", label


def set_pt(box: PlacedBox) -> float:
    """The size in points of a box's text before any fit step; of a table that of its smallest column."""
    return min((column.size_pt or box.size_pt for column in box.columns), default=box.size_pt)


def exclusive(layout: Layout, one: PlacedBox, other: PlacedBox) -> bool:
    """True where the layout says that the conditions of the two boxes never hold together."""
    if one.slot != other.slot:
        return False
    if (one.when == UNUSED) != (other.when == UNUSED):
        return one.slot > 1
    if one.when == other.when:
        return False
    return any(one.when in group and other.when in group for group in layout.exclusive)


def ink(layout: Layout, *, unused: int = 0) -> Iterator[tuple[str, Rect]]:
    """Every stroke of the fixed artwork and every printed tear line, as the rectangles that it blackens.

    `unused`: the slip of the page that is missing, whose artwork then is not there.
    """
    for line in layout.lines:
        if line.slot != unused:
            yield "line", line.rect
    for frame in layout.frames:
        if frame.slot != unused:
            for edge in _edges(frame):
                yield "frame", edge
    for cut in layout.cuts:
        yield cut.kind, cut.rect
    for register in layout.register_marks:
        yield "register mark", register.rect
    for mark in layout.inserter_marks:
        yield "inserter mark", mark.rect


def crosses(line: Line, rect: Rect) -> bool:
    """True where a slanting line runs through a rectangle; touching a corner is not enough."""
    low, high = 0.0, 1.0
    for start, end, near, far in (
        (line.x1_mm, line.x2_mm, rect.x_mm, rect.right_mm),
        (line.y1_mm, line.y2_mm, rect.y_mm, rect.bottom_mm),
    ):
        if start == end:
            if not near < start < far:
                return False
            continue
        ends = sorted(((near - start) / (end - start), (far - start) / (end - start)))
        low, high = max(low, ends[0]), min(high, ends[1])
    return low < high


def _edges(frame: Frame) -> Iterator[Rect]:
    half = frame.width_pt / 72 * 25.4 / 2
    x, y, w, h = frame.x_mm, frame.y_mm, frame.w_mm, frame.h_mm
    for edge in (Rect(x, y, w, 0), Rect(x, y + h, w, 0), Rect(x, y, 0, h), Rect(x + w, y, 0, h)):
        yield edge.grown(half, half)
