"""The job's rows on disk between reading and printing, so that memory does not grow with the number of slips.

In: frames of good rows in reading order (`Spool`), then the same rows by output file (`Buckets`). Out: the same frames.
Both hold personal data and live in the job's work folder only. Refuses nothing; a torn file raises ValueError.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import polars as pl

_LENGTH_BYTES = 8


def append_frame(path: Path, frame: pl.DataFrame) -> None:
    """Append `frame` to `path` as one block: its length (8 bytes, little endian), then an Arrow IPC stream."""
    block = io.BytesIO()
    frame.write_ipc_stream(block, compression="lz4")
    data = block.getbuffer()
    with path.open("ab") as file:
        file.write(len(data).to_bytes(_LENGTH_BYTES, "little"))
        file.write(data)


def frames_of(path: Path) -> Iterator[pl.DataFrame]:
    """The frames of `path` in the order they were appended. Raises ValueError where a block is torn."""
    with path.open("rb") as file:
        while head := file.read(_LENGTH_BYTES):
            length = int.from_bytes(head, "little")
            data = file.read(length)
            if len(head) < _LENGTH_BYTES or len(data) < length:
                raise ValueError(f"{path}: torn block ({len(data)} of {length} bytes)")
            yield pl.read_ipc_stream(io.BytesIO(data))


class Spool:
    """Frames in the order they were read; one row of the spool = one candidate slip, numbered from 0."""

    def __init__(self, folder: Path, name: str = "spool") -> None:
        self._path = folder / f"{name}.arrows"
        self.rows = 0

    def beside(self, name: str) -> Spool:
        """Another spool in the same folder."""
        return Spool(self._path.parent, name)

    def append(self, frame: pl.DataFrame) -> None:
        if frame.height:
            append_frame(self._path, frame)
            self.rows += frame.height

    def frames(self) -> Iterator[pl.DataFrame]:
        """All frames, each once."""
        if self.rows:
            yield from frames_of(self._path)

    def remove(self) -> None:
        """Free the disk: the rows are elsewhere now."""
        self._path.unlink(missing_ok=True)


class Buckets:
    """The rows of each output file, appended group by group; rows inside a bucket stay in spool order."""

    def __init__(self, folder: Path, *, rows_in_memory: int = 100_000) -> None:
        self._folder = folder
        self._rows_in_memory = rows_in_memory
        self._waiting: list[pl.DataFrame] = []
        self._waiting_rows = 0

    def add(self, frame: pl.DataFrame) -> None:
        """Take rows with a column `file` (1-based number of the output file)."""
        if frame.is_empty():
            return
        self._waiting.append(frame)
        self._waiting_rows += frame.height
        if self._waiting_rows >= self._rows_in_memory:
            self.flush()

    def flush(self) -> None:
        """Write what waits: one block a bucket, so that many files do not mean many tiny writes."""
        if not self._waiting:
            return
        rows = pl.concat(self._waiting)
        self._waiting, self._waiting_rows = [], 0
        for (number,), part in rows.partition_by("file", as_dict=True, maintain_order=True).items():
            append_frame(self.path(int(str(number))), part)

    def path(self, number: int) -> Path:
        """Where the rows of output file `number` are."""
        return self._folder / f"bucket-{number:05d}.arrows"


def read_bucket(path: Path) -> pl.DataFrame:
    """All rows of one bucket."""
    return pl.concat(frames_of(path))
