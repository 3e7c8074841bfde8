"""Transfers that the bank sent back (組戻し・振込不能): the refund is decided again, keeps its figures, and can be ordered once more.

In: an `Act` and the refunds whose money came back. Out: `Done`. That nothing is paid twice rests on two people: who says that the money is
back does not order it again. Refuses each refund by itself: one that is not out, a day before that of its transfer.
"""

from __future__ import annotations

from collections.abc import Sequence

from elqr.problems import Problem
from reconcile.owed import Owed
from reconcile.refund_record import Act, Record
from reconcile.refund_states import Refund, State, nth
from reconcile.refund_words import state_fault
from reconcile.refunds import Done, each


def take_returned(act: Act, refund_ids: Sequence[str], *, reason: str, same_account: bool = False) -> Done:
    """The money of these refunds is back. `same_account`: the account was right, and may be used again as it is."""

    def one(record: Record, refund: Refund, now: Owed) -> Refund | Problem:
        if refund.order is None:
            return state_fault(refund, State.EXPORTED)
        on, transfer_on = act.on.isoformat(), refund.order.transfer_on
        if on < transfer_on:
            params: dict[str, str | int] = {"refund": refund.refund_id, "found": on, "expected": transfer_on}
            return Problem("refund.day", params=params)
        said = {"on": on, "reason": reason, "same_account": same_account}
        return record.event(refund, nth("returned", len(refund.orders)), said)

    return each(act, "refunds returned", refund_ids, one)
