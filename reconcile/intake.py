"""Takes receipt files in: rows that hold become events with an identity, bad rows go to quarantine, other bodies' rows are set apart.

In: a path, the site, a layout where content does not decide. Out: batches of the receipt frame in constant memory, or all of a file at
once; the file's summary. Refuses (ProblemError) a file whose header or trailer disagrees with its rows: nothing of it may be used, other
files go on. No row is lost: good + other body's + quarantined = the rows of the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from elqr.problems import Problem, ProblemError, ProblemLog, Where
from elqr.site import Site
from reconcile.controls import Balance, ControlRecord, Tally, balance
from reconcile.frames import QUARANTINE, RECEIPTS, empty
from reconcile.identity import identified
from reconcile.occurrence import Occurrences
from reconcile.opening import Opened, open_file
from reconcile.records import Block, line_blocks, parquet_blocks, record_blocks
from reconcile.rows import Parsed, parse_block

__all__ = ["FileSummary", "ReceiptBatch", "ReceiptFile", "Receipts", "open_receipts", "read_receipts"]


@dataclass(frozen=True)
class ReceiptBatch:
    """Some rows of one file. `frame`: accepted events; `rejected`: events of another body, same columns; `quarantine`: rows that cannot be
    read; `log`: what was repaired. Not to be committed before the file's summary stands."""

    frame: pl.DataFrame
    rejected: pl.DataFrame
    quarantine: pl.DataFrame
    log: ProblemLog


@dataclass(frozen=True)
class FileSummary:
    """One file, read to its end and in balance: what it is, its rows by fate, and what it leaves open (`balance`)."""

    file: str
    sha256: str
    bytes: int
    layout: str
    layout_sha256: str
    encoding: str
    tally: Tally
    balance: Balance


@dataclass(frozen=True)
class Receipts:
    """All of one file, in memory."""

    frame: pl.DataFrame
    rejected: pl.DataFrame
    quarantine: pl.DataFrame
    log: ProblemLog
    summary: FileSummary


def read_receipts(
    path: Path, *, site: Site | None = None, layout: str | Path | None = None, encoding: str | None = None
) -> Receipts:
    """One file as a whole. Raises ProblemError where it cannot be used, a broken control total included."""
    source = open_receipts(path, site=site, layout=layout, encoding=encoding)
    batches = list(source.batches())
    log = ProblemLog()
    for batch in batches:
        log.extend(batch.log)
    return Receipts(
        frame=pl.concat([empty(RECEIPTS), *(b.frame for b in batches)]),
        rejected=pl.concat([empty(RECEIPTS), *(b.rejected for b in batches)]),
        quarantine=pl.concat([empty(QUARANTINE), *(b.quarantine for b in batches)]),
        log=log,
        summary=source.summary,
    )


def open_receipts(
    path: Path, *, site: Site | None = None, layout: str | Path | None = None, encoding: str | None = None
) -> ReceiptFile:
    """One file, to be read in batches. Raises ProblemError where it cannot be used as a whole."""
    known = site or Site.unknown()
    return ReceiptFile(open_file(path, site=known, layout=layout, encoding=encoding), known)


class ReceiptFile:
    """A file being read. `batches()` goes through it once; `summary` stands after the last batch."""

    def __init__(self, opened: Opened, site: Site) -> None:
        self.opened = opened
        self._site = site
        self._summary: FileSummary | None = None

    @property
    def summary(self) -> FileSummary:
        """The file as a whole. Raises RuntimeError before its end was reached."""
        if self._summary is None:
            raise RuntimeError(f"{self.opened.path.name}: the summary stands after the last batch")
        return self._summary

    def batches(self) -> Iterator[ReceiptBatch]:
        """The rows in batches of one block each. At the end ProblemError is raised where header, trailer and rows disagree."""
        opened = self.opened
        seen = Occurrences()
        tally = Tally()
        controls: list[ControlRecord] = []
        log = opened.log
        log.extend(_notes(opened, self._site))
        sha256 = opened.survey.sha256
        for block in _blocks(opened):
            parsed = parse_block(block, opened.plan)
            controls += [
                ControlRecord(mark, line, raw, tally.rows + before)
                for mark, line, raw, before in parsed.controls
            ]
            frame = _completed(parsed, opened, seen)
            own, frame = frame["own"], frame.select(list(RECEIPTS))
            batch = ReceiptBatch(
                frame=frame if own.all() else frame.filter(own),
                rejected=empty(RECEIPTS) if own.all() else frame.filter(~own),
                quarantine=parsed.quarantine.with_columns(
                    file=pl.lit(opened.path.name), file_sha256=pl.lit(sha256)
                ).select(list(QUARANTINE)),
                log=log,
            )
            log.extend(parsed.log)
            tally = tally.plus(_tally(batch))
            yield batch
            log = ProblemLog()
        self._finish(tally, controls)

    def _finish(self, tally: Tally, controls: list[ControlRecord]) -> None:
        opened = self.opened
        name, known = opened.path.name, opened.survey
        found, problems = balance(controls, tally, opened.layout, file=name)
        if (status := opened.path.stat()).st_size != known.bytes or status.st_mtime_ns != known.changed_ns:
            params = {"found": status.st_size, "expected": known.bytes}
            problems.append(Problem("receipt_file.changed", params=params, where=Where(name)))
        if problems:
            raise ProblemError(problems)
        self._summary = FileSummary(
            file=name,
            sha256=known.sha256,
            bytes=known.bytes,
            layout=opened.layout.id,
            layout_sha256=opened.layout.sha256,
            encoding=opened.plan.encoding,
            tally=tally,
            balance=found,
        )


def _blocks(opened: Opened) -> Iterator[Block]:
    if opened.way == "parquet":
        yield from parquet_blocks(opened.path, list(opened.columns))
        return
    with opened.path.open("rb") as handle:
        handle.seek(opened.offset)
        if opened.way == "records":
            yield from record_blocks(handle, size=opened.layout.record_bytes)
        else:
            yield from line_blocks(handle, line=opened.line, file=opened.path.name)


def _completed(parsed: Parsed, opened: Opened, seen: Occurrences) -> pl.DataFrame:
    """Events with their identity and their file."""
    return identified(parsed.events, seen).with_columns(
        file=pl.lit(opened.path.name), file_sha256=pl.lit(opened.survey.sha256)
    )


def _tally(batch: ReceiptBatch) -> Tally:
    bad = batch.quarantine["amount"]
    return Tally(
        good=batch.frame.height,
        good_yen=int(batch.frame["amount"].sum()),
        rejected=batch.rejected.height,
        rejected_yen=int(batch.rejected["amount"].sum()),
        quarantined=len(bad),
        quarantined_yen=int(bad.sum()),
        unreadable=bad.null_count(),
    )


def _notes(opened: Opened, site: Site) -> ProblemLog:
    """What the reader could not check, or had to assume, said once a file."""
    log, where = ProblemLog(), Where(opened.path.name)
    rule = opened.layout.barcode
    if rule is not None and not opened.layout.named("slip_key"):
        log.add_one(
            Problem(
                "receipt_file.key_rule",
                "slip_key",
                {"found": rule.key_digits, "expected": rule.status},
                where,
            )
        )
    if not site.known:
        log.add_one(Problem("receipt_file.body_unknown", "body_code", where=where))
    elif rule is not None and site.cvs_issuer is None:
        log.add_one(Problem("receipt_file.issuer_unknown", "barcode", where=where))
    return log
