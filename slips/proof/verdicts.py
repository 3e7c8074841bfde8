"""What is said of a slip that was looked at: one verdict, and findings that a printer can act on.

Only types. The sentences of the findings lie in `layouts/problems/verify*.toml`; what decides is in the checks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from elqr.problems import Param


class Verdict(Enum):
    """One word a slip. The order is the precedence: where several hold, the first is said."""

    MISREAD = "misread"
    """A reader gave other digits than the manifest has for this place: the gravest thing there is."""
    FOREIGN = "foreign"
    """A whole, valid code that the manifest does not hold."""
    DUPLICATE = "duplicate"
    UNREADABLE = "unreadable"
    MISSING = "missing"
    OUT_OF_ORDER = "out_of_order"
    FAIL = "fail"
    WARN = "warn"
    PASS = "pass"


class Weight(Enum):
    """How much a finding weighs."""

    FAIL = "fail"
    WARN = "warn"
    NOTE = "note"


@dataclass(frozen=True, kw_only=True)
class Window:
    """A rectangle in the pixels of the page's picture, right and bottom exclusive."""

    left: int
    top: int
    right: int
    bottom: int


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing found. `code` is `verify.…` with its sentences in `layouts/problems/`; `params` fill them."""

    code: str
    weight: Weight
    measured: str = ""
    """The value with its unit, as a person reads it: "1.02 mm"."""
    limit: str = ""
    params: Mapping[str, Param] = field(default_factory=dict)
    window: Window | None = None
    """Where on the page: what the report cuts out as a picture."""


@dataclass(frozen=True, kw_only=True)
class SlipResult:
    """One row of the results: a slip of the manifest, or a code that the manifest does not hold."""

    slip_key: str
    source: str = ""
    """Empty where the slip was not found on any page."""
    page: int = 0
    verdict: Verdict
    findings: tuple[Finding, ...] = ()
    grade_est: str = ""
    """The letter of the estimate, or why there is none: "refused: 3.9 px a module"."""
    codewords_left_min: int | None = None
    """8 less the errors of the worst block on the measured grid; negative beyond what can be corrected."""
    decoders: tuple[str, ...] = ()
    """Which readers gave the right digits."""
    figures: Mapping[str, float] = field(default_factory=dict)
    """Everything measured, by name with unit: "x_mm", "y_mm", "pitch_mm", "growth_h", "reserve", …"""
