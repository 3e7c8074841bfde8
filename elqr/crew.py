"""Work in processes of their own: a crash, a hang or a flood of memory costs one task, not the run.

In: work (a function, or plain data with `__call__`) and tasks. Out: each task's result, or `Broken`, in the order of the tasks whatever the
number of processes. Memory is limited where the system can (not on Windows), time everywhere, each only if it is asked for. Who is interrupted
by Ctrl-C waits for the tasks that are at work and begins no others. Refuses to go on only where no process starts at all.
"""

from __future__ import annotations

import os
import signal
import traceback
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from queue import SimpleQueue
from threading import Lock
from typing import Any, Generic, Literal, TypeVar

from elqr.interrupts import unheard

T = TypeVar("T")
R = TypeVar("R")

START_SECONDS = 180.0
"""A new process imports the libraries first; on a busy machine that takes a while."""
STARTS_MAX = 4
"""How often a process is started that ends before it is ready. On a loaded machine the system now and then refuses to run a program: the
child then ends with 255 and has not seen the task, so nothing may be said of the file for it.
"""
TASKS_AHEAD = 2  # per process
_ONE_THREAD = ("POLARS_MAX_THREADS", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")


@dataclass(frozen=True)
class Limits:
    """What one process may use; None: no limit. `seconds` is for one unit of work; a task says how many units it is."""

    seconds: float | None = None
    memory_bytes: int | None = None


@dataclass(frozen=True)
class Broken:
    """A task without a result, and why. After `time` and `crash` its process is gone, and another has taken its place.

    `trace`: where the work raised what it did not expect, for who has to mend it.
    """

    reason: Literal["time", "crash", "memory", "error"]
    detail: str
    trace: str = ""


class Crew(Generic[T, R]):
    """`jobs` processes that do one kind of work. Use `with Crew(...) as crew`, then `crew.run(tasks)`."""

    def __init__(self, work: Callable[[T], R], *, jobs: int, limits: Limits) -> None:
        self._limits, self._jobs = limits, jobs
        births = Lock()
        self._hands: list[_Hand] = [_Hand(work, limits.memory_bytes, births) for _ in range(jobs)]
        self._free: SimpleQueue[_Hand] = SimpleQueue()
        for hand in self._hands:
            self._free.put(hand)

    def __enter__(self) -> Crew[T, R]:
        return self

    def __exit__(self, *_: object) -> None:
        for hand in self._hands:
            hand.stop()

    def run(
        self,
        tasks: Iterable[T],
        *,
        units: Callable[[T], int] = lambda _: 1,
        ahead: int = TASKS_AHEAD,
    ) -> Generator[tuple[T, R | Broken]]:
        """Every task with what came of it, in the order given. `ahead`: tasks a process that are taken up while an earlier one is still awaited."""
        waiting: deque[tuple[T, Future[Any]]] = deque()
        with ThreadPoolExecutor(self._jobs) as pool:
            try:
                for task in tasks:
                    limit = self._limits.seconds
                    seconds = None if limit is None else limit * units(task)
                    waiting.append((task, pool.submit(self._do, task, seconds)))
                    if len(waiting) >= self._jobs * ahead:
                        first, future = waiting.popleft()
                        yield first, future.result()
                while waiting:
                    first, future = waiting.popleft()
                    yield first, future.result()
            finally:
                for _, future in waiting:
                    future.cancel()

    def _do(self, task: T, seconds: float | None) -> Any:
        hand = self._free.get()
        try:
            return hand.do(task, seconds)
        finally:
            self._free.put(hand)


class _NotStartedError(Exception):
    """No process became ready to work."""


class _Hand:
    """One process, started when it is first needed and again whenever it was lost.

    `births` is held while a process of the crew is started or its end is taken down: starting one makes Python ask after the ends of
    all, and what one thread has taken down another would not learn.
    """

    def __init__(self, work: Callable[[Any], Any], memory_bytes: int | None, births: Lock) -> None:
        self._work, self._memory_bytes, self._births = work, memory_bytes, births
        self._process: Any = None
        self._pipe: Connection | None = None

    def do(self, task: Any, seconds: float | None) -> Any:
        try:
            pipe = self._pipe or self._ready()
        except _NotStartedError as reason:
            return Broken("error", str(reason))
        try:
            pipe.send(task)
            if not pipe.poll(seconds):
                self._kill()
                return Broken("time", f"{seconds:.0f} s")
            done, value = pipe.recv()
        except (EOFError, OSError):
            return Broken("crash", self._kill())
        return value if done else Broken(*value)

    def _ready(self) -> Connection:
        """A process that waits for tasks. What ends before that is started again."""
        ended = ""
        for _ in range(STARTS_MAX):
            try:
                return self._start()
            except (EOFError, OSError) as reason:
                ended = f"{self._kill()}, {reason}".rstrip(", ")
        raise _NotStartedError(f"{STARTS_MAX} processes did not start: {ended}")

    def _start(self) -> Connection:
        context = get_context("spawn")
        mine, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(theirs, self._work, self._memory_bytes), daemon=True)
        with self._births, one_thread_each(), unheard():
            process.start()
        theirs.close()
        self._process, self._pipe = process, mine
        if not mine.poll(START_SECONDS):
            raise _NotStartedError(f"{self._kill()}, not ready after {START_SECONDS:.0f} s")
        mine.recv()
        return mine

    def _kill(self) -> str:
        """End what is left of the process; how it ended, for the finding."""
        if self._process is None:
            return "not started"
        if self._pipe is not None:
            self._pipe.close()
        gone = bool(wait([self._process.sentinel], 1))
        if not gone:
            self._process.kill()
        with self._births:
            self._process.join()
        ended = self._process.exitcode if gone else None
        self._process.close()
        self._process = self._pipe = None
        if ended is not None and ended < 0:
            with suppress(ValueError):
                return signal.Signals(-ended).name
        return f"exit {ended}"

    def stop(self) -> None:
        if self._pipe is not None:
            with suppress(OSError):
                self._pipe.send(None)
        self._kill()


@contextmanager
def one_thread_each() -> Iterator[None]:
    """A process that is started within has one thread in every library."""
    kept = {name: os.environ.get(name) for name in _ONE_THREAD}
    os.environ.update(dict.fromkeys(_ONE_THREAD, "1"))
    try:
        yield
    finally:
        for name, value in kept.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _serve(pipe: Connection, work: Callable[[Any], Any], memory_bytes: int | None) -> None:
    """In the process: one task after the other until None or the end of the pipe."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupt from the keyboard is the parent's to answer
    limit_memory(memory_bytes)
    with suppress(EOFError, BrokenPipeError):
        pipe.send("ready")
        while (task := pipe.recv()) is not None:
            pipe.send(_attempt(work, task))


def _attempt(work: Callable[[Any], Any], task: Any) -> tuple[bool, Any]:
    try:
        return True, work(task)
    except MemoryError as error:
        return False, ("memory", str(error) or "MemoryError")
    except Exception as error:  # whatever a hostile file makes a library raise is a finding about that file
        return False, ("error", f"{type(error).__name__}: {error}"[:300], traceback.format_exc())


def limit_memory(memory_bytes: int | None) -> None:
    """This process may hold so much (None: as much as it could before) and leaves no picture of its memory when it crashes."""
    try:
        import resource
    except ImportError:  # Windows: time is limited, memory is not
        return
    if memory_bytes is not None:
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        most = memory_bytes if hard == resource.RLIM_INFINITY else min(memory_bytes, hard)
        resource.setrlimit(resource.RLIMIT_AS, (most, hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
