"""`report.html` of a verification: one page for the printer and the office, without script or network, that prints.

In: the inspection and its trend. Out: the bytes of the page. The summary comes first; of many results the first rows of each kind are
shown, and the page says so. No name or address of a payer stands in it, only keys of slips. Every grade carries the label that it is an
estimate. Refuses nothing.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator, Sequence
from html import escape

from elqr.html_charts import bars
from elqr.html_page import WITH_PICTURES, Cell, Column, Words, note, page, section, table, tiles, total, words
from elqr.problems import catalogue
from slips.proof.outcome import Inspection
from slips.proof.remarks import sentence
from slips.proof.thresholds import Thresholds
from slips.proof.trend import Trend, trend_of
from slips.proof.verdicts import Finding, Verdict, Weight
from slips.proof.verify_rows import PICTURES_MAX, ROWS_A_CODE, ROWS_A_NOTE, Group, Row, Shown, groups_of
from slips.proof.verify_sections import conditions_section, grades_section, scope_section, trend_section
from slips.proof.verify_words import COUNT, MAP, NONE, SHARE, VERDICTS, WEIGHTS, about, percent

FIRST_STEPS = 5
_ASIDE, _HOLE, _END = re.compile(r" ?\([^()]*\)"), re.compile(r"\{\w+\}"), re.compile(r"[:;]|\. |\.$")


def report_html(inspection: Inspection, *, thresholds: Thresholds, trend: Trend | None = None) -> bytes:
    """The page. Without `trend` it is drawn from the marks of the pages, in their order."""
    groups = groups_of(inspection)
    if trend is None:
        trend = trend_of([sheet.mark for sheet in inspection.pages], inspection.sheet_numbers)
    return page(
        title=Words("印刷検査 報告書", "Proof report"),
        lead=_lead(inspection, trend),
        policy=WITH_PICTURES,
        styles=("report.css", "verify.css"),
        parts=[
            section(1, Words("判定と、最初にすること", "Verdicts, and what to do first"), *_first(inspection, groups, trend)),
            section(2, Words("所見", "Findings"), *_findings(groups)),
            section(3, Words("印刷機の傾向", "Trend of the press"), *trend_section(trend)),
            section(4, Words("読取と推定等級", "Reading and estimated grades"), *grades_section(inspection, thresholds)),
            section(5, Words("調べた範囲と、言えること", "What was looked at, and what that says"), *scope_section(inspection)),
            section(6, Words("検査の条件", "How it was looked at"), *conditions_section(inspection)),
        ],
    )  # fmt: skip


def _lead(inspection: Inspection, trend: Trend) -> str:
    clean = inspection.clean and trend.calm
    counts = inspection.counts
    said = Words("合格でないもの、または確認を要するものがあります", "not everything passes")
    if clean and counts[Verdict.PASS] == inspection.slips_in_manifest:
        said = Words("全数合格", "everything passes")
    elif clean:
        said = Words("検査した分はすべて合格", "all that was looked at passes")
    if not inspection.usable:
        said = Words("調べられる頁がありませんでした", "no page could be looked at")
    looked_at = len({(sheet.source, sheet.page) for sheet in inspection.pages if sheet.kind})
    bad = sum(counts[v] for v in (Verdict.FAIL, Verdict.UNREADABLE))
    wrong = counts[Verdict.MISREAD] + counts[Verdict.FOREIGN]
    disorder = sum(counts[v] for v in (Verdict.MISSING, Verdict.DUPLICATE, Verdict.OUT_OF_ORDER))
    figures = tiles(
        [
            (Words("合格", "pass"), f"{counts[Verdict.PASS]:,}", f"{inspection.slips_in_manifest:,} 枚中"),
            (Words("要確認", "look at"), f"{counts[Verdict.WARN]:,}", "目で見る"),
            (Words("不合格・読取不能", "fail, unreadable"), f"{bad:,}", "刷り直しの候補"),
            (Words("別の内容・一覧にないコード", "misread, foreign"), f"{wrong:,}", "直ちに停止して確認"),
            (Words("欠落・重複・順番違い", "missing, twice, order"), f"{disorder:,}", "枚数と並び"),
            (Words("調べた頁", "pages looked at"), f"{looked_at:,}", f"{len(inspection.sources):,} ファイル"),
        ]
    )
    manifest = escape(inspection.manifest)
    return (
        f'<p class="lead"><b>{manifest}</b> との照合 <span class="en" lang="en">against the manifest</span></p>'
        f'<p class="mark {"good" if clean else "bad"}">{words(said)}</p>{figures}'
    )


# --- 1 --------------------------------------------------------------------------------------------


def _first(inspection: Inspection, groups: Sequence[Group], trend: Trend) -> Iterator[str]:
    steps = [(_many(g), g.rows[0].finding) for g in groups if g.weight is not Weight.NOTE]
    steps += [("傾向", finding) for finding in trend.findings]
    if steps:
        items = "".join(
            f"<li><b>{many}</b> {_sentences(finding)}</li>" for many, finding in steps[:FIRST_STEPS]
        )
        yield f'<ol class="steps">{items}</ol>'
    else:
        yield note(Words("対応を要する所見はありません。", "Nothing asks for action."))
    counts = inspection.counts
    rows = [(VERDICTS[v], n, percent(n, len(inspection.slips))) for v, n in counts.items() if n]
    yield bars(
        Words("判定別の件数", "Slips by verdict"),
        [(VERDICTS[v].ja, n, f"{n:,} 件") for v, n in counts.items() if n],
    )
    columns = [Column(Words("判定", "verdict")), COUNT, SHARE]
    caption = Words("判定別", "By verdict")
    foot = (*total(rows, over=range(1, 2)), None) if rows else ()
    yield table(caption, columns, rows, foot=foot, nothing=NONE)
    yield note(
        Words(
            "一つの納付書に複数の判定が当てはまるときは、表の上にあるものを採ります。",
            "Where several verdicts hold for a slip, the one higher in the table is said.",
        )
    )


def _many(group: Group) -> str:
    return f"{group.count:,} 件" if group.slips == group.count else f"{group.count:,} 件・{group.slips:,} 枚"


def _sentences(finding: Finding) -> str:
    return words(Words(sentence(finding, "ja"), sentence(finding, "en")))


# --- 2 --------------------------------------------------------------------------------------------


def _findings(groups: Sequence[Group]) -> Iterator[str]:
    if not groups:
        yield note(Words("所見はありません。", "No findings."))
        return
    names = (Words("所見", "finding"), Words("重さ", "weight"))
    rows: list[tuple[Cell, ...]] = [(_title(g), WEIGHTS[g.weight], g.count) for g in groups]
    yield table(Words("所見の種類", "Kinds of findings"), [*(Column(n) for n in names), COUNT], rows)
    for group in groups:
        yield from _group(group)
    if any(group.pictures for group in groups):
        yield note(MAP)
    yield note(
        Words(
            f"種類ごとに先頭の{ROWS_A_CODE}件(参考は{ROWS_A_NOTE}件)、画像は全体で{PICTURES_MAX}枚までを載せています。"
            "全件は results.json にあります。",
            f"Shown are the first {ROWS_A_CODE} of each kind ({ROWS_A_NOTE} of notes) and at most {PICTURES_MAX} pictures;"
            " all of them are in results.json.",
        )
    )


def _group(group: Group) -> Iterator[str]:
    weight, title = WEIGHTS[group.weight], _title(group)
    yield (
        f'<h3><span class="w {group.weight.value}">{escape(weight.ja)}</span> {words(title)} '
        f'<span class="code">{escape(group.code)}</span></h3>'
    )
    example = '<b>例</b> <span class="en" lang="en">for example</span> ' if group.count > 1 else ""
    yield f'<p class="said">{example}{_sentences(group.rows[0].finding)}</p>'
    told = any(about(row.finding) for row in group.rows)
    columns = [
        Column(Words("案件特定キー", "slip key")), Column(Words("ファイル", "source")), Column(Words("頁", "page"), number=True),
        Column(Words("測定値", "measured"), number=True), Column(Words("限度", "limit"), number=True),
    ]  # fmt: skip
    if told:
        columns.append(Column(Words("どこ・どれ", "which")))
    shown = Words(_many(group), f"{group.count:,} in all")
    if group.count > len(group.rows):
        shown = Words(f"{group.count:,} 件中 {len(group.rows)} 件", f"{len(group.rows)} of {group.count:,}")
    rows = [(*_cells(row), *([about(row.finding)] if told else [])) for row in group.rows]
    yield table(shown, columns, rows)
    if group.pictures:
        yield f'<div class="pictures">{"".join(_picture(shown) for shown in group.pictures)}</div>'


def _title(group: Group) -> Words:
    """What the sentence begins with, without its figures: the same for every finding of the group."""
    said = catalogue()[group.code]
    ja, en = (_HOLE.sub("…", _ASIDE.sub("", text)) for text in (said.ja, said.en))
    return Words(ja.split("。")[0], _END.split(en)[0])


def _cells(row: Row) -> tuple[Cell, ...]:
    whole = Words("全体", "whole run")
    return (
        row.slip_key or (None if row.source else whole),
        row.source or None,
        row.page or None,
        row.finding.measured or None,
        row.finding.limit or None,
    )


def _picture(shown: Shown) -> str:
    row = shown.row
    place = f"{row.source} p.{row.page}" if row.source else ""
    alt = f"{row.slip_key} {place}: {sentence(row.finding, 'ja')}"
    measured = f" {row.finding.measured}" if row.finding.measured else ""
    return (
        f'<figure><img src="data:image/png;base64,{b64encode(shown.png).decode()}" alt="{escape(alt)}">'
        f"<figcaption>{escape(row.slip_key)} {escape(place)}{escape(measured)}</figcaption></figure>"
    )
