"""What the ink of one symbol looks like beside right or wrong modules: its grain, the softness of its edges, lines and bands without ink.

In: reflectances and the grid of a symbol whose modules are known. Out: figures by name, each a share of the symbol's contrast or in modules.
Judges nothing: `diagnosis` does. Refuses nothing; where a symbol shows too little of a thing, its figure is nan.
"""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np
import numpy.typing as npt

from elqr import symbols
from slips.proof.press_marks import STEPS, Floats, Grid, profile_of, upright
from slips.proof.streaks import level_of

FINE = 8
"""Points a module."""
_EDGES_MIN = 12
_AREAS_MIN = 8
_FACTOR = 1.25  # neighbouring points share pixels, which takes some noise away: on paper as on ink

Modules = npt.NDArray[np.uint8]


def signature_of(light: Floats, grid: Grid, modules: Modules) -> Mapping[str, float]:
    """`grain` and `lack` (unevenness of solid ink, and how much lighter than the darkest it is: shares of the contrast),
    `softness` (spread of an edge, modules), `streak`, `streak_at`, `line`, `line_at` (the deepest column and row without
    ink: share, module), `banding` (swing of the ink down the symbol, share).
    """
    seen = upright(light, grid, steps=FINE)
    dark, pale = np.quantile(seen, (0.02, 0.98))
    contrast = max(float(pale - dark), 1e-3)
    profile = profile_of(light, grid, modules)
    columns, rows = (level_of(part[None]).deviation for part in (profile.columns, profile.rows))
    swing = cv2.blur(profile.rows.astype(np.float32).reshape(1, -1), (STEPS * 3, 1)).ravel()[STEPS:-STEPS]
    grain, lack = _solid(seen, modules, float(dark), contrast)
    return {
        "grain": grain,
        "lack": lack,
        "softness": _softness(seen, modules),
        "streak": float(columns.max()),
        "streak_at": (int(columns.argmax()) + 0.5) / STEPS,
        "line": float(rows.max()),
        "line_at": (int(rows.argmax()) + 0.5) / STEPS,
        "banding": float(np.quantile(swing, 0.95) - np.quantile(swing, 0.05)),
    }


def _solid(seen: Floats, modules: Modules, dark: float, contrast: float) -> tuple[float, float]:
    """Unevenness and lightness of ink that lies amid ink, less the unevenness that paper amid paper shows as well."""
    cells = seen.reshape(symbols.SIZE, FINE, symbols.SIZE, FINE).transpose(0, 2, 1, 3).reshape(
        symbols.SIZE, symbols.SIZE, FINE * FINE
    )  # fmt: skip
    middle = np.pad(np.ones((FINE // 2, FINE // 2), bool), FINE // 4).ravel()  # corners may touch paper
    ink, paper = (cells[_amid(modules == value)][:, middle] for value in (1, 0))
    if min(len(ink), len(paper)) < _AREAS_MIN:
        return float("nan"), float("nan")
    uneven = float(np.median(ink.var(axis=1)) - _FACTOR * np.median(paper.var(axis=1)))
    return max(0.0, uneven) ** 0.5 / contrast, (float(np.median(ink)) - dark) / contrast


def _amid(same: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Modules whose four neighbours are of their kind."""
    out = np.zeros_like(same)
    inner = same[1:-1, 1:-1]
    out[1:-1, 1:-1] = inner & same[:-2, 1:-1] & same[2:, 1:-1] & same[1:-1, :-2] & same[1:-1, 2:]
    return out


def _softness(seen: Floats, modules: Modules) -> float:
    """Spread of the mean edge between two dark and two light modules, across and down alike."""
    edges = [*_edges(seen, modules), *_edges(np.ascontiguousarray(seen.T), modules.T)]
    if len(edges) < _EDGES_MIN:
        return float("nan")
    rise = np.diff(np.mean(edges, axis=0))
    rise = np.clip(rise, 0, None)
    at = np.arange(len(rise)) / FINE
    centre = float((rise * at).sum() / max(rise.sum(), 1e-9))
    near = np.abs(at - centre) <= 1.2
    weight = np.where(near, rise, 0)
    spread = float((weight * (at - centre) ** 2).sum() / max(weight.sum(), 1e-9))
    return float(np.sqrt(spread))


def _edges(seen: Floats, modules: Modules) -> list[Floats]:
    """Stretches of four modules, from dark to light, through the middle of their row."""
    rows = seen.reshape(symbols.SIZE, FINE, -1)[:, FINE // 2 - 2 : FINE // 2 + 2].mean(axis=1)
    m = modules
    alone = (m[:, 1:-2] != m[:, 2:-1]) & (m[:, :-3] == m[:, 1:-2]) & (m[:, 2:-1] == m[:, 3:])
    out = []
    for row, column in np.argwhere(alone).tolist():
        stretch = rows[row, column * FINE : (column + 4) * FINE]
        out.append(stretch if m[row, column] else stretch[::-1])
    return out
