"""A checksum for every page of an embedded ledger, in a file beside it, so that a changed bit is found wherever it is.

SQLite notices few of them itself. In: the pages that a commit wrote, read from its write-ahead log, so that the cost follows the night and
not the ledger. Out: `<ledger>.seal`, replaced whole and atomically; its own SHA-256 at its end. CRC-32 finds every single changed bit; against
people, the hash chain of the runs stands. Refuses (ValueError): a seal that does not agree with itself.
"""

from __future__ import annotations

import hashlib
import os
import struct
import zlib
from array import array
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from elqr.renaming import rename

_MAGIC = b"elqr-seal-1\n"
_HEAD = struct.Struct(">12sQII")  # magic, run, page size, pages
_WAL_HEAD = struct.Struct(">IIIIII")  # magic, format, page size, checkpoint number, two salts
_WAL_MAGIC = 0x377F0682  # or, with checksums in the other byte order, 1 more
_FRAME = struct.Struct(">IIII")  # page, pages of the file where this commits, two salts
_FRAME_HEAD, _WAL_HEADER = 24, 32
BLOCK_FRAMES = 256  # read at once


@dataclass(frozen=True)
class Seal:
    """`run_id`: the last run when it was written; `crcs`: CRC-32 of page 1, 2, …"""

    run_id: int
    page_bytes: int
    crcs: array[int]


def seal_of(ledger: Path) -> Path:
    """Where the seal of a ledger file is."""
    return ledger.with_name(ledger.name + ".seal")


def log_of(ledger: Path) -> Path:
    """Where SQLite keeps the write-ahead log of a ledger file."""
    return ledger.with_name(ledger.name + "-wal")


def read_seal(ledger: Path) -> Seal | None:
    """The seal, None where there is none. Raises ValueError where it is damaged."""
    try:
        data = seal_of(ledger).read_bytes()
    except FileNotFoundError:
        return None
    if len(data) < _HEAD.size + 32 or hashlib.sha256(data[:-32]).digest() != data[-32:]:
        raise ValueError("its own checksum")
    magic, run_id, page_bytes, pages = _HEAD.unpack_from(data)
    if magic != _MAGIC or len(data) != _HEAD.size + 4 * pages + 32:
        raise ValueError("its head")
    return Seal(run_id, page_bytes, _numbers(data[_HEAD.size : -32]))


def trace_of(ledger: Path) -> Path | None:
    """What says that nights stood in the ledger of this name: a seal that knows of one (or is damaged), a log that holds something."""
    log = ledger.with_name(ledger.name + "-wal")
    if log.exists() and log.stat().st_size:
        return log
    try:
        seal = read_seal(ledger)
    except ValueError:
        return seal_of(ledger)
    return seal_of(ledger) if seal is not None and seal.run_id else None


def write_seal(ledger: Path, seal: Seal) -> None:
    """Replace the seal: written beside, made durable, renamed. Where it cannot be, another one of the same run goes: after a migration it
    would pass for this one, and call damaged what was changed."""
    body = _HEAD.pack(_MAGIC, seal.run_id, seal.page_bytes, len(seal.crcs)) + _bytes(seal.crcs)
    path = seal_of(ledger)
    beside = path.with_name(path.name + ".new")
    try:
        with beside.open("wb") as handle:
            handle.write(body + hashlib.sha256(body).digest())
            handle.flush()
            os.fsync(handle.fileno())
        rename(beside, path)
    except OSError:
        with suppress(OSError, ValueError):
            if (known := read_seal(ledger)) and known.run_id == seal.run_id and known != seal:
                path.unlink()
        raise


def whole(ledger: Path, *, run_id: int) -> Seal:
    """A new seal from the file as it is: once at the start, and after a restore."""
    with ledger.open("rb") as handle:
        page_bytes = _page_bytes(handle.read(18))
        handle.seek(0)
        crcs = array("I")
        while page := handle.read(page_bytes):
            crcs.append(zlib.crc32(page))
    return Seal(run_id, page_bytes, crcs)


def updated(seal: Seal, log: Path, *, frames: int, run_id: int) -> Seal:
    """The seal after the first `frames` frames of the write-ahead log are in the file.

    A new page that no commit wrote is zeros: SQLite leaves out the one at 1 GiB, where it keeps its locks.
    """
    pages, count = logged(log, frames=frames)
    crcs = seal.crcs[: count or len(seal.crcs)]
    crcs.extend([zlib.crc32(bytes(seal.page_bytes))] * (count - len(crcs)))
    for page, crc in pages.items():
        crcs[page - 1] = crc
    return Seal(run_id, seal.page_bytes, crcs)


def logged(log: Path, *, frames: int) -> tuple[dict[int, int], int]:
    """Page number -> CRC-32 of its last content in the log, and the pages of the file after it (0: nothing committed)."""
    found: dict[int, int] = {}
    count = 0
    if frames <= 0:
        return found, 0
    with log.open("rb") as handle:
        head = handle.read(_WAL_HEADER)
        if len(head) < _WAL_HEADER:
            return found, 0
        magic, _, page_bytes, _, *salts = _WAL_HEAD.unpack_from(head)
        if magic not in (_WAL_MAGIC, _WAL_MAGIC + 1):
            raise ValueError("the write-ahead log's head")
        size = _FRAME_HEAD + page_bytes
        for first in range(0, frames, BLOCK_FRAMES):
            wanted = size * min(BLOCK_FRAMES, frames - first)
            block = memoryview(handle.read(wanted))
            if len(block) < wanted:
                raise ValueError("the write-ahead log ends before its last frame")
            for at in range(0, len(block), size):
                page, after, *own = _FRAME.unpack_from(block, at)
                if own != salts:
                    raise ValueError("a frame of another log")
                found[page] = zlib.crc32(block[at + _FRAME_HEAD : at + size])
                count = after or count
    return {page: crc for page, crc in found.items() if page <= count}, count


def broken(ledger: Path, seal: Seal, *, waiting: Mapping[int, int]) -> Iterator[int]:
    """The numbers of pages that are not as they were written; a missing or extra page counts.

    `waiting`: page -> CRC-32 of what the log still holds for it, which takes the place of what the file says.
    """
    number = 0
    with ledger.open("rb") as handle:
        while page := handle.read(seal.page_bytes):
            number += 1
            found = waiting.get(number, zlib.crc32(page))
            if number > len(seal.crcs) or found != seal.crcs[number - 1]:
                yield number
    missing = range(number + 1, len(seal.crcs) + 1)
    yield from (page for page in missing if waiting.get(page) != seal.crcs[page - 1])


def _page_bytes(head: bytes) -> int:
    size = int.from_bytes(head[16:18], "big")
    return 65_536 if size == 1 else size


def _numbers(data: bytes) -> array[int]:
    found = array("I")
    found.frombytes(data)
    if struct.pack("=I", 1) != struct.pack("<I", 1):
        found.byteswap()
    return found


def _bytes(numbers: array[int]) -> bytes:
    if struct.pack("=I", 1) != struct.pack("<I", 1):
        numbers = numbers[:]
        numbers.byteswap()
    return numbers.tobytes()
