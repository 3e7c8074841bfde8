"""The lines that each slip covers: every yen of it on one line and component, or a problem and no guess."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from register_rows import Row, assessed, line, slip, slipped

from elqr.problems import in_general
from reconcile.covers import derive_covers
from reconcile.frames import ASSESSMENTS, COVERS, expect
from reconcile.outcomes import MONEY_WORDS, Outcome

LINES = (
    line("A1", principal="10000"),
    line("A2", principal="9000", period="02", due_date="2026-08-31"),
    line("B1", principal="5000", notice_no="N2", payer_id="P2"),
)


def covered(
    tmp_path: Path, *slips: Row, lines: tuple[Row, ...] = LINES
) -> tuple[list[tuple[str, str, int]], list[str]]:
    """(line, component, amount) of one slip or more, and the codes of what could not be settled."""
    found = derive_covers(slipped(tmp_path, *slips).frame, assessed(tmp_path, *lines).frame)
    expect(found.frame, COVERS, name="covers")
    return found.frame.select("line_id", "component", "amount").rows(), [p.code for p in found.log.problems()]


P, D, F = "principal", "delinquency", "dunning_fee"


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        ("register.cover_line", Outcome.NO_COVER),
        ("register.cover_none", Outcome.NO_COVER),
        ("register.cover_above", Outcome.OVERPAID),
    ],
)
def test_the_sentence_says_what_becomes_of_payments_of_such_a_slip(code: str, outcome: Outcome) -> None:
    """In suspense (仮受) is money whose key leads nowhere; 過納 was lawful when it was paid."""
    en, ja = next((en, ja) for name, en, ja in MONEY_WORDS if name == outcome.money)
    said_ja, said_en = in_general(code)
    assert ja in said_ja and en.split(", ")[-1].split()[0] in said_en
    assert not any(word in said_ja for word in {"仮受", "過納", "誤納", "保留"} - {ja})


SETTLED: tuple[tuple[Row, list[tuple[str, str, int]]], ...] = (
    (slip(), [("A1", P, 10000)]),
    (slip(period="02", amount="9000"), [("A2", P, 9000)]),
    (slip(period="00", amount="19000"), [("A1", P, 10000), ("A2", P, 9000)]),
    (slip(amount="4000"), [("A1", P, 4000)]),
    (
        slip(amount="10600", principal="10000", delinquency="500", dunning_fee="100"),
        [("A1", P, 10000), ("A1", D, 500), ("A1", F, 100)],
    ),
    (slip(amount="500", principal="0", delinquency="500"), [("A1", D, 500)]),
    (
        slip(amount="10500", delinquency="500", principal="10000", covers="A1:10500"),
        [("A1", P, 10000), ("A1", D, 500)],
    ),
    (
        slip(amount="10500", delinquency="500", principal="10000", covers="A1:10000"),
        [("A1", P, 10000), ("A1", D, 500)],
    ),
    (slip(amount="15000", covers="A1:10000;B1:5000"), [("A1", P, 10000), ("B1", P, 5000)]),
    (slip(amount="15000", covers="A1:9000;A1:1000;B1:5000"), [("A1", P, 10000), ("B1", P, 5000)]),
    (slip(amount="5000", notice_no="", covers="B1:5000"), [("B1", P, 5000)]),
    (slip(amount="15000", covers="A1:10000; B1:5000"), [("A1", P, 10000), ("B1", P, 5000)]),
    (slip(period="00", amount="15000", covers="A1:10000;B1:5000"), [("A1", P, 10000), ("B1", P, 5000)]),
)


@pytest.mark.parametrize(("slip_", "cover"), SETTLED)
def test_what_a_slip_covers(tmp_path: Path, slip_: Row, cover: list[tuple[str, str, int]]) -> None:
    assert covered(tmp_path, slip_) == (cover, [])


UNSETTLED: tuple[tuple[Row, str], ...] = (
    (slip(covers="A9:10000"), "register.cover_line"),
    (slip(covers="A1:10000;A9:1", amount="10001"), "register.cover_line"),
    (slip(covers="A1:9000"), "register.cover_sum"),
    (slip(covers="A1:9000;A2:9000"), "register.cover_sum"),
    (slip(period="03"), "register.cover_none"),
    (slip(notice_no=""), "register.cover_none"),
    (
        slip(amount="15500", delinquency="500", principal="15000", covers="A1:10000;B1:5500"),
        "register.cover_sum",
    ),
    (slip(payer_id="P9"), "register.cover_none"),
    (slip(period=""), "register.cover_none"),
    (slip(tax_item="002"), "register.cover_none"),
    (slip(levy_year="2025"), "register.cover_none"),
    (slip(tax_year="2025"), "register.cover_none"),
    (slip(period="00", notice_no="N9"), "register.cover_none"),
    (slip(period="00", amount="18999"), "register.cover_sum"),
    (slip(period="00", amount="19001", principal="19000", delinquency="1"), "register.cover_split"),
)


@pytest.mark.parametrize(("slip_", "code"), UNSETTLED)
def test_what_nothing_settles_is_a_problem_and_no_guess(tmp_path: Path, slip_: Row, code: str) -> None:
    assert covered(tmp_path, slip_, slip("2")) == ([("A1", P, 10000)], [code])


def test_slips_of_one_file_change_nothing_of_each_other(tmp_path: Path) -> None:
    slips = [slip_ for slip_, _ in (*SETTLED, *UNSETTLED)]
    found, problems = covered(tmp_path, *({**slip_, "slip_key": str(n)} for n, slip_ in enumerate(slips, 1)))
    assert found == [row for _, cover in SETTLED for row in cover]
    assert sorted(problems) == sorted(code for _, code in UNSETTLED)


def test_the_same_notice_of_another_body_is_another_notice(tmp_path: Path) -> None:
    theirs = slipped(tmp_path, slip()).frame.with_columns(body_code=pl.lit("342041"))
    found = derive_covers(theirs, assessed(tmp_path, *LINES).frame)
    assert (found.frame.height, [p.code for p in found.log.problems()]) == (0, ["register.cover_none"])


@pytest.mark.parametrize("said", ["A 1:10000;B1:5000", " A 1 : 10000 ; B1:5000 ", "Ａ　1：10000；B1:5000"])
def test_a_blank_within_a_line_id_is_a_part_of_it_where_slips_name_it_too(tmp_path: Path, said: str) -> None:
    lines = (line("A 1", principal="10000"), line("B1", principal="5000", period="02"))
    assert covered(tmp_path, slip(amount="15000", covers=said), lines=lines) == (
        [("A 1", P, 10000), ("B1", P, 5000)],
        [],
    )


def test_two_lines_that_both_could_be_meant(tmp_path: Path) -> None:
    twins = (line("A1"), line("A9"))
    assert covered(tmp_path, slip(), lines=twins) == ([], ["register.cover_many"])


def test_a_whole_year_slip_and_a_later_change(tmp_path: Path) -> None:
    """Printed before the reduction it asks for the old sum, printed after it for the new one; both are lawful slips."""
    lines = (
        *LINES,
        line("A2", principal="6000", period="02", due_date="2026-08-31", revised_at="2026-07-01"),
    )
    old, new = slip("1", period="00", amount="19000"), slip("2", period="00", amount="16000")
    found, problems = covered(tmp_path, old, new, lines=lines)
    assert problems == []
    assert found == [("A1", P, 10000), ("A2", P, 9000), ("A1", P, 10000), ("A2", P, 6000)]
    cancelled = (
        *LINES,
        line(
            "A2",
            principal="9000",
            period="02",
            due_date="2026-08-31",
            status="cancelled",
            revised_at="2026-07-01",
        ),
    )
    assert covered(tmp_path, slip(period="00"), lines=cancelled)[0] == [("A1", P, 10000)]


@pytest.mark.parametrize("before", [(), (line("A2", principal="9000", period="02"),)])
def test_a_whole_year_slip_asks_nothing_for_a_line_that_is_cancelled_without_a_day(
    tmp_path: Path, before: tuple[Row, ...]
) -> None:
    """From the start, or since a revision of which nobody says when."""
    lines = (line("A1"), *before, line("A2", principal="9000", period="02", status="cancelled"))
    assert covered(tmp_path, slip(period="00"), lines=lines) == ([("A1", P, 10000)], [])


def test_of_two_ways_that_come_to_the_same_sum_the_lines_as_they_now_stand_are_meant(tmp_path: Path) -> None:
    moved = {"notice_no": "N7", "revised_at": "2026-07-01"}
    lines = (
        *LINES,
        line("C1", principal="10000", notice_no="N7"),
        line("C2", principal="9000", period="02", notice_no="N7"),
        line("C1", principal="9500", **moved),
        line("C2", principal="9500", period="02", **moved),
    )
    slips = (slip("1", period="00", amount="19000", notice_no="N7"), slip("2", period="00", amount="19000"))
    assert covered(tmp_path, *slips, lines=lines) == (
        [("C1", P, 9500), ("C2", P, 9500), ("A1", P, 10000), ("A2", P, 9000)],
        [],
    )


def revised(line_id: str, principal: str, day: str, **changes: str) -> Row:
    place = {} if line_id == "A1" else {"period": "02", "due_date": "2026-08-31"}
    return line(line_id, principal=principal, revised_at=day, **place, **changes)


def test_a_whole_year_slip_of_between_two_revisions_keeps_its_lines(tmp_path: Path) -> None:
    """Printed after the first reduction and paid, it was lawful; the next one makes a part of it 過納, and does not take it off its lines."""
    twice = (*LINES, revised("A2", "6000", "2026-07-01"), revised("A1", "7000", "2026-08-01"))
    between = slip(period="00", amount="16000")
    assert covered(tmp_path, between, lines=twice) == ([("A1", P, 10000), ("A2", P, 6000)], [])
    thrice = (
        *twice,
        revised("A2", "6000", "2026-09-01", status="cancelled"),
        revised("A1", "6500", "2026-10-01"),
    )
    gone = slip("2", period="00", amount="7000")
    assert covered(tmp_path, between, gone, lines=thrice) == (
        [("A1", P, 10000), ("A2", P, 6000), ("A1", P, 7000)],
        [],
    )


def test_what_was_printed_for_a_payer_means_his_lines_also_when_an_heir_has_them(tmp_path: Path) -> None:
    """承継 gives the lines another 宛名番号; nothing paid before is taken off them, and the slips that are out stay good."""
    heir = {"payer_id": "P9", "revised_at": "2026-07-20"}
    moved = (*LINES, {**LINES[0], **heir}, {**LINES[1], **heir})
    one, year = slip(period="01", amount="10000"), slip("2", period="00", amount="19000")
    of_two = [("A1", P, 10000), ("A2", P, 9000)]
    assert covered(tmp_path, one, year, lines=moved) == ([("A1", P, 10000), *of_two], [])
    partly = (*LINES, {**LINES[1], **heir})
    second = slip("3", period="02", amount="9000")
    assert covered(tmp_path, one, year, second, lines=partly) == (
        [("A1", P, 10000), *of_two, ("A2", P, 9000)],
        [],
    )
    mistaken = (
        *moved,
        line("A3", principal="10000"),
    )  # what stands under the number now goes before what once did
    assert covered(tmp_path, one, lines=mistaken) == ([("A3", P, 10000)], [])


def test_a_line_that_joins_a_notice_later_takes_no_whole_year_slip_off_its_lines(tmp_path: Path) -> None:
    """Its 調定日 says that it was not there when the slip was printed: what was paid with the slip stays on the lines it was printed for."""
    joined = (
        *LINES,
        line("A3", principal="5000", revised_at="2026-07-22", period="21", due_date="2026-08-27"),
    )
    before, after = slip(period="00", amount="19000"), slip("2", period="00", amount="24000")
    of_two = [("A1", P, 10000), ("A2", P, 9000)]
    assert covered(tmp_path, before, after, lines=joined) == ([*of_two, *of_two, ("A3", P, 5000)], [])
    again = (LINES[0], revised("A1", "9000", "2026-07-01"), *joined[1:], revised("A1", "8000", "2026-08-01"))
    reduced = slip("3", period="00", amount="18000")
    assert covered(tmp_path, before, reduced, lines=again) == (
        [*of_two, ("A1", P, 9000), ("A2", P, 9000)],
        [],
    )
    undated = (*LINES, {**joined[-1], "revised_at": ""})
    assert covered(tmp_path, before, lines=undated) == ([], ["register.cover_sum"])


def test_what_was_revised_on_one_day_was_revised_at_once(tmp_path: Path) -> None:
    """A sum that only half of a day's revisions would come to was never asked for."""
    day = "2026-07-01"
    lines = (
        *LINES,
        revised("A1", "9000", day),
        revised("A2", "8000", day),
        revised("A1", "5000", "2026-08-01"),
    )
    assert covered(tmp_path, slip(period="00", amount="18000"), lines=lines) == ([], ["register.cover_sum"])
    assert covered(tmp_path, slip(period="00", amount="17000"), lines=lines) == (
        [("A1", P, 9000), ("A2", P, 8000)],
        [],
    )


def test_of_several_days_with_the_same_sum_the_last_is_meant(tmp_path: Path) -> None:
    lines = (
        *LINES,
        *(
            revised("A1", "9000", "2026-07-01"),
            revised("A1", "8000", "2026-07-10"),
            revised("A2", "10000", "2026-07-20"),
        ),
        revised("A2", "2000", "2026-08-01"),
    )
    assert covered(tmp_path, slip(period="00", amount="18000"), lines=lines)[0] == [
        ("A1", P, 8000),
        ("A2", P, 10000),
    ]


def test_revisions_without_a_day_come_before_those_with_one(tmp_path: Path) -> None:
    lines = (
        *LINES,
        revised("A1", "9000", ""),
        revised("A2", "8000", ""),
        revised("A2", "5000", "2026-08-01"),
    )
    assert covered(tmp_path, slip(period="00", amount="17000"), lines=lines) == (
        [("A1", P, 9000), ("A2", P, 8000)],
        [],
    )


def test_what_is_known_first_of_a_line_stood_from_the_start_whatever_day_it_names(tmp_path: Path) -> None:
    """An office's file may know of the last revision alone, and give its day."""
    later = line("A2", principal="9000", period="02", revised_at="2026-08-20")
    lines = (line("A1"), revised("A1", "8000", "2026-07-01"), revised("A1", "7000", "2026-08-10"), later)
    assert covered(tmp_path, slip(period="00", amount="17000"), lines=lines) == (
        [("A1", P, 8000), ("A2", P, 9000)],
        [],
    )


def test_what_a_line_is_now_is_said_by_its_last_revision_wherever_it_stands_in_the_file(
    tmp_path: Path,
) -> None:
    """The office's file gives the newest first, and the revision moved the line to another notice."""
    revised = {"principal": "8000", "notice_no": "N8", "revised_at": "2026-07-01"}
    lines = (line("A1", **revised), line("A1", principal="10000"))
    of_old, of_new = slip("1", period="00"), slip("2", period="00", notice_no="N8", amount="8000")
    assert covered(tmp_path, of_old, of_new, lines=lines) == ([("A1", P, 8000)], ["register.cover_none"])


def test_a_line_that_was_cancelled_shares_no_delinquency_of_a_whole_year_slip(tmp_path: Path) -> None:
    gone = line("A2", principal="9000", period="02", status="cancelled", revised_at="2026-07-01")
    asked = slip(period="00", amount="10500", principal="10000", delinquency="500")
    assert covered(tmp_path, asked, lines=(*LINES, gone)) == ([("A1", P, 10000), ("A1", D, 500)], [])


def test_rows_of_a_slip_stand_together_in_order_of_keys(tmp_path: Path) -> None:
    late = {"amount": "10500", "principal": "10000", "delinquency": "500"}
    found = derive_covers(
        slipped(tmp_path, slip("2", **late), slip("1", **late)).frame, assessed(tmp_path, *LINES).frame
    )
    keys = found.frame["slip_key"].to_list()
    assert keys == sorted(keys) and found.frame["component"].to_list() == [P, D, P, D]


def test_a_slip_above_every_version_is_told(tmp_path: Path) -> None:
    assert covered(tmp_path, slip(amount="10100")) == ([("A1", P, 10100)], ["register.cover_above"])
    assert covered(tmp_path, slip(amount="10100", principal="10100")) == ([("A1", P, 10100)], [])
    reduced = (*LINES, line("A1", principal="6000", revised_at="2026-07-01"))
    assert covered(tmp_path, slip(), lines=reduced) == ([("A1", P, 10000)], [])


@given(
    st.lists(st.integers(1, 50_000), min_size=1, max_size=6),
    st.integers(0, 3000),
    st.integers(0, 100),
)
def test_a_cover_comes_to_the_slip(principals: list[int], delinquency: int, fee: int) -> None:
    """Every yen of a settled slip is on exactly one line and component."""
    lines = pl.DataFrame(
        [
            {**dict.fromkeys(ASSESSMENTS), **line(f"A{i}", period=f"{i + 1:02d}"), "principal": p}
            for i, p in enumerate(principals)
        ],
        schema_overrides={"principal": pl.Int64},
    ).with_columns(pl.col("due_date").str.to_date(), revised_at=pl.lit(None, pl.Date))
    total = sum(principals) + delinquency + fee
    rows = [
        {**slip("1", period="00"), "amount": total, "principal": sum(principals)},
        {**slip("2"), "amount": principals[0] + delinquency + fee, "principal": principals[0]},
    ]
    slips = pl.DataFrame(rows, schema_overrides={"amount": pl.Int64, "principal": pl.Int64}).with_columns(
        covers=pl.lit(None, pl.String),
        delinquency=pl.lit(delinquency, pl.Int64),
        dunning_fee=pl.lit(fee, pl.Int64),
        line=pl.int_range(2, 4),
    )
    found = derive_covers(slips, lines)
    sums = dict(found.frame.group_by("slip_key").agg(pl.col("amount").sum()).iter_rows())
    assert sums["2"] == principals[0] + delinquency + fee
    if len(principals) == 1 or delinquency + fee == 0:
        assert sums["1"] == total
    else:
        assert [p.code for p in found.log.problems()] == ["register.cover_split"]
    assert (found.frame["amount"] > 0).all()
