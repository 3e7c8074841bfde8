"""The three doors: elqr.encode, elqr.decode, elqr.describe, for one code and for a column."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from test_payload import VALUES, VECTOR

import elqr


def test_one_code() -> None:
    assert elqr.decode(VECTOR) == VALUES
    assert elqr.encode(VALUES) == VECTOR
    assert elqr.describe(VECTOR).kind == "payload"


def test_a_column_of_codes() -> None:
    frame = elqr.decode(pl.Series([VECTOR, VECTOR]))
    assert frame["slip_key"].to_list() == [VALUES.slip_key] * 2
    assert elqr.encode(frame).to_list() == [VECTOR, VECTOR]


def test_faults_are_raised_with_their_places() -> None:
    with pytest.raises(elqr.ProblemError) as caught:
        elqr.decode(pl.Series([VECTOR, "1", VECTOR[:-1] + "6"]))
    assert [(p.code, p.where.line) for p in caught.value.problems] == [
        ("payload.length", 1),
        ("payload.crc", 2),
    ]


def test_files_are_described_too() -> None:
    path = Path(__file__).parents[1] / "sample_data" / "site.toml"
    assert elqr.describe(path).kind == elqr.describe(str(path)).kind == "site"


def test_the_surface_is_what_it_says() -> None:
    for name in elqr.__all__:
        assert getattr(elqr, name) is not None
    assert elqr.load_profile("tax").id == "tax"
    with pytest.raises(AttributeError, match="nothing"):
        elqr.nothing  # noqa: B018
