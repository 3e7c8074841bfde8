"""The payload against its row: every value that the 255 digits hold must be the one that the row says and the page prints.

In: typed rows and the payload column; out: problems, one code for each field. A payload with wrong tags or lengths is not compared: its cuts
mean nothing, and it is reported as such. Rows without a payload get one by the profile (`with_payload`). Source: elqr-format.md §7.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from elqr.checks.rules import Rule, apply
from elqr.compose import compose, follows
from elqr.digits import to_series
from elqr.payload import problems_of, well_formed
from elqr.problems import ProblemLog
from elqr.rules import DERIVED, functions
from elqr.ruleset import Profile
from elqr.wire import field_named

_TAX_BODY = "_tax_body"

# field of the wire table -> (problem code, column of the row)
COMPARED: Mapping[str, tuple[str, str]] = {
    "amount": ("payload.amount_differs", "amount"),
    "row1_amount": ("payload.row1_amount_differs", "amount"),
    "slip_key": ("payload.slip_key_differs", "slip_key"),
    "confirm_no": ("payload.confirm_no_differs", "confirm_no"),
    "tax_item": ("payload.tax_item_differs", "tax_item"),
    "tax_body_code": ("payload.body_code_differs", "body_code"),
    "levy_year": ("payload.levy_year_differs", "levy_year"),
    "tax_year": ("payload.tax_year_differs", "tax_year"),
    "period": ("payload.period_differs", "period"),
    "due_date": ("payload.due_date_differs", "due_date"),
    "payable_until": ("payload.payable_until_differs", "payable_until"),
}


def check_payload(frame: pl.DataFrame, profile: Profile | None, log: ProblemLog) -> None:
    """Judge the payloads by themselves and by the profile's values and functions, then against their rows."""
    rows = frame.filter(pl.col("payload").is_not_null())
    if rows.is_empty():
        return
    places = rows.select("line", "slip_key")
    fits, matrix = well_formed(rows["payload"], log, places)
    good = pl.Series(fits)
    own = ProblemLog()
    problems_of(matrix, own, places.filter(good), constants=profile.constants() if profile else None)
    found = own.table()
    log.extend(found)
    broken = found.filter(pl.col("code") == "payload.frame")["line"].unique()
    whole = ~rows["line"].filter(good).is_in(broken.implode())
    if profile:
        follows(matrix[whole.to_numpy()], profile, log, places.filter(good).filter(whole))
    compared = rows.filter(good).filter(whole)
    apply(compared.with_columns(_tax_body(compared, profile)), _rules(), log)


def with_payload(
    typed: pl.DataFrame, profile: Profile | None, log: ProblemLog
) -> tuple[pl.DataFrame, pl.Series]:
    """The good rows with payload and `mode`, and which of all rows are held. Rows without payload are composed by the profile."""
    bare = pl.col("payload").is_null()
    if profile is None:
        apply(typed, [Rule("payload.missing", "payload", bare)], log)
    held = typed["line"].is_in(log.held_lines().implode())
    good = typed.filter(~held).with_columns(mode=pl.lit("pass-through"))
    if profile is None or not good["payload"].null_count():
        return good, held
    made = good.filter(bare)
    composed = to_series(compose(made, profile), "payload")
    payload = good["payload"].scatter(good["payload"].is_null().arg_true(), composed)
    mode = pl.when(bare).then(pl.lit(profile.mode)).otherwise("mode").alias("mode")
    return good.with_columns(mode).with_columns(payload), held


def _tax_body(rows: pl.DataFrame, profile: Profile | None) -> pl.Series:
    """共通納税機関コード as the profile derives it; without a profile the body's code without check digit (inferred, elqr-format.md §1).

    A profile that gives it as a constant has judged it already: then null, which is compared with nothing.
    """
    rule = profile.rule("tax_body_code") if profile else None
    if rule is None:
        derived = rows["body_code"].str.slice(0, field_named("tax_body_code").width)
    elif rule.function:
        derived = functions(DERIVED)[rule.function].compute(rows)
    elif rule.column:
        derived = rows[rule.column]
    else:
        derived = pl.Series([None] * rows.height, dtype=pl.String)
    return derived.alias(_TAX_BODY)


def _rules() -> list[Rule]:
    rules = []
    for name, (code, column) in COMPARED.items():
        inside = field_named(name)
        found = pl.col("payload").str.slice(inside.offset, inside.width)
        expected = _as_written(column, inside.width)
        said = {"found": _readable(name, found), "expected": _readable(name, expected)}
        rules.append(Rule(code, column, found != expected, said))
    return rules


def _as_written(column: str, width: int) -> pl.Expr:
    """What the payload must hold for the row's value."""
    cell = pl.col(column)
    match column:
        case "amount":
            return cell.cast(pl.String).str.zfill(width)
        case "due_date" | "payable_until":
            return cell.dt.strftime("%Y%m%d")
        case "body_code":
            return pl.col(_TAX_BODY)
        case _:
            return cell


def _readable(name: str, digits: pl.Expr) -> pl.Expr:
    """Amounts without their leading zeros, dates as YYYY-MM-DD."""
    if name in ("amount", "row1_amount"):
        return digits.str.replace("^0+([0-9])", "${1}")
    if name in ("due_date", "payable_until"):
        return digits.str.replace("^([0-9]{4})([0-9]{2})([0-9]{2})$", "${1}-${2}-${3}")
    return digits
