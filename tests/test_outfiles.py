"""A file is there whole or not at all, and what the disk says reaches people in words."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from elqr.problems import ProblemError
from slips import outfiles
from slips.outfiles import make_ready, publish, replacing, telling_disk_errors, write_whole


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def test_the_old_file_stays_until_the_new_one_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "job.json"
    path.write_bytes(b"old")
    with replacing(path) as file:
        file.write(b"new")
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"
    assert names(tmp_path) == ["job.json"]


def test_a_failed_block_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    with pytest.raises(RuntimeError), replacing(path) as file:
        file.write(b"half")
        raise RuntimeError
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.ENOSPC, "out.disk_full"),
        (errno.EROFS, "out.not_writable"),
        (errno.EACCES, "out.not_writable"),
        (errno.EIO, "out.failed"),
    ],
)
@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_what_the_disk_refuses_is_said(
    number: int, code: str, step: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number), str(tmp_path / "x.pdf"))

    if step == "fsync":
        monkeypatch.setattr(outfiles.os, "fsync", refuse)
    else:
        monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(ProblemError) as caught:
        write_whole(tmp_path / "x.pdf", b"data")
    (problem,) = caught.value.problems
    assert problem.code == code
    assert os.strerror(number) in problem.text("en")
    assert "x.pdf" in problem.text("ja")
    assert names(tmp_path) == []


def test_publish_moves_a_finished_file(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    finished = tmp_path / "work" / "a"
    finished.write_bytes(b"1")
    publish(finished, tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == b"1"
    assert names(tmp_path / "work") == []


def test_other_errors_pass_through(tmp_path: Path) -> None:
    with pytest.raises(KeyError), telling_disk_errors(tmp_path):
        raise KeyError("x")


def test_a_refused_file_is_told_by_the_name_that_was_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Path, *_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(self))

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(ProblemError) as caught:
        write_whole(tmp_path / "x.png", b"data")
    (problem,) = caught.value.problems
    assert str(tmp_path / "x.png") in problem.text("ja") and ".writing" not in problem.text("ja")


def test_a_folder_is_made_ready_before_the_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Verify looked at every page before it found that its results had no place."""
    make_ready(tmp_path / "a" / "b")
    assert names(tmp_path / "a" / "b") == []

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(outfiles, "TemporaryFile", refuse)
    with pytest.raises(ProblemError, match=r"out\.not_writable"):
        make_ready(tmp_path)
