"""One slip from the words of a command line: full-width figures, 和暦, money with separators.

In: a mapping of the ten values as text; out: a frame of one row, as after checking. Refuses (ProblemError,
all faults at once): digits of another width, no real date, no whole yen, a wrong check digit of the body
code.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Final

import polars as pl

from elqr.checkdigits import body_code_check
from elqr.columns import BY_NAME
from elqr.dates import parse
from elqr.digits import row
from elqr.money import FIGURES
from elqr.problems import Problem, ProblemError

WIDTHS: Final[Mapping[str, int]] = {
    "slip_key": 20,
    "confirm_no": 6,
    "tax_item": 3,
    "body_code": 6,
    "levy_year": 4,
    "tax_year": 4,
    "period": 2,
}
"""Digits of the values that are numbers of fixed width. Key and period may be shorter: zeros are put before
them.
"""

FILLED: Final = ("slip_key", "period")
DATES: Final = ("due_date", "payable_until")
AMOUNT_DIGITS: Final = 11
_YEN: Final = re.compile(rf"[\\¥]?({FIGURES})円?")
"""An amount as a slips file may write it."""


def slip_of(values: Mapping[str, str]) -> pl.DataFrame:
    """A frame of one slip, typed as `elqr.compose` wants it. Raises ProblemError with every fault."""
    faults: list[Problem] = []
    clean = {k: unicodedata.normalize("NFKC", v).strip() for k, v in values.items()}
    columns: dict[str, pl.Series] = {}
    for name, width in WIDTHS.items():
        text = clean[name].replace(" ", "").replace("-", "")
        if name in FILLED and text.isascii() and text.isdigit():
            text = text.zfill(width)
        if not (text.isascii() and text.isdigit() and len(text) == width):
            faults.append(
                Problem("encode.digits", name, {**_named(name), "found": clean[name], "expected": width})
            )
        elif name == "body_code" and int(text[5]) != body_code_check(row(text[:5]))[0]:
            expected = int(body_code_check(row(text[:5]))[0])
            faults.append(Problem("code.body_check", name, {"found": text[5], "expected": expected}))
        columns[name] = pl.Series([text])
    for name in DATES:
        columns[name] = parse(pl.Series([clean[name]]))
        if columns[name].null_count():
            faults.append(Problem("encode.date", name, {**_named(name), "found": clean[name]}))
    grouped = _YEN.fullmatch(clean["amount"])
    yen = grouped[1].replace(",", "") if grouped else ""
    if not (0 < len(yen) <= AMOUNT_DIGITS and int(yen) > 0):
        faults.append(
            Problem(
                "encode.amount",
                "amount",
                {**_named("amount"), "found": clean["amount"], "expected": AMOUNT_DIGITS},
            )
        )
    else:
        columns["amount"] = pl.Series([int(yen)], dtype=pl.Int64)
    if faults:
        raise ProblemError(faults)
    return pl.DataFrame(columns)


def _named(name: str) -> Mapping[str, str]:
    """What the value is called."""
    return {"ja": BY_NAME[name].ja, "en": name.replace("_", " ")}
