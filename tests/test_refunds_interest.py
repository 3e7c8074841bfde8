"""From which day a 過納 bears interest where the law starts it later: said by a maker, agreed to by another, told everywhere."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from ledger_files import LINE_HEAD, RECEIPT_HEAD, SLIP_HEAD, line, night, receipt, slip, write
from night_runs import elqr
from refund_towns import act, copied, found, later, refunds, refused, rules
from test_refunds_check import event

from reconcile.refund_starts import set_start
from reconcile.refunds import approve, propose, reject

LATE = date(2026, 10, 5)  # the tax office told the city on 4 September


@pytest.fixture(scope="module")
def reduced(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """P00001 paid ¥400,000 in June, of which ¥300,000 are 過納 since October; P00002 paid ¥300,000 twice."""
    top = tmp_path_factory.mktemp("interest")
    a = write(top / "a.csv", LINE_HEAD, line(1, 1, 400_000), line(2, 1, 300_000))
    s = write(top / "s.csv", SLIP_HEAD, slip(11, 1, 1, 400_000), slip(21, 2, 1, 300_000))
    june = date(2026, 6, 10)
    paid = [receipt("T1", 11, 400_000, june), *(receipt(f"T2{x}", 21, 300_000, june) for x in "ab")]
    night(top / "l.db", assessments=[a], slips=[s], receipts=[write(top / "r.csv", RECEIPT_HEAD, *paid)])
    later(top / "l.db", top, line(1, 1, 100_000, revised_at="2026-10-01"), head=LINE_HEAD)
    propose(act(top / "l.db", "mai"))
    return top / "l.db"


@pytest.fixture
def place(reduced: Path, tmp_path: Path) -> str:
    return copied(reduced, tmp_path / "l.db")


def of(place: str, kind: str) -> str:
    (name,) = (n for n, r in refunds(place).items() if r.basis["class"] == kind)
    return name


def test_a_later_day_is_proposed_decided_and_told(place: str) -> None:
    name = of(place, "kanou")
    # 2026-06-11 … 2026-11-20 are 163 days of 1.3 %, ¥1,741; 2026-10-05 … 2026-11-20 are 47, ¥502 and so nothing
    assert refunds(place)[name].figures["interest"] == 1_700
    (begun,) = set_start(
        act(place, "ida"), [name], day=date(2026, 8, 1), reason="所得税更正 2026-06-30"
    ).refunds
    assert (begun.figures["interest_from"], begun.figures["interest"]) == ("2026-08-01", 1_100)
    (begun,) = set_start(act(place, "ida"), [name], day=LATE, reason="所得税更正 2026-09-04").refunds
    assert (begun.figures["interest_from"], begun.figures["interest"]) == ("2026-10-05", 0)
    (decided,) = approve(act(place, "chie"), [name]).refunds
    assert (decided.payable, decided.bears_from, decided.figures) == (300_000, "2026-10-05", begun.figures)
    assert found(place) == []
    shown = elqr("refunds", "show", name, "--ledger", place).stdout
    assert (
        "加算金 0(起算 2026-10-05)" in shown
        and "加算金の起算日 2026-08-01(2026-11-20 ida): 所得税更正 2026-06-30" in shown
    )
    told = elqr("explain", "--ledger", place, "T1").stdout
    assert "起算日(ida) 2026-10-05 加算金 0円 理由: 所得税更正 2026-09-04" in told
    said = json.loads(elqr("refunds", "list", "--ledger", place, "--json").stdout)["refunds"]
    starts = next(r["starts"] for r in said if r["refund_id"] == name)
    assert [(s["who"], s["day"]) for s in starts] == [("ida", "2026-08-01"), ("ida", "2026-10-05")]


def test_the_first_day_puts_it_back(place: str) -> None:
    name = of(place, "kanou")
    before = refunds(place)[name].figures
    set_start(act(place, "mai"), [name], day=LATE, reason="取り違え")
    (back,) = set_start(act(place, "mai"), [name], day=date(2026, 6, 11), reason="訂正").refunds
    assert back.figures == before


def test_who_says_it_does_not_agree_to_it(place: str) -> None:
    name = of(place, "kanou")
    set_start(act(place, "ida"), [name], day=LATE, reason="?")
    for who in ("mai", "ida"):
        assert refused(lambda who=who: approve(act(place, who), [name])).keys() == {"refund.same_person"}
    approve(act(place, "chie"), [name])
    assert found(place) == []


@pytest.mark.parametrize(
    ("kind", "day", "code"),
    [
        ("gonou", LATE, "refund.interest_class"),
        ("kanou", date(2026, 6, 10), "refund.interest_day"),
        ("kanou", date(2027, 2, 22), "refund.interest_day"),
    ],
)
def test_days_that_the_law_does_not_know(place: str, kind: str, day: date, code: str) -> None:
    assert refused(lambda: set_start(act(place, "ida"), [of(place, kind)], day=day, reason="?")).keys() == {
        code
    }


def test_the_last_day_that_the_law_could_name_today(place: str) -> None:
    """Asked for today, a 更正の請求 starts it when three months have gone: to 20 February."""
    name = of(place, "kanou")
    (begun,) = set_start(act(place, "ida"), [name], day=date(2027, 2, 21), reason="請求 2026-11-20").refunds
    assert (begun.figures["interest"], begun.figures["interest_from"]) == (0, None)


def test_not_before_the_proposal_and_not_after_a_yes(place: str) -> None:
    name = of(place, "kanou")
    early = act(place, "ida", on=date(2026, 11, 19))
    assert refused(lambda: set_start(early, [name], day=LATE, reason="?")).keys() == {"refund.day"}
    approve(act(place, "chie"), [name])
    assert refused(lambda: set_start(act(place, "ida"), [name], day=LATE, reason="?")).keys() == {
        "refund.state"
    }
    reject(act(place, "mai"), [name], reason="?")
    (again,) = propose(act(place, "mai")).refunds
    assert again.bears_from is None and again.figures["interest"] == 1_700


def test_what_one_of_two_has_agreed_to_is_not_changed_under_their_hands(place: str) -> None:
    name, two = of(place, "kanou"), rules((None, ("any", "any")))
    approve(act(place, "chie", rules=two), [name])
    who = refused(lambda: set_start(act(place, "ida"), [name], day=LATE, reason="?"))["refund.agreed"]
    assert who == {"refund": name, "found": "chie"}
    # and where it was all the same, check finds it
    event(place, name, "interest", "ida", on="2026-11-20", reason="?", day="2026-10-05", figures={})
    assert "refund.check_order" in found(place)


def test_check_finds_one_who_said_the_day_and_agreed(place: str) -> None:
    name = of(place, "kanou")
    set_start(act(place, "ida"), [name], day=LATE, reason="?")
    event(place, name, "approved", "ida", on="2026-11-20", needed=["any"], role="any")
    assert "refund.check_people" in found(place)
