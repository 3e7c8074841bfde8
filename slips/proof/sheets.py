"""Forms as a verification needs them: where each code and each text stands that the manifest can vouch for.

In: layouts by the name that the manifest gives them. Out: `Sheet`s. A form without a place for the eL-QR cannot be verified: it is refused
where layouts are loaded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from elqr import symbols
from elqr.problems import Problem, ProblemError, Where
from slips.form import Layout
from slips.layout import layout_names, load_layout
from slips.proof import compare, printed
from slips.proof.expected import Places
from slips.proof.intent import places_of
from slips.proof.outcome import LayoutUsed
from slips.proof.register import Mark
from slips.proof.render import Frame


@dataclass(frozen=True)
class Sheet:
    """One form; `name` is what the manifest calls it."""

    name: str
    layout: Layout
    slot: int = 1
    """Which slip of the page is meant."""

    @cached_property
    def slots(self) -> tuple[Sheet, ...]:
        """The form as it is seen from each slip of its page, the first one's own view first."""
        return (self, *(replace(self, slot=slot) for slot in range(2, self.layout.slips_per_page + 1)))

    @cached_property
    def places(self) -> Places:
        return places_of(self.layout, names=printed.NAMES, slot=self.slot)

    @cached_property
    def symbol_frame(self) -> Frame:
        return compare.symbol_frame(self.places.symbol, compare.PIXELS_A_MODULE)

    @cached_property
    def fine_frame(self) -> Frame:
        return compare.symbol_frame(self.places.symbol, compare.FINE_PIXELS_A_MODULE)

    @cached_property
    def bars_frame(self) -> Frame | None:
        return compare.bars_frame(self.places.bars) if self.places.bars else None

    @property
    def marks(self) -> tuple[Mark, ...]:
        """The form's register marks, where it has any."""
        marks: Sequence[Any] = getattr(self.layout, "register_marks", ())
        return tuple((mark.x_mm, mark.y_mm, mark.side_mm) for mark in marks)

    @property
    def side_mm(self) -> float:
        """Of the symbol without its quiet zone."""
        return self.places.symbol.pitch_mm * symbols.SIZE

    def fits(self, w_mm: float, h_mm: float, *, within_mm: float) -> bool:
        """Whether paper of this size may be this form."""
        off = max(abs(w_mm - self.layout.page_w_mm), abs(h_mm - self.layout.page_h_mm))
        return off <= within_mm


def load_sheets(
    named: Sequence[tuple[str, str]], *, given: Sequence[str]
) -> tuple[tuple[Sheet, ...], tuple[LayoutUsed, ...]]:
    """The forms that a manifest names, as (name, sha256) each; `given` are forms by path or name that go before our own.

    Raises ProblemError: `verify.layout_unknown` where a form is neither given nor ours, and what loading it refuses.
    """
    own = [load_layout(Path(one) if one.endswith(".toml") else one) for one in given]
    sheets, used = [], []
    for name, sha256 in named:
        layout = next((one for one in own if one.id == name), None)
        if layout is None and name in layout_names():
            layout = load_layout(name)
        if layout is None or not any(box.kind == "qr" for box in layout.boxes):
            raise ProblemError(
                Problem(
                    "verify.layout_unknown",
                    "",
                    {"found": name, "expected": ", ".join(layout_names())},
                    Where(name),
                )
            )
        sheets.append(Sheet(name, layout))
        used.append(LayoutUsed(id=name, manifest_sha256=sha256, file=layout.file, sha256=layout.sha256))
    return tuple(sheets), tuple(used)
