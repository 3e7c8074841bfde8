"""The folder of a print job: one job at a time, finished work never replaced unasked, results moved in at the very end.

Everything is written in a hidden work folder and renamed into place when all of it is done, `job.json` last. So a folder
without `job.json` holds no finished job, and one with it holds all of it. Refuses (ProblemError): a folder in use, another
job's results, files of the same names that no job wrote, a folder that cannot be written.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from elqr.out_place import PRINT, refuse_replacing
from elqr.problems import Problem, ProblemError, Where
from slips.outfiles import publish, sync_folder, telling_disk_errors

WORK = ".elqr-work"
LOCK = ".elqr-lock"
JOB = "job.json"
TABLES = ("manifest.parquet", "manifest.csv", "problems.csv", "upload.csv")
_OURS = re.compile(r"(REJECTED-)?slips-[0-9]{5,}\.pdf(\.rejected)?")
RAISES = ("release", "read_back")
"""Parts of the identity that do not touch the slips: the same job may be done again with them, never without them."""
_LOCKED_BYTE = 1 << 20
READY = "ready"  # folder inside WORK: what will be delivered
LEAVING, REPLACED = (
    "leaving",
    "replaced",
)  # folders inside WORK: earlier results while they go, and when all of them are gone


def is_ours(name: str) -> bool:
    """Whether a file of this name is one that a print job writes."""
    return name == JOB or name in TABLES or _OURS.fullmatch(name) is not None


class OutFolder:
    """A locked output folder. `work` takes intermediate files, `ready` the files to deliver; use through `opened`."""

    def __init__(self, path: Path) -> None:
        self._delivering = False
        self.path = path
        self.work = path / WORK
        self.ready = self.work / READY

    def finished_job(self) -> Mapping[str, object] | None:
        """The job.json of a finished job, else None. One that cannot be read counts as a job of unknown input."""
        try:
            found = json.loads((self.path / JOB).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def begin(self, identity: Mapping[str, object], *, overwrite: bool) -> None:
        """Look at what lies here, then clear what an interrupted job left and make the work folder.

        `identity` is what makes a job the same job: it must equal `identity` of the job.json found. Raises ProblemError.
        """
        with telling_disk_errors(self.path):
            self._take_back()  # killed while delivering: what was here before is here again
        if not overwrite:
            self._refuse_others(identity)
        with telling_disk_errors(self.path):
            if self.work.exists():
                if self.finished_job() is None:  # killed while delivering: half a delivery is none
                    self._remove_results()
                shutil.rmtree(self.work)  # last, as it is the sign that the rest is ours
            self.ready.mkdir(parents=True)
            if os.name != "nt":
                self.work.chmod(0o700)  # rows with names and addresses lie here for a while

    def _refuse_others(self, identity: Mapping[str, object]) -> None:
        where = Where(str(self.path))
        refuse_replacing(self.path, (JOB, *TABLES), command=PRINT)
        found = self.finished_job()
        if found is None:
            names = sorted(entry.name for entry in self.path.iterdir() if is_ours(entry.name))
            if names and not self.work.exists():
                shown = ", ".join(names[:5]) + (" …" if len(names) > 5 else "")
                raise ProblemError(
                    Problem("job.foreign_files", "", {"found": str(self.path), "names": shown}, where)
                )
            return
        theirs = found.get("identity")
        before = theirs if isinstance(theirs, dict) else {}
        ours = json.loads(json.dumps(identity))
        differing = [
            k
            for k in {**ours, **before}
            if before.get(k) != ours.get(k) and not (k in RAISES and ours.get(k))
        ]
        if before and not differing:
            return
        difference = ", ".join(differing) or JOB
        raise ProblemError(
            Problem("job.other_in_folder", "", {"found": str(self.path), "difference": difference}, where)
        )

    def deliver(self) -> None:
        """Move everything in `ready` to its final name: old results aside first, `job.json` in last.

        Raises ProblemError; with `discard` after it, the folder is as it was before.
        """
        self._delivering = True
        with telling_disk_errors(self.path):
            self._set_aside()
            names = sorted(entry.name for entry in self.ready.iterdir())
            for name in names:
                if name != JOB:
                    publish(self.ready / name, self.path / name)
            sync_folder(self.path)
            publish(self.ready / JOB, self.path / JOB)
            sync_folder(self.path)
        self._delivering = False
        self.discard()

    def discard(self) -> None:
        """Drop the work folder: nothing of this run stays. What cannot be dropped now is dropped by the next job here."""
        with contextlib.suppress(OSError):
            if self._delivering:
                self._take_back()
            shutil.rmtree(self.work)

    def _set_aside(self) -> None:
        """Earlier results into the work folder, `job.json` first. On Windows a file that is open in another program stays where it is."""
        leaving = self.work / LEAVING
        leaving.mkdir()
        names = sorted(
            (entry.name for entry in self.path.iterdir() if is_ours(entry.name)), key=lambda n: (n != JOB, n)
        )
        for name in names:
            try:
                (self.path / name).replace(leaving / name)
            except PermissionError as error:
                params = {"found": str(self.path / name), "reason": error.strerror or str(error)}
                raise ProblemError(Problem("out.in_use", "", params, Where(name))) from error
        sync_folder(self.path)
        leaving.replace(self.work / REPLACED)

    def _take_back(self) -> None:
        """Undo a delivery that did not end, from whatever point: new results go, earlier ones come back, `job.json` last."""
        leaving, replaced = self.work / LEAVING, self.work / REPLACED
        if (self.path / JOB).exists():
            return  # it ended, or it had not begun
        if replaced.exists():
            self._remove_results()
            replaced.replace(leaving)
        if leaving.exists():
            for name in sorted((entry.name for entry in leaving.iterdir()), key=lambda n: (n == JOB, n)):
                (leaving / name).replace(self.path / name)
            sync_folder(self.path)

    def _remove_results(self) -> None:
        for entry in self.path.iterdir():
            if is_ours(entry.name):
                entry.unlink()
        sync_folder(self.path)


@contextmanager
def opened(path: Path) -> Iterator[OutFolder]:
    """Make the folder where needed and lock it for this process until the block ends, however it ends.

    The lock is the operating system's, so it goes with the process. Raises ProblemError `job.folder_in_use`.
    """
    with telling_disk_errors(path):
        path.mkdir(parents=True, exist_ok=True)
        lock = _locked(path)
    try:
        yield OutFolder(path)
    finally:
        with contextlib.suppress(OSError):
            if os.name == "nt":
                lock.close()
            (path / LOCK).unlink(missing_ok=True)
        lock.close()


def _locked(folder: Path) -> BinaryIO:
    """The lock file, held. Its last holder may have removed it between opening and locking: then once more."""
    path = folder / LOCK
    while True:
        file = path.open("a+b")
        try:
            _hold(file)
        except OSError as error:
            file.seek(0)
            holder = file.read(100).decode("ascii", "replace").strip() or str(error)
            file.close()
            raise ProblemError(
                Problem("job.folder_in_use", "", {"found": str(folder), "holder": holder}, Where(str(folder)))
            ) from None
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(file.fileno()), path.stat()):
                break
        file.close()
    file.truncate(0)
    file.write(f"process {os.getpid()}".encode("ascii"))
    file.flush()
    return file


def _hold(file: BinaryIO) -> None:
    """Lock the file for this process without waiting. Raises OSError when another process holds it."""
    if sys.platform == "win32":
        import msvcrt

        file.seek(_LOCKED_BYTE)  # a byte that nobody reads, so that the holder's name can still be read
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
