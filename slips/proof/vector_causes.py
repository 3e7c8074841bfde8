"""Why a drawn code is not as intended: what a person can put right, beside the count of wrong pixels.

In: the picture of the code's place, four pixels a module, and what it should show. Out: findings: turned or mirrored, moved, another size, not
black, tinted, printed over, another symbol of the same digits. Says nothing where it does not know: the count of pixels stands anyway.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from elqr import symbols
from slips.proof import compare, decode
from slips.proof.displaced import Displaced
from slips.proof.remarks import remark
from slips.proof.render import WHITE, Picture
from slips.proof.verdicts import Finding, Window

ALIKE = 0.985
"""Share of modules that agree where a picture is the intended symbol in another position."""
MOVED_MM_MIN = 0.03
SIZE_MIN = 0.004
QUIET = symbols.QUIET_ZONE_MODULES

Dark = npt.NDArray[np.uint8]


def causes(
    picture: Picture, modules: compare.Modules, where: Displaced | None, *, window: Window
) -> list[Finding]:
    """Everything that can be said of a picture that differs from `modules` (49, 49); `where` the symbol was found on the page."""
    wanted = dark_of(modules)
    core = slice(QUIET, -QUIET)
    seen = (compare.centres(picture[None])[0] < 128).astype(np.uint8)
    position = _position(seen[core, core], wanted[core, core])
    if position:
        return [remark(f"verify.{position}", window=window)]
    found = [*_ink(picture, wanted, window), *_around(picture, wanted, window)]
    moved = _moved(where, window)
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


def dark_of(modules: compare.Modules) -> Dark:
    """`modules` as they are compared to 1 for dark, 0 for light, quiet zone included."""
    return np.asarray(modules == 0, np.uint8)


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


def _moved(where: Displaced | None, window: Window) -> list[Finding]:
    """Another size, another place, by where the symbol was found."""
    if where is None:
        return []
    if where.turned:
        return [remark("verify.turned", window=window)]
    said = []
    if max(abs(where.across - 1), abs(where.down - 1)) > SIZE_MIN:
        measured = f"{100 * where.across:.2f} % × {100 * where.down:.2f} %"
        said.append(remark("verify.size", measured=measured, limit="100 %", window=window))
    if max(abs(where.x_mm), abs(where.y_mm)) > MOVED_MM_MIN:
        measured = f"{where.x_mm:+.2f} / {where.y_mm:+.2f} mm"
        said.append(remark("verify.moved", measured=measured, limit="0.00 mm", window=window))
    return said


def _share(darkness: int) -> str:
    return f"{round(100 * darkness / WHITE)} %"
