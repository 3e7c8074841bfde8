"""Numbers that are known only when the order is, n/m of a bundle and the running number: do those of this job fit their boxes?

In: what the first pass left behind, the order, the check of texts. Out: bundles whose numbers no fit step makes small enough are held and
their lines listed; numbers that are set smaller are noted. Refuses (ProblemError `job.numbers_too_long`) a job whose running numbers do not
fit, before the first page. Digits count as equally wide, as they are in the faces of this house.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
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
    sizes = _sizes(plan)
    held = False
    for large, form in forms.items():
        mine = intake.keys["large"].to_numpy() == large
        if slips >= 10**NUMBER_WIDTH and (sizes[mine] > 0).any():
            first = intake.keys.select("line").filter((sizes > 0) & mine).head(1)
            _refuse_too_many(slips, first, form, prepress, intake)
        long = (sizes > USUAL_BUNDLE) & mine
        if long.any():
            many = intake.keys.select("line").filter(long).with_columns(m=pl.Series(sizes[long]))
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


def _sizes(plan: PrintPlan) -> npt.NDArray[np.int64]:
    """For each row of the spool how many slips its bundle has, 0 where it is not printed."""
    printed = plan.file_of_row != HELD
    slips = np.bincount(plan.bundle_of_row[printed], minlength=1)
    return np.where(printed, slips[plan.bundle_of_row], 0)


def _refuse_too_many(slips: int, first: pl.DataFrame, form: Form, prepress: Prepress, intake: Intake) -> None:
    texts = first.select("line", seq=pl.lit("9" * len(str(slips))))
    log = prepress.check(texts, layout=form.name)
    if log.held_lines().len():
        params = {"found": f"{slips:,}", "form": form.name}
        raise ProblemError(Problem("job.numbers_too_long", "seq", params))
    intake.findings.late.extend(log)
