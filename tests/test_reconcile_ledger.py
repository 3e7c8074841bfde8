"""The ledger on both stores: nothing twice, nothing lost, and any order the same."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import ledger_files as files
import pytest
from ledger_files import (
    DUES,
    LINE_HEAD,
    RECEIPT_HEAD,
    SLIP_HEAD,
    all_at_once,
    line,
    night,
    receipt,
    slip,
    town,
    whole,
    write,
)

from reconcile.run import RunResult


def test_a_correction_without_the_number_of_its_payment_is_held_not_posted(
    places: Any, tmp_path: Path
) -> None:
    a = write(tmp_path / "a.csv", LINE_HEAD, line(1, 1, 20_000))
    s = write(tmp_path / "s.csv", SLIP_HEAD, slip(11, 1, 1, 20_000))
    bare: dict[str, str | int] = {"txn_id": "", "orig_txn_id": ""}
    paid = write(tmp_path / "r.csv", RECEIPT_HEAD, receipt("", 11, 15_000, DUES[0], **bare))
    other = write(tmp_path / "c.csv", RECEIPT_HEAD, receipt("", 11, 20_000, DUES[0], "corrected", **bare))
    same = write(tmp_path / "e.csv", RECEIPT_HEAD, receipt("", 11, 15_000, DUES[0], "corrected", **bare))
    for place, order in ((places(), [paid, other]), (places(), [other, paid])):
        night(place, assessments=[a], slips=[s])
        for file in order:
            done = night(place, receipts=[file])
        assert (done.after["posted"], done.after["held"]) == ((1, 15_000), (1, 20_000))
        done = night(place, receipts=[same])  # the same amount again: the payment's own identity
        assert (done.after["posted"], done.after["held"]) == ((1, 15_000), (1, 20_000))
        assert whole(place) == []


# --- a night ----------------------------------------------------------------------------------------


def test_files_in_postings_out(places: Any, tmp_path: Path) -> None:
    place = places()
    a = write(tmp_path / "a.csv", LINE_HEAD, line(1, 1, 20_000), line(1, 2, 21_000))
    s = write(tmp_path / "s.csv", SLIP_HEAD, slip(11, 1, 1, 20_000), slip(12, 1, 2, 21_000))
    r = write(
        tmp_path / "r.csv",
        RECEIPT_HEAD,
        receipt("T1", 11, 20_000, DUES[0]),
        receipt("T2", 12, 22_000, DUES[0]),
    )
    done = night(place, assessments=[a], slips=[s], receipts=[r])
    assert done.committed and done.drift == 0
    assert done.after["received"] == (2, 42_000)
    assert (done.after["posted"], done.after["excess"]) == ((2, 41_000), (1, 1_000))
    assert done.decided.entries["postings"]["amount"].to_list() == [20_000, 21_000]
    assert whole(place) == []


def test_the_same_bytes_change_nothing(places: Any, tmp_path: Path) -> None:
    place, made = places(), town(tmp_path / "t")
    first = all_at_once(place, made)
    again = all_at_once(place, made)
    assert first.committed and not again.committed
    assert again.standing == first.standing
    assert again.run["already_taken"][0] == sum(len(p.read_text().splitlines()) - 1 for p in made.receipts)
    assert again.files["again"].all()


def test_one_days_file_under_another_name_posts_nothing(places: Any, tmp_path: Path) -> None:
    """2023: a city posted a day of data twice and sent false refund notices for 9,830,800 yen to 66 people."""
    place, made = places(), town(tmp_path / "t")
    first = all_at_once(place, made)
    copy = made.folder / "other name.csv"
    copy.write_text(made.receipts[0].read_text() + "\n")  # other bytes, the same rows
    again = night(place, receipts=[copy])
    assert again.run["already_taken"][0] > 0
    assert (again.run["events"], again.run["received"], again.result) == ((0, 0), (0, 0), first.result)
    assert all(rows.is_empty() for rows in again.decided.entries.values())


def test_true_duplicates_are_two_payments(places: Any, tmp_path: Path) -> None:
    """May 2023: 636 true duplicates of card payments in fourteen hours. Each later one is 誤納, none is lost."""
    place = places()
    a = write(tmp_path / "a.csv", LINE_HEAD, *(line(n, 1, 10_000) for n in range(1, 637)))
    s = write(tmp_path / "s.csv", SLIP_HEAD, *(slip(n, n, 1, 10_000) for n in range(1, 637)))
    twice = [receipt(f"T{n}{x}", n, 10_000, DUES[0], channel="card") for n in range(1, 637) for x in "ab"]
    done = night(
        place, assessments=[a], slips=[s], receipts=[write(tmp_path / "r.csv", RECEIPT_HEAD, *twice)]
    )
    assert (done.after["posted"], done.after["excess"]) == ((636, 6_360_000), (636, 6_360_000))


def test_an_earlier_payment_that_arrives_later_takes_its_place(places: Any, tmp_path: Path) -> None:
    place = places()
    a = write(tmp_path / "a.csv", LINE_HEAD, line(1, 1, 300_000))
    s = write(tmp_path / "s.csv", SLIP_HEAD, slip(11, 1, 1, 300_000))
    late = write(tmp_path / "late.csv", RECEIPT_HEAD, receipt("T2", 11, 300_000, date(2026, 10, 30)))
    early = write(tmp_path / "early.csv", RECEIPT_HEAD, receipt("T1", 11, 300_000, date(2026, 6, 20)))
    night(place, assessments=[a], slips=[s])
    first = night(place, receipts=[late])
    assert first.decided.entries["charges"]["amount"].to_list() == [7_500]
    second = night(place, receipts=[early])
    rows = second.decided.entries["postings"].select("amount", "reverses")
    assert rows["amount"].to_list() == [-300_000, 300_000]
    assert rows["reverses"][0] == first.decided.entries["postings"]["entry_id"][0]
    assert second.decided.entries["charges"]["amount"].to_list() == [-7_500]
    assert second.after["excess"] == (1, 300_000)
    assert whole(place) == []


def test_a_slip_before_its_line_and_a_key_before_its_slip(places: Any, tmp_path: Path) -> None:
    place = places()
    a = write(tmp_path / "a.csv", LINE_HEAD, line(1, 1, 20_000))
    s = write(tmp_path / "s.csv", SLIP_HEAD, slip(11, 1, 1, 20_000))
    r = write(tmp_path / "r.csv", RECEIPT_HEAD, receipt("T1", 11, 20_000, DUES[0]))
    assert night(place, receipts=[r]).after["suspense"] == (1, 20_000)
    waiting = night(place, slips=[s])
    assert waiting.after["held"] == (1, 20_000)
    assert "register.cover_none" in waiting.logs["s.csv"].table()["code"]
    done = night(place, assessments=[a])
    assert (done.after["posted"], done.after["held"], done.after["suspense"]) == ((1, 20_000), (0, 0), (0, 0))
    assert whole(place) == []


def test_a_payment_that_lies_on_the_lines_of_a_successor_follows_them(tmp_path: Path) -> None:
    """Its slip has no lines of its own, and nobody has paid with the successor: from the line the old slip is two steps away."""
    place = tmp_path / "l.db"
    a = write(tmp_path / "a.csv", LINE_HEAD, line(1, 1, 20_000))
    slips = (slip(11, 1, 1, 20_000, notice_no=""), slip(12, 1, 1, 20_000, supersedes=files.key(11)))
    s = write(tmp_path / "s.csv", SLIP_HEAD, *slips)
    r = write(tmp_path / "r.csv", RECEIPT_HEAD, receipt("T1", 11, 20_000, DUES[0]))
    assert night(place, assessments=[a], slips=[s], receipts=[r]).after["posted"] == (1, 20_000)
    less = write(tmp_path / "b.csv", LINE_HEAD, line(1, 1, 12_000, revised_at="2026-07-01"))
    done = night(place, assessments=[less])
    assert (done.after["posted"], done.after["excess"]) == ((1, 12_000), (1, 8_000))
    twice = write(tmp_path / "t.csv", RECEIPT_HEAD, receipt("T2", 12, 12_000, date(2026, 6, 1)))
    done = night(place, receipts=[twice])  # the earlier one, with the successor
    assert (done.after["posted"], done.after["excess"]) == ((1, 12_000), (1, 20_000))
    assert whole(str(place)) == []


def test_a_line_that_moves_to_another_notice_is_paid_by_the_slips_of_that(tmp_path: Path) -> None:
    """Nothing leads from the line to the slip that it has left; and where a second line could be meant, nobody guesses."""
    place = tmp_path / "l.db"
    a = write(tmp_path / "a.csv", LINE_HEAD, line(1, 1, 20_000))
    s = write(tmp_path / "s.csv", SLIP_HEAD, slip(11, 1, 1, 20_000), slip(21, 2, 1, 20_000))
    paid = (receipt("T1", 11, 20_000, DUES[0]), receipt("T2", 21, 19_000, DUES[0]))
    r = write(tmp_path / "r.csv", RECEIPT_HEAD, *paid)
    first = night(place, assessments=[a], slips=[s], receipts=[r])
    assert (first.after["posted"], first.after["held"]) == ((1, 20_000), (1, 19_000))
    there = {"payer_id": "P00002", "notice_no": "N00002"}
    moved = write(tmp_path / "m.csv", LINE_HEAD, line(1, 1, 20_000, revised_at="2026-07-01", **there))
    second = night(place, assessments=[moved])
    assert (second.after["posted"], second.after["held"]) == ((1, 19_000), (1, 20_000))
    twin = write(tmp_path / "t.csv", LINE_HEAD, line(2, 1, 20_000))
    third = night(place, assessments=[twin])
    assert (third.after["posted"], third.after["held"]) == ((0, 0), (2, 39_000))
    assert whole(str(place)) == []


# --- order, split, repetition -------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(2))
def test_any_order_and_split_stand_the_same(
    places: Any, tmp_path: Path, seed: int, stands: Callable[[int], RunResult]
) -> None:
    made = town(tmp_path / "t", seed=seed)
    expected = stands(seed)
    chance = random.Random(seed)
    steps = [
        ("assessments", made.assessments),
        ("slips", made.slips),
        *(("receipts", r) for r in made.receipts),
    ]
    steps.append(("receipts", files.joined(made.folder / "overlap.csv", made.receipts[0], made.receipts[-1])))
    steps += chance.sample(steps, 3)
    chance.shuffle(steps)
    place = places()
    for role, path in steps:
        last = night(place, **{role: [path]})
    assert last.result == expected.result
    assert last.after == expected.after
    assert whole(place) == []


def test_versions_in_two_files_give_what_one_file_gives(places: Any, tmp_path: Path) -> None:
    made = town(tmp_path / "t")
    more = [
        line(n, t, 9_000 + 500 * n, revised_at="2026-09-01", status="cancelled" if n % 5 == 0 else "open")
        for n in range(1, 8)
        for t in (1, 3)
    ]
    revised = write(tmp_path / "revised.csv", LINE_HEAD, *more)
    expected = night(
        places(), assessments=[made.assessments, revised], slips=[made.slips], receipts=made.receipts
    )
    for order in (("r", "s", "v", "a"), ("a", "r", "v", "s")):
        place = places()
        for step in order:
            role = {"a": "assessments", "v": "assessments", "s": "slips", "r": "receipts"}[step]
            paths = {"a": [made.assessments], "v": [revised], "s": [made.slips], "r": made.receipts}[step]
            last = night(place, **{role: paths})
        assert last.result == expected.result
        assert whole(place) == []


def test_an_unrelated_line_changes_nothing(
    places: Any, tmp_path: Path, stands: Callable[[int], RunResult]
) -> None:
    made, place = town(tmp_path / "t"), places()
    night(place, assessments=[write(tmp_path / "x.csv", LINE_HEAD, line(77_777, 1, 50_000))])
    assert all_at_once(place, made).result == stands(1).result


def test_both_stores_write_the_same_chain(tmp_path: Path, postgres_places: Any) -> None:
    made, server = town(tmp_path / "t"), postgres_places()
    digests = []
    for place in (str(tmp_path / "l.db"), server):
        night(place, assessments=[made.assessments], slips=[made.slips], receipts=made.receipts[:3])
        digests.append(night(place, receipts=made.receipts[2:]).standing.digest)
    assert digests[0] == digests[1]
