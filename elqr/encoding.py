"""Tells UTF-8 from CP932 by content, and decodes strictly.

In: the raw bytes of a text file. Out: the encoding's name, and UTF-8 bytes, or the place of the first byte that is no character.
Refuses: UTF-16, binary files, and the bytes that Python's cp932 lets through although the code table has nothing there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import BinaryIO

from elqr.problems import Problem, ProblemError, Where

ENCODINGS = ("utf-8", "cp932")

BOM = b"\xef\xbb\xbf"
SNIFF_BLOCK = 1 << 20
SNIFF_LINES = 2000  # lines with characters beyond ASCII that settle the question

# First bytes of files that people send by mistake, with the name that an office knows.
KNOWN_BINARY: tuple[tuple[bytes, str], ...] = (
    (b"PK\x03\x04", "Excel / ZIP"),
    (b"\xd0\xcf\x11\xe0", "Excel 97-2003"),
    (b"%PDF", "PDF"),
    (b"\x1f\x8b", "gzip"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)

NUL_RARER_THAN = 100  # bytes; UTF-16 without a mark has one in every two

# Python's cp932 turns the bytes 80, A0, FD, FE, FF, which the table leaves undefined, into these characters without an error.
CP932_HOLES = "\x80\uf8f0\uf8f1\uf8f2\uf8f3"

_RARE = re.compile("[\x80-\x9f\u0100-\u07ff]")
"""Characters worth a closer look (`_is_strange`): few in a Japanese text."""


@dataclass(frozen=True)
class BadByte:
    """The first undecodable byte: 0-based offset, and its value."""

    offset: int
    value: int


def encoding_named(name: str) -> str:
    """`utf-8` or `cp932` for the names that people give them. Raises ValueError for any other."""
    known = {"utf-8": "utf-8", "utf8": "utf-8", "utf-8-sig": "utf-8"} | dict.fromkeys(
        ("cp932", "ms932", "windows-31j", "shift_jis", "shift-jis", "sjis"), "cp932"
    )
    try:
        return known[name.lower()]
    except KeyError:
        raise ValueError(f"encoding {name!r}: expected one of {', '.join(ENCODINGS)}") from None


def refuse_binary(head: bytes, *, file: str) -> None:
    """Raise ProblemError where the first bytes are those of another kind of file, or hold more than a NUL here and there: that is a
    damaged row, and the row alone is held."""
    for magic, name in KNOWN_BINARY:
        if head.startswith(magic):
            raise ProblemError(Problem("file.not_text", params={"found": name}, where=Where(file)))
    if head.count(0) * NUL_RARER_THAN >= max(len(head), 1):
        raise ProblemError(Problem("file.not_text", params={"found": "NUL (00)"}, where=Where(file)))


def sniff(handle: BinaryIO, *, file: str) -> str:
    """The encoding of the text in `handle`: which of the two decodes more of the first lines that hold more than ASCII.

    Raises ProblemError where neither decodes half of them.
    """
    lines, utf8, cp932 = _votes(handle)
    best = max(utf8, cp932)
    if lines > 1 and best * 2 < lines:
        found = f"{lines - best} / {lines}"
        raise ProblemError(Problem("file.not_text", params={"found": found}, where=Where(file)))
    return "utf-8" if utf8 >= cp932 else "cp932"


def other_than(given: str, handle: BinaryIO) -> str | None:
    """The encoding that reads each of the first lines where `given` does not: it is likely to have been meant. None where neither does."""
    lines, utf8, cp932 = _votes(handle)
    reads = {"utf-8": utf8, "cp932": cp932}
    other = next(name for name in ENCODINGS if name != given)
    return other if reads[given] < reads[other] == lines else None


def _votes(handle: BinaryIO) -> tuple[int, int, int]:
    """Lines that hold more than ASCII, and how many of them UTF-8 and CP932 read; a mark at the top is a vote."""
    lines = utf8 = cp932 = 0
    rest = handle.read(len(BOM))
    if rest == BOM:
        return 1, 1, 0
    while lines < SNIFF_LINES and (chunk := handle.read(SNIFF_BLOCK)):
        data = rest + chunk
        cut = data.rfind(b"\n") + 1 if len(chunk) == SNIFF_BLOCK else len(data)
        block, rest = data[:cut], data[cut:][-SNIFF_BLOCK:]
        if block.isascii():
            continue
        beyond = [line for line in block.split(b"\n") if not line.isascii()][: SNIFF_LINES - lines]
        lines += len(beyond)
        utf8 += sum(_reads_as_utf8(line) for line in beyond)
        cp932 += sum(isinstance(to_utf8(line, "cp932"), bytes) for line in beyond)
    return lines, utf8, cp932


def _reads_as_utf8(line: bytes) -> bool:
    """Whether a line decodes, and to something that an office writes.

    Half-width kana before some kanji are valid UTF-8 for a letter of Africa or Arabia (ﾆ店, C6 93 58, is also ƓX): where CP932 reads
    such a line without an error, it is no evidence for UTF-8.
    """
    if not isinstance(to_utf8(line, "utf-8"), bytes):
        return False
    strange = any(map(_is_strange, set(_RARE.findall(line.decode("utf-8")))))
    return not (strange and isinstance(to_utf8(line, "cp932"), bytes))


def _is_strange(char: str) -> bool:
    """A character of two bytes in UTF-8, above Latin-1, for which CP932 has no code; or a control character."""
    if "\x80" <= char <= "\x9f":
        return True
    if not "\u0100" <= char <= "\u07ff":
        return False
    try:
        char.encode("cp932")
    except UnicodeEncodeError:
        return True
    return False


def to_utf8(raw: bytes, encoding: str) -> bytes | BadByte:
    """`raw` as UTF-8 bytes, or where it fails. ASCII costs nothing."""
    if raw.isascii():
        return raw
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as error:
        hole = _first_hole(raw[: error.start].decode(encoding)) if encoding == "cp932" else None
        return hole or BadByte(error.start, raw[error.start])
    if encoding == "utf-8":
        return raw
    return _first_hole(text) or text.encode("utf-8")


def _first_hole(text: str) -> BadByte | None:
    places = [at for c in CP932_HOLES if (at := text.find(c)) >= 0]
    if not places:
        return None
    at = min(places)
    value = text[at].encode("cp932")[0]
    return BadByte(len(text[:at].encode("cp932")), value)
