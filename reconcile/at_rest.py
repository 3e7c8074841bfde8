"""A ledger where nothing can be written: a backup on a read-only medium, a folder of another account. It is read as it lies.

SQLite wants the index of its log beside a ledger even to read it; without a place for one it can only be told that nobody writes (`immutable`).
That must be true: the log is empty, no run holds the lock, and after the reading the file is seen to be the same. Refuses (ProblemError):
`ledger.log_waits`, a log with nights that are not in the file; `ledger.in_use`, a run is at work, or has been while the file was read.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from elqr.problems import Problem, ProblemError, reason_of
from reconcile.lock import FileLock
from reconcile.seal import log_of


class Rest:
    """The file as it was found, before anything was read of it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen = _state(path)

    def refuse_changed(self, place: str) -> None:
        """Raises ProblemError where a run has written meanwhile: what was read may be half of one night and half of the next."""
        if _state(self._path) != self._seen:
            raise ProblemError(Problem("ledger.in_use", params={"found": place}))


def at_rest(path: Path, place: str) -> Rest | None:
    """Where SQLite has no place for its index; None where it has, or finds one that another reader keeps."""
    if os.access(path.parent, os.W_OK, effective_ids=os.access in os.supports_effective_ids):
        return None
    index, log = path.with_name(path.name + "-shm"), log_of(path)
    if log.exists() and log.stat().st_size:
        if index.exists():
            return None
        raise ProblemError(Problem("ledger.log_waits", params={"found": place, "names": log.name}))
    with unlocked(path, place):
        return Rest(path)


@contextmanager
def unlocked(path: Path, place: str) -> Iterator[None]:
    """No run begins meanwhile. The lock is taken as far as it can be read: a folder that was never written to has none."""
    lock = None
    try:
        lock = FileLock(path.with_name(path.name + ".lock"), shared=True)
    except FileNotFoundError:
        pass
    except BlockingIOError:
        raise ProblemError(Problem("ledger.in_use", params={"found": place})) from None
    except OSError as error:
        params = {"found": place, "reason": reason_of(error)}
        raise ProblemError(Problem("ledger.read_only", params=params)) from None
    try:
        yield
    finally:
        if lock is not None:
            lock.release()


def _state(path: Path) -> tuple[int, ...]:
    file, log = path.stat(), log_of(path)
    return (file.st_ino, file.st_size, file.st_mtime_ns, log.stat().st_size if log.exists() else 0)
