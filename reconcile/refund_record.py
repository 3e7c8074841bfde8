"""One commit of the refunds' office: events, offsets that go with them, the audit; the same ledger and chain as a night.

In: an open ledger and what a person asked for. Out: the rows written, the run committed. Offsets (充当) are carried out, or taken back, by deciding
their lines anew in the same commit. Refuses (ProblemError): what the ledger refuses; a run whose totals do not balance.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from elqr.problems import Problem, ProblemError
from reconcile.decide import decide
from reconcile.ledger import Ledger, open_ledger
from reconcile.policy import Policy
from reconcile.redecide import redecide
from reconcile.refund_policy import RefundPolicy
from reconcile.refund_states import Refund, State, after, refunds_of
from reconcile.tables import TABLES
from reconcile.unrated import RATES

_NONE = pl.Series([], dtype=pl.String)


@dataclass(frozen=True, kw_only=True)
class Act:
    """Who does something to which ledger, on which day. `login`, `at`: how the terminal knows the person, and when; for the record."""

    ledger: str | Path
    who: str
    on: date
    policy: Policy
    rules: RefundPolicy
    login: str | None = None
    at: str | None = None


class Record:
    """Rows of one commit as they are gathered. Nothing lasts before `commit`."""

    def __init__(self, ledger: Ledger, act: Act, what: str) -> None:
        self.ledger, self._act, self._what = ledger, act, what
        self._events: list[dict[str, Any]] = []
        self._said: list[str] = []
        self._transfers: list[pl.DataFrame] = []
        self._totals = dict(ledger.standing.totals)
        self._payments = ledger.standing.payments
        self.carried_out = False  # whether lines stand otherwise than when the command began

    def event(self, refund: Refund | None, word: str, content: Mapping[str, Any], *, new: str = "") -> Refund:
        """What happened to a refund (`new`: the number of one that begins): the refund as it is then."""
        refund_id = refund.refund_id if refund else new
        text = json.dumps(content, ensure_ascii=False, sort_keys=True)
        row = {
            "refund_id": refund_id,
            "event": word,
            "who": self._act.who,
            "at": self._act.at,
            "content": text,
        }
        self._events.append(row)
        self._said.append(f"{refund_id} {word}")
        return after(refund, row)

    def say(self, text: str) -> None:
        """A line for the audit."""
        self._said.append(text)

    def offset(self, refund: Refund) -> None:
        """The 充当 of a refund that is decided."""
        if not refund.offsets:
            return
        rows = []
        for part in refund.offsets:
            self._payments += 1
            rows.append(
                {
                    "payment_no": self._payments,
                    "payment_id": offset_id(refund.refund_id, part),
                    "receipt_id": refund.basis["receipt_id"],
                    "line_id": part["offset_to"],
                    "component": part["component"],
                    "amount": part["amount"],
                    "paid_on": date.fromisoformat(part["effective_on"]),
                    "account_date": self._act.on,
                }
            )
        self._transfers.append(_transfers(rows))

    def take_back(self, refund: Refund) -> None:
        """The 充当 of a refund that is rejected, undone: the same rows with their yen negated."""
        if not refund.offsets:
            return
        ids = pl.Series(
            "payment_id", [offset_id(refund.refund_id, o) for o in refund.offsets], dtype=pl.String
        )
        done = pl.concat([_transfers([]), *self.ledger.scan("transfers", list(_transfers([]).columns))])
        done = done.filter(pl.col("payment_id").is_in(ids.implode()))
        self._transfers.append(done.with_columns(-pl.col("amount")))

    def carry_out(self) -> None:
        """Decide the lines of all offsets so far; done by `commit`, and before where the next refund of a payer must see them."""
        if self._transfers:
            self.redecide()

    def redecide(self, *, slips: pl.Series = _NONE, lines: pl.Series = _NONE) -> None:
        """Decide anew what the offsets so far, these slips and these lines touch."""
        self.carried_out = True
        transfers = self.ledger.add("transfers", pl.concat([_transfers([]), *self._transfers]))
        self._transfers = []
        policy, day = self._act.policy, self._act.on
        done = redecide(
            self.ledger,
            decide=lambda world: decide(world, policy, as_of=day),
            body_code=body_code_of(self.ledger),
            events=pl.DataFrame(schema=dict(TABLES["receipts"].columns)),
            transfers=transfers.select(list(TABLES["transfers"].columns)),
            whole=_NONE,
            slips=slips,
            lines=lines,
        )
        for name, (count, yen) in done.totals.items():
            before = self._totals.get(name, (0, 0))
            self._totals[name] = (before[0] + count, before[1] + yen)

    def commit(self) -> None:
        """Write it all and make it last."""
        self.carry_out()
        schema = {n: k for n, k in TABLES["refund_events"].columns.items() if n not in ("seq", "run_id")}
        self.ledger.add("refund_events", pl.DataFrame(self._events, schema=schema))
        self._totals |= refund_totals(refunds_of(self.ledger))
        act = self._act
        who = act.who if act.login in (None, act.who) else f"{act.who} ({act.login})"
        row = {"who": who, "at": act.at, "what": self._what, "content": ", ".join(self._said)}
        self.ledger.add("audit", pl.DataFrame([row], schema=dict.fromkeys(row, pl.String)))
        self.ledger.commit(
            kind="refunds",
            as_of=act.on.isoformat(),
            inputs={
                "what": self._what,
                "policy": act.policy.id,
                "policy_sha256": act.policy.sha256,
                RATES: act.policy.rates.sha256,
                "rules": act.rules.id,
                "rules_sha256": act.rules.sha256,
                "body_code": body_code_of(self.ledger),
            },
            totals=self._totals,
            payments=self._payments,
            who=act.who,
            at=act.at,
        )


@contextmanager
def recording(act: Act, what: str, *, role: str) -> Iterator[Record]:
    """The ledger open for one commit of this person in this role; nothing is kept unless `commit` was reached.

    Raises ProblemError (`refund.who`, `refund.role`, `refund.login`, `ledger.*`).
    """
    if problem := act.rules.refused(act.who, role=role, login=act.login):
        raise ProblemError(problem)
    with open_ledger(act.ledger, writer=True) as ledger:
        ledger.begin()
        try:
            yield Record(ledger, act, what)
        finally:
            ledger.rollback()


def refund_totals(refunds: Sequence[Refund]) -> dict[str, tuple[int, int]]:
    """Count and yen of excess that refunds hold, by state; part of the totals that runs carry on."""
    found = {}
    for state in (State.PROPOSED, State.APPROVED, State.EXPORTED):
        mine = [r.amount for r in refunds if r.state is state]
        found[f"refund_{state.value}"] = (len(mine), sum(mine))
    return found


def offset_id(refund_id: str, part: Mapping[str, Any]) -> str:
    """The identity of a 充当 as a payment of its own."""
    text = "\x1f".join(("offset", refund_id, part["offset_to"], part["component"]))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def body_code_of(ledger: Ledger) -> str | None:
    """Our own body code, as the last run knew it."""
    last = ledger.store.highest("runs", "run_id")
    for part in ledger.store.scan("runs", ["inputs"], after=last - 1):
        code = json.loads(part["inputs"][-1]).get("body_code")
        return None if code is None else str(code)
    return None


def _transfers(rows: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    kinds = {n: k for n, k in TABLES["transfers"].columns.items() if n not in ("seq", "run_id")}
    return pl.DataFrame(list(rows), schema=kinds, orient="row")


def refusals(problems: Sequence[Problem], *, done: int) -> None:
    """Raises ProblemError where all that was asked for was refused."""
    if problems and not done:
        raise ProblemError(list(problems))
