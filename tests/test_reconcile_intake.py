"""Receipts coming in: every layout there and back, what is repaired, what is quarantined and why, other bodies, Parquet, large files."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path
from typing import Literal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from receipt_rows import (
    DAYS,
    LAYOUTS,
    SITE,
    Event,
    barcode,
    event,
    events_for,
    file_of,
    record,
    store_event,
    write,
)

from elqr.problems import Problem, ProblemError
from elqr.site import Site
from reconcile import records as records_module
from reconcile.descriptors import load_receipt_layout
from reconcile.frames import CHANNELS, KINDS, RECEIPTS, expect
from reconcile.intake import Receipts, open_receipts, read_receipts
from reconcile.intake_reference import reference_rows, repairs


def values(frame: pl.DataFrame, events: list[Event]) -> list[Event]:
    """The rows of a frame in the columns of these events."""
    return frame.select(list(events[0])).to_dicts()


def canonical(tmp_path: Path, *rows: Event | bytes, site: Site = SITE, encoding: str = "cp932") -> Receipts:
    """A canonical file of these events (or raw lines), read."""
    layout = load_receipt_layout("canonical")
    lines = [r if isinstance(r, bytes) else record(r, layout, encoding=encoding) for r in rows]
    path = tmp_path / "r.csv"
    path.write_bytes(file_of(lines, layout, encoding=encoding))
    return read_receipts(path, site=site)


def told(receipts: Receipts) -> list[Problem]:
    return list(receipts.log.problems())


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


def test_parquet_of_the_same_columns(tmp_path: Path) -> None:
    events = events_for("canonical", 20)
    written = [
        {
            **{k: v for k, v in e.items() if k not in ("paid_on", "paid_time")},
            "paid_at": f"{e['paid_on']} {str(e['paid_time'])[:2]}:{str(e['paid_time'])[2:4]}:07",
        }
        for e in events
    ]
    pl.DataFrame(written).write_parquet(tmp_path / "r.parquet")
    (tmp_path / "r.parquet").rename(
        tmp_path / "受領[1]*.parquet"
    )  # signs of a pattern are only signs of a name
    receipts = read_receipts(tmp_path / "受領[1]*.parquet", site=SITE)
    assert values(receipts.frame, events) == events
    as_csv = read_receipts(write(tmp_path / "r.csv", events), site=SITE).frame
    assert receipts.frame["receipt_id"].equals(as_csv["receipt_id"])
    assert receipts.frame["content_sha"].equals(as_csv["content_sha"])
    pl.DataFrame(written).with_columns(txn_id=pl.lit("a\nb")).write_parquet(tmp_path / "broken.parquet")
    broken = read_receipts(tmp_path / "broken.parquet", site=SITE)
    assert broken.quarantine["code"].to_list() == ["receipt.character"] * 20


def test_parquet_that_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "r.parquet"
    names = ("kind", "channel", "body_code", "slip_key", "tax_item", "amount", "paid_at", "data_date")
    rows = pl.DataFrame({n: [f"{n}{i}" for i in range(50)] for n in names})
    rows.with_columns(amount=pl.concat_list("amount")).write_parquet(path)
    assert refused(path) == ["heading.type"]
    rows.write_parquet(path)
    whole = path.read_bytes()
    path.write_bytes(whole[:-20])
    assert refused(path) == ["file.damaged"]
    path.write_bytes(whole[:8] + bytes(300) + whole[308:])  # the end is whole, the pages are not
    assert refused(path) == ["file.damaged"]


@pytest.mark.parametrize("zone", [None, "Asia/Tokyo", "UTC"])
@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
def test_parquet_times_are_read_as_the_csv_writes_them(
    tmp_path: Path, unit: Literal["ms", "us", "ns"], zone: str | None
) -> None:
    # A day at midnight is a day (a table tool knows no other); a moment with a time zone is told as the clock in Japan.
    written = ["2026-06-30 23:59:01", "2026-07-01 00:30:00", "2026-06-30"]
    texts = pl.DataFrame(
        {
            **{"kind": "confirmed", "channel": "app", "body_code": "999997", "amount": ["100", "200", "300"]},
            **{"slip_key": "1", "txn_id": ["a", "b", "c"], "paid_at": written, "remit_date": "2026-07-03"},
        }
    )
    texts.write_csv(tmp_path / "r.csv")
    days = pl.col("paid_at").str.pad_end(11, " ").str.replace(" $", " 00:00:00")
    japan = days.str.to_datetime("%Y-%m-%d %H:%M:%S", time_unit=unit)
    if zone:
        japan = japan.dt.replace_time_zone("Asia/Tokyo").dt.convert_time_zone(zone)
    typed = texts.with_columns(
        japan.alias("paid_at"),
        pl.col("remit_date").str.to_datetime("%Y-%m-%d", time_unit=unit),
        pl.col("amount").cast(pl.Int64),
    )
    typed.write_parquet(tmp_path / "r.parquet")
    as_csv, as_typed = (read_receipts(tmp_path / name, site=SITE) for name in ("r.csv", "r.parquet"))
    assert as_csv.frame.height == 3 and as_typed.quarantine.is_empty()
    same = ("receipt_id", "content_sha", "paid_on", "paid_time", "remit_date")
    assert as_typed.frame.select(same).equals(as_csv.frame.select(same))


def test_parquet_columns_that_are_no_text(tmp_path: Path) -> None:
    written = pl.DataFrame(
        {"kind": ["confirmed"], "channel": "app", "body_code": "999997", "slip_key": "1", "amount": "100", "paid_at": "2026-06-30"}
    )  # fmt: skip
    written.with_columns(memo=pl.concat_list("kind"), scan=pl.lit(b"\xff")).write_parquet(
        tmp_path / "r.parquet"
    )
    assert read_receipts(tmp_path / "r.parquet", site=SITE).frame.height == 1  # nobody asks for them
    for cell in (pl.concat_list("slip_key"), pl.col("slip_key").cast(pl.Binary)):
        written.with_columns(cell).write_parquet(tmp_path / "r.parquet")
        with pytest.raises(ProblemError) as caught:
            read_receipts(tmp_path / "r.parquet", site=SITE)
        assert [(p.code, p.field) for p in caught.value.problems] == [("heading.type", "slip_key")]


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


# --- files that cannot be used -------------------------------------------------------------------------


def refused(path: Path, **options: object) -> list[str]:
    with pytest.raises(ProblemError) as caught:
        read_receipts(path, site=SITE, **options)  # type: ignore[arg-type]
    return [p.code for p in caught.value.problems]


def test_files_that_cannot_be_used(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    assert refused(path) == ["file.unreadable"]
    path.write_bytes(b"")
    assert refused(path) == ["file.empty"]
    path.write_bytes(b"%PDF-1.7\n")
    assert refused(path) == ["file.not_text"]
    path.write_bytes(
        b"kind,slip_key\rconfirmed,1\rconfirmed,2\r"
    )  # one long line of headings, and no row to miss
    assert refused(path) == ["file.line_end"]
    path.write_bytes(b"PAR1 nothing")
    assert refused(path) == ["file.damaged"]
    path.write_text("kind,channel,body_code\n", encoding="utf-8")
    assert refused(path) == ["receipt_file.no_layout"]
    assert refused(path, layout="canonical") == ["receipt_file.heading_missing"] * 3
    assert refused(path, layout="nowhere") == ["receipt_layout.not_found"]
    head = "kind,channel,body_code,slip_key,amount,金額,paid_at\n"
    path.write_text(head, encoding="utf-8")
    assert refused(path) == ["receipt_file.heading_twice"]
    path.write_bytes(
        write(path, events_for("convenience_csv", 2), "convenience_csv")
        .read_bytes()
        .replace(b",\x8d\x80\x96\xda13", b"")
    )
    assert refused(path, layout="convenience_csv") == ["receipt_file.columns"]
    path.write_bytes(b"kind\xfd,channel,body_code,slip_key,amount,paid_at\n")
    assert refused(path, layout="canonical", encoding="cp932") == ["heading.undecodable"]
    path.write_bytes(b"kind,channel,body_code,slip_key,amount,paid_at\n" + b"x" * (17 << 20))
    assert refused(path, layout="canonical") == ["file.line_end"]


def test_layouts_that_cannot_say_which_slip_was_paid(tmp_path: Path) -> None:
    path = write(tmp_path / "r.csv", events_for("convenience_csv", 2), "convenience_csv")
    with pytest.raises(ProblemError) as caught:
        read_receipts(path, site=Site(body_code="999997", cvs_key=False))
    assert [p.code for p in caught.value.problems] == ["receipt_file.no_key"]
    pl.DataFrame({"a": ["1"]}).write_parquet(tmp_path / "r.parquet")
    assert refused(tmp_path / "r.parquet", layout="convenience_csv") == ["receipt_file.by_heading"]
    assert refused(tmp_path / "r.parquet", layout="convenience_fixed") == ["receipt_file.by_heading"]


def test_a_file_without_receipts_is_a_quiet_day(tmp_path: Path) -> None:
    receipts = read_receipts(write(tmp_path / "r.csv", [], control=(0, 0)), site=SITE)
    assert receipts.frame.is_empty() and receipts.summary.tally.rows == 0


def test_unknown_columns_and_blank_lines_are_told(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    head = "kind,channel,body_code,slip_key,amount,paid_at,ammount\n"
    row = "confirmed,app,999997,1,1000,2026-06-01,x\n"
    path.write_text(f"{head}{row}\n,,,,,,\n{row}", encoding="utf-8")
    receipts = read_receipts(path, site=SITE)
    assert receipts.frame["line"].to_list() == [2, 5]
    found = {p.code: p for p in told(receipts)}
    assert found["receipt_file.heading_unused"].params["expected"] == "amount"
    assert found["receipt_file.blank"].where.line == 4


def test_damage_in_a_column_that_nobody_reads_is_damage(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    head = b"kind,channel,body_code,slip_key,amount,paid_at,remark\n"
    path.write_bytes(
        head
        + b"confirmed,app,999997,1,1000,2026-06-01,\xfd\x41\n"
        + b"confirmed,app,999997,2,1000,2026-06-01,\x95\x5c\n"
    )
    receipts = read_receipts(path, site=SITE, encoding="cp932")
    assert receipts.quarantine["code"].to_list() == ["receipt.bytes"]
    assert receipts.frame["line"].to_list() == [3]


def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "r.csv", events_for("canonical", 5))
    source = open_receipts(path, site=SITE)
    path.write_bytes(path.read_bytes() + record(event(9), load_receipt_layout("canonical")) + b"\r\n")
    with pytest.raises(ProblemError) as caught:
        list(source.batches())
    assert [p.code for p in caught.value.problems] == ["receipt_file.changed"]


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
