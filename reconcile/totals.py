"""`totals.json`: where every yen of the run and of the whole ledger is, and what is left over (nothing).

In: the facts of a run. Out: a document of plain values. `received` = `posted` + `excess` + `suspense` + `held`, net of cancellations; bad rows and
rows of other bodies were never accepted and stand beside it, as do rows that had been taken before. `offset`: 充当 carried out, which `received`
counts again where it arrives. Refuses nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from reconcile.facts import Facts

PLACES = ("posted", "excess", "suspense", "held")
REFUNDS = (
    "refund_proposed",
    "refund_approved",
    "refund_exported",
)  # yen of excess that refunds hold, by state
Pair = tuple[int, int]


def totals(facts: Facts) -> dict[str, object]:
    """The document. `drift` is signed: received − (posted + excess + suspense + held) of the whole ledger."""
    return {
        "run": _side(facts.run),
        "standing": _side(facts.after),
        "drift": drift(facts.after),
        "run_drift": drift(facts.run),
        "as_of": facts.as_of.isoformat(),
        "run_id": facts.run_id,
        "committed": facts.committed,
        "dry_run": facts.dry_run,
        "result": facts.result,
        "refused_files": [
            {"file": p.where.file or str(p.params.get("found", "")), "code": p.code} for p in facts.refused
        ],
        "files": [
            {k: row[k] for k in ("role", "file", "file_sha256", "rows", "yen", "taken", "already", "again")}
            for row in facts.files.to_dicts()
        ],
    }


def drift(pairs: Mapping[str, Pair]) -> int:
    """Signed yen that are nowhere."""
    return _yen(pairs, "received") - sum(_yen(pairs, name) for name in PLACES)


def to_bytes(document: object) -> bytes:
    """JSON, readable, with an end of line."""
    return (json.dumps(document, ensure_ascii=False, indent=2) + "\n").encode()


def accounted(pairs: Mapping[str, Pair]) -> dict[str, Pair]:
    """Count and yen by name. Bad rows of ours and rows of other bodies stand together as quarantined, as they do in quarantine.csv."""
    bad = [pairs.get(name, (0, 0)) for name in ("quarantined", "rejected")]
    return {
        **{name: pairs.get(name, (0, 0)) for name in ("received", *PLACES)},
        "quarantined": (sum(n for n, _ in bad), sum(y for _, y in bad)),
        "already_taken": pairs.get("already_taken", (0, 0)),
        "other_body": pairs.get("rejected", (0, 0)),
        "events": pairs.get("events", (0, 0)),
        **{name: pairs.get(name, (0, 0)) for name in ("offset", *REFUNDS)},
    }


def _side(pairs: Mapping[str, Pair]) -> dict[str, object]:
    return {name: {"count": count, "yen": yen} for name, (count, yen) in accounted(pairs).items()}


def _yen(pairs: Mapping[str, Pair], name: str) -> int:
    return pairs.get(name, (0, 0))[1]
