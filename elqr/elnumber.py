"""eL番号: the four numbers that a payer types where no camera helps, cut from the payload itself.

In: `(n, 255)` payloads; out: one column each for body, key, confirmation and item, in the printed order.
Refuses: nothing by itself; the payload has been judged before. Source: elqr-format 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl

from elqr.digits import Matrix, to_series
from elqr.wire import Status, field_named


@dataclass(frozen=True)
class Part:
    """One of the four numbers: printed label, official item, its field in the payload."""

    name: str
    label_ja: str
    item_ja: str
    en: str
    field: str
    width: int
    status: Status


PARTS: Final = (
    Part("el_body", "収納機関番号", "共通納税機関コード", "collecting body", "tax_body_code", 5, "inferred"),
    Part("el_key", "納付番号", "案件特定キー", "payment number", "slip_key", 20, "observed"),
    Part("el_confirm", "確認番号", "確認番号", "confirmation number", "confirm_no", 6, "placeholder"),
    Part("el_item", "納付区分", "税目・料金番号", "payment class", "tax_item", 3, "placeholder"),
)
"""In the printed order. Status is that of the value's rule; all four widths are observed."""

DIGITS: Final = sum(part.width for part in PARTS)


def el_numbers(matrix: Matrix) -> pl.DataFrame:
    """The columns `el_body, el_key, el_confirm, el_item` (digits) of `(n, 255)` payloads."""
    columns = []
    for part in PARTS:
        f = field_named(part.field)
        columns.append(to_series(matrix[:, f.offset : f.offset + f.width], part.name))
    return pl.DataFrame(columns)


def grouped(series: pl.Series, *, size: int = 4, separator: str = " ") -> pl.Series:
    """Digits in groups of `size` from the left, for reading aloud; how forms group them is a placeholder."""
    parted = series.str.replace_all(f"([0-9]{{{size}}})", "${1}" + separator)
    return parted.str.strip_suffix(separator)
