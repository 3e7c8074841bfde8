"""The peer of the intake bench: receipts read row by row in plain Python, with the same checks, the same repairs and the same hashes.

In: a canonical CSV as `bench.receipt_files` writes it. Out: the same frame and the same quarantine. Written to be quick where Python can be:
dictionaries for words, dates and bodies, no object a row, one frame at the end; only odd rows take the strict way that the product has.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from hashlib import sha256
from pathlib import Path

import polars as pl

from elqr.site import Site
from reconcile.event_text import CHANNEL_LETTERS, KIND_LETTERS, extra_text, fixed_text
from reconcile.opening import open_file
from reconcile.row_plan import Row
from reconcile.strict_row import read_row

US = "\x1f"
NAMES = (
    "receipt_id",
    "payment_id",
    "content_sha",
    "line",
    "kind",
    "channel",
    "body_code",
    "slip_key",
    "confirm_no",
    "tax_item",
    "amount",
    "paid_on",
    "paid_time",
    "data_date",
    "remit_date",
    "account_date",
    "txn_id",
    "orig_txn_id",
    "raw",
)


def read_by_row(path: Path, site: Site) -> tuple[pl.DataFrame, list[int], int]:
    """(accepted rows, lines in quarantine, yen accepted); the trailer is compared by the caller."""
    plan = open_file(path, site=site).plan
    fields = {one.name: one for one, _ in plan.places}
    kinds, channels = fields["kind"].values, fields["channel"].values
    days: dict[str, date | None] = {"": None}
    out: list[tuple[object, ...]] = []
    bad: list[int] = []
    seen: dict[str, int] = {}
    with path.open("rb") as source:
        source.readline()
        for line, data in enumerate(source, 2):
            raw = data.rstrip(b"\r\n")
            if raw.startswith(b"TRAILER"):
                continue
            row = _plain(raw, kinds, channels, days) or _strict(raw, plan)
            if row is None:
                bad.append(line)
                continue
            fixed, extra, txn, values = row
            if txn:
                identity = f"txn{US}{txn}"
            else:
                key = f"{values[0]}{US}" + fixed[1:62] + US
                seen[key] = number = seen.get(key, 0) + 1
                identity = f"row{US}{fixed[1:62]}{US}{US}{number}"
            digest = sha256(identity.encode()).hexdigest()
            content = sha256(f"{fixed}{US}{extra}{US}{txn}{US}{US}".encode()).hexdigest()[:32]
            out.append((digest[32:63] + fixed[0], digest[:32], content, line, *values, raw))
    frame = pl.DataFrame(out, schema=list(NAMES), orient="row", infer_schema_length=None)
    return frame, bad, int(frame["amount"].sum())


def _plain(
    raw: bytes, kinds: Mapping[str, str], channels: Mapping[str, str], days: dict[str, date | None]
) -> tuple[str, str, str, tuple[object, ...]] | None:
    """A row without anything odd; None where something is."""
    try:
        text = raw.decode("cp932")
    except UnicodeDecodeError:
        return None
    cells = text.split(",")
    if len(cells) != 13 or '"' in text or not text.isprintable():
        return None
    kind, channel = kinds.get(cells[0]), channels.get(cells[1])
    body, key, confirm, item, amount = cells[2], cells[3], cells[4], cells[5], cells[6]
    txn, orig = cells[11], cells[12]
    if not (
        kind
        and channel
        and text.isascii() <= True
        and len(body) == 6
        and _digits(body)
        and (11 - sum(int(d) * w for d, w in zip(body, (6, 5, 4, 3, 2), strict=False)) % 11) % 10
        == int(body[5])
        and 1 <= len(key) <= 20
        and _digits(key)
        and (not confirm or (len(confirm) == 6 and _digits(confirm)))
        and (not item or (len(item) == 3 and _digits(item)))
        and 1 <= len(amount) <= 11
        and _digits(amount)
        and len(txn) <= 64
        and txn.isascii()
        and " " not in txn
        and not orig
    ):
        return None
    yen = int(amount)
    paid, clock = cells[7][:10], cells[7][11:]
    if yen == 0 or len(cells[7]) != 19 or cells[7][10] != " " or not _time(clock):
        return None
    dates = []
    for written in (paid, cells[8], cells[9], cells[10]):
        if written not in days:
            days[written] = _date(written)
        day = days[written]
        if day is None and written:
            return None
        dates.append(day)
    time = clock[:2] + clock[3:5] + clock[6:]
    slip = key.zfill(20)
    fixed = (
        KIND_LETTERS[kind]
        + body
        + slip
        + (confirm or "      ")
        + (item or "   ")
        + CHANNEL_LETTERS[channel]
        + _day(dates[0])
        + time
        + amount.zfill(11)
        + _day(dates[2])
        + _day(dates[3])
    )
    values = (
        kind,
        channel,
        body,
        slip,
        confirm or None,
        item or None,
        yen,
        dates[0],
        time,
        *dates[1:],
        txn or None,
        None,
    )
    return fixed, "", txn, values


def _digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _time(text: str) -> bool:
    return (
        text[2] == ":"
        and text[5] == ":"
        and _digits(text[:2] + text[3:5] + text[6:])
        and text[:2] < "24"
        and text[3:5] < "60"
        and text[6:] < "60"
    )


def _date(text: str) -> date | None:
    plain = text.replace("-", "") if len(text) == 10 and text[4] == text[7] == "-" else text
    if len(plain) != 8 or not _digits(plain):
        return None
    try:
        return date(int(plain[:4]), int(plain[4:6]), int(plain[6:]))
    except ValueError:
        return None


def _day(day: date | None) -> str:
    return "        " if day is None else f"{day.year:04d}{day.month:02d}{day.day:02d}"


def _strict(raw: bytes, plan: object) -> tuple[str, str, str, tuple[object, ...]] | None:
    row = read_row(raw, plan)  # type: ignore[arg-type]
    if not isinstance(row, Row):
        return None
    v = row.values
    return fixed_text(v), extra_text(v), str(v.get("txn_id") or ""), tuple(v.get(n) for n in NAMES[4:-1])
