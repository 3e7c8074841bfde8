"""A line that is reduced more than once after it was paid: a refund for each reduction, none of them given twice."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from ledger_files import LINE_HEAD, line, receipt
from refund_towns import FRIDAY, Places, account, accounts, act, found, free_yen, later, overpaid, refunds

from reconcile import allocate
from reconcile.ledger import open_ledger
from reconcile.owed import owed
from reconcile.refund_export import export
from reconcile.refunds import approve, propose


def reduced(place: str, folder: Path, *, to: int, on: str, status: str = "open") -> None:
    later(place, folder, line(1, 4, to, revised_at=on, status=status), head=LINE_HEAD)


@pytest.mark.parametrize(("to", "status", "yen"), [(8_000, "open", 7_000), (15_000, "cancelled", 15_000)])
def test_each_reduction_of_a_line_is_a_refund_of_its_own(
    places: Places, tmp_path: Path, to: int, status: str, yen: int
) -> None:
    """A later reduction leaves the refund of the one before as it is; each claim lapses five years after its own revision."""
    place = places()
    overpaid(place, tmp_path / "t", people=1)
    later(place, tmp_path, receipt("T4", 14, 20_000, date(2026, 6, 5)))
    reduced(place, tmp_path, to=15_000, on="2026-09-01")
    accounts(place, tmp_path, account(1))
    ids = [r.refund_id for r in propose(act(place, "mai")).refunds]
    approve(act(place, "chie"), ids)
    reduced(place, tmp_path, to=to, status=status, on="2026-10-01")
    (second,) = propose(act(place, "mai")).refunds
    assert (second.amount, second.basis["arisen_on"], second.figures["lapses_from"]) == (
        *(yen, "2026-10-01"),
        "2031-10-02",
    )
    approve(act(place, "chie"), [second.refund_id])
    assert export(act(place, "eri"), transfer_on=FRIDAY, out=tmp_path / "bank").problems == ()
    assert sorted((r.amount, r.figures["lapses_from"]) for r in refunds(place).values()) == [
        *((5_000, "2031-09-02"), (yen, "2031-10-02"), (20_000, "2031-06-02")),
    ]
    assert free_yen(place) == 0 and found(place) == [] and propose(act(place, "mai")).refunds == ()


@pytest.mark.parametrize("exported", [True, False])
def test_what_an_earlier_version_gave_back_in_one_is_not_given_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, exported: bool
) -> None:
    """Two reductions in one row, as ledgers of before have it: the night that touches the line next finds them in two."""
    place = str(tmp_path / "l.db")
    overpaid(place, tmp_path / "t", people=1)
    with monkeypatch.context() as before:
        apart = allocate.reductions
        first = lambda *said: tuple((apart(*said)[0][0], yen) for yen in [said[2] - said[1]])  # noqa: E731
        before.setattr(allocate, "reductions", first)
        reduced(place, tmp_path, to=15_000, on="2026-09-01")
        reduced(place, tmp_path, to=8_000, on="2026-10-01")
        later(place, tmp_path, receipt("T4", 14, 20_000, date(2026, 6, 5)))
        ids = [r.refund_id for r in propose(act(place, "mai")).refunds]
        approve(act(place, "chie"), ids)
        accounts(place, tmp_path, account(1))
        if exported:
            export(act(place, "eri"), transfer_on=FRIDAY, out=tmp_path / "bank")
    later(place, tmp_path, receipt("T5", 14, 3_000, date(2026, 6, 6)))
    with open_ledger(place) as ledger:
        now = owed(ledger)
    assert sorted(now.excess["amount"]) == [3_000, 5_000, 7_000, 20_000]
    assert now.free["amount"].to_list() == [3_000]
    faults = [now.fault(r) for r in now.refunds if r.live]
    assert sorted(f or "" for f in faults) == (["", ""] if exported else ["", "changed"])
    assert [r.amount for r in propose(act(place, "mai")).refunds] == [3_000] and found(place) == []
