"""Commands between the ledger and the bank, for the shell: `elqr credits` (what arrived) and `elqr debits` (what is about to be asked for).

In: arguments. Out: words or JSON, exit code 0 or 1. The clock is asked here, for the audit log alone.
Refuses by ProblemError, which the shell turns into words and an exit code.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from elqr.option_values import day
from elqr.shell import login, moment
from elqr.terminal import json_text
from reconcile.commands import EXCEL, FILE, JSON
from reconcile.commands_night import ENCODING, LEDGER, OUT
from reconcile.commands_refunds import FOUND, code, documents, warn


@click.command("credits")
@click.argument("files", metavar="FILE...", type=FILE, nargs=-1, required=True)
@LEDGER
@click.option("--as-of", type=day, required=True, help="The day of this step, YYYY-MM-DD. 基準日")
@ENCODING
@OUT
@EXCEL
@JSON
def bank_credits(
    files: tuple[Path, ...],
    place: str,
    as_of: date,
    encoding: str | None,
    out: Path,
    excel: bool,
    as_json: bool,
) -> None:
    """What the bank credited against what the receipts say: balance.csv, with a signed drift. A file that comes again changes nothing.

    指定金融機関の入金額を取り込み、払込日・納付方法・税目ごとに収納データと照合します。
    """
    from elqr.out_place import refuse_replacing
    from reconcile.credits import take_credits
    from reconcile.csv_out import csv_bytes
    from reconcile.spreadsheet import beside, with_named
    from reconcile.write_out import probe, write_files

    refuse_replacing(out, with_named(["balance.csv"], excel=excel), inputs=(place, *files))
    probe(out)
    done = take_credits(place, files, as_of=as_of, encoding=encoding, who=login(), at=moment())
    written = {"balance.csv": csv_bytes(done.table), **(beside({"balance.csv": done.table}) if excel else {})}
    write_files(out, written)
    problems = [p for name, log in done.logs.items() for p in log.problems(name)]
    unknown = done.table.filter(done.table["state"] == "open")
    if as_json:
        counts = {
            "new": done.new,
            "already": done.already,
            "open": unknown.height,
            "drift": int(unknown["drift"].sum()),
        }
        click.echo(json_text({**counts, "problems": documents(problems)}))
    else:
        click.echo(
            f"入金 新規 {done.new}、取込済み {done.already} / credits: {done.new} new, {done.already} known"
        )
        for row in done.table.filter(done.table["state"].is_in(["open", "explained"])).iter_rows(named=True):
            names = " ".join(filter(None, (row["remit_date"].isoformat(), row["channel"], row["tax_item"])))
            why = row["reason"] or "未解明 / open"
            click.echo(
                f"  {names}: 確報 {row['received']:,} 入金 {row['credited']:,} 差額 {row['drift']:+,} {why}"
            )
        click.echo(f"→ {out}: {', '.join(written)}")
        warn(problems)
    raise SystemExit(FOUND if unknown.height else code(problems))


@click.command("debits")
@click.argument("files", metavar="FILE...", type=FILE, nargs=-1, required=True)
@LEDGER
@OUT
@click.option("--policy", default="default", show_default=True, help="Policy, a name or a TOML file. 方針")
@ENCODING
@EXCEL
@JSON
def bank_debits(
    files: tuple[Path, ...],
    place: str,
    out: Path,
    policy: str,
    encoding: str | None,
    excel: bool,
    as_json: bool,
) -> None:
    """Direct debits that the bank is about to be asked for, held against the ledger: debits.csv lists what is paid or no longer owed as planned.

    口座振替の請求データを台帳と照合し、納付済みの調定などを請求の前に一覧にします。台帳は変わりません。
    """
    from elqr.out_place import refuse_replacing
    from elqr.settings import name_or_path
    from reconcile.csv_out import csv_bytes
    from reconcile.debits import planned_debits
    from reconcile.policy import load_policy
    from reconcile.spreadsheet import beside, with_named
    from reconcile.write_out import probe, write_files

    refuse_replacing(out, with_named(["debits.csv"], excel=excel), inputs=(place, *files))
    probe(out)
    found = planned_debits(place, files, policy=load_policy(name_or_path(policy)), encoding=encoding)
    listed = found.to_look_at
    written = {"debits.csv": csv_bytes(listed), **(beside({"debits.csv": listed}) if excel else {})}
    write_files(out, written)
    problems = [p for name, log in found.logs.items() for p in log.problems(name)]
    if as_json:
        document = {
            "as_of": found.as_of,
            "states": {s.word: {"count": n, "yen": yen} for s, n, yen in found.sums},
            "problems": documents(problems),
        }
        click.echo(json_text(document))
    else:
        upto = (
            f"台帳は第{found.run_id:,}回処理、基準日 {found.as_of} まで / ledger up to run {found.run_id:,}, {found.as_of}"
            if found.run_id
            else "台帳にはまだ一度の処理もありません / the ledger holds no night yet"
        )
        click.echo(f"口座振替の請求 {found.rows.height:,}件 / {found.rows.height:,} planned debits ― {upto}")
        for state, n, yen in found.sums:
            click.echo(f"  {state.ja}: {n:,}件 {yen:,}円 / {state.en}: {n:,}, {yen:,} yen")
        click.echo(f"→ {out}: {', '.join(written)}")
        warn(problems)
    raise SystemExit(FOUND if listed.height else code(problems))


COMMANDS = (bank_credits, bank_debits)
