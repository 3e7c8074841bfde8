"""`totals.json`: where every yen of the run and of the whole ledger is, and what is left over (nothing).

In: the result of a run. Out: a document of plain values. `received` = `posted` + `excess` + `suspense` + `held`, net of cancellations; bad rows and
rows of other bodies were never accepted and stand beside it, as do rows that had been taken before. Refuses nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date

from reconcile.run import RunResult

PLACES = ("posted", "excess", "suspense", "held")
Pair = tuple[int, int]


def totals(result: RunResult, *, as_of: date, dry_run: bool) -> dict[str, object]:
    """The document. `drift` is signed: received − (posted + excess + suspense + held) of the whole ledger."""
    return {
        "run": _side(result.run),
        "standing": _side(result.after),
        "drift": drift(result.after),
        "run_drift": drift(result.run),
        "as_of": as_of.isoformat(),
        "run_id": result.standing.run_id,
        "committed": result.committed,
        "dry_run": dry_run,
        "result": result.result,
        "refused_files": [
            {"file": p.where.file or str(p.params.get("found", "")), "code": p.code} for p in result.refused
        ],
        "files": [
            {k: row[k] for k in ("role", "file", "file_sha256", "rows", "yen", "taken", "already", "again")}
            for row in result.files.to_dicts()
        ],
    }


def drift(pairs: Mapping[str, Pair]) -> int:
    """Signed yen that are nowhere."""
    return _yen(pairs, "received") - sum(_yen(pairs, name) for name in PLACES)


def to_bytes(document: object) -> bytes:
    """JSON, readable, with an end of line."""
    return (json.dumps(document, ensure_ascii=False, indent=2) + "\n").encode()


def _side(pairs: Mapping[str, Pair]) -> dict[str, object]:
    """Bad rows of ours and rows of other bodies stand together as quarantined, as they do in quarantine.csv."""
    bad = [pairs.get(name, (0, 0)) for name in ("quarantined", "rejected")]
    found = {name: pairs.get(name, (0, 0)) for name in ("received", *PLACES)}
    found["quarantined"] = (sum(n for n, _ in bad), sum(y for _, y in bad))
    found["already_taken"] = pairs.get("already_taken", (0, 0))
    found["other_body"] = pairs.get("rejected", (0, 0))
    found["events"] = pairs.get("events", (0, 0))
    return {name: {"count": count, "yen": yen} for name, (count, yen) in found.items()}


def _yen(pairs: Mapping[str, Pair], name: str) -> int:
    return pairs.get(name, (0, 0))[1]
