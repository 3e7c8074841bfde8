"""Which ways to pay a slip may promise: chosen for each row from `channels.toml`, the city's contracts and the slip itself.

In: cleaned rows, `Guide` (channels, contracts, limit of the barcode, kind of profile, day of issue). Out: which channels each row
can use, and the lines that say so (`guide_1` …). Refuses a channels file with unknown keys or words; promises nothing that is not known.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import polars as pl

from elqr import money
from elqr.columns import KINDS
from elqr.problems import Problem, ProblemError, Where
from elqr.settings import file_bytes, parse_settings
from elqr.site import CHANNELS, Site

LINES: Final = 6
"""Lines of guidance that a form may show: `guide_1` to `guide_6`."""
NEEDS: Final = ("el_qr", "barcode", "nothing")
COVERS: Final = ("tax", "charge")
STATUSES: Final = ("observed", "inferred", "placeholder", "confirmed")
_KEYS: Final[Mapping[str, type]] = {
    **dict.fromkeys(("id", "contract", "needs", "ja", "en", "status", "source", "fee"), str),
    **dict.fromkeys(("covers", "not_kinds"), list),
    "limit_yen": int,
    "receipt": bool,
}
_FEE_WORDS: Final = ("ja", "en", "ja_yen", "en_yen")
_FEE_ROW: Final = ("from_yen", "to_yen", "yen")
_OPTIONAL: Final = {"fee", "not_kinds", "limit_yen"}


@dataclass(frozen=True, kw_only=True)
class Fee:
    """Fees by amount, `(from_yen, to_yen, yen)`, both ends included; words for a known and an unknown fee by language."""

    words: Mapping[str, str]
    rows: tuple[tuple[int, int, int], ...]


@dataclass(frozen=True, kw_only=True)
class Channel:
    """One way to pay, as its table says."""

    id: str
    contract: str
    needs: str
    covers: tuple[str, ...]
    not_kinds: tuple[str, ...]
    limit_yen: int | None
    receipt: bool
    fee: str
    text: Mapping[str, str]
    status: str


@dataclass(frozen=True, kw_only=True)
class Guide:
    """What a job promises by: the channels in the order in which they are told, and all that decides beside the row."""

    channels: tuple[Channel, ...]
    fees: Mapping[str, Fee]
    contracts: frozenset[str]
    barcode_limit: int
    profile: str
    issued: dt.date


def load_guide(site: Site, *, profile: str, issued: dt.date) -> Guide:
    """The guide of a job. `profile`: `tax` or `charge`. Raises ProblemError with every fault of the channels file."""
    channels, fees = load_channels(site.channels_file)
    contracts = frozenset(site.channels)
    return Guide(
        channels=channels, fees=fees, contracts=contracts, barcode_limit=site.barcode_limit, profile=profile, issued=issued
    )  # fmt: skip


def load_channels(path: Path | None = None) -> tuple[tuple[Channel, ...], Mapping[str, Fee]]:
    """The channels of the package, or those of a city's own file."""
    name = path.name if path else "channels.toml"
    raw = file_bytes(path) if path else (files("layouts") / "channels.toml").read_bytes()
    try:
        data = parse_settings(raw)
    except ValueError as fault:
        raise ProblemError(_fault(name, "", str(fault), "TOML")) from None
    problems = [
        _fault(name, key, key, "channel, fee, version, valid_from") for key in sorted(set(data) - _TOP)
    ]
    fees, entries = data.get("fee", {}), data.get("channel", [])
    problems += _fee_faults(name, fees)
    if isinstance(entries, list) and all(isinstance(entry, dict) for entry in entries):
        known = tuple(fees) if isinstance(fees, dict) else ()
        problems += [p for entry in entries for p in _faults(name, entry, known)]
        problems += [_fault(name, "channel", one, "1回 (once)") for one in _twice(entries)]
    else:
        problems.append(_fault(name, "channel", entries, "[[channel]]"))
    if problems:
        raise ProblemError(problems)
    priced = {
        key: Fee(
            words={k: fee[k] for k in _FEE_WORDS},
            rows=tuple((r["from_yen"], r["to_yen"], r["yen"]) for r in fee["rows"]),
        )
        for key, fee in fees.items()
    }
    return tuple(map(_channel, entries)), priced


_TOP: Final = {"channel", "fee", "version", "valid_from"}


def _channel(entry: Mapping[str, Any]) -> Channel:
    return Channel(
        **{k: entry[k] for k in ("id", "contract", "needs", "receipt", "status")},
        covers=tuple(entry["covers"]),
        not_kinds=tuple(entry.get("not_kinds", ())),
        limit_yen=entry.get("limit_yen"),
        fee=entry.get("fee", ""),
        text={"ja": entry["ja"], "en": entry["en"]},
    )


def _fault(file: str, key: str, found: object, expected: str) -> Problem:
    return Problem("channels.bad_value", key, {"found": str(found), "expected": expected}, Where(file))


def _fee_faults(file: str, fees: object) -> list[Problem]:
    """What the tables of fees lack, or hold in another shape than `ja = "…"`, `rows = [{ from_yen = 1, … }]`."""
    if not isinstance(fees, dict) or not all(isinstance(fee, dict) for fee in fees.values()):
        return [_fault(file, "fee", fees, "[fee.NAME]")]
    found = []
    for name, fee in fees.items():
        found += [
            _fault(file, f"fee {name}.{key}", fee.get(key, ""), '"…"')
            for key in _FEE_WORDS
            if not isinstance(fee.get(key), str)
        ]
        rows = fee.get("rows")
        if not isinstance(rows, list) or not all(map(_is_fee_row, rows)):
            found.append(
                _fault(file, f"fee {name}.rows", rows, "[{ from_yen = 1, to_yen = 10000, yen = 40 }]")
            )
    return found


def _is_fee_row(row: object) -> bool:
    return (
        isinstance(row, dict) and set(row) == set(_FEE_ROW) and all(type(yen) is int for yen in row.values())
    )


def _twice(channels: Sequence[Mapping[str, Any]]) -> list[object]:
    """Ids that more than one channel has."""
    ids = [entry.get("id") for entry in channels]
    return [one for k, one in enumerate(ids) if one in ids[:k]]


def _faults(file: str, entry: Mapping[str, Any], fees: Sequence[str]) -> list[Problem]:
    where = f"channel {entry.get('id', '?')}"
    found = [_fault(file, f"{where}.{k}", k, ", ".join(sorted(_KEYS))) for k in set(entry) - set(_KEYS)]
    for key, kind in _KEYS.items():
        if key not in entry and key not in _OPTIONAL:
            found.append(_fault(file, f"{where}.{key}", "", "required"))
        elif key in entry and not isinstance(entry[key], kind):
            found.append(_fault(file, f"{where}.{key}", entry[key], kind.__name__))
    if found:
        return found
    words: Mapping[str, tuple[Sequence[str], Sequence[str]]] = {
        "contract": ([entry["contract"]], CHANNELS),
        "needs": ([entry["needs"]], NEEDS),
        "covers": (entry["covers"], COVERS),
        "not_kinds": (entry.get("not_kinds", []), tuple(KINDS)),
        "status": ([entry["status"]], STATUSES),
        "fee": ([entry["fee"]] if "fee" in entry else [], fees),
    }
    return [
        _fault(file, f"{where}.{key}", word, ", ".join(known))
        for key, (given, known) in words.items()
        for word in given
        if word not in known
    ]


def offers(rows: pl.DataFrame, guide: Guide) -> pl.DataFrame:
    """One Boolean column a channel: may this row be told of it? Never where contract, kind, amount or date forbid it."""
    alive = pl.col("payable_until") >= pl.lit(guide.issued)
    barred = pl.col("barcode").fill_null("") != ""
    can: Mapping[str, pl.Expr] = {
        "el_qr": alive & (pl.col("payload").fill_null("") != ""),
        "barcode": alive & barred & (pl.col("amount") <= guide.barcode_limit),
        "nothing": pl.lit(True),
    }
    return rows.select(
        (
            can[channel.needs]
            & pl.lit(channel.contract in guide.contracts and guide.profile in channel.covers)
            & (pl.lit(True) if channel.limit_yen is None else pl.col("amount") <= channel.limit_yen)
            & ~pl.col("kind").fill_null("initial").is_in(channel.not_kinds)
        )
        .fill_null(False)
        .alias(channel.id)
        for channel in guide.channels
    )


def guide_lines(rows: pl.DataFrame, guide: Guide | None, *, lang: str) -> dict[str, pl.Series]:
    """`guide_1` … `guide_6`: the lines of what each row can use, without gaps; empty after the last."""
    if guide is None:
        empty = pl.repeat("", rows.height, dtype=pl.String, eager=True)
        return {f"guide_{n + 1}": empty for n in range(LINES)}
    told = offers(rows, guide)
    texts = [_said(rows["amount"], channel, guide, lang) for channel in guide.channels]
    chosen = [
        [text[k] for text, yes in zip(texts, flags, strict=True) if yes][:LINES]
        for k, flags in enumerate(told.iter_rows())
    ]
    return {
        f"guide_{n + 1}": pl.Series([lines[n] if n < len(lines) else "" for lines in chosen], dtype=pl.String)
        for n in range(LINES)
    }


def _said(amounts: pl.Series, channel: Channel, guide: Guide, lang: str) -> list[str]:
    """The channel's line for each amount."""
    text = channel.text[lang]
    if not channel.fee:
        return [text] * len(amounts)
    fee = guide.fees[channel.fee]
    out = []
    for amount in amounts.to_list():
        yen = next((yen for low, high, yen in fee.rows if amount is not None and low <= amount <= high), None)
        known = fee.words[f"{lang}_yen"].replace("{yen}", money.to_human(pl.Series([yen or 0])).item())
        out.append(text.replace("{fee}", fee.words[lang] if yen is None else known))
    return out
