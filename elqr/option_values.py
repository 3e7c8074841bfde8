"""Values of the shell's options as an office writes them: a day in any notation of `dates`.

In: the text after an option. Out: the value. Nothing heavy is loaded before an option is read, so that `--help` answers at once.
Refuses by ProblemError, which the shell says in both languages: `option.day`.
"""

from __future__ import annotations

from datetime import date


def day(text: str) -> date:
    """2026-06-30, 20260630, R8.6.30, 令和8年6月30日, also in full-width figures. Raises ProblemError for what is no day."""
    import polars as pl

    from elqr.dates import parse
    from elqr.problems import Problem, ProblemError

    found: date | None = parse(pl.Series([text]))[0]
    if found is None:
        raise ProblemError(Problem("option.day", params={"found": text}))
    return found
