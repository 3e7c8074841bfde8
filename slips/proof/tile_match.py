"""Equal tiles of one picture matched in another, all at once: what OpenCV's matchTemplate says of each, in a third of the time.

In: two pictures that differ by little, how many tiles a side, how far a tile may lie off. Out: normalised correlations by tile and shift, and their
peaks. A shift is one product of the whole pictures, so it pays for short reaches only. Refuses nothing.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from slips.proof.plane import Floats

Picture32 = npt.NDArray[np.float32]
Heights = npt.NDArray[np.float64]
"""(tiles, shifts down, shifts across), row by row of tiles."""
FLAT = 1e-6


def tile_heights(picture: Picture32, reference: Picture32, *, border: int, tiles: int, pad: int) -> Heights:
    """Correlations (-1 to 1) of `tiles` by `tiles` tiles of the reference, `border` pixels inside it, at every shift up to `pad` pixels.

    Both are square and alike in size; `border` is at least `pad`, and the tiles fill what it leaves. Shift (`pad`, `pad`) is none. A tile
    or window without contrast correlates by 0.
    """
    inner = reference.shape[0] - 2 * border
    side = inner // tiles
    span = side * tiles
    area = float(side * side)
    own = reference[border : border + span, border : border + span]
    blocks = own.reshape(tiles, side, tiles, side)
    centred = (blocks - blocks.mean(axis=(1, 3), keepdims=True)).reshape(span, span)
    strength = np.einsum("aibj,aibj->ab", blocks := centred.reshape(blocks.shape), blocks)
    gather = np.repeat(
        np.eye(tiles, dtype=np.float32), side, axis=1
    )  # (tiles, span): sums up the rows of a tile
    count = 2 * pad + 1
    cross = np.empty((count, count, tiles, tiles), np.float32)
    product = np.empty((span, span), np.float32)
    for down in range(count):
        top = border - pad + down
        for across in range(count):
            left = border - pad + across
            np.multiply(picture[top : top + span, left : left + span], centred, out=product)
            cross[down, across] = (gather @ product) @ gather.T
    begin, end = border - pad, border + pad + span
    totals, squares = cv2.integral2(picture[begin:end, begin:end])
    sums, powers = (_windows(table, tiles=tiles, side=side, count=count) for table in (totals, squares))
    spread = np.maximum(powers - sums * sums / area, 0.0)
    scale = np.sqrt(spread * strength)
    heights = np.where(scale > FLAT, cross / np.maximum(scale, FLAT), 0.0)
    return np.ascontiguousarray(heights.transpose(2, 3, 0, 1).reshape(tiles * tiles, count, count))


def _windows(table: Floats, *, tiles: int, side: int, count: int) -> Floats:
    """(count, count, tiles, tiles): sums over each tile's window at each shift, from an integral picture."""
    first = np.arange(tiles) * side
    at = np.arange(count)[:, None] + first  # (count, tiles)
    low, high = at, at + side

    def corner(rows: npt.NDArray[np.int64], columns: npt.NDArray[np.int64]) -> Floats:
        return np.asarray(table[rows[:, None, :, None], columns[None, :, None, :]])

    return corner(high, high) - corner(low, high) - corner(high, low) + corner(low, low)


def peaks(heights: Heights) -> tuple[Floats, Floats, Floats]:
    """Height, x and y of the highest shift of each tile, between the shifts by a parabola each way; the edge is taken as it is."""
    tiles, rows, columns = heights.shape
    each = np.arange(tiles)
    row, column = np.divmod(heights.reshape(tiles, -1).argmax(axis=1), columns)
    padded = np.pad(heights, ((0, 0), (1, 1), (1, 1)), mode="edge")
    at = padded[each, row + 1, column + 1]
    x = column + _summit(padded[each, row + 1, column], at, padded[each, row + 1, column + 2])
    y = row + _summit(padded[each, row, column + 1], at, padded[each, row + 2, column + 1])
    x = np.where((column > 0) & (column < columns - 1), x, column)
    y = np.where((row > 0) & (row < rows - 1), y, row)
    return at, np.asarray(x, np.float64), np.asarray(y, np.float64)


def _summit(before: Floats, at: Floats, after: Floats) -> Floats:
    bend = before - 2 * at + after
    return np.asarray(np.where(bend < 0, 0.5 * (before - after) / np.where(bend < 0, bend, -1.0), 0.0))
