"""Where a text comes apart by its sense: between phrases, not within a word, and no word alone on a last line.

In: characters with their widths, a limit, the number of lines a greedy setting takes. Out: where each line begins, or None where only a
greedy setting keeps that number. Of all ways to break, the one with the least strain is taken: each break has its price (little after a
comma or a particle, much within katakana or before okurigana), and so has the room that a line leaves. No dictionary: kinds of characters.
Refuses what Japanese rules forbid (JIS X 4051) and cutting a number, a number from what it counts, or a Latin word.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate
from typing import Final

# Japanese line breaking (JIS X 4051): characters that may not begin a line, and those that may not end one.
NO_START: Final = frozenset(
    "、。，．・；：？！ー」』）】〕〉》］｝々〻ゝゞヽヾぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ,.:;?!)]}%％円様"
)
NO_END: Final = frozenset("「『（【〔〈《［｛([{〒¥￥")
SPACES: Final = frozenset(" \u3000")
STOPS: Final = frozenset("、。，．・･；：")
OPENING: Final = frozenset("(（「『[【")
CLOSING: Final = frozenset(")）」』]】")
PARTICLES: Final = frozenset("はをがにでともへやばて")
CASES: Final = frozenset("はがにでと")
HONORIFIC: Final = frozenset("おご")
PLACES: Final = frozenset("都道府県郡市区町村")
COUNTED: Final = frozenset("年月日期円万号番丁")
ERAS: Final = frozenset("第和成")
NUMERALS: Final = frozenset("〇一二三四五六七八九十百千万億")

BETWEEN: Final = {
    ("hiragana", "hiragana"): 12.0,
    ("hiragana", "kanji"): 3.0,
    ("hiragana", "katakana"): 3.0,
    ("hiragana", "narrow"): 2.0,
    ("kanji", "hiragana"): 10.0,
    ("kanji", "kanji"): 5.0,
    ("kanji", "katakana"): 3.0,
    ("kanji", "narrow"): 4.0,
    ("katakana", "hiragana"): 8.0,
    ("katakana", "kanji"): 3.0,
    ("katakana", "katakana"): 12.0,
    ("katakana", "narrow"): 4.0,
    ("narrow", "hiragana"): 7.0,
    ("narrow", "kanji"): 6.0,
    ("narrow", "katakana"): 3.0,
}
"""Strain of a break between two kinds of characters; what is not here stands as kanji do."""
ROOM_OF_VALUES, ROOM_OF_TEXT = 20.0, 10.0
"""Strain of an empty line; that of a line that leaves a part of its room grows with the square of the part."""
EXTRA: Final = 5.0
"""Strain of a line more than are needed."""
SHORT: Final = 0.4
ALONE: Final = 6
"""The last line of running text may be as short as this share of a line before that counts, and then it counts so many times as much."""

Places = tuple[list[int], list[int], list[float]]


def narrow(char: str) -> bool:
    """Characters that make up numbers and Latin words, in either width."""
    if char.isascii() or char in "－‐−":
        return True
    if "０" <= char <= "９" or "Ａ" <= char <= "ｚ":
        return True
    return char.isalpha() and unicodedata.east_asian_width(char) not in "WF"


@lru_cache(maxsize=4096)
def strain(before: str, after: str, *, spaced: bool) -> float | None:
    """What a break between two characters costs; None where none may be. `spaced`: a space is the break."""
    if after in NO_START or before in NO_END:
        return None
    if spaced:
        return 4.0 if after.isdigit() else 0.0
    if before in STOPS or after in OPENING:
        return 0.0
    kinds = _kind(before), _kind(after)
    counted = (before.isdigit() and after in COUNTED) or (before in ERAS and after.isdigit())
    if counted or kinds == ("narrow", "narrow"):
        return None
    return _strain_of_kinds(before, after, kinds)


def _strain_of_kinds(before: str, after: str, kinds: tuple[str, str]) -> float:
    """The same where neither a space nor a sign tells."""
    if before in CLOSING:
        return 5.0 if kinds[1] == "hiragana" else 2.5
    if after in PLACES:
        return 8.0
    if kinds[0] == "hiragana":
        return _after_hiragana(before, after, kinds)
    if before in NUMERALS and after in NUMERALS:
        return 8.0
    if before in PLACES and kinds[1] == "kanji":
        return 2.0
    return BETWEEN.get(kinds, BETWEEN["kanji", "kanji"])


def _after_hiragana(before: str, after: str, kinds: tuple[str, str]) -> float:
    """A phrase ends with a particle, and お or ご begins one; kana alone do not tell a particle from a part of a word, but for を."""
    if kinds[1] != "hiragana":
        return 6.0 if before in HONORIFIC else 1.0 if before in PARTICLES else BETWEEN[kinds]
    if before == "を" or (after in HONORIFIC and before in "はがに"):  # not と|おり, て|おり
        return 1.5
    return 6.0 if before in CASES else BETWEEN[kinds]


def _kind(char: str) -> str:
    if "ぁ" <= char <= "ゟ":
        return "hiragana"
    if "ァ" <= char <= "ヿ":
        return "katakana"
    return "narrow" if narrow(char) else "kanji"


def by_sense(
    chars: Sequence[str], widths: Sequence[int], *, limit: float, lines: int, level: bool, spare: int = 0
) -> list[tuple[int, int]] | None:
    """Begin and end of each of `lines` lines, spaces at breaks left out; None where that cannot be.

    `level`: all lines alike, as a value looks best; else the last one is what remains, as in running text. `spare`: lines more that
    there is room for, taken where they spare a word its cut.
    """
    places = _places(chars)
    sums = [0, *accumulate(widths)]
    best = None
    for more in range(spare + 1):
        if best is not None and best[0] <= EXTRA * more:
            break
        found = _way(places, sums, limit=limit, lines=lines + more, level=level)
        if found and (best is None or found[0] + EXTRA * more < best[0]):
            best = (found[0] + EXTRA * more, found[1])
    return None if best is None else best[1]


def _way(
    places: Places, sums: Sequence[int], *, limit: float, lines: int, level: bool
) -> tuple[float, list[tuple[int, int]]] | None:
    """The division into exactly `lines` lines that has the least strain, with that strain."""
    starts, ends, costs = places
    price = ROOM_OF_VALUES if level else ROOM_OF_TEXT
    best: list[tuple[float, tuple[int, ...]] | None] = [(0.0, (0,))] + [None] * (len(starts) - 1)
    for line in range(lines):
        last = line == lines - 1
        found: list[tuple[float, tuple[int, ...]] | None] = [None] * len(starts)
        for to in [len(starts) - 1] if last else range(1, len(starts) - 1):
            for at in range(to - 1, -1, -1):
                room = 1 - (sums[ends[to]] - sums[starts[at]]) / limit
                if room < -1e-6:
                    break
                so_far = best[at]
                if so_far is None:
                    continue
                wanting = max(room - 1 + SHORT, 0) * ALONE if last and not level else room
                total = so_far[0] + costs[to] + price * wanting * wanting
                one = found[to]
                if one is None or total < one[0]:
                    found[to] = (total, (*so_far[1], to))
        best = found
    way = best[-1]
    if way is None:
        return None
    return way[0], [(starts[at], ends[to]) for at, to in zip(way[1], way[1][1:], strict=False)]


def _places(chars: Sequence[str]) -> Places:
    """Where a line may begin, where the one before it then ends, and what that costs; the text's own begin and end among them."""
    starts, ends, costs = [0], [0], [0.0]
    for at in range(1, len(chars)):
        if chars[at] in SPACES:
            continue
        end = at
        while end > 0 and chars[end - 1] in SPACES:
            end -= 1
        cost = strain(chars[end - 1], chars[at], spaced=end < at) if end else None
        if cost is not None:
            starts.append(at)
            ends.append(end)
            costs.append(cost)
    return [*starts, len(chars)], [*ends, len(chars)], [*costs, 0.0]
