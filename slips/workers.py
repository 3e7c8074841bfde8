"""One output file is one task: its rows in, a PDF with its proof and its part of the manifest out; spread over processes.

In: `FileTask`s, all data. Out: `FileResult`s in the order of the files, so that nothing depends on who did what. Processes are
spawned (the same on every system) and die with their parent. Refuses: a worker that died (ProblemError `job.worker_died`), a disk
that refused.
"""

from __future__ import annotations

import gc
import hashlib
import os
import pickle
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from multiprocessing import get_context, parent_process
from pathlib import Path
from typing import Protocol

import polars as pl

from elqr.collector import look_seldom
from elqr.crew import one_thread_each
from elqr.interrupts import unheard
from elqr.problems import Problem, ProblemError
from elqr.renaming import rename
from elqr.site import Site
from slips.form import InserterMark
from slips.guidance import Guide
from slips.manifest import part_of, write_part
from slips.order import PlannedFile, in_print_order, on_sheets
from slips.outfiles import disk_problem
from slips.spool import read_bucket
from slips.values import values

TASKS_AHEAD = 2  # per process: enough to keep it busy, few enough to stop soon
WINDOWS_MOST = 61  # processes: Windows waits for no more of them at once


@dataclass(frozen=True)
class Proof:
    """What reading a file back found: the faults (columns of `ProblemLog.table`), facts for job.json (counts, decoders)."""

    faults: pl.DataFrame
    facts: Mapping[str, int | str]


class Press(Protocol):
    """What puts pages on paper and reads them back. It travels to other processes, so it is plain data."""

    def write_pdf(self, path: Path, values: pl.DataFrame, *, layout: str, title: str) -> None:
        """Write the file."""
        ...

    def read_back(self, path: Path, values: pl.DataFrame, *, layout: str) -> Proof:
        """Open the finished file again and compare every slip with its row."""
        ...


@dataclass(frozen=True)
class FileTask:
    """All that one output file needs."""

    planned: PlannedFile
    name: str
    title: str
    bucket: Path
    ready: Path
    part: Path
    layout_sha256: str
    table_rows: int
    profile: str
    profile_sha256: str
    site: Site
    press: Press
    read_back: bool
    marks: tuple[InserterMark, ...] = ()
    guide: Guide | None = None
    slips_per_page: int = 1


@dataclass(frozen=True)
class FileResult:
    """One finished file. `rejected`: the read-back found a fault; the file lies under `name`, which says so."""

    number: int
    name: str
    layout: str
    slips: int
    yen: int
    size: int
    sha256: str
    first_seq: int
    proof: Proof | None
    rejected: bool
    part: Path


def rejected_name(name: str) -> str:
    """A name under which nobody prints a file by accident."""
    return f"REJECTED-{name}.rejected"


def print_file(task: FileTask) -> FileResult:
    """Print one file, read it back, write its part of the manifest. Raises OSError where the disk refuses."""
    rows = in_print_order(read_bucket(task.bucket), first_seq=task.planned.first_seq)
    if task.slips_per_page > 1:
        rows = on_sheets(rows, per_page=task.slips_per_page)
    shown = values(rows, site=task.site, table_rows=task.table_rows, guide=task.guide)
    path = task.ready / task.name
    layout = task.planned.layout
    task.press.write_pdf(path, shown, layout=layout, title=task.title)
    proof = task.press.read_back(path, shown, layout=layout) if task.read_back else None
    rejected = proof is not None and not proof.faults.is_empty()
    name = rejected_name(task.name) if rejected else task.name
    if rejected:
        path = rename(path, task.ready / name)
    part = part_of(
        rows,
        file=name,
        layout=layout,
        layout_sha256=task.layout_sha256,
        profile=task.profile,
        profile_sha256=task.profile_sha256,
        marks=task.marks,
    )
    write_part(part, task.part)
    task.bucket.unlink()
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return FileResult(
        number=task.planned.number,
        name=name,
        layout=layout,
        slips=rows.height,
        yen=int(rows["amount"].sum()),
        size=path.stat().st_size,
        sha256=sha256,
        first_seq=task.planned.first_seq,
        proof=proof,
        rejected=rejected,
        part=task.part,
    )


class Crew:
    """Whoever prints: this process, or `jobs` others, which are started at once so that they are ready when their work is."""

    def __init__(self, jobs: int, *, ready: Callable[[], object]) -> None:
        """`ready` is what each process does first, while this one reads the input."""
        if sys.platform == "win32":
            jobs = min(jobs, WINDOWS_MOST)
        self._jobs = jobs
        self._pool = None
        if jobs > 1:
            self._pool = ProcessPoolExecutor(
                jobs, mp_context=get_context("spawn"), initializer=_begin_work, initargs=(ready,)
            )
            with one_thread_each(), unheard():
                self._ready = [self._pool.submit(_idle) for _ in range(jobs)]

    def print_files(self, tasks: Sequence[FileTask]) -> Iterator[FileResult]:
        """The results in the order of the tasks, each as soon as all before it are done.

        Raises ProblemError where a worker died or a disk refused.
        """
        at = tasks[0].ready if tasks else Path()
        try:
            if self._pool is None or len(tasks) < 2:
                with _long_lived():
                    yield from map(print_file, tasks)
            else:
                yield from self._spread(self._pool, _light(tasks))
        except OSError as error:
            raise ProblemError(disk_problem(error, at)) from error
        except BrokenProcessPool as error:
            raise ProblemError(Problem("job.worker_died", "", {"found": str(error)})) from error

    def _spread(self, pool: ProcessPoolExecutor, tasks: Sequence[FileTask]) -> Iterator[FileResult]:
        waiting: list[Future[FileResult | tuple[Problem, ...]]] = []
        try:
            for task in tasks:
                waiting.append(pool.submit(_attempt, task))
                if len(waiting) >= self._jobs * TASKS_AHEAD:
                    yield _result(waiting.pop(0))
            while waiting:
                yield _result(waiting.pop(0))
        finally:
            for future in waiting:
                future.cancel()

    def close(self) -> None:
        """Send the processes home."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)


@contextmanager
def crew(jobs: int, *, ready: Callable[[], object]) -> Iterator[Crew]:
    """A crew for as long as the job takes."""
    people = Crew(jobs, ready=ready)
    try:
        yield people
    finally:
        people.close()


@dataclass(frozen=True)
class _KeptPress:
    """A press that was laid in a file: fonts and forms of many megabytes travel once a process, not once a task."""

    path: Path

    def write_pdf(self, path: Path, values: pl.DataFrame, *, layout: str, title: str) -> None:
        _press(self.path).write_pdf(path, values, layout=layout, title=title)

    def read_back(self, path: Path, values: pl.DataFrame, *, layout: str) -> Proof:
        return _press(self.path).read_back(path, values, layout=layout)


@cache
def _press(path: Path) -> Press:
    found: Press = pickle.loads(path.read_bytes())  # our own work folder, as everything that goes to a worker
    return found


def _light(tasks: Sequence[FileTask]) -> list[FileTask]:
    """The same tasks with their common press in a file beside their rows."""
    kept = _KeptPress(tasks[0].bucket.parent / "press")
    kept.path.write_bytes(pickle.dumps(tasks[0].press))
    return [replace(task, press=kept) for task in tasks]


def _idle() -> None:
    """The first task of a process: it is there."""


def _attempt(task: FileTask) -> FileResult | tuple[Problem, ...]:
    """In a worker: problems come home as values, as an exception that carries them would not survive the journey."""
    try:
        return print_file(task)
    except ProblemError as error:
        return error.problems


def _result(future: Future[FileResult | tuple[Problem, ...]]) -> FileResult:
    found = future.result()
    if isinstance(found, tuple):
        raise ProblemError(found)
    return found


@contextmanager
def _long_lived() -> Iterator[None]:
    """Fonts and templates stay to the end of the job: the collector need not walk over them again and again."""
    before = gc.get_threshold()
    gc.freeze()
    look_seldom()
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def _begin_work(ready: Callable[[], object]) -> None:
    """A worker whose job was killed must not go on writing; an interrupt from the keyboard is the parent's to answer."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    look_seldom()
    parent = parent_process()
    if parent is not None:
        threading.Thread(target=_follow, args=(parent.join,), daemon=True).start()
    ready()


def _follow(wait: Callable[[], None]) -> None:
    wait()
    os._exit(1)
