"""全銀 総合振込: the file that tells a bank to pay. The wire table of its 120-byte records, and the writer.

In: a header and a frame of transfers that `transfers.check` has cleaned. Out: bytes. `zengin_reader` reads them back by the same table.
Source: reconcile-rules §5; columns are 1-based there and here. Numbers are zero-filled on the left, text space-filled on the right.
Refuses (ValueError): what does not fit its field, zero or negative amounts, no transfers, more than the trailer can count.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
import polars as pl

from elqr.digits import Flags
from reconcile.kana import LETTERS, MARKS, SIGNS, WO

RECORD_BYTES = 120
TRANSFERS_MAX = 999_999  # six digits of the trailer's count
TOTAL_MAX = 999_999_999_999  # twelve digits of the trailer's sum
AMOUNT_MAX = 9_999_999_999


@dataclass(frozen=True)
class Field:
    """One field of a record: name, first column (1-based), width, `N` digits or `C` characters, and its value where that is fixed."""

    name: str
    start: int
    width: int
    kind: str
    fixed: str | None = None


HEADER: Sequence[Field] = (
    Field("データ区分", 1, 1, "N", "1"),
    Field("種別コード", 2, 2, "N", "21"),  # 総合振込
    Field("コード区分", 4, 1, "N", "0"),  # JIS
    Field("consignor_code", 5, 10, "N"),
    Field("consignor_name", 15, 40, "C"),
    Field("transfer_day", 55, 4, "N"),  # MMDD
    Field("bank_code", 59, 4, "N"),
    Field("bank_name", 63, 15, "C"),
    Field("branch_code", 78, 3, "N"),
    Field("branch_name", 81, 15, "C"),
    Field("account_type", 96, 1, "N"),
    Field("account_no", 97, 7, "N"),
    Field("ダミー", 104, 17, "C", ""),
)
DATA: Sequence[Field] = (
    Field("データ区分", 1, 1, "N", "2"),
    Field("bank_code", 2, 4, "N"),
    Field("bank_name", 6, 15, "C"),
    Field("branch_code", 21, 3, "N"),
    Field("branch_name", 24, 15, "C"),
    Field("手形交換所番号", 39, 4, "N", "0000"),
    Field("account_type", 43, 1, "N"),
    Field("account_no", 44, 7, "N"),
    Field("payee", 51, 30, "C"),
    Field("amount", 81, 10, "N"),
    Field("new_code", 91, 1, "N"),  # 1 first transfer to this account, 2 account changed, 0 otherwise
    Field("reference", 92, 10, "N"),  # 顧客コード1: the number of the refund
    Field("reference_2", 102, 10, "N"),  # 顧客コード2
    Field("振込指定区分", 112, 1, "N", "7"),  # 電信
    Field("識別表示", 113, 1, "C", ""),
    Field("ダミー", 114, 7, "C", ""),
)
TRAILER: Sequence[Field] = (
    Field("データ区分", 1, 1, "N", "8"),
    Field("count", 2, 6, "N"),
    Field("total", 8, 12, "N"),
    Field("ダミー", 20, 101, "C", ""),
)
END: Sequence[Field] = (Field("データ区分", 1, 1, "N", "9"), Field("ダミー", 2, 119, "C", ""))

COLUMNS: Sequence[str] = tuple(f.name for f in DATA if f.fixed is None)


@dataclass(frozen=True)
class Header:
    """Who pays, out of which account, on which day (`transfer_day` MMDD). Codes are digits of full width, names as banks take them."""

    consignor_code: str
    consignor_name: str
    transfer_day: str
    bank_code: str
    bank_name: str
    branch_code: str
    branch_name: str
    account_type: str
    account_no: str


def encode(transfers: pl.DataFrame, *, header: Header) -> bytes:
    """The file, without line ends. `transfers`: columns of `COLUMNS`, `amount` Int64 yen, the rest text.

    Raises ValueError with the field and the row that does not fit, or where there are no transfers or too many.
    """
    count, total = transfers.height, int(transfers["amount"].sum())
    if not 0 < count <= TRANSFERS_MAX or total > TOTAL_MAX:
        raise ValueError(f"{count} transfers of {total} yen: 1 to {TRANSFERS_MAX}, at most {TOTAL_MAX} yen")
    if not transfers["amount"].dtype.is_integer() or transfers["amount"].min() < 1:  # type: ignore[operator]
        raise ValueError("amount: whole yen from 1")
    sums = pl.DataFrame({"count": [str(count)], "total": [str(total)]})
    records = [
        _written(pl.DataFrame([asdict(header)]), HEADER),
        _written(transfers, DATA),
        _written(sums, TRAILER),
        _written(pl.DataFrame({"one": [1]}), END),
    ]
    return "".join(pl.concat(records).to_list()).encode("cp932")


def writable_bytes() -> Flags:
    """256 flags: whether a byte may stand in a file at all."""
    letters = [chr(c) for c in range(0xFF71, 0xFF9E)] + list(WO + MARKS + " ().-")
    digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
    flags = np.zeros(256, dtype=np.bool_)
    flags[np.frombuffer("".join([*letters, *digits]).encode("cp932"), dtype=np.uint8)] = True
    return flags


def _written(frame: pl.DataFrame, fields: Sequence[Field]) -> pl.Series:
    """Records as text, one character a byte."""
    columns = []
    for field in fields:
        if field.fixed is not None:
            values = pl.repeat(field.fixed, frame.height, dtype=pl.String, eager=True)
        else:
            values = frame[field.name].cast(pl.String)
        legal = (
            rf"^[0-9]{{1,{field.width}}}$"
            if field.kind == "N"
            else rf"^[{SIGNS}{LETTERS}{WO}{MARKS}]{{0,{field.width}}}$"
        )
        wrong = ~values.str.contains(legal).fill_null(value=False)
        if wrong.any():
            row = int(wrong.arg_true()[0])
            raise ValueError(
                f"{field.name}, row {row}: {values[row]!r} does not fit {field.kind}({field.width})"
            )
        padded = values.str.zfill(field.width) if field.kind == "N" else values.str.pad_end(field.width)
        columns.append(padded.alias(f"{field.start}"))
    return pl.DataFrame(columns).select(record=pl.concat_str(pl.all())).to_series()
