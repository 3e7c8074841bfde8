"""Receipts for the tests: events by arithmetic, and one writer that puts events into any layout (the other half of each round trip)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from elqr.checkdigits import mod10_31
from elqr.digits import row
from elqr.site import Site
from reconcile.descriptors import load_receipt_layout
from reconcile.receipt_layout import ReceiptField, ReceiptLayout

Event = dict[str, object]

SITE = Site(body_code="999997", cvs_issuer="999999")
LAYOUTS = ("canonical", "convenience_csv", "convenience_fixed")
DAYS = (date(2026, 6, 1), date(2026, 6, 30), date(2024, 2, 29), date(2026, 12, 31))


def event(i: int = 0, **changes: object) -> Event:
    """The `i`-th receipt of a day, in the columns of the canonical layout."""
    return {
        "kind": ("confirmed", "preliminary", "confirmed")[i % 3],
        "channel": ("app", "card", "counter", "payeasy")[i % 4],
        "body_code": "999997",
        "slip_key": f"2026010100{i:05d}".zfill(20),
        "confirm_no": f"{i * 7919 % 10**6:06d}",
        "tax_item": "901",
        "amount": 1000 + i,
        "paid_on": DAYS[i % len(DAYS)],
        "paid_time": f"{i % 24:02d}{i % 60:02d}07",
        "data_date": date(2026, 7, 1),
        "remit_date": date(2026, 7, 3),
        "txn_id": f"T{i:08d}",
        **changes,
    }


def store_event(i: int = 0, **changes: object) -> Event:
    """The `i`-th receipt in the columns of the two convenience-store layouts."""
    return {
        "kind": ("confirmed", "preliminary")[i % 2],
        "channel": "convenience",
        "body_code": "999997",
        "slip_key": f"2026010100{i:05d}".zfill(20),
        "amount": 1000 + i,
        "paid_on": DAYS[i % len(DAYS)],
        "paid_time": f"{i % 24:02d}{i % 60:02d}00",
        "data_date": date(2026, 7, 1),
        "remit_date": date(2026, 7, 3),
        "store": f"{i % 7:03d}-{i:06d}",
        **changes,
    }


def events_for(name: str, count: int) -> list[Event]:
    """Receipts that the layout of this name can hold."""
    make = event if name == "canonical" else store_event
    return [make(i) for i in range(count)]


def barcode(values: Mapping[str, object], *, issuer: str = "999999", reissue: str = "0") -> str:
    """The 44 digits of the convenience-store barcode (elqr-format 4)."""
    free = str(values["slip_key"])[5:].ljust(21, "0")
    body = f"91{issuer}{free}{reissue}260731{0}{int(str(values['amount'])):06d}"
    return body + str(int(mod10_31(row(body))[0]))


def cell(
    one: ReceiptField, values: Mapping[str, object], layout: ReceiptLayout, issuer: str = "999999"
) -> str:
    """One value as the layout writes it."""
    digits = barcode(values, issuer=issuer) if one.type in ("barcode", "copy") else ""
    match one.type:
        case "barcode":
            text = one.prefix + digits
        case "copy":
            text = digits[one.of_barcode[0] - 1 : one.of_barcode[1]]
        case "choice":
            text = _code(values, layout, one)
        case "datetime":
            time = str(values.get("paid_time") or "")
            text = (
                f"{values['paid_on']} {time[:2]}:{time[2:4]}:{time[4:]}" if time else str(values["paid_on"])
            )
        case "time":
            text = str(values.get("paid_time") or "0000")[:4]
        case _:
            text = _plain(one, values, layout)
    return text


def _plain(one: ReceiptField, values: Mapping[str, object], layout: ReceiptLayout) -> str:
    if one.name == "store" and layout.id.startswith("convenience"):
        parts = str(values.get("store") or "-").split("-")
        return parts[0] if layout.named("store")[0] is one else parts[1]
    value = values.get(one.name)
    if value is None:
        return one.none[-1] if one.none else ""
    if isinstance(value, date):
        return value.isoformat() if layout.id == "canonical" else value.strftime("%Y%m%d")
    return str(value)


def _code(values: Mapping[str, object], layout: ReceiptLayout, one: ReceiptField) -> str:
    """The word that stands for kind (and channel, where one code says both)."""
    if layout.id == "canonical":
        return str(values[one.name])
    kinds, channels = layout.named("kind")[0].values, layout.named("channel")[0].values
    return next(c for c in kinds if (kinds[c], channels[c]) == (values["kind"], values["channel"]))


def record(
    values: Mapping[str, object], layout: ReceiptLayout, *, issuer: str = "999999", encoding: str = "cp932"
) -> bytes:
    """One event as a record, without its line end."""
    if layout.form == "csv":
        width = layout.columns or len(layout.fields)
        cells = [""] * width
        for i, one in enumerate(layout.fields):
            cells[one.position - 1 if one.position else i] = cell(one, values, layout, issuer)
        return ",".join(cells).encode(encoding)
    out = bytearray(b" " * layout.record_bytes)
    out[: len(layout.controls.detail)] = layout.controls.detail.encode()
    for one in layout.fields:
        written = cell(one, values, layout, issuer).encode(encoding)
        out[one.start - 1 : one.start - 1 + one.width] = written.ljust(one.width)[: one.width]
    return bytes(out)


def heading(layout: ReceiptLayout, *, encoding: str = "cp932") -> bytes:
    """The heading line, canonical names first."""
    names = [f.headings[0] if f.headings else f.name for f in layout.fields]
    if layout.columns:
        names = [f"項目{i}" for i in range(1, layout.columns + 1)]
    return ",".join(names).encode(encoding)


def trailer(layout: ReceiptLayout, count: int, yen: int) -> list[bytes]:
    """The records after the last one: trailer, and end where the layout has one."""
    controls = layout.controls
    if layout.form == "csv":
        return [f"{controls.trailer},{count},{yen}".encode()] if controls.trailer else []
    out = bytearray(controls.trailer.encode().ljust(layout.record_bytes))
    for place, figure in ((controls.count, count), (controls.sum, yen)):
        out[place.start - 1 : place.start - 1 + place.width] = str(figure).zfill(place.width).encode()
    return [bytes(out), controls.end.encode().ljust(layout.record_bytes)]


def file_of(
    records: Sequence[bytes],
    layout: ReceiptLayout,
    *,
    end: bytes = b"\r\n",
    control: tuple[int, int] | None = None,
    encoding: str = "cp932",
) -> bytes:
    """A whole file. `control`: count and sum that the trailer says."""
    lines = list(records)
    if layout.heading:
        lines.insert(0, heading(layout, encoding=encoding))
    elif control is not None and layout.controls.header:
        lines.insert(0, layout.controls.header.encode().ljust(layout.record_bytes))
    if control is not None:
        lines += trailer(layout, *control)
    return b"".join(line + end for line in lines)


def write(
    path: Path,
    events: Sequence[Event],
    name: str = "canonical",
    *,
    control: bool | tuple[int, int] = False,
    end: bytes = b"\r\n",
    encoding: str = "cp932",
) -> Path:
    """A file of these events; `control`: a right trailer, or what it is to say."""
    layout = load_receipt_layout(name)
    told = (len(events), sum(int(str(e["amount"])) for e in events)) if control is True else control or None
    records = [record(e, layout, encoding=encoding) for e in events]
    path.write_bytes(file_of(records, layout, end=end, control=told, encoding=encoding))
    return path
