"""For every pair of cases of reconcile-rules §3 that can meet in one payment, which of them is the outcome."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import combinations

import decide_worlds as w
import polars as pl
import pytest
from decide_worlds import cover, line, paid, slip, world
from hypothesis import given, settings

from reconcile.outcomes import PRECEDENCE, Outcome, first
from reconcile.world import World

O = Outcome  # noqa: E741

# --- precedence: one payment through a slip over several lines, each of which brings a case -------------------------------------


class Mix:
    """A payment p1 on 10 June through slip 1, and whatever the cases add to it."""

    def __init__(self, *cases: Outcome) -> None:
        self.cases = frozenset(cases)
        self.full_year = O.FULL_YEAR_AFTER_INSTALMENT in self.cases
        self.transfer = O.OFFSET_APPLIED in self.cases
        self.slip: w.Row = {"period": "00" if self.full_year else "01"}
        self.event: w.Row = {}
        self.lines: list[w.Row] = []
        self.slips: list[w.Row] = []
        self.covers: list[w.Row] = []
        self.events: list[w.Row] = []
        self.blocks: list[w.Row] = []
        self.component = "principal"
        for case in cases:
            LINE_CASES.get(case, PAYMENT_CASES.get(case, _nothing))(self)

    def line(self, *versions: w.Row, yen: int = 20_000, delinquency: int = 0, **more: object) -> str:
        """A line under the slip, with its versions."""
        line_id = f"L{len(self.lines)}"
        self.lines += [{**line(line_id, **more), **version} for version in versions or ({},)]
        self.covers.append(cover(1, line_id, yen))
        if delinquency:
            self.component = "delinquency"
            self.covers.append(cover(1, line_id, delinquency, "delinquency"))
        return line_id

    def before(self, line_id: str, yen: int, *, full_year: bool, on: str = "06-01") -> None:
        """An earlier payment of a line, through a slip of its own."""
        number = 10 + len(self.slips)
        self.slips.append(slip(number, yen, period="00" if full_year else "01"))
        self.covers.append(cover(number, line_id, yen))
        self.events.append(paid(f"q{number}", number, yen, on))

    def world(self) -> World:
        """The world of it."""
        if not self.transfer:
            self.line()  # something that is posted
        if O.NO_COVER in self.cases:
            self.covers = [c for c in self.covers if c["slip_key"] != w.key(1)]
        amount = sum(c["amount"] for c in self.covers if c["slip_key"] == w.key(1)) or 20_000
        kinds = self.event.pop("kinds", ("confirmed",))
        amounts = self.event.pop("amounts", {})
        mine = [
            {**paid("p1", 1, amount + amounts.get(n, 0), kind=kind, **self.event), "receipt_id": f"p1-{n}"}
            for n, kind in enumerate(kinds)
        ]
        slips = [slip(1, amount, **self.slip), *self.slips]
        transfers = []
        if self.transfer:
            mine = []
            line_id = self.lines[0]["line_id"] if self.lines else self.line()
            transfers = [
                {
                    "payment_id": "p1",
                    "receipt_id": "t",
                    "line_id": line_id,
                    "component": self.component,
                    "amount": 20_000 if self.component == "principal" else 1_000,
                    "paid_on": w.day("06-10"),
                    "account_date": self.event.get("account_date"),
                }
            ]
        return world(
            self.lines, slips, self.covers, [*mine, *self.events], transfers=transfers, blocks=self.blocks
        )


def _nothing(_: Mix) -> None:
    """A case that needs nothing."""


def _no_rate(mix: Mix) -> None:
    """Late since before the rate table begins."""
    line_id = mix.line(delinquency=1_000, due="1999-06-30", time_barred_on=w.day("2099-01-01"))
    if mix.transfer:
        mix.before(line_id, 20_000, full_year=False)


def _blocked(mix: Mix) -> None:
    mix.blocks.append({"payment_id": "p1", "reason": "co_owners"})
    if not mix.cases & {O.OVERPAID, O.DUPLICATE, O.WRONG_PERIOD}:
        _overpaid(mix)


def _overpaid(mix: Mix) -> None:
    mix.before(mix.line(), 5_000, full_year=mix.full_year)


def _with_delinquency(mix: Mix) -> None:
    line_id = mix.line(due="2026-02-28", principal=250_000, yen=250_000, delinquency=1_000)
    if mix.transfer:
        mix.before(line_id, 250_000, full_year=False, on="06-05")


def _revised(day: str, **new: object) -> Callable[[Mix], None]:
    def add(mix: Mix) -> None:
        mix.line({}, {"revised_at": w.day(day), **new})

    return add


def _of_line(**more: object) -> Callable[[Mix], None]:
    def add(mix: Mix) -> None:
        mix.line(**more)  # type: ignore[arg-type]

    return add


LINE_CASES: dict[Outcome, Callable[[Mix], None]] = {
    O.NO_RATE: _no_rate,
    O.REFUND_BLOCKED: _blocked,
    O.TIME_BARRED: _of_line(time_barred_on=w.day("06-05")),
    O.CANCELLED_BEFORE: _revised("06-01", status="cancelled"),
    O.CANCELLED_AFTER: _revised("07-01", status="cancelled"),
    O.REDUCED_BEFORE: _revised("06-01", principal=15_000),
    O.REDUCED_AFTER: _revised("07-01", principal=15_000),
    O.FULL_YEAR_AFTER_INSTALMENT: lambda m: m.before(m.line(), 20_000, full_year=False),
    O.INSTALMENT_AFTER_FULL_YEAR: lambda m: m.before(m.line(), 20_000, full_year=True),
    O.DUPLICATE: lambda m: m.before(m.line(), 20_000, full_year=m.full_year),
    O.OVERPAID: _overpaid,
    O.INCREASED: _revised("06-01", principal=30_000),
    O.PARTIAL: _of_line(principal=25_000),
    O.WITH_DELINQUENCY: _with_delinquency,
    O.LATE: _of_line(due="2026-05-31"),
    O.CARRIED_OVER: _of_line(carried_over=True),
    O.CLOSING_PERIOD: lambda m: (
        (m.line(fiscal_year="2025"), m.event.update(account_date=w.day("05-20")))[0] and None
    ),
}


def _kinds(*kinds: str, **amounts: int) -> Callable[[Mix], None]:
    def add(mix: Mix) -> None:
        had = mix.event.get("kinds", ("confirmed",))
        mix.event["kinds"] = (*[k for k in had if k not in kinds and had != ("confirmed",)], *kinds)
        mix.event.setdefault("amounts", {}).update({int(n[1:]): yen for n, yen in amounts.items()})

    return add


def _differs(mix: Mix) -> None:
    """確報 against 速報; a payment that is to stay 速報 is told from a correction instead."""
    if O.PRELIMINARY in mix.cases:
        mix.event |= {"kinds": ("preliminary", "corrected"), "amounts": {0: -7}}
    elif O.CONTRADICTORY in mix.cases:
        mix.event |= {
            "kinds": ("corrected", "corrected", "preliminary", "confirmed"),
            "amounts": {0: 5, 2: -7},
        }
    else:
        mix.event |= {"kinds": ("preliminary", "confirmed"), "amounts": {0: -7}}


def _contradictory(mix: Mix) -> None:
    early = ("preliminary",) if O.PRELIMINARY in mix.cases else ("confirmed",)
    if O.CORRECTION_ALONE in mix.cases:
        early = ()
    mix.event |= {"kinds": (*early, "corrected", "corrected"), "amounts": {len(early): 5}}


def _preliminary(mix: Mix) -> None:
    if not mix.cases & {O.CONFIRMED_DIFFERS, O.CONTRADICTORY}:
        mix.event["kinds"] = ("preliminary",)


def _alone(mix: Mix) -> None:
    if O.CONTRADICTORY not in mix.cases:
        mix.event["kinds"] = ("corrected",)


PAYMENT_CASES: dict[Outcome, Callable[[Mix], None]] = {
    O.CONTRADICTORY: _contradictory,
    O.CORRECTION_ALONE: _alone,
    O.PRELIMINARY_CANCELLED: _kinds("preliminary", "cancelled"),
    O.PAYMENT_CANCELLED: _kinds("confirmed", "cancelled"),
    O.OTHER_BODY: lambda m: m.event.update(body_code="131016"),
    O.UNKNOWN_KEY: lambda m: m.event.update(slip_key=w.key(99)),
    O.KEY_DISAGREES: lambda m: m.event.update(confirm_no="000000"),
    O.WRONG_PERIOD: lambda m: m.event.update(period="07"),
    O.PRELIMINARY: _preliminary,
    O.CONFIRMED_DIFFERS: _differs,
    O.SUPERSEDED_SLIP: lambda m: m.slips.append(slip(50, supersedes=w.key(1))),
}
OF_EVENTS = {O.CONTRADICTORY, O.PRELIMINARY_CANCELLED, O.PAYMENT_CANCELLED}
ALONE_WITHOUT = {O.PRELIMINARY, O.CONFIRMED_DIFFERS, O.OFFSET_APPLIED, *OF_EVENTS} - {O.CONTRADICTORY}
OF_KEY = {O.OTHER_BODY, O.UNKNOWN_KEY, O.KEY_DISAGREES, O.NO_COVER}
OF_LINES = set(LINE_CASES) | {O.SUPERSEDED_SLIP}


def why_never(a: Outcome, b: Outcome) -> str | None:
    """Why two cases cannot meet in one payment, or None where they can."""
    pair = {a, b}
    apart: Sequence[tuple[str, set[Outcome], set[Outcome]]] = (
        ("nothing else holds of an exact payment", {O.EXACT}, set(Outcome)),
        ("a cancelled payment reaches no line", OF_EVENTS - {O.CONTRADICTORY}, OF_LINES),
        ("its content is not known, so no line is looked at", {O.CONTRADICTORY, O.CORRECTION_ALONE}, OF_LINES),
        ("a correction alone has no other event beside it", {O.CORRECTION_ALONE}, ALONE_WITHOUT),
        ("money in suspense or held reaches no line", OF_KEY, OF_LINES),
        ("money that is not posted reaches no line", {O.WRONG_PERIOD}, OF_LINES - {O.REFUND_BLOCKED}),
        ("either 速報 or 確報 was cancelled", {O.PRELIMINARY_CANCELLED}, {O.PAYMENT_CANCELLED}),
        ("a cancelled payment is nothing else", OF_EVENTS - {O.CONTRADICTORY}, {O.CONTRADICTORY, O.PRELIMINARY, O.CONFIRMED_DIFFERS}),
        ("without a slip nothing can disagree with it", {O.UNKNOWN_KEY}, {O.KEY_DISAGREES, O.NO_COVER, O.WRONG_PERIOD}),
        ("a slip is full-year or it is not", {O.FULL_YEAR_AFTER_INSTALMENT}, {O.INSTALMENT_AFTER_FULL_YEAR}),
        ("an offset has no event and no slip", {O.OFFSET_APPLIED}, OF_EVENTS | OF_KEY | {O.WRONG_PERIOD, O.PRELIMINARY, O.CONFIRMED_DIFFERS}),
        ("an offset has no slip", {O.OFFSET_APPLIED}, {O.SUPERSEDED_SLIP, O.FULL_YEAR_AFTER_INSTALMENT}),
    )  # fmt: skip
    for reason, left, right in apart:
        if (a in left and b in right) or (b in left and a in right):
            return reason
    return None if len(pair) == 2 else "one case"


PAIRS = [p for p in combinations(PRECEDENCE, 2) if why_never(*p) is None]
NEVER = [p for p in combinations(PRECEDENCE, 2) if why_never(*p) is not None]


@pytest.fixture(scope="module")
def together() -> Mapping[str, tuple[str, list[str]]]:
    """The worlds of all pairs as one, decided once: of each payment its outcome and its facts."""
    worlds = [w.apart(Mix(*pair).world(), n) for n, pair in enumerate(PAIRS)]
    names = ("assessments", "slips", "covers", "receipts", "transfers", "blocks")
    whole = {name: pl.concat([getattr(one, name) for one in worlds]) for name in names}
    found = w.decided(replace(worlds[0], **whole)).outcomes.select("payment_id", "outcome", "facts")
    return {payment: (outcome, facts.split(";")) for payment, outcome, facts in found.iter_rows()}


@pytest.mark.parametrize(("higher", "lower"), PAIRS, ids=lambda o: o.value)
def test_of_two_cases_the_higher_is_the_outcome(
    higher: Outcome, lower: Outcome, together: Mapping[str, tuple[str, list[str]]]
) -> None:
    outcome, facts = together[w.own("p1", PAIRS.index((higher, lower)))]
    assert {higher.value, lower.value} <= set(facts)
    assert outcome == facts[0]
    assert PRECEDENCE.index(higher) < PRECEDENCE.index(lower)
    # what else the two bring along may stand higher than both, never between the outcome and the higher one
    assert facts.index(higher.value) < facts.index(lower.value)


@settings(max_examples=2_000 if w.FUZZ else 50)
@given(w.worlds())
def test_the_outcome_is_the_first_fact_and_some_never_meet(of: World) -> None:
    names = {o.value: o for o in Outcome}
    never = {frozenset(p) for p in NEVER}
    for outcome, facts in w.decided(of).outcomes.select("outcome", "facts").iter_rows():
        held = [names[f] for f in facts.split(";")]
        assert names[outcome] is first(held) is held[0]
        assert held == sorted(held, key=PRECEDENCE.index)
        assert not never & {frozenset(p) for p in combinations(held, 2)}


def test_no_case_is_no_outcome() -> None:
    with pytest.raises(ValueError, match="nothing holds"):
        first([])
