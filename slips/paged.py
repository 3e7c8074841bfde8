"""Slips put together to pages: one row of columns a page, whatever number of slips it carries.

In: value columns, one row a slip, with `page` and `position` where a form has several slips a page. Out: the same with one row a page: the
first slip's columns under their names, the second's under `name@2`; the form's artwork slip by slip. Refuses (ValueError) pages that are
not in order, or whose first place is empty.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import polars as pl

from slips.form import UNUSED, Layout, slot_name

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Paged:
    """`frame`: one row a page. `slips[page, slot]`: the row of the slip, -1 for none; None where each page is one slip."""

    frame: pl.DataFrame
    slips: Rows | None = None

    @property
    def sequences(self) -> list[str]:
        """The printed numbers of each page's slips: `000001-000002`."""
        numbers: list[str] = self.frame["seq"].to_list()
        for slot in range(2, self._slots + 1):
            more = self.frame[slot_name("seq", slot)].to_list()
            numbers = [f"{one}-{other}" if other else one for one, other in zip(numbers, more, strict=True)]
        return numbers

    def spread(self, images: Mapping[str, Sequence[bytes]]) -> Mapping[str, Sequence[bytes]]:
        """The images of each slip, by page and place; empty bytes where a place is not used."""
        if self.slips is None:
            return images
        return {
            slot_name(kind, slot): [
                column[row] if row >= 0 else b"" for row in self.slips[:, slot - 1].tolist()
            ]
            for kind, column in images.items()
            for slot in range(1, self._slots + 1)
        }

    @property
    def _slots(self) -> int:
        return 1 if self.slips is None else self.slips.shape[1]


def paged(values: pl.DataFrame, layout: Layout) -> Paged:
    """The pages of `values` on a form: the rows themselves where a page is one slip."""
    if layout.slips_per_page == 1:
        return Paged(values)
    slips = rows_of_pages(values, per_page=layout.slips_per_page)
    names = sorted({name for box in layout.boxes for name in box.value_names} & set(values.columns) | {"seq"})
    frame = values[slips[:, 0]]
    for slot in range(2, layout.slips_per_page + 1):
        rows = pl.Series(slips[:, slot - 1])
        used = rows >= 0
        rows = rows.set(~used, None)
        frame = frame.with_columns(
            *(values[name].gather(rows).cast(pl.String).fill_null("").alias(slot_name(name, slot)) for name in names),
            pl.Series(slot_name(UNUSED, slot), ["" if yes else "1" for yes in used], dtype=pl.String),
        )  # fmt: skip
    return Paged(frame, slips)


def rows_of_pages(values: pl.DataFrame, *, per_page: int) -> Rows:
    """`(pages, per_page)` row numbers, -1 where a page has no such slip."""
    page, position = values["page"].to_numpy(), values["position"].to_numpy()
    out = np.full((int(page.max(initial=0)), per_page), -1, np.int64)
    out[page - 1, position - 1] = np.arange(len(page))
    if (out[:, 0] < 0).any() or (np.diff(page * per_page + position) <= 0).any():
        raise ValueError("pages: expected slips in the order of their pages, from the first place on")
    return out


def artwork_of(layout: Layout) -> Iterator[tuple[str, Layout]]:
    """What is drawn once, name by name: all of a form of one slip; else `Art` for page and first slip, then for each other
    slip its own, and what stands in its place where it is missing."""
    if layout.slips_per_page == 1:
        yield "Art", layout
        return
    yield "Art", _only(layout, 1)
    bare = replace(layout, cuts=(), register_marks=())
    for slot in range(2, layout.slips_per_page + 1):
        yield f"Art{slot}", _only(bare, slot)
        struck = tuple(line for line in layout.strikes if line.slot == slot)
        yield f"Void{slot}", replace(bare, boxes=(), lines=struck, frames=(), tints=())


def _only(layout: Layout, slot: int) -> Layout:
    return replace(
        layout,
        boxes=tuple(box for box in layout.boxes if box.slot == slot),
        lines=tuple(line for line in layout.lines if line.slot == slot),
        frames=tuple(frame for frame in layout.frames if frame.slot == slot),
        tints=tuple(tint for tint in layout.tints if tint.slot == slot),
    )
