"""Pages of a form with inserter marks, printed from preview rows in three bundles."""

from __future__ import annotations

import datetime as dt
import io

import polars as pl

from elqr.site import Site
from slips.fonts import load_fonts
from slips.form import Layout
from slips.metadata import load_intent
from slips.pages import Setup, compile_plan, write_pdf
from slips.press import site_words
from slips.preview import preview_values
from slips.textcheck import TextCheck
from slips.wording import faces_of

MARKS = """
[[inserter_mark]]
id = "matrix"
kind = "datamatrix"
x_mm = 284.9880
y_mm = 4.9953

[[inserter_mark]]
id = "omr"
kind = "omr"
x_mm = 285.0
y_mm = 30.0
"""
"""A mark of each kind, beside the form `mihara` on wider paper."""


def print_marked(layout: Layout) -> tuple[pl.DataFrame, bytes]:
    """The value rows of four pages, and the file."""
    fonts = load_fonts(faces_of(layout))
    values = preview_values("ja", layout=layout, office=Site.unknown()).with_columns(
        group=pl.Series(["000045", "000046", "000046", "000047"]),
        n_of_m=pl.Series(["1/1", "1/2", "2/2", "1/1"]),
    )
    check = TextCheck({layout.id: layout}, fonts)
    check.check(values, layout.id)
    setup = Setup(
        {layout.id: layout}, ["ja"], site_words(Site.unknown()), dt.date(2026, 6, 1), load_intent(None)
    )
    out = io.BytesIO()
    plan = compile_plan(setup, fonts, check.characters())
    write_pdf(out, values, layout=layout.id, plan=plan, fonts=fonts, title="見本")
    return values, out.getvalue()
