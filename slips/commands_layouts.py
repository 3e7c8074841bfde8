"""The commands of the forms, for the shell: `elqr layouts …`. Declarations and one library call each.

In: arguments. Out: words, JSON, SARIF or pictures, exit code 0 or 1. Heavy imports stay inside, so that the shell answers at once.
Refuses by ProblemError, which the shell turns into words and an exit code.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import click

from elqr.option_values import day, given, refuse_not_with, refuse_only_with
from elqr.shell import today
from elqr.terminal import json_text

FINE, FOUND = 0, 1
FILE = click.Path(dir_okay=False, path_type=Path)
JSON = click.option("--json", "as_json", is_flag=True, help="Machine-readable output. 機械可読")


def _show(text: str, document: dict[str, Any] | None) -> None:
    """Words, or the document as JSON where there is one."""
    click.echo(text if document is None else json_text(document))


class ListByDefault(click.Group):
    """A group that lists where no command is named: options in its place are those of `list`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or (args[0].startswith("-") and args[0] not in ctx.help_option_names):
            args = ["list", *args]
        return super().parse_args(ctx, args)


@click.group(cls=ListByDefault)
def layouts() -> None:
    """The forms (list, check, preview, read, studio); without a command, the list.

    様式の一覧・検査・見本・読み上げ・編集画面。
    """


@layouts.command("list")
@JSON
def list_layouts(as_json: bool) -> None:
    """The forms that come with elqr.

    付属の様式の一覧。
    """
    from slips.catalogue import forms, listed

    _show(listed(forms()), {"layouts": forms()} if as_json else None)


@layouts.command("check")
@click.argument("layout")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "sarif"]),
    default="text",
    show_default=True,
    help="Words, or a document for programs. 出力形式",
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for a picture of each finding. 指摘箇所の画像の出力先",
)
@click.option(
    "--strict", is_flag=True, help="Warnings that nobody has explained end with 1 too. 注意も不合格"
)
@JSON
def check_layout(layout: str, form: str, out: Path | None, strict: bool, as_json: bool) -> None:
    """Judge a form, by name or TOML file, by every rule of layouts/lint: letters, contrast, codes, figures, order, languages.

    様式を、文字・明暗・コード・数字・読み上げ順・言語のすべての規則で検査します。
    """
    from elqr.problems import Severity
    from slips.lint.check import check_form
    from slips.lint.report import document, sarif, text

    words = given(click.get_current_context())
    if as_json and form != "json":
        refuse_not_with(words, {"--format"}, expected="--json")
    judged = check_form(layout, out=out)
    if as_json or form == "json":
        _show("", document(judged))
    elif form == "sarif":
        _show("", sarif(judged))
    else:
        click.echo(text(judged))
    warned = any(f.rule.severity is Severity.WARNING and not f.why for f in judged.findings)
    raise SystemExit(FOUND if judged.count(Severity.ERROR) or (strict and warned) else FINE)


VISION = click.option(
    "--colour-vision",
    type=click.Choice(["protan", "deutan", "tritan", "achroma"]),
    help="As this kind of colour vision sees it (PNG). 色覚の再現",
)
ROW = "FILE:LINE of a slips file, the header is line 1; samples where left out. 納付書ファイルと行番号"


@layouts.command("preview")
@click.argument("layout")
@click.option("--out", type=FILE, required=True, help="PDF or PNG to write. 出力するPDFまたはPNG")
@click.option("--row", help=ROW)
@click.option(
    "--sample",
    type=click.Choice(["usual", "longest", "full_year", "plain"]),
    default="usual",
    show_default=True,
    help="Which sample a PNG shows; a PDF has all four. 見本の種類",
)
@click.option("--lang", help="Language of the slips; the row's own, or ja. 納付書の言語")
@click.option("--site", type=FILE, help="Site file of the municipality (TOML). 団体設定")
@click.option("--profile", default="tax", show_default=True, help="Payload profile of --row. 符号の規則")
@click.option(
    "--issue-date",
    type=day,
    help="Date of issue for --row, YYYY-MM-DD; today by default. 発行日",
)
@click.option("--dpi", type=click.IntRange(50, 1200), default=150, show_default=True, help="Of a PNG. 解像度")
@click.option(
    "--low-vision", is_flag=True, help="As a person with low vision sees it (PNG). ロービジョンの再現"
)
@VISION
def preview_layout(layout: str, out: Path, issue_date: date | None, **options: Any) -> None:
    """Slips on a form, marked 見本: samples (usual, longest values, whole year, without a barcode), or one row of a file.

    様式に見本の値、または納付書ファイルの1行を印刷します(見本・使用不可)。
    """
    from slips.show import ShowRequest, show

    words = given(click.get_current_context())
    _refuse_idle_without_row(words)
    if "--row" in words:
        refuse_not_with(words, {"--sample"}, expected="--row")
    if out.suffix.lower() == ".pdf":
        refuse_not_with(words, {"--sample", "--dpi"}, expected=f"--out {out.name}")
    request = ShowRequest(layout=layout, issue_date=_day(issue_date), **options)
    for problem in show(request, out):
        click.echo(str(problem), err=True)


@layouts.command("read")
@click.argument("layout")
@click.option("--row", help=ROW)
@click.option("--lang", help="Language of the slip; the row's own, or ja. 納付書の言語")
@click.option("--site", type=FILE, help="Site file of the municipality (TOML). 団体設定")
@click.option("--profile", default="tax", show_default=True, help="Payload profile of --row. 符号の規則")
@click.option(
    "--issue-date",
    type=day,
    help="Date of issue for --row, YYYY-MM-DD; today by default. 発行日",
)
def read_layout(layout: str, issue_date: date | None, **options: Any) -> None:
    """What a screen reader says of a slip, in order, from the structure of the finished PDF.

    できあがったPDFを画面読み上げソフトが読む順に、文字で示します。
    """
    from slips.show import ShowRequest, read_aloud

    _refuse_idle_without_row(given(click.get_current_context()))
    for line in read_aloud(ShowRequest(layout=layout, issue_date=_day(issue_date), **options)):
        click.echo(line)


@layouts.command("studio")
@click.argument("layout")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8733,
    show_default=True,
    help="0 takes a free one. ポート番号",
)
def studio_layout(layout: str, port: int) -> None:
    """Show a form in the browser of this machine while it is written: picture, boxes, findings, reading order. Ctrl-C ends it.

    様式を編集しながら、できあがり・欄・指摘・読み上げ順をこの端末のブラウザで確かめます(外部には公開しません)。
    """
    from slips.studio import serve

    serve(layout, port=port, tell=lambda address: click.echo(f"{address}  (Ctrl-C: 終了 / stop)"))


def _refuse_idle_without_row(words: list[str]) -> None:
    """Samples have their own payload and days. Raises ProblemError."""
    if "--row" not in words:
        refuse_only_with(words, {"--profile", "--issue-date"}, expected="--row")


def _day(asked: date | None) -> date:
    """The day asked for, or the office's own."""
    return asked or today()


COMMANDS = (layouts,)
