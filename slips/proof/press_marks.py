"""What a single symbol tells about the press: figures, and how much ink each of its columns and rows lacks.

In: one symbol on its registered grid. Out: a `PressMark`, small enough to keep for every page. Refuses a grid or modules of
another shape (ValueError).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

STEPS = 6
"""Points of a profile a module."""

Floats = npt.NDArray[np.float32]
Grid = npt.NDArray[np.float64]
"""(3, 3): modules, counted from the symbol's top left corner, to pixels (whole numbers are pixel centres)."""


@dataclass(frozen=True, eq=False)
class Profile:
    """Missing ink by column and by row (246,), as a share of the symbol's contrast; above 0 ink is missing.

    The function patterns, which are the same in every symbol, are left out. The weights say how much ink was meant to be
    there.
    """

    columns: Floats
    rows: Floats
    column_weights: Floats
    row_weights: Floats


@dataclass(frozen=True, eq=False, kw_only=True)
class PressMark:
    """One symbol of one page. Marks are given in the order in which the sheets were printed."""

    place: str
    """The place on the sheet: marks of the same place lie under the same nozzles, plates and rollers."""
    x_mm: float
    """The symbol's top left corner on the page, as it should be."""
    y_mm: float
    pitch_mm: float
    figures: Mapping[str, float] = field(default_factory=dict)
    """`dx_mm`, `dy_mm` (departure from the place), `growth_h`, `growth_v` (modules), `contrast` (0 to 1), …"""
    profile: Profile | None = None
