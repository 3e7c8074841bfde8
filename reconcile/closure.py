"""The world of a night: from the keys it touched to everything that can have a say in them, and not a row more.

In: touched slips, lines and payments; the ledger, with the night's rows already added. Out: `Touched`: a closed `World`, and the numbers of its
payments. Goes from payments to slips, to covers, to lines, to the other slips of those lines, to their payments, until nothing new comes.
Only slips that were paid lead on: an unpaid slip changes nothing. Refuses nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from reconcile.covering import all_versions
from reconcile.frames import COVERS, empty
from reconcile.ledger import Ledger
from reconcile.payments import carried_out
from reconcile.tables import TABLES
from reconcile.world import BLOCKS, EVENTS_READ, SLIPS_READ, TRANSFERS, World

_EVENT = ("payment_no", *EVENTS_READ)
_SLIP = tuple(SLIPS_READ)


@dataclass(frozen=True)
class Touched:
    """`payments`: `payment_id, payment_no` of all payments in the world, by id; `lines`: its lines."""

    world: World
    payments: pl.DataFrame
    lines: pl.Series


class Closure:
    """Grows a world until it is closed. `whole`: events of payments that have no others (`payment_no` and the columns decide reads).

    `since`: the first `seq` of the run's own receipts, where all of them are given by `whole` or by their payments.
    """

    def __init__(
        self, ledger: Ledger, *, body_code: str | None, whole: pl.DataFrame, since: int | None = None
    ) -> None:
        self._ledger = ledger
        self._body_code = body_code
        self._since = since
        self._seen = {name: _no(name) for name in ("payment_id", "slip_key", "led", "line_id")}
        self._seen["payment_id"] = whole["payment_id"].unique()
        self._events: list[pl.DataFrame] = [whole.select(_EVENT)]
        self._slips: list[pl.DataFrame] = []
        self._covers: list[pl.DataFrame] = []
        self._transfers: list[pl.DataFrame] = []
        self._waiting = whole["slip_key"]
        self._unpaid = nothing_paid(ledger)

    def grow(self, *, slips: pl.Series, lines: pl.Series, payments: pl.Series) -> None:
        """Take these in, and all they lead to."""
        slips = pl.concat([slips.alias("slip_key"), self._waiting])
        self._waiting = _no("slip_key")
        if self._unpaid:
            return
        lines, payments = lines.alias("line_id"), payments.alias("payment_id")
        while len(slips) or len(lines) or len(payments):
            slips = pl.concat([slips, self._of_payments(payments), self._of_lines(lines)])
            payments, lines, slips = self._of_slips(slips)

    def _fresh(self, name: str, keys: pl.Series) -> pl.Series:
        new = keys.alias(name).drop_nulls().unique()
        if len(self._seen[name]):
            new = new.filter(~new.is_in(self._seen[name].implode()))
        self._seen[name] = pl.concat([self._seen[name], new])
        return new

    def _of_payments(self, keys: pl.Series) -> pl.Series:
        """All events of payments not met before; out: the slips that they name, for a correction may name another."""
        events = self._ledger.lookup("receipts", self._fresh("payment_id", keys), _EVENT)
        self._events.append(events)
        return events["slip_key"]

    def _of_lines(self, keys: pl.Series) -> pl.Series:
        """Transfers to lines not met before; out: the slips that pay these lines."""
        new = self._fresh("line_id", keys)
        if self._ledger.store.highest("transfers"):
            self._transfers.append(self._ledger.lookup("transfers", new))
        return self._ledger.lookup("covers", new, ["slip_key"])["slip_key"]

    def _of_slips(self, keys: pl.Series) -> tuple[pl.Series, pl.Series, pl.Series]:
        """Payments of slips not met before; lines of those that were paid; the slips before and after them."""
        new = self._fresh("slip_key", keys)
        own = pl.concat([e["slip_key"] for e in self._events]).unique()
        own = own.filter(own.is_in(new.implode()))
        found = self._ledger.lookup("receipts", new, ["payment_id", "slip_key"], before=self._since)
        paid, neighbours, lines = self._led(pl.concat([own, found["slip_key"]]))
        # a payment with an older slip may stand on this one's lines
        rest = new.filter(~new.is_in(paid["slip_key"].implode()))
        neighbours.append(self._replaced(rest))
        return found["payment_id"], pl.concat(lines), pl.concat(neighbours)

    def _led(self, keys: pl.Series) -> tuple[pl.DataFrame, list[pl.Series], list[pl.Series]]:
        """Paid slips, with those that replaced them, and so on; the slips before and after them; their lines."""
        none = self._ledger.lookup("slips", _no("slip_key"), _SLIP)
        slips, neighbours, lines = [none], [_no("slip_key")], [_no("line_id")]
        while len(keys):
            keys = self._fresh("led", keys)
            slips.append(self._ledger.lookup("slips", keys.alias("slip_key"), _SLIP))
            neighbours.append(slips[-1]["supersedes"].drop_nulls().alias("slip_key"))
            covers = self._ledger.lookup("covers", keys.alias("slip_key"))
            self._covers.append(covers)
            lines.append(covers["line_id"])
            keys = self._ledger.lookup("slips", keys.alias("supersedes"), ["slip_key"])["slip_key"]
            neighbours.append(keys)
        self._slips += slips[1:]
        return pl.concat(slips), neighbours, lines

    def _replaced(self, keys: pl.Series) -> pl.Series:
        """The slips that these replaced."""
        rows = self._ledger.lookup("slips", keys.alias("slip_key"), ["supersedes"], filled="supersedes")
        return rows["supersedes"].alias("slip_key")

    def touched(self) -> Touched:
        """The world as far as it has grown."""
        events = pl.concat(self._events)
        transfers = pl.concat([empty(TABLES["transfers"].columns), *self._transfers])
        slips = pl.concat([empty(SLIPS_READ), *self._slips])
        covers = pl.concat([empty(COVERS), *self._covers])
        paid = pl.concat([covers["line_id"], transfers["line_id"]]).unique()
        # of the other lines only those count on which something stands
        asked = self._seen["line_id"].filter(~self._seen["line_id"].is_in(paid.implode()))
        stands = self._ledger.lookup("standing_lines", asked, ["line_id"])["line_id"]
        lines = pl.concat([paid, stands]).unique().sort()
        versions = all_versions(self._ledger, lines)
        payments = pl.concat([frame.select("payment_id", "payment_no") for frame in (events, transfers)])
        # a surplus that no single line answers for is the payer's of the slip
        payers = pl.concat([versions["payer_id"], slips["payer_id"]]).unique()
        world = World(
            assessments=versions,
            slips=slips,
            covers=covers,
            receipts=events,
            transfers=carried_out(transfers).select(list(TRANSFERS)),
            blocks=self._blocks(payers, payments["payment_id"]),
            body_code=self._body_code,
        )
        return Touched(world, payments.unique("payment_id").sort("payment_id"), lines)

    def _blocks(self, payers: pl.Series, payments: pl.Series) -> pl.DataFrame:
        if not self._ledger.store.highest("blocks"):
            return empty(BLOCKS)
        columns = ["seq", *BLOCKS, "lifted"]
        found = pl.concat(
            [
                self._ledger.lookup("blocks", payers.alias("payer_id"), columns),
                self._ledger.lookup("blocks", payments.alias("payment_id"), columns),
            ]
        )
        return in_force(found)


def in_force(blocks: pl.DataFrame) -> pl.DataFrame:
    """Of rows of `blocks` (with `seq` and `lifted`) those that nobody has lifted since: `BLOCKS`."""
    last = blocks.sort("seq").unique(["payer_id", "payment_id", "reason"], keep="last")
    return last.filter(~pl.col("lifted").fill_null(value=False)).select(list(BLOCKS))


def nothing_paid(ledger: Ledger) -> bool:
    """Whether nothing was ever paid: then nothing is decided, and a register is loaded without a look at each of its lines."""
    return ledger.store.empty("receipts") and ledger.store.empty("transfers")


def leading(ledger: Ledger, *, slips: pl.Series, lines: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Of slips and lines that a register touched those from which a closure would go on: a payment, a slip before, money or a charge on the line.
    The others change nothing; to leave them out keeps the world of a whole register small."""
    if nothing_paid(ledger):
        return slips.clear(), lines.clear()
    slips, lines = slips.alias("slip_key"), lines.alias("line_id")
    covers = ledger.lookup("covers", lines)
    keys = pl.concat([slips, covers["slip_key"]]).unique()
    paid = ledger.lookup("receipts", keys, ["slip_key"])["slip_key"]
    older = ledger.lookup("slips", keys, ["slip_key"], filled="supersedes")["slip_key"]
    lead = pl.concat([paid, older]).unique()
    stands = [
        ledger.lookup(table, lines, ["line_id"])["line_id"] for table in ("standing_lines", "transfers")
    ]
    covered = covers["line_id"].filter(covers["slip_key"].is_in(lead.implode()))
    on = pl.concat([covered, *stands]).unique()
    return slips.filter(slips.is_in(lead.implode())), lines.filter(lines.is_in(on.implode()))


def _no(name: str) -> pl.Series:
    return pl.Series(name, [], dtype=pl.String)
