"""A print job that kills itself at the n-th time it touches the disk: run as a script by `test_killed.py`.

Arguments: slips file, output folder, number of processes, event at which to die (0 = never; the count is printed), endless file.
"""

from __future__ import annotations

import datetime as dt
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from slips.job import print_slips
from slips.request import PrintRequest
from tests.print_fakes import FakePress, faking

TOUCHES = ("open", "replace", "unlink", "mkdir", "rmdir")


def request(slips: Path, out: Path, jobs: int) -> PrintRequest:
    return PrintRequest(
        slips=slips,
        out=out,
        layout="mihara",
        profile="tax",
        issue_date=dt.date(2026, 6, 1),
        slips_per_file=7,
        jobs=jobs,
    )


def main(slips: str, out: str, jobs: str, deadly: str, endless: str) -> None:
    count = 0

    def counted(original: Callable[..., Any]) -> Callable[..., Any]:
        def touch(*args: Any, **named: Any) -> Any:
            nonlocal count
            if str(args[0]).startswith(out) or isinstance(args[0], int):
                count += 1
                if count == int(deadly):
                    os.kill(os.getpid(), signal.SIGKILL)
            return original(*args, **named)

        return touch

    for name in TOUCHES:
        setattr(Path, name, counted(getattr(Path, name)))
    os.fsync = counted(os.fsync)
    print_slips(
        request(Path(slips), Path(out), int(jobs)), prepress=faking(FakePress("", endless_file=endless))
    )
    print(count)


if __name__ == "__main__":
    main(*sys.argv[1:])
