"""One job at a time in a folder; finished work is never replaced unasked; a killed delivery is no delivery."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from elqr.problems import ProblemError
from slips.outfolder import JOB, LOCK, WORK, OutFolder, opened

MINE = {"input_sha256": "aa", "layout": "mihara"}
OTHER = {"input_sha256": "bb", "layout": "mihara"}


def run(
    path: Path, identity: dict[str, Any], *, overwrite: bool = False, files: tuple[str, ...] = ()
) -> None:
    with opened(path) as folder:
        folder.begin(identity, overwrite=overwrite)
        for name in files:
            (folder.ready / name).write_text(identity["input_sha256"])
        (folder.ready / JOB).write_text(json.dumps({"identity": identity}))
        folder.deliver()


def codes(error: pytest.ExceptionInfo[ProblemError]) -> list[str]:
    return [p.code for p in error.value.problems]


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def test_delivery_leaves_the_results_and_nothing_else(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "out"
    run(out, MINE, files=("slips-00001.pdf", "manifest.csv"))
    assert names(out) == [JOB, "manifest.csv", "slips-00001.pdf"]


def test_the_same_job_again_replaces_its_own_results(tmp_path: Path) -> None:
    run(tmp_path, MINE, files=("slips-00001.pdf", "slips-00002.pdf"))
    run(tmp_path, MINE, files=("slips-00001.pdf",))
    assert names(tmp_path) == [JOB, "slips-00001.pdf"]


def test_another_job_is_refused_and_says_what_differs(tmp_path: Path) -> None:
    run(tmp_path, MINE, files=("slips-00001.pdf",))
    with pytest.raises(ProblemError) as caught:
        run(tmp_path, OTHER)
    assert codes(caught) == ["job.other_in_folder"]
    assert "input_sha256" in caught.value.problems[0].text("en")
    assert "layout" not in caught.value.problems[0].params["difference"]
    assert (tmp_path / "slips-00001.pdf").read_text() == "aa"
    assert names(tmp_path) == [JOB, "slips-00001.pdf"]


def test_the_same_job_may_be_released_later_but_not_taken_back(tmp_path: Path) -> None:
    run(tmp_path, {**MINE, "release": False, "read_back": False})
    run(tmp_path, {**MINE, "release": True, "read_back": True})
    with pytest.raises(ProblemError) as caught:
        run(tmp_path, {**MINE, "release": False, "read_back": True})
    assert codes(caught) == ["job.other_in_folder"]
    assert caught.value.problems[0].params["difference"] == "release"


def test_overwrite_replaces_another_job_whole(tmp_path: Path) -> None:
    run(tmp_path, MINE, files=("slips-00001.pdf", "slips-00002.pdf", "REJECTED-slips-00003.pdf.rejected"))
    run(tmp_path, OTHER, overwrite=True, files=("slips-00001.pdf",))
    assert names(tmp_path) == [JOB, "slips-00001.pdf"]
    assert (tmp_path / "slips-00001.pdf").read_text() == "bb"


def test_overwrite_keeps_the_old_job_until_the_new_one_is_whole(tmp_path: Path) -> None:
    run(tmp_path, MINE, files=("slips-00001.pdf",))
    with opened(tmp_path) as folder:
        folder.begin(OTHER, overwrite=True)
        (folder.ready / "slips-00001.pdf").write_text("bb")
        assert (tmp_path / "slips-00001.pdf").read_text() == "aa"
        folder.discard()
    assert names(tmp_path) == [JOB, "slips-00001.pdf"]
    run(tmp_path, MINE, files=("slips-00001.pdf",))


def test_an_unreadable_job_file_counts_as_another_job(tmp_path: Path) -> None:
    (tmp_path / JOB).write_text("{torn")
    with pytest.raises(ProblemError) as caught:
        run(tmp_path, MINE)
    assert codes(caught) == ["job.other_in_folder"]


def test_files_of_the_same_names_that_no_job_wrote_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "slips-00001.pdf").write_text("mine")
    (tmp_path / "notes.txt").write_text("n")
    with pytest.raises(ProblemError) as caught:
        run(tmp_path, MINE)
    assert codes(caught) == ["job.foreign_files"]
    assert names(tmp_path) == ["notes.txt", "slips-00001.pdf"]
    run(tmp_path, MINE, overwrite=True)
    assert names(tmp_path) == [JOB, "notes.txt"]


def test_what_a_killed_delivery_left_is_cleared(tmp_path: Path) -> None:
    with opened(tmp_path) as folder:
        folder.begin(OTHER, overwrite=False)
    (tmp_path / "slips-00009.pdf").write_text(
        "half"
    )  # no job.json yet, the work folder still there: killed while delivering
    run(tmp_path, MINE, files=("slips-00001.pdf",))
    assert names(tmp_path) == [JOB, "slips-00001.pdf"]


def test_what_cannot_be_delivered_is_taken_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Path, target: Path) -> Path:
        if target.name == "slips-00002.pdf":
            raise OSError(28, "No space left on device", str(target))
        return original(self, target)

    original = Path.replace
    monkeypatch.setattr(Path, "replace", full)
    with opened(tmp_path) as folder:
        folder.begin(MINE, overwrite=False)
        for name in ("slips-00001.pdf", "slips-00002.pdf", JOB):
            (folder.ready / name).write_text("x")
        with pytest.raises(ProblemError) as caught:
            folder.deliver()
        folder.discard()
    assert codes(caught) == ["out.disk_full"]
    assert names(tmp_path) == []


@pytest.mark.parametrize("stuck", ["job.json", "slips-00001.pdf", "slips-00002.pdf"])
def test_an_earlier_result_that_is_open_elsewhere_leaves_all_of_them_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stuck: str
) -> None:
    """As on Windows, where a PDF that a viewer shows can be neither moved nor removed."""

    def held(act: Any) -> Any:
        def acting(self: Path, *given: Any, **named: Any) -> Any:
            if self == tmp_path / stuck:
                raise PermissionError(13, "The process cannot access the file", str(self))
            return act(self, *given, **named)

        return acting

    run(tmp_path, OTHER, files=("slips-00001.pdf", "slips-00002.pdf"))
    before = {name: (tmp_path / name).read_bytes() for name in names(tmp_path)}
    with monkeypatch.context() as patched:
        for name in ("replace", "rename", "unlink"):
            patched.setattr(Path, name, held(getattr(Path, name)))
        with opened(tmp_path) as folder:
            folder.begin(MINE, overwrite=True)
            for name in ("slips-00001.pdf", JOB):
                (folder.ready / name).write_text("new")
            with pytest.raises(ProblemError) as caught:
                folder.deliver()
            folder.discard()
    assert codes(caught) == ["out.in_use"]
    assert stuck in caught.value.problems[0].text("ja")
    assert {name: (tmp_path / name).read_bytes() for name in names(tmp_path)} == before
    run(tmp_path, MINE, overwrite=True, files=("slips-00001.pdf",))
    assert names(tmp_path) == [JOB, "slips-00001.pdf"]


def test_a_disk_that_fails_while_new_results_come_in_brings_the_earlier_ones_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Path, target: Path) -> Path:
        if self.parent.name == "ready" and target.name == JOB:
            raise OSError(28, "No space left on device", str(target))
        return original(self, target)

    original = Path.replace
    run(tmp_path, OTHER, files=("slips-00001.pdf", "slips-00002.pdf"))
    before = {name: (tmp_path / name).read_bytes() for name in names(tmp_path)}
    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", full)
        with pytest.raises(ProblemError), opened(tmp_path) as folder:
            folder.begin(MINE, overwrite=True)
            for name in ("slips-00001.pdf", "slips-00003.pdf", JOB):
                (folder.ready / name).write_text("new")
            try:
                folder.deliver()
            finally:
                folder.discard()
    assert {name: (tmp_path / name).read_bytes() for name in names(tmp_path)} == before


class Killed(BaseException):
    """The process ends here."""


def test_killed_at_any_move_of_a_delivery_the_earlier_results_come_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = Path.replace
    for moves in range(12):
        out = tmp_path / f"{moves}"
        run(out, OTHER, files=("slips-00001.pdf", "slips-00002.pdf"))
        before = {name: (out / name).read_bytes() for name in names(out)}
        left = iter(range(moves))

        def counted(self: Path, target: Path, left: Any = left) -> Path:
            if next(left, None) is None:
                raise Killed
            return original(self, target)

        with monkeypatch.context() as patched:
            patched.setattr(Path, "replace", counted)
            try:
                run(out, MINE, overwrite=True, files=("slips-00001.pdf", "slips-00003.pdf"))
            except Killed:
                pass
            else:
                assert moves == 7  # three results away, their folder, two new ones and the new job
                break
        with opened(out) as folder, pytest.raises(ProblemError) as caught:
            folder.begin(MINE, overwrite=False)
        assert codes(caught) == ["job.other_in_folder"]
        assert {name: (out / name).read_bytes() for name in names(out) if name != WORK} == before


def test_only_one_job_at_a_time(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from slips.outfolder import opened\n"
        "with opened(Path(sys.argv[1])):\n    print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(ProblemError) as caught, opened(tmp_path):
            pass
        assert codes(caught) == ["job.folder_in_use"]
        assert str(holder.pid) in caught.value.problems[0].text("ja")
        assert (tmp_path / LOCK).exists()
        holder.kill()
    with opened(tmp_path) as folder:  # the lock went with its process
        assert isinstance(folder, OutFolder)
    assert names(tmp_path) == []


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ProblemError) as caught, opened(tmp_path / "file" / "out"):
        pass
    assert codes(caught) == ["out.failed"]
    assert WORK not in names(tmp_path)
