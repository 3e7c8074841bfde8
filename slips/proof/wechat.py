"""WeChat's reader from a worker process of its own: it reads most of what the others cannot, and it may crash or hang.

In: a crop of at most 600 pixels a side. Out: readings, or the trouble in a word. The worker ends at the time limit and is made anew for
the next crop. The limit is of work, not of the clock, so that a busy machine reads what an idle one reads. Larger pictures are refused: on
whole pages it takes up to 46 seconds.
"""

from __future__ import annotations

import os
import signal
import struct
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO

import numpy as np

from slips.proof.decode import Corners
from slips.proof.scan import Pixels

SIDE_MAX = 600
LIMIT_SECONDS = 10.0
"""Of the processor's time, where the system counts it (not on Windows). Ordinary crops take 5 to 400 ms of it, noise and nothing but finder
patterns, 600 pixels wide, up to 2.1 s: this is a hang."""
WAIT_SECONDS = 120.0
"""By the clock: the last resort. Whoever reads pages in a crew has a limit for the page, which is shorter and told."""
PACKAGE = Path(__file__).resolve().parent.parent.parent
COMMAND = (sys.executable, "-m", "slips.proof.wechat_worker")
READY, ABSENT = b"ready", b"absent"
CORNER_BYTES = 8 * 8
OUT_OF_WORK = -signal.SIGPROF if hasattr(signal, "SIGPROF") else None
"""How a worker ends at its limit of processor time."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Answer:
    """What it read, with corners; or why not: "too large", "absent", "hang", "crash", "not started", or "" where it read
    nothing. Of these "too large" and "absent" are the same on every run; the others are to be told (`WeChat.troubles`)."""

    readings: tuple[tuple[bytes, Corners], ...] = ()
    trouble: str = ""


class WeChat:
    """A worker that is started with the first crop. Use `with WeChat() as wechat`; one process, one thread."""

    def __init__(self, *, wait_seconds: float = WAIT_SECONDS, command: Sequence[str] = COMMAND) -> None:
        self._wait, self._command = wait_seconds, tuple(command)
        self._process: subprocess.Popen[bytes] | None = None
        self._absent = False
        self.troubles: tuple[str, ...] = ()
        """Every crash, hang and failed start so far, in order: a page without this voice must not look like one that it could not read."""

    def read(self, crop: Pixels) -> Answer:
        """Read one crop; never raises for what the worker does."""
        if max(crop.shape) > SIDE_MAX:
            return Answer(trouble="too large")
        if self._absent:
            return Answer(trouble="absent")
        try:
            answer = self._ask(crop)
        except OSError:  # the system starts no process now; that says nothing of the next crop
            answer = Answer(trouble="not started")
        if answer.trouble:
            self.close()
        if answer.trouble == "absent":
            self._absent = True
        elif answer.trouble:
            self.troubles = (*self.troubles, answer.trouble)
        return answer

    def close(self) -> None:
        """End the worker."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def __enter__(self) -> WeChat:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _ask(self, crop: Pixels) -> Answer:
        try:
            if self._process is None:
                self._start()
            head = struct.pack(">II", *crop.shape)
            reply = self._within(head + np.ascontiguousarray(crop).tobytes())
        except _TroubleError as trouble:
            return Answer(trouble=str(trouble))
        return Answer(readings=unpacked(reply))

    def _start(self) -> None:
        path = os.pathsep.join([str(PACKAGE), *filter(None, [os.environ.get("PYTHONPATH")])])
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": path},
        )
        if self._within(b"") != READY:
            raise _TroubleError("absent")

    def _within(self, request: bytes) -> bytes:
        """Send a request and take the reply. When the time is up the worker is ended, which ends every read and write."""
        process, late = self._process, threading.Event()
        assert process is not None and process.stdin is not None and process.stdout is not None

        def stop(hung: subprocess.Popen[bytes] = process) -> None:
            late.set()
            hung.kill()

        timer = threading.Timer(self._wait, stop)
        timer.start()
        try:
            process.stdin.write(request)
            process.stdin.flush()
            (size,) = struct.unpack(">I", _exactly(process.stdout, 4))
            return _exactly(process.stdout, size)
        except (OSError, EOFError):
            hung = late.is_set() or process.wait() == OUT_OF_WORK
            raise _TroubleError("hang" if hung else "crash") from None
        finally:
            timer.cancel()


class _TroubleError(Exception):
    """The worker gave no reply; the text is the word for it."""


def packed(readings: Sequence[tuple[bytes, Corners]]) -> bytes:
    """Readings as the worker sends them: for each its length, its bytes, and eight coordinates."""
    return b"".join(
        struct.pack(">I", len(content)) + content + np.asarray(corners, ">f8").tobytes()
        for content, corners in readings
    )


def unpacked(reply: bytes) -> tuple[tuple[bytes, Corners], ...]:
    """The inverse of `packed`."""
    readings, place = [], 0
    while place < len(reply):
        (size,) = struct.unpack_from(">I", reply, place)
        begin, place = place + 4, place + 4 + size + CORNER_BYTES
        corners = np.frombuffer(reply, ">f8", 8, begin + size).reshape(4, 2).astype(np.float64)
        readings.append((reply[begin : begin + size], corners))
    return tuple(readings)


def framed(reply: bytes) -> bytes:
    """A reply with its length before it."""
    return struct.pack(">I", len(reply)) + reply


def _exactly(source: IO[bytes], count: int) -> bytes:
    data = source.read(count)
    if len(data) < count:
        raise EOFError
    return data
