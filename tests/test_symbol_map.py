"""Modules to codewords and blocks, checked with Reed–Solomon itself; and the identity proof as a property in both directions."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from elqr import symbols
from elqr.symbols import reference, spec
from slips.proof import symbol_map
from slips.proof.intended_modules import modules_of

Modules = npt.NDArray[np.uint8]
SEEDS = st.integers(0, 2**32 - 1)


def payload(seed: int) -> str:
    return "".join(map(str, np.random.default_rng(seed).integers(0, 10, 255)))


def modules(digits: str, *, mask: int | None = None) -> Modules:
    return reference.encode_one(digits, mask=mask)[0][None]


def damaged(clean: Modules, seed: int, *, a_block: int, format_bits: int = 0) -> Modules:
    """`a_block` codewords of every block spoilt in one to eight modules, `format_bits` modules of each format copy turned over."""
    rng, known, spoilt = np.random.default_rng(seed), symbol_map.symbol_map(), clean.copy()
    for block in range(spec.BLOCKS):
        for number in rng.choice(43, a_block, replace=False):
            codeword = int(number) * spec.BLOCKS + block
            rows, columns = known.path[:, 8 * codeword : 8 * codeword + 8]
            chosen = rng.choice(8, rng.integers(1, 9), replace=False)
            spoilt[0, rows[chosen], columns[chosen]] ^= 1
    for copy in range(2):
        chosen = rng.choice(15, format_bits, replace=False)
        spoilt[0, known.format_rows[copy, chosen], known.format_columns[copy, chosen]] ^= 1
    return spoilt


def test_the_map_gives_blocks_that_are_words_of_the_code() -> None:
    """Read through the map, unmasked, every block has zero syndromes: the map is right to the bit."""
    found, mask = reference.encode_one(payload(1))
    known = symbol_map.symbol_map()
    inverted = np.array([spec.is_inverted(mask, int(r), int(c)) for r, c in known.path.T], np.uint8)
    bits = found[known.path[0], known.path[1]] ^ inverted
    words = np.packbits(bits.reshape(-1, 8), axis=1).ravel()
    for block in words.reshape(-1, spec.BLOCKS).T:
        for root in range(spec.BLOCK_EC):
            value = 0
            for word in block.tolist():
                value = spec.multiply(value, spec.powers()[0][root]) ^ word
            assert value == 0


def test_every_module_has_one_use() -> None:
    known = symbol_map.symbol_map()
    assert np.bincount(known.codeword[known.codeword >= 0]).tolist() == [8] * 172
    assert (known.codeword[known.function] == -1).all()
    free = (known.codeword == -1) & ~known.function
    assert free.sum() == 7  # remainder bits of version 6
    assert np.bincount(known.block[known.block >= 0]).tolist() == [43 * 8] * 4


def test_errors_are_counted_by_block_and_copy() -> None:
    clean = modules(payload(2))
    spoilt = damaged(clean, 5, a_block=3, format_bits=2)
    assert symbol_map.codeword_errors(spoilt, clean).tolist() == [[3, 3, 3, 3]]
    assert symbol_map.format_errors(spoilt, clean).tolist() == [[2, 2]]
    assert symbol_map.wrong_codewords(spoilt, clean).sum() == 12


@given(SEEDS, st.integers(0, 8), st.integers(0, 3))
@settings(max_examples=60)
def test_up_to_eight_wrong_codewords_a_block_are_the_intended_symbol(
    seed: int, wrong: int, format_bits: int
) -> None:
    clean = modules(payload(seed))
    assert symbol_map.is_intended(
        damaged(clean, seed, a_block=wrong, format_bits=format_bits), clean
    ).tolist() == [True]


@given(SEEDS, st.integers(9, 43))
@settings(max_examples=30)
def test_nine_are_not(seed: int, wrong: int) -> None:
    clean = modules(payload(seed))
    assert symbol_map.is_intended(damaged(clean, seed, a_block=wrong), clean).tolist() == [False]


@given(SEEDS, st.integers(0, 254), st.integers(1, 9), st.integers(0, 8), st.integers(0, 3), st.booleans())
@settings(max_examples=60)
def test_another_payload_is_never_taken_for_the_intended_one(
    seed: int, place: int, step: int, wrong: int, format_bits: int, same_mask: bool
) -> None:
    """The nearest other payload, one digit off, damaged as far as it can still be read as itself."""
    meant = payload(seed)
    changed = meant[:place] + str((int(meant[place]) + step) % 10) + meant[place + 1 :]
    intended, mask = reference.encode_one(meant)
    other = modules(changed, mask=mask if same_mask else None)
    spoilt = damaged(other, seed, a_block=wrong, format_bits=format_bits)
    assert symbol_map.is_intended(spoilt, intended[None]).tolist() == [False]


@given(SEEDS, st.integers(0, 6), st.integers(0, 8), st.integers(0, 8))
@settings(max_examples=40)
def test_damage_that_moves_towards_the_intended_symbol_does_not_get_there(
    seed: int, block: int, wrong: int, more: int
) -> None:
    """The worst damage there is: up to eight codewords of each block of the other symbol replaced by the intended ones."""
    meant = payload(seed)
    intended, mask = reference.encode_one(meant)
    other = modules(payload(seed + 1), mask=mask)
    known, spoilt = symbol_map.symbol_map(), other.copy()
    for number in range(wrong):
        for b in range(spec.BLOCKS):
            codeword = ((block + number * 5 + more) % 43) * spec.BLOCKS + b
            rows, columns = known.path[:, 8 * codeword : 8 * codeword + 8]
            spoilt[0, rows, columns] = intended[rows, columns]
    assert symbol_map.is_intended(spoilt, intended[None]).tolist() == [False]


def test_two_payloads_differ_in_seventeen_codewords_of_some_block() -> None:
    """The distance that the proof stands on, on the nearest neighbours there are: one digit changed, same mask."""
    least = 43
    for place in range(0, 255, 5):
        meant = payload(place)
        changed = meant[:place] + str((int(meant[place]) + 1) % 10) + meant[place + 1 :]
        one, other = modules(meant, mask=2), modules(changed, mask=2)
        least = min(least, int(symbol_map.codeword_errors(one, other).max()))
    assert least == 17


def test_the_right_codewords_under_the_wrong_format_information_are_refused() -> None:
    """All data modules as intended, but one copy says another mask: some readers would read something else."""
    clean, other = modules(payload(3), mask=2), modules(payload(3), mask=5)
    known, spoilt = symbol_map.symbol_map(), clean.copy()
    copy = (0, known.format_rows[1], known.format_columns[1])
    spoilt[copy] = other[copy]
    assert symbol_map.codeword_errors(spoilt, clean).max() == 0
    assert symbol_map.is_intended(spoilt, clean).tolist() == [False]


def test_one_copy_of_the_format_information_may_be_lost() -> None:
    """Seven bits off in a copy that then resembles no word at all: the other copy still speaks."""
    clean = modules(payload(4))
    known, spoilt = symbol_map.symbol_map(), clean.copy()
    spoilt[0, known.format_rows[0, :4], known.format_columns[0, :4]] ^= 1
    assert symbol_map.format_errors(spoilt, clean).tolist() == [[4, 0]]
    assert symbol_map.is_intended(spoilt, clean).tolist() == [True]


def test_batches_are_judged_row_by_row() -> None:
    rows = symbols.encode(np.random.default_rng(0).integers(48, 58, (5, 255)).astype(np.uint8))
    all_of_them = symbols.unpack(rows)
    assert symbol_map.is_intended(all_of_them, all_of_them).all()
    assert not symbol_map.is_intended(all_of_them, all_of_them[[1, 2, 3, 4, 0]]).any()


def test_other_shapes_are_refused() -> None:
    clean = modules(payload(0))
    with pytest.raises(ValueError, match=r"expected \(n, 41, 41\), found \(41, 41\)"):
        symbol_map.codeword_errors(clean[0], clean)
    with pytest.raises(ValueError, match="as many symbols"):
        symbol_map.codeword_errors(np.concatenate([clean, clean]), clean)
    with pytest.raises(ValueError, match="no word"):
        symbol_map.is_intended(clean, damaged(clean, 0, a_block=0, format_bits=1))


def test_the_modules_of_a_payload_are_those_of_the_batch_and_stay_as_they_are() -> None:
    payload = "".join(str(k * 7 % 10) for k in range(255)).encode()
    batch = symbols.unpack(symbols.encode(np.frombuffer(payload, np.uint8)[None]))[0]
    assert (modules_of(payload) == batch).all() and modules_of(payload) is modules_of(payload)
    with pytest.raises(ValueError, match="read-only"):
        modules_of(payload)[0, 0] = 1
    for wrong in (payload[:-1], b"x" * 255):
        with pytest.raises(ValueError, match="255 digits"):
            modules_of(wrong)
