"""Refunds as their events make them: what was proposed, who agreed, what was decided, where it went.

In: rows of `refund_events`, oldest first. Out: `Refund`, frozen. A refund is one 過誤納 of one payment on one line; its yen are those that were
free when it was proposed. Refuses (ValueError): events that no command of ours could have written in this order.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any

import polars as pl

from reconcile.ledger import Ledger
from reconcile.tables import TABLES

# payment_id, line_id, component, class, and of 過納 the day of its revision: one row of standing excess
Key = tuple[str, str | None, str, str, str]
Row = Mapping[str, Any]


class State(Enum):
    """Where a refund stands."""

    PROPOSED = "proposed"  # 起案
    APPROVED = "approved"  # 決定
    EXPORTED = "exported"  # 振込データ作成済み
    REJECTED = "rejected"  # 差戻し; the overpayment is open again


@dataclass(frozen=True, kw_only=True)
class Approval:
    """One yes: who, in which role of the tier, on which day."""

    who: str
    role: str
    on: str


@dataclass(frozen=True, kw_only=True)
class Returned:
    """That the bank sent a transfer back (組戻し): who said so, on which day, why. `same_account`: the account was not what was wrong."""

    who: str
    on: str
    reason: str
    same_account: bool


@dataclass(frozen=True, kw_only=True)
class Start:
    """That the law starts the interest later than the payment (加算金起算日): who said so, on which day, why; the first day that bears any."""

    who: str
    on: str
    reason: str
    day: str


@dataclass(frozen=True, kw_only=True)
class Order:
    """One order to the bank: the transfer file, who made it, the day of the transfer, and its record in the file."""

    batch: int
    exporter: str
    transfer_on: str
    transfer: Row
    returned: Returned | None = None


@dataclass(frozen=True, kw_only=True)
class Refund:
    """`basis`: the standing excess as the maker saw it, whole; `figures`: amount, offset, refund, interest … as proposed, and from the decision
    on as decided; `offsets`: what goes to other lines."""

    refund_id: str
    state: State
    payer_id: str | None
    payment_no: int
    basis: Row
    figures: Row
    offsets: tuple[Row, ...]
    maker: str
    proposed_on: str
    starts: tuple[Start, ...] = ()  # the last one holds
    approvals: tuple[Approval, ...] = ()
    about: Row = field(
        default_factory=dict
    )  # what the notice says of the line: tax item, year, instalment, paid, due
    decided_on: str | None = None
    needed: int = 0  # approvals that its tier asked for
    notice_no: str | None = None
    rejected_by: str | None = None
    reason: str | None = None
    orders: tuple[
        Order, ...
    ] = ()  # all but the last were sent back, and the last where the refund is decided again

    @property
    def key(self) -> Key:
        """Which row of standing excess it takes from."""
        return key_of(self.basis)

    @property
    def amount(self) -> int:
        """Yen of the excess that it takes."""
        return int(self.figures["amount"])

    @property
    def payable(self) -> int:
        """Yen to be transferred: what is left after 充当, and its interest."""
        return int(self.figures["refund"]) + int(self.figures["interest"] or 0)

    @property
    def live(self) -> bool:
        """Whether it holds its yen."""
        return self.state is not State.REJECTED

    @property
    def order(self) -> Order | None:
        """The order that is out."""
        return self.orders[-1] if self.orders and self.orders[-1].returned is None else None

    @property
    def came_back(self) -> tuple[tuple[Order, Returned], ...]:
        """The orders that the bank sent back."""
        return tuple((o, o.returned) for o in self.orders if o.returned)

    @property
    def bears_from(self) -> str | None:
        """The day before which it bears no interest, where a person said so."""
        return self.starts[-1].day if self.starts else None

    def in_batch(self, batch: int) -> Order | None:
        """Its order in a transfer file."""
        return next((o for o in self.orders if o.batch == batch), None)

    @property
    def people(self) -> tuple[str, ...]:
        """Everybody who has had a hand in its decision, makers before those who agreed."""
        makers = dict.fromkeys((self.maker, *(s.who for s in self.starts)))
        return (*makers, *(a.who for a in self.approvals))


def nth(word: str, number: int) -> str:
    """The word of a step that a refund can take again: the ledger holds each word of a refund once."""
    return word if number == 1 else f"{word}-{number}"


def step_of(event: Row) -> str:
    """The step of an event, the first time or again."""
    return str(event["event"]).partition("-")[0]


def key_of(row: Row) -> Key:
    """The key of a row of excess, its days as such or as ISO text. The day of a 誤納 may be corrected, it is the same row."""
    since = str(row["arisen_on"]) if row["class"] == "kanou" else ""
    return row["payment_id"], row["line_id"], row["component"], row["class"], since


def refunds_of(ledger: Ledger, refund_ids: Sequence[str] | None = None) -> tuple[Refund, ...]:
    """These refunds, or all of them, in the order of their proposal."""
    columns = list(TABLES["refund_events"].columns)
    if not ledger.store.highest("refund_events"):
        return ()
    if refund_ids is None:
        rows = pl.concat(
            [pl.DataFrame(schema=dict(TABLES["refund_events"].columns)), *ledger.scan("refund_events")]
        )
    else:
        rows = ledger.lookup(
            "refund_events", pl.Series("refund_id", list(refund_ids), dtype=pl.String), columns
        )
    return folded(rows.sort("seq").iter_rows(named=True))


def folded(events: Iterable[Row]) -> tuple[Refund, ...]:
    """Events, oldest first, as the refunds they make."""
    found: dict[str, Refund] = {}
    for event in events:
        found[event["refund_id"]] = after(found.get(event["refund_id"]), event)
    return tuple(found.values())


def after(refund: Refund | None, event: Row) -> Refund:
    """The refund after one more event. Raises ValueError where the event cannot follow."""
    said = json.loads(event["content"])
    word = event["event"]
    changes = _changes(refund, word, event["who"], said) if refund else None
    if refund and changes:
        return replace(refund, **changes)
    if refund is None and word == "proposed":
        return Refund(
            refund_id=event["refund_id"],
            state=State.PROPOSED,
            payer_id=said["basis"]["payer_id"],
            payment_no=said["payment_no"],
            basis=said["basis"],
            figures=said["figures"],
            offsets=tuple(said["offsets"]),
            maker=event["who"],
            proposed_on=said["on"],
        )
    raise ValueError(f"{event['refund_id']}: {word} after {refund.state.value if refund else 'nothing'}")


def _changes(refund: Refund, word: str, who: str, said: Row) -> dict[str, Any]:
    """What an event changes of a refund; nothing where it cannot follow."""
    out, begun = len(refund.orders), len(refund.starts)
    changes: dict[str, Any] = {}
    match word, refund.state:
        case _, State.PROPOSED if word == nth("interest", begun + 1) and not refund.approvals:
            start = Start(who=who, **{name: said[name] for name in ("on", "reason", "day")})
            changes = {"figures": said["figures"], "starts": (*refund.starts, start)}
        case "approved", State.PROPOSED:
            given = Approval(who=who, role=said["role"], on=said["on"])
            changes = {"approvals": (*refund.approvals, given)}
        case "decided", State.PROPOSED:
            changes = {name: said[name] for name in ("figures", "about", "notice_no")}
            changes |= {"state": State.APPROVED, "offsets": tuple(said["offsets"])}
            changes |= {"needed": len(said["needed"]), "decided_on": said["on"]}
        case "rejected", State.PROPOSED | State.APPROVED:
            changes = {"state": State.REJECTED, "rejected_by": who, "reason": said["reason"]}
        case _, State.APPROVED if word == nth("exported", out + 1):
            names = ("batch", "transfer_on", "transfer")
            order = Order(exporter=who, **{name: said[name] for name in names})
            changes = {"state": State.EXPORTED, "orders": (*refund.orders, order)}
        case _, State.EXPORTED if word == nth("returned", out):
            why = Returned(who=who, **{name: said[name] for name in ("on", "reason", "same_account")})
            orders = (*refund.orders[:-1], replace(refund.orders[-1], returned=why))
            changes = {"state": State.APPROVED, "orders": orders}
    return changes


def refunds_naming(ledger: Ledger, keys: Sequence[str]) -> list[tuple[Refund, Row]]:
    """Refunds whose proposal or decision names one of these payments or lines: each event with the refund as it was after it."""
    if not keys or not ledger.store.highest("refund_events"):
        return []
    columns = ["seq", "refund_id", "content"]
    whole = [json.dumps(key, ensure_ascii=False) for key in keys]  # 00001-1 is no part of 100001-1
    named = [
        part.filter(pl.col("content").str.contains_any(whole))["refund_id"]
        for part in ledger.scan("refund_events", columns)
    ]
    found: list[tuple[Refund, Row]] = []
    known: dict[str, Refund] = {}
    for event in ledger.lookup("refund_events", pl.concat(named).unique()).sort("seq").iter_rows(named=True):
        known[event["refund_id"]] = after(known.get(event["refund_id"]), event)
        found.append((known[event["refund_id"]], event))
    return found
