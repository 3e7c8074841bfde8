"""The shell: click declarations, one library call each, exit codes (0 fine, 1 problems found, 2 unusable, 3
conflict).

Heavy imports stay inside the commands, so that `elqr --help` answers at once.
"""

from __future__ import annotations

import os

# numpy's linear algebra, of which nothing here asks much, starts no threads of its own: they would wait busily beside a short night.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from elqr import __version__
from elqr.collector import look_seldom
from elqr.option_values import as_told, day, is_utf8, refuse_other_bytes
from elqr.option_values import encoding as encoding_of
from elqr.shell import codes_of, today
from elqr.terminal import json_text, write_anything
from reconcile.commands_payees import COMMANDS as NIGHT
from slips.commands_layouts import COMMANDS as FORMS
from slips.commands_layouts import ListByDefault, layouts
from slips.commands_pack import COMMANDS as PACK
from slips.commands_pack import LAYOUT_COMMANDS
from slips.commands_verify import COMMANDS as PROOFS
from slips.commands_verify import calibration_page

if TYPE_CHECKING:
    from elqr.description import Description
    from elqr.problems import ProblemError

FINE, FOUND, UNUSABLE, CONFLICT = 0, 1, 2, 3
CONFLICTS = frozenset({"job.folder_in_use", "job.input_changed", "job.totals_differ"}) | frozenset(
    {"ledger.conflict", "ledger.slip_conflict", "ledger.drift", "ledger.in_use", "engine.interrupted"}
)
"""Problems after which something was not committed because something else happened at the same time."""


class _Shell(click.Group):
    """The command itself: what the library refuses ends in words and a code, in every command."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        write_anything()
        look_seldom()
        if not all(map(is_utf8, args)):
            with _refusals():
                refuse_other_bytes(args)
        with _refusals():
            return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        with _refusals():
            return super().invoke(ctx)


@click.group(cls=_Shell, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="elqr")
def main() -> None:
    """Payment slips with the unified local-tax QR code (eL-QR): print, verify, reconcile.

    地方税統一QRコード(eL-QR)付き納付書の印刷・検証・消込。
    """


FILE = click.Path(dir_okay=False, path_type=Path)


@main.command("print")
@click.argument("slips", type=FILE)
@click.option("--layout", required=True, help="Form: a name of `elqr layouts`, or a TOML file. 様式")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="Folder for the results. 出力先",
)
@click.option("--site", type=FILE, help="Site file of the municipality (TOML). 団体設定")
@click.option(
    "--profile", default="tax", show_default=True, help="Payload profile, a name or a TOML file. 符号の規則"
)
@click.option(
    "--issue-date",
    type=day,
    help="Date of issue, YYYY-MM-DD or 和暦; today by default. 発行日",
)
@click.option("--mapping", type=FILE, help="The site's own headings (TOML). 見出しの対応表")
@click.option(
    "--encoding",
    type=encoding_of,
    help="Encoding of the input where it is not to be guessed: utf-8, cp932. 文字コード",
)
@click.option("--jobs", type=click.IntRange(1), default=1, show_default=True, help="Processes. 並列数")
@click.option(
    "--slips-per-file",
    type=click.IntRange(1),
    default=5000,
    show_default=True,
    help="Slips in one PDF; a payer's slips are never divided. 1ファイルの枚数",
)
@click.option("--release", is_flag=True, help="The real run: refused where any slip would be a TEST. 本番")
@click.option("--overwrite", is_flag=True, help="Replace another job's results in the folder. 置き換え")
@click.option(
    "--skip-read-back",
    is_flag=True,
    help="Do not read the printed codes back (measurements only). 読み戻し省略",
)
@click.option("--json", "as_json", is_flag=True, help="Print job.json instead of words. 機械可読")
@click.option("--show-names", is_flag=True, help="Do not mask names in the terminal. 氏名を表示")
def print_command(
    slips: Path,
    layout: str,
    out: Path,
    issue_date: date | None,
    skip_read_back: bool,
    as_json: bool,
    show_names: bool,
    **options: Any,
) -> None:
    """Check a slips file, print it to PDF and read every printed code back.

    納付書ファイルを検査し、PDFに印刷し、印刷した符号をすべて読み戻します。
    """
    import sys

    from slips.job import print_slips
    from slips.jobfile import to_bytes
    from slips.press import PaperPrepress
    from slips.progress import telling
    from slips.request import PrintRequest
    from slips.summary import summary

    request = PrintRequest(
        slips=slips,
        out=out,
        layout=layout,
        issue_date=issue_date or today(),
        read_back=not skip_read_back,
        **options,
    )
    with telling(sys.stderr) as listener:
        report = print_slips(request, prepress=PaperPrepress, listener=listener)
    if as_json:
        click.echo(to_bytes(report.job).decode(), nl=False)
    else:
        for line in summary(report, show_names=show_names):
            click.echo(line)
    raise SystemExit(FINE if report.clean else FOUND)


LANG = click.option(
    "--lang",
    type=click.Choice(["ja", "en", "both"]),
    default="both",
    show_default=True,
    help="Language of the words. 言語",
)
JSON = click.option("--json", "as_json", is_flag=True, help="Machine-readable output. 機械可読")


@main.command()
@click.option("--slip-key", required=True, help="案件特定キー, up to 20 digits")
@click.option("--confirm-no", required=True, help="確認番号, 6 digits")
@click.option("--tax-item", required=True, help="税目・料金番号, 3 digits")
@click.option("--amount", required=True, help="Whole yen. 金額")
@click.option("--body-code", required=True, help="団体コード, 6 digits with check digit")
@click.option("--levy-year", required=True, help="賦課年度, 4 digits")
@click.option("--tax-year", required=True, help="課税年度, 4 digits")
@click.option("--period", required=True, help="期別, 2 digits; 00 is the whole year. 全期は00")
@click.option("--due-date", required=True, help="納期限: 2026-06-30, 20260630, R8.6.30, 令和8年6月30日")
@click.option("--payable-until", required=True, help="取扱期限, written like the due date")
@click.option(
    "--profile", default="tax", show_default=True, help="Profile, a name or a TOML file. 符号の規則"
)
@JSON
def encode(profile: str, as_json: bool, **values: str) -> None:
    """One eL-QR payload by the rules of a profile; a TEST unless every rule is confirmed.

    1件分のeL-QR(255桁)を作ります。未確認の規則があるうちは試験用です。
    """
    from elqr.codes import compose_one
    from elqr.profiles import load_profile

    made = compose_one(values, load_profile(profile))
    _show(made.payload, made.document() if as_json else None)
    for line in made.warnings():
        click.echo(line, err=True)
    raise SystemExit(FOUND if made.problems else FINE)


@main.command()
@click.argument("code")
@LANG
@JSON
def decode(code: str, lang: str, as_json: bool) -> None:
    """The values of one CODE: eL-QR (255 digits), barcode (44) or body code (6 or 5). - reads a code a line
    from stdin.

    符号(eL-QR、コンビニバーコード、団体コード)の値を表示します。
    """
    from elqr.describe_code import describe_code

    raise SystemExit(
        _each(code, describe_code, lambda one: (one.brief(lang), one.values() if as_json else None))
    )


@main.command()
@click.argument("what", metavar="FILE|CODE")
@click.option("--site", type=FILE, help="Site file: names of tax items, own headings. 団体設定")
@LANG
@JSON
@click.option(
    "--show-names", is_flag=True, help="Do not mask names, addresses and numbers of people. 氏名を表示"
)
def describe(what: str, lang: str, as_json: bool, show_names: bool, site: Path | None) -> None:
    """A code or a file in words: slips, manifest, problems, job.json, profile, form. - reads a code a line
    from stdin.

    符号またはファイルの内容を、項目ごとに言葉で説明します。
    """
    from elqr.codes import describe as in_words
    from elqr.site import load_site

    office = load_site(site) if site else None
    looked_at = partial(in_words, show_names=show_names, site=office)
    raise SystemExit(
        _each(what, looked_at, lambda one: (one.text(lang), one.document() if as_json else None))
    )


@main.group(cls=ListByDefault)
def profiles() -> None:
    """The rules of the payload (list, show, check); without a command, the list.

    eL-QRの作り方の規則(プロファイル)の一覧・内容・検査。
    """


@profiles.command("list")
@LANG
@JSON
def show_profiles(lang: str, as_json: bool) -> None:
    """The profiles that come with elqr.

    付属のプロファイルの一覧。
    """
    from elqr.describe_profile import list_profiles

    described = list_profiles()
    _show(described.text(lang), described.document() if as_json else None)


@profiles.command("show")
@click.argument("name")
@LANG
@JSON
def show_profile(name: str, lang: str, as_json: bool) -> None:
    """Every rule of profile NAME (or of a TOML file) with its status and source.

    規則を、確からしさ(status)と出典とともに表示します。
    """
    from elqr.describe_profile import describe_profile
    from elqr.profiles import load_profile

    described = describe_profile(load_profile(name))
    _show(described.text(lang), described.document() if as_json else None)


@profiles.command("check")
@click.argument("name")
@LANG
@JSON
def check_profile(name: str, lang: str, as_json: bool) -> None:
    """Judge profile NAME (or a TOML file): exit 1 and every fault, or 0 and the rules that are still
    unconfirmed.

    プロファイルを検査し、誤りと、まだ確認されていない規則を示します。
    """
    from elqr.describe_profile import judge_profile

    described = judge_profile(name)
    _show(described.text(lang), described.document() if as_json else None)
    raise SystemExit(FOUND if described.problems else FINE)


Shown = Callable[["Description"], tuple[str, dict[str, Any] | None]]


def _each(argument: str, describe: Callable[[str], Description], shown: Shown) -> int:
    """Describe and show the argument, or each line of stdin; the exit code. A line that is no code is told, and the next one read."""
    from elqr.problems import ProblemError

    ends = set()
    for one in codes_of(argument):
        try:
            described = describe(one)
        except ProblemError as error:
            if argument != "-":
                raise
            _tell(error)
            ends.add(UNUSABLE)
        else:
            _show(*shown(described), one_line=argument == "-")
            ends.add(FOUND if described.problems else FINE)
    return FOUND if len(ends) > 1 else max(ends, default=FINE)


def _show(text: str, document: dict[str, Any] | None, *, one_line: bool = False) -> None:
    """Words, or the document as JSON where there is one."""

    indent = None if one_line else 2
    click.echo(text if document is None else json_text(document, indent=indent))


for _command in (*FORMS, *PACK, *PROOFS, *NIGHT):
    main.add_command(_command)
for _command in (*LAYOUT_COMMANDS, calibration_page):
    layouts.add_command(_command)


@contextmanager
def _refusals() -> Iterator[None]:
    """Say why nothing was done, in both languages, and end with the code for it: never with 1, which means done."""
    try:
        yield
    except KeyboardInterrupt as stop:
        click.echo("中断しました。結果は出力していません。 / Interrupted: nothing was delivered.", err=True)
        for note in getattr(stop, "__notes__", ()):  # what has been recorded all the same
            click.echo(note, err=True)
        raise SystemExit(CONFLICT) from None
    except click.UsageError as error:
        raise _in_japanese_too(error) from None
    except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
        raise
    except Exception as error:
        import traceback

        from elqr.problems import ProblemError  # not before: Ctrl-C while this loads is answered above

        error = as_told(error)
        if isinstance(error, ProblemError):
            _tell(error)
            codes = {problem.code for problem in error.problems}
            raise SystemExit(CONFLICT if codes & CONFLICTS else UNUSABLE) from None
        click.echo(traceback.format_exc(), err=True)
        click.echo(
            "elqrの内部エラーです。結果は出力していません。 / An error inside elqr: nothing was delivered.",
            err=True,
        )
        raise SystemExit(UNUSABLE) from None


def _in_japanese_too(error: click.UsageError) -> click.UsageError:
    """click speaks English: the same in Japanese under it, where the sentence is not ours."""
    said = error.format_message()
    if type(error) is click.UsageError and not said.isascii():
        return error
    name = (
        error.param.get_error_hint(error.ctx) if isinstance(error, click.BadParameter) and error.param else ""
    )
    match error:
        case click.MissingParameter():
            ja = f"{name} を指定してください。"
        case click.BadParameter() if "is a directory" in said:
            ja = f"{name} にはフォルダーではなくファイルを指定してください。"
        case click.BadParameter() if "is a file" in said:
            ja = f"{name} にはファイルではなくフォルダーを指定してください。"
        case click.BadParameter() if "is not readable" in said:
            ja = f"{name} を読む権限がありません。"
        case click.BadParameter():
            ja = f"{name} の値が正しくありません。"
        case click.NoSuchOption():
            ja = f"{error.option_name} というオプションはありません。"
        case click.BadOptionUsage():
            ja = f"{error.option_name} の書き方が正しくありません。"
        case _:
            ja = "コマンドの使い方が正しくありません。"
    return click.UsageError(f"{said}\n{ja}--help で使い方を表示します。", ctx=error.ctx)


def _tell(error: ProblemError) -> None:
    for problem in error.problems:
        click.echo(str(problem), err=True)


if __name__ == "__main__":
    main()
