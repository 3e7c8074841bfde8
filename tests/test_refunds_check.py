"""What `elqr ledger check` finds in refunds: rows that no command writes, put there behind the commands' back; and damage."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from refund_towns import FRIDAY, account, accounts, act, copied, found, overpaid, refunds, refused

from reconcile.ledger import Ledger, open_ledger
from reconcile.refund_export import export, export_again
from reconcile.refunds import approve, propose
from reconcile.tables import TABLES


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    top = tmp_path_factory.mktemp("check")
    place = top / "l.db"
    overpaid(place, top / "t")
    propose(act(place, "mai"), only=["P00001", "P00002"])
    approve(act(place, "chie"), ["R000001"])
    accounts(place, top, account(1))
    export(act(place, "eri"), transfer_on=FRIDAY, out=top / "bank")
    return place


@pytest.fixture
def place(sent: Path, tmp_path: Path) -> str:
    """One refund in a transfer file, one proposed, one payer without a proposal."""
    return copied(sent, tmp_path / "l.db")


def slipped_in(place: str, table: str, **row: Any) -> None:
    """A row that a program of somebody else's added, properly chained."""
    with open_ledger(place, writer=True) as ledger:
        ledger.begin()
        kinds = {n: k for n, k in TABLES[table].columns.items() if n not in ("seq", "run_id")}
        ledger.add(table, pl.DataFrame([dict.fromkeys(kinds) | row], schema=kinds))
        commit(ledger)


def commit(ledger: Ledger) -> None:
    standing = ledger.standing
    ledger.commit(
        kind="refunds",
        as_of="2026-11-20",
        inputs={},
        totals=standing.totals,
        payments=standing.payments,
        who="x",
    )


def event(place: str, refund_id: str, word: str, who: str, **content: Any) -> None:
    slipped_in(place, "refund_events", refund_id=refund_id, event=word, who=who, content=json.dumps(content))


def proposal(place: str) -> dict[str, Any]:
    one = refunds(place)["R000002"]
    return {
        "on": "2026-11-20",
        "payment_no": one.payment_no,
        "basis": dict(one.basis),
        "figures": dict(one.figures),
        "offsets": [],
    }


def test_a_sound_ledger_has_no_findings(place: str) -> None:
    assert found(place) == []


def test_a_missing_number_of_a_refund(place: str) -> None:
    event(place, "R000004", "proposed", "mai", **proposal(place))
    assert "refund.check_gap" in found(place) and "ledger.check_totals" in found(place)


def test_a_missing_number_of_a_notice(place: str) -> None:
    event(place, "R000002", "approved", "chie", on="2026-11-20", role="any")
    said = {"needed": ["any"], "figures": dict(refunds(place)["R000002"].figures), "offsets": [], "about": {}}
    event(place, "R000002", "decided", "chie", on="2026-11-20", notice_no="2026-000003", **said)
    assert "refund.check_gap" in found(place)


def test_a_decision_without_approvals(place: str) -> None:
    said = {"needed": ["any"], "figures": dict(refunds(place)["R000002"].figures), "offsets": [], "about": {}}
    event(place, "R000002", "decided", "zoe", on="2026-11-20", notice_no="2026-000002", **said)
    assert "refund.check_people" in found(place)


@pytest.mark.parametrize("word", ["exported", "decided", "invented"])
def test_a_step_out_of_its_order(place: str, word: str) -> None:
    event(place, "R000009", word, "zoe", on="2026-11-20")
    assert "refund.check_order" in found(place)


def test_an_offset_that_nobody_decided(place: str) -> None:
    slipped_in(
        place,
        "transfers",
        payment_id="x",
        receipt_id="y",
        line_id="00001-4",
        component="principal",
        amount=500,
    )
    assert "refund.check_offsets" in found(place)


@pytest.mark.parametrize("ids", [["R000001"], ["R000002"], []])
def test_a_transfer_file_that_was_never_ordered(place: str, tmp_path: Path, ids: list[str]) -> None:
    """A second file with the same refund, one that was not decided, or none at all."""
    with open_ledger(place) as ledger:
        first = pl.concat(ledger.scan("refund_exports")).row(0, named=True)
    content = json.dumps({**json.loads(first["content"]), "refunds": ids})
    sha = hashlib.sha256(b"").hexdigest()
    row = {n: first[n] for n in ("transfer_on", "count", "yen", "who", "at")}
    slipped_in(place, "refund_exports", batch=2, sha256=sha, content=content, **row)
    assert "refund.check_batch" in found(place)
    assert "refund.batch_bytes" in refused(lambda: export_again(place, 2, out=tmp_path / "again"))


def test_an_export_without_a_file(place: str) -> None:
    approve(act(place, "chie"), ["R000002"])
    transfer = dict(refunds(place)["R000001"].orders[-1].transfer)
    event(
        place,
        "R000002",
        "exported",
        "zoe",
        on="2026-11-20",
        batch=1,
        transfer_on="2026-11-27",
        transfer=transfer,
    )
    assert "refund.check_batch" in found(place)


def test_a_changed_account_breaks_the_chain(place: str) -> None:
    """An account number changed in the file itself, past every trigger."""
    path = Path(place)
    data = path.read_bytes()
    assert data.count(b"0001001") > 0
    path.write_bytes(data.replace(b"0001001", b"0009999"))
    assert {"ledger.check_pages", "ledger.check_chain"} <= set(found(place))
