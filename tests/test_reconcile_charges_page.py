"""docs/reconcile-charges.md holds what the code computes, and every mark has its table."""

from __future__ import annotations

import re

from house import ROOT

from tools.charges_page import PAGE, filled, tables

TEXT = (ROOT / PAGE).read_text(encoding="utf-8")


def test_the_page_holds_what_the_code_computes() -> None:
    assert filled(TEXT) == TEXT, f"{PAGE}: run python -m tools.charges_page"


def test_every_table_stands_on_the_page_once() -> None:
    assert sorted(re.findall(r"<!-- table: (\w+) -->", TEXT)) == sorted(tables())


def test_a_changed_number_is_noticed() -> None:
    changed = TEXT.replace("2883", "2884", 1)
    assert changed != TEXT and filled(changed) == TEXT


def test_the_examples_are_those_of_the_rules() -> None:
    """reconcile-rules §4 and §5, last columns: what the page prints is what the vectors say."""
    for answer in ("| 3,400 |", "| 5,300 |", "| 2,900 |", "| 1,800 |", "| 9,800 |", "| 2,200 |", "| 1,500 |"):
        assert answer in TEXT
    assert "2027" in TEXT
