"""Refunds with four eyes: proposed from what stands, agreed to by others, decided with their interest, or rejected.

In: an `Act` (who, on which day, under which rules) and the refunds meant. Out: `Done`: refunds as they stand now, and what was refused, one by one.
Refuses each refund by itself: the same person twice, a role that is not asked for, figures that moved since the proposal, blocked or lapsed claims.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from elqr.problems import Problem
from reconcile.ledger import Ledger
from reconcile.lines_now import lines_now
from reconcile.overpayments import NOT_REMITTED
from reconcile.owed import Owed, owed, plain, proposals
from reconcile.policy import Policy
from reconcile.refund_policy import ANY, MAKER
from reconcile.refund_record import Act, Record, recording, refusals
from reconcile.refund_states import Refund, State, key_of
from reconcile.refund_words import passed_over, state_fault
from reconcile.world import EXCESS

FIGURES = (
    *("amount", "offset", "refund", "interest", "interest_from", "interest_to", "accounting", "lapses_from"),
    "passed_over",
)
WAITS = frozenset({NOT_REMITTED, "preliminary"})  # time will tell; nobody needs to decide


@dataclass(frozen=True, kw_only=True)
class Done:
    """`refunds`: those that something was done to, as they stand now; `problems`: what was refused or is to be known, one by one."""

    refunds: tuple[Refund, ...]
    problems: tuple[Problem, ...] = ()


def propose(act: Act, *, only: Sequence[str] = ()) -> Done:
    """Propose every overpayment that is free, or those of `only` (receipt ids, payer ids). What is blocked is told, never proposed."""
    with recording(act, "refunds propose", role=MAKER) as record:
        now = owed(record.ledger)
        found = proposals(record.ledger, now.free, now.refunds, policy=act.policy, as_of=act.on)
        parts = iter(found.offsets.to_dicts())
        problems: list[Problem] = _unknown(only, now)
        made: list[Refund] = []
        for row in found.refunds.to_dicts():
            mine = _next(parts, row["offset"])
            if only and not {row["receipt_id"], row["payer_id"]} & set(only):
                continue
            if problem := _unproposable(row):
                problems.append(problem)
                continue
            basis = now.standing(key_of(row))
            if basis is None:
                raise ValueError(f"{row['payment_id']}: proposed from an excess that does not stand")
            content = {
                "on": act.on.isoformat(),
                "payment_no": basis["payment_no"],
                "basis": plain({name: basis[name] for name in EXCESS}),
                "figures": plain({name: row[name] for name in FIGURES}),
                "offsets": [plain(o) for o in mine],
            }
            number = f"R{len(now.refunds) + len(made) + 1:06}"
            made.append(record.event(None, "proposed", content, new=number))
            problems += passed_over(made[-1])
        if made:
            record.commit()
        return Done(refunds=tuple(made), problems=tuple(problems))


def approve(act: Act, refund_ids: Sequence[str]) -> Done:
    """Say yes to refunds. The last yes that the tier asks for decides: interest to that day is frozen, a 通知番号 given, 充当 carried out."""

    def one(record: Record, refund: Refund, now: Owed) -> Refund | Problem:
        problem = (
            _not_in(refund, State.PROPOSED)
            or same_person(act.who, refund)
            or too_early(act.on, refund)
            or changed(refund, now)
        )
        if problem:
            return problem
        figures, offsets, problem = ready.figures(record, refund, now)
        # the tier is that of this day's figures: interest may have carried the refund into the next one
        needed = act.rules.tier(_yen(figures)).approvals
        left = _left(needed, refund)
        first = _decided_first(refund, now) if problem and problem.code == "refund.offset_changed" else ""
        if first and len(left) <= 1:
            return Problem("refund.decide_first", params={"refund": refund.refund_id, "found": first})
        if problem and not first:
            return problem
        # none is left where fewer are asked for than have agreed already: the day of the next yes decides
        anybody = ANY if ANY in left or not left else None
        role = next((r for r in left if r in act.rules.roles(act.who)), anybody)
        if role is None:
            return Problem("refund.role", params={"found": act.who, "expected": ", ".join(left)})
        said = {"on": act.on.isoformat(), "needed": list(needed)}
        agreed = record.event(refund, "approved", {**said, "role": role})
        if _left(needed, agreed):
            return agreed
        more = {"notice_no": now.refunds.next_notice(act.on), "figures": figures, "offsets": offsets}
        more["about"] = ready.about(record, refund, now)
        decided = record.event(agreed, "decided", {**said, **more})
        record.offset(decided)
        return decided

    ready = _Ready(act, refund_ids)
    return each(act, "refunds approve", refund_ids, one)


def reject(act: Act, refund_ids: Sequence[str], *, reason: str) -> Done:
    """Send refunds back: the overpayment is open again, a 充当 already carried out is taken back. Not after the transfer file."""

    def one(record: Record, refund: Refund, now: Owed) -> Refund | Problem:
        if refund.state not in (State.PROPOSED, State.APPROVED):
            return state_fault(refund, State.PROPOSED)
        if refund.state is State.APPROVED:
            record.take_back(refund)
        return record.event(refund, "rejected", {"on": act.on.isoformat(), "reason": reason})

    return each(act, "refunds reject", refund_ids, one)


def each(
    act: Act,
    what: str,
    refund_ids: Sequence[str],
    one: Callable[[Record, Refund, Owed], Refund | Problem],
) -> Done:
    """Do it to each; what is refused is listed, the others go on. Raises ProblemError where all were refused."""
    with recording(act, what, role=ANY) as record:
        now = owed(record.ledger)
        done, problems = [], []
        for refund_id in dict.fromkeys(refund_ids):
            refund = now.refunds.get(refund_id)
            if refund is None:
                problems.append(Problem("refund.unknown", params={"found": refund_id}))
                continue
            found = one(record, refund, now)
            if isinstance(found, Problem):
                problems.append(found)
            else:
                done.append(found)
                now.refunds.put(found)
        refusals(problems, done=len(done))
        if done:
            record.commit()
        return Done(refunds=tuple(done), problems=tuple(problems))


# --- what may go on ---------------------------------------------------------------------------------


Computed = tuple[dict[str, Any], list[dict[str, Any]], Problem | None]


class _Ready:
    """Figures as of the day: together, but for a payer of several refunds asked for of which one fills a debt, or two are of one overpayment.
    There each sees the ones before it, since a filled line may owe 延滞金 that it did not owe before.

    Lines are read together too, as long as no 充当 of this command has moved one.
    """

    def __init__(self, act: Act, refund_ids: Sequence[str]) -> None:
        self._act, self._wanted = act, frozenset(refund_ids)
        self._known: dict[str, Computed] | None = None
        self._lines: dict[str, dict[str, Any]] | None = None
        self._too_much: dict[tuple[str | None, str], int] | None = None

    def figures(self, record: Record, refund: Refund, now: Owed) -> Computed:
        """Figures and offsets of a refund, and why it may not go on, if so."""
        policy, on = self._act.policy, self._act.on
        if self._known is None:
            # nobody asks of those that are settled: one that was rejected takes from what the one proposed after it takes from
            mine = [r for r in now.refunds if r.refund_id in self._wanted and r.state is State.PROPOSED]
            mine = [r for r in mine if not now.moved(r)]
            many = Counter(r.payer_id for r in mine)
            of_one = Counter(r.key for r in mine)  # parts of one overpayment, each proposed as it came free
            fills = {r.payer_id for r in mine if of_one[r.key] > 1 or (r.offsets and many[r.payer_id] > 1)}
            together = [r for r in mine if r.payer_id not in fills]
            found = recomputed(record.ledger, together, now, policy=policy, on=on)
            # a debt that came since the proposal: which of the payer's refunds would fill it is for each to see
            fills = {r.payer_id for r in together if found[r.refund_id][1] and many[r.payer_id] > 1}
            self._known = {r.refund_id: found[r.refund_id] for r in together if r.payer_id not in fills}
        if refund.refund_id not in self._known:
            record.carry_out()
            return recomputed(record.ledger, [refund], now, policy=policy, on=on)[refund.refund_id]
        return self._known[refund.refund_id]

    def about(self, record: Record, refund: Refund, now: Owed) -> dict[str, Any]:
        """What the payer is told of the line: all that was paid on it and what was due; of the payment where it has no line."""
        basis = refund.basis
        if basis["line_id"] is None:
            return _about_payment(record.ledger, basis)
        if self._too_much is None:
            sums = now.excess.group_by("line_id", "component").agg(pl.col("amount").sum())
            self._too_much = {(line, component): yen for line, component, yen in sums.iter_rows()}
        line = self._line(record, basis["line_id"], now)
        if basis["component"] == "principal":
            too_much = self._too_much.get((basis["line_id"], basis["component"]), 0)
            paid, due = line["paid"] + too_much, line["due"]
        else:
            paid, due = basis["amount"], 0
        said = {name: line[name] for name in ("tax_item", "levy_year", "period")}
        return {**said, "paid_amount": paid, "due_amount": due}

    def _line(self, record: Record, line_id: str, now: Owed) -> dict[str, Any]:
        policy = self._act.policy
        if record.carried_out:
            return lines_now(record.ledger, pl.Series([line_id]), policy=policy).row(0, named=True)
        if self._lines is None:
            asked = (now.refunds.get(name) for name in self._wanted)
            ids = sorted({r.basis["line_id"] for r in asked if r and r.basis["line_id"] is not None})
            lines = lines_now(record.ledger, pl.Series(ids, dtype=pl.String), policy=policy)
            self._lines = {line["line_id"]: line for line in lines.iter_rows(named=True)}
        return self._lines[line_id]


def recomputed(
    ledger: Ledger, refunds: Sequence[Refund], now: Owed, *, policy: Policy, on: date
) -> dict[str, Computed]:
    """Figures and offsets of refunds as of a day, from what stands; and why each may not go on, if so."""
    if not refunds:
        return {}
    rows = pl.DataFrame([r.basis for r in refunds], schema=dict.fromkeys(EXCESS, pl.String) | _not_text())
    rows = rows.with_columns(
        pl.col(n).str.to_date() for n in ("arisen_on", "paid_on", "account_date", "remit_date")
    )
    rows = rows.with_columns(amount=pl.Series([r.amount for r in refunds], dtype=pl.Int64)).cast(
        pl.Schema(EXCESS)
    )
    rows = rows.with_columns(
        bears_from=pl.Series([r.bears_from for r in refunds], dtype=pl.String).str.to_date()
    )
    names = {r.key: r for r in refunds}
    ours = {r.refund_id for r in refunds}
    others = [r for r in now.refunds if r.refund_id not in ours]
    found = proposals(ledger, rows, others, policy=policy, as_of=on, deciding=True)
    parts = iter(found.offsets.to_dicts())
    computed: dict[str, Computed] = {}
    for said in found.refunds.to_dicts():
        mine = _next(parts, said["offset"])
        refund = names[key_of(said)]
        figures, offsets = plain({name: said[name] for name in FIGURES}), [plain(o) for o in mine]
        problem = _unproposable(said, refund.refund_id)
        before, after = _told(refund.offsets), _told(offsets)
        if problem is None and before != after:
            params: dict[str, str | int] = {"refund": refund.refund_id, "found": after, "expected": before}
            problem = Problem("refund.offset_changed", params=params)
        computed[refund.refund_id] = (figures, offsets, problem)
    return computed


def changed(refund: Refund, now: Owed, *, more: int = 0) -> Problem | None:
    """Whether the overpayment is still what the maker saw, and whether there is still room for it beside what was given (and `more`).

    Both figures are told.
    """
    if moved := now.moved(refund):
        name, here, before = moved
        params: dict[str, str | int] = {
            "refund": refund.refund_id,
            "found": _shown(here),
            "expected": _shown(before),
        }
        return Problem("refund.changed", name, params)
    spent = now.refunds.spent_on(refund.payer_id, but=refund.refund_id) + more
    stands_for = now.of_payer(refund.payer_id)
    if spent + refund.amount > stands_for:
        params = {
            "refund": refund.refund_id,
            "found": f"{spent + refund.amount:,}",
            "expected": f"{stands_for:,}",
        }
        return Problem("refund.overdrawn", params=params)
    return None


def same_person(who: str, refund: Refund) -> Problem | None:
    """Four eyes: nobody has a hand in one refund twice, and who says that its money came back does not order it again."""
    if who in refund.people or any(said.who == who for _, said in refund.came_back):
        return Problem("refund.same_person", params={"refund": refund.refund_id, "found": who})
    return None


def _decided_first(refund: Refund, now: Owed) -> str:
    """The proposals that complete a principal together with a refund that fills the 延滞金 of it: that is owed once they are decided."""
    lines = {o["offset_to"] for o in refund.offsets if o["component"] == "delinquency"}
    return ", ".join(
        other.refund_id
        for other in now.refunds.of_payer(refund.payer_id)
        if other.state is State.PROPOSED
        and other.refund_id != refund.refund_id
        and any(o["offset_to"] in lines and o["component"] == "principal" for o in other.offsets)
    )


def _left(needed: Sequence[str], refund: Refund) -> list[str]:
    """The roles of a tier that nobody has filled yet."""
    left = list(needed)
    for given in refund.approvals:
        if given.role in left:
            left.remove(given.role)
    return left


def _unproposable(row: Mapping[str, Any], refund_id: str = "") -> Problem | None:
    name = refund_id or row["receipt_id"]
    if row["blocked"] is not None:
        params: dict[str, str | int] = {"refund": name, "found": row["blocked"], "yen": f"{row['amount']:,}"}
        if set(row["blocked"].split(";")) <= WAITS:
            return Problem("refund.waits", params=params)
        return Problem("refund.blocked", params=params)
    if row["interest"] is None:
        return Problem("refund.no_rate", params={"refund": name, "found": str(row["interest_to"] or "–")})
    return None


def _unknown(only: Sequence[str], now: Owed) -> list[Problem]:
    known = set(now.free["receipt_id"].to_list()) | set(now.free["payer_id"].drop_nulls().to_list())
    return [Problem("refund.unknown", params={"found": name}) for name in only if name not in known]


def _not_in(refund: Refund, state: State) -> Problem | None:
    return None if refund.state is state else state_fault(refund, state)


def too_early(on: date, refund: Refund) -> Problem | None:
    """A step on a day before that of the last one."""
    last = max((refund.proposed_on, *(s.on for s in refund.starts), *(a.on for a in refund.approvals)))
    if on.isoformat() < last:
        return Problem(
            "refund.day", params={"refund": refund.refund_id, "found": on.isoformat(), "expected": last}
        )
    return None


def _about_payment(ledger: Ledger, basis: Mapping[str, Any]) -> dict[str, Any]:
    asked = pl.Series("receipt_id", [basis["receipt_id"]])
    paid = ledger.lookup("receipts", asked, ["amount"])["amount"].sum()
    return {
        "levy_year": None,
        "period": None,
        "tax_item": basis["tax_item"],
        "paid_amount": paid,
        "due_amount": paid - basis["amount"],
    }


# --- words and numbers ------------------------------------------------------------------------------


def _yen(figures: Mapping[str, Any]) -> int:
    """What a tier is measured by: the overpayment and its interest."""
    return int(figures["amount"]) + int(figures["interest"] or 0)


def _told(offsets: Sequence[Mapping[str, Any]]) -> str:
    return ";".join(f"{o['offset_to']}:{o['component']}:{o['amount']}" for o in offsets) or "–"


def _shown(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value or "–")


def _next(parts: Iterator[dict[str, Any]], whole: int) -> list[dict[str, Any]]:
    """The offsets of the next row: they stand in the order of the rows, and make up `whole`."""
    mine = []
    while whole > 0:
        mine.append(next(parts))
        whole -= mine[-1]["amount"]
    return mine


def _not_text() -> dict[str, Any]:
    return {n: k for n, k in EXCESS.items() if k not in (pl.String(), pl.Date())}
