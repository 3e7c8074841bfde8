"""Grades of a measured symbol in the manner of ISO/IEC 15415: an estimate from a scan, never a verifier's grade.

In: a `Measurement` and the thresholds of a method. Out: a grade for each parameter and the lowest of them, always with the label that says what it
is not. Gives no letter below 5 pixels a module, and no grade below 3, where a clean print is graded down.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from elqr.symbols import QUIET_ZONE_MODULES, SIZE, spec
from slips.proof.measure import Measurement, codeword_margins
from slips.proof.sampling import CORE, Samples
from slips.proof.symbol_map import CORRECTABLE, Flags, symbol_map
from slips.proof.thresholds import Thresholds

Levels = npt.NDArray[np.int64]

LETTERS = "FDCBA"
GRADED, INDICATIVE, DECODE_ONLY = "graded", "indicative", "decode only"
GROWTH_UNIT = 0.15
"""D' is the growth by this: half the span that is allowed (from memory)."""
QUIET = QUIET_ZONE_MODULES
WHOLE = SIZE + 2 * QUIET
FINDER = 8  # with its separator
ALIGNMENT = spec.ALIGNMENT_CENTRE


@dataclass(frozen=True, kw_only=True)
class Grades:
    """An estimate. `label` goes wherever a grade goes."""

    standing: str
    """"graded"; "indicative" (3 to 5 pixels a module: numbers, no letter); "decode only" (below 3: no overall grade)."""
    overall: int | None
    """The lowest of `grades`, 4 to 0; None where `standing` is "decode only"."""
    letter: str
    """A to F; empty unless `standing` is "graded"."""
    grades: Mapping[str, int]
    """By parameter; "print_growth" is told and does not count."""
    limiting: tuple[str, ...]
    """The parameters that have the lowest grade; none where that is 4."""
    text: str
    """One line for people: grade, method, resolution, aperture, curve. Never in a verifier's notation."""
    label: Mapping[str, str]
    method: str
    pixels_a_module: float
    conformant: bool = False
    """Always: no scanner and no curve makes this a grade of ISO/IEC 15426-2."""


def grade(measurement: Measurement, thresholds: Thresholds) -> Grades:
    """Estimate the grades of one symbol."""
    m, steps = measurement, thresholds.steps
    levels = _levels(m.margins, thresholds)
    found = {
        "decode": 4 if max(m.errors) <= CORRECTABLE else 0,
        "symbol_contrast": steps["symbol_contrast"].grade(m.contrast),
        "modulation": _modulation(m, thresholds),
        "reflectance_margin": _margin(m, thresholds),
        "fixed_pattern_damage": _fixed_patterns(levels, thresholds),
        "format_information": _format(levels, thresholds),
        "axial_non_uniformity": steps["axial_non_uniformity"].grade(m.axial),
        "grid_non_uniformity": steps["grid_non_uniformity"].grade(m.deviation),
        "unused_error_correction": steps["unused_error_correction"].grade(m.unused),
    }
    lowest = min(found.values())
    growth = abs(m.growth_h + m.growth_v) / 2 / GROWTH_UNIT
    standing = _standing(m.pixels_a_module, thresholds)
    letter = LETTERS[lowest] if standing == GRADED else ""
    return Grades(
        standing=standing,
        overall=None if standing == DECODE_ONLY else lowest,
        letter=letter,
        grades={**found, "print_growth": steps["print_growth"].grade(growth)},
        limiting=tuple(name for name, value in found.items() if value == lowest < 4),
        text=_text(m, thresholds, standing=standing, letter=letter, lowest=lowest),
        label=thresholds.label,
        method=thresholds.method,
        pixels_a_module=m.pixels_a_module,
    )


def _standing(pixels_a_module: float, thresholds: Thresholds) -> str:
    if pixels_a_module >= thresholds.letter_pixels_a_module:
        return GRADED
    return INDICATIVE if pixels_a_module >= thresholds.grade_pixels_a_module else DECODE_ONLY


def _text(m: Measurement, thresholds: Thresholds, *, standing: str, letter: str, lowest: int) -> str:
    resolution = f"{m.pixels_a_module:.1f} px a module"
    grade_word = {GRADED: f"est-{letter} ({lowest})", INDICATIVE: f"indicative ({lowest})"}.get(
        standing, DECODE_ONLY
    )
    method = thresholds.method.partition(",")[0]
    return f"{grade_word} / {method} / {resolution} / 0.8X / {m.curve}"


def _levels(margins: Samples, thresholds: Thresholds) -> Levels:
    """The grade of each module by its margin; 0 on the wrong side."""
    at_least = np.array(thresholds.steps["reflectance_margin"].values)
    return np.asarray((margins[..., None] >= at_least).sum(axis=-1))


def overlaid(levels: Levels, notional: Callable[[Flags], int]) -> int:
    """The standard's overlay: for each level, what is below it counts as damaged; the best of min(level, notional grade)."""
    return max(min(level, notional(levels < level)) for level in (4, 3, 2, 1, 0))


def _modulation(m: Measurement, thresholds: Thresholds) -> int:
    at_least = np.array(thresholds.steps["modulation"].values)
    margins = codeword_margins(np.abs(m.margins))
    return overlaid(np.asarray((margins[:, None] >= at_least).sum(axis=1)), _notional(thresholds))


def _margin(m: Measurement, thresholds: Thresholds) -> int:
    return overlaid(_levels(codeword_margins(m.margins), thresholds), _notional(thresholds))


def _notional(thresholds: Thresholds) -> Callable[[Flags], int]:
    """The grade of the unused error correction if these codewords (172,) were wrong."""

    def of(bad: Flags) -> int:
        worst = int(bad.reshape(-1, spec.BLOCKS).sum(axis=0).max())
        return thresholds.steps["unused_error_correction"].grade(1 - 2 * worst / spec.BLOCK_EC)

    return of


def _format(levels: Levels, thresholds: Thresholds) -> int:
    known = symbol_map()
    copies = levels[CORE, CORE][known.format_rows, known.format_columns]
    step = thresholds.steps["format_information"]
    both = [overlaid(copy, lambda bad: step.grade(int(bad.sum()))) for copy in copies]
    return -(-sum(both) // 2)  # the mean, rounded up


def _fixed_patterns(levels: Levels, thresholds: Thresholds) -> int:
    """The lowest of segments A1 to A3, B1, B2 and C."""
    finder, alignment = thresholds.steps["finder_damage"], thresholds.steps["alignment_damage"]
    symbol = levels[CORE, CORE]
    segments = [
        overlaid(levels[place], lambda bad: finder.grade(int(bad.sum()))) for place in finder_segments()
    ]
    segments += [
        _timing(symbol[6, FINDER:-FINDER], thresholds),
        _timing(symbol[FINDER:-FINDER, 6], thresholds),
    ]
    near = slice(ALIGNMENT - 2, ALIGNMENT + 3)
    patterns = np.array([symbol[near, near].min()])
    segments.append(overlaid(patterns, lambda bad: alignment.grade(float(bad.mean()))))
    return min(segments)


def _timing(levels: Levels, thresholds: Thresholds) -> int:
    def of(bad: Flags) -> int:
        crowded = np.convolve(bad, np.ones(5), "valid").max() > thresholds.timing_adjacent_max
        return 0 if crowded else thresholds.steps["timing_damage"].grade(float(bad.mean()))

    return overlaid(levels, of)


def finder_segments() -> tuple[Flags, Flags, Flags]:
    """A1 (upper left), A2 (upper right), A3 (lower left) as masks (49, 49): 8 × 8 modules and the quiet zone along 11 of the symbol's."""
    first = np.zeros((WHOLE, WHOLE), bool)
    first[QUIET : QUIET + FINDER, QUIET : QUIET + FINDER] = True
    first[:QUIET, : QUIET + 11] = first[: QUIET + 11, :QUIET] = True
    return first, first[:, ::-1], first[::-1]
