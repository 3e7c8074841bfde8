"""The geometry of the calibration page, shared by who draws it and who reads it: marks, rulers, grey steps, the place for a bought card.

Millimetres from the top left corner of an A4 page. The marks stand unevenly, so the page cannot be taken the wrong way up.
"""

from __future__ import annotations

PAGE_W_MM, PAGE_H_MM = 210.0, 297.0
MARKS = ((8.0, 8.0, 5.0), (197.0, 8.0, 5.0), (8.0, 284.0, 5.0), (197.0, 262.0, 5.0), (102.0, 8.0, 5.0))
"""x, y and side of each black square."""

ACROSS_MM = (15.0, 62.0, 180)
"""Begin (x, y) of the horizontal ruler and its length; a tick every millimetre, hanging down."""
DOWN_MM = (22.0, 72.0, 200)
"""Begin of the vertical ruler; its ticks point right."""
TICK_WIDTH_MM = 0.2
TICK_LENGTHS_MM = (2.0, 3.5, 5.0)
"""Every millimetre, every fifth, every tenth."""

STEPS_AT_MM = (40.0, 92.0)
STEP_MM = 15.0
STEP_INKS = (0.0, 0.05, 0.12, 0.25, 0.40, 0.55, 0.70, 0.85, 1.0)
"""Share of black of the printed steps, left to right; what a press or a copier makes of it has to be measured."""

CARD_MM = (40.0, 134.0, 140.0, 30.0)
"""x, y, width and height of the frame for a bought card: its steps side by side, as wide as the frame, from light to dark or dark to light."""


def tick_length_mm(number: int) -> float:
    """The length of a tick by its number of millimetres."""
    return TICK_LENGTHS_MM[2 if number % 10 == 0 else 1 if number % 5 == 0 else 0]
