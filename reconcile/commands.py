"""The commands of the ledger, for the shell: click declarations and one library call each.

In: arguments. Out: words or JSON, exit code 0 or 1. Loaded by the shell only when one of them is asked for.
Refuses by ProblemError, which the shell turns into words and an exit code.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from elqr.option_values import given, refuse_only_with
from elqr.terminal import json_text

PLACE = click.argument("place", metavar="LEDGER")
JSON = click.option("--json", "as_json", is_flag=True, help="Machine-readable output. 機械可読")
FILE = click.Path(dir_okay=False, path_type=Path)
EXCEL = click.option(
    "--excel", is_flag=True, help="Each list once more for Excel: NAME.excel.csv. 一覧をExcel用にも出力"
)


@click.group()
def ledger() -> None:
    """The ledger of what was paid (init, check, backup, restore, migrate, info).

    収納台帳の作成・検査・控え・復元・移行・状態。
    """


@ledger.command()
@PLACE
def init(place: str) -> None:
    """Make an empty ledger: a path, or a postgresql:// URL.

    空の台帳を作ります(ファイルの場所、または postgresql:// のURL)。
    """
    from elqr.problems import Problem, ProblemError
    from reconcile.ledger import is_there, open_ledger
    from reconcile.store import shown

    if is_there(place):
        raise ProblemError(Problem("ledger.exists", params={"found": shown(place)}))
    with open_ledger(place, writer=True, create=True) as ledger:
        click.echo(ledger.store.place)


@ledger.command()
@PLACE
@click.option(
    "--deep", is_flag=True, help="Also decide everything anew and compare. 全件を判定し直して比べる"
)
@click.option("--policy", default="default", show_default=True, help="Policy for --deep. 方針")
@JSON
def check(place: str, deep: bool, policy: str, as_json: bool) -> None:
    """Read the whole ledger and say what is not as it was written; exit 1 where anything is found.

    台帳全体を読み、書き込んだときと異なるところを示します。
    """
    from elqr.settings import name_or_path
    from reconcile.ledger_info import checked

    if not deep:
        refuse_only_with(given(click.get_current_context()), {"--policy"}, expected="--deep")
    problems = checked(place, policy=name_or_path(policy) if deep else None)
    if as_json:
        rows = [{"code": p.code, "ja": p.text("ja"), "en": p.text("en")} for p in problems]
        click.echo(json_text({"problems": rows}))
    else:
        for problem in problems:
            click.echo(str(problem))
        if not problems:
            click.echo("異常はありません。 / Everything is as it was written.")
    raise SystemExit(1 if problems else 0)


@ledger.command()
@PLACE
@click.argument("target", type=FILE)
def backup(place: str, target: Path) -> None:
    """Copy the ledger to the file TARGET and check the copy. A backup is a ledger itself.

    台帳の控えを作り、検査します。
    """
    from reconcile.backup import backup as copy

    copy(place, target)
    click.echo(str(target))


@ledger.command()
@click.argument("source", type=FILE, metavar="BACKUP")
@PLACE
def restore(source: Path, place: str) -> None:
    """Put a backup where no ledger is: a path, or a postgresql:// URL.

    控えから台帳を戻します(台帳のない場所に限ります)。
    """
    from reconcile.backup import restore as put
    from reconcile.store import shown

    put(source, place)
    click.echo(shown(place))


@ledger.command()
@PLACE
@click.option("--dry-run", is_flag=True, help="Say what would be done. 確認のみ")
def migrate(place: str, dry_run: bool) -> None:
    """Bring the ledger to this program's version; make a backup first.

    台帳をこのプログラムの版に上げます。先に控えを作ってください。
    """
    from reconcile.ledger_info import migrated

    for step in migrated(place, dry_run=dry_run):
        click.echo(f"{step.version} {step.name}")


@ledger.command()
@PLACE
@JSON
def info(place: str, as_json: bool) -> None:
    """What the ledger holds: version, runs, totals, digests.

    台帳の版、処理回数、合計、要約値を表示します。
    """
    from reconcile.ledger_info import described

    said: dict[str, Any] = described(place)
    if as_json:
        click.echo(json_text(said))
        return
    for name, value in said.items():
        click.echo(f"{name}: {json_text(value, indent=None) if isinstance(value, dict) else value}")
