"""Digit columns as matrices and back."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elqr.digits import are_digits, from_number, from_text, number, row, to_matrix, to_series


@given(st.lists(st.text("0123456789", min_size=7, max_size=7)))
def test_round_trip(codes: list[str]) -> None:
    matrix = to_matrix(pl.Series(codes, dtype=pl.String), 7)
    assert matrix.shape == (len(codes), 7)
    assert to_series(matrix).to_list() == codes


@pytest.mark.parametrize("bad", [None, "12", "1234", "1２3", "あ", "12é"])
def test_another_width_or_alphabet_is_refused(bad: str | None) -> None:
    with pytest.raises(ValueError, match="row 1"):
        to_matrix(pl.Series(["123", bad]), 3)


@given(st.lists(st.integers(0, 10**18 - 1), min_size=1))
def test_numbers_round_trip(numbers: list[int]) -> None:
    matrix = from_number(np.array(numbers, np.int64), 18)
    assert number(matrix).tolist() == numbers
    assert to_series(matrix).to_list() == [f"{n:018d}" for n in numbers]


@pytest.mark.parametrize(("value", "width"), [(-1, 3), (1000, 3), (1, 19)])
def test_numbers_that_do_not_fit(value: int, width: int) -> None:
    with pytest.raises(ValueError, match="digits"):
        from_number(np.array([value]), width)


def test_too_many_digits_for_a_number() -> None:
    with pytest.raises(ValueError, match="64 bits"):
        number(row("0" * 19))


def test_are_digits() -> None:
    matrix = to_matrix(pl.Series(["0189", "12/4", "12:4", "1 34"]), 4)
    assert are_digits(matrix).tolist() == [True, False, False, False]


def test_from_text_fills_and_refuses() -> None:
    assert from_text(pl.Series("k", ["7", "000", "1234", "1a", "", None]), 3).to_list() == [
        "007",
        "000",
        None,
        None,
        None,
        None,
    ]
