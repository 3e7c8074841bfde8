"""Which files a run looks at, in which order, and what kind each is by its first bytes.

In: files and folders as the user gave them. Out: `Source`s, folders in natural order (2 before 10), each file that may hold pages: by its
content, whatever its name. What no reader here opens is a `Source` too, to be told; what holds no pages for sure (hidden files, those of
the system, tables and texts) is not. Refuses (ProblemError): a path that is not there, nothing to look at.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from elqr.option_values import refuse_other_bytes
from elqr.problems import Problem, ProblemError, Where

SUFFIXES = frozenset({".pdf", ".tif", ".tiff", ".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".bmp", ".dib"})
"""What calls itself a page, so that it is damaged where its content is none."""
MAY_HOLD_PAGES = frozenset(
    (
        *(".avif", ".gif", ".heic", ".heif", ".j2k", ".jp2", ".jpf", ".jpx", ".jxl", ".webp", ".dng", ".psd"),
        *(".7z", ".gz", ".lzh", ".rar", ".tar", ".zip", ".djvu", ".eps", ".oxps", ".ps", ".xps"),
        *(".doc", ".docx", ".ppt", ".pptx", ".xdw", ".xbd"),
    )
)
"""Pictures, archives and documents in which scanners, telephones and offices hand over pages, and which are not opened here."""
NO_PAGES = frozenset(
    (
        *(
            ".csv",
            ".htm",
            ".html",
            ".json",
            ".log",
            ".md",
            ".parquet",
            ".toml",
            ".tsv",
            ".txt",
            ".xls",
            ".xlsx",
        ),
        *(".xml", ".xmp", ".lnk", ".url"),
    )
)
SYSTEM_NAMES = frozenset({"thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r"})
MAGIC: Mapping[bytes, str] = {
    b"II*\0": "tiff",
    b"MM\0*": "tiff",
    b"II+\0": "tiff",
    b"MM\0+": "tiff",
    b"\x89PNG\r\n\x1a\n": "png",
    b"\xff\xd8\xff": "jpeg",
}
_BMP_HEADS = frozenset(
    {12, 40, 52, 56, 64, 108, 124}
)  # lengths of its second header: "BM" alone begins many a text
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
    passed_over: str = ""
    """Why a folder's file is not looked at, as the code of a finding; empty for every other."""


def gather(paths: Sequence[Path]) -> tuple[Source, ...]:
    """All files of `paths`, each once, folders in natural order. Raises ProblemError `verify.no_source`, `file.name_bytes`."""
    found: dict[Path, Source] = {}
    for path in paths:
        for file, name in _files(path):
            kind, size = kind_of(file), file.stat().st_size
            over = "" if kind or path == file else _passed_over(file)
            found.setdefault(file.resolve(), Source(file, name, kind, size, over))
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
        inside = [p for p in path.rglob("*") if _may_hold_pages(p.relative_to(path)) and p.is_file()]
        for file in sorted(inside, key=lambda p: _place(p.relative_to(path))):
            yield file, file.relative_to(path).as_posix()
    elif path.is_file():
        yield path, path.name
    else:
        raise ProblemError(_absent(str(path)))


def _may_hold_pages(path: Path) -> bool:
    """All but hidden files, which no user put there, those that systems leave behind, and tables and texts."""
    if any(part.startswith(".") for part in path.parts):
        return False
    return path.name.lower() not in SYSTEM_NAMES and path.suffix.lower() not in NO_PAGES


def _passed_over(path: Path) -> str:
    """What is to be said of a folder's file whose content is no page; nothing where it calls itself one and is damaged."""
    suffix = path.suffix.lower()
    if suffix in SUFFIXES:
        return ""
    return "verify.unread_format" if suffix in MAY_HOLD_PAGES else "verify.passed_over"


def _absent(found: str) -> Problem:
    return Problem("verify.no_source", "", {"found": found}, Where(found))


def _place(path: Path) -> tuple[tuple[tuple[int, int, str], ...], str]:
    """By name with its numbers as numbers; names that are alike so (1, 01; a, A) as they are spelt, and never as the disk happens to list them."""
    return natural(path.as_posix()), path.as_posix()


def natural(name: str) -> tuple[tuple[int, int, str], ...]:
    """A key that sorts numbers inside names as numbers: `page2` before `page10`."""
    parts = _NUMBER.split(name.casefold())
    return tuple((0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts if part)


def kind_of(path: Path) -> str:
    """`pdf`, `tiff`, `png`, `jpeg`, `bmp` by content, else empty: a name proves nothing."""
    try:
        with path.open("rb") as file:
            head = file.read(_PDF_WITHIN)
    except OSError:
        return ""
    if b"%PDF-" in head:
        return "pdf"
    if head[:2] == b"BM" and len(head) >= 18 and int.from_bytes(head[14:18], "little") in _BMP_HEADS:
        return "bmp"
    return next((kind for magic, kind in MAGIC.items() if head.startswith(magic)), "")
