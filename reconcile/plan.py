"""The plan of `elqr reconcile-all`: which municipalities, their ledgers and settings, and where the files of a night lie.

In: a TOML file: common settings, and a table a municipality, whose words go before the common ones; paths begin at the plan's folder, files may be
patterns (`in/*.csv`). Out: a `Task` each. Refuses (ProblemError `plan.*`): what cannot be read, words or values that it does not know, two
municipalities with one name or ledger. A pattern that finds nothing is a note: there are nights without a file.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import date
from glob import escape, glob, has_magic
from pathlib import Path
from typing import Any

from elqr.out_place import identity_of
from elqr.problems import Problem, ProblemError, Where
from elqr.settings import parse_settings
from reconcile.ledger import URL
from reconcile.partition import Task
from reconcile.store import shown

FILES = ("assessments", "slips", "receipts")
WORDS = (
    *("name", "ledger", "site", "policy", "receipt_layout", "mapping", "postings_mapping", "encoding"),
    *FILES,
)
ENCODINGS = ("utf-8", "cp932")
_NO_FOLDER = frozenset('/\\:*?"<>|')  # on one of the systems that offices have


def read_plan(path: Path, *, out: Path, as_of: date, report: bool = True) -> list[Task]:
    """The tasks of a plan, in its order. Raises ProblemError (`plan.*`)."""
    try:
        content = parse_settings(path.read_bytes())
    except (OSError, ValueError) as error:
        raise _refused("plan.unreadable", str(path), str(error)) from None
    entries = content.pop("municipality", None)
    if not isinstance(entries, list) or not entries:
        raise _refused("plan.empty", str(path), "[[municipality]]")
    tasks = [
        _Entry(path, number, content, entry).task(out=out, as_of=as_of, report=report)
        for number, entry in enumerate(entries, 1)
    ]
    for key, one in (("name", str.casefold), ("ledger", _one_place)):
        values = [getattr(task, key) for task in tasks]
        places = [one(value) for value in values]
        if twice := sorted({v for v, place in zip(values, places, strict=True) if places.count(place) > 1}):
            raise _refused("plan.twice", "、".join(map(shown, twice)), key)
    return tasks


def _one_place(ledger: str) -> object:
    """The same for every spelling of a ledger: `./`, links, and case where the disk does not tell it apart."""
    if ledger.startswith(URL):
        return ledger.replace(*URL[::-1], 1)
    return identity_of(ledger) or os.path.normcase(os.path.realpath(ledger))


class _Entry:
    """One table of the plan."""

    def __init__(self, path: Path, number: int, common: Mapping[str, Any], own: object) -> None:
        self._path = path
        self._entry = f"[[municipality]] {number}"
        if not isinstance(own, Mapping):
            raise self._wrong("municipality", own, "[[municipality]]")
        self._words: Mapping[str, Any] = {**common, **own}
        if unknown := sorted(set(self._words) - set(WORDS)):
            raise _refused("plan.unknown", "、".join(unknown), ", ".join(WORDS))

    def task(self, *, out: Path, as_of: date, report: bool) -> Task:
        name, ledger = self._needed("name"), self._needed("ledger")
        if _NO_FOLDER & set(name) or name.startswith(".") or not name.isprintable():
            raise _refused("plan.name", name, "name")
        if (encoding := self._text("encoding")) not in (None, *ENCODINGS):
            raise self._wrong("encoding", encoding, " / ".join(ENCODINGS))
        notes: list[str] = []
        assessments, slips, receipts = (self._files(kind, notes) for kind in FILES)
        return Task(
            name=name,
            ledger=ledger if ledger.startswith(URL) else self._place(ledger),
            out=str(out.joinpath(name)),
            as_of=as_of,
            policy=self._name_or_place("policy") or "default",
            receipt_layout=self._name_or_place("receipt_layout"),
            site=self._own("site"),
            mapping=self._own("mapping"),
            postings_mapping=self._own("postings_mapping"),
            encoding=encoding,
            report=report,
            assessments=assessments,
            slips=slips,
            receipts=receipts,
            notes=tuple(notes),
        )

    def _needed(self, word: str) -> str:
        if not (text := self._text(word)):
            raise _refused("plan.lacking", str(self._path), word)
        return text

    def _text(self, word: str) -> str | None:
        value = self._words.get(word)
        if value is None or isinstance(value, str):
            return value
        raise self._wrong(word, value, '"…"')

    def _name_or_place(self, word: str) -> str | None:
        text = self._text(word)
        return self._place(text) if text and text.endswith(".toml") else text

    def _own(self, word: str) -> str | None:
        text = self._text(word)
        return self._place(text) if text else None

    def _place(self, text: str) -> str:
        return str(self._path.parent.joinpath(text))

    def _files(self, kind: str, notes: list[str]) -> tuple[str, ...]:
        """Paths as they are written; a pattern's files in the order of their names."""
        given = self._words.get(kind, [])
        if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
            raise self._wrong(kind, given, '["…", …]')
        found: list[str] = []
        for one in given:
            place = self._place(one)
            if not has_magic(one) or Path(place).exists():
                found.append(place)
                continue
            # signs in the name of the plan's folder are no pattern
            pattern = Path(escape(str(self._path.parent)), one)
            met = sorted(glob(str(pattern)))  # noqa: PTH207 (that of Path refuses a pattern from the root)
            if not met:
                notes.append(str(Problem("plan.no_files", kind, {"found": one}, Where(self._path.name))))
            found += met
        return tuple(found)

    def _wrong(self, word: str, found: object, expected: str) -> ProblemError:
        params: dict[str, str | int] = {"entry": self._entry, "found": str(found), "expected": expected}
        return ProblemError(Problem("plan.value", word, params, Where(self._path.name)))


def _refused(code: str, found: str, expected: str) -> ProblemError:
    return ProblemError(Problem(code, params={"found": found, "expected": expected}))
