"""Payloads from slips by the rules of a profile. Unless every rule is confirmed, what comes out is a TEST.

In: the cleaned slips frame and a profile; out: `(n, 255)` payloads; or whether supplied ones follow a
profile. Refuses: a value that does not fit its field. It never guesses what the profile does not give.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from elqr.dates import to_digits
from elqr.digits import Flags, Matrix, row, to_matrix, to_series
from elqr.money import to_payload
from elqr.payload import with_crc
from elqr.problems import ProblemLog
from elqr.rules import CONFIRMATION, DERIVED, ROW_CHECK, functions
from elqr.ruleset import Profile, Rule
from elqr.wire import FIELDS, LENGTH, Field, field_named

ROWS: Mapping[str, tuple[int, int]] = {"row1_check": (29, 39), "row2_check": (68, 44)}
"""Check field -> first digit and width of its row in the payload (elqr-format 2, MPN block)."""

_BINDING = ("observed", "confirmed")
"""Statuses under which a supplied payload is held to a function; an unconfirmed stand-in judges nobody."""


def compose(frame: pl.DataFrame, profile: Profile) -> Matrix:
    """`(n, 255)` payloads of the slips in `frame`, whose columns are as after checking: Int64, Date,
    digits.

    Ask `profile.mode` whether they are a TEST. Raises ValueError where a value does not fit, KeyError for a
    missing rule.
    """
    matrix = np.zeros((frame.height, LENGTH), np.uint8)
    late = []
    for f in FIELDS:
        if f.rule == "crc":
            continue
        rule = None if f.rule == "frame" else profile.rule(f.name)
        if rule is not None and f.name in ROWS and rule.function:
            late.append(f)
        else:
            matrix[:, f.offset : f.offset + f.width] = _part(f, rule, frame)
    for f in late:  # the rest of the row stands now
        matrix[:, f.offset : f.offset + f.width] = _row_check(matrix, f, profile.rule(f.name))
    return with_crc(matrix)


def _part(f: Field, rule: Rule | None, frame: pl.DataFrame) -> Matrix:
    """The digits of one field for every slip."""
    if rule is None:
        return row(f.constant)
    if rule.values:
        return row(rule.values[0])
    derived = rule.function and f.name != "confirm_no"  # a confirmation only judges; its number is the slip's
    column = functions(DERIVED)[rule.function].compute(frame) if derived else frame[rule.column or f.name]
    if column.dtype == pl.Date:
        column = to_digits(column)
    elif column.dtype.is_integer():
        column = to_payload(column, f.width)
    return to_matrix(column.rename(f.name), f.width)


def _row_check(matrix: Matrix, f: Field, rule: Rule) -> Matrix:
    """The check digits of one MPN row by the named function, from the rest of that row."""
    start, width = ROWS[f.name]
    computed: Matrix = functions(ROW_CHECK)[rule.function].compute(matrix[:, start + f.width : start + width])
    return computed


def follows(matrix: Matrix, profile: Profile, log: ProblemLog, rows: pl.DataFrame) -> Flags:
    """Hold supplied `(n, 255)` payloads to what the profile knows beyond the wire table.

    That is: constants of fields that the wire table leaves open, functions for row check digits and
    確認番号. Only rules that are observed or confirmed judge. Problems go to `log`; returns `(n,)` faulty.
    """
    faulty = np.zeros(matrix.shape[0], np.bool_)
    for f in (f for f in FIELDS if f.rule == "digits"):
        rule = profile.rule(f.name)
        if rule.values and rule.status in _BINDING:
            texts = to_series(matrix[:, f.offset : f.offset + f.width])
            wrong = (~texts.is_in(rule.values)).to_numpy()
            faulty |= wrong
            log.add(
                rows.filter(wrong),
                "payload.value",
                field=f.name,
                ja=f.ja,
                en=f.en,
                position=f.offset + 1,
                found=texts.filter(wrong),
                expected=" / ".join(rule.values),
            )
    for name in ROWS:
        rule, f = profile.rule(name), field_named(name)
        if rule.function and rule.status in _BINDING:
            found, expected = matrix[:, f.offset : f.offset + f.width], _row_check(matrix, f, rule)
            wrong = (found != expected).any(axis=1)
            faulty |= wrong
            params = {"found": to_series(found[wrong]), "expected": to_series(expected[wrong])}
            log.add(rows.filter(wrong), "payload.row_check", field=name, ja=f.ja, en=f.en, **params)
    rule, f = profile.rule("confirm_no"), field_named("confirm_no")
    if rule.function and rule.status in _BINDING:
        wrong = ~functions(CONFIRMATION)[rule.function].compute(matrix)
        faulty |= wrong
        numbers = to_series(matrix[wrong][:, f.offset : f.offset + f.width])
        log.add(rows.filter(wrong), "payload.confirm_no", field="confirm_no", found=numbers)
    return faulty
