"""Words of the shell as an office writes them: a day in any notation of `dates`, names of files, options that go together.

In: the text of an option or argument, or a whole command line. Out: the value. Nothing heavy is loaded before one is read, so that
`--help` answers at once. Refuses by ProblemError, which the shell says in both languages: `option.day`, `option.encoding`,
`option.only_with`, `option.not_with`, `option.output`, `file.name_bytes`.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable
from datetime import date
from typing import Any

from elqr.shell import today
from elqr.terminal import while_speaking

TODAY = ("today", "今日")


def day(text: str) -> date:
    """2026-06-30, 20260630, R8.6.30, 令和8年6月30日, also in full-width figures; `today`. Raises ProblemError for what is no day."""
    import polars as pl

    from elqr.dates import parse
    from elqr.problems import Problem, ProblemError

    if text.strip() in TODAY:
        return today()
    found: date | None = parse(pl.Series([text]))[0]
    if found is None:
        raise ProblemError(Problem("option.day", params={"found": text}))
    return found


def encoding(text: str) -> str:
    """utf-8 or cp932, also by another of their names. Raises ProblemError for what is neither."""
    from elqr.encoding import ENCODINGS, encoding_named
    from elqr.problems import Problem, ProblemError

    try:
        return encoding_named(text)
    except ValueError:
        params = {"found": text, "expected": ", ".join(ENCODINGS)}
        raise ProblemError(Problem("option.encoding", params=params)) from None


def is_utf8(word: str) -> bool:
    """Whether a name can stand in a list or a report: bytes of another encoding cannot."""
    return not any("\ud800" <= c <= "\udfff" for c in word)


def refuse_other_bytes(names: Iterable[str]) -> None:
    """Raises ProblemError `file.name_bytes` for names in other bytes than UTF-8, shown as what they are in CP932."""
    from elqr.problems import Problem, ProblemError

    shown = [os.fsencode(n).decode("cp932", errors="replace") for n in names if not is_utf8(n)]
    if shown:
        raise ProblemError([Problem("file.name_bytes", params={"found": name}) for name in shown])


def as_told(error: Exception) -> Exception:
    """The same; where the system's refusal can only mean one thing, the ProblemError for it: a name longer than any file's, in whatever
    argument it stood, or words that standard output does not take (a log on a full disk), when what was to be done is done."""
    from elqr.problems import Problem, ProblemError, reason_of

    if not isinstance(error, OSError):
        return error
    reason = reason_of(error)
    if error.errno == errno.ENAMETOOLONG:
        return ProblemError(
            Problem("file.unreadable", params={"found": str(error.filename), "reason": reason})
        )
    return (
        ProblemError(Problem("option.output", params={"reason": reason})) if while_speaking(error) else error
    )


def given(context: Any) -> list[str]:
    """What stands on the command line, as it is written there: `--manifest`, `PATHS`; defaults are not given."""
    return [
        parameter.opts[0] if parameter.opts[0].startswith("-") else parameter.human_readable_name
        for parameter in context.command.params
        if context.get_parameter_source(parameter.name).name == "COMMANDLINE"
        and context.params.get(parameter.name) not in ((), None)
    ]


def refuse_only_with(found: Iterable[str], options: Iterable[str], *, expected: str) -> None:
    """Raises ProblemError `option.only_with` where one of `options` was given (`found`) and what it needs was not."""
    _refuse("option.only_with", found, options, expected)


def refuse_not_with(found: Iterable[str], options: Iterable[str], *, expected: str) -> None:
    """Raises ProblemError `option.not_with` where one of `options` was given (`found`) beside what ignores it."""
    _refuse("option.not_with", found, options, expected)


def _refuse(code: str, found: Iterable[str], options: Iterable[str], expected: str) -> None:
    from elqr.problems import Problem, ProblemError

    idle = sorted(set(found) & set(options))
    if idle:
        raise ProblemError(Problem(code, params={"found": ", ".join(idle), "expected": expected}))
