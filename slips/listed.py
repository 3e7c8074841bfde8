"""What a slip says of the others of its notice, which is known only when all of them are: can it be shown, and does it fit?

A table lists each instalment in the words of the slip on which it stands, so where the slips of a notice speak different languages a row is
said in all of these; beside instalments the whole-year slip's amount and day stand in boxes of their own. In: what the first pass left
behind, the forms, the check of texts. Out: rows that cannot be said there are held, with what is wrong; fit steps are noted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import polars as pl

from elqr.problems import Severity
from elqr.site import Site
from slips.intake import Form, Intake, Prepress
from slips.labels import worded
from slips.order import NOTICE
from slips.values import CELLS, provisional

FIRST_ROW = tuple(f"{cell}_1" for cell in CELLS)
BESIDE: Mapping[str, str] = {"inst_full_amount": "amount_digits", "inst_full_due": "due_date"}
"""Boxes of the whole-year slip beside instalments, and the values that they show."""
NOTICE_OF_FORM = ("large", *NOTICE)
"""Ordinary and large print lie in files of their own, each with the table of its slips."""


def hold_unlisted(intake: Intake, *, forms: Mapping[bool, Form], site: Site, prepress: Prepress) -> None:
    """Check what the first pass could not see: texts of a row on the other slips of its notice."""
    told = _told(intake, forms)
    if told.is_empty():
        return
    wrong: list[pl.Series] = []
    for frame in intake.spool.frames():
        rows = frame.join(told, on="line", how="inner", maintain_order="left")
        for large, form in forms.items():
            for texts in _texts(rows.filter(pl.col("_large") == large), site):
                found = prepress.check(texts, layout=form.name).table()
                intake.findings.late.extend(found)
                wrong.append(found.filter(pl.col("severity") == Severity.ERROR.value)["line"])
    intake.held_lines = pl.concat([intake.held_lines, *wrong]).unique().sort()


def _told(intake: Intake, forms: Mapping[bool, Form]) -> pl.DataFrame:
    """`line`, `_large`, `_apart` (a whole-year slip beside instalments) and `_langs` (in which its notice speaks) of rows to look at."""
    keys = intake.keys
    schema = {
        "line": pl.Int64(),
        "_large": pl.Boolean(),
        "_apart": pl.Boolean(),
        "_langs": pl.List(pl.String),
    }
    listing = [large for large, form in forms.items() if form.lists]
    if keys.is_empty() or not listing:
        return pl.DataFrame(schema=schema)
    living = keys.filter(pl.col("large").is_in(listing), ~pl.col("line").is_in(intake.held_lines.implode()))
    said = {tag: worded(tag) for tag in living["lang"].unique()}
    marked = living.with_columns(
        said=pl.col("lang").replace_strict(said, return_dtype=pl.String),
        apart=pl.col("full_year") & ~pl.col("full_year").all().over(NOTICE_OF_FORM),
    )
    marked = marked.filter(
        pl.col("apart").any().over(NOTICE_OF_FORM) | (pl.col("said").n_unique().over(NOTICE_OF_FORM) > 1)
    )
    langs = marked.group_by(NOTICE_OF_FORM).agg(_langs=pl.col("said").unique().sort())
    rows = marked.join(langs, on=NOTICE_OF_FORM, how="left", nulls_equal=True, maintain_order="left")
    return rows.filter(pl.col("apart") | (pl.col("_langs").list.len() > 1)).select(
        "line", "_langs", _large="large", _apart="apart"
    )


def _texts(rows: pl.DataFrame, site: Site) -> Iterator[pl.DataFrame]:
    """Value columns of these rows in each language of their notice: the first line of a table, or the boxes of the whole year.

    What was looked at before, in the row's own language, is left empty: it would be told again for each language that says it alike.
    """
    own = provisional(rows, site=site, table_rows=1)
    apart = rows["_apart"]
    yield own.filter(apart).select("line", "slip_key", **BESIDE)
    several = rows["_langs"].list.len() > 1
    for lang in sorted({lang for langs in rows["_langs"].filter(several).unique() for lang in langs}):
        here = several & rows["_langs"].list.contains(lang)
        spoken = provisional(rows.filter(here).with_columns(lang=pl.lit(lang)), site=site, table_rows=1)
        known, beside = own.filter(here), apart.filter(here)
        new = spoken.with_columns(
            pl.when(pl.col(name) != known[name]).then(pl.col(name)).otherwise(pl.lit(""))
            for name in (*FIRST_ROW, *BESIDE.values())
        )
        yield new.filter(~beside).select("line", "slip_key", *FIRST_ROW)
        yield new.filter(beside).select("line", "slip_key", **BESIDE)
