"""From payload digits to the 172 codewords of the message, a batch at a time.

In: digits as ASCII, one symbol a row. Out: codewords with the symbols along the last axis, as the placing
wants them. Refuses anything but 255 digits a row (ValueError with row and column).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from elqr.symbols import spec, tables

Bytes = npt.NDArray[np.uint8]


def check(payloads: Bytes) -> None:
    """Raise ValueError unless `payloads` is an (n, 255) matrix of uint8."""
    if not isinstance(payloads, np.ndarray) or payloads.dtype != np.uint8:
        raise ValueError(
            f"expected a uint8 matrix, found {getattr(payloads, 'dtype', type(payloads).__name__)}"
        )
    if payloads.ndim != 2 or payloads.shape[1] != spec.DIGITS:
        raise ValueError(f"expected shape (n, {spec.DIGITS}), found {payloads.shape}")


def codewords(payloads: Bytes, *, first_row: int = 0) -> Bytes:
    """ASCII digits (n, 255) to the codewords (172, n) in the order of their placing (7.4 to 7.6).

    Raises ValueError, naming row and column, where there is no digit.
    """
    digits = np.ascontiguousarray(payloads.T) - np.uint8(ord("0"))
    if digits.max(initial=0) > 9:
        row, column = np.argwhere(digits.T > 9)[0]
        raise ValueError(
            f"row {first_row + row}, column {column}: expected a digit 0-9, "
            f"found {chr(payloads[row, column])!r}"
        )
    count = payloads.shape[0]
    data = data_codewords(digits).reshape(spec.BLOCKS, spec.BLOCK_DATA, count).transpose(1, 0, 2)
    words = np.empty((spec.CODEWORDS, count), np.uint8)
    words[: spec.DATA_CODEWORDS] = data.reshape(spec.DATA_CODEWORDS, count)
    words[spec.DATA_CODEWORDS :] = _error_correction(data)
    return words


def data_codewords(digits: Bytes) -> Bytes:
    """Digit values (255, n) to data codewords (108, n), each within two ten-bit groups (7.4.3)."""
    groups = np.empty((2 + spec.DIGITS // 3, digits.shape[1]), np.uint32)
    groups[0], groups[1] = spec.MODE_BITS, spec.DIGITS
    values = digits.astype(np.uint16)
    groups[2:] = values[0::3] * 100 + values[1::3] * 10 + values[2::3]
    pairs = groups[:-1] << np.uint32(tables.GROUP_BITS) | groups[1:]
    where = tables.groups()
    found: Bytes = (pairs[where.first] >> where.shift).astype(np.uint8)  # the cast keeps the lower eight bits
    return found


def _error_correction(data: Bytes) -> Bytes:
    """Reed-Solomon by table: data (27, 4 blocks, n) to corrections (64, n), the blocks in turn."""
    _, blocks, count = data.shape
    total = np.zeros((blocks, count, 2), np.uint64)
    for table, values in zip(tables.corrections(), data, strict=True):
        total ^= table.take(values, axis=0, mode="clip")  # a byte cannot leave the table: no checking
    return total.view(np.uint8).transpose(2, 0, 1).reshape(blocks * spec.BLOCK_EC, count)
