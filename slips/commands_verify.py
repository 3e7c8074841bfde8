"""`elqr verify` for the shell: declarations and one library call each.

In: arguments. Out: words or JSON, the result files, exit code 0 (all pass), 1 (findings), 2 (nothing usable). Refuses by ProblemError, which the
shell turns into words and an exit code.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

FINE, FOUND, UNUSABLE = 0, 1, 2
FILE = click.Path(dir_okay=False, path_type=Path)


@click.command("verify")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--manifest", type=FILE, help="manifest.csv or manifest.parquet of the print job. 印刷一覧")
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), help="Folder for the results. 出力先"
)
@click.option(
    "--layout",
    "layouts",
    multiple=True,
    help="Form that the job was printed with, where it is not ours; may be given again. 様式",
)
@click.option("--gates", type=FILE, help="Own limits (TOML); the default's stand for the rest. 合否基準")
@click.option(
    "--curve",
    default="srgb",
    show_default=True,
    help="What the scanner's grey means: srgb, linear, icc:FILE, card:FILE. 反射率曲線",
)
@click.option("--jobs", type=click.IntRange(1), default=1, show_default=True, help="Processes. 並列数")
@click.option(
    "--sample", is_flag=True, help="A sample: slips that are not there are not missing. 抜き取り検査"
)
@click.option("--json", "as_json", is_flag=True, help="Print results.json instead of words. 機械可読")
def verify(
    paths: tuple[Path, ...],
    manifest: Path | None,
    out: Path | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Look at printed pages (PDF, scans) and hold every slip against the manifest.

    印刷したPDFやスキャンを印刷一覧と照合し、符号・位置・金額・順番・印字品質を検査します。
    """
    if not paths or manifest is None or out is None:
        raise click.UsageError("PATH… --manifest MANIFEST --out DIR")
    _verify(paths, manifest, out, as_json=as_json, **options)


def _verify(paths: tuple[Path, ...], manifest: Path, out: Path, *, as_json: bool, **options: Any) -> None:
    from slips.progress import telling
    from slips.proof.results import document_of, write_results
    from slips.proof.run import VerifyRequest, verify
    from slips.proof.thresholds import load_thresholds
    from slips.proof.verify_summary import summary

    request = VerifyRequest(paths=paths, manifest=manifest, **options)
    with telling(sys.stderr) as listener:
        inspection = verify(request, listener=listener)
    thresholds = load_thresholds()
    write_results(inspection, out, thresholds=thresholds)
    if as_json:
        document = document_of(inspection, thresholds=thresholds)
        click.echo(json.dumps(document, ensure_ascii=False, indent=2))
    else:
        for line in summary(inspection, out=out):
            click.echo(line)
    raise SystemExit(UNUSABLE if not inspection.usable else FINE if inspection.clean else FOUND)


COMMANDS = (verify,)
