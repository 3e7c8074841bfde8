"""The commands of forms that are not slips and of the print vendor, for the shell. Declarations and one library call each.

In: arguments. Out: words or JSON, exit code 0 or 1. Heavy imports stay inside, so that the shell answers at once.
Refuses by ProblemError, which the shell turns into words and an exit code.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from elqr.option_values import day
from elqr.option_values import encoding as encoding_of
from elqr.shell import today

FINE, FOUND = 0, 1
FILE = click.Path(dir_okay=False, path_type=Path)
FOLDER = click.Path(file_okay=False, path_type=Path)


@click.command("print-notices")
@click.argument("notices", type=FILE)
@click.option(
    "--layout", default="refund_notice", show_default=True, help="Form: a name, or a TOML file. 様式"
)
@click.option("--out", type=FOLDER, required=True, help="Folder for the results. 出力先")
@click.option("--site", type=FILE, help="Site file of the municipality (TOML). 団体設定")
@click.option(
    "--issue-date",
    type=day,
    help="Date of issue of the files, YYYY-MM-DD; today by default. 発行日",
)
@click.option(
    "--encoding",
    type=encoding_of,
    help="Encoding where it is not to be guessed: utf-8, cp932. 文字コード",
)
@click.option(
    "--notices-per-file",
    type=click.IntRange(1),
    default=5000,
    show_default=True,
    help="Pages in one PDF. 1ファイルの枚数",
)
@click.option("--json", "as_json", is_flag=True, help="Machine-readable output. 機械可読")
def print_notices(
    notices: Path,
    layout: str,
    out: Path,
    site: Path | None,
    issue_date: date | None,
    encoding: str | None,
    notices_per_file: int,
    as_json: bool,
) -> None:
    """Print notices of refund or offset, one page a row, and read every page back.

    過誤納金還付(充当)通知書を印刷し、全ページを読み戻します。
    """
    from slips.jobfile import to_bytes
    from slips.notices import NoticeRequest
    from slips.notices import print_notices as printed

    report = printed(
        NoticeRequest(
            notices=notices,
            out=out,
            layout=layout,
            site=site,
            issue_date=issue_date or today(),
            encoding=encoding,
            notices_per_file=notices_per_file,
        )
    )
    job = report.job
    if as_json:
        click.echo(to_bytes(job).decode(), nl=False)
    else:
        click.echo(
            f"{out}: {job['printed']['notices']} 件 {job['printed']['yen']:,} 円を印刷、{job['held']['notices']} 件を保留"
            f" / {job['printed']['notices']} notices printed, {job['held']['notices']} held"
        )
        if job["held"]["notices"]:
            click.echo(f"{out / 'problems.csv'}: 保留の理由 / why they are held")
    raise SystemExit(FOUND if job["problems"]["error"] or job["problems"]["warning"] else FINE)


@click.command("vendor-pack")
@click.argument("layout")
@click.option("--out", type=FOLDER, required=True, help="Folder for the package. 出力先")
@click.option("--previous", type=FILE, help="The form as it was (TOML): every change is listed. 前の版の様式")
@click.option("--site", type=FILE, help="Site file of the municipality (TOML). 団体設定")
def vendor_pack(layout: str, out: Path, previous: Path | None, site: Path | None) -> None:
    """The package for the print vendor: instruction with every measure, sample set, checksums.

    印刷業者への一式(印刷仕様書・見本セット・照合用の一覧)を作ります。
    """
    from slips.vendor_pack import INSTRUCTION, make_vendor_pack

    made = make_vendor_pack(layout, out=out, previous=previous, site=site)
    click.echo(f"{out / INSTRUCTION}: 印刷仕様書 / instruction")
    click.echo(
        f"見本 {made.pages} ページ、変更 {len(made.changes)} 件 / {made.pages} sample pages, {len(made.changes)} changes"
    )
    raise SystemExit(FINE)


COMMANDS = (print_notices,)
LAYOUT_COMMANDS = (vendor_pack,)
"""Commands of the group `elqr layouts`."""
