"""What is the same on every page of a form, as a picture: by it a scan without register marks is brought together with its page.

In: a layout. Out: grey pixels, the form's words and rules drawn by the page writer and rendered by the reader's engine; values, codes and the
site's own words are left out, so nothing of one slip can be taken for the form. Refuses (ProblemError) fonts that are missing.
"""

from __future__ import annotations

import datetime as dt
import io
import tempfile
from dataclasses import replace
from math import ceil
from pathlib import Path

import cv2
import numpy as np
import polars as pl

from elqr import gs1_128, symbols
from slips.fonts import load_fonts
from slips.labels import SITE_WORDS
from slips.layout import Layout
from slips.metadata import load_intent
from slips.pages import Setup, compile_plan, write_pdf
from slips.proof.expected import Area
from slips.proof.intent import places_of
from slips.proof.render import Frame, Page, open_document
from slips.proof.scan import Pixels
from slips.request import table_rows
from slips.textcheck import TextCheck
from slips.values import known_values
from slips.wording import faces_of, faces_of_languages

PX_A_MM = 4.0
"""Fine enough for 0.02 mm, since tiles are matched between pixels; cost grows with its square."""
FINER = 4
"""Drawn so much finer first: at its own size pdfium would move rules and strokes to whole pixels."""
ANY_DAY = dt.date(2026, 4, 1)  # stands in the file's metadata only
PAPER = 255


def reference_page(layout: Layout, lang: str = "ja", *, px_a_mm: float = PX_A_MM) -> Pixels:
    """The form in the words of `lang` at `px_a_mm` pixels a millimetre, without anything that differs from slip to slip."""
    layout = replace(layout, inserter_marks=())
    names = sorted(known_values(table_rows(layout)) - {"line"})
    columns = {name: [""] for name in names} | {
        "payload": ["0" * symbols.DIGITS],
        "lang": [lang],
        "seq": ["0"],
    }
    slots = range(1, layout.slips_per_page + 1)
    frame = pl.concat(
        pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String)).with_columns(
            line=pl.lit(1), page=pl.lit(1), position=pl.lit(slot)
        )
        for slot in slots
    )
    fonts = load_fonts((*faces_of(layout), *faces_of_languages([lang])))
    check = TextCheck({layout.id: layout}, fonts)
    check.check(frame, layout.id)
    words = {**dict.fromkeys(SITE_WORDS, " ")}
    setup = Setup(
        layouts={layout.id: layout}, langs=[lang], site_words=words, issued=ANY_DAY, intent=load_intent(None)
    )
    plan = compile_plan(setup, fonts, check.characters())
    file = io.BytesIO()
    write_pdf(file, frame, layout=layout.id, plan=plan, fonts=fonts, title=layout.id)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "form.pdf"
        path.write_bytes(file.getvalue())
        with open_document(path) as document, document.pages(0, 1) as (page,):
            pixels = _drawn(page, layout, px_a_mm)
    for area in _codes(layout):
        left, top = round(area.x_mm * px_a_mm), round(area.y_mm * px_a_mm)
        right, bottom = round((area.x_mm + area.w_mm) * px_a_mm), round((area.y_mm + area.h_mm) * px_a_mm)
        pixels[max(0, top) : bottom, max(0, left) : right] = PAPER
    return pixels


def _drawn(page: Page, layout: Layout, px_a_mm: float) -> Pixels:
    """The page at exactly this scale: a last pixel that it fills in part is paper, and nothing is stretched."""
    columns, rows = ceil(layout.page_w_mm * px_a_mm), ceil(layout.page_h_mm * px_a_mm)
    fine = Frame(0.0, 0.0, columns / px_a_mm, rows / px_a_mm, columns * FINER, rows * FINER)
    return np.array(cv2.resize(page.picture(fine), (columns, rows), interpolation=cv2.INTER_AREA), np.uint8)


def _codes(layout: Layout) -> list[Area]:
    areas = []
    for slot in range(1, layout.slips_per_page + 1):
        places = places_of(layout, names=(), slot=slot)
        symbol, side = places.symbol, places.symbol.pitch_mm * symbols.SIZE
        areas.append(Area(symbol.x_mm - 1, symbol.y_mm - 1, side + 2, side + 2))
        if bars := places.bars:
            wide = bars.pitch_mm * gs1_128.MODULES + 2
            areas.append(Area(bars.x_mm - 1, bars.y_mm - 1, wide, bars.h_mm + 2))
    return areas
