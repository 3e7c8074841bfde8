"""口座振替 before it is asked for: what somebody has paid already by another way, each state with its case, and nothing lost between the files."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from ledger_files import LINE_HEAD, POLICY, RECEIPT_HEAD, SLIP_HEAD, key, line, night, receipt, slip, write
from night_runs import FIRST, NIGHTS, elqr
from night_runs import night as sample_night

from elqr.problems import ProblemError
from reconcile.debits import DEBITS, Planned, State, planned_debits

HEAD = "line_id,amount,debit_on"
DAY = "2026-08-31"
PAID = date(2026, 6, 20)


def planned(line_id: str, yen: int | str) -> dict[str, str | int]:
    return {"line_id": line_id, "amount": yen, "debit_on": DAY}


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Path]]:
    """A notice of four lines for each of three payers, and a night of receipts on some of them."""
    top = tmp_path_factory.mktemp("debits")
    lines = [line(n, term, 1_000 * term) for n in (1, 2, 3) for term in (1, 2, 3, 4)]
    lines += [line(4, 1, 500, status="cancelled"), line(4, 2, 600, status="suspended")]
    slips = [slip(n * 10 + term, n, term, 1_000 * term) for n in (1, 2, 3) for term in (1, 2, 3, 4)]
    slips.append(slip(10, 1, 0, 10_000, kind="full_year"))
    paid = [
        receipt("T1", 21, 1_000, PAID),  # whole
        receipt("T2", 22, 2_000, PAID, "preliminary"),
        receipt("T3", 23, 1_200, PAID),  # a part of 3,000
        receipt("T4", 24, 4_000, PAID), receipt("T4", 24, 4_000, PAID, "cancelled"),
        {**receipt("T5", 0, 3_000, PAID), "slip_key": "1" + key(33)[1:]},  # one digit of 33 is wrong
        receipt("T6", 10, 10_000, PAID),  # the whole year of the first notice
    ]  # fmt: skip
    return {
        "assessments": [write(top / "a.csv", LINE_HEAD, *lines)],
        "slips": [write(top / "s.csv", SLIP_HEAD, *slips)],
        "receipts": [write(top / "r.csv", RECEIPT_HEAD, *paid)],
    }


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, sources: dict[str, list[Path]], tmp_path: Path) -> Iterator[str]:
    made = request.getfixturevalue("postgres_places")() if request.param == "postgres" else tmp_path / "l.db"
    night(str(made), **sources)
    yield str(made)


def held_against(place: str, path: Path, *rows: dict[str, Any]) -> Planned:
    return planned_debits(place, [write(path, HEAD, *rows)], policy=POLICY)


CASES = (
    ("nobody-1", 100, State.UNKNOWN),
    ("00004-1", 500, State.CANCELLED),
    ("00002-1", 1_000, State.PAID),
    ("00001-1", 1_000, State.PAID),  # by the slip for the whole year
    ("00001-4", 4_000, State.PAID),
    ("00002-2", 2_000, State.PRELIMINARY),
    ("00003-3", 3_000, State.SUSPENSE),
    ("00004-2", 600, State.SUSPENDED),
    ("00002-3", 3_000, State.CHANGED),  # 1,800 are open
    ("00002-3", 1_800, State.TWICE),
    ("00002-4", 4_000, State.AS_PLANNED),  # its payment was cancelled
    ("00003-1", 1_000, State.AS_PLANNED),
    ("00003-2", 2_001, State.CHANGED),
)


def test_every_planned_debit_has_the_first_state_that_holds(place: str, tmp_path: Path) -> None:
    found = held_against(place, tmp_path / "d.csv", *(planned(name, yen) for name, yen, _ in CASES))
    told = found.rows.select("line", "line_id", "amount", "state").rows()
    assert told == [(at, name, yen, state.word) for at, (name, yen, state) in enumerate(CASES, 2)]
    assert sum(n for _, n, _ in found.sums) == len(CASES)
    assert sum(yen for _, _, yen in found.sums) == sum(yen for _, yen, _ in CASES)
    assert found.to_look_at.height == len(CASES) - 2
    part = found.rows.filter(found.rows["state"] == State.CHANGED.word).row(0, named=True)
    assert (part["due"], part["paid"], part["preliminary"], part["open"]) == (3_000, 1_200, 0, 1_800)
    assert part["reason_ja"] == State.CHANGED.ja and part["reason_en"] == State.CHANGED.en


def test_an_earlier_state_goes_before_a_later_one(place: str, tmp_path: Path) -> None:
    """A line of which two states hold: paid and asked for twice; another sum open, and a receipt in suspense."""
    rows = (
        planned("00002-1", 1_000),
        planned("00002-1", 1_000),
        planned("00003-3", 1),
        planned("00002-2", 1),
    )
    states = held_against(place, tmp_path / "d.csv", *rows).rows["state"].to_list()
    assert states == ["paid", "twice", "suspense", "preliminary"]


def test_a_receipt_that_is_held_may_be_the_payment(tmp_path: Path) -> None:
    """A correction without the payment it corrects is held: nobody knows yet what was paid."""
    place = str(tmp_path / "l.db")
    files = {
        "assessments": [write(tmp_path / "a.csv", LINE_HEAD, line(1, 1, 1_000))],
        "slips": [write(tmp_path / "s.csv", SLIP_HEAD, slip(11, 1, 1, 1_000))],
        "receipts": [
            write(
                tmp_path / "r.csv",
                RECEIPT_HEAD,
                {**receipt("T1", 11, 900, PAID, "corrected"), "orig_txn_id": ""},
            )
        ],
    }
    night(place, **files)
    assert held_against(place, tmp_path / "d.csv", planned("00001-1", 1_000)).rows["state"].to_list() == [
        "held"
    ]


def test_files_are_one_list_and_a_row_that_cannot_be_read_is_told(place: str, tmp_path: Path) -> None:
    first = write(tmp_path / "1.csv", HEAD, planned("00003-1", "1,000円"), planned("00003-2", "abc"))
    first.write_text(first.read_text(encoding="utf-8").replace("1,000円", '"1,000円"'), encoding="utf-8")
    second = write(
        tmp_path / "2.csv",
        "調定番号,振替金額,振替指定日",
        {"調定番号": "00003-1", "振替金額": 1000, "振替指定日": "R8.8.31"},
    )
    found = planned_debits(place, [first, second], policy=POLICY)
    assert found.rows.select("file", "line", "state").rows() == [
        ("1.csv", 2, "as_planned"),
        ("2.csv", 2, "twice"),
    ]
    assert found.rows["debit_on"].to_list() == [date(2026, 8, 31)] * 2
    assert [
        (p.code, p.where.line) for p in found.logs["1.csv"].problems("1.csv") if p.severity.value == "error"
    ] == [("register.amount", 3)]


def test_a_file_of_something_else_is_refused(place: str, sources: dict[str, list[Path]]) -> None:
    with pytest.raises(ProblemError) as caught:
        planned_debits(place, sources["assessments"], policy=POLICY)
    assert {p.code for p in caught.value.problems} >= {"heading.missing"}


def test_the_command_lists_what_is_not_as_planned_and_leaves_the_ledger_alone(
    sources: dict[str, list[Path]], tmp_path: Path
) -> None:
    place = tmp_path / "l.db"
    night(str(place), **sources)
    before = place.read_bytes()
    words = ("--ledger", place, "--out", tmp_path / "out")
    bad = write(tmp_path / "d.csv", HEAD, *(planned(name, yen) for name, yen, _ in CASES))
    said = elqr("debits", bad, *words, "--excel")
    assert said.exit_code == 1, said.output
    assert "納付済み: 3件 6,000円 / paid already: 3, 6,000 yen" in said.output
    assert "基準日 2026-11-20 まで / ledger up to run 1, 2026-11-20" in said.output
    with (tmp_path / "out" / "debits.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert list(rows[0]) == list(DEBITS)
    assert [row["line_id"] for row in rows] == [
        name for name, _, state in CASES if state is not State.AS_PLANNED
    ]
    assert (tmp_path / "out" / "debits.excel.csv").read_bytes().startswith(b"\xef\xbb\xbffile,")
    fine = write(tmp_path / "f.csv", HEAD, planned("00003-1", 1_000))
    said = elqr("debits", fine, *words, "--json")
    assert said.exit_code == 0
    document = json.loads(said.stdout)
    assert document == {
        "as_of": "2026-11-20",
        "states": {"as_planned": {"count": 1, "yen": 1_000}},
        "problems": [],
    }
    assert place.read_bytes() == before


def test_a_ledger_without_a_night_is_told_as_such(tmp_path: Path) -> None:
    """It said: up to run 0, and no day."""
    assert elqr("ledger", "init", tmp_path / "l.db").exit_code == 0
    bad = write(tmp_path / "d.csv", HEAD, planned("00003-1", 1_000))
    said = elqr("debits", bad, "--ledger", tmp_path / "l.db", "--out", tmp_path / "out")
    assert said.exit_code == 1
    assert "台帳にはまだ一度の処理もありません / the ledger holds no night yet" in said.output


def test_the_sample_finds_the_debit_of_a_year_that_is_paid(tmp_path: Path) -> None:
    """What `make demo-reconcile` shows."""
    assert sample_night(tmp_path, "one", *FIRST).exit_code == 1
    found = planned_debits(tmp_path / "ledger", [NIGHTS / "debits_0831.csv"], policy=POLICY)
    assert [(state, n) for state, n, _ in found.sums] == [(State.PAID, 1), (State.AS_PLANNED, 9)]
