"""Fitting text into its box: the layout's steps in order, each one reported, none beyond them.

In: a string, its box and steps such as `size:9`, `condense:85`, `lines:2` (each changes the setting reached so far).
Out: the lines with their setting and the step used; or the width that was too much; or the characters no font has.
Refuses: a step it does not know. Never clips and never drops.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from slips.fonts import Cluster, FontLibrary
from slips.form import FitStep
from slips.glyphs import Run, runs_of

# Japanese line breaking (JIS X 4051): characters that may not begin a line, and those that may not end one.
NO_START: Final = frozenset(
    "、。，．・：；？！ー」』）】〕〉》］｝々〻ゝゞヽヾぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ,.:;?!)]}%％円様"
)
NO_END: Final = frozenset("「『（【〔〈《［｛([{〒¥￥")
SPACES: Final = frozenset(" \u3000")
MIDDLE_DOTS: Final = frozenset("・･")
BRACKETS: Final = frozenset("(（「『[")


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


@dataclass(frozen=True)
class Line:
    """One line: its runs and its width in points at the setting's size and scale."""

    runs: tuple[Run, ...]
    width_pt: float


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
    """Try the base setting and then each step, in order; a Latin word is cut in two only where every step would cut it."""
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
            fits = len(lines) <= setting.lines and all(_width(line) <= limit + 0.001 for line in lines)
            if fits and (cutting or not _cuts_a_word(flat, lines)):
                lines = _at_seams(flat, lines, limit=limit)
                return Fitted(setting, tuple(_line(line, per_em) for line in lines), used)
    return Overflow(sum(a for _, _, a in flat) * base.size_pt / 1000)


Glyph = tuple[str, Cluster, int]


def _width(line: Sequence[Glyph]) -> int:
    return sum(advance for _, _, advance in line)


def _line(glyphs: Sequence[Glyph], per_em: float) -> Line:
    runs: list[Run] = []
    for face, cluster, _ in glyphs:
        if runs and runs[-1].face == face:
            runs[-1] = Run(face, (*runs[-1].clusters, cluster))
        else:
            runs.append(Run(face, (cluster,)))
    return Line(tuple(runs), sum(a for _, _, a in glyphs) * per_em)


def break_lines(glyphs: Sequence[Glyph], *, limit: float, seams: bool = False) -> list[list[Glyph]]:
    """Greedy lines of at most `limit` (1/1000 em). A space at a break is the break and is not set.

    A break falls at a space, or between two characters of which one is wide and Japanese rules allow it; a number or a
    Latin word is cut only where it alone is longer than a line. With `seams`, a break at a seam of the text comes first.
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
        cut = _break_before(rest, count, seams=seams) if count else 1  # wider than the line: alone in it
        line, rest = rest[:cut], rest[cut:]
        while line and chr(line[-1][1][0]) in SPACES:
            line.pop()
        while rest and chr(rest[0][1][0]) in SPACES:
            rest.pop(0)
        lines.append(line)
    return lines or [[]]


def _break_before(glyphs: Sequence[Glyph], most: int, *, seams: bool) -> int:
    """The largest allowed break position ≤ `most`; seams win where they leave a third of a line, then spaces that leave half of it."""
    chars = [chr(g[1][0]) for g in glyphs[: most + 2]]
    half = range(most, most // 2, -1)
    for at in range(most, most // 3, -1) if seams else ():
        if _seam(chars, at):
            return at
    for at in half:
        if chars[at] in SPACES or chars[at - 1] in SPACES:
            return at
    for at in range(most, 0, -1):
        before, after = chars[at - 1], chars[at]
        tied = _narrow(before) and _narrow(after)
        if not tied and after not in NO_START and before not in NO_END:
            return at
    return most


def _seam(chars: Sequence[str], at: int) -> bool:
    """Where a value comes apart by its sense: at a space, unless a number or 様 follows, after a middle dot, before a bracket."""
    if chars[at] in SPACES and at + 1 < len(chars):
        return _seam(chars, at + 1)
    before, after = chars[at - 1], chars[at]
    if before in SPACES:
        return not after.isdigit() and after not in NO_START
    return (before in MIDDLE_DOTS or after in BRACKETS) and after not in NO_START and before not in NO_END


def _at_seams(glyphs: Sequence[Glyph], lines: list[list[Glyph]], *, limit: float) -> list[list[Glyph]]:
    """The lines broken at seams, where that takes no line more."""
    if len(lines) < 2:
        return lines
    better = break_lines(glyphs, limit=limit, seams=True)
    return better if len(better) == len(lines) else lines


def _cuts_a_word(glyphs: Sequence[Glyph], lines: Sequence[Sequence[Glyph]]) -> bool:
    """Whether a line ends within a Latin word or a number."""
    chars = [chr(g[1][0]) for g in glyphs]
    at = 0
    for line in lines[:-1]:
        at += len(line)
        if chars[at] not in SPACES and _narrow(chars[at - 1]) and _narrow(chars[at]):
            return True
        while chars[at] in SPACES:
            at += 1
    return False


def _narrow(char: str) -> bool:
    """Characters that make up numbers and Latin words, in either width."""
    return char.isascii() or char in "－‐−" or "０" <= char <= "９" or "Ａ" <= char <= "ｚ"
