"""A folder that carries elqr into a closed network: its wheel and every library as a wheel, pinned by SHA-256, and what to type there.

    python -m tools.bundle --for windows|linux|this [--python 3.12] --out DIR      (make bundle FOR=windows PYTHON_VERSION=3.12)

Needs a package index; the machine that it is for needs none. pip judges by the machine it runs on which libraries a library asks for, so what
only the other system needs (and what only this one does) is looked up in the wheels' own metadata. Refuses: a folder that is not
empty, a library that is there in two versions or in one that another library does not take (SystemExit, one sentence each).
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from email.parser import BytesParser
from pathlib import Path

from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
CARRIED = ("README.md", "LICENSE", "docs", "sample_data")
_X86 = "x86_64"


@dataclass(frozen=True)
class Target:
    """A kind of machine: pip's names of its wheels (none: this machine's own), what it says of itself, what is typed there."""

    platforms: tuple[str, ...]
    says: Mapping[str, str]
    python: str  # how Python is called, {version} filled in
    folder: str  # where the programs of an environment lie
    parts: tuple[str, str]  # what pip cannot bring, in both languages


_LINUX_PARTS = (
    "フォント BIZ UDゴシックと、ライブラリ zbar(Debian では fonts-morisawa-bizud-gothic と libzbar0)",
    "the typeface BIZ UDGothic and the library zbar (Debian: fonts-morisawa-bizud-gothic and libzbar0)",
)
_WINDOWS_PARTS = (
    "Microsoft Visual C++ 2013 再頒布可能パッケージ(vcredist_x64.exe)",
    "Microsoft's Visual C++ 2013 runtime (vcredist_x64.exe)",
)
TARGETS: Mapping[str, Target] = {
    "windows": Target(
        ("win_amd64",),
        {
            "sys_platform": "win32",
            "platform_system": "Windows",
            "os_name": "nt",
            "platform_machine": "AMD64",
        },
        "py -{version}",
        r"elqr\Scripts" + "\\",
        _WINDOWS_PARTS,
    ),
    "linux": Target(
        # glibc 2.28 and later: Red Hat 8, Debian 10, Ubuntu 20.04
        (
            *(f"manylinux_2_{n}_{_X86}" for n in range(28, 4, -1)),
            f"manylinux2014_{_X86}",
            f"manylinux1_{_X86}",
        ),
        {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix", "platform_machine": _X86},
        "python{version}",
        "elqr/bin/",
        _LINUX_PARTS,
    ),
    "this": Target((), {}, "python{version}", "elqr/bin/", _LINUX_PARTS),
}


@dataclass(frozen=True)
class Wheel:
    """A wheel by what its metadata says."""

    path: Path
    name: str
    version: str
    requires: tuple[Requirement, ...]


def read_wheel(path: Path) -> Wheel:
    """The metadata of a wheel."""
    with zipfile.ZipFile(path) as inside:
        (place,) = [n for n in inside.namelist() if n.endswith(".dist-info/METADATA") and n.count("/") == 1]
        said = BytesParser().parsebytes(inside.read(place), headersonly=True)
    requires = tuple(Requirement(line) for line in said.get_all("Requires-Dist", []))
    return Wheel(path, canonicalize_name(said["Name"]), said["Version"], requires)


def environment(target: Target, version: str) -> dict[str, str]:
    """What markers are judged by on the machine that it is for."""
    here = {key: str(value) for key, value in default_environment().items()}
    return {**here, **target.says, "python_version": version, "python_full_version": f"{version}.0"}


def needed(
    wheels: Sequence[Wheel], root: str, environment: Mapping[str, str]
) -> tuple[dict[str, Wheel], list[str]]:
    """What `root` needs there, by name, itself among it; and the requirements that nothing here meets. Raises SystemExit on two versions of one."""
    there: dict[str, Wheel] = {}
    for wheel in wheels:
        if wheel.name in there:
            raise SystemExit(f"{wheel.name}: {there[wheel.name].version} and {wheel.version} are both here")
        there[wheel.name] = wheel
    found: dict[str, Wheel] = {}
    lacking: list[str] = []
    seen: set[tuple[str, str]] = set()
    waiting = [(root, "")]
    while waiting:
        name, extra = waiting.pop()
        if (name, extra) in seen:
            continue
        seen.add((name, extra))
        wheel = found[name] = there[name]
        for asked in wheel.requires:
            if asked.marker and not asked.marker.evaluate({**environment, "extra": extra}):
                continue
            other = canonicalize_name(asked.name)
            if other not in there:
                lacking.append(_plain(asked))
            elif not asked.specifier.contains(there[other].version, prereleases=True):
                raise SystemExit(f"{name} needs {asked}; {there[other].version} is here")
            else:
                waiting += [(other, ""), *((other, more) for more in asked.extras)]
    return found, sorted(set(lacking))


def _plain(asked: Requirement) -> str:
    """A requirement without its marker: it was judged."""
    extras = f"[{','.join(sorted(asked.extras))}]" if asked.extras else ""
    return f"{asked.name}{extras}{asked.specifier}"


def gather(folder: Path, target: Target, version: str, *, pip: Callable[..., None]) -> list[Wheel]:
    """Fill `folder` with the wheels of elqr and all that it needs there, and nothing else."""
    pip("wheel", "--no-deps", "--wheel-dir", str(folder), str(ROOT))
    (own,) = folder.glob("elqr-*.whl")
    there = [word for p in target.platforms for word in ("--platform", p)]
    there += ["--python-version", version, "--implementation", "cp"] if target.platforms else []
    fetch = ["download", "--only-binary=:all:", *there, "--dest", str(folder)]
    asked = [str(own)]
    while asked:
        pip(*fetch, *asked)
        found, asked = needed(
            [read_wheel(p) for p in sorted(folder.glob("*.whl"))], "elqr", environment(target, version)
        )
    for path in folder.glob("*.whl"):
        if path not in {wheel.path for wheel in found.values()}:
            path.unlink()
    return [found[name] for name in sorted(found)]


def write_list(folder: Path, wheels: Sequence[Wheel]) -> None:
    """`requirements.txt`: every wheel with its SHA-256, which pip holds against the file before it installs it."""
    lines = [f"./{w.path.parent.name}/{w.path.name} --hash=sha256:{sha256_of(w.path)}" for w in wheels]
    (folder / "requirements.txt").write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


def guide(target: Target, version: str, elqr: str) -> str:
    """`INSTALL.txt`: what to type there, in both languages."""
    python = target.python.format(version=version)
    commands = [
        f"{python} -m venv elqr",
        f"{target.folder}python -m pip install --no-index --require-hashes -r requirements.txt",
        f"{target.folder}elqr --version",
    ]
    typed = "\n".join(f"    {c}" for c in commands)
    ja, en = target.parts
    return (
        f"elqr {elqr} を閉域網に導入する\n\n"
        f"このフォルダーで次のとおり入力します。Python {version}(64 ビット)が要ります。pip は各ファイルの SHA-256 を requirements.txt と\n"
        f"照合し、違うものは導入しません。このほかに要るもの: {ja}。\n\n{typed}\n\n"
        f"説明は README.md と docs/、見本のデータは sample_data/ にあります。\n\n\n"
        f"Installing elqr {elqr} without a network\n\n"
        f"Type the commands above in this folder. They need Python {version}, 64 bits. pip holds the SHA-256 of every file against\n"
        f"requirements.txt and installs nothing that differs. Needed besides: {en}.\n\n"
        f"The manual is in README.md and docs/, sample data in sample_data/.\n"
    )


def sha256_of(path: Path) -> str:
    """The digest of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def run_pip(*words: str) -> None:
    """pip, in its own words where it fails."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", words[0], "--quiet", *words[1:]]
    if code := subprocess.run(command, check=False).returncode:
        raise SystemExit(code)


def main(given: Sequence[str] | None = None, *, pip: Callable[..., None] = run_pip) -> int:
    """The command line: 0 when the folder is complete."""
    words = argparse.ArgumentParser(prog="python -m tools.bundle", description="elqr for a closed network.")
    words.add_argument("--for", dest="target", choices=list(TARGETS), required=True)
    words.add_argument("--python", default=f"{sys.version_info.major}.{sys.version_info.minor}")
    words.add_argument("--out", type=Path, required=True)
    asked = words.parse_args(given)
    if asked.out.exists() and any(asked.out.iterdir()):
        raise SystemExit(f"{asked.out} is not empty")
    target: Target = TARGETS[asked.target]
    wheels = asked.out / "wheels"
    wheels.mkdir(parents=True)
    found = gather(wheels, target, asked.python, pip=pip)
    write_list(asked.out, found)
    own = next(w for w in found if w.name == "elqr")
    (asked.out / "INSTALL.txt").write_text(
        guide(target, asked.python, own.version), encoding="utf-8-sig", newline="\r\n"
    )
    for name in CARRIED:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, asked.out / name)
    size = sum(w.path.stat().st_size for w in found) >> 20
    print(f"{asked.out}: {len(found)} wheels, {size} MB, for {asked.target}, Python {asked.python}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
