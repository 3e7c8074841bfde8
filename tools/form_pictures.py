"""The pictures of the shipped forms in docs/forms/, and what they were made of.

In: the forms of the package, their samples, the sample site. Out: a PNG a form and `pictures.json` with the hash of the form and of the
words and samples it shows. With `--check` nothing is written: exit 1 where a picture is older than what it shows.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tempfile
from importlib.resources import files
from pathlib import Path

import click

from slips.layout import layout_names, load_layout
from slips.preview import write_preview

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "forms"
INDEX = "pictures.json"
SITE = ROOT / "sample_data" / "site.toml"
WIDTH_PX = 1100
SHOWN = ("labels/ja.toml", "preview.toml", "values.toml")


def signatures() -> dict[str, str]:
    """Form → hash of all that decides its picture."""
    shared = b"".join((files("layouts") / name).read_bytes() for name in SHOWN) + SITE.read_bytes()
    return {
        name: hashlib.sha256(load_layout(name).sha256.encode() + shared).hexdigest()
        for name in layout_names()
    }


def outdated() -> list[str]:
    """Forms whose picture is missing or shows something older."""
    index = PICTURES / INDEX
    known = json.loads(index.read_text(encoding="utf-8")) if index.is_file() else {}
    return [
        name
        for name, signature in signatures().items()
        if known.get(name) != signature or not (PICTURES / f"{name}.png").is_file()
    ]


def draw(name: str) -> None:
    """One picture: the usual sample of a form."""
    with tempfile.TemporaryDirectory() as folder:
        pdf = Path(folder) / "sample.pdf"
        write_preview(name, out=pdf, site=SITE)
        command = [
            "pdftoppm",
            "-png",
            "-gray",
            "-f",
            "1",
            "-singlefile",
            "-scale-to-x",
            str(WIDTH_PX),
            "-scale-to-y",
            "-1",
        ]
        subprocess.run([*command, str(pdf), str(PICTURES / name)], check=True)


@click.command()
@click.option("--check", is_flag=True, help="only tell which pictures are out of date")
def main(check: bool) -> None:
    """Draw the pictures of the forms that changed."""
    old = outdated()
    for name in old:
        click.echo(f"{name}: {'out of date' if check else 'drawn'}")
        if not check:
            PICTURES.mkdir(parents=True, exist_ok=True)
            draw(name)
    if not check:
        (PICTURES / INDEX).write_text(json.dumps(signatures(), indent=2) + "\n", encoding="utf-8")
    sys.exit(1 if check and old else 0)


if __name__ == "__main__":
    main()
