"""What a municipality may decide itself about posting, charges and offsets: a policy file, read whole or not at all.

In: `layouts/policies/*.toml`, or a file of the site's own. Out: `Policy`, frozen, with its rate tables and the SHA-256 of its bytes.
Refuses: unknown keys and words, an order that pays a charge before its tax, and any tolerance but zero (ProblemError, every fault at once).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from elqr.problems import Problem, ProblemError, Where
from elqr.settings import parse_settings, settings_bytes
from reconcile.charges import RATES as CHARGE_RATES
from reconcile.charges import ROUNDINGS
from reconcile.frames import COMPONENTS
from reconcile.interest import RATES as INTEREST_RATES
from reconcile.prescription import PREMIUM_YEARS, TAX_YEARS
from reconcile.rates import Rates, load_rates

OFFSET_KEYS = ("same_notice", "same_tax", "oldest_due", "largest")


@dataclass(frozen=True, kw_only=True)
class Policy:
    """The decisions of the site. `order`: components in which a short payment is used up; `offset_order`: keys, first counts most."""

    id: str
    rounding: str
    order: tuple[str, ...]
    offset_order: tuple[str, ...]
    tax_years: int
    premium_years: int
    rates: Rates
    interest_rates: Rates
    sha256: str


def load_policy(policy: str | Path = "default") -> Policy:
    """A policy by its id or by the path of a site's own file. Raises ProblemError (`policy.file`, `file.unreadable`, `rates.*`)."""
    name, raw = settings_bytes(policy, folder="policies")
    try:
        content = parse_settings(raw)
    except ValueError as error:
        raise ProblemError(_fault(name, "TOML", str(error), "UTF-8, TOML")) from None
    faults = _faults(name, content)
    if faults:
        raise ProblemError(faults)
    rates = load_rates(_table(policy, content["charge"]["rates"]))
    interest_rates = load_rates(_table(policy, content["refund"]["interest"]))
    faults = _other_table(name, "charge.rates", rates, CHARGE_RATES)
    faults += _other_table(name, "refund.interest", interest_rates, INTEREST_RATES)
    if faults:
        raise ProblemError(faults)
    return Policy(
        id=content["id"],
        rounding=content["charge"]["rounding"],
        order=tuple(content["posting"]["order"]),
        offset_order=tuple(content["offset"]["order"]),
        tax_years=content["time_bar"]["tax_years"],
        premium_years=content["time_bar"]["premium_years"],
        rates=rates,
        interest_rates=interest_rates,
        sha256=hashlib.sha256(raw).hexdigest(),
    )


def _table(place: str | Path, name: str) -> str | Path:
    """A rate table beside a site's own policy file goes before ours of the same name."""
    beside = place.with_name(f"{name}.toml") if isinstance(place, Path) else None
    return beside if beside is not None and beside != place and beside.exists() else name


def _other_table(name: str, field: str, rates: Rates, columns: Sequence[str]) -> list[Problem]:
    """A table of rates for something else."""
    fits = set(columns) <= set(rates.values)
    return (
        [] if fits else [_fault(name, field, f"{rates.id} ({', '.join(rates.values)})", ", ".join(columns))]
    )


_KEYS: Mapping[str, Mapping[str, type]] = {
    "charge": {"rates": str, "rounding": str},
    "posting": {"order": list, "tolerance": int},
    "offset": {"order": list},
    "refund": {"interest": str},
    "time_bar": {"tax_years": int, "premium_years": int},
}
_TOP = ("id", "title", *_KEYS)
YEARS_MAX = 100
"""More is a typing error, and no calendar goes there."""


def _fault(name: str, field: str, found: object, expected: str) -> Problem:
    return Problem("policy.file", field, {"found": str(found), "expected": expected}, Where(name))


def _faults(name: str, content: Mapping[str, Any]) -> list[Problem]:
    found = [_fault(name, key, content[key], ", ".join(_TOP)) for key in content if key not in _TOP]
    if not isinstance(content.get("id"), str):
        found.append(_fault(name, "id", content.get("id", "–"), "str"))
    for table, keys in _KEYS.items():
        given = content.get(table)
        if not isinstance(given, dict):
            found.append(_fault(name, table, given or "–", f"[{table}]"))
            continue
        found += [_fault(name, f"{table}.{k}", given[k], ", ".join(keys)) for k in given if k not in keys]
        found += [
            _fault(name, f"{table}.{k}", given.get(k, "–"), kind.__name__)
            for k, kind in keys.items()
            if type(given.get(k)) is not kind
        ]
        found += [
            _fault(name, f"{table}.{k}", given[k], '["…", "…"]')
            for k, kind in keys.items()
            if kind is list
            and isinstance(given.get(k), list)
            and not all(isinstance(w, str) for w in given[k])
        ]
    return found or _wrong_words(name, content)


def _wrong_words(name: str, content: Mapping[str, Any]) -> list[Problem]:
    found = []
    rounding = content["charge"]["rounding"]
    if rounding not in ROUNDINGS:
        found.append(_fault(name, "charge.rounding", rounding, ", ".join(ROUNDINGS)))
    for table, key, shipped in (
        ("charge", "rates", "delinquency"),
        ("refund", "interest", "refund_interest"),
    ):
        if not re.fullmatch(r"[\w-]{1,80}", content[table][key]):
            found.append(_fault(name, f"{table}.{key}", content[table][key], f"{shipped}({shipped}.toml)"))
    order = content["posting"]["order"]
    if sorted(order) != sorted(COMPONENTS) or order.index("principal") > order.index("delinquency"):
        found.append(_fault(name, "posting.order", order, "principal … delinquency, dunning_fee"))
    if content["posting"]["tolerance"] != 0:
        found.append(_fault(name, "posting.tolerance", content["posting"]["tolerance"], "0"))
    offset = content["offset"]["order"]
    if not offset or set(offset) - set(OFFSET_KEYS) or len(set(offset)) != len(offset):
        found.append(_fault(name, "offset.order", offset, ", ".join(OFFSET_KEYS)))
    for key, usual in (("tax_years", TAX_YEARS), ("premium_years", PREMIUM_YEARS)):
        if not 1 <= content["time_bar"][key] <= YEARS_MAX:
            found.append(_fault(name, f"time_bar.{key}", content["time_bar"][key], str(usual)))
    return found
