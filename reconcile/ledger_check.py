"""Whether a ledger is what its runs wrote: pages, chain, reversals, totals, derived tables; and on request all decisions made anew.

In: a ledger that is open. Out: the problems found, none where all is well. Reads everything once; its cost follows the ledger, not the night.
A changed bit anywhere in an embedded file breaks the checksum of its page; a changed row breaks the chain. Refuses nothing, it lists.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping

import polars as pl

from elqr.problems import Problem, ProblemError
from reconcile.chain import FIRST, BatchDigest, moved, row_digests, row_keys, run_digest, standing_digest
from reconcile.covering import named_lines
from reconcile.covers import derive_covers
from reconcile.entries import YEN, standing_entries
from reconcile.frames import ASSESSMENTS, COVERS, SLIPS
from reconcile.ledger import Ledger
from reconcile.payments import carried_out, net
from reconcile.redecide import PLACES
from reconcile.refund_check import refund_faults
from reconcile.tables import CHAINED, ENTRIES, TABLES
from reconcile.world import BLOCKS, EVENTS_READ, SCHEMAS, TRANSFERS, Decision, World

Runs = list[dict[str, object]]


def check_ledger(ledger: Ledger, *, decide: Callable[[World], Decision] | None = None) -> list[Problem]:
    """All that is wrong. `decide`: also decide everything anew from what came in, and compare with what stands."""
    found = [Problem(d.code, params=d.params) for d in ledger.store.damage()]
    try:
        found += _contents(ledger, decide)
    except (ProblemError, pl.exceptions.PolarsError, ValueError, KeyError, TypeError) as error:
        # a file this broken cannot be read to its end; what was found before says the same more exactly
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        found.append(Problem("ledger.check_unreadable", params={"found": reason}))
    return found


def _contents(ledger: Ledger, decide: Callable[[World], Decision] | None) -> Iterator[Problem]:
    runs: Runs = [row for part in ledger.scan("runs") for row in part.rows(named=True)]
    yield from _chain(ledger, runs)
    entries = {table: _whole(ledger, table) for table in ENTRIES}
    for table, rows in entries.items():
        yield from _reversals(table, rows)
    standing = {table: standing_entries(rows) for table, rows in entries.items()}
    yield from _sums(ledger, standing)
    yield from _totals(ledger, standing)
    yield from _lines(ledger, standing["postings"])
    yield from refund_faults(ledger)
    slips, versions = _register(ledger)
    yield from _covers(ledger, slips, versions)
    if decide is not None:
        yield from _anew(ledger, standing, slips, versions, decide)


def _whole(ledger: Ledger, table: str, columns: list[str] | None = None) -> pl.DataFrame:
    names = columns or list(TABLES[table].columns)
    empty = pl.DataFrame(schema={n: TABLES[table].columns[n] for n in names})
    return pl.concat([empty, *ledger.scan(table, names)])


# --- what was written -------------------------------------------------------------------------------


def _chain(ledger: Ledger, runs: Runs) -> Iterator[Problem]:
    """Every batch of every run against its link; rows that belong to no run."""
    batches: dict[int, dict[str, BatchDigest]] = {int(str(run["run_id"])): {} for run in runs}
    for table in CHAINED:
        expected = 1
        for part in ledger.scan(table):
            if (missing := _gap(part["seq"], expected)) is not None:
                yield Problem(
                    "ledger.check_gap", params={"table": table, "found": missing[0], "expected": missing[1]}
                )
            expected = int(part["seq"][-1]) + 1
            for (run,), rows in part.group_by("run_id", maintain_order=True):
                if run not in batches:
                    yield Problem(
                        "ledger.check_gap",
                        params={"table": table, "found": f"run {run}", "expected": len(runs)},
                    )
                else:
                    batches[run].setdefault(table, BatchDigest(table)).add(rows)
    before = FIRST
    for number, run in enumerate(runs, 1):
        made = {table: batch.finish() for table, batch in batches[int(str(run["run_id"]))].items()}
        digest = run_digest(run, made)
        if run["run_id"] != number or run["prev_digest"] != before or run["digest"] != digest:
            yield Problem(
                "ledger.check_chain",
                params={"run": str(run["run_id"]), "found": digest, "expected": str(run["digest"])},
            )
        before = str(run["digest"])


def _gap(numbers: pl.Series, expected: int) -> tuple[int, int] | None:
    """The first number that is not the one after its predecessor, and the one that should be there."""
    wrong = (numbers != pl.Series(range(expected, expected + len(numbers)), dtype=pl.Int64)).arg_true()
    return (int(numbers[int(wrong[0])]), expected + int(wrong[0])) if len(wrong) else None


def _reversals(table: str, rows: pl.DataFrame) -> Iterator[Problem]:
    """Each reversal repeats one entry with its yen negated; no entry is reversed twice."""
    back = rows.filter(pl.col("reverses") != "")
    content = list(SCHEMAS[table])
    undone = back.with_columns(-pl.col(name) for name in YEN[table])
    pairs = undone.join(
        rows.filter(pl.col("reverses") == ""), left_on=["reverses", *content], right_on=["entry_id", *content],
        how="anti", nulls_equal=True,
    )  # fmt: skip
    twice = _many(rows["entry_id"]) + _many(back["reverses"])
    if pairs.height or twice:
        yield Problem("ledger.check_reversal", params={"table": table, "found": pairs.height + twice})


# --- what stands ------------------------------------------------------------------------------------


def _sums(ledger: Ledger, standing: Mapping[str, pl.DataFrame]) -> Iterator[Problem]:
    found = standing_digest({table: _sum(table, rows) for table, rows in standing.items()})
    if found != ledger.standing.result:
        yield Problem("ledger.check_result", params={"found": found, "expected": ledger.standing.result})


def _sum(table: str, rows: pl.DataFrame) -> str:
    return moved(FIRST, added=row_digests(row_keys(table, rows)), taken=())


def _totals(ledger: Ledger, standing: Mapping[str, pl.DataFrame]) -> Iterator[Problem]:
    """The totals that the runs carried on, against sums over everything; receipts against what became of them."""
    outcomes = standing["outcomes"]
    events = _whole(ledger, "receipts", ["payment_no", *EVENTS_READ])
    transfers = carried_out(_whole(ledger, "transfers"))
    paid = pl.concat([net(events).select("payment_id", "net"), transfers.select("payment_id", net="amount")])
    odd = paid.join(outcomes, left_on=["payment_id", "net"], right_on=["payment_id", "amount"], how="anti")
    many = _many(outcomes["payment_id"])
    if odd.height or many or outcomes.height != paid.height:
        yield Problem("ledger.check_payments", params={"found": odd.height + many, "expected": paid.height})
    made = {"received": _pair(paid["net"]), **{name: _pair(outcomes[name]) for name in PLACES}}
    made["events"] = (events.height, int(events["amount"].sum()))
    made["offset"] = _pair(transfers["amount"])
    said = ledger.standing.totals
    for name, (_, yen) in made.items():
        count, carried = said.get(name, (0, 0))
        if (count, carried) != made[name]:
            params: dict[str, str | int] = {
                "name": name,
                "found": yen,
                "expected": carried,
                "drift": yen - carried,
            }
            yield Problem("ledger.check_totals", params=params)
    for name, table in zip(PLACES, ("postings", "excess", "suspense", "held"), strict=True):
        yen, carried = int(standing[table]["amount"].sum()), made[name][1]
        if yen != carried:
            params = {"name": name, "found": yen, "expected": carried, "drift": yen - carried}
            yield Problem("ledger.check_totals", params=params)


def _many(ids: pl.Series) -> int:
    """How many of them are not alone."""
    return len(ids.filter(ids.is_duplicated()))


def _pair(yen: pl.Series) -> tuple[int, int]:
    return int((yen > 0).sum()), int(yen.sum())


def _lines(ledger: Ledger, postings: pl.DataFrame) -> Iterator[Problem]:
    """Lines as they stand against the postings on their principal."""
    own = postings.filter(pl.col("component") == "principal")
    sums = own.group_by("line_id").agg(
        paid=pl.col("amount").filter(~pl.col("provisional")).sum(),
        provisional=pl.col("amount").filter("provisional").sum(),
    )
    lines = _whole(ledger, "standing_lines", ["line_id", "paid", "provisional"])
    met = lines.filter((pl.col("paid") != 0) | (pl.col("provisional") != 0))
    columns = ["line_id", "paid", "provisional"]
    wrong = met.join(sums, on=columns, how="anti").height + sums.join(met, on=columns, how="anti").height
    if wrong:
        yield Problem("ledger.check_lines", params={"found": wrong})


# --- what is derived --------------------------------------------------------------------------------


def _register(ledger: Ledger) -> tuple[pl.DataFrame, pl.DataFrame]:
    frames = []
    for table, schema in (("slips", SLIPS), ("assessments", ASSESSMENTS)):
        rows = _whole(ledger, table, ["seq", *(n for n in schema if n != "file_sha256")])
        frames.append(rows.with_columns(file_sha256=pl.lit("")).select(list(schema)))
    return frames[0], frames[1]


def _covers(ledger: Ledger, slips: pl.DataFrame, versions: pl.DataFrame) -> Iterator[Problem]:
    for table, made in (
        ("covers", derive_covers(slips, versions).frame),
        ("named_lines", named_lines(slips)),
    ):
        have = _whole(ledger, table)
        on = list(COVERS) if table == "covers" else ["slip_key", "line_id"]
        wrong = have.join(made, on=on, how="anti").height + made.join(have, on=on, how="anti").height
        if wrong:
            yield Problem("ledger.check_covers", params={"table": table, "found": wrong})


def whole_world(
    ledger: Ledger, slips: pl.DataFrame, versions: pl.DataFrame, *, body_code: str | None
) -> World:
    """Everything that ever came in."""
    blocks = _whole(ledger, "blocks").unique(
        ["payer_id", "payment_id", "reason"], keep="last", maintain_order=True
    )
    return World(
        assessments=versions,
        slips=slips,
        covers=_whole(ledger, "covers"),
        receipts=_whole(ledger, "receipts", list(EVENTS_READ)),
        transfers=carried_out(_whole(ledger, "transfers", list(TRANSFERS))),
        blocks=blocks.filter(~pl.col("lifted").fill_null(value=False)).select(list(BLOCKS)),
        body_code=body_code,
    )


def _anew(
    ledger: Ledger,
    standing: Mapping[str, pl.DataFrame],
    slips: pl.DataFrame,
    versions: pl.DataFrame,
    decide: Callable[[World], Decision],
) -> Iterator[Problem]:
    """Everything decided from scratch in one go, table by table against what stands."""
    last = _whole(ledger, "runs", ["run_id", "inputs"]).tail(1)
    said = json.loads(last["inputs"][0]) if last.height else {}
    decision = decide(whole_world(ledger, slips, versions, body_code=said.get("body_code")))
    for table, rows in standing.items():
        made, have = row_keys(table, getattr(decision, table)), row_keys(table, rows)
        wrong = len(made.filter(~made.is_in(have.implode()))) + len(have.filter(~have.is_in(made.implode())))
        if wrong:
            yield Problem("ledger.check_decision", params={"table": table, "found": wrong})
