"""The same nights of many municipalities by each engine, with a worker killed on the way: the same digests, and what each costs.

    python -m bench.engines [--towns N] [--receipts R] [--jobs J]

CPU seconds with all child processes. Dask is taken from the environment, else from a folder of its own that is made for it. The first worker
that begins the chosen town is ended by SIGKILL after the commit of its night and before its files.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from bench.figures import Figure
from bench.ledger_crash import AS_OF, write_files
from reconcile.engines import HERE, run_all
from reconcile.partition import Done, Task, lost, reconcile_one

VICTIM = "VICTIM"  # a file in the out folder of a task whose first worker dies


def towns(folder: Path, out: Path, *, count: int, receipts: int, as_of: date = AS_OF) -> list[Task]:
    """Tasks with files of their own; the first has a victim in its folder."""
    tasks = []
    for n in range(count):
        home = folder / f"town{n:02}"
        if not home.exists():
            write_files(home, notices=max(10, receipts // 4), files=3, payments=receipts + n)
        tasks.append(
            Task(
                name=home.name, ledger=str(out / f"{home.name}.db"), out=str(out / home.name), as_of=as_of, report=False,
                assessments=(str(home / "assessments.csv"),), slips=(str(home / "slips.csv"),),
                receipts=tuple(str(p) for p in sorted(home.glob("r*.csv"))),
            )
        )  # fmt: skip
    return tasks


def dying(task: Task) -> Done:
    """The task; but who meets a victim's mark dies by it, after the night has been committed and before its files are written."""
    mark = Path(task.out) / VICTIM
    if mark.exists():
        mark.unlink()
        nightly = importlib.import_module("reconcile.nightly")
        vars(nightly)["write_files"] = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
    return reconcile_one(task)


def mark(task: Task) -> None:
    """Let the first worker of this task die."""
    Path(task.out).mkdir(parents=True)
    (Path(task.out) / VICTIM).touch()


def files_of(tasks: list[Task]) -> dict[str, bytes]:
    """Every file that the nights wrote, but for remarks on reading, which a night written again does not know."""
    found = {}
    for task in tasks:
        for path in sorted(Path(task.out).iterdir()):
            if path.name != "problems.csv":
                found[f"{task.name}/{path.name}"] = path.read_bytes()
    return found


def once(engine: str, folder: Path, *, count: int, receipts: int, jobs: int, kill: bool) -> dict[str, Any]:
    """One engine in this process and its children: digests, a digest of all files, CPU and wall seconds."""
    import hashlib

    with tempfile.TemporaryDirectory() as name:
        tasks = towns(folder, Path(name), count=count, receipts=receipts)
        if kill:
            mark(tasks[0])
        began = time.perf_counter()
        found = list(run_all(tasks, work=dying, lost=lost, engine=engine, jobs=jobs))
        wall = time.perf_counter() - began
        used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        died = not kill or not (Path(tasks[0].out) / VICTIM).exists()
        sha = hashlib.sha256(repr(sorted(files_of(tasks).items())).encode()).hexdigest()
    return {
        "digests": [one.digest for one in found],
        "codes": [one.code for one in found],
        "files": sha,
        "died": died,
        "cpu": round(sum(u.ru_utime + u.ru_stime for u in used), 2),
        "wall": round(wall, 2),
    }


def measure(folder: Path, *, count: int, receipts: int, jobs: int) -> dict[str, Any]:
    """Every engine in a process of its own; pool and Dask also with a worker killed."""
    found: dict[str, dict[str, Any]] = {}
    for engine, kill in ((HERE, False), ("pool", False), ("pool", True), ("dask", False), ("dask", True)):
        words = [str(folder), engine, str(count), str(receipts), str(jobs), str(int(kill))]
        command = [sys.executable, "-m", "bench.engines", "--child", *words]
        env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path.cwd()), *_dask_path(folder)])}
        said = subprocess.run(command, check=True, capture_output=True, text=True, env=env).stdout
        found[engine + (", a worker killed" if kill else "")] = json.loads(said.splitlines()[-1])
    return found


def _dask_path(folder: Path) -> list[str]:
    """Where Dask is, when it is not installed: a folder made for it."""
    if importlib.util.find_spec("distributed"):
        return []
    home = folder / "dask"
    if not home.exists():
        call = [
            sys.executable,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--target",
            str(home),
            "distributed",
        ]
        subprocess.run(call, check=True)
    return [str(home)]


def figures(found: Mapping[str, Mapping[str, Any]], *, count: int, receipts: int) -> list[Figure]:
    """The rows of docs/performance.md."""
    plain = found[HERE]

    def same(one: Mapping[str, Any]) -> bool:
        return bool(one["died"]) and all(one[k] == plain[k] for k in ("digests", "codes", "files"))

    return [
        Figure(
            f"nights of {count} municipalities, {receipts:,} payments each: {name}",
            f"{one['cpu']} s CPU, {one['wall']} s",
            f"one after the other: {plain['cpu']} s CPU, {plain['wall']} s",
            "the same digests and files" if same(one) else "DIFFERENT digests or files",
            "the same",
            same(one),
        )
        for name, one in found.items()
        if name != HERE
    ]


def main() -> int:
    """The command line: 0 when every engine says the same."""
    words = argparse.ArgumentParser(prog="python -m bench.engines", description="The engines side by side.")
    words.add_argument("--towns", type=int, default=4)
    words.add_argument("--receipts", type=int, default=400)
    words.add_argument("--jobs", type=int, default=2)
    words.add_argument(
        "--folder", type=Path, default=Path("out/bench-engines"), help="files and Dask stay here"
    )
    words.add_argument("--child", nargs=6, help=argparse.SUPPRESS)
    given = words.parse_args()
    if given.child:
        folder, engine, *numbers = given.child
        count, receipts, jobs, kill = map(int, numbers)
        print(
            json.dumps(once(engine, Path(folder), count=count, receipts=receipts, jobs=jobs, kill=bool(kill)))
        )
        return 0
    given.folder.mkdir(parents=True, exist_ok=True)
    rows = figures(
        measure(given.folder.absolute(), count=given.towns, receipts=given.receipts, jobs=given.jobs),
        count=given.towns,
        receipts=given.receipts,
    )
    print("\n".join(row.row() for row in rows))
    return 0 if all(row.met for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
