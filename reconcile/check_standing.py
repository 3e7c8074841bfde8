"""Whether what stands in a ledger is what its runs say: reversals, the digest of what stands, totals, lines. In parts, so that memory holds one.

In: a ledger that is open. Out: problems. All entries of a payment lie in one part; what lies across parts is compared by sums: yen as they are,
lines by a sum of yen times a hash of the line, which two different states share once in 2^64. Refuses nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

import numpy as np
import polars as pl

from elqr.problems import Problem
from reconcile.chain import FIRST, moved, row_keys, standing_digest
from reconcile.entries import YEN, standing_entries
from reconcile.hashed import digests
from reconcile.ledger import Ledger
from reconcile.payments import carried_out, net
from reconcile.redecide import PLACES
from reconcile.tables import ENTRIES, TABLES
from reconcile.world import EVENTS_READ, SCHEMAS

PART_ROWS = 500_000
_TABLE_OF = dict(zip(PLACES, ("postings", "excess", "suspense", "held"), strict=True))
Part = tuple[int, int]


class Standing:
    """Sums over the parts of a ledger. `problems` says what does not agree."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._sums = dict.fromkeys(ENTRIES, FIRST)
        self._counts: Counter[str] = Counter()
        self._yen: Counter[str] = Counter()
        self._entries: Counter[str] = Counter()
        self._reversals: Counter[str] = Counter()
        self._odd = self._paid = 0

    def problems(self) -> Iterator[Problem]:
        """All that is wrong."""
        rows = max(self._ledger.store.highest(table) for table in ("receipts", *ENTRIES))
        parts = 1 + rows // PART_ROWS
        for number in range(parts):
            self._part((number, parts))
        for table, wrong in self._reversals.items():
            if wrong:
                yield Problem("ledger.check_reversal", params={"table": table, "found": wrong})
        found, expected = standing_digest(self._sums), self._ledger.standing.result
        if found != expected:
            yield Problem("ledger.check_result", params={"found": found, "expected": expected})
        if self._odd:
            yield Problem("ledger.check_payments", params={"found": self._odd, "expected": self._paid})
        yield from self._totals()
        yield from line_problems(self._ledger)

    def _part(self, part: Part) -> None:
        standing: dict[str, pl.DataFrame] = {}
        for table in ENTRIES:
            rows = whole(self._ledger, table, part=part)
            self._reversals[table] += _reversals(table, rows)
            standing[table] = standing_entries(rows)
            keys = digests(row_keys(table, standing[table]))
            self._sums[table] = moved(self._sums[table], added=keys, taken=keys[:0])
        outcomes = standing["outcomes"]
        events = whole(self._ledger, "receipts", ["payment_no", *EVENTS_READ], part=part)
        transfers = carried_out(whole(self._ledger, "transfers", part=part))
        paid = pl.concat(
            [net(events).select("payment_id", "net"), transfers.select("payment_id", net="amount")]
        )
        odd = paid.join(
            outcomes, left_on=["payment_id", "net"], right_on=["payment_id", "amount"], how="anti"
        )
        self._odd += odd.height + _many(outcomes["payment_id"]) + abs(outcomes.height - paid.height)
        self._paid += paid.height
        self._count("received", paid["net"])
        self._count("offset", transfers["amount"])
        self._counts["events"] += events.height
        self._yen["events"] += int(events["amount"].sum())
        for name, table in _TABLE_OF.items():
            self._count(name, outcomes[name])
            self._entries[table] += int(standing[table]["amount"].sum())

    def _count(self, name: str, yen: pl.Series) -> None:
        self._counts[name] += int((yen > 0).sum())
        self._yen[name] += int(yen.sum())

    def _totals(self) -> Iterator[Problem]:
        """The totals that the runs carried on against sums over everything, and outcomes against entries."""
        said = self._ledger.standing.totals
        for name in ("received", *PLACES, "events", "offset"):
            count, carried = said.get(name, (0, 0))
            if (count, carried) != (self._counts[name], self._yen[name]):
                yield _drift(name, self._yen[name], carried)
        for name, table in _TABLE_OF.items():
            if self._entries[table] != self._yen[name]:
                yield _drift(name, self._entries[table], self._yen[name])


def whole(
    ledger: Ledger, table: str, columns: list[str] | None = None, *, part: Part | None = None
) -> pl.DataFrame:
    """A table, or the part of it whose payment numbers leave `part[0]` when divided by `part[1]`."""
    names = columns or list(TABLES[table].columns)
    empty = pl.DataFrame(schema={n: TABLES[table].columns[n] for n in names})
    return pl.concat([empty, *ledger.scan(table, names, part=part)])


def _drift(name: str, found: int, expected: int) -> Problem:
    params: dict[str, str | int] = {
        "name": name,
        "found": found,
        "expected": expected,
        "drift": found - expected,
    }
    return Problem("ledger.check_totals", params=params)


def _many(ids: pl.Series) -> int:
    """How many of them are not alone."""
    return len(ids.filter(ids.is_duplicated()))


def _reversals(table: str, rows: pl.DataFrame) -> int:
    """Reversals that do not repeat one entry with its yen negated, and entries that stand or are reversed twice."""
    back = rows.filter(pl.col("reverses") != "")
    content = list(SCHEMAS[table])
    undone = back.with_columns(-pl.col(name) for name in YEN[table])
    pairs = undone.join(
        rows.filter(pl.col("reverses") == ""), left_on=["reverses", *content], right_on=["entry_id", *content],
        how="anti", nulls_equal=True,
    )  # fmt: skip
    return pairs.height + _many(rows["entry_id"]) + _many(back["reverses"])


# --- lines ------------------------------------------------------------------------------------------

_LINE = (
    "paid",
    "provisional",
    "charge",
    "charge_open",
    "unknown",
)  # the last: charges that cannot be computed
_POSTING, _CHARGE = ("line_id", "component", "amount", "provisional"), ("line_id", "amount", "reverses")
_MADE: Mapping[str, tuple[str, ...]] = {"postings": _POSTING, "charges": _CHARGE}


def line_problems(ledger: Ledger) -> Iterator[Problem]:
    """Lines as they stand against the postings and charges on them; only where the sums differ are the lines told apart."""
    stand, made = Counter[str](), Counter[str]()
    for rows in ledger.scan("standing_lines", ["line_id", *_LINE[:-1]]):
        _print(stand, _stands(rows))
    for table, columns in _MADE.items():
        for rows in ledger.scan(table, columns):
            _print(made, _makes(table, rows))
    if stand == made:
        return
    parts = [_makes(table, whole(ledger, table, list(columns))) for table, columns in _MADE.items()]
    sums = pl.concat(parts).group_by("line_id").agg(pl.col(_LINE).sum())
    sums = sums.filter(pl.any_horizontal(pl.col(_LINE) != 0))
    lines = _stands(whole(ledger, "standing_lines", ["line_id", *_LINE[:-1]]))
    lines = lines.filter(pl.any_horizontal(pl.col(_LINE) != 0))
    odd = [one.join(other, on=one.columns, how="anti") for one, other in ((lines, sums), (sums, lines))]
    found = pl.concat(frame.select("line_id") for frame in odd)["line_id"].n_unique()
    yield Problem("ledger.check_lines", params={"found": found})


def _stands(rows: pl.DataFrame) -> pl.DataFrame:
    """`line_id` and `_LINE` of rows of `standing_lines`."""
    unknown = pl.col("charge").is_null().cast(pl.Int64)
    return rows.with_columns(pl.col("charge", "charge_open").fill_null(0), unknown=unknown)


def _makes(table: str, rows: pl.DataFrame) -> pl.DataFrame:
    """What each posting or entry of a charge adds to its line, in the same columns; a reversal takes it back."""
    amount = pl.col("amount").fill_null(0)
    zero = pl.lit(0, pl.Int64)
    if table == "charges":
        once = pl.when(pl.col("reverses") == "").then(1).otherwise(-1)
        unknown = pl.when(pl.col("amount").is_null()).then(once).otherwise(0).cast(pl.Int64)
        added = {
            "paid": zero,
            "provisional": zero,
            "charge": amount,
            "charge_open": amount,
            "unknown": unknown,
        }
    else:
        own, sure = pl.col("component") == "principal", ~pl.col("provisional")
        added = {
            "paid": pl.when(own & sure).then(amount).otherwise(0),
            "provisional": pl.when(own & ~sure).then(amount).otherwise(0),
            "charge": zero,
            "charge_open": pl.when(pl.col("component") == "delinquency").then(-amount).otherwise(0),
            "unknown": zero,
        }
    return rows.select("line_id", **added)


def _print(sums: Counter[str], rows: pl.DataFrame) -> None:
    """Σ yen × a 64-bit hash of the line, modulo 2^64, by column of `_LINE`."""
    hashes = rows["line_id"].hash(0x9E3779B97F4A7C15).to_numpy()
    with np.errstate(over="ignore"):
        for name in _LINE:
            found = int((hashes * rows[name].to_numpy().astype(np.uint64)).sum(dtype=np.uint64))
            sums[name] = (sums[name] + found) % (1 << 64)
