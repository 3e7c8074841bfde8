"""Checks slips column by column and hands back cleaned rows: every problem of a file is found, only faulty rows are held.

In: batches of canonical columns as strings, the site, the profile, the issue date. Out: `Checked` (good rows typed, with payload and mode; the
log), and at the end what only the whole file shows. Refuses a row, never a file; reads no clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import polars as pl

from elqr.checks.barcode_row import check_barcode
from elqr.checks.clean import cleaned
from elqr.checks.payload_row import check_payload
from elqr.checks.relations import check_relations
from elqr.checks.values import checked_values
from elqr.checks.whole_file import WholeFile
from elqr.columns import NAMES
from elqr.problems import Problem, ProblemLog, Severity, Where
from elqr.profiles import Profile
from elqr.reader import Batch
from elqr.site import Site


@dataclass(frozen=True)
class Checked:
    """The good rows (cleaned slips frame), the problems, and the held rows (`line, slip_key, amount`; null = not readable)."""

    frame: pl.DataFrame
    log: ProblemLog
    held: pl.DataFrame
