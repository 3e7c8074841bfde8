"""Measures of letters: typeface, size, line pitch, contrast.

In: a `Subject`. Out: every value that a rule of `layouts/lint/type.toml` or `contrast.toml` judges, kept or not. Refuses nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil

from slips.fonts import FACES
from slips.form import PlacedBox
from slips.lint.subject import TEXT_KINDS, Measured, Subject, at
from slips.rect import Rect
from slips.surface import rects, set_pt
from slips.template import DARK_BELOW
from slips.vision import contrast_of, ratio, seen_by, visions

INK_GREY = 0.0
"""Text is printed in black, but for what stands on a dark ground of its own."""


def typefaces(subject: Subject) -> Iterator[Measured]:
    """The family of every typeface that a box or its label is set in."""
    for box in subject.boxes(*TEXT_KINDS, "stamp"):
        if box.kind != "stamp":
            yield at(box, _family(box.font))
        if box.label or box.columns:
            yield at(box, _family(box.label_font), "label", label=True)


def _family(face: str) -> str:
    known = FACES.get(face)
    return known[0].partition("-")[0] if known else face


def is_body(box: PlacedBox) -> bool:
    """Values, running text and headings: what is meant to be read, notes and machine numbers aside."""
    return box.kind in TEXT_KINDS and box.kind != "mark" and not box.note and box.role != "Artifact"


def body_sizes(subject: Subject) -> Iterator[Measured]:
    """Points of values and running text, before any fit step."""
    return (at(box, set_pt(box)) for box in subject.layout.boxes if is_body(box))


def smallest_sizes(subject: Subject) -> Iterator[Measured]:
    """The smallest points that a box or its label can come to, fit steps included."""
    for box in subject.boxes(*TEXT_KINDS):
        steps = [step.amount for step in box.fit if step.action == "size"]
        yield at(box, min([set_pt(box), *steps]))
    yield from _label_sizes(subject)


def note_sizes(subject: Subject) -> Iterator[Measured]:
    """Points of notes, captions and labels."""
    for box in subject.boxes(*TEXT_KINDS):
        if box.note and box.role != "Artifact":
            yield at(box, set_pt(box))
    yield from _label_sizes(subject)


def _label_sizes(subject: Subject) -> Iterator[Measured]:
    for box in subject.layout.boxes:
        if box.label or box.columns:
            yield at(box, box.label_size_pt, "label", label=True)


def text_pitches(subject: Subject) -> Iterator[Measured]:
    """Line pitch ÷ size of running text that takes several lines in some language."""
    return (at(box, box.leading) for box in _several_lines(subject) if not box.note)


def note_pitches(subject: Subject) -> Iterator[Measured]:
    """The same for notes."""
    return (at(box, box.leading) for box in _several_lines(subject) if box.note and box.kind != "mark")


def _several_lines(subject: Subject) -> Iterator[PlacedBox]:
    return (box for box in subject.boxes("text") if subject.lines.get((box.name, "text"), 1) > 1)


def value_pitches(subject: Subject) -> Iterator[Measured]:
    """Line pitch ÷ size of values that may take several lines."""
    for box in subject.boxes("field"):
        if max([box.lines, *(step.amount for step in box.fit if step.action == "lines")]) > 1:
            yield at(box, box.leading)


def text_contrasts(subject: Subject) -> Iterator[Measured]:
    """Text against its own ground or the darkest tint under it: black, or white on a dark ground."""
    for box in subject.boxes(*TEXT_KINDS, "stamp"):
        for name, rect in rects(box):
            if box.kind == "stamp" and rect == box.rect:
                continue
            label = name != box.name
            paper = _on_tints(subject, rect) if label or box.ground >= 1 else box.ground
            ink = INK_GREY if label or box.ground >= DARK_BELOW else 1.0
            yield Measured(box.name, (rect,), ratio((ink,) * 3, (paper,) * 3), "label" if label else "")


def _on_tints(subject: Subject, rect: Rect) -> float:
    return min([1.0, *(tint.grey for tint in subject.layout.tints if tint.rect.overlaps(rect))])


def frame_contrasts(subject: Subject) -> Iterator[Measured]:
    """Frames against the paper."""
    for frame in subject.layout.frames:
        part = next((p.id for p in subject.layout.parts if p.rect.holds(frame.rect)), subject.layout.id)
        yield Measured(f"{part}.frame", (frame.rect,), ratio((frame.grey,) * 3, (1.0,) * 3))


def vision_contrasts(subject: Subject) -> Iterator[Measured]:
    """The ink of each text against its ground for every kind of colour vision, where the finished page has colour at all."""
    for sheet in subject.sheets:
        if not (sheet.pixels != sheet.pixels[:, :, :1]).any():
            continue  # black, grey and white look alike to everybody
        for box in subject.boxes("field", "text", "heading"):
            if not box.stands(sheet.whens):
                continue
            for name, rect in rects(box):
                pair = contrast_of(sheet.pixels, _pixels(rect, sheet.dpi))
                if pair is None:
                    continue
                for vision in visions():
                    seen = [seen_by(vision, colour) for colour in pair]
                    yield Measured(
                        box.name, (rect,), ratio(*seen), vision + (" label" if name != box.name else "")
                    )


def _pixels(rect: Rect, dpi: float) -> tuple[int, int, int, int]:
    """left, top, right, bottom of the pixels that lie wholly inside."""
    scale = dpi / 25.4
    return (
        ceil(rect.x_mm * scale),
        ceil(rect.y_mm * scale),
        int(rect.right_mm * scale),
        int(rect.bottom_mm * scale),
    )
