"""First pass of a print job: rows read, checked and, when they can be printed, kept on disk with their ordering keys.

In: batches of the slips file, the checks, the text check of the page writer. Out: `Intake` (keys in memory, rows in the spool,
problems in the findings, sums in the account). A faulty row is held; all others go on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import polars as pl

from elqr.check import SlipCheck
from elqr.problems import ProblemLog, Severity
from elqr.reader import Batch
from elqr.site import Site
from slips.account import Account
from slips.findings import Findings
from slips.guidance import Guide, offers
from slips.order import HELD, PrintPlan, keys_of, overfull_notices
from slips.progress import Listener, Progress
from slips.spool import Buckets, Spool
from slips.values import provisional
from slips.workers import Press


class Prepress(Protocol):
    """What looks at every text before anything is printed, and then makes the press for exactly these texts."""

    def notes(self) -> ProblemLog:
        """What is to be told of the job as a whole, whatever its slips are."""
        ...

    def check(self, values: pl.DataFrame, *, layout: str) -> ProblemLog:
        """Problems of texts that cannot be shown or do not fit (errors hold the row), and notes."""
        ...

    def ready(self) -> Callable[[], object]:
        """What a process that will print does before its first task, as plain data."""
        ...

    def press(self) -> Press:
        """The press, once all batches have been checked."""
        ...


@dataclass(frozen=True)
class Form:
    """The layout for ordinary or large print: its name and the rows of its instalment table (0 = none). `large`: all of it is large print.

    `kinds`: of the slips that it may carry, all where none is named. `lists`: it tells of the other slips of a notice.
    `ways`: lines in which it tells of ways to pay.
    """

    name: str
    table_rows: int
    guide: Guide | None = None
    slips_per_page: int = 1
    large: bool = False
    kinds: tuple[str, ...] = ()
    lists: bool = False
    ways: int = 0


@dataclass
class Intake:
    """What the first pass leaves behind. `modes`: slips by mode, of those that are not held."""

    spool: Spool
    findings: Findings
    account: Account = field(default_factory=Account)
    modes: Counter[str] = field(default_factory=Counter)
    keys: pl.DataFrame = field(default_factory=pl.DataFrame)
    held_lines: pl.Series = field(default_factory=lambda: pl.Series(dtype=pl.Int64))
    _held_payers: list[pl.DataFrame] = field(default_factory=list)

    def note_held(self, rows: pl.DataFrame) -> None:
        """Remember whose slips are held (`line`, `payer_id`), to tell those who put bundles into envelopes."""
        self._held_payers.append(
            rows.select("line", payer=pl.col("payer_id").cast(pl.String).str.strip_chars()).drop_nulls()
        )

    def held_payers(self) -> pl.DataFrame:
        """`payer`, `held` (count), `lines` (text) of all held rows that name a payer."""
        if not self._held_payers:
            return pl.DataFrame(schema={"payer": pl.String, "held": pl.UInt32, "lines": pl.String})
        rows = pl.concat(self._held_payers).sort("line")
        return rows.group_by("payer", maintain_order=True).agg(
            held=pl.len(), lines=pl.col("line").cast(pl.String).str.join(", ")
        )


def take_in(
    batches: Iterable[Batch],
    *,
    check: SlipCheck,
    prepress: Prepress,
    site: Site,
    forms: Mapping[bool, Form],
    intake: Intake,
    expected_rows: int,
    listener: Listener,
) -> None:
    """Read, check and spool everything; `forms` has a large-print form under True only where the layout names one."""
    keys = intake.spool.beside("keys")  # not in memory while there are batches in it: that would add up
    empty = pl.DataFrame()
    account = intake.account
    for batch in batches:
        checked = check.check(batch)
        log = checked.log
        placed = _placed(checked.frame, forms, log)
        good = _meant_for(placed, forms, log)
        fitting = _fitting(good, prepress, site, forms, log)
        unread, unsound = _split(checked.held, batch.refused["line"])
        misplaced = _without(placed, good["line"])
        too_long = _without(good, fitting["line"])
        for step, rows in (("input", unread), ("check", unsound), ("check", misplaced), ("text", too_long)):
            account.came_in.add(rows["amount"])
            account.hold(step, rows["amount"])
        account.came_in.add(fitting["amount"])
        intake.note_held(batch.frame.join(unsound.select("line"), on="line", how="semi"))
        intake.note_held(misplaced)
        intake.note_held(too_long)
        intake.modes.update(fitting["mode"].to_list())
        intake.spool.append(fitting)
        ordering = keys_of(fitting)
        keys.append(ordering)
        empty = ordering.clear()
        lines = pl.concat([batch.frame["line"], batch.refused["line"].cast(pl.Int64)])
        last = lines.max()
        intake.findings.add_batch(log.table(), last_line=last if isinstance(last, int) else 0)
        listener(Progress("check", account.came_in.slips, max(expected_rows, account.came_in.slips)))
    whole = check.finish()
    intake.findings.late.extend(whole.log)
    intake.keys = pl.concat([empty, *keys.frames()], rechunk=True)
    keys.remove()
    intake.held_lines = whole.held["line"].sort()


def _split(held: pl.DataFrame, refused: pl.Series) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Held rows that could not even be read, and the others."""
    lines = refused.cast(pl.Int64).to_frame("line")
    return held.join(lines, on="line", how="semi"), held.join(lines, on="line", how="anti")


def _without(rows: pl.DataFrame, lines: pl.Series) -> pl.DataFrame:
    """The rows that stand on none of these lines."""
    return rows.join(lines.to_frame("line"), on="line", how="anti", maintain_order="left")


def _placed(good: pl.DataFrame, forms: Mapping[bool, Form], log: ProblemLog) -> pl.DataFrame:
    """Rows that ask for large print where the layout names none are printed with it like the others. Unless it is one, that is said."""
    if True in forms:
        return good
    asked = good.filter("large_print")
    if not forms[False].large:
        log.add(asked, "large_print.no_layout", field="large_print", found=forms[False].name)
    return good.with_columns(large_print=pl.lit(False)) if asked.height else good


def _meant_for(good: pl.DataFrame, forms: Mapping[bool, Form], log: ProblemLog) -> pl.DataFrame:
    """The rows whose kind of slip their form may carry: no reminder goes to somebody who is not late.

    What the form is for, its large print is for, though that carries more beside other forms.
    """
    wrong = []
    for large, form in forms.items():
        if kinds := form.kinds or forms[False].kinds:
            rows = good.filter(pl.col("large_print").fill_null(False) == large, ~pl.col("kind").is_in(kinds))
            expected = ", ".join(kinds)
            log.add(
                rows,
                "kind.not_of_form",
                field="kind",
                found=pl.col("kind"),
                expected=expected,
                form=form.name,
            )
            wrong.append(rows["line"])
    return _without(good, pl.concat(wrong)) if wrong else good


def _fitting(
    good: pl.DataFrame, prepress: Prepress, site: Site, forms: Mapping[bool, Form], log: ProblemLog
) -> pl.DataFrame:
    """The rows whose every text can be shown in its box."""
    wrong: list[pl.Series] = []
    for large, form in forms.items():
        rows = good.filter(pl.col("large_print").fill_null(False) == large)
        if rows.is_empty():
            continue
        _tell_ways_left_out(rows, form, log)
        found = prepress.check(
            provisional(rows, site=site, table_rows=min(form.table_rows, 1), guide=form.guide),
            layout=form.name,
        ).table()
        log.extend(found)
        wrong.append(found.filter(pl.col("severity") == Severity.ERROR.value)["line"])
    return _without(good, pl.concat(wrong).unique()) if wrong else good


def _tell_ways_left_out(rows: pl.DataFrame, form: Form, log: ProblemLog) -> None:
    """Slips that can be paid in more ways than their form has lines for: the last of them are not on it."""
    if form.guide is None or len(form.guide.channels) <= form.ways:
        return
    ways = offers(rows, form.guide).sum_horizontal()
    more = ways > form.ways
    log.add(
        rows.filter(more),
        "guide.lines",
        field="guide",
        found=ways.filter(more),
        expected=form.ways,
        form=form.name,
    )


def hold_overfull(intake: Intake, forms: Mapping[bool, Form]) -> None:
    """Hold the notices whose instalments do not fit the table of their form."""
    if intake.keys.is_empty():
        return
    rows = {large: form.table_rows for large, form in forms.items()}
    living = intake.keys.filter(~pl.col("line").is_in(intake.held_lines.implode()))
    over = overfull_notices(living, table_rows={False: rows[False], True: rows.get(True, 0)})
    intake.findings.late.add(
        over, "instalments.too_many", field="period", found=pl.col("instalments"), expected=pl.col("rows")
    )
    intake.held_lines = pl.concat([intake.held_lines, over["line"]]).unique().sort()


def distribute(intake: Intake, plan: PrintPlan, buckets: Buckets, *, listener: Listener) -> None:
    """Second pass: every row of the spool to the bucket of its file; rows held late go to the account."""
    at = 0
    for frame in intake.spool.frames():
        place = slice(at, at + frame.height)
        at += frame.height
        rows = frame.with_columns(
            file=pl.Series(plan.file_of_row[place]), bundle=pl.Series(plan.bundle_of_row[place])
        )
        held = rows.filter(pl.col("file") == HELD)
        intake.account.hold("file", held["amount"])
        intake.modes.subtract(held["mode"].to_list())
        intake.note_held(held)
        buckets.add(rows.filter(pl.col("file") != HELD))
        listener(Progress("order", at, intake.spool.rows))
    buckets.flush()
    intake.spool.remove()
    _tell_incomplete_bundles(intake, plan)


def _tell_incomplete_bundles(intake: Intake, plan: PrintPlan) -> None:
    held = intake.held_payers()
    if held.is_empty() or intake.keys.is_empty():
        return
    printed = intake.keys.select("line", "payer", file=pl.Series(plan.file_of_row)).filter(
        pl.col("file") != HELD
    )
    short = (
        printed.join(held, on="payer", how="inner")
        .sort("line")
        .unique("payer", keep="first", maintain_order=True)
    )
    intake.findings.late.add(
        short, "bundle.incomplete", field="payer_id", found=pl.col("held"), lines=pl.col("lines")
    )
