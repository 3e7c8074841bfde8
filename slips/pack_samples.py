"""The sample set of a vendor pack: each tax × each instalment × amounts at the edges, the longest name, all marked 見本.

In: a site (its taxes, its limit, its issuer code) or none. Out: rows of a slips file, without payload, so that they are composed and
printed as TEST. Refuses nothing; the print job judges them like any others.
"""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import Final

import polars as pl

from elqr import gs1_128
from elqr.columns import NAMES
from elqr.digits import to_series
from elqr.site import Site

PERIODS: Final = (
    ("00", "2026-06-30"),
    ("01", "2026-06-30"),
    ("02", "2026-08-31"),
    ("03", "2026-11-02"),
    ("04", "2027-02-01"),
)
PAYABLE: Final = {
    "2026-06-30": "2026-07-31",
    "2026-08-31": "2026-09-30",
    "2026-11-02": "2026-11-30",
    "2027-02-01": "2027-02-26",
}
LARGEST_YEN: Final = 99_999_999_999
BODY: Final = "999997"
"""No body has this code."""
UNKNOWN_TAX: Final = {"999": "見本税"}
ISSUER: Final = "999999"


def amounts(site: Site) -> tuple[int, ...]:
    """Smallest, largest with a barcode, smallest without, largest of all."""
    return 1, site.barcode_limit, site.barcode_limit + 1, LARGEST_YEN


def sample_rows(site: Site) -> pl.DataFrame:
    """One row a slip, canonical columns as strings."""
    words = tomllib.loads((files("layouts") / "preview.toml").read_text(encoding="utf-8"))
    longest, usual = words["longest"]["payer_name"]["ja"], words["ja"]["payer_name"]
    rows: list[dict[str, str | None]] = []
    for item, tax in (site.tax_items or UNKNOWN_TAX).items():
        for period, due in PERIODS:
            for amount in amounts(site):
                number = len(rows) + 1
                name = longest if amount != 1 else usual
                rows.append(
                    {
                        "slip_key": f"{2026_99_00_0000000 + number:020d}",
                        "confirm_no": f"{number:06d}",
                        "tax_item": item,
                        "tax_name": tax,
                        "body_code": site.body_code or BODY,
                        "levy_year": "2026",
                        "tax_year": "2026",
                        "period": period,
                        "notice_no": f"見本{item}-{amounts(site).index(amount) + 1}",
                        "amount": str(amount),
                        "due_date": due,
                        "payable_until": PAYABLE[due],
                        "payer_id": f"{item}{amounts(site).index(amount) + 1:03d}",
                        "payer_name": name.removesuffix(" 様"),
                        "postal_code": "9999999",
                        "address": words["longest"]["address"] if amount != 1 else words["ja"]["address"],
                        "kind": "full_year" if period == "00" else "initial",
                    }
                )
    frame = pl.DataFrame(rows)
    return (
        _with_barcodes(frame, site)
        .with_columns(
            pl.lit(None, pl.String).alias(name) for name in NAMES if name not in {*frame.columns, "barcode"}
        )
        .select(NAMES)
    )


def _with_barcodes(frame: pl.DataFrame, site: Site) -> pl.DataFrame:
    """A barcode up to the limit, as the convenience stores want it."""
    small = frame.filter(pl.col("amount").cast(pl.Int64) <= site.barcode_limit)
    wire = small.select(
        issuer=pl.lit(site.cvs_issuer or ISSUER),
        free=pl.col("slip_key").str.strip_chars_start("0"),
        reissue=pl.lit("0"),
        payable_until=pl.col("payable_until").str.replace_all("-", "").str.slice(2),
        stamp=pl.lit("0"),
        amount=pl.col("amount").str.zfill(6),
    ).rename(_NAMES_ON_WIRE)
    codes = small.select("slip_key").with_columns(to_series(gs1_128.encode(wire), "barcode"))
    return frame.join(codes, on="slip_key", how="left", maintain_order="left")


_NAMES_ON_WIRE: Final = dict(
    zip(("issuer", "free", "reissue", "payable_until", "stamp", "amount"), gs1_128.VALUE_NAMES, strict=True)
)
