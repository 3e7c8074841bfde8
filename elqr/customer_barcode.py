"""カスタマバーコード: Japan Post's 4-state address barcode, from postal code and address to bars.

In: columns of postal codes and addresses; out: 23 symbols a row and the 67 bars as a small picture.
Refuses: a postal code that is not seven digits. Source: elqr-format 5; which addresses get one:
`printable`.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from elqr.address_digits import address_digits
from elqr.digits import Matrix, to_matrix

PLACES: Final = 13
SYMBOLS: Final = 23
COLUMNS: Final = 133
"""67 bars and 66 gaps: 21 symbols of three bars, start and stop of two."""

# Symbol numbers: 0 to 9 are the figures, 10 the hyphen, 11 to 18 the control codes CC1 to CC8, then start
# and stop.
START: Final = 19
STOP: Final = 20
_BARS: Final = "144 114 132 312 123 141 321 213 231 411 414 324 342 234 432 243 423 441 111 13 31"
# The bars of each symbol in that order (elqr-format 5): 1 long, 2 upper, 3 lower, 4 timing.
# In text the control codes are the letters a to h: a is CC1. A letter is a control code and a figure.
_CONTROL: Final = "abcdefgh"
_LETTERS: Final = tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_SPELT: Final = tuple(f"{_CONTROL[place // 10]}{place % 10}" for place in range(len(_LETTERS)))
_FILL: Final = "d"  # CC4

# Which of the three rows of the picture are black for the bars 1 to 4.
_STATES: Final = np.array([[0, 0, 0], [1, 1, 1], [1, 1, 0], [0, 1, 1], [0, 1, 0]], np.uint8)


def postal_digits(series: pl.Series) -> pl.Series:
    """Seven digits from `723-0001`, `〒7230001` or full-width; null for anything else."""
    text = series.cast(pl.String).str.normalize("NFKC").str.replace_all(r"[\s〒]", "")
    return text.str.extract(r"^([0-9]{3}-?[0-9]{4})$").str.replace("-", "", literal=True).rename(series.name)


def printable(series: pl.Series) -> pl.Series:
    """Which postal codes may carry a barcode: seven digits that do not end in 00.

    A representative code (for addresses that the list does not name) ends in 00 and gets no barcode, says
    the manual.
    """
    digits = postal_digits(series)
    return (digits.is_not_null() & ~digits.str.ends_with("00").fill_null(value=True)).rename(series.name)


def encode(postal_codes: pl.Series, addresses: pl.Series) -> Matrix:
    """`(n, 23)` symbol numbers from postal codes and whole addresses; ValueError for a bad postal code."""
    return symbols(postal_digits(postal_codes), address_digits(addresses))


def symbols(postal: pl.Series, digits: pl.Series) -> Matrix:
    """`(n, 23)` symbol numbers from seven-digit postal codes and `address_digits`.

    Thirteen places: what is longer is cut (a control code may stand last, its figure dropped), shorter is
    filled with CC4. Raises ValueError for a postal code that is not seven digits, or address digits with
    anything but 0-9, A-Z, hyphen.
    """
    if postal.null_count():
        raise ValueError(f"row {int(postal.is_null().arg_true()[0])}: not a postal code of seven digits")
    if not digits.str.contains(r"^[0-9A-Z-]*$").fill_null(value=False).all():
        raise ValueError("address digits may hold 0-9, A-Z and hyphens only")
    spelt = (
        digits.str.replace_many(list(_LETTERS), list(_SPELT)).str.slice(0, PLACES).str.pad_end(PLACES, _FILL)
    )
    numbers = np.full(256, 255, np.uint8)
    for number, character in enumerate("0123456789-" + _CONTROL):
        numbers[ord(character)] = number
    data = numbers[np.hstack([to_matrix(postal, 7), to_matrix(spelt, PLACES)])]
    if (data[:, :7] > 9).any():
        raise ValueError("a postal code has seven digits")
    whole = np.empty((data.shape[0], SYMBOLS), np.uint8)
    whole[:, 0], whole[:, -1] = START, STOP
    whole[:, 1:-2] = data
    whole[:, -2] = -data.astype(np.int64).sum(axis=1) % 19
    return whole


def decode(matrix: Matrix) -> pl.DataFrame:
    """The columns `postal_code, digits, holds` of `(n, 23)` symbols; `holds` says whether the check does.

    A control code that was cut from its figure stands as `CC1` to `CC3` at the end of `digits`.
    """
    characters = np.frombuffer(("0123456789-" + _CONTROL).encode(), np.uint8)
    text = characters[matrix[:, 1:-2]]
    columns = pl.DataFrame(
        {
            "postal_code": [bytes(one).decode() for one in text[:, :7]],
            "digits": [bytes(one).decode() for one in text[:, 7:]],
            "holds": matrix[:, 1:-1].astype(np.int64).sum(axis=1) % 19 == 0,
        },
        schema={"postal_code": pl.String, "digits": pl.String, "holds": pl.Boolean},
    )
    letters = pl.col("digits").str.strip_chars_end(_FILL).str.replace_many(list(_SPELT), list(_LETTERS))
    for number, control in enumerate(_CONTROL, start=1):
        letters = letters.str.replace_all(control, f"CC{number}", literal=True)
    return columns.with_columns(letters)


def bars(matrix: Matrix) -> Matrix:
    """`(n, 3, 133)` picture of `(n, 23)` symbols: bars in the even columns, rows are thirds from the top."""
    kinds = [[int(c) for c in word] for word in _BARS.split()]
    inner, first, last = (np.array(k, np.uint8) for k in (kinds[:START], kinds[START], kinds[STOP]))
    count = matrix.shape[0]
    states = np.hstack(
        [
            np.repeat(first[None], count, axis=0),
            inner[matrix[:, 1:-1]].reshape(count, 3 * (matrix.shape[1] - 2)),
            np.repeat(last[None], count, axis=0),
        ]
    )
    picture = np.zeros((count, 3, COLUMNS), np.uint8)
    picture[:, :, 0::2] = _STATES[states].transpose(0, 2, 1)
    return picture
