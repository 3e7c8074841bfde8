"""Fitting text into its box: the layout's steps in order, each one reported, none beyond them.

In: a string, its box and steps such as `size:9`, `condense:85`, `lines:2` (each changes the setting reached so far).
Out: the lines with their setting and the step used; or the width that was too much; or the characters no font has.
Refuses: a step it does not know. Never clips and never drops.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from slips.breaks import NO_END, NO_START, SPACES, by_sense, narrow
from slips.fonts import Cluster, FontLibrary
from slips.form import FitStep
from slips.glyphs import Run, runs_of


@dataclass(frozen=True)
class Setting:
    """How text is set: face, size in points, horizontal scale in percent, the number of lines allowed."""

    face: str
    size_pt: float
    condense: int = 100
    lines: int = 1

    def apply(self, step: FitStep) -> Setting:
        """The setting after one fit step. Raises ValueError for an action that is none."""
        match step.action:
            case "size":
                return replace(self, size_pt=step.amount)
            case "condense":
                return replace(self, condense=int(step.amount))
            case "lines":
                return replace(self, lines=int(step.amount))
        raise ValueError(f"fit step {step}: expected size:PT, condense:PERCENT or lines:N")


SPACE: Final[Cluster] = (0x20, 0)


@dataclass(frozen=True)
class Line:
    """One line: its runs and its width in points at the setting's size and scale; `blank`: a space was left out where it ends."""

    runs: tuple[Run, ...]
    width_pt: float
    blank: bool = False


@dataclass(frozen=True)
class Fitted:
    """Lines that fit; `step` is the last fit step that was needed, None where the base setting did."""

    setting: Setting
    lines: tuple[Line, ...]
    step: FitStep | None


@dataclass(frozen=True)
class Overflow:
    """The width in points that the text would need on one line at the base setting."""

    width_pt: float


@dataclass(frozen=True)
class Missing:
    """Clusters that no font of the run can show."""

    clusters: tuple[Cluster, ...]


def fit(
    text: str,
    base: Setting,
    steps: Sequence[FitStep],
    *,
    width_pt: float,
    height_pt: float,
    leading: float,
    fonts: FontLibrary,
) -> Fitted | Overflow | Missing:
    """Try the base setting and then each step, in order; a word or a date is cut in two only where every step would cut one."""
    runs, missing = runs_of(text, base.face, fonts)
    if missing:
        return Missing(tuple(missing))
    flat = [
        (run.face, cluster, fonts.faces[run.face].advance(cluster))
        for run in runs
        for cluster in run.clusters
    ]
    for cutting in (False, True):
        setting, used = base, None
        for step in (None, *steps):
            if step is not None:
                setting, used = setting.apply(step), step
            per_em = setting.size_pt * setting.condense / 100_000
            # One line always has the height of its box; further lines need room for their pitch.
            if setting.lines > 1 and setting.size_pt * (1 + (setting.lines - 1) * leading) > height_pt + 0.01:
                continue
            limit = width_pt / per_em
            lines = break_lines(flat, limit=limit)
            if len(lines) > setting.lines or any(_width(line) > limit + 0.001 for line in lines):
                continue
            sensible = lines_by_sense(flat, lines, limit=limit, level=True)
            if sensible or cutting:
                blanks = blanks_after(flat, sensible or lines)
                set_lines = zip(sensible or lines, blanks, strict=True)
                return Fitted(setting, tuple(_line(line, per_em, blank) for line, blank in set_lines), used)
    return Overflow(sum(a for _, _, a in flat) * base.size_pt / 1000)


Glyph = tuple[str, Cluster, int]


def _width(line: Sequence[Glyph]) -> int:
    return sum(advance for _, _, advance in line)


def _line(glyphs: Sequence[Glyph], per_em: float, blank: bool) -> Line:
    runs: list[Run] = []
    for face, cluster, _ in glyphs:
        if runs and runs[-1].face == face:
            runs[-1] = Run(face, (*runs[-1].clusters, cluster))
        else:
            runs.append(Run(face, (cluster,)))
    return Line(tuple(runs), sum(a for _, _, a in glyphs) * per_em, blank)


def blanks_after(glyphs: Sequence[Glyph], lines: Sequence[Sequence[Glyph]]) -> list[bool]:
    """Whether a space of the text was left out at the end of each line. It is written again, seen by nobody: a reader that does not
    look at places would else join two words (ISO 32000-1, 14.8.2.5)."""
    found, at = [], 0
    for line in lines:
        at += len(line)
        end = at
        while at < len(glyphs) and chr(glyphs[at][1][0]) in SPACES:
            at += 1
        found.append(at > end)
    return found


def break_lines(glyphs: Sequence[Glyph], *, limit: float) -> list[list[Glyph]]:
    """Greedy lines of at most `limit` (1/1000 em). A space at a break is the break and is not set.

    A break falls at a space, or between two characters of which one is wide and Japanese rules allow it; a number or a
    Latin word is cut only where it alone is longer than a line.
    """
    lines: list[list[Glyph]] = []
    rest = list(glyphs)
    while rest:
        total, count = 0, 0
        while count < len(rest) and total + rest[count][2] <= limit + 0.001:
            total += rest[count][2]
            count += 1
        if count == len(rest):
            lines.append(rest)
            break
        cut = _break_before(rest, count) if count else 1  # wider than the line: alone in it
        line, rest = rest[:cut], rest[cut:]
        while line and chr(line[-1][1][0]) in SPACES:
            line.pop()
        while rest and chr(rest[0][1][0]) in SPACES:
            rest.pop(0)
        lines.append(line)
    return lines or [[]]


def _break_before(glyphs: Sequence[Glyph], most: int) -> int:
    """The largest allowed break position ≤ `most`; spaces that leave half of the line win."""
    chars = [chr(g[1][0]) for g in glyphs[: most + 2]]
    half = range(most, most // 2, -1)
    for at in half:
        if chars[at] in SPACES or chars[at - 1] in SPACES:
            return at
    for at in range(most, 0, -1):
        before, after = chars[at - 1], chars[at]
        tied = narrow(before) and narrow(after)
        if not tied and after not in NO_START and before not in NO_END:
            return at
    return most


def lines_by_sense(
    glyphs: Sequence[Glyph], lines: list[list[Glyph]], *, limit: float, level: bool, spare: int = 0
) -> list[list[Glyph]] | None:
    """As many lines as `lines`, broken where the text comes apart by its sense; None where that cuts a word or a date. `spare`: see `by_sense`."""
    if len(lines) < 2:
        return lines
    chars = [chr(g[1][0]) for g in glyphs]
    widths = [g[2] for g in glyphs]
    spans = by_sense(chars, widths, limit=limit, lines=len(lines), level=level, spare=spare)
    return None if spans is None else [list(glyphs[begin:end]) for begin, end in spans]
