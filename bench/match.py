"""A night's receipts against the register: the match kernel beside pandas, SQLite and DuckDB, same yen, each in a process of its own.

    python -m bench.match [--receipts N] [--lines M] [--folder DIR]

The task: net of 速報, 確報 and 取消; slip by key, its lines; then each payment is unknown, cancelled, shared (somebody else pays one of its
lines too), exact, short or over, with its yen. CPU seconds of the whole process, start and reading its own store included. Peers live in a
virtual environment that this script makes (DIR/peers). Refuses to give ratios where results differ.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import venv
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from bench.figures import Figure

PEERS = ("duckdb", "pandas", "pyarrow")
GOALS: Mapping[str, float] = {"pandas": 6, "sqlite": 5, "duckdb": 1}
ARRAYS = ("mix", "low", "row", "order", "first", "line", "principal")
Summary = dict[str, list[int]]

SQL = """
with net as (
  select payment_id, hi, lo, amount, rank from (
    select r.*, row_number() over (partition by payment_id order by rank desc) as n from receipts r) ranked
  where n = 1),
met as (
  select n.payment_id, n.amount, n.rank, s.slip, c.line, l.principal
  from net n left join slips s on s.hi = n.hi and s.lo = n.lo
  left join covers c on c.slip = s.slip left join lines l on l.line = c.line),
counted as (
  select *, case when slip is not null and rank < 3 then
    count(*) over (partition by case when rank < 3 then line end) else 0 end as payers from met),
paid as (
  select payment_id, max(amount) as amount, max(rank) as rank, max(slip) as slip, sum(principal) as due, max(payers) as payers
  from counted group by payment_id)
select case when rank = 3 then 'cancelled' when slip is null then 'unknown' when payers > 1 then 'shared'
  when amount = due then 'exact' when amount < due then 'short' else 'over' end as class,
  count(*), sum(amount), sum(coalesce(due, 0)) from paid group by 1 order by 1
"""

# the same by the 20 digits that the files hold; the numbers above are what a peer would be given to be fast
TEXT_SQL = SQL.replace("hi, lo", "slip_key").replace("s.hi = n.hi and s.lo = n.lo", "s.slip_key = n.slip_key")


# --- what is measured ------------------------------------------------------------------------------


def ours(folder: Path) -> Summary:
    """The kernel over memory-mapped arrays."""
    from reconcile.match import CoverIndex, KeyIndex, halves, repeated
    from reconcile.payments import RANKS

    held = {name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in ARRAYS}
    receipts = pl.read_parquet(
        folder / "receipts.parquet", columns=["payment_id", "kind", "slip_key", "amount"]
    )
    rank = receipts["kind"].replace_strict(RANKS, return_dtype=pl.Int8)
    receipts = receipts.with_columns(rank=rank)
    many = repeated(receipts["payment_id"])
    last = (
        receipts.filter(many)
        .sort("payment_id", "rank")
        .unique("payment_id", keep="last", maintain_order=True)
    )
    net = pl.concat([receipts.filter(~many), last])
    slip = KeyIndex(held["mix"], held["low"], held["row"]).find_halves(halves(net["slip_key"]))
    cancelled = net["rank"].to_numpy() == RANKS["cancelled"]
    at, cover = CoverIndex(held["order"], held["first"]).expand(slip)
    line = held["line"][cover]
    due = np.zeros(net.height, dtype=np.int64)
    np.add.at(due, at, held["principal"][line])
    live = ~cancelled[at]
    shared = np.zeros(net.height, dtype=bool)
    shared[at[live & (np.bincount(line[live], minlength=len(held["principal"]))[line] > 1)]] = True
    amount = net["amount"].to_numpy()
    names = ("cancelled", "unknown", "shared", "exact", "short", "over")
    tests = [cancelled, slip < 0, shared, amount == due, amount < due]
    found = np.select(tests, np.arange(len(tests)), default=len(tests))
    return {
        name: [int((found == n).sum()), int(amount[found == n].sum()), int(due[found == n].sum())]
        for n, name in enumerate(names)
        if (found == n).any()
    }


def naive(folder: Path) -> Summary:
    """Plain polars joins on the text keys: what the kernel must equal."""
    receipts, slips, covers, lines = (pl.read_parquet(folder / f"{n}.parquet") for n in TABLES)
    net = receipts.sort("payment_id", "rank").unique("payment_id", keep="last", maintain_order=True)
    met = (
        net.join(slips, on="slip_key", how="left")
        .join(covers, on="slip", how="left")
        .join(lines, on="line", how="left")
    )
    live = met.filter((pl.col("rank") < 3) & pl.col("line").is_not_null())
    payers = live.group_by("line").agg(payers=pl.len())
    paid = (
        met.join(payers, on="line", how="left")
        .group_by("payment_id")
        .agg(
            pl.col("amount", "rank", "slip").first(),
            due=pl.col("principal").sum(),
            payers=pl.col("payers").max(),
        )
    )
    word = (
        pl.when(pl.col("rank") == 3).then(pl.lit("cancelled"))
        .when(pl.col("slip").is_null()).then(pl.lit("unknown"))
        .when(pl.col("payers") > 1).then(pl.lit("shared"))
        .when(pl.col("amount") == pl.col("due")).then(pl.lit("exact"))
        .when(pl.col("amount") < pl.col("due")).then(pl.lit("short"))
        .otherwise(pl.lit("over"))
    )  # fmt: skip
    rows = paid.group_by(word.alias("class")).agg(pl.len(), pl.col("amount").sum(), pl.col("due").sum())
    return {name: list(counts) for name, *counts in rows.rows()}


def sqlite(folder: Path) -> Summary:
    """SQL on the embedded store, with the indexes that it needs; receipts come in as rows."""
    import sqlite3

    link = sqlite3.connect(folder / "register.sqlite")
    link.execute("pragma cache_size = -1000000")
    link.execute(
        "create temp table receipts (payment_id text, hi integer, lo integer, amount integer, rank integer)"
    )
    receipts = pl.read_parquet(
        folder / "receipts.parquet", columns=["payment_id", "hi", "lo", "amount", "rank"]
    )
    link.executemany("insert into receipts values (?, ?, ?, ?, ?)", receipts.iter_rows())
    return {name: list(counts) for name, *counts in link.execute(SQL)}


ENGINES: Mapping[str, Callable[[Path], Summary]] = {"elqr": ours, "polars joins": naive, "sqlite": sqlite}
TABLES = ("receipts", "slips", "covers", "lines")

DUCKDB = """
import duckdb, json, sys
link = duckdb.connect(sys.argv[1] + "/register.duckdb", read_only=True)
link.execute("set enable_progress_bar = false")
link.execute("create temp table receipts as select * from read_parquet('" + sys.argv[1] + "/receipts.parquet')")
print(json.dumps({r[0]: [int(x) for x in r[1:]] for r in link.execute(sys.argv[2]).fetchall()}))
"""
PANDAS = """
import json, sys
import numpy as np, pandas as pd
r, s, c, l = (pd.read_parquet(f"{sys.argv[1]}/{n}.parquet", columns=k) for n, k in (
    ("receipts", ["payment_id", "hi", "lo", "amount", "rank"]), ("slips", ["slip", "hi", "lo"]), ("covers", None), ("lines", None)))
net = r.sort_values(["payment_id", "rank"]).drop_duplicates("payment_id", keep="last")
met = net.merge(s, on=["hi", "lo"], how="left").merge(c, on="slip", how="left").merge(l, on="line", how="left")
live = met[(met["rank"] < 3) & met["line"].notna()]
met = met.merge(live.groupby("line").size().rename("payers"), left_on="line", right_index=True, how="left")
paid = met.groupby("payment_id").agg(amount=("amount", "first"), rank=("rank", "first"), slip=("slip", "first"),
                                     due=("principal", "sum"), payers=("payers", "max"))
word = np.select([paid["rank"] == 3, paid.slip.isna(), paid.payers > 1, paid.amount == paid.due, paid.amount < paid.due],
                 ["cancelled", "unknown", "shared", "exact", "short"], default="over")
found = paid.groupby(word).agg(n=("amount", "size"), amount=("amount", "sum"), due=("due", "sum"))
print(json.dumps({k: [int(x) for x in v] for k, v in zip(found.index, found.to_numpy())}))
"""


# --- how -----------------------------------------------------------------------------------------------


def prepare(folder: Path, *, receipts: int, lines: int) -> None:
    """The same data in each engine's own store: arrays, parquet, SQLite with its indexes, DuckDB tables."""
    import sqlite3

    from reconcile.match import CoverIndex, KeyIndex

    frames = prepare_peers(folder, receipts=receipts, lines=lines, seed=1)
    slip_rows, cover_rows, line_rows = frames["slips"], frames["covers"], frames["lines"]
    keys = KeyIndex.of(slip_rows["slip_key"])
    of_slip = CoverIndex.of(cover_rows["slip"].to_numpy(), slips=slip_rows.height)
    arrays = (
        keys.mix,
        keys.low,
        keys.row,
        of_slip.order,
        of_slip.first,
        cover_rows["line"],
        line_rows["principal"],
    )
    for name, array in zip(ARRAYS, arrays, strict=True):
        np.save(folder / f"{name}.npy", np.asarray(array))
    link = sqlite3.connect(folder / "register.sqlite")
    for table in ("slips", "covers", "lines"):
        frame = frames[table].drop("slip_key", strict=False)
        link.execute(f"create table {table} ({', '.join(f'{c} integer' for c in frame.columns)})")
        link.executemany(f"insert into {table} values ({', '.join('?' * frame.width)})", frame.iter_rows())
    for table, columns in (("slips", "hi, lo"), ("covers", "slip"), ("lines", "line")):
        link.execute(f"create index of_{table} on {table} ({columns})")
    link.commit()
    link.close()


def prepare_peers(folder: Path, *, receipts: int, lines: int, seed: int) -> dict[str, pl.DataFrame]:
    """The data as parquet and as DuckDB tables: what pandas and DuckDB need."""
    from bench.nights import events, register
    from reconcile.payments import RANKS

    assessments, slips, covers = register(lines)
    high, low = (pl.col("slip_key").str.slice(start, 10).cast(pl.Int64) for start in (0, 10))
    slip_rows = slips.select("slip_key", hi=high, lo=low).with_row_index("slip").cast({"slip": pl.Int64})
    line_rows = assessments.select("line_id", "principal").with_row_index("line").cast({"line": pl.Int64})
    del assessments, slips
    cover_rows = (
        covers.join(slip_rows.select("slip_key", "slip"), on="slip_key")
        .join(line_rows.select("line_id", "line"), on="line_id")
        .select("slip", "line")
    )
    night = events(receipts, lines=lines, seed=seed).select(
        "payment_id", "kind", "slip_key", "amount", hi=high, lo=low
    )
    night = night.with_columns(rank=pl.col("kind").replace_strict(RANKS, return_dtype=pl.Int64))
    frames = {"receipts": night, "slips": slip_rows, "covers": cover_rows, "lines": line_rows.drop("line_id")}
    for name, frame in frames.items():
        frame.write_parquet(folder / f"{name}.parquet", compression="lz4")
    subprocess.run([peer_python(folder), "-c", _DUCKDB_STORE, str(folder)], check=True)
    return frames


_DUCKDB_STORE = """
import duckdb, sys
link = duckdb.connect(sys.argv[1] + "/register.duckdb")
link.execute("set enable_progress_bar = false")
for table in ("slips", "covers", "lines"):
    link.execute(f"create table {table} as select * from read_parquet('{sys.argv[1]}/{table}.parquet')")
"""


def peer_python(folder: Path) -> str:
    """The interpreter of the peers' environment, made where it is not there."""
    home = folder.absolute().parent / "peers"
    python = home / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not (home / "ready").exists():
        venv.create(home, with_pip=True)
        subprocess.run(
            [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PEERS], check=True
        )
        (home / "ready").touch()
    return str(python)


def run(command: list[str], *, env: Mapping[str, str] | None = None) -> tuple[Any, float, int]:
    """What a process says in JSON, its CPU seconds, and its peak memory in MB."""
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, stdout=said, env=env)
        _, status, used = os.wait4(process.pid, 0)
        if status:
            raise RuntimeError(f"{command[:3]} ended with {status}")
        said.seek(0)
        return json.loads(said.read()), used.ru_utime + used.ru_stime, used.ru_maxrss // 1024


def commands(folder: Path) -> dict[str, list[str]]:
    """How each engine is started."""
    mine = {
        name: [sys.executable, "-m", "bench.match", "--engine", name, "--folder", str(folder)]
        for name in ENGINES
    }
    return mine | peer_commands(folder)


def peer_commands(folder: Path) -> dict[str, list[str]]:
    """How the peers are started."""
    return {
        "duckdb": [peer_python(folder), "-c", DUCKDB, str(folder), SQL],
        "pandas": [peer_python(folder), "-c", PANDAS, str(folder)],
    }


def measure(folder: Path, *, rounds: int) -> dict[str, Any]:
    """Median CPU seconds and peak memory by engine, in turn, and whether all say the same to the yen."""
    found: dict[str, list[tuple[Summary, float, int]]] = {name: [] for name in commands(folder)}
    for _ in range(rounds):
        for name, command in commands(folder).items():
            found[name].append(run(command))
    summaries = {name: runs[0][0] for name, runs in found.items()}
    return {
        "same": all(summary == summaries["elqr"] for summary in summaries.values()),
        "summary": summaries["elqr"],
        "cpu": {name: round(statistics.median(r[1] for r in runs), 2) for name, runs in found.items()},
        "rss_mb": {name: max(r[2] for r in runs) for name, runs in found.items()},
    }


def figures(found: Mapping[str, Any], *, receipts: int, lines: int, sized: bool = True) -> list[Figure]:
    """The rows of docs/performance.md: one a peer that has a goal. `sized`: the ratios count, for starting is little beside the work."""
    cpu, rss = found["cpu"], found["rss_mb"]
    what = f"{receipts:,} receipts against {lines:,} lines, CPU"
    return [
        Figure(
            what,
            f"{cpu['elqr']} s, {rss['elqr']} MB",
            f"{peer}: {cpu[peer]} s, {rss[peer]} MB; results {'the same to the yen' if found['same'] else 'DIFFER'}",
            f"× {cpu[peer] / cpu['elqr']:.1f}",
            f"≥ × {goal:g}, ≤ 4 GB" if sized else f"the same to the yen (≥ × {goal:g} with --full)",
            bool(found["same"]) and (not sized or (cpu[peer] >= goal * cpu["elqr"] and rss["elqr"] <= 4096)),
        )
        for peer, goal in GOALS.items()
    ]


def growth(small: Path, large: Path, *, rounds: int, sized: bool = True) -> Figure:
    """What ten times the data cost the kernel: CPU of the process, start included in both."""
    found = [
        statistics.median(run(commands(folder)["elqr"])[1] for _ in range(rounds))
        for folder in (small, large)
    ]
    return Figure(
        "ten times the receipts and the lines, the kernel alone",
        f"{found[1]:.2f} s",
        f"a tenth of both: {found[0]:.2f} s",
        f"× {found[1] / found[0]:.1f}",
        "≤ × 12" if sized else "≤ × 12 with --full",
        not sized or found[1] <= 12 * found[0],
    )


def main() -> int:
    """The command line: 0 when every goal is met."""
    words = argparse.ArgumentParser(
        prog="python -m bench.match", description="The match kernel beside its peers."
    )
    words.add_argument("--receipts", type=int, default=1_000_000)
    words.add_argument("--lines", type=int, default=5_000_000, help="a multiple of 20")
    words.add_argument(
        "--folder", type=Path, default=Path("out/bench-match"), help="data and peers' environment stay here"
    )
    words.add_argument("--rounds", type=int, default=3, help="of which the median counts")
    words.add_argument("--engine", choices=list(ENGINES), help="one engine of ours, in this process")
    words.add_argument("--prepare", action="store_true", help="only make the data")
    words.add_argument("--make", type=Path, help=argparse.SUPPRESS)
    given = words.parse_args()
    if given.engine:
        print(json.dumps(ENGINES[given.engine](given.folder)))
        return 0
    if given.make:
        prepare(given.make, receipts=given.receipts, lines=given.lines)
        return 0
    folder = given.folder / f"{given.receipts}-{given.lines}"
    folder.mkdir(parents=True, exist_ok=True)
    if given.prepare:
        prepare(folder, receipts=given.receipts, lines=given.lines)
        (folder / "ready").touch()
        return 0
    if not (folder / "ready").exists():
        # in a process of its own: memory used to make the data would count as that of the engines
        subprocess.run([sys.executable, "-m", "bench.match", "--prepare", *sys.argv[1:]], check=True)
    found = measure(folder, rounds=given.rounds)
    print(json.dumps(found, indent=2))
    rows = figures(found, receipts=given.receipts, lines=given.lines)
    print("\n".join(row.row() for row in rows))
    return 0 if all(row.met for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
