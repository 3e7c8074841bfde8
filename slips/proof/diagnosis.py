"""From what was measured on a symbol to what probably happened to it, in words that a printer can act on.

In: figures by name, as measured. Out: findings `verify.cause_…`, notes only: what passes and what fails the gates decide. A figure that was
not measured starts no suspicion. A pure function of its figures; the limits are where simulated defects part from clean prints.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import isfinite

from slips.proof.remarks import remark
from slips.proof.verdicts import Finding

GROWTH_MODULES = 0.08
UNEVEN_GROWTH_MODULES = 0.08
GRAIN = 0.10
PALE = 0.55
"""Contrast below which the usual grading goes below 3."""
SOFTNESS_MODULES = 0.24
SOFTNESS_PX_A_MODULE = 3.5
"""Below this the scanner's own softness is as large."""
LINE = 0.13
BANDING = 0.09
SCALE = 0.005
STRETCH = 0.004
SHIFT_MM = 0.5
QUIET_MODULES = 4


def diagnose(
    figures: Mapping[str, float], *, x_mm: float = 0.0, y_mm: float = 0.0, pitch_mm: float = 0.0
) -> tuple[Finding, ...]:
    """The likely causes, the one that explains most first; none for a clean print.

    Figures: `growth_h`, `growth_v` (modules, gain positive), `contrast`, those of `signature_of`, `pixels_a_module`, `scale_x`, `scale_y`
    (0.01: one per cent too large), `dx_mm`, `dy_mm`, `quiet_min` (clear modules). The place of the symbol (its top left corner on the page)
    and the pitch turn the module of a line into millimetres.
    """
    seen = {name: value for name, value in figures.items() if isfinite(value)}
    return (*_ink(seen, x_mm, y_mm, pitch_mm), *_place(seen))


def _ink(seen: Mapping[str, float], x_mm: float, y_mm: float, pitch_mm: float) -> Iterator[Finding]:
    grain, banding = seen.get("grain", 0.0), seen.get("banding", 0.0)
    streak, line = seen.get("streak", 0.0), seen.get("line", 0.0)
    screened, banded = grain >= GRAIN, banding >= BANDING
    if screened:
        yield remark("verify.cause_screen", measured=_share(grain), limit=_share(GRAIN))
    if streak >= LINE and streak >= line:
        at = x_mm + seen.get("streak_at", 0.0) * pitch_mm
        yield remark("verify.cause_streak", measured=_share(streak), limit=_share(LINE), at=f"{at:.1f} mm")
    elif line >= LINE and not banded:
        at = y_mm + seen.get("line_at", 0.0) * pitch_mm
        yield remark("verify.cause_line", measured=_share(line), limit=_share(LINE), at=f"{at:.1f} mm")
    elif banded:
        yield remark("verify.cause_banding", measured=_share(banding), limit=_share(BANDING))
    yield from _edges(seen, ink_is_whole=not screened)
    if seen.get("contrast", 1.0) < PALE:
        yield remark("verify.cause_pale", measured=_share(seen["contrast"]), limit=_share(PALE))


def _edges(seen: Mapping[str, float], *, ink_is_whole: bool) -> Iterator[Finding]:
    across, along = seen.get("growth_h", 0.0), seen.get("growth_v", 0.0)
    mean, said = (across + along) / 2, f"{across:+.2f} / {along:+.2f}"
    if ink_is_whole:  # a screen eats and softens edges too, and says so already
        if abs(across - along) >= UNEVEN_GROWTH_MODULES:
            yield remark("verify.cause_uneven_growth", measured=said, limit=f"{UNEVEN_GROWTH_MODULES:.2f}")
        elif mean >= GROWTH_MODULES:
            yield remark("verify.cause_gain", measured=said, limit=f"{GROWTH_MODULES:+.2f}")
        elif mean <= -GROWTH_MODULES:
            yield remark("verify.cause_loss", measured=said, limit=f"{-GROWTH_MODULES:+.2f}")
        softness = seen.get("softness", 0.0)
        if softness >= SOFTNESS_MODULES and seen.get("pixels_a_module", 0.0) >= SOFTNESS_PX_A_MODULE:
            yield remark("verify.cause_soft", measured=f"{softness:.2f}", limit=f"{SOFTNESS_MODULES:.2f}")


def _place(seen: Mapping[str, float]) -> Iterator[Finding]:
    across, along = seen.get("scale_x", 0.0), seen.get("scale_y", 0.0)
    said = f"{100 * across:+.2f} % / {100 * along:+.2f} %"
    if abs(across - along) >= STRETCH:
        yield remark("verify.cause_stretched", measured=said, limit=f"{100 * STRETCH:.1f} %")
    elif abs(across + along) / 2 >= SCALE:
        yield remark("verify.cause_scaled", measured=said, limit=f"±{100 * SCALE:.1f} %")
    dx, dy = seen.get("dx_mm", 0.0), seen.get("dy_mm", 0.0)
    if max(abs(dx), abs(dy)) >= SHIFT_MM:
        yield remark("verify.cause_shifted", measured=f"{dx:+.2f} / {dy:+.2f} mm", limit=f"±{SHIFT_MM} mm")
    quiet = seen.get("quiet_min", QUIET_MODULES)
    if quiet < QUIET_MODULES:
        yield remark("verify.cause_quiet_zone", measured=f"{quiet:g}", limit=f"{QUIET_MODULES}")


def _share(value: float) -> str:
    return f"{100 * value:.0f} %"
