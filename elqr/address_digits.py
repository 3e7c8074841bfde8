"""住所表示番号: the digits and letters that Japan Post wants from an address in the customer barcode.

In: a column of whole addresses; out: a column such as `3-20-5B604`, empty where there is nothing to take.
Refuses nothing: an ambiguous address is taken by the rules. Source: Japan Post,
郵便番号・バーコードマニュアル, basic rules 1 to 6 and supplementary rules 1 to 3. They mean the part of the
address after the town; where the town ends is not known here, so rules A and B (ours) pass over what is a
name.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

import polars as pl

_KANJI_DIGITS: Final = "〇一二三四五六七八九"
_KANJI_UNITS: Final = ("千", "百", "十")  # 1000, 100, 10
_NUMERAL: Final = f"[{_KANJI_DIGITS}{''.join(_KANJI_UNITS)}]"

# Supplementary rule 1: kanji numerals count before 丁目 丁 番地 番 号 地割 線 の ノ.
# Rule A (ours): the five short ones count only where what follows is no name: 一番町, 八丁堀, 三の丸 are
# towns, while 四丁六番, 南七線西28 and 五の三 are numbers.
_COUNTED: Final = re.compile(
    f"({_NUMERAL}+)(?=丁目|番地|号|地割|[丁番線のノ](?:$|[^\\u3040-\\u30ff\\u4e00-\\u9fff々]|{_NUMERAL}|[東西南北号のノ]))"
)

# Rule B (ours): 南4条西 and 3番町 are towns even where they are written with Arabic figures.
_TOWN_FIGURES: Final = r"[0-9]+(条|番町|番丁)"


@cache
def _narrow() -> dict[str, str]:
    """Full-width letters, figures and signs, and the half-width ノ, to the form the rules are written in."""
    pairs = {chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
    return {**pairs, "ﾉ": "ノ", "零": "〇", "○": "〇", "◯": "〇"}


def address_digits(series: pl.Series) -> pl.Series:
    """`1-3-2-503` from 霞が関1丁目3番2号 郵便プラザ503室; empty for null or where nothing is found."""
    pairs = _narrow()
    text = (
        series.cast(pl.String)
        .fill_null("")
        .str.replace_many(list(pairs), list(pairs.values()))
        .str.to_uppercase()  # basic rule 1
        .str.replace_all(r"[&/.・･]", "")  # basic rule 2
    )
    return (
        _arabic(text)
        .str.replace_all(_TOWN_FIGURES, "-")
        .str.replace_all(r"[A-Z]{2,}", "-")  # basic rules 3 and 4: only single letters are taken
        .str.replace_all(r"([0-9])F", "${1}-")  # supplementary rule 2: F after a figure is a floor
        .str.replace_all(r"[^0-9A-Z]+", "-")  # basic rules 4 and 5
        .str.strip_chars("-")  # basic rule 6
        .str.replace_all(r"-?([A-Z])-?", "${1}")  # supplementary rule 3: no hyphen beside a letter
        .rename(series.name)
    )


def _arabic(text: pl.Series) -> pl.Series:
    """Supplementary rule 1, one by one: few distinct addresses hold kanji numerals before a marker."""
    frame = pl.DataFrame({"text": text})
    distinct = frame.unique().filter(pl.col("text").str.contains(f"{_NUMERAL}[丁番号地線のノ]"))
    written = [_COUNTED.sub(lambda found: str(_value(found[1])), one) for one in distinct["text"].to_list()]
    changed = distinct.with_columns(pl.Series("arabic", written, dtype=pl.String))
    joined = frame.join(changed, on="text", how="left", maintain_order="left")
    return joined.select(pl.coalesce("arabic", "text")).to_series()


def _value(numeral: str) -> int:
    """The number that kanji write: 二十一 and 二一 are 21, 百三 is 103."""
    total, pending, seen = 0, 0, False
    for character in numeral:
        if character in _KANJI_UNITS:
            total += (pending if seen else 1) * 10 ** (3 - _KANJI_UNITS.index(character))
            pending, seen = 0, False
        else:
            pending, seen = pending * 10 + _KANJI_DIGITS.index(character), True
    return total + pending
