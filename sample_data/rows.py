"""Draws slips by number: slip i is the same in every run, every file and every part of a file.

In: slip numbers. Out: a frame of all canonical columns as strings, with a payload of 255 digits and a barcode
that agree with the row. Every choice is a hash of the slip's number, so any range can be drawn by itself, a
million rows in seconds.
"""

from __future__ import annotations

from hashlib import blake2b

import numpy as np
import numpy.typing as npt
import polars as pl

from elqr import checkdigits, payload
from elqr.columns import NAMES
from elqr.digits import to_matrix, to_series
from sample_data import words
from sample_data.words import TAXES

Numbers = npt.NDArray[np.int64]
BARCODE_LIMIT_YEN = 300_000


def draw(number: Numbers, what: str, below: int) -> Numbers:
    """One number in 0 … below−1 for each of `number`: splitmix64 of the number and of what is drawn."""
    salt = np.uint64(int.from_bytes(blake2b(what.encode(), digest_size=8).digest(), "big"))
    with np.errstate(over="ignore"):
        z = (number.astype(np.uint64) + salt) * np.uint64(0x9E37_79B9_7F4A_7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58_476D_1CE4_E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D0_49BB_1331_11EB)
    return ((z ^ (z >> np.uint64(31))) % np.uint64(below)).astype(np.int64)


def pattern() -> pl.DataFrame:
    """The slips of one street: `place` (payer), `tax`, `term` (0 = whole year), `terms`, `kind`."""
    rows = []
    for place, tax in enumerate(words.STREET):
        terms = len(TAXES[tax].due)
        slips = [0] if terms == 1 else [*range(1, terms + 1), *([0] if tax in words.FULL_YEAR_TAXES else [])]
        rows += [
            {
                "place": place,
                "tax": tax,
                "term": t,
                "terms": terms,
                "kind": "full_year" if t == 0 < terms - 1 else "initial",
            }
            for t in slips
        ]
    return pl.DataFrame(rows)


def slips(first: int, count: int) -> pl.DataFrame:
    """Slips `first` … `first + count − 1` as strings in canonical columns, payload and barcode included."""
    street = pattern()
    number = np.arange(first, first + count, dtype=np.int64)
    frame = street[number % street.height].with_columns(
        number=pl.Series(number), street=pl.Series(number // street.height)
    )
    frame = frame.with_columns(payer=pl.col("street") * len(words.STREET) + pl.col("place"))
    frame = _amounts(_people(frame))
    if first // street.height <= max(s for s, _ in words.SPECIAL):
        frame = _special(frame)
    return with_codes(_texts(frame))


def with_codes(frame: pl.DataFrame) -> pl.DataFrame:
    """The canonical columns in order, with the payload and barcode that each row says of itself."""
    return frame.with_columns(payload=payloads(frame), barcode=barcodes(frame)).select(NAMES)


def payloads(frame: pl.DataFrame) -> pl.Series:
    """The 255 digits of each row; row check digits are `00` (their rule is a placeholder)."""
    wire = frame.select(
        pl.col("amount").str.zfill(11),
        "tax_item",
        "slip_key",
        "confirm_no",
        "levy_year",
        "tax_year",
        "period",
        tax_body_code=pl.col("body_code").str.slice(0, 5),
        due_date=pl.col("due_date").str.replace_all("-", ""),
        payable_until=pl.col("payable_until").str.replace_all("-", ""),
    )
    return to_series(payload.encode(wire), "payload")


def barcodes(frame: pl.DataFrame) -> pl.Series:
    """The 44 digits of each row; null above the limit of the convenience stores."""
    digits = frame.select(
        pl.concat_str(
            pl.lit("91" + words.ISSUER),
            pl.col("slip_key").str.strip_chars_start("0").str.pad_end(21, "0"),
            (pl.col("kind") == "reissue").cast(pl.Int64).cast(pl.String),
            pl.col("payable_until").str.replace_all("-", "").str.slice(2),
            pl.lit("0"),
            pl.col("amount").str.zfill(6).str.slice(0, 6),
        ).alias("digits")
    )["digits"]
    matrix = to_matrix(digits, 43)
    check = to_series((checkdigits.mod10_31(matrix) + ord("0")).astype(np.uint8).reshape(-1, 1))
    above = frame["amount"].cast(pl.Int64) > BARCODE_LIMIT_YEN
    return pl.select(pl.when(above).then(None).otherwise(digits + check)).to_series().alias("barcode")


def _pick(frame: pl.DataFrame, what: str, choices: tuple[str, ...], *, by: str = "payer") -> pl.Series:
    return pl.Series(choices)[draw(frame[by].to_numpy(), what, len(choices))]


def _number(frame: pl.DataFrame, what: str, below: int, *, by: str = "payer") -> pl.Series:
    return pl.Series(draw(frame[by].to_numpy(), what, below))


def _people(frame: pl.DataFrame) -> pl.DataFrame:
    """Names and addresses, the same on all slips of a payer: one in nine a firm, one in three in a flat."""
    firm = _number(frame, "firm?", 9) == 0
    flat = _number(frame, "flat?", 3) == 0
    town = _number(frame, "town", len(words.TOWNS))
    person = _pick(frame, "family", words.FAMILY) + " " + _pick(frame, "given", words.GIVEN)
    street = pl.Series(words.TOWNS)[town.to_numpy()] + _pick(frame, "chome", words.CHOME) + "丁目"
    house = pl.format(
        "みほん県みほん市{}{}番{}号", street, _number(frame, "block", 40) + 1, _number(frame, "door", 20) + 1
    )
    room = pl.format(" {} {}号室", _pick(frame, "house", words.HOUSES), _number(frame, "room", 800) + 101)
    return frame.with_columns(
        payer_id=(pl.col("payer") + 1).cast(pl.String).str.zfill(10),
        payer_name=pl.when(firm).then("株式会社" + _pick(frame, "name", words.FIRMS)).otherwise(person),
        postal_code=pl.format("000-{}", (town * 10 + 1).cast(pl.String).str.zfill(4)),
        address=house + pl.when(flat).then(room).otherwise(pl.lit("")),
        lang=pl.lit("ja"),
        large_print=pl.lit("0"),
    )


def _amounts(frame: pl.DataFrame) -> pl.DataFrame:
    """Annual tax in hundreds of yen; instalments of whole thousands, the first with what is left over."""
    least = pl.Series([t.least_yen for t in TAXES])[frame["tax"].to_numpy()]
    most = pl.Series([t.most_yen for t in TAXES])[frame["tax"].to_numpy()]
    # small amounts are common and large ones rare: the smaller of two draws
    part = np.minimum(
        draw(frame["payer"].to_numpy(), "tax a", 1000), draw(frame["payer"].to_numpy(), "tax b", 1000)
    )
    vehicle = pl.Series(words.VEHICLE_YEN)[draw(frame["payer"].to_numpy(), "vehicle", len(words.VEHICLE_YEN))]
    drawn = least + (most - least) * pl.Series(part) // 1000 // 100 * 100
    owner = pl.struct("street", "place").is_in(
        [{"street": s, "place": p} for s, p in sorted(words.LARGE_OWNERS)]
    )
    annual = pl.when(pl.col("terms") == 1).then(vehicle).when(owner).then(drawn + 1_280_000).otherwise(drawn)
    later = pl.col("annual") // pl.col("terms") // 1000 * 1000
    first = pl.col("annual") - later * (pl.col("terms") - 1)
    return frame.with_columns(annual=annual).with_columns(
        amount=pl.when(pl.col("term") == 0)
        .then("annual")
        .when(pl.col("term") == 1)
        .then(first)
        .otherwise(later),
        later=later,
        first=first,
    )


def _special(frame: pl.DataFrame) -> pl.DataFrame:
    for (street, place), columns in words.SPECIAL.items():
        here = (pl.col("street") == street) & (pl.col("place") == place)
        frame = frame.with_columns(
            pl.when(here).then(pl.lit(v)).otherwise(c).alias(c) for c, v in columns.items()
        )
    return frame


def _texts(frame: pl.DataFrame) -> pl.DataFrame:
    """Codes, dates and numbers of each slip as the file has them."""
    due = [[t.due[0], *t.due] for t in TAXES]
    dates = pl.Series(
        [due[tax][term] for tax, term in frame.select("tax", "term").iter_rows()], dtype=pl.String
    )
    year = str(words.LEVY_YEAR)
    serial = pl.col("number").cast(pl.String).str.zfill(7)
    item = pl.Series([t.item for t in TAXES])[frame["tax"].to_numpy()]
    term = pl.col("term").cast(pl.String).str.zfill(2)
    notice = pl.format("{}{}-{}", pl.lit(year), item, pl.col("payer_id").str.slice(4))
    one = pl.format("{}-{}:{}", notice, term, "amount")
    all_ = pl.concat_str(
        [
            pl.format("{}-{}:{}", notice, pl.lit(f"{t:02d}"), pl.col("first") if t == 1 else pl.col("later"))
            for t in range(1, 5)
        ],
        separator=";",
    )
    return frame.with_columns(
        slip_key=pl.concat_str(pl.lit(year), item.str.slice(1), term, serial).str.zfill(20),
        confirm_no=_number(frame, "confirm", 10**6, by="number").cast(pl.String).str.zfill(6),
        tax_item=item,
        tax_name=pl.Series([t.name for t in TAXES])[frame["tax"].to_numpy()],
        body_code=pl.lit(words.BODY_CODE),
        levy_year=pl.lit(year),
        tax_year=pl.lit(year),
        period=term,
        notice_no=notice,
        due_date=dates,
        payable_until=dates.replace_strict(words.PAYABLE_UNTIL, return_dtype=pl.String),
        covers=pl.when(pl.col("kind") == "full_year").then(all_).otherwise(one),
        supersedes=pl.lit(None, dtype=pl.String),
        principal=pl.lit(None, dtype=pl.String),
        delinquency=pl.lit(None, dtype=pl.String),
        dunning_fee=pl.lit(None, dtype=pl.String),
        sort_key=pl.lit(None, dtype=pl.String),
        amount=pl.col("amount").cast(pl.String),
    )
