"""Public check sums against official examples, and what they find."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elqr.checkdigits import body_code_check, body_code_holds, crc16, mod10_31
from elqr.digits import row


@pytest.mark.parametrize(
    ("code", "check"),
    # Official examples of 全国地方公共団体コード (elqr-format 5), then published codes of other bodies; the last
    # two by the rule alone: 11 − S mod 11 is 10 and 11, of which the last digit is taken.
    [
        ("14100", 3),
        ("23100", 2),
        ("01100", 2),
        ("13101", 6),
        ("34204", 1),
        ("27100", 4),
        ("40130", 7),
        ("01107", 0),
        ("01101", 1),
    ],
)
def test_body_codes(code: str, check: int) -> None:
    assert body_code_check(row(code)).tolist() == [check]
    assert [d for d in range(10) if body_code_holds(row(f"{code}{d}"))[0]] == [check]


def test_body_code_width() -> None:
    with pytest.raises(ValueError, match="5 digits"):
        body_code_check(row("141003"))


def test_crc_check_value() -> None:
    assert crc16(row("123456789")).tolist() == [0x29B1] == [10673]
    assert crc16(row("")).tolist() == [0xFFFF]


@given(st.binary(max_size=60))
def test_crc_is_the_remainder_bit_by_bit(data: bytes) -> None:
    register = 0xFFFF
    for byte in data:
        for bit in range(7, -1, -1):
            carry = (register >> 15) ^ (byte >> bit & 1)
            register = (register << 1 & 0xFFFF) ^ (0x1021 if carry else 0)
    assert crc16(np.frombuffer(data, np.uint8).reshape(1, -1)).tolist() == [register]


def test_gs1_known_numbers() -> None:
    assert mod10_31(row("400638133393")).tolist() == [1]  # EAN-13 4006381333931
    assert mod10_31(row("9199999920260102000000100000002607310012300")).tolist() == [7]  # elqr-format 4


digits43 = st.text("0123456789", min_size=43, max_size=43)


@given(digits43, st.integers(0, 42), st.integers(1, 9))
def test_mod10_finds_every_single_digit_change(text: str, place: int, step: int) -> None:
    other = text[:place] + str((int(text[place]) + step) % 10) + text[place + 1 :]
    assert mod10_31(row(text))[0] != mod10_31(row(other))[0]


@given(digits43, st.integers(0, 41))
def test_mod10_finds_a_swap_unless_the_digits_differ_by_five(text: str, place: int) -> None:
    """Weights 3 and 1 differ by 2, so a swap of a and b goes unseen exactly where 2·(a − b) is a multiple
    of 10.
    """
    other = text[:place] + text[place + 1] + text[place] + text[place + 2 :]
    same = mod10_31(row(text))[0] == mod10_31(row(other))[0]
    assert same == ((int(text[place]) - int(text[place + 1])) % 5 == 0)


@given(st.text("0123456789", min_size=5, max_size=5), st.integers(0, 4), st.integers(1, 9))
def test_body_code_change_is_seen_but_for_one_pair(text: str, place: int, step: int) -> None:
    """11 − S mod 11 runs from 1 to 11; 1 and 11 share the last digit, nothing else does."""
    other = text[:place] + str((int(text[place]) + step) % 10) + text[place + 1 :]
    sums = [sum(int(d) * w for d, w in zip(t, (6, 5, 4, 3, 2), strict=True)) for t in (text, other)]
    same = body_code_check(row(text))[0] == body_code_check(row(other))[0]
    assert same == ({s % 11 for s in sums} == {0, 10})
