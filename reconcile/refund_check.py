"""Whether the refunds of a ledger are what the rules allow: numbers without gaps, different people, every yen once, files as they were ordered.

In: a ledger that is open. Out: the problems found. Part of `elqr ledger check`, beside chain and totals, which see that no row was changed; this sees
that no row should never have been written. Refuses nothing, it lists.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

import polars as pl

from elqr.problems import Problem
from reconcile.ledger import Ledger
from reconcile.refund_export import batch_bytes
from reconcile.refund_record import offset_id, refund_totals
from reconcile.refund_states import Refund, State, after
from reconcile.tables import TABLES


def refund_faults(ledger: Ledger) -> Iterator[Problem]:
    """All that is wrong with refunds, transfer files and offsets."""
    if not ledger.store.highest("refund_events"):
        return
    known: dict[str, Refund] = {}
    for event in _whole(ledger, "refund_events").sort("seq").iter_rows(named=True):
        try:
            known[event["refund_id"]] = after(known.get(event["refund_id"]), event)
        except (ValueError, KeyError, TypeError) as error:
            yield Problem("refund.check_order", params={"refund": event["refund_id"], "found": str(error)})
    refunds = list(known.values())
    for name, pair in refund_totals(refunds).items():
        carried = ledger.standing.totals.get(name, (0, 0))
        if carried != pair:
            said: dict[str, str | int] = {"name": name, "found": pair[1], "expected": carried[1]}
            yield Problem("ledger.check_totals", params={**said, "drift": pair[1] - carried[1]})
    yield from _numbers(refunds)
    yield from _people(refunds)
    yield from _offsets(ledger, refunds)
    yield from _batches(ledger, known)


def _numbers(refunds: Sequence[Refund]) -> Iterator[Problem]:
    """Refunds are numbered from 1; notices from 1 in each fiscal year."""
    series: dict[str, list[int]] = {"R": [int(r.refund_id.removeprefix("R")) for r in refunds]}
    for refund in refunds:
        if refund.notice_no:
            year, _, number = refund.notice_no.partition("-")
            series.setdefault(year, []).append(int(number))
    for name, numbers in series.items():
        if sorted(numbers) != list(range(1, len(numbers) + 1)):
            gaps = sorted(set(range(1, max(numbers) + 1)) - set(numbers))
            shown = ", ".join(map(str, gaps[:5])) or "×2"
            yield Problem("refund.check_gap", params={"found": shown, "name": name, "expected": len(numbers)})


def _people(refunds: Sequence[Refund]) -> Iterator[Problem]:
    """Maker, those who agreed and the exporter are different people, nobody orders again what came back by the same person's word, and as
    many agreed as were needed."""
    for refund in refunds:
        people, hands = list(refund.people), set(refund.people)
        twice = len(hands) != len(people)
        for order in refund.orders:
            people.append(order.exporter)
            twice = twice or order.exporter in hands
            hands |= {order.returned.who} if order.returned else set()
        short = refund.state in (State.APPROVED, State.EXPORTED) and len(refund.approvals) < max(
            1, refund.needed
        )
        if twice or short:
            params = {"refund": refund.refund_id, "found": ", ".join(people)}
            yield Problem("refund.check_people", params=params)


def _offsets(ledger: Ledger, refunds: Sequence[Refund]) -> Iterator[Problem]:
    """The 充当 that stand are those of decided refunds, to the yen."""
    rows = _whole(ledger, "transfers")
    have = {
        key: int(yen)
        for key, yen in rows.group_by("payment_id").agg(pl.col("amount").sum()).iter_rows()
        if yen
    }
    decided = [r for r in refunds if r.state in (State.APPROVED, State.EXPORTED)]
    want = {offset_id(r.refund_id, o): int(o["amount"]) for r in decided for o in r.offsets}
    if have != want:
        params: dict[str, str | int] = {
            "found": f"{sum(have.values()):,}",
            "expected": f"{sum(want.values()):,}",
        }
        yield Problem("refund.check_offsets", params=params)


def _batches(ledger: Ledger, refunds: dict[str, Refund]) -> Iterator[Problem]:
    """Each transfer file can be made again with the digest that was recorded; an order of a refund stands in one of them."""
    met: set[tuple[str, int]] = set()
    for number, row in enumerate(_whole(ledger, "refund_exports").sort("seq").iter_rows(named=True), 1):
        try:
            mine, data = batch_bytes(row, refunds)
            orders = {(r.refund_id, number) for r in mine}
            right = (
                row["batch"] == number
                and hashlib.sha256(data).hexdigest() == row["sha256"]
                and (len(mine), sum(r.payable for r in mine)) == (row["count"], row["yen"])
                and all(r.in_batch(number) for r in mine)
                and len(orders) == len(mine)
            )
            met |= orders
        except (KeyError, ValueError, TypeError, pl.exceptions.PolarsError):
            right = False
        if not right:
            yield Problem("refund.check_batch", params={"found": str(row["batch"]), "expected": number})
    lost = [r.refund_id for r in refunds.values() for o in r.orders if (r.refund_id, o.batch) not in met]
    if lost:
        yield Problem(
            "refund.check_batch", params={"found": ", ".join(lost[:5]), "expected": "refund_exports"}
        )


def _whole(ledger: Ledger, table: str) -> pl.DataFrame:
    return pl.concat([pl.DataFrame(schema=dict(TABLES[table].columns)), *ledger.scan(table)])
