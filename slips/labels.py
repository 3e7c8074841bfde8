"""The words of the forms by language: `layouts/labels/*.toml`, tables read as dotted keys (`row.amount`).

In: a language, a key, the words of the site. Out: the text with `{site.…}` filled in, line breaks kept.
Refuses: a key that the language lacks, a hole that the site has no word for. English texts keep the Japanese
legal term beside their own.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

LANGUAGES = ("ja", "en")
SITE_WORDS = ("city", "department", "telephone", "hours", "limit", "limit_en", "head", "issued")
"""What a label may ask: `{site.city}` …; `limit` is the convenience-store limit (30万円, ¥300,000), `head` who decides
(みほん市長), `issued` the day of issue."""

_HOLE = re.compile(r"\{site\.([a-z_]+)\}")


@dataclass(frozen=True)
class Labels:
    """All texts of one language by dotted key."""

    lang: str
    words: Mapping[str, str]

    def text(self, key: str, *, site: Mapping[str, str] | None = None) -> str:
        """The text of `key` with the site's words in their holes; without a site the holes stay visible.

        Raises KeyError for a key that the language lacks or a hole that `site` has no word for.
        """
        text = self.words[key]
        return text if site is None else _HOLE.sub(lambda hole: site[hole[1]], text)

    def holes(self, key: str) -> frozenset[str]:
        """The site words that the text asks for."""
        return frozenset(_HOLE.findall(self.words[key]))


def spoken(site: Mapping[str, str], lang: str) -> dict[str, str]:
    """The site's words in one language: `city_en` for `city` where the site has it and the language is English."""
    return {key: site.get(f"{key}_{lang}") or word for key, word in site.items()}


@cache
def load_labels(lang: str) -> Labels:
    """The labels of `ja` or `en`; any other language of the payer gets English.

    Raises ValueError for an entry that is not a text.
    """
    name = lang if lang in LANGUAGES else "en"
    data = tomllib.loads((files("layouts") / "labels" / f"{name}.toml").read_text(encoding="utf-8"))
    return Labels(name, dict(_flat(data, "")))


def _flat(table: Mapping[str, object], prefix: str) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for key, value in table.items():
        if isinstance(value, dict):
            pairs.extend(_flat(value, f"{prefix}{key}."))
        elif isinstance(value, str):
            pairs.append((f"{prefix}{key}", value.strip("\n")))
        else:
            raise ValueError(f"labels: {prefix}{key} is {value!r}, expected a text")
    return pairs
