"""Why a drawn code is not as intended: what a person can put right, beside the count of wrong pixels.

In: the picture of the code's place, four pixels a module, and what it should show. Out: findings: turned or mirrored, moved, another size, not
black, tinted, printed over, another symbol of the same digits. Says nothing where it does not know: the count of pixels stands anyway.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from elqr import symbols
from slips.proof import compare, decode, grid
from slips.proof.remarks import remark
from slips.proof.render import WHITE, Page, Picture
from slips.proof.sheets import Sheet
from slips.proof.verdicts import Finding, Window

ALIKE = 0.985
"""Share of modules that agree where a picture is the intended symbol in another position."""
LOOK_PIXELS = 16
"""Pixels a module; whole ones, or pdfium would widen the symbol to whole ones by itself."""
AROUND_MODULES = 16
MOVED_MM_MIN = 0.03
SIZE_MIN = 0.004
QUIET = symbols.QUIET_ZONE_MODULES

Dark = npt.NDArray[np.uint8]


def causes(
    page: Page, sheet: Sheet, picture: Picture, modules: compare.Modules, *, window: Window
) -> list[Finding]:
    """Everything that can be said of a picture that differs from `modules` (49, 49)."""
    wanted = (modules == 0).astype(np.uint8)
    core = slice(QUIET, -QUIET)
    seen = (compare.centres(picture[None])[0] < 128).astype(np.uint8)
    position = _position(seen[core, core], wanted[core, core])
    if position:
        return [remark(f"verify.{position}", window=window)]
    found = [*_ink(picture, wanted, window), *_around(picture, wanted, window)]
    moved = _moved(page, sheet, wanted[core, core], window)
    if moved:
        return [*found, *moved]
    differing = int((seen[core, core] != wanted[core, core]).sum())
    kind = decode.find_symbol(picture)
    if kind is not None and kind.kind != f"{symbols.VERSION}-{symbols.LEVEL}":
        limit = f"{symbols.VERSION}-{symbols.LEVEL}"
        found.append(remark("verify.symbol_kind", measured=kind.kind, limit=limit, window=window))
    elif differing:
        found.append(remark("verify.modules", measured=f"{differing:,}", limit="0", window=window))
    return found


def _position(seen: Dark, wanted: Dark) -> str:
    """`mirrored` or `turned` where that makes the symbol right."""
    if (seen == wanted).mean() >= ALIKE:
        return ""
    for turns in range(4):
        turned = np.rot90(wanted, turns)
        if (seen == turned).mean() >= ALIKE:
            return "turned"
        if (seen == turned[:, ::-1]).mean() >= ALIKE:
            return "mirrored"
    return ""


def _ink(picture: Picture, wanted: Dark, window: Window) -> list[Finding]:
    """Dark modules that are evenly too light, and paper that is evenly too dark."""
    dark = picture[wanted.repeat(4, 0).repeat(4, 1) == 1]
    paper = picture[wanted.repeat(4, 0).repeat(4, 1) == 0]
    found = []
    ink, white = int(np.median(dark)), int(np.median(paper))
    if 0 < ink < 200:
        found.append(remark("verify.not_black", measured=_share(WHITE - ink), limit="100 %", window=window))
    if white < WHITE and white > ink:
        found.append(remark("verify.tint", measured=_share(WHITE - white), limit="0 %", window=window))
    return found


def _around(picture: Picture, wanted: Dark, window: Window) -> list[Finding]:
    """Something in the quiet zone while the symbol itself is right."""
    whole = wanted.repeat(4, 0).repeat(4, 1)
    wrong = picture != np.where(whole == 1, 0, WHITE)
    core = slice(4 * QUIET, -4 * QUIET)
    outside = wrong.copy()
    outside[core, core] = False
    if wrong[core, core].any() or not outside.any() or np.median(picture[whole == 0]) != WHITE:
        return []
    return [remark("verify.quiet_zone", measured=_clear(outside), limit=f"{QUIET}", window=window)]


def _clear(outside: npt.NDArray[np.bool_]) -> str:
    """Clear modules between the symbol and the nearest wrong pixel."""
    side = outside.shape[0]
    rows, columns = np.nonzero(outside)
    low, high = 4 * QUIET, side - 4 * QUIET
    away = np.maximum.reduce([low - rows - 1, rows - high, low - columns - 1, columns - high])
    return f"{int(away.min()) / 4:.1f}"


def _moved(page: Page, sheet: Sheet, wanted: Dark, window: Window) -> list[Finding]:
    """Where the symbol stands and how large it is, by its grid in a finer picture."""
    place, side = sheet.places.symbol, sheet.side_mm
    first = AROUND_MODULES * LOOK_PIXELS
    frame = replace(compare.symbol_frame(place, LOOK_PIXELS), margin_columns=first, margin_rows=first)
    square = np.array([(0, 0), (1, 0), (1, 1), (0, 1)], np.float64)
    found = grid.locate(page.picture(frame), wanted, square * LOOK_PIXELS * symbols.SIZE + first - 0.5)
    if found is None:
        return []
    x, y = (found.corners[0] + 0.5 - first) / LOOK_PIXELS * place.pitch_mm
    right, lower = (found.corners[2] + 0.5 - first) / LOOK_PIXELS * place.pitch_mm
    across, down = (right - x) / side - 1, (lower - y) / side - 1
    said = []
    if max(abs(across), abs(down)) > SIZE_MIN:
        measured = f"{100 + 100 * across:.2f} % × {100 + 100 * down:.2f} %"
        said.append(remark("verify.size", measured=measured, limit="100 %", window=window))
    if max(abs(x), abs(y)) > MOVED_MM_MIN:
        said.append(
            remark("verify.moved", measured=f"{x:+.2f} / {y:+.2f} mm", limit="0.00 mm", window=window)
        )
    return said


def _share(darkness: int) -> str:
    return f"{round(100 * darkness / WHITE)} %"
