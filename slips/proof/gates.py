"""The gates of a proof: limits that a job may set for itself, read from a file and shown in the results.

In: `layouts/gates/default.toml`, and a file of the same shape that replaces some of its values. Out: `Gates`, with the hash of the file.
Refuses (ProblemError): not TOML, a name that is not a gate, a value that is not a number of its kind.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

from elqr.crew import Limits
from elqr.problems import Problem, ProblemError, Where, reason_in_both
from elqr.settings import parse_settings
from slips.proof.pictures import PictureLimits

MEGA = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Gates:
    """Every gate by its name in the file, table after table; `values` is the whole, for the results."""

    file: str
    sha256: str
    tolerance_mm: float
    size_tolerance_percent: float
    left_min: int
    reserve_min: float
    ladder_min: int
    growth_max_modules: float
    quiet_zone_modules_min: float
    grade_accept: int
    grade_target: int
    dpi_min: int
    dpi_max: int
    grade_px_a_module_min: float
    measure_px_a_module_min: float
    skew_degrees_max: float
    text_margin_min: float
    megapixels_max: int
    pages_max: int
    file_megabytes_max: int
    page_seconds: int
    memory_megabytes: int
    values: Mapping[str, Mapping[str, float]] = field(repr=False)

    @property
    def pictures(self) -> PictureLimits:
        return PictureLimits(
            pixels_max=self.megapixels_max * MEGA,
            pages_max=self.pages_max,
            bytes_max=self.file_megabytes_max * MEGA,
        )

    @property
    def processes(self) -> Limits:
        return Limits(seconds=self.page_seconds, memory_bytes=self.memory_megabytes * MEGA)


def load_gates(path: Path | None = None) -> Gates:
    """The default gates, with those of `path` in their place. Raises ProblemError `verify.gates`, `file.unreadable`."""
    raw = (files("layouts") / "gates" / "default.toml").read_bytes()
    tables: dict[str, dict[str, float]] = parse_settings(raw)
    name = "default"
    if path is not None:
        name = path.name
        try:
            raw = path.read_bytes()
            own = parse_settings(raw)
        except OSError as error:
            params = {"found": str(path), "reason": reason_in_both(error)}
            raise ProblemError(Problem("file.unreadable", "", {**params}, Where(name))) from None
        except ValueError as error:
            raise _refusal(name, str(error)) from None
        _replace(tables, own, name)
    flat = {key: value for table in tables.values() for key, value in table.items()}
    kept: Any = flat
    return Gates(file=name, sha256=hashlib.sha256(raw).hexdigest(), values=tables, **kept)


def _replace(tables: dict[str, dict[str, float]], own: Mapping[str, Any], name: str) -> None:
    for table, entries in own.items():
        if not isinstance(entries, dict) or table not in tables:
            raise _refusal(name, f"[{table}]")
        for key, value in entries.items():
            default = tables[table].get(key)
            number = isinstance(value, int | float) and not isinstance(value, bool)
            if (
                default is None
                or not number
                or value < 0
                or (isinstance(default, int) and value != int(value))
            ):
                raise _refusal(name, f"[{table}] {key} = {value!r}")
            tables[table][key] = type(default)(value)


def _refusal(file: str, found: str) -> ProblemError:
    return ProblemError(Problem("verify.gates", "", {"file": file, "found": found}, Where(file)))
