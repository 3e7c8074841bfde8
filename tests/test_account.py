"""In = printed + held, in slips and in yen; what nobody can read is counted apart."""

from __future__ import annotations

import polars as pl
import pytest

from elqr.problems import ProblemError
from slips.account import Account


def test_it_closes_when_the_sums_agree() -> None:
    account = Account()
    for amounts in (pl.Series([100, None, 50]), pl.Series([7])):
        account.came_in.add(amounts)
    account.hold("check", pl.Series([50, None]))
    account.hold("text", pl.Series([7]))
    account.printed.add(pl.Series([100]))
    account.close()
    assert account.held.as_json() == {"slips": 3, "yen": 57, "unreadable_amounts": 1}
    assert list(account.held_by) == ["check", "text"]


@pytest.mark.parametrize("printed", [[], [100, 1], [99], [None]])
def test_a_difference_is_told_with_the_numbers_of_both_sides(printed: list[int | None]) -> None:
    account = Account()
    account.came_in.add(pl.Series([100, 12_345]))
    account.hold("check", pl.Series([12_345]))
    account.printed.add(pl.Series(printed, dtype=pl.Int64))
    with pytest.raises(ProblemError) as caught:
        account.close()
    (problem,) = caught.value.problems
    assert problem.code == "job.totals_differ"
    assert "¥12,445" in problem.text("en")
    assert "12,345" in problem.text("ja")


def test_an_amount_nobody_could_read_is_not_an_amount_of_nothing() -> None:
    account = Account()
    account.came_in.add(pl.Series([None], dtype=pl.Int64))
    account.printed.add(pl.Series([0]))
    with pytest.raises(ProblemError):
        account.close()
