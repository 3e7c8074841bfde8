"""The order to the bank: refunds that were decided, as a 総合振込 file, each of them once.

In: an `Act`, the day of the transfer, a folder. Out: `Exported`: the batch, its bytes in the folder, what was left out and why.
The ledger says that a refund is out before a byte of the file is written: killed in between, the same words write the same bytes and pay nobody
twice. Refuses (ProblemError): no consignor, a day that is over, far off, or on which banks are closed, a batch that is not there or whose bytes
are not those recorded, a folder in which another order has the number.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from elqr.problems import Problem, ProblemError
from reconcile import zengin
from reconcile.ledger import Ledger, open_ledger
from reconcile.owed import Owed, owed
from reconcile.refund_accounts import Account, accounts_of, masked_account
from reconcile.refund_policy import EXPORTER
from reconcile.refund_record import Act, Record, recording
from reconcile.refund_states import Refund, State, nth, refunds_of
from reconcile.refund_words import state_fault
from reconcile.refunds import changed, same_person
from reconcile.tables import TABLES
from reconcile.transfers import check, header
from reconcile.write_out import probe, write_files
from reconcile.zengin import Header

_ACCOUNT = ("bank_code", "branch_code", "account_type", "account_no")
AHEAD_DAYS = 90
"""A transfer that is ordered for later than this is taken for a wrong year."""
LIST_COLUMNS = ("refund_id", "notice_no", "payer_id", "account", "amount", "transfer_on")


@dataclass(frozen=True, kw_only=True)
class Exported:
    """`batch`: its number, None where there was nothing to order; `again`: an earlier batch written once more, or one whose very bytes lay there
    already; `problems`: what was left out."""

    batch: int | None
    again: bool
    count: int
    yen: int
    sha256: str
    transfer_on: date | None
    files: tuple[str, ...]
    problems: tuple[Problem, ...]


def export(act: Act, *, transfer_on: date, out: Path, only: Sequence[str] = ()) -> Exported:
    """Order every decided refund (or those of `only`) that can go; the same words again write the last batch's bytes again."""
    probe(out)
    with recording(act, "refunds export", role=EXPORTER) as record:
        if act.rules.consignor is None:
            raise ProblemError(Problem("refund.no_consignor", params={"found": act.rules.id}))
        top = header(act.rules.consignor, transfer_on=transfer_on)
        now = owed(record.ledger)
        ready = [r for r in now.refunds if r.state is State.APPROVED and r.payable > 0]
        wanted = frozenset(only)
        ready = [r for r in ready if not wanted or r.refund_id in wanted]
        good, problems = _checked(record.ledger, act, ready, now, transfer_on)
        last = _same_words(record.ledger, act, transfer_on, only)
        again = None if good else last
        problems += _not_ready(only, now, again=again)
        if good:
            _refuse_day(transfer_on, act.on)
            problems += _unwritten(out, last)
        batch = _order(record, act, top, good, transfer_on, out) if good else again
        if batch is None:
            return Exported(
                batch=None,
                again=False,
                count=0,
                yen=0,
                sha256="",
                transfer_on=None,
                files=(),
                problems=tuple(problems),
            )
        with _standing(batch) if good else nullcontext():
            return _written(_made(record.ledger, batch), out, again=not good, problems=problems)


def _refuse_day(transfer_on: date, on: date) -> None:
    """An order cannot be taken back: no bank carries one out for a day that is over, and the file does not say the year."""
    if transfer_on < on:
        said = {"found": transfer_on.isoformat(), "expected": on.isoformat()}
        raise ProblemError(Problem("refund.transfer_past", "transfer_on", said))
    if transfer_on > (last := on + timedelta(AHEAD_DAYS)):
        said = {"found": transfer_on.isoformat(), "expected": last.isoformat()}
        raise ProblemError(Problem("refund.transfer_far", "transfer_on", said))


@contextmanager
def _standing(batch: int) -> Iterator[None]:
    """Whoever is stopped behind an order, by Ctrl-C too, is told that it stands: other words than the same again would not write it."""
    stands = Problem("refund.order_stands", params={"found": batch})
    try:
        yield
    except ProblemError as error:
        raise ProblemError([*error.problems, stands]) from None
    except BaseException as error:
        error.add_note(str(stands))
        raise


def export_again(ledger: str | Path, batch: int, *, out: Path) -> Exported:
    """The files of a batch once more, byte for byte. Nothing is recorded."""
    probe(out)
    with open_ledger(ledger) as opened:
        made = _made(opened, batch)
    return _written(made, out, again=True, problems=())


@dataclass(frozen=True)
class _Batch:
    row: Mapping[str, Any]
    data: bytes
    refunds: tuple[Refund, ...]


def _checked(
    ledger: Ledger, act: Act, ready: Sequence[Refund], now: Owed, transfer_on: date
) -> tuple[list[tuple[Refund, dict[str, Any]]], list[Problem]]:
    """Refunds that can go, with their record of the file; and why the others cannot."""
    accounts = accounts_of(ledger, [r.payer_id for r in ready])
    problems: list[Problem] = []
    rows: list[dict[str, Any]] = []
    spent: dict[str | None, int] = {}
    by_line = {}
    for line, refund in enumerate(ready, 1):
        account = accounts.get(refund.payer_id or "")
        problem = (
            same_person(act.who, refund)
            or _held(refund, now, spent, act.on, transfer_on)
            or _no_way(act, refund, account)
        )
        if problem or account is None:
            problems += [problem] if problem else []
            continue
        spent[refund.payer_id] = spent.get(refund.payer_id, 0) + refund.amount
        by_line[line] = refund
        rows.append(_transfer(line, refund, account, now.refunds.of_payer(refund.payer_id)))
    if not rows:
        return [], problems
    checked = check(pl.DataFrame(rows, schema_overrides={"amount": pl.Int64}), allow_wo=act.rules.allow_wo)
    for row in checked.log.table().filter(pl.col("severity") == "error").iter_rows(named=True):
        said = {"refund": by_line[row["line"]].refund_id, "found": row["code"]}
        problems.append(Problem("refund.cannot_be_written", params=said))
    good = []
    for row in checked.frame.to_dicts():
        refund = by_line[row.pop("line")]
        if problem := _came_back_from_there(refund, row):
            problems.append(problem)
        else:
            good.append((refund, row))
    return good, problems


def _held(
    refund: Refund, now: Owed, spent: Mapping[str | None, int], on: date, transfer_on: date
) -> Problem | None:
    """What stands against it now: figures that moved, a claim that has lapsed, days in the wrong order."""
    if problem := changed(refund, now, more=spent.get(refund.payer_id, 0)):
        return problem
    lapses = refund.figures["lapses_from"]
    if lapses is not None and lapses <= on.isoformat():
        params: dict[str, str | int] = {
            "refund": refund.refund_id,
            "found": "time_barred",
            "yen": f"{refund.amount:,}",
        }
        return Problem("refund.blocked", params=params)
    before = max([refund.decided_on or "", *(said.on for _, said in refund.came_back)])
    early = min(on, transfer_on).isoformat()
    if early < before:
        return Problem("refund.day", params={"refund": refund.refund_id, "found": early, "expected": before})
    return None


def _came_back_from_there(refund: Refund, row: Mapping[str, Any]) -> Problem | None:
    """Whether the bank has sent the money back from this very account, and nobody said that the account was right."""
    for order, said in refund.came_back[-1:]:
        if not said.same_account and all(order.transfer[n] == row[n] for n in (*_ACCOUNT, "payee")):
            params: dict[str, str | int] = {"refund": refund.refund_id, "found": masked_account(row)}
            return Problem("refund.account_returned", params=params)
    return None


def _no_way(act: Act, refund: Refund, account: Account | None) -> Problem | None:
    """Whether there is an account that may be used, and whether somebody else put it there."""
    if account is None:
        return Problem("refund.no_account", params={"refund": refund.refund_id})
    if not account.usable:
        params = {"refund": refund.refund_id, "found": masked_account(account.row)}
        return Problem("refund.account_unchecked", params=params)
    if act.who in account.people:
        return Problem("refund.account_eyes", params={"found": act.who, "refund": refund.refund_id})
    return None


def _transfer(line: int, refund: Refund, account: Account, of_payer: Iterable[Refund]) -> dict[str, Any]:
    row = account.row
    ordered = sorted(((o.batch, r.refund_id, o) for r in of_payer for o in r.orders), key=lambda o: o[:2])
    earlier = [order.transfer for _, _, order in ordered]
    known = bool(earlier) and all(str(earlier[-1][n]).lstrip("0") == row[n].lstrip("0") for n in _ACCOUNT)
    return {
        "line": line,
        "reference": refund.refund_id.removeprefix("R"),
        **{n: row[n] for n in _ACCOUNT},
        "payee": row["holder_kana"],
        "amount": refund.payable,
        "new_code": "0" if known else "2" if earlier else "1",  # 新規コード: 1 first, 2 changed
    }


def _not_ready(only: Sequence[str], now: Owed, *, again: int | None) -> list[Problem]:
    """Refunds that were asked for by number and are not decided. Those of a batch that is written `again` are what was asked for."""
    found = []
    for name in dict.fromkeys(only):
        refund = now.refunds.get(name)
        if refund is None:
            found.append(Problem("refund.unknown", params={"found": name}))
        elif refund.state is not State.APPROVED and (again is None or not refund.in_batch(again)):
            found.append(state_fault(refund, State.APPROVED))
    return found


def _order(
    record: Record,
    act: Act,
    top: Header,
    good: Sequence[tuple[Refund, dict[str, Any]]],
    transfer_on: date,
    out: Path,
) -> int:
    """Commit that these are out."""
    data = zengin.encode(pl.DataFrame([row for _, row in good]), header=top)
    batch = record.ledger.store.highest("refund_exports", "batch") + 1
    _lies(out, batch, hashlib.sha256(data).hexdigest())
    for refund, row in good:
        said = {
            "on": act.on.isoformat(),
            "batch": batch,
            "transfer_on": transfer_on.isoformat(),
            "transfer": row,
        }
        record.event(refund, nth("exported", len(refund.orders) + 1), said)
    content = {"header": asdict(top), "refunds": [refund.refund_id for refund, _ in good]}
    order = {
        "batch": batch,
        "transfer_on": transfer_on.isoformat(),
        "count": len(good),
        "yen": sum(row["amount"] for _, row in good),
        "sha256": hashlib.sha256(data).hexdigest(),
        "who": act.who,
        "at": act.at,
        "content": json.dumps(content, ensure_ascii=False, sort_keys=True),
    }
    kinds = {n: k for n, k in TABLES["refund_exports"].columns.items() if n not in ("seq", "run_id")}
    record.ledger.add("refund_exports", pl.DataFrame([order], schema=kinds))
    record.commit()
    return batch


def _same_words(ledger: Ledger, act: Act, transfer_on: date, only: Sequence[str]) -> int | None:
    """The last batch, where the same person ordered it for the same day: a run that was killed before its file was written."""
    last = ledger.store.highest("refund_exports", "batch")
    if not last:
        return None
    row = ledger.lookup("refund_exports", pl.Series("batch", [last])).row(0, named=True)
    ids = json.loads(row["content"])["refunds"]
    same = row["who"] == act.who and row["transfer_on"] == transfer_on.isoformat()
    return last if same and (not only or set(ids) <= set(only)) else None


def _unwritten(out: Path, last: int | None) -> list[Problem]:
    """That the order of the same words has no file here: it may have been killed before it, and these words order what is decided since."""
    if last is None or out.joinpath(f"{_name(last)}.json").exists():
        return []
    params: dict[str, str | int] = {"found": str(out.joinpath(f"{_name(last)}.txt")), "batch": last}
    return [Problem("refund.order_unwritten", params=params)]


def _made(ledger: Ledger, batch: int) -> _Batch:
    """The bytes of a batch from the ledger, compared with the digest that was recorded."""
    rows = ledger.lookup("refund_exports", pl.Series("batch", [batch], dtype=pl.Int64))
    if not rows.height:
        last = ledger.store.highest("refund_exports", "batch")
        raise ProblemError(Problem("refund.no_batch", params={"found": batch, "expected": last}))
    row = rows.row(0, named=True)
    known = {r.refund_id: r for r in refunds_of(ledger, json.loads(row["content"])["refunds"])}
    if not any(r.in_batch(batch) for r in known.values()):
        raise ProblemError(Problem("refund.batch_bytes", params={"found": "–", "expected": row["sha256"]}))
    refunds, data = batch_bytes(row, known)
    if (found := hashlib.sha256(data).hexdigest()) != row["sha256"]:
        raise ProblemError(Problem("refund.batch_bytes", params={"found": found, "expected": row["sha256"]}))
    return _Batch(row, data, refunds)


def batch_bytes(row: Mapping[str, Any], refunds: Mapping[str, Refund]) -> tuple[tuple[Refund, ...], bytes]:
    """The refunds of a row of `refund_exports` in their order, and the bytes that those of them make that are in it."""
    said = json.loads(row["content"])
    mine = tuple(refunds[i] for i in said["refunds"])
    frame = pl.DataFrame([dict(order.transfer) for r in mine if (order := r.in_batch(row["batch"]))])
    return mine, zengin.encode(frame, header=Header(**said["header"]))


def _name(batch: int) -> str:
    return f"furikomi-{batch:05}"


def _lies(out: Path, batch: int, sha256: str) -> bool:
    """Whether this very order lies in the folder. A number begins anew with each ledger, and comes again in one put back from an older copy:
    another order is not written over (ProblemError), and the same one may have gone to the bank."""
    beside = out.joinpath(f"{_name(batch)}.json")
    try:
        known = json.loads(beside.read_bytes())["sha256"] == sha256
    except FileNotFoundError:
        if not beside.with_suffix(".txt").exists():
            return False
        known = hashlib.sha256(beside.with_suffix(".txt").read_bytes()).hexdigest() == sha256
    except (OSError, ValueError, KeyError, TypeError):
        known = False
    if not known:
        params: dict[str, str | int] = {"found": str(beside.with_suffix(".txt")), "batch": batch}
        raise ProblemError(Problem("refund.batch_there", params=params))
    return True


def _written(made: _Batch, out: Path, *, again: bool, problems: Sequence[Problem]) -> Exported:
    """The files: for the bank, and for the office with masked accounts."""
    row = made.row
    name = _name(row["batch"])
    there = _lies(out, row["batch"], row["sha256"])
    listed = [
        {
            "refund_id": r.refund_id,
            "notice_no": r.notice_no,
            "payer_id": r.payer_id,
            "account": masked_account(order.transfer),
            "amount": r.payable,
            "transfer_on": order.transfer_on,
        }
        for r in made.refunds
        if (order := r.in_batch(row["batch"]))
    ]
    sums = {k: row[k] for k in ("batch", "transfer_on", "count", "yen", "sha256", "who")}
    files = {
        f"{name}.txt": made.data,
        f"{name}.csv": pl.DataFrame(listed).select(LIST_COLUMNS).write_csv(line_terminator="\n").encode(),
        f"{name}.json": (json.dumps(sums, ensure_ascii=False, indent=2) + "\n").encode(),
    }
    write_files(out, files)
    return Exported(
        batch=row["batch"],
        again=again or there,
        count=row["count"],
        yen=row["yen"],
        sha256=row["sha256"],
        transfer_on=date.fromisoformat(row["transfer_on"]),
        files=tuple(files),
        problems=tuple(problems),
    )
