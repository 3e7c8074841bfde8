"""The thresholds of a grading method, read from `layouts/grades/*.toml` with edition, source and how far each may be trusted.

In: the name of a method. Out: `Thresholds`. Refuses tables that lack a status or do not fall (rise) from grade 4 to 1 (ValueError).
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

PARAMETERS = (
    "symbol_contrast",
    "modulation",
    "reflectance_margin",
    "unused_error_correction",
    "axial_non_uniformity",
    "grid_non_uniformity",
    "finder_damage",
    "timing_damage",
    "alignment_damage",
    "format_information",
    "print_growth",
)
STATUSES = ("checked", "seen", "from memory")


@dataclass(frozen=True, kw_only=True)
class Steps:
    """Four values, for grades 4 to 1."""

    values: tuple[float, float, float, float]
    at_least: bool
    """A grade needs at least its value; else at most."""
    status: str
    source: str

    def grade(self, value: float) -> int:
        """4 to 1 by the first value that is met; 0 for none, and for nan."""
        for grade, limit in zip((4, 3, 2, 1), self.values, strict=True):
            if value >= limit if self.at_least else value <= limit:
                return grade
        return 0


@dataclass(frozen=True, kw_only=True)
class Thresholds:
    """A whole method."""

    id: str
    method: str
    edition: str
    in_japanese: tuple[str, str]
    """Method and edition in Japanese, for the report."""
    label: Mapping[str, str]
    """The sentence that stands beside every grade, in ja and en."""
    letter_pixels_a_module: float
    grade_pixels_a_module: float
    timing_adjacent_max: int
    steps: Mapping[str, Steps]

    def unchecked(self) -> tuple[str, ...]:
        """The parameters whose thresholds were not checked against the standard."""
        return tuple(name for name in PARAMETERS if self.steps[name].status != "checked")


@cache
def load_thresholds(name: str = "15415_2011_like") -> Thresholds:
    """Read a method. Raises ValueError for a faulty file, FileNotFoundError for none."""
    text = (files("layouts") / "grades" / f"{name}.toml").read_text(encoding="utf-8")
    data = tomllib.loads(text)
    return Thresholds(
        id=data["id"],
        method=data["method"],
        edition=data["edition"],
        in_japanese=(data["method_ja"], data["edition_ja"]),
        label={"ja": data["label_ja"], "en": data["label_en"]},
        letter_pixels_a_module=data["limits"]["letter_pixels_a_module"],
        grade_pixels_a_module=data["limits"]["grade_pixels_a_module"],
        timing_adjacent_max=data["timing_damage"]["adjacent_max"],
        steps={parameter: _steps(parameter, data[parameter]) for parameter in PARAMETERS},
    )


def _steps(name: str, table: Mapping[str, object]) -> Steps:
    at_least = "at_least" in table
    given = table.get("at_least" if at_least else "at_most")
    if not isinstance(given, list) or len(given) != 4:
        raise ValueError(f"{name}: expected at_least or at_most with four values, found {given!r}")
    if given != sorted(given, reverse=at_least):
        raise ValueError(f"{name}: expected values from grade 4 to grade 1, found {given}")
    if table.get("status") not in STATUSES or not table.get("source"):
        raise ValueError(f"{name}: expected a source, and a status of {', '.join(STATUSES)}")
    a, b, c, d = (float(v) for v in given)
    return Steps(
        values=(a, b, c, d), at_least=at_least, status=str(table["status"]), source=str(table["source"])
    )
