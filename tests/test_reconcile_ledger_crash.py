"""Kills at random steps, over both stores: nothing doubled, nothing lost. Two hundred kills: `python -m bench.ledger_crash`."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest

from bench.ledger_crash import crash, write_files


@pytest.mark.parametrize("store", ["sqlite", "postgres"])
def test_kills_leave_the_ledger_as_without(
    store: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    numbers = itertools.count()
    place: Any = lambda: str(tmp_path / f"{next(numbers)}.db")  # noqa: E731
    if store == "postgres":
        place = request.getfixturevalue("postgres_places")
    write_files(tmp_path / "files", notices=30, files=3, payments=80)
    found = crash(place, tmp_path / "files", kills=6)
    assert (found.doubled, found.lost, found.equal, found.findings) == (0, 0, True, ())
    assert 0 < found.interrupted <= found.kills == 6
    assert found.left > 0  # the last worker had something left to do
    assert found.nights > found.through > 0
