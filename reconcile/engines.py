"""The nights of many municipalities, each a task of its own: one after the other, in a pool of processes, or by Dask. The only home of dask.

In: tasks, and a function that does one (`reconcile.partition.reconcile_one`; it may be done again at any time). Out: what each said, in the order of
the tasks. A worker that dies takes nothing with it: a pool breaks as a whole and what was not finished is begun anew; Dask moves it elsewhere.
Refuses (ProblemError): an engine that is not installed; a task whose worker died every time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import Protocol, TypeVar

from elqr.problems import Problem, ProblemError

ATTEMPTS = 3
ENGINES: tuple[str, ...] = ("pool", "dask")


class Named(Protocol):
    """A task, by the name that people know it by."""

    @property
    def name(self) -> str:
        """The municipality."""


T = TypeVar("T", bound=Named)
R = TypeVar("R")


def run_all(tasks: Sequence[T], *, work: Callable[[T], R], engine: str = "pool", jobs: int = 1) -> list[R]:
    """`work` done for every task by `jobs` processes; with one job, here. Raises ProblemError (`engine.missing`, `engine.worker_died`)."""
    if engine not in ENGINES:
        raise ProblemError(
            Problem("engine.unknown", params={"found": engine, "expected": " / ".join(ENGINES)})
        )
    if engine == "dask":
        return _dask(tasks, work, jobs)
    return [work(task) for task in tasks] if jobs <= 1 else _pool(tasks, work, jobs)


def _pool(tasks: Sequence[T], work: Callable[[T], R], jobs: int) -> list[R]:
    """A pool whose workers begin fresh. Where one dies, the pool ends; finished tasks stay, the others are done in a new one."""
    done: dict[int, R] = {}
    for _ in range(ATTEMPTS):
        left = [i for i in range(len(tasks)) if i not in done]
        # the same processes for all tasks, but none beyond the work: the last attempt may be for one task alone
        with ProcessPoolExecutor(min(jobs, max(1, len(left))), mp_context=get_context("spawn")) as pool:
            begun = {i: pool.submit(work, tasks[i]) for i in left}
            for i, future in begun.items():
                try:
                    done[i] = future.result()
                except BrokenProcessPool:
                    continue
        if len(done) == len(tasks):
            return [done[i] for i in range(len(tasks))]
    raise _died([tasks[i].name for i in range(len(tasks)) if i not in done])


def _dask(tasks: Sequence[T], work: Callable[[T], R], jobs: int) -> list[R]:
    """A cluster on this machine: a process a job, restarted by its nanny."""
    try:
        from distributed import Client, KilledWorker, LocalCluster
    except ImportError:
        raise ProblemError(
            Problem("engine.missing", params={"found": "dask", "expected": "elqr[dask]"})
        ) from None
    with (
        LocalCluster(
            n_workers=max(1, jobs), threads_per_worker=1, processes=True, dashboard_address=None, memory_limit=0,
            scheduler_kwargs={"allowed_failures": ATTEMPTS - 1},
        ) as cluster,
        Client(cluster) as client,
    ):  # fmt: skip
        futures = client.map(work, tasks, pure=False)
        try:
            found: list[R] = client.gather(futures)
        except KilledWorker:
            lost = [t.name for t, f in zip(tasks, futures, strict=True) if f.status == "error"]
            raise _died(lost) from None
        return found


def _died(names: Sequence[str]) -> ProblemError:
    params: dict[str, str | int] = {"found": "、".join(names), "attempts": ATTEMPTS}
    return ProblemError(Problem("engine.worker_died", params=params))
