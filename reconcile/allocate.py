"""One line and the payments that want it: who takes how much, in the order in which they were paid. Plain Python, a line at a time.

In: a `Line` with its versions, `Claim`s. Out: a `Share` a claim: posted by component, excess by class, held, and which cases hold.
The earliest 納付日 wins (then time of day, then payment_id), whatever arrived first; 本税 goes before 延滞金. Source: reconcile-rules §3.
Refuses nothing: what is posted, excess and held adds up to the claim, always.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from reconcile.outcomes import Outcome

NOTHING: frozenset[Outcome] = frozenset()
Surplus = tuple[str, str, int, Outcome, date | None]  # component, class, yen, case, since


@dataclass(frozen=True, slots=True)
class Version:
    """What a line was assessed at from a day on (None: from the beginning), and in whose books. `due` is 0 where it is cancelled."""

    revised_at: date | None
    due: int
    cancelled: bool
    fiscal_year: int
    carried_over: bool


@dataclass(frozen=True, slots=True)
class Line:
    """A line as it stands. `due_date` after the roll; `fee`: the 督促手数料 that may be taken."""

    line_id: str
    payer_id: str
    body_code: str
    tax_item: str
    notice_no: str
    is_premium: bool
    due_date: date
    barred_from: date | None
    fee: int
    versions: tuple[Version, ...]

    @property
    def now(self) -> Version:
        """The last version."""
        return self.versions[-1]

    def on(self, day: date) -> Version:
        """The version in force on a day; a revision counts from its own day on."""
        found = self.versions[0]
        for version in self.versions:
            if version.revised_at is None or version.revised_at <= day:
                found = version
        return found


@dataclass(frozen=True, slots=True)
class Claim:
    """The part of a payment that is meant for one line. `cover`: what its slip asks for as principal."""

    payment_id: str
    paid_on: date
    paid_time: str
    principal: int
    delinquency: int
    dunning_fee: int
    cover: int
    full_year: bool
    provisional: bool
    to_charge: bool  # a 充当 decided for 延滞金

    @property
    def rank(self) -> tuple[date, bool, str, str]:
        """Earliest first. A payment whose time is not known goes before the others of its day; a 充当 to 延滞金 after them, for
        the payment that completed the principal, and by it made the charge, is one of them."""
        return self.paid_on, self.to_charge, self.paid_time, self.payment_id


@dataclass(frozen=True, slots=True)
class Taken:
    """Pass one: what a claim did to the principal. `own` of its principal, `moved` of its 延滞金 that went to the principal first; `parts`:
    its 過納 by the day of the revision with which each part arose."""

    own: int
    moved: int
    kanou: int
    gonou: int
    facts: frozenset[Outcome]
    parts: tuple[tuple[date, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Then:
    """What was due of a claim's 延滞金 and 督促手数料 when it was paid, and why the rest was not: component -> case. `later`: (day, component ->
    yen), what was left due of them with each revision since, without the last."""

    delinquency: int
    dunning_fee: int
    cases: Mapping[str, Outcome]
    later: tuple[tuple[date, Mapping[str, int]], ...] = ()


@dataclass(frozen=True, slots=True)
class Share:
    """Both passes. `excess`: (component, class, yen, case, since) of each part that cannot stay; `since`: the revision with which a 過納 arose,
    None for 誤納."""

    principal: int
    delinquency: int
    dunning_fee: int
    held: int
    excess: tuple[Surplus, ...]
    facts: frozenset[Outcome]


def spread(
    amount: int,
    covers: Sequence[tuple[str, str, int]],
    lines: Mapping[str, Line],
    paid_on: date,
    order: Sequence[str],
) -> dict[str, dict[str, int]]:
    """How a payment falls on what its slip covers: line -> component -> yen (0 where nothing is left for it).

    Components in the order of the policy, lines by due date. First what was due on the day of payment, then what the slip asks beyond it.
    A surplus goes to the principal where the slip covers one line; else it stays under the line "".
    """
    rows = sorted(covers, key=lambda c: (order.index(c[1]), lines[c[0]].due_date, c[0]))
    parts: dict[str, dict[str, int]] = {line_id: {} for line_id, _, _ in rows}
    left = amount
    for due_only in (True, False):
        for line_id, component, yen in rows:
            had = parts[line_id].get(component, 0)
            due = lines[line_id].on(paid_on).due if due_only and component == "principal" else yen
            more = min(left, max(0, min(yen, due) - had))
            parts[line_id][component] = had + more
            left -= more
    if left:
        only = next(iter(parts)) if len(parts) == 1 else ""
        place = parts.setdefault(only, {})
        place["principal"] = place.get("principal", 0) + left
    return parts


def take_principal(line: Line, claims: Sequence[Claim]) -> list[Taken]:
    """Pass one, over claims in order of rank. 過納 is what was due on its day beyond all that had been paid by then, and is no longer."""
    posted = before = 0
    takers: set[bool] = set()  # whether by full-year slip, of those that took money before
    found = []
    for claim in claims:
        if is_barred(line, claim):
            found.append(Taken(0, 0, 0, claim.principal, frozenset({Outcome.TIME_BARRED})))
            continue
        then = line.on(claim.paid_on)
        room = max(0, line.now.due - posted)
        own = min(claim.principal, room)
        moved = min(claim.delinquency, room - own)
        lawful = min(claim.principal, max(0, then.due - before))
        excess = claim.principal - own
        kanou = min(excess, max(0, lawful - own))
        closed = (room == 0 and posted > 0) or (before >= then.due and before > 0)
        facts = set()
        parts: tuple[tuple[date, int], ...] = ()
        if kanou:
            worth = before + lawful
            later = line.versions[line.versions.index(then) + 1 :]
            parts = reductions([(v.revised_at, v.due) for v in later], worth - kanou, worth)
            facts |= {_revised(line, since) for since, _ in parts}
        if excess > kanou:
            facts.add(_surplus(line, claim, takers, closed=closed))
        posted += own + moved
        if posted < line.now.due and (own or moved or claim.principal < claim.cover):
            facts.add(_short(line, claim))
        if own + moved and claim.paid_on > line.due_date:
            facts.add(Outcome.LATE)
        if lawful or own + moved:
            takers.add(claim.full_year)
        before += claim.principal + claim.delinquency
        found.append(Taken(own, moved, kanou, excess - kanou, frozenset(facts) or NOTHING, parts))
    return found


def reductions(
    revisions: Iterable[tuple[date | None, int]], low: int, high: int
) -> tuple[tuple[date, int], ...]:
    """The yen from `low` to `high` of what was due, by the revision since which each of them no longer is: (day, yen), oldest first.

    revisions: (day, what is due from then on), oldest first; what an increase gave back was due again.
    """
    fallen: list[tuple[date, int, int]] = []  # since, and from where to where; the highest yen first
    for day, due in revisions:
        while fallen and fallen[-1][1] < due:
            since, _, top = fallen.pop()
            if top > due:
                fallen.append((since, due, top))
        least = fallen[-1][1] if fallen else high
        if day is not None and due < least:
            fallen.append((day, due, least))
    found: dict[date, int] = {}
    for since, bottom, top in fallen:
        if top > max(bottom, low):
            found[since] = found.get(since, 0) + top - max(bottom, low)
    return tuple(found.items())


def is_barred(line: Line, claim: Claim) -> bool:
    """Whether the line could no longer be paid on the day of the claim."""
    return line.barred_from is not None and claim.paid_on >= line.barred_from


def closing_day(line: Line, claims: Sequence[Claim], taken: Sequence[Taken]) -> date | None:
    """納付日 of the payment that completed the principal."""
    posted = 0
    for claim, share in zip(claims, taken, strict=True):
        posted += share.own + share.moved
        if posted >= line.now.due > 0:
            return claim.paid_on
    return None


def take_rest(
    line: Line,
    claims: Sequence[Claim],
    taken: Sequence[Taken],
    charge: int | None,
    then: Mapping[int, Then],
) -> list[Share]:
    """Pass two: 延滞金 up to `charge` (None: it cannot be computed, so what is meant for it is held) and 督促手数料.

    `then`, by place of the claim: what was due of it on its day, where a revision has made the line less since.
    """
    left = {"delinquency": charge or 0, "dunning_fee": 0 if line.now.cancelled else line.fee}
    used = {"delinquency": False, "dunning_fee": False}
    found = []
    for place, (claim, first) in enumerate(zip(claims, taken, strict=True)):
        facts = set(first.facts)
        excess = _principal_excess(line, first)
        posted = {"delinquency": 0, "dunning_fee": 0}
        held = 0
        wanted = {"delinquency": claim.delinquency - first.moved, "dunning_fee": claim.dunning_fee}
        for component, yen in wanted.items():
            if not yen:
                continue
            if is_barred(line, claim):
                facts.add(Outcome.TIME_BARRED)
                excess.append((component, "gonou", yen, Outcome.TIME_BARRED, None))
                continue
            if component == "delinquency" and charge is None:
                facts.add(Outcome.NO_RATE)
                held = yen
                continue
            part = min(yen, left[component])
            posted[component] = part
            left[component] -= part
            stays = part + (first.moved if component == "delinquency" else 0)
            for row in _extra_surplus(
                line, claim, then.get(place), component, stays, yen - part, used=used[component] and not part
            ):
                facts.add(row[3])
                excess.append(row)
            used[component] |= part > 0
        if first.moved or posted["delinquency"]:
            facts.add(Outcome.WITH_DELINQUENCY)
        found.append(
            Share(
                first.own + first.moved,
                posted["delinquency"],
                posted["dunning_fee"],
                held,
                tuple(excess),
                frozenset(facts) or NOTHING,
            )
        )
    return found


def _principal_excess(line: Line, taken: Taken) -> list[Surplus]:
    gonou_case = next((f for f in taken.facts if f in _SURPLUS), Outcome.OVERPAID)
    return _surpluses(line, "principal", taken.parts, taken.gonou, gonou_case)


def _surpluses(
    line: Line, component: str, kanou: Sequence[tuple[date, int]], gonou: int, case: Outcome
) -> list[Surplus]:
    """A row for each revision that made a part 過納, and one for what is 誤納."""
    rows: list[Surplus] = [(component, "kanou", yen, _revised(line, since), since) for since, yen in kanou]
    return [*rows, (component, "gonou", gonou, case, None)] if gonou else rows


_SURPLUS = frozenset(
    {
        Outcome.TIME_BARRED,
        Outcome.CANCELLED_BEFORE,
        Outcome.REDUCED_BEFORE,
        Outcome.FULL_YEAR_AFTER_INSTALMENT,
        Outcome.INSTALMENT_AFTER_FULL_YEAR,
        Outcome.DUPLICATE,
        Outcome.OVERPAID,
    }
)


def _revised(line: Line, since: date) -> Outcome:
    """What the revision of a day was: a part that went before the line was cancelled stays what it was."""
    gone = line.now.cancelled and line.on(since).cancelled
    return Outcome.CANCELLED_AFTER if gone else Outcome.REDUCED_AFTER


def _surplus(line: Line, claim: Claim, takers: set[bool], *, closed: bool) -> Outcome:
    """Why a part of a principal was never due (one case a claim)."""
    then = line.on(claim.paid_on)
    if then.cancelled and line.now.cancelled:
        return Outcome.CANCELLED_BEFORE
    if (not claim.full_year) in takers:
        return Outcome.FULL_YEAR_AFTER_INSTALMENT if claim.full_year else Outcome.INSTALMENT_AFTER_FULL_YEAR
    if closed:
        return Outcome.DUPLICATE
    earlier = line.versions[: line.versions.index(then)]
    if any(v.due > then.due for v in earlier):
        return Outcome.REDUCED_BEFORE
    return Outcome.OVERPAID


def _extra_surplus(
    line: Line, claim: Claim, then: Then | None, component: str, stays: int, yen: int, *, used: bool
) -> list[Surplus]:
    """延滞金 or 督促手数料 that cannot be taken, by class: 過納 is what was due on its day beyond what stays."""
    due: int = getattr(then, component, 0)
    kanou = min(yen, max(0, due - stays))
    case = Outcome.DUPLICATE if used else Outcome.OVERPAID
    if then is not None:
        case = then.cases.get(component, case)
    elif line.on(claim.paid_on).cancelled:
        case = Outcome.CANCELLED_BEFORE
    later = [(day, left[component]) for day, left in then.later] if then else []
    parts = reductions([*later, (line.now.revised_at, stays)], stays, stays + kanou)
    return _surpluses(line, component, parts, yen - kanou, case)


def _short(line: Line, claim: Claim) -> Outcome:
    """The slip was paid in full and the line was assessed at less before: the rest comes of an increase."""
    grown = any(v.due < line.now.due for v in line.versions[:-1] if not v.cancelled)
    return Outcome.INCREASED if grown and claim.principal >= claim.cover else Outcome.PARTIAL
