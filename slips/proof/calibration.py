"""Reads a scanned calibration page: the scanner's pixels a millimetre both ways, how even they are, and grey steps against known reflectances.

In: the scan; reflectances that somebody measured or bought, and lengths of the printed rulers by a steel one. Out: a `Calibration`. What is not
entered is not invented: printed greys are no reflectance standard, and printed millimetres are the press's.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from elqr.problems import Problem, ProblemError
from slips.proof import calibration_sheet as sheet
from slips.proof.curve import Curve, through_points
from slips.proof.page_fit import PageFit
from slips.proof.plane import Floats, Points
from slips.proof.register import register_marks
from slips.proof.scan import Scan
from slips.proof.traps import Traps, traps_of

PRINTED = "printed steps"
CARD_STEPS_LEAST = 3
ALONG_PX_A_MM = 20
TICK_SEARCH_MM = 0.35
TICK_INK_LEAST = 30
"""Grey values that a tick is darker than the paper beside it."""
INSET = 0.25
"""Share of a step's side that is left out at each of its edges."""


Place = tuple[float, float, float, float]
"""x, y, width and height in millimetres."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Step:
    """One grey step: mean and spread of its grey values, and its reflectance where somebody entered one."""

    grey: float
    spread: float
    reflectance: float | None


@dataclass(frozen=True, eq=False, kw_only=True)
class Ruler:
    """One ruler as scanned. `millimetres` is its true length by a steel ruler; without it the designed length was taken."""

    pixels_a_mm: float
    uneven_mm: float
    """The largest distance of a tick from its place on an even scale."""
    ticks: int
    millimetres: float
    measured: bool


@dataclass(frozen=True, eq=False, kw_only=True)
class Calibration:
    """What one scan of the page tells."""

    card: str
    """What the steps are: the name of a bought card, or how the printed ones were measured."""
    steps: tuple[Step, ...]
    across: Ruler
    """The ruler that lies across the scan: of a page that was fed on its side the one that goes down the page."""
    down: Ruler
    traps: Traps
    rotation_deg: float
    dpi: float | None
    curve: Curve | None
    """None unless reflectances were entered."""

    @property
    def anisotropy(self) -> float:
        """Pixels a millimetre across by down, less one."""
        return self.across.pixels_a_mm / self.down.pixels_a_mm - 1

    def to_json(self) -> str:
        """What `card:FILE` reads; keys in a fixed order."""
        rulers = {
            name: {
                "pixels_a_mm": round(ruler.pixels_a_mm, 5),
                "uneven_mm": round(ruler.uneven_mm, 4),
                "ticks": ruler.ticks,
                "millimetres": ruler.millimetres,
                "measured": ruler.measured,
            }
            for name, ruler in (("across", self.across), ("down", self.down))
        }
        steps = [
            {"grey": round(step.grey, 3), "spread": round(step.spread, 3)}
            | ({} if step.reflectance is None else {"reflectance": step.reflectance})
            for step in self.steps
        ]
        document = {
            "card": self.card,
            "steps": steps,
            "rulers": rulers,
            "anisotropy": round(self.anisotropy, 6),
            "dpi": self.dpi,
            "traps": list(self.traps.names()),
        }
        return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def calibrate(
    scan: Scan,
    *,
    reflectances: Sequence[float] | None = None,
    card: str = PRINTED,
    in_frame: bool = False,
    rulers_mm: tuple[float | None, float | None] = (None, None),
) -> Calibration:
    """Read the page.

    `reflectances` (0 to 1) are those of the steps from left to right: of the nine printed ones, or, with `in_frame`, of the bought
    card that lies in the frame, as many as it has. `card` names them in the report. `rulers_mm` are the lengths of the horizontal and
    of the vertical ruler by a steel one, None where nobody measured it. Raises ProblemError `measure.no_calibration_page`, `measure.card_steps`.
    """
    fit = register_marks(scan, sheet.MARKS, sheet.PAGE_W_MM, sheet.PAGE_H_MM)
    if fit is None or fit.points < len(sheet.MARKS):
        found = f"{scan.source}: {fit.points if fit else 0}"
        raise ProblemError(
            Problem("measure.no_calibration_page", "", {"found": found, "expected": len(sheet.MARKS)})
        )
    places = _card_places(len(reflectances or ())) if in_frame else _printed_places()
    greys = [_grey(scan, fit, place) for place in places]
    if reflectances is not None and len(reflectances) != len(greys):
        raise _wrong_steps(f"{len(reflectances)}", f"{len(greys)}")
    given = reflectances if reflectances is not None else [None] * len(greys)
    rulers = [_ruler(scan, fit, axis, rulers_mm[axis]) for axis in (0, 1)]
    across, down = rulers if fit.quarter_turns % 2 == 0 else rulers[::-1]
    return Calibration(
        card=card,
        steps=tuple(Step(grey=g, spread=s, reflectance=r) for (g, s), r in zip(greys, given, strict=True)),
        across=across,
        down=down,
        traps=traps_of(scan.grey),
        rotation_deg=fit.rotation_deg,
        dpi=scan.dpi,
        curve=None if reflectances is None else _curve(card, [g for g, _ in greys], reflectances),
    )


def _curve(card: str, greys: Sequence[float], reflectances: Sequence[float]) -> Curve:
    try:
        return through_points(f"card:{card}", greys, reflectances)
    except ValueError as fault:
        raise _wrong_steps(str(fault), "grey and reflectance that rise together") from None


def _wrong_steps(found: str, expected: str) -> ProblemError:
    return ProblemError(Problem("measure.card_steps", "reflectances", {"found": found, "expected": expected}))


def _printed_places() -> list[Place]:
    left, top = sheet.STEPS_AT_MM
    return [
        _inner(left + k * sheet.STEP_MM, top, sheet.STEP_MM, sheet.STEP_MM)
        for k in range(len(sheet.STEP_INKS))
    ]


def _card_places(count: int) -> list[Place]:
    if count < CARD_STEPS_LEAST:
        raise _wrong_steps(f"{count}", f"≥ {CARD_STEPS_LEAST}")
    left, top, whole, height = sheet.CARD_MM
    return [_inner(left + k * whole / count, top, whole / count, height) for k in range(count)]


def _inner(x: float, y: float, w: float, h: float) -> Place:
    """The middle of a step: its edges may lie on the next one."""
    return x + INSET * w, y + INSET * h, w * (1 - 2 * INSET), h * (1 - 2 * INSET)


def _grey(scan: Scan, fit: PageFit, place: Place) -> tuple[float, float]:
    """Mean and spread of the grey values of a rectangle."""
    x, y, w, h = place
    corners = fit.to_pixels([(x, y), (x + w, y), (x + w, y + h), (x, y + h)])
    mask = np.zeros(scan.grey.shape, np.uint8)
    cv2.fillConvexPoly(mask, np.rint(corners).astype(np.int32), 1)
    values = scan.grey[mask == 1].astype(np.float64)
    return float(values.mean()), float(values.std())


def _ruler(scan: Scan, fit: PageFit, axis: int, measured_mm: float | None) -> Ruler:
    """Every tick by the middle of its ink, and an even scale through all of them, in pixels of the scan."""
    begin_x, begin_y, length = sheet.ACROSS_MM if axis == 0 else sheet.DOWN_MM
    numbers = np.arange(length + 1)
    reach = np.arange(-1, 1 + 1e-9, 1 / (ALONG_PX_A_MM * TICK_SEARCH_MM)) * TICK_SEARCH_MM
    lines = sheet.TICK_LENGTHS_MM[0] * np.array([0.3, 0.5, 0.7])
    along, across = np.broadcast_arrays((numbers[:, None] + reach)[:, None], lines[None, :, None])
    both = (begin_x + along, begin_y + across) if axis == 0 else (begin_x + across, begin_y + along)
    pixels = fit.to_pixels(np.stack(both, axis=-1))
    ink = 255 - _values(scan, pixels).mean(axis=1)
    ink = np.clip(ink - np.quantile(ink, 0.3, axis=1, keepdims=True), 0, None)
    seen = ink.max(axis=1) > TICK_INK_LEAST
    kept = numbers[seen]
    found = kept + (ink[seen] @ reach) / ink[seen].sum(axis=1)
    if len(kept) < length // 2:
        raise ProblemError(
            Problem(
                "measure.no_calibration_page",
                "",
                {"found": f"{scan.source}: {len(kept)}", "expected": length + 1},
            )
        )
    slope, offset = np.polyfit(kept, found, 1)
    true_mm = float(length) if measured_mm is None else measured_mm
    scale = fit.pixels_a_mm[axis] * float(slope) * length / true_mm
    uneven = float(np.abs(found - (slope * kept + offset)).max())
    return Ruler(
        pixels_a_mm=scale,
        uneven_mm=uneven,
        ticks=len(kept),
        millimetres=true_mm,
        measured=measured_mm is not None,
    )


def _values(scan: Scan, pixels: Points) -> Floats:
    """Grey values (a, b, c) at places (a, b, c, 2)."""
    flat = pixels.astype(np.float32).reshape(len(pixels), -1, 2)
    found = cv2.remap(scan.grey, flat[..., 0], flat[..., 1], cv2.INTER_LINEAR, borderValue=255)
    return np.asarray(found, np.float64).reshape(pixels.shape[:3])
