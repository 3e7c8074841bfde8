"""The arithmetic of the text reader: every slot of a field against every character of its width, and what each pattern explains.

In: the field as ink in a raster, pictures of the characters. Out: for each pattern how well it explains the ink, at the shift that
suits it best. All characters of a line shift alike. Cells of a line do not overlap, so sums over a line are sums over its slots.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
import numpy.typing as npt

from slips.proof.field_plan import Raster, Slot
from slips.proof.glyph_pictures import EM_PX, Ink

Shifts = npt.NDArray[np.int64]
"""(k, 2): pixels down and across."""


_NEAR: Shifts = np.stack(np.meshgrid([-1, 0, 1], [-1, 0, 1], indexing="ij"), axis=-1).reshape(-1, 2)


@dataclass(frozen=True, eq=False)
class Cells:
    """All characters of one width: pictures as rows, their sums, and their lengths about the mean and about zero."""

    chars: str
    rows: Ink  # (k, EM_PX * columns)
    columns: Ink  # (EM_PX * columns, k + 1): the pictures side by side, and ones: a product with it sums up as well
    sums: Ink  # (k,)
    lengths: Ink  # (k,) of rows less their mean
    squares: Ink  # (k,) of rows as they are


@dataclass(frozen=True, eq=False)
class Scores:
    """For each slot and shift: correlations with the characters of its width, the best that may stand there, and its sums."""

    slots: Sequence[Slot]
    shifts: Shifts
    correlation: Sequence[Ink]  # a slot: (shifts, characters)
    chosen: npt.NDArray[np.int64]  # (slots, shifts)
    best: Ink  # (slots, shifts)
    both: Ink  # ink times picture of the chosen character
    sums: Ink
    squares: Ink


@dataclass(frozen=True, eq=False)
class Fit:
    """How well one pattern explains the ink. Ink is counted as squares over square millimetres of the paper."""

    pattern: int
    shift: int
    score: float
    left_over: float
    """What the pattern does not explain."""
    least: float
    """What the weakest of its characters explains."""


def cells_of(pictures: Sequence[Ink], chars: str, *, sigma: float) -> Mapping[int, Cells]:
    """Characters by the width of their cell, blurred as they are in the raster."""
    by_width: dict[int, tuple[list[str], list[Ink]]] = {}
    edge = 2 * int(np.ceil(2 * sigma))
    for char, picture in zip(chars, pictures, strict=True):
        names, found = by_width.setdefault(picture.shape[1], ([], []))
        names.append(char)
        # what stands beside a character is unknown: it is blurred on paper, and what spreads out of its cell is lost
        found.append(cv2.GaussianBlur(np.pad(picture, edge), (0, 0), sigma)[edge:-edge, edge:-edge])
    return {width: _cells("".join(names), found) for width, (names, found) in by_width.items()}


def _cells(chars: str, pictures: Sequence[Ink]) -> Cells:
    rows = np.stack(pictures).reshape(len(pictures), -1)
    lengths = np.linalg.norm(rows - rows.mean(1, keepdims=True), axis=1)
    columns = np.ascontiguousarray(np.vstack([rows, np.ones_like(rows[:1])]).T)
    return Cells(chars, rows, columns, rows.sum(1), lengths, (rows * rows).sum(1))


def scores_of(ink: Ink, slots: Sequence[Slot], cells: Mapping[int, Cells], shifts: Shifts) -> Scores:
    """Score the slots at the shifts. Every cell must lie inside the raster at every shift."""
    ink = np.ascontiguousarray(ink)
    count = (len(slots), len(shifts))
    correlation: list[Ink] = [np.empty((0, 0), np.float32)] * len(slots)
    chosen = np.zeros(count, np.int64)
    best, both, sums, squares = (np.zeros(count, np.float32) for _ in range(4))
    for width, kept in cells.items():
        which = [number for number, slot in enumerate(slots) if slot.columns == width]
        if not which:
            continue
        top = np.array([slots[k].row for k in which])[:, None] + shifts[:, 0]
        left = np.array([slots[k].column for k in which])[:, None] + shifts[:, 1]
        windows = _windows(ink, width)[top, left].reshape(-1, EM_PX * width)
        sums_up = windows @ kept.columns
        products, mean = sums_up[:, :-1], sums_up[:, -1] / windows.shape[1]
        length = np.sqrt(
            np.maximum(np.einsum("ij,ij->i", windows, windows) - mean * mean * windows.shape[1], 1e-4)
        )
        found = (products - mean[:, None] * kept.sums) / (length[:, None] * kept.lengths)
        allowed = _allowed(tuple(slots[k].choices for k in which), kept.chars)
        each = np.arange(len(found))
        shape = (len(which), len(shifts))
        taken = np.where(allowed.repeat(len(shifts), axis=0), found, np.float32(-2)).argmax(1)
        best[which], both[which] = found[each, taken].reshape(shape), products[each, taken].reshape(shape)
        pick = taken.reshape(shape)
        chosen[which], sums[which], squares[which] = pick, kept.sums[pick], kept.squares[pick]
        found = found.reshape(*shape, -1)
        for number, part in zip(which, found, strict=True):
            correlation[number] = part
    return Scores(slots, shifts, correlation, chosen, best, both, sums, squares)


def _windows(ink: Ink, width: int) -> Ink:
    """Every window of `EM_PX` rows and `width` columns, (rows, columns, EM_PX, width), without a copy. `ink` must lie in one piece."""
    rows, columns = ink.shape[0] - EM_PX + 1, ink.shape[1] - width + 1
    return np.ndarray((rows, columns, EM_PX, width), ink.dtype, ink, strides=ink.strides * 2)


@cache
def _allowed(choices: tuple[str, ...], chars: str) -> npt.NDArray[np.bool_]:
    """(slots, characters): which character may stand where."""
    table = np.array([[char in may for char in chars] for may in choices])
    table.setflags(write=False)
    return table


def coarse_shift(ink: Ink, raster: Raster, cells: Mapping[int, Cells]) -> Shifts:
    """The shift at which the few characters that stand in many patterns fit best, and the eight around it."""
    if max(raster.search) <= 1:
        return _NEAR
    down, across = (np.arange(-reach, reach + 1, 2) for reach in raster.search)  # strokes are wider than 2 px
    all_shifts = np.stack(np.meshgrid(down, across, indexing="ij"), axis=-1).reshape(-1, 2)
    best = scores_of(ink, raster.anchors, cells, all_shifts).best
    by_pattern = (raster.anchored @ best) / raster.anchored.sum(1, keepdims=True)
    at = all_shifts[int(by_pattern.max(0).argmax())]
    near: Shifts = at + _NEAR
    return near[(np.abs(near) <= raster.search).all(1)]


def fits_of(ink: Ink, raster: Raster, scores: Scores) -> list[Fit]:
    """Every pattern at its best shift."""
    member = raster.members
    both, sums, squares = (member @ part for part in (scores.both, scores.sums, scores.squares))
    mean, whole = float(ink.mean()), float(((ink - ink.mean()) ** 2).sum())
    both = both - mean * sums
    own = squares - sums * sums / ink.size
    strength = np.maximum(both / own, 0)
    left_over = whole - strength * both
    score = both / np.sqrt(np.maximum(own * whole, 1e-9))
    area = raster.px_a_mm[0] * raster.px_a_mm[1]
    each, shifts = np.arange(len(member)), score.argmax(1)
    weakest = np.where(member > 0, scores.squares.T[shifts], np.inf).min(1) * strength[each, shifts] ** 2
    return [
        Fit(*found)
        for found in zip(
            each.tolist(),
            shifts.tolist(),
            score[each, shifts].tolist(),
            (left_over[each, shifts] / area).tolist(),
            (weakest / area).tolist(),
            strict=True,
        )
    ]
