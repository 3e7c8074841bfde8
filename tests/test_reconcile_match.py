"""The match kernel against a plain join, bit for bit; and the candidates for keys that nothing matches."""

from __future__ import annotations

import decide_worlds as w
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from reconcile.candidates import neighbours, ranked
from reconcile.frames import SLIPS
from reconcile.match import DIGITS, CoverIndex, KeyIndex, halves, matched, mixed, repeated

KEYS = st.one_of(st.integers(0, 10**20 - 1), st.integers(0, 40)).map(lambda n: f"{n:020}")


@given(st.lists(KEYS, unique=True, max_size=40), st.lists(KEYS, max_size=40))
def test_matched_is_a_left_join(known: list[str], asked: list[str]) -> None:
    slips = pl.DataFrame(
        {"slip_key": known, "amount": range(len(known))}, schema={"slip_key": pl.String, "amount": pl.Int64}
    )
    asked = asked + known[::2]
    receipts = pl.DataFrame({"slip_key": asked, "amount": range(len(asked))}, schema=slips.schema)
    join = receipts.join(slips, on="slip_key", how="left", maintain_order="left")
    assert_frame_equal(matched(receipts, slips), join)


def test_a_key_is_found_only_where_both_halves_are_equal() -> None:
    """Keys that share a half, and keys whose halves are exchanged."""
    known = pl.Series(["00000000010000000002", "00000000030000000004"])
    asked = pl.Series(
        ["00000000020000000001", "00000000010000000004", "00000000030000000002", "00000000030000000004"]
    )
    assert KeyIndex.of(known).find(asked).tolist() == [-1, -1, -1, 1]


def test_the_mix_can_be_undone_for_one_low_half() -> None:
    high = np.arange(200_000, dtype=np.uint64) * np.uint64(49_999)
    for low in (0, 7, 9_999_999_999):
        assert len(np.unique(mixed((high, np.full_like(high, low))))) == len(high)


@pytest.mark.parametrize(
    "key",
    ["123", "1234567890123456789", "123456789012345678901", "1234567890123456789x",
     "１２３４５６７８９０１２３４５６７８９０", None],
)  # fmt: skip
def test_keys_that_are_no_keys(key: str | None) -> None:
    with pytest.raises(ValueError, match="is 20 digits; 1 are not"):
        halves(pl.Series([w.key(1), key]))


def test_keys_that_mix_to_the_same_are_never_taken_for_each_other() -> None:
    """Such pairs are rare: this one was looked for among two thousand million."""
    one, other = "12345678901234567890", "42057829631318912071"
    (mix, of_other), low = mixed(halves(pl.Series([one, other]))), halves(pl.Series([one, other]))[1]
    assert mix == of_other and low[0] != low[1]
    assert KeyIndex.of(pl.Series([w.key(1), one])).find(pl.Series([other, one])).tolist() == [-1, 1]
    with pytest.raises(ValueError, match="0 slip keys stand twice, 1 pairs are not told apart"):
        KeyIndex.of(pl.Series([one, other]))


def test_a_key_twice_in_the_register() -> None:
    with pytest.raises(ValueError, match="1 slip keys stand twice, 0 pairs"):
        KeyIndex.of(pl.Series([w.key(1), w.key(2), w.key(1)]))


@given(st.lists(st.integers(-1, 8), max_size=30), st.lists(st.integers(-1, 8), max_size=20))
def test_covers_expand_as_a_join(of_covers: list[int], asked: list[int]) -> None:
    index = CoverIndex.of(np.array(of_covers, dtype=np.int64), slips=9)
    at, rows = index.expand(np.array(asked, dtype=np.int64))
    expected = [(i, c) for i, s in enumerate(asked) for c, of in enumerate(of_covers) if s == of and s >= 0]
    assert sorted(zip(at.tolist(), rows.tolist(), strict=True)) == expected


@given(st.lists(st.none() | st.sampled_from(["", "a", "b", "a\x00", "税"]), max_size=12))
def test_repeated_says_what_is_duplicated_says(values: list[str | None]) -> None:
    column = pl.Series("k", values, dtype=pl.String)
    assert repeated(column).to_list() == column.is_duplicated().to_list()


def test_an_empty_register() -> None:
    assert KeyIndex.of(pl.Series([], dtype=pl.String)).find(pl.Series([w.key(1)])).tolist() == [-1]


# --- candidates ------------------------------------------------------------------------------------


@given(st.lists(st.integers(0, 10**20 - 1).map(lambda n: f"{n:020}"), min_size=1, max_size=12, unique=True))
@settings(max_examples=200 if w.FUZZ else 20)  # of some keys each
def test_neighbours_are_all_keys_one_step_away(keys: list[str]) -> None:
    found = neighbours(pl.Series(keys))
    wanted = []
    for key in keys:
        digits = {key[:i] + d + key[i + 1 :] for i in range(DIGITS) for d in "0123456789"} - {key}
        swaps = {key[:i] + key[i + 1] + key[i] + key[i + 2 :] for i in range(DIGITS - 1)} - {key}
        wanted += [(key, candidate) for candidate in (*digits, *swaps)]
    assert sorted(found.select("slip_key", "candidate").rows()) == sorted(wanted)
    for key, candidate, change in found.select("slip_key", "candidate", "change").iter_rows():
        kind, place = change.split(":")
        at = int(place) - 1
        apart = [i for i in range(DIGITS) if candidate[i] != key[i]]
        assert apart == ([at] if kind == "digit" else [at, at + 1])


def test_what_is_no_key_has_no_neighbours() -> None:
    assert neighbours(pl.Series(["12a", None], dtype=pl.String)).is_empty()


def receipt(**more: object) -> pl.DataFrame:
    base = {
        "receipt_id": "r",
        "slip_key": "13" + "0" * 18,
        "body_code": w.BODY,
        "confirm_no": "123456",
        "amount": 20_000,
    }
    return pl.DataFrame([{**base, **more}])


def proposals(slips: list[w.Row], open_yen: dict[str, int], **more: object) -> list[tuple[str, str, int]]:
    frame = w.rows(SLIPS, *slips)
    asked = receipt(**more)
    near = neighbours(asked["slip_key"])
    near = near.filter(pl.Series(KeyIndex.of(frame["slip_key"]).find(near["candidate"]) >= 0))
    still = pl.DataFrame(
        {"slip_key": list(open_yen), "open": list(open_yen.values())},
        schema={"slip_key": pl.String, "open": pl.Int64},
    )
    return ranked(asked, near, frame, still).select("candidate", "evidence", "rank").rows()


def test_candidates_are_ranked_by_what_speaks_for_them() -> None:
    one, swap, other, far = "14" + "0" * 18, "31" + "0" * 18, "13" + "0" * 17 + "5", "99" + "0" * 18
    slips = [
        w.slip(slip_key=one, amount=20_000),
        w.slip(slip_key=swap, amount=7_000, confirm_no="999999"),
        w.slip(slip_key=other, body_code="131016"),
        w.slip(slip_key=far),
    ]
    assert proposals(slips, {one: 20_000, swap: 7_000}) == [
        (one, "same_body;same_confirm_no;same_amount;open", 1),
        (swap, "same_body;open", 2),
    ]


def test_a_paid_slip_stands_lower_and_equals_share_a_rank() -> None:
    a, b, c = "14" + "0" * 18, "15" + "0" * 18, "16" + "0" * 18
    slips = [w.slip(slip_key=k) for k in (a, b, c)]
    found = proposals(slips, {a: 0, b: 20_000, c: 20_000})
    assert [(k, rank) for k, _, rank in found] == [(b, 1), (c, 1), (a, 3)]


def test_what_is_not_said_speaks_neither_way() -> None:
    a = "14" + "0" * 18
    assert proposals([w.slip(slip_key=a)], {a: 20_000}, confirm_no=None, body_code=None, amount=1) == [
        (a, "open", 1)
    ]


def test_a_candidate_is_never_posted() -> None:
    found = w.decided(w.simple(w.paid(slip_key=w.key(1)[:-1] + "3")))
    assert found.postings.is_empty() and found.suspense["amount"].to_list() == [20_000]
