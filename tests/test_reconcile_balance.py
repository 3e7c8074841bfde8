"""Receipts against the bank's credits: as fine as the bank tells, signed, explained or open; 確報, 訂正 and 取消 on their own days; taken once."""

from __future__ import annotations

import sqlite3
from datetime import date
from hashlib import sha256
from pathlib import Path

import polars as pl
import pytest
from house import ROOT
from hypothesis import given
from hypothesis import strategies as st
from ledger_files import AS_OF, RECEIPT_HEAD, Row, night, receipt, write

from elqr.problems import ProblemError
from reconcile.balance import balance, remitted
from reconcile.credits import Credited, take_credits
from reconcile.frames import CREDITS
from reconcile.ledger import open_ledger
from reconcile.ledger_check import check_ledger
from reconcile.payments import net_yen
from reconcile.world import EVENTS_READ

HEAD = "remit_date,account_date,channel,tax_item,amount,reason,institution"
D1, D2, D3 = date(2026, 6, 1), date(2026, 6, 2), date(2026, 6, 3)


def event(
    payment: str, yen: int, day: date, kind: str = "confirmed", channel: str = "app", item: str = "001"
) -> Row:
    return {"receipt_id": f"{payment}-{kind}", "payment_id": payment, "kind": kind, "channel": channel,
            "tax_item": item, "amount": yen, "remit_date": day}  # type: ignore[dict-item]  # fmt: skip


def events(*rows: Row) -> pl.DataFrame:
    return pl.DataFrame([dict.fromkeys(EVENTS_READ) | dict(r) for r in rows], schema=dict(EVENTS_READ))


def credit(day: date, yen: int, **more: str) -> dict[str, object]:
    return {"remit_date": day, "amount": yen, **more}


def credits(*rows: dict[str, object]) -> pl.DataFrame:
    return pl.DataFrame([dict.fromkeys(CREDITS) | r for r in rows], schema=dict(CREDITS))


def told(frame: pl.DataFrame) -> list[tuple[object, ...]]:
    return frame.select("remit_date", "channel", "tax_item", "received", "credited", "drift", "state").rows()


CAME = events(
    event("a", 100, D1),
    event("b", 50, D1, channel="card"),
    event("c", 30, D1, channel="card", item="002"),
    event("d", 7, D2),
)


def test_a_day_is_compared_as_finely_as_the_bank_tells_it() -> None:
    whole = balance(CAME, credits(credit(D1, 180)))
    assert told(whole) == [
        (D1, None, None, 180, 180, 0, "balanced"),
        (D2, None, None, 7, 0, -7, "waits"),
    ]
    by_channel = balance(CAME, credits(credit(D1, 100, channel="app"), credit(D1, 79, channel="card")))
    assert told(by_channel)[:2] == [
        (D1, "app", None, 100, 100, 0, "balanced"),
        (D1, "card", None, 80, 79, -1, "open"),
    ]
    by_item = balance(
        CAME,
        credits(
            credit(D1, 100, channel="app", tax_item="001"),
            credit(D1, 50, channel="card", tax_item="001"),
            credit(D2, 7, channel="app", tax_item="001"),
        ),
    )
    assert told(by_item)[2] == (D1, "card", "002", 30, 0, -30, "open")
    assert told(by_item)[3] == (D2, "app", "001", 7, 7, 0, "balanced")
    mixed = balance(CAME, credits(credit(D1, 100, channel="app"), credit(D1, 80)))
    assert told(mixed)[0] == (D1, None, None, 180, 180, 0, "balanced")


def test_a_difference_is_zero_or_named_or_open_and_a_surplus_is_never_fine() -> None:
    found = balance(CAME, credits(credit(D1, 181), credit(D2, 6, reason="手数料"), credit(D3, 9)))
    assert [(r[5], r[6]) for r in told(found)] == [(1, "open"), (-1, "explained"), (9, "open")]


def test_the_reasons_of_a_day_are_said_once_each() -> None:
    words = ("手数料", "手数料", "振込先の誤り")
    found = balance(CAME, credits(*(credit(D1, 50, reason=word) for word in words), credit(D2, 7)))
    assert found["reason"].to_list() == ["手数料、振込先の誤り", None]


def test_what_was_not_remitted_yet_is_no_day_of_the_bank() -> None:
    came = events(*CAME.to_dicts(), event("e", 9, D1) | {"remit_date": None})  # type: ignore[dict-item]
    assert balance(came, credits(credit(D1, 180))).equals(balance(CAME, credits(credit(D1, 180))))


def test_a_day_without_credit_is_open_once_the_bank_has_told_of_a_later_one() -> None:
    assert told(balance(CAME, credits(credit(D3, 0))))[0] == (D1, None, None, 180, 0, -180, "open")
    assert told(balance(CAME, credits(credit(D2, 0))))[1] == (D2, None, None, 7, 0, -7, "open")


def test_corrections_and_cancellations_stand_on_their_own_day() -> None:
    came = events(
        event("a", 100, D1),
        event("a", 90, D2, "corrected"),
        event("b", 50, D1),
        event("b", 50, D3, "cancelled"),
        event("a", 100, D3, "cancelled", item="001") | {"receipt_id": "x", "payment_id": "z"},
        event("p", 5, D1, "preliminary"),
        event("p", 5, D2, "cancelled"),
    )
    sums = remitted(came).group_by("remit_date").agg(pl.col("amount").sum()).sort("remit_date")
    assert sums.rows() == [(D1, 150), (D2, -10), (D3, -50)]  # a 速報 moved no money, nor did its 取消


def test_a_cancellation_takes_back_what_a_correction_had_left() -> None:
    came = events(
        event("a", 100, D1),
        event("a", 90, D2, "corrected"),
        event("a", 100, D3, "cancelled"),
        event("b", 40, D2, "corrected"),  # its 確報 never came
    )
    sums = remitted(came).group_by("remit_date").agg(pl.col("amount").sum()).sort("remit_date")
    assert sums.rows() == [(D1, 100), (D2, 30), (D3, -90)]


def test_of_several_corrections_the_one_that_decides_is_remitted() -> None:
    came = events(
        event("a", 100, D1),
        event("a", 80, D2, "corrected") | {"receipt_id": "a2"},
        event("a", 90, D2, "corrected") | {"receipt_id": "a1"},
    )
    for order in (came, came.reverse()):
        assert remitted(order)["amount"].sum() == net_yen(order).sum() == 80


def test_a_correction_without_a_day_stands_on_that_of_its_payment() -> None:
    came = events(event("a", 100, D1), event("a", 90, D2, "corrected") | {"remit_date": None})
    assert told(balance(came, credits(credit(D1, 90), credit(D2, 0)))) == [
        (D1, None, None, 90, 90, 0, "balanced"),
        (D2, None, None, 0, 0, 0, "balanced"),
    ]


@given(
    st.lists(st.tuples(st.integers(1, 9), st.integers(1, 3), st.sampled_from(["app", "card"])), max_size=12),
    st.randoms(),
)
def test_credits_that_say_what_the_receipts_say_balance_however_they_are_split(
    rows: list[tuple[int, int, str]], chance
) -> None:  # type: ignore[no-untyped-def]
    came = events(
        *(event(str(i), yen, date(2026, 6, day), channel=ch) for i, (yen, day, ch) in enumerate(rows))
    )
    said = [
        credit(date(2026, 6, day), yen, **({"channel": ch} if chance.random() < 0.8 else {}))
        for yen, day, ch in rows
    ]
    found = balance(came, credits(*said))
    by_day = found.group_by("remit_date").agg(pl.col("drift").sum())
    assert (by_day["drift"] == 0).all()
    assert found["received"].sum() == sum(yen for yen, _, _ in rows)


# --- in the ledger ----------------------------------------------------------------------------------


@pytest.fixture
def place(tmp_path: Path) -> str:
    place = str(tmp_path / "l.db")
    paid = [receipt(f"T{n}", n, 100 * n, D1) for n in (1, 2, 3)]  # remitted on 8 June
    night(place, receipts=[write(tmp_path / "r.csv", RECEIPT_HEAD, *paid)])
    return place


def take(place: str, path: Path, *rows: Row) -> Credited:
    return take_credits(place, [write(path, HEAD, *rows)], as_of=AS_OF, who="tester", at="2026-11-20T10:00")


def test_a_file_counts_once_whatever_its_name_and_equal_rows_are_two_credits(
    place: str, tmp_path: Path
) -> None:
    row = {"remit_date": "2026-06-08", "amount": 300}
    first = take(place, tmp_path / "1.csv", row, row)
    assert (first.new, first.already, told(first.table)) == (
        2,
        0,
        [(date(2026, 6, 8), None, None, 600, 600, 0, "balanced")],
    )
    again = take(place, tmp_path / "2.csv", row, row)
    assert (again.new, again.already, again.table.equals(first.table)) == (0, 2, True)
    with open_ledger(place, writer=True) as ledger:
        assert ledger.standing.run_id == 2 and check_ledger(ledger) == []
        acts = pl.concat(ledger.scan("audit", ["who", "at", "what", "content"])).rows()
    assert acts[1:] == [("tester", "2026-11-20T10:00", "credits", "1.csv")]


@pytest.mark.parametrize(
    "other",
    [
        {"remit_date": "2026-06-09"},
        {"account_date": "2026-06-09"},
        {"institution": "たとえ銀行"},
        {"channel": "app"},
        {"tax_item": "002"},
        {"amount": 301},
    ],
)
def test_a_credit_that_differs_in_one_word_is_another(place: str, tmp_path: Path, other: Row) -> None:
    row: Row = {"remit_date": "2026-06-08", "amount": 300, "institution": "みほん銀行", "channel": "card"}
    assert take(place, tmp_path / "1.csv", row).new == 1
    done = take(place, tmp_path / "2.csv", {**row, **other})
    assert (done.new, done.already) == (1, 0)


def test_a_reason_that_is_known_later_is_taken_and_no_money(place: str, tmp_path: Path) -> None:
    """A difference is seen, its reason found, the file given again with it: the credit counted twice, and was explained."""
    day: Row = {"remit_date": "2026-06-08", "amount": 250}
    other: Row = {"remit_date": "2026-06-09", "amount": 1}
    assert told(take(place, tmp_path / "1.csv", day, day).table)[0][3:] == (600, 500, -100, "open")
    known = take(place, tmp_path / "2.csv", other, {**day, "reason": "手数料"}, day)
    assert (known.new, known.already) == (1, 2)
    assert told(known.table)[0][3:] == (600, 500, -100, "explained")
    assert known.table["reason"].to_list() == ["手数料", None]
    again = take(place, tmp_path / "3.csv", {**day, "reason": "手数料"}, day)
    assert (again.new, again.already, again.table.equals(known.table)) == (0, 2, True)
    # the bank's own file lies over it, without the word; and one that has a credit more is one more
    assert take(place, tmp_path / "4.csv", day, day).table.equals(known.table)
    more = take(place, tmp_path / "5.csv", {**day, "reason": "別口"}, day, {**day, "reason": "手数料"})
    assert (more.new, more.already) == (1, 2)
    assert told(more.table)[0][3:] == (600, 750, 150, "explained")
    assert take(place, tmp_path / "6.csv", day, day, day).table.equals(more.table)
    with open_ledger(place, writer=True) as ledger:
        assert ledger.standing.run_id == 4 and check_ledger(ledger) == []


def test_files_of_one_name_keep_what_was_found_in_each(place: str, tmp_path: Path) -> None:
    """Of two folders' credits.csv only the last told of its bad rows."""
    paths = [tmp_path / folder / "credits.csv" for folder in ("a", "b")]
    for path in paths:
        path.parent.mkdir()
    write(paths[0], HEAD, {"remit_date": "2026-06-08", "amount": "many"})
    write(paths[1], HEAD, {"remit_date": "2026-06-08", "amount": 600})
    done = take_credits(place, paths, as_of=AS_OF)
    assert done.new == 1 and done.logs["credits.csv"].table()["code"].to_list() == ["register.amount"]


def test_files_that_came_before_are_counted_together_and_kept_by_their_names(
    place: str, tmp_path: Path
) -> None:
    first, second = (
        write(tmp_path / f"{n}.csv", HEAD, {"remit_date": "2026-06-08", "amount": 300 * n}) for n in (1, 2)
    )
    assert take_credits(place, [first, second], as_of=AS_OF).new == 2
    again = take_credits(place, [first, second], as_of=AS_OF)
    assert (again.new, again.already) == (0, 2)
    with open_ledger(place) as ledger:
        kept = pl.concat(ledger.scan("bank_credits", ["file"]))
    assert kept["file"].to_list() == ["1.csv", "2.csv"]


def test_who_a_credit_is_stays_as_ledgers_hold_it(place: str, tmp_path: Path) -> None:
    """What earlier versions took would count once more: the row's words, and how often the file has said them before."""
    row: Row = {"remit_date": "2026-06-08", "amount": 300, "channel": "card", "reason": "手数料"}
    take(place, tmp_path / "1.csv", row, {"remit_date": "2026-06-08", "amount": 1}, row)
    with open_ledger(place) as ledger:
        kept = pl.concat(ledger.scan("bank_credits", ["credit_id"]))["credit_id"].to_list()
    said = "2026-06-08\x1f\0\x1f\0\x1fcard\x1f\0\x1f300\x1f手数料"
    other = "2026-06-08\x1f\0\x1f\0\x1f\0\x1f\0\x1f1\x1f\0"
    assert kept == [
        sha256(f"{n}\x1f{words}".encode()).hexdigest()[:32] for n, words in ((0, said), (0, other), (1, said))
    ]


def test_rows_that_cannot_be_read_are_told_and_the_others_taken(place: str, tmp_path: Path) -> None:
    done = take(
        place,
        tmp_path / "1.csv",
        {"remit_date": "R8.6.8", "amount": "¥500", "institution": "みほん銀行"},
        {"remit_date": "2026-06-31", "amount": 1},
        {"remit_date": "2026-06-08", "amount": "many"},
    )
    assert done.new == 1 and told(done.table)[0][3:6] == (600, 500, -100)
    assert done.logs["1.csv"].table()["code"].to_list() == ["register.date", "register.amount"]


def test_a_column_of_the_banks_own_is_told_and_makes_it_no_file_of_receipts(
    place: str, tmp_path: Path
) -> None:
    path = write(
        tmp_path / "1.csv", HEAD + ",摘要", {"remit_date": "2026-06-08", "amount": 600, "摘要": "振込"}
    )
    done = take_credits(place, [path], as_of=AS_OF)
    assert done.new == 1 and done.logs["1.csv"].table()["code"].to_list() == ["heading.unknown"]


def test_a_channel_that_no_receipt_has_would_never_balance(place: str, tmp_path: Path) -> None:
    day = {"remit_date": "2026-06-08"}
    done = take(
        place,
        tmp_path / "1.csv",
        {**day, "amount": 600, "channel": "コンビニ"},
        {**day, "amount": 1, "channel": "shop"},
    )
    assert told(done.table) == [(date(2026, 6, 8), "convenience", None, 600, 600, 0, "balanced")]
    assert done.logs["1.csv"].table().select("line", "code", "field").rows() == [
        (3, "register.choice", "channel")
    ]


def test_a_file_of_receipts_is_no_file_of_credits(place: str) -> None:
    """It was taken, and every receipt balanced with itself."""
    receipts = ROOT / "sample_data" / "nights" / "receipts_0715.csv"
    with pytest.raises(ProblemError) as caught:
        take_credits(place, [receipts], as_of=AS_OF)
    assert [p.code for p in caught.value.problems] == ["credits.receipts"]
    with open_ledger(place) as ledger:
        assert not ledger.store.highest("bank_credits")


def test_nothing_credited_is_no_balance(place: str) -> None:
    assert balance(CAME, credits()).height == 0


def test_a_receipt_is_found_through_an_index(place: str) -> None:
    with sqlite3.connect(place) as connection:
        plan = connection.execute(
            "explain query plan select * from receipts where receipt_id = 'x'"
        ).fetchall()
    connection.close()
    assert "receipts_receipt" in str(plan) and "SCAN" not in str(plan)
