"""延滞金 and 還付加算金 a day at a time: slow, and short enough to be read against the law's text.

Out of one line, or one refund, comes one number. The column engines (`charges`, `interest`) must equal it; tests say so over thousands of
random cases. Source: reconcile-rules §4 and §5. Refuses: a year that the table does not hold (KeyError).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from math import floor

Span = tuple[date, date]  # first and last day, both inclusive
Stretch = tuple[int, bool, int]  # base, whether after the first month, year


@dataclass(frozen=True)
class Payment:
    """Yen that went to the principal on a day."""

    paid_on: date
    amount: int


def days(first: date, last: date) -> Iterator[date]:
    """Every day from `first` to `last`, both included; none where `last` lies before."""
    while first <= last:
        yield first
        first += timedelta(days=1)


def first_month(due: date) -> date:
    """Last day at the low rate: walk on until the day after stands in a later month, at or past the number of the first day."""
    start = due + timedelta(days=1)
    day = start
    while True:
        after = day + timedelta(days=1)
        month_later = (after.year, after.month) > (start.year, start.month)
        two_later = (after.year - start.year) * 12 + after.month - start.month > 1
        if two_later or (month_later and after.day >= start.day):
            return day
        day = after


def bearing(yen: int) -> int:
    """The part of an amount that a charge or interest is counted on: whole thousands, nothing below 2,000."""
    return yen // 1000 * 1000 if yen >= 2000 else 0


def payable(yen: int) -> int:
    """What is charged or paid of a computed total: whole hundreds, nothing below 1,000."""
    return yen // 100 * 100 if yen >= 1000 else 0


def charge(exact: Mapping[Stretch, Fraction], rounding: str) -> int:
    """延滞金 in yen, from the exact yen of `accrued`, under the policy `segment`, `part` or `end`."""
    if rounding == "segment":
        return payable(sum(floor(yen) for yen in exact.values()))
    if rounding == "part":
        parts = [sum(yen for (_, after, _), yen in exact.items() if after is late) for late in (False, True)]
        return payable(sum(floor(part) for part in parts))
    return payable(floor(sum(exact.values())))


def accrued(
    due: date,
    until: date,
    principal: int,
    *,
    low: Callable[[int], int],
    high: Callable[[int], int],
    payments: Sequence[Payment] = (),
    exempt: Sequence[Span] = (),
) -> dict[Stretch, Fraction]:
    """Exact yen by base, part and year for one line. `low(year)` and `high(year)`: tenths of a percent."""
    month_end = first_month(due)
    counted: Counter[Stretch] = Counter()
    for day in days(due + timedelta(days=1), until):
        unpaid = principal - sum(p.amount for p in payments if p.paid_on < day)
        if bearing(unpaid) and not any(first <= day <= last for first, last in exempt):
            counted[bearing(unpaid), day > month_end, day.year] += 1
    return {
        (base, after, year): Fraction(base * n * (high(year) if after else low(year)), 365 * 1000)
        for (base, after, year), n in counted.items()
    }


def refund_interest(
    paid_on: date,
    until: date,
    amount: int,
    *,
    rate: Callable[[int], int],
    mistaken: bool,
    excluded: Sequence[Span] = (),
) -> int:
    """還付加算金 in yen for one refund. `mistaken`: 誤納, so nothing for the first month after the payment."""
    free_until = first_month(paid_on) if mistaken else paid_on
    counted: Counter[int] = Counter()
    for day in days(free_until + timedelta(days=1), until):
        if not any(first <= day <= last for first, last in excluded):
            counted[day.year] += 1
    return payable(
        sum(floor(Fraction(bearing(amount) * n * rate(y), 365 * 1000)) for y, n in counted.items())
    )
