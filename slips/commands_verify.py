"""`elqr verify` for the shell: declarations and one library call each.

In: arguments. Out: words or JSON, the result files, exit code 0 (all pass), 1 (findings), 2 (nothing usable). Refuses by ProblemError, which the
shell turns into words and an exit code.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from elqr.option_values import given, refuse_not_with, refuse_only_with
from elqr.terminal import json_text

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
@click.option(
    "--calibrate",
    "calibration_scan",
    type=FILE,
    help="Read a scan of the calibration page into --out/card.json; no manifest. スキャナー校正",
)
@click.option(
    "--card-steps",
    metavar="R,R,…",
    help="With --calibrate: reflectances (0 to 1) of the bought card in the frame, left to right. 濃度見本の反射率",
)
@click.option(
    "--rule-mm",
    metavar="MM,MM",
    help="With --calibrate: both printed rulers by a steel rule, across and down (180 and 200 as designed). 鋼尺の実測値",
)
@click.option(
    "--scanner",
    type=FILE,
    help="card.json of --calibrate with --rule-mm: takes the scanner out of the scale error. スキャナーの校正値",
)
@click.option(
    "--simulate",
    "simulated",
    metavar="LAYOUT",
    help="Stress test of a form before it is printed, into --out; no manifest. 印刷前の読取試験",
)
@click.option("--json", "as_json", is_flag=True, help="Print results.json instead of words. 機械可読")
def verify(
    paths: tuple[Path, ...],
    manifest: Path | None,
    out: Path | None,
    calibration_scan: Path | None,
    card_steps: str | None,
    rule_mm: str | None,
    simulated: str | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Look at printed pages (PDF, scans) and hold every slip against the manifest.

    印刷したPDFやスキャンを印刷一覧と照合し、符号・位置・金額・順番・印字品質を検査します。
    """
    _refuse_idle(given(click.get_current_context()))
    if out is None:
        raise click.UsageError("--out DIR is missing. 出力先を指定してください。")
    if calibration_scan is None and simulated is None and not (paths and manifest is not None):
        raise click.UsageError(
            "PATH… and --manifest are needed. 検査するファイルと印刷一覧を指定してください。"
        )
    from slips.outfiles import make_ready

    make_ready(out)
    if calibration_scan is not None:
        _calibrate(calibration_scan, card_steps, rule_mm, out)
    elif simulated is not None:
        _simulate(simulated, out)
    elif manifest is not None:
        _verify(paths, manifest, out, as_json=as_json, **options)


def _refuse_idle(words: list[str]) -> None:
    """Raises ProblemError for an option that this way of calling the command would not look at."""
    calibrating = {"--calibrate", "--card-steps", "--rule-mm"}
    if "--calibrate" in words:
        refuse_not_with(words, set(words) - calibrating - {"--out"}, expected="--calibrate")
    elif "--simulate" in words:
        refuse_not_with(words, set(words) - {"--simulate", "--out"}, expected="--simulate")
    else:
        refuse_only_with(words, calibrating, expected="--calibrate")


def _verify(paths: tuple[Path, ...], manifest: Path, out: Path, *, as_json: bool, **options: Any) -> None:
    from elqr.out_place import VERIFY, refuse_replacing
    from slips.progress import telling
    from slips.proof.deliver import FILES, deliver
    from slips.proof.run import VerifyRequest, verify
    from slips.proof.verify_summary import summary

    refuse_replacing(out, FILES, inputs=(manifest, *paths), command=VERIFY)
    request = VerifyRequest(paths=paths, manifest=manifest, **options)
    with telling(sys.stderr) as listener:
        inspection = verify(request, listener=listener)
    delivery = deliver(inspection, out)
    if as_json:
        click.echo(json_text(delivery.document))
    else:
        for line in summary(inspection, trend=delivery.trend, out=out):
            click.echo(line)
    raise SystemExit(UNUSABLE if not inspection.usable else FINE if delivery.clean else FOUND)


def _calibrate(scan: Path, card_steps: str | None, rule_mm: str | None, out: Path) -> None:
    """A card for `--curve card:FILE`, where the steps' reflectances are known; the scales of the scanner in any case."""
    from slips.proof.calibrating import calibrate_file

    for line in calibrate_file(scan, out=out, card_steps=card_steps, rule_mm=rule_mm):
        click.echo(line)


def _simulate(layout: str, out: Path) -> None:
    from slips.stress_form import stress_form

    for line in stress_form(layout, out=out):
        click.echo(line)


@click.command("calibration-page")
@click.option("--out", type=FILE, required=True, help="PDF to write. 出力するPDF")
def calibration_page(out: Path) -> None:
    """The page with grey steps and rulers that `elqr verify --calibrate` reads; print it at actual size.

    スキャナー調整用シート(濃度段と目盛)を出力します。拡大縮小せずに印刷してください。
    """
    from slips.calibration_page import write_calibration_page

    write_calibration_page(out)
    click.echo(f"→ {out}")


COMMANDS = (verify,)
