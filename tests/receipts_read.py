"""Receipts as they were read: a canonical file written and read at once, the rows as events, what was told, and both readers side by side."""

from __future__ import annotations

from pathlib import Path

import polars as pl
from receipt_rows import SITE, Event, file_of, record

from elqr.problems import Problem, ProblemError
from elqr.site import Site
from reconcile.descriptors import load_receipt_layout
from reconcile.intake import Receipts, read_receipts
from reconcile.intake_reference import reference_rows, repairs


def values(frame: pl.DataFrame, events: list[Event]) -> list[Event]:
    """The rows of a frame in the columns of these events."""
    return frame.select(list(events[0])).to_dicts()


def canonical(tmp_path: Path, *rows: Event | bytes, site: Site = SITE, encoding: str = "cp932") -> Receipts:
    """A canonical file of these events (or raw lines), read."""
    layout = load_receipt_layout("canonical")
    lines = [r if isinstance(r, bytes) else record(r, layout, encoding=encoding) for r in rows]
    path = tmp_path / "r.csv"
    path.write_bytes(file_of(lines, layout, encoding=encoding))
    return read_receipts(path, site=site)


def told(receipts: Receipts) -> list[Problem]:
    return list(receipts.log.problems())


def story(path: Path, reader: object, **options: object) -> tuple[object, ...]:
    """All that a reader tells of a file, or the problems for which it refuses it."""
    try:
        if reader == "fast":
            found = read_receipts(path, **options)  # type: ignore[arg-type]
            return found.frame, found.rejected, found.quarantine, repairs(found.log)
        accepted, rejected, quarantine, notes = reference_rows(path, **options)  # type: ignore[arg-type]
        return accepted, rejected, quarantine, sorted(notes)
    except ProblemError as error:
        return tuple((p.code, p.field, tuple(sorted(p.params.items())), p.where) for p in error.problems)


def agree(path: Path, **options: object) -> tuple[object, ...]:
    fast, slow = story(path, "fast", **options), story(path, "slow", **options)
    assert len(fast) == len(slow)
    for one, other in zip(fast, slow, strict=True):
        if isinstance(one, pl.DataFrame) and isinstance(other, pl.DataFrame):
            assert one.schema == other.schema
            assert one.rows() == other.rows()
        else:
            assert one == other
    return fast
