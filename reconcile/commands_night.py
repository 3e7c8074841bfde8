"""The commands of the night, for the shell: `elqr reconcile`, `elqr report`, `elqr explain`. Declarations and one library call each.

In: arguments. Out: words or JSON, exit code 0 or 1 (2 where no receipts file could be taken). The clock is asked here, for the audit log alone.
Refuses by ProblemError, which the shell turns into words and an exit code.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import click

from elqr.option_values import day, encoding
from elqr.shell import folder_of, login, moment
from elqr.terminal import json_text
from reconcile.commands import EXCEL, FILE, JSON, ledger
from reconcile.commands_all import reconcile_all

FINE, FOUND, UNUSABLE = 0, 1, 2
LEDGER = click.option(
    "--ledger", "place", required=True, help="Ledger: a path, or a postgresql:// URL. 収納台帳"
)
ENCODING = click.option(
    "--encoding", type=encoding, help="Encoding where it is not to be guessed: utf-8, cp932. 文字コード"
)
AS_OF = click.option(
    "--as-of",
    type=day,
    required=True,
    help="The day as of which things are decided, YYYY-MM-DD. 基準日",
)
OUT = click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="Folder for the results. 出力先",
)
NAMES = click.option(
    "--show-names", is_flag=True, help="Do not mask numbers of people and cells. 氏名等を表示"
)


@click.command("reconcile")
@LEDGER
@click.option(
    "--assessments", type=FILE, multiple=True, help="Assessments, new or revised; may be given again. 調定"
)
@click.option("--slips", type=FILE, multiple=True, help="Slip register; may be given again. 納付書台帳")
@click.option("--receipts", type=FILE, multiple=True, help="Receipts; may be given again. 収納データ")
@AS_OF
@OUT
@click.option(
    "--dry-run", is_flag=True, help="Do everything, write the files, record nothing. 台帳に記録しない"
)
@click.option("--site", type=FILE, help="Site file of the municipality (TOML). 団体設定")
@click.option(
    "--receipt-layout", help="Layout of the receipts where two fit: a name, or a TOML file. 収納データの形式"
)
@click.option("--mapping", type=FILE, help="Own headings of assessments and slips (TOML). 見出しの対応表")
@ENCODING
@click.option("--policy", default="default", show_default=True, help="Policy, a name or a TOML file. 方針")
@click.option(
    "--postings-mapping",
    type=FILE,
    help="Own columns for one more file of postings (TOML). 消込結果の書き出し設定",
)
@click.option("--no-report", is_flag=True, help="Leave out report.html and dunning.csv. 報告書を省く")
@EXCEL
@JSON
@NAMES
@click.argument("more", type=FILE, nargs=-1, metavar="[RECEIPTS]...")
def reconcile(
    place: str,
    assessments: tuple[Path, ...],
    slips: tuple[Path, ...],
    receipts: tuple[Path, ...],
    more: tuple[Path, ...],
    as_of: date,
    out: Path,
    dry_run: bool,
    site: Path | None,
    receipt_layout: str | None,
    mapping: Path | None,
    encoding: str | None,
    policy: str,
    postings_mapping: Path | None,
    no_report: bool,
    excel: bool,
    as_json: bool,
    show_names: bool,
) -> None:
    """The nightly batch: receipts against assessments, in one commit; files that come again change nothing.

    収納データを調定に突き合わせて消し込みます。同じデータを再度読み込んでも結果は変わりません。
    """
    from elqr.mapping import load_mapping
    from elqr.settings import name_or_path
    from elqr.site import load_site
    from reconcile.export import load_export
    from reconcile.night import Inputs
    from reconcile.nightly import NightRequest, run_night
    from reconcile.policy import load_policy
    from reconcile.register_columns import REGISTER_COLUMNS
    from reconcile.run import RunRequest
    from reconcile.summary import summary

    out = folder_of(out, as_of=as_of)
    inputs = Inputs(
        receipts=(*receipts, *more),
        assessments=assessments,
        slips=slips,
        site=load_site(site) if site else None,
        receipt_layout=name_or_path(receipt_layout) if receipt_layout else None,
        mapping=load_mapping(mapping, columns=REGISTER_COLUMNS) if mapping else None,
        encoding=encoding,
    )
    run = RunRequest(
        ledger=place,
        inputs=inputs,
        as_of=as_of,
        policy=load_policy(name_or_path(policy)),
        dry_run=dry_run,
        who=login(),
        at=moment(),
    )
    export = load_export(postings_mapping) if postings_mapping else None
    done = run_night(NightRequest(run=run, out=out, export=export, report=not no_report, excel=excel))
    if as_json:
        click.echo(json_text(done.totals))
    else:
        for line in summary(done, out=out, show_names=show_names):
            click.echo(line)
    raise SystemExit(UNUSABLE if done.unread else FOUND if done.found else FINE)


@click.command()
@LEDGER
@OUT
@click.option(
    "--run", "run_id", type=click.IntRange(1), help="Number of the run; the last night by default. 処理番号"
)
@click.option("--as-of", type=day, help="Another day for interest and ages. 基準日")
@click.option("--site", type=FILE, help="Site file of the municipality (TOML). 団体設定")
@click.option("--policy", default="default", show_default=True, help="Policy, a name or a TOML file. 方針")
@click.option(
    "--postings-mapping",
    type=FILE,
    help="Own columns for one more file of postings (TOML). 消込結果の書き出し設定",
)
@EXCEL
def report(
    place: str,
    out: Path,
    run_id: int | None,
    as_of: date | None,
    site: Path | None,
    policy: str,
    postings_mapping: Path | None,
    excel: bool,
) -> None:
    """Write the files of a night once more from the ledger: nothing is recorded.

    台帳から、処理の出力ファイルをもう一度書き出します。台帳は変わりません。
    """
    from elqr.settings import name_or_path
    from elqr.site import load_site
    from reconcile.export import load_export
    from reconcile.nightly import write_again
    from reconcile.policy import load_policy

    written = write_again(
        place,
        out,
        policy=load_policy(name_or_path(policy)),
        as_of=as_of,
        run_id=run_id,
        export=load_export(postings_mapping) if postings_mapping else None,
        site=load_site(site) if site else None,
        excel=excel,
    )
    click.echo(f"→ {out}: {', '.join(written)}")


@click.command()
@click.argument("key")
@LEDGER
@click.option(
    "--as-of",
    type=day,
    help="The day for overdue and barred; the last run's by default. 基準日",
)
@click.option("--policy", default="default", show_default=True, help="Policy, a name or a TOML file. 方針")
@JSON
@NAMES
@click.option(
    "--kind",
    type=click.Choice(["line", "slip", "receipt", "transaction"]),
    help="What KEY is, where it may be several things. KEYの種類",
)
def explain(
    key: str,
    place: str,
    as_of: date | None,
    policy: str,
    as_json: bool,
    show_names: bool,
    kind: str | None,
) -> None:
    """Why a receipt, slip or line stands as it does: what arrived, which rule, what was posted, what was taken back.

    収納・納付書・調定の経緯を、届いた順に、適用した規則とともに示します。KEYは収納ID、収納データの取引番号、案件特定キー、調定番号です。
    """
    from elqr.settings import name_or_path
    from reconcile.explain import explained
    from reconcile.policy import load_policy
    from reconcile.story import told

    story = explained(place, key, policy=load_policy(name_or_path(policy)), as_of=as_of, kind=kind)
    document: dict[str, Any] = story.document(show_names=show_names)
    if as_json:
        click.echo(json_text(document))
    else:
        for line in told(document):
            click.echo(line)


COMMANDS = (ledger, reconcile, reconcile_all, report, explain)
