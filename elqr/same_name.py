"""Whether two names of one payer number can be one person's, and two addresses one place: written otherwise, or somebody else's.

In: columns of names or addresses. Out: the same in a form in which spelling does not count. Widths, spaces, case and the old and variant forms
of common characters are set aside, in addresses the many dashes too; a name changed by marriage is another name, and a person looks. Refuses nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

# new form: its old and variant forms, as resident registers of names hold them
_FORMS: Mapping[str, str] = {
    "高": "髙", "崎": "﨑嵜", "吉": "𠮷", "辺": "邊邉", "斎": "齋齊斉", "沢": "澤", "浜": "濱濵", "広": "廣", "国": "國", "桜": "櫻",
    "真": "眞", "恵": "惠", "徳": "德", "黒": "黑", "島": "嶋嶌", "瀬": "瀨", "竜": "龍", "寿": "壽", "栄": "榮", "円": "圓",
    "万": "萬", "与": "與", "応": "應", "学": "學", "実": "實", "宝": "寶", "豊": "豐", "富": "冨", "会": "會", "関": "關",
    "鉄": "鐵", "条": "條", "蔵": "藏", "滝": "瀧", "塩": "鹽", "亀": "龜", "曽": "曾", "増": "增",
    "礼": "禮", "弥": "彌", "来": "來", "児": "兒", "桧": "檜", "渋": "澁澀", "穂": "穗", "静": "靜", "総": "總", "当": "當",
    "峰": "峯", "芦": "蘆", "館": "舘", "柳": "栁", "ヶ": "ケヵ",
}  # fmt: skip
_FOLD: Mapping[str, str] = {old: new for new, olds in _FORMS.items() for old in olds}
_DASHES = "[‐‑‒–—―−ー]"  # as people type between the numbers of an address


def plain_name(name: pl.Expr) -> pl.Expr:
    """The names without what spelling alone can change."""
    plain = name.str.normalize("NFKC").str.replace_all(r"\s", "").str.to_lowercase()
    return plain.str.replace_many(list(_FOLD), list(_FOLD.values()))


def plain_address(address: pl.Expr) -> pl.Expr:
    """The addresses without what spelling alone can change."""
    return plain_name(address).str.replace_all(_DASHES, "-")
