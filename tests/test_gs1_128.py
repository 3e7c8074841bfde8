"""The convenience-store barcode: published example, inverse pair, bars read by an independent decoder's
table.
"""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from elqr.code128 import bars_of_pairs
from elqr.digits import row
from elqr.gs1_128 import (
    BARCODE_FIELDS,
    LENGTH,
    MODULES,
    VALUE_NAMES,
    bars,
    decode,
    encode,
    lines,
    problems_of,
    well_formed,
)
from elqr.problems import ProblemLog

# elqr-format 4: matches the synthetic payload of elqr-format 2.
VECTOR = "91999999202601020000001000000026073100123007"
WIDTHS = {f.name: f.width for f in BARCODE_FIELDS}
VALUES = {
    "cvs_issuer": "999999",
    "free": "202601020000001",
    "reissue": "0",
    "payable_until": "260731",
    "stamp": "0",
    "amount": "012300",
}


def codes(text: str) -> list[str]:
    log, rows = ProblemLog(), pl.DataFrame({"line": [2]})
    _, matrix = well_formed(pl.Series([text]), log, rows)
    if len(matrix):
        problems_of(matrix, log, rows)
    return [p.code for p in log.problems()]


def altered(**values: str) -> str:
    frame = pl.DataFrame({k: [v] for k, v in {**VALUES, **values}.items()})
    return bytes(encode(frame)[0]).decode()


def digits(width: int) -> st.SearchStrategy[str]:
    return st.text("0123456789", min_size=width, max_size=width)


def test_example_both_ways() -> None:
    assert altered() == VECTOR
    found = decode(row(VECTOR)).row(0, named=True)
    assert found == {**VALUES, "ai": "91", "free": "202601020000001000000", "check": "7"}
    assert codes(VECTOR) == []
    assert sum(f.width for f in BARCODE_FIELDS) == LENGTH == len(VECTOR)


@given(st.lists(st.tuples(*(digits(WIDTHS[n]) for n in VALUE_NAMES))))
@settings(max_examples=40, deadline=None)
def test_decode_is_the_inverse_of_encode(values: list[tuple[str, ...]]) -> None:
    frame = pl.DataFrame(values, schema=dict.fromkeys(VALUE_NAMES, pl.String), orient="row")
    assert decode(encode(frame)).select(VALUE_NAMES).equals(frame)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (altered(payable_until="999999"), []),
        (altered(payable_until="260631"), ["barcode.date"]),
        (altered(amount="000000"), ["barcode.amount_zero"]),
        (altered(stamp="2"), ["barcode.stamp"]),
        (VECTOR[:-1] + "8", ["barcode.check"]),
        ("92" + VECTOR[2:-1] + "6", ["barcode.ai"]),
        (VECTOR[:-1], ["barcode.form"]),
        (VECTOR[:-1] + "x", ["barcode.form"]),
        ("", ["barcode.form"]),
    ],
)
def test_each_fault_has_its_problem(text: str, expected: list[str]) -> None:
    assert codes(text) == expected


def test_problems_name_both_sides() -> None:
    log = ProblemLog()
    problems_of(row(VECTOR[:-1] + "8"), log, pl.DataFrame({"line": [7], "slip_key": ["k"]}))
    report = log.report().row(0, named=True)
    assert (report["line"], report["slip_key"], report["field"]) == (7, "k", "barcode")
    assert report["message_ja"] == "コンビニバーコードのチェックデジットが8です。計算値は7です。"


def test_encode_refuses_what_it_cannot_write() -> None:
    with pytest.raises(ValueError, match="amount"):
        altered(amount="12300")
    with pytest.raises(ValueError, match="stamp"):
        altered(stamp="x")
    with pytest.raises(ValueError, match="missing"):
        encode(pl.DataFrame({"cvs_issuer": ["999999"]}))
    with pytest.raises(ValueError, match="44"):
        decode(row("91"))
    with pytest.raises(ValueError, match="44"):
        bars(row("x" * 44))
    with pytest.raises(ValueError, match="odd"):
        bars_of_pairs(row("123"))


def test_lines_to_read_by_eye() -> None:
    upper, lower = lines(row(VECTOR))
    assert upper.to_list() == ["(91)999999-202601020000001000000"]
    assert lower.to_list() == ["0-260731-0-012300-7"]


def test_symbol_shape() -> None:
    """Every Code 128 character has three bars and three spaces and an even number of bar modules; the stop
    has four bars.
    """
    modules = bars(row(VECTOR))
    assert modules.shape == (1, MODULES) == (1, 288)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], modules[0], [0]])))
    assert len(edges) == 2 * (3 * 25 + 4)
    for start in range(0, MODULES - 13, 11):
        character = modules[0, start : start + 11]
        assert character[0] == 1
        assert character[-1] == 0
        assert character.sum() % 2 == 0


@given(st.lists(digits(44), min_size=1, max_size=4))
@settings(max_examples=25, deadline=None)
def test_other_readers_read_the_bars(texts: list[str]) -> None:
    import zxingcpp

    for modules, text in zip(bars(np.vstack([row(t) for t in texts])), texts, strict=True):
        line = np.pad(np.repeat(1 - modules, 2) * 255, 24, constant_values=255).astype(np.uint8)
        found = zxingcpp.read_barcodes(
            np.repeat(line[None], 60, axis=0), formats=zxingcpp.BarcodeFormat.Code128
        )
        assert [(r.bytes.decode(), r.symbology_identifier) for r in found] == [(text, "]C1")]
