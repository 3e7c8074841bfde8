"""Which module belongs to which codeword and block of a 6-M symbol, and what follows: errors a block, identity.

In: modules as sampled and as intended, (n, 41, 41), 1 = dark. Out: counts; whether the sampled symbol is the
intended one, with the proof. No decoder takes part, so a symbol that nobody reads is measured as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from elqr.symbols import spec

Modules = npt.NDArray[np.uint8]
Counts = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

CORRECTABLE = spec.BLOCK_EC // 2
"""Wrong codewords that Reed-Solomon corrects in a block: 8 of 43."""
FORMAT_CORRECTABLE = 3
"""Wrong bits that BCH (15, 5) with its distance of 7 corrects in a copy of the format information."""
NO_CODEWORD = -1


@dataclass(frozen=True, eq=False, kw_only=True)
class SymbolMap:
    """What each module of the symbol is for. All arrays are read-only."""

    codeword: npt.NDArray[np.int16]
    """(41, 41): index of the codeword as placed, 0–171; -1 in patterns, format area and the 7 remainder bits."""
    block: npt.NDArray[np.int16]
    """(41, 41): block of that codeword, 0–3; -1 where there is none."""
    function: Flags
    """(41, 41): finder, separator, timing, alignment and format modules: no data."""
    format_rows: npt.NDArray[np.intp]
    """(2, 15): rows of both copies of the format information, bit 0 first."""
    format_columns: npt.NDArray[np.intp]
    path: npt.NDArray[np.intp]
    """(2, 1376): rows and columns of the codewords' bits in the order of placing."""


@cache
def symbol_map() -> SymbolMap:
    """The map of the one symbol of eL-QR (ISO/IEC 18004:2015, 7.5 to 7.9)."""
    path = np.array(spec.data_path()[: 8 * spec.CODEWORDS], np.intp).T
    codeword = np.full((spec.SIZE, spec.SIZE), NO_CODEWORD, np.int16)
    codeword[path[0], path[1]] = np.arange(8 * spec.CODEWORDS) // 8
    # The blocks take turns, in the data (4 × 27) and in the error correction (4 × 16) alike (7.6).
    block = np.where(codeword >= 0, codeword % spec.BLOCKS, NO_CODEWORD).astype(np.int16)
    places = np.array([(row, column) for row, column, _ in spec.format_modules(0)[:30]], np.intp)
    rows, columns = places.T.reshape(2, 2, 15)
    function = spec.function_modules() != spec.FREE
    for array in (path, codeword, block, rows, columns, function):
        array.setflags(write=False)
    return SymbolMap(
        codeword=codeword, block=block, function=function, format_rows=rows, format_columns=columns, path=path
    )


def wrong_codewords(bits: Modules, intended: Modules) -> Flags:
    """(n, 172): the codewords with a wrong module."""
    _check(bits, intended)
    row, column = symbol_map().path
    wrong = bits[:, row, column] != intended[:, row, column]
    return np.asarray(wrong.reshape(len(bits), spec.CODEWORDS, 8).any(axis=2))


def codeword_errors(bits: Modules, intended: Modules) -> Counts:
    """Wrong codewords of each block, (n, 4). A codeword is wrong when any of its eight modules is."""
    by_place = wrong_codewords(bits, intended).reshape(len(bits), -1, spec.BLOCKS)
    return np.asarray(by_place.sum(axis=1, dtype=np.int64))


def format_errors(bits: Modules, intended: Modules) -> Counts:
    """Wrong modules in each copy of the format information, (n, 2)."""
    _check(bits, intended)
    known = symbol_map()
    wrong = bits != intended
    return np.asarray(wrong[:, known.format_rows, known.format_columns].sum(axis=2, dtype=np.int64))


def is_intended(bits: Modules, intended: Modules) -> Flags:
    """Whether each sampled symbol (n, 41, 41) is the intended one and can be no other: (n,) of bool.

    True if and only if (a) every block has at most 8 wrong codewords, and (b) at least one copy of the format
    information lies within 3 bits of the intended word and no copy lies within 3 bits of another word.

    The proof. A block of 6-M is a word of a Reed-Solomon code RS(43, 27) over GF(256): distance 43 - 27 + 1 = 17.
    By (b) every reader that accepts the format information takes the intended mask and level: BCH (15, 5) has
    distance 7, so a copy within 3 bits of the intended word is within 3 of no other. With that mask removed, (a)
    says that each block lies within 8 of the intended block. Two different words of the code are at least 17
    apart, so no second word lies within 8 (8 + 8 < 17): the reference decode corrects every block to the intended
    one, and to nothing else. The message is the blocks, and the payload is the message: no other payload has it.

    The other direction: let the paper carry another payload, damaged in at most 8 codewords of each block and 3
    bits of each format copy. With the same mask its message differs from the intended one in some block, there
    in 17 codewords or more, of which damage takes back at most 8: 9 or more stay, and (a) fails. With another
    mask each copy lies within 3 of another word, and (b) fails. It is never taken for the intended one.

    What the proof needs, and what it does not say: the bits were sampled and thresholded without looking at the
    intended ones (the grid may be found with their help; a threshold may not). A symbol with more damage than a
    reader corrects has no content of its own, so about it nothing is claimed but this: as it lies there, it
    decodes to the intended payload. Patterns, remainder bits and the dark module carry no content and take no part.
    """
    _check(bits, intended)
    correctable = (codeword_errors(bits, intended) <= CORRECTABLE).all(axis=1)
    return np.asarray(correctable & _format_is_intended(bits, intended))


def _format_is_intended(bits: Modules, intended: Modules) -> Flags:
    known = symbol_map()
    place = (slice(None), known.format_rows, known.format_columns)
    distance = (bits[place][:, :, None, :] != _format_words()).sum(axis=3)  # (n, 2 copies, 32 words)
    meant = (intended[place][:, 0, None, :] == _format_words()).all(axis=2)  # (n, 32)
    if not (meant.sum(axis=1) == 1).all():
        raise ValueError("intended: the format information is no word of ISO/IEC 18004, Annex C")
    near = distance <= FORMAT_CORRECTABLE
    says_so = (near & meant[:, None, :]).any(axis=(1, 2))
    says_another = (near & ~meant[:, None, :]).any(axis=(1, 2))
    return np.asarray(says_so & ~says_another)


@cache
def _format_words() -> npt.NDArray[np.uint8]:
    """(32, 15): the format information of every level and mask, bit 0 first."""
    words = [spec.format_bits(mask, level=level) for level in range(4) for mask in range(spec.MASKS)]
    table = np.array([[word >> k & 1 for k in range(15)] for word in words], np.uint8)
    table.setflags(write=False)
    return table


def _check(bits: Modules, intended: Modules) -> None:
    for name, found in (("bits", bits), ("intended", intended)):
        if found.ndim != 3 or found.shape[1:] != (spec.SIZE, spec.SIZE):
            raise ValueError(f"{name}: expected (n, {spec.SIZE}, {spec.SIZE}), found {found.shape}")
    if bits.shape != intended.shape:
        raise ValueError(f"expected as many symbols as intended ones, found {len(bits)} and {len(intended)}")
