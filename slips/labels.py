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
"""Languages that have all words of the forms."""
GUIDED = ("zh-Hans", "ko", "vi", "pt", "fil", "ja-easy")
"""Languages that have the guidance texts; every other word is that of their base."""
GUIDED_KEYS = (
    *(
        "note.no_receipt",
        "note.one_channel",
        "note.keep_together",
        "letter.lead",
        "pay.channels",
        "pay.brief",
    ),
    *("qr.notice", "qr.alt", "barcode.alt", "convenience.over_limit", "convenience.no_barcode", "el.order"),
    "postcard.open",
)
"""What tells a payer what to do, and so is translated; terms of law and of counters are not."""
WORDINGS = (*LANGUAGES, "zh-Hans")
"""Languages in which values are worded (`layouts/values.toml`); the others take the wording of their base."""
NAMES_OF: Mapping[str, str] = {
    **dict.fromkeys(("zh", "zh-cn", "zh-sg"), "zh-Hans"),
    # Traditional letters are others: who reads them is not helped by simplified ones.
    **dict.fromkeys(("zh-hant", "zh-tw", "zh-hk", "zh-mo"), ""),
    "tl": "fil",
    **dict.fromkeys(("ja-x-easy", "ja-jp-x-easy"), "ja-easy"),
    **{name.lower(): name for name in (*LANGUAGES, *GUIDED)},
}
"""Language tags in small letters: the language whose words they get, empty where we have none."""
FACE_OF: Mapping[str, str] = {"zh-Hans": "zh", "ko": "ko", "vi": "vi"}
"""The typeface of guidance texts where BIZ UDGothic lacks the letters."""
TAG_OF: Mapping[str, str] = {"ja-easy": "ja"}
SITE_WORDS = ("city", "department", "telephone", "hours", "limit", "limit_en", "head", "issued")
"""What a label may ask: `{site.city}` …; `limit` is the convenience-store limit (30万円, ¥300,000), `head` who decides
(みほん市長), `issued` the day of issue."""

_HOLE = re.compile(r"\{site\.([a-z_]+)\}")


@dataclass(frozen=True)
class Labels:
    """All texts of one language by dotted key; `own` are those that are not the words of `base`."""

    lang: str
    words: Mapping[str, str]
    base: str = "ja"
    own: frozenset[str] = frozenset()

    def face(self, key: str, face: str) -> str:
        """The typeface in which the text of `key` is set where the form says `face`."""
        return FACE_OF.get(self.lang, face) if key in self.own else face

    def tag(self, key: str) -> str:
        """The language tag of a text that is in another language than the slip, else empty."""
        tag = TAG_OF.get(self.lang, self.lang)
        return tag if key in self.own and tag != self.base else ""

    def mixed(self, key: str) -> bool:
        """Whether Japanese terms stand in the text of `key` as in a text of another language."""
        lang = self.lang if key in self.own else self.base
        return TAG_OF.get(lang, lang) not in ("ja", "zh-Hans")  # Chinese has the same characters

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


def language_of(tag: str) -> str:
    """The language whose words a tag gets, empty where we have none. Either case; what we know not is cut from the right (BCP 47, RFC 4647 3.4)."""
    rest = tag.lower()
    while rest and rest not in NAMES_OF:
        rest = rest.rpartition("-")[0]
    return NAMES_OF.get(rest, "")


def worded(tag: str) -> str:
    """The language in which values are worded for a payer of that tag: their own, else that of the labels that are not translated."""
    labels = load_labels(tag)
    return labels.lang if labels.lang in WORDINGS else labels.base


@cache
def load_labels(lang: str) -> Labels:
    """The labels of a language of the payer; one that we have not gets English.

    Raises ValueError for an entry that is not a text, and for a guided language that lacks a text or has one too many.
    """
    name = language_of(lang) or "en"
    if name in GUIDED:
        data = _read(name)
        base = load_labels(str(data.pop("base")))
        data.pop("name")
        own = dict(_flat(data, ""))
        if odd := set(own) ^ set(GUIDED_KEYS):
            raise ValueError(f"labels/{name}.toml: missing or unknown: {', '.join(sorted(odd))}")
        return Labels(name, {**base.words, **own}, base.lang, frozenset(own))
    return Labels(name, dict(_flat(_read(name), "")), name)


def _read(name: str) -> dict[str, object]:
    return tomllib.loads((files("layouts") / "labels" / f"{name}.toml").read_text(encoding="utf-8"))


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
