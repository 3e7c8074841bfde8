"""Killed at any point and started again, a job ends with the same files; a file is never half there."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

from slips.job import print_slips
from slips.outfolder import JOB
from tests.killed_job import request
from tests.print_fakes import faking
from tests.slip_rows import clean, write_csv
from tests.test_job import files

T = TypeVar("T")
ROOT = Path(__file__).resolve().parent.parent
PARTS = 3  # how many points between the first and the last touch of the disk, beside the last ones


def started(
    slips: Path, out: Path, *, jobs: int = 1, deadly: int = 0, endless: str = ""
) -> subprocess.Popen[str]:
    command = [
        sys.executable,
        "-m",
        "tests.killed_job",
        str(slips),
        str(out),
        str(jobs),
        str(deadly),
        endless,
    ]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, bytes], int]:
    """The slips, the files that must come out, and how often the job touches the disk."""
    folder = tmp_path_factory.mktemp("reference")
    slips = write_csv(clean(30), folder / "slips.csv")
    with started(slips, folder / "out") as job:
        assert job.stdout is not None
        touches = int(job.stdout.read())
    assert job.returncode == 0
    return slips, files(folder / "out"), touches


def whole(out: Path, expected: dict[str, bytes]) -> None:
    """Whatever stands under a final name is complete; job.json comes last."""
    there = (
        {name: data for name, data in files(out).items() if not name.startswith(".")} if out.exists() else {}
    )
    assert all(expected.get(name) == data for name, data in there.items())
    if JOB in there:
        assert set(there) == set(expected)


def test_killed_at_any_touch_of_the_disk_and_started_again(
    reference: tuple[Path, dict[str, bytes], int], tmp_path: Path
) -> None:
    slips, expected, touches = reference
    points = [1 + touches * k // PARTS for k in range(PARTS)] + [touches - k for k in (1, 6)]
    out = tmp_path / "out"
    for point in points:
        with started(slips, out, deadly=point) as job:
            pass
        assert job.returncode == -signal.SIGKILL
        whole(out, expected)
    print_slips(request(slips, out, 1), prepress=faking())
    assert files(out) == expected


def test_killed_at_random_moments_with_workers(
    reference: tuple[Path, dict[str, bytes], int], tmp_path: Path
) -> None:
    slips, expected, _ = reference
    out = tmp_path / "out"
    chance = random.Random(2)
    for _ in range(2):
        with started(slips, out, jobs=2) as job:
            time.sleep(chance.uniform(0.8, 2.5))
            job.kill()
        whole(out, expected)
    print_slips(request(slips, out, 2), prepress=faking())
    assert files(out) == expected
    assert json.loads((out / JOB).read_text(encoding="utf-8"))["timing"]["jobs"] == 2


def test_workers_go_when_their_job_is_killed(
    reference: tuple[Path, dict[str, bytes], int], tmp_path: Path
) -> None:
    slips, expected, _ = reference
    out = tmp_path / "out"
    with started(slips, out, jobs=2, endless="slips-00002.pdf") as job:
        note = out / ".elqr-work" / "ready" / "worker.pid"
        worker = int(waited(lambda: note.exists() and note.read_text()))
        job.kill()
    waited(lambda: not alive(worker))
    print_slips(request(slips, out, 1), prepress=faking())
    assert files(out) == expected


def waited(look: Callable[[], T]) -> T:
    """What `look` finds, as soon as it finds something; fails after a while."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        if found := look():
            return found
        time.sleep(0.05)
    raise AssertionError("waited in vain")


def alive(pid: int) -> bool:
    """Whether the process is there and not merely waiting to be buried."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
