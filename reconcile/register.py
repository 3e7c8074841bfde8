"""Reads what was assessed and what slips are out: the two registers that receipts are matched with.

In: CSV (UTF-8, CP932) or Parquet with the columns of `reconcile.register_columns`, a mapping for own headings, the site. Out: cleaned rows
(`ASSESSMENTS`, `SLIPS`) in blocks, all problems, and the held lines; memory does not grow with the file but by a number a row.
A later row of the same line_id is a 更正: both are kept. Refuses rows that cannot be read, and slip keys that name two different slips; a file only
where it cannot be used at all (ProblemError).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from elqr.calendar import FIRST_YEAR, LAST_YEAR
from elqr.columns import Column, headings, normal_heading
from elqr.mapping import HeadingMap
from elqr.problems import ProblemLog
from elqr.reader import read_columns
from elqr.site import Site
from reconcile.frames import ASSESSMENTS, SLIPS
from reconcile.records import survey
from reconcile.register_columns import ASSESSMENT_COLUMNS, SLIP_COLUMNS
from reconcile.register_values import typed
from reconcile.spill import Rows

__all__ = ["KEYS", "Register", "hashes", "read_assessments", "read_slips", "repeated_in"]

KEYS: Mapping[str, str] = {"assessments": "line_id", "slips": "slip_key"}
"""What names a row of a register."""
_FIRST_YEARS: Mapping[str, int] = {"due_date": FIRST_YEAR, "revised_at": 1}


@dataclass(frozen=True, kw_only=True)
class Register:
    """A file: its good rows, what was found, and the lines of the rows held back. `yen`: of the good rows; `keys`: `hashes` of their keys,
    those of left out rows too. To be closed when its rows are no longer needed."""

    rows: Rows
    left_out: pl.Series
    yen: int
    keys: np.ndarray[tuple[int], np.dtype[np.uint64]]
    log: ProblemLog
    held: pl.Series
    file: str
    sha256: str

    @property
    def height(self) -> int:
        """How many good rows there are."""
        return self.rows.height - len(self.left_out)

    def blocks(self) -> Iterator[pl.DataFrame]:
        """The good rows, in frames in the order of the file. Can be asked for again."""
        for frame in self.rows.blocks():
            yield (
                frame.filter(~pl.col("line").is_in(self.left_out.implode())) if len(self.left_out) else frame
            )

    @property
    def frame(self) -> pl.DataFrame:
        """All good rows at once: for files that are known to be small."""
        return pl.concat([self.rows.frame().clear(), *self.blocks()])

    def close(self) -> None:
        """Give up the rows."""
        self.rows.close()


@dataclass(frozen=True)
class _Part:
    frame: pl.DataFrame
    log: ProblemLog
    held: pl.Series


def read_assessments(
    path: Path,
    *,
    site: Site | None = None,
    mapping: HeadingMap | None = None,
    encoding: str | None = None,
    sha256: str | None = None,
) -> Register:
    """A file of assessments. Rows that repeat another word for word count once. `sha256`: of its bytes, where it is known."""
    parts = _parts(path, ASSESSMENT_COLUMNS, ASSESSMENTS, _check_assessments, site, mapping, encoding)
    return _whole(parts, ASSESSMENTS, "assessments", path, sha256)


def read_slips(
    path: Path,
    *,
    site: Site | None = None,
    mapping: HeadingMap | None = None,
    encoding: str | None = None,
    sha256: str | None = None,
) -> Register:
    """A file of slips. Rows that repeat another word for word count once; a key on rows that differ holds all of them."""
    parts = _parts(path, SLIP_COLUMNS, SLIPS, _check_slips, site, mapping, encoding)
    return _whole(parts, SLIPS, "slips", path, sha256)


def hashes(keys: pl.Series) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    """A number a key: eight bytes to remember, where the same key always has the same and another nearly always another."""
    return keys.hash().to_numpy()


def repeated_in(keys: np.ndarray[tuple[int], np.dtype[np.uint64]]) -> pl.Series:
    """The `hashes` that stand more than once."""
    ordered = np.sort(keys)
    return pl.Series(np.unique(ordered[1:][ordered[1:] == ordered[:-1]]), dtype=pl.UInt64)


def _parts(
    path: Path,
    columns: Sequence[Column],
    schema: Mapping[str, pl.DataType],
    check: Callable[[pl.DataFrame, ProblemLog], pl.DataFrame],
    site: Site | None,
    mapping: HeadingMap | None,
    encoding: str | None,
) -> Iterator[_Part]:
    known = site or Site.unknown()
    own = mapping.over(known.mapping) if mapping else known.mapping
    for batch in read_columns(path, columns, mapping=own, encoding=encoding):
        log = ProblemLog()
        log.extend(_without_known_headings(batch.log))
        found = ProblemLog()
        frame = typed(batch.frame, columns, found)
        _check_body(frame, known, found)
        frame = check(frame, found)
        held = found.held_lines()
        log.extend(found)
        good = frame.filter(~pl.col("line").is_in(held.implode())).select(list(schema))
        yield _Part(good, log, pl.concat([held, batch.refused["line"]]))


def _without_known_headings(log: ProblemLog) -> pl.DataFrame:
    """A slips file that prints has columns that a register leaves alone; they are not worth a note."""
    table = log.table()
    known = headings()
    found = table["params"].str.json_path_match("$.found")
    ours = pl.Series([normal_heading(f or "") in known for f in found], dtype=pl.Boolean)
    return table.filter((table["code"] != "heading.unknown") | ~ours)


def _check_body(frame: pl.DataFrame, site: Site, log: ProblemLog) -> None:
    if site.body_code is not None:
        other = frame.filter(pl.col("body_code") != site.body_code)
        found = pl.col("body_code")
        log.add(other, "register.other_body", field="body_code", found=found, expected=site.body_code)


def _check_assessments(frame: pl.DataFrame, log: ProblemLog) -> pl.DataFrame:
    first, last = pl.col("exempt_from"), pl.col("exempt_to")
    wrong = frame.filter(last.is_not_null() & (first.is_null() | (last < first)))
    log.add(wrong, "register.exempt", field="exempt_to", found=last, expected=first)
    # a line whose days nobody can count would stop every night that comes to it; a 更正日 of long ago is only the first of its versions
    for column in (c for c in ASSESSMENT_COLUMNS if c.name in _FIRST_YEARS):
        first_year = _FIRST_YEARS[column.name]
        log.add(
            frame.filter(~pl.col(column.name).dt.year().is_between(first_year, LAST_YEAR)),
            "register.year",
            field=column.name,
            name=column.ja,
            found=pl.col(column.name),
            expected=f"{first_year}–{LAST_YEAR}",
        )
    return frame.with_columns(pl.col("status").fill_null("open"))


def _check_slips(frame: pl.DataFrame, log: ProblemLog) -> pl.DataFrame:
    log.add(frame.filter(pl.col("amount") == 0), "register.amount_zero", field="amount")
    total = pl.sum_horizontal("principal", "delinquency", "dunning_fee")
    given = pl.any_horizontal(pl.col("principal", "delinquency", "dunning_fee").is_not_null())
    wrong = frame.filter(given & (total != pl.col("amount")))
    log.add(wrong, "register.parts", field="amount", found=pl.col("amount"), expected=total)
    itself = frame.filter(pl.col("supersedes") == pl.col("slip_key"))
    log.add(itself, "register.supersedes_itself", field="supersedes", found=pl.col("slip_key"))
    return frame.with_columns(pl.col("kind").fill_null("initial"))


def _whole(
    parts: Iterator[_Part], schema: Mapping[str, pl.DataType], role: str, path: Path, sha256: str | None
) -> Register:
    """The parts as one, with what only the whole file shows."""
    key, yen = KEYS[role], "principal" if role == "assessments" else "amount"
    known = sha256 or survey(path).sha256
    rows = Rows(schema)
    log = ProblemLog()
    held = [pl.Series("line", [], dtype=pl.Int64)]
    keys = [hashes(pl.Series([], dtype=pl.String))]
    total = 0
    for part in parts:
        rows.add(part.frame)
        keys.append(hashes(part.frame[key]))
        total += int(part.frame[yen].sum())
        log.extend(part.log)
        held.append(part.held)
    every = np.concatenate(keys)
    out, more = _repeated(rows, repeated_in(every), role, log)
    return Register(
        rows=rows,
        left_out=out["line"],
        yen=total - int(out[yen].sum()),
        keys=every,
        log=log,
        held=pl.concat([*held, more]).sort(),
        file=path.name,
        sha256=known,
    )


def _repeated(rows: Rows, several: pl.Series, role: str, log: ProblemLog) -> tuple[pl.DataFrame, pl.Series]:
    """Rows to leave out, and the lines to hold among them. Only rows whose key stands more than once can repeat one another."""
    key, versions = KEYS[role], role == "assessments"
    none = pl.Series("line", [], dtype=pl.Int64)
    if not len(several):
        return rows.frame().clear() if not rows.height else next(rows.blocks()).clear(), none
    met = pl.concat(
        frame.filter(frame[key].hash().is_in(several.implode())) for frame in rows.blocks()
    ).filter(pl.col(key).is_duplicated())
    content = [name for name in met.columns if name != "line"]
    # a line may come back to what it once was, so only the version just before counts as the same
    before = pl.col("line").shift(1).over(key) if versions else pl.col("line").first().over(content)
    repeated = _as_before(content, key) if versions else pl.col("line") != before
    marked = met.with_columns(_before=before, _again=repeated)
    again = marked.filter("_again")
    log.add(again, "register.same_twice", field=key, found=pl.col(key), expected=pl.col("_before"))
    if versions:
        return again, none
    rest = marked.filter(~pl.col("_again"))
    rest = rest.with_columns(_first=pl.col("line").first().over(key), _many=pl.len().over(key) > 1)
    twice = rest.filter("_many")
    log.add(twice, "register.key_twice", field=key, found=pl.col(key), expected=pl.col("_first"))
    out = met.filter(pl.col("line").is_in(pl.concat([again["line"], twice["line"]]).implode()))
    return out, twice["line"]


def _as_before(content: list[str], key: str) -> pl.Expr:
    """Whether a row says what the row before it says of the same key."""
    same = [pl.col(name).eq_missing(pl.col(name).shift(1).over(key)) for name in content]
    return pl.all_horizontal(same) & (pl.int_range(pl.len()).over(key) > 0)
