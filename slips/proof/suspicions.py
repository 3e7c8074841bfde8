"""What a page with a weak code gets besides its findings: the likely causes as notes, and pictures that show where the code fails.

In: a judged page with the facts of its scan. Out: the same page, with notes `verify.cause_…` and with maps of the margins in place of plain
pictures of the code. Pages whose code is well are handed back as they are, and cost nothing. What a gate has said already is not said again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from slips.proof import plane
from slips.proof.book import Entry
from slips.proof.curve import Curve
from slips.proof.diagnosis import diagnose
from slips.proof.outcome import PageResult
from slips.proof.overlay import margin_picture
from slips.proof.sampling import crop_around
from slips.proof.scan import Pixels
from slips.proof.scan_page import Facts
from slips.proof.signature import signature_of
from slips.proof.verdicts import Finding, Window

AROUND_MODULES = 6
WEAK = frozenset(
    {
        "verify.codewords_left",
        "verify.reserve",
        "verify.ladder",
        "verify.ink_gain",
        "verify.ink_loss",
        "verify.grade_low",
        "verify.grade_below_target",
        "verify.unreadable_known",
        "verify.barely_read",
    }
)
"""Findings that say that a code is weak, and not why."""
SAID: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "verify.ink_gain": frozenset({"verify.cause_gain"}),
        "verify.ink_loss": frozenset({"verify.cause_loss"}),
        "verify.misplaced": frozenset({"verify.cause_shifted"}),
        "verify.code_size": frozenset({"verify.cause_scaled", "verify.cause_stretched"}),
        "verify.page_scale": frozenset({"verify.cause_scaled", "verify.cause_stretched"}),
        "verify.quiet_zone_scan": frozenset({"verify.cause_quiet_zone"}),
    }
)
"""What a finding by a gate says as well as the suspicion would."""


def explained(
    page: PageResult, grey: Pixels, facts: Facts, entry: Entry | None, *, curve: Curve
) -> PageResult:
    """The page with causes and maps. `entry`: the slip that it was found to be."""
    weak = [finding for finding in page.findings if finding.code in WEAK]
    m, grid, sheet, modules = facts.measurement, facts.grid, facts.sheet, facts.modules
    if not weak or m is None or grid is None or sheet is None or modules is None or entry is None:
        return page
    if not m.intended:  # the map shows where; what lies across a symbol is no sign of how the press prints
        return _with_map(page, weak[0].window, margin_picture(grey, grid.map, m.margin_map), causes=())
    crop, origin = crop_around(grey, grid, modules=AROUND_MODULES)
    signature = signature_of(curve.reflect(crop), plane.shift(-origin[0], -origin[1]) @ grid.map, modules)
    figures = {
        **signature,
        "growth_h": m.growth_h,
        "growth_v": m.growth_v,
        "contrast": m.contrast,
        "pixels_a_module": m.pixels_a_module,
        "quiet_min": min(m.quiet),
    }
    place = sheet.places.symbol
    suspected = diagnose(figures, x_mm=place.x_mm, y_mm=place.y_mm, pitch_mm=place.pitch_mm)
    causes = [replace(cause, window=weak[0].window) for cause in unsaid(suspected, page.findings)]
    return _with_map(page, weak[0].window, margin_picture(grey, grid.map, m.margin_map), causes=causes)


def unsaid(causes: Iterable[Finding], findings: Iterable[Finding]) -> list[Finding]:
    """The causes that no finding by a gate has named already."""
    said = {code for finding in findings for code in SAID.get(finding.code, ())}
    return [cause for cause in causes if cause.code not in said]


def _with_map(
    page: PageResult, window: Window | None, shown: bytes, *, causes: Sequence[Finding]
) -> PageResult:
    """The page with the map `shown` where a finding is about the code at `window`, and with the causes, which need no picture of their own."""
    pictures = [_picture(f, png, window, shown) for f, png in zip(page.findings, page.pictures, strict=True)]
    return replace(page, findings=(*page.findings, *causes), pictures=(*pictures, *[b""] * len(causes)))


def _picture(finding: Finding, plain: bytes, window: Window | None, shown: bytes) -> bytes:
    """The map where the finding is about the code; the causes need no further picture of it."""
    return shown if finding.code in WEAK and finding.window == window else plain
