"""Writes the nights of the sample: assessments and slip register of みほん市, two receipts files, one revision.

    python -m sample_data.nights        the committed files in sample_data/nights, byte for byte

The slips are those of `slips.csv` without its faulty rows and with the two that were replaced later. First night: payments
on time, a 速報, a dunning slip, a mistyped key, a row of another city, a row that cannot be read. Second night: the 確報, a
cancellation, a late payment, a payment that was made twice, an earlier payment that arrives late, swapped digits, a 減額.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from sample_data import rows
from sample_data.generate import FAULTY_ROWS, STREETS, csv, sample

HERE = Path(__file__).resolve().parent / "nights"
BODY, OTHER_BODY = "999997", "011002"
REGISTER = (
    *(
        "slip_key",
        "confirm_no",
        "tax_item",
        "body_code",
        "levy_year",
        "tax_year",
        "period",
        "notice_no",
        "amount",
    ),
    *("due_date", "payable_until", "payer_id", "kind", "covers", "supersedes", "principal", "delinquency"),
    *("dunning_fee",),
)
COLUMNS = (
    *("kind", "channel", "body_code", "slip_key", "confirm_no", "tax_item", "amount", "paid_at", "data_date"),
    *("remit_date", "account_date", "txn_id", "orig_txn_id"),
)
CHANNELS = ("convenience", "app", "counter", "card", "netbank")
WITH_NUMBER = frozenset({"app", "card", "netbank"})  # the others give no transaction number


def register() -> pl.DataFrame:
    """Every slip that is out, the two replaced ones among them."""
    good = rows.slips(0, STREETS * rows.pattern().height)
    printed = sample().head(-FAULTY_ROWS)
    replaced = good.filter(pl.col("slip_key").is_in(printed["supersedes"].drop_nulls().implode()))
    return pl.concat([printed, replaced]).sort("slip_key").select(REGISTER)


def assessments() -> pl.DataFrame:
    """One line an instalment; arrears of the year before are carried over."""
    slips = register()
    terms = slips.filter(
        (pl.col("kind") == "initial") & ((pl.col("period") != "00") | (pl.col("tax_item") == "903"))
    ).with_columns(carried_over=pl.lit("0"), yen=pl.col("amount"), fee=pl.lit(None, pl.String))
    arrears = slips.filter(pl.col("levy_year") == "2025").with_columns(
        carried_over=pl.lit("1"), yen=pl.col("principal"), fee=pl.col("dunning_fee")
    )
    return (
        pl.concat([terms, arrears])
        .select(
            pl.format("{}-{}", "notice_no", "period").alias("line_id"),
            *("payer_id", "body_code", "tax_item", "levy_year", "tax_year"),
            pl.lit("2026").alias("fiscal_year"),
            *("period", "notice_no", "due_date"),
            pl.col("yen").alias("principal"),
            pl.lit("open").alias("status"),
            pl.lit(None, pl.String).alias("revised_at"),
            "carried_over",
            pl.col("fee").alias("dunning_fee"),
        )
        .sort("line_id")
    )


def revision() -> pl.DataFrame:
    """A 減額 of the first instalment of one notice, decided after it was paid."""
    line = assessments().filter(pl.col("line_id") == "2026901-000006-01")
    less = (pl.col("principal").cast(pl.Int64) - 2_000).cast(pl.String)
    return line.with_columns(principal=less, revised_at=pl.lit("2026-07-06"))


def first_night() -> bytes:
    """Receipts of 12 June, as of 16 June 2026."""
    first = _slips(period="01", kind="initial").head(24).to_dicts()
    paid = [_row(slip, n, "2026-06-1" + str(n % 3), "2026-06-15") for n, slip in enumerate(first)]
    paid[3] |= {"kind": "preliminary", "remit_date": "", "account_date": ""}
    paid[5] |= {"amount": str(int(paid[5]["amount"]) - 1_000)}
    paid[7]["slip_key"] = _wrong_digit(paid[7]["slip_key"])
    paid[9] |= {"body_code": OTHER_BODY}
    paid[11]["paid_at"] = "2026-06-31 10:00:00"
    dunned = _slips(kind="dunning").row(1, named=True)
    year = _slips(period="00", kind="full_year").row(0, named=True)
    paid += [_row(dunned, 30, "2026-06-12", "2026-06-15"), _row(year, 31, "2026-06-11", "2026-06-15")]
    return _written(paid)


def payers() -> pl.DataFrame:
    """Names and addresses, for the notices of refunds: the ledger holds none."""
    names = ("payer_id", "payer_name", "postal_code", "address", "lang")
    return sample().head(-FAULTY_ROWS).select(names).unique("payer_id").sort("payer_id")


def accounts() -> pl.DataFrame:
    """Where four payers want their refunds. Banks and branches exist, accounts and holders do not."""
    wanted = {
        "0000000001": "ミホン　タロウ",
        "0000000006": "ミホン　ハナコ",
        "0000000031": "カ）ミホンショウテン",
        "0000000041": "ﾐﾎﾝ ｼﾞﾛｰ",
    }
    rows = [
        {
            "payer_id": payer,
            "bank_code": "0005",
            "branch_code": "001",
            "account_type": "1",
            "account_no": f"00{payer[-5:]}",
            "holder_kana": name,
            "checked_on": "2026-07-17",
        }
        for payer, name in wanted.items()
    ]
    return pl.DataFrame(rows)


def credits_of_the_bank() -> pl.DataFrame:
    """What the bank credited by day and channel, cancelled payments taken off; once 300 yen less than it should be, with the office's word for it."""
    nights = [
        pl.read_csv(data, infer_schema=False, truncate_ragged_lines=True)
        for data in (first_night(), second_night())
    ]
    sign = pl.col("kind").replace_strict({"confirmed": 1, "cancelled": -1}, default=0, return_dtype=pl.Int64)
    paid = pl.concat(nights).with_columns(yen=pl.col("amount").cast(pl.Int64, strict=False) * sign)
    paid = paid.filter(
        (pl.col("body_code") == BODY)
        & (pl.col("yen") != 0)
        & ~pl.col("paid_at").str.starts_with("2026-06-31")
    )
    sums = paid.group_by("remit_date", "channel").agg(pl.col("yen").sum()).sort("remit_date", "channel")
    short = (pl.col("remit_date") == "2026-07-14") & (pl.col("channel") == "counter")
    return sums.select(
        "remit_date",
        "channel",
        amount=pl.when(short).then(pl.col("yen") - 300).otherwise("yen").cast(pl.String),
        reason=pl.when(short).then(pl.lit("窓口の手数料を差し引いて入金")).otherwise(None),
    )


def debits() -> pl.DataFrame:
    """Second instalments that the bank is to debit on their due date; one payer has paid the whole year by its slip."""
    second = assessments().filter((pl.col("tax_item") == "901") & (pl.col("period") == "02")).head(10)
    return second.select("line_id", amount="principal", debit_on="due_date")


def second_night() -> bytes:
    """Receipts of the following weeks, as of 15 July 2026."""
    first = _slips(period="01", kind="initial").to_dicts()
    later = [
        _row(slip, 40 + n, "2026-06-2" + str(n % 9), "2026-06-29") for n, slip in enumerate(first[24:-2])
    ]
    confirmed = _row(first[3], 3, "2026-06-10", "2026-06-22")
    cancelled = _row(first[13], 13, "2026-06-11", "2026-06-22") | {"kind": "cancelled"}
    cancelled |= {"orig_txn_id": cancelled["txn_id"], "txn_id": "C" + cancelled["txn_id"]}
    late = _row(first[-2], 60, "2026-07-10", "2026-07-13")
    twice = _row(first[6], 61, "2026-06-25", "2026-06-29")
    earlier = _row(first[8], 62, "2026-06-08", "2026-07-13")
    wrong = _slips(period="02", tax_item="904").row(4, named=True)
    swapped = _row(wrong | {"slip_key": _swapped(wrong["slip_key"])}, 63, "2026-07-01", "2026-07-06")
    overdue = _row(_slips(kind="delinquency").row(0, named=True), 64, "2026-07-09", "2026-07-13")
    return _written([*later, confirmed, cancelled, late, twice, earlier, swapped, overdue])


def committed() -> Iterator[tuple[Path, bytes]]:
    """The files of the tree and what stands in them."""
    yield HERE / "assessments.csv", csv(assessments())
    yield HERE / "slips.csv", csv(register())
    yield HERE / "receipts_0616.csv", first_night()
    yield HERE / "receipts_0715.csv", second_night()
    yield HERE / "revision_0715.csv", csv(revision())
    yield HERE / "payers.csv", csv(payers())
    yield HERE / "accounts.csv", csv(accounts())
    yield HERE / "credits_0715.csv", csv(credits_of_the_bank())
    yield HERE / "debits_0831.csv", csv(debits())


def _slips(**wanted: str) -> pl.DataFrame:
    return register().filter(pl.col(name) == value for name, value in wanted.items())


def _row(slip: dict[str, str], number: int, paid_on: str, data_date: str) -> dict[str, str]:
    """A confirmed payment of a slip in full; money reaches the bank account two days after the file."""
    channel = CHANNELS[number % len(CHANNELS)]
    time = f"{9 + number % 9:02}:{number * 7 % 60:02}:00"
    remitted = f"{data_date[:8]}{int(data_date[8:]) + 1:02}"
    return {
        "kind": "confirmed",
        "channel": channel,
        "body_code": BODY,
        "slip_key": slip["slip_key"],
        "confirm_no": slip["confirm_no"],
        "tax_item": slip["tax_item"],
        "amount": slip["amount"],
        "paid_at": f"{paid_on} {time}",
        "data_date": data_date,
        "remit_date": remitted,
        "account_date": remitted,
        "txn_id": f"T2026{number:06}" if channel in WITH_NUMBER else "",
        "orig_txn_id": "",
    }


def _wrong_digit(key: str) -> str:
    return key[:-2] + str((int(key[-2]) + 5) % 10) + key[-1]


def _swapped(key: str) -> str:
    """The last two neighbours that differ, the other way round."""
    at = max(i for i in range(len(key) - 1) if key[i] != key[i + 1])
    return key[:at] + key[at + 1] + key[at] + key[at + 2 :]


def _written(paid: list[dict[str, str]]) -> bytes:
    """The canonical layout with its last line of count and sum."""
    table = csv(
        pl.DataFrame(
            [{c: row[c] or None for c in COLUMNS} for row in paid], schema=dict.fromkeys(COLUMNS, pl.String)
        )
    )
    total = sum(int(row["amount"]) for row in paid)
    return table + f"TRAILER,{len(paid)},{total}\n".encode()


def main() -> None:
    """Write the committed files."""
    HERE.mkdir(exist_ok=True)
    for path, data in committed():
        path.write_bytes(data)


if __name__ == "__main__":
    main()
