"""How far a long job is: steps with a count, told to whoever wants to know.

In: the job calls `Progress.step` and the counter it returns. Out: calls to a `Listener`; the shell draws a bar or prints lines.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

STEPS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "check": ("読み込み・検査", "reading and checking"),
        "order": ("並べ替え", "putting in order"),
        "print": ("印刷・読み戻し", "printing and reading back"),
        "lists": ("一覧の作成", "writing the lists"),
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
