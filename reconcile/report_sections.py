"""The sections of the report that look at the whole ledger: ageing, 収納率, channels, months, 督促.

In: `Figures`. Out: parts of the page. Refuses nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import polars as pl

from elqr.html_charts import bars, pairs
from elqr.html_page import Cell, Column, Words, note, table, total
from reconcile.dunning import LEAD_DAYS, WITHIN_DAYS
from reconcile.report_figures import Figures
from reconcile.report_words import BALANCE_STATES, CHANNELS, COUNT, LEFT_OUT, NONE, YEN, percent

LATE_FROM_DAYS = 15  # data may lag about two weeks; a 速報 older than that should have its 確報


def ageing(figures: Figures) -> list[str]:
    """Suspense, held and 速報 by days since the payment, side by side."""
    parts = (figures.suspense, figures.held, figures.unconfirmed)
    names = (Words("仮受", "suspense"), Words("保留", "held"), Words("速報のみ", "preliminary"))
    rows: list[tuple[Cell, ...]] = []
    for at in range(figures.suspense.height):
        first, last = figures.suspense.row(at)[:2]
        pairs_of = [(part["count"][at], part["yen"][at]) for part in parts]
        rows.append((_days(first, last), *(v for pair in pairs_of for v in pair)))
    foot = total(rows, over=range(1, 7))
    columns = [Column(Words("納付日からの日数", "days since the payment"))]
    for name in names:
        columns += [
            Column(Words(f"{name.ja} 件", f"{name.en}, count"), number=True),
            Column(Words(f"{name.ja} 円", f"{name.en}, yen"), number=True),
        ]
    found = [table(Words("経過日数別", "By age"), columns, rows, foot=foot)]
    late = figures.unconfirmed.filter(pl.col("from_days") >= LATE_FROM_DAYS)
    if late["count"].sum():
        found.append(
            note(
                Words(
                    f"{LATE_FROM_DAYS}日以上たっても確報のない速報が {late['count'].sum():,} 件あります。収入済には数えていません。",
                    f"{late['count'].sum():,} preliminary notices have waited {LATE_FROM_DAYS} days or more; they do not count as received.",
                )
            )
        )
    return found


def _days(first: int, last: int | None) -> Words:
    if last is None:
        return Words(f"{first}日以上", f"{first} or more")
    return Words(f"{first}–{last}日", f"{first} to {last}")


def credited(figures: Figures, items: Mapping[str, Words]) -> list[str]:
    """確報 against the bank's credits: days that do not agree, and how many do."""
    found = figures.balance
    if not found.height:
        return []
    whole = Words("計", "all")
    rows: list[tuple[Cell, ...]] = [
        (
            r["remit_date"].isoformat(),
            CHANNELS.get(r["channel"], Words(r["channel"], "")) if r["channel"] else whole,
            items.get(r["tax_item"], Words(r["tax_item"], "")) if r["tax_item"] else whole,
            r["received"],
            r["credited"],
            r["drift"],
            BALANCE_STATES[r["state"]],
            r["reason"] or "",
        )
        for r in found.filter(pl.col("state") != "balanced").iter_rows(named=True)
    ]
    columns = [
        Column(Words("払込日", "remitted on")), Column(Words("納付方法", "channel")), Column(Words("税目", "tax item")),
        Column(Words("確報(円)", "confirmed"), number=True), Column(Words("入金(円)", "credited"), number=True),
        Column(Words("差額(円)", "drift"), number=True), Column(Words("状態", "state")), Column(Words("理由", "reason")),
    ]  # fmt: skip
    even = found.filter(pl.col("state") == "balanced").height
    said = Words(f"一致 {even:,} 件。差額 = 入金 − 確報。", f"{even:,} agree; drift = credited − confirmed.")
    title = Words("(2) 入金との照合:一致しないもの", "(2) against bank credits: what does not agree")
    return [table(title, columns, rows, nothing=NONE), note(said)]


def rates(figures: Figures, items: Mapping[str, Words]) -> list[str]:
    """収入済 ÷ 調定, this year's lines and those carried over apart."""
    columns = [
        Column(Words("区分", "kind")), Column(Words("税目", "tax item")), Column(Words("調定件数", "lines"), number=True),
        Column(Words("調定額", "assessed"), number=True), Column(Words("収入済額", "received"), number=True),
        Column(Words("速報(参考)", "preliminary"), number=True), Column(Words("収入未済額", "unpaid"), number=True),
        Column(Words("収納率", "rate"), number=True),
    ]  # fmt: skip
    kinds = {False: Words("現年", "this year"), True: Words("滞納繰越", "carried over")}
    rows: list[tuple[Cell, ...]] = []
    drawn = []
    for r in figures.rates.iter_rows(named=True):
        item = items.get(r["tax_item"], Words(r["tax_item"], ""))
        rate = percent(r["paid"], r["due"])
        rows.append(
            (
                kinds[r["carried"]],
                item,
                r["lines"],
                r["due"],
                r["paid"],
                r["provisional"],
                r["due"] - r["paid"],
                rate,
            )
        )
        tenths = r["paid"] * 1000 // r["due"] if r["due"] > 0 else 0
        drawn.append((f"{kinds[r['carried']].ja} {item.ja}", tenths, rate))
    due, paid = (int(figures.rates[name].sum()) for name in ("due", "paid"))
    foot = (*total(rows, over=range(2, 7)), percent(paid, due)) if rows else ()
    chart = bars(Words("収納率", "Collection rate"), drawn, most=1000)
    return [
        chart,
        table(Words("税目別・現年/滞納繰越別(円)", "By tax item, yen"), columns, rows, foot=foot, nothing=NONE),
    ]  # fmt: skip


def timely(figures: Figures) -> list[str]:
    """Confirmed payments by channel, and by month beside the year before."""
    rows = [(CHANNELS.get(c, Words(c, "")), n, y) for c, n, y in figures.channels.iter_rows()]
    whole = sum(y for _, _, y in rows)
    columns = [Column(Words("納付方法", "channel")), COUNT, YEN, Column(Words("割合", "share"), number=True)]
    compared: list[tuple[Cell, ...]] = [(f"{m}月", *yen) for m, *yen in figures.months.iter_rows()]
    this, last = (Words(f"{year}年度", f"fiscal {year}") for year in (figures.year, figures.year - 1))
    heads = [
        Column(Words("月", "month")), Column(this, number=True), Column(last, number=True), Column(Words("増減", "change"), number=True),
    ]  # fmt: skip
    drawn = [(f"{m}月", now, before) for m, now, before, _ in figures.months.iter_rows()]
    foot = total(compared, over=range(1, 4))
    return [
        bars(Words("納付方法別の収納額", "Received by channel"), [(c.ja, y, f"{y:,} 円") for c, _, y in rows]),
        table(Words("納付方法別(確報、累計)", "By channel, confirmed"), columns, [(c, n, y, percent(y, whole)) for c, n, y in rows], nothing=NONE),
        _shares(figures),
        pairs(Words("月別の収納額(納付日)", "Received by month of payment"), this, last, drawn),
        table(Words("月別(円)", "By month, yen"), heads, compared, foot=foot),
        note(_known(figures.since)),
    ]  # fmt: skip


def _shares(figures: Figures) -> str:
    """Which part of the payments each channel took, last year and month by month: whether people change the way they pay."""
    found = figures.shares
    channels: list[str] = figures.channels["channel"].to_list()
    last, now = (found.filter(pl.col("year") == year) for year in (figures.year - 1, figures.year))
    parts = [(Words(f"{figures.year - 1}年度", f"fiscal {figures.year - 1}"), last)]
    parts += [(Words(f"{m}月", ""), now.filter(pl.col("month") == m)) for m in figures.months["month"]]
    rows = [_share(name, part, channels) for name, part in parts if part.height]
    columns = [Column(Words("納付月", "paid in"))]
    columns += [Column(CHANNELS.get(c, Words(c, "")), number=True) for c in channels]
    title = Words("納付方法の割合(件数)", "Share of payments by channel")
    this = Words(f"{figures.year}年度", f"fiscal {figures.year}")
    return table(title, columns, rows, foot=_share(this, now, channels), nothing=NONE)


def _share(name: Words, part: pl.DataFrame, channels: Sequence[str]) -> tuple[Cell, ...]:
    counts = {c: int(part.filter(pl.col("channel") == c)["count"].sum()) for c in channels}
    return (name, *(percent(counts[c], sum(counts.values())) for c in channels))


def _known(since: date | None) -> Words:
    """Which months can be compared."""
    if since is None:
        return Words(
            "この台帳には、まだ確報の収納がありません。", "This ledger has no confirmed payment yet."
        )
    return Words(
        f"増減は終わった月だけを比べ、計はその合計です。台帳の最初の収納({since.isoformat()})より前の月は「–」とします。",
        f"Change: months that are over, and their sum. Before the first payment of the ledger ({since.isoformat()}) nothing is known: –.",
    )


def dunned(figures: Figures) -> list[str]:
    """Lines to remind by the day on which the reminder must be out; and what is left out."""
    sums = figures.dunning.sums
    says = {"now": Words("発送", "send now"), "later": Words("待つ", "wait")}
    past = Words("発送期限を過ぎたもの", "past that day")
    rows: list[tuple[Cell, ...]] = [
        (d.isoformat() if d else past, says[w], n, y) for d, w, n, y in sums.iter_rows()
    ]
    columns = [Column(Words("発送期限", "send by")), Column(Words("処理", "do")), COUNT, YEN]
    foot = total(rows, over=range(2, 4))
    out = [(LEFT_OUT[reason], n, y) for reason, n, y in figures.dunning.left_out.iter_rows()]
    return [
        table(Words("督促状の発送期限別", "By the day it must be out"), columns, rows, foot=foot, nothing=NONE),
        note(
            Words(
                f"発送期限は納期限後{WITHIN_DAYS}日。残り{LEAD_DAYS}日以内になったものを「発送」とします。明細は dunning.csv。",
                f"Within {WITHIN_DAYS} days after the due date; sent when {LEAD_DAYS} days or fewer are left. Lines: dunning.csv.",
            )
        ),
        table(Words("除いたもの", "Left out"), [Column(Words("理由", "reason")), COUNT, YEN], out),
    ]  # fmt: skip
