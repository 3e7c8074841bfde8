"""What a printed field may say, as patterns: the reader decides which of them stands there, and with which digits.

In a pattern `0` stands for any digit and every other character for itself. In: the wording of `layouts/values.toml`.
Refuses text without a digit: there is nothing in it that could be misread for another value.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

AMOUNT_DIGITS_MAX = 11
"""Digits of the amount in the payload."""

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July",
    "August", "September", "October", "November", "December",
)  # fmt: skip
_DIGIT = re.compile(r"[0-9]")
_AMOUNT = re.compile(r"([^0-9,]*)[0-9]{1,3}(?:,[0-9]{3})*([^0-9,]*)")
_WAREKI = re.compile(r"(明治|大正|昭和|平成|令和)(?:[0-9]{1,2}|元)年[0-9]{1,2}月[0-9]{1,2}日")
_WESTERN_DAY = re.compile(r"[0-9]{4}年[0-9]{1,2}月[0-9]{1,2}日")
_ENGLISH_DAY = re.compile(rf"[0-9]{{1,2}} (?:{'|'.join(_MONTHS)}) [0-9]{{4}}")


@dataclass(frozen=True)
class TextForm:
    """All the patterns that a field may show."""

    name: str
    patterns: tuple[str, ...]


def amounts(*, before: str = "", after: str = "円") -> TextForm:
    """`1円` to `99,999,999,999円`, with what stands before and after the figure."""
    figures = (f"{10 ** (digits - 1):,}".replace("1", "0") for digits in range(1, AMOUNT_DIGITS_MAX + 1))
    return TextForm("amount", tuple(f"{before}{figure}{after}" for figure in figures))


def numbers(widths: Sequence[int]) -> TextForm:
    """Numbers filled with zeros to one of these widths."""
    return TextForm("digits", tuple("0" * width for width in widths))


def wareki_days(*, era: str = "令和") -> TextForm:
    """`令和元年1月1日` to `令和99年12月31日`."""
    parts = product(("元", "0", "00"), ("0", "00"), ("0", "00"))
    return TextForm("day", tuple(f"{era}{year}年{month}月{day}日" for year, month, day in parts))


def western_days() -> TextForm:
    """`2026年1月1日` to `2026年12月31日`."""
    return TextForm(
        "day", tuple(f"0000年{month}月{day}日" for month, day in product(("0", "00"), ("0", "00")))
    )


def english_days() -> TextForm:
    """`1 January 2026` to `31 December 2026`."""
    return TextForm("day", tuple(f"{day} {month} 0000" for month, day in product(_MONTHS, ("0", "00"))))


def form_like(text: str) -> TextForm:
    """Everything that a field which should say `text` may say: any amount, any day, or any digits in the same places.

    Raises ValueError where `text` has no digit.
    """
    if not _DIGIT.search(text):
        raise ValueError(f"expected text with digits, found {text!r}")
    if day := _WAREKI.fullmatch(text):
        return wareki_days(era=day[1])
    if _WESTERN_DAY.fullmatch(text):
        return western_days()
    if _ENGLISH_DAY.fullmatch(text):
        return english_days()
    # Without a unit or a comma these are the digits of a number such as 000123: as many as there are.
    if (amount := _AMOUNT.fullmatch(text)) and (amount[1] or amount[2] or "," in text):
        return amounts(before=amount[1], after=amount[2])
    return TextForm("digits", (_DIGIT.sub("0", text),))
