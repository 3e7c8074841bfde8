"""Why a receipt, a slip or a line stands as it does: everything the ledger holds of it, in the order in which it came to be.

In: a ledger and a key (`reconcile.explained_key`). Out: `Story`, plain values; `reconcile.story` puts it into words.
A reversal names its causes (`reconcile.causes`). Refuses (ProblemError): what `reconcile.explained_key` refuses.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from reconcile.causes import Causes
from reconcile.entries import standing_entries
from reconcile.explained_key import named_by
from reconcile.ledger import Ledger, open_ledger
from reconcile.lines_now import lines_now
from reconcile.nearby import nearby
from reconcile.owed import owed, proposals
from reconcile.policy import Policy
from reconcile.refund_states import Refund, refunds_naming, step_of
from reconcile.refund_words import split_passed_over
from reconcile.replaced import with_successors
from reconcile.tables import TABLES

MONEY = ("postings", "excess", "suspense", "held")
STAGES = (
    "assessed",
    "slip",
    "received",
    "reversed",
    "decided",
    "posted",
    "excess",
    "suspense",
    "held",
    "charged",
    "refund",
)
SAID = (
    *("line_id", "component", "amount", "receipt_id", "rule", "class", "found_on", "provisional"),
    *("base", "segments", "paid_on", "due_date", "entry_id"),
)
PERSONAL = frozenset({"payer_id"})
Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Story:
    """`kind`: receipt, slip or line; `now`: how it stands; `events`: what happened, oldest first, each with its run and the run's day;
    `candidates`: for money in suspense, the slips that may have been meant, best first; `passed_over`: debts of the payer that money too much
    does not fill, and why."""

    key: str
    kind: str
    now: tuple[Row, ...]
    events: tuple[Row, ...]
    candidates: tuple[Row, ...] = ()
    passed_over: tuple[Row, ...] = ()

    def document(self, *, show_names: bool) -> Row:
        """The same as plain values; numbers of people are masked unless asked for."""
        shown = (lambda row: row) if show_names else masked
        return {
            "key": self.key,
            "kind": self.kind,
            "now": [shown(row) for row in self.now],
            "events": [shown(row) for row in self.events],
            "candidates": list(self.candidates),
            "passed_over": list(self.passed_over),
        }


def masked(row: Row) -> Row:
    """A row without numbers of people."""
    return {k: "***" if k in PERSONAL and v else v for k, v in row.items()}


def explained(
    place: str | Path, key: str, *, policy: Policy, as_of: date | None, kind: str | None = None
) -> Story:
    """The story of a key. `as_of`: the day for what is overdue; the last run's where not given. `kind`: where the key is of several."""
    with open_ledger(place) as ledger:
        return story_of(ledger, key.strip(), policy=policy, as_of=as_of, kind=kind)


def story_of(
    ledger: Ledger, key: str, *, policy: Policy, as_of: date | None, kind: str | None = None
) -> Story:
    """The same in a ledger that is open."""
    named = named_by(ledger, key, only=kind)
    gathered = _Gathered(ledger, named.kind, named.payments, named.slips, named.lines)
    day = as_of or date.fromisoformat(ledger.standing.as_of)
    stands = lines_now(ledger, gathered.lines, policy=policy)
    return Story(
        key=key,
        kind=named.kind,
        now=tuple(_line_now(row, day) for row in stands.iter_rows(named=True)),
        events=tuple(gathered.events()),
        candidates=tuple(
            nearby(ledger, standing_entries(gathered.entries["suspense"]), policy=policy).to_dicts()
        ),
        passed_over=tuple(_passed_over(ledger, gathered.entries["excess"], policy=policy, as_of=day)),
    )


def _passed_over(ledger: Ledger, excess: pl.DataFrame, *, policy: Policy, as_of: date) -> Iterator[Row]:
    """Debts that the money too much of this story leaves as they are, on the day: all that its payers have too much is proposed together."""
    mine = standing_entries(excess)
    if not mine.height:
        return
    now = owed(ledger)
    theirs = now.free.filter(pl.col("payer_id").is_in(mine["payer_id"].unique().implode()))
    found = proposals(ledger, theirs, now.refunds, policy=policy, as_of=as_of).refunds
    told = found.filter(pl.col("payment_id").is_in(mine["payment_id"].implode()))
    for receipt_id, said in told.select("receipt_id", "passed_over").unique(maintain_order=True).iter_rows():
        for line_id, reason, yen in split_passed_over(said):
            yield {"receipt_id": receipt_id, "line_id": line_id, "reason": reason, "yen": yen}


class _Gathered:
    """Every row that has a say, by table."""

    def __init__(
        self, ledger: Ledger, kind: str, payments: pl.Series, slips: pl.Series, lines: pl.Series
    ) -> None:
        self._ledger, self._kind = ledger, kind
        self.refunds: list[Row] = []
        self.receipts = (
            _none("receipts")
            if not len(payments)
            else ledger.lookup("receipts", payments.alias("payment_id"))
        )
        keys = with_successors(ledger, pl.concat([slips.alias("slip_key"), self.receipts["slip_key"]]))
        self.slips = ledger.lookup("slips", keys)
        covered = ledger.lookup("covers", keys, ["line_id"])["line_id"]
        self.lines = lines if kind == "line" else covered.unique().sort()
        self.versions = ledger.lookup("assessments", self.lines.alias("line_id"))
        numbers = self.receipts["payment_no"].unique()
        if kind == "line" and ledger.store.highest("transfers"):
            offsets = ledger.lookup("transfers", self.lines.alias("line_id"), ["payment_no"])["payment_no"]
            numbers = pl.concat([numbers, offsets]).unique()
        self.entries = {name: ledger.lookup(name, numbers) for name in ("outcomes", *MONEY)}
        if kind == "line":
            mine = pl.col("line_id").is_in(self.lines.implode())
            self.entries |= {n: self.entries[n].filter(mine) for n in ("postings", "excess")}
            of_line = pl.concat([self.entries[n]["payment_id"] for n in ("postings", "excess")]).unique()
            named = pl.col("line_ids").str.split(";").list.contains(self.lines[0])
            told = pl.col("payment_id").is_in(of_line.implode()) | named.fill_null(value=False)
            self.entries["outcomes"] = self.entries["outcomes"].filter(told)
        self.entries["charges"] = ledger.lookup("charges", self.lines.alias("line_id"))
        self.runs = {
            r["run_id"]: r
            for part in ledger.scan("runs", ["run_id", "kind", "as_of", "who", "at"])
            for r in part.to_dicts()
        }
        numbers = pl.concat([t["file_no"] for t in (self.receipts, self.slips, self.versions)]).unique()
        self.files = dict(ledger.lookup("files", numbers.alias("seq"), ["seq", "file"]).iter_rows())

    def events(self) -> list[Row]:
        """All of them, by run, then by what has to come first inside a run."""
        self.refunds = list(self._refunded())
        found = [*self._arrived(), *self._decided(), *self.refunds]
        found.sort(key=lambda e: (e["run"], STAGES.index(e["event"]), e.pop("seq")))
        for event in found:
            run = self.runs[event["run"]]
            event |= {"as_of": run["as_of"], "who": run["who"], "at": run["at"]}
        return found

    def _arrived(self) -> Iterator[Row]:
        before: dict[str, int] = {}
        for row in self.versions.sort("seq").iter_rows(named=True):
            last = before.get(row["line_id"])
            before[row["line_id"]] = row["principal"]
            yield self._event(
                "assessed", row, "line_id", "payer_id", "principal", "status", "due_date", "revised_at"
            ) | {"before": last}
        for row in self.slips.iter_rows(named=True):
            yield self._event("slip", row, "slip_key", "payer_id", "kind", "period", "amount", "supersedes")
        arrived = self.receipts.sort("file_no", "line").iter_rows(named=True)  # a 取消 stands after its 確報
        for number, row in enumerate(arrived):
            yield self._event(
                "received",
                row,
                "receipt_id",
                "payment_id",
                "kind",
                "channel",
                "slip_key",
                "amount",
                "paid_on",
                "remit_date",
            ) | {"seq": number}

    def _decided(self) -> Iterator[Row]:
        for row in self.entries["outcomes"].filter(pl.col("reverses") == "").iter_rows(named=True):
            said = self._event(
                "decided", row, "receipt_id", "slip_key", "outcome", "rule", "paid_on", "amount"
            )
            facts = (row["facts"] or "").split(";")
            yield said | {
                "facts": facts,
                "inputs": json.loads(row["inputs"]),
                "line_ids": (row["line_ids"] or "").split(";"),
            }
        words = {
            "postings": "posted",
            "charges": "charged",
            "excess": "excess",
            "suspense": "suspense",
            "held": "held",
        }
        causes = Causes(self._ledger, receipts=self.receipts, versions=self.versions, refunds=self.refunds)
        for table, word in words.items():
            for row in self.entries[table].iter_rows(named=True):
                names = [n for n in SAID if n in row]
                if row["reverses"]:
                    more = {"what": word, "reverses": row["reverses"], "because": causes.of(row)}
                    yield self._event("reversed", row, *names) | more
                else:
                    yield self._event(word, row, *names)

    def _refunded(self) -> Iterator[Row]:
        """What refunds did to this money, step by step; for a line also what 充当 brought to it."""
        payments, lines = self.receipts["payment_id"].unique().to_list(), self.lines.to_list()
        mine = refunds_naming(self._ledger, [*payments, *lines] if self._kind == "line" else payments)
        for refund, event in mine:
            ours = refund.basis["payment_id"] in payments
            if self._kind == "line":
                ours = refund.basis["line_id"] in lines or any(
                    o["offset_to"] in lines for o in refund.offsets
                )
            if not ours:
                continue
            step = step_of(event)
            figures = {n: refund.figures[n] for n in ("amount", "offset", "refund", "interest")}
            yield {
                **{"run": event["run_id"], "seq": event["seq"], "event": "refund", "step": step},
                **{
                    "refund_id": refund.refund_id,
                    "by": event["who"],
                    "notice_no": refund.notice_no,
                    **figures,
                },
                "offset_to": [o["offset_to"] for o in refund.offsets],
                **_ordered(refund),
                **_begun(refund, step),
            }

    def _event(self, word: str, row: Mapping[str, Any], *names: str) -> Row:
        said: Row = {"run": row["run_id"], "seq": row["seq"], "event": word}
        if row.get("file_no") is not None:
            said |= {"file": self.files.get(row["file_no"]), "line": row["line"]}
        return said | {name: _plain(row[name]) for name in names}


def _ordered(refund: Refund) -> Row:
    """The last order of a refund as it is after a step, and the reason that was given for the step."""
    if not refund.orders:
        return {"reason": refund.reason, "batch": None, "transfer_on": None}
    last = refund.orders[-1]
    reason = refund.reason or (last.returned.reason if last.returned else None)
    return {"reason": reason, "batch": last.batch, "transfer_on": last.transfer_on}


def _begun(refund: Refund, step: str) -> Row:
    """Of the step that says from which day it bears interest: the day, and why."""
    return {"bears_from": refund.bears_from, "reason": refund.starts[-1].reason} if step == "interest" else {}


def _none(table: str) -> pl.DataFrame:
    return pl.DataFrame(schema=dict(TABLES[table].columns))


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _line_now(row: Mapping[str, Any], day: date) -> Row:
    """One line as it stands."""
    overdue = row["open"] > 0 and row["rolled"] < day and row["status"] == "open"
    return {
        "line_id": row["line_id"],
        "payer_id": row["payer_id"],
        "status": row["status"],
        "due_date": row["rolled"].isoformat(),
        "due": row["due"],
        "paid": row["paid"],
        "provisional": row["provisional"],
        "open": row["open"],
        "charge": row["charge"],
        "overdue": overdue,
        "as_of": day.isoformat(),
    }
