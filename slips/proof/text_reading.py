"""What was read from the pixels of one field, and how sure the reader is of it. Only types.

`margin` is the distance of the best character to the next best one, on the scale of correlation (0 to 1); below
`MARGIN_MIN`, or the gate `text_margin_min` in its place, a person must look, whatever the text says.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

MARGIN_MIN = 0.08


class Legibility(Enum):
    """How far a field could be read."""

    READ = "read"
    UNCERTAIN = "uncertain"
    """Ink that is not surely one text: a person must look."""
    BLANK = "blank"
    """No ink where the text should be."""


@dataclass(frozen=True)
class GlyphReading:
    """One character: its correlation with the picture (0 to 1), and that of the next best one."""

    char: str
    score: float
    second: str
    margin: float


@dataclass(frozen=True, kw_only=True)
class TextReading:
    """One field. `text` is empty where it is blank, and never to be trusted where it is uncertain."""

    legibility: Legibility
    text: str = ""
    margin: float = 0.0
    """The smallest of all characters and of the choice between the patterns."""
    score: float = 0.0
    """The correlation of the whole line with the text as it should look."""
    glyphs: tuple[GlyphReading, ...] = ()
    dx_mm: float = 0.0
    """How far the line stands to the right of its place, and below it (`dy_mm`)."""
    dy_mm: float = 0.0

    def says(self, expected: str) -> bool:
        """Read for sure, and exactly this (spaces do not matter)."""
        return self.legibility is Legibility.READ and "".join(self.text.split()) == "".join(expected.split())
