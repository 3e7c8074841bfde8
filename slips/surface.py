"""What a form blackens: the rectangles of boxes, labels and artwork, and which boxes never print together.

Shared by the checks of a form (`geometry`, `clearance`, `required`), with the one way in which they report.
Refuses nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from elqr.problems import Problem, Where
from slips.form import Frame, Layout, PlacedBox, Rect


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


def exclusive(layout: Layout, one: PlacedBox, other: PlacedBox) -> bool:
    """True where the layout says that the conditions of the two boxes never hold together."""
    if one.when == other.when:
        return False
    return any(one.when in group and other.when in group for group in layout.exclusive)


def ink(layout: Layout) -> Iterator[tuple[str, Rect]]:
    """Every stroke of the fixed artwork and every printed tear line, as the rectangles that it blackens."""
    for line in layout.lines:
        yield "line", line.rect
    for frame in layout.frames:
        for edge in _edges(frame):
            yield "frame", edge
    for cut in layout.cuts:
        yield cut.kind, cut.rect
    for register in layout.register_marks:
        yield "register mark", register.rect
    for mark in layout.inserter_marks:
        yield "inserter mark", mark.rect


def _edges(frame: Frame) -> Iterator[Rect]:
    half = frame.width_pt / 72 * 25.4 / 2
    x, y, w, h = frame.x_mm, frame.y_mm, frame.w_mm, frame.h_mm
    for edge in (Rect(x, y, w, 0), Rect(x, y + h, w, 0), Rect(x, y, 0, h), Rect(x + w, y, 0, h)):
        yield edge.grown(half, half)
