"""Profiles: the rules of a payload as data, each with how sure it is.

In: a name in `layouts/profiles/` or a path to a municipality's own TOML; out: `Profile`, frozen, with the
SHA-256 of its bytes. Refuses (all faults at once): what `elqr.profile_file` lists; an issue date for which
no profile, or more than one, is in force.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from importlib.resources import files
from pathlib import Path

from elqr.problems import Param, Problem, ProblemError
from elqr.profile_file import read_profile
from elqr.ruleset import Profile, Rule
from elqr.settings import file_bytes

__all__ = ["Profile", "Rule", "choose", "load_profile", "profile_in_force", "profile_names"]


def profile_names() -> list[str]:
    """The ids of the profiles that come with the product."""
    folder = files("layouts") / "profiles"
    return sorted(e.name.removesuffix(".toml") for e in folder.iterdir() if e.name.endswith(".toml"))


def load_profile(name_or_path: str | Path) -> Profile:
    """A shipped profile by its id, or a TOML file by its path; ProblemError with everything that is wrong."""
    name = str(name_or_path)
    if name in profile_names():
        data = (files("layouts") / "profiles" / f"{name}.toml").read_bytes()
        return read_profile(data, file=f"{name}.toml", shipped=True)
    path = Path(name)
    if not path.is_file():
        expected = ", ".join(profile_names())
        raise ProblemError(Problem("profile.not_found", "profile", {"found": name, "expected": expected}))
    return read_profile(file_bytes(path), file=path.name, shipped=False)


def profile_in_force(name_or_path: str | Path, issue_date: date) -> Profile:
    """`load_profile` for slips issued on a day. Raises ProblemError where the profile is of another time."""
    profile = load_profile(name_or_path)
    if not profile.in_force(issue_date):
        span = f"{profile.effective_from} – {profile.effective_to or ''}".strip()
        params: dict[str, Param] = {"found": profile.id, "date": issue_date.isoformat(), "expected": span}
        raise ProblemError(Problem("profile.not_in_force", "profile", params))
    return profile


def choose(kind: str, issue_date: date, *, among: Sequence[Profile] | None = None) -> Profile:
    """The profile for claims of `kind` (`tax`, `charge`) issued on a day; `among` defaults to the shipped.

    Raises ProblemError where none or more than one is in force.
    """
    known = [load_profile(name) for name in profile_names()] if among is None else list(among)
    fitting = [p for p in known if p.kind == kind and p.in_force(issue_date)]
    if len(fitting) == 1:
        return fitting[0]
    params: dict[str, Param] = {"found": kind, "date": issue_date.isoformat()}
    if not fitting:
        of_kind = [f"{p.id} {p.effective_from}–{p.effective_to or ''}" for p in known if p.kind == kind]
        raise ProblemError(
            Problem("profile.none_in_force", "profile", {**params, "expected": ", ".join(of_kind) or "-"})
        )
    raise ProblemError(
        Problem("profile.many_in_force", "profile", {**params, "expected": ", ".join(p.id for p in fitting)})
    )
