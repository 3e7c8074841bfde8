"""延滞金 that had no rate when its line was completed: assessed by the first night whose table holds the years."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from unittest.mock import patch

from ledger_files import (
    AS_OF,
    LINE_HEAD,
    POLICY,
    RECEIPT_HEAD,
    SLIP_HEAD,
    line,
    receipt,
    request,
    slip,
    whole,
    write,
)
from refund_towns import act

from reconcile.credits import take_credits
from reconcile.ledger import open_ledger
from reconcile.policy import Policy
from reconcile.refunds import propose, reject
from reconcile.run import RunResult, reconcile
from reconcile.unrated import rated_since

TABLE = POLICY.rates
UP_TO_2025 = {name: tenths[:-1] for name, tenths in TABLE.values.items()}
BEFORE = replace(
    POLICY, rates=replace(TABLE, valid_until=date(2025, 12, 31), values=UP_TO_2025, sha256="before")
)
"""The policy while nobody has added the rates of 2026."""
PARTS = SLIP_HEAD + ",principal,delinquency"


def town(folder: Path) -> dict[str, Sequence[Path]]:
    """One line completed late in 2026 with its charge, one in 2027, and one in time."""
    lines = [line(n, 1, 250_000) for n in (1, 2, 3)]
    slips = [slip(n, n, 1, 251_900, principal=250_000, delinquency=1_900) for n in (1, 2, 3)]
    paid = [
        receipt("T1", 1, 251_900, date(2026, 8, 31)),
        receipt("T2", 2, 251_900, date(2027, 1, 12)),
        receipt("T3", 3, 250_000, date(2026, 6, 30)),
    ]
    return {
        "assessments": [write(folder / "lines.csv", LINE_HEAD, *lines)],
        "slips": [write(folder / "slips.csv", PARTS, *slips)],
        "receipts": [write(folder / "paid.csv", RECEIPT_HEAD, *paid)],
    }


def night(place: str, policy: Policy, **files: Sequence[Path]) -> RunResult:
    return reconcile(replace(request(place, **files), policy=policy))


def test_a_charge_waits_for_its_rate_and_no_longer(places: Callable[[], str], tmp_path: Path) -> None:
    files = town(tmp_path)
    at_once = night(places(), POLICY, **files)
    place = places()
    first = night(place, BEFORE, **files)
    assert (first.run["held"], first.run["posted"][1]) == ((2, 3_800), 750_000)
    second = night(place, POLICY)
    assert second.committed and second.result == at_once.result
    assert (second.run["held"], second.run["posted"], second.after) == (
        (-1, -1_900),
        (0, 1_900),
        at_once.after,
    )
    charges = second.decided.entries["charges"].filter(reverses="")
    assert charges.select("line_id", "amount").rows() == [("00001-1", 2_500)]
    assert not whole(place)
    # the other one waits for its own year, and nothing moves meanwhile
    assert not night(place, POLICY).committed


def test_the_table_of_charges_is_read_only_where_other_rates_decided(tmp_path: Path) -> None:
    """Credits come nearly every day, and refunds do: a night after them need not look at all that was ever charged."""
    place = str(tmp_path / "l.db")
    night(place, POLICY, **town(tmp_path))
    take_credits(
        place,
        [write(tmp_path / "c.csv", "remit_date,amount", {"remit_date": "2026-07-03", "amount": 250_000})],
        as_of=AS_OF,
    )
    twice = receipt("T4", 3, 250_000, date(2026, 7, 1))
    night(place, POLICY, receipts=[write(tmp_path / "r.csv", RECEIPT_HEAD, twice)])
    propose(act(place, "mai"))

    def read_by(policy: Policy) -> bool:
        with open_ledger(place) as ledger, patch.object(ledger, "scan", wraps=ledger.scan) as scan:
            rated_since(ledger, policy)
            return bool(scan.called)

    assert (read_by(POLICY), read_by(BEFORE)) == (False, True)
    reject(replace(act(place, "mai"), policy=BEFORE), ["R000001"], reason="?")
    assert (read_by(POLICY), read_by(BEFORE)) == (True, True)
    night(place, POLICY)  # records nothing, so it is still to be looked for
    assert read_by(POLICY)
