"""振込入金 into the ledger: what the bank says has arrived, so that receipts can be balanced against money.

In: CSV of `CREDIT_COLUMNS` (a day and an amount; channel, tax item, institution and the office's reason where known). Out: rows of `bank_credits`,
added once however often the file comes, and the balance. Refuses rows that cannot be read, and a file of receipts: it would balance with itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import polars as pl

from elqr.columns import BY_NAME, Column, Kind
from elqr.problems import Problem, ProblemError, ProblemLog, Where
from elqr.reader import read_columns
from reconcile.balance import REMITTED, balance, balanced, remitted
from reconcile.frames import CREDITS
from reconcile.ledger import Ledger, open_ledger
from reconcile.refund_record import body_code_of
from reconcile.register_values import typed
from reconcile.report_words import CHANNELS
from reconcile.sums import Sums
from reconcile.tables import TABLES
from reconcile.whole_groups import payments_whole
from reconcile.world import EVENTS_READ

TEXT_MAX = 100
_CHANNELS: Mapping[str, str] = {name: words.ja for name, words in CHANNELS.items()}
CREDIT_COLUMNS: tuple[Column, ...] = (
    Column("remit_date", "払込日", Kind.DATE, 10),
    Column("amount", "入金額", Kind.MONEY, 12, aliases=("振込額",)),
    Column("account_date", "会計日", Kind.DATE, 10, required=False, filled=False),
    Column(
        "institution",
        "指定金融機関",
        Kind.TEXT,
        TEXT_MAX,
        required=False,
        filled=False,
        aliases=("金融機関",),
    ),
    Column("channel", "納付方法", Kind.CHOICE, 20, required=False, filled=False, choices=_CHANNELS),
    replace(BY_NAME["tax_item"], required=False, filled=False),
    Column("reason", "差額の理由", Kind.TEXT, TEXT_MAX, required=False, filled=False, aliases=("理由",)),
)
RECEIPTS_ONLY = frozenset({"slip_key", "案件特定キー", "confirm_no", "確認番号", "paid_at", "txn_id"})
"""Headings that no bank's file of credits has."""
_MONEY = ("remit_date", "account_date", "institution", "channel", "tax_item", "amount")
_SAME = (*_MONEY, "reason")


@dataclass(frozen=True, kw_only=True)
class Credited:
    """`new`, `already`: rows; `table`: `BALANCE` of the whole ledger; `logs`: what was found, by file."""

    new: int
    already: int
    table: pl.DataFrame
    logs: dict[str, ProblemLog]


def take_credits(
    place: str | Path,
    paths: Sequence[Path],
    *,
    as_of: date,
    encoding: str | None = None,
    who: str | None = None,
    at: str | None = None,
) -> Credited:
    """Take files of credits into the ledger, and balance. A row that came before (the same words but for the reason, as often) is no other credit."""
    with open_ledger(place, writer=True) as ledger:
        ledger.begin()
        try:
            new = already = 0
            logs: dict[str, ProblemLog] = {}
            for path in paths:
                rows, log = _read(path, encoding)
                logs.setdefault(path.name, ProblemLog()).extend(log)
                credits, reasons = _not_there(ledger, rows)
                ledger.add("bank_credits", pl.concat([credits, reasons]))
                new, already = new + credits.height, already + rows.height - credits.height
            if ledger.grown:
                _commit(ledger, paths, as_of=as_of, who=who, at=at)
            return Credited(new=new, already=already, table=balance_of(ledger), logs=logs)
        finally:
            ledger.rollback()


def balance_of(ledger: Ledger, came: pl.DataFrame | None = None) -> pl.DataFrame:
    """The balance of the whole ledger. `came`: sums of what was remitted, where the caller has read the receipts already."""
    if not ledger.store.highest("bank_credits"):
        return balance(pl.DataFrame(schema=dict(EVENTS_READ)), pl.DataFrame(schema=dict(CREDITS)))
    if came is None:
        sums = Sums(REMITTED, ("amount",))
        for events in payments_whole(ledger):
            sums.add(remitted(events))
        came = sums.frame()
    return balanced(came, pl.concat(ledger.scan("bank_credits", list(CREDITS))))


def _read(path: Path, encoding: str | None) -> tuple[pl.DataFrame, ProblemLog]:
    """Good rows with their identity: what they say, and how often the file has said it before."""
    log = ProblemLog()
    parts: list[pl.DataFrame] = []
    for batch in read_columns(path, CREDIT_COLUMNS, encoding=encoding):
        log.extend(batch.log)
        if not parts:  # headings are told with the first batch
            _refuse_receipts(log, path)
        parts.append(typed(batch.frame, CREDIT_COLUMNS, log))
    rows = pl.concat(parts)
    rows = rows.filter(~pl.col("line").is_in(log.held_lines().implode()))
    said = pl.concat_str([pl.col(n).cast(pl.String).fill_null("\x00") for n in _SAME], separator="\x1f")
    rows = rows.with_columns(_said=said).with_columns(_times=pl.int_range(pl.len()).over("_said"))
    ids = [
        hashlib.sha256(f"{n}\x1f{s}".encode()).hexdigest()[:32]
        for n, s in rows.select("_times", "_said").iter_rows()
    ]
    kinds = {n: k for n, k in TABLES["bank_credits"].columns.items() if n not in ("seq", "run_id")}
    rows = rows.with_columns(credit_id=pl.Series(ids, dtype=pl.String), file=pl.lit(path.name))
    return rows.select(list(kinds)).cast(pl.Schema(kinds)), log


def _not_there(ledger: Ledger, rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Credits that the ledger lacks; and reasons that it lacks, as rows of 0 yen beside the credit that they are given for.

    The office learns the reason of a difference after it has seen it, and gives the file again with it: that is the same money.
    """
    known = ledger.lookup("bank_credits", rows["credit_id"], ["credit_id"])["credit_id"]
    have = pl.concat([rows.clear().select(_MONEY), *ledger.scan("bank_credits", _MONEY)])
    counted = (
        rows.with_columns(_said=pl.len().over(_MONEY).cast(pl.Int64))
        .join(
            have.group_by(_MONEY).agg(_have=pl.len().cast(pl.Int64)),
            on=_MONEY,
            how="left",
            nulls_equal=True,
            maintain_order="left",
        )
        .filter(~pl.col("credit_id").is_in(known.implode()))
    )
    # of rows of the same money as many are new, the last of them, as the file has more of them than the ledger
    more = pl.col("_said") - pl.col("_have").fill_null(0)
    from_last = pl.int_range(pl.len(), 0, -1).over(_MONEY)
    credits = counted.filter(from_last <= more)
    said = counted.filter((from_last > more) & pl.col("reason").is_not_null())
    return credits.select(rows.columns), said.with_columns(amount=pl.lit(0, pl.Int64)).select(rows.columns)


def _refuse_receipts(log: ProblemLog, path: Path) -> None:
    """Receipts have a day and an amount too. Raises ProblemError `credits.receipts` where columns of theirs stand in the file."""
    unknown = {str(p.params["found"]) for p in log.problems() if p.code == "heading.unknown"}
    if unknown & RECEIPTS_ONLY:
        raise ProblemError(
            Problem("credits.receipts", params={"found": ", ".join(sorted(unknown))}, where=Where(path.name))
        )


def _commit(ledger: Ledger, paths: Sequence[Path], *, as_of: date, who: str | None, at: str | None) -> None:
    names = ", ".join(path.name for path in paths)
    row = {"who": who, "at": at, "what": "credits", "content": names}
    ledger.add("audit", pl.DataFrame([row], schema=dict.fromkeys(row, pl.String)))
    ledger.commit(
        kind="credits",
        as_of=as_of.isoformat(),
        inputs={"files": names, "body_code": body_code_of(ledger)},
        totals=ledger.standing.totals,
        payments=ledger.standing.payments,
        who=who,
        at=at,
    )
