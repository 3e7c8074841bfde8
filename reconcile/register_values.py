"""Gives the cells of a register their types: one notation, then one rule a kind of column; all problems of all rows are found.

In: string columns as the reader hands them out, and their table. Out: the same columns typed (faulty cells null), with problems and notes
in a log. Refuses cells, never a file. Identifiers are compared later, so full-width digits and letters become half-width, with a note.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from elqr.checkdigits import body_code_holds
from elqr.columns import STAND_IN, Column, Kind
from elqr.dates import parse
from elqr.digits import to_matrix
from elqr.money import FIGURES
from elqr.problems import ProblemLog
from reconcile.register_columns import accepted_choices

_NOT_PLAIN = "[^!-~]"
_DAMAGED = r"[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\x{FFFD}\x{E000}-\x{F8FF}\x{F0000}-\x{10FFFF}]"
_COVERS = r"^[^:;]+:[0-9]{1,11}(;[^:;]+:[0-9]{1,11})*$"
_YEN = rf"^[¥\\]?({FIGURES})円?$"


def typed(frame: pl.DataFrame, columns: Sequence[Column], log: ProblemLog) -> pl.DataFrame:
    """`frame` with the columns of the table typed: dates Date, money Int64, flags Boolean (empty = false), keys of 20 digits, else text."""
    frame = (
        frame.clone()
    )  # columns are put into it one by one: of a small file, a query each would be most of the time
    for column in columns:
        cells, place = frame[column.name], frame.get_column_index(column.name)
        said = cells.null_count() < len(cells)
        if said:
            cells = _plain(frame, column, log)
            frame.replace_column(place, cells)
        if column.filled and cells.null_count():
            _report(frame, cells.is_null(), "register.missing", column, log)
        frame.replace_column(place, _typed(frame, column, log) if said else _nothing(column, len(cells)))
    return frame


def _nothing(column: Column, rows: int) -> pl.Series:
    """A column in which nothing stands, typed."""
    if column.kind is Kind.FLAG:
        return pl.Series(column.name, [False]).new_from_index(0, rows)
    kind = {Kind.DATE: pl.Date(), Kind.MONEY: pl.Int64()}.get(column.kind, pl.String())
    return pl.Series(column.name, [None], dtype=kind).new_from_index(0, rows)


def _plain(frame: pl.DataFrame, column: Column, log: ProblemLog) -> pl.Series:
    """Half-width, without blanks outside (and inside, but in text and names of lines); what changed by more than outer blanks is noted."""
    cells = frame[column.name]
    odd = cells.str.contains(_NOT_PLAIN)
    if not odd.any():
        return cells
    rows = frame.filter(odd)
    found = rows[column.name]
    after = found.str.normalize("NFKC")
    match column.kind:
        case Kind.TEXT:
            after = after.str.strip_chars()
        case Kind.COVERS:  # a blank within a line_id is a part of it here too
            after = after.str.strip_chars().str.replace_all(r"\s*([:;])\s*", "$1")
        case _:
            after = after.str.replace_all(r"\s", "")
    after = after.to_frame().select(pl.when(pl.col(column.name) != "").then(column.name)).to_series()
    if column.kind is not Kind.DATE:  # 和暦 is a notation of its own, not a slip of the hand
        words = list(accepted_choices(column)) if column.choices else []
        differs = (found.str.strip_chars() != after).fill_null(value=False) & ~found.is_in(words)
        changed = rows.filter(differs)
        log.add(
            changed,
            "register.normalised",
            field=column.name,
            name=column.ja,
            found=found.filter(differs),
            after=after.filter(differs),
        )
    return cells.scatter(odd.arg_true(), after)


def _typed(frame: pl.DataFrame, column: Column, log: ProblemLog) -> pl.Series:
    cells = frame[column.name]
    expected = str(column.width)
    match column.kind:
        case Kind.DATE:
            value, code = parse(cells), "register.date"
        case Kind.MONEY:
            bare = cells.str.extract(_YEN, 1).str.replace_all(",", "", literal=True)
            value, code = _where(bare, f"^0*[0-9]{{1,{column.width}}}$").cast(pl.Int64), "register.amount"
        case Kind.FLAG:
            value, code = _where(cells, "^[01]$"), "register.flag"
        case Kind.CHOICE:
            words = accepted_choices(column)
            value, code = cells.replace_strict(words, default=None, return_dtype=pl.String), "register.choice"
            expected = " / ".join(words)
        case Kind.DIGITS | Kind.YEAR | Kind.KEY:
            least = 1 if column.kind is Kind.KEY else column.width
            value, code = _where(cells, f"^[0-9]{{{least},{column.width}}}$"), "register.digits"
        case Kind.COVERS:
            value, code = _where(cells, _COVERS), "register.covers"
        case _:
            text = pl.col(column.name).str
            sound = ~text.contains(_DAMAGED) & (text.len_chars() <= column.width)
            value, code = _kept(cells, sound), "register.text"
    if column.kind is Kind.TEXT:
        _report(frame, value.str.contains(STAND_IN), "register.stand_in", column, log)
    if value.null_count() > cells.null_count():
        _report(frame, cells.is_not_null() & value.is_null(), code, column, log, expected)
    if column.name == "body_code":
        _body_code(frame, value, column, log)
    if column.kind is Kind.FLAG:
        value = (value == "1").fill_null(value=False)
    return (value.str.zfill(column.width) if column.kind is Kind.KEY else value).alias(column.name)


def _where(cells: pl.Series, pattern: str) -> pl.Series:
    """The cells that match, else null."""
    return _kept(cells, pl.col(cells.name).str.contains(pattern))


def _kept(cells: pl.Series, sound: pl.Expr) -> pl.Series:
    """The cells of which this holds, else null."""
    return cells.to_frame().select(pl.when(sound).then(cells.name)).to_series()


def _body_code(frame: pl.DataFrame, codes: pl.Series, column: Column, log: ProblemLog) -> None:
    """The check digit of each distinct body code."""
    distinct = codes.drop_nulls().unique()
    wrong = distinct.filter(pl.Series(~body_code_holds(to_matrix(distinct, 6)), dtype=pl.Boolean))
    _report(frame, codes.is_in(wrong.to_list()), "register.body_code", column, log)


def _report(
    frame: pl.DataFrame, mask: pl.Series, code: str, column: Column, log: ProblemLog, expected: str = ""
) -> None:
    if mask.any():
        rows = frame.filter(mask)
        found = rows[column.name].cast(pl.String).fill_null("").str.slice(0, 60)
        log.add(rows, code, field=column.name, name=column.ja, found=found, expected=expected)
