"""The figures of the report from whole frames, as plainly as they can be said: what the block by block version must equal cell by cell."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import polars as pl

from reconcile.balance import balance
from reconcile.dunning import CHOSEN, LEAD_DAYS, LEFT_OUT, ORDER, WITHIN_DAYS
from reconcile.fiscal import fiscal_year
from reconcile.frames import ASSESSMENTS, CREDITS
from reconcile.ledger import Ledger
from reconcile.payments import net
from reconcile.policy import Policy
from reconcile.report_figures import MONTHS, RATES, by_age
from reconcile.standing import last_versions
from reconcile.tables import TABLES
from reconcile.view import View
from reconcile.world import EVENTS_READ


def figures(ledger: Ledger, seen: View, *, policy: Policy, as_of: date) -> dict[str, pl.DataFrame]:
    """All frames of `Figures` and of its `dunning`, by name."""
    lines = all_lines(ledger, policy=policy)
    events = whole(ledger, "receipts", list(EVENTS_READ))
    payments = net(events)
    confirmed = payments.filter(~pl.col("provisional") & (pl.col("net") > 0))
    channels = confirmed.group_by("channel").agg(count=pl.len().cast(pl.Int64), yen=pl.col("net").sum())
    return {
        "rates": rates(
            lines,
            whole(ledger, "postings", ["line_id", "component", "amount", "fiscal_year", "provisional"]),
            as_of,
        ),
        "channels": channels.sort("yen", "channel", descending=[True, False]),
        "months": months(confirmed, as_of),
        "shares": shares(confirmed, as_of),
        "unconfirmed": by_age(payments.filter("provisional"), "net", as_of),
        "suspense": by_age(seen.suspense, "amount", as_of),
        "held": by_age(seen.held, "amount", as_of),
        "balance": balance(events, whole(ledger, "bank_credits", list(CREDITS))),
        **dunning(ledger, lines, seen, as_of=as_of),
    }


def whole(ledger: Ledger, table: str, columns: Sequence[str]) -> pl.DataFrame:
    """A table in one frame."""
    none = pl.DataFrame(schema={n: TABLES[table].columns[n] for n in columns})
    return pl.concat([none, *ledger.scan(table, list(columns))])


def all_lines(ledger: Ledger, *, policy: Policy) -> pl.DataFrame:
    """Every line as it stands."""
    versions = whole(ledger, "assessments", list(ASSESSMENTS))
    stands = whole(ledger, "standing_lines", ["line_id", "paid", "provisional", "charge", "charge_open"])
    joined = last_versions(versions, policy=policy).join(stands, on="line_id", how="left")
    paid = joined.with_columns(pl.col("paid", "provisional").fill_null(0))
    return paid.with_columns(open=pl.col("due") - pl.col("paid") - pl.col("provisional"))


def rates(lines: pl.DataFrame, postings: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """調定 and 収入済 by tax item, 現年 and 滞納繰越 apart, the latter without what earlier years' books hold."""
    sums: dict[tuple[bool, str], list[int]] = {}
    paid = postings.filter(component="principal").rows(named=True)
    open_books = as_of.year - (as_of.month < 6)
    for line in lines.filter(pl.col("status") != "cancelled").iter_rows(named=True):
        year = int(line["fiscal_year"])
        books = max(year, open_books)
        carried = bool(line["carried_over"]) or books > year
        before = sum(
            p["amount"]
            for p in paid
            if carried
            and p["line_id"] == line["line_id"]
            and not p["provisional"]
            and int(p["fiscal_year"]) < books
        )
        due, got = line["due"] - before, line["paid"] - before
        if before == 0 or due or got:
            row = (1, due, got, line["provisional"], line["open"])
            known = sums.setdefault((carried, line["tax_item"]), [0] * len(row))
            known[:] = [a + b for a, b in zip(known, row, strict=True)]
    schema = {"tax_item": pl.String(), "carried": pl.Boolean(), **dict.fromkeys(RATES, pl.Int64())}
    rows = [(item, carried, *sums[carried, item]) for carried, item in sorted(sums)]
    return pl.DataFrame(rows, schema=schema, orient="row")


def months(confirmed: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """Yen by month of the payment, this fiscal year and the last."""
    year = int(fiscal_year(pl.Series([as_of]))[0])
    paid = confirmed.select(of=fiscal_year(confirmed["paid_on"]), m=pl.col("paid_on").dt.month(), yen="net")
    first = confirmed["paid_on"].min()
    rows = []
    for m in MONTHS:
        yen: list[int | None] = []
        for y in (year, year - 1):
            begin = date(y + (m < 4), m, 1)
            known = isinstance(first, date) and first.replace(day=1) <= begin <= as_of
            of_month = paid.filter((pl.col("of") == y) & (pl.col("m") == m))
            yen.append(int(of_month["yen"].sum()) if known else None)
        ended = (as_of + timedelta(days=1)) >= date(year + (m < 4) + (m == 12), m % 12 + 1, 1)
        now, before = yen
        rows.append((m, now, before, None if now is None or before is None or not ended else now - before))
    schema = {"month": pl.Int8(), **dict.fromkeys(("this_year", "last_year", "change"), pl.Int64())}
    return pl.DataFrame(rows, schema=schema, orient="row")


def shares(confirmed: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """Payments by channel and month, this fiscal year and the last."""
    year = int(fiscal_year(pl.Series([as_of]))[0])
    told = confirmed.with_columns(year=fiscal_year(confirmed["paid_on"]), month=pl.col("paid_on").dt.month())
    by = told.filter(pl.col("year") >= year - 1, pl.col("year") <= year).group_by("year", "month", "channel")
    return by.agg(count=pl.len().cast(pl.Int64)).sort("year", "month", "channel")


def dunning(ledger: Ledger, lines: pl.DataFrame, seen: View, *, as_of: date) -> dict[str, pl.DataFrame]:
    """Line by line."""
    covers = whole(ledger, "covers", ["line_id", "slip_key"])
    kinds = dict(whole(ledger, "slips", ["slip_key", "kind"]).iter_rows())
    slips_of: dict[str, set[str]] = {}
    for line_id, slip_key in covers.iter_rows():
        slips_of.setdefault(line_id, set()).add(slip_key)
    waiting, maybe = set(seen.held["slip_key"].drop_nulls()), set(seen.candidates["candidate"])
    held_lines = set(seen.held["line_id"].drop_nulls())
    chosen, left = [], {reason: [0, 0] for reason in LEFT_OUT}
    for row in lines.iter_rows(named=True):
        unpaid = row["due"] - row["paid"]
        if row["status"] != "open" or row["rolled"] >= as_of or unpaid <= 0 or row["barred"] <= as_of:
            continue
        slips = slips_of.get(row["line_id"], set())
        reasons = (
            row["provisional"] > 0,
            bool(slips & waiting) or row["line_id"] in held_lines,
            bool(slips & maybe),
            any(kinds.get(s) in ("dunning", "delinquency") for s in slips),
        )
        if any(reasons):
            counted = left[LEFT_OUT[reasons.index(True)]]
            counted[0] += 1
            counted[1] += unpaid
            continue
        days = WITHIN_DAYS - (as_of - row["rolled"]).days
        chosen.append(
            {**{n: row.get(n) for n in CHOSEN}, "send_by": None, "days_left": days}
            | {"when": "now" if days <= LEAD_DAYS else "later"}
        )
    rows = pl.DataFrame(chosen, schema=dict(CHOSEN)).with_columns(
        send_by=pl.col("rolled").dt.offset_by(f"{WITHIN_DAYS}d")
    )
    day = pl.when(pl.col("days_left") >= 0).then("send_by").alias("send_by")  # one row for all that are late
    by = rows.group_by(day, "when").agg(count=pl.len().cast(pl.Int64), yen=pl.col("open").sum())
    return {
        "chosen": rows.sort(ORDER),
        "sums": by.sort("send_by", "when"),
        "left_out": pl.DataFrame(
            [(r, *pair) for r, pair in left.items()],
            schema={"reason": pl.String(), "count": pl.Int64(), "yen": pl.Int64()},
            orient="row",
        ),
    }
