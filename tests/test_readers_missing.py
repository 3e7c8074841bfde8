"""Without a reader nothing is printed: codes that cannot be read back must not be delivered."""

from __future__ import annotations

import builtins
from typing import Any

import pytest

from elqr.problems import ProblemError
from slips.proof import decode


@pytest.mark.parametrize(
    "fault",
    [
        ImportError("Unable to find zbar shared library"),
        FileNotFoundError("Could not find module 'libzbar-64.dll' (or one of its dependencies)"),
    ],
    ids=["no library", "Windows without what the library needs"],
)
def test_a_missing_zbar_is_said_in_one_sentence(monkeypatch: pytest.MonkeyPatch, fault: Exception) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name.startswith("pyzbar"):
            raise fault
        return real(name, *rest, **more)

    decode._zbar.cache_clear()
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ProblemError) as caught:
        decode.require_readers()
    (problem,) = caught.value.problems
    assert problem.code == "readback.no_zbar"
    assert "libzbar0" in problem.text("ja") and "nothing is printed" in problem.text("en")
    assert str(fault) in problem.text("ja") and "Visual C++" in problem.text("en")
