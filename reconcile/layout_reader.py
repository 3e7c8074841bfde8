"""Takes the tables of a receipts layout (TOML) apart and gathers everything that is wrong with them.

In: the parsed tables. Out: a `ReceiptLayout` and a list of problems; the layout counts only where the list is empty. Refuses: unknown keys,
types, words and columns, a place missing or beyond the record, a barcode rule without its barcode, an event that would lack kind, key,
amount or date.
"""

from __future__ import annotations

from collections.abc import Mapping

from elqr.encoding import ENCODINGS
from elqr.mapping import nearest
from elqr.problems import Problem, Where
from reconcile.frames import CHANNELS, KINDS
from reconcile.receipt_layout import (
    EVENT_FIELDS,
    FIELD_TYPES,
    NEEDED,
    WIDTH_MAX,
    BarcodeRule,
    Cell,
    Controls,
    ReceiptField,
    ReceiptLayout,
)

BARCODE_DIGITS = 44
STATUSES = ("observed", "inferred", "placeholder", "confirmed")
_WORDS: Mapping[str, tuple[str, ...]] = {"kind": KINDS, "channel": CHANNELS}
_FIXED_TYPES: Mapping[str, tuple[str, ...]] = {  # the types that a column of the event may be read as
    "kind": ("choice",),
    "channel": ("choice",),
    "body_code": ("digits",),
    "slip_key": ("key",),
    "confirm_no": ("digits",),
    "tax_item": ("digits",),
    "levy_year": ("digits",),
    "fiscal_year": ("digits",),
    "period": ("digits",),
    "amount": ("money",),
    "principal": ("money",),
    "delinquency": ("money",),
    "dunning_fee": ("money",),
    "paid_at": ("datetime",),
    "paid_on": ("date",),
    "paid_time": ("time",),
    "data_date": ("date",),
    "remit_date": ("date",),
    "account_date": ("date",),
    "txn_id": ("text",),
    "orig_txn_id": ("text",),
    "store": ("text",),
    "barcode": ("barcode",),
}
_DIGITS: Mapping[str, int] = {
    "body_code": 6,
    "confirm_no": 6,
    "tax_item": 3,
    "levy_year": 4,
    "fiscal_year": 4,
    "period": 2,
}


class LayoutReader:
    """Takes the tables apart and gathers what is wrong with them."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []

    def fault(self, code: str, key: str, found: object, expected: object) -> None:
        self.problems.append(
            Problem(code, key, {"found": str(found), "expected": str(expected)}, Where(self.file))
        )

    def keys(self, table: Mapping[str, object], known: tuple[str, ...], owner: str) -> None:
        for key in table:
            if key not in known:
                self.fault("receipt_layout.unknown_key", f"{owner}{key}", key, nearest(key, known))

    def text(self, table: Mapping[str, object], key: str, owner: str, *, needed: bool = False) -> str:
        value = table.get(key, None if needed else "")
        if not isinstance(value, str) or (needed and not value.strip()):
            self.fault("receipt_layout.value", f"{owner}{key}", "" if value is None else value, "string")
            return ""
        return value

    def number(
        self, table: Mapping[str, object], key: str, owner: str, *, most: int, needed: bool = False
    ) -> int:
        value = table.get(key, 0)
        least = 1 if needed else 0
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            self.fault("receipt_layout.value", f"{owner}{key}", value, f"{least} … {most}")
            return 0
        return value

    def flag(self, table: Mapping[str, object], key: str, owner: str) -> bool:
        value = table.get(key, False)
        if not isinstance(value, bool):
            self.fault("receipt_layout.value", f"{owner}{key}", value, "true / false")
            return False
        return value

    def word(self, table: Mapping[str, object], key: str, owner: str, known: tuple[str, ...]) -> str:
        value = table.get(key, "")
        if value not in known:
            self.fault("receipt_layout.value", f"{owner}{key}", value, " / ".join(known))
            return known[0]
        return str(value)

    def texts(self, table: Mapping[str, object], key: str, owner: str) -> tuple[str, ...]:
        value = table.get(key, [])
        if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
            self.fault("receipt_layout.value", f"{owner}{key}", value, "list of strings")
            return ()
        return tuple(value)

    def pairs(self, table: Mapping[str, object], key: str, owner: str) -> dict[str, str]:
        value = table.get(key, {})
        if not isinstance(value, Mapping) or not all(isinstance(v, str) for v in value.values()):
            self.fault("receipt_layout.value", f"{owner}{key}", value, "table of strings")
            return {}
        return dict(value)

    def table(self, of: Mapping[str, object], key: str) -> Mapping[str, object]:
        value = of.get(key, {})
        if not isinstance(value, Mapping):
            self.fault("receipt_layout.value", key, value, "table")
            return {}
        return value

    # ------------------------------------------------------------ parts

    def layout(self, top: Mapping[str, object], sha256: str) -> ReceiptLayout:
        self.keys(top, _TOP, "")
        form = self.word(top, "form", "", ("csv", "fixed"))
        record = self.number(top, "record_bytes", "", most=10_000, needed=form == "fixed")
        title = self.table(top, "title")
        self.keys(title, ("ja", "en"), "title.")
        encodings = self.texts(top, "encodings", "")
        if not encodings or not set(encodings) <= set(ENCODINGS):
            self.fault("receipt_layout.value", "encodings", "、".join(encodings), " / ".join(ENCODINGS))
        if form == "fixed" and "utf-8" in encodings:
            self.fault("receipt_layout.value", "encodings", "utf-8", "cp932 (form = fixed)")
        listed = top.get("field")
        fields = [
            self.field(entry, form, record, number)
            for number, entry in enumerate(listed if isinstance(listed, list) else (), 1)
            if isinstance(entry, Mapping)
        ]
        layout = ReceiptLayout(
            id=self.text(top, "id", "", needed=True),
            version=self.text(top, "version", "", needed=True),
            title_ja=self.text(title, "ja", "title.", needed=True),
            title_en=self.text(title, "en", "title.", needed=True),
            form=form,
            encodings=encodings,
            fields=tuple(fields),
            heading=self.flag(top, "heading", ""),
            columns=self.number(top, "columns", "", most=1000),
            record_bytes=record,
            constants=self.constants(top),
            barcode=self.barcode(top) if "barcode" in top else None,
            controls=self.controls(top, form, record, encodings),
            sha256=sha256,
            file=self.file,
        )
        self.whole(layout)
        return layout

    def field(self, entry: Mapping[str, object], form: str, record: int, number: int) -> ReceiptField:
        name = entry.get("name")
        owner = f"field[{name if isinstance(name, str) and name else number}]."
        self.keys(entry, _FIELD, owner)
        name = self.text(entry, "name", owner, needed=True)
        kind = self.word(entry, "type", owner, _FIXED_TYPES.get(name, FIELD_TYPES))
        start = self.number(entry, "start", owner, most=max(record, 1), needed=form == "fixed")
        most = WIDTH_MAX.get(kind, 10_000)
        width = self.number(
            entry, "width", owner, most=most, needed=form == "fixed" or kind in ("digits", "money", "key")
        )
        if form == "fixed" and start + width - 1 > record:
            self.fault("receipt_layout.place", owner, f"{start} + {width}", f"≤ {record}")
        if name in _DIGITS and width != _DIGITS[name]:
            self.fault("receipt_layout.value", f"{owner}width", width, _DIGITS[name])
        prefix = self.text(entry, "prefix", owner)
        if form == "fixed" and kind == "barcode" and width != BARCODE_DIGITS + len(prefix):
            self.fault("receipt_layout.value", f"{owner}width", width, BARCODE_DIGITS + len(prefix))
        headings, position = (
            self.texts(entry, "headings", owner),
            self.number(entry, "position", owner, most=1000),
        )
        if form == "csv" and bool(headings) == bool(position):
            found = f"headings = {list(headings)}, position = {position}"
            self.fault("receipt_layout.place", owner, found, "headings / position")
        values = self.pairs(entry, "values", owner)
        if kind == "choice" and not values:
            self.fault("receipt_layout.value", f"{owner}values", "", "table of strings")
        for value in values.values():
            if name in _WORDS and value not in _WORDS[name]:
                self.fault("receipt_layout.word", f"{owner}values", value, "、".join(_WORDS[name]))
        channel = self.text(entry, "none_when_channel", owner)
        if channel and channel not in CHANNELS:
            self.fault("receipt_layout.word", f"{owner}none_when_channel", channel, "、".join(CHANNELS))
        return ReceiptField(
            name=name,
            type=kind,
            headings=headings,
            position=position,
            start=start,
            width=width,
            required=self.flag(entry, "required", owner),
            values=values,
            none=self.texts(entry, "none", owner),
            none_when_channel=channel,
            prefix=prefix,
            of_barcode=self.span(entry, owner) if kind == "copy" else (0, 0),
        )

    def span(self, entry: Mapping[str, object], owner: str) -> tuple[int, int]:
        value = entry.get("of_barcode")
        if (
            isinstance(value, list)
            and len(value) == 2
            and all(isinstance(v, int) for v in value)
            and 1 <= value[0] <= value[1] <= BARCODE_DIGITS
        ):
            return value[0], value[1]
        self.fault("receipt_layout.value", f"{owner}of_barcode", value, f"[1 … {BARCODE_DIGITS}]")
        return 1, 1

    def constants(self, top: Mapping[str, object]) -> dict[str, str]:
        pairs = self.pairs(top, "constants", "")
        for name, value in pairs.items():
            if name not in EVENT_FIELDS:
                self.fault("receipt_layout.word", f"constants.{name}", name, nearest(name, _CONSTANT))
            elif name not in _CONSTANT:
                self.fault("receipt_layout.word", f"constants.{name}", name, "、".join(_CONSTANT))
            elif name in _WORDS and value not in _WORDS[name]:
                self.fault("receipt_layout.word", f"constants.{name}", value, "、".join(_WORDS[name]))
            elif name in _DIGITS and not (
                value.isascii() and value.isdigit() and len(value) == _DIGITS[name]
            ):
                self.fault("receipt_layout.value", f"constants.{name}", value, f"{_DIGITS[name]} digits")
        return pairs

    def barcode(self, top: Mapping[str, object]) -> BarcodeRule:
        table = self.table(top, "barcode")
        self.keys(table, ("key_digits", "status", "note_ja", "note_en"), "barcode.")
        return BarcodeRule(
            key_digits=self.number(table, "key_digits", "barcode.", most=20, needed=True),
            status=self.word(table, "status", "barcode.", STATUSES),
            note_ja=self.text(table, "note_ja", "barcode."),
            note_en=self.text(table, "note_en", "barcode."),
        )

    def controls(
        self, top: Mapping[str, object], form: str, record: int, encodings: tuple[str, ...]
    ) -> Controls:
        table = self.table(top, "controls")
        self.keys(table, _CONTROLS, "controls.")
        marks = {key: self.text(table, key, "controls.") for key in _MARKS}
        for key, mark in marks.items():
            if form == "fixed" and mark and (len(mark) != 1 or not mark.isascii()):
                self.fault("receipt_layout.value", f"controls.{key}", mark, "1 character")
            for encoding in set(encodings) & set(ENCODINGS):
                if mark.encode(encoding, "replace").decode(encoding) != mark:
                    self.fault("receipt_layout.value", f"controls.{key}", mark, encoding)
        used = [m for m in marks.values() if m]
        if len(set(used)) != len(used):
            self.fault("receipt_layout.value", "controls", "、".join(used), "4 different marks")
        cells = {key: self.cell(table, key, form, record) for key in ("count", "sum") if marks["trailer"]}
        required = (
            self.word(table, "trailer_required", "controls.", ("never", "always", "with_header"))
            if "trailer_required" in table
            else "never"
        )
        if (required != "never" and not marks["trailer"]) or (
            required == "with_header" and not marks["header"]
        ):
            self.fault("receipt_layout.value", "controls.trailer_required", required, "header / trailer")
        return Controls(
            header=marks["header"],
            detail=marks["detail"],
            trailer=marks["trailer"],
            end=marks["end"],
            count=cells.get("count", Cell()),
            sum=cells.get("sum", Cell()),
            trailer_required=required,
        )

    def cell(self, controls: Mapping[str, object], key: str, form: str, record: int) -> Cell:
        value = controls.get(key)
        table = value if isinstance(value, Mapping) else {}
        owner = f"controls.{key}."
        if form == "csv":
            self.keys(table, ("position",), owner)
            return Cell(position=self.number(table, "position", owner, most=1000, needed=True))
        self.keys(table, ("start", "width"), owner)
        start = self.number(table, "start", owner, most=record, needed=True)
        width = self.number(table, "width", owner, most=18, needed=True)
        if start + width - 1 > record:
            self.fault("receipt_layout.place", owner, f"{start} + {width}", f"≤ {record}")
        return Cell(start=start, width=width)

    def whole(self, layout: ReceiptLayout) -> None:
        """What only the layout as a whole shows."""
        names = [f.name for f in layout.fields]
        for name in sorted({n for n in names if n != "store" and names.count(n) > 1}):
            self.fault("receipt_layout.twice", name, name, "1")
        for name in names:
            if name in layout.constants:
                self.fault("receipt_layout.twice", name, f"field {name}、constants.{name}", "1")
        given = {*names, *layout.constants}
        if layout.barcode is not None and "barcode" not in given:
            self.fault("receipt_layout.missing", "barcode", "[barcode]", "[[field]] barcode")
        derived = {"slip_key", "amount"} if layout.barcode is not None and "barcode" in given else set()
        for wanted in (
            ("kind",),
            ("channel",),
            ("slip_key",),
            ("amount",),
            ("paid_at", "paid_on"),
        ):
            if not (given | derived).intersection(wanted):
                self.fault("receipt_layout.missing", wanted[0], "、".join(names), " / ".join(wanted))
        for one, other in (("paid_at", "paid_on"), ("paid_at", "paid_time")):
            if one in given and other in given:
                self.fault("receipt_layout.twice", other, f"{one}、{other}", "1")
        self.wanted(layout, "barcode" in given)
        by_place = [f.position for f in layout.fields if f.position]
        if layout.form == "csv" and by_place and layout.columns < max(by_place):
            self.fault("receipt_layout.value", "columns", layout.columns, f"≥ {max(by_place)}")
        if layout.form == "csv" and len(by_place) < len(layout.fields) and not layout.heading:
            self.fault("receipt_layout.value", "heading", "false", "true")

    def wanted(self, layout: ReceiptLayout, has_barcode: bool) -> None:
        """Fields without which a record is no event must be filled; copies need what they repeat."""
        for field in layout.fields:
            if field.name in NEEDED and not field.required:
                self.fault("receipt_layout.value", f"field[{field.name}].required", "false", "true")
            if field.type == "copy" and not has_barcode:
                self.fault("receipt_layout.missing", "barcode", f"field[{field.name}]", "[[field]] barcode")


_TOP = (
    "id",
    "version",
    "title",
    "form",
    "encodings",
    "heading",
    "columns",
    "record_bytes",
    "field",
    "constants",
    "barcode",
    "controls",
)
_FIELD = (
    "name",
    "type",
    "headings",
    "position",
    "start",
    "width",
    "required",
    "values",
    "none",
    "none_when_channel",
    "prefix",
    "of_barcode",
)
_MARKS = ("header", "detail", "trailer", "end")
_CONTROLS = (*_MARKS, "count", "sum", "trailer_required")
_CONSTANT = ("kind", "channel", "body_code", "tax_item", "levy_year", "fiscal_year", "period")
