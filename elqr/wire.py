"""The wire table of the eL-QR payload: name, width, rule, status and source of all 255 digits.

Data only: encoder, decoder, checks, descriptions and `docs/formats.md` read it. `status` is how sure the
public is: observed, inferred or placeholder; only a municipality's profile can say confirmed.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

Rule = Literal["frame", "constant", "zeros", "digits", "yen", "year", "date", "crc"]
Status = Literal["observed", "inferred", "placeholder", "confirmed"]


@dataclass(frozen=True)
class Field:
    """One stretch of the payload; `constant` is what the rules frame, constant and zeros want there."""

    name: str
    ja: str
    en: str
    offset: int
    width: int
    rule: Rule
    constant: str
    status: Status
    source: str

    @property
    def required(self) -> bool:
        """Whether the encoder must be given this value: it is neither constant nor computed nor filled."""
        return self.rule not in {"frame", "constant", "zeros", "crc"} and self.name not in FILLED


LENGTH: Final = 255
FILLED: Final = ("row1_check", "row2_check", "tax_office_code", "row1_amount")
"""Fields that the encoder fills by itself: zeros (placeholder rules), and the amount a second time."""

# name, Japanese, English, width, rule, constant, status, clause. Tags and lengths ("frame") stand in one
# row each.
_ROWS: tuple[tuple[str, str, str, int, Rule, str, Status, str], ...] = (
    ("frame_version", "タグ00・長さ02", "tag 00, length 02", 4, "frame", "0002", "observed", "2, #1"),
    ("version", "フォーマットバージョン", "format version", 2, "constant", "01", "observed", "2, #1"),
    ("frame_use", "タグ01・長さ02", "tag 01, length 02", 4, "frame", "0102", "observed", "2, #2"),
    ("use", "使用区分", "use of the code", 2, "constant", "12", "observed", "2, #2"),
    ("frame_account", "タグ27・長さ96", "tag 27, length 96", 4, "frame", "2796", "observed", "2, #3"),
    ("frame_agency", "サブタグ00・長さ05", "sub-tag 00, length 05", 4, "frame", "0005", "observed", "2, #3"),
    ("agency", "機関ID(事業者)", "agency", 5, "constant", "13800", "observed", "2, #3"),
    ("frame_mpn", "サブタグ01・長さ83", "sub-tag 01, length 83", 4, "frame", "0183", "observed", "2, #3"),
    (
        "row1_check",
        "1行目チェックデジット",
        "check digits of row 1",
        2,
        "digits",
        "",
        "placeholder",
        "2, MPN 0",
    ),
    ("account_no", "口座番号", "account number", 11, "zeros", "0" * 11, "inferred", "2, MPN 2"),
    ("row1_amount", "払込金額", "amount in row 1", 11, "yen", "", "observed", "2, MPN 13"),
    ("fee_bearer", "手数料負担区分", "who bears the fee", 1, "constant", "2", "observed", "2, MPN 24"),
    ("row1_agency", "機関ID", "agency in row 1", 5, "constant", "13800", "observed", "2, MPN 25"),
    ("stamp_duty", "印紙税要否", "stamp duty flag", 1, "constant", "0", "observed", "2, MPN 30"),
    ("tax_item", "税目・料金番号", "tax item number", 3, "digits", "", "observed", "2, MPN 31"),
    ("row1_reserve", "1行目予備", "reserve of row 1", 5, "zeros", "0" * 5, "observed", "2, MPN 34"),
    (
        "row2_check",
        "2行目チェックデジット",
        "check digits of row 2",
        2,
        "digits",
        "",
        "placeholder",
        "2, MPN 39",
    ),
    ("slip_key", "案件特定キー", "case key", 20, "digits", "", "observed", "2, MPN 41"),
    ("confirm_no", "確認番号", "confirmation number", 6, "digits", "", "observed", "2, MPN 61"),
    ("eltax_use", "eLTAX利用領域", "eLTAX area", 1, "constant", "0", "observed", "2, MPN 67"),
    ("tax_body_code", "共通納税機関コード", "common tax body code", 5, "digits", "", "observed", "2, MPN 68"),
    ("tax_office_code", "税務事務所コード", "tax office code", 3, "digits", "", "placeholder", "2, MPN 73"),
    ("row2_reserve", "2行目予備", "reserve of row 2", 7, "zeros", "0" * 7, "observed", "2, MPN 76"),
    ("frame_amount", "タグ54・長さ11", "tag 54, length 11", 4, "frame", "5411", "observed", "2, #4"),
    ("amount", "金額", "amount", 11, "yen", "", "observed", "2, #4"),
    ("frame_terms", "タグ62・長さ26", "tag 62, length 26", 4, "frame", "6226", "observed", "2, #5"),
    ("levy_year", "賦課年度", "levy year", 4, "year", "", "observed", "2, #5"),
    ("tax_year", "課税年度", "tax year", 4, "year", "", "observed", "2, #5"),
    ("period", "期別", "instalment", 2, "digits", "", "observed", "2, #5"),
    ("due_date", "納期限", "due date", 8, "date", "", "observed", "2, #5"),
    ("payable_until", "支払期限", "payable-until date", 8, "date", "", "observed", "2, #5"),
    ("frame_spare", "タグ80・長さ85", "tag 80, length 85", 4, "frame", "8085", "observed", "2, #6"),
    ("spare", "タグ80の内容", "content of tag 80", 85, "zeros", "0" * 85, "placeholder", "2, #6"),
    ("frame_crc", "タグ63・長さ05", "tag 63, length 05", 4, "frame", "6305", "observed", "2, #7"),
    ("crc", "CRC(10進5桁)", "CRC, five decimal digits", 5, "crc", "", "observed", "2, CRC"),
)


def _placed() -> tuple[Field, ...]:
    """The rows with their offsets: each one begins where the one before it ends."""
    placed: list[Field] = []
    offset = 0
    for name, ja, en, width, rule, constant, status, clause in _ROWS:
        placed.append(Field(name, ja, en, offset, width, rule, constant, status, f"elqr-format {clause}"))
        offset += width
    return tuple(placed)


FIELDS: Final = _placed()
_BY_NAME: Final = MappingProxyType({f.name: f for f in FIELDS})
VALUE_NAMES: Final = tuple(f.name for f in FIELDS if f.required)


def field_named(name: str) -> Field:
    """The field of that name; KeyError where there is none."""
    return _BY_NAME[name]
