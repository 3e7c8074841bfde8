"""A ledger under everything that offices do to it, with crashes between any two steps: it always equals one made from scratch.

The model is the set of rows that were taken in; a crash takes in nothing. After every step the ledger's digest is the model's.
"""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path
from typing import Any, ClassVar

import ledger_files as files
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from ledger_files import LINE_HEAD, RECEIPT_HEAD, SLIP_HEAD, Row, line, receipt, slip

from elqr.problems import ProblemError
from reconcile.decide import decide
from reconcile.ledger import open_ledger, open_store
from reconcile.ledger_check import check_ledger
from reconcile.night import Inputs
from reconcile.run import RunRequest, reconcile

NOTICES = (1, 2)
PRINCIPAL = 20_000
SLIPS = st.sampled_from([11, 12, 13, 10, 15, 21, 22, 20, 999])
AMOUNTS = st.sampled_from([PRINCIPAL, PRINCIPAL, PRINCIPAL, 4 * PRINCIPAL, 5_000, 20_300])
DAYS = st.integers(0, 200).map(lambda n: date(2026, 6, 1) + timedelta(n))
STEPS = st.integers(0, 60)


class Crash(BaseException):
    """The process ends here."""


class Ledgers(RuleBasedStateMachine):
    """One ledger, and the rows that it has been given."""

    place_maker: ClassVar[Callable[[], str] | None] = None

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="elqr-model-"))
        self.numbers = itertools.count()
        self.place = self.place_maker() if self.place_maker else str(self.folder / "ledger.db")
        self.taken: dict[str, list[Row]] = {"assessments": [], "slips": [], "receipts": []}
        self.checked = ""

    def teardown(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    # --- what is done to it

    @initialize()
    def register(self) -> None:
        """The year begins: lines and slips."""
        lines = [line(n, t, PRINCIPAL) for n in NOTICES for t in range(1, 5)]
        slips = [slip(n * 10 + t, n, t, PRINCIPAL) for n in NOTICES for t in range(1, 5)]
        slips += [slip(n * 10, n, 0, 4 * PRINCIPAL, kind="full_year") for n in NOTICES]
        slips += [slip(15, 1, 1, PRINCIPAL, kind="reissue", supersedes=files.key(11))]
        self.night(assessments=lines, slips=slips)

    @rule(
        number=SLIPS,
        amount=AMOUNTS,
        paid=DAYS,
        kind=st.sampled_from(["confirmed", "confirmed", "preliminary"]),
    )
    def a_new_file(self, number: int, amount: int, paid: date, kind: str) -> None:
        txn = f"T{len(self.taken['receipts'])}"
        self.night(receipts=[receipt(txn, number, amount, paid, kind)])

    @rule(data=st.data())
    def the_same_rows_in_any_order(self, data: st.DataObject) -> None:
        rows = self.taken["receipts"]
        if rows:
            self.night(receipts=data.draw(st.permutations(rows)))

    @rule(data=st.data(), number=SLIPS, amount=AMOUNTS, paid=DAYS)
    def an_overlapping_file(self, data: st.DataObject, number: int, amount: int, paid: date) -> None:
        rows = self.taken["receipts"]
        some = data.draw(st.lists(st.sampled_from(rows), max_size=4)) if rows else []
        self.night(receipts=[*some, receipt(f"T{len(rows)}", number, amount, paid), *some[:1]])

    @rule(data=st.data(), kind=st.sampled_from(["cancelled", "corrected", "confirmed"]), amount=AMOUNTS)
    def a_payment_goes_on(self, data: st.DataObject, kind: str, amount: int) -> None:
        """Confirmed, corrected or cancelled; what was said before of the same kind stays said."""
        rows = self.taken["receipts"]
        firsts = [r for r in rows if not r["orig_txn_id"]]
        if not firsts:
            return
        one = data.draw(st.sampled_from(firsts))
        said = {r["kind"] for r in rows if one["txn_id"] in (r["txn_id"], r["orig_txn_id"])}
        if kind not in said:
            yen = amount if kind == "corrected" else int(one["amount"])
            paid = date.fromisoformat(str(one["paid_at"]))
            self.night(receipts=[receipt(str(one["txn_id"]), int(str(one["slip_key"])), yen, paid, kind)])

    @rule(data=st.data())
    def a_cancellation_before_its_payment(self, data: st.DataObject) -> None:
        txn, paid = f"T{len(self.taken['receipts'])}", data.draw(DAYS)
        self.night(receipts=[receipt(txn, 12, PRINCIPAL, paid, "cancelled")])
        self.night(receipts=[receipt(txn, 12, PRINCIPAL, paid)])

    @rule(notice=st.sampled_from(NOTICES), term=st.integers(1, 4), yen=AMOUNTS, off=st.booleans(), on=DAYS)
    def an_assessment_changes(self, notice: int, term: int, yen: int, off: bool, on: date) -> None:
        version = line(notice, term, yen, status="cancelled" if off else "open", revised_at=on.isoformat())
        same_day = [
            r
            for r in self.taken["assessments"]
            if (r["line_id"], r.get("revised_at")) == (version["line_id"], on.isoformat())
        ]
        if not same_day:  # two versions of one day are told apart by their order alone, which is no set
            self.night(assessments=[version])

    @rule(data=st.data())
    def a_contradiction(self, data: st.DataObject) -> None:
        """The same identity with other content: refused, and nothing is taken in."""
        rows = self.taken["receipts"]
        if not rows:
            return
        one = dict(data.draw(st.sampled_from(rows)))
        one["amount"] = int(one["amount"]) + 1
        new = receipt("NEVER", 11, 1, date(2026, 6, 1))
        with pytest.raises(ProblemError) as error:
            reconcile(self.request({"receipts": [new, one]}))
        assert {p.code for p in error.value.problems} == {"ledger.conflict"}

    @rule(number=SLIPS, amount=AMOUNTS, paid=DAYS, step=STEPS)
    def a_crash_and_the_same_again(self, number: int, amount: int, paid: date, step: int) -> None:
        """The process ends before its `step`-th statement; then the night is done again."""
        row = receipt(f"T{len(self.taken['receipts'])}", number, amount, paid)
        asked = self.request({"receipts": [row]})
        with FailingStores(step), suppress(Crash):
            reconcile(asked)
        self.take(asked, {"receipts": [row]})

    # --- what must hold

    @invariant()
    def equal_to_scratch(self) -> None:
        """One night with everything in a new ledger stands the same; and the ledger finds itself whole."""
        with open_ledger(self.place, writer=True) as ledger:
            standing = ledger.standing
            if standing.digest == self.checked:
                return
            assert check_ledger(ledger, decide=lambda w: decide(w, files.POLICY, as_of=files.AS_OF)) == []
        self.checked = standing.digest
        scratch = self.folder / f"scratch-{next(self.numbers)}.db"
        expected = reconcile(self.request(self.taken, place=str(scratch)))
        assert standing.result == expected.result
        assert {n: standing.totals[n] for n in expected.after} == expected.after
        total = standing.totals["received"][1]
        assert total == sum(standing.totals[n][1] for n in ("posted", "excess", "suspense", "held"))
        for path in self.folder.glob("scratch-*"):
            path.unlink()

    # --- helpers

    def night(self, **rows: Sequence[Row]) -> None:
        self.take(self.request(rows), rows)

    def take(self, asked: RunRequest, rows: dict[str, Sequence[Row]]) -> None:
        reconcile(asked)
        for role, some in rows.items():
            self.taken[role] += [row for row in some if row not in self.taken[role]]

    def request(self, rows: dict[str, Any], place: str | None = None) -> RunRequest:
        heads = {"assessments": LINE_HEAD, "slips": SLIP_HEAD, "receipts": RECEIPT_HEAD}
        paths = {
            role: [files.write(self.folder / f"{next(self.numbers)}.csv", heads[role], *some)]
            for role, some in rows.items()
            if some
        }
        return RunRequest(
            ledger=place or self.place, inputs=Inputs(**paths), as_of=files.AS_OF, policy=files.POLICY
        )


class FailingStores:
    """While it lasts, stores end the process before their n-th statement, commit, or sealing."""

    def __init__(self, step: int) -> None:
        self.patch = pytest.MonkeyPatch()
        self.left = step

    def __enter__(self) -> None:
        from reconcile import ledger

        def failing(place: str, *, writer: bool) -> Any:
            store = open_store(place, writer=writer)
            for name in ("begin", "commit", "append", "remove", "lookup", "settle", "highest", "rollback"):
                setattr(store, name, self.counted(getattr(store, name), name))
            return store

        self.patch.setattr(ledger, "open_store", failing)

    def counted(self, call: Callable[..., Any], name: str) -> Callable[..., Any]:
        def counting(*given: Any, **named: Any) -> Any:
            self.left -= 1
            if self.left == 0 and name != "rollback":
                raise Crash(name)
            return call(*given, **named)

        return counting

    def __exit__(self, *_: object) -> None:
        self.patch.undo()


def run(machine: type[Ledgers], examples: int, steps: int) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            settings.default,
            max_examples=examples,
            stateful_step_count=steps,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_model() -> None:
    run(Ledgers, examples=6, steps=10)


def test_model_on_a_server(postgres_places: Callable[[], str]) -> None:
    class OnServer(Ledgers):
        place_maker = staticmethod(postgres_places)

    run(OnServer, examples=2, steps=7)
