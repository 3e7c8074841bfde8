"""Where results may go: over no input of the same run, and over no list that another command has left in the folder.

In: the folder, the names that will be written, the inputs, the command. Asked before the work begins. A command's own earlier results are its own
to replace. Refuses (ProblemError): `job.input_in_out`, `out.other_command`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from elqr.problems import Problem, ProblemError

PRINT, NOTICES, VERIFY = "elqr print", "elqr print-notices", "elqr verify"
NIGHT, REFUND_NOTICES = "elqr reconcile", "elqr refunds notices"
REFUND_NOTICE = "refund_notice"
"""What the job.json of printed notices says that it printed."""

# names of which more than one command has a file; all others are safe beside each other
_SHARED: Mapping[str, frozenset[str]] = {
    PRINT: frozenset({"job.json", "problems.csv"}),
    NOTICES: frozenset({"job.json", "problems.csv", "notices.csv"}),
    VERIFY: frozenset({"report.html"}),
    NIGHT: frozenset({"report.html", "problems.csv"}),
    REFUND_NOTICES: frozenset({"notices.csv"}),
}


def refuse_replacing(
    folder: Path, names: Iterable[str], *, inputs: Iterable[str | Path] = (), command: str = ""
) -> None:
    """Raises ProblemError where a file of one of these names is an input of the run, or another command's result."""
    there = set(names)
    refuse_inputs([folder.joinpath(name) for name in there], inputs)
    for holder in _holders(folder):
        if holder != command and (lost := sorted(_SHARED[holder] & there)):
            params = {"found": str(folder), "command": holder, "names": ", ".join(lost)}
            raise ProblemError(Problem("out.other_command", params=params))


def refuse_inputs(targets: Iterable[Path], inputs: Iterable[str | Path]) -> None:
    """Raises ProblemError where a file to be written is an input, by whatever name: a link, another spelling."""
    replaced = {identity_of(target) for target in targets} - {None}
    for given in inputs:
        if identity_of(given) in replaced:
            raise ProblemError(Problem("job.input_in_out", params={"found": str(given)}))


def identity_of(path: str | Path) -> tuple[int, int] | str | None:
    """What the system knows a file by, its full name where it gives no number. None: a URL, or a name that nothing has yet."""
    try:
        found = Path(path).stat()
    except (OSError, ValueError):
        return None
    return (found.st_dev, found.st_ino) if found.st_ino else os.path.normcase(os.path.realpath(path))


def _holders(folder: Path) -> Iterator[str]:
    """The commands whose finished results lie here."""
    if (job := _content(folder / "job.json")) is not None:
        yield NOTICES if _document(job) == REFUND_NOTICE else PRINT
    if (folder / "results.json").is_file():
        yield VERIFY
    if (folder / "totals.json").is_file():
        yield NIGHT
    if not (_content(folder / "notices.csv") or b"seq,").startswith(b"seq,"):  # printed ones are numbered
        yield REFUND_NOTICES


def _document(job: bytes) -> object:
    with suppress(ValueError):
        found = json.loads(job)
        return found.get("document") if isinstance(found, dict) else None
    return None


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError:
        return b""
