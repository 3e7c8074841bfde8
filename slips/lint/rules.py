"""The rules of the lint as data: `layouts/lint/*.toml`, each with what it asks, why, where that stands and its limit.

In: the files. Out: `Rule` by id. Refuses (ValueError) a rule that lacks a key or has a word that nobody knows: the data is part of the
program.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

from elqr.problems import Severity

Value = float | str
Limit = float | str | tuple[float | str, ...] | None

SLACK: Final = 0.005
"""Half a hundredth: the last place of a form's millimetres never decides."""
LIMIT_WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "at_least": {"ja": "{} 以上", "en": "at least {}"},
    "at_most": {"ja": "{} 以下", "en": "at most {}"},
    "equals": {"ja": "{}", "en": "{}"},
    "one_of": {"ja": "{} のどれか", "en": "one of {}"},
}
STATUSES: Final = ("observed", "inferred", "placeholder", "confirmed")


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule. `covers`: faults of the print gate (`slips.geometry`) that it explains."""

    id: str
    severity: Severity
    compare: str
    limit: Limit
    unit: str
    title: Mapping[str, str]
    reason: Mapping[str, str]
    source: str
    status: str
    covers: tuple[str, ...] = ()

    def holds(self, measured: Value) -> bool:
        """Whether a measured value keeps the rule. A rule that measures nothing (`absent`) is kept by no finding."""
        match self.compare, self.limit, measured:
            case "at_least", float(limit), float(value):
                return value >= limit - SLACK
            case "at_most", float(limit), float(value):
                return value <= limit + SLACK
            case "between", (float(least), float(most)), float(value):
                return least - SLACK <= value <= most + SLACK
            case "one_of", tuple(allowed), _:
                return measured in allowed
            case "equals", limit, _:
                return measured == limit
        return False

    @property
    def limits(self) -> Mapping[str, str]:
        """The limit in words, `ja` and `en`: 12 pt 以上, at least 12 pt. No signs: BIZ UDPGothic shows ≤ and ≥ the wrong way round."""
        if self.limit is None:
            return {"ja": "", "en": ""}
        values = self.limit if isinstance(self.limit, tuple) else (self.limit,)
        plain = [_plain(value) for value in values]
        if self.compare == "between":
            return {"ja": self.with_unit("〜".join(plain)), "en": self.with_unit(" to ".join(plain))}
        words = LIMIT_WORDS[self.compare]
        joined = {"ja": "、".join(plain), "en": ", ".join(plain)}
        return {lang: words[lang].format(self.with_unit(text)) for lang, text in joined.items()}

    def with_unit(self, text: str) -> str:
        """A figure with the rule's unit."""
        return f"{text} {self.unit}".strip()

    def measured_text(self, measured: Value) -> str:
        """What was measured, as people read it."""
        return measured if isinstance(measured, str) else self.with_unit(_plain(measured))


def _plain(value: Value) -> str:
    return value if isinstance(value, str) else f"{round(value, 2):g}"


@cache
def load_rules() -> Mapping[str, Rule]:
    """Every rule by id, in the order of the files and of their tables."""
    found: dict[str, Rule] = {}
    for entry in sorted((files("layouts") / "lint").iterdir(), key=lambda e: e.name):
        if entry.name.endswith(".toml") and entry.name != "explained.toml":
            for rule_id, table in tomllib.loads(entry.read_text(encoding="utf-8")).items():
                if rule_id in found:
                    raise ValueError(f"{entry.name}: rule {rule_id!r} is defined twice")
                found[rule_id] = _rule(rule_id, table, entry.name)
    return found


def _rule(rule_id: str, table: Mapping[str, Any], file: str) -> Rule:
    try:
        rule = Rule(
            id=rule_id,
            severity=Severity(table["severity"]),
            compare=table["compare"],
            limit=_limit(table.get("limit")),
            unit=table.get("unit", ""),
            title=table["title"],
            reason=table["reason"],
            source=table["source"],
            status=table["status"],
            covers=tuple(table.get("covers", ())),
        )
    except KeyError as missing:
        raise ValueError(f"{file}: rule {rule_id!r} lacks {missing}") from None
    if rule.compare not in ("at_least", "at_most", "between", "one_of", "equals", "absent"):
        raise ValueError(f"{file}: rule {rule_id!r}: compare is {rule.compare!r}")
    if rule.status not in STATUSES or (rule.limit is None) != (rule.compare == "absent"):
        raise ValueError(f"{file}: rule {rule_id!r}: status {rule.status!r}, limit {rule.limit!r}")
    return rule


def _limit(raw: object) -> Limit:
    if isinstance(raw, list):
        return tuple(float(v) if isinstance(v, int | float) else str(v) for v in raw)
    if isinstance(raw, int | float):
        return float(raw)
    return None if raw is None else str(raw)


@cache
def load_explained() -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    """Form -> rule -> why its findings stay (`ja`, `en`): `layouts/lint/explained.toml`."""
    text = (files("layouts") / "lint" / "explained.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
