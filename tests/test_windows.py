"""Windows as far as it can be played on another system: the modules it lacks, files that cannot be moved while they are open, 61 processes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fontTools.ttLib import TTCollection, TTFont
from house import ROOT
from night_runs import FIRST, SECOND, SITE, elqr, night
from slip_rows import clean, write_csv

from slips import workers
from slips.fonts import find, load_fonts
from slips.outfolder import LOCK
from slips.proof.simulate.matrix import Case, payload_of, shot_of
from slips.proof.wechat import WeChat

LACKING = ("fcntl", "resource", "pwd", "grp", "termios", "pty", "syslog")
WITHOUT = f"import sys; sys.modules.update(dict.fromkeys({LACKING!r}))\n"
WORKER = "import runpy; runpy.run_module('slips.proof.wechat_worker', run_name='__main__')"


def test_no_module_needs_what_only_posix_has() -> None:
    names = sorted(
        ".".join(p.relative_to(ROOT).with_suffix("").parts)
        for room in ("elqr", "slips", "reconcile")
        for p in (ROOT / room).rglob("*.py")
        if p.name != "__init__.py"
    )
    code = (
        WITHOUT
        + f"import importlib\nfor name in {names!r}: importlib.import_module(name)\nprint(len({names!r}))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, str(len(names))), done.stderr


@pytest.mark.parametrize(
    "before",
    [WITHOUT, "import resource; resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))\n"],
    ids=["no limits to set", "less allowed than it would ask for"],
)
def test_the_third_reader_works_there_too(before: str) -> None:
    case = Case(defect="clean", severity=0, dpi=300, seed=0)
    with WeChat(command=(sys.executable, "-c", before + WORKER)) as wechat:
        answer = wechat.read(np.ascontiguousarray(shot_of(case).grey))
    assert answer.trouble == ""
    assert [content for content, _ in answer.readings] == [payload_of(case)]


@pytest.fixture(scope="module")
def its_fonts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """BIZ UDGothic as Windows has it: fixed and proportional face of a weight in one collection, under its own names."""
    folder = tmp_path_factory.mktemp("Fonts")
    for letter, weight in (("R", ""), ("B", "-bold")):
        collection = TTCollection()
        for face, name in (("gothic", "BIZ-UDGothic"), ("pgothic", "BIZ-UDPGothic")):
            font = TTFont(str(find(face + weight)), lazy=True)
            for record in font["name"].names:
                if record.nameID == 6:
                    record.string = name + letter
            collection.fonts.append(font)
        collection.save(str(folder / f"BIZ-UDGothic{letter}.ttc"), shareTables=False)
    return folder


FACES_SAID = """
from reportlab.pdfbase.pdfmetrics import getFont
from slips.calibration_page import calibration_page
from slips.pack_paper import BOLD, FACE, Paper
print(b"BIZ-UDPGothicR" in calibration_page())
Paper("title", "footer")
print(*(getFont(name).face.name.decode() for name in (FACE, BOLD)))
"""


def test_its_collections_give_the_face_that_is_meant(
    its_fonts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The calibration page found no face of the name that others have, and the vendor's instruction took the first of the collection."""
    monkeypatch.setenv("ELQR_FONT_PATH", str(its_fonts))
    faces = load_fonts(["gothic", "gothic-bold", "pgothic", "pgothic-bold"]).faces
    assert {face.path.parent for name, face in faces.items() if name != "mincho"} == {its_fonts}
    assert faces["pgothic"].advance((ord("i"), 0)) < faces["gothic"].advance((ord("i"), 0))
    # reportlab keeps the first font of a name for as long as its process lives, and another test may have made a page
    said = subprocess.run(
        [sys.executable, "-c", FACES_SAID], capture_output=True, check=True, text=True
    ).stdout
    assert said.split() == ["True", "BIZ-UDPGothicR", "BIZ-UDPGothicB"]


def test_no_more_processes_are_asked_for_than_windows_grants(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def noted(jobs: int, **_: object) -> ProcessPoolExecutor:
        asked.append(jobs)
        raise InterruptedError

    monkeypatch.setattr(workers, "ProcessPoolExecutor", noted)
    for platform in ("win32", "linux"):
        monkeypatch.setattr(sys, "platform", platform)
        with pytest.raises(InterruptedError):
            workers.Crew(100, ready=int)
    assert asked == [61, 100]


# --- files that are open stay where they are -----------------------------------------------------------


@pytest.fixture
def moves(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every file that is moved, replaced or removed; one that this process holds open or mapped is refused as Windows refuses it."""
    told: list[str] = []

    def guarded(act: Callable[..., None], places: int) -> Callable[..., None]:
        def acting(*given: Any, **named: Any) -> None:
            folder = named.get("dir_fd")
            for place in given[:places]:
                path = str(place) if folder is None else f"/proc/self/fd/{folder}/{place}"
                told.append(Path(path).name)
                if Path(path).name != LOCK and _open_here(path):  # the lock has a way of its own on Windows
                    raise PermissionError(13, "used by a process", str(place))
            return act(*given, **named)

        return acting

    for name, places in (("replace", 2), ("rename", 2), ("unlink", 1), ("remove", 1)):
        act = getattr(os, name)
        monkeypatch.setattr(os, name, guard := guarded(act, places))
        if act in os.supports_dir_fd:  # asked by shutil.rmtree
            monkeypatch.setattr(os, "supports_dir_fd", os.supports_dir_fd | {guard})
    return told


def _open_here(path: str) -> bool:
    wanted = Path(path)
    if not wanted.exists():
        return False
    handles = [h for h in Path("/proc/self/fd").iterdir() if h.exists()]
    mapped = {line.split()[4] for line in Path("/proc/self/maps").read_text(encoding="utf-8").splitlines()}
    return any(h.samefile(wanted) for h in handles) or str(wanted.stat().st_ino) in mapped


def test_the_guard_sees_what_windows_would_refuse(moves: list[str], tmp_path: Path) -> None:
    held = tmp_path / "held"
    held.write_bytes(b"12345678")
    with held.open("rb"), pytest.raises(PermissionError):
        held.rename(tmp_path / "moved")
    mapped = np.memmap(held, np.uint8, "r")
    with pytest.raises(PermissionError):
        shutil.rmtree(tmp_path)
    del mapped
    held.unlink()
    assert "held" in moves


def test_a_job_moves_no_open_file(moves: list[str], tmp_path: Path) -> None:
    words = ["print", write_csv(clean(6), tmp_path / "slips.csv"), "--site", SITE, "--layout", "a4_notice"]
    words += ["--slips-per-file", 3, "--issue-date", "2026-06-01", "--out", tmp_path / "job"]
    for _ in range(2):  # the second replaces the first
        done = elqr(*words)
        assert done.exit_code == 0, done.output
    files = sorted((tmp_path / "job").glob("*.pdf"))
    done = elqr("verify", *files, "--manifest", tmp_path / "job" / "manifest.csv", "--out", tmp_path / "seen")
    assert done.exit_code == 0, done.output
    assert {"slips-00001.pdf", "slips-00002.pdf", "job.json"} <= set(moves)


def test_a_night_moves_no_open_file(moves: list[str], tmp_path: Path) -> None:
    for name, words in (("first", FIRST), ("second", SECOND), ("again", SECOND)):
        done = night(tmp_path, name, *words)
        assert done.exit_code in (0, 1), done.output
    ledger = tmp_path / "ledger"
    for command in (
        ("ledger", "backup", ledger, tmp_path / "copy"),
        ("ledger", "check", tmp_path / "copy"),
    ):
        done = elqr(*command)
        assert done.exit_code == 0, done.output
    assert any(name.endswith(".seal") for name in moves) and ".report.html.part" in moves
