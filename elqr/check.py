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
from elqr.checks.payload_row import check_payload, with_payload
from elqr.checks.relations import check_relations
from elqr.checks.values import checked_values, readable_yen
from elqr.checks.whole_file import HELD_SCHEMA, Totals, WholeFile
from elqr.problems import Problem, ProblemLog, Where
from elqr.reader import Batch
from elqr.ruleset import Profile
from elqr.site import Site

__all__ = ["Checked", "SlipCheck", "Totals"]


@dataclass(frozen=True)
class Checked:
    """The good rows (cleaned slips frame), the problems, and the held rows (`line, slip_key, amount`; null = not readable)."""

    frame: pl.DataFrame
    log: ProblemLog
    held: pl.DataFrame


class SlipCheck:
    """The check of one file: `check` each batch in order, then `finish` once; `totals` stand after that.

    `year`: the batch's 賦課年度 where known, else the most frequent one counts.
    """

    def __init__(
        self,
        site: Site,
        *,
        issue_date: date,
        profile: Profile | None = None,
        file: str = "",
        year: int | None = None,
    ) -> None:
        self.site = site
        self.profile = profile
        self.issue_date = issue_date
        self.file = file
        self._whole = WholeFile(year=year)

    def check(self, batch: Batch | pl.DataFrame) -> Checked:
        """Check one batch: all problems of its rows; the good ones cleaned, typed and with their payload.

        A `Batch` brings its log and its refused rows with it; a frame alone has neither.
        """
        log = ProblemLog()
        held = pl.DataFrame(schema=dict(HELD_SCHEMA))
        if isinstance(batch, Batch):
            log.extend(batch.log)
            held = batch.refused.with_columns(readable_yen("amount"))
            self._whole.take_refused(held)
        plain = cleaned(batch.frame if isinstance(batch, Batch) else batch, self.site, log)
        typed = checked_values(plain, log)
        check_relations(typed, self.site, self.issue_date, log)
        check_payload(typed, self.profile, log)
        check_barcode(typed, self.site, log)
        good, stop = with_payload(typed, self.profile, log)
        self._whole.take(typed, held=stop)
        held = pl.concat([held, typed.filter(stop).select(HELD_SCHEMA.keys())]).sort("line")
        return Checked(good, log, held)

    def finish(self) -> Checked:
        """The problems of the file as a whole; `held` are rows that `check` had let pass and that must go now. `frame` is empty."""
        log = ProblemLog()
        held = self._whole.finish(self.site, log)
        if not self.site.known:
            log.add_one(Problem("site.not_given", where=Where(self.file)))
        return Checked(held.clear(), log, held)

    def totals(self) -> Totals:
        """Slips and yen in, and how much of it is held."""
        return self._whole.totals()
