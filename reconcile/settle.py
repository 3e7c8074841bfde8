"""Payments against lines, exactly: spreads each payment, lets the lines share, and says one outcome a payment. Plain Python.

In: `Payment`s with what is known of their slips, `Line`s, and a function that assesses 延滞金. Out: `Settled`, rows for the frames of a
decision. The reference runs everything through here; `decide` only what is not exact and on time. Source: reconcile-rules §3.
Refuses: a payment whose parts do not add up to it (ArithmeticError: never the data's fault).
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from reconcile.allocate import Claim, Line, Share, spread, take_principal, take_rest
from reconcile.fiscal import BOOKS_OPEN, YEAR_BEGINS
from reconcile.frames import COMPONENTS
from reconcile.outcomes import Outcome, first, in_order
from reconcile.then import Assess, Closing, closing, due_then

Row = dict[str, Any]
PRELIMINARY = (
    Outcome.PRELIMINARY.value
)  # blocks an excess as long as it, or what closed its line, is only 速報


@dataclass(frozen=True, slots=True)
class Payment:
    """A payment net of its events. `fate`: lines | excess | suspense | held | none. `covers`: (line_id, component, yen) of its slip."""

    payment_id: str
    receipt_id: str
    kinds: str
    slip_key: str | None
    amount: int
    paid_on: date
    paid_time: str
    account_date: date | None
    remit_date: date | None
    provisional: bool
    fate: str
    rung: str
    facts: frozenset[Outcome]
    covers: tuple[tuple[str, str, int], ...]
    superseded: bool
    full_year: bool
    slip_amount: int | None
    payer_id: str | None
    body_code: str | None
    tax_item: str | None

    @property
    def booked_on(self) -> date:
        """会計日 where there is one, else 納付日: the day that says whose books."""
        return self.account_date or self.paid_on


@dataclass(frozen=True)
class Settled:
    """Rows of the frames of the same names, and the closings."""

    outcomes: list[Row]
    postings: list[Row]
    excess: list[Row]
    suspense: list[Row]
    held: list[Row]
    closings: list[Closing]


def settle(
    payments: Sequence[Payment],
    lines: Mapping[str, Line],
    *,
    order: Sequence[str],
    assess: Assess,
    blocked: Mapping[str, str],
) -> Settled:
    """Everything about these payments. `assess`: 延滞金 by line_id (None: no rate); what stands is asked first, then what stood on the day of a
    payment. `blocked`: payment_id or `payer:<id>` -> reason."""
    by_id = {p.payment_id: p for p in payments}
    claims: dict[str, list[Claim]] = defaultdict(list)
    loose: dict[str, int] = {}  # a surplus that belongs to no line
    for payment in payments:
        if payment.fate == "lines":
            parts = spread(payment.amount, payment.covers, lines, payment.paid_on, order)
            loose[payment.payment_id] = parts.pop("", {}).get("principal", 0)
            for line_id, part in parts.items():
                claims[line_id].append(_claim(payment, line_id, part))
    taken = {}
    closings = []
    for line_id, of_line in claims.items():
        of_line.sort(key=lambda c: c.rank)
        taken[line_id] = take_principal(lines[line_id], of_line)
        closed = closing(lines[line_id], of_line, taken[line_id])
        closings += [closed] if closed else []
    charged = assess(closings)
    then = due_then(lines, claims, assess)
    shares: dict[str, dict[str, Share]] = defaultdict(dict)
    unsure = set()  # lines on which something is only 速報
    for line_id, of_line in claims.items():
        found = take_rest(
            lines[line_id], of_line, taken[line_id], charged.get(line_id, 0), then.get(line_id, {})
        )
        for claim, share in zip(of_line, found, strict=True):
            shares[claim.payment_id][line_id] = share
            if claim.provisional:
                unsure.add(line_id)
    out = Settled([], [], [], [], [], closings)
    for payment_id, payment in by_id.items():
        _write(payment, shares[payment_id], loose.get(payment_id, 0), lines, unsure, blocked, out)
    return out


def _claim(payment: Payment, line_id: str, part: Mapping[str, int]) -> Claim:
    return Claim(
        payment_id=payment.payment_id,
        paid_on=payment.paid_on,
        paid_time=payment.paid_time,
        principal=part.get("principal", 0),
        delinquency=part.get("delinquency", 0),
        dunning_fee=part.get("dunning_fee", 0),
        cover=sum(yen for to, what, yen in payment.covers if to == line_id and what == "principal"),
        full_year=payment.full_year,
        provisional=payment.provisional,
        to_charge=payment.rung == "transfer" and not part.get("principal"),
    )


def _write(
    payment: Payment,
    shares: Mapping[str, Share],
    loose: int,
    lines: Mapping[str, Line],
    unsure: set[str],
    blocked: Mapping[str, str],
    out: Settled,
) -> None:
    """The rows of one payment."""
    facts = set(payment.facts)
    for line_id, share in shares.items():
        facts |= share.facts
        facts |= _books(payment, lines[line_id], share)
    posted = sum(s.principal + s.delinquency + s.dunning_fee for s in shares.values())
    if payment.superseded and posted:
        facts.add(Outcome.SUPERSEDED_SLIP)
    if loose:
        facts.add(Outcome.OVERPAID)
    excess = _excess(payment, shares, loose, lines, unsure, blocked)
    if any((row["blocked"] or PRELIMINARY) != PRELIMINARY for row in excess):
        facts.add(Outcome.REFUND_BLOCKED)
    outcome = first(facts) if facts else Outcome.EXACT
    held = [(line_id, s.held, Outcome.NO_RATE) for line_id, s in shares.items() if s.held]
    if payment.fate == "held":
        held.append((None, payment.amount, outcome))  # type: ignore[arg-type]
    suspense = payment.amount if payment.fate == "suspense" else 0
    sums = posted, sum(r["amount"] for r in excess), suspense, sum(yen for _, yen, _ in held)
    if sum(sums) != payment.amount:
        raise ArithmeticError(f"payment {payment.payment_id}: {payment.amount} yen, {sums} placed")
    line_ids = sorted(shares) or sorted({line_id for line_id, _, _ in payment.covers})
    out.outcomes.append(outcome_row(payment, outcome, facts or {Outcome.EXACT}, line_ids, sums))
    out.postings.extend(_postings(payment, shares, lines, outcome))
    out.excess.extend(excess)
    unplaced = {
        "payment_id": payment.payment_id,
        "receipt_id": payment.receipt_id,
        "slip_key": payment.slip_key,
        "line_id": None,
        "paid_on": payment.paid_on,
        "provisional": payment.provisional,
    }
    if suspense:
        out.suspense.append({**unplaced, "amount": suspense, "found_on": outcome.value})
    out.held.extend({**unplaced, "line_id": i, "amount": yen, "found_on": f.value} for i, yen, f in held)


def outcome_row(
    payment: Payment,
    outcome: Outcome,
    facts: set[Outcome],
    line_ids: Sequence[str],
    sums: tuple[int, int, int, int],
) -> Row:
    """A row of `OUTCOMES`."""
    inputs = {
        "kinds": payment.kinds,
        "slip_amount": payment.slip_amount,
        "paid_time": payment.paid_time,
        "account_date": payment.account_date and payment.account_date.isoformat(),
    }
    return {
        "payment_id": payment.payment_id,
        "receipt_id": payment.receipt_id,
        "outcome": outcome.value,
        "facts": in_order(facts),
        "rule": payment.rung,
        "inputs": json.dumps(inputs, separators=(",", ":")),
        "line_ids": ";".join(line_ids),
        "slip_key": payment.slip_key,
        "paid_on": payment.paid_on,
        "amount": payment.amount,
        **dict(zip(("posted", "excess", "suspense", "held"), sums, strict=True)),
        "provisional": payment.provisional,
    }


def revenue_year(assessed: int, on: date) -> int:
    """As `reconcile.fiscal.revenue_year`, for one day: the year's own books up to 31 May after it, then the oldest open ones."""
    return max(assessed, on.year - (on.month < BOOKS_OPEN))


def fiscal_year(day: date) -> int:
    """As `reconcile.fiscal.fiscal_year`, for one day."""
    return day.year - (day.month < YEAR_BEGINS)


def _books(payment: Payment, line: Line, share: Share) -> set[Outcome]:
    """Which year's books, where that is not the line's own year. A line that was carried over later was not yet when it was paid."""
    if not share.principal:
        return set()
    day = payment.booked_on
    then = line.on(day)
    if then.carried_over or revenue_year(then.fiscal_year, day) > then.fiscal_year:
        return {Outcome.CARRIED_OVER}
    return {Outcome.CLOSING_PERIOD} if fiscal_year(day) > then.fiscal_year else set()


def _books_of(payment: Payment, line: Line | None) -> str:
    """The year whose books hold the yen, by what the line was on that day: books that are closed stay as they are when it is carried over."""
    day = payment.booked_on
    return str(revenue_year(line.on(day).fiscal_year if line else fiscal_year(day), day))


def _postings(
    payment: Payment, shares: Mapping[str, Share], lines: Mapping[str, Line], outcome: Outcome
) -> list[Row]:
    return [
        {
            "line_id": line_id,
            "component": component,
            "amount": getattr(share, component),
            "payment_id": payment.payment_id,
            "receipt_id": payment.receipt_id,
            "paid_on": payment.paid_on,
            "account_date": payment.account_date,
            "fiscal_year": _books_of(payment, lines[line_id]),
            "rule": outcome.value,
            "provisional": payment.provisional,
        }
        for line_id, share in shares.items()
        for component in COMPONENTS
        if getattr(share, component)
    ]


def _excess(
    payment: Payment,
    shares: Mapping[str, Share],
    loose: int,
    lines: Mapping[str, Line],
    unsure: set[str],
    blocked: Mapping[str, str],
) -> list[Row]:
    found = [(line_id, *part) for line_id, share in shares.items() for part in share.excess]
    if loose:
        found.append(("", "principal", "gonou", loose, Outcome.OVERPAID, None))
    if payment.fate == "excess":
        only = {line_id for line_id, _, _ in payment.covers}
        found.append(
            (
                only.pop() if len(only) == 1 else "",
                "principal",
                "gonou",
                payment.amount,
                first(payment.facts),
                None,
            )
        )
    rows = []
    for line_id, component, class_, yen, case, since in found:
        line = lines.get(line_id)
        payer = line.payer_id if line else payment.payer_id
        near = {line_id} if line else {cover for cover, _, _ in payment.covers}
        sure = not payment.provisional and near.isdisjoint(unsure)
        person = blocked.get(payment.payment_id) or blocked.get(f"payer:{payer}")
        reasons = [r for r in (None if sure else PRELIMINARY, person) if r]
        rows.append(
            {
                "payment_id": payment.payment_id,
                "receipt_id": payment.receipt_id,
                "payer_id": payer,
                "line_id": line_id or None,
                "component": component,
                "amount": yen,
                "class": class_,
                "found_on": case.value,
                "arisen_on": since or payment.paid_on,
                "paid_on": payment.paid_on,
                "account_date": payment.account_date,
                "remit_date": payment.remit_date,
                "fiscal_year": _books_of(payment, line),
                "body_code": line.body_code if line else payment.body_code,
                "tax_item": line.tax_item if line else payment.tax_item,
                "notice_no": line.notice_no if line else None,
                "is_premium": line.is_premium if line else _premium(payment, lines),
                "blocked": ";".join(reasons) or None,
            }
        )
    return rows


def _premium(payment: Payment, lines: Mapping[str, Line]) -> bool:
    return any(lines[line_id].is_premium for line_id, _, _ in payment.covers)
