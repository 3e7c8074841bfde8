"""Sees to the parts that pip cannot bring: fonts and the bar code library to print, programs to check with.

In: the names of the groups wanted (`python`, `print`, `test`, `validate`). Out: nothing when all is there; on Debian as
root the missing packages are installed; elsewhere one sentence a missing part.
`python` runs before anything is installed, `print` with elqr installed: it asks elqr where fonts are.
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


@dataclass(frozen=True)
class Part:
    """One thing that must be there: how to tell, which Debian package brings it, what to say."""

    there: Callable[[], bool]
    package: str
    missing: str  # {looked} becomes the list of font folders


def has_font(*faces: str) -> bool:
    """True where elqr itself finds these faces."""
    from slips.fonts import find

    return all(find(face) is not None for face in faces)


def looked() -> str:
    """Where elqr looks for fonts, in words."""
    from slips.fonts import search_folders

    return f"looked for in the folders of ELQR_FONT_PATH, then in {', '.join(map(str, search_folders()))}"


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


def has_postgres() -> bool:
    """True where `tools/postgres.py` finds a server's programs; Debian keeps them off the search path."""
    return bool(shutil.which("initdb") or list(Path("/usr/lib/postgresql").glob("*/bin/initdb")))


def _program(name: str) -> Callable[[], bool]:
    return lambda: shutil.which(name) is not None


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
            lambda: has_font("gothic", "gothic-bold", "pgothic", "pgothic-bold"),
            "fonts-morisawa-bizud-gothic",
            "The font BIZ UDGothic is missing ({looked}): put its four files (BIZUDGothic-Regular.ttf …) in one of "
            "them, or name their folder in ELQR_FONT_PATH; Windows has it built in.",
        ),
        Part(
            lambda: has_font("mincho"),
            "fonts-ipamj-mincho",
            "The font IPAmj Mincho is missing ({looked}): without it, slips with characters that BIZ UDGothic "
            "lacks are held; put ipamjm.ttf in one of them, or name its folder in ELQR_FONT_PATH.",
        ),
        Part(
            lambda: has_font("zh"),
            "fonts-wqy-microhei",
            "The font WenQuanYi Micro Hei is missing ({looked}): slips in simplified Chinese need it (wqy-microhei.ttc).",
        ),
        Part(
            lambda: has_font("ko"),
            "fonts-nanum",
            "The font NanumGothic is missing ({looked}): slips in Korean need it (NanumGothic.ttf).",
        ),
        Part(
            lambda: has_font("vi"),
            "fonts-dejavu-extra",
            "The font DejaVu Sans Condensed is missing ({looked}): slips in Vietnamese need it (DejaVuSansCondensed.ttf).",
        ),
        Part(
            lambda: sys.platform == "win32" or ctypes.util.find_library("zbar") is not None,
            "libzbar0",
            "The library zbar is missing, the second reader of every printed code: "
            "install it (Debian: libzbar0, macOS with Homebrew: zbar).",
        ),
    ),
    "test": (
        Part(_program("qpdf"), "qpdf", "The program qpdf is missing; the tests and make validate need it."),
        Part(
            _program("pdftotext"),
            "poppler-utils",
            "The programs of poppler (pdftotext, pdfinfo, pdftoppm) are missing; the tests need them.",
        ),
        Part(
            lambda: any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))),
            "chromium",
            "A browser (chromium) is missing; the tests open the report in it.",
        ),
        Part(
            has_postgres,
            "postgresql",
            "PostgreSQL (initdb, pg_ctl) is missing; the tests of the ledger start a server of their own.",
        ),
    ),
    "validate": (
        Part(
            has_compiler,
            "default-jdk-headless",
            "A Java development kit, 17 or later, is missing; make validate runs veraPDF's rules with it.",
        ),
    ),
}


def install(packages: Sequence[str]) -> None:
    """Install Debian packages; where that fails, apt's own words are on the screen."""
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update", "-q"], ["install", "-q", "-y", "--no-install-recommends", *packages]):
        if subprocess.run(["apt-get", *command], check=False, env=quiet, stdin=subprocess.DEVNULL).returncode:
            return


def main(groups: Sequence[str]) -> int:
    """0 when every part of `groups` is there (perhaps since just now); 1 and a sentence a missing part."""
    parts = [part for group in groups for part in GROUPS[group]]
    missing = [part for part in parts if not part.there()]
    if missing and shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0:
        install([part.package for part in missing])
        missing = [part for part in missing if not part.there()]
    for part in missing:
        print(
            part.missing.replace("{looked}", looked() if "{looked}" in part.missing else ""), file=sys.stderr
        )
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or ["print"]))
