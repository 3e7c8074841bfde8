"""Blank backs: a scanner that takes both sides gives a blank page for each printed one, and none of them is a slip.

In: the files of a run and their pages as they were looked at, before anything is made of the stack. Out: the same, backs marked so and said once
for their stack. A blank page is a back only where nearly every second page is blank and no slips lack just there; any other stays a fault.
Refuses nothing.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from slips.proof.outcome import PageResult, SourceResult
from slips.proof.remarks import remark
from slips.proof.sources import Source

SHEET = 2
"""Sides of a sheet. Files of so many pages or fewer make up a stack with their neighbours: scanners write a file a side, or a sheet."""
BACKS_MIN = 2
"""One blank page behind a printed one may as well be a sheet that came out blank."""
BACKS_SHARE = 0.75
"""Of the pages of one side, so many are blank at least; some backs show through or are written on."""
FRONTS_SHARE = 0.5
"""Of the sheets, so many are printed on the other side at least: else which side is which cannot be told."""
_LAST_NUMBER = re.compile(r"(\d+)\D*$")
_DARK = "verify.dark"

Place = tuple[str, int]
Found = tuple[Source, SourceResult]


def passed_over(
    surveyed: Sequence[Found], pages: Sequence[PageResult]
) -> tuple[list[Found], list[PageResult]]:
    """Files with a note where backs were found, and all pages: a back is nobody's, and nothing but blank is said of it."""
    seen: dict[Place, list[PageResult]] = {}
    for page in pages:
        seen.setdefault((page.source, page.page), []).append(page)
    there = sorted(
        {page.row for some in seen.values() if not _blank(some) for page in some if page.row is not None}
    )
    backs: set[Place] = set()
    said = {}
    for stack in _stacks(surveyed):
        found = _backs(stack, seen, there)
        backs |= set(found)
        if found:
            (first, at), (last, to) = found[0], found[-1]
            where = f"p.{at}–{to}" if first == last else f"{first}–{last}"
            said[stack[0][0]] = remark("verify.blank_backs", measured=f"{len(found):,}", where=where)
    files = [
        (source, replace(result, findings=(*result.findings, said[source.name])))
        if source.name in said
        else (source, result)
        for source, result in surveyed
    ]
    return files, [_back(page) if (page.source, page.page) in backs else page for page in pages]


def _back(page: PageResult) -> PageResult:
    return PageResult(
        source=page.source, page=page.page, kind=page.kind, slot=page.slot, blank=True, back=True
    )


def _stacks(surveyed: Sequence[Found]) -> Iterator[list[Place]]:
    """Pages as one pass of a scanner gave them: those of a file, or of files in one folder that hold a side or a sheet each.

    A file that cannot be opened keeps its place among its like.
    """
    stack: list[Place] = []
    before = None
    for source, result in surveyed:
        if source.passed_over:
            continue
        folder = source.path.absolute().parent
        pages = result.pages or (before[1] if before and before[0] == folder else 1)
        if (folder, pages) != before or pages > SHEET:
            yield stack
            stack = []
        before = (folder, pages)
        stack += [(source.name, page) for page in range(1, pages + 1)]
    yield stack


def _backs(
    stack: Sequence[Place], seen: Mapping[Place, list[PageResult]], there: Sequence[int]
) -> list[Place]:
    """The blank backs of one stack, in their order; none where it is no stack of two sides."""
    for sides in _sides(stack):
        for back in (0, 1):  # the even ones, or the odd where the stack lay with its backs up
            pages = [
                (place, side % SHEET == back, _blank(seen[place])) for place, side in sides if place in seen
            ]
            blank = [place for place, is_back, is_blank in pages if is_back and is_blank]
            of_backs = [is_blank for _, is_back, is_blank in pages if is_back]
            of_fronts = [is_blank for _, is_back, is_blank in pages if not is_back]
            alternate = (
                len(blank) >= BACKS_MIN
                and len(blank) >= BACKS_SHARE * len(of_backs)
                and of_fronts.count(False) >= FRONTS_SHARE * max(len(of_fronts), len(of_backs))
            )
            if alternate and not _instead_of_slips(stack, seen, there):
                return blank
    return []


def _sides(stack: Sequence[Place]) -> Iterator[list[tuple[Place, int]]]:
    """The number of each page in its stack: by the files' own, where somebody took some away; else, and in a file, by counting."""
    names = dict.fromkeys(name for name, _ in stack)
    if len(names) == len(stack):
        found = [_LAST_NUMBER.search(name.rpartition(".")[0] or name) for name in names]
        numbers = [int(one[1]) for one in found if one]
        if len(numbers) == len(stack) == len(set(numbers)):
            yield list(zip(stack, numbers, strict=True))
    yield [(place, k) for k, place in enumerate(stack, 1)]


def _blank(pages: Sequence[PageResult]) -> bool:
    """Paper and nothing else; a picture that is dark all over shows no paper."""
    return all(page.blank and all(f.code != _DARK for f in page.findings) for page in pages)


def _instead_of_slips(
    stack: Sequence[Place], seen: Mapping[Place, list[PageResult]], there: Sequence[int]
) -> bool:
    """Whether as many slips lack as pages are blank, in most places: every second sheet came out blank, and these are no backs.

    A sheet that came out blank in a stack of two sides is three blank pages in a row, for one page of slips.
    `there`: the slips of the whole run, rising.
    """
    gaps: list[tuple[int, int, int]] = []  # slips before and behind, blank pages between
    rows: list[int] = []
    most, blank = 1, 0
    for pages in (seen[place] for place in stack if place in seen):
        if _blank(pages):  # a file's page may be held to be a slip's by its number alone
            blank += 1
        elif found := sorted(page.row for page in pages if page.row is not None):
            if rows and blank:
                gaps.append(
                    (rows[-1], found[0], blank) if rows[-1] < found[0] else (found[-1], rows[0], blank)
                )
            rows, blank, most = found, 0, max(most, len(found))
    lost = [
        (high - low - 1 - (bisect_left(there, high) - bisect_right(there, low)), n) for low, high, n in gaps
    ]
    return 2 * sum(n <= slips <= n * most for slips, n in lost) > len(gaps)
