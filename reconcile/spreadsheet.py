"""Lists for people who open them in a spreadsheet: beside each list of a night a second one, `NAME.excel.csv`, that Excel shows as it is meant.

In: frames whose cells are text. Out: bytes, UTF-8 with BOM and CRLF. A text that Excel would take for a formula (its first character is one of
= + - @, a tab or a return) gets an apostrophe before it; digits that Excel would round, strip of their zeros or read as a day are given as
text. Programs read the other list, which stays as it came. Refuses nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import polars as pl

SUFFIX = ".excel.csv"
OF_THE_NIGHT = frozenset(
    {"exceptions.csv", "overpayments.csv", "delinquency.csv", "quarantine.csv", "dunning.csv", "problems.csv"}
)
LISTS = OF_THE_NIGHT | {"balance.csv", "debits.csv"}
"""The lists that people read. `postings.csv` is for the tax system, and people do not correct it."""
_BOM = b"\xef\xbb\xbf"
_FORMULA = "^[=+\\-@\t\r]"
_NUMBER = "^-?[0-9]+$"
_DAY = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
# leading zeros would be dropped, as those behind a point; twelve digits and more shown as 1.23E+11, 1-2 read as a day, 1:2 as a time, 1E5 and
# 2026E-01 as numbers
_KEPT = r"^(0[0-9]+|[0-9]{12,}|[0-9]+([-/:][0-9]+)+|[0-9]*\.[0-9]+|[0-9]*\.?[0-9]+[eE][-+]?[0-9]+)$"


def named(name: str) -> str:
    """The name of the list for a spreadsheet."""
    return name.removesuffix(".csv") + SUFFIX


def with_named(names: Iterable[str], *, excel: bool) -> list[str]:
    """What will be written of these names: `excel`, also each list for a spreadsheet."""
    given = list(names)
    return [*given, *(named(name) for name in given if excel and name in LISTS)]


def for_excel(blocks: Iterable[pl.DataFrame]) -> Iterator[bytes]:
    """The parts of a file, its heading in the first."""
    for number, block in enumerate(blocks):
        cells = block.select(_shown(name) for name in block.columns)
        text = cells.write_csv(include_header=number == 0, line_terminator="\r\n").encode()
        yield text if number else _BOM + text


def beside(tables: Mapping[str, pl.DataFrame]) -> dict[str, bytes]:
    """The lists of `LISTS` among these, for a spreadsheet."""
    return {named(name): b"".join(for_excel([tables[name]])) for name in tables if name in LISTS}


def _shown(name: str) -> pl.Expr:
    cell = pl.col(name).cast(pl.String)
    return (
        pl.when(cell.str.contains(_KEPT) & ~cell.str.contains(_DAY))
        .then(pl.format('="{}"', cell))
        .when(cell.str.contains(_FORMULA) & ~cell.str.contains(_NUMBER))
        .then(pl.format("'{}", cell))
        .otherwise(cell)
        .alias(name)
    )
