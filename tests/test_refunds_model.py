"""Any sequence of proposals, approvals, rejections, exports, nights and crashes: never more goes out than was owed, and nothing is lost."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from ledger_files import LINE_HEAD, RECEIPT_HEAD, SLIP_HEAD, line, night, receipt, slip, write
from refund_towns import FRIDAY, account, accounts, act, found

from elqr.problems import ProblemError
from reconcile import refund_export
from reconcile.ledger import open_ledger
from reconcile.owed import owed
from reconcile.refund_export import export
from reconcile.refund_returns import take_returned
from reconcile.refund_starts import set_start
from reconcile.refund_states import Refund, State, refunds_of
from reconcile.refunds import approve, propose, reject
from reconcile.store_sqlite import SqliteStore

PEOPLE = ("ann", "bea", "cho", "dan")
YEN = 10_000
PAYERS = 2


class Crash(BaseException):
    """The machine stops here."""


class Office(RuleBasedStateMachine):
    """Two payers with two instalments each; whoever happens to be there does whatever comes to mind."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.top = Path(self.folder.name)
        self.place = str(self.top / "l.db")
        self.paid: list[tuple[str, int, int]] = []
        self.cancelled: set[str] = set()
        self.sent: dict[int, bytes] = {}
        self.files = 0

    def teardown(self) -> None:
        self.folder.cleanup()

    @initialize()
    def begin(self) -> None:
        who = range(1, PAYERS + 1)
        a = write(self.top / "a.csv", LINE_HEAD, *(line(n, t, YEN) for n in who for t in (1, 2)))
        s = write(self.top / "s.csv", SLIP_HEAD, *(slip(n * 10 + t, n, t, YEN) for n in who for t in (1, 2)))
        night(self.place, assessments=[a], slips=[s])
        accounts(self.place, self.top, *(account(n) for n in who), who="ida")
        for n in who:
            self.pay(n, 1, 0)
            self.pay(n, 1, 1)

    def rows(self, *rows: dict[str, object]) -> None:
        self.files += 1
        night(self.place, receipts=[write(self.top / f"r{self.files}.csv", RECEIPT_HEAD, *rows)])  # type: ignore[arg-type]

    @rule(n=st.integers(1, PAYERS), term=st.integers(1, 2), day=st.integers(0, 100))
    def pay(self, n: int, term: int, day: int) -> None:
        self.paid.append((f"T{len(self.paid)}", n * 10 + term, day))
        self.rows(dict(receipt(self.paid[-1][0], n * 10 + term, YEN, date(2026, 6, 1) + timedelta(day))))

    @rule(at=st.integers(0, 30))
    def cancel(self, at: int) -> None:
        txn, number, day = self.paid[at % len(self.paid)]
        self.cancelled.add(txn)
        self.rows(dict(receipt(txn, number, YEN, date(2026, 6, 1) + timedelta(day), "cancelled")))

    @rule(n=st.integers(1, PAYERS), yen=st.sampled_from((0, 4_000, 9_000, 15_000)))
    def revise(self, n: int, yen: int) -> None:
        self.files += 1
        revised = (date(2026, 7, 1) + timedelta(self.files)).isoformat()
        row = line(n, 1, yen, revised_at=revised, status="open" if yen else "cancelled")
        night(self.place, assessments=[write(self.top / f"v{self.files}.csv", LINE_HEAD, row)])

    def attempt(self, step: Callable[[], object], *, crash: str | None) -> None:
        """Do it; a refusal is an answer, a crash leaves the ledger to the next."""

        def stop(*_: object) -> None:
            raise Crash

        with pytest.MonkeyPatch.context() as patch:
            if crash == "commit":
                patch.setattr(SqliteStore, "commit", stop)
            elif crash == "files":
                patch.setattr(refund_export, "write_files", stop)
            with contextlib.suppress(ProblemError, Crash):
                step()

    crashes = st.sampled_from((None, None, None, "commit"))
    people = st.sampled_from(PEOPLE)

    @rule(who=people, crash=crashes)
    def proposed(self, who: str, crash: str | None) -> None:
        self.attempt(lambda: propose(act(self.place, who)), crash=crash)

    @rule(who=people, pick=st.integers(0, 7), late=st.integers(0, 60), crash=crashes)
    def bearing(self, who: str, pick: int, late: int, crash: str | None) -> None:
        first = date(2026, 9, 1) + timedelta(late)
        some = self.some(pick)[:1]
        self.attempt(lambda: set_start(act(self.place, who), some, day=first, reason="?"), crash=crash)

    @rule(who=people, pick=st.integers(0, 7), crash=crashes)
    def approved(self, who: str, pick: int, crash: str | None) -> None:
        self.attempt(lambda: approve(act(self.place, who), self.some(pick)), crash=crash)

    @rule(who=people, pick=st.integers(0, 7), crash=crashes)
    def rejected(self, who: str, pick: int, crash: str | None) -> None:
        self.attempt(lambda: reject(act(self.place, who), self.some(pick)[:1], reason="?"), crash=crash)

    @rule(who=people, pick=st.integers(0, 7), crash=crashes)
    def sent_back(self, who: str, pick: int, crash: str | None) -> None:
        def step() -> None:
            take_returned(act(self.place, who, on=FRIDAY), self.some(pick)[:1], reason="?", same_account=True)

        self.attempt(step, crash=crash)

    @rule(who=people, crash=st.sampled_from((None, None, "commit", "files")))
    def exported(self, who: str, crash: str | None) -> None:
        before = self.owed_by_payer()
        known = {r.refund_id for r in self.all() if r.state is State.EXPORTED}
        self.attempt(
            lambda: export(act(self.place, who, on=FRIDAY), transfer_on=FRIDAY, out=self.top / "bank"),
            crash=crash,
        )
        for payer, (stands, _) in before.items():
            given = [r.amount for r in self.all() if r.state is State.EXPORTED and r.payer_id == payer]
            new = [
                r
                for r in self.all()
                if r.state is State.EXPORTED and r.payer_id == payer and r.refund_id not in known
            ]
            assert not new or sum(given) <= stands, "more goes out than is owed"
        for path in (self.top / "bank").glob("*.txt"):
            number = int(path.stem[-5:])
            assert self.sent.setdefault(number, path.read_bytes()) == path.read_bytes()

    def some(self, pick: int) -> list[str]:
        ids = [r.refund_id for r in self.all() if r.state is not State.REJECTED]
        return ids[pick % len(ids) :] if ids else ["R000001"]

    def all(self) -> tuple[Refund, ...]:
        with open_ledger(self.place) as ledger:
            return refunds_of(ledger)

    def owed_by_payer(self) -> dict[str | None, tuple[int, int]]:
        """Yen of excess that stand and that are free, by payer."""
        with open_ledger(self.place) as ledger:
            now = owed(ledger)
        free = dict(now.free.group_by("payer_id").agg(pl.col("amount").sum()).iter_rows())
        stands = dict(now.excess.group_by("payer_id").agg(pl.col("amount").sum()).iter_rows())
        assert sum(now.taken.values()) + sum(free.values()) == sum(stands.values())
        return {payer: (yen, free.get(payer, 0)) for payer, yen in stands.items()}

    @invariant()
    @precondition(lambda self: bool(self.paid))
    def nothing_twice(self) -> None:
        refunds = self.all()
        assert [r.refund_id for r in refunds] == [f"R{i:06}" for i in range(1, len(refunds) + 1)]
        for refund in refunds:
            assert len(set(refund.people)) == len(refund.people)
            hands = set(refund.people)
            for order in refund.orders:
                assert order.exporter not in hands
                hands |= {order.returned.who} if order.returned else set()
            assert all(order.returned for order in refund.orders[:-1])
        self.owed_by_payer()

    @invariant()
    @precondition(lambda self: self.files % 6 == 5)
    def the_ledger_is_whole(self) -> None:
        assert found(self.place) == []


def test_office() -> None:
    """Few and short by default; `make fuzz` draws new ones, and more."""
    more = 5 if not settings.default.derandomize else 1
    asked = settings(
        settings.default,
        max_examples=3 * more,
        stateful_step_count=10,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Office, settings=asked)
