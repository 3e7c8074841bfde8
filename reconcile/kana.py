"""Names as banks can take them: half-width kana, capitals, digits, space and `( ) - .`, one byte a character.

In: a column of names. Out: the same names in half width, with the two substitutions that banks ask for (long-vowel mark to hyphen, small
kana to large), and the characters that cannot be written at all. Source: reconcile-rules §5, 全銀 総合振込.
Refuses: everything else, by naming it; lowercase, hiragana, kanji, comma and middle dot are never turned into something similar.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

import polars as pl

WO = "ｦ"  # in JIS X 0201, but refused unless the bank takes it
BASES_OF_DAKUTEN, BASES_OF_HANDAKUTEN = "ｳｶ-ﾄﾊ-ﾎ", "ﾊ-ﾎ"

SIGNS = r"A-Z0-9 ().\-"  # for a character class: ranges, and the hyphen escaped
LETTERS = "ｱ-ﾝ"
MARKS = "ﾞﾟ"
NOT_ALONE = rf"[^{BASES_OF_DAKUTEN}]ﾞ|[^{BASES_OF_HANDAKUTEN}]ﾟ|^[{MARKS}]"


def _half_widths() -> dict[str, str]:
    """Full width → half width of the same character; ー → -, small → large."""
    half = {unicodedata.normalize("NFKC", chr(c)): chr(c) for c in range(0xFF66, 0xFF9E)}
    half |= {"\u3099": "ﾞ", "\u309a": "ﾟ", "゛": "ﾞ", "゜": "ﾟ", "　": " "}
    half |= {chr(ord(c) + 0xFEE0): c for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789().-"}
    for voiced in "ガギグゲゴザジズゼゾダヂヅデドバビブベボパピプペポヴ":
        half[voiced] = "".join(half[part] for part in unicodedata.normalize("NFD", voiced))
    large = dict(zip("ｧｨｩｪｫｬｭｮｯ", "ｱｲｳｴｵﾔﾕﾖﾂ", strict=True)) | {"ｰ": "-"}
    return {c: large.get(h, h) for c, h in half.items()} | large | {"ヮ": "ﾜ", "ヵ": "ｶ", "ヶ": "ｹ"}


HALF_WIDTHS: Mapping[str, str] = _half_widths()


def to_bank_kana(names: pl.Series) -> pl.Series:
    """Names with every listed substitution made; what is not listed stays as it is, for `unwritable` to find."""
    return names.str.replace_many(list(HALF_WIDTHS), list(HALF_WIDTHS.values()))


def unwritable(names: pl.Series, *, allow_wo: bool = False) -> pl.Series:
    """The characters of each name that no bank file can hold, in order and without repetition; "" where all can.

    A voicing mark without a letter that can carry it counts as one. Null stays null.
    """
    letters = LETTERS + (WO if allow_wo else "")
    foreign = pl.col("name").str.extract_all(rf"[^{SIGNS}{letters}{MARKS}]")
    stray = pl.col("name").str.extract_all(NOT_ALONE)
    return (
        pl.DataFrame({"name": names})
        .select(foreign.list.concat(stray).list.unique(maintain_order=True).list.join("").alias(names.name))
        .to_series()
    )


def cut(names: pl.Series, width: int) -> pl.Series:
    """Names of at most `width` characters; never cut between a letter and its voicing mark."""
    head = pl.col("name").str.head(width)
    splits = pl.col("name").str.slice(width, 1).is_in(list(MARKS))
    return (
        pl.DataFrame({"name": names})
        .select(pl.when(splits).then(head.str.head(width - 1)).otherwise(head).alias(names.name))
        .to_series()
    )
