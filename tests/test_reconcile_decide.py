"""decide() over random worlds: equal to the plain reference, blind to order, and no yen lost or made."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import fields, replace

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


def same(left: Decision, right: Decision) -> None:
    for part in fields(Decision):
        assert_frame_equal(getattr(left, part.name), getattr(right, part.name))


@given(w.worlds())
def test_equals_the_reference(world: World) -> None:
    found = w.decided(world)
    plain = decide_plainly(world, w.POLICY, as_of=w.AS_OF)
    same(found, plain)
    assert found.digest() == plain.digest()


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


def test_a_night_in_the_assumed_mix_equals_the_reference() -> None:
    """Enough payments for the columns to do the work, so few enough that the reference can follow."""
    touched = night(600, lines=4_000, seed=3).touched
    found = w.decided(touched)
    same(found, decide_plainly(touched, w.POLICY, as_of=w.AS_OF))
    assert found.outcomes.filter(pl.col("outcome") == "exact").height > 500
    assert found.outcomes["outcome"].n_unique() >= 5
