"""Small municipalities for the ledger's tests: assessments, slips and receipt files as an office would hand them over."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from elqr.problems import ProblemError
from elqr.site import Site
from reconcile.ledger import open_ledger
from reconcile.ledger_check import check_ledger
from reconcile.ledger_info import checked
from reconcile.night import Inputs
from reconcile.policy import load_policy
from reconcile.run import RunRequest, RunResult, reconcile

POLICY = load_policy()
AS_OF = date(2026, 11, 20)
BODY = "342041"
DUES = (date(2026, 6, 30), date(2026, 8, 31), date(2026, 11, 2), date(2027, 1, 4))
Row = Mapping[str, str | int]
RECEIPT_HEAD = "kind,channel,body_code,slip_key,confirm_no,tax_item,amount,paid_at,data_date,remit_date,account_date,txn_id,orig_txn_id"
LINE_HEAD = "line_id,payer_id,body_code,tax_item,levy_year,tax_year,fiscal_year,period,notice_no,due_date,principal,status,revised_at"
SLIP_HEAD = "slip_key,confirm_no,tax_item,body_code,payer_id,notice_no,levy_year,tax_year,period,amount,due_date,payable_until,kind,supersedes"


def csv(head: str, rows: Sequence[Row]) -> str:
    """A CSV with these headings; a column without a value is empty."""
    return (
        "\n".join([head, *(",".join(str(row.get(name, "")) for name in head.split(",")) for row in rows)])
        + "\n"
    )


def key(number: int) -> str:
    return f"{number:020}"


def line(notice: int, term: int, principal: int, **more: str | int) -> Row:
    """Line `term` (1 to 4) of a notice."""
    base: Row = {
        "line_id": f"{notice:05}-{term}",
        "payer_id": f"P{notice:05}",
        "body_code": BODY,
        "tax_item": "001",
        "levy_year": 2026,
        "tax_year": 2026,
        "fiscal_year": 2026,
        "period": f"{term:02}",
        "notice_no": f"N{notice:05}",
        "due_date": DUES[term - 1].isoformat(),
        "principal": principal,
        "status": "open",
    }
    return {**base, **more}


def slip(number: int, notice: int, term: int, amount: int, **more: str | int) -> Row:
    """A slip of a notice; term 0 is the whole year."""
    due = DUES[max(term, 1) - 1].isoformat()
    base: Row = {
        "slip_key": key(number),
        "confirm_no": "123456",
        "tax_item": "001",
        "body_code": BODY,
        "payer_id": f"P{notice:05}",
        "notice_no": f"N{notice:05}",
        "levy_year": 2026,
        "tax_year": 2026,
        "period": f"{term:02}",
        "amount": amount,
        "due_date": due,
        "payable_until": due,
    }
    return {**base, **more}


def receipt(
    txn: str, slip_number: int, amount: int, paid: date, kind: str = "confirmed", **more: str | int
) -> Row:
    """An event of a payment; cancellations and corrections name it by `orig_txn_id`."""
    later = kind in ("cancelled", "corrected")
    base: Row = {
        "kind": kind,
        "channel": "convenience",
        "body_code": BODY,
        "slip_key": key(slip_number),
        "confirm_no": "123456",
        "tax_item": "001",
        "amount": amount,
        "paid_at": paid.isoformat(),
        "data_date": paid.isoformat(),
        "remit_date": "" if kind == "preliminary" else (paid + timedelta(7)).isoformat(),
        "account_date": "" if kind == "preliminary" else (paid + timedelta(7)).isoformat(),
        "txn_id": f"{txn}-{kind[:3]}" if later else txn,
        "orig_txn_id": txn if later else "",
    }
    return {**base, **more}


@dataclass(frozen=True)
class Town:
    """A folder with `assessments.csv`, `slips.csv` and receipt files `r0.csv` …"""

    folder: Path
    assessments: Path
    slips: Path
    receipts: tuple[Path, ...]


def town(folder: Path, *, notices: int = 12, files: int = 5, payments: int = 60, seed: int = 1) -> Town:
    """A town at random (the same for the same seed): pairs, cancellations, duplicates, late, partial, unknown, 全期 and 期別."""
    chance = random.Random(seed)
    folder.mkdir(parents=True, exist_ok=True)
    lines, slips = [], []
    principal = {}
    for n in range(1, notices + 1):
        for term in range(1, 5):
            principal[n, term] = 10_000 + 1_000 * ((n * 7 + term) % 20)
            lines.append(line(n, term, principal[n, term]))
            slips.append(slip(n * 10 + term, n, term, principal[n, term]))
        principal[n, 0] = sum(principal[n, t] for t in range(1, 5))
        slips.append(slip(n * 10, n, 0, principal[n, 0], kind="full_year"))
        slips.append(slip(n * 10 + 5, n, 1, principal[n, 1], kind="reissue", supersedes=key(n * 10 + 1)))
    rows: list[list[Row]] = [[] for _ in range(files)]
    for p in range(payments):
        n, term = chance.randint(1, notices), chance.choice((0, 1, 1, 2, 3, 4, 5))
        amount = principal[n, {5: 1}.get(term, term)] + chance.choice((0, 0, 0, 0, 0, 300, -4_000))
        number = n * 10 + term if chance.random() > 0.05 else 999_000 + p
        paid = date(2026, 6, 1) + timedelta(chance.randint(0, 150))
        kinds = chance.choice(
            (("confirmed",),) * 5
            + (("preliminary", "confirmed"),) * 3
            + (("preliminary", "cancelled"), ("confirmed", "corrected"), ("preliminary",))
        )
        for kind in kinds:
            other = 500 if kind == "corrected" else 0
            rows[chance.randrange(files)].append(receipt(f"T{p}", number, amount + other, paid, kind))
    paths = []
    for i, some in enumerate(rows):
        paths.append(folder / f"r{i}.csv")
        paths[-1].write_text(
            csv(RECEIPT_HEAD, some or [receipt(f"E{i}", 11, 100, DUES[0])]), encoding="utf-8"
        )
    (folder / "assessments.csv").write_text(csv(LINE_HEAD, lines), encoding="utf-8")
    (folder / "slips.csv").write_text(csv(SLIP_HEAD, slips), encoding="utf-8")
    return Town(folder, folder / "assessments.csv", folder / "slips.csv", tuple(paths))


def write(path: Path, head: str, *rows: Row) -> Path:
    path.write_text(csv(head, rows), encoding="utf-8")
    return path


def joined(path: Path, *sources: Path) -> Path:
    """One file of all rows of several."""
    texts = [source.read_text(encoding="utf-8").splitlines() for source in sources]
    path.write_text(
        "\n".join([texts[0][0], *(row for text in texts for row in text[1:])]) + "\n", encoding="utf-8"
    )
    return path


def request(
    place: str | Path, *, dry_run: bool = False, site: Site | None = None, **files: Sequence[Path]
) -> RunRequest:
    return RunRequest(
        ledger=place,
        inputs=Inputs(site=site, **files),
        as_of=AS_OF,
        policy=POLICY,
        dry_run=dry_run,
        who="tester",
        at="2026-11-20T20:00",
    )


def night(place: str | Path, **files: Sequence[Path]) -> RunResult:
    """One run."""
    return reconcile(request(place, **files))


def all_at_once(place: str | Path, made: Town, receipts: Sequence[Path] | None = None) -> RunResult:
    return night(
        place,
        assessments=[made.assessments],
        slips=[made.slips],
        receipts=made.receipts if receipts is None else receipts,
    )


# --- what a ledger says afterwards -------------------------------------------------------------------


def codes(path: Path) -> set[str]:
    """What its check finds."""
    return {p.code for p in checked(str(path), policy=None)}


def whole(place: str) -> list[str]:
    """What its check finds, everything decided anew."""
    from reconcile.decide import decide

    with open_ledger(place, writer=True) as ledger:
        return [p.code for p in check_ledger(ledger, decide=lambda w: decide(w, POLICY, as_of=AS_OF))]


def refused(error: pytest.ExceptionInfo[ProblemError]) -> set[str]:
    """The codes with which something was refused."""
    return {p.code for p in error.value.problems}


def standing(path: Path) -> Any:
    """What stands in it after its last night."""
    with open_ledger(path) as ledger:
        return ledger.standing
