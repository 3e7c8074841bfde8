"""One line and its claims, by hand: `decide` and its reference share this code, so only cases that are written down can say that it is right."""

from __future__ import annotations

from datetime import date

import pytest

from reconcile.allocate import Claim, Line, Taken, Then, Version, spread, take_principal, take_rest
from reconcile.outcomes import Outcome

ORDER = ("principal", "delinquency", "dunning_fee")


def day(text: str) -> date:
    return date.fromisoformat(f"2026-{text}")


def line(
    *versions: tuple[str | None, int],
    line_id: str = "A",
    due: str = "06-30",
    barred: str | None = None,
    fee: int = 0,
) -> Line:
    """A line by its versions: from which day, how many yen (0: cancelled)."""
    return Line(
        line_id=line_id,
        payer_id="P1",
        body_code="342041",
        tax_item="001",
        notice_no="N1",
        is_premium=False,
        due_date=day(due),
        barred_from=day(barred) if barred else None,
        fee=fee,
        versions=tuple(Version(day(d) if d else None, yen, yen == 0, 2026, False) for d, yen in versions),
    )


def claim(
    on: str,
    principal: int,
    *,
    delinquency: int = 0,
    fee: int = 0,
    cover: int | None = None,
    full_year: bool = False,
) -> Claim:
    return Claim(
        payment_id=on,
        paid_on=day(on),
        paid_time="",
        principal=principal,
        delinquency=delinquency,
        dunning_fee=fee,
        cover=principal if cover is None else cover,
        full_year=full_year,
        provisional=False,
        to_charge=False,
    )


def told(taken: list[Taken]) -> list[tuple[int, int, int, int, set[str]]]:
    return [(t.own, t.moved, t.kanou, t.gonou, {f.value for f in t.facts}) for t in taken]


@pytest.mark.parametrize(("on", "own", "case"), [("06-29", 10_000, None), ("06-30", 0, "time_barred")])
def test_a_line_is_barred_on_its_day(on: str, own: int, case: str | None) -> None:
    (found,) = told(take_principal(line((None, 10_000), barred="06-30"), [claim(on, 10_000)]))
    assert (found[0], found[3], found[4]) == (own, 10_000 - own, {case} if case else set())


def test_what_was_due_on_its_day_beyond_all_that_had_been_paid_is_kanou() -> None:
    """10,000 were still open when it was paid, a later reduction closed the line; the other 5,000 were never due."""
    found = take_principal(
        line((None, 20_000), ("08-01", 10_000)), [claim("06-10", 10_000), claim("06-20", 15_000)]
    )
    assert told(found)[1] == (0, 0, 10_000, 5_000, {"reduced_after", "duplicate"})


def test_a_charge_that_went_to_the_principal_was_paid_on_it() -> None:
    """With the 2,000 meant for a charge the line was full on its day, so nothing of the next payment was due."""
    claims = [claim("06-10", 8_000, delinquency=2_000), claim("06-20", 5_000)]
    found = told(take_principal(line((None, 10_000), ("08-01", 5_000)), claims))
    assert found == [(5_000, 0, 3_000, 0, {"reduced_after"}), (0, 0, 0, 5_000, {"duplicate"})]


def test_a_line_that_was_full_on_the_day_was_paid_twice_whatever_it_grew_to_since() -> None:
    found = told(
        take_principal(
            line((None, 10_000), ("08-01", 15_000)), [claim("06-10", 10_000), claim("06-20", 10_000)]
        )
    )
    assert found[1] == (5_000, 0, 0, 5_000, {"duplicate"})


def test_a_full_year_payment_that_was_due_came_first_also_where_nothing_of_it_stays() -> None:
    claims = [claim("06-10", 10_000, full_year=True), claim("06-20", 10_000)]
    found = told(take_principal(line((None, 10_000), ("08-01", 0)), claims))
    assert [f[4] for f in found] == [{"cancelled_after"}, {"instalment_after_full_year"}]


@pytest.mark.parametrize(
    ("versions", "case"),
    [
        ([(None, 10_000), ("06-01", 10_000)], "overpaid"),  # revised, and no yen less
        ([(None, 12_000), ("06-01", 10_000)], "reduced_before"),
        ([(None, 0), ("07-01", 10_000)], "overpaid"),  # nothing was assessed then; it is now
        ([(None, 10_000), ("06-01", 0)], "cancelled_before"),
    ],
)
def test_why_it_was_never_due(versions: list[tuple[str | None, int]], case: str) -> None:
    (found,) = told(take_principal(line(*versions), [claim("06-10", 12_000)]))
    assert found[4] == {case}


@pytest.mark.parametrize(
    ("versions", "case"),
    [
        ([(None, 10_000), ("06-01", 20_000)], "increased"),
        (
            [(None, 20_000), ("06-01", 0), ("06-05", 20_000)],
            "partial",
        ),  # cancelled by mistake is no smaller assessment
        ([(None, 20_000)], "partial"),
    ],
)
def test_why_something_stays_due(versions: list[tuple[str | None, int]], case: str) -> None:
    (found,) = told(take_principal(line(*versions), [claim("06-10", 10_000)]))
    assert found == (10_000, 0, 0, 0, {case})


def test_a_line_of_the_slip_for_which_nothing_was_left_is_told() -> None:
    (found,) = told(take_principal(line((None, 10_000)), [claim("06-10", 0, cover=10_000)]))
    assert found == (0, 0, 0, 0, {"partial"})


def test_lines_are_filled_by_due_date_and_not_by_number() -> None:
    lines = {"A": line((None, 10_000), due="08-31"), "B": line((None, 10_000), line_id="B")}
    covers = [(name, "principal", 10_000) for name in lines]
    assert spread(12_000, covers, lines, day("06-10"), ORDER) == {
        "B": {"principal": 10_000},
        "A": {"principal": 2_000},
    }


def test_of_a_charge_that_is_partly_left_the_rest_is_no_second_payment() -> None:
    late = [
        claim("09-01", 10_000, delinquency=1_000),
        claim("09-02", 0, delinquency=1_000),
        claim("09-03", 0, delinquency=1),
    ]
    one = line((None, 10_000))
    shares = take_rest(one, late, take_principal(one, late), 1_500, {})
    assert [(s.delinquency, s.excess) for s in shares] == [
        (1_000, ()),
        (500, (("delinquency", "gonou", 500, Outcome.OVERPAID, None),)),
        (0, (("delinquency", "gonou", 1, Outcome.DUPLICATE, None),)),
    ]


def test_of_a_charge_that_filled_principal_so_much_stays() -> None:
    """3,000 were meant for the charge, of which 1,500 were due on the day; 1,000 stay on the principal, so 500 are 過納."""
    one = line((None, 20_000), ("08-01", 10_000))
    taken = [Taken(9_000, 1_000, 0, 0, frozenset())]
    then = {0: Then(delinquency=1_500, dunning_fee=0, cases={"delinquency": Outcome.OVERPAID})}
    (share,) = take_rest(one, [claim("07-15", 9_000, delinquency=3_000)], taken, 0, then)
    assert share.excess == (
        ("delinquency", "kanou", 500, Outcome.REDUCED_AFTER, day("08-01")),
        ("delinquency", "gonou", 1_500, Outcome.OVERPAID, None),
    )


@pytest.mark.parametrize(("versions", "fee"), [([(None, 10_000)], 100), ([(None, 10_000), ("08-01", 0)], 0)])
def test_a_cancelled_line_has_no_fee(versions: list[tuple[str | None, int]], fee: int) -> None:
    one, claims = line(*versions, fee=100), [claim("07-15", 10_000, fee=100)]
    (share,) = take_rest(one, claims, take_principal(one, claims), 0, {})
    assert share.dunning_fee == fee
