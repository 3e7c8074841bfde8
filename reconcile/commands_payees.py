"""More commands for the shell: payees' accounts, blocks and notices of refunds. And the list of all commands of this room.

In: arguments. Out: words or JSON, exit code 0 or 1. The clock is asked here, for the audit log alone.
Refuses by ProblemError, which the shell turns into words and an exit code.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from elqr.option_values import day
from elqr.terminal import json_text
from reconcile.commands import FILE, JSON
from reconcile.commands_bank import COMMANDS as BANK
from reconcile.commands_night import COMMANDS as NIGHT
from reconcile.commands_night import ENCODING, LEDGER, NAMES, OUT
from reconcile.commands_refunds import act_of, acting, code, documents, refunds, refuse_empty, warn

if TYPE_CHECKING:
    from elqr.problems import Problem


@refunds.command()
@click.argument("file", type=FILE)
@ENCODING
@acting
@JSON
@NAMES
def accounts(file: Path, encoding: str | None, as_json: bool, show_names: bool, **who: Any) -> None:
    """Take payees' accounts (CSV), checked against the list of banks; a changed one waits for a second person.

    振込先口座を取り込みます。変更された口座は、別の人が確認するまで使いません。
    """
    from reconcile.refund_accounts import take_accounts

    taken = take_accounts(act_of(**who), file, encoding=encoding)
    told = tuple(taken.log.problems(file.name))
    found = told if show_names else tuple(_without_names(p) for p in told if p.severity.value != "note")
    if as_json:
        counts = {n: len(getattr(taken, n)) for n in ("new", "changed", "known")}
        click.echo(json_text({**counts, "problems": documents(found)}))
    else:
        new, changed, known = len(taken.new), len(taken.changed), len(taken.known)
        click.echo(
            f"口座 新規 {new}、変更 {changed}、登録済み {known} / accounts: {new} new, {changed} changed, {known} known"
        )
        warn(found)
    raise SystemExit(code(found))


@refunds.command("confirm-account")
@click.argument("payer_id", metavar="PAYER")
@acting
def confirm_account(payer_id: str, **who: Any) -> None:
    """The second check of a changed account, by another person than the one who entered it.

    変更された口座を、登録した人とは別の人が確認します。
    """
    from reconcile.refund_accounts import confirm_account as confirm
    from reconcile.refund_accounts import masked_account

    click.echo(masked_account(confirm(act_of(**who), payer_id).row))


@refunds.command()
@click.argument("key", metavar="PAYER|RECEIPT")
@click.option("--reason", required=True, help="heirs, co_owners, third_party, or a word of your own. 理由")
@click.option("--lift", is_flag=True, help="Take the block away again. 解除")
@acting
def block(key: str, reason: str, lift: bool, **who: Any) -> None:
    """Keep the overpayments of a payer, or of one payment, for a person to decide on: heirs, co-owners, a third party.

    相続人・共有者・第三者納付など、担当者の判断が要る過誤納を止めます。
    """
    refuse_empty(reason)
    from reconcile.refund_blocks import block as block_key

    block_key(act_of(**who), key, reason=reason, lift=lift)
    click.echo(f"{'解除' if lift else '保留'} {reason} / {'lifted' if lift else 'blocked'}")


@refunds.command()
@click.argument("refund_ids", metavar="[REFUND]...", nargs=-1)
@LEDGER
@click.option("--payers", type=FILE, required=True, help="Names and addresses of payers (CSV). 宛名ファイル")
@click.option("--site", type=FILE, help="Site file of the municipality (TOML): names of taxes. 団体設定")
@click.option("--decided-on", type=day, help="Only those decided on this day. 決定日")
@ENCODING
@OUT
@JSON
def notices(
    refund_ids: tuple[str, ...],
    place: str,
    payers: Path,
    site: Path | None,
    decided_on: date | None,
    encoding: str | None,
    out: Path,
    as_json: bool,
) -> None:
    """Write notices.csv, one row a decided refund, for the notice of refund and offset.

    過誤納金還付(充当)通知書に印刷する notices.csv を書き出します。
    """
    from elqr.out_place import REFUND_NOTICES, refuse_replacing
    from elqr.site import Site, load_site
    from reconcile.refund_notices import notices as made
    from reconcile.write_out import write_files

    refuse_replacing(out, ["notices.csv"], inputs=(place, payers), command=REFUND_NOTICES)
    found = made(
        place,
        payers=payers,
        site=load_site(site) if site else Site.unknown(),
        only=refund_ids,
        decided_on=decided_on,
        encoding=encoding,
    )
    write_files(out, {"notices.csv": found.data})
    told = found.log.problems(payers.name)  # names and addresses stand in these cells
    problems = (*found.problems, *(_without_names(p) for p in told if p.severity.value != "note"))
    if as_json:
        document = {"count": found.count, "yen": found.yen, "problems": documents(problems)}
        click.echo(json_text(document))
    else:
        click.echo(f"通知書 {found.count:,}件 {found.yen:,}円 / {found.count:,} notices, {found.yen:,} yen")
        click.echo(f"→ {out}: notices.csv")
        warn(problems)
    raise SystemExit(code(problems))


_PERSONAL = ("payee", "holder_kana", "account_no", "payer_id", "payer_name", "postal_code", "address")


def _without_names(problem: Problem) -> Problem:
    """A remark about an account or an address without what stands in the cell: names, numbers, places."""
    from dataclasses import replace

    if problem.field not in _PERSONAL or problem.code.startswith("refund."):
        return problem
    said = {k: v if k in ("name", "expected") else "***" for k, v in problem.params.items()}
    return replace(problem, params=said)


COMMANDS = (*NIGHT, refunds, *BANK)
