"""A rule as data: which rows break it, under which code, and what the message says was found and expected.

In: a frame and rules; out: problems in a log. All conditions of a list are evaluated in one pass over the columns; only rows that break a
rule cost more. A condition that is null (a value that could not be read, reported elsewhere) breaks nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from dataclasses import field as with_default
from typing import TypeAlias

import polars as pl

from elqr.columns import BY_NAME
from elqr.problems import ProblemLog

# Digits of a payload or a broken cell can be long; a message shows this much of a value.
SHOWN_MAX = 60


Params: TypeAlias = Mapping[str, pl.Expr | pl.Series | str | int]


@dataclass(frozen=True)
class Rule:
    """Rows for which `when` is true get the problem `code` at `field`, with these parameters."""

    code: str
    field: str
    when: pl.Expr
    params: Params = with_default(default_factory=dict)


def apply(frame: pl.DataFrame, rules: Iterable[Rule], log: ProblemLog) -> None:
    """Record every breach of `rules` among the rows of `frame`; `{name}` in a sentence is the column's Japanese heading."""
    listed = list(rules)
    if frame.is_empty() or not listed:
        return
    marks = frame.select(r.when.fill_null(value=False).alias(str(i)) for i, r in enumerate(listed))
    for i, rule in enumerate(listed):
        mark = marks[str(i)]
        if mark.any():
            report(frame.filter(mark), rule.code, rule.field, log, rule.params)


def report(
    rows: pl.DataFrame,
    code: str,
    column: str,
    log: ProblemLog,
    params: Params,
) -> None:
    """Record one problem for all of `rows`."""
    known = BY_NAME.get(column)
    log.add(rows, code, field=column, name=known.ja if known else column, **params)


def shown(column: str) -> pl.Expr:
    """The value of a column as a message shows it."""
    text = pl.col(column).cast(pl.String)
    return pl.when(text.str.len_chars() > SHOWN_MAX).then(text.str.slice(0, SHOWN_MAX) + "…").otherwise(text)


def code_point(column: str, pattern: str) -> pl.Expr:
    """The first character of a column that matches `pattern`, as its code point (`U+20BB7`)."""
    return (
        pl.col(column)
        .str.extract(f"({pattern})")
        .map_elements(lambda c: f"U+{ord(c):04X}", return_dtype=pl.String, skip_nulls=True)
    )
