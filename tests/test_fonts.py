"""The subset of a font that goes into a PDF, whatever version of fontTools cuts it."""

from __future__ import annotations

from typing import Any

import pytest

from slips import fonts
from slips.fonts import load_fonts


class Sealed:
    """A table that takes none of the attributes that a table of this version has."""

    __slots__ = ()


def gone(_: str) -> Any:
    raise AttributeError("newTable")


@pytest.mark.parametrize("table", [gone, lambda _: Sealed()], ids=["no such function", "no such names"])
@pytest.mark.parametrize("face", ["gothic", "mincho", "zh"])
def test_a_fonttools_with_other_inner_names_cuts_the_same_subset(
    monkeypatch: pytest.MonkeyPatch, face: str, table: Any
) -> None:
    one = load_fonts([face]).faces[face]
    clusters = [(ord(char), 0) for char in "納付書1,230円が"]
    phrases = ["1230"]
    quick = one.subset(clusters, phrases)
    monkeypatch.setattr(fonts, "newTable", table)
    assert one.subset(clusters, phrases) == quick
