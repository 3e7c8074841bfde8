"""What a job says of itself in `job.json`: sums, files and their hashes, versions, what was and what was not checked.

In: the results of the job. Out: one JSON object. Everything but `timing` depends on the request alone, so two runs can be compared.
Refuses nothing.
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from elqr import __version__
from elqr.problems import Problem, ProblemError, reason_of
from slips.findings import Counted
from slips.workers import FileResult, Proof

LIBRARIES = ("polars", "numpy", "fonttools", "isal", "reportlab", "pypdfium2", "zxing-cpp", "pyzbar")
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Source:
    """The input file as it was when the job began. `lines`: line ends in it, a guess at its rows for the progress bar."""

    name: str
    size: int
    sha256: str
    lines: int


def source_of(path: Path) -> Source:
    """Hash `path`. Raises OSError."""
    digest = hashlib.sha256()
    size = lines = 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
            size += len(block)
            lines += block.count(b"\n")
    return Source(path.name, size, digest.hexdigest(), lines)


def sha256_of(path: Path | None) -> str | None:
    """The hash of a file however large, None for none. Raises ProblemError `file.unreadable`."""
    if path is None:
        return None
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        params = {"found": str(path), "reason": reason_of(error)}
        raise ProblemError(Problem("file.unreadable", params=params)) from None


def versions() -> dict[str, str]:
    """elqr, Python and the libraries that have a say in the bytes or in the proof."""
    found = {"elqr": __version__, "python": platform.python_version()}
    return found | {name: _version(name) for name in LIBRARIES}


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def files_json(results: Sequence[FileResult]) -> list[dict[str, Any]]:
    """One entry a file, in order."""
    return [
        {
            "file": r.name,
            "layout": r.layout,
            "slips": r.slips,
            "first_seq": r.first_seq,
            "last_seq": r.first_seq + r.slips - 1,
            "yen": r.yen,
            "bytes": r.size,
            "sha256": r.sha256,
        }
        for r in results
    ]


def proof_json(results: Sequence[FileResult], *, wanted: bool) -> dict[str, Any]:
    """The read-back of the whole job: counts added up over the files, names as they are."""
    if not wanted:
        return {
            "done": False,
            "ja": "印刷した符号は読み戻していません。納付者へ送る前に必ず検査してください。",
            "en": "The printed codes were NOT read back. Check them before anything is sent out.",
        }
    proofs: list[Proof] = [r.proof for r in results if r.proof is not None]
    facts: dict[str, int | str] = {}
    for proof in proofs:
        for name, value in proof.facts.items():
            before = facts.get(name)
            facts[name] = value + before if isinstance(value, int) and isinstance(before, int) else value
    return {"done": True, "files": len(proofs), "faults": sum(p.faults.height for p in proofs), **facts}


def problems_json(counted: Sequence[Counted]) -> dict[str, Any]:
    """Counts by severity and by code."""
    by_severity = {
        name: sum(c.count for c in counted if c.severity == name) for name in ("error", "warning", "note")
    }
    return {**by_severity, "by_code": {c.code: c.count for c in sorted(counted, key=lambda c: c.code)}}


def tables_json(folder: Path, names: Sequence[str]) -> dict[str, str]:
    """Hashes of the lists."""
    return {name: str(sha256_of(folder / name)) for name in names}


def to_bytes(job: Mapping[str, Any]) -> bytes:
    """As it is written: UTF-8, two blanks an indent, keys in the order given."""
    return (json.dumps(job, ensure_ascii=False, indent=2) + "\n").encode()
