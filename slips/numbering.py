"""Numbers that are known only when the order is, n/m of a bundle and the running number: do those of this job fit their boxes?

In: what the first pass left behind, the order, the check of texts. Out: bundles whose numbers no fit step makes small enough are held and
their lines listed; numbers that are set smaller are noted. Refuses (ProblemError `job.numbers_too_long`) a job whose running numbers do not
fit, before the first page. Digits count as equally wide, as they are in the faces of this house.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from elqr.problems import Problem, ProblemError, Severity
from slips.intake import Form, Intake, Prepress
from slips.order import HELD, NUMBER_WIDTH, PrintPlan
from slips.values import USUAL_BUNDLE


def hold_unnumbered(
    intake: Intake, plan: PrintPlan, *, forms: Mapping[bool, Form], prepress: Prepress
) -> bool:
    """Check the numbers that are longer than the first pass took them to be. True where lines were held: the order must be made anew."""
    slips = sum(file.slips for file in plan.files)
    held = False
    for large, form in forms.items():
        rows = _printed(intake, plan, large=large)
        if rows.is_empty():
            continue
        if slips >= 10**NUMBER_WIDTH:
            _refuse_too_many(slips, rows.head(1), form, prepress, intake)
        many = rows.filter(pl.col("m") > USUAL_BUNDLE)
        if many.height:
            nines = pl.lit("9").repeat_by(pl.col("m").cast(pl.String).str.len_bytes()).list.join("")
            texts = many.select("line", n_of_m=pl.concat_str(nines, pl.lit("/"), nines))
            if form.slips_per_page > 1:
                texts = texts.with_columns(sheet_of=pl.col("n_of_m"))
            found = prepress.check(texts.sort("line"), layout=form.name).table()
            intake.findings.late.extend(found)
            wrong = found.filter(pl.col("severity") == Severity.ERROR.value)["line"]
            intake.held_lines = pl.concat([intake.held_lines, wrong]).unique().sort()
            held |= wrong.len() > 0
    return held


def _printed(intake: Intake, plan: PrintPlan, *, large: bool) -> pl.DataFrame:
    """`line` and `m`, the size of its bundle, of the slips that print with one form."""
    rows = intake.keys.select(
        "line", "large", file=pl.Series(plan.file_of_row), bundle=pl.Series(plan.bundle_of_row)
    )
    mine = rows.filter(pl.col("large") == large, pl.col("file") != HELD)
    return mine.select("line", m=pl.len().over("bundle"))


def _refuse_too_many(slips: int, first: pl.DataFrame, form: Form, prepress: Prepress, intake: Intake) -> None:
    texts = first.select("line", seq=pl.lit("9" * len(str(slips))))
    log = prepress.check(texts, layout=form.name)
    if log.held_lines().len():
        params = {"found": f"{slips:,}", "form": form.name}
        raise ProblemError(Problem("job.numbers_too_long", "seq", params))
    intake.findings.late.extend(log)
