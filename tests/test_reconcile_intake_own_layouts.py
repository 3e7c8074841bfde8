"""Layouts that a site writes itself: other widths, columns and ways to say "no value" than those that ship, through both readers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from receipt_rows import SITE, barcode
from receipts_read import agree

from elqr.site import Site
from reconcile.intake import Receipts, read_receipts

Field = dict[str, object]
WORDS = {"kind": "confirmed", "channel": "counter", "body_code": "999997"}
KEY = {"name": "slip_key", "type": "key", "width": 20, "required": True}
AMOUNT = {"name": "amount", "type": "money", "width": 11, "required": True}
PAID = {"name": "paid_at", "type": "datetime", "required": True}
BARCODE = {"name": "barcode", "type": "barcode", "required": True}
KEY_RULE = '[barcode]\nkey_digits = 15\nstatus = "placeholder"\n'


def _toml(value: object) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f'"{k}" = {_toml(v)}' for k, v in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return str(value).lower() if isinstance(value, bool | int) else f'"{value}"'


def own_layout(
    tmp_path: Path, *fields: Field, constants: Mapping[str, str] = WORDS, size: int = 0, rest: str = ""
) -> Path:
    """A layout of these fields in their order: CSV without headings, or fixed with `size` bytes where the fields have a start."""
    shape = f'form = "fixed"\nrecord_bytes = {size}' if size else f'form = "csv"\ncolumns = {len(fields)}'
    parts = [
        f'id = "own"\nversion = "1"\nencodings = ["cp932"]\n{shape}\n[title]\nja = "銀行"\nen = "bank"\n',
        "[constants]\n" + "".join(f'{k} = "{v}"\n' for k, v in constants.items()),
    ]
    for place, field in enumerate(fields, 1):
        words = field if size else {**field, "position": place}
        parts.append("[[field]]\n" + "".join(f"{k} = {_toml(v)}\n" for k, v in words.items()))
    path = tmp_path / "own.toml"
    path.write_text("".join(parts) + rest, encoding="utf-8")
    return path


def read(tmp_path: Path, layout: Path, *lines: str) -> Receipts:
    """A file of these lines, which both readers must tell alike."""
    path = tmp_path / "r.csv"
    path.write_bytes("".join(line + "\r\n" for line in lines).encode("cp932"))
    agree(path, site=SITE, layout=layout)
    return read_receipts(path, site=SITE, layout=layout)


def refused(receipts: Receipts) -> Sequence[tuple[object, ...]]:
    return receipts.quarantine.select("line", "code", "field").rows()


@pytest.mark.parametrize("key", [1, 7, 8, 9, 15, 16, 17, 20])
@pytest.mark.parametrize("yen", [3, 8, 9, 11])
def test_keys_and_amounts_of_every_width(tmp_path: Path, key: int, yen: int) -> None:
    layout = own_layout(tmp_path, {**KEY, "width": key}, {**AMOUNT, "width": yen}, PAID)
    found = read(
        tmp_path, layout, "7" * key + ",100,2026-06-30", '3,"200",20260701', "4," + "9" * yen + ",20260701"
    )
    assert found.frame["slip_key"].to_list() == [("7" * key).zfill(20), "3".zfill(20), "4".zfill(20)]
    assert found.frame["amount"].to_list() == [100, 200, int("9" * yen)]
    assert refused(read(tmp_path, layout, "7" * key + "7,100,20260701", f"7,{'9' * yen}9,20260701")) == [
        (1, "receipt.digits", "slip_key"),
        (2, "receipt.amount", "amount"),
    ]


def test_narrow_columns_of_a_fixed_layout(tmp_path: Path) -> None:
    layout = own_layout(
        tmp_path,
        {**KEY, "start": 1, "width": 12},
        {**AMOUNT, "start": 13, "width": 8},
        {"name": "paid_on", "type": "date", "start": 21, "width": 8, "required": True},
        size=28,
    )
    found = read(tmp_path, layout, "0000012345670000100020260630", "     76543210000200020260701")
    assert found.frame.select("slip_key", "amount").rows() == [
        ("1234567".zfill(20), 1000),
        ("7654321".zfill(20), 2000),
    ]


def test_digits_that_are_no_part_of_the_event_are_read_to_their_end(tmp_path: Path) -> None:
    layout = own_layout(tmp_path, KEY, AMOUNT, PAID, {"name": "reference", "type": "digits", "width": 30})
    found = read(tmp_path, layout, f"1,100,20260701,{'1' * 30}", f"2,100,20260701,{'1' * 24}ABCDEF")
    assert refused(found) == [(2, "receipt.digits", "reference")]


def test_a_second_date_time_is_no_payment_date(tmp_path: Path) -> None:
    """The day on which a bank processed a row stands beside the day on which it was paid; either way of reading knows which is which."""
    layout = own_layout(tmp_path, KEY, AMOUNT, PAID, {"name": "processed_at", "type": "datetime"})
    later = "2026-07-05 10:00"
    found = read(
        tmp_path,
        layout,
        f"1,100,2026-06-30,{later}",
        f'2,"100",2026-06-30 09:15,{later}',
        "3,100,R8.6.30,",
        "4,100,20260630,99",
        '5,"100",20260630,20260230',
    )
    day = date(2026, 6, 30)
    assert found.frame.select("paid_on", "paid_time").rows() == [(day, None), (day, "091500"), (day, None)]
    assert refused(found) == [(4, "receipt.date", "processed_at"), (5, "receipt.date", "processed_at")]


@pytest.mark.parametrize(
    ("field", "cells"),
    [
        (KEY, ("1", "0")),
        (AMOUNT, ("1", "0")),
        (PAID, ("20260701", "00000000")),
        ({"name": "paid_on", "type": "date", "required": True}, ("20260701", "00000000")),
        ({"name": "kind", "type": "choice", "required": True, "values": {"1": "confirmed"}}, ("1", "0")),
        ({"name": "channel", "type": "choice", "required": True, "values": {"1": "app"}}, ("1", "0")),
    ],
)
def test_no_value_where_an_event_needs_one_refuses_the_row(
    tmp_path: Path, field: Field, cells: tuple[str, str]
) -> None:
    """An event without key, amount, day, kind or channel could not be decided on: the night ended with an internal error."""
    name = str(field["name"])
    others = [f for f in (KEY, AMOUNT, PAID) if f["name"] != name and str(f["name"])[:5] != name[:5]]
    constants = {n: v for n, v in WORDS.items() if n != name}
    layout = own_layout(tmp_path, {**field, "none": [cells[1]]}, *others, constants=constants)
    rest = "".join(
        {"slip_key": ",7", "amount": ",100", "paid_at": ",20260701"}[str(f["name"])] for f in others
    )
    found = read(tmp_path, layout, f"{cells[0]}{rest}", f"{cells[1]}{rest}", f'"{cells[1]}"{rest}')
    assert (found.frame.height, refused(found)) == (
        1,
        [(2, "receipt.missing", name), (3, "receipt.missing", name)],
    )


def test_no_value_of_a_barcode_refuses_the_row(tmp_path: Path) -> None:
    constants = {n: v for n, v in WORDS.items() if n != "body_code"}
    layout = own_layout(
        tmp_path, {**BARCODE, "none": ["-"]}, AMOUNT, PAID, constants=constants, rest=KEY_RULE
    )
    digits = barcode({"slip_key": "7".zfill(20), "amount": 100})
    found = read(tmp_path, layout, f"{digits},100,20260701", "-,100,20260701", '"-",100,20260701')
    assert refused(found) == [(2, "receipt.missing", "barcode"), (3, "receipt.missing", "barcode")]


def test_a_word_for_no_value_beyond_ascii_is_that_word_alone(tmp_path: Path) -> None:
    layout = own_layout(
        tmp_path, KEY, AMOUNT, PAID, {"name": "remit_date", "type": "date", "none": ["―", "𩸽"]}
    )
    found = read(tmp_path, layout, "1,100,20260701,―", "2,100,20260701,?", '3,"100",20260701,―')
    assert found.frame.select("line", "remit_date").rows() == [(1, None), (3, None)]
    assert refused(found) == [(2, "receipt.date", "remit_date")]
    layout = own_layout(
        tmp_path, KEY, AMOUNT, PAID, {"name": "tax_item", "type": "digits", "width": 3, "none": ["―"]}
    )
    assert read(tmp_path, layout, "1,100,20260701,―", "2,100,20260701,901").frame["tax_item"].to_list() == [
        None,
        "901",
    ]


def test_blanks_behind_a_date_time_of_a_fixed_record_are_no_repair(tmp_path: Path) -> None:
    fields = (
        {**KEY, "start": 1, "width": 4},
        {**AMOUNT, "start": 5, "width": 6},
        {**PAID, "start": 11, "width": 16},
    )
    path = tmp_path / "r.dat"
    path.write_bytes(b"000100010020260630        " + "０01000100R8.6.30         ".encode("cp932"))
    layout = own_layout(tmp_path, *fields, size=26)
    agree(path, site=SITE, layout=layout)
    assert [
        (p.field, p.params["after"])
        for p in read_receipts(path, site=SITE, layout=layout).log.problems()
        if p.code == "receipt.repaired"
    ] == [
        ("paid_at", "2026-06-30"),
        ("slip_key", "001".zfill(20)),
    ]


def test_no_time_where_the_layout_itself_says_the_channel(tmp_path: Path) -> None:
    time = {"name": "paid_time", "type": "time", "none": ["0000"], "none_when_channel": "postal"}
    day = {"name": "paid_on", "type": "date", "required": True}
    for channel, expected in (("postal", None), ("counter", "000000")):
        layout = own_layout(tmp_path, KEY, AMOUNT, day, time, constants={**WORDS, "channel": channel})
        found = read(tmp_path, layout, "1,100,20260701,0000", '2,"100",20260701,0000')
        assert found.frame["paid_time"].to_list() == [expected, expected]


def test_a_row_that_says_no_body_is_not_another_bodys(tmp_path: Path) -> None:
    """In the worst case a receipt has a key, an amount and a day; what it does not say does not make it a stranger's."""
    constants = {n: v for n, v in WORDS.items() if n != "body_code"}
    found = read(
        tmp_path,
        own_layout(tmp_path, KEY, AMOUNT, PAID, constants=constants),
        "1,100,20260701",
        '2,"7",20260701',
    )
    assert (found.frame["body_code"].to_list(), found.rejected.height) == ([None, None], 0)
    body = {"name": "body_code", "type": "digits", "width": 6}
    layout = own_layout(tmp_path, KEY, AMOUNT, PAID, body, constants=constants)
    lines = [
        f"{n},{yen},20260701,{code}"
        for n, code in enumerate(("", "999997", "131016"))
        for yen in ("100", '"100"')
    ]
    found = read(tmp_path, layout, *lines)
    assert found.frame["body_code"].to_list() == [None, None, "999997", "999997"]
    assert found.rejected["body_code"].to_list() == ["131016", "131016"]
    layout = own_layout(
        tmp_path, KEY, BARCODE, AMOUNT, PAID, constants=constants
    )  # whose it is, its barcode says
    bars = [barcode({"slip_key": "7", "amount": 100}, issuer=issuer) for issuer in ("999999", "123456")]
    found = read(
        tmp_path, layout, *(f"7,{digits},{yen},20260701" for digits in bars for yen in ("100", '"100"'))
    )
    assert (found.frame["line"].to_list(), found.rejected["line"].to_list()) == ([1, 2], [3, 4])


def test_a_body_code_beside_the_barcode_may_be_lacking_in_some_rows(tmp_path: Path) -> None:
    """The issuer in the barcode says whose a row without it is, as it does where no row has one."""
    constants = {n: v for n, v in WORDS.items() if n != "body_code"}
    body = {"name": "body_code", "type": "digits", "width": 6}
    layout = own_layout(tmp_path, BARCODE, AMOUNT, PAID, body, constants=constants, rest=KEY_RULE)
    ours, theirs = (
        barcode({"slip_key": "7".zfill(20), "amount": 100}, issuer=issuer) for issuer in ("999999", "123456")
    )
    rows = ((ours, "999997"), (ours, ""), (ours, "131016"), (theirs, ""), (theirs, "999997"))
    lines = [f"{digits},{yen},20260701,{code}" for digits, code in rows for yen in ("100", '"100"')]
    found = read(tmp_path, layout, *lines)
    assert found.frame.select("line", "body_code").rows() == [(n, "999997") for n in (1, 2, 3, 4)]
    assert found.rejected["body_code"].to_list() == ["131016", "131016", None, None, "999997", "999997"]


def test_parts_are_held_against_the_amount_of_the_barcode_where_no_column_has_it(tmp_path: Path) -> None:
    constants = {n: v for n, v in WORDS.items() if n != "body_code"}
    part = {"name": "principal", "type": "money", "width": 11}
    layout = own_layout(tmp_path, BARCODE, part, PAID, constants=constants, rest=KEY_RULE)
    digits = barcode({"slip_key": "7".zfill(20), "amount": 100})
    found = read(
        tmp_path, layout, *(f"{digits},{yen},20260701" for yen in ("100", "99", '"99"', "", '"100"'))
    )
    assert found.frame["line"].to_list() == [1, 4, 5]
    assert refused(found) == [(2, "receipt.parts", "amount"), (3, "receipt.parts", "amount")]


# --- any layout -------------------------------------------------------------------------------------------

EXAMPLES = 1000 if settings.default is not None and settings.default.max_examples > 100 else 40
NEEDED = ("kind", "channel", "slip_key", "amount", "paid_at", "paid_on", "barcode")
FIXED_WIDTHS = {"body_code": 6, "tax_item": 3, "period": 2, "copy": 6, "barcode": 47, "choice": 8, "time": 4}
LEAST = {"money": 3, "date": 8, "datetime": 8, "text": 2}
MAY_BE: tuple[tuple[str, str], ...] = (
    *((name, "digits") for name in ("body_code", "tax_item", "period", "reference")),
    *((name, "money") for name in ("principal", "delinquency", "fee")),
    *((name, "date") for name in ("remit_date", "account_date", "sent_on")),
    *(("txn_id", "text"), ("store", "text"), ("store", "text"), ("remark", "text")),
    *(("processed_at", "datetime"), ("processed", "time"), ("class", "choice"), ("other_key", "key")),
)
CELLS: Mapping[str, tuple[str, ...]] = {  # plain ones first, then repairs and faults
    "choice": ("1", "2", "１", "x", ""),
    "digits": ("999997", "901", "01", "131016", "9０1", ""),
    "key": ("1", "77", "123456789012", "０1", "A", ""),
    "money": ("100", "12345", "1,000", "￥5", "0", "99999999", ""),
    "date": ("20260701", "2026-07-01", "R8.7.1", "20260230", "22000101", "0", ""),
    "time": ("1015", "0000", "101559", "9:05", "2400", ""),
    "datetime": (
        "20260701",
        "2026-07-01 10:15",
        "20260701101559",
        "令和8年7月1日 9:05",
        "2026-07-01T24:00",
        "",
    ),
    "text": ("A1", "A B", "店1", "a" * 9, "a" * 70, ""),
    "copy": ("202601", ""),
}


def any_fields(chance: Random) -> tuple[list[Field], dict[str, str], str]:
    """Fields in some order, constants and the rest of a layout file."""
    rule = chance.random() < 0.4
    constants = {n: v for n, v in {**WORDS, "channel": "postal"}.items() if chance.random() < 0.5}
    kinds = [("barcode", "barcode"), ("copied", "copy")] if rule else [("slip_key", "key")]
    kinds += [(n, "choice") for n in ("kind", "channel") if n not in constants]
    kinds += [] if rule and chance.random() < 0.5 else [("amount", "money")]
    kinds += (
        [("paid_at", "datetime")] if chance.random() < 0.5 else [("paid_on", "date"), ("paid_time", "time")]
    )
    kinds += [one for one in chance.sample(MAY_BE, chance.randrange(8)) if one[0] not in constants]
    chance.shuffle(kinds)
    fields: list[Field] = []
    for name, kind in kinds:
        width = {"key": 20, "money": 11, "digits": 30, "text": 64}.get(kind, 19)
        field: dict[str, object] = {
            "name": name,
            "type": kind,
            "required": name in NEEDED or chance.random() < 0.2,
        }
        field["width"] = FIXED_WIDTHS.get(
            name, FIXED_WIDTHS.get(kind, chance.randint(LEAST.get(kind, 1), width))
        )
        if kind == "choice":
            words = {"kind": ("confirmed", "cancelled"), "channel": ("postal", "app")}.get(name, ("a", "b"))
            field["values"] = dict(zip("12", words, strict=True))
        if kind in ("copy", "barcode"):
            field |= {"of_barcode": [9, 14]} if kind == "copy" else {"prefix": "EAN"}
        if chance.random() < 0.3:
            field["none"] = chance.sample(["0", "00000000", "―", "1", "0000"], 2)
            field["none_when_channel"] = chance.choice(["", "", "postal"])
        fields.append(field)
    return fields, constants, KEY_RULE if rule else ""


def any_cell(chance: Random, field: Field, digits: str) -> str:
    """Mostly what the field asks for, so that many records are taken."""
    kind, width, none = str(field["type"]), int(str(field["width"])), field.get("none")
    if isinstance(none, list) and chance.random() < 0.1:
        return str(chance.choice(none))
    if chance.random() < 0.1:
        return chance.choice(CELLS.get(kind, ("EAN",)))
    own = {"body_code": "999997", "amount": "100", "principal": "100", "delinquency": "0"}
    plain = {
        **{"barcode": f"EAN{digits}", "copy": digits[8:14], "digits": "1" * width, "key": "7" * width},
        **{"money": "5", "text": "A1", "choice": "1", "time": "1015"},
    }
    return own.get(str(field["name"]), plain.get(kind, CELLS.get(kind, ("",))[0]))


@given(chance=st.randoms(use_true_random=False), fixed=st.booleans())
@settings(max_examples=EXAMPLES)
def test_any_layout_is_read_alike_by_both_readers(
    tmp_path_factory: pytest.TempPathFactory, chance: Random, fixed: bool
) -> None:
    fields, constants, rest = any_fields(chance)
    size = 0
    if fixed:
        for field in fields:
            field["start"] = size + 1
            size += int(str(field["width"])) + chance.randrange(2)
    folder = tmp_path_factory.mktemp("any")
    layout = own_layout(folder, *fields, constants=constants, size=size, rest=rest)
    lines = []
    for _ in range(chance.randint(1, 12)):
        digits = barcode({"slip_key": str(chance.randrange(10**9)).zfill(20), "amount": 100})
        cells = [any_cell(chance, field, digits) for field in fields]
        if fixed:
            record = bytearray(b" " * size)
            for field, cell in zip(fields, cells, strict=True):
                at, width = int(str(field["start"])) - 1, int(str(field["width"]))
                record[at : at + width] = cell.encode("cp932")[:width].ljust(width)
            lines.append(bytes(record))
        else:
            quoted = [f'"{c}"' if "," in c or chance.random() < 0.03 else c for c in cells]
            lines.append(",".join(quoted).encode("cp932"))
    path = folder / "r.dat"
    path.write_bytes(b"".join(line + b"\r\n" for line in lines))
    agree(path, site=chance.choice([SITE, Site.unknown(), Site(body_code="999997")]), layout=layout)
