"""Transfers that the bank sent back: ordered again by another person to another account, once; or rejected. Nothing is paid twice."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from night_runs import elqr
from refund_towns import (
    FRIDAY,
    account,
    accounts,
    act,
    copied,
    found,
    free_yen,
    refunds,
    refused,
    to_be_ordered,
)
from test_refunds_check import event

from reconcile.refund_accounts import confirm_account
from reconcile.refund_export import export, export_again
from reconcile.refund_returns import take_returned
from reconcile.refunds import propose, reject

MONDAY, NEXT = date(2026, 11, 30), date(2026, 12, 4)


@pytest.fixture(scope="module")
def ordered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    top = tmp_path_factory.mktemp("returned")
    place = to_be_ordered(top / "l.db", top)
    export(act(place, "eri"), transfer_on=FRIDAY, out=top / "bank")
    return place


@pytest.fixture
def place(ordered: Path, tmp_path: Path) -> str:
    """Three refunds of ¥20,000 in one transfer file."""
    return copied(ordered, tmp_path / "l.db")


def bank(ordered: Path) -> Path:
    return ordered.with_name("bank")


def another_account(place: str, tmp_path: Path) -> None:
    same_name = account(1, account_no="55", holder_kana="ヤマダ　タロー")
    accounts(place, tmp_path, same_name, who="ida")
    confirm_account(act(place, "kei"), "P00001")


def test_what_came_back_goes_out_once_more_to_another_account(
    place: str, ordered: Path, tmp_path: Path
) -> None:
    done = take_returned(act(place, "mai", on=MONDAY), ["R000001"], reason="口座該当なし")
    assert [(r.state.value, r.order, r.notice_no) for r in done.refunds] == [
        ("approved", None, "2026-000001")
    ]
    another_account(place, tmp_path)
    second = export(act(place, "eri", on=MONDAY), transfer_on=NEXT, out=tmp_path / "bank")
    assert (second.batch, second.count, second.yen, second.problems) == (2, 1, 20_000, ())
    (mine,) = (r for r in refunds(place).values() if r.came_back)
    first, again = mine.orders
    assert (first.batch, first.transfer["account_no"], again.batch, again.transfer["account_no"]) == (
        *(1, "0001001"),
        *(2, "0000055"),
    )
    assert again.transfer["new_code"] == "2" and mine.payable == first.transfer["amount"] == 20_000
    assert found(place) == []
    # the first file can still be made, to the byte
    for number, folder in ((1, bank(ordered)), (2, tmp_path / "bank")):
        export_again(place, number, out=tmp_path / "again")
        for path in folder.iterdir():
            assert (tmp_path / "again" / path.name).read_bytes() == path.read_bytes()


def test_it_may_come_back_as_often_as_banks_send_it(place: str, tmp_path: Path) -> None:
    for batch, who in enumerate(("mai", "chie", "mai"), 2):
        take_returned(act(place, who, on=MONDAY), ["R000002"], reason="名義相違", same_account=True)
        done = export(
            act(place, "eri", on=MONDAY), transfer_on=NEXT if batch > 2 else MONDAY, out=tmp_path / "bank"
        )
        assert (done.batch, done.count) == (batch, 1)
        if batch > 2:
            break
    assert len(refunds(place)["R000002"].orders) == 3
    assert "refund.day" in refused(
        lambda: take_returned(act(place, "mai", on=MONDAY), ["R000002"], reason="?")
    )
    take_returned(act(place, "mai", on=NEXT), ["R000002"], reason="名義相違")
    assert [said.who for _, said in refunds(place)["R000002"].came_back] == ["mai", "chie", "mai"]
    assert found(place) == []


def test_who_says_that_it_is_back_does_not_order_it_again(place: str, tmp_path: Path) -> None:
    take_returned(act(place, "eri", on=MONDAY), ["R000001"], reason="口座該当なし", same_account=True)
    alone = export(act(place, "eri", on=MONDAY), transfer_on=NEXT, out=tmp_path / "bank")
    assert (alone.batch, [p.code for p in alone.problems]) == (None, ["refund.same_person"])
    assert export(act(place, "fuji", on=MONDAY), transfer_on=NEXT, out=tmp_path / "bank").count == 1
    assert found(place) == []


def test_not_to_the_account_it_came_back_from(place: str, tmp_path: Path) -> None:
    take_returned(act(place, "mai", on=MONDAY), ["R000001"], reason="口座該当なし")
    before = export(act(place, "fuji", on=MONDAY), transfer_on=NEXT, out=tmp_path / "bank")
    (problem,) = before.problems
    assert (before.batch, problem.code, problem.params) == (
        None,
        "refund.account_returned",
        {"refund": "R000001", "found": "0005-001 普通 ****001"},
    )
    # the same number under the right name is another account
    accounts(place, tmp_path, account(1, holder_kana="ヤマダ ハナコ"), who="ida")
    confirm_account(act(place, "kei"), "P00001")
    assert export(act(place, "fuji", on=MONDAY), transfer_on=NEXT, out=tmp_path / "bank").count == 1


def test_only_what_is_out_comes_back_and_not_before_its_day(place: str, tmp_path: Path) -> None:
    early = refused(lambda: take_returned(act(place, "mai"), ["R000001"], reason="?"))
    assert early == {"refund.day": {"refund": "R000001", "found": "2026-11-20", "expected": "2026-11-27"}}
    take_returned(act(place, "mai", on=MONDAY), ["R000001"], reason="?", same_account=True)
    twice = take_returned(act(place, "mai", on=MONDAY), ["R000001", "R000002", "R9"], reason="?")
    assert [r.refund_id for r in twice.refunds] == ["R000002"]
    assert [p.code for p in twice.problems] == ["refund.state", "refund.unknown"]
    # nor is it ordered on a day before it came back
    late = act(place, "fuji", on=FRIDAY)
    told = export(late, transfer_on=MONDAY, out=tmp_path / "bank", only=["R000001"])
    assert [p.code for p in told.problems] == ["refund.day"]
    assert found(place) == []


def test_what_came_back_may_be_rejected_and_is_open_again(place: str, tmp_path: Path) -> None:
    take_returned(act(place, "mai", on=MONDAY), ["R000001"], reason="死亡")
    reject(act(place, "chie", on=MONDAY), ["R000001"], reason="相続人の確認")
    assert free_yen(place) == 20_000 and found(place) == []
    assert [r.amount for r in propose(act(place, "mai", on=MONDAY)).refunds] == [20_000]


def test_the_check_sees_an_order_by_who_said_that_it_came_back(place: str, tmp_path: Path) -> None:
    """The index of the table knows the first order only."""
    take_returned(act(place, "mai", on=MONDAY), ["R000001"], reason="?", same_account=True)
    said = {
        "batch": 2,
        "transfer_on": "2026-12-04",
        "transfer": dict(refunds(place)["R000001"].orders[0].transfer),
    }
    event(place, "R000001", "exported-2", "mai", **said)
    assert {"refund.check_people", "refund.check_batch"} <= set(found(place))


@pytest.mark.parametrize("word", ["exported", "exported-2", "returned-2", "exported-3"])
def test_steps_count(place: str, word: str) -> None:
    """One that is out cannot go out, nor come back for the second time before it has for the first."""
    if word == "exported":
        with pytest.raises(Exception, match="UNIQUE"):
            event(place, "R000001", word, "zoe")
        return
    event(place, "R000001", word, "zoe", on="2026-12-01", reason="?", same_account=True)
    assert "refund.check_order" in found(place)


def test_words(place: str, tmp_path: Path) -> None:
    who = ("--ledger", place, "--as", "mai", "--as-of", MONDAY.isoformat())
    assert elqr("refunds", "returned", "R000001", *who, "--reason", " ").exit_code == 2
    done = elqr("refunds", "returned", "R000001", *who, "--reason", "口座該当なし")
    assert done.exit_code == 0 and "R000001 決定" in done.output and "組戻し 2026-11-30" in done.output
    shown = elqr("refunds", "show", "R000001", "--ledger", place).output
    assert "  振込データ 00001 2026-11-27 eri / exported" in shown
    assert "  組戻し 2026-11-30 mai: 口座該当なし / sent back by the bank" in shown
    document = json.loads(elqr("refunds", "show", "R000001", "--ledger", place, "--json").output)
    assert (document["state"], document["batch"], document["exporter"]) == ("approved", None, None)
    assert document["returned"] == [
        {
            **{"batch": 1, "transfer_on": "2026-11-27", "who": "mai", "on": "2026-11-30"},
            **{"reason": "口座該当なし", "same_account": False},
        }
    ]
    another_account(place, tmp_path)
    export(act(place, "eri", on=MONDAY), transfer_on=NEXT, out=tmp_path / "bank")
    story = elqr("explain", refunds(place)["R000001"].basis["receipt_id"], "--ledger", place).output
    steps = [row.strip() for row in story.splitlines() if "R000001" in row and "還付" in row]
    assert steps[-3:] == [
        "還付 R000001 振込データ作成(eri) 振込 2026-11-27 第1号",
        "還付 R000001 組戻し(mai) 振込 2026-11-27 第1号 理由: 口座該当なし",
        "還付 R000001 振込データ作成(eri) 振込 2026-12-04 第2号",
    ]
    assert "the money of 2026-11-27 came back" in story
