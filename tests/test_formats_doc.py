"""docs/formats.md is made from the tables that the code reads, and its examples hold."""

from __future__ import annotations

import re
from pathlib import Path

import polars as pl

from elqr.address_digits import address_digits
from elqr.format_tables import markdown

PAGE = (Path(__file__).parents[1] / "docs" / "formats.md").read_text(encoding="utf-8")


def test_the_page_holds_the_tables_of_the_code() -> None:
    marked = re.findall(r"<!-- table: (\w+) -->\n\n((?:\|.*\n)+)", PAGE)
    assert {name: table.rstrip("\n") for name, table in marked} == dict(markdown()), (
        "docs/formats.md: put the output of elqr.format_tables.markdown() below each mark"
    )


def test_its_addresses_are_read_as_it_says() -> None:
    section = PAGE.split("| Address | Address digits |")[1].split("\n\n")[0]
    rows = re.findall(r"\| (.+?) \| `(.+?)` \|", section)
    assert len(rows) >= 5
    assert address_digits(pl.Series([address for address, _ in rows])).to_list() == [d for _, d in rows]


def test_the_glossary_names_every_field_a_slip_supplies() -> None:
    glossary = (Path(__file__).parents[1] / "docs" / "glossary.md").read_text(encoding="utf-8")
    for name in (
        "slip_key",
        "confirm_no",
        "tax_item",
        "tax_body_code",
        "tax_office_code",
        "levy_year",
        "tax_year",
    ):
        assert f"`{name}`" in glossary
