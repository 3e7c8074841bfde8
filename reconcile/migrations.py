"""The versions of the ledger's schema: numbered SQL files a dialect, forward only, each known by its SHA-256.

In: `layouts/ledger/<dialect>/NNNN_name.sql`. Out: migrations in order, and what is left to apply. Refuses (ProblemError): a ledger that is
newer than this program, or one whose applied migrations are not these files.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

from elqr.problems import Problem, ProblemError


@dataclass(frozen=True)
class Migration:
    """One step of the schema."""

    version: int
    name: str
    sha256: str
    sql: str


def migrations(dialect: str) -> tuple[Migration, ...]:
    """All steps of a dialect, in order. Raises ValueError where a number is missing or stands twice."""
    found = []
    for entry in sorted(files("layouts").joinpath("ledger", dialect).iterdir(), key=lambda e: e.name):
        if entry.name.endswith(".sql"):
            number, _, name = entry.name.removesuffix(".sql").partition("_")
            data = entry.read_bytes().replace(b"\r\n", b"\n")
            found.append(Migration(int(number), name, hashlib.sha256(data).hexdigest(), data.decode()))
    if [m.version for m in found] != list(range(1, len(found) + 1)):
        raise ValueError(f"layouts/ledger/{dialect}: the numbers are not 1, 2, 3 …")
    return tuple(found)


def outstanding(
    dialect: str, applied: Sequence[tuple[int, str, str]], *, place: str
) -> tuple[Migration, ...]:
    """What is left to apply. Raises ProblemError (`ledger.newer`, `ledger.schema_changed`)."""
    known = migrations(dialect)
    if len(applied) > len(known):
        params: dict[str, str | int] = {"found": len(applied), "expected": len(known), "place": place}
        raise ProblemError(Problem("ledger.newer", params=params))
    for (version, name, sha256), ours in zip(applied, known, strict=False):
        if (version, sha256) != (ours.version, ours.sha256):
            said: dict[str, str | int] = {
                "found": f"{version} {name}",
                "expected": f"{ours.version} {ours.name}",
                "place": place,
            }
            raise ProblemError(Problem("ledger.schema_changed", params=said))
    return known[len(applied) :]
