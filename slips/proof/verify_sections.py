"""The sections of the proof report that speak of the batch as a whole: trend, reading and grades, scope, conditions.

In: the inspection, the trend, the thresholds of the grading method. Out: parts of the page. Refuses nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from elqr.html_page import Cell, Column, Words, note, table, words
from slips.proof.outcome import Inspection
from slips.proof.remarks import sentence
from slips.proof.streaks import SHEETS_MIN
from slips.proof.thresholds import Thresholds
from slips.proof.trend import TRACKED, PlaceTrend, Trend
from slips.proof.trend_plots import chart_plot, level_plot
from slips.proof.verify_words import (
    AVERAGED,
    COUNT,
    CURVES,
    ESTIMATE,
    EXACT,
    FIGURES,
    GATES,
    NONE,
    REGISTRATIONS,
    SHARE,
    TOO_FEW,
    UNMEASURED,
    percent,
    scale_words,
)

PLACES_SHOWN = 4
FILES_SHOWN = 200
SAME, OTHER = Words("一致", "the same"), Words("印刷一覧と不一致", "differs from the manifest")


def trend_section(trend: Trend) -> Iterator[str]:
    """Findings of the batch, then the charts of each place."""
    if not trend.places:
        yield note(UNMEASURED)
        return
    rows = [
        (Words(sentence(f, "ja"), sentence(f, "en")), f.measured or None, f.limit or None) for f in trend.findings
    ]  # fmt: skip
    columns = [
        Column(Words("所見", "finding")), Column(Words("変化", "change"), number=True), Column(Words("管理限界", "control limit"), number=True),
    ]  # fmt: skip
    calm = Words("管理限界を超える変化はありません", "nothing beyond the control limits")
    yield table(Words("傾向の所見", "What the batch says of the press"), columns, rows, nothing=calm)
    if all(len(place.sheets) < SHEETS_MIN for place in trend.places):
        yield note(TOO_FEW)
    for place in trend.places[:PLACES_SHOWN]:
        yield from _place(place)
    if len(trend.places) > PLACES_SHOWN:
        rest = len(trend.places) - PLACES_SHOWN
        yield note(
            Words(f"ほかに {rest} か所の図を省きました。", f"Charts of {rest} more places are left out.")
        )
    yield note(AVERAGED)


def _place(place: PlaceTrend) -> Iterator[str]:
    yield f"<h3>{words(Words(f'位置 {place.place}', 'place on the sheet'))}</h3>"
    for title, level, start in (
        (Words("縦の筋: 列ごとのインク欠け(用紙左端から)", "Streaks: missing ink by column, from the left edge"), place.columns, place.x_mm),
        (Words("横の線: 行ごとのインク欠け(用紙上端から)", "Lines: missing ink by row, from the top edge"), place.rows, place.y_mm),
    ):  # fmt: skip
        if level is not None:
            yield level_plot(title, level, start_mm=start, pitch_mm=place.pitch_mm)
    rows: list[tuple[Cell, ...]] = []
    for name, chart in place.charts.items():
        decimals, sheets = TRACKED[name].decimals, place.charted[name]
        out = None if chart.alarm is None else f"{sheets[chart.alarm]:,}"
        rows.append(
            (FIGURES[name], len(sheets), f"{chart.centre:.{decimals}f}", f"±{chart.limit:.{decimals}f}", f"{chart.shift:+.{decimals}f}", out)
        )  # fmt: skip
        if chart.alarm is not None:
            yield chart_plot(FIGURES[name], chart, sheets, decimals=decimals)
    names = (
        Words("枚数", "sheets"), Words("中心", "centre"), Words("管理限界", "control limit"),
        Words("最大の偏り", "farthest average"), Words("逸脱したシート", "out at sheet"),
    )  # fmt: skip
    yield table(
        Words("シートごとの値", "Figures over the sheets"),
        [Column(Words("値", "figure")), *(Column(n, number=True) for n in names)],
        rows,
        nothing=NONE,
    )


def grades_section(inspection: Inspection, thresholds: Thresholds) -> Iterator[str]:
    """Estimates with their label, what the codes could still take, and who read them."""
    yield f'<p class="mark">{words(ESTIMATE)}</p>'
    seen = [slip for slip in inspection.slips if slip.source]
    grades = Counter(slip.grade_est for slip in seen if slip.grade_est)
    by_grade: list[tuple[Cell, ...]] = [
        (EXACT if g == "exact" else g, n, percent(n, len(seen))) for g, n in sorted(grades.items())
    ]
    caption = Words(f"推定等級({ESTIMATE.ja})", f"Estimated grades ({ESTIMATE.en})")
    yield table(caption, [Column(Words("推定等級", "estimate")), COUNT, SHARE], by_grade, nothing=NONE)
    left = Counter(slip.codewords_left_min for slip in seen if slip.codewords_left_min is not None)
    by_left: list[tuple[Cell, ...]] = [
        (f"{k} / 8", n, percent(n, len(seen))) for k, n in sorted(left.items())
    ]
    heads = [Column(Words("訂正の余裕", "codewords left")), COUNT, SHARE]
    yield table(
        Words("最も悪いブロックの余力", "What the weakest block could still take"),
        heads,
        by_left,
        nothing=NONE,
    )
    voices = Counter(name for slip in seen for name in slip.decoders)
    by_voice: list[tuple[Cell, ...]] = [(n, k, percent(k, len(seen))) for n, k in sorted(voices.items())]
    yield table(
        Words("正しく読んだ読取器", "Readers that gave the right digits"),
        [Column(Words("読取器", "reader")), COUNT, SHARE],
        by_voice,
        nothing=NONE,
    )
    unchecked = len(thresholds.unchecked())
    method, edition = thresholds.in_japanese
    yield note(
        Words(
            f"計算方法: {method}。{edition}{unchecked} 項目のしきい値は規格書との照合前です。",
            f"Method: {thresholds.method}. {thresholds.edition} The thresholds of {unchecked} parameters"
            " have not been checked against the standard.",
        )
    )  # fmt: skip


def scope_section(inspection: Inspection) -> Iterator[str]:
    """The files, and what the sheets looked at say of those that were not."""
    rows: list[tuple[Cell, ...]] = [(s.name, s.kind or None, s.pages, s.size) for s in inspection.sources]
    names = (Words("頁", "pages"), Words("バイト", "bytes"))
    columns = [
        Column(Words("ファイル", "file")),
        Column(Words("種類", "kind")),
        *(Column(n, number=True) for n in names),
    ]
    shown = rows[:FILES_SHOWN]
    yield table(Words("調べたファイル", "Files looked at"), columns, shown, nothing=NONE)
    if len(rows) > len(shown):
        yield note(
            Words(
                f"ほか {len(rows) - len(shown):,} ファイル。", f"And {len(rows) - len(shown):,} more files."
            )
        )
    found = inspection.sampling
    if not found.looked_at:
        yield note(
            Words(
                "調べた枚数がないため、全体については何も言えません。",
                "Nothing was looked at, so nothing is known of the whole.",
            )
        )
        return
    if found.looked_at >= inspection.slips_in_manifest:  # there is nothing to infer
        yield note(
            Words(
                f"調べた {found.looked_at:,} 枚のうち不良は {found.faults:,} 枚でした。",
                f"{found.faults:,} of {found.looked_at:,} sheets looked at were faulty.",
            )
        )
        return
    if not found.says_something:
        yield note(
            Words(
                f"調べた {found.looked_at:,} 枚のうち不良は {found.faults:,} 枚でした。この枚数からは、全体の不良率について何も言えません。",
                f"{found.faults:,} of {found.looked_at:,} sheets looked at were faulty. That says nothing of the share of the whole.",
            )
        )
        return
    below = found.per_cent_below
    rule_ja, rule_en = ("(3÷枚数)", " (3 ÷ sheets)") if not found.faults else ("", "")
    yield note(
        Words(
            f"調べた {found.looked_at:,} 枚のうち不良は {found.faults:,} 枚でした。"
            f"全体から無作為に抜き取ったのであれば、真の不良率は95%の確からしさで {below} 未満です{rule_ja}。"
            "先頭だけ、末尾だけを調べた場合には当てはまりません。",
            f"{found.faults:,} of {found.looked_at:,} sheets looked at were faulty. If they were drawn at random"
            f" from the whole run, the true share lies below {below} with 95 % confidence{rule_en}."
            " It does not hold for the first or the last sheets alone.",
        )
    )


def conditions_section(inspection: Inspection) -> Iterator[str]:
    """Curve, manifest, registration, gates and forms."""
    curve = CURVES.get(inspection.curve, Words(inspection.curve, ""))
    ways = Counter(sheet.registration for sheet in inspection.pages if sheet.kind and not sheet.back)
    columns = [Column(Words("条件", "condition")), Column(Words("内容", "value"))]
    rows: list[tuple[Cell, ...]] = [
        (Words("反射率の換算", "reflectance curve"), curve),
        (Words("スキャナーの寸法", "scale of the scanner"), scale_words(inspection.scanner)),
        (Words("印刷一覧", "manifest"), f"{inspection.manifest} (SHA-256 {inspection.manifest_sha256[:16]}…)"),
        (Words("印刷一覧の枚数", "slips in the manifest"), inspection.slips_in_manifest),
        (Words("全数か抜取か", "all or a sample"), Words("抜取", "sample") if inspection.sample else Words("全数", "all")),
        (Words("判定基準のファイル", "file of gates"), f"{inspection.gates.file} (SHA-256 {inspection.gates.sha256[:16]}…)"),
    ]  # fmt: skip
    yield table(Words("前提", "Basis"), columns, rows)
    by_way: list[tuple[Cell, ...]] = [
        (REGISTRATIONS.get(w, Words(w, "")), n) for w, n in sorted(ways.items())
    ]
    yield table(
        Words("位置合わせの方法", "Registration"), [Column(Words("方法", "way")), COUNT], by_way, nothing=NONE
    )
    gates: list[tuple[Cell, ...]] = [
        (GATES.get(name, Words(name, "")), f"{value:g}") for part in inspection.gates.values.values() for name, value in part.items()
    ]  # fmt: skip
    yield table(
        Words("判定基準", "Gates"),
        [Column(Words("項目", "gate")), Column(Words("値", "value"), number=True)],
        gates,
    )
    layouts: list[tuple[Cell, ...]] = [
        (used.id, used.file, used.sha256[:16] + "…", SAME if used.same else OTHER)
        for used in inspection.layouts
    ]  # fmt: skip
    heads = (
        Words("様式", "form"),
        Words("ファイル", "file"),
        Words("SHA-256", ""),
        Words("印刷一覧との一致", "as in the manifest"),
    )
    yield table(Words("様式", "Forms"), [Column(h) for h in heads], layouts, nothing=NONE)
