"""Synthetic slips for the tests: clean rows of the fictitious みほん市, with payload and barcode that agree with them."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import polars as pl

from elqr import gs1_128
from elqr.checkdigits import mod10_31
from elqr.digits import row, to_series
from elqr.payload import encode

ITEMS = {
    "901": "市県民税(普通徴収)",
    "902": "固定資産税・都市計画税",
    "903": "軽自動車税(種別割)",
    "904": "国民健康保険税",
}
NAMES = ("山田 太郎", "髙橋 花子", "見本商事株式会社", "ﾐﾎﾝ ｼﾞﾛｳ")


def clean(n: int, *, codes: bool = True, seed: int = 1) -> pl.DataFrame:
    """`n` rows of all canonical columns but the parts of the amount, without a single fault. `codes`: with payload and barcode."""
    rng = np.random.default_rng(seed)
    amount = rng.integers(100, 299_999, n)
    item = [list(ITEMS)[i] for i in rng.integers(0, 4, n)]
    month = rng.integers(1, 5, n)
    due = [f"2026-{6 + m:02d}-28" for m in month]  # none of them a day off
    until = [f"2026-{7 + m:02d}-28" for m in month]
    frame = pl.DataFrame(
        {
            "slip_key": [
                f"{2026}{int(i) % 100:02d}{m:02d}{k:07d}".zfill(20)
                for k, (i, m) in enumerate(zip(item, month, strict=True))
            ],
            "confirm_no": [f"{c:06d}" for c in rng.integers(0, 10**6, n)],
            "tax_item": item,
            "tax_name": [ITEMS[i] for i in item],
            "body_code": ["999997"] * n,
            "levy_year": ["2026"] * n,
            "tax_year": ["2026"] * n,
            "period": [f"{m:02d}" for m in month],
            "notice_no": [f"A{k:08d}" for k in range(n)],
            "amount": [str(a) for a in amount],
            "due_date": due,
            "payable_until": until,
            "payer_id": [f"{k // 3:010d}" for k in range(n)],
            "payer_name": [NAMES[k // 3 % 4] for k in range(n)],
            "postal_code": [f"{723}-{k // 3 % 10000:04d}" for k in range(n)],
            "address": [f"みほん県みほん市本町一丁目{k // 3 % 97}番{k // 3 % 13}号" for k in range(n)],
        }
    )
    if not codes:
        return frame
    return frame.with_columns(payload=payloads(frame), barcode=barcodes(frame))


def payloads(frame: pl.DataFrame) -> pl.Series:
    """The 255 digits that each row says of itself."""
    wire = frame.select(
        pl.col("amount").str.zfill(11),
        "tax_item",
        pl.col("slip_key").str.zfill(20),
        "confirm_no",
        "levy_year",
        "tax_year",
        "period",
        tax_body_code=pl.col("body_code").str.slice(0, 5),
        due_date=pl.col("due_date").str.replace_all("-", ""),
        payable_until=pl.col("payable_until").str.replace_all("-", ""),
    )
    return to_series(encode(wire))


def barcodes(frame: pl.DataFrame) -> pl.Series:
    """The 44 digits of the convenience-store barcode of each row, holding its slip_key."""
    said = frame.select(
        pl.col("amount").str.zfill(6),
        cvs_issuer=pl.lit("999999"),
        free=pl.col("slip_key").str.strip_chars_start("0"),
        reissue=pl.lit("0"),
        stamp=pl.lit("0"),
        payable_until=pl.col("payable_until").str.replace_all("-", "").str.slice(2),
    )
    return to_series(gs1_128.encode(said))


def barcode(
    *, key: str, until: str, amount: int, issuer: str = "999999", reissue: str = "0", stamp: str = "0"
) -> str:
    """One barcode with its check digit."""
    body = f"91{issuer}{key.ljust(21, '0')}{reissue}{until}{stamp}{amount:06d}"
    return body + str(mod10_31(row(body))[0])


def write_csv(frame: pl.DataFrame, path: Path, *, encoding: str = "utf-8", end: str = "\n") -> Path:
    """The frame as a CSV file."""
    out = io.BytesIO()
    frame.write_csv(out, line_terminator=end)
    path.write_bytes(out.getvalue().decode("utf-8").encode(encoding))
    return path
