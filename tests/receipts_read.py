"""Receipts as they were read: a canonical file written and read at once, the rows as events, and what was told."""

from __future__ import annotations

from pathlib import Path

import polars as pl
from receipt_rows import SITE, Event, file_of, record

from elqr.problems import Problem
from elqr.site import Site
from reconcile.descriptors import load_receipt_layout
from reconcile.intake import Receipts, read_receipts


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
