"""Every case of reconcile-rules §3 by name, with its yen; and the page that lists them."""

from __future__ import annotations

from pathlib import Path

import decide_worlds as w
import pytest
from decide_worlds import BIG, YEAR, YEAR_COVERS, YEAR_SLIPS, cover, line, paid, simple, slip, world

from reconcile.outcomes import PRECEDENCE, Outcome, markdown
from reconcile.world import World

DOC = Path(__file__).resolve().parent.parent / "docs" / "reconcile-outcomes.md"
O = Outcome  # noqa: E741

# --- each case: the world, payment -> (outcome, posted, excess, suspense, held), and the class of its excess ------------------------

TWO_SLIPS = [slip(1), slip(2, kind="reissue")]
BOTH = [cover(1), cover(2)]
PARTS = [cover(), cover(1, "A", 1_500, "delinquency")]
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


def test_the_page_is_current() -> None:
    assert markdown() in DOC.read_text(encoding="utf-8")


def test_every_case_speaks_both_languages() -> None:
    assert all(o.ja and o.en and not o.ja.isascii() and o.money for o in Outcome)
    assert len({o.value for o in Outcome}) == len(PRECEDENCE)
