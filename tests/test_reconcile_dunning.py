"""督促: which lines are reminded on which day, and why the others are left out; each day at its limit."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest
from ledger_files import (
    LINE_HEAD,
    POLICY,
    RECEIPT_HEAD,
    SLIP_HEAD,
    Row,
    key,
    line,
    night,
    receipt,
    slip,
    write,
)

from reconcile.closure import in_force
from reconcile.dunning import Dunning
from reconcile.ledger import open_ledger
from reconcile.report_figures import figures
from reconcile.tables import TABLES
from reconcile.view import view
from reconcile.world import BLOCKS

PAID = date(2026, 6, 25)
SEND_BY = date(2026, 7, 20)  # 20 days after 30 June


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Lines that were due on 30 June: unpaid, paid in part, paid, waiting for something, reminded, or none of the office's to ask for."""
    folder = tmp_path_factory.mktemp("dunning")
    lines = [
        line(1, 1, 10_000, payer_id="P99999"),
        *(line(n, 1, 10_000) for n in range(2, 8)),
        line(8, 1, 10_000, status="cancelled"),
        line(9, 1, 10_000, status="suspended"),
        line(10, 1, 10_000),
        line(11, 1, 10_000, time_barred_on="2026-07-15"),
        line(12, 1, 10_000, time_barred_on="2026-07-16"),
        line(13, 1, 10_000),
    ]
    slips = [
        *(slip(n, n, 1, 10_000) for n in range(1, 10)),
        slip(7_000_000, 10, 1, 10_000),
        *(slip(n, n, 1, 10_000) for n in range(11, 14)),
        *(slip(8_100_000 + n, n, 1, 10_000, kind="dunning") for n in (4, 5, 10, 13)),
        slip(8_200_006, 6, 1, 10_000, kind="delinquency"),
        slip(8_300_007, 7, 1, 10_000, kind="reissue"),
    ]
    receipts = [
        receipt("T2", 2, 4_000, PAID),
        receipt("T3", 3, 10_000, PAID),
        receipt("T4", 4, 1, PAID, "preliminary"),
        receipt("T44", 4, 10_000, PAID, "corrected", orig_txn_id=""),  # held: nobody knows what it corrects
        receipt("T5", 5, 2_500, PAID),
        receipt("T10", 7_000_009, 10_000, PAID),  # one digit wrong
        receipt("T13", 13, 10_000, PAID, "corrected", orig_txn_id=""),
    ]
    night(
        folder / "ledger",
        assessments=[write(folder / "a.csv", f"{LINE_HEAD},time_barred_on", *lines)],
        slips=[write(folder / "s.csv", SLIP_HEAD, *slips)],
        receipts=[write(folder / "r.csv", RECEIPT_HEAD, *receipts)],
    )
    return folder / "ledger"


def dunning(place: Path, as_of: date) -> Dunning:
    with open_ledger(place) as ledger:
        nothing_new = {"outcomes": pl.DataFrame(schema=dict(TABLES["outcomes"].columns))}
        seen = view(ledger, nothing_new, policy=POLICY, as_of=as_of)
        return figures(ledger, seen, policy=POLICY, as_of=as_of).dunning


def chosen(place: Path, as_of: date) -> pl.DataFrame:
    return pl.concat(dunning(place, as_of).chosen.blocks())


def test_lines_are_reminded_by_payer_and_of_a_part_payment_the_rest(place: Path) -> None:
    found = chosen(place, date(2026, 7, 15)).select("line_id", "open").rows()
    assert found == [
        ("00002-1", 6_000),
        ("00007-1", 10_000),
        ("00012-1", 10_000),  # barred from the next day
        ("00001-1", 10_000),  # its payer stands last
    ]


def test_of_what_is_left_out_the_first_reason_is_told_with_what_is_unpaid(place: Path) -> None:
    """A line that waits for money and was reminded waits for money."""
    assert dunning(place, date(2026, 7, 15)).left_out.rows() == [
        ("provisional", 1, 10_000),
        ("held", 1, 10_000),
        ("suspense", 1, 10_000),
        ("reminded", 2, 17_500),
    ]
    assert dunning(place, date(2026, 6, 30)).left_out["count"].to_list() == [0, 0, 0, 0]


@pytest.mark.parametrize(
    ("as_of", "days_left", "when", "told"),
    [
        (date(2026, 7, 1), 19, "later", SEND_BY),
        (date(2026, 7, 14), 6, "later", SEND_BY),
        (date(2026, 7, 15), 5, "now", SEND_BY),
        (date(2026, 7, 20), 0, "now", SEND_BY),
        (date(2026, 7, 21), -1, "now", None),
    ],
)
def test_a_reminder_goes_out_late_and_within_twenty_days(
    place: Path, as_of: date, days_left: int, when: str, told: date | None
) -> None:
    rows = chosen(place, as_of).select("send_by", "days_left", "when").unique().rows()
    assert rows == [(SEND_BY, days_left, when)]
    (total,) = dunning(place, as_of).sums.rows()
    open_lines = chosen(place, as_of)["open"]
    assert total == (told, when, len(open_lines), open_lines.sum())


@pytest.mark.parametrize(
    ("paid", "reason"),
    [
        (receipt("T1", 7_000_000, 10_000, PAID, "corrected", orig_txn_id=""), "held"),
        (receipt("T1", 7_000_009, 10_000, PAID), "suspense"),  # one digit wrong
    ],
)
def test_money_that_waits_for_a_slip_waits_for_the_lines_that_it_stands_for(
    tmp_path: Path, paid: Row, reason: str
) -> None:
    """A slip without lines of its own was replaced by one that has them: its payer may have paid, and is not reminded."""
    slips = slip(7_000_000, 1, 1, 10_000, notice_no=""), slip(2, 1, 1, 10_000, supersedes=key(7_000_000))
    night(
        tmp_path / "ledger",
        assessments=[write(tmp_path / "a.csv", LINE_HEAD, line(1, 1, 10_000))],
        slips=[write(tmp_path / "s.csv", SLIP_HEAD, *slips)],
        receipts=[write(tmp_path / "r.csv", RECEIPT_HEAD, paid)],
    )
    left = dunning(tmp_path / "ledger", date(2026, 7, 15)).left_out
    assert left.filter(pl.col("count") > 0).rows() == [(reason, 1, 10_000)]


def test_nobody_is_reminded_on_the_last_day_to_pay(place: Path) -> None:
    assert chosen(place, date(2026, 6, 30)).is_empty()


def test_a_payment_with_a_slip_that_nothing_settles_may_be_for_all_lines_that_it_could_mean(
    tmp_path: Path,
) -> None:
    """What waits for a person because nobody knows its lines was paid all the same: none of these lines is reminded."""
    lines = [
        *(line(n, p, 10_000) for n in (1, 2, 3, 4) for p in (1, 2)),
        line(5, 1, 10_000, payer_id="P00003"),  # another notice of the same payer
        line(6, 1, 10_000),
        line(7, 1, 10_000, payer_id="P00006", tax_item="002"),
    ]
    slips = [
        slip(1, 1, 0, 19_999),  # no day on which its lines came to this sum
        slip(2, 2, 1, 15_000, covers="00002-1:10000;00005-1:4000"),
        slip(3, 3, 1, 10_000),
        slip(4, 4, 3, 10_000),  # no such instalment
        slip(6, 6, 1, 10_000, notice_no=""),
    ]
    receipts = [receipt(f"T{n}", n, yen, PAID) for n, yen in ((1, 19_999), (2, 15_000), (6, 10_000))]
    place = tmp_path / "ledger"
    night(
        place,
        assessments=[write(tmp_path / "a.csv", LINE_HEAD, *lines)],
        slips=[write(tmp_path / "s.csv", f"{SLIP_HEAD},covers", *slips)],
        receipts=[write(tmp_path / "r.csv", RECEIPT_HEAD, *receipts)],
    )
    found = chosen(place, date(2026, 9, 15))["line_id"].sort().to_list()
    assert found == ["00003-1", "00003-2", "00004-1", "00004-2", "00007-1"]


def test_a_block_is_lifted_by_itself() -> None:
    """Of one payer, one payment, for one reason: every other one holds on; and one may be set again."""
    rows = [
        ("P1", None, "heirs", None),
        ("P2", None, "heirs", None),
        ("P2", None, "co_owners", None),
        (None, "a", "heirs", False),
        (None, "b", "heirs", False),
        ("P3", None, "heirs", None),
        ("P1", None, "heirs", True),
        ("P2", None, "co_owners", True),
        (None, "b", "heirs", True),
        ("P3", None, "heirs", True),
        ("P3", None, "heirs", None),
    ]
    schema = dict(TABLES["blocks"].columns)
    told = pl.DataFrame(
        [dict(zip((*BLOCKS, "lifted"), row, strict=True)) | {"seq": n} for n, row in enumerate(rows)],
        schema=schema,
    )
    for order in (told, told.reverse()):
        assert sorted(in_force(order).rows(), key=str) == sorted(
            [("P2", None, "heirs"), (None, "a", "heirs"), ("P3", None, "heirs")], key=str
        )


def test_a_line_that_is_carried_over_brings_the_rest_and_no_more(tmp_path: Path) -> None:
    """Half a year after the 年度切替 the 収納率 of 滞繰 was that of all that these lines were ever assessed, the paid ones among them."""
    lines = [line(1, 1, 10_000), line(2, 1, 10_000), line(3, 1, 8_000), line(4, 1, 20_000, fiscal_year=2027)]
    paid = [
        receipt("T1", 1, 4_000, date(2027, 2, 1)),
        receipt("T2", 1, 5_000, date(2027, 6, 10)),
        receipt("T3", 2, 10_000, PAID),
        receipt("T4", 4, 1_000, date(2027, 6, 10)),
    ]
    night(
        tmp_path / "ledger",
        assessments=[write(tmp_path / "a.csv", LINE_HEAD, *lines)],
        slips=[
            write(
                tmp_path / "s.csv",
                SLIP_HEAD,
                *(slip(n, n, 1, int(r["principal"])) for n, r in enumerate(lines, 1)),
            )
        ],
        receipts=[write(tmp_path / "r.csv", RECEIPT_HEAD, *paid)],
    )
    with open_ledger(tmp_path / "ledger") as ledger:
        nothing_new = {"outcomes": pl.DataFrame(schema=dict(TABLES["outcomes"].columns))}
        seen = view(ledger, nothing_new, policy=POLICY, as_of=date(2027, 7, 1))
        found = figures(ledger, seen, policy=POLICY, as_of=date(2027, 7, 1)).rates
    assert found.select("carried", "lines", "due", "paid", "open").rows() == [
        (False, 1, 20_000, 1_000, 19_000),
        (True, 2, 14_000, 5_000, 9_000),
    ]
