"""The commands of the forms, for the shell: `elqr layouts …`. Declarations and one library call each.

In: arguments. Out: words, JSON, SARIF or pictures, exit code 0 or 1. Heavy imports stay inside, so that the shell answers at once.
Refuses by ProblemError, which the shell turns into words and an exit code.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

FINE, FOUND = 0, 1
FILE = click.Path(dir_okay=False, path_type=Path)
JSON = click.option("--json", "as_json", is_flag=True, help="Machine-readable output. 機械可読")


def _show(text: str, document: dict[str, Any] | None) -> None:
    """Words, or the document as JSON where there is one."""
    click.echo(text if document is None else json.dumps(document, ensure_ascii=False, indent=2))


@click.group(invoke_without_command=True)
@click.pass_context
def layouts(context: click.Context) -> None:
    """The forms (list, check, preview); without a command, the list.

    様式の一覧・検査・見本。
    """
    if context.invoked_subcommand is None:
        context.invoke(list_layouts)


@layouts.command("list")
@JSON
def list_layouts(as_json: bool = False) -> None:
    """The forms that come with elqr.

    付属の様式の一覧。
    """
    from slips.catalogue import forms, listed

    _show(listed(forms()), {"layouts": forms()} if as_json else None)


@layouts.command("check")
@click.argument("layout")
@JSON
def check_layout(layout: str, as_json: bool) -> None:
    """Judge a form, by name or TOML file: distances, codes, completeness, words in every language.

    様式の寸法・コードの余白・必要事項・文言を検査します。
    """
    from slips.catalogue import faults_of, judged, judgement

    faults = faults_of(layout)
    _show(judged(layout, faults), judgement(layout, faults) if as_json else None)
    raise SystemExit(FOUND if faults else FINE)


@layouts.command("preview")
@click.argument("layout")
@click.option("--out", type=FILE, required=True, help="PDF to write. 出力するPDF")
@click.option("--lang", default="ja", show_default=True, help="Language of the slips. 納付書の言語")
@click.option("--site", type=FILE, help="Site file of the municipality (TOML). 自治体設定")
def preview_layout(layout: str, out: Path, lang: str, site: Path | None) -> None:
    """Sample slips on a form, marked 見本: a usual one, the longest values, one without a barcode.

    様式に見本の値を印刷します(見本・使用不可)。
    """
    from slips.preview import write_preview

    problems = write_preview(layout, out=out, lang=lang, site=site)
    for problem in problems:
        click.echo(str(problem), err=True)


COMMANDS = (layouts,)
