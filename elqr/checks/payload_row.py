"""The payload against its row: every value that the 255 digits hold must be the one that the row says and the page prints.

In: typed rows and the payload column; out: problems, one code for each field. A payload with wrong tags or lengths is not compared: its cuts
mean nothing, and it is reported as such. Rows without a payload are left alone (they are composed later). Source: elqr-format.md §7.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from elqr.checks.rules import Rule, apply
from elqr.payload import problems_of, well_formed
from elqr.problems import ProblemLog
from elqr.wire import field_named

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


def check_payload(frame: pl.DataFrame, log: ProblemLog, *, constants: Mapping[str, Sequence[str]] | None = None) -> None:
    """Judge the payloads by themselves, then against their rows. `constants`: legal values that a profile sets."""
    rows = frame.filter(pl.col("payload").is_not_null())
    if rows.is_empty():
        return
    places = rows.select("line", "slip_key")
    fits, matrix = well_formed(rows["payload"], log, places)
    good = pl.Series(fits)
    own = ProblemLog()
    problems_of(matrix, own, places.filter(good), constants=constants)
    found = own.table()
    log.extend(found)
    broken = found.filter(pl.col("code") == "payload.frame")["line"].unique()
    apply(rows.filter(good & ~rows["line"].is_in(broken.implode())), _rules(), log)


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
            # 共通納税機関コード is most likely the body's code without its check digit (inferred, elqr-format.md §1).
            return cell.str.slice(0, width)
        case _:
            return cell


def _readable(name: str, digits: pl.Expr) -> pl.Expr:
    """Amounts without their leading zeros, dates as YYYY-MM-DD."""
    if name in ("amount", "row1_amount"):
        return digits.str.replace("^0+([0-9])", "${1}")
    if name in ("due_date", "payable_until"):
        return digits.str.replace("^([0-9]{4})([0-9]{2})([0-9]{2})$", "${1}-${2}-${3}")
    return digits


def with_payload(typed: pl.DataFrame, log: ProblemLog) -> tuple[pl.DataFrame, pl.Series]:
    """The good rows with payload and mode, and which of all rows are held."""
    apply(typed, [Rule("payload.missing", "payload", pl.col("payload").is_null())], log)
    stop = typed["line"].is_in(log.held_lines().implode())
    return typed.filter(~stop).with_columns(mode=pl.lit("pass-through")), stop
