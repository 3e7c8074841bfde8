"""A stress test as a page to look at and a table to work with: `stress.html` (one file, offline) and `stress.csv`.

In: a `Stress`. Out: bytes. Japanese and English side by side. Same test, same bytes.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from html import escape

from slips.proof.simulate.matrix import CASCADE, COMBINED, READERS, SINGLE
from slips.proof.stress import Row, Step, Stress

READER_WORDS: Mapping[str, tuple[str, str]] = {
    SINGLE: ("読取ソフト1回", "zxing-cpp, once"),
    CASCADE: ("前処理つき", "with preparation"),
    COMBINED: ("全方式", "all voices"),
}
UNITS_JA: Mapping[str, str] = {
    "module": "モジュール",
    "share": "割合",
    "reflectance": "反射率",
    "number": "個",
    "quality": "品質",
    "degree": "度",
}
STYLE = """
body{margin:0 auto;padding:1.5rem;max-width:72rem;color:#1d2226;background:#fff;
font:14px/1.55 "BIZ UDPGothic","Yu Gothic UI",Meiryo,"Hiragino Sans","Noto Sans CJK JP",sans-serif}
h1{margin:0;font-size:1.5rem}h2{margin:2rem 0 .5rem;padding-top:.6rem;border-top:2px solid;font-size:1.1rem}
.en{display:block;color:#5b646b;font-size:.86em;font-weight:normal}p{margin:.5rem 0}
table{width:100%;border-collapse:collapse}
th,td{padding:.3rem .5rem;border-bottom:1px solid #d5dade;text-align:left;font-weight:normal;vertical-align:top}
thead th{background:#f3f5f6;border-bottom:1px solid #1d2226}.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.row{display:grid;grid-template-columns:9.5rem repeat(6,1fr);gap:.4rem;padding:.5rem 0;border-bottom:1px solid #d5dade;break-inside:avoid}
figure{margin:0}figcaption{font-size:.8rem;line-height:1.35;font-variant-numeric:tabular-nums}
img{box-sizing:border-box;display:block;width:100%;height:auto;border:3px solid #d5dade}
.all img{border-color:#1f7a4d}.some img{border-color:#b7791f}.none img{border-color:#b3261e}.mark{font-weight:bold}
@media print{@page{size:A4 landscape;margin:12mm}body{padding:0;max-width:none;font-size:9pt}
*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
"""


def stress_csv(result: Stress) -> bytes:
    """One row a defect and strength: tries, reads by reader, misreads, codewords left."""
    lines = [
        ",".join(("defect", "ja", "strength", "unit", "tries", *READERS, "misread", "codewords_left_min"))
    ]
    for row in result.rows:
        for step in row.steps:
            cells = (
                row.defect.name,
                row.defect.ja,
                f"{step.strength:g}",
                row.defect.unit,
                step.tries,
                *step.read,
            )
            lines.append(",".join(str(cell) for cell in (*cells, step.misread, step.left)))
    return ("\r\n".join(lines) + "\r\n").encode("utf-8-sig")


def stress_html(result: Stress) -> bytes:
    """The page: limits first, then every defect with its pictures."""
    body = "".join(
        (
            f"<h1>印刷前の読取試験 {escape(result.title)}<span class='en'>Pre-press stress test</span></h1>",
            _lead(result),
            "<h2>どこまで読めるか<span class='en'>How much it bears</span></h2>",
            _limits(result),
            "<h2>画像<span class='en'>Pictures</span></h2>",
            _legend(),
            *(_pictures(row) for row in result.rows),
        )
    )
    return (
        "<!doctype html><html lang='ja'><head><meta charset='utf-8'>"
        "<meta http-equiv='Content-Security-Policy' content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">"
        f"<title>印刷前の読取試験 {escape(result.title)}</title><style>{STYLE}</style></head><body>{body}</body></html>\n"
    ).encode()


def _lead(result: Stress) -> str:
    tries = result.clean.tries
    return (
        f"<p>印刷と読取を計算で模した試験です。{result.dpi} dpi、1モジュール {result.pixels_a_module:.1f} 画素、各段階 {tries} 枚。"
        "様式どうしを比べるための値であり、実際の印刷の保証ではありません。"
        f"<span class='en'>Simulated printing and scanning at {result.dpi} dpi, {result.pixels_a_module:.1f} pixels a module, {tries} crops each."
        " The strengths compare designs with one another; they promise nothing about a press.</span></p>"
        f"<p class='mark'>誤読 {result.misread} 件<span class='en'>Misread: {result.misread}</span></p>"
    )


def _limits(result: Stress) -> str:
    head = "".join(f"<th class='n'>{ja}<span class='en'>{en}</span></th>" for ja, en in READER_WORDS.values())
    rows = "".join(
        f"<tr><td>{row.defect.ja}<span class='en'>{row.defect.en}</span></td>"
        f"<td>{UNITS_JA[row.defect.unit]}<span class='en'>{row.defect.unit}</span></td>"
        + "".join(f"<td class='n'>{_limit(row, reader)}</td>" for reader in READER_WORDS)
        + "</tr>"
        for row in result.rows
    )
    return (
        "<table><thead><tr><th>欠陥<span class='en'>Defect</span></th><th>単位<span class='en'>Unit</span></th>"
        f"{head}</tr></thead><tbody>{rows}</tbody></table>"
        "<p>全枚数を読めた最大の段階です。「–」は最も軽い段階でも読めないものがあったことを示します。"
        "<span class='en'>The last step up to which every crop was read; “–”: not even the mildest.</span></p>"
    )


def _limit(row: Row, reader: str) -> str:
    found = row.bears(reader)
    if found is None:
        return "–"
    return f"{found:g}" + (" (最終段階)" if found == row.steps[-1].strength else "")


def _legend() -> str:
    return (
        "<p>枠の色:緑は前処理つきで全枚数を読めた段階、黄は一部、赤は読めなかった段階。「残」は訂正できる符号語8個の余り(最悪の1枚)。"
        "「3 → 3 → 3 /3」は、読取ソフト1回、前処理つき、全方式の順に、3枚のうち読めた枚数。"
        "<span class='en'>Frame: green all read with preparation, amber some, red none. Figures: crops read once, with preparation, by all voices."
        " “残” is what is left of the 8 codewords that can be corrected, in the worst crop.</span></p>"
    )


def _pictures(row: Row) -> str:
    return (
        f"<div class='row'><div><b>{row.defect.ja}</b><span class='en'>{row.defect.en}</span></div>"
        + "".join(_figures(row))
        + "</div>"
    )


def _figures(row: Row) -> Iterator[str]:
    for step in row.steps:
        yield (
            f"<figure class='{_colour(step)}'><img alt='{row.defect.ja} {step.strength:g}' "
            f"src='data:image/png;base64,{base64.b64encode(step.picture).decode()}'>"
            f"<figcaption><b>{step.strength:g}</b>、残 {step.left}<br>"
            f"{_count(step, SINGLE)} → {_count(step, CASCADE)} → {_count(step, COMBINED)} /{step.tries}</figcaption></figure>"
        )


def _colour(step: Step) -> str:
    read = _count(step, CASCADE)
    return "all" if read == step.tries else "some" if read else "none"


def _count(step: Step, reader: str) -> int:
    return step.read[READERS.index(reader)]
