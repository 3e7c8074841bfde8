"""What was due of 延滞金 and 督促手数料 on the day of a payment, where its line was reduced or cancelled since: so much is 過納, the rest 誤納.

In: lines, their claims in order of rank, the function that assesses 延滞金. Out: `Then` by line and place of the claim. A slip may ask for a charge
that was never due: paid in time, below 1,000 yen, paid already. A later revision does not make that part lawful. Where several revisions came since,
each is asked about: a part of the charge is too much from the one that took it away. Refuses nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from reconcile.allocate import (
    Claim,
    Line,
    Share,
    Taken,
    Then,
    closing_day,
    is_barred,
    take_principal,
    take_rest,
)


@dataclass(frozen=True, slots=True)
class Closing:
    """A line whose principal was completed: what 延滞金 is assessed on. `payments`: (paid_on, yen of principal)."""

    line: Line
    paid_on: date
    payments: tuple[tuple[date, int], ...]
    provisional: bool


Assess = Callable[[Sequence[Closing]], Mapping[str, int | None]]


def closing(line: Line, claims: Sequence[Claim], taken: Sequence[Taken]) -> Closing | None:
    """The completion of a line by its claims, None where principal is open."""
    day = closing_day(line, claims, taken)
    if day is None:
        return None
    used = [(c, t.own + t.moved) for c, t in zip(claims, taken, strict=True) if t.own + t.moved]
    return Closing(line, day, tuple((c.paid_on, yen) for c, yen in used), any(c.provisional for c, _ in used))


def due_then(
    lines: Mapping[str, Line], claims: Mapping[str, Sequence[Claim]], assess: Assess
) -> dict[str, dict[int, Then]]:
    """For claims with more than principal, on lines that were worth more on their day than they are now."""
    asked = {line_id: _earlier(lines[line_id], of_line) for line_id, of_line in claims.items()}
    found: dict[str, dict[int, Then]] = {}  # the version of the day comes before those since
    # `assess` knows a line once, so its versions are asked about one after another; what comes after a claim has no say in it
    for turn in range(max(map(len, asked.values()), default=0)):
        now = {line_id: of_line[turn] for line_id, of_line in asked.items() if turn < len(of_line)}
        upto = {i: claims[i][: places[-1] + 1] for i, (_, places) in now.items()}
        taken = {i: take_principal(line, upto[i]) for i, (line, _) in now.items()}
        closed = [closing(line, upto[i], taken[i]) for i, (line, _) in now.items()]
        charged = assess([c for c in closed if c is not None])
        for i, (line, places) in now.items():
            shares = take_rest(line, upto[i], taken[i], charged.get(i, 0), {})
            of_line = found.setdefault(i, {})
            for n in places:
                then = _then(taken[i][n], shares[n])
                of_line[n] = _and_since(of_line[n], line, then) if n in of_line else then
    return found


def _then(taken: Taken, share: Share) -> Then:
    return Then(
        # without a rate nobody can say that it was too much
        delinquency=taken.moved + share.delinquency + share.held,
        dunning_fee=share.dunning_fee,
        cases={component: case for component, _, _, case, _ in share.excess},
    )


def _and_since(first: Then, line: Line, then: Then) -> Then:
    """With what was left due with one revision more, the last of `line`."""
    day = line.now.revised_at
    left = {"delinquency": then.delinquency, "dunning_fee": then.dunning_fee}
    return first if day is None else replace(first, later=(*first.later, (day, left)))


def _earlier(line: Line, claims: Sequence[Claim]) -> list[tuple[Line, list[int]]]:
    """The line as it stood, version by version but for the last, with the places of the claims in question."""
    found: dict[int, list[int]] = {}
    for n, claim in enumerate(claims):
        if not (claim.delinquency or claim.dunning_fee) or is_barred(line, claim):
            continue
        then = line.on(claim.paid_on)
        if then.due > line.now.due:
            for upto in range(line.versions.index(then) + 1, len(line.versions)):
                found.setdefault(upto, []).append(n)
    return [(replace(line, versions=line.versions[:upto]), places) for upto, places in sorted(found.items())]
