"""Who a receipt is: the identity of its payment, of the event, and of its content, computed for all rows of a batch at once.

In: the columns of events. Out: `payment_id`, `receipt_id`, `content_sha`, `occurrence`. A transaction id is the identity where there is
one; else all that the row says of the payment, and its number among equal rows of the file. Never key and amount alone: two true payments
are two. Refuses nothing; asks for no order of files.
"""

from __future__ import annotations

import hashlib

import polars as pl

SEPARATOR = "\x1f"
HEX = 32
_COMPOSITE = (
    "body_code",
    "slip_key",
    "confirm_no",
    "tax_item",
    "channel",
    "paid_on",
    "paid_time",
    "amount",
    "store",
)
# The data date is left out: it says when a row was written to a file, and the same row in a later file is the same receipt.
_CONTENT = (
    "kind",
    *_COMPOSITE,
    "levy_year",
    "fiscal_year",
    "period",
    "principal",
    "delinquency",
    "dunning_fee",
    "remit_date",
    "account_date",
    "txn_id",
    "orig_txn_id",
)


class Occurrences:
    """Counts equal rows of one file, batch after batch."""

    def __init__(self) -> None:
        self._seen: dict[str, int] = {}

    def number(self, keys: list[str]) -> list[int]:
        """The 1-based count of each key among all given so far."""
        out = []
        for key in keys:
            self._seen[key] = self._seen.get(key, 0) + 1
            out.append(self._seen[key])
        return out


def identified(events: pl.DataFrame, seen: Occurrences) -> pl.DataFrame:
    """The events with `payment_id`, `receipt_id`, `content_sha` and `occurrence` (null where a transaction id decides)."""
    reverses = pl.col("kind").is_in(["cancelled", "corrected"])
    txn = pl.when(reverses).then(pl.coalesce("orig_txn_id", "txn_id")).otherwise(pl.col("txn_id"))
    frame = events.with_columns(_txn=txn, _row=_joined(_COMPOSITE))
    own = frame["_txn"].is_null()
    counted = frame.filter(own)
    numbers = seen.number((counted["kind"] + SEPARATOR + counted["_row"]).to_list())
    occurrence = pl.Series([None] * frame.height, dtype=pl.Int64).scatter(own.arg_true(), numbers)
    frame = frame.with_columns(occurrence=occurrence)
    identity = (
        pl.when(own)
        .then(pl.format("row{}{}{}{}", pl.lit(SEPARATOR), "_row", pl.lit(SEPARATOR), "occurrence"))
        .otherwise(pl.format("txn{}{}", pl.lit(SEPARATOR), "_txn"))
    )
    frame = frame.with_columns(payment_id=_hashed(frame.select(identity).to_series()))
    event = pl.concat_str(
        "payment_id",
        "kind",
        pl.when(pl.col("kind") == "corrected").then(pl.col("txn_id").fill_null("")).otherwise(pl.lit("")),
        separator=SEPARATOR,
    )
    return frame.with_columns(
        receipt_id=_hashed(frame.select(event).to_series()),
        content_sha=_hashed(frame.select(_joined(_CONTENT)).to_series()),
    ).drop("_txn", "_row")


def _joined(names: tuple[str, ...]) -> pl.Expr:
    """Columns as text between separators; a null is empty text."""
    return pl.concat_str([pl.col(n).cast(pl.String).fill_null("") for n in names], separator=SEPARATOR)


def _hashed(texts: pl.Series) -> pl.Series:
    digest = hashlib.sha256
    found = [digest(t.encode()).hexdigest()[:HEX] for t in texts.to_list()]
    return pl.Series(found, dtype=pl.String)
