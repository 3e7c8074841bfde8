"""decide() over random worlds: equal to the plain reference, blind to order, and no yen lost or made."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import fields, replace
from typing import Any

import decide_worlds as w
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from bench.nights import night
from reconcile.decide import decide
from reconcile.decide_reference import decide_plainly
from reconcile.world import Decision, World

PLAIN = w.simple(w.paid())
OLD_BOOKS = w.line(due="2026-06-30", fiscal_year="2025")
DOUBTS = {
    "plain": PLAIN,
    "nobody wrote an hour or an amount": w.world([w.line()], [w.slip(amount=None)], [w.cover()], [w.paid()]),
    "only 速報": w.simple(w.paid(kind="preliminary")),
    "a slip that was replaced": w.world([w.line()], [w.slip(), w.slip(2, supersedes=w.key(1))], [w.cover()], [w.paid()]),
    "only 速報, through a slip that was replaced": w.world(
        [w.line()], [w.slip(), w.slip(2, supersedes=w.key(1))], [w.cover()], [w.paid(kind="preliminary")]
    ),
    "確報 unlike 速報": w.simple(w.paid(amount=19_000, kind="preliminary"), w.paid()),
    "確報 unlike 速報 in its hour": w.simple(w.paid(kind="preliminary"), w.paid(paid_time="0930")),
    "other period": w.simple(w.paid(period="07")),
    "only 速報, on a line that another period was paid on by mistake": w.simple(w.paid(kind="preliminary"), w.paid("p2", period="07", on="06-12")),
    "taken back": w.simple(w.paid(), w.paid(kind="cancelled")),
    "no principal": w.world([w.line()], [w.slip()], [w.cover(component="delinquency")], [w.paid()]),
    "principal of a line and more": w.world(
        [w.line()], [w.slip(amount=20_100)], [w.cover(), w.cover(amount=100, component="dunning_fee")], [w.paid(amount=20_100)]
    ),
    "revised, to the same yen": w.simple(w.paid(), lines=[w.line(), w.line(revised_at=w.day("07-01"))]),
    "increased before": w.simple(
        w.paid(), lines=[w.line(principal=15_000), w.line(revised_at=w.day("06-01"))]
    ),
    "increased after": w.simple(
        w.paid(), lines=[w.line(principal=15_000), w.line(revised_at=w.day("07-01"))]
    ),
    "reduced before": w.simple(
        w.paid(), lines=[w.line(principal=30_000), w.line(revised_at=w.day("06-01"))]
    ),
    "reduced after": w.simple(
        w.paid(), lines=[w.line(principal=30_000), w.line(revised_at=w.day("07-01"))]
    ),
    "cancelled and taken up again": w.simple(
        w.paid(), lines=[w.line(status="cancelled"), w.line(revised_at=w.day("07-01"))]
    ),
    "cancelled from the first": w.simple(w.paid(), lines=[w.line(status="cancelled")]),
    "a part": w.world([w.line()], [w.slip(amount=9_000)], [w.cover(amount=9_000)], [w.paid(amount=9_000)]),
    "more than the line": w.world([w.line()], [w.slip(amount=25_000)], [w.cover(amount=25_000)], [w.paid(amount=25_000)]),
    "less than the slip": w.simple(w.paid(amount=19_999)),
    "on the last day": w.simple(w.paid(on="06-30")),
    "a day late": w.simple(w.paid(on="07-01")),
    "the day before it is barred": w.simple(w.paid(on="06-10"), lines=[w.line(time_barred_on=w.day("06-11"))]),
    "the day on which it is barred": w.simple(w.paid(on="06-10"), lines=[w.line(time_barred_on=w.day("06-10"))]),
    "carried over": w.simple(w.paid(), lines=[w.line(carried_over=True)]),
    "in the closing period": w.simple(w.paid(on="05-31"), lines=[OLD_BOOKS]),
    "after the closing period": w.simple(w.paid(on="06-01"), lines=[OLD_BOOKS]),
    "paid within the closing period and booked after it": w.simple(
        w.paid(on="05-31", account_date=w.day("06-01")), lines=[OLD_BOOKS]
    ),
    "paid in March and booked in April": w.simple(
        w.paid(on="03-31", account_date=w.day("04-01")), lines=[OLD_BOOKS]
    ),
    "booked in March": w.simple(w.paid(on="03-30", account_date=w.day("03-31")), lines=[OLD_BOOKS]),
    "twice": w.simple(w.paid(), w.paid("p2", on="06-12")),
    "three lines, given in no order": w.world(w.YEAR, w.YEAR_SLIPS, w.YEAR_COVERS[2::-1], [w.paid(number=9, amount=30_000)]),
    "three lines, one of them late": w.world(w.YEAR, w.YEAR_SLIPS, w.YEAR_COVERS[:3], [w.paid(number=9, amount=30_000, on="07-10")]),
    "three lines, one of them paid": w.world(w.YEAR, w.YEAR_SLIPS, w.YEAR_COVERS, [w.paid(number=9, amount=30_000), w.paid("p2", 1, 10_000)]),
}  # fmt: skip
"""One payment that is exact and on time, and each thing that may be said of it besides."""


def same(left: Decision, right: Decision) -> None:
    for part in fields(Decision):
        assert_frame_equal(getattr(left, part.name), getattr(right, part.name))


@given(w.worlds())
def test_equals_the_reference(world: World) -> None:
    found = w.decided(world)
    plain = decide_plainly(world, w.POLICY, as_of=w.AS_OF)
    same(found, plain)
    assert found.digest() == plain.digest()


@pytest.mark.parametrize("doubt", DOUBTS)
def test_one_doubt_about_a_plain_payment_is_decided_as_the_reference_does(doubt: str) -> None:
    """Random worlds are too mixed for it: where all is odd, nothing is decided as columns."""
    same(w.decided(DOUBTS[doubt]), decide_plainly(DOUBTS[doubt], w.POLICY, as_of=w.AS_OF))


@w.FEW
@given(w.worlds(), st.lists(st.integers(0, 2**32), min_size=5, max_size=5))
def test_order_of_rows_changes_nothing(world: World, seeds: list[int]) -> None:
    same(w.decided(world), w.decided(w.shuffled(world, seeds)))


@w.FEW
@given(w.worlds())
def test_every_yen_has_one_place_and_every_payment_one_outcome(world: World) -> None:
    found = w.decided(world)
    payments = set(world.receipts["payment_id"]) | set(world.transfers["payment_id"])
    assert sorted(found.outcomes["payment_id"]) == sorted(payments)
    parts = {name: getattr(found, name) for name in ("postings", "excess", "suspense", "held")}
    for column, name in (
        ("posted", "postings"),
        ("excess", "excess"),
        ("suspense", "suspense"),
        ("held", "held"),
    ):
        by_payment = dict(parts[name].group_by("payment_id").agg(pl.col("amount").sum()).iter_rows())
        for payment_id, yen in found.outcomes.select("payment_id", column).iter_rows():
            assert by_payment.get(payment_id, 0) == yen
    total = pl.sum_horizontal("posted", "excess", "suspense", "held")
    assert found.outcomes.filter(total != pl.col("amount")).is_empty()
    assert all((frame["amount"] > 0).all() for frame in parts.values())
    assert (found.lines["open"] >= 0).all()
    assert (found.lines["charge_open"].drop_nulls() >= 0).all()


@w.FEW
@given(w.worlds())
def test_an_unrelated_line_changes_nothing(world: World) -> None:
    before = w.decided(world)
    more = w.world(
        [w.line("Z", payer_id="P9", notice_no="N9")],
        [w.slip(77, payer_id="P9")],
        [w.cover(77, "Z")],
        [w.paid("p77", 77, on="07-20")],
    )
    names = ("assessments", "slips", "covers", "receipts")
    joined = replace(world, **{n: pl.concat([getattr(world, n), getattr(more, n)]) for n in names})
    after, alone = w.decided(joined), w.decided(more)
    for part in fields(Decision):
        both = pl.concat([getattr(before, part.name), getattr(alone, part.name)])
        assert_frame_equal(getattr(after, part.name), both.sort(both.columns), check_row_order=False)


def test_a_second_process_says_the_same() -> None:
    program = (
        "import decide_worlds as w; e = [w.paid(f'p{n}', on=f'0{n}-10') for n in range(1, 9)];"
        "print(w.decided(w.simple(*e)).digest())"
    )
    found = set()
    for seed in ("1", "2"):
        env = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)}
        run = subprocess.run(
            [sys.executable, "-c", program], env=env, capture_output=True, text=True, check=True
        )
        found.add(run.stdout)
    assert len(found) == 1


def test_a_world_that_is_not_closed_is_refused() -> None:
    whole = w.simple(w.paid())
    with pytest.raises(ValueError, match="line_id A is not among"):
        w.decided(replace(whole, assessments=whole.assessments.clear()))
    with pytest.raises(ValueError, match="receipt_id stands twice"):
        w.decided(replace(whole, receipts=pl.concat([whole.receipts] * 2)))
    with pytest.raises(ValueError, match="amount is None"):
        decide(replace(whole, receipts=whole.receipts.drop("amount")), w.POLICY, as_of=w.AS_OF)


def test_slips_that_replace_each_other_cost_no_more_where_many_others_were_replaced(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Two slips without lines that name each other lead nowhere; whoever climbs them must not go round once for each slip of the night."""
    joins = 0
    join = pl.DataFrame.join

    def counted(self: pl.DataFrame, *what: Any, **how: Any) -> pl.DataFrame:
        nonlocal joins
        joins += 1
        return join(self, *what, **how)

    def climbed(replaced: int) -> int:
        nonlocal joins
        numbers = range(1, 2 * replaced, 2)
        slips = [s for n in numbers for s in (w.slip(n), w.slip(n + 1, supersedes=w.key(n)))]
        slips += [w.slip(901, supersedes=w.key(902)), w.slip(902, supersedes=w.key(901))]
        lines = [w.line(f"A{n}") for n in numbers]
        covers = [w.cover(n + 1, f"A{n}") for n in numbers]
        events = [w.paid(f"p{n}", n) for n in (*numbers[:1], 901, 902)]
        joins = 0
        found = w.decided(w.world(lines, slips, covers, events))
        assert [w.outcome(found, f"p{n}") for n in (1, 901, 902)] == [
            "superseded_slip",
            "no_cover",
            "no_cover",
        ]
        return joins

    monkeypatch.setattr(pl.DataFrame, "join", counted)
    assert climbed(200) == climbed(20)


def test_a_night_in_the_assumed_mix_equals_the_reference() -> None:
    """Enough payments for the columns to do the work, so few enough that the reference can follow."""
    touched = night(600, lines=4_000, seed=3).touched
    found = w.decided(touched)
    same(found, decide_plainly(touched, w.POLICY, as_of=w.AS_OF))
    assert found.outcomes.filter(pl.col("outcome") == "exact").height > 500
    assert found.outcomes["outcome"].n_unique() >= 5
