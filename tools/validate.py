"""Validates printed files: PDF/UA-1 by veraPDF's rules, PDF/X-4 structure, font widths, syntax by qpdf.

In: PDF files or folders of them. Out: a line a file and check, the faults below it; exit 1 on any fault, 2
where a check could not be run. With `--seeded` the files are broken one fault at a time first, and every
fault must be found.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import click
import pikepdf

from tools import faults, fontcheck, vera, x4check

ENVIRONMENT = Path(__file__).resolve().parent.parent / ".venv-validate"
SHOWN = 8
Verdicts = dict[Path, dict[str, list[str]]]


def check_syntax(file: Path) -> list[str]:
    """What qpdf says, the program and the (often newer) library inside pikepdf."""
    done = subprocess.run(["qpdf", "--check", file], capture_output=True, text=True, check=False)
    said = [f"qpdf: {line}" for line in done.stderr.splitlines() if line.strip()]
    if done.returncode and not said:
        said = [f"qpdf ended with {done.returncode}"]
    try:
        with pikepdf.open(file) as pdf:
            return said + [f"libqpdf {pikepdf.__libqpdf_version__}: {p}" for p in pdf.check_pdf_syntax()]
    except pikepdf.PdfError as fault:
        return [*said, f"libqpdf {pikepdf.__libqpdf_version__}: {fault}"]


def check_objects(file: Path) -> dict[str, list[str]]:
    """The checks that look at objects, by name; a file that does not open fails them all."""
    try:
        with pikepdf.open(file) as pdf:
            return {"pdfx-4": x4check.check(pdf), "fonts": fontcheck.check(pdf)}
    except pikepdf.PdfError as fault:
        return {"pdfx-4": [str(fault)], "fonts": [str(fault)]}


def validate(files: Sequence[Path], *, environment: Path | None) -> Verdicts:
    """file → check → faults; without an environment veraPDF's rules are left out.

    A file with faults of syntax is not put before veraPDF: its reader gives up on some of them.
    """
    verdicts = {f: {"syntax": check_syntax(f), **check_objects(f)} for f in files}
    if environment is not None:
        whole = [file for file in files if not verdicts[file]["syntax"]]
        for file, said in (vera.judge(whole, environment=environment) if whole else {}).items():
            verdicts[file]["pdfua-1"] = said
    return verdicts


def show(verdicts: Verdicts) -> int:
    """Print the verdicts; the number of faults."""
    for file, checks in verdicts.items():
        for check, said in checks.items():
            click.echo(f"{file}: {check}: {'ok' if not said else f'{len(said)} faults'}")
            for line in said[:SHOWN]:
                click.echo(f"    {line}")
            if len(said) > SHOWN:
                click.echo(f"    … and {len(said) - SHOWN} more")
    return sum(len(said) for checks in verdicts.values() for said in checks.values())


def validate_seeded(file: Path, *, environment: Path) -> list[str]:
    """Seed every known fault into `file`; the faults that the check meant for them did not find."""
    with tempfile.TemporaryDirectory() as folder:
        seeded = faults.seed(file, Path(folder))
        verdicts = validate(list(seeded.values()), environment=environment)
        return [
            f"{name}: {fault.check} does not notice {fault.says}"
            for name, fault in faults.FAULTS.items()
            if not verdicts[seeded[name]][fault.check]
        ]


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option(
    "--environment", type=click.Path(path_type=Path), default=ENVIRONMENT, help="where the jar lies"
)
@click.option("--seeded", is_flag=True, help="break the smallest file on purpose; every fault must be found")
def main(paths: Sequence[Path], environment: Path, seeded: bool) -> None:
    """Validate PATHS (files, or folders of PDF files)."""
    files = sorted({f for p in paths for f in (p.rglob("*.pdf") if p.is_dir() else [p])})
    if not files:
        click.echo("validate: no PDF file there; nothing was checked", err=True)
        sys.exit(2)
    try:
        if seeded:
            smallest = min(files, key=lambda f: (f.stat().st_size, f))
            missed = validate_seeded(smallest, environment=environment)
            click.echo(
                f"{smallest}: {len(faults.FAULTS) - len(missed)} of {len(faults.FAULTS)} seeded faults found"
            )
            for line in missed:
                click.echo(f"    {line}")
            sys.exit(1 if missed else 0)
        verdicts = validate(files, environment=environment)
    except (vera.NotJudgedError, FileNotFoundError) as fault:
        click.echo(f"validate: {fault}", err=True)
        sys.exit(2)
    sys.exit(1 if show(verdicts) else 0)


if __name__ == "__main__":
    main()
