"""Value rows and a compiled plan for tests of the page writer."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import polars as pl

from slips.fonts import FontLibrary, load_fonts
from slips.form import Layout
from slips.layout import load_layout
from slips.metadata import load_intent
from slips.pages import PagePlan, Setup, compile_plan, write_pdf
from slips.textcheck import TextCheck

FORM = Path(__file__).with_name("writer_form.toml")
# elqr-format.md §2, the synthetic vector
PAYLOAD = (
    "0002010102122796000513800018300000000000000000001230021380009990000000000002026010200"
    "0000112345609999900000000005411000000123006226202620260220260630202607318085000000000"
    "0000000000000000000000000000000000000000000000000000000000000000000000000000630507735"
)
SITE = {
    "city": "みほん市",
    "department": "収納課",
    "telephone": "0000-00-0000",
    "hours": "平日",
    "limit": "30万円",
}


@cache
def fonts() -> FontLibrary:
    return load_fonts(["gothic", "gothic-bold"])


def form() -> Layout:
    return load_layout(FORM)


def rows(*changes: Mapping[str, str]) -> pl.DataFrame:
    """A value frame, one row a mapping of what differs from a plain slip."""
    plain = {
        "payer_name": "山田 太郎 様",
        "amount_yen": "12,300円",
        "payload": PAYLOAD,
        "barcode": "",
        "postal_code": "1000013",
        "address": "霞が関1-3-2-503",
        "lang": "ja",
        "test": "",
        "slip_key": "00000202601020000001",
        **{f"inst_{name}_{k}": "" for name in ("period", "amount") for k in (1, 2, 3)},
    }
    filled = [{**plain, "seq": f"{k + 1:06d}", **change} for k, change in enumerate(changes)]
    return pl.DataFrame(filled).with_columns(line=pl.int_range(2, len(filled) + 2))


def plan_for(values: pl.DataFrame) -> PagePlan:
    check = TextCheck({"test": form()}, fonts())
    check.check(values, "test")
    setup = Setup({"test": form()}, ("ja", "en"), SITE, dt.date(2026, 6, 1), load_intent(None))
    return compile_plan(setup, fonts(), check.characters())


def print_rows(values: pl.DataFrame) -> bytes:
    out = io.BytesIO()
    write_pdf(out, values, layout="test", plan=plan_for(values), fonts=fonts(), title="納付書 試験")
    return out.getvalue()
