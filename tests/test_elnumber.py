"""eL番号 is cut from the payload that stands beside it."""

from __future__ import annotations

import polars as pl
from test_payload import VECTOR

from elqr.digits import row
from elqr.elnumber import DIGITS, PARTS, el_numbers, grouped


def test_parts_of_the_synthetic_vector() -> None:
    found = el_numbers(row(VECTOR)).row(0, named=True)
    assert found == {
        "el_body": "99999",
        "el_key": "00000202601020000001",
        "el_confirm": "123456",
        "el_item": "999",
    }
    assert [len(found[p.name]) for p in PARTS] == [p.width for p in PARTS]
    assert DIGITS == 34


def test_grouping_for_reading_aloud() -> None:
    keys = pl.Series("k", ["00000202601020000001", "123456", "12345678", None])
    assert grouped(keys).to_list() == ["0000 0202 6010 2000 0001", "1234 56", "1234 5678", None]
    assert grouped(keys, size=5, separator="-").to_list()[0] == "00000-20260-10200-00001"
