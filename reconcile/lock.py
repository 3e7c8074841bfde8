"""One writer at a time on one machine: an operating-system lock on a small file, gone with its process however that ends.

In: a path. Out: the lock, held until `release`. Refuses: a second holder (BlockingIOError), a folder that cannot be written, a disk that knows no
locks (OSError).
"""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

NO_LOCKS = frozenset({errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP})  # as of a share whose server gives none


class FileLock:
    """The lock on `path`, which is created when it is not there and stays. `shared`: beside other readers, of a file that is there."""

    def __init__(self, path: Path, *, shared: bool = False) -> None:
        self._handle = os.open(path, os.O_RDONLY if shared else os.O_RDWR | os.O_CREAT, 0o644)
        try:
            _lock(self._handle, shared=shared)
        except OSError as error:
            os.close(self._handle)
            if error.errno in NO_LOCKS:
                raise
            raise BlockingIOError(str(path)) from error

    def release(self) -> None:
        """Give it back; a second call does nothing."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1


def _lock(handle: int, *, shared: bool) -> None:
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(handle, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
