"""Whose money a person must decide on: heirs, co-owners, a third party who paid. Set and lifted as rows, and decided anew at once.

In: an `Act`, a payer id or a receipt id, a reason. Out: the reason as it stands. A refund that was proposed before no longer fits what stands and is
refused. Refuses (ProblemError `refund.unknown`): a key that names neither; `refund.no_block`: nothing to lift.
"""

from __future__ import annotations

import polars as pl

from elqr.problems import Problem, ProblemError
from reconcile.refund_policy import ANY
from reconcile.refund_record import Act, recording
from reconcile.tables import TABLES


def block(act: Act, key: str, *, reason: str, lift: bool = False) -> None:
    """Block the overpayments of a payer, or of one payment (by one of its receipts); or lift that block again."""
    with recording(act, "refunds unblock" if lift else "refunds block", role=ANY) as record:
        ledger = record.ledger
        lines = ledger.lookup("assessments", pl.Series("payer_id", [key]), ["line_id"])["line_id"]
        slips = ledger.lookup("slips", pl.Series("payer_id", [key]), ["slip_key"])["slip_key"]
        events = ledger.lookup("receipts", pl.Series("receipt_id", [key]), ["payment_id", "slip_key"])
        payer = len(lines) > 0 or len(slips) > 0
        if not payer and not events.height:
            raise ProblemError(Problem("refund.unknown", params={"found": key}))
        names = {"payer_id": key if payer else None, "payment_id": None if payer else events["payment_id"][0]}
        by = "payer_id" if payer else "payment_id"
        known = (
            ledger.lookup("blocks", pl.Series(by, [names[by]])).filter(pl.col("reason") == reason).sort("seq")
        )
        blocked = bool(known.height) and not known["lifted"][-1]
        if lift and not blocked:
            raise ProblemError(Problem("refund.no_block", params={"found": key, "expected": reason}))
        if blocked is not lift:
            return
        kinds = {n: k for n, k in TABLES["blocks"].columns.items() if n not in ("seq", "run_id")}
        ledger.add("blocks", pl.DataFrame([{**names, "reason": reason, "lifted": lift}], schema=kinds))
        record.say(f"{by} {reason}")
        touched = pl.concat([slips, events["slip_key"]]).drop_nulls().unique()
        record.redecide(lines=lines.unique(), slips=touched)
        record.commit()
