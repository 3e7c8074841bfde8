"""Puts the files of a night into their folder, each whole or not at all, `totals.json` last: where it stands, all of them do.

In: names and bytes, whole or in parts. Out: files, each replaced in one step.
Refuses (ProblemError `out.unwritable`): a folder that cannot be written.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from elqr.problems import Problem, ProblemError
from elqr.renaming import rename

LAST = "totals.json"
Content = bytes | Iterable[bytes]  # whole, or part by part


def write_files(folder: Path, files: Mapping[str, Content]) -> None:
    """Write all, under other names first; then rename them, `totals.json` at the end."""
    order = sorted(files, key=lambda name: (name == LAST, name))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if LAST in files:
            folder.joinpath(LAST).unlink(missing_ok=True)
        for name in order:
            _write(folder.joinpath(f".{name}.part"), files[name])
        for name in order:
            rename(folder.joinpath(f".{name}.part"), folder.joinpath(name))
    except BaseException as error:
        _drop(folder, order)
        if isinstance(error, OSError):
            raise _unwritable(folder, error) from None
        raise


def probe(folder: Path) -> None:
    """Find out before the run whether its files will have a place."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write(folder.joinpath(".probe.part"), b"")
        folder.joinpath(".probe.part").unlink()
    except OSError as error:
        _drop(folder, ["probe"])
        raise _unwritable(folder, error) from None


def _drop(folder: Path, names: Iterable[str]) -> None:
    """Files that never got their names: on a full disk they would take the room that is to be made."""
    with suppress(OSError):
        for name in names:
            folder.joinpath(f".{name}.part").unlink(missing_ok=True)


def _unwritable(folder: Path, error: OSError) -> ProblemError:
    reason = error.strerror or type(error).__name__
    found = str(
        error.filename2 or folder
    )  # on Windows, a list that is open in a spreadsheet cannot be replaced: which one
    return ProblemError(Problem("out.unwritable", params={"found": found, "reason": reason}))


def _write(path: Path, data: Content) -> None:
    with path.open("wb") as handle:
        handle.writelines([data] if isinstance(data, bytes) else data)
        handle.flush()
        os.fsync(handle.fileno())
