"""The wire tables as Markdown, made from the tables that the code itself reads, for `docs/formats.md`.

In: nothing; out: name -> table. A test holds the page against them, so that the page cannot fall behind the
code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from elqr.description import shortened
from elqr.elnumber import PARTS
from elqr.gs1_128 import BARCODE_FIELDS
from elqr.profiles import load_profile, profile_names
from elqr.rules import CONFIRMATION, DERIVED, ROW_CHECK, functions
from elqr.wire import FIELDS, Field

_RULES: Final[Mapping[str, str]] = {
    "frame": "fixed {constant}",
    "constant": "`{constant}`",
    "zeros": "{width} zeros",
    "digits": "digits",
    "yen": "whole yen, zero-filled on the left",
    "year": "year, four digits",
    "date": "{day}",
    "crc": "computed",
}


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def _row(f: Field) -> tuple[str, ...]:
    rule = _RULES[f.rule].format(
        constant=f.constant, width=f.width, day="YYMMDD" if f.width == 6 else "YYYYMMDD"
    )
    return (f"{f.offset + 1}", f"{f.width}", f"`{f.name}`", f"{f.ja} / {f.en}", rule, f.status)


def _fields(fields: Iterable[Field]) -> str:
    return _table(("Position", "Width", "Name", "Item", "Value", "Status"), map(_row, fields))


def _el_number() -> str:
    rows = ((p.label_ja, p.item_ja, f"{p.width}", f"`{p.field}`", p.status) for p in PARTS)
    return _table(("Printed label", "Official item", "Digits", "Field", "Status of its rule"), rows)


def _profiles() -> str:
    known = [load_profile(name) for name in profile_names()]
    names = [rule.name for rule in known[0].rules]
    rows = (
        (f"`{n}`", known[0].rule(n).ja, *(f"{shortened(p.rule(n).says)} ({p.rule(n).status})" for p in known))
        for n in names
    )
    return _table(("Rule", "Item", *(f"`{p.id}`" for p in known)), rows)


def _functions() -> str:
    kinds = (DERIVED, ROW_CHECK, CONFIRMATION)
    rows = ((f"`{f.name}`", kind, f.status, f.en) for kind in kinds for f in functions(kind).values())
    return _table(("Function", "Kind", "Status", "Does"), rows)


_TABLES: Final[Mapping[str, Callable[[], str]]] = {
    "el_number": _el_number,
    "payload": lambda: _fields(FIELDS),
    "barcode": lambda: _fields(BARCODE_FIELDS),
    "profiles": _profiles,
    "functions": _functions,
}


def markdown() -> Mapping[str, str]:
    """Every table of `docs/formats.md` by the name that stands before it in the page."""
    return {name: make() for name, make in _TABLES.items()}
