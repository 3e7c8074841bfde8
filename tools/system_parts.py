"""Sees to the parts that pip cannot bring: fonts and the bar code library to print, programs to check with.

In: the names of the groups wanted (`python`, `print`, `check`). Out: nothing when all is there; on Debian as
root the missing packages are installed; elsewhere one sentence a missing part.
Runs before anything is installed, so it needs only Python itself.
"""

from __future__ import annotations

import ctypes.util
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

FONT_VARIABLE = "ELQR_FONT_PATH"
FONT_FOLDERS = (
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "~/.local/share/fonts",
    "~/.fonts",
    "/Library/Fonts",
    "~/Library/Fonts",
    "C:/Windows/Fonts",
)


@dataclass(frozen=True)
class Part:
    """One thing that must be there: how to tell, which Debian package brings it, what to say."""

    there: Callable[[], bool]
    package: str
    missing: str


def font_folders() -> list[Path]:
    """Where fonts are looked for, in this order."""
    named = [p for p in os.environ.get(FONT_VARIABLE, "").split(os.pathsep) if p]
    return [Path(p).expanduser() for p in (*named, *FONT_FOLDERS)]


def has_font(*names: str) -> bool:
    """True where a file of one of these names lies in or below a font folder."""
    wanted = {n.lower() for n in names}
    return any(
        file.lower() in wanted for top in font_folders() for _, _, found in os.walk(top) for file in found
    )


def has_module(name: str) -> bool:
    """True where this Python can import `name`."""
    return importlib.util.find_spec(name) is not None


def has_compiler() -> bool:
    """True where `java` can run a source file, as `tools/Vera.java` needs."""
    java = shutil.which("java")
    if not java:
        return False
    listed = subprocess.run([java, "--list-modules"], capture_output=True, text=True, check=False)
    return "jdk.compiler" in listed.stdout


def _program(name: str) -> Callable[[], bool]:
    return lambda: shutil.which(name) is not None


_LOOKED = f"looked for in {FONT_VARIABLE} and {', '.join(FONT_FOLDERS)}"
GROUPS: Mapping[str, tuple[Part, ...]] = {
    "python": (
        Part(
            lambda: has_module("venv") and has_module("ensurepip"),
            "python3-venv",
            "Python's venv with ensurepip is missing: install the package that holds it (python3-venv).",
        ),
    ),
    "print": (
        Part(
            lambda: has_font("BIZUDGothic-Regular.ttf", "BIZ-UDGothicR.ttc"),
            "fonts-morisawa-bizud-gothic",
            f"The font BIZ UDGothic is missing ({_LOOKED}): put BIZUDGothic-Regular.ttf in one of them, "
            f"or name its folder in {FONT_VARIABLE}; Windows has it built in.",
        ),
        Part(
            lambda: has_font("ipamjm.ttf"),
            "fonts-ipamj-mincho",
            f"The font IPAmj Mincho is missing ({_LOOKED}): without it, slips with characters that "
            f"BIZ UDGothic lacks are held; put ipamjm.ttf there, or name its folder in {FONT_VARIABLE}.",
        ),
        Part(
            lambda: sys.platform == "win32" or ctypes.util.find_library("zbar") is not None,
            "libzbar0",
            "The library zbar is missing, the second reader of every printed code: "
            "install it (Debian: libzbar0, macOS with Homebrew: zbar).",
        ),
    ),
    "check": (
        Part(_program("qpdf"), "qpdf", "The program qpdf is missing; make validate needs it."),
        Part(
            _program("pdftotext"),
            "poppler-utils",
            "The programs of poppler (pdftotext, pdfinfo, pdftoppm) are missing; the tests need them.",
        ),
        Part(
            has_compiler,
            "default-jdk-headless",
            "A Java development kit, 17 or later, is missing; make validate runs veraPDF's rules with it.",
        ),
    ),
}


def install(packages: Sequence[str]) -> None:
    """Install Debian packages; raises CalledProcessError with apt's own words on the screen."""
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update", "-q"], ["install", "-q", "-y", "--no-install-recommends", *packages]):
        subprocess.run(["apt-get", *command], check=True, env=quiet, stdin=subprocess.DEVNULL)


def main(groups: Sequence[str]) -> int:
    """0 when every part of `groups` is there (perhaps since just now); 1 and a sentence a missing part."""
    parts = [part for group in groups for part in GROUPS[group]]
    missing = [part for part in parts if not part.there()]
    if missing and shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0:
        install([part.package for part in missing])
        missing = [part for part in missing if not part.there()]
    for part in missing:
        print(part.missing, file=sys.stderr)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or ["print"]))
