"""Settings as people keep them: TOML in UTF-8, with or without the mark that Windows editors put in front.

In: bytes, or a name in a folder of `layouts/` or a site's own path. Out: tables; or file name and bytes.
Refuses: what is not UTF-8 or not TOML (ValueError, with the place), a file that cannot be read (ProblemError `file.unreadable`).
"""

from __future__ import annotations

import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

from elqr.problems import Problem, ProblemError


def parse_settings(data: bytes) -> dict[str, Any]:
    """The tables of a TOML file. Raises ValueError: UnicodeDecodeError or TOMLDecodeError, whose text names the place."""
    return tomllib.loads(data.decode("utf-8-sig"))


def settings_bytes(given: str | Path, *, folder: str) -> tuple[str, bytes]:
    """Name and bytes of `layouts/FOLDER/GIVEN.toml`, or of a path. Raises ProblemError `file.unreadable`."""
    own = isinstance(given, Path)
    place = given if isinstance(given, Path) else files("layouts").joinpath(folder, f"{given}.toml")
    name = str(given) if own else f"{given}.toml"
    try:
        return name, place.read_bytes()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ProblemError(Problem("file.unreadable", params={"found": name, "reason": reason})) from None
