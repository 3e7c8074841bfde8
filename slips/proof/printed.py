"""What a page says in words and numbers of the slip it carries, from the manifest alone.

In: entries of the manifest. Out: for each value column that can be checked, the texts that are right: the manifest does not say in which
language a slip was printed, so both wordings are. Refuses nothing.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files

import polars as pl

from elqr import dates, elnumber, money
from elqr.digits import to_matrix
from elqr.wire import LENGTH
from slips.proof.book import Entry

AMOUNTS = ("amount_yen", "amount_digits")
DAYS = ("due_date", "payable_until")
NUMBERS = ("seq", "n_of_m", "el_body", "el_key", "el_confirm", "el_item")
NAMES = (*AMOUNTS, *DAYS, *NUMBERS)


@cache
def _yen() -> tuple[str, ...]:
    """`{}円`, `¥{}`."""
    words = tomllib.loads((files("layouts") / "values.toml").read_text(encoding="utf-8"))
    return tuple(words[lang]["yen"] for lang in ("ja", "en"))


def printed_texts(entries: Sequence[Entry]) -> list[Mapping[str, tuple[str, ...]]]:
    """The right texts of each entry by value column, the Japanese one first. A column the manifest says nothing of is left out."""
    figures = money.to_human(pl.Series([entry.amount for entry in entries], dtype=pl.Int64)).to_list()
    payloads = pl.Series([entry.payload for entry in entries], dtype=pl.String)
    el = elnumber.el_numbers(to_matrix(payloads, LENGTH)).rows(named=True)
    days = {name: _days([getattr(entry, name) for entry in entries]) for name in DAYS}
    return [
        {
            "amount_yen": tuple(pattern.format(figures[k]) for pattern in _yen()),
            "amount_digits": (figures[k],),
            "seq": (entry.number,),
            **({"n_of_m": (entry.n_of_m,)} if entry.n_of_m else {}),
            **{name: texts[k] for name, texts in days.items() if texts[k]},
            **{name: (str(value),) for name, value in el[k].items()},
        }
        for k, entry in enumerate(entries)
    ]


def _days(iso: Sequence[str]) -> list[tuple[str, ...]]:
    """令和8年6月30日 and 30 June 2026; nothing where there is no date."""
    days = pl.Series(iso, dtype=pl.String).str.to_date("%Y-%m-%d", strict=False)
    spoken = zip(dates.to_wareki(days).to_list(), days.dt.strftime("%-d %B %Y").to_list(), strict=True)
    return [tuple(text for text in texts if text) for texts in spoken]
