"""The day from which a 過納 bears interest (加算金起算日) where the law starts it later than the payment: a person says so, with the reason.

In: an `Act`, refunds that are proposed, the day. Out: `Done`, their figures computed anew. No file says why a line was reduced, so by itself
elqr counts from the day after the payment (地方税法17条の4第1項第1号); after a 更正の請求 (第2号) or a correction of the income tax (第3号) it is
later. Who says so is a maker like the one who proposed: another person agrees. Refuses each refund by itself: one that somebody has agreed to,
誤納, a day out of range.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import polars as pl

from elqr.calendar import period_end
from elqr.problems import Problem
from reconcile.interest import KANOU
from reconcile.owed import Owed
from reconcile.refund_record import Act, Record
from reconcile.refund_states import Refund, Start, State, nth
from reconcile.refund_words import state_fault
from reconcile.refunds import Done, changed, each, recomputed, too_early

MONTHS_AHEAD = (
    3  # after a 更正の請求 three months at most (第2号), after a notice of the income tax one (第3号)
)


def set_start(act: Act, refund_ids: Sequence[str], *, day: date, reason: str) -> Done:
    """These refunds bear no interest before `day`. The last day that was said holds; the day after the payment puts it back."""

    def one(record: Record, refund: Refund, now: Owed) -> Refund | Problem:
        problem = (
            _not_open(refund)
            or too_early(act.on, refund)
            or _not_late(refund, day, act.on)
            or changed(refund, now)
        )
        if problem:
            return problem
        said = {"on": act.on.isoformat(), "reason": reason, "day": day.isoformat()}
        meant = replace(refund, starts=(*refund.starts, Start(who=act.who, **said)))
        found = recomputed(record.ledger, [meant], now, policy=act.policy, on=act.on)
        figures, _, problem = found[refund.refund_id]
        word = nth("interest", len(meant.starts))
        return problem or record.event(refund, word, {**said, "figures": figures})

    return each(act, "refunds interest", refund_ids, one)


def _not_open(refund: Refund) -> Problem | None:
    """What somebody has agreed to is not changed under their hands: it is rejected, and proposed again."""
    if refund.state is not State.PROPOSED:
        return state_fault(refund, State.PROPOSED)
    if refund.approvals:
        who = ", ".join(a.who for a in refund.approvals)
        return Problem("refund.agreed", params={"refund": refund.refund_id, "found": who})
    return None


def _not_late(refund: Refund, day: date, on: date) -> Problem | None:
    """誤納 bears from one day only (第4号); of 過納 no day before the one after the payment, and none further off than the law can name today."""
    if refund.basis["class"] != KANOU:
        return Problem("refund.interest_class", params={"refund": refund.refund_id})
    first = date.fromisoformat(refund.basis["paid_on"]) + timedelta(days=1)
    last = period_end(pl.Series([on + timedelta(days=1)]), months=MONTHS_AHEAD)[0] + timedelta(days=1)
    if first <= day <= last:
        return None
    params: dict[str, str | int] = {"refund": refund.refund_id, "found": day.isoformat()}
    return Problem("refund.interest_day", params={**params, "expected": f"{first} – {last}"})
