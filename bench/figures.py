"""A measured figure, and the table of them that `docs/performance.md` holds.

In: what was measured, ours, what stands beside it, the goal. Out: rows of Markdown. A goal that is missed says so.
"""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"
LIBRARIES = (
    "polars",
    "numpy",
    "pypdfium2",
    "zxing-cpp",
    "opencv-contrib-python-headless",
    "isal",
    "segno",
    "reportlab",
)


@dataclass(frozen=True)
class Figure:
    """One row: what, ours, beside what, the ratio or amount that has a goal, the goal in words, and whether it is met."""

    what: str
    ours: str
    beside: str
    result: str
    goal: str
    met: bool

    def row(self) -> str:
        """The row in Markdown."""
        return f"| {self.what} | {self.ours} | {self.beside} | {self.result} | {self.goal} | {'yes' if self.met else 'NO'} |"


def table(figures: Sequence[Figure]) -> str:
    """All rows under their heading, and what they were measured on."""
    head = "| What | Ours | Beside it | Result | Goal | Met |\n|---|---|---|---|---|---|"
    return "\n".join([head, *(f.row() for f in figures), "", measured_on()])


def measured_on() -> str:
    """Processor, Python and libraries in one sentence."""
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.is_file():
        named = [
            line for line in info.read_text(encoding="utf-8").splitlines() if line.startswith("model name")
        ]
        cpu = named[0].partition(":")[2].strip() if named else cpu
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    return f"Measured on {cpu}, {platform.system()}, Python {platform.python_version()}; {libraries}."


def write_into(page: Path, figures: Sequence[Figure]) -> None:
    """Replace the figures between the two marks of `page`. Raises ValueError where it has no marks."""
    text = page.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{page}: no place for the figures ({BEGIN} … {END})")
    page.write_text(f"{before}{BEGIN}\n{table(figures)}\n{END}{after}", encoding="utf-8")
