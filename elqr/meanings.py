"""What a value of the wire says, in Japanese and English: 12,300円, 令和8年6月30日, 第2期.

In: a field of a wire table and its digits; out: a pair of short texts (ja, en). What is not public is said
to be so. Refuses nothing: digits that mean nothing are said to mean nothing.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from typing import Final

import polars as pl

from elqr.checkdigits import body_code_check
from elqr.dates import fiscal_wareki, parse, to_wareki
from elqr.digits import row
from elqr.elnumber import grouped
from elqr.money import from_payload, to_human
from elqr.wire import Field

Said = tuple[str, str]

NOT_PUBLIC: Final[Said] = ("計算方法は公開されていない", "the computation is not public")
UNREAL: Final[Said] = ("存在しない日付", "not a date that exists")


def yen(digits: str) -> Said:
    """`12,300円`."""
    figure = to_human(from_payload(pl.Series([digits])))[0]
    return f"{figure}円", f"{figure} yen"


def day(digits: str) -> Said:
    """`令和8年6月30日`, `2026-06-30` from YYYYMMDD."""
    date = parse(pl.Series([digits]))
    if date.null_count():
        return UNREAL
    return to_wareki(date)[0] or str(date[0]), str(date[0])


def fiscal_year(digits: str) -> Said:
    """`令和8年度`, `fiscal 2026`."""
    name = fiscal_wareki(pl.Series([digits]))[0]
    return (name, f"fiscal {digits}") if name else ("年度ではない値", "not a year")


def instalment(digits: str) -> Said:
    """`第2期`; `00` is 全期."""
    return ("全期", "whole year") if digits == "00" else (f"第{int(digits)}期", f"instalment {int(digits)}")


@cache
def prefectures() -> Mapping[str, Mapping[str, str]]:
    """First two digits of a body code -> name in `ja` and `en` (JIS X 0401)."""
    return tomllib.loads((files("layouts") / "prefectures.toml").read_text(encoding="utf-8"))


def body(five: str) -> Said:
    """Prefecture and full body code of the five digits without check."""
    whole = f"{five}{body_code_check(row(five))[0]}"
    place = prefectures().get(five[:2], {"ja": "該当する都道府県なし", "en": "no such prefecture"})
    return f"団体コード{whole}、{place['ja']}", f"body code {whole}, {place['en']}"


def _tax_body(five: str) -> Said:
    ja, en = body(five)
    return f"{ja}(推定)", f"{en} (inferred)"


def _key(digits: str) -> Said:
    parts = grouped(pl.Series([digits]))[0]
    return parts, parts


_BY_NAME: Final[Mapping[str, Callable[[str], Said]]] = {
    "version": lambda digits: (f"第{int(digits)}版", f"version {int(digits)}"),
    "use": lambda digits: ("1回限りの符号", "single-use code") if digits == "12" else ("", ""),
    "row1_check": lambda _: NOT_PUBLIC,
    "row2_check": lambda _: NOT_PUBLIC,
    "agency": lambda digits: ("地方税共同機構", "the agency") if digits == "13800" else ("", ""),
    "row1_agency": lambda digits: ("地方税共同機構", "the agency") if digits == "13800" else ("", ""),
    "tax_item": lambda _: ("番号の一覧は公開されていない", "the table of numbers is not public"),
    "slip_key": _key,
    "confirm_no": lambda _: ("付け方は公開されていない", "its rule is not public"),
    "tax_body_code": _tax_body,
    "tax_office_code": lambda _: (
        "市区町村での値は公開されていない",
        "its use by municipalities is not public",
    ),
    "period": instalment,
    "spare": lambda _: ("内容は公開されていない", "its content is not public"),
}


_BY_RULE: Final[Mapping[str, Callable[[str], Said]]] = {
    "frame": lambda _: ("固定", "fixed"),
    "yen": yen,
    "date": day,
    "year": fiscal_year,
}


def meaning(field: Field, digits: str) -> Said:
    """The two texts for one field of the payload."""
    say = _BY_NAME.get(field.name) or _BY_RULE.get(field.rule)
    if say:
        return say(digits)
    return ("規定の値", "as prescribed") if digits == field.constant else ("", "")
