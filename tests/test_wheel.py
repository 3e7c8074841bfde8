"""The wheel as an office installs it: built, installed, run from a folder that means harm.

The libraries come from the environment that runs the tests, linked behind the wheel's own folder, so this
needs no network; elqr itself must come from the wheel, whatever lies in the working directory.
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest
from house import ROOMS, ROOT

# docs/formats.md: the synthetic vector of the payload, of no real body
VECTOR = (
    "0002010102122796000513800018300000000000000000001230021380009990000000000002026010200"
    "0000112345609999900000000005411000000123006226202620260220260630202607318085000000000"
    "0000000000000000000000000000000000000000000000000000000000000000000000000000630507735"
)
HOSTILE = (
    "cli.py",
    "elqr.py",
    "slips.py",
    "reconcile.py",
    "layouts/__init__.py",
    "polars.py",
    "numpy/__init__.py",
)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` folder of a fresh environment: the wheel and, behind it, the libraries of the running one."""
    home = tmp_path_factory.mktemp("environment")
    venv.create(home, with_pip=False)
    bin_ = home / ("Scripts" if os.name == "nt" else "bin")
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "--python",
            bin_ / "python",
            "install",
            "-q",
            "--no-deps",
            "--no-index",
            wheel,
        ],
        check=True,
        capture_output=True,
    )
    asked = [bin_ / "python", "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    site = Path(subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip())
    behind = sorted({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")})
    (site / "libraries.pth").write_text("\n".join(behind) + "\n", encoding="utf-8")
    return bin_


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working directory whose files would be picked up by a program that looks there first."""
    folder = tmp_path_factory.mktemp("hostile")
    for name in HOSTILE:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(
            "raise SystemExit('the file in the working directory was run')\n", encoding="utf-8"
        )
    return folder


def run(environment: Path, hostile: Path, *words: str | Path) -> subprocess.CompletedProcess[str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    return subprocess.run(
        [environment / "elqr", *words],
        cwd=hostile,
        env=clean,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


def test_the_wheel_holds_the_house_and_nothing_else(wheel: Path) -> None:
    inside = {n for n in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in n}
    here = {"cli.py"} | {
        p.relative_to(ROOT).as_posix()
        for room in set(ROOMS) - {"cli"}
        for p in (ROOT / room).rglob("*")
        if p.is_file() and "__pycache__" not in p.parts
    }
    assert inside == here


def test_the_modules_come_from_the_wheel(environment: Path, hostile: Path) -> None:
    code = (
        "import cli, elqr, slips, reconcile, layouts\nfor m in 'cli elqr slips reconcile layouts'.split(): "
    )
    code += "print(globals()[m].__file__)"
    done = subprocess.run(
        [environment / "python", "-I", "-c", code], cwd=hostile, capture_output=True, text=True, check=True
    )
    assert all(Path(line).is_relative_to(environment.parent) for line in done.stdout.splitlines())


def test_version(environment: Path, hostile: Path) -> None:
    import elqr

    done = run(environment, hostile, "--version")
    assert (done.returncode, done.stderr) == (0, "")
    assert elqr.__version__ in done.stdout


def test_help(environment: Path, hostile: Path) -> None:
    done = run(environment, hostile, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert "納付書" in done.stdout


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("decode", VECTOR), "12300"),
        (("describe", VECTOR, "--json"), '"kind": "payload"'),
        (("profiles",), "tax"),
        (("layouts",), "a4_notice"),
    ],
    ids=lambda words: words[0] if isinstance(words, tuple) else "",
)
def test_data_files_are_found_in_the_wheel(
    words: tuple[str, ...], told: str, environment: Path, hostile: Path
) -> None:
    done = run(environment, hostile, *words)
    assert done.returncode == 0, done.stderr
    assert told in done.stdout.replace(",", "")


def test_it_prints_with_two_processes(environment: Path, hostile: Path, tmp_path: Path) -> None:
    sample = (ROOT / "sample_data" / "slips.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (tmp_path / "slips.csv").write_text("".join(sample[:6] + sample[10:16]), encoding="utf-8")
    words = [
        "print",
        tmp_path / "slips.csv",
        "--site",
        ROOT / "sample_data" / "site.toml",
        "--layout",
        "a4_notice",
    ]
    words += ["--issue-date", "2026-06-01", "--slips-per-file", "5", "--jobs", "2", "--out", tmp_path / "out"]
    done = run(environment, hostile, *words)
    assert done.returncode == 0, done.stdout + done.stderr
    names = {p.name for p in (tmp_path / "out").iterdir()}
    assert {
        "slips-00001.pdf",
        "slips-00002.pdf",
        "manifest.csv",
        "upload.csv",
        "problems.csv",
        "job.json",
    } <= names
