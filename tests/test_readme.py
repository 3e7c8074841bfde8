"""What the README and the docs tell people to type is typed here, and what they point at is there.

A block of shell is marked by the comment before it: `run` (each line runs and ends with 0), `run: exit N`
(the last line ends with N), `run: exit N M` (the last two lines, in this order), `make` (the targets exist;
`.ci/run` runs them for real). A block without a mark is a fault.

Lines of the README go through a shell to a command of their own, as people type them. Those of the other pages, which are many, go to the
same command in this process; one that asks the shell for more than words is typed too.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner
from house import ROOT

from cli import main

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(
    r"(?:<!-- (?P<mark>[a-z]+)(?:: exit (?P<codes>[\d ]+))? -->\n)?```sh\n(?P<text>.*?)```", re.DOTALL
)
SHELL = re.compile(r"[|&;<>()$`*?~]|^(?!elqr )")
LINK = re.compile(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)")


@dataclass(frozen=True)
class Block:
    """A block of shell: where it stands, how it is marked, what it says."""

    page: str
    mark: str | None
    codes: tuple[int, ...]
    lines: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.page}: {self.lines[0][:40]}"


BLOCKS = [
    Block(
        page.relative_to(ROOT).as_posix(),
        found["mark"],
        tuple(int(code) for code in (found["codes"] or "0").split()),
        tuple(line for line in found["text"].replace("\\\n", "").splitlines() if line.strip()),
    )
    for page in PAGES
    for found in BLOCK.finditer(page.read_text(encoding="utf-8"))
]


def test_every_block_says_how_it_is_tested() -> None:
    assert BLOCKS
    assert [str(b) for b in BLOCKS if b.mark not in {"run", "make"}] == []


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working copy of what the examples name, and `elqr` on the path: this tree under this Python."""
    top = tmp_path_factory.mktemp("readme")
    shutil.copytree(ROOT / "sample_data", top / "sample_data")
    shim = top / "bin" / "elqr"
    shim.parent.mkdir()
    shim.write_text(
        f'#!/bin/sh\nexec "{sys.executable}" -c "from cli import main; main()" "$@"\n', encoding="utf-8"
    )
    shim.chmod(0o755)
    return top


@pytest.fixture(scope="module")
def ended() -> dict[str, int]:
    """How lines ended that write nothing: typed again on another page they need not run again."""
    return {}


def typed_in_a_shell(line: str, folder: Path) -> tuple[int, str]:
    """How it ended and what it said."""
    path = f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
    env = {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        ["sh", "-c", line], cwd=folder, env=env, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


def run_here(line: str) -> tuple[int, str]:
    """The same of a line that is `elqr` and words."""
    name, *words = shlex.split(line, comments=True)
    assert name == "elqr", line
    done = CliRunner().invoke(main, words)
    return done.exit_code, done.output


@pytest.mark.parametrize("block", dict.fromkeys(b for b in BLOCKS if b.mark == "run"), ids=str)
def test_the_example_does_what_it_says(
    block: Block, folder: Path, ended: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(folder / "out", ignore_errors=True)
    monkeypatch.chdir(folder)
    codes = [0] * (len(block.lines) - len(block.codes)) + list(block.codes)
    for number, line in enumerate(block.lines):
        typed, expected = line.split(" #")[0].strip(), codes[number]
        if typed in ended:
            assert ended[typed] == expected, line
            continue
        code, said = (
            typed_in_a_shell(line, folder)
            if block.page == "README.md" or SHELL.search(typed)
            else run_here(line)
        )
        assert code == expected, f"{line}\n{said[-4000:]}"
        if "out" not in typed:
            ended[typed] = code


@pytest.mark.parametrize("block", [b for b in BLOCKS if b.mark == "make"], ids=str)
def test_the_target_exists(block: Block) -> None:
    for line in block.lines:
        target = line.split("#")[0].split()
        assert target[0] == "make"
        assert subprocess.run([*target, "-n"], cwd=ROOT, capture_output=True, check=False).returncode == 0, (
            line
        )


def test_every_make_target_that_a_page_names_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = {
        (p.name, t) for p in PAGES for t in re.findall(r"`make ([a-z-]+)", p.read_text(encoding="utf-8"))
    }
    assert {(p, t) for p, t in named if t not in targets} == set()


def test_every_link_leads_somewhere() -> None:
    lost = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in PAGES
        for target, _ in LINK.findall(page.read_text(encoding="utf-8"))
        if target and not (page.parent / target).exists()
    ]
    assert lost == []


def test_both_languages_tell_the_same() -> None:
    """The same examples, the same tables, the same links in both parts, in the same order."""
    english, japanese = (
        (ROOT / "README.md").read_text(encoding="utf-8").split("## English")[1].split("## 日本語")
    )
    for what in (
        r"```sh\n(.*?)```",
        r"\]\(([^)]*)\)",
        r"^\| `?([a-z0-9\-]+\.(?:csv|json|pdf)|\d)",
        r"`(make [a-z-]+|--[a-z-]+|[a-z]+\.csv|[A-Z_]{5,})`",
    ):
        first, second = (re.findall(what, part, re.MULTILINE | re.DOTALL) for part in (english, japanese))
        strip = [re.sub(r"#.*", "", s) for s in first], [re.sub(r"#.*", "", s) for s in second]
        assert sorted(strip[0]) == sorted(strip[1])
    assert english.count("\n### ") == japanese.count("\n### ")
    assert english.count("\n- ") == japanese.count("\n- ")
