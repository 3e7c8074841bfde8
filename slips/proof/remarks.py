"""Findings from their codes: what each weighs, and its sentences, stand in `layouts/problems/verify*.toml`.

In: a code with what was measured and what the limit is. Out: a `Finding`, or its sentence. Refuses a code that has no sentence.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from elqr.problems import Param, Problem, Severity, Where, catalogue
from slips.proof.verdicts import Finding, Weight, Window

WEIGHT_OF: Mapping[Severity, Weight] = MappingProxyType(
    {Severity.ERROR: Weight.FAIL, Severity.WARNING: Weight.WARN, Severity.NOTE: Weight.NOTE}
)

OTHER_DATA = (
    "verify.payload_differs",
    "verify.readers_differ",
    "verify.amount_differs",
    "verify.barcode_differs",
    "verify.barcode_unexpected",
    "verify.foreign",
    "verify.foreign_code",
    "verify.second_slip",
    "verify.not_a_payload",
    "verify.mark_differs",
    "verify.wrong_slot",
    "verify.number_differs",
    "verify.date_differs",
    "verify.manifest_disagrees",
)
"""What says that the slip carries other data, the gravest first: somebody pays the wrong sum or another's tax. One of these goes before any
number of slips that are printed badly."""


def gravity(code: str, weight: Weight) -> tuple[int, int]:
    """To sort by, the gravest first: what it weighs, then other data before poor print."""
    rank = OTHER_DATA.index(code) if code in OTHER_DATA else len(OTHER_DATA)
    return list(Weight).index(weight), rank


def remark(
    code: str, *, measured: str = "", limit: str = "", window: Window | None = None, **params: Param
) -> Finding:
    """A finding that weighs what its entry in the catalogue says. Raises KeyError for a code that is not there."""
    weight = WEIGHT_OF[catalogue()[code].severity]
    return Finding(code=code, weight=weight, measured=measured, limit=limit, params=params, window=window)


def problem_of(finding: Finding, *, source: str = "") -> Problem:
    """The same as a problem, which has the sentences."""
    params: dict[str, Param] = {"measured": finding.measured, "limit": finding.limit, **finding.params}
    return Problem(finding.code, params=params, where=Where(source))


def sentence(finding: Finding, lang: str) -> str:
    """What a person reads, in `ja` or `en`."""
    return problem_of(finding).text(lang)
