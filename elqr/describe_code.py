"""One code, field by field, in words: the payload, the convenience-store barcode, the body code.

In: the digits as typed, scanned or pasted (blanks, hyphens and full-width figures are taken out); out:
`Description`. Refuses nothing that can be said: a damaged code is described as far as it can be read, its
problems beside the lines.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Final

import polars as pl

from elqr import gs1_128, payload
from elqr.checkdigits import body_code_check
from elqr.description import Description, Line, by_field
from elqr.digits import row
from elqr.meanings import body, day, meaning, prefectures, yen
from elqr.problems import Problem, ProblemError, ProblemLog
from elqr.wire import FIELDS, LENGTH, Field

_RIGHT: Final = ("計算値と一致", "right")
_WRONG: Final = ("計算値と一致しない", "wrong")
_NOISE: Final = str.maketrans("", "", " \t\r\n\u3000-()")


def plain(text: str) -> str:
    """The code without what people and scanners put between its digits."""
    return unicodedata.normalize("NFKC", text).translate(_NOISE)


def describe_code(text: str, *, tax_items: Mapping[str, str] | None = None) -> Description:
    """Any code that we know, told by its length: 255, 44, 6 or 5 digits; ProblemError for anything else."""
    code = plain(text)
    if code.isascii() and code.isdigit():
        if len(code) == LENGTH:
            return describe_payload(code, tax_items=tax_items)
        if len(code) == gs1_128.LENGTH:
            return describe_barcode(code)
        if len(code) in {5, 6}:
            return describe_body_code(code)
    found = f"{code[:40]}…" if len(code) > 40 else code
    raise ProblemError(Problem("code.unknown", "code", {"found": found, "length": len(code)}))


def describe_payload(text: str, *, tax_items: Mapping[str, str] | None = None) -> Description:
    """The 255 digits of an eL-QR. `tax_items` (of the site) names the 税目・料金番号."""
    title = ("eL-QR(地方税統一QRコード)の内容", "Content of an eL-QR (unified local-tax QR code)")
    log, rows = ProblemLog(), pl.DataFrame({"line": [None]}, schema={"line": pl.Int64})
    code = plain(text)
    good, matrix = payload.well_formed(pl.Series([code]), log, rows)
    if not good.all():
        return Description("payload", *title, problems=tuple(log.problems()))
    payload.problems_of(matrix, log, rows)
    values = payload.decode(matrix).row(0, named=True)
    found = list(log.problems())
    if not {p.code for p in found} & {"payload.frame", "payload.date"}:
        due, until = values["due_date"], values["payable_until"]
        if due > until:
            found.append(Problem("payload.dates_order", "due_date", {"found": due, "expected": until}))
    if any(p.code == "payload.frame" for p in found):
        return Description("payload", *title, _walked(code), tuple(found))
    marks = by_field(found)
    lines = [_line(f, values[f.name], marks, tax_items) for f in FIELDS]
    return Description("payload", *title, tuple(lines), tuple(found))


def _line(
    f: Field, value: str, marks: Mapping[str, tuple[str, ...]], items: Mapping[str, str] | None
) -> Line:
    said = meaning(f, value)
    if f.name == "tax_item" and items is not None:
        said = (items.get(value, "一覧にない番号"), items.get(value, "not in the site's table"))
    if f.name == "crc":
        said = _WRONG if f.name in marks else _RIGHT
    return _field(f, value, said, marks.get(f.name, ()))


def _field(f: Field, value: str, said: tuple[str, str], codes: tuple[str, ...]) -> Line:
    return Line(f.name, f.ja, f.en, value, *said, _position(f), f.status, f.source, codes, _fixed(f))


def _fixed(f: Field) -> bool:
    return f.rule in {"frame", "constant", "zeros"}


def _position(f: Field) -> str:
    return f"{f.offset + 1}–{f.offset + f.width}" if f.width > 1 else f"{f.offset + 1}"


def _walked(code: str) -> tuple[Line, ...]:
    """Tags and lengths as they stand, where they are not those of an eL-QR."""
    lines = []
    at = 0
    while at + 4 <= len(code) and code[at : at + 4] != "0000":
        tag, length = code[at : at + 2], int(code[at + 2 : at + 4])
        value = code[at + 4 : at + 4 + length]
        whole = len(value) == length
        said = (
            ("", "") if whole else (f"{length}桁のはずが{len(value)}桁", f"{len(value)} of {length} digits")
        )
        lines.append(
            Line(
                f"tag_{tag}",
                f"タグ{tag}",
                f"tag {tag}",
                value,
                *said,
                position=f"{at + 1}–{at + 4 + len(value)}",
            )
        )
        at += 4 + length
    if at < len(code):
        lines.append(Line("rest", "残り", "rest", code[at:], position=f"{at + 1}–{len(code)}"))
    return tuple(lines)


def describe_barcode(text: str) -> Description:
    """The 44 digits of a convenience-store barcode (GS1-128)."""
    title = ("コンビニ収納用バーコード(GS1-128)の内容", "Content of a convenience-store barcode (GS1-128)")
    log, rows = ProblemLog(), pl.DataFrame({"line": [None]}, schema={"line": pl.Int64})
    good, matrix = gs1_128.well_formed(pl.Series([plain(text)]), log, rows)
    if not good.all():
        return Description("barcode", *title, problems=tuple(log.problems()))
    gs1_128.problems_of(matrix, log, rows)
    values = gs1_128.decode(matrix).row(0, named=True)
    found = tuple(log.problems())
    lines = []
    for f in gs1_128.BARCODE_FIELDS:
        codes = tuple(p.code for p in found if _BARCODE_CODES.get(p.code) == f.name)
        said = _barcode_meaning(f.name, values[f.name], wrong=bool(codes))
        lines.append(_field(f, values[f.name], said, codes))
    return Description("barcode", *title, tuple(lines), found)


_BARCODE_CODES: Final[Mapping[str, str]] = {
    "barcode.ai": "ai",
    "barcode.date": "payable_until",
    "barcode.stamp": "stamp",
    "barcode.amount_zero": "amount",
    "barcode.check": "check",
}


def _barcode_meaning(name: str, value: str, *, wrong: bool) -> tuple[str, str]:
    if name == "amount":
        return yen(value)
    if name == "payable_until":
        return ("期限なし", "none") if value == gs1_128.NO_DATE else day(f"20{value}")
    if name == "reissue":
        return f"{value}回", f"{value} times"
    if name == "stamp":
        return {"0": ("不要", "not required"), "1": ("要", "required")}.get(
            value, ("不明な値", "unknown value")
        )
    if name == "check":
        return _WRONG if wrong else _RIGHT
    return {"free": ("発行者が決める", "the issuer's own"), "ai": ("料金代理収納", "bill payment")}.get(
        name, ("", "")
    )


def describe_body_code(text: str) -> Description:
    """A 全国地方公共団体コード of six digits, or five without the check digit."""
    code = plain(text)
    title = ("全国地方公共団体コード", "Code of a local government body")
    if not (code.isascii() and code.isdigit() and len(code) in {5, 6}):
        return Description(
            "body_code", *title, problems=(Problem("code.body_form", "body_code", {"found": code[:40]}),)
        )
    check = str(body_code_check(row(code[:5]))[0])
    found = []
    if len(code) == 6 and code[5] != check:
        found.append(Problem("code.body_check", "body_code", {"found": code[5], "expected": check}))
    if code[:2] not in prefectures():
        found.append(Problem("code.body_prefecture", "body_code", {"found": code[:2]}))
    wrong = tuple(p.code for p in found if p.code == "code.body_check")
    state = _RIGHT if len(code) == 6 else ("計算値", "computed")
    sure = ("observed", "elqr-format 5")
    lines = (
        Line("body_code", "団体コード", "body code", code, *body(code[:5]), "1–5", *sure),
        Line(
            "check",
            "検査数字",
            "check digit",
            code[5:] or check,
            *(_WRONG if wrong else state),
            "6",
            *sure,
            wrong,
        ),
    )
    return Description("body_code", *title, lines, tuple(found))
