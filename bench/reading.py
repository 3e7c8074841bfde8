"""Reading and checking a slips file beside a row-by-row reader: one process, one core, the same file, the same decoding.

    python -m bench.reading [--count N] [--peer-count M] [--encoding utf-8|cp932] [--json]

CPU time, the two in turn, the median of three rounds. The peer reads `--peer-count` rows of the same kind with csv.DictReader, keeps the
line, and checks nothing. Peak memory is that of this process, reading `--count` rows in batches.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import multiprocessing
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from elqr import gs1_128, payload
from elqr.check import SlipCheck
from elqr.digits import to_series
from elqr.reader import read_slips
from elqr.site import load_site

ROUNDS = 3
PIECE = 100_000
ISSUED = date(2026, 5, 1)
SITE = Path(__file__).parent.parent / "sample_data" / "site.toml"
NAMES = ("山田 太郎", "髙橋 花子", "見本商事株式会社", "ﾐﾎﾝ ｼﾞﾛｳ")


def rows(first: int, count: int, items: dict[str, str], body: str) -> pl.DataFrame:
    """`count` faultless synthetic slips, numbered from `first`, with payload and barcode."""
    number = np.arange(first, first + count)
    item = np.array(list(items))[number % len(items)]
    month = number % 4 + 1
    frame = pl.DataFrame(
        {
            "number": number,
            "confirm_no": number * 7919 % 1_000_000,
            "tax_item": item,
            "amount": number * 104_729 % 299_000 + 100,
            "month": month,
        }
    )
    text = frame.select(
        slip_key=pl.format("00000202601{}{}", _filled("month", 2), _filled("number", 7)),
        confirm_no=_filled("confirm_no", 6),
        tax_item="tax_item",
        tax_name=pl.col("tax_item").replace(items),
        body_code=pl.lit(body),
        levy_year=pl.lit("2026"),
        tax_year=pl.lit("2026"),
        period=_filled("month", 2),
        notice_no=pl.format("A{}", _filled("number", 8)),
        amount=pl.col("amount").cast(pl.String),
        due_date=pl.format("2026-{}-30", _filled("month", 2, add=6)),
        payable_until=pl.format("2026-{}-28", _filled("month", 2, add=7)),
        payer_id=_filled("number", 10),
        payer_name=(pl.col("number") % 4).replace_strict(dict(enumerate(NAMES))),
        postal_code=pl.format("723-{}", (pl.col("number") % 10_000).cast(pl.String).str.zfill(4)),
        address=pl.format("みほん県みほん市本町一丁目{}番{}号", pl.col("number") % 97, pl.col("number") % 13),
    )
    days = [pl.col(n).str.replace_all("-", "") for n in ("due_date", "payable_until")]
    wire = text.with_columns(
        *days, amount=pl.col("amount").str.zfill(11), tax_body_code=pl.col("body_code").str.slice(0, 5)
    )
    bars = text.select(
        amount=pl.col("amount").str.zfill(6),
        cvs_issuer=pl.lit("999999"),
        free=pl.col("slip_key").str.strip_chars_start("0"),
        reissue=pl.lit("0"),
        stamp=pl.lit("0"),
        payable_until=days[1].str.slice(2),
    )
    return text.with_columns(payload=to_series(payload.encode(wire)), barcode=to_series(gs1_128.encode(bars)))


def _filled(name: str, width: int, *, add: int = 0) -> pl.Expr:
    return (pl.col(name) + add).cast(pl.String).str.zfill(width)


def write(path: Path, count: int, encoding: str) -> Path:
    """A slips file of `count` rows."""
    site = load_site(SITE)
    with path.open("wb") as out:
        for first in range(0, count, PIECE):
            part = rows(first, min(PIECE, count - first), dict(site.tax_items), str(site.body_code))
            text = part.write_csv(include_header=first == 0, line_terminator="\r\n")
            out.write(text.encode(encoding))
    return path


def write_apart(path: Path, count: int, encoding: str) -> Path:
    """The same in a process of its own, so that making the file does not count in the peak memory of reading it."""
    worker = multiprocessing.get_context("spawn").Process(target=write, args=(path, count, encoding))
    worker.start()
    worker.join()
    return path


def seconds(work: Callable[[], int]) -> tuple[float, int]:
    """CPU seconds of `work`, and what it returns."""
    start = time.process_time()
    done = work()
    return time.process_time() - start, done


def read_only(path: Path) -> int:
    """Read every row; how many."""
    return sum(batch.frame.height for batch in read_slips(path))


def read_and_check(path: Path) -> int:
    """Read and check every row; how many may be printed."""
    check = SlipCheck(load_site(SITE), issue_date=ISSUED, file=path.name)
    for batch in read_slips(path):
        check.check(batch)
    check.finish()
    return check.totals().good_rows


def peer(path: Path, encoding: str) -> int:
    """The usual way: csv.DictReader over decoded text, a dictionary a row, nothing checked."""
    found = 0
    with path.open("rb") as raw:
        reader = csv.DictReader(io.TextIOWrapper(raw, encoding=encoding, newline=""))
        for row in reader:
            found += len({**row, "line": reader.line_num}) > 0
    return found


def measure(count: int, peer_count: int, encoding: str) -> dict[str, float | int | str]:
    """Microseconds a row of the three ways, ratios, peak memory after a tenth and after all rows."""
    with tempfile.TemporaryDirectory() as folder:
        whole = write_apart(Path(folder) / "slips.csv", count, encoding)
        tenth = write_apart(Path(folder) / "tenth.csv", count // 10, encoding)
        few = write_apart(Path(folder) / "few.csv", peer_count, encoding)
        read_and_check(tenth)
        small = peak_mb()
        times: dict[str, list[float]] = {"read": [], "read_and_check": [], "peer": []}
        good = 0
        for _ in range(ROUNDS):
            spent, _ = seconds(lambda: read_only(tenth))
            times["read"].append(spent / (count // 10))
            spent, good = seconds(lambda: read_and_check(tenth))
            times["read_and_check"].append(spent / (count // 10))
            spent, _ = seconds(lambda: peer(few, encoding))
            times["peer"].append(spent / peer_count)
        spent, all_good = seconds(lambda: read_and_check(whole))
        found = {name: statistics.median(each) * 1e6 for name, each in times.items()}
        return {
            "rows": count,
            "encoding": encoding,
            "bytes": whole.stat().st_size,
            "us_read": round(found["read"], 2),
            "us_read_and_check": round(found["read_and_check"], 2),
            "us_peer_read_only": round(found["peer"], 2),
            "ratio_read": round(found["peer"] / found["read"], 2),
            "seconds_whole_file": round(spent, 2),
            "us_whole_file": round(spent / count * 1e6, 2),
            "faulty": count - all_good + count // 10 - good,
            "peak_mb_tenth": small,
            "peak_mb_whole": peak_mb(),
        }


def peak_mb() -> int:
    """Peak resident memory of this process, MiB (Linux counts KiB)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def main() -> int:
    """The command line: 0 when every row of the faultless file passed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--count", type=int, default=1_000_000, help="rows of the file")
    parser.add_argument("--peer-count", type=int, default=50_000, help="rows for the peer")
    parser.add_argument("--encoding", choices=("utf-8", "cp932"), default="cp932")
    parser.add_argument("--json", action="store_true", help="machine-readable output")
    options = parser.parse_args()
    found = measure(options.count, options.peer_count, options.encoding)
    if options.json:
        print(json.dumps(found))
    else:
        for name, value in found.items():
            print(f"{name:20}{value:>16}")
    return 1 if found["faulty"] else 0


if __name__ == "__main__":
    sys.exit(main())
