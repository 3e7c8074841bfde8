"""All refunds by number and by payer, kept up while a command goes through many of them: what is asked of one does not cost a look at all.

In: refunds in the order of their proposal. Out: `RefundBook`, which `put` changes. Refuses nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date
from functools import cache

import polars as pl

from reconcile.fiscal import fiscal_year
from reconcile.refund_states import Refund, State


def spent(refund: Refund) -> bool:
    """Whether its money is given: ordered from the bank, or used for other lines in whole."""
    return refund.state is State.EXPORTED or (refund.state is State.APPROVED and refund.payable == 0)


class RefundBook:
    """Goes through all refunds in the order of their proposal, each as it was last put."""

    def __init__(self, refunds: Iterable[Refund] = ()) -> None:
        self._all: dict[str, Refund] = {}
        self._payers: dict[str | None, dict[str, Refund]] = {}
        self._notices: Counter[str] = Counter()
        for refund in refunds:
            self.put(refund)

    def __iter__(self) -> Iterator[Refund]:
        return iter(self._all.values())

    def __len__(self) -> int:
        return len(self._all)

    def get(self, refund_id: str) -> Refund | None:
        """The refund of a number."""
        return self._all.get(refund_id)

    def put(self, refund: Refund) -> None:
        """A refund that is new, or stands otherwise than before."""
        before = self._all.get(refund.refund_id)
        for known, by in ((before, -1), (refund, 1)):
            if known and known.notice_no:
                self._notices[known.notice_no.partition("-")[0]] += by
        self._all[refund.refund_id] = refund
        self._payers.setdefault(refund.payer_id, {})[refund.refund_id] = refund

    def of_payer(self, payer_id: str | None) -> Iterator[Refund]:
        """The refunds of a payer, in the same order."""
        return iter(self._payers.get(payer_id, {}).values())

    def spent_on(self, payer_id: str | None, *, but: str) -> int:
        """Yen of excess that decided refunds of this payer took, `but` one."""
        return sum(r.amount for r in self.of_payer(payer_id) if spent(r) and r.refund_id != but)

    def next_notice(self, on: date) -> str:
        """The next 通知番号 of the fiscal year of a day: year and six digits, without gaps."""
        year = _year(on)
        return f"{year}-{self._notices[year] + 1:06}"


@cache
def _year(on: date) -> str:
    return str(int(fiscal_year(pl.Series([on]))[0]))
