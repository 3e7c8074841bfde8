"""過誤納金還付(充当)通知書 as rows: what each payer is told of a decision, ready to be printed.

In: a ledger, the payers' names and addresses (the ledger holds none), the site's names of taxes. Out: the bytes of `notices.csv`, its columns in
`COLUMNS`. The same decisions give the same rows. Refuses rows, not the file: a payer without name or address is a problem.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from elqr.columns import BY_NAME, STAND_IN, Column, Kind
from elqr.dates import fiscal_wareki
from elqr.meanings import instalment
from elqr.problems import Problem, ProblemLog
from elqr.reader import read_columns
from elqr.same_name import plain_name
from elqr.site import Site
from reconcile.csv_out import csv_bytes
from reconcile.ledger import Ledger, open_ledger
from reconcile.refund_accounts import accounts_of, named_account
from reconcile.refund_states import Refund, State, refunds_of
from reconcile.register_values import typed

COLUMNS = (
    *("notice_no", "decided_on", "payer_id", "payer_name", "postal_code", "address", "lang", "tax_name"),
    *("levy_year", "period", "paid_amount", "due_amount", "overpaid", "class", "offset_to", "offset_amount"),
    *("refund", "interest", "interest_from", "interest_to", "total", "account_masked", "claim_until"),
)
CLASSES: Mapping[str, str] = {"kanou": "過納", "gonou": "誤納"}
PAYER_COLUMNS: tuple[Column, ...] = (
    BY_NAME["payer_id"],
    BY_NAME["payer_name"],
    BY_NAME["postal_code"],
    BY_NAME["address"],
    replace(BY_NAME["lang"], required=False, filled=False),
)


@dataclass(frozen=True, kw_only=True)
class Notices:
    """`data`: the file; `count`: its rows; `yen`: what they say goes back; `problems`: notices that could not be made; `log`: the payers' file."""

    data: bytes
    count: int
    yen: int
    problems: tuple[Problem, ...]
    log: ProblemLog


def notices(
    ledger: str | Path,
    *,
    payers: Path,
    site: Site,
    only: Sequence[str] = (),
    decided_on: date | None = None,
    encoding: str | None = None,
) -> Notices:
    """The notices of all decided refunds, of one day of decision, or of `only` (refund numbers)."""
    people, log = _people(payers, encoding)
    with open_ledger(ledger) as opened:
        decided = [r for r in refunds_of(opened) if r.state in (State.APPROVED, State.EXPORTED)]
        chosen = [r for r in decided if not only or r.refund_id in only]
        chosen = [r for r in chosen if decided_on is None or r.decided_on == decided_on.isoformat()]
        accounts = accounts_of(opened, [r.payer_id for r in chosen])
        filled = _named_lines(opened, [o["offset_to"] for r in chosen for o in r.offsets], site)
    numbers = {r.refund_id for r in decided}
    problems = [Problem("refund.unknown", params={"found": name}) for name in only if name not in numbers]
    rows = []
    for refund in sorted(chosen, key=lambda r: r.notice_no or ""):
        person = people.get(refund.payer_id or "")
        if person is None:
            problems.append(Problem("refund.no_address", params={"refund": refund.refund_id}))
            continue
        known = accounts.get(refund.payer_id or "")
        # where the money went, or is to go by now
        account = refund.order.transfer if refund.order else known.row if known and known.usable else None
        masked = named_account(account) if account else None
        rows.append({**_row(refund, site, filled), **person, "account_masked": masked})
    kinds = dict.fromkeys(COLUMNS, pl.String())
    text = [{name: None if row[name] is None else str(row[name]) for name in COLUMNS} for row in rows]
    return Notices(
        data=csv_bytes(pl.DataFrame(text, schema=kinds)),
        count=len(rows),
        yen=sum(row["total"] for row in rows),
        problems=tuple(problems),
        log=log,
    )


def _named_lines(ledger: Ledger, line_ids: Sequence[str], site: Site) -> dict[str, tuple[str, str]]:
    """Lines as a payer knows them, by their last version: 令和8年度 市県民税(普通徴収), 第1期."""
    keys = pl.Series("line_id", line_ids, dtype=pl.String)
    versions = ledger.lookup("assessments", keys, ["seq", "line_id", "tax_item", "levy_year", "period"])
    lines = versions.sort("seq").unique("line_id", keep="last", maintain_order=True)
    years = lines.with_columns(fiscal_wareki(lines["levy_year"]).fill_null("").alias("levy_year"))
    return {
        line["line_id"]: (
            f"{line['levy_year']} {site.tax_items.get(line['tax_item'], line['tax_item'])}".strip(),
            instalment(line["period"])[0],
        )
        for line in years.iter_rows(named=True)
    }


def _listed(lines: Iterable[tuple[str, str]]) -> str | None:
    """Each tax once, with its instalments: 令和8年度 市県民税(普通徴収) 第1期・第2期."""
    taxes: dict[str, dict[str, None]] = {}
    for tax, term in lines:
        taxes.setdefault(tax, {})[term] = None
    return ";".join(f"{tax} {'・'.join(terms)}" for tax, terms in taxes.items()) or None


def _row(refund: Refund, site: Site, filled: Mapping[str, tuple[str, str]]) -> dict[str, Any]:
    figures, about = refund.figures, refund.about
    lapses = date.fromisoformat(figures["lapses_from"])
    item = about["tax_item"]
    return {
        "notice_no": refund.notice_no,
        "decided_on": refund.decided_on,
        "payer_id": refund.payer_id,
        "tax_name": site.tax_items.get(item or "", item),
        "levy_year": about["levy_year"],
        "period": about["period"],
        "paid_amount": about["paid_amount"],
        "due_amount": about["due_amount"],
        "overpaid": figures["amount"],
        "class": CLASSES[refund.basis["class"]],
        "offset_to": _listed(filled[o["offset_to"]] for o in refund.offsets),
        "offset_amount": figures["offset"],
        "refund": figures["refund"],
        "interest": figures["interest"],
        "interest_from": figures["interest_from"],
        "interest_to": figures["interest_to"],
        "total": refund.payable,
        "claim_until": (lapses - timedelta(days=1)).isoformat(),
    }


def _people(path: Path, encoding: str | None) -> tuple[dict[str, dict[str, str]], ProblemLog]:
    """Names and addresses by payer, kept as written: what can be printed is for the form to say. A row that cannot be read is no payer."""
    log = ProblemLog()
    found: dict[str, dict[str, str]] = {}
    lines: dict[str, int] = {}
    others: list[tuple[int, int]] = []
    for batch in read_columns(path, PAYER_COLUMNS, encoding=encoding):
        log.extend(batch.log)
        rows = typed(batch.frame, PAYER_COLUMNS[:1], log)
        postal = pl.col("postal_code").str.normalize("NFKC").str.replace_all(r"[-‐−\s]", "")
        rows = rows.with_columns(pl.col("payer_name", "address").str.strip_chars(), postal)
        for column in PAYER_COLUMNS[1:4]:
            empty = rows.filter(pl.col(column.name).is_null() | (pl.col(column.name) == ""))
            log.add(empty, "register.missing", field=column.name, name=column.ja)
            if column.kind is Kind.TEXT:
                other = rows.filter(pl.col(column.name).str.contains(STAND_IN))
                log.add(
                    other, "register.stand_in", field=column.name, name=column.ja, found=pl.col(column.name)
                )
        wrong = rows.filter(~pl.col("postal_code").str.contains("^[0-9]{7}$"))
        name = BY_NAME["postal_code"].ja
        log.add(
            wrong,
            "register.digits",
            field="postal_code",
            name=name,
            found=pl.col("postal_code"),
            expected="7",
        )
        sound = rows.filter(~pl.col("line").is_in(log.held_lines().implode()))
        for row in sound.with_columns(plain=plain_name(pl.col("payer_name"))).to_dicts():
            names = ("payer_name", "postal_code", "address", "plain")
            before = found.get(row["payer_id"])
            if before and before["plain"] != row["plain"]:
                others.append((row["line"], lines[row["payer_id"]]))
            lines[row["payer_id"]] = row["line"]
            found[row["payer_id"]] = {**{n: row[n] for n in names}, "lang": row["lang"] or "ja"}
    if others:
        twice = pl.DataFrame(others, schema={"line": pl.Int64, "first": pl.Int64}, orient="row")
        log.add(twice, "register.other_name", field="payer_name", expected=pl.col("first"))
    return found, log
