"""Reads what was assessed and what slips are out: the two registers that receipts are matched with.

In: CSV (UTF-8, CP932) or Parquet with the columns of `reconcile.register_columns`, a mapping for own headings, the site. Out: cleaned
frames (`ASSESSMENTS`, `SLIPS`), all problems, and the held lines. A later row of the same line_id is a 更正: both are kept.
Refuses rows that cannot be read, and slip keys that name two different slips; a file only where it cannot be used at all (ProblemError).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from elqr.columns import Column, headings, normal_heading
from elqr.mapping import HeadingMap
from elqr.problems import ProblemLog
from elqr.reader import read_columns
from elqr.site import Site
from reconcile.frames import ASSESSMENTS, SLIPS, empty
from reconcile.records import survey
from reconcile.register_columns import ASSESSMENT_COLUMNS, SLIP_COLUMNS
from reconcile.register_values import typed

__all__ = ["Register", "assessment_batches", "read_assessments", "read_slips", "slip_batches"]


@dataclass(frozen=True)
class Register:
    """A file or a part of one: the good rows, what was found, and the lines of the rows held back."""

    frame: pl.DataFrame
    log: ProblemLog
    held: pl.Series
    file: str
    sha256: str


def read_assessments(
    path: Path,
    *,
    site: Site | None = None,
    mapping: HeadingMap | None = None,
    encoding: str | None = None,
    sha256: str | None = None,
) -> Register:
    """A file of assessments as a whole. Rows that repeat another word for word count once. `sha256`: of its bytes, where it is known."""
    parts = _batches(
        path, ASSESSMENT_COLUMNS, ASSESSMENTS, _check_assessments, site, mapping, encoding, sha256
    )
    return _whole(list(parts), ASSESSMENTS, "line_id", versions=True)


def read_slips(
    path: Path,
    *,
    site: Site | None = None,
    mapping: HeadingMap | None = None,
    encoding: str | None = None,
    sha256: str | None = None,
) -> Register:
    """A file of slips as a whole. Rows that repeat another word for word count once; a key on rows that differ holds all of them."""
    parts = _batches(path, SLIP_COLUMNS, SLIPS, _check_slips, site, mapping, encoding, sha256)
    return _whole(list(parts), SLIPS, "slip_key", versions=False)


def assessment_batches(
    path: Path,
    *,
    site: Site | None = None,
    mapping: HeadingMap | None = None,
    encoding: str | None = None,
) -> Iterator[Register]:
    """The same in batches, for files beyond memory; repeated rows are then left to the ledger."""
    return _batches(path, ASSESSMENT_COLUMNS, ASSESSMENTS, _check_assessments, site, mapping, encoding)


def slip_batches(
    path: Path,
    *,
    site: Site | None = None,
    mapping: HeadingMap | None = None,
    encoding: str | None = None,
) -> Iterator[Register]:
    """The same in batches, for files beyond memory; repeated keys are then left to the ledger."""
    return _batches(path, SLIP_COLUMNS, SLIPS, _check_slips, site, mapping, encoding)


def _batches(
    path: Path,
    columns: Sequence[Column],
    schema: Mapping[str, pl.DataType],
    check: Callable[[pl.DataFrame, ProblemLog], pl.DataFrame],
    site: Site | None,
    mapping: HeadingMap | None,
    encoding: str | None,
    sha256: str | None = None,
) -> Iterator[Register]:
    known = site or Site.unknown()
    sha256 = sha256 or survey(path).sha256
    for batch in read_columns(path, columns, mapping=mapping or known.mapping, encoding=encoding):
        log = ProblemLog()
        log.extend(_without_known_headings(batch.log))
        found = ProblemLog()
        frame = typed(batch.frame, columns, found)
        _check_body(frame, known, found)
        frame = check(frame, found).with_columns(file_sha256=pl.lit(sha256))
        held = found.held_lines()
        log.extend(found)
        yield Register(
            frame.filter(~pl.col("line").is_in(held.implode())).select(list(schema)),
            log,
            pl.concat([held, batch.refused["line"]]).sort(),
            path.name,
            sha256,
        )


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


def _whole(parts: list[Register], schema: Mapping[str, pl.DataType], key: str, *, versions: bool) -> Register:
    """The parts as one, with what only the whole file shows."""
    frame = pl.concat([empty(schema), *(p.frame for p in parts)])
    log = ProblemLog()
    for part in parts:
        log.extend(part.log)
    content = [name for name in schema if name not in ("line", "file_sha256")]
    held = pl.concat([pl.Series("line", [], dtype=pl.Int64), *(p.held for p in parts)])
    # only rows whose key stands more than once can repeat one another: the windows cost more than all reading
    several = frame.filter(pl.col(key).is_duplicated())
    if several.height:
        # a line may come back to what it once was, so only the version just before counts as the same
        before = pl.col("line").shift(1).over(key) if versions else pl.col("line").first().over(content)
        repeated = _as_before(content, key) if versions else pl.col("line") != before
        marked = several.with_columns(_before=before, _again=repeated)
        again = marked.filter("_again")
        log.add(again, "register.same_twice", field=key, found=pl.col(key), expected=pl.col("_before"))
        out = again["line"]
        if not versions:
            rest = marked.filter(~pl.col("_again"))
            rest = rest.with_columns(_first=pl.col("line").first().over(key), _many=pl.len().over(key) > 1)
            twice = rest.filter("_many")
            log.add(twice, "register.key_twice", field=key, found=pl.col(key), expected=pl.col("_first"))
            held, out = pl.concat([held, twice["line"]]), pl.concat([out, twice["line"]])
        frame = frame.filter(~pl.col("line").is_in(out.implode()))
    return Register(frame, log, held.sort(), parts[0].file, parts[0].sha256)


def _as_before(content: list[str], key: str) -> pl.Expr:
    """Whether a row says what the row before it says of the same key."""
    same = [pl.col(name).eq_missing(pl.col(name).shift(1).over(key)) for name in content]
    return pl.all_horizontal(same) & (pl.int_range(pl.len()).over(key) > 0)
