"""A small town with overpayments, and the people of its refunds' office: for the tests of refunds."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import ledger_files as files
import pytest
from ledger_files import LINE_HEAD, POLICY, RECEIPT_HEAD, SLIP_HEAD, line, night, receipt, slip, write

from elqr.problems import ProblemError
from reconcile.ledger import open_ledger
from reconcile.ledger_check import check_ledger
from reconcile.owed import owed
from reconcile.refund_accounts import Taken, take_accounts
from reconcile.refund_policy import RefundPolicy, Tier, load_refund_policy
from reconcile.refund_record import Act
from reconcile.refund_states import Refund, refunds_of
from reconcile.refunds import approve, propose
from reconcile.seal import seal_of
from reconcile.transfers import Consignor

Places = Callable[[], str]
DAY = date(2026, 11, 20)
FRIDAY = date(2026, 11, 27)
CITY = Consignor("1234567890", "ミホンシ　カイケイカンリシャ", "0169", "001", "1", "7654321")
DEFAULT = load_refund_policy()
ACCOUNT_HEAD = "payer_id,bank_code,branch_code,account_type,account_no,holder_kana,checked_on"


def rules(*tiers: tuple[int | None, tuple[str, ...]], **more: Any) -> RefundPolicy:
    """Rules with these tiers; one approval for every amount where none is given."""
    made = tuple(Tier(up_to=up_to, approvals=roles) for up_to, roles in tiers or ((None, ("any",)),))
    base: dict[str, Any] = {"users": {}, "consignor": CITY, "allow_wo": False, "sha256": "0" * 64}
    return RefundPolicy(id="town", tiers=made, **(base | more))


RULES = rules()


def act(
    place: str | Path, who: str, *, on: date = DAY, rules: RefundPolicy = RULES, login: str | None = None
) -> Act:
    """`who` does something on a day."""
    return Act(ledger=place, who=who, on=on, policy=POLICY, rules=rules, login=login, at=f"{on}T10:00")


def overpaid(place: str | Path, folder: Path, *, people: int = 3, yen: int = 20_000) -> None:
    """A ledger where each payer P00001 … paid the first instalment twice: ¥`yen` each is 誤納."""
    folder.mkdir(parents=True, exist_ok=True)
    who = range(1, people + 1)
    a = write(folder / "a.csv", LINE_HEAD, *(line(n, t, yen) for n in who for t in (1, 4)))
    s = write(folder / "s.csv", SLIP_HEAD, *(slip(n * 10 + t, n, t, yen) for n in who for t in (1, 4)))
    paid = [receipt(f"T{n}{x}", n * 10 + 1, yen, date(2026, 6, n)) for n in who for x in "ab"]
    night(place, assessments=[a], slips=[s], receipts=[write(folder / "r.csv", RECEIPT_HEAD, *paid)])


def in_debt(place: str, folder: Path) -> None:
    """P00001 paid the first instalment twice (¥20,000 too much) and owes ¥15,000 of the second, due since August."""
    folder.mkdir(exist_ok=True)
    a = write(folder / "a.csv", LINE_HEAD, line(1, 1, 20_000), line(1, 2, 15_000))
    s = write(folder / "s.csv", SLIP_HEAD, slip(11, 1, 1, 20_000), slip(12, 1, 2, 15_000))
    paid = [receipt(f"T{x}", 11, 20_000, date(2026, 6, 10)) for x in "ab"]
    night(place, assessments=[a], slips=[s], receipts=[write(folder / "r.csv", RECEIPT_HEAD, *paid)])


def copied(template: Path, place: Path) -> str:
    """A ledger file with its seal at another place: making it once saves seconds."""
    shutil.copy(template, place)
    shutil.copy(seal_of(template), seal_of(place))
    return str(place)


def later(place: str | Path, folder: Path, *rows: files.Row, head: str = RECEIPT_HEAD) -> None:
    """One more night with these rows."""
    path = write(folder / f"later-{abs(hash(str(rows)))}.csv", head, *rows)
    night(place, **{"receipts" if head == RECEIPT_HEAD else "assessments": [path]})


def account(number: int, **more: str) -> dict[str, str]:
    """A row of the accounts file."""
    base = {"payer_id": f"P{number:05}", "bank_code": "0005", "branch_code": "001", "account_type": "1"}
    return {
        **base,
        "account_no": f"{1000 + number}",
        "holder_kana": "ヤマダ タロウ",
        "checked_on": "2026-11-19",
        **more,
    }


def accounts(place: str | Path, folder: Path, *rows: dict[str, str], who: str = "ida") -> Taken:
    """Take these accounts."""
    return take_accounts(act(place, who), write(folder / "accounts.csv", ACCOUNT_HEAD, *rows))


def to_be_ordered(place: Path, folder: Path) -> Path:
    """A ledger with three refunds of ¥20,000 decided, and accounts for all."""
    overpaid(place, folder / "t")
    propose(act(place, "mai"))
    approve(act(place, "chie"), ["R000001", "R000002", "R000003"])
    names = ("ヤマダ　タロー", "カ）ミホン", "ｻﾄｳ ﾊﾅｺ")
    accounts(place, folder, *(account(n, holder_kana=name) for n, name in enumerate(names, 1)))
    return place


def refunds(place: str | Path) -> dict[str, Refund]:
    """All refunds by number."""
    with open_ledger(place) as ledger:
        return {r.refund_id: r for r in refunds_of(ledger)}


def free_yen(place: str | Path) -> int:
    """Yen that no refund holds."""
    with open_ledger(place) as ledger:
        return int(owed(ledger).free["amount"].sum())


def found(place: str | Path) -> list[str]:
    """What the check of the ledger finds, everything decided anew."""
    from reconcile.decide import decide

    with open_ledger(place, writer=True) as ledger:
        return [p.code for p in check_ledger(ledger, decide=lambda w: decide(w, POLICY, as_of=DAY))]


def refused(call: Callable[[], object]) -> dict[str, dict[str, str | int]]:
    """The codes with which a call is refused, and what they name."""
    with pytest.raises(ProblemError) as error:
        call()
    return {p.code: dict(p.params) for p in error.value.problems}
