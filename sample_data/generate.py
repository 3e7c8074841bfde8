"""Writes the sample files: `slips.csv` and `slips_cp932.csv` beside this module, or one large file for the
benches.

    python -m sample_data.generate                                  the committed files, byte for byte
    python -m sample_data.generate --rows 1000000 --out FILE.csv    as many slips as wanted (.csv or .parquet)

Same words, same bytes. No person, address or body in it exists.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from elqr.columns import COLUMNS
from sample_data import rows

HERE = Path(__file__).resolve().parent
STREETS = 10  # of 22 slips each
FAULTY_ROWS = 3  # at the end
CHUNK = 100_000
LARGE_FROM_STREET = 1_000  # beyond the payers with something special about them
CP932_COLUMNS_AWAY = ("covers", "supersedes", "lang", "sort_key")


def sample() -> pl.DataFrame:
    """The slips of `slips.csv`: ten streets, then later slips, then three faulty rows."""
    good = rows.slips(0, STREETS * rows.pattern().height)
    later = _later(good)
    kept = good.join(later, left_on="slip_key", right_on="supersedes", how="anti", maintain_order="left")
    return pl.concat([kept, later, _faulty(good)])


def _later(good: pl.DataFrame) -> pl.DataFrame:
    """Slips that follow earlier ones: two reissues, two dunning notices, one slip of arrears."""
    key = pl.col("slip_key")
    again = good[[5, 33]].with_columns(
        kind=pl.lit("reissue"), supersedes=key, slip_key=key.str.slice(0, 13) + "9" + key.str.slice(14)
    )
    owed = good[[22, 44, 66]].with_columns(
        kind=pl.Series(["dunning", "dunning", "delinquency"]),
        slip_key="00000" + "2025" + key.str.slice(9),
        levy_year=pl.lit("2025"),
        tax_year=pl.lit("2025"),
        period=pl.lit("04"),
        due_date=pl.lit("2026-02-02"),
        payable_until=pl.lit("2026-06-30"),
        notice_no="2025" + pl.col("notice_no").str.slice(4),
        principal=pl.col("amount"),
        dunning_fee=pl.Series(["100", "100", "100"]),
        delinquency=pl.Series(["0", "0", "1200"]),
    )
    owed = owed.with_columns(
        amount=pl.sum_horizontal(pl.col("principal", "dunning_fee", "delinquency").cast(pl.Int64)).cast(
            pl.String
        ),
        covers=pl.format("{}-04:{}", "notice_no", "principal"),
    )
    return rows.with_codes(pl.concat([again, owed]))


def _faulty(good: pl.DataFrame) -> pl.DataFrame:
    """Three rows to be held: a wrong CRC, another amount than the payload's, dates the wrong way round."""
    key = pl.col("slip_key")
    base = good[[7, 52, 97]].with_columns(
        slip_key=key.str.slice(0, 13) + "8" + key.str.slice(14), lang=pl.lit("ja")
    )
    base = base.with_columns(due_date=pl.Series([*base["due_date"][:2], "2026-09-30"]))
    base = base.with_columns(payable_until=pl.Series([*base["payable_until"][:2], "2026-08-31"]))
    coded = rows.with_codes(base)
    last = pl.col("payload").str.slice(254)
    wrong = pl.col("payload").str.slice(0, 254) + ((last.cast(pl.Int64) + 1) % 10).cast(pl.String)
    more = (pl.col("amount").cast(pl.Int64) + 1000).cast(pl.String)
    number = pl.int_range(pl.len())
    return coded.with_columns(
        payload=pl.when(number == 0).then(wrong).otherwise("payload"),
        amount=pl.when(number == 1).then(more).otherwise("amount"),
    )


def cp932_sample() -> pl.DataFrame:
    """What CP932 can write of the sample, as an old tax system exports it: Japanese headings and calendar,
    fewer columns.

    The user-defined character stays: CP932 has a cell for it, and the site file says what it means.
    """
    frame = sample().drop(CP932_COLUMNS_AWAY)
    writable = pl.Series([_in_cp932("".join(filter(None, row))) for row in frame.iter_rows()])
    frame = frame.filter(writable).with_columns(pl.col("due_date", "payable_until").str.to_date())
    for name in ("due_date", "payable_until"):
        day = pl.col(name).dt
        frame = frame.with_columns(
            pl.format("R{}.{}.{}", day.year() - 2018, day.month(), day.day()).alias(name)
        )
    headings = {c.name: c.ja for c in COLUMNS if c.name in frame.columns} | {"notice_no": "整理番号"}
    return frame.rename(headings)


def _in_cp932(text: str) -> bool:
    try:
        text.encode("cp932")
    except UnicodeEncodeError:
        return False
    return True


def csv(frame: pl.DataFrame, *, encoding: str = "utf-8", line_end: str = "\n", header: bool = True) -> bytes:
    """The frame as CSV."""
    text = frame.write_csv(line_terminator=line_end, include_header=header)
    return text.encode(encoding)


def committed() -> Iterator[tuple[Path, bytes]]:
    """The files beside this module and what must stand in them."""
    yield HERE / "slips.csv", csv(sample())
    yield HERE / "slips_cp932.csv", csv(cp932_sample(), encoding="cp932", line_end="\r\n")


def write_large(path: Path, count: int) -> None:
    """`count` slips without special rows or faults, drawn and written in chunks."""
    first = LARGE_FROM_STREET * rows.pattern().height
    chunks = (rows.slips(first + at, min(CHUNK, count - at)) for at in range(0, count, CHUNK))
    if path.suffix == ".parquet":
        pl.concat(list(chunks)).write_parquet(path)
        return
    with path.open("wb") as out:
        for at, chunk in enumerate(chunks):
            out.write(csv(chunk, header=at == 0))


def main() -> None:
    """The command line."""
    words = argparse.ArgumentParser(
        prog="python -m sample_data.generate", description="Write synthetic slips."
    )
    words.add_argument(
        "--rows", type=int, help="how many slips; without it, the committed sample files are written"
    )
    words.add_argument("--out", type=Path, help="the file to write (.csv or .parquet)")
    given = words.parse_args()
    if (given.rows is None) != (given.out is None):
        words.error("--rows and --out belong together")
    if given.rows is not None:
        write_large(given.out, given.rows)
        return
    for path, data in committed():
        path.write_bytes(data)


if __name__ == "__main__":
    main()
