"""The folder for a closed network: what the other system needs is in it, what it does not need is not, and every file is pinned."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from tools import bundle
from tools.bundle import TARGETS, environment, needed, read_wheel

INDEX: Mapping[str, Sequence[str]] = {  # what the libraries of a small world ask for
    "elqr-1.0": ["Alpha-Lib>=2", "beta[fast]>=1"],
    "alpha_lib-2.1": ['Colour>=0.4; platform_system == "Windows"', 'uvloop; sys_platform == "linux"'],
    "beta-1.5": ['gamma>=3; extra == "fast"', 'never; extra == "slow"', 'old; python_version < "3.12"'],
    "colour-0.4": ['deeper; os_name == "nt"'],
    "deeper-1.0": [],
    "gamma-3.0": [],
    "uvloop-1.0": [],
    "never-1.0": [],
    "old-1.0": [],
}


def make(folder: Path, name: str, *, asks: Sequence[str] | None = None) -> Path:
    dist, version = name.split("-")
    path = folder / f"{name}-py3-none-any.whl"
    lines = ["Metadata-Version: 2.1", f"Name: {dist}", f"Version: {version}"]
    lines += [f"Requires-Dist: {line}" for line in (INDEX[name] if asks is None else asks)]
    with zipfile.ZipFile(path, "w") as file:
        file.writestr(f"{dist}-{version}.dist-info/METADATA", "\n".join(lines) + "\n\n")
        file.writestr(f"vendored/other-1.dist-info/{name}", "not the wheel's own")
    return path


def pip_of_linux(asked: list[tuple[str, ...]]) -> Callable[..., None]:
    """A pip that fetches what Linux needs when it is asked for elqr, as pip on Linux does, and single libraries by name."""

    def pip(*words: str) -> None:
        asked.append(words)
        folder = Path(words[words.index("--wheel-dir" if words[0] == "wheel" else "--dest") + 1])
        if words[0] == "wheel":
            make(folder, "elqr-1.0")
            return
        for word in words[words.index("--dest") + 2 :]:
            if word.endswith(".whl"):
                for name in ("alpha_lib-2.1", "beta-1.5", "gamma-3.0", "uvloop-1.0"):
                    make(folder, name)
            else:
                (name,) = (n for n in INDEX if n.split("-")[0] == word.split(">")[0].lower())
                make(folder, name)

    return pip


def names(folder: Path) -> set[str]:
    return {p.name.split("-")[0] for p in (folder / "wheels").glob("*.whl")}


@pytest.mark.parametrize(
    ("target", "python", "wheels"),
    [
        ("windows", "3.12", {"elqr", "alpha_lib", "beta", "gamma", "colour", "deeper"}),
        ("windows", "3.11", {"elqr", "alpha_lib", "beta", "gamma", "colour", "deeper", "old"}),
        ("linux", "3.12", {"elqr", "alpha_lib", "beta", "gamma", "uvloop"}),
    ],
)
def test_the_folder_holds_what_the_target_needs_and_nothing_else(
    target: str, python: str, wheels: set[str], tmp_path: Path
) -> None:
    asked: list[tuple[str, ...]] = []
    out = tmp_path / "bundle"
    assert bundle.main(["--for", target, "--python", python, "--out", str(out)], pip=pip_of_linux(asked)) == 0
    assert names(out) == wheels
    downloads = [words for words in asked if words[0] == "download"]
    assert all("--only-binary=:all:" in words and python in words for words in downloads)
    assert all(("win_amd64" in words) == (target == "windows") for words in downloads)


def test_every_wheel_is_pinned_by_its_digest(tmp_path: Path) -> None:
    out = tmp_path / "bundle"
    bundle.main(["--for", "linux", "--python", "3.12", "--out", str(out)], pip=pip_of_linux([]))
    lines = (out / "requirements.txt").read_text(encoding="utf-8").splitlines()
    digests = {
        hashlib.sha256(p.read_bytes()).hexdigest(): p.name.split("-")[:2]
        for p in (out / "wheels").glob("*.whl")
    }
    assert {digests[line.split("sha256:")[1]][1] for line in lines} == {"1.0", "2.1", "1.5", "3.0"}
    assert [line.split("-")[0] for line in lines] == [
        f"./wheels/{name}" for name in ("alpha_lib", "beta", "elqr", "gamma", "uvloop")
    ]


def test_what_to_type_is_said_in_both_languages(tmp_path: Path) -> None:
    out = tmp_path / "bundle"
    bundle.main(["--for", "windows", "--python", "3.12", "--out", str(out)], pip=pip_of_linux([]))
    data = (out / "INSTALL.txt").read_bytes()
    assert data.startswith("\ufeff".encode()) and data.count(b"\r\n") == data.count(b"\n")  # for any editor
    text = data.decode("utf-8-sig")
    assert "py -3.12 -m venv elqr" in text
    assert r"elqr\Scripts\python -m pip install --no-index" in text and "--require-hashes" in text
    assert "閉域網" in text and "without a network" in text and "vcredist_x64.exe" in text
    assert {"README.md", "docs", "sample_data", "LICENSE"} <= {p.name for p in out.iterdir()}


def test_a_folder_in_use_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("x", encoding="utf-8")
    with pytest.raises(SystemExit, match="is not empty"):
        bundle.main(["--for", "this", "--out", str(tmp_path)], pip=pip_of_linux([]))
    assert [p.name for p in tmp_path.iterdir()] == ["kept"]


def test_what_does_not_fit_together_is_refused(tmp_path: Path) -> None:
    there = environment(TARGETS["linux"], "3.12")
    own = read_wheel(make(tmp_path, "elqr-1.0"))
    alpha, beta = (read_wheel(make(tmp_path, n)) for n in ("alpha_lib-2.1", "beta-1.5"))
    older = read_wheel(make(tmp_path, "alpha_lib-1.9", asks=[]))
    with pytest.raises(SystemExit, match=r"alpha-lib: 2\.1 and 1\.9 are both here"):
        needed([own, alpha, older, beta], "elqr", there)
    with pytest.raises(SystemExit, match=r"elqr needs Alpha-Lib>=2; 1\.9 is here"):
        needed([own, older, beta], "elqr", there)
    _, lacking = needed([own, alpha], "elqr", there)
    assert lacking == ["beta[fast]>=1", "uvloop"]
