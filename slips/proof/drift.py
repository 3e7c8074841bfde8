"""A figure that creeps over a batch, found by a moving average before any single value leaves its tolerance.

In: the values of one figure in the order of the sheets. Out: an EWMA control chart (Roberts 1959): centre, limits, the average, and where it
first leaves them. Refuses nothing; fewer than `SHEETS_MIN` values tell nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

SHEETS_MIN = 12
WEIGHT = 0.2
"""Of the newest value."""
LIMIT_SIGMAS = 5.0
"""Of the moving average. One chart in a million gives a false alarm for each such average, and a report holds many."""
CLIP_SIGMAS = 4.0
"""A value farther from the average counts as if it were so near: one crooked sheet is a finding of its own, not a drift."""
BASE_MAX = 25
"""The first sheets, a third of the batch but no more than these, are what the rest is held against."""
_DIFFERENCE = 0.9539  # median of |a - b| for normal values of spread 1

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Chart:
    """One figure over the sheets. `alarm` is the position of the first value whose average is out, None where none is."""

    values: Floats
    average: Floats
    centre: float
    limit: float
    """The average may be so far from the centre."""
    alarm: int | None
    shift: float
    """The average at its farthest from the centre, with its sign."""


def chart_of(values: Floats, *, least: float) -> Chart:
    """Chart finite values (n,). A departure of the average below `least` is never an alarm: it would change nothing."""
    base = max(1, min(BASE_MAX, len(values) // 3))
    centre = float(np.median(values[:base]))
    steps = np.abs(np.diff(values))
    sigma = float(np.median(steps)) / _DIFFERENCE if len(steps) else 0.0
    reach = max(CLIP_SIGMAS * sigma, 2 * least)
    average = _averaged(values - centre, reach)
    # The spread of the average, and of the centre: a median of n values spreads by sqrt(pi / 2n).
    spread = sigma * (WEIGHT / (2 - WEIGHT) + np.pi / 2 / base) ** 0.5
    limit = max(LIMIT_SIGMAS * spread, least)
    out = np.flatnonzero(np.abs(average) > limit)
    alarm = int(out[0]) if len(values) >= SHEETS_MIN and len(out) else None
    shift = float(average[np.abs(average).argmax()]) if len(average) else 0.0
    return Chart(values, average + centre, centre, limit, alarm, shift)


def _averaged(values: Floats, reach: float) -> Floats:
    out = np.empty_like(values)
    now = 0.0
    for k, value in enumerate(values.tolist()):
        now += WEIGHT * min(max(value - now, -reach), reach)
        out[k] = now
    return out
