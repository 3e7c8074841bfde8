"""Yen for codes and for people."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elqr.money import from_payload, to_human, to_payload


@given(st.lists(st.integers(0, 10**11 - 1), min_size=1))
def test_digits_round_trip(yen: list[int]) -> None:
    written = to_payload(pl.Series(yen), 11)
    assert written.str.len_bytes().unique().to_list() == [11]
    assert from_payload(written).to_list() == yen


@given(st.lists(st.integers(-(10**15), 10**15)))
def test_human_figures_are_those_of_python(yen: list[int]) -> None:
    assert to_human(pl.Series(yen, dtype=pl.Int64)).to_list() == [f"{n:,}" for n in yen]


def test_human_keeps_null_and_name() -> None:
    assert to_human(pl.Series("a", [12300, None])).to_list() == ["12,300", None]
    assert to_human(pl.Series("a", [1])).name == "a"


@pytest.mark.parametrize("yen", [-1, 100_000_000_000, None])
def test_codes_refuse_what_does_not_fit(yen: int | None) -> None:
    with pytest.raises(ValueError, match="row 1"):
        to_payload(pl.Series([99_999_999_999, yen], dtype=pl.Int64), 11)


def test_no_fractions() -> None:
    for refuse in (lambda s: to_payload(s, 11), to_human):
        with pytest.raises(ValueError, match="whole"):
            refuse(pl.Series([1.5]))


def test_no_digits_no_amount() -> None:
    found = from_payload(pl.Series(["00000012300", "12,300", "", "-1", None]))
    assert found.to_list() == [12300, None, None, None, None]
