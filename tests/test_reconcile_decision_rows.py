"""What a decision says besides its outcomes: since when and in which books an excess is, the state of a line, what is due of a charge."""

from __future__ import annotations

from collections.abc import Sequence

import decide_worlds as w
import polars as pl
import pytest
from decide_worlds import BIG, YEAR, YEAR_COVERS, YEAR_SLIPS, cover, line, paid, simple, slip, world

from reconcile.outcomes import Outcome

O = Outcome  # noqa: E741


def test_a_late_arriving_earlier_payment_wipes_out_the_charge() -> None:
    late = paid("p2", on="07-20", amount=250_000)
    big = {"lines": [line(principal=250_000, due="2026-02-28")]}
    slips, covers = [slip(1, 250_000)], [cover(1, "A", 250_000)]
    before = w.decided(world(big["lines"], slips, covers, [late]))
    assert before.charges["amount"].item() > 1_000
    after = w.decided(world(big["lines"], slips, covers, [late, paid("p1", amount=250_000, on="2026-02-20")]))
    assert after.charges.is_empty()
    assert after.postings["payment_id"].to_list() == ["p1"]
    assert w.outcome(after, "p2") == "duplicate"


def test_nothing_is_given_back_while_the_line_rests_on_a_preliminary_notice() -> None:
    found = w.decided(simple(paid(kind="preliminary"), paid("p2", on="06-11")))
    assert found.excess.select("payment_id", "blocked").rows() == [("p2", "preliminary")]
    assert found.lines["state"].to_list() == ["provisional"]


def test_a_surplus_over_several_lines_waits_for_each_of_them() -> None:
    """It is the payer's only when it is known what was paid: a 速報 on one of the lines may come to nothing."""
    events = [paid("p1", 9, 31_000), paid("p2", 1, 10_000, on="06-12", kind="preliminary")]
    found = w.decided(world(YEAR, YEAR_SLIPS, YEAR_COVERS, events)).excess.filter(pl.col("line_id").is_null())
    assert found.select("payment_id", "amount", "blocked").rows() == [("p1", 1_000, "preliminary")]


@pytest.mark.parametrize(
    ("on", "case"),
    [("03-31", O.EXACT), ("04-01", O.CLOSING_PERIOD), ("05-31", O.CLOSING_PERIOD), ("06-01", O.CARRIED_OVER)],
)
def test_a_year_ends_in_march_and_its_books_in_may(on: str, case: Outcome) -> None:
    last_year = line(due="06-30", fiscal_year="2025")
    assert w.outcome(w.decided(simple(paid(on=on), lines=[last_year]))) == case.value


@pytest.mark.parametrize("surplus", [0, 3_000])
def test_what_was_paid_before_a_line_was_carried_over_stays_in_the_books_of_its_day(surplus: int) -> None:
    """年度切替 brings every open line once more, with the new year: the year that is closed by then stays as it was."""
    before = line(due="02-02", fiscal_year="2025")
    after = {**before, "fiscal_year": "2026", "carried_over": True, "revised_at": w.day("06-01")}
    parts = [paid("p1", amount=12_000, on="05-29"), paid("p2", amount=8_000 + surplus, on="06-02")]
    found = w.decided(simple(*parts, lines=[before, after]))
    assert found.postings.sort("payment_id").select("payment_id", "fiscal_year").rows() == [
        ("p1", "2025"),
        ("p2", "2026"),
    ]
    facts = dict(found.outcomes.select("payment_id", "facts").iter_rows())
    assert ["carried_over" in facts[p] for p in ("p1", "p2")] == [False, True]
    assert found.excess["fiscal_year"].to_list() == (["2026"] if surplus else [])


@pytest.mark.parametrize("premium", [False, True])
def test_a_surplus_over_several_lines_lies_in_the_books_of_its_day_and_beside_its_kind(
    *, premium: bool
) -> None:
    lines = [{**one, "is_premium": premium} for one in YEAR]
    surplus = world(lines, YEAR_SLIPS, YEAR_COVERS, [paid("p1", 9, 31_000, on="2026-02-10")])
    found = w.decided(surplus).excess
    assert found.select("line_id", "amount", "fiscal_year", "is_premium").rows() == [
        (None, 1_000, "2025", premium)
    ]


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 2, 1)])
def test_of_two_slips_that_replaced_one_the_lesser_key_stands_for_it(order: tuple[int, ...]) -> None:
    slips = {1: slip(1), 2: slip(2, supersedes=w.key(1)), 3: slip(3, supersedes=w.key(1))}
    lines = [line("A"), line("B", period="02")]
    of = world(lines, [slips[n] for n in order], [cover(3, "A"), cover(2, "B")], [paid()])
    assert w.decided(of).postings["line_id"].to_list() == ["B"]


@pytest.mark.parametrize(("on", "case"), [("06-09", O.EXACT), ("06-10", O.TIME_BARRED)])
def test_the_day_that_the_tax_system_names_is_barred_already(on: str, case: Outcome) -> None:
    named = line(time_barred_on=w.day("06-10"))
    assert w.outcome(w.decided(simple(paid(on=on), lines=[named]))) == case.value


def test_a_payment_that_was_taken_back_needs_nobody_to_say_which_correction_holds() -> None:
    said = [
        paid(kind="corrected", amount=yen, receipt_id=f"c{yen}", orig_txn_id="T") for yen in (1_000, 2_000)
    ]
    assert w.outcome(w.decided(simple(paid(), *said))) == "contradictory"
    assert w.outcome(w.decided(simple(paid(), *said, paid(kind="cancelled")))) == "payment_cancelled"


@pytest.mark.parametrize("named", [None, "07-20"])
def test_a_correction_that_names_no_day_of_the_books_leaves_those_of_its_payment(named: str | None) -> None:
    """The money reached the bank with the 確報: without its 払込日 nothing of it could ever be given back."""
    new = named and w.day(named)
    said = paid(amount=19_000, account_date=w.day("06-15"))
    put_right = paid(kind="corrected", amount=25_000, remit_date=new, account_date=new, orig_txn_id="T")
    found = w.decided(simple(said, put_right)).excess
    days = (new, new) if new else (w.day("06-13"), w.day("06-15"))
    assert found.select("amount", "remit_date", "account_date").rows() == [(5_000, *days)]


def test_kanou_arises_with_the_revision_gonou_with_the_payment() -> None:
    lines = [
        line(),
        line(principal=15_000, revised_at=w.day("07-01")),
        line(principal=15_000, revised_at=w.day("08-01")),
    ]
    found = w.decided(simple(paid(), paid("p2", on="06-11"), lines=lines)).excess
    assert found.select("payment_id", "class", "arisen_on").rows() == [
        ("p1", "kanou", w.day("07-01")),
        ("p2", "gonou", w.day("06-11")),
    ]


@pytest.mark.parametrize(
    ("paid_yen", "versions", "arisen"),
    [
        # reduced, but still to what had been paid in part: nothing was too much before the second revision
        (12_000, [("07-01", 15_000), ("08-01", 10_000)], {"08-01": 2_000}),
        # each revision makes its own part too much, on its own day
        (20_000, [("07-01", 15_000), ("08-01", 10_000)], {"07-01": 5_000, "08-01": 5_000}),
        (20_000, [("07-01", 15_000), ("08-01", 0)], {"07-01": 5_000, "08-01": 15_000}),
        (20_000, [("07-01", 15_000), ("07-01", 10_000)], {"07-01": 10_000}),
        # reduced, restored, reduced again: in between the payment was due to the yen
        (20_000, [("07-01", 15_000), ("07-15", 20_000), ("08-01", 15_000)], {"08-01": 5_000}),
        (20_000, [("07-01", 15_000), ("07-15", 17_000), ("08-01", 15_000)], {"07-01": 3_000, "08-01": 2_000}),
        (20_000, [("07-01", 9_000), ("07-15", 17_000), ("08-01", 15_000)], {"07-01": 3_000, "08-01": 2_000}),
        (20_000, [("07-01", 9_000), ("07-15", 15_000)], {"07-01": 5_000}),
    ],
)
def test_kanou_arises_with_the_revision_that_made_it_too_much(
    paid_yen: int, versions: list[tuple[str, int]], arisen: dict[str, int]
) -> None:
    lines = [line(principal=20_000), *(line(principal=yen, revised_at=w.day(day)) for day, yen in versions)]
    found = w.decided(simple(paid(amount=paid_yen), lines=lines)).excess
    assert found.select("class", "arisen_on", "amount").rows() == [
        ("kanou", w.day(on), yen) for on, yen in arisen.items()
    ]


def test_a_second_payment_arises_with_the_revision_that_reached_it() -> None:
    versions = [("07-01", 15_000), ("08-01", 6_000)]
    lines = [line(principal=20_000), *(line(principal=yen, revised_at=w.day(day)) for day, yen in versions)]
    found = w.decided(simple(paid(amount=8_000), paid("p2", on="06-11", amount=12_000), lines=lines)).excess
    assert found.select("payment_id", "amount", "arisen_on").rows() == [
        ("p1", 2_000, w.day("08-01")),  # the first 8,000 yen stood until then
        ("p2", 5_000, w.day("07-01")),
        ("p2", 7_000, w.day("08-01")),
    ]


def test_a_charge_that_was_due_goes_down_with_each_revision() -> None:
    """250,000 due in February were paid in July with their 7,400 of 延滞金; of 150,000 it is 4,400, of 20,000 below 1,000."""
    versions = [("09-01", 150_000), ("10-01", 20_000)]
    lines = [
        line(principal=250_000, due="2026-02-28"),
        *(line(principal=yen, due="2026-02-28", revised_at=w.day(day)) for day, yen in versions),
    ]
    slips = [slip(1, 260_000, delinquency=10_000)]
    covers = [cover(1, "A", 250_000), cover(1, "A", 10_000, component="delinquency")]
    charges = [
        w.decided(world(lines[:n], slips, covers, [paid(amount=260_000, on="07-20")]))
        .charges["amount"]
        .item()
        for n in (1, 2, 3)
    ]
    found = w.decided(world(lines, slips, covers, [paid(amount=260_000, on="07-20")])).excess
    rows = found.filter(pl.col("component") == "delinquency").select("class", "amount", "arisen_on").rows()
    assert rows == [
        ("gonou", 10_000 - charges[0], w.day("07-20")),
        ("kanou", charges[0] - charges[1], w.day("09-01")),
        ("kanou", charges[1] - charges[2], w.day("10-01")),
    ]
    assert charges[0] > charges[1] > charges[2] == 0


@pytest.mark.parametrize("restored", [True, False])
def test_a_charge_that_was_due_arises_with_the_revision_too(restored: bool) -> None:
    """The line is cancelled by mistake, comes back, and is cancelled for good: the charge that was paid stood in between."""
    versions = [("2026-09-01", "cancelled"), *([("2026-09-15", "open")] if restored else [])]
    lines = [
        line(principal=250_000, due="2026-02-28"),
        *(
            line(principal=250_000, due="2026-02-28", status=status, revised_at=w.day(day))
            for day, status in [*versions, ("2026-10-01", "cancelled")]
        ),
    ]
    slips = [slip(1, 260_000, delinquency=10_000)]
    covers = [cover(1, "A", 250_000), cover(1, "A", 10_000, component="delinquency")]
    found = w.decided(world(lines, slips, covers, [paid(amount=260_000, on="07-20")])).excess
    since = {
        (component, day)
        for component, class_, day in found.select("component", "class", "arisen_on").rows()
        if class_ == "kanou"
    }
    day = w.day("2026-10-01" if restored else "2026-09-01")
    assert since == {("principal", day), ("delinquency", day)}


def test_the_books_of_a_posting() -> None:
    last_year = [line(due="2026-06-01", fiscal_year="2025")]
    for on, account, year in (
        ("2026-05-31", None, "2025"),
        ("2026-06-01", None, "2026"),
        ("2026-06-01", "2026-05-29", "2025"),
    ):
        event = paid(on=on, account_date=account and w.day(account))
        assert w.decided(simple(event, lines=last_year)).postings["fiscal_year"].to_list() == [year]


@pytest.mark.parametrize(
    ("lines", "events", "state"),
    [
        ([line()], [paid()], "closed"),
        ([line(due="11-30")], [], "open"),
        ([line()], [], "overdue"),
        ([line(status="cancelled")], [], "cancelled"),
        ([line(status="suspended")], [], "suspended"),
        ([line(due="2021-05-31")], [], "time_barred"),
        ([line(principal=250_000, due="2026-02-28")], [paid(amount=250_000)], "charge_due"),
        ([line()], [paid(kind="preliminary")], "provisional"),
    ],
)
def test_state_of_a_line(lines: list[w.Row], events: list[w.Row], state: str) -> None:
    assert w.decided(simple(*events, lines=lines)).lines["state"].to_list() == [state]


def test_the_charge_is_the_receivable_that_a_delinquency_slip_pays() -> None:
    slips = [slip(1, 250_000), slip(2, 9_000, kind="delinquency")]
    covers = [cover(1, "A", 250_000), cover(2, "A", 9_000, "delinquency")]
    found = w.decided(world([BIG], slips, covers, [paid(amount=250_000), paid("p2", 2, 9_000, "07-01")]))
    charge = found.charges["amount"].item()
    assert found.postings.filter(pl.col("component") == "delinquency")["amount"].item() == charge < 9_000
    assert w.sums(found, "p2") == (charge, 9_000 - charge, 0, 0)
    assert found.lines.select("charge", "charge_open").row(0) == (charge, 0)


REDUCED = line("A", "2026-02-28", 100_000, revised_at=w.day("08-01"))
GONE = line("A", "2026-02-28", 250_000, revised_at=w.day("08-01"), status="cancelled")
ASKS = [cover(1, "A", 250_000), cover(1, "A", 9_000, "delinquency"), cover(1, "A", 100, "dunning_fee")]
# 250,000 due on 2 March: 31 days at 2.8 % are 594, 109 days to 20 July at 9.1 % 6,793, together 7,300; 38 days to 10 May 2,368, together 2,900


@pytest.mark.parametrize(
    ("now", "days", "rows"),
    [
        (REDUCED, ["03-02"], [("p1", "delinquency", "gonou", 9_000)]),
        (GONE, ["03-02"], [("p1", "delinquency", "gonou", 9_000), ("p1", "dunning_fee", "kanou", 100)]),
        (REDUCED, ["07-20"], [("p1", "delinquency", "gonou", 1_700), ("p1", "delinquency", "kanou", 4_400)]),
        (
            GONE,
            ["07-20"],
            [
                ("p1", "delinquency", "gonou", 1_700),
                ("p1", "delinquency", "kanou", 7_300),
                ("p1", "dunning_fee", "kanou", 100),
            ],
        ),
        (
            REDUCED,
            ["05-10", "07-20"],
            [
                ("p1", "delinquency", "gonou", 6_100),
                ("p1", "delinquency", "kanou", 1_800),
                ("p2", "delinquency", "gonou", 9_000),
                ("p2", "dunning_fee", "gonou", 100),
            ],
        ),
    ],
    ids=["in time, reduced", "in time, cancelled", "late, reduced", "late, cancelled", "twice, reduced"],
)
def test_of_a_charge_only_what_was_due_on_the_day_of_payment_is_kanou(
    now: w.Row, days: Sequence[str], rows: list[tuple[str, str, str, int]]
) -> None:
    events = [paid(f"p{n}", amount=259_100, on=on) for n, on in enumerate(days, 1)]
    found = w.decided(world([BIG, now], [slip(1, 259_100)], ASKS, events)).excess
    extra = found.filter(pl.col("component") != "principal").sort("payment_id", "component", "class")
    assert extra.select("payment_id", "component", "class", "amount").rows() == rows
