"""`report.html`: what the office looks at in the morning, on one page that prints.

In: the facts of the night, the view, the figures, the site's names. Out: the bytes of the page. No name, address or number of a payer stands
in it. Refuses nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

import polars as pl

from elqr.dates import to_wareki
from elqr.html_charts import bars
from elqr.html_page import Cell, Column, Words, note, page, section, table, tiles, total
from elqr.site import Site
from reconcile.facts import Facts
from reconcile.outcomes import Outcome
from reconcile.refund_words import split_passed_over, state_of
from reconcile.report_figures import Figures
from reconcile.report_sections import ageing, credited, dunned, rates, timely
from reconcile.report_words import (
    CHANNELS,
    CLASSES,
    COUNT,
    NONE,
    PLACE_NAMES,
    ROLES,
    STATES,
    WHY_PASSED_OVER,
    YEN,
    left_out,
    percent,
    yen,
)
from reconcile.totals import PLACES, drift
from reconcile.view import View

_OUTCOMES: Mapping[str, Outcome] = {o.value: o for o in Outcome}


def report_html(facts: Facts, seen: View, figures: Figures, *, site: Site | None) -> bytes:
    """The page."""
    day = to_wareki(pl.Series([facts.as_of]))[0]
    city = f"{escape(site.city)} " if site and site.city else ""
    lead = (
        f'<p class="lead"><b>{city}</b>基準日 {day} <span class="en" lang="en">as of {facts.as_of.isoformat()}</span>'
        f" ・ 第{facts.run_id:,}回処理"
        f' <span class="en" lang="en">run {facts.run_id:,}</span></p>'
    )
    if facts.dry_run:
        lead += '<p class="mark">試行 — 台帳には記録していません <span class="en" lang="en">dry run: nothing was recorded</span></p>'
    known = site or Site.unknown()
    items = {n: Words(f"{n} {ja}", known.tax_items_en.get(n, "")) for n, ja in known.tax_items.items()}
    return page(
        title=Words("収納消込 報告書", "Reconciliation report"),
        lead=lead + _first(facts),
        parts=[
            section(1, Words("届いたもの", "What came in"), _files(facts)),
            section(
                2,
                Words("自動で消し込んだもの、そうでないもの", "Posted without a hand, and not"),
                *_outcomes(facts),
            ),
            section(
                3,
                Words("三つの突合", "Balanced three ways"),
                *_balance(facts, items, bank=credited(figures, items)),
            ),
            section(4, Words("過誤納", "Overpayments"), *_overpaid(seen)),
            section(5, Words("仮受・保留・速報", "Suspense, held, preliminary"), *ageing(figures)),
            section(6, Words("収納率", "Collection rate"), *rates(figures, items)),
            section(7, Words("納付方法・月別", "By channel and month"), *timely(figures)),
            section(8, Words("督促の候補", "Reminders"), *dunned(figures)),
        ],
    )


def _first(facts: Facts) -> str:
    run = facts.run
    whole = [row for row in _by_outcome(facts) if row["amount"] or row["posted"]]
    alone = sum(row["n"] for row in whole if row["posted"] == row["amount"])
    number = sum(row["n"] for row in whole)
    waiting = tuple(run["suspense"][i] + run["held"][i] for i in (0, 1))
    bad = tuple(run["quarantined"][i] + run["rejected"][i] for i in (0, 1))
    left = drift(facts.after)
    return tiles(
        [
            (Words("収納", "received"), yen(run["received"][1]), f"{run['received'][0]:,} 件"),
            (Words("自動消込率", "without a hand"), percent(alone, number), f"{alone:,} / {number:,} 件"),
            (Words("消込", "posted"), yen(run["posted"][1]), f"{run['posted'][0]:,} 件"),
            (Words("過誤納", "overpaid"), yen(run["excess"][1]), f"{run['excess'][0]:,} 件"),
            (Words("仮受・保留", "suspense, held"), yen(waiting[1]), f"{waiting[0]:,} 件"),
            (Words("隔離・他団体", "quarantined, other bodies"), yen(bad[1]), f"{bad[0]:,} 件"),
            (
                Words("取込済み", "already taken"),
                yen(run["already_taken"][1]),
                f"{run['already_taken'][0]:,} 件",
            ),
            (Words("差額", "drift"), yen(left), "一致" if left == 0 else "不一致"),
        ]
    )


def _files(facts: Facts) -> str:
    names = (
        Words("ファイル", "file"), Words("種類", "kind"), Words("行", "rows"), Words("金額(円)", "yen"),
        Words("新規", "new"), Words("取込済み", "already"), Words("他団体", "other bodies"), Words("隔離", "quarantined"),
    )  # fmt: skip
    rows = [
        (
            r["file"],
            ROLES[r["role"]],
            *(r[k] for k in ("rows", "yen", "taken", "already", "rejected", "quarantined")),
        )
        for r in facts.files.iter_rows(named=True)
    ]
    columns = [Column(n, number=i > 1) for i, n in enumerate(names)]
    found = table(Words("ファイル別", "By file"), columns, rows, nothing=NONE)
    for name, count in facts.files.filter(pl.col("left_out") > 0).select("file", "left_out").iter_rows():
        more = left_out(count)
        found += note(Words(f"{name}: {more.ja}", f"{name}: {more.en}"))
    if facts.refused:
        said = [
            (p.where.file or str(p.params.get("found", "")), Words(p.text("ja"), p.text("en")))
            for p in facts.refused
        ]
        heads = [Column(Words("ファイル", "file")), Column(Words("理由", "reason"))]
        found += table(Words("取り込まなかったファイル", "Files not taken"), heads, said)
    return found


def _by_outcome(facts: Facts) -> list[dict[str, int]]:
    """Payments that this run decided anew, by outcome and by where their yen went."""
    added = facts.entries["outcomes"].filter(pl.col("reverses") == "")
    by = added.group_by("outcome", (pl.col("posted") == pl.col("amount")).alias("all"))
    sums = by.agg(n=pl.len().cast(pl.Int64), **{c: pl.col(c).sum() for c in ("amount", *PLACES)})
    order = {name: at for at, name in enumerate(_OUTCOMES)}
    return sorted(sums.to_dicts(), key=lambda r: (-order[r["outcome"]], r["all"]))


def _outcomes(facts: Facts) -> list[str]:
    merged: dict[str, dict[str, int]] = {}
    for row in _by_outcome(facts):
        into = merged.setdefault(str(row["outcome"]), dict.fromkeys(("n", "amount", *PLACES), 0))
        for name in into:
            into[name] += row[name]
    rows: list[tuple[Cell, ...]] = [
        (Words(_OUTCOMES[o].ja, _OUTCOMES[o].en), r["n"], r["amount"], *(r[p] for p in PLACES))
        for o, r in merged.items()
    ]
    columns = [
        Column(Words("結果", "outcome")), COUNT, Column(Words("金額(円)", "yen"), number=True),
        *(Column(n, number=True) for n in PLACE_NAMES.values()),
    ]  # fmt: skip
    chart = bars(
        Words("結果別の件数", "Payments by outcome"),
        [(_short(_OUTCOMES[o].ja), r["n"], f"{r['n']:,} 件") for o, r in merged.items()],
    )
    again = note(
        Words(
            "前回までに届いた収納のうち、今回判定し直したものを含みます。",
            "Payments that came earlier and were decided again tonight are among them.",
        )
    )
    why = Words("結果別の件数と、金額の行き先", "By outcome, and where the yen went")
    return [chart, table(why, columns, rows, foot=total(rows, over=range(1, 7)), nothing=NONE), again]


def _short(sentence: str) -> str:
    head = sentence.split("。", maxsplit=1)[0].split("(", maxsplit=1)[0].split("、", maxsplit=1)[0]
    return head if len(head) <= 19 else head[:18] + "…"


def _balance(facts: Facts, items: Mapping[str, Words], *, bank: Sequence[str]) -> list[str]:
    count = Column(Words("差(行)", "drift, rows"), number=True)
    off = Column(Words("差額(円)", "drift, yen"), number=True)
    parts = ("taken", "already", "rejected", "quarantined")
    files: list[tuple[Cell, ...]] = [
        (
            r["file"], r["rows"], sum(r[p] for p in parts), r["rows"] - sum(r[p] for p in parts),
            r["yen"], sum(r[f"{p}_yen"] for p in parts), r["yen"] - sum(r[f"{p}_yen"] for p in parts),
        )
        for r in facts.files.filter(pl.col("role") == "receipts").iter_rows(named=True)
    ]  # fmt: skip
    heads = [
        Column(Words("ファイル", "file")), Column(Words("行", "rows"), number=True), Column(Words("内訳計", "accounted"), number=True),
        count, Column(Words("金額(円)", "yen"), number=True), Column(Words("内訳計", "accounted"), number=True), off,
    ]  # fmt: skip
    by = ("remit_date", "channel", "tax_item")
    new = facts.receipts.filter(pl.col("kind") == "confirmed").group_by(by)
    sums = new.agg(count=pl.len().cast(pl.Int64), yen=pl.col("amount").sum()).sort(by, nulls_last=True)
    remitted: list[tuple[Cell, ...]] = [
        (
            r["remit_date"].isoformat() if r["remit_date"] else Words("払込前", "not yet"),
            CHANNELS.get(r["channel"] or "", NONE), items.get(r["tax_item"] or "", r["tax_item"] or ""), r["count"], r["yen"],
        )
        for r in sums.iter_rows(named=True)
    ]  # fmt: skip
    bank_heads = [
        Column(Words("払込日", "remitted on")), Column(Words("納付方法", "channel")), Column(Words("税目", "tax item")), COUNT, YEN,
    ]  # fmt: skip
    places: list[tuple[Cell, ...]] = [
        (name, *(v for pairs in (facts.run, facts.after) for v in pairs[key]))
        for key, name in (("received", Words("収納", "received")), *PLACE_NAMES.items())
    ]
    ends = (Words("差額", "drift"), None, drift(facts.run), None, drift(facts.after))
    where = [
        Column(Words("区分", "place")), Column(Words("今回 件", "run, count"), number=True), Column(Words("今回 円", "run, yen"), number=True),
        Column(Words("累計 件", "ledger, count"), number=True), Column(Words("累計 円", "ledger, yen"), number=True),
    ]  # fmt: skip
    return [
        table(Words("(1) ファイルごと", "(1) each file"), heads, files, nothing=NONE),
        note(Words("末尾の件数・合計額と合わないファイルは取り込みません。", "A file that its own trailer contradicts is not taken.")),
        table(Words("(2) 確報:払込日・納付方法・税目別(入金と照合)", "(2) confirmed, for the bank credit"), bank_heads, remitted, nothing=NONE),
        *bank,
        table(Words("(3) 収納額の行き先", "(3) where what was accepted went"), where, places, foot=ends),
    ]  # fmt: skip


def _overpaid(seen: View) -> list[str]:
    refunds = seen.proposals.refunds
    state = (
        pl.when(pl.col("blocked") == "not_remitted").then(pl.lit("not_remitted"))
        .when(pl.col("blocked").is_not_null()).then(pl.lit("blocked"))
        .when(pl.col("refund") == 0).then(pl.lit("offset"))
        .when(pl.col("offset") > 0).then(pl.lit("both")).otherwise(pl.lit("refund"))
    )  # fmt: skip
    sums = refunds.group_by("class", state.alias("state")).agg(
        n=pl.len().cast(pl.Int64), **{c: pl.col(c).sum() for c in ("amount", "offset", "refund", "interest")}
    )
    sums = pl.concat([sums, _in_hand(seen).select(sums.columns).cast(sums.schema)])
    rows = [
        (
            CLASSES[r["class"]],
            STATES[r["state"]],
            r["n"],
            *(r[c] for c in ("amount", "offset", "refund", "interest")),
        )
        for r in sums.sort("class", "state").iter_rows(named=True)
    ]
    columns = [
        Column(Words("区分", "class")), Column(Words("状態", "state")), COUNT, Column(Words("過誤納額", "overpaid"), number=True),
        Column(Words("充当", "offset"), number=True), Column(Words("還付", "refund"), number=True),
        Column(Words("還付加算金", "interest"), number=True),
    ]  # fmt: skip
    return [
        table(Words("区分・状態別(円)", "By class and state, yen"), columns, rows, foot=total(rows, over=range(2, 7)), nothing=NONE),
        *_passed_over(refunds),
        note(Words(
            "還付加算金は、決定済みのものは決定額、ほかは基準日に支出を決定した場合の額です。",
            "Interest as decided; where nothing is decided, as if on the day of this report.",
        )),
    ]  # fmt: skip


def _passed_over(refunds: pl.DataFrame) -> list[str]:
    """Debts that overpayments going back leave as they are; nothing where there are none."""
    found = {one for said in refunds["passed_over"].drop_nulls() for one in split_passed_over(said)}
    if not found:
        return []
    rows = [
        (words, sum(r == reason for _, r, _ in found), sum(yen for _, r, yen in found if r == reason))
        for reason, words in WHY_PASSED_OVER.items()
        if any(r == reason for _, r, _ in found)
    ]
    title = Words("還付の前に確かめる未納(充当していないもの)", "Debts not filled: look before the refund")
    return [
        table(
            title,
            [Column(Words("理由", "reason")), COUNT, YEN],
            rows,
            foot=total(rows, over=range(1, 3)),
            nothing=NONE,
        )
    ]


def _in_hand(seen: View) -> pl.DataFrame:
    """Overpayments that refunds hold, by class and state; those that need a person stand apart."""
    rows = []
    for refund in (r for r in seen.owed.refunds if r.live):
        word = state_of(refund)
        figures = {n: refund.figures[n] or 0 for n in ("offset", "refund", "interest")}
        state = seen.owed.fault(refund) or ("settled" if word == "offset" else word)
        amount = seen.owed.taken.get(refund.refund_id, 0)
        rows.append({"class": refund.basis["class"], "state": state, "amount": amount, **figures})
    names = ("amount", "offset", "refund", "interest")
    schema = {"class": pl.String(), "state": pl.String(), **dict.fromkeys(names, pl.Int64())}
    by = pl.DataFrame(rows, schema=schema).group_by("class", "state")
    return by.agg(n=pl.len().cast(pl.Int64), **{c: pl.col(c).sum() for c in names})
