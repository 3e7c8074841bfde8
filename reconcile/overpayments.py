"""過誤納金 as proposals: what must fill the person's due and unpaid lines first (充当), and what goes back (還付), with its interest.

In: excess rows of decisions, the payers' open lines, the policy, the day. Out: `OFFSETS` and `REFUNDS`; nothing is carried out here.
Not on 速報, not before 払込, not from tax into 料 or back, 本税 before its 延滞金. Source: reconcile-rules §5.
Refuses nothing: what may not go on yet stands as a refund row with the reason in `blocked`; a debt that is not filled, with its own beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any

import polars as pl

from reconcile.fiscal import refund_accounting
from reconcile.interest import interest
from reconcile.policy import Policy
from reconcile.prescription import claim_lapses_from, is_barred
from reconcile.world import SORTED_BY

_TEXT, _YEN, _DAY = pl.String(), pl.Int64(), pl.Date()
NOT_REMITTED = "not_remitted"  # 払込 has not reached the bank account yet
TIME_BARRED = "time_barred"  # the claim has lapsed: a person decides, nothing goes out by itself

TARGETS: Mapping[
    str, pl.DataType
] = {  # lines of the payers that are open and confirmed: from LINES and the assessments
    "line_id": _TEXT,
    "payer_id": _TEXT,
    "body_code": _TEXT,
    "tax_item": _TEXT,
    "notice_no": _TEXT,
    "is_premium": pl.Boolean(),
    "due_date": _DAY,  # after the roll
    "due": _YEN,  # principal as it was last assessed
    "paid": _YEN,  # of it
    "open": _YEN,  # principal neither paid nor 速報, nor meant to be filled by other proposals
    "charge_open": _YEN,  # 延滞金 assessed and unpaid
    "closed_on": _DAY,  # 納付日 of the payment that completed the principal: from then on there is 延滞金; null while some is open
    "provisional": _YEN,  # > 0: something of its principal is only 速報, so nobody fills it
    "barred_from": _DAY,
    "exempt_from": _DAY,
    "exempt_to": _DAY,
    "status": _TEXT,  # of the assessment; one that is `suspended` is nobody's to fill
}
OFFSETS: Mapping[str, pl.DataType] = {
    "payment_id": _TEXT,
    "receipt_id": _TEXT,
    "payer_id": _TEXT,
    "from_line": _TEXT,
    "class": _TEXT,
    "offset_to": _TEXT,  # line_id
    "component": _TEXT,
    "amount": _YEN,
    "effective_on": _DAY,  # 充当適状日: both the excess and the debt were there
    "rule": _TEXT,  # offset | wrong_period: another period of the same notice
}
REFUNDS: Mapping[str, pl.DataType] = {
    "payment_id": _TEXT,
    "receipt_id": _TEXT,
    "payer_id": _TEXT,
    "line_id": _TEXT,
    "component": _TEXT,
    "class": _TEXT,
    "found_on": _TEXT,
    "arisen_on": _DAY,
    "amount": _YEN,  # of the excess
    "offset": _YEN,
    "refund": _YEN,  # what is left to give back
    "interest": _YEN,  # as if decided on the day, for what is offset to its 充当適状日; null where the rate table ends before
    "interest_from": _DAY,
    "interest_to": _DAY,
    "accounting": _TEXT,  # modoshi | saishutsu
    "lapses_from": _DAY,  # first day on which it can no longer be claimed
    "blocked": _TEXT,
    "passed_over": _TEXT,  # debts that were due and are not filled, where something goes back: line:reason:yen joined by ;
}
SUSPENDED, PRELIMINARY = "suspended", "preliminary"  # why a debt that is due is not filled


@dataclass(frozen=True)
class Proposals:
    """`offsets` as `OFFSETS`, `refunds` as `REFUNDS`: one row for each row of excess."""

    offsets: pl.DataFrame
    refunds: pl.DataFrame


Paid = tuple[date, int]  # 充当適状日 and yen of a 充当
ToCome = Callable[[Mapping[str, Any], Sequence[Paid]], tuple[date, int]]


@dataclass(frozen=True)
class Coming:
    """What other proposals mean to fill of a debt: its principal, and yen of the 延滞金 that comes with it."""

    principal: tuple[Paid, ...] = ()
    charge: int = 0


@dataclass(frozen=True)
class _Left:
    """What is left of the debts while one excess after another fills them: yen by line and component, the 充当 of each principal, and the day on
    which they complete it."""

    to_come: ToCome
    yen: dict[tuple[str, str], int]
    paid: dict[str, list[Paid]]
    closed: dict[str, date]

    def add(self, target: Mapping[str, Any], coming: Coming) -> None:
        """A debt, and what is meant to fill it already."""
        line = target["line_id"]
        self.yen.update({(line, c): max(0, target[_YEN_OF[c]] or 0) for c in _YEN_OF})
        self.paid[line] = list(coming.principal)
        self._completed(target, coming.charge)

    def fill(self, target: Mapping[str, Any], component: str, yen: int, day: date) -> None:
        """A 充当 of a day."""
        line = target["line_id"]
        self.yen[line, component] -= yen
        if component == "principal":
            self.paid[line].append((day, yen))
            self._completed(target, 0)

    def _completed(self, target: Mapping[str, Any], meant: int) -> None:
        """Where it is the 充当 together that complete a principal, they bring its 延滞金."""
        line = target["line_id"]
        paid = self.paid[line]
        if (
            paid
            and target["due"] is not None
            and sum(yen for _, yen in paid) == target["due"] - target["paid"]
        ):
            self.closed[line], charge = self.to_come(target, paid)
            self.yen[line, "delinquency"] = max(0, charge - meant)


def propose(
    excess: pl.DataFrame,
    targets: pl.DataFrame,
    policy: Policy,
    *,
    as_of: date,
    to_come: ToCome = lambda target, paid: (max(paid)[0], 0),
    coming: Mapping[str, Coming] = MappingProxyType({}),
) -> Proposals:
    """Proposals on a day. excess: `EXCESS` rows, all of these payers, less what was already decided; where it is known with `bears_from`, the day
    before which a row bears no interest. targets: `TARGETS`. to_come: of a target and the 充当 that complete its principal: the day of
    completion, and the 延滞金 that it brings. coming: by line, what other proposals mean to fill and what is to be counted as filled; without it
    they only keep a debt from being filled twice."""
    known = excess.sort("paid_on", *SORTED_BY["excess"], nulls_last=False)
    lapses = claim_lapses_from(
        known["arisen_on"],
        premium=known["is_premium"],
        tax_years=policy.tax_years,
        premium_years=policy.premium_years,
    )
    rows: list[dict[str, Any]] = known.to_dicts()
    for row, lapsed in zip(rows, is_barred(lapses, on=as_of).to_list(), strict=True):
        if row["blocked"] is None and (row["remit_date"] is None or row["remit_date"] > as_of):
            row["blocked"] = NOT_REMITTED
        elif row["blocked"] is None and lapsed:
            row["blocked"] = TIME_BARRED
    debts: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    left = _Left(to_come, {}, {}, {})
    for target in targets.iter_rows(named=True):
        debts.setdefault(_whose(target), []).append(target)
        left.add(target, coming.get(target["line_id"], Coming()))
    filled: list[list[dict[str, Any]]] = []
    for row in rows:
        mine = debts.get(_whose(row), []) if row["blocked"] is None else []
        filled.append(_fill(row, mine, left, policy, as_of))
        row["offset"] = sum(o["amount"] for o in filled[-1])
        row["passed_over"] = _passed_over(row, mine, as_of) if row["offset"] < row["amount"] else None
    offsets = [offset for of_row in filled for offset in of_row]
    frame = pl.DataFrame(rows, schema={**excess.schema, "offset": _YEN, "passed_over": _TEXT}, orient="row")
    return Proposals(
        pl.DataFrame(offsets, schema=dict(OFFSETS), orient="row"),
        _refunds(frame.with_columns(lapses_from=lapses), filled, policy, as_of),
    )


_YEN_OF: Mapping[str, str] = {"principal": "open", "delinquency": "charge_open"}


def _fill(
    row: Mapping[str, Any],
    debts: Sequence[Mapping[str, Any]],
    left: _Left,
    policy: Policy,
    as_of: date,
) -> list[dict[str, Any]]:
    """One excess over the debts that are its payer's: every 本税 goes before its own 延滞金, lines in the order of the policy."""
    mine = [t for t in debts if _may_fill(row, t, as_of) and _left_alone(t) is None]
    mine.sort(key=lambda t: _order(row, t, policy))
    yen = row["amount"]
    found = []
    for target in mine:
        for component in _YEN_OF:
            part = min(yen, left.yen[target["line_id"], component])
            if part <= 0:
                continue
            closed_on = left.closed.get(target["line_id"], target["closed_on"])
            day = _there_since(row, target, closed_on if component == "delinquency" else None)
            left.fill(target, component, part, day)
            yen -= part
            wrong = target["notice_no"] == row["notice_no"] and target["line_id"] != row["line_id"]
            found.append(
                {
                    "payment_id": row["payment_id"],
                    "receipt_id": row["receipt_id"],
                    "payer_id": row["payer_id"],
                    "from_line": row["line_id"],
                    "class": row["class"],
                    "offset_to": target["line_id"],
                    "component": component,
                    "amount": part,
                    "effective_on": day,
                    "rule": "wrong_period" if wrong and row["class"] == "gonou" else "offset",
                }
            )
    return found


def _there_since(row: Mapping[str, Any], target: Mapping[str, Any], closed_on: date | None) -> date:
    """The day from which both the excess and the debt were there; 延滞金 is owed once the principal is paid."""
    return max(day for day in (row["arisen_on"], target["due_date"], closed_on) if day is not None)


def _whose(row: Mapping[str, Any]) -> tuple[Any, ...]:
    """An excess fills the same person's debts to the same body; tax fills tax, 料 fills 料."""
    return row["payer_id"], row["body_code"], row["is_premium"]


def _may_fill(row: Mapping[str, Any], target: Mapping[str, Any], as_of: date) -> bool:
    """Due by now and not barred; a debt that is barred is none."""
    barred = target["barred_from"] is not None and target["barred_from"] <= max(
        row["arisen_on"], target["due_date"]
    )
    return target["due_date"] <= as_of and not barred


def _left_alone(target: Mapping[str, Any]) -> str | None:
    """Why nobody fills a debt. Whether one for which collection is suspended is to be filled all the same is for a person."""
    if target["status"] == "suspended":
        return SUSPENDED
    return PRELIMINARY if target["provisional"] else None


def _passed_over(row: Mapping[str, Any], debts: Sequence[Mapping[str, Any]], as_of: date) -> str | None:
    """The debts that were due and are left as they are, as `REFUNDS` names them."""
    found = []
    for target in sorted(debts, key=lambda t: str(t["line_id"])):
        yen = sum(max(0, target[name] or 0) for name in _YEN_OF.values())
        reason = _left_alone(target)
        if yen and reason and _may_fill(row, target, as_of):
            found.append(f"{target['line_id']}:{reason}:{yen}")
    return ";".join(found) or None


def _order(row: Mapping[str, Any], target: Mapping[str, Any], policy: Policy) -> tuple[Any, ...]:
    keys = {
        "same_notice": target["notice_no"] != row["notice_no"],
        "same_tax": target["tax_item"] != row["tax_item"],
        "oldest_due": target["due_date"],
        "largest": -target["open"],
    }
    return (*(keys[name] for name in policy.offset_order), target["due_date"], target["line_id"])


def _refunds(
    rows: pl.DataFrame, filled: Sequence[Sequence[Mapping[str, Any]]], policy: Policy, as_of: date
) -> pl.DataFrame:
    rows = rows.with_columns(refund=pl.col("amount") - pl.col("offset"))
    today = pl.repeat(as_of, rows.height, dtype=pl.Date(), eager=True)
    accounting = refund_accounting(rows["fiscal_year"].cast(pl.Int32), found_on=today)
    if "bears_from" not in rows.columns:
        rows = rows.with_columns(bears_from=pl.lit(None, _DAY))
    borne = _interest(rows, filled, policy, as_of)
    return rows.hstack(borne).with_columns(accounting=accounting).select(list(REFUNDS))


def _interest(
    rows: pl.DataFrame, filled: Sequence[Sequence[Mapping[str, Any]]], policy: Policy, as_of: date
) -> pl.DataFrame:
    """`interest, interest_from, interest_to`, row by row: null where the rate table does not hold a year of it.

    What is offset bears to its 充当適状日, what goes back to the day: from each such day on less is left that bears.
    """
    rates = policy.interest_rates
    steps = [
        (of, class_, paid_on, bears_from, *step)
        for of, (class_, paid_on, bears_from, amount) in enumerate(
            rows.select("class", "paid_on", "bears_from", "amount").iter_rows()
        )
        for step in _steps(amount, paid_on, filled[of], as_of)
    ]
    asked = pl.DataFrame(steps, schema=_STEPS, orient="row")
    last = asked.group_by("of").agg(pl.col("until").max())
    years = rows.select("paid_on", of=pl.int_range(pl.len(), dtype=pl.Int64)).join(
        last, on="of", how="left", maintain_order="left"
    )
    known = rates.holds(years["paid_on"].dt.year()) & rates.holds(years["until"].dt.year())
    # a year that is not there bears nothing to ask for: such a row is asked about no day at all
    there = years.filter(known)["of"]
    found = interest(asked.filter(pl.col("of").is_in(there.implode())), rates=rates)
    spans = years.select("of").join(found, on="of", how="left", maintain_order="left")
    return spans.select("interest", "interest_from", "interest_to")


_STEPS: Mapping[str, pl.DataType] = {
    "of": _YEN,
    "class": _TEXT,
    "paid_on": _DAY,
    "bears_from": _DAY,
    "amount": _YEN,  # what is left
    "after": _DAY,
    "until": _DAY,
}


def _steps(
    amount: int, paid_on: date, filled: Sequence[Mapping[str, Any]], as_of: date
) -> list[tuple[int, date | None, date]]:
    """What is left of an overpayment from one 充当適状日 to the next, and at last to the day of the decision."""
    found: list[tuple[int, date | None, date]] = []
    left, after = amount, None
    for offset in sorted(filled, key=lambda o: o["effective_on"]):
        found.append((left, after, max(paid_on, offset["effective_on"])))
        left, after = left - offset["amount"], offset["effective_on"]
    if left or not found:
        found.append((left, after, max(paid_on, as_of)))
    return found
