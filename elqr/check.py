"""Checks slips column by column and hands back cleaned rows: every problem of a file is found, only faulty rows are held.

In: batches of canonical columns as strings, the site, the profile, the issue date. Out: `Checked` (good rows typed, with payload and mode; the
log), and at the end what only the whole file shows. Refuses a row, never a file; reads no clock.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from elqr.problems import ProblemLog


@dataclass(frozen=True)
class Checked:
    """The good rows (cleaned slips frame), the problems, and the held rows (`line, slip_key, amount`; null = not readable)."""

    frame: pl.DataFrame
    log: ProblemLog
    held: pl.DataFrame
