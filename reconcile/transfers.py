"""Refunds on their way to a transfer file: every account, name and amount checked, cleaned, and held with a reason where it cannot go.

In: a frame of refunds, the consignor, the day. Out: the rows that can be written (columns of `zengin.COLUMNS`) and the problems of all.
Source: reconcile-rules §5. A substitution is a note with before and after; a cut name is a warning; nothing else is ever changed.
Refuses (ProblemError): a day on which banks do not move money, a consignor that cannot be written, too many transfers for one file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from elqr.calendar import is_bank_day, next_bank_day
from elqr.problems import Problem, ProblemError, ProblemLog
from reconcile import zengin
from reconcile.banks import with_names
from reconcile.kana import cut, to_bank_kana, unwritable
from reconcile.zengin import AMOUNT_MAX, DATA, HEADER, TOTAL_MAX, TRANSFERS_MAX, Header

ACCOUNT_TYPES = ("1", "2", "4", "9")  # 普通, 当座, 貯蓄, その他
NEW_CODES = ("0", "1", "2")
PAYEE_WIDTH = next(f.width for f in DATA if f.name == "payee")
CONSIGNOR_WIDTH = next(f.width for f in HEADER if f.name == "consignor_name")


@dataclass(frozen=True)
class Consignor:
    """The city as the bank knows it: 委託者コード (up to 10 digits), name, and the account the money leaves."""

    code: str
    name: str
    bank_code: str
    branch_code: str
    account_type: str
    account_no: str


@dataclass(frozen=True)
class Checked:
    """The rows that can be written, in their order, and what was found in all of them."""

    frame: pl.DataFrame
    log: ProblemLog


def check(refunds: pl.DataFrame, *, allow_wo: bool = False) -> Checked:
    """Clean rows and problems (`transfer.*`) of a frame of refunds.

    refunds: `line` Int64, `reference` (the refund's number, digits), `bank_code` 4, `branch_code` 3, `account_type`, `account_no` up to 7
    digits, `payee` (account holder in kana), `amount` Int64 yen; optional `new_code`, `reference_2`. allow_wo: the bank takes ｦ.
    """
    log = ProblemLog()
    clean = _payees(_defaults(refunds), log, allow_wo=allow_wo)
    _digits(clean, log)
    _accounts(clean, log)
    amounts = clean.filter(~pl.col("amount").is_between(1, AMOUNT_MAX).fill_null(value=False))
    log.add(amounts, "transfer.amount", field="amount", found=pl.col("amount"), expected=f"1–{AMOUNT_MAX:,}")
    twice = clean.filter(pl.col("reference").is_duplicated() & pl.col("reference").is_not_null())
    log.add(twice, "transfer.duplicate", field="reference", found=pl.col("reference"))
    held = log.held_lines().to_list()
    good = with_names(clean.filter(~pl.col("line").is_in(held)))
    return Checked(
        good.rename({"bank_kana": "bank_name", "branch_kana": "branch_name"}).select("line", *zengin.COLUMNS),
        log,
    )


def header(consignor: Consignor, *, transfer_on: date) -> Header:
    """The file's header. Raises ProblemError: `transfer.day`, `transfer.consignor`, `calendar.year`."""
    day = pl.Series("transfer_on", [transfer_on])
    if not is_bank_day(day).item():
        expected = next_bank_day(day).item().isoformat()
        raise ProblemError(
            Problem("transfer.day", "transfer_on", {"found": str(transfer_on), "expected": expected})
        )
    name = to_bank_kana(pl.Series([consignor.name.strip()]))
    names = with_names(
        pl.DataFrame({"bank_code": [consignor.bank_code], "branch_code": [consignor.branch_code]})
    )
    bank, branch = names["bank_kana"].item(), names["branch_kana"].item()
    wrong = unwritable(name).item()
    _stop(
        [
            ("code", consignor.code, _are_digits(consignor.code, 10), "0–9 ×10"),
            (
                "name",
                wrong or consignor.name,
                not wrong and 0 < len(name.item()) <= CONSIGNOR_WIDTH,
                "ｶﾅ ≤40",
            ),
            ("bank_code", consignor.bank_code, bank is not None, "zengin-code"),
            ("branch_code", consignor.branch_code, bank is None or branch is not None, "zengin-code"),
            ("account_type", consignor.account_type, consignor.account_type in {"1", "2", "9"}, "1, 2, 9"),
            ("account_no", consignor.account_no, _are_digits(consignor.account_no, 7), "0–9 ×7"),
        ]
    )
    return Header(
        consignor_code=consignor.code.zfill(10),
        consignor_name=name.item(),
        transfer_day=f"{transfer_on:%m%d}",
        bank_code=consignor.bank_code,
        bank_name=bank,
        branch_code=consignor.branch_code,
        branch_name=branch,
        account_type=consignor.account_type,
        account_no=consignor.account_no.zfill(7),
    )


def write(transfers: pl.DataFrame, *, consignor: Consignor, transfer_on: date) -> bytes:
    """The transfer file of rows that `check` let through. Raises ProblemError as `header` does, and `transfer.too_many`, `transfer.none`."""
    top = header(consignor, transfer_on=transfer_on)
    count, total = transfers.height, int(transfers["amount"].sum())
    if not count:
        raise ProblemError(Problem("transfer.none"))
    if count > TRANSFERS_MAX or total > TOTAL_MAX:
        found = {"found": f"{count:,} / {total:,}", "expected": f"{TRANSFERS_MAX:,} / {TOTAL_MAX:,}"}
        raise ProblemError(Problem("transfer.too_many", params=found))
    return zengin.encode(transfers, header=top)


def _defaults(refunds: pl.DataFrame) -> pl.DataFrame:
    optional = {"new_code": "0", "reference_2": "0"}
    missing = {name: pl.lit(value) for name, value in optional.items() if name not in refunds.columns}
    return refunds.with_columns(**missing).with_columns(pl.col(*optional).fill_null("0"))


def _payees(rows: pl.DataFrame, log: ProblemLog, *, allow_wo: bool) -> pl.DataFrame:
    """Payees in half width, cut where they must be; notes, warnings and errors recorded."""
    kana = to_bank_kana(rows["payee"]).str.strip_chars(" ")
    short = cut(kana, PAYEE_WIDTH)
    known = rows.with_columns(
        before=rows["payee"], kana=kana, payee=short, wrong=unwritable(kana, allow_wo=allow_wo)
    )
    empty = pl.col("payee").is_null() | (pl.col("payee") == "")
    log.add(known.filter(empty), "transfer.payee_missing", field="payee")
    wrong = known.filter(pl.col("wrong") != "")
    log.add(wrong, "transfer.payee", field="payee", found=pl.col("wrong"), name=pl.col("before"))
    fine = known.filter(~empty & (pl.col("wrong") == ""))
    changed = fine.filter(pl.col("kana") != pl.col("before"))
    log.add(changed, "transfer.rewritten", field="payee", found=pl.col("before"), expected=pl.col("kana"))
    longer = fine.filter(pl.col("kana") != pl.col("payee"))
    log.add(
        longer,
        "transfer.cut",
        field="payee",
        found=pl.col("kana"),
        expected=pl.col("payee"),
        width=PAYEE_WIDTH,
    )
    return known.drop("before", "kana", "wrong")


def _digits(rows: pl.DataFrame, log: ProblemLog) -> None:
    for field, least, most in (("account_no", 1, 7), ("reference", 1, 10), ("reference_2", 1, 10)):
        right = pl.col(field).str.contains(rf"^[0-9]{{{least},{most}}}$").fill_null(value=False)
        log.add(
            rows.filter(~right),
            "transfer.digits",
            field=field,
            found=pl.col(field),
            expected=f"{least}–{most}",
        )
    for field, choices in (("account_type", ACCOUNT_TYPES), ("new_code", NEW_CODES)):
        wrong = rows.filter(~pl.col(field).is_in(choices).fill_null(value=False))
        log.add(wrong, "transfer.choice", field=field, found=pl.col(field), expected=", ".join(choices))


def _accounts(rows: pl.DataFrame, log: ProblemLog) -> None:
    named = with_names(rows)
    unknown = named.filter(pl.col("bank_kana").is_null())
    log.add(unknown, "transfer.bank", field="bank_code", found=pl.col("bank_code"))
    shut = named.filter(pl.col("bank_kana").is_not_null() & pl.col("branch_kana").is_null())
    log.add(
        shut, "transfer.branch", field="branch_code", found=pl.col("branch_code"), bank=pl.col("bank_code")
    )


def _are_digits(text: str, width: int) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= width


def _stop(rules: Sequence[tuple[str, str, bool, str]]) -> None:
    problems = [
        Problem("transfer.consignor", field, {"found": found, "expected": expected})
        for field, found, right, expected in rules
        if not right
    ]
    if problems:
        raise ProblemError(problems)
