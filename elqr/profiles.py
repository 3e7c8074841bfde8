"""Profiles: the rules of a payload as data, each with how sure it is.

In: a name in `layouts/profiles/` or a path to a municipality's own TOML; out: `Profile`, frozen, with the
SHA-256 of its bytes. Refuses (all faults at once): what `elqr.profile_file` lists; an issue date on which
the profile is not in force.
"""

from __future__ import annotations

from datetime import date
from importlib.resources import files
from pathlib import Path

from elqr.problems import Param, Problem, ProblemError
from elqr.profile_file import read_profile
from elqr.ruleset import Profile, Rule
from elqr.settings import file_bytes

__all__ = ["Profile", "Rule", "load_profile", "profile_in_force", "profile_names"]


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
