"""Receipts coming in: every layout there and back, in batches, and what is repaired."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from receipt_rows import (
    DAYS,
    LAYOUTS,
    SITE,
    Event,
    event,
    events_for,
    file_of,
    record,
    store_event,
    write,
)
from receipts_read import canonical, told, values

from elqr.site import Site
from reconcile import records as records_module
from reconcile.descriptors import load_receipt_layout
from reconcile.frames import CHANNELS, KINDS, RECEIPTS, expect
from reconcile.intake import open_receipts, read_receipts
from reconcile.intake_reference import reference_rows, repairs

# --- there and back ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_every_layout_there_and_back(tmp_path: Path, name: str, end: bytes) -> None:
    events = events_for(name, 50)
    receipts = read_receipts(write(tmp_path / "r.dat", events, name, end=end, control=True), site=SITE)
    expect(receipts.frame, RECEIPTS, name="receipts")
    assert values(receipts.frame, events) == events
    assert receipts.rejected.is_empty() and receipts.quarantine.is_empty()
    assert receipts.summary.layout == name
    assert receipts.summary.tally.good == 50
    first = 1 + (not name.endswith("fixed")) + name.endswith("fixed")
    assert receipts.frame["line"].to_list() == list(range(first, first + 50))


def test_fixed_records_without_line_ends(tmp_path: Path) -> None:
    events = events_for("convenience_fixed", 30)
    path = write(tmp_path / "r.dat", events, "convenience_fixed", end=b"", control=True)
    receipts = read_receipts(path, site=SITE)
    assert values(receipts.frame, events) == events
    assert receipts.frame["line"].to_list() == list(range(2, 32))
    path.write_bytes(path.read_bytes() + b"\x1a")
    assert read_receipts(path, site=SITE).frame.height == 30


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
def test_japanese_headings_and_words_in_any_encoding(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "r.csv"
    path.write_text(
        "種別,納付方法,団体コード,案件特定キー,納付額,納付日\n"
        "速報,コンビニ,999997,1,1000,2026-06-01\n確報,窓口,999997,2,2000,20260602\n",
        encoding=encoding,
    )
    frame = read_receipts(path, site=SITE).frame
    assert frame["kind"].to_list() == ["preliminary", "confirmed"]
    assert frame["channel"].to_list() == ["convenience", "counter"]
    assert frame["paid_on"].to_list() == [date(2026, 6, 1), date(2026, 6, 2)]
    assert frame["paid_time"].null_count() == 2


@pytest.mark.parametrize("name", LAYOUTS)
def test_kinds_of_the_public_layouts(tmp_path: Path, name: str) -> None:
    if name == "canonical":
        events = [
            event(i, kind=k, channel=c) for i, (k, c) in enumerate((k, c) for k in KINDS for c in CHANNELS)
        ]
    else:
        pairs = [("preliminary", "convenience"), ("confirmed", "convenience"), ("cancelled", "convenience")]
        pairs += [("confirmed", "postal"), ("corrected", "postal")]
        events = [
            store_event(i, kind=k, channel=c, paid_time=None if c == "postal" else "120000")
            for i, (k, c) in enumerate(pairs)
        ]
    frame = read_receipts(write(tmp_path / "r.dat", events, name), site=SITE).frame
    assert values(frame, events) == events


def test_midnight_is_a_time_at_a_store_and_none_at_the_post_office(tmp_path: Path) -> None:
    events = [store_event(0, paid_time="000000"), store_event(2, channel="postal", paid_time=None)]
    frame = read_receipts(write(tmp_path / "r.csv", events, "convenience_csv"), site=SITE).frame
    assert frame["paid_time"].to_list() == ["000000", None]


def test_remittance_is_not_known_before_it_is_confirmed(tmp_path: Path) -> None:
    layout = load_receipt_layout("convenience_csv")
    raw = record(store_event(0, remit_date=None), layout).replace(b"00000000,20260701", b"0,20260701")
    path = tmp_path / "r.csv"
    path.write_bytes(file_of([raw], layout))
    assert read_receipts(path, site=SITE).frame["remit_date"].to_list() == [None]


def test_raw_bytes_stay_with_each_row(tmp_path: Path) -> None:
    events = events_for("canonical", 5)
    path = write(tmp_path / "r.csv", events)
    lines = path.read_bytes().split(b"\r\n")
    frame = read_receipts(path, site=SITE).frame
    assert [lines[n - 1] for n in frame["line"]] == frame["raw"].to_list()


def test_batches_are_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "r.csv", events_for("canonical", 400), control=True)
    whole = read_receipts(path, site=SITE)
    monkeypatch.setattr(records_module, "BLOCK_BYTES", 1000)
    source = open_receipts(path, site=SITE)
    with pytest.raises(RuntimeError, match="last batch"):
        _ = source.summary
    batches = list(source.batches())
    assert len(batches) > 20
    assert pl.concat([b.frame for b in batches]).equals(whole.frame)
    assert source.summary == whole.summary


_time = st.none() | st.builds(
    "{:02d}{:02d}{:02d}".format, st.integers(0, 23), st.integers(0, 59), st.integers(0, 59)
)
_day = st.dates(date(1873, 1, 1), date(2199, 12, 31))
_digits = lambda n: st.none() | st.text("0123456789", min_size=n, max_size=n)  # noqa: E731
_events = st.lists(
    st.fixed_dictionaries(
        {
            "kind": st.sampled_from(KINDS),
            "channel": st.sampled_from(CHANNELS),
            "body_code": st.sampled_from(["999997", "131016"]),
            "slip_key": st.text("0123456789", min_size=20, max_size=20),
            "confirm_no": _digits(6),
            "tax_item": _digits(3),
            "levy_year": _digits(4),
            "period": _digits(2),
            "amount": st.integers(1, 10**11 - 1),
            "paid_on": _day,
            "paid_time": _time,
            "data_date": st.none() | _day,
            "remit_date": st.none() | _day,
            "account_date": st.none() | _day,
            "txn_id": st.none() | st.text("ABCxyz019-_", min_size=1, max_size=64),
            "orig_txn_id": st.none() | st.text("ABCxyz019-_", min_size=1, max_size=64),
            "store": st.none() | st.text("0123456789店舗ｺﾝﾋﾞﾆ", min_size=1, max_size=20),
        }
    ),
    min_size=1,
    max_size=12,
)


@given(_events, st.sampled_from(["cp932", "utf-8"]))
@settings(max_examples=30)
def test_any_event_there_and_back(
    tmp_path_factory: pytest.TempPathFactory, events: list[Event], encoding: str
) -> None:
    import unicodedata

    path = tmp_path_factory.mktemp("r") / "r.csv"
    read = read_receipts(write(path, events, encoding=encoding), site=Site.unknown())
    for e in events:
        e["store"] = e["store"] and unicodedata.normalize("NFKC", str(e["store"]))
    assert values(read.frame, events) == events
    accepted, _, _, notes = reference_rows(path)
    assert read.frame.equals(accepted)
    assert repairs(read.log) == sorted(notes)


def test_days_are_what_they_were_written(tmp_path: Path) -> None:
    events = [
        event(i, paid_on=d, paid_time=None)
        for i, d in enumerate((*DAYS, date(1873, 1, 1), date(2199, 12, 31)))
    ]
    assert canonical(tmp_path, *events).frame["paid_on"].to_list() == [e["paid_on"] for e in events]
    before = canonical(
        tmp_path, record(event(0), load_receipt_layout("canonical")).replace(b"2026-06-01", b"1872-12-31")
    )
    assert before.quarantine["code"].to_list() == ["receipt.date"]
    shutil.rmtree(tmp_path)


# --- repairs -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("column", "written", "value"),
    [
        ("amount", "１２３４５", 12345),
        ("amount", '"12,345"', 12345),
        ("amount", "12345円", 12345),
        ("amount", " 12345", 12345),
        ("paid_at", "令和8年6月30日", date(2026, 6, 30)),
        ("paid_at", "R8.6.30 12:05", date(2026, 6, 30)),
        ("paid_at", "２０２６－０６－３０", date(2026, 6, 30)),
        ("remit_date", "R8.7.3", date(2026, 7, 3)),
        ("slip_key", "１２３", "00000000000000000123"),
        ("kind", "確報 ", "confirmed"),
        ("channel", "ｺﾝﾋﾞﾆ", "convenience"),
        ("txn_id", "Ｔ１", "T1"),
    ],
)
def test_what_is_repaired_is_noted(tmp_path: Path, column: str, written: str, value: object) -> None:
    names = ["kind", "channel", "body_code", "slip_key", "amount", "paid_at", "remit_date", "txn_id"]
    cells = {"kind": "confirmed", "channel": "app", "body_code": "999997", "slip_key": "1", "amount": "1000"}
    cells |= {"paid_at": "2026-06-01", "remit_date": "2026-07-01", "txn_id": "", column: written}
    path = tmp_path / "r.csv"
    text = ",".join(names) + "\n" + ",".join(cells[n] for n in names) + "\n"
    path.write_text(text.replace("－", "－"), encoding="cp932")
    receipts = read_receipts(path, site=SITE)
    target = "paid_on" if column == "paid_at" else column
    assert receipts.frame[target].to_list() == [value]
    notes = [p for p in told(receipts) if p.code == "receipt.repaired"]
    assert [(p.field, p.where.line) for p in notes] == [(column, 2)]


@pytest.mark.parametrize(
    ("written", "time"),
    [
        ("2026-06-30", None),
        ("20260630", None),
        ("2026-06-30 23:59", "235900"),
        ("2026-06-30T00:00:01", "000001"),
        ("20260630235958", "235958"),
        ("202606302359", "235900"),
        ("2026-06-30 9:05", "090500"),
        ("2026-06-30 09:05:00+09:00", "090500"),
    ],
)
def test_ways_to_write_when_it_was_paid(tmp_path: Path, written: str, time: str | None) -> None:
    path = tmp_path / "r.csv"
    head = "kind,channel,body_code,slip_key,amount,paid_at\n"
    path.write_text(f"{head}confirmed,app,999997,1,1000,{written}\n", encoding="utf-8")
    receipts = read_receipts(path, site=SITE)
    assert receipts.frame.select("paid_on", "paid_time").row(0) == (date(2026, 6, 30), time)
    assert not told(receipts)


def test_private_use_characters_need_the_table_of_the_site(tmp_path: Path) -> None:
    raw = record(event(0, txn_id="T", store="\ue000屋"), load_receipt_layout("canonical"))
    assert canonical(tmp_path, raw).quarantine["code"].to_list() == ["receipt.private_use"]
    site = Site(body_code="999997", gaiji={"\ue000": "髙"})
    assert canonical(tmp_path, raw, site=site).frame["store"].to_list() == ["髙屋"]
