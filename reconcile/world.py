"""What a decision is made from and what comes out of it: the frames of `decide`, in one place for ledger, run and reports.

In: frames from register, intake and ledger. Out: `World`, `Decision` and their schemas. A world is closed: with a payment come all its
events, with a slip that was paid all its covers and the slips that replaced it, with a line all versions and all payments of its slips.
Refuses (`World.checked`): wrong columns or types, an event twice, covers of unknown lines (ValueError: the caller's fault, not the data's).
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import polars as pl

from reconcile.frames import ASSESSMENTS, COVERS, RECEIPTS, SLIPS, empty

_TEXT, _YEN, _DAY, _FLAG = pl.String(), pl.Int64(), pl.Date(), pl.Boolean()


def _part(schema: Mapping[str, pl.DataType], *names: str) -> Mapping[str, pl.DataType]:
    return {name: schema[name] for name in names}


# What decide reads; the frames given may have more columns.
EVENTS_READ: Mapping[str, pl.DataType] = _part(
    RECEIPTS, "receipt_id", "payment_id", "kind", "channel", "body_code", "slip_key", "confirm_no", "tax_item", "period",
    "amount", "paid_on", "paid_time", "remit_date", "account_date", "txn_id", "orig_txn_id",
)  # fmt: skip
LINES_READ: Mapping[str, pl.DataType] = _part(
    ASSESSMENTS, "line_id", "payer_id", "body_code", "tax_item", "levy_year", "tax_year", "notice_no", "period", "fiscal_year",
    "due_date", "principal", "status", "revised_at", "carried_over", "time_barred_on", "exempt_from", "exempt_to",
    "dunning_fee", "is_premium",
)  # fmt: skip
SLIPS_READ: Mapping[str, pl.DataType] = _part(
    SLIPS, "slip_key", "confirm_no", "tax_item", "body_code", "payer_id", "period", "amount", "kind", "supersedes",
)  # fmt: skip
TRANSFERS: Mapping[
    str, pl.DataType
] = {  # 充当 that was decided and carried out: money that reaches a line without a slip
    "payment_id": _TEXT,  # an identity of its own: the excess stays where it arose, and the refunds say that it was used
    "receipt_id": _TEXT,
    "line_id": _TEXT,
    "component": _TEXT,
    "amount": _YEN,
    "paid_on": _DAY,  # 充当適状日
    "account_date": _DAY,
}
BLOCKS: Mapping[
    str, pl.DataType
] = {  # whose excess a person must decide on; one of the two ids, the other null
    "payer_id": _TEXT,
    "payment_id": _TEXT,
    "reason": _TEXT,  # heirs | co_owners | third_party, or the office's own word
}

OUTCOMES: Mapping[str, pl.DataType] = {
    "payment_id": _TEXT,
    "receipt_id": _TEXT,  # the deciding event
    "outcome": _TEXT,
    "facts": _TEXT,  # all cases that hold, in order of precedence, joined by ;
    "rule": _TEXT,  # rung of the ladder: key | successor | transfer | suspense | held | nothing
    "inputs": _TEXT,  # JSON: what was decided on
    "line_ids": _TEXT,  # joined by ;
    "slip_key": _TEXT,
    "paid_on": _DAY,
    "amount": _YEN,  # net: 0 where cancelled; = posted + excess + suspense + held
    "posted": _YEN,
    "excess": _YEN,
    "suspense": _YEN,
    "held": _YEN,
    "provisional": _FLAG,
}
POSTINGS: Mapping[str, pl.DataType] = {
    "line_id": _TEXT,
    "component": _TEXT,
    "amount": _YEN,  # > 0
    "payment_id": _TEXT,
    "receipt_id": _TEXT,
    "paid_on": _DAY,
    "account_date": _DAY,
    "fiscal_year": _TEXT,
    "rule": _TEXT,  # the outcome of its payment
    "provisional": _FLAG,
}
EXCESS: Mapping[str, pl.DataType] = {
    "payment_id": _TEXT,
    "receipt_id": _TEXT,
    "payer_id": _TEXT,
    "line_id": _TEXT,  # null where a surplus belongs to no single line
    "component": _TEXT,
    "amount": _YEN,
    "class": _TEXT,  # kanou | gonou
    "found_on": _TEXT,  # the case that made it excess
    "arisen_on": _DAY,  # 誤納: the payment; 過納: the revision that made it too much, a row for each
    "paid_on": _DAY,
    "account_date": _DAY,
    "remit_date": _DAY,
    "fiscal_year": _TEXT,  # the books that hold the money
    "body_code": _TEXT,
    "tax_item": _TEXT,
    "notice_no": _TEXT,
    "is_premium": _FLAG,
    "blocked": _TEXT,  # why neither offset nor refund may go on without a person, or null
}
UNPLACED: Mapping[str, pl.DataType] = {  # suspense and held
    "payment_id": _TEXT,
    "receipt_id": _TEXT,
    "slip_key": _TEXT,
    "line_id": _TEXT,  # null for suspense
    "amount": _YEN,
    "found_on": _TEXT,
    "paid_on": _DAY,
    "provisional": _FLAG,
}
CHARGES: Mapping[str, pl.DataType] = {
    "line_id": _TEXT,
    "due_date": _DAY,  # after the roll
    "paid_on": _DAY,  # the payment that completed the principal
    "base": _YEN,
    "segments": _TEXT,
    "amount": _YEN,  # 0 below the threshold; ≥ 1,000 is a receivable of its own; null where the rate table ends before
    "rounding": _TEXT,
    "provisional": _FLAG,  # a payment of the principal is only 速報
}
LINES: Mapping[str, pl.DataType] = {
    "line_id": _TEXT,
    "payer_id": _TEXT,
    "due_date": _DAY,  # after the roll
    "due": _YEN,  # principal as it stands; 0 where cancelled
    "paid": _YEN,  # confirmed
    "provisional": _YEN,  # 速報
    "open": _YEN,  # due − paid − provisional
    "closed_on": _DAY,  # 納付日 of the payment that completed it, else null
    "charge": _YEN,  # 延滞金 assessed; null where it cannot be computed
    "charge_open": _YEN,
    "barred_from": _DAY,
    "state": _TEXT,  # cancelled | suspended | closed | provisional | charge_due | time_barred | overdue | open
}


@dataclass(frozen=True, kw_only=True)
class World:
    """Everything a decision may look at. `body_code`: our own, None where not known."""

    assessments: pl.DataFrame  # all versions, in the order in which they came
    slips: pl.DataFrame
    covers: pl.DataFrame
    receipts: pl.DataFrame
    transfers: pl.DataFrame = field(default_factory=lambda: empty(TRANSFERS))
    blocks: pl.DataFrame = field(default_factory=lambda: empty(BLOCKS))
    body_code: str | None = None

    def checked(self) -> World:
        """The world with just the columns that are read. Raises ValueError where it cannot be decided on."""
        wanted = {
            "assessments": LINES_READ,
            "slips": SLIPS_READ,
            "covers": COVERS,
            "receipts": EVENTS_READ,
            "transfers": TRANSFERS,
            "blocks": BLOCKS,
        }
        frames: dict[str, pl.DataFrame] = {}
        for name, schema in wanted.items():
            frame: pl.DataFrame = getattr(self, name)
            wrong = [
                f"{c} is {frame.schema.get(c)}, not {t}"
                for c, t in schema.items()
                if frame.schema.get(c) != t
            ]
            if wrong:
                raise ValueError(f"{name}: " + "; ".join(wrong))
            frames[name] = frame.select(list(schema))
        if frames["receipts"]["receipt_id"].n_unique() < frames["receipts"].height:
            raise ValueError("receipts: a receipt_id stands twice")
        if frames["slips"]["slip_key"].n_unique() < frames["slips"].height:
            raise ValueError("slips: a slip_key stands twice")
        return World(**frames, body_code=self.body_code)


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What stands: frames sorted by content, so that equal worlds give equal frames whatever the order of their rows."""

    outcomes: pl.DataFrame
    postings: pl.DataFrame
    excess: pl.DataFrame
    suspense: pl.DataFrame
    held: pl.DataFrame
    charges: pl.DataFrame
    lines: pl.DataFrame

    def digest(self) -> str:
        """SHA-256 of outcomes, postings, excess, suspense, held and charges; standing of lines follows from them and from the day."""
        sha = hashlib.sha256()
        for name in ("outcomes", "postings", "excess", "suspense", "held", "charges"):
            sha.update(name.encode())
            sha.update(getattr(self, name).write_csv().encode())
        return sha.hexdigest()


SORTED_BY: Mapping[
    str, tuple[str, ...]
] = {  # unique in each frame, so that the order of rows is the content's
    "outcomes": ("payment_id",),
    "postings": ("line_id", "component", "payment_id"),
    "excess": ("payment_id", "line_id", "component", "class", "arisen_on"),
    "suspense": ("payment_id",),
    "held": ("payment_id", "line_id"),
    "charges": ("line_id",),
    "lines": ("line_id",),
}
SCHEMAS: Mapping[str, Mapping[str, pl.DataType]] = {
    "outcomes": OUTCOMES,
    "postings": POSTINGS,
    "excess": EXCESS,
    "suspense": UNPLACED,
    "held": UNPLACED,
    "charges": CHARGES,
    "lines": LINES,
}


def decision(*, in_order: Collection[str] = (), **frames: pl.DataFrame) -> Decision:
    """The seven frames, each with the columns of its schema and in its order. `in_order`: those that are in order already."""
    found = {}
    for name, schema in SCHEMAS.items():
        frame = frames[name].select(pl.col(column).cast(kind) for column, kind in schema.items())
        found[name] = (
            frame if name in in_order or frame.height < 2 else frame.sort(SORTED_BY[name], nulls_last=False)
        )
    return Decision(**found)
