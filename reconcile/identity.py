"""Who a receipt is: the identity of its payment, of the event, and of its content, computed for all rows of a batch at once.

In: events with the text that is hashed. Out: `payment_id`, `receipt_id`, `content_sha`, `occurrence`. A transaction id is the identity where
there is one; else all that the row says of the payment, and its number among equal rows of the file. Never key and amount alone: two true
payments are two. All three are SHA-256 cut to 128 bits, the same on every machine. Refuses nothing; asks for no order of files.
"""

from __future__ import annotations

from hashlib import sha256

import numpy as np
import polars as pl

from reconcile import hashed, swar
from reconcile.event_text import COMPOSITE, KIND_LETTERS
from reconcile.hashed import hexed
from reconcile.occurrence import Occurrences

SEPARATOR = "\x1f"
HALF = 16  # bytes of a digest: 32 hex


def identified(events: pl.DataFrame, seen: Occurrences) -> pl.DataFrame:
    """The events with `payment_id`, `receipt_id`, `content_sha` and `occurrence` (null where a transaction id decides)."""
    if events.is_empty():
        text = pl.lit(None, pl.String)
        return events.with_columns(
            payment_id=text, receipt_id=text, content_sha=text, occurrence=pl.lit(None, pl.Int64)
        )
    frame = events.select("kind", "fixed", "extra", "txn_id", "orig_txn_id", "store")
    reverses = pl.col("kind").is_in(["cancelled", "corrected"])
    known = pl.when(reverses).then(pl.coalesce("orig_txn_id", "txn_id")).otherwise(pl.col("txn_id"))
    frame = frame.with_columns(
        txn=known if frame["kind"].is_in(["cancelled", "corrected"]).any() else pl.col("txn_id")
    )
    occurrence = _occurrence(frame, seen)
    frame = frame.with_columns(occurrence=occurrence)
    digests = hashed.digests(_payments(frame))
    content = pl.concat_str(
        "fixed",
        "extra",
        *(_or_empty(frame, n) for n in ("txn_id", "orig_txn_id", "store")),
        separator=SEPARATOR,
    )
    contents = hashed.digests(frame.select(content).to_series())
    return events.with_columns(
        payment_id=hexed(digests[:, :HALF]),
        receipt_id=_receipt_ids(frame, digests),
        content_sha=hexed(contents[:, :HALF]),
        occurrence=occurrence,
    )


def payment_of(txn_id: str) -> str:
    """The `payment_id` of the payment that has this transaction id."""
    return sha256(f"txn{SEPARATOR}{txn_id}".encode()).digest()[:HALF].hex()


def _payments(frame: pl.DataFrame) -> pl.Series:
    """The text that a payment's identity is hashed from."""
    by_txn = pl.concat_str(pl.lit("txn"), "txn", separator=SEPARATOR)
    by_row = pl.concat_str(pl.lit("row"), _composite(), "occurrence", separator=SEPARATOR)
    missing = frame["txn"].null_count()
    if missing in (0, frame.height):
        return frame.select(by_row if missing else by_txn).to_series()
    return frame.select(pl.when(pl.col("txn").is_null()).then(by_row).otherwise(by_txn)).to_series()


def _or_empty(frame: pl.DataFrame, name: str) -> pl.Expr:
    """A column as text, a null as the empty one."""
    nulls = frame[name].null_count()
    return pl.lit("") if nulls == frame.height else pl.col(name).fill_null("") if nulls else pl.col(name)


def _composite() -> pl.Expr:
    """All that a row says of its payment: body, key, confirmation, item, channel, date and time, amount; and the store."""
    at, length = COMPOSITE
    return pl.concat_str(
        pl.col("fixed").str.slice(at, length), pl.col("store").fill_null(""), separator=SEPARATOR
    )


def _occurrence(frame: pl.DataFrame, seen: Occurrences) -> pl.Series:
    """The number of each row among equal rows of its kind; null where a transaction id tells them apart."""
    own = frame["txn"].is_null()
    none = pl.Series([None], dtype=pl.Int64).new_from_index(0, frame.height)
    if not own.any():
        return none
    keys = frame.filter(own).select(pl.concat_str("kind", _composite(), separator=SEPARATOR)).to_series()
    numbers = seen.number(keys)
    return numbers if own.all() else none.scatter(own.arg_true(), numbers)


def _receipt_ids(frame: pl.DataFrame, digests: swar.Bytes) -> pl.Series:
    """The other half of the payment's digest, its last hex digit being the kind; for a correction a digest with its own transaction.

    So the events of one payment share all digits but the last, and two corrections of it are two events.
    """
    halves = digests[:, HALF:].copy()
    corrected = np.flatnonzero((frame["kind"] == "corrected").to_numpy())
    if len(corrected):
        own = frame[corrected]["txn_id"].fill_null("").to_list()
        for i, txn in zip(corrected.tolist(), own, strict=True):
            text = digests[i, :HALF].tobytes().hex() + SEPARATOR + "corrected" + SEPARATOR + txn
            halves[i] = np.frombuffer(sha256(text.encode()).digest()[:HALF], np.uint8)
    letters = frame["kind"].replace_strict(
        {k: int(v) for k, v in KIND_LETTERS.items()}, return_dtype=pl.UInt8
    )
    halves[:, -1] = (halves[:, -1] & 0xF0) | letters.to_numpy()
    return hexed(halves)
