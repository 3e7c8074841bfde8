"""A profile once it has been read: rules with their status, and what one asks of them.

Data only: `elqr.profile_file` reads and judges the TOML, `elqr.profiles` finds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from elqr.wire import Status


@dataclass(frozen=True)
class Rule:
    """One rule, set by exactly one of `values`, `column` (of the slips), `function` (by name), `setting`.

    `document` and `confirmed_by` are set by the municipality together with the status `confirmed`.
    """

    name: str
    ja: str
    en: str
    status: Status
    source: str
    effective_from: date
    effective_to: date | None = None
    values: tuple[str, ...] = ()
    column: str = ""
    function: str = ""
    setting: str = ""
    note_ja: str = ""
    note_en: str = ""
    confirmed_by: str = ""
    document: str = ""

    @property
    def says(self) -> str:
        """What the rule sets, in one short text."""
        for word, value in (
            ("=", " / ".join(self.values)),
            ("column", self.column),
            ("function", self.function),
        ):
            if value:
                return value if word == "=" else f"{word} {value}"
        return self.setting

    def __str__(self) -> str:
        return f"{self.name} ({self.status})"


@dataclass(frozen=True)
class Profile:
    """A set of rules for one kind of claim (`tax`, `charge`) and one span of issue dates."""

    id: str
    version: str
    kind: str
    title_ja: str
    title_en: str
    effective_from: date
    effective_to: date | None
    rules: tuple[Rule, ...]
    sha256: str
    file: str

    def rule(self, name: str) -> Rule:
        """The rule of that name; KeyError where there is none."""
        for rule in self.rules:
            if rule.name == name:
                return rule
        raise KeyError(name)

    def unconfirmed(self) -> list[Rule]:
        """Every rule that no municipality has confirmed, in order of the file."""
        return [rule for rule in self.rules if rule.status != "confirmed"]

    @property
    def mode(self) -> str:
        """`compose` where every rule is confirmed, otherwise `test`: a sample that cannot be used."""
        return "test" if self.unconfirmed() else "compose"

    def constants(self) -> Mapping[str, Sequence[str]]:
        """Field of the wire table -> its legal values, for `elqr.payload.problems_of`."""
        return {rule.name: rule.values for rule in self.rules if rule.values}

    def in_force(self, day: date) -> bool:
        """Whether slips issued on `day` follow this profile."""
        return self.effective_from <= day and (self.effective_to is None or day <= self.effective_to)
