"""Files of receipts: the same columns as Parquet, and files that cannot be used."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import polars as pl
import pytest
from receipt_rows import SITE, event, events_for, record, write
from receipts_read import told, values

from elqr.problems import ProblemError
from elqr.site import Site
from reconcile.descriptors import load_receipt_layout
from reconcile.intake import open_receipts, read_receipts


def refused(path: Path, **options: object) -> list[str]:
    with pytest.raises(ProblemError) as caught:
        read_receipts(path, site=SITE, **options)  # type: ignore[arg-type]
    return [p.code for p in caught.value.problems]


# --- Parquet --------------------------------------------------------------------------------------------


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


# --- files that cannot be used -------------------------------------------------------------------------


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
