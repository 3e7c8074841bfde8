"""The numbers of the report: 収納率, channels, months, 速報 without 確報, waiting money by age, 督促 candidates.

In: an open ledger, the view of the night, policy and day. Out: `Figures`, small frames of whole numbers. Reads the whole ledger once, in blocks, so
it runs after the commit. Refuses nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from reconcile.balance import REMITTED, remitted
from reconcile.credits import balance_of
from reconcile.dunning import Dunning, Reminders
from reconcile.earlier_books import EarlierBooks
from reconcile.fiscal import fiscal_year, is_carried_over, revenue_year
from reconcile.ledger import Ledger
from reconcile.lines_now import all_lines
from reconcile.payments import net
from reconcile.policy import Policy
from reconcile.sums import Sums
from reconcile.view import View
from reconcile.whole_groups import payments_whole

AGES: tuple[tuple[int, int | None], ...] = ((0, 7), (8, 14), (15, 30), (31, 90), (91, None))
MONTHS: tuple[int, ...] = (4, 5, 6, 7, 8, 9, 10, 11, 12, 1, 2, 3)
RATES = ("lines", "due", "paid", "provisional", "open")


@dataclass(frozen=True, kw_only=True)
class Figures:
    """`rates`: `tax_item, carried, lines, due, paid, provisional, open`, of what is carried over the rest that came into these books and what was
    paid of it in them; `channels`: `channel, count, yen`; `months`: `month, this_year,
    last_year, change` (yen by 納付日; null: not known, no month to compare); `since`: the first payment of the ledger; `shares`:
    `year, month, channel, count`, this year and the last; `balance`: `BALANCE`;
    `unconfirmed`, `suspense`, `held`: `from_days, to_days, count, yen`.
    """

    rates: pl.DataFrame
    channels: pl.DataFrame
    year: int
    months: pl.DataFrame
    since: date | None
    shares: pl.DataFrame
    unconfirmed: pl.DataFrame
    suspense: pl.DataFrame
    held: pl.DataFrame
    dunning: Dunning
    balance: pl.DataFrame


def figures(ledger: Ledger, seen: View, *, policy: Policy, as_of: date) -> Figures:
    """All of them, as of the day."""
    rates = Sums({"tax_item": pl.String(), "carried": pl.Boolean()}, RATES)
    reminders = Reminders(ledger, seen, as_of=as_of)
    year = int(fiscal_year(pl.Series([as_of]))[0])
    earlier = EarlierBooks(ledger, before=year)
    for lines in all_lines(ledger, policy=policy):
        rates.add(_assessed(lines, earlier, as_of))
        reminders.add(lines)
    came = Sums(REMITTED, ("amount",))
    received = Sums({"year": pl.Int32(), "month": pl.Int8(), "channel": pl.String()}, ("count", "yen"))
    unconfirmed = Sums({"from_days": pl.Int64(), "to_days": pl.Int64()}, ("count", "yen"))
    unconfirmed.add(by_age(seen.suspense.clear(), "amount", as_of))
    since: date | None = None
    for events in payments_whole(ledger):
        came.add(remitted(events))
        payments = net(events)
        confirmed = payments.filter(~pl.col("provisional") & (pl.col("net") > 0))
        paid = confirmed["paid_on"]
        when = {"year": fiscal_year(paid), "month": paid.dt.month()}
        received.add(confirmed.select("channel", **when, count=pl.lit(1, pl.Int64), yen="net"))
        since = min((d for d in (since, paid.min()) if isinstance(d, date)), default=None)
        unconfirmed.add(by_age(payments.filter("provisional"), "net", as_of))
    sums = received.frame()
    channels = sums.group_by("channel").agg(pl.col("count", "yen").sum())
    months = sums.group_by("year", "month").agg(pl.col("yen").sum())
    return Figures(
        rates=rates.frame().sort("carried", "tax_item").select("tax_item", "carried", *RATES),
        channels=channels.sort("yen", "channel", descending=[True, False]),
        year=year,
        months=_months(months, year, since=since, as_of=as_of),
        since=since,
        shares=sums.filter(pl.col("year").is_in([year - 1, year])).drop("yen"),
        unconfirmed=unconfirmed.frame(),
        suspense=by_age(seen.suspense, "amount", as_of),
        held=by_age(seen.held, "amount", as_of),
        dunning=reminders.found(),
        balance=balance_of(ledger, came.frame()),
    )


def by_age(rows: pl.DataFrame, yen: str, as_of: date) -> pl.DataFrame:
    """Count and yen by days since the payment; every age stands there, also with nothing in it."""
    days = rows.select(days=(pl.lit(as_of) - pl.col("paid_on")).dt.total_days().clip(0), yen=pl.col(yen))
    found = []
    for first, last in AGES:
        part = days.filter(
            (pl.col("days") >= first) & (pl.col("days") <= (1 << 31 if last is None else last))
        )
        found.append((first, last, part.height, int(part["yen"].sum())))
    schema = {"from_days": pl.Int64, "to_days": pl.Int64, "count": pl.Int64, "yen": pl.Int64}
    return pl.DataFrame(found, schema=schema, orient="row")


def _assessed(lines: pl.DataFrame, earlier: EarlierBooks, as_of: date) -> pl.DataFrame:
    """調定 and 収入済 a line, 現年 and 滞納繰越 apart; cancelled lines are no 調定.

    What was paid before a line was carried over is of those years' books: it brings the rest, and one that was paid whole brings nothing.
    """
    standing = lines.filter(pl.col("status") != "cancelled")
    on = pl.repeat(as_of, standing.height, dtype=pl.Date(), eager=True)
    books = revenue_year(standing["fiscal_year"].cast(pl.Int32), on=on)
    carried = is_carried_over(standing["fiscal_year"], on=on, carried_over=standing["carried_over"])
    known = standing.with_columns(carried=carried, lines=pl.lit(1, pl.Int64), books=books)
    before = known.select(pl.when("carried").then(earlier.posted(known)).otherwise(0)).to_series()
    rest = known.with_columns(pl.col("due", "paid") - before, _before=before)
    return rest.filter((pl.col("due") != 0) | (pl.col("paid") != 0) | (pl.col("_before") == 0))


def _months(paid: pl.DataFrame, year: int, *, since: date | None, as_of: date) -> pl.DataFrame:
    """Confirmed yen by month of the payment, this fiscal year beside the last. `paid`: `year, month, yen`.

    Before its first payment a ledger knows nothing, which is not nothing received; and a month that goes on is compared with no whole one.
    """
    order = pl.DataFrame({"month": MONTHS}, schema={"month": pl.Int8()})
    known = pl.lit(since.replace(day=1) if since else as_of + timedelta(days=1))

    def of(wanted: int, name: str) -> pl.DataFrame:
        sums = order.join(
            paid.filter(pl.col("year") == wanted), on="month", how="left", maintain_order="left"
        )
        begin = pl.date(wanted + (pl.col("month") < 4).cast(pl.Int32), "month", 1)
        yen = pl.when((begin >= known) & (begin <= as_of)).then(pl.col("yen").fill_null(0))
        return sums.select(yen.alias(name), begin.dt.offset_by("1mo").alias(f"{name}_ends"))

    both = pl.concat([order, of(year, "this_year"), of(year - 1, "last_year")], how="horizontal")
    over = pl.col("this_year_ends") <= pl.lit(as_of) + pl.duration(days=1)
    change = pl.when(over).then(pl.col("this_year") - pl.col("last_year"))
    return both.select("month", "this_year", "last_year", change=change)
