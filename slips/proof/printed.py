"""What a page says in words and numbers of the slip it carries, from the manifest alone.

In: entries of the manifest. Out: for each value column that can be checked, the texts that are right: the manifest does not say in which
language a slip was printed, so all wordings are. Refuses nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import polars as pl

from elqr.elnumber import PARTS
from elqr.wire import field_named
from slips.labels import WORDINGS
from slips.proof.book import Entry
from slips.said import said_days, value_words

AMOUNTS = ("amount_yen", "amount_digits")
DAYS = ("due_date", "payable_until")
NUMBERS = ("seq", "n_of_m", "el_body", "el_key", "el_confirm", "el_item")
NAMES = (*AMOUNTS, *DAYS, *NUMBERS)


@cache
def _yen() -> tuple[str, ...]:
    """`{}円`, `¥{}`."""
    return tuple(dict.fromkeys(value_words(lang)["yen"] for lang in WORDINGS))


def printed_texts(entry: Entry) -> Mapping[str, tuple[str, ...]]:
    """The right texts by value column, the Japanese one first. A column that the manifest says nothing of is left out."""
    figure = f"{entry.amount:,}"
    days = {name: _spoken(day) for name, day in zip(DAYS, (entry.due_date, entry.payable_until), strict=True)}
    return {
        "amount_yen": tuple(pattern.format(figure) for pattern in _yen()),
        "amount_digits": (figure,),
        "seq": (entry.number,),
        **({"n_of_m": (entry.n_of_m,)} if entry.n_of_m else {}),
        **{name: texts for name, texts in days.items() if texts},
        **{name: (entry.payload[at],) for name, at in _el_parts()},
    }


@cache
def _el_parts() -> tuple[tuple[str, slice], ...]:
    """The four numbers of the eL番号 and where they stand in the payload."""
    fields = [(part.name, field_named(part.field)) for part in PARTS]
    return tuple((name, slice(field.offset, field.offset + field.width)) for name, field in fields)


@cache
def _spoken(iso: str) -> tuple[str, ...]:
    """令和8年6月30日, 30 June 2026, 2026年6月30日; nothing where there is no date. A job has few days, and each is asked often."""
    day = pl.Series([iso], dtype=pl.String).str.to_date("%Y-%m-%d", strict=False)
    return tuple(text for lang in WORDINGS if (text := said_days(day, lang)[0]))
