"""Receipt files to measure with: made by arithmetic, so that ten million rows need no memory and every run reads the same bytes.

In: how many rows, and where to write. Out: a canonical CSV in CP932 with Japanese words, CRLF, a trailer, and some three dirty rows in a thousand of
eight kinds. Nothing in it is a real body, slip or payment.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

HEADING = "種別,納付チャネル,団体コード,案件特定キー,確認番号,税目・料金番号,納付額,納付日時,データ日,払込日,会計日,取引番号,元取引番号"
KINDS = ("確報", "確報", "確報", "速報")
CHANNELS = ("コンビニ", "アプリ", "窓口", "口座振替", "クレジットカード", "ペイジー")
PART_ROWS = 200_000
DIRTY = (
    (1001, lambda row: row.replace(",", "，", 1)),  # one column too few
    (1009, lambda row: row.rsplit(",", 1)[0]),  # one column too few
    (1511, lambda row: row + ",X"),  # one too many
    (
        2003,
        lambda row: _cell(row, 6, lambda t: t.translate(str.maketrans("0123456789", "０１２３４５６７８９"))),
    ),  # repaired
    (2503, lambda row: _cell(row, 6, lambda t: t[:-1] + "O")),  # a letter in the amount
    (3001, lambda row: _cell(row, 7, lambda t: "2026-02-31" + t[10:])),  # no such day
    (3511, lambda row: _cell(row, 7, lambda t: "令和8年6月30日")),  # repaired
    (4001, lambda row: _cell(row, 3, lambda t: t + "12345")),  # key too long
    (4507, lambda row: _cell(row, 11, lambda t: t + "\ufffd")),  # becomes a broken byte
)


def _cell(row: str, place: int, change: object) -> str:
    cells = row.split(",")
    cells[place] = change(cells[place])  # type: ignore[operator]
    return ",".join(cells)


def write_receipts(path: Path, rows: int, *, with_transactions: bool = True) -> tuple[int, int]:
    """Write the file; (rows, yen) as its trailer says. Without transaction ids the rows are told apart by what they say."""
    total = 0
    with path.open("wb") as out:
        out.write(HEADING.encode("cp932") + b"\r\n")
        for first in range(0, rows, PART_ROWS):
            text, yen = _part(first, min(PART_ROWS, rows - first), with_transactions)
            total += yen
            out.write(text)
        out.write(f"TRAILER,{rows},{total}\r\n".encode())
    return rows, total


def _part(first: int, count: int, with_transactions: bool) -> tuple[bytes, int]:
    i = np.arange(first, first + count, dtype=np.int64)
    amount = (i * 7919 % 2_000 + 1) * 100
    day = pl.Series(i * 31 % 28)
    second = pl.Series(i * 48271 % 86_400)
    frame = pl.DataFrame({"i": i, "amount": amount}).with_columns(
        kind=pl.Series(KINDS).gather(pl.Series(i * 13 % len(KINDS))),
        channel=pl.Series(CHANNELS).gather(pl.Series(i * 17 % len(CHANNELS))),
        key=pl.format("20260101{}", pl.col("i").cast(pl.String).str.zfill(9)),
        confirm=pl.Series(i * 104_729 % 1_000_000).cast(pl.String).str.zfill(6),
        item=pl.Series(901 + i % 4).cast(pl.String),
        paid=pl.format(
            "2026-06-{} {}:{}:{}",
            (day + 1).cast(pl.String).str.zfill(2),
            (second // 3600).cast(pl.String).str.zfill(2),
            (second // 60 % 60).cast(pl.String).str.zfill(2),
            (second % 60).cast(pl.String).str.zfill(2),
        ),
        txn=pl.format("T{}", pl.col("i").cast(pl.String).str.zfill(12)) if with_transactions else pl.lit(""),
    )
    lines = frame.select(
        pl.concat_str(
            "kind",
            "channel",
            pl.lit("999997"),
            "key",
            "confirm",
            "item",
            pl.col("amount").cast(pl.String),
            "paid",
            pl.lit("20260701"),
            pl.lit("2026-07-03"),
            pl.lit(""),
            "txn",
            pl.lit(""),
            separator=",",
        )
    ).to_series()
    rows = lines.to_list()
    for step, change in DIRTY:
        for at in range(-first % step, count, step):
            rows[at] = change(rows[at])
    text = ("\r\n".join(rows) + "\r\n").encode("cp932", errors="replace")
    return text.replace(b"?", b"\xfd"), int(amount.sum())
