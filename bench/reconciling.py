"""All figures of the nightly batch in one list: register load, match, night, a year of nights, a file posted twice, kills, flipped bits, engines.

In: a folder that keeps ledgers, peers and their environment; small sizes (minutes) or full ones (an hour). Out: rows of docs/performance.md.
    python -m bench.reconciling [--full] [--folder DIR]
"""

from __future__ import annotations

import argparse
import random
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from bench import doubled, engines, figures, ledger_crash, ledger_night, match, year
from bench.figures import Figure
from bench.nights import register

LOAD_SECONDS = 80  # CPU, for a million lines and their 1.3 million slips


def match_figures(folder: Path, *, full: bool) -> list[Figure]:
    """The match kernel beside its peers; with `full` at the sizes of the goal."""
    sizes = [(100_000, 500_000), (1_000_000, 5_000_000)] if full else [(10_000, 50_000), (100_000, 500_000)]
    homes = []
    for receipts, lines in sizes:
        home = folder / f"match-{receipts}-{lines}"
        homes.append(home)
        home.mkdir(parents=True, exist_ok=True)
        if not (home / "ready").exists():
            words = ["--receipts", str(receipts), "--lines", str(lines)]
            subprocess.run([sys.executable, "-m", "bench.match", "--make", str(home), *words], check=True)
            (home / "ready").touch()
    rounds = 3 if full else 1
    found = match.measure(homes[1], rounds=rounds)
    rows = match.figures(found, receipts=sizes[1][0], lines=sizes[1][1], sized=full)
    return [*rows, match.growth(*homes, rounds=rounds, sized=full)]


def night_figures(folder: Path, *, full: bool) -> list[Figure]:
    """A night of 20,000 receipts against two sizes of ledger, ten times apart."""
    sizes = (1_000_000, 10_000_000) if full else (100_000, 1_000_000)
    found = ledger_night.measure(folder, sizes=sizes, receipts=20_000, rounds=3 if full else 1)
    return ledger_night.figures(found, sized=full)


def year_figures(folder: Path, *, full: bool) -> list[Figure]:
    """Nights in a row over one ledger; the one that `night_figures` made."""
    lines, nights, receipts = (1_000_000, 40, 20_000) if full else (100_000, 8, 10_000)
    return year.figures(year.measure(folder, lines=lines, nights=nights, receipts=receipts))


def load(lines: int) -> float:
    """CPU seconds of a first night that takes a register of `lines` lines and its slips as CSV; in a process of its own."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        assessments, slips, _ = register(lines)
        assessments.drop("carried_over", "is_premium").write_csv(folder / "a.csv")
        slips.select(one for one in slips if one.null_count() < slips.height).write_csv(folder / "s.csv")
        del assessments, slips
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-m", "bench.reconciling", "--load", str(folder)], check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def load_figure(*, full: bool) -> Figure:
    """A register's first load."""
    lines = 1_000_000 if full else 100_000
    seconds, most = load(lines), LOAD_SECONDS * lines // 1_000_000
    return Figure(
        f"first load of {lines:,} lines and {lines * 13 // 10:,} slips, CSV to durable ledger, CPU",
        f"{seconds:.1f} s",
        "–",
        f"{seconds * 1e6 / lines:.0f} µs a line",
        f"≤ {most} s",
        seconds <= most,
    )


def flip_figure() -> Figure:
    """Forty ledgers, each with one bit changed somewhere in its file."""
    found = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ledger_crash.write_files(folder / "files", notices=40, files=3, payments=120)
        place = folder / "l.db"
        for path in sorted((folder / "files").glob("*.csv")):
            ledger_crash.take_one(str(place), path)
        data = place.read_bytes()
        for trial in range(40):
            chance = random.Random(trial)
            changed = bytearray(data)
            changed[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
            place.write_bytes(changed)
            found += _told(place)
    return Figure(
        "one bit of the ledger changed, 40 times",
        f"{found} found",
        "–",
        f"{found} of 40",
        "40 of 40",
        found == 40,
    )


def _told(place: Path) -> bool:
    """Whether something is found, be it by a refusal to open."""
    from elqr.problems import ProblemError
    from reconcile.ledger import open_ledger
    from reconcile.ledger_check import check_ledger

    try:
        with open_ledger(place) as ledger:
            return bool(check_ledger(ledger))
    except ProblemError:
        return True


def crash_figures(*, kills: int) -> list[Figure]:
    """Kills over both stores."""
    rows = []
    for store, found in ledger_crash.both(kills):
        sound = (found.doubled, found.lost, found.equal, found.findings) == (0, 0, True, ())
        rows.append(
            Figure(
                f"{found.kills} kills at random steps, {store}",
                f"{found.through} nights committed before a kill",
                "the same files without a kill",
                f"{found.doubled} doubled, {found.lost} lost",
                "0, 0, the same ledger",
                sound,
            )
        )
    return rows


def engine_figures(folder: Path, *, full: bool) -> list[Figure]:
    """The engines, with a worker killed."""
    home = folder / "engines"
    home.mkdir(parents=True, exist_ok=True)
    count, receipts = (20, 2_000) if full else (4, 200)
    found = engines.measure(home.absolute(), count=count, receipts=receipts, jobs=2)
    return engines.figures(found, count=count, receipts=receipts)


def all_figures(folder: Path, *, full: bool) -> list[Figure]:
    """Every row, in the order of a night."""
    return [
        load_figure(full=full),
        *match_figures(folder, full=full),
        *night_figures(folder, full=full),
        *year_figures(folder, full=full),
        *doubled.figures(doubled.measure(folder, (2_000, 20_000) if full else (200, 2_000))),
        *crash_figures(kills=200 if full else 20),
        flip_figure(),
        *engine_figures(folder, full=full),
    ]


def take_register(folder: Path) -> None:
    """What the process of `load` does."""
    from reconcile.night import Inputs
    from reconcile.policy import load_policy
    from reconcile.run import RunRequest, reconcile

    inputs = Inputs(assessments=[folder / "a.csv"], slips=[folder / "s.csv"])
    reconcile(
        RunRequest(ledger=folder / "l.db", inputs=inputs, as_of=ledger_night.AS_OF, policy=load_policy())
    )


def main() -> int:
    """The command line: 0 when every goal is met."""
    words = argparse.ArgumentParser(
        prog="python -m bench.reconciling", description="Figures of the nightly batch."
    )
    words.add_argument(
        "--full", action="store_true", help="the sizes of the goals; some hours of CPU the first time"
    )
    words.add_argument("--folder", type=Path, default=Path("out/bench"), help="ledgers and peers stay here")
    words.add_argument("--load", type=Path, help=argparse.SUPPRESS)
    given = words.parse_args()
    if given.load:
        take_register(given.load)
        return 0
    found = all_figures(given.folder, full=given.full)
    print(figures.table(found))
    return 0 if all(f.met for f in found) else 1


if __name__ == "__main__":
    sys.exit(main())
