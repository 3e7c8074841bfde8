"""What a grey value means: the reflectance curve, always stated, never assumed.

In: a word of the command line (`srgb`, `linear`, `icc:FILE`, `card:FILE`). Out: 256 relative reflectances. Half of
all wrong grades come from reading sRGB values as linear, so the word is printed beside every figure that used it.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from elqr.problems import Problem, ProblemError
from slips.proof.icc import IccError, tone_curve
from slips.proof.scan import Pixels

Reflectances = npt.NDArray[np.float32]
LEVELS = 256


@dataclass(frozen=True, eq=False, kw_only=True)
class Curve:
    """`name` is what the report prints; `table` (256,) rises from black to white."""

    name: str
    table: Reflectances

    def reflect(self, grey: Pixels) -> Reflectances:
        """Grey values to relative reflectance, in the same shape."""
        return self.table[grey]


def load_curve(word: str) -> Curve:
    """The curve that `word` names.

    Raises ProblemError: `measure.curve_word`, `measure.curve_file` (not readable, not grey or RGB, no card).
    """
    kind, _, file = word.partition(":")
    if word == "linear":
        return linear()
    if word == "srgb":
        return srgb()
    if kind == "icc" and file:
        return _from_icc(Path(file))
    if kind == "card" and file:
        return _from_card(Path(file))
    raise ProblemError(
        Problem(
            "measure.curve_word", "curve", {"found": word, "expected": "srgb, linear, icc:FILE, card:FILE"}
        )
    )


def linear() -> Curve:
    """The scanner gives values in proportion to light."""
    return Curve(name="linear", table=_frozen(np.arange(LEVELS) / (LEVELS - 1)))


def srgb() -> Curve:
    """The usual curve of scanners and office machines (IEC 61966-2-1)."""
    value = np.arange(LEVELS) / (LEVELS - 1)
    light = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    return Curve(name="srgb", table=_frozen(light))


def through_points(name: str, grey: npt.ArrayLike, reflectance: npt.ArrayLike) -> Curve:
    """A curve through measured pairs (grey 0–255, reflectance 0–1), straight between them, even beyond the ends.

    Raises ValueError for fewer than three pairs, or pairs that do not rise together.
    """
    pairs = sorted(zip(np.atleast_1d(grey).tolist(), np.atleast_1d(reflectance).tolist(), strict=True))
    greys, lights = (np.array(column, np.float64) for column in zip(*pairs, strict=True))
    if len(pairs) < 3 or (np.diff(greys) <= 0).any() or (np.diff(lights) <= 0).any():
        raise ValueError(f"expected three or more pairs that rise together, found {pairs}")
    below = (lights[1] - lights[0]) / (greys[1] - greys[0])
    above = (lights[-1] - lights[-2]) / (greys[-1] - greys[-2])
    at = np.arange(LEVELS, dtype=np.float64)
    table = np.interp(at, greys, lights)
    table = np.where(at < greys[0], lights[0] + (at - greys[0]) * below, table)
    table = np.where(at > greys[-1], lights[-1] + (at - greys[-1]) * above, table)
    return Curve(name=name, table=_frozen(np.clip(table, 0.0, 1.0)))


def _from_icc(path: Path) -> Curve:
    try:
        data = path.read_bytes()
        table = tone_curve(data)
    except (OSError, IccError) as fault:
        raise _bad_file(path, fault, "ICC, GRAY or RGB with tone curves") from None
    return Curve(
        name=f"icc:{path.name} (sha256 {hashlib.sha256(data).hexdigest()[:12]})", table=_frozen(table)
    )


def _from_card(path: Path) -> Curve:
    try:
        card = json.loads(path.read_text(encoding="utf-8"))
        steps = [(float(s["grey"]), float(s["reflectance"])) for s in card["steps"]]
        return through_points(f"card:{card['card']}", *zip(*steps, strict=True))
    except (OSError, ValueError, KeyError, TypeError) as fault:
        raise _bad_file(path, fault, "JSON of elqr verify --calibrate") from None


def _bad_file(path: Path, fault: Exception, expected: str) -> ProblemError:
    found = f"{path.name}: {fault}"
    return ProblemError(Problem("measure.curve_file", "curve", {"found": found, "expected": expected}))


def _frozen(values: npt.ArrayLike) -> Reflectances:
    table = np.array(values, np.float32)
    table.setflags(write=False)
    return table
