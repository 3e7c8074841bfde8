"""What the pages of one file must show, and where: the intention that `readback` holds the file against.

In: columns, one entry a slip in page order, and the places of each template in millimetres from the page's
top left corner; a page is one slip unless `page_of` says otherwise. Refuses columns of different lengths, pages out of
order and a template number that does not exist (ValueError).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from slips.form import InserterMark


@dataclass(frozen=True)
class Area:
    """A rectangle on the page."""

    x_mm: float
    y_mm: float
    w_mm: float
    h_mm: float


@dataclass(frozen=True)
class SymbolPlace:
    """The eL-QR: its top left dark corner (the quiet zone lies outside) and the side of a module."""

    x_mm: float
    y_mm: float
    pitch_mm: float


@dataclass(frozen=True)
class BarsPlace:
    """The convenience-store barcode: top left of the first bar, module width, height; without quiet zones."""

    x_mm: float
    y_mm: float
    pitch_mm: float
    h_mm: float


@dataclass(frozen=True)
class Places:
    """One template. `texts` gives, for columns of `Expected.texts`, every box of the page that shows it."""

    page_w_mm: float
    page_h_mm: float
    symbol: SymbolPlace
    texts: Mapping[str, Sequence[Area]]
    bars: BarsPlace | None = None
    inserter_marks: tuple[InserterMark, ...] = ()
    dot_mm: float = 0.0
    """A dot of the press, in which inserter marks are drawn."""


@dataclass(frozen=True)
class Expected:
    """The slips of one file. Every column has one entry a slip."""

    payloads: npt.NDArray[np.uint8]  # (n, 255) ASCII digits
    slip_keys: Sequence[str]
    texts: Mapping[str, Sequence[str]]  # by name, such as "amount": "12,300円"; spaces do not matter
    barcodes: Sequence[str | None]  # 44 digits, or None where the slip has no barcode
    templates: Sequence[Places]
    template_of: Sequence[int]  # which of `templates` the slip was made from: where on its page it stands
    sampled: frozenset[str] = (
        frozenset()
    )  # texts that are read on the sampled pages only, the others on every page
    page_of: Sequence[int] = ()  # the slip's page (from 0), rising; none: each slip has its own
    voids: Sequence[tuple[int, int]] = ()  # (page, template) where no slip stands: nothing may be there

    inserters: Sequence[str] = ()
    """What the inserter marks of each page say, as the manifest has it; empty: no template has any."""

    def __post_init__(self) -> None:
        pages = len(self.payloads)
        columns = {
            "slip_keys": self.slip_keys,
            "barcodes": self.barcodes,
            "template_of": self.template_of,
            **self.texts,
            **({"inserters": self.inserters} if self.inserters else {}),
        }
        for name, column in columns.items():
            if len(column) != pages:
                raise ValueError(f"column {name}: expected {pages} entries, one a slip, found {len(column)}")
        if self.page_of and (len(self.page_of) != pages or list(self.page_of) != sorted(self.page_of)):
            raise ValueError(f"page_of: expected {pages} pages in order, found {list(self.page_of)[:8]} …")
        if any(not 0 <= number < len(self.templates) for number in self.template_of):
            raise ValueError(f"template_of: expected numbers below {len(self.templates)}")
        for places in self.templates:
            if missing := set(places.texts) - set(self.texts):
                raise ValueError(f"a template shows texts that are not given: {', '.join(sorted(missing))}")

    def __len__(self) -> int:
        return len(self.payloads)

    @property
    def page_count(self) -> int:
        """Pages that the file must have."""
        return self.page_of[-1] + 1 if self.page_of else len(self)

    def slips_of(self, begin: int, end: int) -> range:
        """The slips of the pages from `begin` up to `end`."""
        if not self.page_of:
            return range(begin, end)
        return range(bisect_left(self.page_of, begin), bisect_left(self.page_of, end))

    def page(self, slip: int) -> int:
        """The page of a slip, from 0."""
        return self.page_of[slip] if self.page_of else slip
