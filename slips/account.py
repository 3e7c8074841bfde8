"""The account of a job: every slip that came in was printed or is held, in slips and in yen.

In: what was read, held and printed, as it happens. Out: the three sums for job.json. Amounts that could not be read are counted
apart, never as 0 yen. Refuses (ProblemError `job.totals_differ`) when in is not printed + held.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

from elqr.problems import Problem, ProblemError


@dataclass
class Sum:
    """Slips, their yen, and how many amounts could not be read."""

    slips: int = 0
    yen: int = 0
    unreadable_amounts: int = 0

    def add(self, amounts: pl.Series) -> None:
        """Count one slip for each amount (Int64; null = unreadable)."""
        self.slips += amounts.len()
        self.yen += int(amounts.sum())
        self.unreadable_amounts += amounts.null_count()

    def as_json(self) -> dict[str, int]:
        return {"slips": self.slips, "yen": self.yen, "unreadable_amounts": self.unreadable_amounts}


@dataclass
class Account:
    """In, held and printed; `held_by` splits the held slips by the step that held them."""

    came_in: Sum = field(default_factory=Sum)
    printed: Sum = field(default_factory=Sum)
    held_by: dict[str, Sum] = field(default_factory=dict)

    def hold(self, step: str, amounts: pl.Series) -> None:
        """Count held slips of one step (`input`, `check`, `text`, `file`, `read_back`)."""
        self.held_by.setdefault(step, Sum()).add(amounts)

    @property
    def held(self) -> Sum:
        parts = self.held_by.values()
        return Sum(
            sum(p.slips for p in parts), sum(p.yen for p in parts), sum(p.unreadable_amounts for p in parts)
        )

    def close(self) -> None:
        """Raises ProblemError with the numbers of both sides where in is not printed + held."""
        held, printed, came_in = self.held, self.printed, self.came_in
        both = (
            held.slips + printed.slips,
            held.yen + printed.yen,
            held.unreadable_amounts + printed.unreadable_amounts,
        )
        if both != (came_in.slips, came_in.yen, came_in.unreadable_amounts):
            params = {
                f"{name}_{unit}": f"{number:,}"
                for name, part in (("in", came_in), ("printed", printed), ("held", held))
                for unit, number in (("slips", part.slips), ("yen", part.yen))
            }
            raise ProblemError(Problem("job.totals_differ", "", params))
