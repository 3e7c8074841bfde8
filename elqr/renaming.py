"""A finished file takes its final name, on Windows too, where a virus scanner or an indexer opens what has just been written.

In: a finished file and its name, in one folder or file system. Out: the file under that name; what had it before is gone. Refuses what the
system refuses (OSError) - on Windows only after it has been asked again, for there a file that anybody has open cannot be renamed or replaced.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Final

PAUSES_S: Final = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6)
"""Seconds between one try and the next, three in all: longer than a scanner looks at a file, shorter than a person keeps one open."""


def rename(finished: Path, name: Path, *, held_for_moments: bool = os.name == "nt") -> Path:
    """Give `finished` its `name`, over a file of that name. `held_for_moments`: another program may have either open for a moment.

    Returns `name`. Raises OSError.
    """
    for pause in PAUSES_S if held_for_moments else ():
        try:
            return finished.replace(name)
        except PermissionError:
            time.sleep(pause)
    return finished.replace(name)
