"""The commands of refunds, for the shell: `elqr refunds propose | interest | approve | …`. One library call each.

In: arguments. Out: words or JSON, exit code 0 or 1. The clock is asked here, for the audit log alone; the day of a decision is always given.
Refuses by ProblemError, which the shell turns into words and an exit code.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from elqr.option_values import day, refuse_not_with
from elqr.shell import login, moment
from elqr.terminal import json_text
from reconcile.commands import JSON
from reconcile.commands_night import LEDGER, NAMES, OUT

if TYPE_CHECKING:
    from elqr.problems import Problem
    from reconcile.refund_record import Act
    from reconcile.refund_states import Refund

FINE, FOUND = 0, 1
IDS = click.argument("refund_ids", metavar="REFUND...", nargs=-1, required=True)


def acting(command: Callable[..., None]) -> Callable[..., None]:
    """The options that say who does something, when, and under which rules."""
    options = (
        LEDGER,
        click.option("--as", "who", help="Who does this; the login name by default. 操作する人"),
        click.option(
            "--as-of",
            type=day,
            required=True,
            help="The day of this step, YYYY-MM-DD. 起案日・決定日・処理日",
        ),
        click.option(
            "--rules",
            default="default",
            show_default=True,
            help="Limits, people, consignor: a name or a TOML file. 決裁区分",
        ),
        click.option(
            "--policy", default="default", show_default=True, help="Policy, a name or a TOML file. 方針"
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def act_of(place: str, who: str | None, as_of: date, rules: str, policy: str) -> Act:
    """The options of `acting` as the library takes them."""
    from elqr.settings import name_or_path
    from reconcile.policy import load_policy
    from reconcile.refund_policy import load_refund_policy
    from reconcile.refund_record import Act

    account = login()
    return Act(
        ledger=place,
        who=account if who is None else who,
        login=account,
        at=moment(),
        on=as_of,
        policy=load_policy(name_or_path(policy)),
        rules=load_refund_policy(name_or_path(rules)),
    )


def refuse_empty(reason: str) -> None:
    """A step that is kept with its reason is not taken without one."""
    if not reason.strip():
        raise click.UsageError("--reason is empty. --reason に理由を入れてください。")


@click.group()
def refunds() -> None:
    """Refunds with four eyes (propose, interest, approve, reject, export, returned, notices, list, show).

    過誤納の還付・充当。起案・承認・振込データ作成は別の人が行います。
    """


@refunds.command()
@click.argument("only", metavar="[RECEIPT|PAYER]...", nargs=-1)
@acting
@JSON
@NAMES
def propose(only: tuple[str, ...], as_json: bool, show_names: bool, **who: Any) -> None:
    """Propose a refund for every open overpayment, or for those of some receipts or payers.

    未処理の過誤納について、充当・還付を起案します。
    """
    from reconcile.refunds import propose as propose_refunds

    done = propose_refunds(act_of(**who), only=only)
    _tell(done.refunds, done.problems, as_json=as_json, show_names=show_names)


@refunds.command()
@IDS
@click.option(
    "--from", "first", type=day, required=True, help="The first day that bears interest. 加算金起算日"
)
@click.option(
    "--reason", required=True, help="Why: the notice of the income tax, a 更正の請求, with its day. 理由"
)
@acting
@JSON
@NAMES
def interest(
    refund_ids: tuple[str, ...], first: date, reason: str, as_json: bool, show_names: bool, **who: Any
) -> None:
    """Say from which day 過納 bears interest, where the law starts it later than the payment; before anybody agrees.

    所得税の更正や更正の請求による減額など、納付の日の翌日より後になる還付加算金の起算日を記録します。
    """
    refuse_empty(reason)
    from reconcile.refund_starts import set_start

    done = set_start(act_of(**who), refund_ids, day=first, reason=reason)
    _tell(done.refunds, done.problems, as_json=as_json, show_names=show_names)


@refunds.command()
@IDS
@acting
@JSON
@NAMES
def approve(refund_ids: tuple[str, ...], as_json: bool, show_names: bool, **who: Any) -> None:
    """Agree to refunds; the last approval that the limits ask for decides, and freezes the interest to that day.

    承認します。必要な承認がそろった日が支払決定日となり、還付加算金が確定します。
    """
    from reconcile.refunds import approve as approve_refunds

    done = approve_refunds(act_of(**who), refund_ids)
    _tell(done.refunds, done.problems, as_json=as_json, show_names=show_names)


@refunds.command()
@IDS
@click.option("--reason", required=True, help="Why. 理由")
@acting
@JSON
@NAMES
def reject(refund_ids: tuple[str, ...], reason: str, as_json: bool, show_names: bool, **who: Any) -> None:
    """Send refunds back; the overpayment is open again. Not after the transfer file.

    差し戻します。過誤納は未処理に戻ります。
    """
    refuse_empty(reason)
    from reconcile.refunds import reject as reject_refunds

    done = reject_refunds(act_of(**who), refund_ids, reason=reason)
    _tell(done.refunds, done.problems, as_json=as_json, show_names=show_names)


@refunds.command()
@click.argument("refund_ids", metavar="[REFUND]...", nargs=-1)
@click.option("--transfer-on", type=day, help="Day of the transfer, a bank business day. 振込指定日")
@click.option(
    "--batch", type=click.IntRange(1), help="Write this transfer file once more; nothing else. 再作成する号"
)
@OUT
@acting
@JSON
def export(
    refund_ids: tuple[str, ...],
    transfer_on: date | None,
    batch: int | None,
    out: Path,
    as_json: bool,
    place: str,
    **who: Any,
) -> None:
    """Order the transfers of decided refunds: a 総合振込 file, each refund in one file only.

    決定済みの還付の振込データ（全銀 総合振込）を作ります。同じ還付が二度出ることはありません。
    """
    from reconcile.refund_export import export as export_refunds
    from reconcile.refund_export import export_again

    if (transfer_on is None) is (batch is None):
        raise click.UsageError(
            "give --transfer-on, or --batch. --transfer-on(振込指定日)か --batch(再作成する号)の一方を指定してください。"
        )
    if batch is not None:
        refuse_not_with(["REFUND"] if refund_ids else [], ["REFUND"], expected="--batch")
        done = export_again(place, batch, out=out)
    elif transfer_on is not None:
        done = export_refunds(act_of(place, **who), transfer_on=transfer_on, out=out, only=refund_ids)
    if as_json:
        document = {
            **{n: getattr(done, n) for n in ("batch", "again", "count", "yen", "sha256")},
            "transfer_on": done.transfer_on.isoformat() if done.transfer_on else None,
            "files": done.files,
            "problems": documents(done.problems),
        }
        click.echo(json_text(document))
    else:
        if done.batch is None:
            click.echo("振込データに入れる還付はありません。 / There is nothing to transfer.")
        else:
            again = (
                "(再作成。銀行へ重ねて送らないこと / written again: do not send it twice)"
                if done.again
                else ""
            )
            click.echo(
                f"振込データ {done.batch:05} {done.transfer_on}: {done.count:,}件 {done.yen:,}円{again}"
            )
            click.echo(f"  SHA-256 {done.sha256}")
            click.echo(f"→ {out}: {', '.join(done.files)}")
        warn(done.problems)
    raise SystemExit(code(done.problems))


@refunds.command()
@IDS
@click.option("--reason", required=True, help="Why, as the bank says it. 理由")
@click.option(
    "--same-account",
    is_flag=True,
    help="The account was right: it may be used again as it is. 口座に誤りなし",
)
@acting
@JSON
@NAMES
def returned(
    refund_ids: tuple[str, ...],
    reason: str,
    same_account: bool,
    as_json: bool,
    show_names: bool,
    **who: Any,
) -> None:
    """Record that the bank sent transfers back; these refunds can be ordered again, by another person.

    組戻し・振込不能で戻った還付を記録します。再振込の振込データは別の人が作ります。
    """
    refuse_empty(reason)
    from reconcile.refund_returns import take_returned

    done = take_returned(act_of(**who), refund_ids, reason=reason, same_account=same_account)
    _tell(done.refunds, done.problems, as_json=as_json, show_names=show_names)


@refunds.command("list")
@LEDGER
@click.option(
    "--state",
    type=click.Choice(["proposed", "approved", "exported", "rejected", "offset"]),
    help="Only those in this state. 状態",
)
@JSON
@NAMES
def list_refunds(place: str, state: str | None, as_json: bool, show_names: bool) -> None:
    """All refunds and their states, with sums.

    還付の一覧と状態。
    """
    from reconcile.ledger import open_ledger
    from reconcile.refund_states import refunds_of
    from reconcile.refund_words import document, line, state_of, summed

    with open_ledger(place) as ledger:
        found = [r for r in refunds_of(ledger) if state is None or state_of(r) == state]
    if as_json:
        rows = [document(r, show_names=show_names) for r in found]
        click.echo(json_text({"refunds": rows}))
        return
    for refund in found:
        click.echo(line(refund, show_names=show_names))
    for text in summed(found):
        click.echo(text)


@refunds.command()
@click.argument("refund_id", metavar="REFUND")
@LEDGER
@JSON
@NAMES
def show(refund_id: str, place: str, as_json: bool, show_names: bool) -> None:
    """One refund from its proposal on: figures, people, days.

    還付1件の経緯。
    """
    from elqr.problems import Problem, ProblemError
    from reconcile.ledger import open_ledger
    from reconcile.refund_states import refunds_of
    from reconcile.refund_words import document, story

    with open_ledger(place) as ledger:
        found = refunds_of(ledger, [refund_id])
    if not found:
        raise ProblemError(Problem("refund.unknown", params={"found": refund_id}))
    if as_json:
        click.echo(json_text(document(found[0], show_names=show_names)))
        return
    for text in story(found[0], show_names=show_names):
        click.echo(text)


def _tell(found: Sequence[Refund], problems: Sequence[Problem], *, as_json: bool, show_names: bool) -> None:
    """Refunds that something was done to, and what was refused; then the exit code."""
    from reconcile.refund_words import document, line, summed

    if as_json:
        rows = [document(r, show_names=show_names) for r in found]
        click.echo(json_text({"refunds": rows, "problems": documents(problems)}))
    else:
        for refund in found:
            click.echo(line(refund, show_names=show_names))
        for text in summed(found):
            click.echo(text)
        if not found:
            click.echo("該当する過誤納はありません。 / There is nothing to do.")
        warn(problems)
    raise SystemExit(code(problems))


def warn(problems: Sequence[Problem]) -> None:
    """Problems on the error stream."""
    for problem in problems:
        click.echo(str(problem), err=True)


def documents(problems: Sequence[Problem]) -> list[dict[str, str]]:
    """Problems as plain values."""
    return [
        {"code": p.code, "severity": p.severity.value, "ja": p.text("ja"), "en": p.text("en")}
        for p in problems
    ]


def code(problems: Sequence[Problem]) -> int:
    """1 where something is to be looked at; a note alone is none."""
    return FOUND if any(p.severity.value != "note" for p in problems) else FINE
