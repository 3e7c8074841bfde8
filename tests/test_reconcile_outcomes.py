"""Every case of reconcile-rules §3 by name, with its yen; and for every pair of cases that can meet, which of them is the outcome."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import decide_worlds as w
import polars as pl
import pytest
from decide_worlds import cover, line, paid, simple, slip, world
from hypothesis import given, settings

from reconcile.outcomes import PRECEDENCE, Outcome, first, markdown
from reconcile.world import World

DOC = Path(__file__).resolve().parent.parent / "docs" / "reconcile-outcomes.md"
O = Outcome  # noqa: E741

# --- each case: the world, payment -> (outcome, posted, excess, suspense, held), and the class of its excess ------------------------

TWO_SLIPS = [slip(1), slip(2, kind="reissue")]
BOTH = [cover(1), cover(2)]
YEAR = [
    line(i, due, 10_000, period=f"0{n}")
    for n, (i, due) in enumerate((("A", "06-30"), ("B", "08-31"), ("C", "11-02")), 1)
]
YEAR_SLIPS = [slip(9, 30_000, period="00", kind="full_year"), slip(1, 10_000)]
YEAR_COVERS = [cover(9, i, 10_000) for i in "ABC"] + [cover(1, "A", 10_000)]
PARTS = [cover(), cover(1, "A", 1_500, "delinquency")]
BIG = line("A", "2026-02-28", 250_000)  # due 2 March after the roll
BIG_PARTS = [cover(1, "A", 250_000), cover(1, "A", 4_000, "delinquency")]

Expected = dict[str, tuple[Outcome, int, int, int, int]]
CASES: dict[str, tuple[World, Expected, list[str]]] = {
    "exact, on time": (simple(paid()), {"p1": (O.EXACT, 20_000, 0, 0, 0)}, []),
    "on the day to which the due date rolls": (
        simple(paid(on="2026-06-01"), lines=[line(due="2026-05-31")]),
        {"p1": (O.EXACT, 20_000, 0, 0, 0)},
        [],
    ),
    "a day after it": (
        simple(paid(on="2026-06-02"), lines=[line(due="2026-05-31")]),
        {"p1": (O.LATE, 20_000, 0, 0, 0)},
        [],
    ),
    "partial": (simple(paid(amount=15_000)), {"p1": (O.PARTIAL, 15_000, 0, 0, 0)}, []),
    "one yen short": (simple(paid(amount=19_999)), {"p1": (O.PARTIAL, 19_999, 0, 0, 0)}, []),
    "one yen over": (simple(paid(amount=20_001)), {"p1": (O.OVERPAID, 20_000, 1, 0, 0)}, ["gonou"]),
    "partial twice, the second over": (
        simple(paid(amount=15_000), paid("p2", amount=6_000, on="06-11")),
        {"p1": (O.PARTIAL, 15_000, 0, 0, 0), "p2": (O.OVERPAID, 5_000, 1_000, 0, 0)},
        ["gonou"],
    ),
    "twice through one slip": (
        simple(paid(paid_time="091500"), paid("p2", paid_time="091800")),
        {"p1": (O.EXACT, 20_000, 0, 0, 0), "p2": (O.DUPLICATE, 0, 20_000, 0, 0)},
        ["gonou"],
    ),
    "twice through two slips, the earlier arrives later": (
        world([line()], TWO_SLIPS, BOTH, [paid("p2", 2, on="06-12"), paid("p1", 1, on="06-11")]),
        {"p1": (O.EXACT, 20_000, 0, 0, 0), "p2": (O.DUPLICATE, 0, 20_000, 0, 0)},
        ["gonou"],
    ),
    "only the superseded slip paid": (
        world([line()], [slip(1), slip(2, supersedes=w.key(1))], BOTH, [paid()]),
        {"p1": (O.SUPERSEDED_SLIP, 20_000, 0, 0, 0)},
        [],
    ),
    "superseded slip without lines of its own": (
        world([line()], [slip(1), slip(2, supersedes=w.key(1))], [cover(2)], [paid()]),
        {"p1": (O.SUPERSEDED_SLIP, 20_000, 0, 0, 0)},
        [],
    ),
    "reduction, then the old slip": (
        simple(paid(), lines=[line(), line(principal=15_000, revised_at=w.day("06-01"))]),
        {"p1": (O.REDUCED_BEFORE, 15_000, 5_000, 0, 0)},
        ["gonou"],
    ),
    "paid, then reduction": (
        simple(paid(), lines=[line(), line(principal=15_000, revised_at=w.day("07-01"))]),
        {"p1": (O.REDUCED_AFTER, 15_000, 5_000, 0, 0)},
        ["kanou"],
    ),
    "a payment on the day of the reduction came after it": (
        simple(paid(), lines=[line(), line(principal=15_000, revised_at=w.day("06-10"))]),
        {"p1": (O.REDUCED_BEFORE, 15_000, 5_000, 0, 0)},
        ["gonou"],
    ),
    "paid twice, then reduction": (
        simple(paid(), paid("p2", on="06-11"), lines=[line(), line(principal=15_000, revised_at=w.day("07-01"))]),
        {"p1": (O.REDUCED_AFTER, 15_000, 5_000, 0, 0), "p2": (O.DUPLICATE, 0, 20_000, 0, 0)},
        ["kanou", "gonou"],
    ),
    "the reduced amount with the old slip": (
        simple(paid(amount=15_000), lines=[line(), line(principal=15_000, revised_at=w.day("06-01"))]),
        {"p1": (O.EXACT, 15_000, 0, 0, 0)},
        [],
    ),
    "the increased amount, its revision, then the old slip: nothing was reduced": (
        simple(
            paid(amount=30_000),
            paid("p2", on="06-20"),
            lines=[line(), line(principal=30_000, revised_at=w.day("06-15"))],
        ),
        {"p1": (O.EXACT, 30_000, 0, 0, 0), "p2": (O.DUPLICATE, 0, 20_000, 0, 0)},
        ["gonou"],
    ),
    "increase, old slip": (
        simple(paid(), lines=[line(), line(principal=30_000, revised_at=w.day("06-01"))]),
        {"p1": (O.INCREASED, 20_000, 0, 0, 0)},
        [],
    ),
    "assessment cancelled before": (
        simple(paid(), lines=[line(), line(status="cancelled", revised_at=w.day("06-01"))]),
        {"p1": (O.CANCELLED_BEFORE, 0, 20_000, 0, 0)},
        ["gonou"],
    ),
    "assessment cancelled after": (
        simple(paid(), lines=[line(), line(status="cancelled", revised_at=w.day("07-01"))]),
        {"p1": (O.CANCELLED_AFTER, 0, 20_000, 0, 0)},
        ["kanou"],
    ),
    "late": (simple(paid(on="07-20")), {"p1": (O.LATE, 20_000, 0, 0, 0)}, []),
    "late, with delinquency, too little": (
        world([BIG], [slip(1, 254_000)], BIG_PARTS, [paid(amount=254_000, on="07-20")]),
        {"p1": (O.WITH_DELINQUENCY, 254_000, 0, 0, 0)},
        [],
    ),
    "delinquency that was never due": (
        world([line()], [slip(1, 21_500)], PARTS, [paid(amount=21_500)]),
        {"p1": (O.OVERPAID, 20_000, 1_500, 0, 0)},
        ["gonou"],
    ),
    "delinquency on a line that was reduced later": (
        world(
            [BIG, line("A", "2026-02-28", 1_000, revised_at=w.day("08-01"))],
            [slip(1, 254_000)],
            BIG_PARTS,
            [paid(amount=254_000, on="07-20")],
        ),
        {"p1": (O.REDUCED_AFTER, 1_000, 253_000, 0, 0)},
        ["kanou", "kanou"],
    ),
    "principal before delinquency": (
        world([BIG], [slip(1, 254_000)], BIG_PARTS, [paid(amount=100_000, on="07-20")]),
        {"p1": (O.PARTIAL, 100_000, 0, 0, 0)},
        [],
    ),
    "a delinquency slip while principal is open": (
        world([line(), line("B")], [slip(1, 1_500, kind="delinquency")], PARTS[1:], [paid(amount=1_500)]),
        {"p1": (O.PARTIAL, 1_500, 0, 0, 0)},
        [],
    ),
    "full-year after the first instalment": (
        world(YEAR, YEAR_SLIPS, YEAR_COVERS, [paid("p1", 1, 10_000), paid("p2", 9, 30_000, "06-20")]),
        {"p1": (O.EXACT, 10_000, 0, 0, 0), "p2": (O.FULL_YEAR_AFTER_INSTALMENT, 20_000, 10_000, 0, 0)},
        ["gonou"],
    ),
    "instalment after full-year": (
        world(YEAR, YEAR_SLIPS, YEAR_COVERS, [paid("p2", 9, 30_000), paid("p1", 1, 10_000, "06-20")]),
        {"p2": (O.EXACT, 30_000, 0, 0, 0), "p1": (O.INSTALMENT_AFTER_FULL_YEAR, 0, 10_000, 0, 0)},
        ["gonou"],
    ),
    "full-year, short: earliest lines first": (
        world(YEAR, YEAR_SLIPS, YEAR_COVERS, [paid("p2", 9, 25_000)]),
        {"p2": (O.PARTIAL, 25_000, 0, 0, 0)},
        [],
    ),
    "full-year, over": (
        world(YEAR, YEAR_SLIPS, YEAR_COVERS, [paid("p2", 9, 30_500)]),
        {"p2": (O.OVERPAID, 30_000, 500, 0, 0)},
        ["gonou"],
    ),
    "wrong period": (simple(paid(period="02")), {"p1": (O.WRONG_PERIOD, 0, 20_000, 0, 0)}, ["gonou"]),
    "preliminary": (simple(paid(kind="preliminary")), {"p1": (O.PRELIMINARY, 20_000, 0, 0, 0)}, []),
    "preliminary cancelled": (
        simple(paid(kind="preliminary"), paid(kind="cancelled")),
        {"p1": (O.PRELIMINARY_CANCELLED, 0, 0, 0, 0)},
        [],
    ),
    "payment cancelled": (
        simple(paid(), paid(kind="cancelled"), paid("p2", on="06-11")),
        {"p1": (O.PAYMENT_CANCELLED, 0, 0, 0, 0), "p2": (O.EXACT, 20_000, 0, 0, 0)},
        [],
    ),
    "preliminary, then confirmed": (
        simple(paid(kind="preliminary"), paid()),
        {"p1": (O.EXACT, 20_000, 0, 0, 0)},
        [],
    ),
    "confirmed differs": (
        simple(paid(kind="preliminary", amount=19_000), paid()),
        {"p1": (O.CONFIRMED_DIFFERS, 20_000, 0, 0, 0)},
        [],
    ),
    "corrected replaces": (
        simple(paid(amount=2_000), paid(kind="corrected")),
        {"p1": (O.EXACT, 20_000, 0, 0, 0)},
        [],
    ),
    "corrections that contradict": (
        simple(paid(), paid(kind="corrected"), {**paid(kind="corrected", amount=19_000), "receipt_id": "other"}),
        {"p1": (O.CONTRADICTORY, 0, 0, 0, 20_000)},
        [],
    ),
    "a correction of nobody knows what": (
        simple(paid(kind="corrected", amount=19_000)),
        {"p1": (O.CORRECTION_ALONE, 0, 0, 0, 19_000)},
        [],
    ),
    "a correction that names its payment may come first": (
        simple(paid(kind="corrected", orig_txn_id="T1")),
        {"p1": (O.EXACT, 20_000, 0, 0, 0)},
        [],
    ),
    "unknown key": (simple(paid(number=5)), {"p1": (O.UNKNOWN_KEY, 0, 0, 20_000, 0)}, []),
    "another confirmation number": (
        simple(paid(confirm_no="654321")),
        {"p1": (O.KEY_DISAGREES, 0, 0, 20_000, 0)},
        [],
    ),
    "another tax item": (simple(paid(tax_item="999")), {"p1": (O.KEY_DISAGREES, 0, 0, 20_000, 0)}, []),
    "other body": (simple(paid(body_code="131016")), {"p1": (O.OTHER_BODY, 0, 0, 20_000, 0)}, []),
    "slip without cover": (world([line()], [slip()], [], [paid()]), {"p1": (O.NO_COVER, 0, 0, 0, 20_000)}, []),
    "time-barred": (
        simple(paid(), lines=[line(due="2021-05-31", fiscal_year="2021")]),
        {"p1": (O.TIME_BARRED, 0, 20_000, 0, 0)},
        ["gonou"],
    ),
    "the last day before it is barred": (
        simple(paid(on="2026-05-31"), lines=[line(due="2021-05-31", fiscal_year="2021")]),
        {"p1": (O.LATE, 20_000, 0, 0, 0)},
        [],
    ),
    "料 is barred after two years": (
        simple(paid(), lines=[line(due="2024-05-31", fiscal_year="2024", is_premium=True)]),
        {"p1": (O.TIME_BARRED, 0, 20_000, 0, 0)},
        ["gonou"],
    ),
    "by 31 May for the year before": (
        simple(paid(on="2026-05-31"), lines=[line(due="2026-06-01", fiscal_year="2025")]),
        {"p1": (O.CLOSING_PERIOD, 20_000, 0, 0, 0)},
        [],
    ),
    "from 1 June": (
        simple(paid(on="2026-06-01"), lines=[line(due="2026-06-01", fiscal_year="2025")]),
        {"p1": (O.CARRIED_OVER, 20_000, 0, 0, 0)},
        [],
    ),
    "heirs": (
        simple(paid(), paid("p2", on="06-11"), blocks=[{"payer_id": "P1", "reason": "heirs"}]),
        {"p1": (O.EXACT, 20_000, 0, 0, 0), "p2": (O.REFUND_BLOCKED, 0, 20_000, 0, 0)},
        ["gonou"],
    ),
    "third-party payer": (
        simple(paid(amount=20_500), blocks=[{"payment_id": "p1", "reason": "third_party"}]),
        {"p1": (O.REFUND_BLOCKED, 20_000, 500, 0, 0)},
        ["gonou"],
    ),
    "past the rate table": (
        world([line()], [slip(1, 21_500)], PARTS, [paid(amount=21_500, on="2027-01-20")]),
        {"p1": (O.NO_RATE, 20_000, 0, 0, 1_500)},
        [],
    ),
    "an offset that was decided": (
        simple(
            transfers=[
                {"payment_id": "p1", "receipt_id": "t", "line_id": "A", "component": "principal", "amount": 20_000, "paid_on": w.day("06-10")}
            ]
        ),
        {"p1": (O.OFFSET_APPLIED, 20_000, 0, 0, 0)},
        [],
    ),
    "two people, same amount, same day": (
        world(
            [line(), line("B", payer_id="P2", notice_no="N2")],
            [slip(1), slip(2, payer_id="P2")],
            [cover(1), cover(2, "B")],
            [paid("p1", 1), paid("p2", 2), paid("p3", 2)],
        ),
        {"p1": (O.EXACT, 20_000, 0, 0, 0), "p2": (O.EXACT, 20_000, 0, 0, 0), "p3": (O.DUPLICATE, 0, 20_000, 0, 0)},
        ["gonou"],
    ),
    "a suspended line is paid like any other": (
        simple(paid(), lines=[line(status="suspended")]),
        {"p1": (O.EXACT, 20_000, 0, 0, 0)},
        [],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_case(case: str) -> None:
    of, expected, classes = CASES[case]
    found = w.decided(of)
    for payment, (outcome, *yen) in expected.items():
        assert (w.outcome(found, payment), *w.sums(found, payment)) == (outcome.value, *yen)
    assert found.outcomes.height == len(expected)
    assert sorted(found.excess["class"]) == sorted(classes)


def test_every_outcome_has_a_case() -> None:
    assert {e[0] for _, expected, _ in CASES.values() for e in expected.values()} == set(Outcome)


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


def test_the_page_is_current() -> None:
    assert markdown() in DOC.read_text(encoding="utf-8")


def test_every_case_speaks_both_languages() -> None:
    assert all(o.ja and o.en and not o.ja.isascii() and o.money for o in Outcome)
    assert len({o.value for o in Outcome}) == len(PRECEDENCE)


# --- what the rows say besides -----------------------------------------------------------------------------


def test_a_late_arriving_earlier_payment_wipes_out_the_charge() -> None:
    late = paid("p2", on="07-20", amount=250_000)
    big = {"lines": [line(principal=250_000, due="2026-02-28")]}
    slips, covers = [slip(1, 250_000)], [cover(1, "A", 250_000)]
    before = w.decided(world(big["lines"], slips, covers, [late]))
    assert before.charges["amount"].item() > 1_000
    after = w.decided(world(big["lines"], slips, covers, [late, paid("p1", amount=250_000, on="2026-02-20")]))
    assert after.charges.is_empty()
    assert after.postings["payment_id"].to_list() == ["p1"]
    assert w.outcome(after, "p2") == "duplicate"


def test_nothing_is_given_back_while_the_line_rests_on_a_preliminary_notice() -> None:
    found = w.decided(simple(paid(kind="preliminary"), paid("p2", on="06-11")))
    assert found.excess.select("payment_id", "blocked").rows() == [("p2", "preliminary")]
    assert found.lines["state"].to_list() == ["provisional"]


def test_a_surplus_over_several_lines_waits_for_each_of_them() -> None:
    """It is the payer's only when it is known what was paid: a 速報 on one of the lines may come to nothing."""
    events = [paid("p1", 9, 31_000), paid("p2", 1, 10_000, on="06-12", kind="preliminary")]
    found = w.decided(world(YEAR, YEAR_SLIPS, YEAR_COVERS, events)).excess.filter(pl.col("line_id").is_null())
    assert found.select("payment_id", "amount", "blocked").rows() == [("p1", 1_000, "preliminary")]


@pytest.mark.parametrize(
    ("on", "case"),
    [("03-31", O.EXACT), ("04-01", O.CLOSING_PERIOD), ("05-31", O.CLOSING_PERIOD), ("06-01", O.CARRIED_OVER)],
)
def test_a_year_ends_in_march_and_its_books_in_may(on: str, case: Outcome) -> None:
    last_year = line(due="06-30", fiscal_year="2025")
    assert w.outcome(w.decided(simple(paid(on=on), lines=[last_year]))) == case.value


@pytest.mark.parametrize("premium", [False, True])
def test_a_surplus_over_several_lines_lies_in_the_books_of_its_day_and_beside_its_kind(
    *, premium: bool
) -> None:
    lines = [{**one, "is_premium": premium} for one in YEAR]
    surplus = world(lines, YEAR_SLIPS, YEAR_COVERS, [paid("p1", 9, 31_000, on="2026-02-10")])
    found = w.decided(surplus).excess
    assert found.select("line_id", "amount", "fiscal_year", "is_premium").rows() == [
        (None, 1_000, "2025", premium)
    ]


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 2, 1)])
def test_of_two_slips_that_replaced_one_the_lesser_key_stands_for_it(order: tuple[int, ...]) -> None:
    slips = {1: slip(1), 2: slip(2, supersedes=w.key(1)), 3: slip(3, supersedes=w.key(1))}
    lines = [line("A"), line("B", period="02")]
    of = world(lines, [slips[n] for n in order], [cover(3, "A"), cover(2, "B")], [paid()])
    assert w.decided(of).postings["line_id"].to_list() == ["B"]


@pytest.mark.parametrize(("on", "case"), [("06-09", O.EXACT), ("06-10", O.TIME_BARRED)])
def test_the_day_that_the_tax_system_names_is_barred_already(on: str, case: Outcome) -> None:
    named = line(time_barred_on=w.day("06-10"))
    assert w.outcome(w.decided(simple(paid(on=on), lines=[named]))) == case.value


def test_a_payment_that_was_taken_back_needs_nobody_to_say_which_correction_holds() -> None:
    said = [
        paid(kind="corrected", amount=yen, receipt_id=f"c{yen}", orig_txn_id="T") for yen in (1_000, 2_000)
    ]
    assert w.outcome(w.decided(simple(paid(), *said))) == "contradictory"
    assert w.outcome(w.decided(simple(paid(), *said, paid(kind="cancelled")))) == "payment_cancelled"


def test_kanou_arises_with_the_revision_gonou_with_the_payment() -> None:
    lines = [
        line(),
        line(principal=15_000, revised_at=w.day("07-01")),
        line(principal=15_000, revised_at=w.day("08-01")),
    ]
    found = w.decided(simple(paid(), paid("p2", on="06-11"), lines=lines)).excess
    assert found.select("payment_id", "class", "arisen_on").rows() == [
        ("p1", "kanou", w.day("07-01")),
        ("p2", "gonou", w.day("06-11")),
    ]


@pytest.mark.parametrize(
    ("paid_yen", "versions", "arisen"),
    [
        # reduced, but still to what had been paid in part: nothing was too much before the second revision
        (12_000, [("07-01", 15_000), ("08-01", 10_000)], "08-01"),
        # reduced, restored, reduced again: in between the payment was due to the yen
        (20_000, [("07-01", 15_000), ("07-15", 20_000), ("08-01", 15_000)], "08-01"),
        (20_000, [("07-01", 15_000), ("07-15", 17_000), ("08-01", 15_000)], "07-01"),
    ],
)
def test_kanou_arises_with_the_revision_that_made_it_too_much(
    paid_yen: int, versions: list[tuple[str, int]], arisen: str
) -> None:
    lines = [line(principal=20_000), *(line(principal=yen, revised_at=w.day(day)) for day, yen in versions)]
    found = w.decided(simple(paid(amount=paid_yen), lines=lines)).excess
    assert found.select("class", "arisen_on").rows() == [("kanou", w.day(arisen))]


def test_a_second_payment_arises_with_the_revision_that_reached_it() -> None:
    versions = [("07-01", 15_000), ("08-01", 6_000)]
    lines = [line(principal=20_000), *(line(principal=yen, revised_at=w.day(day)) for day, yen in versions)]
    found = w.decided(simple(paid(amount=8_000), paid("p2", on="06-11", amount=12_000), lines=lines)).excess
    assert found.select("payment_id", "amount", "arisen_on").rows() == [
        ("p1", 2_000, w.day("08-01")),  # the first 8,000 yen stood until then
        ("p2", 12_000, w.day("07-01")),
    ]


@pytest.mark.parametrize("restored", [True, False])
def test_a_charge_that_was_due_arises_with_the_revision_too(restored: bool) -> None:
    """The line is cancelled by mistake, comes back, and is cancelled for good: the charge that was paid stood in between."""
    versions = [("2026-09-01", "cancelled"), *([("2026-09-15", "open")] if restored else [])]
    lines = [
        line(principal=250_000, due="2026-02-28"),
        *(
            line(principal=250_000, due="2026-02-28", status=status, revised_at=w.day(day))
            for day, status in [*versions, ("2026-10-01", "cancelled")]
        ),
    ]
    slips = [slip(1, 260_000, delinquency=10_000)]
    covers = [cover(1, "A", 250_000), cover(1, "A", 10_000, component="delinquency")]
    found = w.decided(world(lines, slips, covers, [paid(amount=260_000, on="07-20")])).excess
    since = {
        (component, day)
        for component, class_, day in found.select("component", "class", "arisen_on").rows()
        if class_ == "kanou"
    }
    day = w.day("2026-10-01" if restored else "2026-09-01")
    assert since == {("principal", day), ("delinquency", day)}


def test_the_books_of_a_posting() -> None:
    last_year = [line(due="2026-06-01", fiscal_year="2025")]
    for on, account, year in (
        ("2026-05-31", None, "2025"),
        ("2026-06-01", None, "2026"),
        ("2026-06-01", "2026-05-29", "2025"),
    ):
        event = paid(on=on, account_date=account and w.day(account))
        assert w.decided(simple(event, lines=last_year)).postings["fiscal_year"].to_list() == [year]


@pytest.mark.parametrize(
    ("lines", "events", "state"),
    [
        ([line()], [paid()], "closed"),
        ([line(due="11-30")], [], "open"),
        ([line()], [], "overdue"),
        ([line(status="cancelled")], [], "cancelled"),
        ([line(status="suspended")], [], "suspended"),
        ([line(due="2021-05-31")], [], "time_barred"),
        ([line(principal=250_000, due="2026-02-28")], [paid(amount=250_000)], "charge_due"),
        ([line()], [paid(kind="preliminary")], "provisional"),
    ],
)
def test_state_of_a_line(lines: list[w.Row], events: list[w.Row], state: str) -> None:
    assert w.decided(simple(*events, lines=lines)).lines["state"].to_list() == [state]


def test_the_charge_is_the_receivable_that_a_delinquency_slip_pays() -> None:
    slips = [slip(1, 250_000), slip(2, 9_000, kind="delinquency")]
    covers = [cover(1, "A", 250_000), cover(2, "A", 9_000, "delinquency")]
    found = w.decided(world([BIG], slips, covers, [paid(amount=250_000), paid("p2", 2, 9_000, "07-01")]))
    charge = found.charges["amount"].item()
    assert found.postings.filter(pl.col("component") == "delinquency")["amount"].item() == charge < 9_000
    assert w.sums(found, "p2") == (charge, 9_000 - charge, 0, 0)
    assert found.lines.select("charge", "charge_open").row(0) == (charge, 0)


REDUCED = line("A", "2026-02-28", 100_000, revised_at=w.day("08-01"))
GONE = line("A", "2026-02-28", 250_000, revised_at=w.day("08-01"), status="cancelled")
ASKS = [cover(1, "A", 250_000), cover(1, "A", 9_000, "delinquency"), cover(1, "A", 100, "dunning_fee")]
# 250,000 due on 2 March: 31 days at 2.8 % are 594, 109 days to 20 July at 9.1 % 6,793, together 7,300; 38 days to 10 May 2,368, together 2,900


@pytest.mark.parametrize(
    ("now", "days", "rows"),
    [
        (REDUCED, ["03-02"], [("p1", "delinquency", "gonou", 9_000)]),
        (GONE, ["03-02"], [("p1", "delinquency", "gonou", 9_000), ("p1", "dunning_fee", "kanou", 100)]),
        (REDUCED, ["07-20"], [("p1", "delinquency", "gonou", 1_700), ("p1", "delinquency", "kanou", 4_400)]),
        (
            GONE,
            ["07-20"],
            [
                ("p1", "delinquency", "gonou", 1_700),
                ("p1", "delinquency", "kanou", 7_300),
                ("p1", "dunning_fee", "kanou", 100),
            ],
        ),
        (
            REDUCED,
            ["05-10", "07-20"],
            [
                ("p1", "delinquency", "gonou", 6_100),
                ("p1", "delinquency", "kanou", 1_800),
                ("p2", "delinquency", "gonou", 9_000),
                ("p2", "dunning_fee", "gonou", 100),
            ],
        ),
    ],
    ids=["in time, reduced", "in time, cancelled", "late, reduced", "late, cancelled", "twice, reduced"],
)
def test_of_a_charge_only_what_was_due_on_the_day_of_payment_is_kanou(
    now: w.Row, days: Sequence[str], rows: list[tuple[str, str, str, int]]
) -> None:
    events = [paid(f"p{n}", amount=259_100, on=on) for n, on in enumerate(days, 1)]
    found = w.decided(world([BIG, now], [slip(1, 259_100)], ASKS, events)).excess
    extra = found.filter(pl.col("component") != "principal").sort("payment_id", "component", "class")
    assert extra.select("payment_id", "component", "class", "amount").rows() == rows
