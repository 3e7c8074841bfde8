"""Receipts that are not posted: what is quarantined and why, and rows of other bodies."""

from __future__ import annotations

from pathlib import Path

import pytest
from receipt_rows import LAYOUTS, SITE, barcode, event, file_of, record, store_event
from receipts_read import canonical, told

from elqr.site import Site
from reconcile.descriptors import load_receipt_layout
from reconcile.intake import read_receipts

# --- quarantine ----------------------------------------------------------------------------------------

BAD: tuple[tuple[str, str, bytes, bytes], ...] = (  # code, field, what of a good line, what instead
    ("receipt.fields", "", b",T00000000,", b","),
    ("receipt.fields", "", b",T00000000,", b",T00000000,,"),
    ("receipt.quote", "", b"T00000000", b'T"0'),
    ("receipt.quote", "", b"T00000000", b'"T'),
    ("receipt.bytes", "", b"T00000000", b"T\x81"),
    ("receipt.bytes", "", b"T00000000", b"T\xa0"),
    ("receipt.bytes", "", b"T00000000", b"T\x80"),
    ("receipt.bytes", "", b"T00000000", b"T\xfd"),
    ("receipt.bytes", "", b"T00000000", b"T\xfe"),
    ("receipt.bytes", "", b"T00000000", b"T\xff"),
    ("receipt.private_use", "", b"T00000000", b"T\xf0\x40"),
    ("receipt.character", "", b"T00000000", b"T\x00"),
    ("receipt.character", "", b"T00000000", b"T\t1"),
    ("receipt.character", "", b"T00000000", b"T\r1"),
    ("receipt.missing", "kind", b"confirmed,", b","),
    ("receipt.missing", "amount", b",1000,", b",,"),
    ("receipt.missing", "paid_at", b"2026-06-01 00:00:07", b""),
    ("receipt.choice", "kind", b"confirmed,", b"konfirmed,"),
    ("receipt.choice", "channel", b",app,", b",phone,"),
    ("receipt.digits", "body_code", b"999997", b"99999"),
    ("receipt.digits", "slip_key", b"00000202601010000000", b"000002026010100000000"),
    ("receipt.digits", "slip_key", b"00000202601010000000", b"0000020260101000000A"),
    ("receipt.digits", "confirm_no", b",000000,", b",00000,"),
    ("receipt.amount", "amount", b",1000,", b",10.5,"),
    ("receipt.amount", "amount", b",1000,", b",-1000,"),
    ("receipt.amount", "amount", b",1000,", b",100000000000,"),
    ("receipt.amount_zero", "amount", b",1000,", b",0,"),
    ("receipt.date", "paid_at", b"2026-06-01 00:00:07", b"2026-02-29 00:00:07"),
    ("receipt.date", "paid_at", b"2026-06-01 00:00:07", b"26-06-01"),
    ("receipt.date", "remit_date", b"2026-07-03", b"2026-13-03"),
    ("receipt.time", "paid_at", b"00:00:07", b"24:00:00"),
    ("receipt.time", "paid_at", b"00:00:07", b"12:60:00"),
    ("receipt.text_long", "txn_id", b"T00000000", b"T" * 65),
    ("receipt.body_code", "body_code", b"999997", b"999998"),
)


@pytest.mark.parametrize(("code", "field", "good", "bad"), BAD)
def test_a_bad_row_is_quarantined_and_its_neighbours_are_not(
    tmp_path: Path, code: str, field: str, good: bytes, bad: bytes
) -> None:
    layout = load_receipt_layout("canonical")
    line = record(event(0), layout)
    assert good in line
    damaged = line.replace(good, bad)
    receipts = canonical(tmp_path, event(1), damaged, event(2))
    assert receipts.frame["line"].to_list() == [2, 4]
    row = receipts.quarantine.row(0, named=True)
    assert (row["code"], row["field"], row["line"], row["raw"]) == (code, field, 3, damaged)
    assert row["reason_ja"] and row["reason_en"]
    assert receipts.summary.tally.quarantined == 1
    assert receipts.summary.balance.open_rows == 1


def test_parts_must_come_to_the_amount(tmp_path: Path) -> None:
    good = event(0, amount=1300, principal=1000, delinquency=200, dunning_fee=100)
    bad = event(1, amount=1300, principal=1000, delinquency=200)
    receipts = canonical(tmp_path, good, bad)
    assert receipts.frame.select("principal", "delinquency", "dunning_fee").row(0) == (1000, 200, 100)
    assert receipts.quarantine["code"].to_list() == ["receipt.parts"]


def test_what_is_legible_of_a_bad_row_is_kept(tmp_path: Path) -> None:
    line = record(event(0), load_receipt_layout("canonical"))
    receipts = canonical(
        tmp_path, line.replace(b"2026-06-01", b"2026-06-31"), line.replace(b",1000,", b",1O00,")
    )
    assert receipts.quarantine.select("slip_key", "amount").rows() == [
        ("00000202601010000000", 1000),
        ("00000202601010000000", None),
    ]


STORE_BAD = (
    ("receipt.barcode_check", lambda b: b[:-1] + str((int(b[-1]) + 1) % 10)),
    ("receipt.barcode_ai", lambda b: "92" + b[2:]),
    ("receipt.digits", lambda b: b[:-1]),
    ("receipt.digits", lambda b: b[:20] + "X" + b[21:]),
)


@pytest.mark.parametrize("name", LAYOUTS[1:])
@pytest.mark.parametrize(("code", "change"), STORE_BAD)
def test_a_damaged_barcode_is_quarantined(tmp_path: Path, name: str, code: str, change: object) -> None:
    layout = load_receipt_layout(name)
    good = [record(store_event(i), layout) for i in range(3)]
    digits = barcode(store_event(1))
    changed = change(digits).ljust(44) if layout.form == "fixed" else change(digits)  # type: ignore[operator]
    path = tmp_path / "r.dat"
    path.write_bytes(file_of([good[0], good[1].replace(digits.encode(), changed.encode()), good[2]], layout))
    receipts = read_receipts(path, site=SITE)
    assert receipts.frame.height == 2
    assert receipts.quarantine["code"].to_list() == [code]


def test_barcode_and_row_must_agree(tmp_path: Path) -> None:
    layout = load_receipt_layout("convenience_csv")
    line = record(store_event(0), layout)
    path = tmp_path / "r.csv"
    other_amount = line.replace(b",1000,", b",1001,")
    other_copy = line.replace(b"," + barcode(store_event(0))[13:19].encode() + b",", b",999999,")
    deep = store_event(5)
    free = barcode(deep)
    deep_free = free[:28] + "1" + free[29:43]
    from elqr.checkdigits import mod10_31
    from elqr.digits import row

    deep_free += str(int(mod10_31(row(deep_free))[0]))
    other_free = (
        record(deep, layout)
        .replace(free.encode(), deep_free.encode())
        .replace(free[19:30].encode(), deep_free[19:30].encode())
    )
    path.write_bytes(file_of([line, other_amount, other_copy, other_free], layout))
    receipts = read_receipts(path, site=SITE)
    assert receipts.frame.height == 1
    assert receipts.quarantine["code"].to_list() == [
        "receipt.barcode_amount",
        "receipt.copy",
        "receipt.free_field",
    ]


def test_records_of_the_wrong_length_or_kind(tmp_path: Path) -> None:
    layout = load_receipt_layout("convenience_fixed")
    good = record(store_event(0), layout)
    path = tmp_path / "r.dat"
    path.write_bytes(file_of([good, good[:-1], good + b" ", b"3" + good[1:], good, good], layout))
    receipts = read_receipts(path, site=SITE)
    assert receipts.frame["line"].to_list() == [1, 5, 6]
    assert receipts.quarantine["code"].to_list() == ["receipt.length", "receipt.length", "receipt.record"]
    path.write_bytes(file_of([good, good], layout, end=b"")[:-1])
    short = read_receipts(path, site=SITE)
    assert short.quarantine.select("code", "line").row(0) == ("receipt.length", 2)


def test_a_key_rule_of_the_site(tmp_path: Path) -> None:
    source = load_receipt_layout("convenience_csv")
    from importlib.resources import files

    own = tmp_path / "own.toml"
    text = (files("layouts") / "receipts" / "convenience_csv.toml").read_text(encoding="utf-8")
    own.write_text(
        text.replace("key_digits = 15", "key_digits = 12").replace('id = "convenience_csv"', 'id = "own"'),
        encoding="utf-8",
    )
    path = tmp_path / "r.csv"
    events = [store_event(0, slip_key="20260101".zfill(20))]
    path.write_bytes(
        file_of(
            [record({**events[0], "slip_key": "20260101000000".ljust(15, "0").zfill(20)}, source)], source
        )
    )
    receipts = read_receipts(path, site=SITE, layout=own)
    assert receipts.frame["slip_key"].to_list() == ["202601010000".zfill(20)]
    assert ("receipt_file.key_rule", 12) in [(p.code, int(p.params["found"])) for p in told(receipts)]


# --- whose ---------------------------------------------------------------------------------------------


def test_rows_of_another_body_are_kept_apart_and_counted(tmp_path: Path) -> None:
    receipts = canonical(tmp_path, event(0), event(1, body_code="131016"), event(2))
    assert receipts.frame["line"].to_list() == [2, 4]
    assert receipts.rejected.select("line", "body_code", "amount").rows() == [(3, "131016", 1001)]
    tally = receipts.summary.tally
    assert (tally.good, tally.rejected, tally.rejected_yen, tally.rows) == (2, 1, 1001, 3)


def test_the_issuer_of_a_barcode_says_whose_it_is(tmp_path: Path) -> None:
    layout = load_receipt_layout("convenience_csv")
    path = tmp_path / "r.csv"
    path.write_bytes(
        file_of([record(store_event(0), layout), record(store_event(1), layout, issuer="123456")], layout)
    )
    receipts = read_receipts(path, site=SITE)
    assert receipts.frame["body_code"].to_list() == ["999997"]
    assert receipts.rejected.select("line", "body_code").rows() == [(3, None)]
    unsure = read_receipts(path, site=Site(body_code="999997"))
    assert unsure.frame["body_code"].to_list() == ["999997"] * 2
    assert "receipt_file.issuer_unknown" in [p.code for p in told(unsure)]
    nobody = read_receipts(path)
    assert nobody.frame["body_code"].to_list() == [None, None]
    assert "receipt_file.body_unknown" in [p.code for p in told(nobody)]
