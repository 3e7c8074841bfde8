"""The check sums whose rules are public: 全国地方公共団体コード, CRC of the payload, mod 10 weight 3-1.

In: `(n, width)` matrices of ASCII digits; out: one value a row. For one string use `digits.row(text)`.
The check digits of the two payload rows and the rule of 確認番号 are not public: they are named functions
in `elqr.compose`.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from elqr.digits import Flags, Matrix, values

BODY_WEIGHTS: Final = (6, 5, 4, 3, 2)


def body_code_check(matrix: Matrix) -> npt.NDArray[np.uint8]:
    """`(n,)` check digit 0 to 9 of five-digit body codes `(n, 5)`.

    全国地方公共団体コード: S = Σ digit × (6,5,4,3,2); the check is the last digit of 11 − S mod 11. 14100
    gives 3.
    """
    if matrix.shape[1] != len(BODY_WEIGHTS):
        raise ValueError(f"a body code without its check digit has 5 digits, not {matrix.shape[1]}")
    total = values(matrix) @ np.array(BODY_WEIGHTS, np.int64)
    return ((11 - total % 11) % 10).astype(np.uint8)


def body_code_holds(matrix: Matrix) -> Flags:
    """`(n,)` true where the sixth digit of `(n, 6)` body codes is the right one."""
    holds: Flags = values(matrix)[:, 5] == body_code_check(matrix[:, :5])
    return holds


def _crc_table() -> npt.NDArray[np.uint16]:
    """256 remainders of the polynomial x^16 + x^12 + x^5 + 1 (0x1021), not reflected."""
    register = np.arange(256, dtype=np.uint32) << 8
    for _ in range(8):
        register = (register << 1) ^ np.where(register & 0x8000, 0x1021, 0)
        register &= 0xFFFF
    return register.astype(np.uint16)


_CRC_TABLE: Final = _crc_table()


def crc16(matrix: Matrix) -> npt.NDArray[np.uint16]:
    """`(n,)` CRC-16 of each row: polynomial 0x1021, initial 0xFFFF, no reflection, no final xor.

    `123456789` gives 0x29B1 = 10673. The payload carries it as five decimal digits (elqr-format 2).
    """
    crc = np.full(matrix.shape[0], 0xFFFF, np.uint16)
    for column in np.ascontiguousarray(matrix.T):
        crc = (crc << 8) ^ _CRC_TABLE[(crc >> 8) ^ column]
    return crc


def mod10_31(matrix: Matrix) -> npt.NDArray[np.uint8]:
    """`(n,)` check digit 0 to 9 of GS1: weights 3, 1, 3 … from the right, the sum closes to a multiple of
    10.
    """
    weights = np.where(np.arange(matrix.shape[1])[::-1] % 2 == 0, 3, 1)
    return (-(values(matrix) @ weights) % 10).astype(np.uint8)
