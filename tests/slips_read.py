"""Slips files as they were read: all batches as one, or what was said of a file that nothing can be read from."""

from pathlib import Path

import polars as pl
import pytest

from elqr.problems import Problem, ProblemError
from elqr.reader import read_slips


def read(path: Path, **options: object) -> tuple[pl.DataFrame, list[Problem], pl.DataFrame]:
    batches = list(read_slips(path, **options))  # type: ignore[arg-type]
    return (
        pl.concat([b.frame for b in batches]),
        [p for b in batches for p in b.log.problems(path.name)],
        pl.concat([b.refused for b in batches]),
    )


def unusable(path: Path, **options: object) -> tuple[Problem, ...]:
    with pytest.raises(ProblemError) as caught:
        list(read_slips(path, **options))  # type: ignore[arg-type]
    return caught.value.problems
