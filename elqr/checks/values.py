"""What each cell must be by itself: there, of the right width, digits where digits belong, a day that exists, a whole amount of yen.

In: cleaned string columns; out: problems, and the same frame with typed columns (`amount` and its parts Int64, dates pl.Date,
`large_print` Boolean), null where the text could not be read. The table of columns says which rule applies to which column.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from elqr.checkdigits import body_code_check
from elqr.checks.rules import Rule, apply, code_point, report, shown
from elqr.columns import BY_NAME, COLUMNS, STAND_IN, Column, Kind, of_kind
from elqr.dates import parse
from elqr.digits import to_matrix
from elqr.problems import ProblemLog

# Control and format characters (tabs, zero-width and direction signs) would be invisible on paper or turn the text round.
_CONTROL = r"[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]"
_PRIVATE = r"[\x{E000}-\x{F8FF}\x{F0000}-\x{10FFFF}]"
_DAMAGED = r"\x{FFFD}"  # what other programs put where they could not read a byte
_LETTER = r"[\p{L}\x{E000}-\x{F8FF}\x{FFFD}\x{20000}-\x{10FFFF}]"  # what is private or damaged has a code of its own
_WRITTEN = ("payer_name", "address")  # words: a 0 or a dash in their place is an empty cell of a spreadsheet
COVERS_SYNTAX = r"^[^:;]+:[0-9]{1,11}(;[^:;]+:[0-9]{1,11})*$"
_LANG = r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$"  # BCP 47, language and subtags; one letter begins a private part (ja-x-easy)
_DIGITS = "^[0-9]+$"


def checked_values(frame: pl.DataFrame, log: ProblemLog) -> pl.DataFrame:
    """Judge every cell by itself and give the columns their types."""
    present = [c for c in COLUMNS if c.filled or frame[c.name].null_count() < frame.height]
    apply(frame, [rule for c in present for rule in _rules(c)], log)
    _body_check_digit(frame, log)
    return _typed(frame, log)


def _rules(column: Column) -> Iterator[Rule]:
    name, cell = column.name, pl.col(column.name)
    if column.filled:
        yield Rule("value.missing", name, cell.is_null())
    match column.kind:
        case Kind.DIGITS | Kind.YEAR | Kind.KEY if name != "payload":
            legal = cell.str.contains(_DIGITS)
            yield Rule("value.not_digits", name, ~legal, {"found": shown(name), "expected": column.width})
            size = cell.str.len_bytes()
            wrong = size > column.width if column.kind is Kind.KEY else size != column.width
            yield Rule(
                "value.width",
                name,
                legal & wrong,
                {"found": shown(name), "digits": size, "expected": column.width},
            )
        case Kind.MONEY:
            yield from _money(column)
        case Kind.TEXT:
            yield from _text(column)
        case Kind.POSTAL:
            yield Rule("postal_code.empty", name, cell.is_null())
            yield Rule("postal_code.syntax", name, ~cell.str.contains("^[0-9]{7}$"), {"found": shown(name)})
        case Kind.CHOICE | Kind.FLAG:
            words = list(column.choices or ("0", "1"))
            yield Rule(
                "value.choice",
                name,
                ~cell.is_in(words),
                {"found": shown(name), "expected": " / ".join(words)},
            )
        case Kind.LANG:
            yield Rule("lang.syntax", name, ~cell.str.contains(_LANG), {"found": shown(name)})
        case Kind.COVERS:
            yield Rule("covers.syntax", name, ~cell.str.contains(COVERS_SYNTAX), {"found": shown(name)})


def _money(column: Column) -> Iterator[Rule]:
    name, cell = column.name, pl.col(column.name)
    whole = cell.str.contains(r"^-?[0-9]+$")
    fraction = cell.str.contains(r"^-?[0-9]*\.[0-9]+$")
    digits = cell.str.strip_chars_start("0").str.len_bytes()
    found = {"found": shown(name)}
    yield Rule("amount.not_whole", name, fraction, found)
    yield Rule("amount.not_digits", name, ~whole & ~fraction, found)
    yield Rule("amount.negative", name, cell.str.contains(r"^-[0-9]+$"), found)
    yield Rule(
        "amount.width",
        name,
        cell.str.contains(_DIGITS) & (digits > column.width),
        {**found, "expected": column.width},
    )
    if name == "amount":
        yield Rule("amount.zero", name, cell.str.contains("^-?0+$"), found)


def _text(column: Column) -> Iterator[Rule]:
    name, cell = column.name, pl.col(column.name)
    size = cell.str.len_chars()
    yield Rule("value.too_long", name, size > column.width, {"found": size, "expected": column.width})
    stand_in = cell.str.contains(STAND_IN)
    if name in _WRITTEN:
        stand_in |= ~cell.str.contains(_LETTER)
    yield Rule("value.stand_in", name, stand_in, {"found": shown(name)})
    for code, pattern in (
        ("value.control", _CONTROL),
        ("value.private_use", _PRIVATE),
        ("value.damaged", _DAMAGED),
    ):
        yield Rule(code, name, cell.str.contains(pattern), {"found": code_point(name, pattern)})


def amended_body_codes(frame: pl.DataFrame) -> dict[str, str]:
    """The six-digit body codes of the frame whose check digit is wrong -> with the right one. A file has few distinct codes."""
    codes = frame["body_code"].drop_nulls().unique()
    codes = codes.filter(codes.str.contains("^[0-9]{6}$"))
    matrix = to_matrix(codes, 6)
    right = body_code_check(matrix[:, :5])
    pairs = zip(codes.to_list(), right.tolist(), strict=True)
    return {code: f"{code[:5]}{digit}" for code, digit in pairs if code[5] != str(digit)}


def _body_check_digit(frame: pl.DataFrame, log: ProblemLog) -> None:
    """全国地方公共団体コード: the sixth digit belongs to the five before it."""
    for code, right in sorted(amended_body_codes(frame).items()):
        rows = frame.filter(pl.col("body_code") == code)
        report(rows, "body_code.check_digit", "body_code", log, {"found": code, "expected": right})


def readable_yen(name: str) -> pl.Expr:
    """A column of text as whole yen (Int64); null where it is not an amount that a slip can carry."""
    digits = f"^0*[0-9]{{1,{BY_NAME['amount'].width}}}$"
    return pl.when(pl.col(name).str.contains(digits)).then(pl.col(name)).cast(pl.Int64).alias(name)


def _typed(frame: pl.DataFrame, log: ProblemLog) -> pl.DataFrame:
    typed: list[pl.Expr | pl.Series] = [readable_yen(c.name) for c in of_kind(Kind.MONEY)]
    for column in of_kind(Kind.DATE):
        days = parse(frame[column.name])
        unreal = days.is_null() & frame[column.name].is_not_null()
        if unreal.any():
            report(frame.filter(unreal), "date.unreal", column.name, log, {"found": shown(column.name)})
        typed.append(days)
    typed += [
        pl.when(pl.col(c.name).str.contains(r"^[0-9]{1,20}$"))
        .then(pl.col(c.name).str.zfill(c.width))
        .alias(c.name)
        for c in of_kind(Kind.KEY)
    ]
    typed.append((pl.col("large_print") == "1").fill_null(value=False).alias("large_print"))
    typed.append(pl.col("kind").fill_null("initial"))
    typed.append(pl.col("lang").str.to_lowercase().fill_null("ja"))
    return frame.with_columns(typed)
