"""What only the shell may ask of the machine: who runs this, when, and what day it is. Everything below takes these as arguments.

In: the machine and its standard input. Out: words, days, lines. Refuses nothing: an account without a name (a container's, a service's)
goes by its number.
"""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

AS_OF = "{as_of}"


def login() -> str:
    """The name of the account, for the record."""
    try:
        return getpass.getuser()
    except (KeyError, ImportError, OSError):  # by version and system
        return f"uid {os.getuid()}" if hasattr(os, "getuid") else "unknown"


def moment() -> str:
    """Now, with the zone, for the record alone."""
    return datetime.now().astimezone().isoformat(timespec="seconds")


def today() -> date:
    """The office's own day."""
    return datetime.now().astimezone().date()


def folder_of(out: Path, *, as_of: date) -> Path:
    """The folder that was asked for; `{as_of}` in its name becomes the day, so that a job that starts by itself never writes over another day's."""
    return Path(str(out).replace(AS_OF, as_of.isoformat()))


def codes_of(argument: str) -> Iterator[str]:
    """The argument itself, or for `-` the lines of stdin that hold something."""
    if argument != "-":
        yield argument
        return
    for line in sys.stdin.buffer if sys.stdin else ():  # a job without any input has no stdin at all
        text = line.decode("utf-8-sig", errors="replace").strip()
        if text:
            yield text
