"""What a key names that somebody brings to `elqr explain`: a line, a slip, a payment by our 収納ID or by the number that eLTAX gave it.

In: a ledger and the key. Out: `Named`: its kind, payments, slips, lines. Numbers of different systems can be the same text, so all kinds are asked.
Refuses (ProblemError): `explain.unknown`; `explain.several`, a key of more than one kind, until it is said which is meant.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import polars as pl

from elqr.problems import Problem, ProblemError
from reconcile.identity import payment_of
from reconcile.ledger import Ledger
from reconcile.replaced import with_replaced

KEY_DIGITS = 20


@dataclass(frozen=True, kw_only=True)
class Named:
    """`kind`: line, slip or receipt; what of each the key stands for."""

    kind: str
    payments: pl.Series
    slips: pl.Series
    lines: pl.Series


def named_by(ledger: Ledger, key: str, *, only: str | None = None) -> Named:
    """What the key names. `only`: one of `KINDS`, where it is known which kind is meant."""
    found = {
        kind: named
        for kind, look in _LOOKS.items()
        if only in (None, kind) and (named := look(ledger, key)) is not None
    }
    if not found and only in (None, "transaction"):
        named = _by_own_number(ledger, key)
        found = {"transaction": named} if named is not None else {}
    if not found:
        raise ProblemError(Problem("explain.unknown", params={"found": key}))
    if len(found) > 1:
        words = [_WORDS[kind] for kind in found]
        params = {
            "found": key,
            "ja": "、".join(ja for ja, _ in words),
            "en": ", ".join(en for _, en in words),
            "expected": ", ".join(f"--kind {kind}" for kind in found),
        }
        raise ProblemError(Problem("explain.several", params=params))
    return next(iter(found.values()))


def _ids(name: str, values: Iterable[str]) -> pl.Series:
    return pl.Series(name, list(values), dtype=pl.String)


_NONE = _ids("", ())


def _line(ledger: Ledger, key: str) -> Named | None:
    mine = _ids("line_id", [key])
    if not ledger.lookup("assessments", mine, ["line_id"]).height:
        return None
    slips = with_replaced(ledger, ledger.lookup("covers", mine, ["slip_key"])["slip_key"])
    paid = ledger.lookup("receipts", slips.alias("slip_key"), ["payment_id"])["payment_id"]
    return Named(kind="line", payments=paid.unique(), slips=slips, lines=mine)


def _slip(ledger: Ledger, key: str) -> Named | None:
    digits = "".join(unicodedata.normalize("NFKC", key).split())  # as it is printed, in groups
    if not digits.isdecimal() or len(digits) > KEY_DIGITS:
        return None
    slip = _ids("slip_key", [digits.zfill(KEY_DIGITS)])
    paid = ledger.lookup("receipts", slip, ["payment_id"])["payment_id"].unique()
    if not len(paid) and not ledger.lookup("slips", slip, ["slip_key"]).height:
        return None
    return Named(kind="slip", payments=paid, slips=slip, lines=_NONE)


def _receipt(ledger: Ledger, key: str) -> Named | None:
    for name in ("payment_id", "receipt_id"):
        paid = ledger.lookup("receipts", _ids(name, [key]), ["payment_id"])["payment_id"].unique()
        if len(paid):
            return Named(kind="receipt", payments=paid, slips=_NONE, lines=_NONE)
    return None


def _transaction(ledger: Ledger, key: str) -> Named | None:
    """A payment's own number is what its identity is made of: found through the index."""
    return _receipt(ledger, payment_of(key))


def _by_own_number(ledger: Ledger, key: str) -> Named | None:
    """The number of a 取消 or 訂正, which names the payment by another: no index has these few, so all receipts are read."""
    parts = (
        rows.filter(pl.col("txn_id") == key) for rows in ledger.scan("receipts", ["payment_id", "txn_id"])
    )
    paid = pl.concat([pl.DataFrame(schema={"payment_id": pl.String(), "txn_id": pl.String()}), *parts])
    if not paid.height:
        return None
    return Named(kind="receipt", payments=paid["payment_id"].unique(), slips=_NONE, lines=_NONE)


_LOOKS: Mapping[str, Callable[[Ledger, str], Named | None]] = {
    "line": _line,
    "slip": _slip,
    "receipt": _receipt,
    "transaction": _transaction,
}
KINDS = tuple(_LOOKS)
_WORDS: Mapping[str, tuple[str, str]] = {
    "line": ("調定番号", "a line"),
    "slip": ("案件特定キー", "a slip"),
    "receipt": ("収納ID", "a receipt"),
    "transaction": ("収納データの取引番号", "a transaction id of a receipt"),
}
