"""SHA-256 of every text of a column, kept as one matrix of bytes, so that no row is an object for longer than its hash takes.

In: a column of texts or bytes without nulls. Out: `(n, 32)` bytes; from these hex texts and sums modulo 2^256. Refuses nothing.
"""

from __future__ import annotations

from hashlib import sha256

import numpy as np
import polars as pl

from reconcile import swar
from reconcile.swar import Bytes

SIZE = 32
MODULUS = 1 << (8 * SIZE)
_WORD = 4


def digests(texts: pl.Series) -> Bytes:
    """`(n, 32)`: the SHA-256 of each text in UTF-8."""
    joined = b"".join([sha256(text).digest() for text in texts.cast(pl.Binary).to_list()])
    return np.frombuffer(joined, np.uint8).reshape(-1, SIZE)


def hexed(rows: Bytes) -> pl.Series:
    """The bytes of each row as hex."""
    return swar.blobs(rows).bin.encode("hex")


def total(rows: Bytes) -> int:
    """The sum of the rows as numbers, highest byte first, modulo 2^256."""
    words = np.ascontiguousarray(rows).view(">u4").sum(axis=0, dtype=np.uint64)
    places = range(8 * (SIZE - _WORD), -1, -8 * _WORD)
    return sum(int(word) << place for word, place in zip(words, places, strict=True)) % MODULUS
