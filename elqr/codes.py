"""The three doors of the library: `encode`, `decode`, `describe`, for one code or a column of them.

In: a `Payload` or a frame, digits or a column of digits, a code or a path; out: the inverse, or words.
Refuses (ProblemError, ValueError): what the modules behind them refuse.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, overload

import polars as pl

from elqr import payload
from elqr.compose import compose
from elqr.describe_code import describe_code, describe_payload
from elqr.describe_file import describe_file
from elqr.description import Description, problem_lines, problem_row
from elqr.digits import to_series
from elqr.payload import Payload, decode_one, encode_one
from elqr.problems import Problem, ProblemError, ProblemLog
from elqr.ruleset import Profile
from elqr.site import Site
from elqr.slip_values import slip_of

NAME_MAX = 255
"""Longer than any file name: asking the system for such a file is an error on some of them."""


@overload
def encode(values: Payload) -> str:
    """One code."""


@overload
def encode(values: pl.DataFrame) -> pl.Series:
    """A column of codes."""


def encode(values: Payload | pl.DataFrame) -> str | pl.Series:
    """The 255 digits of one `Payload`, or of every row of a frame of wire values (`elqr.payload.encode`).

    It writes what it is given. Payloads by the rules of a profile come from `elqr.compose`.
    """
    if isinstance(values, Payload):
        return encode_one(values)
    return to_series(payload.encode(values), "payload")


@overload
def decode(code: str) -> Payload:
    """One code."""


@overload
def decode(code: pl.Series) -> pl.DataFrame:
    """A column of codes."""


def decode(code: str | pl.Series) -> Payload | pl.DataFrame:
    """The values of one payload, or of a column of them. Raises ProblemError where any of them is faulty.

    To judge a column and keep the good rows, use `elqr.payload.well_formed` and `problems_of`.
    """
    if isinstance(code, str):
        return decode_one(code)
    log = ProblemLog()
    rows = pl.DataFrame({"line": range(len(code))}, schema={"line": pl.Int64})
    good, matrix = payload.well_formed(code, log, rows)
    payload.problems_of(matrix, log, rows.filter(good))
    found = list(log.problems())
    if found:
        raise ProblemError(found)
    return payload.decode(matrix).select(f.name for f in fields(Payload))


def describe(code_or_path: str | Path, *, show_names: bool = False, site: Site | None = None) -> Description:
    """A code, or a file that we know, in words. A `Path`, or text that names a file, is read as a file.

    `site` knows the names of the tax items and the municipality's own headings.
    """
    if isinstance(code_or_path, Path) or names_file(code_or_path):
        mapping = site.mapping if site else None
        return describe_file(Path(code_or_path), show_names=show_names, mapping=mapping)
    return describe_code(code_or_path, tax_items=site.tax_items if site else None)


def names_file(text: str) -> bool:
    """Whether text means a file: it names one (or a folder), or is written as only a name is, with an ending or a folder."""
    written = any(sign in text for sign in "/\\") or any(map(str.isalpha, Path(text).suffix))
    return written or (len(text) < NAME_MAX and Path(text).exists())


@dataclass(frozen=True)
class Composed:
    """One payload made by a profile, and everything that keeps it from being used."""

    payload: str
    profile: Profile
    problems: tuple[Problem, ...]

    def document(self) -> dict[str, Any]:
        """All of it as one JSON-ready object."""
        return {
            "payload": self.payload,
            "mode": self.profile.mode,
            "profile": self.profile.id,
            "profile_sha256": self.profile.sha256,
            "unconfirmed": [{"rule": r.name, "status": r.status} for r in self.profile.unconfirmed()],
            "problems": [problem_row(p) for p in self.problems],
        }

    def warnings(self) -> list[str]:
        """What has to be said beside the digits."""
        left = self.profile.unconfirmed()
        if not left:
            return problem_lines(self.problems)
        names = ", ".join(str(rule) for rule in left)
        return [
            f"TEST 試験用: この番号は支払いに使えません。未確認の規則{len(left)}件: {names}",
            f"TEST: this code cannot be paid. {len(left)} rules are unconfirmed.",
            *problem_lines(self.problems),
        ]


def compose_one(values: Mapping[str, str], profile: Profile) -> Composed:
    """One payload from the ten values as text (`elqr.slip_values`) by the rules of `profile`.

    Raises ProblemError where a value cannot be written. What is wrong between the values stands among
    `problems`.
    """
    text = to_series(compose(slip_of(values), profile))[0]
    return Composed(text, profile, describe_payload(text).problems)
