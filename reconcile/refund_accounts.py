"""Where refunds go: payees' accounts, checked against the list of banks, and confirmed by another person where they changed.

In: a CSV (`ACCOUNT_COLUMNS`) and an `Act` or an open ledger. Out: rows of `payee_accounts`; `Account`, the last of a payer, and whether it is usable.
Refuses rows, never the file: unknown banks and branches, names that no bank file can hold, a payer twice with different accounts.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from elqr.columns import BY_NAME, Column, Kind
from elqr.problems import Problem, ProblemError, ProblemLog
from elqr.reader import read_columns
from reconcile.banks import branch_table
from reconcile.frames import ACCOUNT
from reconcile.ledger import Ledger
from reconcile.refund_policy import ACCOUNT as ACCOUNT_ROLE
from reconcile.refund_policy import ANY
from reconcile.refund_record import Act, recording
from reconcile.register_values import typed
from reconcile.tables import TABLES
from reconcile.transfers import check

TYPES: Mapping[str, str] = {"1": "普通", "2": "当座", "4": "貯蓄", "9": "その他"}
NAME_MAX = 120
ACCOUNT_COLUMNS: tuple[Column, ...] = (
    BY_NAME["payer_id"],
    Column("bank_code", "銀行番号", Kind.DIGITS, 4, aliases=("金融機関コード",)),
    Column("branch_code", "支店番号", Kind.DIGITS, 3, aliases=("支店コード",)),
    Column("account_type", "預金種目", Kind.CHOICE, 1, choices=TYPES),
    Column("account_no", "口座番号", Kind.KEY, 7),
    Column("holder_kana", "口座名義カナ", Kind.TEXT, NAME_MAX, aliases=("口座名義",)),
    Column(
        "checked_on", "確認日", Kind.DATE, 10, about="the day it was compared with what the payer handed in"
    ),
)
_SAME = tuple(n for n in ACCOUNT if n != "checked_on")


@dataclass(frozen=True, kw_only=True)
class Account:
    """The last account of a payer. `before`: the one it replaces; `people`: who gave it and who checked it."""

    row: Mapping[str, Any]
    before: Mapping[str, Any] | None
    given_by: str
    checked_by: str | None

    @property
    def usable(self) -> bool:
        """A first account may be used; one that replaces another only after a second check."""
        return self.before is None or self.checked_by is not None

    @property
    def people(self) -> tuple[str, ...]:
        """Who had a hand in it."""
        return (self.given_by, *([self.checked_by] if self.checked_by else []))


@dataclass(frozen=True, kw_only=True)
class Taken:
    """`new`, `changed`, `known`: payers; `log`: what was found, by line."""

    new: tuple[str, ...]
    changed: tuple[str, ...]
    known: tuple[str, ...]
    log: ProblemLog


def take_accounts(act: Act, path: Path, *, encoding: str | None = None) -> Taken:
    """Take a file of accounts into the ledger. An account that is there already changes nothing."""
    with recording(act, "refunds accounts", role=ACCOUNT_ROLE) as record:
        rows, log = _read(path, encoding, allow_wo=act.rules.allow_wo)
        have = accounts_of(record.ledger, rows["payer_id"].to_list())
        new: list[str] = []
        changed: list[str] = []
        known: list[str] = []
        added = []
        for row in rows.to_dicts():
            last = have.get(row["payer_id"])
            if last is not None and all(last.row[n] == row[n] for n in _SAME):
                known.append(row["payer_id"])
                continue
            (new if last is None else changed).append(row["payer_id"])
            added.append(_row(row, "given", act))
            if last is not None:
                params = {"found": masked_account(row), "expected": masked_account(last.row)}
                log.add(
                    pl.DataFrame({"line": [row["line"]]}),
                    "refund.account_changed",
                    field="account_no",
                    **params,
                )
        if added:
            record.ledger.add("payee_accounts", _frame(added))
            record.say(f"{path.name}: {len(new)} + {len(changed)}")
            record.commit()
        return Taken(new=tuple(new), changed=tuple(changed), known=tuple(known), log=log)


def confirm_account(act: Act, payer_id: str) -> Account:
    """The second check of a changed account, by somebody else. Raises ProblemError (`refund.account_eyes`, `refund.account_unknown`)."""
    with recording(act, "refunds confirm-account", role=ANY) as record:
        found = accounts_of(record.ledger, [payer_id]).get(payer_id)
        if found is None:
            raise ProblemError(Problem("refund.account_unknown", params={"found": payer_id}))
        if act.who in found.people:
            raise ProblemError(Problem("refund.account_eyes", params={"found": act.who, "refund": payer_id}))
        record.ledger.add(
            "payee_accounts", _frame([_row({**found.row, "payer_id": payer_id}, "checked", act)])
        )
        record.say(payer_id)
        record.commit()
        return accounts_of(record.ledger, [payer_id])[payer_id]


def accounts_of(ledger: Ledger, payer_ids: Iterable[str | None]) -> dict[str, Account]:
    """The last account of each of these payers."""
    keys = pl.Series("payer_id", [p for p in payer_ids if p], dtype=pl.String)
    if not len(keys) or not ledger.store.highest("payee_accounts"):
        return {}
    found: dict[str, Account] = {}
    for row in ledger.lookup("payee_accounts", keys).sort("seq").iter_rows(named=True):
        last = found.get(row["payer_id"])
        account = {n: row[n] for n in ACCOUNT}
        if row["event"] == "checked" and last is not None:
            found[row["payer_id"]] = Account(
                row=last.row, before=last.before, given_by=last.given_by, checked_by=row["who"]
            )
        else:
            before = last.row if last else None
            found[row["payer_id"]] = Account(row=account, before=before, given_by=row["who"], checked_by=None)
    return found


def masked_account(row: Mapping[str, Any]) -> str:
    """`0005-001 普通 ****345`: enough to compare, not enough to copy."""
    kind = TYPES.get(row["account_type"], row["account_type"])
    return f"{row['bank_code']}-{row['branch_code']} {kind} ****{row['account_no'][-3:]}"


def named_account(row: Mapping[str, Any]) -> str:
    """`三菱UFJ 本店 普通 ****345`, for the payee: full-width letters of the list of banks as half-width ones."""
    table = branch_table()
    same = (pl.col("bank_code") == row["bank_code"]) & (pl.col("branch_code") == row["branch_code"])
    names = table.filter(same).select("bank_name", "branch_name")
    if not names.height:
        return masked_account(row)
    bank, branch = (unicodedata.normalize("NFKC", text) for text in names.row(0))
    return (
        f"{bank} {branch} {TYPES.get(row['account_type'], row['account_type'])} ****{row['account_no'][-3:]}"
    )


def _read(path: Path, encoding: str | None, *, allow_wo: bool) -> tuple[pl.DataFrame, ProblemLog]:
    """Good rows, one a payer, names as banks take them."""
    log, parts = ProblemLog(), []
    for batch in read_columns(path, ACCOUNT_COLUMNS, encoding=encoding):
        log.extend(batch.log)
        parts.append(typed(batch.frame, ACCOUNT_COLUMNS, log))
    rows = pl.concat(parts)
    rows = rows.filter(~pl.col("line").is_in(log.held_lines().implode()))
    asked = rows.with_columns(
        payee="holder_kana", reference=pl.col("line").cast(pl.String), amount=pl.lit(1, pl.Int64)
    )
    checked = check(asked, allow_wo=allow_wo)
    log.extend(checked.log)
    written = rows.drop("holder_kana").join(
        checked.frame.select("line", holder_kana="payee"), on="line", maintain_order="left"
    )
    distinct = written.unique(["payer_id", *_SAME], keep="first", maintain_order=True)
    twice = distinct.filter(pl.col("payer_id").is_duplicated())
    shown = pl.Series([masked_account(row) for row in twice.iter_rows(named=True)], dtype=pl.String)
    log.add(twice, "refund.account_twice", field="payer_id", found=shown)
    return distinct.filter(~pl.col("payer_id").is_duplicated()), log


def _row(row: Mapping[str, Any], event: str, act: Act) -> dict[str, Any]:
    account = {n: row[n] for n in ACCOUNT}
    text = "\x1f".join(str(v) for v in (row["payer_id"], *(row[n] for n in _SAME)))
    return {
        "account_id": hashlib.sha256(text.encode()).hexdigest()[:32],
        "payer_id": row["payer_id"],
        "event": event,
        "who": act.who,
        "at": act.at,
        **account,
    }


def _frame(rows: list[dict[str, Any]]) -> pl.DataFrame:
    kinds = {n: k for n, k in TABLES["payee_accounts"].columns.items() if n not in ("seq", "run_id")}
    return pl.DataFrame(rows, schema=kinds, orient="row")
