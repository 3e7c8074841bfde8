"""A night of 20,000 receipts against standing ledgers of two sizes, process start to durable commit, beside the match alone in DuckDB and pandas.

    python -m bench.ledger_night [--lines N M] [--receipts R] [--folder DIR]

CPU seconds from the start of a process, imports included, as after an installation: one round that does not count leaves the modules compiled,
ours and theirs. The goals count the night up to the moment when its commit has returned; told beside it: to the end of the process, with the log
moved into the file and the seal renewed, and what the store took of the night for look-ups, rows and commit (a ledger laid out otherwise could
spare that, and no more). Peers count whole, get the same rows as parquet or in their own tables, and only match: they keep and write nothing.
Ledgers are made once a size in DIR (through the ledger's own loader) and copied for each night. The register is bench.nights'; the mix of
receipts is assumed (reconcile-rules §7).
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from bench.figures import Figure
from bench.match import TEXT_SQL, peer_commands, prepare_peers, run
from bench.nights import BODY, events, register

AS_OF = date(2026, 11, 20)
NIGHT = """
import json, resource, sys, time
from datetime import date
from pathlib import Path
from reconcile.night import Inputs
from reconcile.policy import load_policy
from reconcile.run import RunRequest, reconcile
from reconcile.store_sqlite import SqliteStore
def used():
    all_of_it = resource.getrusage(resource.RUSAGE_SELF)
    return all_of_it.ru_utime + all_of_it.ru_stime
def counted(name):
    work = getattr(SqliteStore, name)
    def working(*given, **named):
        before = used()
        try:
            return work(*given, **named)
        finally:
            stored.append(used() - before)
            if name == "commit":
                committed.append((used(), sum(stored)))
    setattr(SqliteStore, name, working)
committed, stored = [], []
for name in ("lookup", "append", "replace", "remove", "commit"):
    counted(name)
inputs = Inputs(receipts=[Path(sys.argv[2])])
day = date.fromisoformat(sys.argv[3])
done = reconcile(RunRequest(ledger=Path(sys.argv[1]), inputs=inputs, as_of=day, policy=load_policy()))
told = Path("/proc/self/status").read_text(encoding="ascii").split("VmHWM:")[1]
print(json.dumps({
    "posted": done.run["posted"][0], "drift": done.drift, "mb": int(told.split()[0]) >> 10,
    "committed": committed[-1][0], "stored": committed[-1][1],
}))
"""
TOTALS = ("received", "posted", "excess", "suspense", "held", "events", "quarantined", "rejected")
SEED = 3
BY_TEXT = "duckdb, keys as text"


def build(place: Path, lines: int) -> None:
    """A ledger of `lines` lines with their slips and covers, in one run."""
    from reconcile.covering import named_lines
    from reconcile.frames import ASSESSMENTS, SLIPS
    from reconcile.ledger import open_ledger

    assessments, slips, covers = register(lines)

    def whole(frame: pl.DataFrame, schema: dict[str, pl.DataType]) -> pl.DataFrame:
        names = [n for n in schema if n != "file_sha256"]
        lacking = {n: pl.lit(None, schema[n]) for n in names if n not in frame.columns}
        return frame.with_columns(**lacking).select(names).with_columns(file_no=pl.lit(1, pl.Int64))

    with open_ledger(place, writer=True, create=True) as ledger:
        ledger.begin()
        ledger.add("assessments", whole(assessments, dict(ASSESSMENTS)))
        rows = ledger.add("slips", whole(slips.sort("slip_key"), dict(SLIPS)))
        ledger.store.append("named_lines", named_lines(rows))
        ledger.store.append("covers", covers.sort("slip_key", "line_id"))
        totals = dict.fromkeys(TOTALS, (0, 0))
        ledger.commit(kind="reconcile", as_of="2026-05-01", inputs={}, totals=totals, payments=0)


def write_receipts(path: Path, rows: pl.DataFrame, *, seed: int) -> None:
    """A night's events as a file in the canonical layout; `seed` tells its transactions from those of other nights."""
    day = pl.col("paid_on").dt.strftime("%Y-%m-%d")
    txn = pl.concat_str(pl.lit(f"{seed}-"), "payment_id")
    back = pl.col("kind") == "cancelled"
    rows.select(
        "kind",
        channel=pl.lit("convenience"),
        body_code=pl.lit(BODY),
        slip_key="slip_key",
        confirm_no=pl.lit(None, pl.String),
        tax_item=pl.lit(None, pl.String),
        amount="amount",
        paid_at=day,
        data_date=day,
        remit_date=day,
        account_date=day,
        txn_id=pl.when(back).then(pl.concat_str(txn, pl.lit("C"))).otherwise(txn),
        orig_txn_id=pl.when(back).then(txn),
    ).write_csv(path)


def night(home: Path, *, env: Mapping[str, str]) -> dict[str, Any]:
    """One night over a copy of the ledger: what its process said (`committed`: CPU seconds until then), and the `cpu` seconds of all of it."""
    copy = copied(home / "ledger.db", home / "copy.db")
    said = one(copy, home / "receipts.csv", env=env)
    drop(copy)
    return said


def one(ledger: Path, receipts: Path, *, env: Mapping[str, str]) -> dict[str, Any]:
    """A night as a process of its own over a ledger that keeps it."""
    said, cpu, _ = run([sys.executable, "-c", NIGHT, str(ledger), str(receipts), AS_OF.isoformat()], env=env)
    return {**said, "cpu": cpu}


def copied(ledger: Path, copy: Path) -> Path:
    """A copy of a ledger, its bytes no longer on their way to the disk."""
    for end in ("", ".seal"):
        shutil.copy(f"{ledger}{end}", f"{copy}{end}")
    os.sync()
    return copy


def drop(ledger: Path, *, missing: bool = False) -> None:
    """Take a ledger and what stands beside it away. `missing`: it may not be there."""
    for end in ("", ".seal", ".lock"):
        Path(f"{ledger}{end}").unlink(missing_ok=missing)


def compiling(folder: Path) -> dict[str, str]:
    """The environment in which Python keeps what it compiles, in `folder`; numpy as the `elqr` command sets it."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    compiled = str((folder / "compiled").absolute())
    return {"OPENBLAS_NUM_THREADS": "1", **kept, "PYTHONPYCACHEPREFIX": compiled}


def made(folder: Path, *, lines: int, receipts: int) -> Path:
    """A folder with the ledger and the same data for the peers, made where it is not there; in a process of its own, for the memory."""
    home = folder / f"{receipts}-{lines}"
    if not (home / "ready").exists():
        home.mkdir(parents=True, exist_ok=True)
        for what in ("ledger", "peers"):
            command = [
                sys.executable,
                "-m",
                "bench.ledger_night",
                "--make",
                what,
                str(home),
                str(lines),
                str(receipts),
            ]
            subprocess.run(command, check=True)
        (home / "ready").touch()
    return home


def make(what: str, home: Path, lines: int, receipts: int) -> None:
    """What the process of `made` does."""
    if what == "peers":
        prepare_peers(home, receipts=receipts, lines=lines, seed=SEED)
        return
    write_receipts(home / "receipts.csv", events(receipts, lines=lines, seed=SEED), seed=SEED)
    if not (home / "ledger.db").exists():
        build(home / "ledger.db", lines)


def measure(folder: Path, *, sizes: Sequence[int], receipts: int, rounds: int) -> dict[str, Any]:
    """Median CPU seconds: of the night by size, to its commit (`cpu`) and to its end (`whole`); of the peers' match at the largest size."""
    homes = {lines: made(folder, lines=lines, receipts=receipts) for lines in sizes}
    env = compiling(folder)
    nights: dict[int, list[dict[str, Any]]] = {lines: [] for lines in sizes}
    peers: dict[str, list[tuple[float, int]]] = {}
    for number in range(rounds + 1):
        told = {lines: night(home, env=env) for lines, home in homes.items()}
        matched = {name: run(command, env=env) for name, command in peers_of(homes[max(sizes)]).items()}
        if matched["duckdb"][0] != matched[BY_TEXT][0]:
            raise ValueError("DuckDB finds something else by text keys than by numbers")
        if number:  # the first compiles
            for lines, one in told.items():
                nights[lines].append(one)
            for name, (_, cpu, mb) in matched.items():
                peers.setdefault(name, []).append((cpu, mb))
    return {
        "receipts": receipts,
        "cpu": {lines: _median(n["committed"] for n in of) for lines, of in nights.items()},
        "whole": {lines: _median(n["cpu"] for n in of) for lines, of in nights.items()},
        "stored": {lines: _median(n["stored"] for n in of) for lines, of in nights.items()},
        "mb": {lines: max(n["mb"] for n in of) for lines, of in nights.items()},
        "sound": all(n["posted"] > 0 and n["drift"] == 0 for of in nights.values() for n in of),
        "peers": {name: _median(cpu for cpu, _ in of) for name, of in peers.items()},
        "peers_mb": {name: max(mb for _, mb in of) for name, of in peers.items()},
    }


def peers_of(home: Path) -> dict[str, list[str]]:
    """How the peers are started; DuckDB twice, the second time with the keys as the files hold them."""
    commands = peer_commands(home)
    return {**commands, BY_TEXT: [*commands["duckdb"][:-1], TEXT_SQL]}


def _median(seconds: Iterable[float]) -> float:
    return round(statistics.median(seconds), 2)


def figures(found: Mapping[str, Any], *, sized: bool = True) -> list[Figure]:
    """The rows of docs/performance.md. `sized`: the peers' goal counts."""
    small, large = min(found["cpu"]), max(found["cpu"])
    ours, other = found["cpu"][large], found["cpu"][small]
    what = f"night of {found['receipts']:,} receipts against {large:,} lines, process start to durable commit, CPU"
    said = (
        f"{ours} s, {found['stored'][large]} s of it in the store ({found['whole'][large]} s to the end of the process), "
        f"{found['mb'][large]} MB"
    )
    rows = [
        Figure(
            what,
            said,
            f"the same night against {small:,} lines: {other} s ({found['whole'][small]} s)",
            f"× {ours / other:.2f}",
            "≤ × 1.5",
            bool(found["sound"]) and ours <= 1.5 * other,
        )
    ]
    rows += [
        Figure(
            what,
            said,
            f"{peer}, the match alone: {cpu} s, {found['peers_mb'][peer]} MB",
            f"× {cpu / ours:.2f}",
            "shown, no goal" if peer == BY_TEXT else "> × 1" if sized else "> × 1 with --full",
            bool(found["sound"]) and (not sized or peer == BY_TEXT or cpu > ours),
        )
        for peer, cpu in found["peers"].items()
    ]
    return rows


def main() -> int:
    """The command line: 0 when every goal is met."""
    words = argparse.ArgumentParser(
        prog="python -m bench.ledger_night", description="A night by the size of the ledger."
    )
    words.add_argument(
        "--lines", type=int, nargs="+", default=[1_000_000, 10_000_000], help="sizes, multiples of 20"
    )
    words.add_argument("--receipts", type=int, default=20_000)
    words.add_argument(
        "--folder", type=Path, default=Path("out/bench-night"), help="ledgers and peers stay here"
    )
    words.add_argument("--rounds", type=int, default=3, help="of which the median counts")
    words.add_argument(
        "--make", nargs=4, metavar=("WHAT", "DIR", "LINES", "RECEIPTS"), help=argparse.SUPPRESS
    )
    given = words.parse_args()
    if given.make:
        what, home, lines, receipts = given.make
        make(what, Path(home), int(lines), int(receipts))
        return 0
    found = measure(given.folder, sizes=given.lines, receipts=given.receipts, rounds=given.rounds)
    print(json.dumps(found, indent=2))
    rows = figures(found)
    print("\n".join(row.row() for row in rows))
    return 0 if all(row.met for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
