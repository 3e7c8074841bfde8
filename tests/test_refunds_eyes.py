"""Four eyes: nobody twice on one refund, roles and tiers, logins; each violation is refused, and by the database too."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from refund_towns import (
    DEFAULT,
    FRIDAY,
    account,
    accounts,
    act,
    copied,
    found,
    overpaid,
    refunds,
    refused,
    rules,
)

from elqr.problems import ProblemError
from reconcile.ledger import open_ledger
from reconcile.refund_accounts import confirm_account
from reconcile.refund_export import export
from reconcile.refund_policy import User, load_refund_policy
from reconcile.refunds import approve, propose, reject
from reconcile.tables import TABLES


@pytest.fixture(scope="module")
def proposed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    top = tmp_path_factory.mktemp("eyes")
    overpaid(top / "l.db", top / "t")
    propose(act(top / "l.db", "mai"))
    return top / "l.db"


@pytest.fixture
def place(proposed: Path, tmp_path: Path) -> str:
    """Three refunds of ¥20,000, proposed by mai."""
    return copied(proposed, tmp_path / "l.db")


def person(name: str, *roles: str, login: str | None = None) -> dict[str, User]:
    return {name: User(name=name, login=login, roles=frozenset(roles))}


def test_the_maker_does_not_approve(place: str) -> None:
    said = refused(lambda: approve(act(place, "mai"), ["R000001"]))
    assert said == {"refund.same_person": {"refund": "R000001", "found": "mai"}}


def test_nobody_approves_twice(place: str) -> None:
    two = rules((None, ("any", "any")))
    approve(act(place, "chie", rules=two), ["R000001"])
    assert "refund.same_person" in refused(lambda: approve(act(place, "chie", rules=two), ["R000001"]))
    done = approve(act(place, "dai", rules=two), ["R000001"])
    assert [r.state.value for r in done.refunds] == ["approved"]
    assert [a.who for a in done.refunds[0].approvals] == ["chie", "dai"]


@pytest.mark.parametrize("who", ["mai", "chie"])
def test_neither_maker_nor_checker_exports(place: str, tmp_path: Path, who: str) -> None:
    approve(act(place, "chie"), ["R000001"])
    accounts(place, tmp_path, account(1))
    left = export(act(place, who), transfer_on=FRIDAY, out=tmp_path / "bank")
    assert left.batch is None and [p.code for p in left.problems] == ["refund.same_person"]
    assert refunds(place)["R000001"].state.value == "approved"
    assert not list((tmp_path / "bank").iterdir())


def test_who_gave_the_account_does_not_export(place: str, tmp_path: Path) -> None:
    approve(act(place, "chie"), ["R000001"])
    accounts(place, tmp_path, account(1), who="ida")
    left = export(act(place, "ida"), transfer_on=FRIDAY, out=tmp_path / "bank")
    assert [p.code for p in left.problems] == ["refund.account_eyes"]


def test_one_refusal_does_not_hold_the_others(place: str) -> None:
    approve(act(place, "chie"), ["R000001"])
    done = approve(act(place, "dai"), ["R000001", "R000002", "R000099"])
    assert [r.refund_id for r in done.refunds] == ["R000002"]
    assert [p.code for p in done.problems] == ["refund.state", "refund.unknown"]


def test_the_tier_says_how_many(place: str) -> None:
    by_yen = rules((19_999, ("any",)), (None, ("any", "any")))
    half = approve(act(place, "chie", rules=by_yen), ["R000001"])
    assert half.refunds[0].state.value == "proposed" and half.refunds[0].notice_no is None
    assert approve(act(place, "dai", rules=by_yen), ["R000001"]).refunds[0].notice_no == "2026-000001"
    few = rules((20_000, ("any",)), (None, ("any", "any")))
    assert approve(act(place, "chie", rules=few), ["R000002"]).refunds[0].state.value == "approved"


def test_rules_that_came_to_ask_for_fewer_leave_no_refund_without_a_way(place: str) -> None:
    """One of two had agreed when the limits were raised: nobody had the role of none that was left."""
    approve(act(place, "chie", rules=rules((None, ("any", "any")))), ["R000001"])
    approve(act(place, "chie", rules=rules((None, ("any", "any", "any")))), ["R000002"])
    done = approve(act(place, "dai"), ["R000001", "R000002"]).refunds
    assert [(r.state.value, r.needed, [a.role for a in r.approvals]) for r in done] == [
        ("approved", 1, ["any", "any"])
    ] * 2
    assert found(place) == []


def test_a_role_is_asked_for(place: str) -> None:
    users = {**person("chie", "checker"), **person("hana", "head"), **person("mai", "maker")}
    asks = rules((None, ("checker", "head")), users=users)
    approve(act(place, "chie", rules=asks), ["R000001"])
    more = {**users, **person("dai", "checker")}
    said = refused(
        lambda: approve(act(place, "dai", rules=rules((None, ("checker", "head")), users=more)), ["R000001"])
    )
    assert said == {"refund.role": {"found": "dai", "expected": "head"}}
    assert approve(act(place, "hana", rules=asks), ["R000001"]).refunds[0].state.value == "approved"


def test_only_those_named_may_act_and_from_their_own_terminal(place: str) -> None:
    users = {**person("chie", "checker", login="u1"), **person("mai", "maker")}
    known = rules(users=users)
    assert "refund.role" in refused(lambda: approve(act(place, "stranger", rules=known), ["R000001"]))
    assert "refund.role" in refused(lambda: propose(act(place, "chie", rules=known, login="u1")))
    said = refused(lambda: approve(act(place, "chie", rules=known, login="u2"), ["R000001"]))
    assert said == {"refund.login": {"found": "u2", "expected": "u1", "who": "chie"}}
    assert approve(act(place, "chie", rules=known, login="u1"), ["R000001"]).refunds
    with open_ledger(place) as ledger:
        last = pl.concat(ledger.scan("audit")).tail(1).row(0, named=True)
    assert (last["who"], last["what"]) == ("chie (u1)", "refunds approve")


@pytest.mark.parametrize("who", ["", " mai", "mai\n"])
def test_a_name_is_a_name(place: str, who: str) -> None:
    assert "refund.who" in refused(lambda: approve(act(place, who), ["R000001"]))


def test_the_maker_may_withdraw(place: str) -> None:
    done = reject(act(place, "mai"), ["R000001"], reason="口座の確認待ち")
    assert (done.refunds[0].state.value, done.refunds[0].reason) == ("rejected", "口座の確認待ち")
    assert found(place) == []


def test_a_changed_account_waits_for_a_second_person(place: str, tmp_path: Path) -> None:
    approve(act(place, "chie"), ["R000001"])
    accounts(place, tmp_path, account(1), who="ida")
    taken = accounts(place, tmp_path, account(1, account_no="999999"), who="ida")
    assert taken.changed == ("P00001",) and "refund.account_changed" in taken.log.table()["code"]
    first = export(act(place, "eri"), transfer_on=FRIDAY, out=tmp_path / "bank")
    assert [p.code for p in first.problems] == ["refund.account_unchecked"]
    assert "refund.account_eyes" in refused(lambda: confirm_account(act(place, "ida"), "P00001"))
    assert "refund.account_unknown" in refused(lambda: confirm_account(act(place, "kei"), "P00009"))
    assert confirm_account(act(place, "kei"), "P00001").usable
    left = export(act(place, "kei"), transfer_on=FRIDAY, out=tmp_path / "bank")
    assert [p.code for p in left.problems] == ["refund.account_eyes"]
    assert export(act(place, "eri"), transfer_on=FRIDAY, out=tmp_path / "bank").count == 1
    assert found(place) == []


def test_the_same_account_again_is_no_change(place: str, tmp_path: Path) -> None:
    accounts(place, tmp_path, account(1))
    again = accounts(place, tmp_path, account(1, checked_on="2026-11-20"), account(2))
    assert (again.new, again.changed, again.known) == (("P00002",), (), ("P00001",))


def test_the_two_accounts_of_one_payer_are_told_without_their_numbers(place: str, tmp_path: Path) -> None:
    """What is told of a file goes to the terminal and to the logs of the office."""
    taken = accounts(place, tmp_path, account(1, account_no="7654321"), account(1, account_no="1234567"))
    told = [p.params["found"] for p in taken.log.problems("a.csv") if p.code == "refund.account_twice"]
    assert told == ["0005-001 普通 ****321", "0005-001 普通 ****567"]


def test_accounts_that_cannot_be_used_are_refused_row_by_row(place: str, tmp_path: Path) -> None:
    rows = (
        account(1, bank_code="9999"),
        account(2, branch_code="999"),
        account(3, holder_kana="山田太郎"),
        account(4, account_no="12345678"),
        account(5, checked_on=""),
        account(6),
        account(6, account_no="77"),
        account(7, holder_kana="カ）ミホン"),
    )
    taken = accounts(place, tmp_path, *rows)
    assert taken.new == ("P00007",)
    codes = dict(
        taken.log.table().select("line", "code").filter(pl.col("code") != "transfer.rewritten").iter_rows()
    )
    assert codes == {
        2: "transfer.bank",
        3: "transfer.branch",
        4: "transfer.payee",
        5: "register.digits",
        6: "register.missing",
        7: "refund.account_twice",
        8: "refund.account_twice",
    } | {k: v for k, v in codes.items() if v == "register.normalised"}


@pytest.mark.parametrize(
    ("event", "who"),
    [("approved", "mai"), ("approved", "chie"), ("exported", "mai"), ("decided", "zoe"), ("proposed", "zoe")],
)
def test_the_database_itself_keeps_the_same_person_and_the_second_time_out(
    place: str, event: str, who: str
) -> None:
    approve(act(place, "chie"), ["R000001"])
    row = {"refund_id": "R000001", "event": event, "who": who, "at": None, "content": "{}"}
    kinds = {n: TABLES["refund_events"].columns[n] for n in row}
    with open_ledger(place, writer=True) as ledger:
        ledger.begin()
        with pytest.raises(Exception, match=r"(?i)unique"):
            ledger.add("refund_events", pl.DataFrame([row], schema=kinds))
        ledger.rollback()


# --- the file of rules ------------------------------------------------------------------------------


def test_the_rules_that_come_with_elqr() -> None:
    assert [t.up_to for t in DEFAULT.tiers] == [100_000, 1_000_000, None]
    assert [len(DEFAULT.tier(yen).approvals) for yen in (1, 100_000, 100_001, 1_000_000, 1_000_001)] == [
        1,
        1,
        2,
        2,
        3,
    ]
    assert DEFAULT.consignor is None and not DEFAULT.users


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ('id = "x"', "tier"),
        ('id = "x"\nlimits = 3\n[[tier]]\napprovals = ["any"]', "limits"),
        ('[[tier]]\napprovals = ["any"]', "id"),
        ('id = "x"\n[[tier]]\nup_to = 5\napprovals = ["any"]', "tier 1"),
        (
            'id = "x"\n[[tier]]\nup_to = 5\napprovals = ["any"]\n[[tier]]\nup_to = 4\napprovals = ["any"]',
            "tier 2",
        ),
        ('id = "x"\n[[tier]]\napprovals = []', "tier 1"),
        ('id = "x"\n[[tier]]\napprovals = ["head"]', "tier 1"),
        ('id = "x"\n[[tier]]\napprovals = ["h", "h"]\n[[user]]\nname = "a"\nroles = ["h"]', "tier 1"),
        ('id = "x"\n[[tier]]\napprovals = ["any"]\n[[user]]\nname = "a"', "user"),
        ('id = "x"\n[[tier]]\napprovals = ["any"]\n[consignor]\ncode = "1"', "consignor"),
        ("id = ", "TOML"),
    ],
)
def test_rules_with_a_fault_are_refused_whole(tmp_path: Path, text: str, field: str) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ProblemError) as error:
        load_refund_policy(path)
    assert {p.code for p in error.value.problems} == {"refund.policy"}
    assert field in [p.field for p in error.value.problems]


def test_rules_that_are_not_there(tmp_path: Path) -> None:
    assert "file.unreadable" in refused(lambda: load_refund_policy(tmp_path / "none.toml"))
