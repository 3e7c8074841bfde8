"""Reads one profile file and judges it: everything that is wrong with it at once.

In: the bytes of a TOML file; out: a `Profile`. Shipped files may not say `confirmed`: only a municipality
knows. Refuses: see `layouts/problems/profile.toml`; each code there is one check here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date
from typing import Any, Final, get_args

from elqr.columns import BY_NAME, Kind
from elqr.problems import Param, Problem, ProblemError, Where
from elqr.rules import DERIVED, KINDS_OF_FUNCTION, function_names
from elqr.ruleset import Profile, Rule
from elqr.settings import parse_settings
from elqr.wire import FIELDS, Field, Status

KINDS: Final = ("tax", "charge")
SETTINGS: Final = (
    "structure",
    "crc",
    "symbol",
    "quiet_zone",
    "module_pitch",
    "key_grouping",
    "tax_item_table",
)
"""Rules that are no field of the wire table: framing, check, symbol, print."""

_WAYS: Final = ("values", "column", "function", "setting")
_TOP: Final = ("id", "version", "kind", "title", "effective_from", "effective_to", "rule")
_RULE: Final = (*_WAYS, "status", "source", "ja", "en", "note_ja", "note_en")
_RULE_MORE: Final = ("effective_from", "effective_to", "confirmed_by", "document")
_TAKEN: Final = (
    *("slip_key", "confirm_no", "tax_item", "body_code", "levy_year", "tax_year", "period"),
    *("amount", "due_date", "payable_until"),
)
COLUMNS: Final[Mapping[str, int]] = {
    name: len("YYYYMMDD") if BY_NAME[name].kind is Kind.DATE else BY_NAME[name].width for name in _TAKEN
}
"""Columns of the slips that a rule may take a field from, and the digits that each writes into a payload."""


def ruled_fields() -> tuple[Field, ...]:
    """The fields of the wire table that need a rule each; tags and lengths are the rule `structure`."""
    return tuple(f for f in FIELDS if f.rule not in {"frame", "crc"})


def read_profile(data: bytes, *, file: str, shipped: bool) -> Profile:
    """The profile in `data`. Raises ProblemError with all of its faults."""
    reader = _Reader(file, shipped)
    try:
        table = parse_settings(data)
    except ValueError as error:
        raise ProblemError(reader.problem("profile.not_toml", "profile", found=str(error))) from None
    profile = reader.profile(table, hashlib.sha256(data).hexdigest())
    if reader.problems or profile is None:
        raise ProblemError(reader.problems)
    return profile


class _Reader:
    """Walks one file and gathers what is wrong."""

    def __init__(self, file: str, shipped: bool) -> None:
        self.file = file
        self.shipped = shipped
        self.problems: list[Problem] = []

    def problem(self, code: str, field: str, **params: Param) -> Problem:
        found = Problem(code, field, params, Where(self.file))
        self.problems.append(found)
        return found

    def profile(self, table: Mapping[str, Any], sha256: str) -> Profile | None:
        for key in table:
            if key not in _TOP:
                self.problem("profile.unknown_key", key, found=key, expected=", ".join(_TOP))
        texts = {k: self._text(table, k, k) for k in ("id", "version", "kind")}
        title = table.get("title")
        titles = {
            k: self._text(title if isinstance(title, dict) else {}, k, f"title.{k}") for k in ("ja", "en")
        }
        if texts["kind"] and texts["kind"] not in KINDS:
            self.problem("profile.kind", "kind", found=texts["kind"], expected=" / ".join(KINDS))
        first = self._day(table, "effective_from", "effective_from", required=True)
        last = self._day(table, "effective_to", "effective_to", required=False)
        if first and last and last < first:
            self.problem("profile.dates", "effective_to", found=f"{first} – {last}", expected=f"≥ {first}")
        entries = table.get("rule")
        rules = [
            self._rule(str(name), entry if isinstance(entry, dict) else {}, first, last)
            for name, entry in (entries if isinstance(entries, dict) else {}).items()
        ]
        present = {rule.name for rule in rules}
        for name in (*(f.name for f in ruled_fields()), *SETTINGS):
            if name not in present:
                self.problem("profile.missing_rule", name, expected=name)
        if first is None:
            return None
        return Profile(
            **texts,
            title_ja=titles["ja"],
            title_en=titles["en"],
            effective_from=first,
            effective_to=last,
            rules=tuple(rules),
            sha256=sha256,
            file=self.file,
        )

    def _text(self, table: Mapping[str, Any], key: str, owner: str) -> str:
        value = table.get(key)
        if not isinstance(value, str) or not value.strip():
            self.problem("profile.missing_key", owner, expected=owner)
            return ""
        return value

    def _day(self, table: Mapping[str, Any], key: str, owner: str, *, required: bool) -> date | None:
        value = table.get(key)
        if value is None and not required:
            return None
        if type(value) is not date:
            self.problem("profile.missing_key", owner, expected=f"{owner} = YYYY-MM-DD")
            return None
        return value

    def _rule(self, name: str, entry: Mapping[str, Any], first: date | None, last: date | None) -> Rule:
        owner = f"rule.{name}"
        for key in entry:
            if key not in (*_RULE, *_RULE_MORE):
                self.problem(
                    "profile.unknown_key", owner, found=key, expected=", ".join((*_RULE, *_RULE_MORE))
                )
        field = next((f for f in ruled_fields() if f.name == name), None)
        if field is None and name not in SETTINGS:
            known = ", ".join((*(f.name for f in ruled_fields()), *SETTINGS))
            self.problem("profile.unknown_rule", owner, found=name, expected=known)
        status: Status = entry.get("status", "")
        if status not in get_args(Status):
            self.problem("profile.status", owner, found=str(status), expected=" / ".join(get_args(Status)))
        self._confirmation(owner, entry, str(status))
        ways = [way for way in _WAYS if way in entry]
        if len(ways) != 1:
            self.problem("profile.one_way", owner, found=", ".join(ways) or "-", expected=" / ".join(_WAYS))
        elif (field is None) != (ways == ["setting"]):
            expected = "setting" if field is None else "values / column / function"
            self.problem("profile.one_way", owner, found=ways[0], expected=expected)
        elif field is not None:
            self._fits(owner, entry, field)
        start = self._day(entry, "effective_from", f"{owner}.effective_from", required=False) or first
        end = self._day(entry, "effective_to", f"{owner}.effective_to", required=False) or last
        if start and first and (start > first or (end or date.max) < (last or date.max)):
            span = f"{start} – {end or ''}"
            self.problem("profile.rule_dates", owner, found=span, expected=f"{first} – {last or ''}")
        return Rule(
            name=name,
            ja=str(entry.get("ja") or (field.ja if field else name)),
            en=str(entry.get("en") or (field.en if field else name)),
            status=status,
            source=self._text(entry, "source", f"{owner}.source"),
            effective_from=start or date.max,
            effective_to=end,
            values=tuple(str(v) for v in _listed(entry.get("values"))),
            column=str(entry.get("column", "")),
            function=str(entry.get("function", "")),
            setting=str(entry.get("setting", "")),
            **{k: str(entry.get(k, "")) for k in ("note_ja", "note_en", "confirmed_by", "document")},
        )

    def _confirmation(self, owner: str, entry: Mapping[str, Any], status: str) -> None:
        """`confirmed` is the municipality's word: with its name and document, and never in a shipped file."""
        if status != "confirmed":
            return
        if self.shipped:
            self.problem(
                "profile.shipped_confirmed", owner, found=status, expected="observed / inferred / placeholder"
            )
        for key in ("confirmed_by", "document"):
            if not str(entry.get(key, "")).strip():
                self.problem("profile.confirmed_without", owner, expected=key)

    def _fits(self, owner: str, entry: Mapping[str, Any], field: Field) -> None:
        """Constants are digits of the field's width, and columns write as many; columns and functions exist."""
        if "values" in entry:
            values = _listed(entry["values"])
            legal = [
                isinstance(v, str) and v.isascii() and v.isdigit() and len(v) == field.width for v in values
            ]
            if not values or not all(legal):
                self.problem("profile.value", owner, found=str(entry["values"])[:60], expected=field.width)
        elif "column" in entry:
            column = str(entry["column"])
            if column not in COLUMNS:
                self.problem("profile.column", owner, found=column, expected=", ".join(COLUMNS))
            elif COLUMNS[column] != field.width:
                told: dict[str, Param] = {"digits": COLUMNS[column], "expected": field.width}
                self.problem("profile.column_width", owner, found=column, **told)
        elif "function" in entry:
            known = function_names(KINDS_OF_FUNCTION.get(field.name, DERIVED))
            if entry["function"] not in known:
                self.problem(
                    "profile.function", owner, found=str(entry["function"]), expected=", ".join(known)
                )


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else []
