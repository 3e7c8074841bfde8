"""The frames that the parts of `reconcile` hand to each other: column names and types, in order, and the words that columns may hold.

In: nothing. Out: schemas for `pl.DataFrame(schema=…)`, and the choices of coded columns. One table, so that intake, register, ledger and
reports cannot drift apart. Refuses (`expect`): a frame whose columns or types differ from its schema, with both sides named.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

KINDS: tuple[str, ...] = ("preliminary", "confirmed", "cancelled", "corrected")  # 速報, 確報, 取消, 訂正
CHANNELS: tuple[str, ...] = (
    "counter",
    "app",
    "card",
    "netbank",
    "direct_debit",
    "payeasy",
    "convenience",
    "transfer",
    "postal",  # 郵便局の窓口: not in the canonical list of channels, but a kind of its own in convenience-store data
)
COMPONENTS: tuple[str, ...] = ("principal", "delinquency", "dunning_fee")

_TEXT, _YEN, _DAY = pl.String(), pl.Int64(), pl.Date()

RECEIPTS: Mapping[str, pl.DataType] = {
    "receipt_id": _TEXT,  # 32 hex: payment, kind (and its own transaction for a correction)
    "payment_id": _TEXT,  # 32 hex: the transaction, or what stands for it
    "content_sha": _TEXT,  # 32 hex: every normalised column that can change a decision
    "file_sha256": _TEXT,
    "file": _TEXT,
    "line": pl.Int64(),
    "kind": _TEXT,
    "channel": _TEXT,
    "body_code": _TEXT,
    "slip_key": _TEXT,
    "confirm_no": _TEXT,
    "tax_item": _TEXT,
    "levy_year": _TEXT,
    "fiscal_year": _TEXT,
    "period": _TEXT,
    "amount": _YEN,
    "principal": _YEN,
    "delinquency": _YEN,
    "dunning_fee": _YEN,
    "paid_on": _DAY,
    "paid_time": _TEXT,
    "data_date": _DAY,
    "remit_date": _DAY,
    "account_date": _DAY,
    "txn_id": _TEXT,
    "orig_txn_id": _TEXT,
    "store": _TEXT,  # chain, shop or terminal where the source has one
    "occurrence": pl.Int64(),  # 1-based among equal rows of one file and kind; null where a transaction id tells them apart
    "raw": pl.Binary(),
}

# Events between reading and identifying: what the source says, whose it is, and the text that identity and content are hashed from.
EVENTS: Mapping[str, pl.DataType] = {
    **{
        name: kind
        for name, kind in RECEIPTS.items()
        if name not in ("receipt_id", "payment_id", "content_sha", "file_sha256", "file", "occurrence")
    },
    "own": pl.Boolean(),
    "fixed": _TEXT,
    "extra": _TEXT,
}

QUARANTINE: Mapping[str, pl.DataType] = {
    "file_sha256": _TEXT,
    "file": _TEXT,
    "line": pl.Int64(),
    "code": _TEXT,
    "field": _TEXT,
    "reason_ja": _TEXT,
    "reason_en": _TEXT,
    "slip_key": _TEXT,  # where it could be read, else null
    "amount": _YEN,  # where it could be read, else null
    "raw": pl.Binary(),
}

ASSESSMENTS: Mapping[str, pl.DataType] = {
    "line": pl.Int64(),
    "line_id": _TEXT,
    "payer_id": _TEXT,
    "body_code": _TEXT,
    "tax_item": _TEXT,
    "levy_year": _TEXT,
    "tax_year": _TEXT,
    "fiscal_year": _TEXT,
    "period": _TEXT,
    "notice_no": _TEXT,
    "due_date": _DAY,
    "principal": _YEN,
    "status": _TEXT,
    "revised_at": _DAY,  # null = as first assessed; versions of a line are ordered by it, then as they came
    "carried_over": pl.Boolean(),
    "time_barred_on": _DAY,
    "exempt_from": _DAY,
    "exempt_to": _DAY,
    "dunning_fee": _YEN,
    "is_premium": pl.Boolean(),
}
STATUSES: tuple[str, ...] = ("open", "cancelled", "suspended")

SLIPS: Mapping[str, pl.DataType] = {
    "line": pl.Int64(),
    "slip_key": _TEXT,
    "confirm_no": _TEXT,
    "tax_item": _TEXT,
    "body_code": _TEXT,
    "payer_id": _TEXT,
    "notice_no": _TEXT,
    "levy_year": _TEXT,
    "tax_year": _TEXT,
    "period": _TEXT,
    "amount": _YEN,
    "due_date": _DAY,
    "payable_until": _DAY,
    "kind": _TEXT,
    "supersedes": _TEXT,
    "principal": _YEN,
    "delinquency": _YEN,
    "dunning_fee": _YEN,
    "covers": _TEXT,  # as given: line_id:amount joined by ;
}

COVERS: Mapping[str, pl.DataType] = {
    "slip_key": _TEXT,
    "line_id": _TEXT,
    "component": _TEXT,
    "amount": _YEN,
}

ACCOUNT: Mapping[str, pl.DataType] = {  # where a payer's refunds go
    "bank_code": _TEXT,
    "branch_code": _TEXT,
    "account_type": _TEXT,  # 1 普通, 2 当座, 4 貯蓄, 9 その他
    "account_no": _TEXT,
    "holder_kana": _TEXT,
    "checked_on": _DAY,  # the day on which it was compared with what the payer handed in
}

CREDITS: Mapping[str, pl.DataType] = {  # 振込入金, as the bank statement says
    "remit_date": _DAY,
    "account_date": _DAY,
    "institution": _TEXT,
    "channel": _TEXT,  # null: of all channels
    "tax_item": _TEXT,  # null: of all tax items
    "amount": _YEN,
    "file": _TEXT,
    "line": pl.Int64(),
    "reason": _TEXT,  # the office's word for a difference it knows of
}


def empty(schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
    """A frame of no rows with these columns."""
    return pl.DataFrame(schema=dict(schema))


def expect(frame: pl.DataFrame, schema: Mapping[str, pl.DataType], *, name: str) -> pl.DataFrame:
    """The frame itself. Raises ValueError where a column is missing, of another type, or too many."""
    wrong = [
        f"{column}: found {frame.schema.get(column, 'no column')}, expected {schema.get(column, 'no column')}"
        for column in [*schema, *(c for c in frame.columns if c not in schema)]
        if frame.schema.get(column) != schema.get(column)
    ]
    if wrong:
        raise ValueError(f"{name}: " + "; ".join(wrong))
    return frame.select(list(schema))
