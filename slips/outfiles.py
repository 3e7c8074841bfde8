"""Files come into being whole: written under a temporary name beside their place, synced, renamed, the folder synced.

In: bytes, or a finished file in a work folder of the same file system. Out: the file under its final name, durable.
Refuses by ProblemError what the disk refuses (full, read-only, no permission), with the name of the file that failed.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO

from elqr.problems import Problem, ProblemError, Where
from elqr.renaming import rename

_CODES: Mapping[int, str] = {
    errno.ENOSPC: "out.disk_full",
    errno.EDQUOT: "out.disk_full",
    errno.EACCES: "out.not_writable",
    errno.EPERM: "out.not_writable",
    errno.EROFS: "out.not_writable",
}


def disk_problem(error: OSError, path: Path) -> Problem:
    """The problem value for an operating-system error on `path` (the error's own file name wins)."""
    name = str(error.filename or path)
    reason = error.strerror or str(error)
    return Problem(
        _CODES.get(error.errno or 0, "out.failed"), "", {"found": name, "reason": reason}, Where(name)
    )


@contextmanager
def telling_disk_errors(path: Path) -> Iterator[None]:
    """Turn an OSError of the block into ProblemError: `out.disk_full`, `out.not_writable` or `out.failed`."""
    try:
        yield
    except OSError as error:
        raise ProblemError(disk_problem(error, path)) from error


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A binary file that appears as `path` only when the block ends well; otherwise nothing is left behind.

    Raises ProblemError when the disk refuses.
    """
    if not path.parent.is_dir():
        raise ProblemError(Problem("out.no_folder", params={"found": str(path.parent)}))
    temporary = path.with_name(f".{path.name}.writing")
    with telling_disk_errors(path):
        try:
            with temporary.open("wb") as file:
                yield file
                _sync(file)
            rename(temporary, path)
            sync_folder(path.parent)
        except BaseException as error:
            temporary.unlink(missing_ok=True)
            if isinstance(error, OSError) and error.filename == str(temporary):
                error.filename = str(path)  # the name that was asked for, not ours
            raise


def make_ready(folder: Path) -> None:
    """Make the folder, and find out before the work whether files will have a place in it. Raises ProblemError when the disk refuses."""
    with telling_disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            pass


def write_whole(path: Path, data: bytes) -> None:
    """`data` as the file `path`, whole or not at all. Raises ProblemError when the disk refuses."""
    with replacing(path) as file:
        file.write(data)


def publish(finished: Path, path: Path) -> None:
    """Move a finished file of the same file system to its final name, its bytes on disk first.

    The caller syncs the folder once after the last one (`sync_folder`). Raises ProblemError when the disk refuses.
    """
    with telling_disk_errors(path):
        with finished.open("rb+") as file:
            _sync(file)
        rename(finished, path)


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable, where the system knows how (Windows does it by itself)."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sync(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())
