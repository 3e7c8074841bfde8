"""Who may decide which refund: tiers of yen with the approvals each needs, the people and their roles, the city's own account.

In: `layouts/refunds/*.toml`, or a file of the site's own. Out: `RefundPolicy`, frozen, with the SHA-256 of its bytes.
Refuses (ProblemError `refund.policy`, every fault at once): unknown keys, tiers out of order, a role that nobody has, a tier without approval.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from elqr.problems import Problem, ProblemError, Where
from elqr.settings import parse_settings, settings_bytes
from reconcile.transfers import Consignor

ANY = "any"
MAKER, EXPORTER, ACCOUNT = "maker", "exporter", "account"
_TOP = ("id", "title", "tier", "user", "consignor")
_USER = ("name", "login", "roles")
_CONSIGNOR = tuple(f.name for f in fields(Consignor))


@dataclass(frozen=True, kw_only=True)
class Tier:
    """Amounts up to `up_to` yen (None: all above) need `approvals`: one role each, `any` for anybody."""

    up_to: int | None
    approvals: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class User:
    """A person who may act. `login`: the name under which the terminal must know this person, None where that is not asked."""

    name: str
    login: str | None
    roles: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class RefundPolicy:
    """`users`: by name; empty where the file names nobody, and then everybody may act, but never twice on one refund."""

    id: str
    tiers: tuple[Tier, ...]
    users: Mapping[str, User]
    consignor: Consignor | None
    allow_wo: bool
    sha256: str

    def tier(self, yen: int) -> Tier:
        """The tier of an amount."""
        return next(t for t in self.tiers if t.up_to is None or yen <= t.up_to)

    def refused(self, who: str, *, role: str, login: str | None) -> Problem | None:
        """Why this person may not act in this role, if so. `login`: how the terminal knows the person, None where it does not."""
        if not who or who != who.strip() or not who.isprintable():
            return Problem("refund.who", params={"found": who})
        if not self.users:
            return None
        user = self.users.get(who)
        if user is None or (role != ANY and role not in user.roles):
            return Problem("refund.role", params={"found": who, "expected": role})
        if user.login is not None and login != user.login:
            return Problem("refund.login", params={"found": login or "–", "expected": user.login, "who": who})
        return None

    def roles(self, who: str) -> frozenset[str]:
        """The roles of a person; where nobody is named, everybody has only `any`."""
        return self.users[who].roles if who in self.users else frozenset()


def load_refund_policy(policy: str | Path = "default") -> RefundPolicy:
    """A policy by its id or by the path of a site's own file. Raises ProblemError (`refund.policy`, `file.unreadable`)."""
    name, raw = settings_bytes(policy, folder="refunds")
    try:
        content = parse_settings(raw)
    except ValueError as error:
        raise ProblemError(_fault(name, "TOML", error, "UTF-8, TOML")) from None
    faults = [_fault(name, key, content[key], ", ".join(_TOP)) for key in content if key not in _TOP]
    if not isinstance(content.get("id"), str):
        faults.append(_fault(name, "id", content.get("id", "–"), 'id = "…"'))
    users = _users(name, content.get("user", []), faults)
    tiers = _tiers(name, content.get("tier"), users, faults)
    consignor, allow_wo = _consignor(name, content.get("consignor"), faults)
    if faults:
        raise ProblemError(faults)
    return RefundPolicy(
        id=content["id"],
        tiers=tiers,
        users=users,
        consignor=consignor,
        allow_wo=allow_wo,
        sha256=hashlib.sha256(raw).hexdigest(),
    )


def _fault(name: str, field: str, found: object, expected: str) -> Problem:
    return Problem("refund.policy", field, {"found": str(found), "expected": expected}, Where(name))


def _words(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(v, str) and v for v in value)


def _users(name: str, rows: Any, faults: list[Problem]) -> dict[str, User]:
    found: dict[str, User] = {}
    for row in rows if isinstance(rows, list) else [rows]:
        good = (
            isinstance(row, dict)
            and not set(row) - set(_USER)
            and isinstance(row.get("name"), str)
            and bool(row["name"])
            and _words(row.get("roles"))
            and isinstance(row.get("login", ""), str)
        )
        if not good or row["name"] in found:
            faults.append(_fault(name, "user", row, 'name = "…" (once), roles = ["…"], login = "…"'))
        else:
            user = User(name=row["name"], login=row.get("login"), roles=frozenset(row["roles"]))
            found[user.name] = user
    return found


def _tiers(name: str, rows: Any, users: Mapping[str, User], faults: list[Problem]) -> tuple[Tier, ...]:
    if not isinstance(rows, list) or not rows:
        faults.append(_fault(name, "tier", rows or "–", "[[tier]]"))
        return ()
    tiers, last = [], 0
    for at, row in enumerate(rows, 1):
        up_to = row.get("up_to") if isinstance(row, dict) else 0
        rising = up_to is None if at == len(rows) else type(up_to) is int and up_to > last
        if not isinstance(row, dict) or set(row) - {"up_to", "approvals"} or not rising:
            faults.append(_fault(name, f"tier {at}", row, "up_to = 1, 2, 3 … (rising, none on the last)"))
        elif not _words(row.get("approvals")):
            faults.append(_fault(name, f"tier {at}", row.get("approvals", "–"), 'approvals = ["any", …]'))
        else:
            last = up_to or last
            tiers.append(Tier(up_to=up_to, approvals=tuple(row["approvals"])))
            faults += _staffing(name, at, tiers[-1].approvals, users)
    return tuple(tiers)


def _staffing(name: str, at: int, approvals: Sequence[str], users: Mapping[str, User]) -> list[Problem]:
    """A role that too few people have could never be given."""
    return [
        _fault(name, f"tier {at}", role, f"[[user]] with this role: {approvals.count(role)} or more")
        for role in sorted(set(approvals) - {ANY})
        if sum(role in user.roles for user in users.values()) < approvals.count(role)
    ]


def _consignor(name: str, table: object, faults: list[Problem]) -> tuple[Consignor | None, bool]:
    if table is None:
        return None, False
    known = {**table} if isinstance(table, dict) else {}
    allow = known.pop("allow_wo", False)
    good = set(known) == set(_CONSIGNOR) and all(isinstance(v, str) for v in known.values())
    if not good or not isinstance(allow, bool):
        faults.append(_fault(name, "consignor", table, ", ".join((*_CONSIGNOR, "allow_wo"))))
        return None, False
    values: dict[str, Any] = known
    return Consignor(**values), allow
