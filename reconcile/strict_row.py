"""One receipt record, read the slow strict way: every cell checked and repaired by itself, and the reason where it cannot be.

In: the bytes of a record and the plan of its file. Out: `Row` (typed values, and notes of what was repaired) or `Refusal` (the first
fault in a fixed order, with what of key and amount could be read). The fast reader must agree with it; lines that it does not take come here.
Refuses: what cannot be decoded, another number of columns, stray quotes, values that no repair makes legal.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from functools import cache

import polars as pl

from elqr import dates
from elqr.checkdigits import body_code_check, mod10_31
from elqr.digits import row as digit_row
from reconcile.event_text import FIRST_YEAR, LAST_YEAR
from reconcile.receipt_layout import EVENT_FIELDS, NEEDED, ReceiptField
from reconcile.row_plan import (
    BARCODE_AMOUNT,
    BARCODE_DIGITS,
    BARCODE_FREE,
    BLANK,
    FaultError,
    Refusal,
    Row,
    RowPlan,
    Value,
)
from reconcile.strict_text import cells_of, sound


def read_row(raw: bytes, plan: RowPlan) -> Row | Refusal:
    """The record `raw` (without its line end) as a row, or why not."""
    cells: list[str] = []
    try:
        cells = cells_of(raw, plan)
        return _Row(plan).read(cells)
    except FaultError as fault:
        key, amount = _legible(cells, plan)
        return Refusal(fault.code, fault.name, fault.params, key, amount)


def sound_text(raw: bytes, one: ReceiptField, plan: RowPlan) -> bool:
    """Whether a text that is no part of the event can be decoded and is short enough."""
    try:
        _Row(plan).short_enough(one, sound(raw, plan).strip(BLANK))
    except FaultError:
        return False
    return True


def _legible(cells: list[str], plan: RowPlan) -> tuple[str | None, int | None]:
    """What of slip key and amount can be read of a refused record."""
    key: Value = None
    amount: Value = None
    reader = _Row(plan)
    for (one, _), cell in zip(plan.places, cells, strict=False):
        try:
            if one.name == "slip_key":
                key = reader.value(one, cell)
            elif one.name == "amount":
                amount = reader.value(one, cell)
            elif one.name == "barcode" and plan.layout.barcode is not None:
                reader.barcode(one, str(reader.value(one, cell)))
                key = reader.values.get("slip_key")
                amount = reader.values.get("barcode_amount") if amount is None else amount
        except FaultError:
            continue
    return (key if isinstance(key, str) else None), (amount if isinstance(amount, int) else None)


# ---------------------------------------------------------------- values


class _Row:
    """Builds one row; the first fault leaves by `FaultError`."""

    def __init__(self, plan: RowPlan) -> None:
        self.plan = plan
        self.values: dict[str, Value] = dict(plan.layout.constants)
        self.notes: list[tuple[str, str, str]] = []

    def read(self, cells: list[str]) -> Row:
        stores: list[str] = []
        copies: list[tuple[ReceiptField, str]] = []
        for (one, _), cell in zip(self.plan.places, cells, strict=True):
            if one.type == "copy":
                copies.append((one, str(self.value(one, cell) or "")))
            elif one.name == "store":
                stores.append(str(self.value(one, cell) or ""))
            elif one.name == "paid_at":
                self._paid_at(one, cell)
            else:
                self.values[one.name] = self.value(one, cell)
        if any(stores):
            self.values["store"] = "-".join(stores)
        for one, _ in self.plan.places:
            if one.name == "barcode":
                self.barcode(one, str(self.values["barcode"]))
        for one, copy in copies:
            self._copy(one, copy)
        self._relations()
        self._whose()
        return Row(self.values, tuple(self.notes))

    def value(self, one: ReceiptField, cell: str) -> Value:
        """The typed value of one cell; None where empty or written as "no value"."""
        bare = cell.strip(BLANK)
        if self._says_nothing(one, bare):
            if one.name in NEEDED or (one.required and not bare):
                raise FaultError("receipt.missing", one.name)
            return None
        if one.type == "text" and one.name not in EVENT_FIELDS:
            self.short_enough(one, bare)
            return None
        clean = self._gaiji(bare) if one.type == "text" else bare
        if not clean.isascii() and one.type not in ("choice",):
            clean = unicodedata.normalize("NFKC", clean).strip(BLANK)
        value, plain = self._typed(one, clean)
        if clean != self._as_written(cell) or not plain:
            self.notes.append((one.name, cell, value.isoformat() if isinstance(value, date) else str(value)))
        return value

    def _as_written(self, cell: str) -> str:
        """A cell as it is compared with what became of it; blanks around a value belong to a fixed record."""
        return cell.strip(BLANK) if self.plan.layout.form == "fixed" else cell

    def _says_nothing(self, one: ReceiptField, bare: str) -> bool:
        """Whether a cell is empty or written as "no value"."""
        counts = not one.none_when_channel or self.values.get("channel") == one.none_when_channel
        return not bare or (bare in one.none and counts)

    def _gaiji(self, text: str) -> str:
        return (
            text.translate({ord(c): stands for c, stands in self.plan.gaiji.items()})
            if self.plan.gaiji
            else text
        )

    def _typed(self, one: ReceiptField, text: str) -> tuple[Value, bool]:
        """(value, whether it was written in the plain notation)."""
        match one.type:
            case "choice":
                found: tuple[Value, bool] = self._choice(one, text)
            case "digits" | "key":
                found = self._digits(one, text), True
            case "money":
                found = self._money(one, text)
            case "date":
                found = self._date(one, text)
            case "datetime":
                day, _, plain = self._moment(one, text)
                found = day, plain
            case "time":
                found = self._time(one, text), True
            case "barcode" | "copy":
                found = self._bars(one, text), True
            case _:
                self.short_enough(one, text)
                found = text, True
        return found

    def _digits(self, one: ReceiptField, text: str) -> str:
        key = one.type == "key"
        least = 1 if key else one.width
        if not (text.isascii() and text.isdigit() and least <= len(text) <= one.width):
            expected = f"1 – {one.width}" if key else str(one.width)
            raise FaultError("receipt.digits", one.name, found=text, expected=expected)
        return text.zfill(20) if key else text

    def _bars(self, one: ReceiptField, text: str) -> str:
        digits = text.removeprefix(one.prefix)
        fits = text.startswith(one.prefix) and digits.isascii() and digits.isdigit()
        if not fits or (one.type == "barcode" and len(digits) != BARCODE_DIGITS):
            size = BARCODE_DIGITS if one.type == "barcode" else one.of_barcode[1] - one.of_barcode[0] + 1
            raise FaultError("receipt.digits", one.name, found=text, expected=f"{one.prefix}{size}")
        return digits

    def short_enough(self, one: ReceiptField, text: str) -> None:
        """Leave by the fault where a text is longer than its field."""
        if self.plan.layout.form == "csv" and one.width and len(text) > one.width:
            raise FaultError("receipt.text_long", one.name, found=len(text), expected=one.width)

    def _choice(self, one: ReceiptField, text: str) -> tuple[Value, bool]:
        if text in one.values:
            return one.values[text], True
        normal = unicodedata.normalize("NFKC", text).strip(BLANK)
        if normal not in one.values:
            raise FaultError("receipt.choice", one.name, found=text, expected="、".join(one.values))
        return one.values[normal], False

    def _money(self, one: ReceiptField, text: str) -> tuple[int, bool]:
        bare = text
        if not (text.isascii() and text.isdigit()):
            bare = re.sub(r"^[¥\\]|円$", "", text)
            if re.fullmatch("[0-9]{1,3}(,[0-9]{3})+", bare):
                bare = bare.replace(",", "")
        if not (bare.isascii() and bare.isdigit()) or len(bare) > one.width:
            raise FaultError("receipt.amount", one.name, found=text, expected=one.width)
        yen = int(bare)
        if one.name == "amount" and yen == 0:
            raise FaultError("receipt.amount_zero", one.name, found=text)
        return yen, bare == text

    def _date(self, one: ReceiptField, text: str) -> tuple[date, bool]:
        day, plain = _day(text, self.plan.days)
        if day is None:
            raise FaultError("receipt.date", one.name, found=text)
        return day, plain

    def _time(self, one: ReceiptField, text: str) -> str:
        match = re.fullmatch(r"([0-9]{2})([0-9]{2})([0-9]{2})?|([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?", text)
        hour, minute, second = (
            (match[1] or match[4], match[2] or match[5], match[3] or match[6]) if match else ("", "", "")
        )
        if not match or int(hour) > 23 or int(minute) > 59 or int(second or 0) > 59:
            raise FaultError("receipt.time", one.name, found=text)
        return f"{int(hour):02d}{minute}{second or '00'}"

    def _paid_at(self, one: ReceiptField, cell: str) -> None:
        bare = cell.strip(BLANK)
        clean = unicodedata.normalize("NFKC", bare).strip(BLANK)
        if self._says_nothing(one, bare) or not clean:
            raise FaultError("receipt.missing", one.name)
        day, time, plain = self._moment(one, clean)
        self.values["paid_on"], self.values["paid_time"] = day, time
        if clean != self._as_written(cell) or not plain:
            self.notes.append((one.name, cell, f"{day.isoformat()} {time or ''}".rstrip()))

    def _moment(self, one: ReceiptField, text: str) -> tuple[date, str | None, bool]:
        """(day, HHMMSS where it is told, whether the day was written in the plain notation)."""
        match = re.fullmatch(
            r"([0-9]{8})([0-9]{4}|[0-9]{6})|(.*?)(?:[T ] *([0-9]{1,2}:[0-9:]*)(?:\+09:00)?)?", text
        )
        if match is None:
            raise FaultError("receipt.date", one.name, found=text)
        day, plain = self._date(one, match[1] or match[3])
        clock = match[2] or match[4]
        return day, self._time(one, clock) if clock else None, plain

    # ------------------------------------------------------------ barcode and relations

    def barcode(self, one: ReceiptField, digits: str) -> None:
        """Issuer, slip key and amount out of the 44 digits (elqr-format.md §4)."""
        if digits[:2] != "91":
            raise FaultError("receipt.barcode_ai", one.name, found=digits[:2], expected="91")
        check = str(int(mod10_31(digit_row(digits[:43]))[0]))
        if digits[43] != check:
            raise FaultError("receipt.barcode_check", one.name, found=digits[43], expected=check)
        self.values["issuer"] = digits[2:8]
        amount = int(digits[BARCODE_AMOUNT])
        self.values["barcode_amount"] = amount
        if "amount" not in self.values:
            if amount == 0:
                raise FaultError("receipt.amount_zero", "amount", found=digits[BARCODE_AMOUNT])
            self.values["amount"] = amount
        elif self.values["amount"] != amount:
            found, expected = str(self.values["amount"]), str(amount)
            raise FaultError("receipt.barcode_amount", "amount", found=found, expected=expected)
        rule = self.plan.layout.barcode
        if rule is not None and not self.plan.layout.named("slip_key"):
            free = digits[BARCODE_FREE]
            if free[rule.key_digits :].strip("0"):
                raise FaultError("receipt.free_field", one.name, found=free, expected=rule.key_digits)
            self.values["slip_key"] = free[: rule.key_digits].zfill(20)

    def _copy(self, one: ReceiptField, copy: str) -> None:
        first, last = one.of_barcode
        expected = str(self.values["barcode"])[first - 1 : last]
        if copy and copy != expected:
            raise FaultError("receipt.copy", one.name, found=copy, expected=expected)

    def _relations(self) -> None:
        body = self.values.get("body_code")
        if isinstance(body, str):
            check = _body_check(body[:5])
            if body[5] != check:
                raise FaultError("receipt.body_code", "body_code", found=body, expected=body[:5] + check)
        parts = [self.values.get(name) for name in ("principal", "delinquency", "dunning_fee")]
        if parts[0] is not None:
            total = sum(p for p in parts if isinstance(p, int))
            if total != self.values["amount"]:
                found = str(self.values["amount"])
                raise FaultError("receipt.parts", "amount", found=found, expected=str(total))

    def _whose(self) -> None:
        """The body of a barcode is known by its issuer; a row is own unless it says otherwise."""
        own = True
        if self.plan.layout.named("barcode"):
            own = self.plan.issuer in (None, self.values["issuer"])
            if self.values.get("body_code") is None and own:
                self.values["body_code"] = self.plan.body
        if self.plan.body is not None:
            own = own and self.values.get("body_code") in (None, self.plan.body)
        self.values["own"] = own


@cache
def _body_check(body: str) -> str:
    return str(body_code_check(digit_row(body))[0])


def _day(text: str, known: dict[str, date | None]) -> tuple[date | None, bool]:
    """(the date, whether it was written YYYYMMDD or YYYY-MM-DD)."""
    plain = re.fullmatch(r"([0-9]{4})(-?)([0-9]{2})\2([0-9]{2})", text)
    if text not in known:
        known[text] = _plain_day(plain) if plain else _other_day(text)
    return known[text], plain is not None


def _plain_day(parts: re.Match[str]) -> date | None:
    year = int(parts[1])
    try:
        return date(year, int(parts[3]), int(parts[4])) if FIRST_YEAR <= year <= LAST_YEAR else None
    except ValueError:
        return None


def _other_day(text: str) -> date | None:
    parsed = dates.parse(pl.Series([text], dtype=pl.String))[0]
    return parsed if isinstance(parsed, date) and FIRST_YEAR <= parsed.year <= LAST_YEAR else None
