"""Small worlds to decide on: a few lines, slips and events, by hand or at random."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import polars as pl
from hypothesis import settings
from hypothesis import strategies as st

from reconcile.decide import decide
from reconcile.frames import ASSESSMENTS, COVERS, RECEIPTS, SLIPS
from reconcile.policy import Policy, load_policy
from reconcile.world import BLOCKS, TRANSFERS, Decision, World

POLICY = load_policy()
AS_OF = date(2026, 11, 20)
BODY = "342041"
Row = dict[str, Any]
FUZZ = settings.get_current_profile_name() == "fuzz"
FEW = settings(max_examples=2_000 if FUZZ else 30)  # for what decides a world several times


def rows(schema: Mapping[str, pl.DataType], *given: Row) -> pl.DataFrame:
    """Rows with null where nothing is said."""
    unknown = {name for row in given for name in row} - set(schema)
    assert not unknown, unknown
    empty = dict.fromkeys(schema)
    return pl.DataFrame([{**empty, **row} for row in given], schema=dict(schema), orient="row")


def day(text: str) -> date:
    """`06-30` is in 2026."""
    return date.fromisoformat(text if len(text) > 5 else f"2026-{text}")


def line(line_id: str = "A", due: str = "06-30", principal: int = 20_000, **more: Any) -> Row:
    """A line of 2026, or a version of it."""
    base = {
        "line_id": line_id,
        "payer_id": "P1",
        "body_code": BODY,
        "tax_item": "001",
        "levy_year": "2026",
        "tax_year": "2026",
        "fiscal_year": "2026",
        "period": "01",
        "notice_no": "N1",
        "due_date": day(due),
        "principal": principal,
        "status": "open",
    }
    return {**base, **more}


def key(number: int) -> str:
    """A slip key."""
    return f"{number:020}"


def slip(number: int = 1, amount: int = 20_000, **more: Any) -> Row:
    """A slip of the same payer."""
    base = {
        "slip_key": key(number),
        "tax_item": "001",
        "body_code": BODY,
        "payer_id": "P1",
        "amount": amount,
        "period": "01",
        "kind": "initial",
        "confirm_no": "123456",
    }
    return {**base, **more}


def cover(number: int = 1, line_id: str = "A", amount: int = 20_000, component: str = "principal") -> Row:
    """What a slip pays."""
    return {"slip_key": key(number), "line_id": line_id, "component": component, "amount": amount}


def paid(
    payment: str = "p1",
    number: int = 1,
    amount: int = 20_000,
    on: str = "06-10",
    kind: str = "confirmed",
    **more: Any,
) -> Row:
    """An event of a payment."""
    base = {
        "receipt_id": f"{payment}-{kind}",
        "payment_id": payment,
        "kind": kind,
        "channel": "convenience",
        "body_code": BODY,
        "slip_key": key(number),
        "amount": amount,
        "paid_on": day(on),
        "remit_date": day(on) + timedelta(days=3),
    }
    return {**base, **more}


def world(
    lines: Sequence[Row],
    slips: Sequence[Row],
    covers: Sequence[Row],
    events: Sequence[Row],
    *,
    transfers: Sequence[Row] = (),
    blocks: Sequence[Row] = (),
) -> World:
    """A world of these rows."""
    return World(
        assessments=rows(ASSESSMENTS, *lines),
        slips=rows(SLIPS, *slips),
        covers=rows(COVERS, *covers),
        receipts=rows(RECEIPTS, *events),
        transfers=rows(TRANSFERS, *transfers),
        blocks=rows(BLOCKS, *blocks),
        body_code=BODY,
    )


def simple(*events: Row, lines: Sequence[Row] = (), **more: Any) -> World:
    """One line, one slip over all of it, and these events."""
    return world(lines or [line()], [slip()], [cover()], events, **more)


def decided(of: World, policy: Policy = POLICY) -> Decision:
    """The decision on the usual day."""
    return decide(of, policy, as_of=AS_OF)


def outcome(of: Decision, payment: str = "p1") -> str:
    """The outcome of one payment."""
    found: str = of.outcomes.filter(pl.col("payment_id") == payment)["outcome"].item()
    return found


def facts(of: Decision, payment: str = "p1") -> list[str]:
    """All cases that hold of one payment."""
    return of.outcomes.filter(pl.col("payment_id") == payment)["facts"].item().split(";")  # type: ignore[no-any-return]


def sums(of: Decision, payment: str = "p1") -> tuple[int, int, int, int]:
    """posted, excess, suspense, held of one payment."""
    found = of.outcomes.filter(pl.col("payment_id") == payment)
    return found.select("posted", "excess", "suspense", "held").row(0)


def own(name: str, number: int) -> str:
    """A name as the world of this number has it."""
    return f"{number:04}-{name}"


def apart(of: World, number: int) -> World:
    """The same world under names of its own, so that many of them can be decided together."""
    names = {"line_id", "payer_id", "notice_no", "payment_id", "receipt_id", "txn_id", "orig_txn_id"}

    def renamed(frame: pl.DataFrame) -> pl.DataFrame:
        here = names & set(frame.columns)
        keys = {"slip_key", "supersedes"} & set(frame.columns)
        return frame.with_columns(
            *(pl.concat_str(pl.lit(own("", number)), name).alias(name) for name in sorted(here)),
            *(
                pl.concat_str(pl.lit(f"{number:04}"), pl.col(name).str.slice(4)).alias(name)
                for name in sorted(keys)
            ),
        )

    parts = ("assessments", "slips", "covers", "receipts", "transfers", "blocks")
    return replace(of, **{name: renamed(getattr(of, name)) for name in parts})


# --- lines that several tests pay -------------------------------------------------------------------

YEAR = [
    line(i, due, 10_000, period=f"0{n}")
    for n, (i, due) in enumerate((("A", "06-30"), ("B", "08-31"), ("C", "11-02")), 1)
]
YEAR_SLIPS = [slip(9, 30_000, period="00", kind="full_year"), slip(1, 10_000)]
YEAR_COVERS = [cover(9, i, 10_000) for i in "ABC"] + [cover(1, "A", 10_000)]
BIG = line("A", "2026-02-28", 250_000)  # due 2 March after the roll


# --- at random -------------------------------------------------------------------------------------

LINE_IDS = ("A", "B", "C", "D")
DUES = (day("2026-02-28"), day("06-30"), day("08-31"), day("11-02"))
YEN = st.sampled_from([0, 1_000, 9_500, 10_000, 20_000, 30_000, 250_000])
DAYS = st.dates(day("2026-01-05"), day("2026-12-25"))


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Lines with revisions, slips of all kinds over them, and events in every combination; half of them as on any plain night."""
    plain = draw(st.booleans())

    def rarely(*odd: Any) -> Any:
        return None if plain else draw(st.sampled_from([None, None, None, *odd]))

    lines, principals = [], {}
    for line_id, due in zip(LINE_IDS, DUES, strict=True):
        principals[line_id] = draw(YEN)
        fixed = {
            "time_barred_on": rarely(day("10-01")),
            "exempt_from": rarely(day("07-10")),
            "dunning_fee": rarely(100),
            "carried_over": rarely(False, True),
            "fiscal_year": rarely("2025") or "2026",
            "payer_id": "P2" if line_id == "D" else "P1",
            "due_date": due,
            "period": f"{LINE_IDS.index(line_id) + 1:02}",
        }
        lines.append(line(line_id, principal=principals[line_id], **fixed))
        for _ in range(rarely(1, 2) or 0):
            status = draw(st.sampled_from(["open", "open", "cancelled", "suspended"]))
            revised = draw(st.one_of(st.none(), DAYS))
            lines.append(line(line_id, principal=draw(YEN), status=status, revised_at=revised, **fixed))
    slips, covers = [], []
    for number in range(1, draw(st.integers(1, 7)) + 1):
        chosen = draw(st.sampled_from([("A",), ("B",), ("C",), ("D",), ("A",), LINE_IDS[:3], ("A", "B")]))
        kind = "full_year" if len(chosen) == 3 else draw(st.sampled_from(["initial", "reissue", "dunning"]))
        period = "00" if len(chosen) == 3 else f"{LINE_IDS.index(chosen[0]) + 1:02}"
        mine = [cover(number, i, principals[i] or 5_000) for i in chosen]
        if len(chosen) == 1:
            extra = rarely(("delinquency",), ("delinquency", "dunning_fee")) or ()
            mine += [cover(number, chosen[0], draw(st.sampled_from([100, 1_200, 9_000])), c) for c in extra]
            if extra and draw(st.booleans()):
                mine = mine[1:]
        total = sum(c["amount"] for c in mine)
        replaced = rarely(*range(1, number))
        slips.append(
            slip(
                number,
                total,
                kind=kind,
                period=period,
                supersedes=None if replaced is None else key(replaced),
            )
        )
        if plain or draw(st.integers(0, 9)):
            covers += mine
    events = [e for n in range(draw(st.integers(0, 8))) for e in draw(_payments(n, slips, plain=plain))]
    transfers = [
        {
            "payment_id": f"t{n}",
            "receipt_id": f"t{n}",
            "line_id": draw(st.sampled_from(LINE_IDS)),
            "component": draw(st.sampled_from(["principal", "delinquency"])),
            "amount": draw(st.sampled_from([500, 3_000])),
            "paid_on": draw(DAYS),
        }
        for n in range(rarely(1) or 0)
    ]
    blocks = rarely([{"payer_id": "P2", "reason": "heirs"}]) or []
    return world(lines, slips, covers, events, transfers=transfers, blocks=blocks)


@st.composite
def _payments(draw: st.DrawFn, n: int, slips: Sequence[Row], *, plain: bool) -> list[Row]:
    number = draw(st.sampled_from([*range(1, len(slips) + 1)] * (9 if plain else 2) + [99]))
    asked = slips[number - 1]["amount"] if number <= len(slips) else 7_000
    amount = draw(
        st.sampled_from([asked] * (9 if plain else 3) + [max(1, asked - 700), asked + 800, 2 * asked])
    )
    early = [day("2026-01-10"), day("2026-02-10"), day("06-10")]
    on = draw(st.sampled_from([*early, day("07-20")]) if plain else DAYS).isoformat()
    common: Row = {"paid_time": draw(st.sampled_from([None, None, "090000", "235959"]))}
    if not plain:
        common |= {
            "confirm_no": draw(st.sampled_from([None] * 5 + ["123456", "123456", "999999"])),
            "period": draw(st.sampled_from([None] * 9 + ["02"])),
            "account_date": draw(st.sampled_from([None, None, day("2026-05-31"), day("2026-06-01")])),
        }
    kinds = draw(
        st.sampled_from(
            [
                *[("confirmed",)] * (18 if plain else 3),
                ("preliminary",),
                ("preliminary", "confirmed"),
                ("preliminary", "cancelled"),
                ("confirmed", "cancelled"),
                ("cancelled",),
                ("corrected",),
                ("confirmed", "corrected"),
                ("preliminary", "corrected"),
                ("confirmed", "corrected", "corrected"),
                ("preliminary", "confirmed", "corrected", "cancelled"),
            ]
        )
    )
    found = []
    for place, kind in enumerate(kinds):
        differs = 100 if place and draw(st.sampled_from([False, False, True])) else 0
        event = paid(f"p{n}", number, amount + differs, on, kind, **common)
        if kind == "corrected" and draw(st.booleans()):
            event |= {"remit_date": None, "account_date": None}
        found.append({**event, "receipt_id": f"p{n}-{kind}-{place}"})
    return found


def shuffled(of: World, seeds: Sequence[int]) -> World:
    """The same world with its rows in another order; versions of a line stay in theirs, which is what tells them apart."""
    mixed = {
        name: getattr(of, name).sample(fraction=1, shuffle=True, seed=seed)
        for name, seed in zip(("slips", "covers", "receipts", "transfers", "blocks"), seeds, strict=False)
    }
    by_line = of.assessments.with_columns(_first=pl.col("line_id").hash(seed=seeds[0])).sort(
        "_first", maintain_order=True
    )
    return replace(of, **mixed, assessments=by_line.drop("_first"))
