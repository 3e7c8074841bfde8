"""What `make install` says where a part is missing, and what it does about it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from house import ROOT

from tools import system_parts
from tools.system_parts import GROUPS, Part


def test_this_machine_has_what_the_tests_need() -> None:
    assert [p.package for g in ("python", "print", "test") for p in GROUPS[g] if not p.there()] == []


def missing(monkeypatch: pytest.MonkeyPatch, *, root: bool) -> list[list[str]]:
    """Two parts are missing; as root on Debian, or not. The commands that would be run."""
    parts = (
        Part(lambda: False, "fonts-morisawa-bizud-gothic", "The font is missing ({looked})."),
        Part(lambda: True, "qpdf", "never said"),
        Part(lambda: False, "libzbar0", "zbar is missing."),
    )
    run: list[list[str]] = []

    def note(words: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        run.append(words)
        return subprocess.CompletedProcess(words, 0)

    monkeypatch.setattr(system_parts, "GROUPS", {"print": parts})
    monkeypatch.setattr(system_parts.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(system_parts.os, "geteuid", lambda: 0 if root else 1000)
    monkeypatch.setattr(system_parts.subprocess, "run", note)
    return run


def test_without_root_one_sentence_names_each_missing_part(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = missing(monkeypatch, root=False)
    assert system_parts.main(["print"]) == 1
    assert run == []
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 2
    assert "ELQR_FONT_PATH" in said[0] and "/usr/share/fonts" in said[0]
    assert said[1] == "zbar is missing."


def test_as_root_on_debian_the_missing_packages_are_installed_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = missing(monkeypatch, root=True)
    assert system_parts.main(["print"]) == 1  # they are still not there afterwards: said, not passed over
    assert [words[:2] for words in run] == [["apt-get", "update"], ["apt-get", "install"]]
    assert run[1][-2:] == ["fonts-morisawa-bizud-gothic", "libzbar0"]


def test_the_group_python_needs_nothing_installed(tmp_path: Path) -> None:
    words = [sys.executable, "-I", "-S", str(ROOT / "tools" / "system_parts.py"), "python"]
    assert subprocess.run(words, cwd=tmp_path, check=False).returncode == 0
