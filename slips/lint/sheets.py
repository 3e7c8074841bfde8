"""The finished pages of a form for the lint: the three samples, printed by the real writer and rendered, even where the form has faults.

In: a `Layout` and what the print gate says of it. Out: `Sheet`s. What cannot be printed (words that do not exist or do not fit) is left out
of the picture; where nothing can be printed there is no sheet. Refuses nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from elqr.problems import Problem, ProblemError
from elqr.site import Site
from slips.aloud import spoken_pages
from slips.fonts import FontLibrary
from slips.form import Layout
from slips.lint.subject import Sheet
from slips.paged import paged
from slips.preview import Drawing, drawn, preview_values
from slips.proof.render import page_colours

DPI = 150
UNPRINTABLE = ("layout.unknown_label", "layout.unknown_value", "text.label_overflow", "text.label_no_glyph")


def printable(layout: Layout, gate: Sequence[Problem]) -> Layout:
    """The form without the boxes that cannot be printed."""
    lost = {p.field.removesuffix(" (label)") for p in gate if p.code in UNPRINTABLE}
    page = layout.page
    return replace(
        layout, boxes=tuple(b for b in layout.boxes if b.name not in lost and page.overlaps(b.rect))
    )


def sheets_of(
    layout: Layout, gate: Sequence[Problem], *, office: Site, fonts: FontLibrary, lang: str = "ja"
) -> tuple[Sheet, ...]:
    """One sheet a sample that can be printed; none where the form cannot be printed at all."""
    whole = printable(layout, gate)
    try:
        drawing = drawn(whole, preview_values(lang, layout=whole, office=office), office=office, fonts=fonts)
    except ProblemError:
        return ()
    return rendered(whole, drawing)


def rendered(layout: Layout, drawing: Drawing, *, dpi: float = DPI) -> tuple[Sheet, ...]:
    """The pages of a drawing as pixels."""
    pages = spoken_pages(drawing.pdf)
    whens = {box.condition for box in layout.boxes if box.when}
    return tuple(
        Sheet(
            page_colours(drawing.pdf, page=number, dpi=dpi),
            dpi,
            pages[number].tabs,
            frozenset(when for when in whens if row.get(when)),
        )
        for number, row in enumerate(paged(drawing.shown, layout).frame.iter_rows(named=True))
    )
