"""Lines of missing ink that stay at one place of the sheet while the symbols change: a nozzle, a scratched plate, a roller.

In: the profiles of different symbols at one place, in the order of the sheets. Out: the averaged profile and the places where it stands
out. One symbol's own pattern averages away, the fault does not. Refuses nothing; fewer than `SHEETS_MIN` profiles tell nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from elqr import symbols
from slips.proof.press_marks import STEPS, Floats

SHEETS_MIN = 3
LIMIT_SIGMAS = 10.0
"""Of the spread between the places of one averaged profile."""
MISSING_MIN = 0.015
"""Share of the ink: less is not worth a word. Averaged profiles of clean symbols stay below two thirds of it, noise of 0.1 included."""
SHARE_OF_SHEETS = 0.7
"""At least so many of the sheets must lack ink there: one damaged symbol is no streak."""
WINDOW = 16
"""Sheets that are averaged where a streak may have begun or ended within the batch."""
WINDOWS_MAX = 250
"""A long batch has longer windows, not more."""
TRIMMED = 0.2
"""Share of the sheets left out of an average at each end: one spoilt symbol must not hide a streak in the others."""
STREAKS_MAX = 5  # of one place and direction
_EDGE = STEPS  # the outermost module is not judged: its neighbour is paper
_LOCAL = 10 * STEPS + 1
_WIDE = 3
_PART = 500


@dataclass(frozen=True, eq=False)
class Streak:
    """One line. `at` is in modules from the symbol's edge; `first` and `last` are positions among the profiles, from 0."""

    at: float
    missing: float
    """Share of the ink that lacks, averaged over the sheets from `first` to `last`."""
    sigmas: float
    first: int
    last: int


@dataclass(frozen=True, eq=False)
class Level:
    """An averaged profile less what is the same in all modules, and the limit (246,)."""

    deviation: Floats
    limit: float
    sheets: int


def level_of(profiles: npt.NDArray[np.floating]) -> Level:
    """Average profiles (n, 246) into one, and say where it would stand out."""
    flat = cv2.blur(_typical(profiles).reshape(1, -1), (_WIDE, 1)).ravel()
    by_phase = flat.reshape(symbols.SIZE, STEPS)
    flat = (
        by_phase - np.median(by_phase, axis=0)
    ).ravel()  # edges and middles of modules differ in every symbol
    inner = flat[_EDGE:-_EDGE]
    smooth = cv2.blur(inner.reshape(1, -1), (_LOCAL, 1), borderType=cv2.BORDER_REFLECT).ravel()
    deviation = np.zeros_like(flat)
    deviation[_EDGE:-_EDGE] = inner - smooth
    sigma = 1.4826 * float(np.median(np.abs(deviation[_EDGE:-_EDGE])))
    return Level(deviation, max(LIMIT_SIGMAS * sigma, MISSING_MIN), len(profiles))


def _typical(profiles: npt.NDArray[np.floating]) -> Floats:
    """The trimmed mean of each place; of a long batch the mean of those of its parts."""
    parts = np.array_split(profiles, -(-len(profiles) // _PART))
    means = []
    for part in parts:
        cut = int(TRIMMED * len(part))
        ordered = np.sort(part.astype(np.float32), axis=0)
        means.append(ordered[cut : len(part) - cut].mean(0))
    typical: Floats = np.average(means, axis=0, weights=[len(part) for part in parts]).astype(np.float32)
    return typical


def streaks_of(profiles: npt.NDArray[np.floating]) -> tuple[Streak, ...]:
    """The streaks in profiles (n, 246), the strongest first."""
    if len(profiles) < SHEETS_MIN:
        return ()
    found: list[Streak] = []
    for first, last in _windows(len(profiles)):
        part = profiles[first:last]
        found += _standing_out(part, first, level_of(part))
    kept: list[Streak] = []
    for streak in sorted(found, key=lambda s: -s.sigmas):
        if all(abs(streak.at - other.at) >= 1 for other in kept):
            kept.append(_dated(streak, profiles))
    return tuple(kept[:STREAKS_MAX])


def _windows(count: int) -> Iterator[tuple[int, int]]:
    yield 0, count
    window = max(WINDOW, 2 * count // WINDOWS_MAX)
    if count >= 2 * window:
        for first in range(0, count - window + 1, window // 2):
            yield first, first + window


def _standing_out(profiles: npt.NDArray[np.floating], first: int, level: Level) -> Iterator[Streak]:
    left = level.deviation.copy()
    for _ in range(STREAKS_MAX):
        peak = int(left.argmax())
        if left[peak] <= level.limit:
            return
        own = _own(profiles, peak)
        if float((own > level.limit / 2).mean()) >= SHARE_OF_SHEETS:
            sigmas = float(left[peak]) / level.limit * LIMIT_SIGMAS
            at = (peak + 0.5) / STEPS
            yield Streak(at, float(left[peak]), sigmas, first, first + len(profiles) - 1)
        left[max(0, peak - STEPS) : peak + STEPS + 1] = 0


def _own(profiles: npt.NDArray[np.floating], peak: int) -> Floats:
    """What each sheet lacks at a place, beside the places around it."""
    near = profiles[:, max(0, peak - 3 * STEPS) : peak + 3 * STEPS + 1].astype(np.float32)
    here = profiles[:, max(0, peak - 1) : peak + 2].astype(np.float32).mean(1)
    own: Floats = here - np.median(near, axis=1)
    return own


def _dated(streak: Streak, profiles: npt.NDArray[np.floating]) -> Streak:
    """From and to which sheet it is seen: blocks of sheets that lack at least half as much."""
    own = _own(profiles, round(streak.at * STEPS - 0.5))
    block = max(1, WINDOW // 4)
    smooth = cv2.blur(own.reshape(-1, 1), (1, block), borderType=cv2.BORDER_REFLECT).ravel()
    seen = np.flatnonzero(smooth >= streak.missing / 2)
    first, last = (int(seen[0]), int(seen[-1])) if len(seen) else (streak.first, streak.last)
    return Streak(streak.at, streak.missing, streak.sigmas, first, last)


def stacked(profiles: Sequence[npt.NDArray[np.float16]]) -> npt.NDArray[np.float16]:
    """One matrix of profiles (n, 246)."""
    return np.stack(profiles) if profiles else np.zeros((0, symbols.SIZE * STEPS), np.float16)
