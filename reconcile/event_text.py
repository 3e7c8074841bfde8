"""The text of an event that its identity and its content are hashed from: one spelling for every reader, file and machine.

In: the typed values of a row. Out: `fixed` (what identifies a payment, its kind and its settling dates, at fixed places) and `extra` (the
rest, empty where the source has none of it). The fast reader writes the same text column by column; tests hold the two together.
Refuses nothing. Letters of kinds and channels are never given to another word.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

KIND_LETTERS: Mapping[str, str] = {"preliminary": "1", "confirmed": "2", "cancelled": "3", "corrected": "4"}
CHANNEL_LETTERS: Mapping[str, str] = {
    "counter": "a",
    "app": "b",
    "card": "c",
    "netbank": "d",
    "direct_debit": "e",
    "payeasy": "f",
    "convenience": "g",
    "transfer": "h",
    "postal": "i",
}
# Before the first of these years the lunar calendar ruled; a day after the last is a slip of the hand.
FIRST_YEAR, LAST_YEAR = 1873, 2199
# name, first byte, width; a missing value is blank
FIXED: tuple[tuple[str, int, int], ...] = (
    ("kind", 0, 1),
    ("body_code", 1, 6),
    ("slip_key", 7, 20),
    ("confirm_no", 27, 6),
    ("tax_item", 33, 3),
    ("channel", 36, 1),
    ("paid_on", 37, 8),
    ("paid_time", 45, 6),
    ("amount", 51, 11),
    ("remit_date", 62, 8),
    ("account_date", 70, 8),
)
FIXED_WIDTH = 78
COMPOSITE = (
    1,
    61,
)  # offset and length of what identifies a payment without transaction id (the store is added)
EXTRA: tuple[tuple[str, int, int], ...] = (
    ("levy_year", 0, 4),
    ("fiscal_year", 4, 4),
    ("period", 8, 2),
    ("principal", 10, 11),
    ("delinquency", 21, 11),
    ("dunning_fee", 32, 11),
)
EXTRA_WIDTH = 43


def fixed_text(values: Mapping[str, object]) -> str:
    """The fixed part of one row."""
    return "".join(_cell(name, values.get(name), width) for name, _, width in FIXED)


def extra_text(values: Mapping[str, object]) -> str:
    """The rest of one row; empty where it has none of these values."""
    text = "".join(_cell(name, values.get(name), width) for name, _, width in EXTRA)
    return text if text.strip() else ""


def _cell(name: str, value: object, width: int) -> str:
    if value is None:
        return " " * width
    if name == "kind":
        return KIND_LETTERS[str(value)]
    if name == "channel":
        return CHANNEL_LETTERS[str(value)]
    if isinstance(value, date):
        return value.strftime("%Y%m%d")
    return f"{value:0{width}d}" if isinstance(value, int) else str(value)
