"""What only the municipality knows: its code, its table of tax items, its convenience-store issuer code, its own characters.

In: the site file (TOML; a documented sample is sample_data/site.toml). Out: `Site`, frozen. `Site.unknown()` stands for "no file given":
checks that need it then tell so instead of guessing. Refuses: unknown keys, wrong types, wrong check digits; all faults listed at once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from elqr.checkdigits import body_code_check
from elqr.digits import row
from elqr.mapping import TABLES, HeadingMap, close_to, load_toml, nearest, read_mapping
from elqr.problems import Problem, ProblemError, Where

CHANNELS = ("counter", "app", "card", "netbank", "direct_debit", "payeasy", "convenience", "transfer")
BARCODE_LIMIT_YEN = 300_000  # above it no convenience-store barcode is printed (elqr-format.md §4)


@dataclass(frozen=True)
class Site:
    """One municipality. None or empty = not known. `tax_items`: 税目・料金番号 -> name, `tax_items_en` likewise in English where given.

    `cvs_issuer`: 請求書発行企業コード. `cvs_key`: whether the barcode's free field holds the slip_key. `gaiji`: private-use character ->
    what stands for it. `head`: who decides on an objection (市長). `mark_file`: the eLマーク as the agency supplies it.
    `output_profile`: the vendor's ICC profile. `channels_file`: the city's own ways to pay.
    """

    body_code: str | None = None
    city: str = ""
    city_en: str = ""
    department: str = ""
    department_en: str = ""
    address: str = ""
    telephone: str = ""
    hours: str = ""
    hours_en: str = ""
    head: str = ""
    head_en: str = ""
    tax_items: Mapping[str, str] = field(default_factory=dict)
    tax_items_en: Mapping[str, str] = field(default_factory=dict)
    cvs_issuer: str | None = None
    cvs_key: bool | None = None
    barcode_limit: int = BARCODE_LIMIT_YEN
    channels: tuple[str, ...] = ()
    mark_file: Path | None = None
    output_profile: Path | None = None
    channels_file: Path | None = None
    gaiji: Mapping[str, str] = field(default_factory=dict)
    mapping: HeadingMap = field(default_factory=HeadingMap)

    @staticmethod
    def unknown() -> Site:
        """No site file: nothing is known, nothing is guessed."""
        return Site()

    @property
    def known(self) -> bool:
        """Whether a site file was given."""
        return self.body_code is not None


def load_site(path: Path) -> Site:
    """The site file at `path`. Raises ProblemError: unreadable, not TOML, or the list of every fault in it."""
    tables = load_toml(path)
    reader = _Reader(path, tables)
    site = reader.site()
    if reader.problems:
        raise ProblemError(reader.problems)
    return site


_TEXTS = ("address", "telephone")
_BILINGUAL = ("city", "department", "hours", "head")
_KEYS = (
    "body_code",
    *_BILINGUAL,
    *_TEXTS,
    "tax_items",
    "convenience",
    "channels",
    "mark_file",
    "output_profile",
    "channels_file",
    "gaiji",
    *TABLES,
)


class _Reader:
    """Takes the tables apart and gathers what is wrong with them."""

    def __init__(self, path: Path, tables: Mapping[str, object]) -> None:
        self.path = path
        self.tables = tables
        self.problems: list[Problem] = []

    def fault(self, code: str, key: str, found: object, expected: str) -> None:
        self.problems.append(
            Problem(code, key, {"found": str(found), "expected": expected}, Where(self.path.name))
        )

    def site(self) -> Site:
        unknown = [key for key in self.tables if key not in _KEYS]
        for key in (k for k in unknown if close_to(k, _KEYS)):
            self.fault("site.unknown_key", key, key, nearest(key, _KEYS))
        foreign = [key for key in unknown if not close_to(key, _KEYS)]
        if foreign:
            self.fault("site.foreign_keys", foreign[0], "、".join(foreign), "、".join(_KEYS))
        words = {key: self._bilingual(key) for key in _BILINGUAL}
        items = self._items()
        convenience = self._convenience()
        return Site(
            body_code=self._body_code(),
            city=words["city"][0],
            city_en=words["city"][1],
            department=words["department"][0],
            department_en=words["department"][1],
            hours=words["hours"][0],
            hours_en=words["hours"][1],
            head=words["head"][0],
            head_en=words["head"][1],
            address=self._text("address"),
            telephone=self._text("telephone"),
            tax_items={code: ja for code, (ja, _) in items.items()},
            tax_items_en={code: en for code, (_, en) in items.items() if en},
            cvs_issuer=convenience.cvs_issuer,
            cvs_key=convenience.cvs_key,
            barcode_limit=convenience.barcode_limit,
            channels=self._channels(),
            mark_file=self._file("mark_file", "site.mark_file"),
            output_profile=self._file("output_profile", "site.output_profile"),
            channels_file=self._file("channels_file", "site.channels_file"),
            gaiji=self._gaiji(),
            mapping=read_mapping(self.tables, self.problems, file=self.path.name),
        )

    def _text(self, key: str, *, needed: bool = False) -> str:
        value = self.tables.get(key)
        if value is None:
            if needed:
                self.fault("site.missing", key, "", "string")
            return ""
        if not isinstance(value, str):
            self.fault("site.type", key, value, "string")
            return ""
        return value.strip()

    def _words(self, key: str, value: object) -> tuple[str, str]:
        """A name given as one string, or as `{ ja = …, en = … }`."""
        if isinstance(value, str) and value.strip():
            return value.strip(), ""
        if isinstance(value, Mapping) and set(value) <= {"ja", "en"} and value.get("ja"):
            ja, en = value.get("ja"), value.get("en", "")
            if isinstance(ja, str) and isinstance(en, str):
                return ja.strip(), en.strip()
        self.fault("site.type", key, value, '"…" / { ja = "…", en = "…" }')
        return "", ""

    def _bilingual(self, key: str) -> tuple[str, str]:
        if key not in self.tables:
            if key == "city":
                self.fault("site.missing", key, "", '"…" / { ja = "…", en = "…" }')
            return "", ""
        return self._words(key, self.tables[key])

    def _table(self, key: str) -> Mapping[str, object]:
        value = self.tables.get(key, {})
        if isinstance(value, Mapping):
            return value
        self.fault("site.type", key, value, "table")
        return {}

    def _body_code(self) -> str:
        code = self._text("body_code", needed=True)
        if not code:
            return ""
        if not re.fullmatch("[0-9]{6}", code):
            self.fault("site.body_code", "body_code", code, "6 digits")
        elif (check := str(body_code_check(row(code[:5]))[0])) != code[5]:
            self.fault("site.body_code", "body_code", code, code[:5] + check)
        return code

    def _items(self) -> dict[str, tuple[str, str]]:
        items: dict[str, tuple[str, str]] = {}
        if "tax_items" not in self.tables:
            self.fault("site.missing", "tax_items", "", "table")
        for code, value in self._table("tax_items").items():
            if not re.fullmatch("[0-9]{3}", code):
                self.fault("site.tax_item", f"tax_items.{code}", code, "3 digits")
            items[code] = self._words(f"tax_items.{code}", value)
        return items

    def _convenience(self) -> Site:
        table = self._table("convenience")
        for key in table:
            if key not in ("issuer", "holds_slip_key", "limit_yen"):
                self.fault("site.unknown_key", f"convenience.{key}", key, "issuer、holds_slip_key、limit_yen")
        issuer, holds, limit = (
            table.get("issuer"),
            table.get("holds_slip_key"),
            table.get("limit_yen", BARCODE_LIMIT_YEN),
        )
        if issuer is not None and not (isinstance(issuer, str) and re.fullmatch("[0-9]{6}", issuer)):
            self.fault("site.issuer", "convenience.issuer", issuer, "6 digits")
            issuer = None
        if holds is not None and not isinstance(holds, bool):
            self.fault("site.type", "convenience.holds_slip_key", holds, "true / false")
            holds = None
        if not isinstance(limit, int) or isinstance(limit, bool) or not 0 < limit <= 999_999:
            self.fault("site.type", "convenience.limit_yen", limit, "1 … 999999")
            limit = BARCODE_LIMIT_YEN
        return Site(cvs_issuer=issuer, cvs_key=holds, barcode_limit=limit)

    def _channels(self) -> tuple[str, ...]:
        value = self.tables.get("channels", [])
        if not isinstance(value, list):
            self.fault("site.type", "channels", value, "list")
            return ()
        for channel in value:
            if channel not in CHANNELS:
                self.fault("site.channel", "channels", channel, "、".join(CHANNELS))
        return tuple(c for c in CHANNELS if c in value)

    def _file(self, key: str, code: str) -> Path | None:
        """A file that lies beside the site file."""
        name = self._text(key)
        if not name:
            return None
        place = self.path.parent / name
        if not place.is_file():
            self.fault(code, key, name, str(self.path.parent))
            return None
        return place

    def _gaiji(self) -> dict[str, str]:
        """`"U+E000" = "髙"`: a private-use code point and the character (with variation selector where needed) that stands for it."""
        table: dict[str, str] = {}
        for key, value in self._table("gaiji").items():
            match = re.fullmatch(r"U\+([0-9A-Fa-f]{4,6})", key)
            if match is None or not private_use(
                chr(int(match[1], 16) if int(match[1], 16) < 0x110000 else 0)
            ):
                self.fault("site.gaiji", f"gaiji.{key}", key, "U+E000 … U+F8FF")
            elif not isinstance(value, str) or not value or any(map(private_use, value)):
                self.fault("site.gaiji", f"gaiji.{key}", value, "a character outside the private use area")
            else:
                table[chr(int(match[1], 16))] = value
        return table


def private_use(character: str) -> bool:
    """Whether a character belongs to a private use area, so that only the site knows what it looks like."""
    point = ord(character)
    return 0xE000 <= point <= 0xF8FF or point >= 0xF0000
