"""The model of a receipts layout: where each column of an event stands in a file, how it is written, what header and trailer promise.

In: nothing; `reconcile.descriptors` reads the TOML files and judges them. Out: `ReceiptLayout`, frozen, and the words a file may use.
Refuses nothing by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

FIELD_TYPES: tuple[str, ...] = (
    "choice",  # one of `values`
    "digits",  # exactly `width` digits
    "key",  # up to `width` digits, zero-filled on the left to 20
    "money",  # whole yen, up to `width` digits
    "date",
    "time",  # HHMM, HHMMSS, HH:MM, HH:MM:SS
    "datetime",  # a date, with or without a time of day
    "text",
    "barcode",  # `prefix` and 44 digits
    "copy",  # repeats digits `of_barcode` of the barcode
)
WIDTH_MAX: Mapping[str, int] = {"key": 20, "money": 11}
"""The width in which an event holds what a column of this type writes; a layout's column may be narrower, never wider."""
EVENT_FIELDS: tuple[str, ...] = (
    "kind",
    "channel",
    "body_code",
    "slip_key",
    "confirm_no",
    "tax_item",
    "levy_year",
    "fiscal_year",
    "period",
    "amount",
    "principal",
    "delinquency",
    "dunning_fee",
    "paid_at",
    "paid_on",
    "paid_time",
    "data_date",
    "remit_date",
    "account_date",
    "txn_id",
    "orig_txn_id",
    "store",
    "barcode",
)
NEEDED: tuple[str, ...] = ("kind", "channel", "slip_key", "amount", "paid_at", "paid_on", "barcode")
"""Columns without whose value a record is no event, whatever ways to write "no value" a layout gives them."""


@dataclass(frozen=True)
class ReceiptField:
    """One column of a layout. Its place: `headings` or `position` (CSV), `start` and `width` (fixed; 1-based bytes).

    `none`: ways to write "no value", in records of channel `none_when_channel` only where that is given. A name outside `EVENT_FIELDS`
    is read and checked, but is no part of the event. Two fields named `store` are joined.
    """

    name: str
    type: str
    headings: tuple[str, ...] = ()
    position: int = 0
    start: int = 0
    width: int = 0
    required: bool = False
    values: Mapping[str, str] = field(default_factory=dict)
    none: tuple[str, ...] = ()
    none_when_channel: str = ""
    prefix: str = ""
    of_barcode: tuple[int, int] = (0, 0)


@dataclass(frozen=True)
class BarcodeRule:
    """How the slip key lies in the free field of the barcode: its first `key_digits`; a rule of the site, with how sure it is."""

    key_digits: int
    status: str
    note_ja: str = ""
    note_en: str = ""


@dataclass(frozen=True)
class Cell:
    """The place of one control value: a position (CSV) or start and width (fixed)."""

    position: int = 0
    start: int = 0
    width: int = 0


@dataclass(frozen=True)
class Controls:
    """Marks of header, detail, trailer and end records ("" = none), where the trailer holds its figures, and when there must be one.

    `trailer_required`: `never`, `always`, or `with_header` (a file that begins with a header and lacks a trailer was cut off).
    """

    header: str = ""
    detail: str = ""
    trailer: str = ""
    end: str = ""
    count: Cell = Cell()
    sum: Cell = Cell()
    trailer_required: str = "never"


@dataclass(frozen=True)
class ReceiptLayout:
    """One receipts layout. `columns`: the exact number in each record where columns are found by position; 0 = as many as headings."""

    id: str
    version: str
    title_ja: str
    title_en: str
    form: str
    encodings: tuple[str, ...]
    fields: tuple[ReceiptField, ...]
    heading: bool = False
    columns: int = 0
    record_bytes: int = 0
    constants: Mapping[str, str] = field(default_factory=dict)
    barcode: BarcodeRule | None = None
    controls: Controls = Controls()
    sha256: str = ""
    file: str = ""

    def named(self, name: str) -> tuple[ReceiptField, ...]:
        """The fields of this name, in order."""
        return tuple(f for f in self.fields if f.name == name)
