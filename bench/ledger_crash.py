"""Kills nights at random steps, over both stores, with files shuffled, repeated and overlapping: is the ledger what it would be without?

In: how many kills a store (`python -m bench.ledger_crash 200`). Out: a line a store: kills, nights that got through, doubled, lost, equal or not.
A worker takes files in, one night after the other, and dies at a step of its store drawn by chance, or some milliseconds into it; the next
goes on. In the end all files are taken in once more, and the ledger must equal one that saw each file once. Steps and not seconds, so that
a fast or a busy machine kills at the same places. Kills prove process death; power loss rests on fsync.
"""

from __future__ import annotations

import contextlib
import io
import os
import random
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

AS_OF = date(2026, 11, 20)
STEPS = ("begin", "append", "replace", "remove", "commit", "settle", "close")
DELAY_MAX = 0.02  # seconds into a step, or into what follows it
BODY = "342041"
RECEIPT_HEAD = "kind,channel,body_code,slip_key,confirm_no,tax_item,amount,paid_at,data_date,remit_date,account_date,txn_id,orig_txn_id"
LINE_HEAD = "line_id,payer_id,body_code,tax_item,levy_year,tax_year,fiscal_year,period,notice_no,due_date,principal,status"
SLIP_HEAD = "slip_key,confirm_no,tax_item,body_code,payer_id,notice_no,levy_year,tax_year,period,amount,due_date,payable_until"


@dataclass(frozen=True)
class Outcome:
    """What a store was after all kills. `doubled`, `lost`: receipts more and fewer than there were.

    `interrupted`: kills that hit a worker before it had taken in everything; `left`: nights that the last kill left to the last worker.
    """

    kills: int
    interrupted: int
    nights: int
    through: int
    left: int
    doubled: int
    lost: int
    equal: bool
    findings: tuple[str, ...]


def write_files(folder: Path, *, notices: int, files: int, payments: int) -> None:
    """Assessments, slips, receipt files, and two that overlap with others; the same for the same sizes."""
    chance = random.Random(11)
    folder.mkdir(parents=True, exist_ok=True)
    amounts = {(n, t): 10_000 + 100 * ((n * 7 + t) % 50) for n in range(notices) for t in range(1, 5)}
    lines = [
        f"{n:06}-{t},P{n},{BODY},001,2026,2026,2026,{t:02},N{n},2026-0{t + 5}-30,{yen},open"
        for (n, t), yen in amounts.items()
    ]
    slips = [
        f"{n * 10 + t:020},123456,001,{BODY},P{n},N{n},2026,2026,{t:02},{yen},2026-0{t + 5}-30,2026-0{t + 5}-30"
        for (n, t), yen in amounts.items()
    ]
    for n in range(notices):
        total = sum(amounts[n, t] for t in range(1, 5))
        slips.append(f"{n * 10:020},123456,001,{BODY},P{n},N{n},2026,2026,00,{total},2026-06-30,2026-06-30")
        amounts[n, 0] = total
    rows: list[list[str]] = [[] for _ in range(files)]
    for p in range(payments):
        n, term = chance.randrange(notices), chance.randrange(5)
        share = chance.random()
        yen = (
            amounts[n, term] // 2
            if share < 0.1
            else amounts[n, term] + 300
            if share < 0.2
            else amounts[n, term]
        )
        paid = date(2026, 6, 1) + timedelta(chance.randrange(150))
        kinds = chance.choice(
            (["confirmed"], ["preliminary", "confirmed"], ["preliminary", "cancelled"], ["confirmed"])
        )
        for kind in kinds:
            txn = f"T{p}C,T{p}" if kind == "cancelled" else f"T{p},"
            rows[chance.randrange(files)].append(
                f"{kind},convenience,{BODY},{n * 10 + term:020},123456,001,{yen},{paid},{paid},{paid},{paid},{txn}"
            )
    tables = [("assessments.csv", LINE_HEAD, lines), ("slips.csv", SLIP_HEAD, slips)]
    tables += [(f"r{i:02}.csv", RECEIPT_HEAD, some) for i, some in enumerate(rows)]
    tables.append((f"r{files:02}.csv", RECEIPT_HEAD, rows[0] + rows[1]))
    tables.append((f"r{files + 1:02}.csv", RECEIPT_HEAD, rows[2][::-1]))
    for name, head, table in tables:
        (folder / name).write_text("\n".join([head, *table]) + "\n", encoding="utf-8")


class Steps:
    """Counts what is asked of a store that can change it. At step `last` the process dies: on the spot, or `delay` seconds later.

    Later by a timer of the kernel whose signal nobody handles: as with SIGKILL, nothing of the process runs any more.
    """

    def __init__(self, last: int = 0, delay: float = 0) -> None:
        self.count = 0
        self._last, self._delay = last, delay

    def watch(self, store: Any) -> Any:
        """The store itself, its steps counted."""
        for name in STEPS:
            setattr(store, name, self._counted(getattr(store, name)))
        return store

    def _counted(self, step: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: Any, **named: Any) -> Any:
            self.count += 1
            if self.count == self._last:
                if not self._delay:
                    os.kill(os.getpid(), signal.SIGKILL)
                signal.setitimer(signal.ITIMER_REAL, self._delay)
            return step(*args, **named)

        return counted


def take(place: str, folder: Path, names: Sequence[str], *, steps: Steps) -> None:
    """One night a file, said on standard output when it has got through."""
    from reconcile import ledger
    from reconcile.night import Inputs
    from reconcile.policy import load_policy
    from reconcile.run import RunRequest, reconcile

    policy = load_policy()
    opened = ledger.open_store
    for name in names:
        paths = [folder / name]
        inputs = {"a": Inputs(assessments=paths), "s": Inputs(slips=paths)}.get(
            name[0], Inputs(receipts=paths)
        )
        with patch.object(ledger, "open_store", lambda *a, **k: steps.watch(opened(*a, **k))):
            done = reconcile(RunRequest(ledger=place, inputs=inputs, as_of=AS_OF, policy=policy))
        print("night" if done.committed else "seen", name, flush=True)
    print("done", flush=True)


def state(place: str) -> tuple[str, dict[str, tuple[int, int]], int, list[str]]:
    """Result, totals, receipts and findings of a ledger."""
    from reconcile.decide import decide
    from reconcile.ledger import open_ledger
    from reconcile.ledger_check import check_ledger
    from reconcile.policy import load_policy

    policy = load_policy()
    with open_ledger(place, writer=True) as ledger:
        found = check_ledger(ledger, decide=lambda world: decide(world, policy, as_of=AS_OF))
        return (
            ledger.standing.result,
            dict(ledger.standing.totals),
            ledger.store.highest("receipts"),
            [p.code for p in found],
        )


def crash(place: Callable[[], str], folder: Path, *, kills: int, seed: int = 5) -> Outcome:
    """Kill `kills` workers. A ledger that has everything is compared, and makes room for a new one; the last kill hits a new one early."""
    chance = random.Random(seed)
    names = sorted(path.name for path in folder.glob("*.csv"))
    quiet, ledger, steps = place(), place(), Steps()
    take(quiet, folder, names, steps=steps)
    expected = state(quiet)
    nights = through = left = done = interrupted = 0
    equal, findings = True, []
    doubled = lost = 0
    last = [
        (None, 0.0),
        (steps.count // 2, 0.0),
        (None, 0.0),
    ]  # through; killed with half of it to do; through
    early = [(steps.count, chance.choice((0.0, chance.random() * DELAY_MAX))) for _ in range(kills - 1)]
    for most, delay in early + last:
        order = names + chance.sample(names, len(names) // 3)
        chance.shuffle(order)
        step = None if most is None else chance.randrange(1, most)
        said = _work(ledger, folder, order, step=step, delay=delay)
        left = said.count("night ")
        nights += left
        through += left if step is not None else 0
        interrupted += step is not None and "done" not in said
        if "done" in said:
            done += 1
            found = state(ledger)
            equal &= found[:2] == expected[:2]
            findings += found[3]
            doubled += max(found[2] - expected[2], 0)
            lost += max(expected[2] - found[2], 0)
            ledger = place()
    return Outcome(
        kills, interrupted, nights, through, left, doubled, lost, equal and done > 0, tuple(findings)
    )


def _work(place: str, folder: Path, order: list[str], *, step: int | None, delay: float) -> str:
    """What a worker said that died at this step, or at none."""
    command = [
        sys.executable,
        "-m",
        "bench.ledger_crash",
        "take",
        str(step or 0),
        str(delay),
        place,
        str(folder),
    ]
    worker = subprocess.run([*command, *order], capture_output=True, text=True, check=False)
    if worker.returncode not in (0, -signal.SIGKILL, -signal.SIGALRM):
        raise RuntimeError(worker.stderr)
    return worker.stdout


def take_one(place: str, path: Path) -> None:
    """One file, one night."""
    from reconcile.night import Inputs
    from reconcile.policy import load_policy
    from reconcile.run import RunRequest, reconcile

    some = [path]
    inputs = {"a": Inputs(assessments=some), "s": Inputs(slips=some)}.get(path.name[0], Inputs(receipts=some))
    reconcile(RunRequest(ledger=place, inputs=inputs, as_of=AS_OF, policy=load_policy()))


def both(kills: int) -> Iterator[tuple[str, Outcome]]:
    """Both stores, half of the kills each."""
    import itertools

    from tools.postgres import server

    with tempfile.TemporaryDirectory() as name, server() as url:
        import psycopg

        folder, numbers = Path(name), itertools.count()
        write_files(folder / "files", notices=400, files=6, payments=1_500)

        def schema() -> str:
            made = f"crash_{next(numbers)}"
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute(f"create schema {made}".encode())
            return f"{url}&options=-csearch_path%3D{made}"

        stores: tuple[tuple[str, Callable[[], str]], ...] = (
            ("embedded file", lambda: str(folder / f"{next(numbers)}.db")),
            ("PostgreSQL", schema),
        )
        for store, place in stores:
            with contextlib.redirect_stdout(io.StringIO()):
                found = crash(place, folder / "files", kills=kills // 2)
            yield store, found


def main(kills: int) -> int:
    """Both stores, a line each. Exit code: 1 where a receipt was doubled or lost, or a ledger is not as it would be without a kill."""
    faulty = False
    for store, found in both(kills):
        print(f"{store:14} {found}", flush=True)
        faulty = faulty or bool(found.doubled or found.lost or not found.equal or found.findings)
    return int(faulty)


if __name__ == "__main__":
    if sys.argv[1:2] == ["take"]:
        die = Steps(int(sys.argv[2]), float(sys.argv[3]))
        take(sys.argv[4], Path(sys.argv[5]), sys.argv[6:], steps=die)
    else:
        sys.exit(main(int(sys.argv[1]) if sys.argv[1:] else 200))
