"""What the terminal shows of a person: nothing, unless asked for."""

from __future__ import annotations

import pytest

from elqr.problems import Problem
from slips.summary import masked


@pytest.mark.parametrize(
    ("problem", "hidden", "kept"),
    [
        (
            Problem("text.no_glyph", "payer_name", {"found": "U+20BB7 𠮷", "expected": "BIZ UDGothic"}),
            "𠮷",
            "U+20BB7",
        ),
        (
            Problem("text.no_glyph", "payer_name", {"found": "JOHN", "expected": "BIZ UDGothic"}),
            "JOHN",
            "BIZ UDGothic",
        ),
        (Problem("value.trimmed", "address", {"found": " 港町 ", "after": "港町"}), "港町", "address"),
        (
            Problem(
                "row.undecodable",
                "氏名カナ",
                {"found": "8E 52", "byte": "52", "offset": 3, "expected": "CP932"},
            ),
            "8E",
            "CP932",
        ),
        (
            Problem(
                "readback.text", "payer_name", {"found": "山", "expected": "山田", "page": 3, "slip_key": "1"}
            ),
            "山",
            "3",
        ),
        (Problem("bundle.two_names", "payer_name", {"found": "12345"}), "***", "12345"),
        (Problem("row.fields", "", {"found": "17", "expected": "18"}), "x", "17"),
        (Problem("amount.zero", "amount", {"found": "0"}), "x", "0"),
    ],
)
def test_cells_about_people_are_masked_and_the_rest_is_told(problem: Problem, hidden: str, kept: str) -> None:
    shown = masked(problem)
    said = " ".join([shown.field, *map(str, shown.params.values())])
    assert hidden not in said.replace("氏名カナ", "")
    assert kept in said
    assert shown.code == problem.code
