"""How far a long job is: steps with a count, told to whoever wants to know.

In: `Progress` messages from the job. Out: calls to a `Listener`; `telling` is one that draws a bar on a terminal and writes plain
lines elsewhere. Refuses nothing: a message more or less changes no result.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import MappingProxyType
from typing import TextIO

STEPS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "check": ("読み込み・検査", "reading and checking"),
        "order": ("並べ替え", "putting in order"),
        "print": ("印刷・読み戻し", "printing and reading back"),
        "lists": ("一覧の作成", "writing the lists"),
        "verify": ("紙面の検査", "looking at pages"),
    }
)


@dataclass(frozen=True)
class Progress:
    """One message: step, slips done, slips in all."""

    step: str
    done: int
    total: int

    @property
    def label(self) -> str:
        """`印刷・読み戻し / printing and reading back`."""
        return " / ".join(STEPS[self.step])

    def text(self) -> str:
        """The label with the numbers: `…: 5,000 / 20,000`."""
        return f"{self.label}: {self.done:,} / {self.total:,}"


Listener = Callable[[Progress], None]


def silent(progress: Progress) -> None:
    """For callers that do not look."""


BAR_CELLS = 24


@contextmanager
def telling(stream: TextIO | None) -> Iterator[Listener]:
    """A listener on `stream`: one line a step that fills up on a terminal, a line every tenth of a step elsewhere. A job that is started
    without a stream, or whose stream takes nothing more (a log on a full disk), is done all the same."""
    if stream is None:
        yield silent
        return
    told: dict[str, int] = {}
    terminal = stream.isatty()

    def say(text: str) -> None:
        with suppress(OSError):
            stream.write(text)
            stream.flush()

    def draw(progress: Progress) -> None:
        if told and progress.step not in told:
            say("\n")
        cells = BAR_CELLS * progress.done // max(progress.total, 1)
        if told.get(progress.step) != progress.done:
            told[progress.step] = progress.done
            bar = "#" * cells + "-" * (BAR_CELLS - cells)
            say(f"\r[{bar}] {progress.text()}")

    def write(progress: Progress) -> None:
        tenth = 10 * progress.done // max(progress.total, 1)
        if told.get(progress.step) != tenth:
            told[progress.step] = tenth
            say(f"{progress.text()}\n")

    try:
        yield draw if terminal else write
    finally:
        if terminal and told:
            say("\n")
