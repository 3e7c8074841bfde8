"""A file that another program holds for a moment: what Windows does to a rename, played by a rename that is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from elqr import renaming
from elqr.renaming import PAUSES_S, rename


class Holder:
    """Refuses so many renames, as Windows does while a file is open, then lets go."""

    def __init__(self, patch: pytest.MonkeyPatch, *, refusals: int) -> None:
        self.left, self.waited = refusals, list[float]()
        let = Path.replace

        def replace(path: Path, target: Path) -> Path:
            if self.left:
                self.left -= 1
                raise PermissionError(13, "in use", str(path))
            return let(path, target)

        patch.setattr(Path, "replace", replace)
        patch.setattr(renaming.time, "sleep", self.waited.append)


@pytest.fixture
def finished(tmp_path: Path) -> Path:
    made = tmp_path / "made"
    made.write_bytes(b"new")
    (tmp_path / "name").write_bytes(b"old")
    return made


@pytest.mark.parametrize("refusals", [0, 1, len(PAUSES_S)])
def test_a_file_that_is_held_for_a_moment_gets_its_name(
    finished: Path, monkeypatch: pytest.MonkeyPatch, refusals: int
) -> None:
    holder = Holder(monkeypatch, refusals=refusals)
    name = rename(finished, finished.with_name("name"), held_for_moments=True)
    assert name.read_bytes() == b"new" and not finished.exists()
    assert holder.waited == list(PAUSES_S[:refusals])


def test_a_file_that_stays_held_is_told_and_nothing_is_lost(
    finished: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Holder(monkeypatch, refusals=len(PAUSES_S) + 1)
    name = finished.with_name("name")
    with pytest.raises(PermissionError):
        rename(finished, name, held_for_moments=True)
    assert (finished.read_bytes(), name.read_bytes()) == (b"new", b"old")


def test_elsewhere_a_refusal_is_an_answer(finished: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    holder = Holder(monkeypatch, refusals=1)
    with pytest.raises(PermissionError):
        rename(finished, finished.with_name("name"), held_for_moments=False)
    assert holder.waited == []
