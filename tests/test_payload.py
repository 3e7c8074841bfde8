"""The payload against the published structure and its own inverse."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from elqr.digits import row, to_matrix
from elqr.payload import (
    LENGTH,
    Payload,
    decode,
    decode_one,
    encode,
    encode_one,
    problems_of,
    well_formed,
    with_crc,
)
from elqr.problems import ProblemError, ProblemLog
from elqr.wire import FIELDS, VALUE_NAMES, field_named

# elqr-format 2, synthetic vector (no real body).
VECTOR = (
    "000201010212279600051380001830000000000000000000123002138000999000000000000202601020000001123456099999000000000054"
    "110000001230062262026202602202606302026073180850000000000000000000000000000000000000000000000000000000000000000000"
    "000000000000000000630507735"
)
VALUES = Payload(
    amount="00000012300",
    tax_item="999",
    slip_key="00000202601020000001",
    confirm_no="123456",
    tax_body_code="99999",
    levy_year="2026",
    tax_year="2026",
    period="02",
    due_date="20260630",
    payable_until="20260731",
)


def codes(text: str) -> list[str]:
    """The problem codes of one payload, in order of discovery."""
    try:
        decode_one(text)
    except ProblemError as error:
        return [p.code for p in error.problems]
    return []


def altered(name: str, value: str) -> str:
    """The vector with one field replaced and the CRC made right again."""
    f = field_named(name)
    text = VECTOR[: f.offset] + value + VECTOR[f.offset + f.width :]
    return bytes(with_crc(row(text))[0]).decode()


def digits(width: int) -> st.SearchStrategy[str]:
    return st.text("0123456789", min_size=width, max_size=width)


legal = st.builds(
    Payload,
    amount=st.integers(1, 99_999_999_999).map(lambda n: f"{n:011d}"),
    tax_item=digits(3),
    slip_key=digits(20),
    confirm_no=digits(6),
    tax_body_code=digits(5),
    levy_year=digits(4),
    tax_year=digits(4),
    period=digits(2),
    due_date=st.dates().map(lambda d: f"{d:%Y%m%d}".zfill(8)),
    payable_until=st.dates().map(lambda d: f"{d:%Y%m%d}".zfill(8)),
    tax_office_code=digits(3),
    row1_check=digits(2),
    row2_check=digits(2),
)


def test_fields_cover_the_payload_without_gap_or_overlap() -> None:
    assert len(VECTOR) == LENGTH == sum(f.width for f in FIELDS)
    assert [f.offset for f in FIELDS] == [sum(f.width for f in FIELDS[:i]) for i in range(len(FIELDS))]
    assert len({f.name for f in FIELDS}) == len(FIELDS)
    assert all(len(f.constant) in (0, f.width) for f in FIELDS)


def test_synthetic_vector_both_ways() -> None:
    assert decode_one(VECTOR) == VALUES
    assert encode_one(VALUES) == VECTOR


@given(legal)
@settings(max_examples=30, deadline=None)
def test_decode_is_the_inverse_of_encode(payload: Payload) -> None:
    assert decode_one(encode_one(payload)) == payload


@given(st.lists(legal, min_size=1, max_size=5))
@settings(max_examples=12, deadline=None)
def test_a_batch_is_its_single_items(payloads: list[Payload]) -> None:
    frame = pl.DataFrame([vars(p) for p in payloads])
    matrix = encode(frame)
    assert [bytes(r).decode() for r in matrix] == [encode_one(p) for p in payloads]
    assert decode(matrix).select(frame.columns).equals(frame)
    assert encode(decode(matrix)).tobytes() == matrix.tobytes()


def test_no_single_digit_change_passes_the_crc() -> None:
    right = row(VECTOR)
    changed = np.repeat(right, LENGTH * 9, axis=0)
    places = np.repeat(np.arange(LENGTH), 9)
    changed[np.arange(LENGTH * 9), places] = (
        48 + (right[0, places] - 48 + np.tile(np.arange(1, 10), LENGTH)) % 10
    )
    assert (changed != right).sum() == LENGTH * 9
    log = ProblemLog()
    assert problems_of(changed, log, pl.DataFrame({"line": range(LENGTH * 9)})).all()
    assert log.table().filter(code="payload.crc").height == LENGTH * 9


def test_no_swap_of_neighbours_passes_the_crc() -> None:
    """Two different neighbours swapped change at most 8 bits in a run of 16, and CRC-16 finds every burst
    of 16.
    """
    swapped = []
    for i in range(LENGTH - 1):
        if VECTOR[i] != VECTOR[i + 1]:
            swapped.append(VECTOR[:i] + VECTOR[i + 1] + VECTOR[i] + VECTOR[i + 2 :])
    matrix = to_matrix(pl.Series(swapped), LENGTH)
    log = ProblemLog()
    problems_of(matrix, log, pl.DataFrame({"line": range(len(swapped))}))
    assert len(swapped) > 60
    assert log.table().filter(code="payload.crc").height == len(swapped)


@pytest.mark.parametrize("name", [f.name for f in FIELDS if f.rule in {"frame", "constant", "zeros"}])
def test_every_unknown_tag_length_or_value_fails_closed(name: str) -> None:
    f = field_named(name)
    wrong = f.constant[:-1] + str((int(f.constant[-1]) + 1) % 10)
    assert codes(altered(name, wrong)) == ["payload.frame" if f.rule == "frame" else "payload.value"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (VECTOR[:-1], ["payload.length"]),
        (VECTOR + "0", ["payload.length"]),
        ("", ["payload.length"]),
        (VECTOR[:9] + "x" + VECTOR[10:], ["payload.not_digits"]),
        (VECTOR[:9] + "\uff11" + VECTOR[10:], ["payload.not_digits"]),
        (VECTOR[:9] + "é", ["payload.length", "payload.not_digits"]),
        (altered("row1_amount", "00000012301"), ["payload.amounts"]),
        (altered("amount", "00000000000"), ["payload.amounts", "payload.amount_zero"]),
        (altered("due_date", "20260631"), ["payload.date"]),
        (altered("payable_until", "00000000"), ["payload.date"]),
    ],
)
def test_each_fault_has_its_problem(text: str, expected: list[str]) -> None:
    assert codes(text) == expected


def test_what_stands_behind_a_wrong_tag_is_not_judged() -> None:
    """The cuts mean nothing: one problem says so, and not four about values that are none."""
    text = VECTOR
    for name, value in (
        ("frame_terms", "6225"),
        ("fee_bearer", "1"),
        ("amount", "0" * 11),
        ("due_date", "20260631"),
    ):
        f = field_named(name)
        text = text[: f.offset] + value + text[f.offset + f.width :]
    assert codes(bytes(with_crc(row(text))[0]).decode()) == ["payload.frame"]


def test_the_place_of_a_sign_that_is_no_digit_counts_from_one() -> None:
    log = ProblemLog()
    well_formed(pl.Series(["x" + VECTOR[1:]]), log, pl.DataFrame({"line": [2]}))
    assert [(p.params["found"], p.params["position"]) for p in log.problems()] == [("x", "1")]


def test_encode_writes_every_field_that_stands_in_the_frame() -> None:
    given = {"row1_amount": "00000012301", "fee_bearer": "1", "spare": "7" * 85}
    frame = pl.DataFrame({k: [v] for k, v in {**vars(VALUES), **given}.items()})
    assert decode(encode(frame)).select(*given).row(0, named=True) == given


def test_problems_carry_line_field_and_both_sides() -> None:
    log = ProblemLog()
    rows = pl.DataFrame({"line": [2, 3, 4], "slip_key": ["a", "b", "c"]})
    series = pl.Series([VECTOR, altered("fee_bearer", "1"), None])
    good, matrix = well_formed(series, log, rows)
    assert good.tolist() == [True, True, False]
    assert problems_of(matrix, log, rows.filter(good)).tolist() == [False, True]
    table = log.report()
    assert table["line"].to_list() == [3, 4]
    assert table["slip_key"].to_list() == ["b", "c"]
    assert table["message_ja"][0] == (
        "eL-QRの「手数料負担区分」(54桁目から)が規定の値ではありません(1。正しくは2)。"
    )


def test_a_profile_may_name_other_legal_values() -> None:
    text = altered("fee_bearer", "1")
    rows = pl.DataFrame({"line": [1]})
    assert problems_of(row(text), ProblemLog(), rows, constants={"fee_bearer": ["1", "2"]}).tolist() == [
        False
    ]


def test_encode_refuses_what_it_cannot_write() -> None:
    with pytest.raises(ValueError, match="amount"):
        encode_one(replace(VALUES, amount="12300"))
    with pytest.raises(ValueError, match="tax_item"):
        encode_one(replace(VALUES, tax_item="A01"))
    for name in VALUE_NAMES:
        with pytest.raises(ValueError, match=name):
            encode(pl.DataFrame({k: [v] for k, v in vars(VALUES).items() if k != name}))
