"""The nights of many municipalities, each a task of its own: in processes of ours, or by Dask. The only home of dask.

In: tasks, a function that does one (`reconcile.partition.reconcile_one`; it may be done again at any time), and one that says what became of a
task that was lost. Out: what was said of each, in the order of the tasks, as soon as it is known. One that fails takes nothing with it: a worker
that dies is replaced and its task begun anew, some times. Refuses (ProblemError): an engine that is not installed.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from typing import Protocol, TypeVar

from elqr.crew import Broken, Crew, Limits
from elqr.interrupts import unheard
from elqr.problems import Problem, ProblemError

ATTEMPTS = 3
ENGINES: tuple[str, ...] = ("pool", "dask")
HERE = "here"  # one after the other in this process: what the engines are compared with


class Named(Protocol):
    """A task, by the name that people know it by."""

    @property
    def name(self) -> str:
        """The municipality."""


T = TypeVar("T", bound=Named)
R = TypeVar("R")
Lost = Callable[[T, Problem, str], R]
"""A task that was lost, why, and where the program stood if it was an error of its own."""


def run_all(
    tasks: Sequence[T], *, work: Callable[[T], R], lost: Lost[T, R], engine: str = "pool", jobs: int = 1
) -> Iterator[R]:
    """`work` done for every task by `jobs` processes. Raises ProblemError (`engine.unknown`, `engine.missing`) before anything is begun."""
    match engine:
        case "pool":
            return _pool(tasks, work, lost, max(1, jobs))
        case "dask":
            return _dask(tasks, work, lost, max(1, jobs))
        case "here":
            return (work(task) for task in tasks)
    raise ProblemError(Problem("engine.unknown", params={"found": engine, "expected": " / ".join(ENGINES)}))


def _pool(tasks: Sequence[T], work: Callable[[T], R], lost: Lost[T, R], jobs: int) -> Iterator[R]:
    """Workers that begin fresh. A night may take as long as it needs; a small one does not wait for a large one before it."""
    with (
        Crew[T, R](work, jobs=jobs, limits=Limits()) as crew,
        closing(crew.run(tasks, ahead=len(tasks))) as begun,
    ):
        for task, answer in begun:
            said = _tried_again(crew, task, answer)
            yield lost(task, _why(said, task.name), said.trace) if isinstance(said, Broken) else said


def _tried_again(crew: Crew[T, R], task: T, answer: R | Broken) -> R | Broken:
    """The answer; where the worker died, that of another worker, as often as it is worth while."""
    for _ in range(1, ATTEMPTS):
        if not (isinstance(answer, Broken) and answer.reason == "crash"):
            break
        ((_, answer),) = crew.run([task])
    return answer


def _why(broken: Broken, name: str) -> Problem:
    if broken.reason == "crash":
        return _died(name, broken.detail)
    return Problem("engine.failed", params={"found": name, "reason": broken.detail})


def _died(name: str, reason: str) -> Problem:
    return Problem("engine.worker_died", params={"found": name, "attempts": ATTEMPTS, "reason": reason})


def _dask(tasks: Sequence[T], work: Callable[[T], R], lost: Lost[T, R], jobs: int) -> Iterator[R]:
    """A cluster on this machine: a process a job, restarted by its nanny."""
    try:
        from distributed import Client, KilledWorker, LocalCluster
    except ImportError:
        raise ProblemError(
            Problem("engine.missing", params={"found": "dask", "expected": "elqr[dask]"})
        ) from None

    def gathered() -> Iterator[R]:
        with unheard():
            cluster = LocalCluster(
                n_workers=jobs, threads_per_worker=1, processes=True, dashboard_address=None, memory_limit=0,
                scheduler_kwargs={"allowed_failures": ATTEMPTS - 1},
            )  # fmt: skip
        with cluster, Client(cluster) as client:
            for task, future in zip(tasks, client.map(work, tasks, pure=False), strict=True):
                try:
                    said: R = future.result()
                except KilledWorker:
                    said = lost(task, _died(task.name, "KilledWorker"), "")
                except Exception as error:
                    reason = f"{type(error).__name__}: {error}"[:300]
                    problem = Problem("engine.failed", params={"found": task.name, "reason": reason})
                    said = lost(task, problem, traceback.format_exc())
                yield said

    return gathered()
