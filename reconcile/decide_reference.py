"""The decision once more, plainly: dictionaries and loops from events to rows, and 延滞金 counted a day at a time.

In and out as `decide`, which must give the same frames to the last byte; tests say so over random worlds. Slow: for tests and for reading
beside the rules. What both share is the exact allocation of a line (`allocate`, `settle`), which has tests of its own.
Refuses what `decide` refuses, but does not look for it first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from typing import Any

import polars as pl

from elqr.calendar import roll_due
from reconcile import charges_reference
from reconcile.allocate import Line, Version
from reconcile.charges import BASE_MIN, charges
from reconcile.outcomes import Outcome
from reconcile.policy import Policy
from reconcile.prescription import barred_from
from reconcile.settle import Payment, settle
from reconcile.then import Closing
from reconcile.world import SCHEMAS, Decision, World, decision

Row = dict[str, Any]
RANK = ("preliminary", "confirmed", "corrected", "cancelled")
CONTENT = ("amount", "slip_key", "paid_on", "paid_time", "body_code", "confirm_no", "tax_item", "period")


def decide_plainly(world: World, policy: Policy, *, as_of: date) -> Decision:
    """As `decide.decide`."""
    versions = _versions(world.assessments.to_dicts())
    slips = {s["slip_key"]: s for s in world.slips.to_dicts()}
    payments = [_payment(events, slips, world) for events in _by_payment(world.receipts).values()]
    payments += [_transfer(t) for t in world.transfers.to_dicts()]
    lines = {i: _line(of_line, payments, policy) for i, of_line in versions.items()}
    found: dict[str, list[Row]] = {}

    def assess(closings: Sequence[Closing]) -> dict[str, int | None]:
        charges = [_charge(c, versions, policy) for c in closings if c.paid_on > c.line.due_date]
        found.setdefault("charges", charges)
        return {c["line_id"]: c["amount"] for c in charges}

    blocked = {b["payment_id"] or f"payer:{b['payer_id']}": b["reason"] for b in _blocks(world)}
    settled = settle(payments, lines, order=policy.order, assess=assess, blocked=blocked)
    for name in ("outcomes", "postings", "excess", "suspense", "held"):
        found[name] = getattr(settled, name)
    closed = {c.line.line_id: c.paid_on for c in settled.closings}
    found["lines"] = [_standing(lines[i], v[-1], found, closed.get(i), as_of) for i, v in versions.items()]
    frames = {
        name: pl.DataFrame(rows, schema=dict(SCHEMAS[name]), orient="row") for name, rows in found.items()
    }
    return decision(in_order=(), **frames)


def _blocks(world: World) -> list[Row]:
    return sorted(world.blocks.to_dicts(), key=lambda b: b["reason"], reverse=True)


def _versions(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """Versions of each line, the first first."""
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[row["line_id"]].append(row)
    return {i: sorted(of_line, key=lambda r: r["revised_at"] or date.min) for i, of_line in found.items()}


def _by_payment(receipts: pl.DataFrame) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in receipts.to_dicts():
        found[row["payment_id"]].append(row)
    return found


def _booked(confirmed: list[Row], name: str) -> date | None:
    """払込日 or 会計日 as the 確報 names it."""
    told = [e for e in confirmed if e[name] is not None]
    return max(told, key=lambda e: e["receipt_id"])[name] if told else None


def _payment(events: list[Row], slips: Mapping[str, Row], world: World) -> Payment:
    """The event that counts, what its slip says of it, and where it goes."""
    by_kind = {kind: [e for e in events if e["kind"] == kind] for kind in RANK}
    told = by_kind["corrected"] or by_kind["confirmed"] or by_kind["preliminary"] or by_kind["cancelled"]
    event = max(told, key=lambda e: e["receipt_id"])
    cancelled = bool(by_kind["cancelled"])
    provisional = bool(by_kind["preliminary"]) and not by_kind["confirmed"] and not cancelled
    differs = any(_content(e) != _content(event) for e in by_kind["preliminary"])
    contradictory = len({_content(e) for e in by_kind["corrected"]}) > 1 and not cancelled
    kinds = "+".join(kind for kind in RANK if by_kind[kind])
    slip = slips.get(event["slip_key"])
    said: Mapping[str, Any] = slip or dict.fromkeys(("body_code", "payer_id", "tax_item", "amount"))
    covers, successor = _covers(event["slip_key"], world) if slip else ((), False)
    facts = set()
    if contradictory:
        facts.add(Outcome.CONTRADICTORY)
    if all(e["kind"] == "corrected" and e["orig_txn_id"] is None for e in events):
        facts.add(Outcome.CORRECTION_ALONE)
    if cancelled:
        early = kinds == "preliminary+cancelled"
        facts.add(Outcome.PRELIMINARY_CANCELLED if early else Outcome.PAYMENT_CANCELLED)
    if _unlike(event["body_code"], said["body_code"]) or _unlike(event["body_code"], world.body_code):
        facts.add(Outcome.OTHER_BODY)
    if slip is None:
        facts.add(Outcome.UNKNOWN_KEY)
    else:
        if any(_unlike(event[name], slip[name]) for name in ("confirm_no", "tax_item")):
            facts.add(Outcome.KEY_DISAGREES)
        if not covers:
            facts.add(Outcome.NO_COVER)
        if _unlike(event["period"], slip["period"]):
            facts.add(Outcome.WRONG_PERIOD)
    if provisional:
        facts.add(Outcome.PRELIMINARY)
    if differs and not cancelled:
        facts.add(Outcome.CONFIRMED_DIFFERS)
    fate = _fate(facts, cancelled)
    rung = {"lines": "successor" if successor else "key", "none": "nothing"}
    rung["excess"] = rung["lines"]
    return Payment(
        payment_id=event["payment_id"],
        receipt_id=by_kind["cancelled"][0]["receipt_id"] if cancelled else event["receipt_id"],
        kinds=kinds,
        slip_key=event["slip_key"],
        amount=0 if cancelled else event["amount"],
        paid_on=event["paid_on"],
        paid_time=event["paid_time"] or "",
        account_date=event["account_date"] or _booked(by_kind["confirmed"], "account_date"),
        remit_date=event["remit_date"] or _booked(by_kind["confirmed"], "remit_date"),
        provisional=provisional,
        fate=fate,
        rung=rung.get(fate, fate),
        facts=frozenset(facts),
        covers=covers if fate in {"lines", "excess", "none"} else (),
        superseded=any(s["supersedes"] == event["slip_key"] for s in slips.values()) and slip is not None,
        full_year=slip is not None and (slip["kind"] == "full_year" or slip["period"] == "00"),
        slip_amount=said["amount"],
        payer_id=said["payer_id"],
        body_code=said["body_code"],
        tax_item=said["tax_item"],
    )


def _content(event: Row) -> tuple[Any, ...]:
    return tuple(event[name] for name in CONTENT)


def _unlike(ours: str | None, theirs: str | None) -> bool:
    return ours is not None and theirs is not None and ours != theirs


def _fate(facts: set[Outcome], cancelled: bool) -> str:
    if cancelled:
        return "none"
    if facts & {Outcome.CONTRADICTORY, Outcome.CORRECTION_ALONE}:
        return "held"
    if facts & {Outcome.OTHER_BODY, Outcome.UNKNOWN_KEY, Outcome.KEY_DISAGREES}:
        return "suspense"
    if Outcome.NO_COVER in facts:
        return "held"
    return "excess" if Outcome.WRONG_PERIOD in facts else "lines"


def _covers(slip_key: str, world: World) -> tuple[tuple[tuple[str, str, int], ...], bool]:
    """The slip's own covers, else those of the first successor that has any."""
    seen = set()
    at: str | None = slip_key
    while at is not None and at not in seen:
        seen.add(at)
        rows = world.covers.filter(pl.col("slip_key") == at)
        if rows.height:
            return tuple(rows.select("line_id", "component", "amount").rows()), at != slip_key
        at = min(world.slips.filter(pl.col("supersedes") == at)["slip_key"].to_list(), default=None)
    return (), False


def _transfer(row: Row) -> Payment:
    return Payment(
        payment_id=row["payment_id"],
        receipt_id=row["receipt_id"],
        kinds="transfer",
        slip_key=None,
        amount=row["amount"],
        paid_on=row["paid_on"],
        paid_time="",
        account_date=row["account_date"],
        remit_date=row["account_date"],
        provisional=False,
        fate="lines",
        rung="transfer",
        facts=frozenset({Outcome.OFFSET_APPLIED}),
        covers=((row["line_id"], row["component"], row["amount"]),),
        superseded=False,
        full_year=False,
        slip_amount=None,
        payer_id=None,
        body_code=None,
        tax_item=None,
    )


@cache
def _days(due: date, premium: bool, tax_years: int, premium_years: int) -> tuple[date, date]:
    """The due date after the roll, and the first day on which the line is barred where nobody says another."""
    rolled = roll_due(pl.Series([due], dtype=pl.Date))
    barred = barred_from(
        rolled, premium=pl.Series([premium]), tax_years=tax_years, premium_years=premium_years
    )
    return rolled[0], barred[0]


def _line(versions: Sequence[Row], payments: Sequence[Payment], policy: Policy) -> Line:
    last = versions[-1]
    premium = bool(last["is_premium"])
    due, barred = _days(last["due_date"], premium, policy.tax_years, policy.premium_years)
    fees = [y for p in payments for i, what, y in p.covers if i == last["line_id"] and what == "dunning_fee"]
    gone = [v["status"] == "cancelled" for v in versions]
    return Line(
        line_id=last["line_id"],
        payer_id=last["payer_id"],
        body_code=last["body_code"],
        tax_item=last["tax_item"],
        notice_no=last["notice_no"],
        is_premium=premium,
        due_date=due,
        barred_from=barred if last["time_barred_on"] is None else last["time_barred_on"],
        fee=max(fees, default=0) if last["dunning_fee"] is None else last["dunning_fee"],
        versions=tuple(
            Version(
                v["revised_at"],
                0 if g else v["principal"],
                g,
                int(v["fiscal_year"]),
                bool(v["carried_over"]),
            )
            for v, g in zip(versions, gone, strict=True)
        ),
    )


def _charge(closing: Closing, versions: Mapping[str, Sequence[Row]], policy: Policy) -> Row:
    """A day at a time; the text of the segments is the column engine's, which has its own tests."""
    line, last = closing.line, versions[closing.line.line_id][-1]
    rates = policy.rates
    years = range(_next_day(line.due_date).year, closing.paid_on.year + 1)
    row: Row = {
        "line_id": line.line_id,
        "due_date": line.due_date,
        "paid_on": closing.paid_on,
        "base": None,
        "segments": "",
        "amount": None,
        "rounding": policy.rounding,
        "provisional": closing.provisional,
    }
    known = all(rates.valid_from.year <= y <= rates.valid_until.year for y in years)
    if line.now.due >= BASE_MIN and not known:
        return row
    if line.now.due < BASE_MIN:
        return row | {"base": 0, "amount": 0}
    first, after = (
        {rates.valid_from.year + n: rate for n, rate in enumerate(rates.values[name])}
        for name in ("first_month", "after")
    )
    spans = [(last["exempt_from"], last["exempt_to"] or closing.paid_on)] if last["exempt_from"] else []
    exact = charges_reference.accrued(
        line.due_date,
        closing.paid_on,
        line.now.due,
        low=first.__getitem__,
        high=after.__getitem__,
        payments=[charges_reference.Payment(day, yen) for day, yen in closing.payments],
        exempt=spans,
    )
    one = pl.DataFrame(
        {
            "line_id": [line.line_id],
            "due_date": [line.due_date],
            "principal": [line.now.due],
            "until": [closing.paid_on],
        }
    )
    text = charges(
        one,
        rates=rates,
        payments=pl.DataFrame(
            [(line.line_id, *p) for p in closing.payments],
            schema={"line_id": pl.String, "paid_on": pl.Date, "amount": pl.Int64},
            orient="row",
        ),
        exempt=pl.DataFrame(
            [(line.line_id, *s) for s in spans],
            schema={"line_id": pl.String, "exempt_from": pl.Date, "exempt_to": pl.Date},
            orient="row",
        ),
        rounding=policy.rounding,
    )
    return row | {
        "base": next(iter(exact))[0] if exact else 0,
        "segments": text["segments"][0],
        "amount": charges_reference.charge(exact, policy.rounding),
    }


def _next_day(day: date) -> date:
    return date.fromordinal(day.toordinal() + 1)


def _standing(
    line: Line, last: Row, found: Mapping[str, Sequence[Row]], closed_on: date | None, as_of: date
) -> Row:
    mine = [p for p in found["postings"] if p["line_id"] == line.line_id]
    principal = [p for p in mine if p["component"] == "principal"]
    paid = sum(p["amount"] for p in principal if not p["provisional"])
    provisional = sum(p["amount"] for p in principal if p["provisional"])
    charge = next((c["amount"] for c in found["charges"] if c["line_id"] == line.line_id), 0)
    charge_paid = sum(p["amount"] for p in mine if p["component"] == "delinquency")
    left = line.now.due - paid - provisional
    charge_open = None if charge is None else charge - charge_paid
    if last["status"] == "cancelled":
        state = "cancelled"
    elif left == 0 and provisional:
        state = "provisional"
    elif left == 0:
        state = "charge_due" if charge_open is None or charge_open > 0 else "closed"
    elif last["status"] == "suspended":
        state = "suspended"
    elif line.barred_from is not None and line.barred_from <= as_of:
        state = "time_barred"
    else:
        state = "overdue" if line.due_date < as_of else "open"
    return {
        "line_id": line.line_id,
        "payer_id": line.payer_id,
        "due_date": line.due_date,
        "due": line.now.due,
        "paid": paid,
        "provisional": provisional,
        "open": left,
        "closed_on": closed_on,
        "charge": charge,
        "charge_open": charge_open,
        "barred_from": line.barred_from,
        "state": state,
    }
