"""Fonts opened once for all tests of a process: opening and reading them takes most of the time of a small command."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from slips.fonts import FontLibrary, load_fonts


@cache
def _opened(names: tuple[str, ...]) -> FontLibrary:
    return load_fonts(names)


def opened(names: Iterable[str]) -> FontLibrary:
    """What `load_fonts` gives, the same objects each time."""
    return _opened(tuple(sorted(set(names))))
