"""Which files a run looks at, in which order, and what kind each is by its first bytes.

In: files and folders as the user gave them. Out: `Source`s, folders in natural order (2 before 10). A folder's other files are passed
over; a file that was named is looked at whatever its name. Refuses (ProblemError): a path that is not there, nothing to look at.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from elqr.option_values import refuse_other_bytes
from elqr.problems import Problem, ProblemError, Where

SUFFIXES = frozenset({".pdf", ".tif", ".tiff", ".png", ".jpg", ".jpeg"})
MAGIC: Mapping[bytes, str] = {
    b"II*\0": "tiff",
    b"MM\0*": "tiff",
    b"II+\0": "tiff",
    b"MM\0+": "tiff",
    b"\x89PNG\r\n\x1a\n": "png",
    b"\xff\xd8\xff": "jpeg",
}
_PDF_WITHIN = 1024  # bytes before %PDF- that readers put up with
_NUMBER = re.compile(r"(\d+)")


@dataclass(frozen=True)
class Source:
    """One file. `name` is as the user gave it, or below the folder that was given, and no other file's; `kind` is empty where nothing is
    known."""

    path: Path
    name: str
    kind: str
    size: int


def gather(paths: Sequence[Path]) -> tuple[Source, ...]:
    """All files of `paths`, each once, folders in natural order. Raises ProblemError `verify.no_source`, `file.name_bytes`."""
    found: dict[Path, Source] = {}
    for path in paths:
        for file, name in _files(path):
            found.setdefault(file.resolve(), Source(file, name, kind_of(file), file.stat().st_size))
    refuse_other_bytes(source.name for source in found.values())
    if not found:
        raise ProblemError(_absent(", ".join(map(str, paths))))
    return tuple(_told_apart(list(found.values())))


def _told_apart(sources: Sequence[Source]) -> Iterator[Source]:
    """Two folders of one scanner hold the same names: such a name takes on as much of its path as no other file has.

    Pages are known by the name of their file, in the results and when they are looked at again.
    """
    names = [source.name for source in sources]
    while twice := {name for name, count in Counter(names).items() if count > 1}:
        for k, source in enumerate(sources):
            if names[k] in twice:
                names[k] = "/".join(source.path.absolute().parts[-names[k].count("/") - 2 :])
    return (replace(source, name=name) for source, name in zip(sources, names, strict=True))


def _files(path: Path) -> Iterator[tuple[Path, str]]:
    if path.is_dir():
        inside = [
            p
            for p in path.rglob("*")
            if p.suffix.lower() in SUFFIXES and p.is_file() and not _hidden(p.relative_to(path))
        ]
        for file in sorted(inside, key=lambda p: natural(p.relative_to(path).as_posix())):
            yield file, file.relative_to(path).as_posix()
    elif path.is_file():
        yield path, path.name
    else:
        raise ProblemError(_absent(str(path)))


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _absent(found: str) -> Problem:
    return Problem("verify.no_source", "", {"found": found}, Where(found))


def natural(name: str) -> tuple[tuple[int, int, str], ...]:
    """A key that sorts numbers inside names as numbers: `page2` before `page10`."""
    parts = _NUMBER.split(name.casefold())
    return tuple((0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts if part)


def kind_of(path: Path) -> str:
    """`pdf`, `tiff`, `png`, `jpeg` by content, else empty: a name proves nothing."""
    try:
        with path.open("rb") as file:
            head = file.read(_PDF_WITHIN)
    except OSError:
        return ""
    if b"%PDF-" in head:
        return "pdf"
    return next((kind for magic, kind in MAGIC.items() if head.startswith(magic)), "")
