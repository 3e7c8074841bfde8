"""One outcome for every payment: what is posted where, what is too much, what waits for a person. A pure function of its world.

In: a closed `World`, the policy. Out: a `Decision`. Payments that are exact and on time on lines that nobody else pays, nearly all of a
night, are decided as columns; the rest goes through `settle`, line by line. `decide_reference` does all of it plainly and must agree.
Refuses: a world that is not closed (ValueError); yen that would be lost or made (ArithmeticError).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import polars as pl

from reconcile.assess import assessed
from reconcile.fast import fast_rows, split
from reconcile.ladder import climbed
from reconcile.lines import line_objects, payment_objects
from reconcile.payments import net
from reconcile.policy import Policy
from reconcile.settle import Row, settle
from reconcile.standing import last_versions, standing
from reconcile.then import Closing
from reconcile.world import BLOCKS, SCHEMAS, Decision, World, decision


def decide(world: World, policy: Policy, *, as_of: date) -> Decision:
    """What stands for the payments and lines of this world. `as_of` only says which open lines are overdue or barred by now."""
    world = world.checked()
    lines = last_versions(world.assessments, policy=policy)
    payments, covers = climbed(net(world.receipts), world, lines)
    quick, claims, slow = split(payments, covers, lines)
    exempt = lines.filter(pl.col("exempt_from").is_not_null()).select("line_id", "exempt_from", "exempt_to")
    charges: list[pl.DataFrame] = []

    def assess(closings: Sequence[Closing]) -> Mapping[str, int | None]:
        charges.append(assessed(closings, exempt, policy=policy))
        return dict(charges[-1].select("line_id", "amount").iter_rows())

    slow_payments = payment_objects(slow, covers)
    wanted = {line_id for p in slow_payments for line_id, _, _ in p.covers}
    settled = settle(
        slow_payments,
        line_objects(world.assessments, lines, covers, wanted=wanted),
        order=policy.order,
        assess=assess,
        blocked=block_reasons(world.blocks),
    )
    outcomes, postings = fast_rows(quick, claims)
    by_payment, by_line = slow.select("payment_id", "p"), lines.select("line_id", "l")
    slow_outcomes = framed(settled.outcomes, "outcomes").join(by_payment, on="payment_id")
    slow_postings = (
        framed(settled.postings, "postings").join(by_payment, on="payment_id").join(by_line, on="line_id")
    )
    outcomes = pl.concat([outcomes, slow_outcomes.select(outcomes.columns)]).sort("p")
    postings = pl.concat([postings, slow_postings.select(postings.columns)]).sort("l", "component", "p")
    completed = pl.DataFrame(
        [(c.line.line_id, c.paid_on) for c in settled.closings],
        schema={"line_id": pl.String, "closed_on": pl.Date},
        orient="row",
    ).join(by_line, on="line_id")
    closed = [
        claims.filter(pl.col("due") > 0).select("l", closed_on="paid_on"),
        completed.select("l", "closed_on"),
    ]
    stand = standing(
        lines,
        postings=postings,
        charges=charges[0].join(by_line, on="line_id"),
        closed=pl.concat(closed),
        as_of=as_of,
    )
    found = decision(
        outcomes=outcomes,
        postings=postings,
        excess=framed(settled.excess, "excess"),
        suspense=framed(settled.suspense, "suspense"),
        held=framed(settled.held, "held"),
        charges=charges[0],
        lines=stand,
        in_order=("outcomes", "postings", "lines"),  # by number, and numbers follow the ids
    )
    return conserved(found, payments, outcomes["p"])


def framed(rows: Sequence[Row], name: str) -> pl.DataFrame:
    """Rows as the frame of that name."""
    return pl.DataFrame(rows, schema=dict(SCHEMAS[name]), orient="row")


def block_reasons(blocks: pl.DataFrame) -> dict[str, str]:
    """payment_id or `payer:<payer_id>` -> reason; of several the first by name."""
    found: dict[str, str] = {}
    for payer, payment, reason in blocks.select(list(BLOCKS)).sort("reason", descending=True).iter_rows():
        found[payment or f"payer:{payer}"] = reason
    return found


def conserved(found: Decision, payments: pl.DataFrame, decided: pl.Series) -> Decision:
    """The decision itself. Raises ArithmeticError where a payment has no outcome or two, or where a yen is lost or made."""
    given = (payments.height, payments["net"].sum())
    said = (decided.n_unique(), found.outcomes["amount"].sum())
    places = (found.postings, found.excess, found.suspense, found.held)
    placed = sum(frame["amount"].sum() for frame in places)
    if given != said or len(decided) != given[0] or placed != given[1]:
        raise ArithmeticError(
            f"{given[0]} payments of {given[1]} yen; {said[0]} outcomes of {said[1]} yen; {placed} yen placed"
        )
    return found
