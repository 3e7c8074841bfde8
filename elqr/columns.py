"""The columns of a slips file: one table that the reader, the checks, the docs and the tests all read.

In: nothing. Out: `COLUMNS` in canonical order, each with its Japanese heading, whether it must be there, its width and the kind of
value it holds. Source: the files contract, "Slips in". Refuses: headings that could mean two columns (`headings` raises ValueError).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """What a cell holds, and so how it is cleaned and checked."""

    DIGITS = "digits"  # exactly `width` digits; leading zeros count
    KEY = "key"  # up to `width` digits, zero-filled on the left
    YEAR = "year"  # four digits of the western calendar
    MONEY = "money"  # whole yen, up to `width` digits
    DATE = "date"
    TEXT = "text"  # up to `width` characters, kept as written
    POSTAL = "postal"  # seven digits, with or without hyphen
    CHOICE = "choice"  # one of `choices`
    FLAG = "flag"  # 0 or 1
    LANG = "lang"  # language tag
    COVERS = "covers"  # line_id:amount joined by ;


@dataclass(frozen=True)
class Column:
    """One column: canonical name, Japanese heading, further accepted headings, and what its cells must be.

    `required`: the column must exist. `filled`: each row must have a value in it. `width`: digits or characters, by kind.
    """

    name: str
    ja: str
    kind: Kind
    width: int
    required: bool = True
    filled: bool = True
    aliases: tuple[str, ...] = ()
    choices: Mapping[str, str] | None = None  # value -> Japanese word that is accepted too
    about: str = ""


# Widths of digit columns are those of the payload (elqr-format.md §1 and §2). Widths of text columns are sane maxima, not form limits:
# what fits the paper is the layout's business. 200 characters of address is about three times what a window envelope can show
# (three lines of some 22 full-width characters); beyond it stands a broken export, not an address.
ADDRESS_MAX = 200
NAME_MAX = 120  # two owners and a representative with titles
IDENTIFIER_MAX = 40

KINDS: Mapping[str, str] = {
    "initial": "当初",
    "reissue": "再発行",
    "dunning": "督促",
    "full_year": "全期",
    "delinquency": "滞納",
}

COLUMNS: tuple[Column, ...] = (
    Column("slip_key", "案件特定キー", Kind.KEY, 20, about="zero-filled on the left to 20 digits"),
    Column("confirm_no", "確認番号", Kind.DIGITS, 6),
    Column("tax_item", "税目・料金番号", Kind.DIGITS, 3, aliases=("納付区分", "税目料金番号")),
    Column("tax_name", "税目名", Kind.TEXT, IDENTIFIER_MAX, aliases=("税目",)),
    Column("body_code", "団体コード", Kind.DIGITS, 6, about="five digits and the check digit"),
    Column("levy_year", "賦課年度", Kind.YEAR, 4),
    Column("tax_year", "課税年度", Kind.YEAR, 4),
    Column("period", "期別", Kind.DIGITS, 2, about="`00` = 全期 (the whole year)"),
    Column("notice_no", "通知書番号", Kind.TEXT, IDENTIFIER_MAX),
    Column("amount", "納付額", Kind.MONEY, 11, aliases=("金額", "納付金額")),
    Column("due_date", "納期限", Kind.DATE, 10),
    Column("payable_until", "取扱期限", Kind.DATE, 10, aliases=("支払期限",)),
    Column("payer_id", "宛名番号", Kind.TEXT, IDENTIFIER_MAX),
    Column("payer_name", "納税者氏名", Kind.TEXT, NAME_MAX, aliases=("氏名", "納税義務者氏名")),
    Column(
        "postal_code",
        "郵便番号",
        Kind.POSTAL,
        7,
        filled=False,
        about="with or without hyphen; empty is a warning",
    ),
    Column("address", "住所", Kind.TEXT, ADDRESS_MAX),
    Column(
        "payload",
        "eL-QR",
        Kind.DIGITS,
        255,
        required=False,
        filled=False,
        about="pass-through; composed where empty",
    ),
    Column("barcode", "コンビニバーコード", Kind.DIGITS, 44, required=False, filled=False),
    Column(
        "kind",
        "種別",
        Kind.CHOICE,
        11,
        required=False,
        filled=False,
        choices=KINDS,
        about="empty = `initial`",
    ),
    Column(
        "covers",
        "対象調定",
        Kind.COVERS,
        2000,
        required=False,
        filled=False,
        about="`line_id:amount` joined by `;`",
    ),
    Column(
        "supersedes", "差替元", Kind.KEY, 20, required=False, filled=False, about="the slip_key it replaces"
    ),
    Column(
        "lang",
        "言語",
        Kind.LANG,
        35,
        required=False,
        filled=False,
        about="capitals do not count; empty = `ja`",
    ),
    Column("large_print", "大活字", Kind.FLAG, 1, required=False, filled=False, about="empty = 0"),
    Column("principal", "本税", Kind.MONEY, 11, required=False, filled=False),
    Column("delinquency", "延滞金", Kind.MONEY, 11, required=False, filled=False),
    Column("dunning_fee", "督促手数料", Kind.MONEY, 11, required=False, filled=False),
    Column("sort_key", "並び順", Kind.TEXT, 100, required=False, filled=False),
)

STAND_IN = r"^(?:[0-9](?:\.[0-9]+)?E\+[0-9]+|#(?:N/A|REF!|VALUE!|NAME\?|DIV/0!|NUM!|NULL!|#+)|[〃々ヽゝ\"″]+|同上|同左|上に同じ)$"
"""What a spreadsheet or a list shows in place of a text: 1.2E+11 (many numbers become one), an error, a ditto mark."""

_DATA = re.compile(r"[0-9]{5}|[0-9]{4}[-/.][0-9]")

NAMES: tuple[str, ...] = tuple(c.name for c in COLUMNS)
BY_NAME: Mapping[str, Column] = {c.name: c for c in COLUMNS}


def of_kind(*kinds: Kind) -> tuple[Column, ...]:
    """The columns of these kinds, in canonical order."""
    return tuple(c for c in COLUMNS if c.kind in kinds)


def normal_heading(heading: str) -> str:
    """A heading as it is compared: NFKC (full-width letters, half-width kana), without outer blanks, lower case."""
    return unicodedata.normalize("NFKC", heading).replace("\ufeff", "").strip().lower()


def looks_like_a_row(cells: Sequence[str]) -> bool:
    """Whether these cells are rather a row of data than headings: a long number or a date stands among them."""
    return any(_DATA.search(unicodedata.normalize("NFKC", cell)) for cell in cells)


def headings(columns: Sequence[Column] = COLUMNS) -> dict[str, str]:
    """Every accepted heading in normal form -> canonical name. Raises ValueError where one heading names two columns."""
    found: dict[str, str] = {}
    for column in columns:
        for heading in (column.name, column.ja, *column.aliases):
            if found.setdefault(normal_heading(heading), column.name) != column.name:
                raise ValueError(f"heading {heading!r} names two columns")
    return found


_KIND_WORDS: Mapping[Kind, str] = {
    Kind.DIGITS: "{w} digits",
    Kind.KEY: "up to {w} digits",
    Kind.YEAR: "year, 4 digits",
    Kind.MONEY: "whole yen, up to {w} digits",
    Kind.DATE: "date",
    Kind.TEXT: "text, up to {w} characters",
    Kind.POSTAL: "7 digits",
    Kind.FLAG: "`0` or `1`",
    Kind.LANG: "language tag",
    Kind.COVERS: "list",
}


def markdown() -> str:
    """The table of the columns as it stands in docs/input.md."""
    lines = ["| Column | Heading | Required | Value |", "|---|---|---|---|"]
    for c in COLUMNS:
        need = "yes" if c.filled else "column" if c.required else ""
        value = (
            " · ".join(f"`{v}` ({w})" for v, w in c.choices.items())
            if c.choices
            else _KIND_WORDS[c.kind].format(w=c.width)
        )
        about = f"; {c.about}" if c.about else ""
        lines.append(f"| `{c.name}` | {'、'.join((c.ja, *c.aliases))} | {need} | {value}{about} |")
    return "\n".join(lines) + "\n"
