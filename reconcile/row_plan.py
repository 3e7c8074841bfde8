"""What the readers of one receipts file share: how its records are read, and what a record becomes.

In: nothing; `reconcile.opening` makes the plan of a file. Out: the plan, a row, a refusal, and the fault by which a strict reader leaves a
record. Refuses nothing by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TypeAlias

from elqr.problems import Param
from reconcile.receipt_layout import ReceiptField, ReceiptLayout

Value: TypeAlias = str | int | date | None

BLANK = " \u3000"
BARCODE_DIGITS = 44
BARCODE_FREE = slice(8, 29)
BARCODE_AMOUNT = slice(37, 43)


@dataclass(frozen=True)
class RowPlan:
    """How the records of one file are read. `places`: of each field, a column number (CSV, from 0) or a slice of bytes (fixed).

    `columns`: the exact number of a CSV record. `gaps`: bytes of a fixed record that no field reads. `gaiji`: private-use character -> what
    stands for it. `body`, `issuer`: the site's own codes (None = not known). `days`: a cache of parsed dates. `plain_block`: what the fast
    reader knows of the block at hand.
    """

    layout: ReceiptLayout
    encoding: str
    columns: int
    places: tuple[tuple[ReceiptField, int | slice], ...]
    gaiji: Mapping[str, str] = field(default_factory=dict)
    gaps: tuple[slice, ...] = ()
    body: str | None = None
    issuer: str | None = None
    days: dict[str, date | None] = field(default_factory=dict)
    plain_block: bool = False


@dataclass(frozen=True)
class Row:
    """Typed values by name of the event's columns (`paid_on`, `paid_time`, `issuer` … included) and repairs: (field, found, after)."""

    values: Mapping[str, Value]
    notes: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class Refusal:
    """Why a record cannot be taken: problem code, field and parameters, and what of key and amount is legible."""

    code: str
    field: str
    params: Mapping[str, Param]
    slip_key: str | None = None
    amount: int | None = None


class FaultError(Exception):
    """Raised and caught by the strict reader to leave a record at its first fault; no caller sees it."""

    def __init__(self, code: str, name: str, **params: Param) -> None:
        self.code, self.name, self.params = code, name, params
        super().__init__(code)
