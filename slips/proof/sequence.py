"""A stack of sheets against the list it was printed from: twice, missing, out of order; and what a sample can say.

In: the slip found on each sheet, in the order of the stack, and how many there should be. Out: `Order` and `Sampling`, by plain counting.
Refuses nothing. Of all ways to explain a disorder, the one that names the fewest sheets is told (longest increasing run).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import exp, lgamma, log, log1p

GAP_MAX = 20
"""In a sample: slips that lack between two sheets by at most so many are a gap in one run of sheets, not the end of a sample."""
DENSE_SHARE = 0.8
"""In a sample: a run of sheets is a consecutive one where at least this share of its span is there."""
RUN_MIN = 5
REVERSED_MIN = 3
CONFIDENCE = 0.95


@dataclass(frozen=True, kw_only=True)
class Order:
    """Slips by row of the manifest. `places` of a slip are positions in the stack, the first one first."""

    places: dict[int, tuple[int, ...]]
    twice: tuple[int, ...]
    missing: tuple[int, ...]
    misplaced: tuple[int, ...]
    reversed: bool
    """The stack lies from last to first; order was judged from its other end."""
    absent: int
    """Slips that are not there, missing or not asked for."""


def order_of(found: Sequence[int | None], total: int, *, sample: bool) -> Order:
    """Judge a stack: `found` is the row of each sheet's slip (None: not known). Without `sample`, every slip is expected."""
    places: dict[int, tuple[int, ...]] = {}
    for place, row in enumerate(found):
        if row is not None:
            places[row] = (*places.get(row, ()), place)
    sequence = list(places)  # in order of first appearance
    backwards = False
    keep = longest_run(sequence)
    if len(sequence) >= REVERSED_MIN:
        other = longest_run(sequence[::-1])
        if len(other) > len(keep) and 2 * len(other) > len(sequence):
            keep, backwards = other, True
    present = sorted(places)
    absent = total - len(present)
    missing = _gaps(present) if sample else _absent(present, total)
    kept = set(keep)
    return Order(
        places=places,
        twice=tuple(row for row in sequence if len(places[row]) > 1),
        missing=missing,
        misplaced=tuple(row for row in sequence if row not in kept),
        reversed=backwards,
        absent=absent,
    )


def longest_run(rows: Sequence[int]) -> list[int]:
    """The longest strictly increasing subsequence, by patience sorting; of several, the one with the smallest rows."""
    ends: list[int] = []
    at: list[int] = []
    before: list[int] = []
    for place, row in enumerate(rows):
        pile = bisect_left(ends, row)
        before.append(at[pile - 1] if pile else -1)
        if pile == len(ends):
            ends.append(row)
            at.append(place)
        else:
            ends[pile], at[pile] = row, place
    run = []
    place = at[-1] if at else -1
    while place >= 0:
        run.append(rows[place])
        place = before[place]
    return run[::-1]


def _absent(present: Sequence[int], total: int) -> tuple[int, ...]:
    there = set(present)
    return tuple(row for row in range(total) if row not in there)


def _gaps(present: Sequence[int]) -> tuple[int, ...]:
    """What lacks inside a consecutive run of sheets: a sample may begin and end anywhere, but it has no holes."""
    missing: list[int] = []
    for run in _runs(present):
        span = run[-1] - run[0] + 1
        if len(run) >= RUN_MIN and len(run) >= DENSE_SHARE * span:
            there = set(run)
            missing += [row for row in range(run[0], run[-1]) if row not in there]
    return tuple(missing)


def _runs(present: Sequence[int]) -> list[list[int]]:
    runs: list[list[int]] = []
    for row in present:
        if runs and row - runs[-1][-1] <= GAP_MAX + 1:
            runs[-1].append(row)
        else:
            runs.append([row])
    return runs


def looks_like_a_sample(order: Order) -> bool:
    """All expected, yet what is there is consecutive and what lacks lies before or behind it."""
    present = sorted(order.places)
    inside = present[-1] - present[0] + 1 - len(present) if present else 0
    return len(present) >= RUN_MIN and order.absent > 0 and inside <= order.absent // 2


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """What `faults` in `looked_at` sheets says about all of them: their true share lies below `share_below`, 95 times in 100."""

    looked_at: int
    faults: int
    share_below: float

    @property
    def says_something(self) -> bool:
        """A limit of all says nothing of the rest: too few sheets, or faults in every one."""
        return self.share_below < 1.0

    @property
    def per_cent_below(self) -> str:
        """The same for people: two figures, never 1e+02."""
        return f"{Decimal(f'{100 * self.share_below:.2g}'):f} %"


def sampling(looked_at: int, faults: int) -> Sampling:
    """0 faults in n: below 3/n (Hanley and Lippman-Hand 1983); else the exact upper limit (Clopper and Pearson 1934).

    It holds where the sheets were drawn at random from the whole run. No sheets: below 1, which says nothing.
    """
    if not looked_at or faults >= looked_at:
        return Sampling(looked_at=looked_at, faults=faults, share_below=1.0)
    below = min(1.0, 3 / looked_at) if not faults else _upper(looked_at, faults)
    return Sampling(looked_at=looked_at, faults=faults, share_below=below)


def _upper(n: int, k: int) -> float:
    """The share at which k or fewer faults in n would come once in twenty times, by halving."""
    low, high = k / n, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        if _at_most(k, n, middle) > 1 - CONFIDENCE:
            low = middle
        else:
            high = middle
    return high


def _at_most(k: int, n: int, share: float) -> float:
    if share >= 1.0:
        return 0.0
    whole = lgamma(n + 1)
    return sum(
        exp(whole - lgamma(i + 1) - lgamma(n - i + 1) + i * log(share) + (n - i) * log1p(-share))
        for i in range(k + 1)
    )
