"""Slips on a form for the eye and the ear: a PDF or a picture of samples or of one row, and the same as a screen reader says it.

In: a `ShowRequest`. Out: a file, or lines of text; the findings of the text check come back. Refuses (ProblemError): a form with faults, a row
that would be held, a file that is neither PDF nor PNG, a slip whose text does not fit.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from elqr.problems import Problem, ProblemError
from elqr.profiles import profile_in_force
from elqr.site import Site, load_site
from slips.aloud import said, spoken_pages
from slips.form import Layout
from slips.guidance import load_guide
from slips.one_row import row_values
from slips.outfiles import replacing
from slips.png import png
from slips.preview import KINDS, Drawing, drawn, good_form, preview_values
from slips.proof.render import page_colours
from slips.request import form_of
from slips.vision import with_colour_vision, with_low_vision


@dataclass(frozen=True, kw_only=True)
class ShowRequest:
    """What to show: a form, samples or the row at `FILE:LINE`, and how it is seen."""

    layout: str
    issue_date: dt.date
    row: str | None = None
    sample: str = "usual"
    lang: str | None = None
    site: Path | None = None
    profile: str = "tax"
    dpi: int = 150
    low_vision: bool = False
    colour_vision: str | None = None


def show(request: ShowRequest, out: Path) -> tuple[Problem, ...]:
    """Write the PDF (all samples, or the row) or the PNG (one page). Raises ProblemError."""
    kind = out.suffix.lower()
    if kind not in (".pdf", ".png"):
        raise ProblemError(Problem("preview.format", params={"found": out.name, "expected": ".pdf, .png"}))
    if kind == ".pdf" and (request.low_vision or request.colour_vision):
        raise ProblemError(Problem("preview.format", params={"found": out.name, "expected": ".png"}))
    drawing = _drawing(request, samples=KINDS if kind == ".pdf" else (request.sample,))
    data = drawing.pdf if kind == ".pdf" else _png(request, drawing)
    with replacing(out) as file:
        file.write(data)
    return drawing.problems


def read_aloud(request: ShowRequest) -> Iterator[str]:
    """The lines of a reading. Raises ProblemError."""
    drawing = _drawing(request, samples=(request.sample,))
    return said(spoken_pages(drawing.pdf), lang=drawing.shown["lang"][0])


def _drawing(request: ShowRequest, *, samples: tuple[str, ...]) -> Drawing:
    layout = good_form(request.layout)
    office = load_site(request.site) if request.site else Site.unknown()
    return drawn(layout, _rows(request, layout, office, samples), office=office)


def _rows(request: ShowRequest, layout: Layout, office: Site, samples: tuple[str, ...]) -> pl.DataFrame:
    if request.row is None:
        frame = preview_values(request.lang or "ja", layout=layout, office=office)
        number = "line" if layout.slips_per_page == 1 else "page"
        return frame.filter(pl.col(number).is_in([KINDS.index(kind) + 1 for kind in samples]))
    if layout.document != "slip":
        params = {"file": layout.file, "found": layout.document, "expected": "slip"}
        raise ProblemError(Problem("layout.other_document", "layout", params))
    profile = profile_in_force(request.profile, request.issue_date)
    form = form_of(layout, load_guide(office, profile=profile.kind, issued=request.issue_date))
    return row_values(
        request.row,
        site=office,
        profile=profile,
        issue_date=request.issue_date,
        table_rows=form.table_rows,
        slips_per_page=form.slips_per_page,
        guide=form.guide,
        lang=request.lang,
    )


def _png(request: ShowRequest, drawing: Drawing) -> bytes:
    pixels = page_colours(drawing.pdf, page=0, dpi=request.dpi)
    if request.colour_vision:
        pixels = with_colour_vision(pixels, request.colour_vision)
    if request.low_vision:
        pixels = with_low_vision(pixels, dpi=request.dpi)
    return png(pixels, dpi=request.dpi)
